//! What one state shows by itself, in one byte.

use oomscope_model::machine::Machine;
use oomscope_model::state::{State, StateFlags};

use crate::Outcome;
use crate::traits::{Crowd, Traits};

/// Finished.
pub(crate) const FINISHED: u8 = 1;
/// At least two processes were killed.
pub(crate) const SECOND_KILL: u8 = 1 << 1;
/// A task oopsed.
pub(crate) const OOPS: u8 = 1 << 2;
/// Memory was corrupted.
pub(crate) const CORRUPT: u8 = 1 << 3;
/// The kernel panicked.
pub(crate) const PANIC: u8 = 1 << 4;
/// Some task wants a page.
pub(crate) const WANTS_PAGE: u8 = 1 << 5;
/// A system call returned an error that its caller does not expect.
pub(crate) const WRONG_ERRNO: u8 = 1 << 6;
/// Some task retries and is parked because nothing changes.
pub(crate) const PARKED: u8 = 1 << 7;
/// Those that depend on all tasks together ([`of_tasks`]).
pub(crate) const OF_TASKS: u8 = FINISHED | WANTS_PAGE | PARKED;

/// All marks of a state.
pub(crate) fn of_state(machine: &Machine, state: &State) -> u8 {
    let of_machine = of_machine(state);
    let any = Crowd::of(state, machine.rules.timing).any();
    if_so(SECOND_KILL, state.kills(machine) >= 2) | of_machine | of_tasks(of_machine, any)
}

/// The marks that are flags of the machine.
pub(crate) fn of_machine(state: &State) -> u8 {
    let all = [
        (OOPS, StateFlags::OOPS),
        (CORRUPT, StateFlags::CORRUPT),
        (WRONG_ERRNO, StateFlags::WRONG_ERRNO),
        (PANIC, StateFlags::PANIC),
    ];
    let all = all.map(|(bit, flag)| if_so(bit, state.flags.has(flag)));
    all.into_iter().fold(0, |all, bit| all | bit)
}

/// The marks that depend on all tasks together.
#[inline]
pub(crate) fn of_tasks(of_machine: u8, any: Traits) -> u8 {
    let panicked = of_machine & PANIC != 0;
    if_so(FINISHED, !any.has(Traits::UNFINISHED) || panicked)
        | if_so(WANTS_PAGE, any.has(Traits::WANTS_PAGE))
        | if_so(PARKED, any.has(Traits::PARKED))
}

#[inline]
fn if_so(bit: u8, on: bool) -> u8 {
    if on { bit } else { 0 }
}

/// The outcomes that one state shows by itself.
pub fn outcomes_of(machine: &Machine, state: &State) -> impl Iterator<Item = Outcome> + use<> {
    let marks = of_state(machine, state);
    let all = Outcome::ALL.into_iter();
    all.filter(move |&outcome| shows(marks, outcome))
}

/// Whether a state with these marks shows an outcome that one state can show. A lockup
/// needs the whole graph.
pub(crate) fn shows(marks: u8, outcome: Outcome) -> bool {
    let broken = SECOND_KILL | OOPS | CORRUPT | PANIC | WRONG_ERRNO;
    match outcome {
        Outcome::Ok => marks & FINISHED != 0 && marks & broken == 0,
        Outcome::ExtraKill => marks & SECOND_KILL != 0,
        Outcome::Oops => marks & OOPS != 0,
        Outcome::Corrupt => marks & CORRUPT != 0,
        Outcome::Panic => marks & PANIC != 0,
        Outcome::WrongErrno => marks & WRONG_ERRNO != 0,
        Outcome::Stall | Outcome::Lockup | Outcome::Hang => false,
    }
}
