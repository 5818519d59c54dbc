//! The patches of the scenario as switches, each with what flipping it now would do.

use oomscope_model::patches::{Patch, PatchKind};
use yew::prelude::*;

use super::{Props, on};
use crate::store::{Action, Badge, Panel, SwitchView, View};

/// The list of switches.
#[component]
pub fn Switches(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let switches = store.switches();
    html! {
        <section class="patches" aria-label="Patches">
            <div class="lead">
                <h2>{ "Patches, from this step on" }</h2>
                if store.can_undo() {
                    <button type="button" id="undo" class="btn undo" title="Bring back the run as it was (Ctrl+Z)"
                            onclick={on(dispatch, Action::Undo)}>{ "Undo" }</button>
                }
                if store.view() == View::Full && !switches.is_empty() {
                    <button type="button" id="matrix" class="btn undo" aria-haspopup="dialog" title="What every mix of these patches comes to (m)"
                            onclick={on(dispatch, Action::Open { panel: Panel::Matrix })}>{ "All mixes" }</button>
                }
            </div>
            if switches.is_empty() {
                <p class="empty">{ "This scenario offers no switches. Choose a kernel release instead." }</p>
            }
            <ul>{ for switches.iter().map(|switch| row(switch, dispatch)) }</ul>
        </section>
    }
}

fn row(switch: &SwitchView, dispatch: &Callback<Action>) -> Html {
    let patch = switch.patch.get();
    let (name, about_id) = (format!("patch-{}", patch.id), about_id(patch));
    let flip = on(
        dispatch,
        Action::Switch {
            patch: switch.patch,
            on: !switch.on,
        },
    );
    let helps = matches!(
        switch.badge,
        Badge::Clears | Badge::MayClear | Badge::RulesOut(_)
    ) && !switch.on;
    html! {
        <li key={patch.id} class={classes!("patch", helps.then_some("clears"))}>
            <div class="patch-row">
                <button type="button" role="switch" class="switch" data-switch={patch.id}
                        aria-checked={switch.on.to_string()} aria-labelledby={name.clone()}
                        aria-describedby={about_id} onclick={flip.clone()} />
                <span class="name" id={name} onclick={flip}>{ patch.title }</span>
                { badge(&switch.badge) }
                { about(patch, switch) }
            </div>
        </li>
    }
}

/// What flipping it now would do: a shape, a word, a colour.
pub(crate) fn badge(badge: &Badge) -> Html {
    let (class, shape) = badge_look(badge);
    html! {
        <span class={classes!("badge", class)}>
            if let Some(shape) = shape {
                <i aria-hidden="true">{ shape }</i>{ " " }
            }
            { badge.words().to_string() }
        </span>
    }
}

/// The class and the shape of a badge.
pub(crate) fn badge_look(badge: &Badge) -> (&'static str, Option<&'static str>) {
    match badge {
        Badge::Clears => ("good", Some("✓")),
        Badge::MayClear | Badge::RulesOut(_) => ("good", Some("~")),
        Badge::SecondVictim | Badge::WrongError | Badge::Stalls | Badge::StallPossible => {
            ("warn", Some("!"))
        }
        Badge::OopsPossible | Badge::LockupPossible | Badge::PanicPossible => ("bad", Some("✕")),
        _ => ("plain", None),
    }
}

fn about_id(patch: &Patch) -> String {
    format!("patch-{}-about", patch.id)
}

/// What moves with it, release and commit, or that it was never merged, and what it changes, in
/// two lines, so that no row moves when another switch is flipped. All of it unfolds, with the
/// reason.
fn about(patch: &Patch, switch: &SwitchView) -> Html {
    let (kind, note) = match patch.kind {
        PatchKind::Merged(version) => (version.to_string(), None),
        PatchKind::Proposed => ("Not merged".to_string(), Some("tag")),
        PatchKind::Hypothetical => ("Hypothetical".to_string(), Some("tag")),
    };
    html! {
        <details class="about">
            <summary id={about_id(patch)} title="Unfold the reason">
                { also(switch) }
                <span class={classes!("origin", note)}>
                    { kind }
                    if let Some(commit) = patch.commit {
                        { " " }<code>{ commit }</code>
                    }
                </span>
                { " " }{ patch.change }
            </summary>
            <p><b>{ "Why: " }</b>{ patch.why }</p>
            <p class="subject">{ format!("“{}”, {}", patch.subject, patch.author) }</p>
        </details>
    }
}

/// What moves with it when it is flipped now.
fn also(switch: &SwitchView) -> Html {
    if switch.also.is_empty() {
        return Html::default();
    }
    let others: Vec<String> = (switch.also.iter())
        .map(|(patch, on)| format!("{} {}", patch.get().title, if *on { "on" } else { "off" }))
        .collect();
    html! { <span class="also">{ format!("Also switches {}. ", others.join(", ")) }</span> }
}
