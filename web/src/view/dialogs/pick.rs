//! Scenarios and kernel releases, to choose from.

use oomscope_model::patches::{PatchId, PatchKind, PatchSet, VERSIONS, Version};
use oomscope_scenario::builtin::{BUILTIN, Builtin};
use yew::prelude::*;

use crate::store::Action;
use crate::view::{Props, on};

/// The gallery.
pub(super) fn scenarios(props: &Props) -> Html {
    html! {
        <>
            <p class="lead">{ "Each is a small machine with a story from the kernel’s own mailing lists. Every way it can go has been searched." }</p>
            <ul class="cards">{ for BUILTIN.iter().filter_map(|builtin| card(props, builtin)) }</ul>
        </>
    }
}

fn card(props: &Props, builtin: &Builtin) -> Option<Html> {
    let scenario = builtin.scenario()?;
    let current = props.store.scenario().id == scenario.id;
    let source = scenario
        .sources
        .first()
        .map(|source| source.label.clone())
        .unwrap_or_default();
    let open = then_close(
        props,
        Action::OpenScenario {
            id: scenario.id.clone(),
        },
    );
    Some(html! {
        <li key={builtin.id}>
            <button type="button" class="card" data-scenario={builtin.id} onclick={open}
                    aria-current={current.then_some("true")}>
                <span class="name">{ &scenario.title }</span>
                <span class="tale">{ beginning(&scenario.story) }</span>
                <span class="origin">{ format!("Kernel {} · {}{source}", scenario.version, if scenario.hypothetical { "hypothetical · " } else { "" }) }</span>
            </button>
        </li>
    })
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
    if titles.is_empty() {
        "Before all of these patches.".to_string()
    } else {
        titles.join(" · ")
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
