//! The matrix: every valid mix of the offered patches, and every release, with what is
//! reachable from the start of the scenario.
//!
//! It belongs to a scenario, to the patches beside the offered ones, and to the rules; it
//! is kept while those stay, and searched while its dialog is open.

use std::rc::Rc;

use oomscope_explore::Outcome;
use oomscope_judge::{Good, Harm, Smallest, WORST_FIRST, harm, smallest};
use oomscope_model::machine::Rules;
use oomscope_model::patches::{PatchId, PatchSet, VERSIONS, Version};
use oomscope_scenario::rules;
use oomscope_scenario::run::Run;
use oomscope_scenario::scenario::Scenario;

use super::{Panel, SearchState, Store, Track};
use crate::protocol::{MatrixJob, Mix, Reply, Way};

/// What the store keeps of it.
#[derive(Clone)]
pub(crate) struct Matrix {
    scenario: Rc<Scenario>,
    rules: Rules,
    /// The patches that no row changes.
    base: PatchSet,
    rows: Vec<Line>,
    job: u32,
    state: SearchState,
}

#[derive(Clone)]
struct Line {
    patches: PatchSet,
    kernel: Option<Version>,
    mix: Option<Mix>,
}

/// What a row is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MixName {
    /// A mix of the offered patches: its number, from 1.
    Mix(usize),
    /// A release as it was.
    Kernel(Version),
}

/// One row.
#[derive(Clone, PartialEq, Debug)]
pub struct MatrixRow {
    /// Its number for [`super::Action::OpenMix`].
    pub row: usize,
    /// What it is.
    pub name: MixName,
    /// Of each offered patch, whether it is on.
    pub on: Vec<bool>,
    /// These are the patches at the cursor.
    pub is_here: bool,
    /// What it is good for, if no smaller set is known to be.
    pub cure: Option<Cure>,
    /// What came of it, if it was searched.
    pub mix: Option<Mix>,
    /// The worst of it; nothing if it is not known.
    pub harm: Option<Harm>,
}

/// A set of patches that helps, and of which no smaller part is known to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cure {
    /// The worst that the sets like it leave: nothing, or a cost.
    pub leaves: Harm,
    /// No smaller set does it; else that is not known of one of them.
    pub is_smallest: bool,
}

/// All of it, for the view.
#[derive(Clone, PartialEq, Debug)]
pub struct MatrixView {
    /// Heads of the columns.
    pub offered: Vec<PatchId>,
    /// Mixes first, releases after them.
    pub rows: Vec<MatrixRow>,
    /// How many of them have been searched.
    pub done: usize,
    /// How far the search is.
    pub state: SearchState,
    /// The smallest sets after which nothing bad can happen.
    pub clears: Smallest,
    /// The smallest sets after which nothing worse than a cost can happen.
    pub survives: Smallest,
}

impl MatrixView {
    /// What is told of it: the sets that clear it, or those that do at a cost if none is
    /// known to clear it.
    pub fn told(&self) -> (Harm, &Smallest) {
        match self.clears.is_empty() {
            false => (Harm::None, &self.clears),
            true => (Harm::Cost, &self.survives),
        }
    }

    /// What the mix with these offered patches on is good for.
    fn cure(&self, on: PatchSet) -> Option<Cure> {
        let (leaves, Smallest { sets, perhaps, .. }) = self.told();
        let is_smallest = sets.contains(&on);
        let cure = Cure {
            leaves,
            is_smallest,
        };
        (is_smallest || perhaps.contains(&on)).then_some(cure)
    }
}

/// The outcome of a way.
pub(crate) fn outcome_of(way: &Way) -> Option<Outcome> {
    let mut all = Outcome::ALL.into_iter();
    all.find(|outcome| outcome.word() == way.outcome)
}

impl Mix {
    /// The way to an outcome, or to the worst one.
    fn way(&self, outcome: Option<Outcome>) -> Option<&Way> {
        let to = |wanted| {
            let mut ways = self.ways.iter();
            ways.find(|way| outcome_of(way) == Some(wanted))
        };
        match outcome {
            Some(outcome) => to(outcome),
            None => WORST_FIRST.into_iter().chain([Outcome::Ok]).find_map(to),
        }
    }

