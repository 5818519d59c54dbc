//! Every mix of the offered patches, and what is reachable with it.

use oomscope_explore::Outcome;
use oomscope_judge::{Good, Harm, Smallest, harm};
use oomscope_model::patches::{PatchId, PatchSet};
use yew::prelude::*;

use crate::protocol::Mix;
use crate::store::{Action, Cure, MatrixRow, MatrixView, MixName, SearchState};
use crate::view::{Props, grouped, on};

/// The matrix, as far as it has been searched.
pub(super) fn matrix(props: &Props) -> Html {
    let Some(view) = props.store.matrix() else {
        return Html::default();
    };
    let rows = |kernels: bool| {
        let of_kind = move |row: &&MatrixRow| matches!(row.name, MixName::Kernel(_)) == kernels;
        view.rows.iter().filter(of_kind)
    };
    let columns = view.offered.len() + 4;
    html! {
        <div class="matrix">
            <p class="lead">{ "Every valid mix of the patches that this scenario offers, searched from its start to the last state. Press an outcome and you see a shortest way to it; press a row for the worst." }</p>
            { bar(props, &view) }
            { smallest(&view) }
            <div class="matrix-box" tabindex="0" role="region" aria-label="Matrix of patches">
                <table id="matrix-table">
                    <caption class="away">{ "What is reachable with every mix of patches" }</caption>
                    <thead>
                        <tr>
                            <th scope="col">{ "Mix" }</th>
                            { for view.offered.iter().map(|patch| html! {
                                <th scope="col" class="turned"><span>{ patch.get().title }</span></th>
                            }) }
                            <th scope="col">{ "Outcomes, with the steps to each" }</th>
                            <th scope="col" class="number">{ "Kills" }</th>
                            <th scope="col" class="number">{ "States" }</th>
                        </tr>
                    </thead>
                    <tbody>{ for rows(false).map(|one| row(props, &view, one)) }</tbody>
                    <tbody>
                        <tr class="group"><th scope="rowgroup" colspan={columns.to_string()}>{ "Releases as they were" }</th></tr>
                        { for rows(true).map(|one| row(props, &view, one)) }
                    </tbody>
                </table>
            </div>
        </div>
    }
}

/// How far it is, and the button that stops it or goes on.
fn bar(props: &Props, view: &MatrixView) -> Html {
    let (done, all) = (view.done, view.rows.len());
    let running = matches!(view.state, SearchState::Running { .. });
    let more = match view.state {
        SearchState::Running {
            states,
            rate,
            bytes,
        } => format!(
            "this one: {} states · {} states/s · {} MB",
            grouped(states),
            grouped(rate),
            bytes.div_ceil(1_000_000)
        ),
        SearchState::Cancelled => "stopped".to_string(),
        _ => props.store.verdict().rules,
    };
    html! {
        <div class="matrix-bar">
            <progress max={all.to_string()} value={done.to_string()} aria-label="Mixes searched" />
            <p><b id="matrix-done">{ format!("{done} of {all}") }</b>{ " " }<span class="soft" id="matrix-rate">{ more }</span></p>
            if running {
                <button type="button" class="btn line" id="matrix-stop" onclick={on(&props.dispatch, Action::StopMatrix)}>{ "Cancel" }</button>
            } else if done < all {
                <button type="button" class="btn line" id="matrix-go" onclick={on(&props.dispatch, Action::GoOnMatrix)}>{ "Go on" }</button>
            }
        </div>
    }
}

/// The smallest sets that clear it, in words.
fn smallest(view: &MatrixView) -> Html {
    let (leaves, cures) = view.told();
    let open =
        (view.rows.iter()).any(|row| matches!(row.name, MixName::Mix(_)) && row.mix.is_none());
    let so_far = if open { ", so far" } else { "" };
    let told = |sets: &[PatchSet]| {
        let sets: Vec<String> = sets.iter().map(|&set| titles(set)).collect();
        html! { <b>{ sets.join("; or ") }</b> }
    };
    let &Smallest { unknown, of, .. } = cures;
    let soon = open && matches!(view.state, SearchState::Running { .. });
    let none = match (view.clears.unknown, soon) {
        (0, _) => "No mix of these patches clears it. ",
        (_, true) => "No mix is known to clear it yet. ",
        (_, false) => "No mix is known to clear it. ",
    };
    let (star, such) = match leaves {
        Harm::None => ("★", "that clear it"),
        _ => ("☆", "without lockup, oops or panic, at a cost"),
    };
    html! {
        <p class="smallest" role="status">
            if leaves != Harm::None {
                { none }
            }
            if !cures.sets.is_empty() {
                { format!("{star} Smallest sets {such}{so_far}: ") }{ told(&cures.sets) }{ ". " }
            }
            if !cures.perhaps.is_empty() {
                { format!("{star} Sets {such}, of which a smaller one was not searched to its end: ") }{ told(&cures.perhaps) }{ ". " }
            }
            { match cures.larger_too {
                Good::Yes => "",
                Good::No => "Not every larger mix does: see the rows. ",
                Good::Unknown => "Not known of every larger mix. ",
            } }
            if unknown > 0 && !soon {
                { format!("Unknown: {unknown} of {of} mixes, not searched to the end.") }
            }
        </p>
    }
}

