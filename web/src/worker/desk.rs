//! What the worker has on its desk: one exploration it keeps, and the job it is at.
//!
//! The exploration of a segment of the run is kept from job to job, so that scrubbing and
//! playing along it are look-ups.

use oomscope_explore::{Class, Explorer, Progress};
use oomscope_judge::machine;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PATCHES, PatchId, PatchSet};
use oomscope_model::state::State;
use oomscope_model::step::act;
use oomscope_model::transition::{Act, Move};
use oomscope_scenario::replay::Replay;
use oomscope_scenario::run::Run;

use super::map::{lap_of, map_of};
use super::why::Asked;
use super::{Slice, kind, set_of, told, told_of};
use crate::protocol::{Effect, Job, Reply, Survey};

/// An exploration stops here and says so.
pub(super) const STATES_MAX: u32 = 2_000_000;
/// The same for memory.
pub(super) const BYTES_MAX: u64 = 600_000_000;
/// What a flip would do is worth so many states.
const FLIP_STATES_MAX: u32 = 200_000;
/// States between two looks at the clock.
pub(super) const STRIDE: u32 = 256;

/// The desk.
#[derive(Default)]
pub struct Desk {
    kept: Option<Kept>,
    work: Option<Work>,
}

/// The exploration of a segment.
struct Kept {
    origin: Origin,
    explorer: Explorer,
}

/// Where a segment begins.
#[derive(PartialEq, Eq)]
struct Origin {
    text: String,
    patches: PatchSet,
    rules: Rules,
    moves: Vec<Move>,
}

struct Work {
    job: Job,
    replay: Replay,
    /// Machine and state at the cursor.
    machine: Machine,
    state: State,
    phase: Phase,
    flips: Vec<PatchId>,
    began: f64,
}

enum Phase {
    /// The segment is explored from its start.
    Segment,
    /// What can become of the cursor's state.
    Cursor(Box<Explorer>),
    /// Which step decides that; with the exploration of before, or with that of the segment.
    Why(Option<Box<Explorer>>),
    /// What would become of it after a flip.
    Flip(usize, Box<Explorer>, Box<State>),
}

impl Desk {
    /// Takes a job and drops the one before.
    ///
    /// # Errors
    /// If the machine cannot make the run.
    pub fn begin(&mut self, job: Job, now: f64) -> Result<(), String> {
        self.work = None;
        let machine = machine_of(&job)?;
        let run = Run::parse(&machine, &job.run).map_err(|note| note.to_string())?;
        let moves = run.moves;
        let base = (job.base as usize).min(moves.len());
        let origin = Origin {
            text: job.text.clone(),
            patches: machine.patches,
            rules: machine.rules,
            moves: moves.get(..base).unwrap_or_default().to_vec(),
        };
        let mut replay = Replay::new(machine);
        replay
            .extend(moves)
            .map_err(|diverged| diverged.to_string())?;
        if self.kept.as_ref().is_none_or(|kept| kept.origin != origin) {
            // The old one goes first: both together may be too much.
            self.kept = None;
            let (machine, state) = replay.at(base);
            let mut explorer = Explorer::new(&machine, &state);
            explorer.set_bytes_max(BYTES_MAX);
            self.kept = Some(Kept { origin, explorer });
        }
        let (machine, state) = replay.at(job.cursor as usize);
        let known = |&&patch: &&u8| usize::from(patch) < PATCHES.len();
        let flips = job
            .flips
            .iter()
            .filter(known)
            .map(|&patch| PatchId(patch))
            .collect();
        self.work = Some(Work {
            job,
            replay,
            machine,
            state,
            phase: Phase::Segment,
            flips,
            began: now,
        });
        Ok(())
    }

    /// Drops the job.
    pub fn cancel(&mut self) {
        self.work = None;
    }

