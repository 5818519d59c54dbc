//! Runs that go round for ever: a stem from the start, then a cycle of real transitions.
//!
//! - A **livelock** is a cycle in the doomed region: no scheduler, however fair, leads out.
//! - **Starvation** is a cycle outside of it, in which somebody wants memory all the way
//!   round: the way out is there, and only a scheduler that never takes it keeps the cycle.
//!
//! Where nothing is left but allocators that retry in vain, the explorer has parked them; a
//! lap is then one such round of each, which ends where it began. If somebody else could go
//! on there and gets no CPU ([`is_starved`]), that is starvation too: the declared kind.

use std::collections::BTreeSet;

use oomscope_model::event::Observer;
use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, is_starved, step};
use oomscope_model::transition::Transition;

use crate::explorer::Explorer;
use crate::graph::{self, successors};
use crate::mark;
use crate::regions::Regions;

/// The most steps one round of a parked task, and what it sets off, is followed for.
const ROUND_MAX: usize = 64;

/// A run that goes round for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lasso {
    /// From the start to the first state of the cycle.
    pub stem: Vec<Transition>,
    /// One lap, to be played with [`Lasso::lap`]; never empty.
    pub cycle: Vec<Transition>,
    /// Pages freed in one lap, all taken again before it ends.
    pub pages_freed: u32,
    /// Processes killed in one lap: none, for nobody comes back from it. Counted, not
    /// assumed.
    pub kills: u32,
    /// Who could take a step in every state of the cycle and never does. Nobody in a livelock;
    /// somebody in starvation.
    pub starved: Vec<TaskId>,
}

impl Lasso {
    /// Plays one lap: a parked task makes its round again.
    pub fn lap<O: Observer>(&self, machine: &Machine, state: &mut State, observer: &mut O) {
        for &transition in &self.cycle {
            advance(machine, state, transition, observer);
        }
    }

    /// A lap through these transitions, from the state in which it begins and ends; `None`
    /// if it ends elsewhere.
    fn of(
        machine: &Machine,
        start: &State,
        stem: Vec<Transition>,
        cycle: Vec<Transition>,
    ) -> Option<Lasso> {
        let mut state = start.clone();
        let mut pages_freed = 0;
        let mut kills = 0;
        let mut waiting = able(machine, start);
        for &transition in &cycle {
            let before = state.clone();
            advance(machine, &mut state, transition, &mut ());
            pages_freed += u32::from(state.free_pages.saturating_sub(before.free_pages));
            kills += u32::from(state.kills(machine) - before.kills(machine));
            waiting.retain(|task| able(machine, &state).contains(task));
            waiting.remove(&transition.0);
        }
        let lasso = Lasso {
            stem,
            cycle,
            pages_freed,
            kills,
            starved: waiting.into_iter().collect(),
        };
        (state == *start && !lasso.cycle.is_empty()).then_some(lasso)
    }
}

fn advance<O: Observer>(
    machine: &Machine,
    state: &mut State,
    transition: Transition,
    observer: &mut O,
) {
    page_alloc::another_round(state, transition.0);
    step(machine, state, transition, observer);
}

fn able(machine: &Machine, state: &State) -> BTreeSet<TaskId> {
    enabled(machine, state)
        .map(|Transition(task)| task)
        .collect()
}

/// The rounds of all parked tasks, one after another, each with what whoever it wakes does
/// until all is quiet again. Who could go on before them goes on getting no CPU.
fn rounds(machine: &Machine, start: &State) -> Vec<Transition> {
    let mut cycle = Vec::new();
    let left_out = able(machine, start);
    for task in machine.task_ids() {
        if !start.task(task).is_parked() {
            continue;
        }
        let mut state = start.clone();
        let mut round = Vec::new();
        let mut next = Some(Transition(task));
        while let Some(transition) = next.filter(|_| round.len() < ROUND_MAX) {
            advance(machine, &mut state, transition, &mut ());
            round.push(transition);
            let moves = || enabled(machine, &state).filter(|it| !left_out.contains(&it.0));
            let goes_on = moves().find(|&other| other == transition);
            next = goes_on.or_else(|| moves().next());
        }
        if state == *start {
            cycle.append(&mut round);
        }
    }
    cycle
}

impl Explorer {
    /// The livelock that is nearest to the start, with a lap from its first state that is fair:
    /// whoever can take a step in every state of it takes one. `None`: there is none, or the
    /// exploration is not done, or it was one with reductions: what goes round among stand-ins
    /// may come back as somebody else.
    pub fn livelock(&self) -> Option<Lasso> {
        self.livelock_beyond(&[])
    }

