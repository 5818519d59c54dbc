//! Which step decides: behind the state that one looks at, or ahead of it.

use oomscope_explore::outcomes_of;
use oomscope_explore::{Class, Explanation, Explorer, LockupKind, Outcome};
use oomscope_judge::WORST_FIRST;
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::transition::Transition;

use super::run_text;
use crate::protocol::{Job, Why};

/// Faults that a verdict names before anything else.
const BROKEN: [Outcome; 4] = [
    Outcome::Panic,
    Outcome::Corrupt,
    Outcome::Oops,
    Outcome::WrongErrno,
];

/// What is asked about, and what is known.
pub(super) struct Asked<'a> {
    pub(super) job: &'a Job,
    pub(super) machine: &'a Machine,
    pub(super) state: &'a State,
    /// All that can become of the start of the segment.
    pub(super) segment: &'a Explorer,
    /// All that can become of the state.
    pub(super) ahead: &'a Explorer,
    /// The steps from the start of the segment to the state.
    pub(super) steps: Vec<Transition>,
}

impl Asked<'_> {
    /// What has gone wrong already, else the worst that still can.
    pub(super) fn why(self) -> Option<Why> {
        let shown: Vec<Outcome> = outcomes_of(self.machine, self.state).collect();
        if let Some(outcome) = self.gone_wrong(&shown)
            && let Some(why) = self.behind(outcome)
        {
            return Some(why);
        }
        let possible = self.ahead.outcomes();
        let mut coming = WORST_FIRST.into_iter();
        let coming = coming.find(|it| possible.contains(it) && !shown.contains(it));
        match coming {
            Some(outcome) => {
                let found = self.ahead.explain(outcome)?;
                Some(self.told(outcome, self.job.cursor, found))
            }
            None => {
                let costs = shown.contains(&Outcome::ExtraKill);
                costs.then(|| self.behind(Outcome::ExtraKill)).flatten()
            }
        }
    }

    fn gone_wrong(&self, shown: &[Outcome]) -> Option<Outcome> {
        let broken = BROKEN.into_iter().find(|it| shown.contains(it));
        broken.or_else(|| match self.segment.class(self.state)? {
            Class::Doomed => match self.segment.lockup_kind(self.state) {
                Some(LockupKind::Hang) => Some(Outcome::Hang),
                _ => Some(Outcome::Lockup),
            },
            Class::Free if self.segment.is_stalled(self.state) => Some(Outcome::Stall),
            Class::Free | Class::AtRisk => None,
        })
    }

    /// The run itself is the one that goes wrong.
    fn behind(&self, outcome: Outcome) -> Option<Why> {
        let found = self.segment.explain_run(outcome, self.steps.clone())?;
        Some(self.told(outcome, self.job.base, found))
    }

    fn told(&self, outcome: Outcome, base: u32, found: Explanation) -> Why {
        Why {
            outcome: outcome.word().to_string(),
            base,
            bad: run_text(self.machine, found.witness),
            good: run_text(self.machine, found.good),
            common: found.parts_at as u32,
            harmless_after: found.harmless_after.map(|step| step as u32),
            only: found.only,
        }
    }
}
