//! Which step decides: a run that goes wrong beside the nearest one that does not, and the
//! way to look at both.

use std::rc::Rc;

use oomscope_model::event::Event;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::PatchSet;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_model::transition::{Move, Transition};
use oomscope_picture::Contrast;
use oomscope_scenario::run::Run;
use oomscope_scenario::scenario::Scenario;

use super::{SearchState, Side, Store};
use crate::protocol::Why;

/// Two runs from the start of the scenario, and what tells them apart.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Pair {
    sentence: String,
    bad: Vec<Move>,
    good: Vec<Move>,
    /// The first step that is not the same in both.
    step: usize,
}

impl Pair {
    fn run(&self, side: Side) -> &[Move] {
        match side {
            Side::Bad => &self.bad,
            Side::Good => &self.good,
        }
    }
}

/// A pair one of whose runs was opened. It stays beside the verdict for as long as the run
/// is one of the two, so that one can go back and forth between them.
#[derive(Clone)]
pub(crate) struct Opened {
    pair: Rc<Pair>,
    scenario: Rc<Scenario>,
    patches: PatchSet,
    rules: Rules,
}

/// The deciding step, for the view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhyView {
    /// One sentence.
    pub sentence: String,
    /// The step, if there is one.
    pub decides: Option<Decides>,
}

/// Where two runs part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decides {
    /// The first step that is not the same in both.
    pub step: usize,
    /// Which of the two is on the page, at that step.
    pub shown: Option<Side>,
}

impl Store {
    /// Which step decides what can become of the state at the cursor, or has.
    pub fn why(&self) -> WhyView {
        if let Some(pair) = self.pair() {
            return WhyView {
                sentence: pair.sentence.clone(),
                decides: Some(Decides {
                    step: pair.step,
                    shown: self.side_of(pair),
                }),
            };
        }
        WhyView {
            sentence: self.why_not(),
            decides: None,
        }
    }

    /// The pair that was opened, else that of the cursor.
    fn pair(&self) -> Option<&Rc<Pair>> {
        let opened = self.opened_pair.as_ref().filter(|opened| {
            let begins_as =
                |side: Side| self.common(opened.pair.run(side)) == opened.pair.run(side).len();
            Rc::ptr_eq(&opened.scenario, &self.track.scenario)
                && opened.patches == self.track.patches
                && opened.rules == self.track.rules
                && (begins_as(Side::Bad) || begins_as(Side::Good))
        });
        let here = || self.track.known.why(self.cursor).flatten();
        opened.map(|opened| &opened.pair).or_else(here)
    }

    /// How many steps the recorded run shares with another one.
    fn common(&self, other: &[Move]) -> usize {
        let tape = self.track.tape.borrow();
        let own = tape.replay.moves().iter().take(self.track.len);
        own.zip(other)
            .take_while(|(own, other)| own == other)
            .count()
    }

    fn side_of(&self, pair: &Pair) -> Option<Side> {
        let is_shown = |&side: &Side| self.common(pair.run(side)) >= pair.step;
        let mut sides = [Side::Bad, Side::Good].into_iter();
        sides.find(is_shown).filter(|_| self.cursor == pair.step)
    }

    /// Why no step can be named.
    fn why_not(&self) -> String {
        let known = &self.track.known;
        if self.playing {
            return String::from("Pause, and the step that decides stands here.");
        }
        let words = match (known.why(self.cursor), self.search_state()) {
            (Some(_), _) => {
                let survey = known.survey(self.cursor);
                match survey {
                    Some(survey) if survey.outcomes != "ok" => {
                        "It had gone wrong when this stretch of the run began: no step of it decides."
                    }
                    _ => "Nothing goes wrong from here, whatever the schedule: no step decides.",
                }
            }
            (None, SearchState::Limit { .. } | SearchState::Cancelled) => {
                "Which step decides is unknown: not every schedule was searched."
            }
            (None, SearchState::Running { .. } | SearchState::Done { .. }) => {
                "Looking for the step that decides…"
            }
            (None, SearchState::Idle) => "Which step decides is not known yet.",
        };
        words.to_string()
    }

    /// Takes in what the worker found, as whole runs and as a sentence.
    pub(crate) fn learn_why(&mut self, step: usize, why: Option<Why>) {
        let pair = why.and_then(|why| self.pair_of(&why));
        Rc::make_mut(&mut self.track.known).set_why(step, pair.map(Rc::new));
    }

    fn pair_of(&self, why: &Why) -> Option<Pair> {
        let base = why.base as usize;
        let tape = self.track.tape.borrow();
        let (machine, state) = tape.replay.at(base);
        let (bad, good) = (
            steps_of(&machine, &why.bad)?,
            steps_of(&machine, &why.good)?,
        );
        let common = why.common as usize;
        let mut fork = state;
        for &transition in bad.get(..common)? {
            play(&machine, &mut fork, transition);
        }
        let told = |schedule: &[Transition]| {
            let mut state = fork.clone();
            let steps = schedule.iter().zip(base + 1..).skip(common);
            let told = steps.map(|(&transition, number)| {
                let events = play(&machine, &mut state, transition);
                oomscope_picture::told(&machine, number, transition, &events, &state)
            });
            told.collect::<Vec<_>>()
        };
        let harmless = why.harmless_after.map(|step| step as usize);
        let (bad_steps, good_steps) = (told(bad.get(..=common)?), told(&good));
        let contrast = Contrast {
            outcome: &why.outcome,
            bad: bad_steps.first()?,
            good: good_steps.first()?,
            harmless: harmless.and_then(|step| good_steps.get(step.checked_sub(common)?)),
            only: why.only,
        };
        let whole = |rest: &[Transition]| {
            let before = tape.replay.moves().iter().take(base).copied();
            before.chain(rest.iter().copied().map(Move::Step)).collect()
        };
        Some(Pair {
            sentence: contrast.sentence(),
            bad: whole(&bad),
            good: whole(&good),
            step: base + common + 1,
        })
    }

    /// Goes to the deciding step of one of the two runs; the run that is there is kept for
    /// Undo if it has to make room.
    pub(crate) fn open_run(&mut self, side: Side) {
        let Some(pair) = self.pair().cloned() else {
            return;
        };
        let run = pair.run(side);
        let common = self.common(run);
        if common < run.len() {
            self.remember();
            self.track.cut(common);
            let whole = run[common..].iter().all(|&entry| self.track.push(entry));
            if !whole {
                let step = self.track.len;
                self.complain(format!("This schedule is possible up to step {step} only"));
            }
        }
        self.cursor = pair.step.min(self.track.len);
        self.touched = true;
        self.opened_pair = Some(Opened {
            pair,
            scenario: Rc::clone(&self.track.scenario),
            patches: self.track.patches,
            rules: self.track.rules,
        });
        self.look();
    }
}

/// Plays a step and says what it caused.
pub(crate) fn play(machine: &Machine, state: &mut State, transition: Transition) -> Vec<Event> {
    let mut events = Vec::new();
    step(machine, state, transition, &mut events);
    events
}

/// The steps of a schedule that the worker has written.
pub(crate) fn steps_of(machine: &Machine, text: &str) -> Option<Vec<Transition>> {
    let run = Run::parse(machine, text).ok()?;
    let steps = run.moves.into_iter().filter_map(|entry| match entry {
        Move::Step(transition) => Some(transition),
        Move::Act(_) => None,
    });
    Some(steps.collect())
}
