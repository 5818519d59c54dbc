//! The picture's twin for those who read: one row per task.

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;

/// One task in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which task.
    pub id: TaskId,
    /// Its name.
    pub task: String,
    /// Its status.
    pub state: String,
    /// What it holds.
    pub holds: String,
    /// What it waits for.
    pub waits_for: String,
    /// `2 of 3`.
    pub queue_position: String,
    /// Who blocks it, directly.
    pub blocked_by: String,
}

/// One row per task, in the order of the cast.
pub fn table(machine: &Machine, state: &State) -> Vec<Row> {
    let _ = (machine, state);
    Vec::new()
}
