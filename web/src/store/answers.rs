//! The words in which the store answers the views.

use oomscope_model::machine::TaskId;
use oomscope_model::patches::PatchId;
use oomscope_picture::{Span, Tone};

use super::Badge;

/// A sentence for the person in front of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// What happened.
    pub sentence: String,
    /// Where: `line 3, column 7`.
    pub place: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// It must not be missed: across the page.
    pub loud: bool,
}

/// A named moment of this run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkerAt {
    /// Its step.
    pub step: usize,
    /// Its words.
    pub title: String,
    /// Its name; `start`, the scenario's own, or `+patch` and `-patch`.
    pub id: String,
}

/// The live verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Its colour.
    pub tone: Tone,
    /// `Livelock, proven`.
    pub headline: String,
    /// How that is known.
    pub first: String,
    /// The chain, or what happened.
    pub sentence: Vec<Span>,
    /// The step from which no schedule leads out, if the cursor is past it.
    pub no_return: Option<usize>,
    /// How far the search is.
    pub search: SearchState,
    /// What was assumed about time.
    pub rules: String,
    /// `doomed`, `at-risk`, `free`, `unknown` or `finished`, for scripts.
    pub word: &'static str,
}

/// How far the search is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SearchState {
    /// Nothing to search.
    #[default]
    Idle,
    /// Under way.
    Running {
        /// States found so far.
        states: u32,
        /// States per second.
        rate: u32,
        /// Memory in use.
        bytes: u64,
    },
    /// All reachable states are known.
    Done {
        /// How many.
        states: u32,
    },
    /// Stopped by hand.
    Cancelled,
    /// Stopped because it grew too large.
    Limit {
        /// States found.
        states: u32,
        /// Steps from the start of the search.
        depth: u32,
    },
}

/// One switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchView {
    /// Which patch.
    pub patch: PatchId,
    /// On at the cursor.
    pub on: bool,
    /// What moves with it when it is flipped now.
    pub also: Vec<(PatchId, bool)>,
    /// What flipping it now would do.
    pub badge: Badge,
}

/// A task seen closely.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskDetail {
    /// Which task.
    pub task: TaskId,
    /// Its name.
    pub name: String,
    /// Its process id.
    pub pid: u16,
    /// What it does, in words.
    pub status: String,
    /// Its kernel call stack, innermost first.
    pub stack: Vec<String>,
    /// Its program in kernel words; the current line is marked.
    pub program: Vec<(String, bool)>,
    /// What it holds.
    pub holds: String,
    /// What it waits for.
    pub waits: String,
    /// Who stands in its way, link by link.
    pub chain: String,
}
