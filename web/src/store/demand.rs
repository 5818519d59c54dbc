//! What the worker should be finding out now, and what it says.

use std::rc::Rc;

use oomscope_model::machine::Rules;
use oomscope_model::patches::{PatchId, PatchSet};
use oomscope_model::transition::Move;
use oomscope_scenario::rules;
use oomscope_scenario::run::Run;

use super::known::class_of;
use super::{Notice, SearchState, Store};
use crate::protocol::{BUILD, Job, Reply};

/// The question that is open, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    job: u32,
    key: Option<Key>,
    active: bool,
    state: SearchState,
    stopped: Option<(Segment, SearchState)>,
}

/// A stretch of the run between two acts; one exploration answers for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    base: usize,
    patches: PatchSet,
    rules: Rules,
}

impl Segment {
    pub(crate) fn base(self) -> usize {
        self.base
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    segment: Segment,
    cursor: usize,
    digest: u64,
    paused: bool,
    map: bool,
}

impl Demand {
    /// Its number; replies to others are stale.
    pub fn job(&self) -> u32 {
        self.job
    }

    /// Somebody pressed Cancel, and wants the worker to stop at once.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.stopped, Some((_, SearchState::Cancelled)))
    }

    /// What was asked before is not about what is on the page now.
    pub(crate) fn forget(&mut self) {
        self.job = self.job.wrapping_add(1);
        self.key = None;
        self.active = false;
        self.stopped = None;
    }

    /// Whether the worker should be at it.
    pub fn is_active(&self) -> bool {
        self.active
    }
}

impl Store {
    /// What the worker should be doing.
    pub fn demand(&self) -> Demand {
        self.demand
    }

    /// The open question in full; the effect that talks to the worker sends it.
    pub fn job(&self) -> Job {
        let key = self.demand.key;
        let base = key.map_or(0, |key| key.segment.base);
        let end = self.segment_end();
        let mut moves = self.moves();
        moves.truncate(end);
        let machine = self.track.tape.borrow().replay.machine_at(0);
        let run = Run { moves }.print(&machine);
        let offered = self.track.scenario.offered.iter();
        Job {
            id: self.demand.job,
            text: self.track.scenario.text.clone(),
            patches: machine.patches.ids(),
            rules: rules::word(machine.rules).to_string(),
            run,
            base: base as u32,
            cursor: self.cursor as u32,
            paused: key.is_some_and(|key| key.paused),
            map: key.is_some_and(|key| key.map),
            flips: offered.map(|patch| patch.0).collect(),
        }
    }

    pub(crate) fn moves(&self) -> Vec<Move> {
        let tape = self.track.tape.borrow();
        tape.replay
            .moves()
            .iter()
            .take(self.track.len)
            .copied()
            .collect()
    }

    /// The step of the last act up to the cursor.
    fn segment_base(&self) -> usize {
        let acts = &self.track.shown.acts;
        let at = acts.partition_point(|&step| step <= self.cursor);
        at.checked_sub(1)
            .and_then(|at| acts.get(at).copied())
            .unwrap_or(0)
    }

    /// The last step before the next act.
    pub(crate) fn segment_end(&self) -> usize {
        let mut later = self
            .track
            .shown
            .acts
            .iter()
            .filter(|&&step| step > self.cursor);
        later.next().map_or(self.track.len, |&act| act - 1)
    }

    /// Opens, changes or closes the question after an action.
    pub(crate) fn update_demand(&mut self) {
        let known = &self.track.known;
        let offered = &self.track.scenario.offered;
        let flips_known = offered
            .iter()
            .all(|&patch| known.flip(self.cursor, patch).is_some());
        let enough = if self.playing {
            known.class(self.cursor).is_some()
        } else {
            known.survey(self.cursor).is_some() && known.why(self.cursor).is_some() && flips_known
        };
        let segment = self.current_segment();
        let stopped = self.demand.stopped.is_some_and(|(at, _)| at == segment);
        let map = self.wants_map();
        if enough && !map || stopped {
            self.demand.active = false;
            return;
        }
        let key = Key {
            segment,
            cursor: self.cursor,
            digest: self.here.state.digest(),
            paused: !self.playing,
            map,
        };
        if self.demand.key != Some(key) {
            self.ask(key);
        }
    }