    /// The worst that can happen; unknown if what was seen is harmless and not all.
    fn harm(&self) -> Option<Harm> {
        let worst = self.ways.iter().filter_map(outcome_of).map(harm).max();
        let worst = worst.unwrap_or(Harm::None);
        (!self.bounded || worst == Harm::Bad).then_some(worst)
    }

    /// Whether it does no more harm than this.
    fn good(&self, at_most: Harm) -> Good {
        let outcomes = self.ways.iter().filter_map(outcome_of);
        Good::of(outcomes, !self.bounded, |it| harm(it) <= at_most)
    }
}

impl Matrix {
    fn of(track: &Track, base: PatchSet, job: u32) -> Matrix {
        let mut scenario = (*track.scenario).clone();
        scenario.machine.patches = track.patches;
        let line = |patches, kernel| Line {
            patches,
            kernel,
            mix: None,
        };
        let mixes = scenario.combinations().into_iter();
        let mixes = mixes.map(|patches| line(patches, None));
        let kernels = VERSIONS.iter();
        let kernels = kernels.map(|&version| line(PatchSet::of_version(version), Some(version)));
        Matrix {
            rows: mixes.chain(kernels).collect(),
            scenario: Rc::clone(&track.scenario),
            rules: track.rules,
            base,
            job,
            state: SearchState::Idle,
        }
    }

    fn is_running(&self) -> bool {
        matches!(self.state, SearchState::Running { .. })
    }

    /// The smallest sets whose mixes do no more harm than this. What has not been searched
    /// is unknown.
    fn smallest(&self, offered: &[PatchId], at_most: Harm) -> Smallest {
        let good = |mix: &Mix| mix.good(at_most);
        let mixes = self.rows.iter().filter(|line| line.kernel.is_none());
        let mixes: Vec<(PatchSet, Good)> = mixes
            .map(|line| (line.patches, line.mix.as_ref().map_or(Good::Unknown, good)))
            .collect();
        smallest(offered, &mixes)
    }
}

impl Store {
    /// The patches that no row of a matrix changes.
    fn matrix_base(&self) -> PatchSet {
        let offered = self.track.scenario.offered.iter();
        offered.fold(self.track.patches, |set, &patch| set.with(patch, false))
    }

    /// Whether the worker should be at it.
    pub fn matrix_job(&self) -> Option<u32> {
        let matrix = self.matrix.as_ref()?;
        matrix.is_running().then_some(matrix.job)
    }

    /// What is left of it, for the worker.
    pub fn matrix_question(&self) -> Option<MatrixJob> {
        let matrix = self.matrix.as_ref()?;
        let left = matrix.rows.iter().enumerate();
        let left = left.filter(|(_, line)| line.mix.is_none());
        Some(MatrixJob {
            id: matrix.job,
            text: matrix.scenario.text.clone(),
            rules: rules::word(matrix.rules).to_string(),
            rows: left
                .map(|(row, line)| (row as u32, line.patches.ids()))
                .collect(),
        })
    }

    /// Begins it, or goes on with what is left.
    pub(crate) fn open_matrix(&mut self) {
        let base = self.matrix_base();
        let job = self.matrix.as_ref().map_or(0, |matrix| matrix.job);
        let kept = self.matrix.take().filter(|kept| {
            Rc::ptr_eq(&kept.scenario, &self.track.scenario)
                && kept.rules == self.track.rules
                && kept.base == base
        });
        let matrix = kept.unwrap_or_else(|| Rc::new(Matrix::of(&self.track, base, job)));
        let matrix = self.matrix.insert(matrix);
        let matrix = Rc::make_mut(matrix);
        if matrix.rows.iter().any(|line| line.mix.is_none()) {
            matrix.job = matrix.job.wrapping_add(1);
            matrix.state = SearchState::Running {
                states: 0,
                rate: 0,
                bytes: 0,
            };
        }
    }

    /// Nobody looks: nothing is searched.
    pub(crate) fn update_matrix(&mut self) {
        let looked_at = self.panel == Some(Panel::Matrix);
        if !looked_at && self.matrix_job().is_some() {
            self.end_matrix(SearchState::Idle);
        }
    }