fn titles(set: PatchSet) -> String {
    let titles: Vec<&str> = set.iter().map(|patch| patch.get().title).collect();
    match titles.is_empty() {
        true => "none of them is needed".to_string(),
        false => titles.join(" + "),
    }
}

fn row(props: &Props, view: &MatrixView, row: &MatrixRow) -> Html {
    let open = Action::OpenMix {
        row: row.row,
        outcome: None,
    };
    let known = row.mix.is_some();
    let class = classes!(
        row.cure
            .is_some_and(|cure| cure.leaves == Harm::None)
            .then_some("clears"),
        row.is_here.then_some("here"),
        known.then_some("known"),
    );
    let (name, id) = match &row.name {
        MixName::Mix(number) => (number.to_string(), number.to_string()),
        MixName::Kernel(version) => (version.to_string(), format!("kernel-{version}")),
    };
    // The row's own button has no handler: the press rises to the row.
    let press = known.then(|| on::<MouseEvent>(&props.dispatch, open));
    html! {
        <tr key={id.clone()} {class} data-mix={id} onclick={press}>
            <th scope="row">
                <button type="button" class="linkish" disabled={!known}>
                    { name }<span class="away">{ spoken(view, row) }</span>
                </button>
                { marks(row) }
            </th>
            { for row.on.iter().map(|&on| dot(on)) }
            <td class="outcomes">{ outcomes(props, row) }</td>
            <td class="number">{ row.mix.as_ref().map(|mix| mix.kills_max.to_string()) }</td>
            <td class="number">{ row.mix.as_ref().map(states) }</td>
        </tr>
    }
}

/// Which patches are on, for those who hear the row.
fn spoken(view: &MatrixView, row: &MatrixRow) -> String {
    let all = view.offered.iter().zip(&row.on);
    let on: Vec<&str> = (all.filter(|&(_, &on)| on))
        .map(|(patch, _): (&PatchId, _)| patch.get().title)
        .collect();
    match on.is_empty() {
        true => ", all off: open the worst".to_string(),
        false => format!(", with {}: open the worst", on.join(", ")),
    }
}

fn marks(row: &MatrixRow) -> Html {
    let star = |cure: Cure| {
        let (sign, words) = match (cure.leaves, cure.is_smallest) {
            (Harm::None, true) => ("★", "one of the smallest sets that clear it"),
            (Harm::None, false) => ("★", "clears it; a smaller set was not searched to its end"),
            (_, true) => (
                "☆",
                "one of the smallest sets without lockup, oops or panic",
            ),
            (_, false) => (
                "☆",
                "no lockup, oops or panic; a smaller set was not searched to its end",
            ),
        };
        html! { <span class="star" title={words}>{ sign }<span class="away">{ words }</span></span> }
    };
    html! {
        <>
            { for row.cure.map(star) }
            if row.is_here {
                <span class="you" title="These patches are on now">{ "now" }</span>
            }
        </>
    }
}

fn dot(on: bool) -> Html {
    let (class, sign, word) = match on {
        true => ("dot on", "●", "on"),
        false => ("dot", "·", "off"),
    };
    html! { <td {class}><span aria-hidden="true">{ sign }</span><span class="away">{ word }</span></td> }
}

fn states(mix: &Mix) -> String {
    let more = if mix.bounded { "+" } else { "" };
    format!("{}{more}", grouped(mix.states))
}

fn outcomes(props: &Props, row: &MatrixRow) -> Html {
    let Some(mix) = &row.mix else {
        return html! { <span class="soft">{ "not searched yet" }</span> };
    };
    html! {
        <>
            { for mix.ways.iter().filter_map(|way| {
                let outcome = Outcome::ALL.into_iter().find(|it| it.word() == way.outcome)?;
                let (class, sign) = look(harm(outcome));
                let word = word(outcome, &mix.kind);
                let open = Action::OpenMix { row: row.row, outcome: Some(outcome) };
                let dispatch = props.dispatch.clone();
                let press = Callback::from(move |event: MouseEvent| {
                    // The row would open the worst instead.
                    event.stop_propagation();
                    dispatch.emit(open.clone());
                });
                Some(html! {
                    <button type="button" key={outcome.word()} class={classes!("way", class)} data-outcome={outcome.word()} onclick={press}>
                        <i aria-hidden="true">{ sign }</i>{ word }<span class="steps">{ way.steps }</span><span class="away">{ "steps: open" }</span>
                    </button>
                })
            }) }
            if mix.bounded {
                <span class="soft">{ if row.harm.is_some() { "stopped: too large; more may be reachable" } else { "unknown: too large to search to the end" } }</span>
            }
        </>
    }
}

/// The class and the shape of an outcome.
fn look(harm: Harm) -> (&'static str, &'static str) {
    match harm {
        Harm::None => ("good", "✓"),
        Harm::Cost => ("warn", "!"),
        Harm::Bad => ("bad", "✕"),
    }
}

/// What people call it.
fn word(outcome: Outcome, kind: &str) -> &'static str {
    match outcome {
        Outcome::Ok => "finishes",
        Outcome::ExtraKill => "second victim",
        Outcome::Stall => "stall",
        Outcome::Lockup if kind == "deadlock" => "deadlock",
        Outcome::Lockup => "livelock",
        Outcome::Oops => "oops",
        Outcome::Corrupt => "corruption",
        Outcome::Hang => "hang",
        Outcome::WrongErrno => "wrong error",
        Outcome::Panic => "panic",
    }
}
