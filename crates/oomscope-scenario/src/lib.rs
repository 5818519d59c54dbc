//! Scenario text, run text and links, and the way from each of them to a machine and
//! back. Nothing here reads files, clocks or random numbers, and nothing that a person
//! types or pastes can make it panic: what is wrong comes back as a sentence with a place
//! and a hint.
//!
//! To read it: a sentence with a place ([`diagnostic`]), the words of the program language
//! ([`verb`], `program`, `compile`), the file around them (`keys`, `envelope`, `cast` with
//! `memory`, `memcg`, `locks`, `lru`, [`notifier`] and `sysctl`, [`scenario`], [`parse`],
//! [`print`]), what a file says about its own outcome ([`expect`], [`condition`]), the files the
//! page ships ([`builtin`]), and then runs: their text ([`run`]), reaching any step of one
//! ([`replay`]), choosing the next step ([`walk`]) and links ([`link`], [`preset`]).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

pub mod builtin;
mod cast;
mod compile;
pub mod condition;
mod deflate;
pub mod diagnostic;
pub mod digest;
mod envelope;
pub mod expect;
mod keys;
pub mod link;
mod locks;
mod lru;
mod memcg;
mod memory;
pub mod notifier;
pub mod parse;
mod payload;
pub mod preset;
pub mod print;
mod program;
pub mod reference;
pub mod replay;
pub mod rules;
pub mod run;
pub mod scenario;
mod sysctl;
pub mod verb;
pub mod walk;
