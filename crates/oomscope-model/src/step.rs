//! The only door: which tasks can move, one atomic step, and what people do.

use crate::event::Observer;
use crate::machine::Machine;
use crate::state::State;
use crate::transition::{Act, Transition};

/// The transitions the machine can make now, lowest task first.
pub fn enabled(machine: &Machine, state: &State) -> impl Iterator<Item = Transition> + use<> {
    let _ = (machine, state);
    core::iter::empty()
}

/// Makes one transition, in place. Total on what [`enabled`] yields.
pub fn step<O: Observer>(machine: &Machine, state: &mut State, transition: Transition, observer: &mut O) {
    let _ = (machine, state, transition, observer);
}

/// Why an act could not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The patches would mean nothing together. Use [`crate::patches::PatchSet::switch`].
    InvalidMix(crate::patches::InvalidMix),
    /// That task has no process to kill.
    NotKillable,
    /// The kernel itself does not hold that many pages.
    NoSuchPages,
}

/// Does what a person asked for. Changes the machine only by patches.
///
/// # Errors
/// Says why nothing was done; machine and state are then as before.
pub fn act<O: Observer>(
    machine: &mut Machine,
    state: &mut State,
    act: Act,
    observer: &mut O,
) -> Result<(), Refused> {
    let _ = (machine, state, act, observer);
    Ok(())
}
