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
//! # What happens when memory is gone
//!
//! Read in this order, it is a short guide to OOM handling in Linux from 3.19 to 6.1:
//!
//! 1. **A task asks for a page.** [`kernel::page_alloc`]: the watermarks and who may go
//!    below them, what the request may do (`GFP_KERNEL`, `GFP_NOFS`, `__GFP_NOFAIL`, …), and
//!    why a small request never comes back with nothing.
//! 2. **It tries to make room itself.** [`kernel::vmscan`]: direct reclaim, kswapd, and the
//!    locks and isolated pages on which reclaim can wait for ever.
//! 3. **It calls the OOM killer.** [`kernel::oom_kill`]: one caller at a time under
//!    `oom_lock`, the scan of the task list, and the rule that made every livelock: as long
//!    as one victim is on its way out, nobody else is killed.
//! 4. **Somebody is killed.** [`kernel::signal`]: a flag on every thread and a wake for those
//!    whose sleep a signal may end. Nobody dies here.
//! 5. **The victim leaves, if it can.** [`kernel::exit`] and [`kernel::mmap`]: back to user
//!    mode past every lock it waits for, then `exit_mm`, `mmput` and `exit_mmap`, whose order
//!    changed with almost every release because of step 6.
//! 6. **Or its memory is taken from outside.** [`kernel::oom_reaper`]: a kernel thread that
//!    only ever *tries* to lock `mmap_sem`, ten times in a second, and then gives up; what
//!    giving up means differs from release to release. [`kernel::memory`]: what it may take,
//!    and who reads zeroes afterwards.
//! 7. **What stands in the way.** [`kernel::lock`] and below it [`kernel::rwsem`] and
//!    [`kernel::mutex`]: a writer that merely waits makes the reaper's trylock fail.
//!
//! Which release decides what is in [`kernel::Kernel`], one enum a decision; which patch made
//! the decision, by whom and why, in [`patches`].
//!
//! The modules below are declared in reading order. The kernel rules live in [`kernel`], in
//! files named as the kernel's own.
//!
//! **Architecture invariant:** this crate knows no clock, no random numbers, no
//! files, no floats and no hash maps; the same machine and the same transitions give the
//! same states on every platform.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod axes;
pub mod check;
pub mod event;
pub mod kernel;
pub mod machine;
pub mod patches;
pub mod rename;
pub mod state;
pub mod step;
pub mod tracked;
pub mod transition;
pub mod words;
