//! The machine that oomscope watches: a Linux system that runs out of memory,
//! cut into numbered atomic steps.
//!
//! A [`machine::Machine`] is everything that does not change while it runs: the zone, the
//! cast with its programs, the locks, the declared rules and the [`kernel::Kernel`], one
//! enum field per decision point where kernel history changed its mind.
//! A [`state::State`] is everything that does change, as one plain value.
//! [`step::enabled`] says which tasks could move, [`step::step`] moves one of them by one
//! atomic step, and [`step::act`] is what a person does to a run: flip a patch, send a
//! signal, add pages. There is no other door.
//!
//! Read the modules in the order in which they are declared. The kernel rules live in
//! [`kernel`], in files named as the kernel's own.
//!
//! **Architecture invariant:** this crate knows no clock, no random numbers, no
//! files, no floats and no hash maps; the same machine and the same transitions give the
//! same states on every platform.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

pub mod check;
pub mod event;
pub mod kernel;
pub mod machine;
pub mod patches;
pub mod state;
pub mod step;
pub mod transition;
pub mod words;
