//! Scenarios and kernel releases, to choose from.

use oomscope_model::patches::{PatchId, PatchKind, PatchSet, VERSIONS, Version};
use oomscope_scenario::builtin::{BUILTIN, Builtin};
use oomscope_scenario::scenario::Topic;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::store::Action;
use crate::view::panel::prose;
use crate::view::{Props, on};

/// What a card of the gallery says, read from its file once.
struct Head {
    id: &'static str,
    title: String,
    tale: String,
    origin: String,
    topic: Option<Topic>,
    /// Everything a person may look for, in small letters.
    text: String,
}

thread_local! {
    static HEADS: Vec<Head> = BUILTIN.iter().filter_map(head).collect();
}

fn head(builtin: &Builtin) -> Option<Head> {
    let scenario = builtin.scenario()?;
    let source = scenario.sources.first();
    let source = source.map_or("", |source| source.label.as_str());
    let label = if scenario.hypothetical {
        "hypothetical · "
    } else {
        ""
    };
    let mut text = format!("{} {} {}", builtin.id, scenario.title, scenario.story);
    for source in &scenario.sources {
        text = format!("{text} {} {}", source.label, source.url_or_ref);
    }
    for patch in &scenario.offered {
        text = format!("{text} {} {}", patch.get().id, patch.get().title);
    }
    Some(Head {
        id: builtin.id,
        tale: beginning(&scenario.story),
        origin: format!("Kernel {} · {label}{source}", scenario.version),
        topic: scenario.topic,
        text: text.to_lowercase(),
        title: scenario.title,
    })
}

/// The gallery.
#[component]
pub(super) fn Gallery(props: &Props) -> Html {
    let wanted = use_state(String::new);
    let look_for = {
        let wanted = wanted.clone();
        Callback::from(move |event: InputEvent| {
            wanted.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let words = wanted.to_lowercase();
    let fits = |head: &&Head| {
        words
            .split_whitespace()
            .all(|word| head.text.contains(word))
    };
    HEADS.with(|heads| {
        let found = heads.iter().filter(fits).count();
        let all = heads.len();
        let topics = Topic::ALL.into_iter().map(|(_, topic, title)| (Some(topic), title));
        html! {
            <>
                <p class="lead">{ "Each is a small machine with a story from the kernel’s own mailing lists. Every way it can go has been searched, unless its story says that it is too large." }</p>
                <label class="find">
                    <span>{ "Find" }</span>
                    <input type="search" id="find-scenario" placeholder="a word, a patch, a commit" value={(*wanted).clone()} oninput={look_for} />
                    <output aria-live="polite">{ if words.is_empty() { format!("{all} scenarios") } else { format!("{found} of {all}") } }</output>
                </label>
                { for topics.chain([(None, "Others")]).map(|(topic, title)| {
                    let cards: Vec<Html> = heads.iter().filter(fits).filter(|head| head.topic == topic).map(|head| card(props, head)).collect();
                    html! {
                        if !cards.is_empty() {
                            <section key={title}>
                                <h3>{ title }</h3>
                                <ul class="cards">{ cards }</ul>
                            </section>
                        }
                    }
                }) }
                if found == 0 {
                    <p>{ format!("No scenario speaks of “{}”. A commit, a patch’s id or a word such as munlock finds some.", *wanted) }</p>
                }
            </>
        }
    })
}

fn card(props: &Props, head: &Head) -> Html {
    let current = props.store.scenario().id == head.id;
    let open = then_close(
        props,
        Action::OpenScenario {
            id: head.id.to_string(),
        },
    );
    html! {
        <li key={head.id}>
            <button type="button" class="card" data-scenario={head.id} onclick={open}
                    aria-current={current.then_some("true")}>
                <span class="name">{ &head.title }</span>
                <span class="tale">{ prose(&head.tale) }</span>
                <span class="origin">{ &head.origin }</span>
            </button>
        </li>
    }
}

/// A story's first sentence, or as many as it takes to say something.
fn beginning(story: &str) -> String {
    const SAYS_SOMETHING: usize = 60;
    let flat = story.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut ends = flat.match_indices(". ").map(|(at, _)| at + 1);
    let end = ends.find(|&end| end >= SAYS_SOMETHING);
    flat.get(..end.unwrap_or(flat.len()))
        .unwrap_or(&flat)
        .to_string()
}

/// All releases, with what each of them brought.
pub(super) fn kernels(props: &Props) -> Html {
    let now = props.store.version();
    let offered = &props.store.scenario().offered;
    html! {
        <>
            <p class="lead">{ "A release sets all its patches at once and starts the scenario again. Beside each stands what it brought, what this scenario is about first." }</p>
            <ul class="stack">
                { for VERSIONS.iter().map(|&version| {
                    let as_is = now == version && props.store.machine().patches == PatchSet::of_version(version);
                    html! {
                        <li key={version.to_string()}>
                            <button type="button" class="card row" data-kernel={version.to_string()}
                                    aria-current={as_is.then_some("true")}
                                    onclick={then_close(props, Action::OpenKernel { version })}>
                                <span class="name">{ version.to_string() }</span>
                                <span class="tale">{ brought(version, offered) }</span>
                            </button>
                        </li>
                    }
                }) }
            </ul>
        </>
    }
}

/// What came with a release; what the scenario offers goes first.
fn brought(version: Version, offered: &[PatchId]) -> String {
    let mut new: Vec<PatchId> = PatchId::all()
        .filter(|patch| matches!(patch.get().kind, PatchKind::Merged(first) if first == version))
        .collect();
    new.sort_by_key(|patch| !offered.contains(patch));
    let titles: Vec<&str> = new.iter().map(|patch| patch.get().title).collect();
    if !titles.is_empty() {
        titles.join(" · ")
    } else if VERSIONS.first() == Some(&version) {
        "Before all of these patches.".to_string()
    } else {
        "Nothing that these machines could tell from the release before.".to_string()
    }
}

fn then_close(props: &Props, action: Action) -> Callback<MouseEvent> {
    let dispatch = props.dispatch.clone();
    let close = on::<()>(&props.dispatch, Action::Close);
    Callback::from(move |_| {
        dispatch.emit(action.clone());
        close.emit(());
    })
}
