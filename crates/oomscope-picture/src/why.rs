//! Why it goes wrong, in one sentence: a bad schedule beside the good one nearest to it.

use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

use crate::words::{caption, clause};

/// Two schedules that begin alike. The explorer finds them; here they become words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contrast<'a> {
    /// What it comes to, in the word of scenario files: `lockup`.
    pub outcome: &'a str,
    /// The schedule that comes to it.
    pub bad: &'a [Transition],
    /// The one that does not.
    pub good: &'a [Transition],
    /// So many steps are the same in both.
    pub common: usize,
    /// The step of the good one after which the wrong step is harmless, counted from 0.
    pub harmless_after: Option<usize>,
    /// After that step it cannot come to this any more.
    pub only: bool,
}

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

/// The steps of a schedule after its first `from`, played from `start`.
pub fn told(machine: &Machine, start: &State, schedule: &[Transition], from: usize) -> Vec<Told> {
    let mut state = *start;
    let mut told = Vec::new();
    for (index, &transition) in schedule.iter().enumerate() {
        let mut events = Vec::new();
        step(machine, &mut state, transition, &mut events);
        if index >= from {
            told.push(Told {
                step: index + 1,
                task: machine.actor(transition.0).name.clone(),
                caption: caption(machine, &events, &state),
                clause: clause(machine, &events, &state),
            });
        }
    }
    told
}

impl Contrast<'_> {
    /// Which step decides, and what would have to come before it. Both schedules begin in
    /// `start`, which is step `before` of the run.
    pub fn sentence(&self, machine: &Machine, start: &State, before: usize) -> String {
        let told = |schedule| told(machine, start, schedule, self.common);
        let (bad, good) = (told(self.bad), told(self.good));
        let harmless = self.harmless_after;
        let harmless = harmless.and_then(|step| good.get(step.checked_sub(self.common)?));
        let wrong = goes_wrong(self.outcome);
        match (bad.first(), harmless, good.first()) {
            (Some(bad), Some(good), _) => format!(
                "Step {} decides: {wrong} {} {} before {}.",
                before + bad.step,
                if self.only { "only if" } else { "if" },
                closed(&bad.clause),
                good.clause
            ),
            (Some(bad), None, Some(good)) => format!(
                "Step {} decides: {wrong} if {}; it can still end well if {} goes first: {}.",
                before + bad.step,
                bad.clause,
                good.task,
                good.clause
            ),
            _ => no_way_out(self.outcome),
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
