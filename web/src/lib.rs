//! The page of oomscope.
//!
//! Two programs are built from this library: `app`, the page itself, and
//! `worker`, which searches in the background. What travels between them is
//! text and numbers only, see [`protocol`].

pub mod page;
pub mod protocol;
