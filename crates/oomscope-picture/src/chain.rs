//! The cycle, or the longest chain to a root, as numbered hops and one sentence.

use oomscope_model::machine::Machine;
use oomscope_model::state::State;

use crate::wait::{Party, WaitEdge};

/// A piece of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its words, with the spaces and commas that belong there.
    pub text: String,
    /// Stressed.
    pub strong: bool,
}

/// Where a chain ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Root {
    /// Nowhere: it bites its own tail.
    Cycle,
    /// At somebody whom nobody blocks and who gets nowhere all the same.
    Spins,
    /// At somebody who runs.
    Runs,
    /// At something outside the picture, or at the end of a sleep.
    External,
}

/// The cycle, or the longest chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Its edges in order: each starts where the one before it ended.
    pub edges: Vec<WaitEdge>,
    /// How it ends.
    pub root: Root,
    /// The party at the end; on a cycle, where it starts.
    pub end: Party,
    spans: Vec<Span>,
}

/// The shortest cycle, through memory where possible; else the longest chain; nothing if
/// nobody waits.
pub fn chain(machine: &Machine, state: &State) -> Option<Chain> {
    let _ = (machine, state);
    None
}

impl Chain {
    /// The chain as one sentence.
    pub fn sentence(&self) -> &[Span] {
        &self.spans
    }

    /// The sentence without stress.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}
