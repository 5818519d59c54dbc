//! What the page looks like: pure functions of the store that only dispatch actions.

use yew::prelude::*;

use crate::store::{Action, StoreRef};

pub mod controls;
pub mod dialogs;
pub mod embed;
pub mod header;
mod icons;
pub mod notice;
pub mod page;
pub mod panel;
pub mod plot;
mod ring;
pub mod stage;
pub mod switches;
pub mod table;
pub mod verdict;
mod why;

pub use page::Page;

/// What every view gets: the store to draw and the way to say what was done.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The store.
    pub store: StoreRef,
    /// Sends an action to it.
    pub dispatch: Callback<Action>,
}

/// A callback that says this, whatever the event.
pub(crate) fn on<E: 'static>(dispatch: &Callback<Action>, action: Action) -> Callback<E> {
    let dispatch = dispatch.clone();
    Callback::from(move |_| dispatch.emit(action.clone()))
}

/// `2,100,000`.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
