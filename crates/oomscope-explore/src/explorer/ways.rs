//! Ways through what was found: shortest schedules to outcomes and to states.

use std::collections::VecDeque;

use oomscope_model::machine::TaskId;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;

use super::Explorer;
use crate::graph::successors;
use crate::{LockupKind, Outcome, mark};

impl Explorer {
    /// The shortest schedule from the start to the first state that shows the outcome; for
    /// a lockup its last step is the point of no return, and for a hang the point from which
    /// nothing but a hang can come. With partial order it is a schedule to such a state, but
    /// there may be a shorter one.
    pub fn witness(&self, outcome: Outcome) -> Option<Vec<Transition>> {
        let path = self.names_to(self.first[outcome as usize]?);
        if self.reducer.is_trivial() {
            return Some(path);
        }
        let run = self.reducer.unfold(&self.machine, &self.start, &path);
        Some(self.shorten(outcome, run))
    }

    /// The shortest schedule to the first state that has no way out and a way to this kind of
    /// lockup, of both if both can be reached. The nearer one is the witness of the outcome.
    pub fn lockup_witness(&self, kind: LockupKind) -> Option<Vec<Transition>> {
        let regions = self.regions.as_ref()?;
        Some(self.path_to(regions.first_of(kind)?))
    }

    /// A shortest schedule to a state, by its index; with reductions, to one that it stands
    /// in for.
    pub(crate) fn path_to(&self, index: u32) -> Vec<Transition> {
        let path = self.names_to(index);
        if self.reducer.is_trivial() {
            return path;
        }
        let run = self.reducer.unfold(&self.machine, &self.start, &path);
        run.into_iter().map(|(transition, _)| transition).collect()
    }

    /// The way on which a state was found, as the states on it call their tasks.
    fn names_to(&self, mut index: u32) -> Vec<Transition> {
        let mut names = Vec::new();
        while index != 0 {
            names.push(Transition(TaskId(self.via[index as usize])));
            index = self.parents[index as usize];
        }
        names.reverse();
        names
    }

    /// Leaves out what was taken at once and is not needed to get there.
    fn shorten(&self, outcome: Outcome, run: Vec<(Transition, bool)>) -> Vec<Transition> {
        let mut schedule: Vec<Transition> = run.iter().map(|&(it, _)| it).collect();
        for at in (0..run.len()).rev().filter(|&at| !run[at].1) {
            if at >= schedule.len() {
                continue;
            }
            let mut shorter = schedule.clone();
            shorter.remove(at);
            if let Some(length) = self.first_shown(outcome, &shorter) {
                shorter.truncate(length);
                schedule = shorter;
            }
        }
        schedule
    }

    /// After how many steps a schedule shows the outcome; none if it cannot be played or
    /// never does.
    fn first_shown(&self, outcome: Outcome, schedule: &[Transition]) -> Option<usize> {
        let mut state = self.start.clone();
        for (length, &transition) in schedule.iter().enumerate() {
            if self.is_shown(outcome, &state) {
                return Some(length);
            }
            if !enabled(&self.machine, &state).any(|it| it == transition) {
                return None;
            }
            step(&self.machine, &mut state, transition, &mut ());
        }
        self.is_shown(outcome, &state).then_some(schedule.len())
    }

    fn is_shown(&self, outcome: Outcome, state: &State) -> bool {
        let hang = Some(LockupKind::Hang);
        match outcome {
            Outcome::Stall => self.is_stalled(state),
            Outcome::Hang => self.lockup_kind(state) == hang,
            Outcome::Lockup => self.lockup_kind(state).is_some_and(|it| Some(it) != hang),
            outcome => mark::shows(mark::of_state(&self.machine, state), outcome),
        }
    }

    /// The arrows out of a state, each with the transition that takes it.
    pub(crate) fn arrows(&self, index: u32) -> Vec<(Transition, u32)> {
        let targets = successors(&self.offsets, &self.targets, index);
        enabled(&self.machine, &self.state(index))
            .zip(targets.iter().copied())
            .collect()
    }

    /// The shortest way from one state to the nearest that `is_goal`, through states that
    /// `may` be entered; at least one step long. Lowest task first among equals.
    pub(crate) fn way(
        &self,
        from: u32,
        may: impl Fn(u32) -> bool,
        is_goal: impl Fn(u32) -> bool,
    ) -> Option<Vec<Transition>> {
        const NOWHERE: u32 = u32::MAX;
        let mut before = vec![NOWHERE; self.marks.len()];
        let mut queue = VecDeque::from([from]);
        while let Some(index) = queue.pop_front() {
            for &next in successors(&self.offsets, &self.targets, index) {
                if before[next as usize] != NOWHERE || !may(next) {
                    continue;
                }
                before[next as usize] = index;
                if is_goal(next) {
                    let mut places = vec![next, index];
                    while places.last() != Some(&from) {
                        let last = places[places.len() - 1];
                        places.push(before[last as usize]);
                    }
                    places.reverse();
                    return places
                        .windows(2)
                        .map(|leg| self.leg(leg[0], leg[1]))
                        .collect();
                }
                queue.push_back(next);
            }
        }
        None
    }

    /// The transition that leads from one state to another, lowest task first.
    fn leg(&self, from: u32, to: u32) -> Option<Transition> {
        let arrows = self.arrows(from);
        arrows
            .iter()
            .find_map(|&(transition, target)| (target == to).then_some(transition))
    }
}
