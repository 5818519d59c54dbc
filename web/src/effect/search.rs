//! The bridge to the worker: what the store wants to know goes out, replies come in.

use gloo::timers::callback::Timeout;
use gloo::utils::document;
use gloo_worker::{Spawnable, WorkerBridge};
use wasm_bindgen::JsValue;
use yew::prelude::*;

use crate::protocol::{BUILD, Reply, Request};
use crate::store::{Action, StoreRef};
use crate::worker::Search;

/// The file that starts the worker; its name carries no hash, so it is a constant.
const WORKER_LOADER: &str = "worker_loader.js";

/// How long the worker may take to say that it is there.
const PATIENCE_MILLIS: u32 = 15_000;

#[hook]
pub(super) fn use_search(store: &StoreRef, dispatch: &Callback<Action>) {
    let bridge = use_mut_ref(|| None::<WorkerBridge<Search>>);
    {
        let (bridge, dispatch) = (bridge.clone(), dispatch.clone());
        use_effect_with((), move |()| {
            *bridge.borrow_mut() = Some(spawn(dispatch));
            // The worker lives as long as its bridge.
            move || drop(bridge.borrow_mut().take())
        });
    }
    let demand = store.demand();
    let store = store.clone();
    use_effect_with((demand.job(), demand.is_active()), move |&(_, active)| {
        if let Some(bridge) = bridge.borrow().as_ref() {
            bridge.send(if active {
                Request::Explore(Box::new(store.job()))
            } else {
                Request::Cancel
            });
        }
    });
}

fn spawn(dispatch: Callback<Action>) -> WorkerBridge<Search> {
    let late = {
        let dispatch = dispatch.clone();
        let sentence = "The search in the background could not be started; verdicts stay unknown";
        Timeout::new(PATIENCE_MILLIS, move || {
            dispatch.emit(Action::Complain {
                sentence: sentence.to_string(),
            });
        })
    };
    let late = std::cell::RefCell::new(Some(late));
    let bridge = Search::spawner()
        .callback(move |reply: Reply| {
            if let Reply::Here { .. } = reply {
                drop(late.borrow_mut().take().map(Timeout::cancel));
                mark_ready();
            }
            dispatch.emit(Action::Search(reply));
        })
        .spawn_with_loader(&loader());
    bridge.send(Request::Hello {
        build: BUILD.to_string(),
    });
    bridge
}

/// A page in one file carries the worker inside and says where.
fn loader() -> String {
    let own = js_sys::Reflect::get(&js_sys::global(), &JsValue::from("__WORKER_URL"));
    let own = own.ok().and_then(|own| own.as_string());
    own.unwrap_or_else(|| WORKER_LOADER.to_string())
}

/// Says in the document that the worker is there, for tests.
fn mark_ready() {
    if let Some(root) = document().document_element() {
        // An element refuses no data attribute.
        let _ = root.set_attribute("data-worker", "ready");
    }
}
