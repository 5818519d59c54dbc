//! Holds scenario files against what the explorer finds: the tests and the command line
//! judge by the same words.
//!
//! [`cases`] lists what a file speaks of, [`search`] explores one machine, [`judge`] says
//! what is not as the file expects, [`smallest`] names the mixes that clear it, and
//! [`flips`] says what a switch would change now, [`flips_from_start`] what it would have.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

mod flip;
mod found;
mod shard;
mod smallest;
mod verdict;

pub use flip::{Flip, flips, flips_from_start, states};
pub use found::{Bound, Found, Limits, advance, search, search_with};
pub use shard::{Confirmed, Shard, confirm, shard};
pub use smallest::{Good, Harm, Smallest, WORST_FIRST, harm, smallest};
pub use verdict::{Case, Verdict, cases, judge, sibling_complaint};

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::PatchSet;
use oomscope_scenario::scenario::Scenario;

/// The scenario's machine with these patches, under these rules.
pub fn machine(scenario: &Scenario, patches: PatchSet, rules: Rules) -> Machine {
    let mut machine = scenario.machine.clone();
    machine.patches = patches;
    machine.kernel = Kernel::of(patches);
    machine.rules = rules;
    machine
}
