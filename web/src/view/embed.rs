//! Inside somebody else's page: verdict, stage, switches as chips, a small transport.

use yew::prelude::*;

use super::controls::{Caption, count};
use super::notice::Notice;
use super::plot::{Plot, Scrubber};
use super::stage::Stage;
use super::switches::badge_look;
use super::table::Twin;
use super::verdict::Verdict;
use super::{Props, icons, on};
use crate::store::{Action, Embed as Wish, EmbedControls, SwitchView};

/// The wish of the embedding page beside what every view gets.
#[derive(Clone, PartialEq, Properties)]
pub struct EmbedProps {
    /// What every view gets.
    pub view: Props,
    /// What was asked for.
    pub wish: Wish,
}

/// The embedded page.
#[component]
pub fn Embed(props: &EmbedProps) -> Html {
    let Props { store, dispatch } = &props.view;
    let wish = &props.wish;
    let log = store.log();
    html! {
        <>
            <Verdict store={store.clone()} dispatch={dispatch.clone()} />
            <Notice store={store.clone()} dispatch={dispatch.clone()} />
            <main class="embed-main">
                if wish.graph {
                    <Stage store={store.clone()} dispatch={dispatch.clone()} />
                }
                if wish.memory && has_room(props) {
                    <Plot store={store.clone()} dispatch={dispatch.clone()} />
                }
                if wish.log {
                    <ol class="embed-log" aria-label="Kernel log">
                        { for log.iter().rev().take(3).rev().map(|line| html! { <li>{ &line.text }</li> }) }
                    </ol>
                }
                <div class="away print-table"><Twin store={store.clone()} dispatch={dispatch.clone()} /></div>
            </main>
            if wish.controls != EmbedControls::None {
                <footer class="foot">
                    <div class="chips" role="group" aria-label="Patches">
                        { for store.switches().iter().map(|switch| chip(switch, dispatch)) }
                    </div>
                    { transport(&props.view) }
                    <Scrubber store={store.clone()} dispatch={dispatch.clone()} />
                    <div class="away"><Caption store={store.clone()} dispatch={dispatch.clone()} /></div>
                </footer>
            }
        </>
    }
}

/// The picture comes first: a small frame has no room for the history as well.
fn has_room(props: &EmbedProps) -> bool {
    !props.wish.graph || props.view.store.height() >= 540
}

fn chip(switch: &SwitchView, dispatch: &Callback<Action>) -> Html {
    let patch = switch.patch.get();
    let (look, shape) = badge_look(&switch.badge);
    let words = switch.badge.words().to_string();
    html! {
        <button key={patch.id} type="button" role="switch" data-switch={patch.id} title={patch.change}
                class={classes!("chip-switch", look)} aria-checked={switch.on.to_string()}
                onclick={on(dispatch, Action::Switch { patch: switch.patch, on: !switch.on })}>
            <i aria-hidden="true" />{ patch.title }
            if let Some(shape) = shape.filter(|_| !switch.on) {
                <small><span aria-hidden="true">{ shape }</span>{ " " }{ words }</small>
            }
        </button>
    }
}

/// Back, play, forward, where we are.
fn transport(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let playing = store.is_playing();
    let (sign, word) = if playing {
        (icons::pause(), "Pause")
    } else {
        (icons::play(), "Play")
    };
    html! {
        <div class="transport" role="group" aria-label="Transport">
            <button type="button" id="step-back" class="btn line" aria-label="One step back"
                    onclick={on(dispatch, Action::StepBack)}>{ icons::back() }</button>
            <button type="button" id="play" class="btn fill" aria-label={word}
                    onclick={on(dispatch, Action::Toggle)}>{ sign }</button>
            <button type="button" id="step-forward" class="btn line" aria-label="One step forward"
                    onclick={on(dispatch, Action::StepForward)}>{ icons::forward() }</button>
            { count(props) }
        </div>
    }
}
