//! What a task is doing, in a few words and a shape.

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;

use crate::picture::{Glyph, Status, Tone};

/// The status of one task.
pub fn status(machine: &Machine, state: &State, task: TaskId) -> Status {
    let _ = (machine, state, task);
    Status { glyph: Glyph::Play, word: "runs".into(), tone: Tone::Run }
}
