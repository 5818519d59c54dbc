//! Transport: step, play, speed, where we are.

use oomscope_picture::clock;
use yew::prelude::*;

use super::{Props, icons, on};
use crate::store::{Action, Speed};

/// The buttons, with the step and the virtual time.
#[component]
pub fn Transport(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let playing = store.is_playing();
    let (sign, word) = if playing {
        (icons::pause(), "Pause")
    } else {
        (icons::play(), "Play")
    };
    let at_start = store.cursor() == 0;
    html! {
        <div class="transport" role="group" aria-label="Transport">
            { button("to-start", "To the start", "Home", icons::to_start(), on(dispatch, Action::Seek { step: 0 }), at_start) }
            { button("step-back", "One step back", "←", icons::back(), on(dispatch, Action::StepBack), at_start) }
            <button type="button" id="play" class="btn fill" aria-label={word} title={format!("{word} (space)")}
                    onclick={on(dispatch, Action::Toggle)}>{ sign }</button>
            { button("step-forward", "One step forward", "→", icons::forward(), on(dispatch, Action::StepForward), false) }
            { button("to-end", "To the end", "End", icons::to_end(), on(dispatch, Action::End), false) }
            { button("restart", "Another run: the same start, other choices", "Shift+R", icons::dice(),
                     on(dispatch, Action::Restart { new_seed: true }), false) }
            { speed(props) }
            { count(props) }
        </div>
    }
}

fn button(
    id: &'static str,
    name: &'static str,
    key: &'static str,
    sign: Html,
    onclick: Callback<MouseEvent>,
    disabled: bool,
) -> Html {
    // Disabled in name only: a button that loses the focus when it is pressed is a trap.
    let far = matches!(id, "to-start" | "to-end").then_some("far");
    html! {
        <button type="button" id={id} class={classes!("btn", "line", far)} aria-label={name}
                title={format!("{name} ({key})")} aria-disabled={disabled.then_some("true")}
                onclick={onclick}>{ sign }</button>
    }
}

/// Steps per second; pressing goes to the next speed and round.
fn speed(props: &Props) -> Html {
    let now = props.store.speed();
    let next = if now == now.shifted(1) {
        Speed::Half
    } else {
        now.shifted(1)
    };
    let label = format!("Speed: {}, steps per second", now.label());
    html! {
        <button type="button" id="speed" class="btn line speed" aria-label={label.clone()}
                title={format!("{label} (+ and −)")} onclick={on(&props.dispatch, Action::SetSpeed { speed: next })}>
            { now.label() }
        </button>
    }
}

/// `Step 118 of 118` and the virtual time.
pub(crate) fn count(props: &Props) -> Html {
    let store = &props.store;
    let time = clock::seconds(store.time_usec(store.cursor()));
    html! {
        <p class="count">
            <span class="word">{ "Step " }</span><b>{ store.cursor() }</b>{ format!(" of {}", store.len()) }
            <span class="at">{ time }</span>
        </p>
    }
}

/// Whether a sentence needs a third line, and smaller type, on a laptop or everywhere: a long
/// identifier leaves gaps at the ends of lines.
fn long(said: &str) -> Option<&'static str> {
    const TWO_LINES: usize = 138;
    const TWO_SHORT_LINES: usize = 96;
    let longest = said.split([' ', '-']).map(str::len).max();
    match said.len() + longest.unwrap_or(0) {
        letters if letters > TWO_LINES => Some("long"),
        letters if letters > TWO_SHORT_LINES => Some("longish"),
        _ => None,
    }
}

/// What just happened, in one sentence. Readers hear it when the machine stands still.
#[component]
pub fn Caption(props: &Props) -> Html {
    let live = if props.store.is_playing() {
        "off"
    } else {
        "polite"
    };
    let said = props.store.caption();
    let long = long(&said);
    html! { <p id="caption" class={classes!("caption", long)} aria-live={live}><span>{ said }</span></p> }
}