    /// Works until the time is over or the job is done.
    pub fn work(&mut self, time_is_over: impl Fn() -> bool) -> Slice {
        let mut slice = Slice::default();
        let (Some(work), Some(kept)) = (&mut self.work, &mut self.kept) else {
            return slice;
        };
        loop {
            if !work.stride(&mut kept.explorer, &mut slice.replies) {
                self.work = None;
                return slice;
            }
            if time_is_over() {
                slice.more = true;
                return slice;
            }
        }
    }

    /// How far the job is.
    pub fn progress(&self, now: f64) -> Option<Reply> {
        let (work, kept) = (self.work.as_ref()?, self.kept.as_ref()?);
        let progress = match &work.phase {
            Phase::Segment | Phase::Why(None) => kept.explorer.progress(),
            Phase::Cursor(explorer) | Phase::Why(Some(explorer)) | Phase::Flip(_, explorer, _) => {
                explorer.progress()
            }
        };
        Some(told(work.job.id, progress, 0, now - work.began))
    }
}

impl Work {
    /// Some hundred states further; false when the job is done.
    fn stride(&mut self, segment: &mut Explorer, replies: &mut Vec<Reply>) -> bool {
        let job = self.job.id;
        match &mut self.phase {
            Phase::Segment => {
                let progress = segment.advance(STRIDE);
                if progress.done {
                    replies.push(self.classes(segment));
                    if self.job.map {
                        replies.push(self.map(segment));
                    }
                    return self.after_segment(segment, replies);
                }
                if progress.states >= STATES_MAX || progress.full.is_some() {
                    let Progress { states, depth, .. } = progress;
                    replies.push(Reply::Limit { job, states, depth });
                    return false;
                }
            }
            Phase::Cursor(explorer) => {
                if explorer.advance(STRIDE).done {
                    let survey = survey_with_lap(explorer, &self.machine, &self.state);
                    replies.push(Reply::Survey {
                        job,
                        step: self.job.cursor,
                        survey,
                    });
                    let cursor = core::mem::replace(&mut self.phase, Phase::Why(None));
                    if let Phase::Cursor(explorer) = cursor {
                        self.phase = Phase::Why(Some(explorer));
                    }
                }
            }
            Phase::Why(own) => {
                let own = own.take();
                replies.push(self.why(segment, own.as_deref().unwrap_or(segment)));
                return self.next_flip(0, replies);
            }
            Phase::Flip(at, explorer, start) => {
                let progress = explorer.advance(STRIDE);
                let too_large = progress.states > FLIP_STATES_MAX || progress.full.is_some();
                if progress.done || too_large {
                    let effect = if progress.done {
                        Effect::Survey(survey(explorer, start))
                    } else {
                        Effect::Unknown
                    };
                    let at = *at;
                    replies.push(self.flip(at, effect));
                    return self.next_flip(at + 1, replies);
                }
            }
        }
        true
    }

    /// Where each step of the segment lies.
    fn classes(&self, segment: &Explorer) -> Reply {
        let base = self.job.base;
        let mut classes = Vec::new();
        self.replay.scan(base as usize, |_, _, state| {
            classes.push(segment.class(state).map_or(u8::MAX, digit));
            core::ops::ControlFlow::<()>::Continue(())
        });
        Reply::Classes {
            job: self.job.id,
            base,
            classes,
        }
    }

    /// The segment as a map, with the run on it.
    fn map(&self, segment: &Explorer) -> Reply {
        let mut run = Vec::new();
        self.replay.scan(self.job.base as usize, |_, _, state| {
            run.push(segment.spot(state).unwrap_or(u32::MAX));
            core::ops::ControlFlow::<()>::Continue(())
        });
        Reply::Map {
            job: self.job.id,
            map: map_of(segment, run),
        }
    }

