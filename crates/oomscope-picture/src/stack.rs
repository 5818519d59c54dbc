//! Where a task is, in the kernel's own function names, and its program in kernel words.

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;

/// One line of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramLine {
    /// Line of the scenario text, from 1; unrolled lines share one.
    pub source: u16,
    /// The line in kernel words.
    pub text: String,
}

/// The kernel call stack, innermost function first; empty in user mode.
pub fn call_stack(machine: &Machine, state: &State, task: TaskId) -> Vec<String> {
    let _ = (machine, state, task);
    Vec::new()
}

/// The two functions that say most about where a task is: `mmap → down_write`.
pub fn detail(machine: &Machine, state: &State, task: TaskId) -> String {
    let _ = (machine, state, task);
    String::new()
}

/// The program, one entry per compiled line; [`oomscope_model::state::Task::line`] is the
/// index of the current one.
pub fn program_text(machine: &Machine, task: TaskId) -> Vec<ProgramLine> {
    let _ = (machine, task);
    Vec::new()
}
