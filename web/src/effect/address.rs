//! The address follows the run, and the run follows the address.

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use wasm_bindgen::JsValue;
use yew::prelude::*;

use super::use_latest;
use crate::store::{Action, StoreRef};

/// How long the run must rest before the address is written.
const REST_MILLIS: u32 = 300;

#[hook]
pub(super) fn use_address(store: &StoreRef, dispatch: &Callback<Action>) {
    let latest = use_latest(store);
    {
        let dispatch = dispatch.clone();
        use_effect_with((), move |()| {
            let listener = EventListener::new(&window(), "hashchange", move |_| {
                let hash = window().location().hash().unwrap_or_default();
                dispatch.emit(Action::OpenHash { hash });
            });
            move || drop(listener)
        });
    }
    {
        // Opening a scenario is a place to come back to; at the first drawing nothing was
        // opened yet.
        let latest = latest.clone();
        use_effect_with(store.opened(), move |&opened| {
            if opened > 0 {
                write(&latest.borrow().hash(), true);
            }
        });
    }
    let run = (
        store.cursor(),
        store.len(),
        store.state().digest(),
        store.machine().patches,
    );
    use_effect_with((store.wants_address(), run), move |&(wanted, _)| {
        let timer = wanted.then(|| {
            Timeout::new(REST_MILLIS, move || {
                let store = latest.borrow().clone();
                if store.wants_address() {
                    write(&store.hash(), false);
                }
            })
        });
        move || drop(timer)
    });
}

/// Puts a hash into the address. Neither way of doing so fires `hashchange`.
fn write(hash: &str, as_new_place: bool) {
    let Ok(history) = window().history() else {
        return;
    };
    // A page from a file, or one that writes too often, may be refused: then the address
    // stays behind, and Share still has the link.
    let _ = if as_new_place {
        history.push_state_with_url(&JsValue::NULL, "", Some(hash))
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(hash))
    };
}