    /// The livelock that is nearest to where this run from the start has come to.
    pub fn livelock_beyond(&self, run: &[Transition]) -> Option<Lasso> {
        let regions = self.regions.as_ref().filter(|_| self.is_full())?;
        let inside = self.closure(regions.livelocks());
        let is_inside = |index: u32| inside.binary_search(&index).is_ok();
        let (mut first, mut start) = (0, self.state(0));
        let mut stem = run.to_vec();
        for &transition in run {
            step(&self.machine, &mut start, transition, &mut ());
            first = self.find(&start)?;
        }
        if !is_inside(first) {
            for transition in self.way(first, |_| true, is_inside)? {
                stem.push(transition);
                step(&self.machine, &mut start, transition, &mut ());
            }
            first = self.find(&start)?;
        }
        let cycle = match successors(&self.offsets, &self.targets, first) {
            [] => rounds(&self.machine, &start),
            _ => self.way(first, |_| true, |index| index == first)?,
        };
        self.fair(first, Lasso::of(&self.machine, &start, stem, cycle)?)
    }

    /// A livelock from this state on, once round in a way that starves nobody. What nothing
    /// leaves has a way back from every step, so whoever is left out takes one, and the lap goes
    /// on from there; one such way round may do alone.
    fn fair(&self, first: u32, mut lasso: Lasso) -> Option<Lasso> {
        let start = self.state(first);
        while let Some(&left_out) = lasso.starved.first() {
            let arrows = self.arrows(first);
            let &(step, next) = arrows.iter().find(|(step, _)| step.0 == left_out)?;
            let mut cycle = vec![step];
            if next != first {
                cycle.extend(self.way(next, |_| true, |index| index == first)?);
            }
            let stem = lasso.stem.clone();
            let other = Lasso::of(&self.machine, &start, stem.clone(), cycle)?;
            lasso = if other.starved.is_empty() {
                other
            } else {
                let both = [lasso.cycle, other.cycle].concat();
                Lasso::of(&self.machine, &start, stem, both)?
            };
        }
        Some(lasso)
    }

    /// The cycle nearest to the start that only an unfair scheduler keeps, while somebody
    /// wants memory. `None`: as for [`Explorer::livelock`].
    ///
    /// With parking on there is no such cycle of transitions, for an allocator that retries
    /// while others could move is parked; what is left is the lap of parked allocators while
    /// whoever could end it gets no CPU.
    pub fn starvation(&self) -> Option<Lasso> {
        let regions = self.regions.as_ref().filter(|_| self.is_full())?;
        self.unfair_cycle(regions)
            .or_else(|| self.stalled_lap(regions))
    }

    /// A lap of parked allocators that whoever gets no CPU could end.
    fn stalled_lap(&self, regions: &Regions) -> Option<Lasso> {
        let machine = &self.machine;
        let mut all = 0..self.marks.len() as u32;
        all.find_map(|index| {
            if !regions.is_stalled(index) {
                return None;
            }
            let state = self.state(index);
            let mut moves = enabled(machine, &state);
            if !moves.all(|transition| is_starved(machine, &state, transition)) {
                return None;
            }
            let stem = self.path_to(index);
            Lasso::of(machine, &state, stem, rounds(machine, &state))
        })
    }

    fn unfair_cycle(&self, regions: &Regions) -> Option<Lasso> {
        let mut best: Option<Vec<u32>> = None;
        let wants = |index: u32| self.marks[index as usize] & mark::WANTS_PAGE != 0;
        graph::cycles(
            |index| wants(index) && !regions.is_doomed(index),
            &self.offsets,
            &self.targets,
            |part| {
                if best.as_ref().is_none_or(|best| part[0] < best[0]) {
                    best = Some(part.to_vec());
                }
            },
        );
        let part = best?;
        let first = part[0];
        let within = |index| part.binary_search(&index).is_ok();
        let cycle = self.way(first, within, |index| index == first)?;
        Lasso::of(
            &self.machine,
            &self.state(first),
            self.path_to(first),
            cycle,
        )
    }

    /// All states that can be reached from these, ascending.
    pub(crate) fn closure(&self, from: &[u32]) -> Vec<u32> {
        let mut seen = vec![false; self.marks.len()];
        let mut stack = from.to_vec();
        while let Some(index) = stack.pop() {
            if !std::mem::replace(&mut seen[index as usize], true) {
                stack.extend(successors(&self.offsets, &self.targets, index));
            }
        }
        let found = |&index: &u32| seen[index as usize];
        (0..self.marks.len() as u32).filter(found).collect()
    }
}
