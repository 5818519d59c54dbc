//! Keys, in the manner of terminal players and presenters' clickers.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::window;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::use_latest;
use crate::store::{Action, Panel, Side, Store, StoreRef, View};

#[hook]
pub(super) fn use_keys(store: &StoreRef, dispatch: &Callback<Action>) {
    let latest = use_latest(store);
    let dispatch = dispatch.clone();
    use_effect_with((), move |()| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(&window(), "keydown", options, move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                let store = latest.borrow().clone();
                if let Some(action) = pressed(&store, event) {
                    event.prevent_default();
                    dispatch.emit(action);
                }
            });
        let pointer = EventListener::new_with_options(&window(), "mousedown", options, |event| {
            if is_pressed(event) {
                event.prevent_default();
            }
        });
        move || drop((listener, pointer))
    });
}

/// Whether a button outside of dialogs is pressed with the pointer. It does not take the focus,
/// or Space would press it again instead of playing.
fn is_pressed(event: &web_sys::Event) -> bool {
    let target = event.target();
    let target = target.and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |selector| {
        let found = target.as_ref().map(|target| target.closest(selector));
        matches!(found, Some(Ok(Some(_))))
    };
    is_in("button") && !is_in("dialog, [role=dialog]")
}

/// What a key means now; nothing if somebody else should have it.
fn pressed(store: &Store, event: &KeyboardEvent) -> Option<Action> {
    if event.default_prevented() || event.is_composing() {
        return None;
    }
    let key = event.key();
    let place = Place::of(event);
    if key == "Escape" {
        return Some(Action::Close);
    }
    if place == Place::Text || store.panel().is_some() {
        return None;
    }
    if event.alt_key() && !event.ctrl_key() && !event.meta_key() {
        return digit(&event.code()).and_then(|number| switch(store, number));
    }
    if event.ctrl_key() || event.meta_key() {
        let undo = key == "z" && !event.shift_key() && !event.alt_key();
        return (undo && store.can_undo()).then_some(Action::Undo);
    }
    // A button is pressed by its own Space and Enter, a slider moved by its own arrows.
    match (place, key.as_str()) {
        (Place::Button, " " | "Enter") | (_, "Tab" | "Enter") => return None,
        (Place::Slider | Place::Tabs, "ArrowLeft" | "ArrowRight" | "Home" | "End")
            if !event.shift_key() =>
        {
            return None;
        }
        _ => {}
    }
    plain(store, &key, event.shift_key())
}

fn plain(store: &Store, key: &str, shift: bool) -> Option<Action> {
    let action = match key {
        " " => Action::Toggle,
        "ArrowRight" if shift => Action::NextInteresting,
        "ArrowLeft" if shift => Action::PrevInteresting,
        "ArrowRight" | "l" | "." => Action::StepForward,
        "ArrowLeft" | "h" => Action::StepBack,
        "]" | "PageDown" => Action::NextMarker,
        "[" | "PageUp" => Action::PrevMarker,
        "Home" => Action::Seek { step: 0 },
        "End" => Action::End,
        "-" | "<" => Action::Slower,
        "+" | "=" | ">" => Action::Faster,
        "r" => Action::Restart { new_seed: false },
        "R" => Action::Restart { new_seed: true },
        "t" => return switch(store, 1),
        "m" if store.view() == View::Full => Action::Open {
            panel: Panel::Matrix,
        },
        // Not b: a clicker's button for a black screen sends that.
        "g" => return run(store, Side::Good),
        "x" => return run(store, Side::Bad),
        "s" if store.view() == View::Full => Action::Open { panel: Panel::Map },
        "?" | "F1" if store.view() == View::Full => Action::Open { panel: Panel::Help },
        _ => {
            let tenths = digit(key).filter(|_| !shift)?;
            Action::Seek {
                step: store.len() * tenths / 10,
            }
        }
    };
    Some(action)
}

/// One of the two runs that part at the step that decides, where the page names one.
fn run(store: &Store, side: Side) -> Option<Action> {
    let named = store.view() == View::Full && store.why().decides.is_some();
    named.then_some(Action::OpenRun { side })
}

/// `7` or `Digit7`.
fn digit(key: &str) -> Option<usize> {
    let key = key.strip_prefix("Digit").unwrap_or(key);
    let mut letters = key.chars();
    let number = letters.next()?.to_digit(10)?;
    letters.next().is_none().then_some(number as usize)
}

/// Flips the switch with this number, counted from 1.
fn switch(store: &Store, number: usize) -> Option<Action> {
    let switches = store.switches();
    let switch = switches.get(number.checked_sub(1)?)?;
    Some(Action::Switch {
        patch: switch.patch,
        on: !switch.on,
    })
}

/// Where a key was pressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Slider,
    Button,
    Tabs,
    Elsewhere,
}

impl Place {
    fn of(event: &KeyboardEvent) -> Place {
        let Some(element) = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return Place::Elsewhere;
        };
        let editable = element
            .dyn_ref::<HtmlElement>()
            .is_some_and(HtmlElement::is_content_editable);
        let role = element.get_attribute("role").unwrap_or_default();
        match element.tag_name().to_ascii_uppercase().as_str() {
            "INPUT" if element.get_attribute("type").as_deref() == Some("range") => Place::Slider,
            "INPUT" | "TEXTAREA" | "SELECT" => Place::Text,
            _ if editable => Place::Text,
            _ if role == "tab" => Place::Tabs,
            "BUTTON" | "A" | "SUMMARY" => Place::Button,
            _ if role == "button" || role == "switch" => Place::Button,
            _ => Place::Elsewhere,
        }
    }
}
