//! What a switch would change if it were flipped now, or had been from the start.

use core::ops::ControlFlow;

use oomscope_explore::{Explorer, Progress};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::Machine;
use oomscope_model::patches::{PatchId, PatchSet};
use oomscope_model::state::State;
use oomscope_model::step::{act, step};
use oomscope_model::transition::{Act, Transition};

use crate::found::{Found, Limits, advance, search};

/// What flipping one switch would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flip {
    /// The switch.
    pub patch: PatchId,
    /// To where.
    pub on: bool,
    /// All that has to move with it, in order.
    pub changes: Vec<(PatchId, bool)>,
    /// What is reachable then.
    pub found: Found,
}

/// The states that a schedule goes through, the start first.
pub fn states(machine: &Machine, schedule: &[Transition]) -> Vec<State> {
    let mut state = State::start(machine);
    let mut states = vec![state.clone()];
    for &transition in schedule {
        step(machine, &mut state, transition, &mut ());
        states.push(state.clone());
    }
    states
}

/// What each of these switches would do if it were flipped in this state.
pub fn flips(
    machine: &Machine,
    state: &State,
    offered: &[PatchId],
    limits: Limits,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Vec<Flip> {
    each(machine, offered, |changes| {
        let (mut machine, mut state) = (machine.clone(), state.clone());
        if !together(&mut machine, &mut state, changes) {
            return None;
        }
        let mut explorer = Explorer::new(&machine, &state);
        let bound = advance(&mut explorer, limits, &mut watch);
        Some(Found::of(&machine, &state, &explorer, bound))
    })
}

/// What each of these switches would do on a kernel that was built so: from the start.
pub fn flips_from_start(
    machine: &Machine,
    offered: &[PatchId],
    limits: Limits,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Vec<Flip> {
    each(machine, offered, |changes| {
        let set = |patches: PatchSet, &(patch, on): &(PatchId, bool)| patches.with(patch, on);
        let patches = changes.iter().fold(machine.patches, set);
        patches.check().ok()?;
        let mut machine = machine.clone();
        machine.patches = patches;
        machine.kernel = Kernel::of(patches);
        Some(search(&machine, limits, &mut watch))
    })
}

/// Flips each switch, with what moves with it; leaves out those that `found` has no answer for.
fn each(
    machine: &Machine,
    offered: &[PatchId],
    mut found: impl FnMut(&[(PatchId, bool)]) -> Option<Found>,
) -> Vec<Flip> {
    let flip = |&patch: &PatchId| {
        let on = !machine.patches.has(patch);
        let changes = machine.patches.switch(patch, on);
        let found = found(&changes)?;
        Some(Flip {
            patch,
            on,
            changes,
            found,
        })
    };
    offered.iter().filter_map(flip).collect()
}

/// Switches all of them, in an order in which every mix on the way means something.
fn together(machine: &mut Machine, state: &mut State, changes: &[(PatchId, bool)]) -> bool {
    let mut left = changes.to_vec();
    while !left.is_empty() {
        let possible = left.iter().position(|&(patch, on)| {
            let wanted = Act::Switch { patch, on };
            act(machine, state, wanted, &mut ()).is_ok()
        });
        let Some(done) = possible else {
            return false;
        };
        left.remove(done);
    }
    true
}
