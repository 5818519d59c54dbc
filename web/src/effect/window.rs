//! Size, colours and motion of the window.

use gloo::events::EventListener;
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::MediaQueryListEvent;
use yew::prelude::*;

use crate::store::{Action, Start, StoreRef};

const REDUCED_MOTION: &str = "(prefers-reduced-motion: reduce)";

/// What the browser says at the beginning.
pub fn start() -> Start {
    let location = window().location();
    let (width, height) = size();
    let href = location.href().unwrap_or_default();
    let base = href.split(['#', '?']).next().unwrap_or_default();
    Start {
        base: base.to_string(),
        query: location.search().unwrap_or_default(),
        hash: location.hash().unwrap_or_default(),
        width,
        height,
        reduced_motion: reduced_motion(),
    }
}

fn size() -> (u32, u32) {
    let pixels = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
        value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0) as u32
    };
    (
        pixels(window().inner_width()),
        pixels(window().inner_height()),
    )
}

fn reduced_motion() -> bool {
    let query = window().match_media(REDUCED_MOTION).ok().flatten();
    query.is_some_and(|query| query.matches())
}

#[hook]
pub(super) fn use_window(store: &StoreRef, dispatch: &Callback<Action>) {
    let dispatch = dispatch.clone();
    use_effect_with((), move |()| {
        let resized = {
            let dispatch = dispatch.clone();
            EventListener::new(&window(), "resize", move |_| {
                let (width, height) = size();
                dispatch.emit(Action::Resize { width, height });
            })
        };
        let query = window().match_media(REDUCED_MOTION).ok().flatten();
        let motion = query.map(|query| {
            EventListener::new(&query, "change", move |event| {
                if let Some(event) = event.dyn_ref::<MediaQueryListEvent>() {
                    dispatch.emit(Action::Motion {
                        reduced: event.matches(),
                    });
                }
            })
        });
        mark_ready();
        move || drop((resized, motion))
    });
    let theme = store.theme().word();
    use_effect_with(theme, |theme| set("data-theme", theme));
    let motion = if store.reduced_motion() {
        "reduced"
    } else {
        "full"
    };
    use_effect_with(motion, |motion| set("data-motion", motion));
    let title = format!("{} · oomscope", store.scenario().title);
    use_effect_with(title, |title| document().set_title(title));
}

fn set(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // An element refuses no data attribute.
        let _ = root.set_attribute(name, value);
    }
}

/// Says in the document that the page is there; tests and scripts wait for it.
fn mark_ready() {
    if let Some(body) = document().body() {
        // A page without the mark still works.
        let _ = body.set_attribute("data-ready", "true");
    }
}