    pub(crate) fn stop_matrix(&mut self) {
        if self.matrix_job().is_some() {
            self.end_matrix(SearchState::Cancelled);
        }
    }

    fn end_matrix(&mut self, how: SearchState) {
        if let Some(matrix) = &mut self.matrix {
            Rc::make_mut(matrix).state = how;
        }
    }

    /// Takes in what the worker says.
    pub(crate) fn matrix_heard(&mut self, reply: Reply) {
        let Some(job) = self.matrix_job() else {
            return;
        };
        match reply {
            Reply::Progress {
                job: of,
                states,
                bytes,
                rate,
                ..
            } if of == job => self.end_matrix(SearchState::Running {
                states,
                rate,
                bytes,
            }),
            Reply::Mix { job: of, row, mix } if of == job => {
                let matrix = self.matrix.as_mut().map(Rc::make_mut);
                let line = matrix.and_then(|matrix| matrix.rows.get_mut(row as usize));
                if let Some(line) = line {
                    line.mix = Some(mix);
                }
            }
            Reply::Done { job: of } if of == job => {
                self.end_matrix(SearchState::Done { states: 0 });
            }
            Reply::Broken { job: of, sentence } if of == job => {
                self.end_matrix(SearchState::Cancelled);
                self.complain(format!("The search could not start: {sentence}"));
            }
            _ => {}
        }
    }

    /// The matrix, if it was begun.
    pub fn matrix(&self) -> Option<MatrixView> {
        let matrix = self.matrix.as_ref()?;
        let offered = &self.track.scenario.offered;
        let mut view = MatrixView {
            offered: offered.clone(),
            rows: Vec::new(),
            done: matrix.rows.iter().filter(|row| row.mix.is_some()).count(),
            state: matrix.state,
            clears: matrix.smallest(offered, Harm::None),
            survives: matrix.smallest(offered, Harm::Cost),
        };
        let here = self.here.machine.patches;
        let part = |patches: PatchSet| {
            let on = offered.iter().filter(|&&patch| patches.has(patch));
            on.fold(PatchSet(0), |set, &patch| set.with(patch, true))
        };
        let rows = matrix.rows.iter().enumerate().map(|(row, line)| MatrixRow {
            row,
            name: match line.kernel {
                Some(version) => MixName::Kernel(version),
                None => MixName::Mix(row + 1),
            },
            on: offered
                .iter()
                .map(|&patch| line.patches.has(patch))
                .collect(),
            is_here: line.patches == here,
            cure: match line.kernel {
                Some(_) => None,
                None => view.cure(part(line.patches)),
            },
            mix: line.mix.clone(),
            harm: line.mix.as_ref().and_then(Mix::harm),
        });
        view.rows = rows.collect();
        Some(view)
    }

    /// Opens a mix at the end of a shortest schedule to an outcome.
    pub(crate) fn open_mix(&mut self, row: usize, outcome: Option<Outcome>) {
        let Some(matrix) = self.matrix.clone() else {
            return;
        };
        let Some((line, mix)) = matrix
            .rows
            .get(row)
            .and_then(|line| Some((line, line.mix.as_ref()?)))
        else {
            return;
        };
        let track = Track::new(
            Rc::clone(&self.track.scenario),
            Rc::clone(&self.track.origin),
            line.kernel.unwrap_or(self.track.version),
            line.patches,
            matrix.rules,
        );
        let walk = Rc::clone(&self.track.walk);
        let mut track = Track { walk, ..track };
        let machine = track.tape.borrow().replay.machine_at(0);
        let run = mix.way(outcome).map(|way| Run::parse(&machine, &way.run));
        let moves = match run {
            Some(Ok(run)) => run.moves,
            // Nothing is reachable but the start, or nothing was found before the bound.
            None => Vec::new(),
            Some(Err(note)) => return self.complain(note.to_string()),
        };
        let whole = moves.into_iter().all(|entry| track.push(entry));
        self.remember();
        self.cursor = track.len;
        self.track = track;
        self.playing = false;
        self.panel = None;
        self.selection = None;
        self.touched = true;
        self.look();
        if !whole {
            let step = self.track.len;
            self.complain(format!("This schedule is possible up to step {step} only"));
        }
    }
}
