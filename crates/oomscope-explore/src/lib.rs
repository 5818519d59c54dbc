//! Answers "is there any interleaving…?" exactly: every state a machine can reach, which
//! of them lead nowhere, and the shortest way there.
//!
//! Definitions (architecture: explorer):
//! - **Finished**: every user task exited or at the end of its program, every kernel thread
//!   idle; or the kernel panicked.
//! - **Doomed**: no path of transitions to a finished state, under the declared rules.
//! - **Lockup**: a doomed state is reachable. Its **point of no return** is the step into
//!   the doomed region.
//! - **At risk**: not doomed, but a doomed state is reachable. **Free**: none is.

use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::transition::Transition;

/// What can become of a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Outcome {
    /// Finished, at most one process was killed, nothing broke.
    Ok,
    /// A second process was killed.
    ExtraKill,
    /// Not doomed, but a cycle exists that frees nothing.
    Stall,
    /// A doomed state is reachable.
    Lockup,
    /// NULL dereference.
    Oops,
    /// Memory corruption.
    Corrupt,
    /// Doomed although nobody waits for memory.
    Hang,
    /// A system call returned an error its caller does not expect.
    WrongErrno,
    /// Nothing was left to kill.
    Panic,
}

impl Outcome {
    /// All outcomes, in the order in which people list them.
    pub const ALL: [Outcome; 9] = [
        Outcome::Ok,
        Outcome::ExtraKill,
        Outcome::Stall,
        Outcome::Lockup,
        Outcome::Oops,
        Outcome::Corrupt,
        Outcome::Hang,
        Outcome::WrongErrno,
        Outcome::Panic,
    ];

    /// The word that scenario files and the command line use.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::ExtraKill => "extra-kill",
            Outcome::Stall => "stall",
            Outcome::Lockup => "lockup",
            Outcome::Oops => "oops",
            Outcome::Corrupt => "corrupt",
            Outcome::Hang => "hang",
            Outcome::WrongErrno => "wrong-errno",
            Outcome::Panic => "panic",
        }
    }
}

/// What a doomed state looks like once nothing but retries is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockupKind {
    /// Tasks still run or retry.
    Livelock,
    /// All sleep.
    Deadlock,
    /// Nobody even waits for memory.
    Hang,
}

/// Where a state lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// No doomed state is reachable from here.
    Free,
    /// Both a finished and a doomed state are reachable.
    AtRisk,
    /// No way out.
    Doomed,
}

/// How far an exploration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Distinct states found.
    pub states: u32,
    /// Transitions taken.
    pub transitions: u64,
    /// Steps from the start to the states being expanded now.
    pub depth: u32,
    /// Bytes used for states, table, edges and parents.
    pub bytes: u64,
    /// Every reachable state has been expanded.
    pub done: bool,
}

/// A breadth-first exploration, advanced in slices; stop calling to cancel.
pub struct Explorer {
    _private: (),
}

impl Explorer {
    /// Starts an exploration of everything reachable from `start`.
    pub fn new(machine: &Machine, start: &State) -> Explorer {
        let _ = (machine, start);
        Explorer { _private: () }
    }

    /// Expands at most `budget_states` further states.
    pub fn advance(&mut self, budget_states: u32) -> Progress {
        let _ = budget_states;
        Progress::default()
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress::default()
    }

    /// Where this state lies. `None`: unknown, the exploration is not done or the state is
    /// not reachable from its start.
    pub fn class(&self, state: &State) -> Option<Class> {
        let _ = state;
        None
    }

    /// How many states are reachable from this one, itself included.
    pub fn reachable_from(&self, state: &State) -> Option<u32> {
        let _ = state;
        None
    }

    /// What kind of lockup the doomed state leads to.
    pub fn lockup_kind(&self, state: &State) -> Option<LockupKind> {
        let _ = state;
        None
    }

    /// Which outcomes are reachable from the start. Complete only when done; what is in it
    /// earlier is true already.
    pub fn outcomes(&self) -> Vec<Outcome> {
        Vec::new()
    }

    /// The shortest schedule from the start to the first state that shows the outcome; for
    /// a lockup its last step is the point of no return.
    pub fn witness(&self, outcome: Outcome) -> Option<Vec<Transition>> {
        let _ = outcome;
        None
    }
}
