//! Log lines in the format of the chosen kernel version (oom.md 9).

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::patches::Version;
use oomscope_model::state::State;

/// Whose words a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LogKind {
    /// What the kernel would print.
    Kernel,
    /// What we add, because the kernel is silent there.
    Note,
}

/// One line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// With its time stamp.
    pub text: String,
    /// Whose words.
    pub kind: LogKind,
}

/// The lines that one event makes; `state` is the state after the step, `t_usec` the time
/// from [`crate::clock`].
pub fn log_lines(machine: &Machine, version: Version, event: &Event, state: &State, t_usec: u64) -> Vec<LogLine> {
    let _ = (machine, version, event, state, t_usec);
    Vec::new()
}
