//! The matrix: mixes of patches, each searched from the start of the scenario.

use std::collections::VecDeque;

use oomscope_explore::Explorer;
use oomscope_judge::{Bound, Found, machine};
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::PatchSet;
use oomscope_model::state::State;
use oomscope_scenario::scenario::Scenario;

use super::desk::{BYTES_MAX, STATES_MAX, STRIDE};
use super::{Slice, kind, run_text, set_of, told, told_of};
use crate::protocol::{MatrixJob, Mix, Reply, Way};

/// The mixes that are still to be searched, one of them under way.
#[derive(Default)]
pub struct Matrix {
    work: Option<Work>,
}

struct Work {
    job: u32,
    scenario: Scenario,
    rules: Rules,
    states_max: u32,
    /// The first one is under way.
    rows: VecDeque<(u32, PatchSet)>,
    machine: Machine,
    explorer: Explorer,
    began: f64,
    /// States of the rows before.
    before: u32,
}

impl Matrix {
    /// Takes a job and drops the one before.
    ///
    /// # Errors
    /// If scenario or rules cannot be read.
    pub fn begin(&mut self, job: MatrixJob, now: f64) -> Result<(), String> {
        self.work = None;
        let (scenario, rules) = told_of(&job.text, &job.rules)?;
        let rows: VecDeque<(u32, PatchSet)> = (job.rows.iter())
            .map(|(row, ids)| (*row, set_of(ids)))
            .collect();
        let &(_, patches) = rows.front().ok_or("no mix to search")?;
        let machine = machine(&scenario, patches, rules);
        let bound = scenario.bound.as_ref().map(|bound| bound.states);
        self.work = Some(Work {
            job: job.id,
            states_max: bound.unwrap_or(STATES_MAX).min(STATES_MAX),
            explorer: explorer_of(&machine),
            machine,
            scenario,
            rules,
            rows,
            began: now,
            before: 0,
        });
        Ok(())
    }

    /// Whether there is a job.
    pub fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    /// Drops the job.
    pub fn cancel(&mut self) {
        self.work = None;
    }

    /// Works until the time is over or the job is done.
    pub fn work(&mut self, time_is_over: impl Fn() -> bool) -> Slice {
        let mut slice = Slice::default();
        while let Some(work) = &mut self.work {
            if !work.stride(&mut slice.replies) {
                self.work = None;
            } else if time_is_over() {
                slice.more = true;
                break;
            }
        }
        slice
    }

    /// How far the row under way is, and how fast the job.
    pub fn progress(&self, now: f64) -> Option<Reply> {
        let work = self.work.as_ref()?;
        let progress = work.explorer.progress();
        let millis = now - work.began;
        Some(told(work.job, progress, work.before, millis))
    }
}

impl Work {
    /// Some hundred states further; false when the job is done.
    fn stride(&mut self, replies: &mut Vec<Reply>) -> bool {
        let progress = self.explorer.advance(STRIDE);
        let bound = if progress.done {
            None
        } else if progress.states >= self.states_max {
            Some(Bound::States)
        } else if let Some(full) = progress.full {
            Some(Bound::from(full))
        } else {
            return true;
        };
        let start = State::start(&self.machine);
        let found = Found::of(&self.machine, &start, &self.explorer, bound);
        let Some((row, _)) = self.rows.pop_front() else {
            return false;
        };
        replies.push(Reply::Mix {
            job: self.job,
            row,
            mix: mix_of(&self.machine, &found),
        });
        let Some(&(_, patches)) = self.rows.front() else {
            replies.push(Reply::Done { job: self.job });
            return false;
        };
        self.before = self.before.saturating_add(progress.states);
        self.machine = machine(&self.scenario, patches, self.rules);
        self.explorer = explorer_of(&self.machine);
        true
    }
}

fn explorer_of(machine: &Machine) -> Explorer {
    let mut explorer = Explorer::new(machine, &State::start(machine));
    explorer.set_bytes_max(BYTES_MAX);
    explorer
}

fn mix_of(machine: &Machine, found: &Found) -> Mix {
    let ways = found.witnesses.iter().map(|(outcome, schedule)| Way {
        outcome: outcome.word().to_string(),
        steps: schedule.len() as u32,
        run: run_text(machine, schedule.clone()),
    });
    Mix {
        states: found.progress.states,
        kills_max: found.kills_max,
        kind: found.kind.map(kind).unwrap_or_default().to_string(),
        bounded: found.bound.is_some(),
        ways: ways.collect(),
    }
}
