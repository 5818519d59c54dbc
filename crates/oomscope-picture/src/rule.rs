//! The rule of the kernel that a step has just carried out, with its source.

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;

/// A rule in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name.
    pub title: &'static str,
    /// What it says, in a sentence or two.
    pub text: &'static str,
    /// Section of the fact sheets.
    pub source: &'static str,
}

/// The rule behind the most telling of these events.
pub fn rule(machine: &Machine, events: &[Event]) -> Option<Rule> {
    let _ = (machine, events);
    None
}
