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

/// How long the worker may take to say that it has stopped. The regions of a large search
/// are computed in one piece; then another worker takes its place.
const STOP_MILLIS: u32 = 80;

/// The worker, and the clock that runs while it is told to stop.
#[derive(Default)]
struct Line {
    bridge: Option<WorkerBridge<Search>>,
    stop: Option<Timeout>,
}

#[hook]
pub(super) fn use_search(store: &StoreRef, dispatch: &Callback<Action>) {
    let line = use_mut_ref(Line::default);
    let start = {
        let (line, dispatch) = (line.clone(), dispatch.clone());
        move || {
            let stopped = line.clone();
            let heard = move |reply| {
                if reply == Reply::Cancelled {
                    stopped.borrow_mut().stop = None;
                }
                Action::Search(reply)
            };
            let bridge = spawn(dispatch.clone(), heard);
            line.borrow_mut().bridge = Some(bridge);
        }
    };
    {
        let (line, start) = (line.clone(), start.clone());
        use_effect_with((), move |()| {
            start();
            // The worker lives as long as its bridge.
            move || drop(line.replace(Line::default()))
        });
    }
    let demand = store.demand();
    let store = store.clone();
    use_effect_with((demand.job(), demand.is_active()), move |&(_, active)| {
        let mut line = line.borrow_mut();
        line.stop = None;
        let Some(bridge) = &line.bridge else {
            return;
        };
        if active {
            bridge.send(Request::Explore(Box::new(store.job())));
            return;
        }
        bridge.send(Request::Cancel);
        if demand.is_cancelled() {
            line.stop = Some(Timeout::new(STOP_MILLIS, start));
        }
    });
}

/// The matrix has a worker of its own, for as long as it is searched: the verdict does not
/// wait for it, and to stop is to let the worker go.
#[hook]
pub(super) fn use_matrix(store: &StoreRef, dispatch: &Callback<Action>) {
    let bridge = use_mut_ref(|| None::<WorkerBridge<Search>>);
    let (store, dispatch) = (store.clone(), dispatch.clone());
    use_effect_with(store.matrix_job(), move |job| {
        // The one before goes first: both together may be too much.
        drop(bridge.borrow_mut().take());
        if let (Some(_), Some(question)) = (job, store.matrix_question()) {
            let worker = spawn(dispatch, Action::MatrixHeard);
            worker.send(Request::Matrix(Box::new(question)));
            *bridge.borrow_mut() = Some(worker);
        }
    });
}

fn spawn(
    dispatch: Callback<Action>,
    heard: impl Fn(Reply) -> Action + 'static,
) -> WorkerBridge<Search> {
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
                dispatch.emit(Action::Search(reply));
                return;
            }
            dispatch.emit(heard(reply));
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
