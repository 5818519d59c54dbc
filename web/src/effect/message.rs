//! Messages between an embedded page and the page around it, version 1.
//!
//! Only the parent window is heard, and only five verbs: play, pause, toggle, seek, ping.
//! Origins say nothing for pages from files, so the sender is matched by its window.

use gloo::events::EventListener;
use gloo::utils::window;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Window};
use yew::prelude::*;

use super::use_latest;
use crate::store::{Action, Store, StoreRef, View};

/// The version that every message carries under `oomscope`.
const VERSION: f64 = 1.0;

#[hook]
pub(super) fn use_messages(store: &StoreRef, dispatch: &Callback<Action>) {
    let latest = use_latest(store);
    let embedded = matches!(store.view(), View::Embed(_));
    let dispatch = dispatch.clone();
    use_effect_with(embedded, move |&embedded| {
        let parent = if embedded { parent() } else { None };
        let listener = parent.map(|parent| {
            send(&parent, &[("event", JsValue::from("ready"))]);
            EventListener::new(&window(), "message", move |event| {
                let Some(event) = event.dyn_ref::<MessageEvent>() else {
                    return;
                };
                let from_parent = event
                    .source()
                    .is_some_and(|source| JsValue::from(source) == JsValue::from(parent.clone()));
                if from_parent {
                    heard(&event.data(), &parent, &latest.borrow(), &dispatch);
                }
            })
        });
        move || drop(listener)
    });
    let told = (
        store.cursor(),
        store.len(),
        store.is_playing(),
        store.verdict().word,
    );
    use_effect_with(
        (embedded, told),
        move |&(embedded, (step, length, playing, verdict))| {
            if let (true, Some(parent)) = (embedded, parent()) {
                send(
                    &parent,
                    &[
                        ("event", JsValue::from("state")),
                        ("step", JsValue::from(step as f64)),
                        ("length", JsValue::from(length as f64)),
                        ("playing", JsValue::from(playing)),
                        ("verdict", JsValue::from(verdict)),
                    ],
                );
            }
        },
    );
}

/// The window around this one, if there is one.
fn parent() -> Option<Window> {
    let parent = window().parent().ok().flatten()?;
    (parent != window()).then_some(parent)
}

fn heard(data: &JsValue, parent: &Window, store: &Store, dispatch: &Callback<Action>) {
    let get = |key: &str| Reflect::get(data, &JsValue::from(key)).unwrap_or(JsValue::UNDEFINED);
    if !data.is_object() || get("oomscope").as_f64() != Some(VERSION) {
        return;
    }
    let word = get("cmd").as_string().unwrap_or_default();
    let action = match word.as_str() {
        "play" => Some(Action::Play),
        "pause" => Some(Action::Pause),
        "toggle" => Some(Action::Toggle),
        "seek" => get("step")
            .as_f64()
            .filter(|step| step.is_finite() && *step >= 0.0)
            .map(|step| Action::Seek {
                step: (step as usize).min(store.len()),
            }),
        "ping" => None,
        _ => return,
    };
    let ok = action.is_some() || word == "ping";
    if let Some(action) = action {
        dispatch.emit(action);
    }
    let event = if word == "ping" { "pong" } else { "done" };
    send(
        parent,
        &[
            ("event", JsValue::from(event)),
            ("id", get("id")),
            ("ok", JsValue::from(ok)),
        ],
    );
}

fn send(parent: &Window, fields: &[(&str, JsValue)]) {
    let message = Object::new();
    let version = [("oomscope", JsValue::from(VERSION))];
    for (key, value) in version.iter().chain(fields) {
        // A plain object takes every key.
        let _ = Reflect::set(&message, &JsValue::from(*key), value);
    }
    // A page from a file has no origin to name, and nothing in here is secret.
    let _ = parent.post_message(&message, "*");
}
