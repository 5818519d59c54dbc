//! Who waits for whom, derived from the state, with memory as a participant.
//!
//! A lock has no memory of its own in the model, and neither has the graph: every edge is
//! what a task's own word says at this instant. Memory is what makes an OOM livelock a
//! visible cycle: a task that needs a page waits for memory, and memory waits for those
//! who keep the victim's pages.

use oomscope_model::machine::{CompletionId, LockId, Machine, MmId, ProcessId, TaskId};
use oomscope_model::state::State;

/// Who can wait or be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A task.
    Task(TaskId),
    /// Free memory.
    Memory,
}

/// Why one waits for the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Reclaim finds nothing; the task loops in the allocator.
    NeedsPage,
    /// The victim's pages come back only after this task has let go of the mm.
    Pins {
        /// The victim.
        process: ProcessId,
        /// Its memory.
        mm: MmId,
    },
    /// The reaper is about to free the victim's pages.
    Reaps {
        /// Whose.
        mm: MmId,
    },
    /// The other holds the lock.
    HeldBy(LockId),
    /// The other stands ahead in the lock's queue.
    Behind(LockId),
    /// The other will complete it.
    Completes(CompletionId),
    /// The reaper's trylock fails because the other holds the lock or is queued for it.
    Trylock(LockId),
    /// The other holds `oom_lock`, on which this allocator's trylock failed.
    KillerBusy,
}

/// One edge of the wait-for graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct WaitEdge {
    /// Who waits.
    pub from: Party,
    /// For whom.
    pub to: Party,
    /// Why.
    pub why: Why,
}

/// The wait-for graph of this state: tasks in order, then memory.
pub fn wait_edges(machine: &Machine, state: &State) -> Vec<WaitEdge> {
    let _ = (machine, state);
    Vec::new()
}
