//! Errors and notes: a line above the picture, or, when it must not be missed, a page.

use yew::prelude::*;

use super::{Props, icons, on};
use crate::store::{Action, Panel, View};

/// Diagnostics are written to stand in a list; here each is a sentence of its own.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", letters.as_str())
}

/// The notice, if there is one.
#[component]
pub fn Notice(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let Some(notice) = store.notice() else {
        return html! { <div role="status" class="away" /> };
    };
    let more = html! {
        <>
            if let Some(place) = &notice.place {
                <p class="place">{ sentence(place) }</p>
            }
            if let Some(hint) = &notice.hint {
                <p>{ sentence(hint) }</p>
            }
        </>
    };
    if !notice.loud {
        return html! {
            <div class="notice" role="status">
                <div><p>{ &notice.sentence }</p>{ more }</div>
                <button type="button" class="btn icon" aria-label="Close this note" id="dismiss"
                        onclick={on(dispatch, Action::Dismiss)}>{ icons::close() }</button>
            </div>
        };
    }
    let scenarios = {
        let dispatch = dispatch.clone();
        Callback::from(move |_: MouseEvent| {
            dispatch.emit(Action::Dismiss);
            dispatch.emit(Action::Open {
                panel: Panel::Scenarios,
            });
        })
    };
    html! {
        <section class="notice loud" role="alert">
            <h2>{ icons::cut_link() }<span>{ &notice.sentence }</span></h2>
            { more }
            <div class="do">
                if store.view() == View::Full {
                    <button type="button" class="btn fill" onclick={scenarios}>{ "Choose a scenario" }</button>
                }
                <button type="button" class="btn line" id="dismiss" onclick={on(dispatch, Action::Dismiss)}>
                    { format!("Open “{}” instead", store.scenario().title) }
                </button>
            </div>
        </section>
    }
}
