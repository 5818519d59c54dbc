//! Why it goes wrong, in one sentence: a bad schedule beside the good one nearest to it.

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::transition::Transition;

use crate::words::{caption_of, clause};

/// A step of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Which one, from 1.
    pub step: usize,
    /// Who takes it.
    pub task: String,
    /// What happens, as a sentence.
    pub caption: String,
    /// The most telling part of it, for within a sentence.
    clause: String,
}

/// Tells a step: its number, who took it, what it caused, and the state after it.
pub fn told(
    machine: &Machine,
    step: usize,
    Transition(task): Transition,
    events: &[Event],
    state: &State,
) -> Told {
    Told {
        step,
        task: machine.actor(task).name.clone(),
        caption: caption_of(machine, task, events, state),
        clause: clause(machine, task, events, state),
    }
}

/// Two schedules that begin alike, from where they part. The explorer finds them; here they
/// become words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contrast<'a> {
    /// What the first comes to, in the word of scenario files: `lockup`.
    pub outcome: &'a str,
    /// The step that leads there.
    pub bad: &'a Told,
    /// The step that the other schedule takes instead.
    pub good: &'a Told,
    /// The step of that schedule after which the bad one is harmless.
    pub harmless: Option<&'a Told>,
    /// After that step it cannot come to this any more.
    pub only: bool,
}

impl Contrast<'_> {
    /// Which step decides, and what would have to come before it.
    pub fn sentence(&self) -> String {
        let Contrast { bad, good, .. } = self;
        let (step, wrong) = (bad.step, goes_wrong(self.outcome));
        match self.harmless {
            Some(harmless) => {
                let only = if self.only { "only " } else { "" };
                let (bad, harmless) = (closed(&bad.clause), &harmless.clause);
                format!("Step {step} decides: {wrong} {only}if {bad} before {harmless}.")
            }
            None => format!(
                "Step {step} decides: {wrong} if {}; it can still end well if {} goes first: {}.",
                bad.clause, good.task, good.clause
            ),
        }
    }
}

/// What is to be said where no run avoids it.
pub fn no_way_out(outcome: &str) -> String {
    match outcome {
        "lockup" | "hang" => String::from("No schedule comes to an end."),
        outcome => {
            let wrong = goes_wrong(outcome);
            format!("Whatever the schedule: {wrong} before all has ended.")
        }
    }
}

/// An outcome as the beginning of a sentence.
fn goes_wrong(outcome: &str) -> &'static str {
    match outcome {
        "lockup" => "it locks up",
        "hang" => "it hangs",
        "stall" => "it stalls",
        "oops" => "it comes to an oops",
        "corrupt" => "memory is corrupted",
        "panic" => "the kernel panics",
        "wrong-errno" => "a system call returns an error that its caller does not expect",
        "extra-kill" => "a second process is killed",
        _ => "it goes wrong",
    }
}

/// A clause with a comma in it needs another one behind it.
fn closed(clause: &str) -> String {
    let comma = if clause.contains(", ") { "," } else { "" };
    format!("{clause}{comma}")
}

#[cfg(test)]
mod tests {
    use super::closed;

    #[test]
    fn a_clause_inside_a_clause_is_closed() {
        let kills = "cc1 calls the OOM killer, which kills tar";
        assert_eq!(closed(kills), format!("{kills},"));
        assert_eq!(closed("dd gets a page"), "dd gets a page");
    }
}
