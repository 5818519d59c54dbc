//! The page of oomscope.
//!
//! Two programs are built from this library: `app`, the page itself, and
//! `worker`, which searches in the background. What travels between them is
//! text and numbers only, see [`protocol`].
//!
//! A click goes from [`view`] to [`store`], which is all there is to know; [`effect`]
//! ties the store to the browser: clock, address, keyboard, worker.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

pub mod app;
pub mod effect;
pub mod protocol;
pub mod store;
pub mod view;
pub mod worker;
