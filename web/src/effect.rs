//! What ties the store to the browser. Each effect only listens and dispatches, or makes
//! something outside the page follow the store.

use yew::prelude::*;

use crate::store::{Action, StoreRef};

mod address;
pub mod copy;
mod keys;
mod message;
mod search;
mod timer;
mod window;

pub use window::start;

/// All of them, for the root component.
#[hook]
pub fn use_all(store: &StoreRef, dispatch: &Callback<Action>) {
    window::use_window(store, dispatch);
    timer::use_timer(store, dispatch);
    address::use_address(store, dispatch);
    keys::use_keys(store, dispatch);
    search::use_search(store, dispatch);
    search::use_matrix(store, dispatch);
    message::use_messages(store, dispatch);
}

/// The store of the latest drawing, for listeners that live longer than one.
#[hook]
pub(crate) fn use_latest(store: &StoreRef) -> std::rc::Rc<std::cell::RefCell<StoreRef>> {
    let latest = use_mut_ref(|| store.clone());
    *latest.borrow_mut() = store.clone();
    latest
}
