//! The clock: one tick per frame while the machine runs.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::{AnimationFrame, request_animation_frame};
use yew::prelude::*;

use crate::store::{Action, StoreRef};

/// A frame that asks for the next one. Dropping the handle ends it.
type Handle = Rc<RefCell<Option<AnimationFrame>>>;

#[hook]
pub(super) fn use_timer(store: &StoreRef, dispatch: &Callback<Action>) {
    let dispatch = dispatch.clone();
    use_effect_with(store.is_playing(), move |&playing| {
        let handle: Handle = Rc::default();
        if playing {
            ask(&handle, None, dispatch);
        }
        // The closure of the frame holds the handle as well, so it must be emptied.
        move || drop(handle.borrow_mut().take())
    });
}

fn ask(handle: &Handle, before: Option<f64>, dispatch: Callback<Action>) {
    let next = Rc::clone(handle);
    let frame = request_animation_frame(move |now| {
        if let Some(before) = before {
            dispatch.emit(Action::Tick {
                millis: now - before,
            });
        }
        ask(&next, Some(now), dispatch);
    });
    *handle.borrow_mut() = Some(frame);
}
