//! The root of the page.

use gloo_worker::Spawnable;
use yew::prelude::*;

use crate::protocol::{Answer, Question, Search};

/// The file that starts the worker; its name carries no hash, so it is a constant.
const WORKER_LOADER: &str = "worker_loader.js";

/// The whole page.
#[component]
pub fn Page() -> Html {
    let worker = use_state(|| "starting");
    {
        let worker = worker.clone();
        use_effect_with((), move |()| {
            mark_ready();
            let bridge = Search::spawner()
                .callback(move |Answer::Here| worker.set("ready"))
                .spawn_with_loader(WORKER_LOADER);
            bridge.send(Question::AreYouThere);
            // The worker lives as long as its bridge.
            move || drop(bridge)
        });
    }
    html! {
        <main class="page" data-worker={*worker}>
            <h1>{"oomscope"}</h1>
        </main>
    }
}

/// Says in the document that the page is there; tests and the skeleton wait for it.
fn mark_ready() {
    if let Some(body) = gloo::utils::document().body() {
        // A body refuses no data attribute, and a page without the mark still works.
        let _ = body.set_attribute("data-ready", "true");
    }
}
