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

pub mod ample;
pub mod explain;
pub mod explorer;
mod graph;
mod key;
mod known;
pub mod lasso;
mod locks;
pub mod map;
mod mark;
mod memo;
mod parts;
pub mod reductions;
mod regions;
mod room;
mod store;
pub mod swarm;
pub mod symmetry;
mod table;
mod traits;

pub use explain::Explanation;
pub use explorer::Explorer;
pub use lasso::Lasso;
pub use map::Map;
pub use mark::outcomes_of;
pub use reductions::Reductions;
pub use swarm::Swarm;

/// What can become of a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Outcome {
    /// Finished, at most one process was killed, nothing broke.
    Ok,
    /// A second process was killed, for other memory: whoever dies because it shares the
    /// victim's address space belongs to the same kill.
    ExtraKill,
    /// Not doomed, but every way out needs a task that gets no CPU while others are busy
    /// in vain ([`oomscope_model::step::is_starved`]): long, but finite.
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
    /// Bytes held, room for more included: states and what they are found again by, arrows,
    /// parents, marks, what is known about steps.
    pub bytes: u64,
    /// Every reachable state has been expanded.
    pub done: bool,
    /// Why it cannot go on, if it cannot.
    pub full: Option<Full>,
}

/// Why a search has no room for more states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// It would hold more bytes than it may.
    Bytes,
    /// States or arrows would be more than there are numbers for them, 2^32 - 2.
    Size,
}
