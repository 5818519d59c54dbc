//! Keys, how to read the picture, and what the model leaves out.

use yew::prelude::*;

const KEYS: [(&[&str], &str); 15] = [
    (&["Space"], "play or pause"),
    (&["→", "←"], "one step forward, back (also l and h)"),
    (
        &["Shift", "→"],
        "next step in which a lock, a victim or memory changed hands",
    ),
    (
        &["]", "["],
        "next and previous named moment (also Page Down and Page Up)",
    ),
    (
        &["Home", "End"],
        "start and end; 0 to 9 for tenths of the run",
    ),
    (&["+", "−"], "faster, slower"),
    (
        &["Enter"],
        "with a task in focus: let it take the next step",
    ),
    (&["Alt", "1…9"], "switch the first to the ninth patch"),
    (
        &["m"],
        "every mix of the patches, and what is reachable with it",
    ),
    (
        &["x", "g"],
        "at the step that decides: the bad run, the good run",
    ),
    (&["s"], "the map of all states that can be reached"),
    (&["r"], "to the start; Shift+R for another run"),
    (
        &["Ctrl", "Z"],
        "bring back the run as it was before a switch or a choice",
    ),
    (&["Esc"], "close, deselect"),
    (&["?"], "this help"),
];

const LIMITS: [&str; 6] = [
    "It is a model: a small machine with a few tasks and a few dozen pages, which takes the decisions the kernel takes, in its order, in steps nobody else can observe the middle of.",
    "“Proven” means: every state reachable from here was looked at, under the rules named below the verdict. Nothing was sampled.",
    "Long sleeps end only when nobody else can get further, unless you let them end at any moment. The killer’s last look and its scan are one step.",
    "One zone of a few dozen pages, no swap, no NUMA, no compaction, and no page cache but the lists that a scenario declares. Times in the log are plausible, not measured.",
    "Patches are modelled by what they change in these decisions. Commit ids are shown only where they were verified.",
    "A run on the page is one of very many. The verdict speaks about all of them.",
];

/// The help text.
pub(super) fn help() -> Html {
    html! {
        <>
            <p class="lead">{ "oomscope plays a Linux machine that runs out of memory, one step at a time, and says at every step whether there is still a way out." }</p>
            <div class="help-grid">
                <div>
                    <h3>{ "How to read the picture" }</h3>
                    { reading() }
                </div>
                <div>
                    <h3>{ "Keys" }</h3>
                    <dl class="keys">
                        { for KEYS.iter().map(|(keys, words)| html! {
                            <>
                                <dt>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dt>
                                <dd>{ *words }</dd>
                            </>
                        }) }
                    </dl>
                </div>
            </div>
            <h3>{ "You are the scheduler" }</h3>
            <p>{ "A small ▸ marks every task that could take the next step. Press it, or focus the task and press Enter, and that task goes. The rest of the run is made anew from there; Undo brings it back." }</p>
            <h3>{ "What the model leaves out" }</h3>
            <ul class="limits">{ for LIMITS.iter().map(|limit| html! { <li>{ *limit }</li> }) }</ul>
        </>
    }
}

fn reading() -> Html {
    let line = |tone: &'static str,
                d: &'static str,
                dash: Option<&'static str>,
                words: &'static str| {
        html! {
            <>
                <dt><svg width="56" height="16" aria-hidden="true" class={tone}><path d={d} stroke-dasharray={dash} /></svg></dt>
                <dd>{ words }</dd>
            </>
        }
    };
    html! {
        <dl class="reads">
            { line("tone-neutral", "M2,8H54", None, "From a lock to the task that holds it; from memory to whom it is pinned by.") }
            { line("tone-wait", "M2,8H54", Some("7 5"), "From a task to what it waits for.") }
            { line("tone-reaper", "M2,8H54", Some("2 5"), "A trylock that fails.") }
            { line("tone-stuck", "M2,6H54M2,10H54", None, "Part of a cycle. The numbers read aloud as the sentence at the top.") }
            { line("tone-wait", "M12,2H44a6,6 0 0 1 0,12H12a6,6 0 0 1 0,-12z", None, "A task in a lock’s queue; 1 goes next.") }
            { line("tone-wait", "M12,6H44a4,4 0 0 1 0,9H12a4,4 0 0 1 0,-9zM38,6l9,-5", None, "The hinge: SIGKILL takes it out of the queue.") }
        </dl>
    }
}