    /// The segment that the cursor is in.
    pub(crate) fn current_segment(&self) -> Segment {
        self.segment(self.segment_base())
    }

    fn segment(&self, base: usize) -> Segment {
        Segment {
            base,
            patches: self.here.machine.patches,
            rules: self.track.rules,
        }
    }

    fn ask(&mut self, key: Key) {
        let state = match self.demand.state {
            // The count goes on where it was while a run is played.
            running @ SearchState::Running { .. } if self.demand.active => running,
            _ => SearchState::Running {
                states: 0,
                rate: 0,
                bytes: 0,
            },
        };
        self.demand = Demand {
            job: self.demand.job.wrapping_add(1),
            key: Some(key),
            active: true,
            state,
            stopped: None,
        };
    }

    /// How far the search is, for the verdict.
    pub(crate) fn search_state(&self) -> SearchState {
        let segment = self.segment(self.segment_base());
        let survey = self.track.known.survey(self.cursor);
        match (survey, self.demand.stopped) {
            (Some(survey), _) => SearchState::Done {
                states: survey.states,
            },
            _ if self.demand.active => self.demand.state,
            (None, Some((at, state))) if at == segment => state,
            _ => SearchState::Idle,
        }
    }

    pub(crate) fn cancel_search(&mut self) {
        if self.demand.active {
            self.stop(SearchState::Cancelled);
        }
    }

    fn stop(&mut self, how: SearchState) {
        let segment = self.segment(self.segment_base());
        self.demand.active = false;
        self.demand.job = self.demand.job.wrapping_add(1);
        self.demand.stopped = Some((segment, how));
    }

    /// After a limit the search begins at the cursor: fewer states lie ahead of it.
    pub(crate) fn search_again(&mut self) {
        let from_cursor = matches!(self.demand.stopped, Some((_, SearchState::Limit { .. })));
        let base = if from_cursor {
            self.cursor
        } else {
            self.segment_base()
        };
        self.ask(Key {
            segment: self.segment(base),
            cursor: self.cursor,
            digest: self.here.state.digest(),
            paused: true,
            map: self.wants_map(),
        });
    }

    /// Takes in what the worker says.
    pub(crate) fn heard(&mut self, reply: Reply) {
        let job = self.demand.job;
        match reply {
            Reply::Here { build } if build != BUILD => {
                self.notice = Some(Notice {
                    sentence: "oomscope was updated while this page was open".to_string(),
                    place: None,
                    hint: Some("reload the page; the address keeps your run".to_string()),
                    loud: true,
                });
            }
            Reply::Progress {
                job: of,
                states,
                bytes,
                rate,
                ..
            } if of == job => {
                self.demand.state = SearchState::Running {
                    states,
                    rate,
                    bytes,
                };
            }
            Reply::Limit {
                job: of,
                states,
                depth,
            } if of == job => {
                self.stop(SearchState::Limit { states, depth });
            }
            Reply::Broken { job: of, sentence } if of == job => {
                self.stop(SearchState::Cancelled);
                self.complain(format!("The search could not start: {sentence}"));
            }
            Reply::Map { job: of, map } if of == job => self.learn_map(map),
            Reply::Done { job: of } if of == job => self.demand.active = false,
            Reply::Classes { job: of, .. }
            | Reply::Survey { job: of, .. }
            | Reply::Why { job: of, .. }
            | Reply::Flip { job: of, .. }
                if of == job =>
            {
                self.learn(reply);
            }
            _ => {}
        }
    }

    fn learn(&mut self, reply: Reply) {
        let len = self.track.len;
        if let Reply::Why { step, why, .. } = reply {
            return self.learn_why(step as usize, why);
        }
        let known = Rc::make_mut(&mut self.track.known);
        match reply {
            Reply::Classes { base, classes, .. } => {
                for (at, digit) in classes.into_iter().enumerate() {
                    let step = base as usize + at;
                    if step <= len {
                        known.set_class(step, class_of(digit));
                    }
                }
            }
            Reply::Survey { step, survey, .. } => known.set_survey(step as usize, survey),
            Reply::Flip {
                step,
                patch,
                effect,
                ..
            } => {
                known.set_flip(step as usize, PatchId(patch), effect);
            }
            _ => {}
        }
    }
}
