//! Dialogs: native ones, so that focus, Esc and what lies behind are the browser's business.

mod help;
mod map;
mod matrix;
mod pick;
mod share;

use web_sys::{Element, HtmlDialogElement};
use yew::prelude::*;

use super::{Props, icons};
use crate::store::{Action, Panel};

/// The dialog that is open, if one is. The element stays, so that closing it gives the
/// focus back to the button that opened it.
#[component]
pub fn Dialogs(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let node = use_node_ref();
    let panel = store.panel();
    {
        let node = node.clone();
        use_effect_with(panel, move |panel| {
            let Some(dialog) = node.cast::<HtmlDialogElement>() else {
                return;
            };
            match (panel.is_some(), dialog.open()) {
                // It can only refuse while it is not part of the document.
                (true, false) => {
                    let _ = dialog.show_modal();
                    if let Some(body) = dialog.query_selector(".body").ok().flatten() {
                        body.set_scroll_top(0);
                    }
                }
                (false, true) => dialog.close(),
                _ => {}
            }
        });
    }
    let closed = {
        let (dispatch, open) = (dispatch.clone(), panel.is_some());
        Callback::from(move |_: Event| {
            if open {
                dispatch.emit(Action::Close);
            }
        })
    };
    // A press beside the dialog lands on the dialog element itself.
    let beside = {
        let (dispatch, node) = (dispatch.clone(), node.clone());
        Callback::from(move |event: MouseEvent| {
            let hit = event.target_dyn_into::<Element>();
            if hit.is_some() && hit == node.cast::<Element>() {
                dispatch.emit(Action::Close);
            }
        })
    };
    let close = super::on::<MouseEvent>(dispatch, Action::Close);
    let (title, body) = content(props, panel);
    let wide = matches!(panel, Some(Panel::Matrix | Panel::Map)).then_some("wide");
    html! {
        <dialog ref={node} class={classes!(wide)} aria-labelledby="dialog-title" onclose={closed} onclick={beside}>
            <header>
                <h2 id="dialog-title">{ title }</h2>
                <button type="button" class="btn icon" id="close-dialog" aria-label="Close" onclick={close}>{ icons::close() }</button>
            </header>
            <div class="body">{ body }</div>
        </dialog>
    }
}

fn content(props: &Props, panel: Option<Panel>) -> (&'static str, Html) {
    match panel {
        Some(Panel::Scenarios) => (
            "Scenarios",
            html! { <pick::Gallery store={props.store.clone()} dispatch={props.dispatch.clone()} /> },
        ),
        Some(Panel::Kernel) => ("Kernel", pick::kernels(props)),
        Some(Panel::Matrix) => ("Every mix of patches", matrix::matrix(props)),
        Some(Panel::Map) => (
            "Map of states",
            html! { <map::Map store={props.store.clone()} dispatch={props.dispatch.clone()} /> },
        ),
        Some(Panel::Share) => ("Share", share::share(props)),
        Some(Panel::Help) => ("Help", help::help()),
        None => ("", Html::default()),
    }
}
