//! What moves a machine: transitions, which it makes by itself, and acts, which people do.

use crate::machine::TaskId;
use crate::patches::PatchId;

/// One atomic step of one task, or the end of its sleep. Every task has at most one
/// enabled transition, so the task's id is all there is to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Transition(pub TaskId);

/// What a person does to a run. The explorer cannot hold one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Switches one patch on or off, from this step on.
    Switch {
        /// Which patch.
        patch: PatchId,
        /// On or off.
        on: bool,
    },
    /// Sends SIGKILL to the process of this task.
    Kill {
        /// Any thread of it.
        task: TaskId,
    },
    /// Frees pages that belonged to the kernel, as somebody returning memory would.
    AddPages {
        /// How many, 1..=255; never more than the kernel itself holds.
        pages: u8,
    },
}

/// One entry of a run: what the machine did or what somebody did to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// The machine moved.
    Step(Transition),
    /// Somebody acted.
    Act(Act),
}
