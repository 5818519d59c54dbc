//! The verdict: one sentence on what is wrong, how that is known, and what to do.

use oomscope_model::machine::Timing;
use oomscope_picture::{Span, Tone};
use yew::prelude::*;

use super::ring::Ring;
use super::why::Why;
use super::{Props, grouped, on};
use crate::store::{Action, Panel, SearchState, Verdict as Words, View};

/// The band below the header. Its height is fixed: nothing jumps when the words change.
#[component]
pub fn Verdict(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let verdict = store.verdict();
    let full = store.view() == View::Full;
    // An embedded page has no title above it.
    let heading = if full { "h2" } else { "h1" };
    let said = html! { <p class="say">{ for verdict.sentence.iter().map(span) }</p> };
    let long = long(&verdict);
    let lap = store.lap().filter(|lap| full && !lap.steps.is_empty());
    html! {
        <section id="verdict" class={classes!("verdict", ground(&verdict), long)} aria-label="Verdict">
            <div class="head">
                <@{heading} class="headline">{ glyph(&verdict) }<span>{ &verdict.headline }</span></@>
                <p class="first">{ &verdict.first }</p>
            </div>
            if let Some(lap) = lap {
                <Ring {lap} calm={store.reduced_motion()}>{ said }</Ring>
            } else {
                { said }
            }
            if full {
                <div class="do">
                    <div class="row">{ action(&verdict, dispatch) }{ map(dispatch) }</div>
                    { rules(props, &verdict) }
                </div>
                <Why store={store.clone()} dispatch={dispatch.clone()} />
            }
        </section>
    }
}

fn span(span: &Span) -> Html {
    if span.strong {
        html! { <b>{ &span.text }</b> }
    } else {
        html! { { &span.text } }
    }
}

/// How small the type of the sentence has to be for its room, which never changes: a style
/// sheet decides that for each size of the page.
fn long(verdict: &Words) -> Option<&'static str> {
    let letters = |span: &Span| span.text.chars().count();
    match verdict.sentence.iter().map(letters).sum() {
        0..=124 => None,
        125..=184 => Some("long-1"),
        185..=264 => Some("long-2"),
        265.. => Some("long-3"),
    }
}

fn ground(verdict: &Words) -> &'static str {
    match verdict.tone {
        Tone::Stuck => "doomed",
        Tone::Wait | Tone::Signal => "at-risk",
        Tone::Ok if verdict.word == "finished" => "finished",
        Tone::Ok => "free",
        _ => "unknown",
    }
}

/// The shape that goes with the colour.
fn glyph(verdict: &Words) -> Html {
    let running = matches!(verdict.search, SearchState::Running { .. });
    let body = match ground(verdict) {
        // What is broken is not a lockup.
        "doomed" if verdict.word != "doomed" => html! {
            <path d="M18,10A8,8 0 1 1 2,10A8,8 0 1 1 18,10M7,7l6,6M13,7l-6,6" />
        },
        // A ring that bites its own tail.
        "doomed" => html! {
            <>
                <path d="M16.9,6.2A8,8 0 1 0 18,10.6" />
                <path d="M19.6,2.6L17.4,8.6L11.9,5.6z" class="solid" />
            </>
        },
        "at-risk" => html! { <path d="M10,2.2L18.6,17.6H1.4zM10,8v4.4M10,15.1v.01" /> },
        "free" => {
            html! { <path d="M18,10A8,8 0 1 1 2,10A8,8 0 1 1 18,10M6.2,10.4L9,13.2L14,7.4" /> }
        }
        "finished" => html! { <path d="M1.5,10.5L5.5,15L13,5.5M9.5,14.6L10,15L17.8,5.5" /> },
        _ if running => html! { <path d="M10,2A8,8 0 1 1 2,10" class="spin" /> },
        _ => html! { <path d="M6.6,6.8A3.4,3.4 0 1 1 10,10.6V12.4M10,16.4v.01" /> },
    };
    html! { <svg viewBox="0 0 20 20" aria-hidden="true">{ body }</svg> }
}

/// What was assumed about time, and the way to assume the opposite.
fn rules(props: &Props, verdict: &Words) -> Html {
    let (other, hint) = match props.store.machine().rules.timing {
        Timing::Adversarial => (Timing::SleepsAreLong, "Press to let long sleeps be long"),
        _ => (
            Timing::Adversarial,
            "Press to let any sleep end at any moment",
        ),
    };
    html! {
        <p class="rules">
            <button type="button" id="timing" class="pick" title={hint}
                    onclick={on(&props.dispatch, Action::SetTiming { timing: other })}>
                { &verdict.rules }
            </button>
        </p>
    }
}

fn map(dispatch: &Callback<Action>) -> Html {
    html! {
        <button type="button" class="btn line" id="map" aria-haspopup="dialog" title="All states as a map (s)"
                onclick={on(dispatch, Action::Open { panel: Panel::Map })}>{ "Map" }</button>
    }
}

fn action(verdict: &Words, dispatch: &Callback<Action>) -> Html {
    match verdict.search {
        SearchState::Running { states, .. } => html! {
            <>
                <span class="live">{ format!("{} states", grouped(states)) }</span>
                <button type="button" class="btn line" id="cancel-search"
                        onclick={on(dispatch, Action::CancelSearch)}>{ "Cancel" }</button>
            </>
        },
        SearchState::Cancelled | SearchState::Limit { .. } => html! {
            <button type="button" class="btn line" id="search-again"
                    onclick={on(dispatch, Action::SearchAgain)}>{ "Search again" }</button>
        },
        _ if verdict.no_return.is_some() => html! {
            <button type="button" class="btn line" id="no-return"
                    onclick={on(dispatch, Action::GoToNoReturn)}>{ "Go to the point of no return" }</button>
        },
        _ => Html::default(),
    }
}