    /// Which step decides what becomes of the cursor's state.
    fn why(&self, segment: &Explorer, ahead: &Explorer) -> Reply {
        let Job {
            id, base, cursor, ..
        } = self.job;
        let moves = self.replay.moves().iter();
        let moves = moves.take(cursor as usize).skip(base as usize);
        let steps = moves.filter_map(|entry| match entry {
            Move::Step(transition) => Some(*transition),
            Move::Act(_) => None,
        });
        let asked = Asked {
            job: &self.job,
            machine: &self.machine,
            state: &self.state,
            segment,
            ahead,
            steps: steps.collect(),
        };
        Reply::Why {
            job: id,
            step: cursor,
            why: asked.why(),
        }
    }

    fn after_segment(&mut self, segment: &Explorer, replies: &mut Vec<Reply>) -> bool {
        let job = self.job.id;
        if !self.job.paused {
            replies.push(Reply::Done { job });
            return false;
        }
        if self.job.cursor == self.job.base {
            let survey = survey_with_lap(segment, &self.machine, &self.state);
            replies.push(Reply::Survey {
                job,
                step: self.job.cursor,
                survey,
            });
            self.phase = Phase::Why(None);
            return true;
        }
        self.phase = Phase::Cursor(Box::new(Explorer::new(&self.machine, &self.state)));
        true
    }

    /// Turns to the next patch that can be flipped; false when there is none.
    fn next_flip(&mut self, mut at: usize, replies: &mut Vec<Reply>) -> bool {
        while let Some(&patch) = self.flips.get(at) {
            match self.flipped(patch) {
                Ok((explorer, start)) => {
                    self.phase = Phase::Flip(at, Box::new(explorer), Box::new(start));
                    return true;
                }
                Err(words) => {
                    replies.push(self.flip(at, Effect::Refused(words)));
                    at += 1;
                }
            }
        }
        replies.push(Reply::Done { job: self.job.id });
        false
    }

    fn flipped(&self, patch: PatchId) -> Result<(Explorer, State), String> {
        let (mut machine, mut state) = (self.machine.clone(), self.state.clone());
        let on = !machine.patches.has(patch);
        for (patch, on) in machine.patches.switch(patch, on) {
            act(&mut machine, &mut state, Act::Switch { patch, on }, &mut ())
                .map_err(|refused| refused.to_string())?;
        }
        Ok((Explorer::new(&machine, &state), state))
    }

    fn flip(&self, at: usize, effect: Effect) -> Reply {
        let patch = self.flips.get(at).map_or(u8::MAX, |patch| patch.0);
        Reply::Flip {
            job: self.job.id,
            step: self.job.cursor,
            patch,
            effect,
        }
    }
}

/// The machine that a job speaks of, at the start of its run.
fn machine_of(job: &Job) -> Result<Machine, String> {
    let (scenario, rules) = told_of(&job.text, &job.rules)?;
    Ok(machine(&scenario, set_of(&job.patches), rules))
}

/// What can become of a state; complete only if it is where the exploration started.
fn survey(explorer: &Explorer, state: &State) -> Survey {
    let outcomes: Vec<&str> = explorer
        .outcomes()
        .iter()
        .map(|outcome| outcome.word())
        .collect();
    let doomed = explorer.lockup_kind(state).map(kind);
    let stalled = explorer.is_stalled(state).then_some("stall");
    Survey {
        class: explorer.class(state).map_or(u8::MAX, digit),
        states: explorer.reachable_from(state).unwrap_or(0),
        kind: doomed.or(stalled).unwrap_or_default().to_string(),
        outcomes: outcomes.join(" "),
        lap: None,
    }
}

/// The same, with what goes round if it is a livelock or a stall.
fn survey_with_lap(explorer: &Explorer, machine: &Machine, state: &State) -> Survey {
    let mut survey = survey(explorer, state);
    if ["livelock", "stall"].contains(&survey.kind.as_str()) {
        survey.lap = lap_of(explorer, machine);
    }
    survey
}

fn digit(class: Class) -> u8 {
    match class {
        Class::Free => 0,
        Class::AtRisk => 1,
        Class::Doomed => 2,
    }
}
