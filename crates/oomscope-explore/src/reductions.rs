//! Which states need not be told apart, and how to speak of them afterwards.
//!
//! Two reductions, each argued for where it is made: equal tasks ([`crate::symmetry`]) and
//! steps that need no second order ([`crate::ample`]). Together they put a *stand-in* in the
//! place of every state: first the steps are taken that concern nobody else, then equal
//! tasks are sorted. Steps that commute with everything also commute with a renaming, so it
//! does not matter which comes first.
//!
//! Verdicts are the same with and without. So are the lengths of shortest schedules with
//! [`Reductions::SYMMETRY`]; with partial order a schedule contains the steps that were taken
//! at once whether it needs them or not, and so may be longer than the shortest one.

use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

use crate::ample::{self, Static};
use crate::symmetry::{Symmetry, Watch};

/// What a search may leave out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Reductions {
    /// States that differ only in which of several equal tasks is where.
    pub symmetry: bool,
    /// Orders of steps that concern nobody else.
    pub partial_order: bool,
}

impl Reductions {
    /// Every state counts.
    pub const NONE: Reductions = Reductions {
        symmetry: false,
        partial_order: false,
    };
    /// Equal tasks are not told apart; schedules stay the shortest.
    pub const SYMMETRY: Reductions = Reductions {
        symmetry: true,
        partial_order: false,
    };
    /// All that keeps verdicts.
    pub const ALL: Reductions = Reductions {
        symmetry: true,
        partial_order: true,
    };
}

/// The reductions of one machine.
#[derive(Clone, Debug)]
pub(crate) struct Reducer {
    symmetry: Symmetry,
    order: Option<Static>,
}

impl Reducer {
    pub(crate) fn of(machine: &Machine, reductions: Reductions) -> Reducer {
        let symmetry = match reductions.symmetry {
            true => Symmetry::of(machine),
            false => Symmetry::NONE,
        };
        let order = reductions.partial_order.then(|| Static::of(machine));
        Reducer { symmetry, order }
    }

    /// Whether every state stands for itself.
    pub(crate) fn is_trivial(&self) -> bool {
        self.symmetry.is_trivial() && self.order.is_none()
    }

    /// Puts a state's stand-in in its place.
    pub(crate) fn stand_in(&self, machine: &Machine, state: &mut State) {
        self.settle(machine, state, |_| {});
        self.symmetry.canonicalize(machine, state);
    }

    fn settle(&self, machine: &Machine, state: &mut State, say: impl FnMut(Transition)) {
        if let Some(fixed) = &self.order {
            ample::settle(machine, fixed, state, say);
        }
    }

    /// Makes one step. If it shows that two tasks are less equal than they looked, takes
    /// them apart and says so: whatever was found so far has to be found again.
    pub(crate) fn step(
        &mut self,
        machine: &Machine,
        state: &mut State,
        transition: Transition,
    ) -> Found {
        if self.symmetry.is_trivial() {
            step(machine, state, transition, &mut ());
            return Found::Step;
        }
        let mut watch = Watch::default();
        let before = state.clone();
        step(machine, state, transition, &mut watch);
        match self.symmetry.unfair(machine, &before, &watch) {
            None => Found::Step,
            Some(task) => {
                self.symmetry.set_apart(task);
                Found::Difference
            }
        }
    }

    /// The run from `start` that a path of stand-ins describes, and which of its steps the
    /// path itself names: the others were taken at once.
    pub(crate) fn unfold(
        &self,
        machine: &Machine,
        start: &State,
        path: &[Transition],
    ) -> Vec<(Transition, bool)> {
        let mut state = start.clone();
        let mut run = Vec::new();
        for &Transition(name) in path {
            self.settle(machine, &mut state, |it| run.push((it, false)));
            let (_, renaming) = self.symmetry.canonical(machine, &state);
            let next = Transition(renaming.inverse().task(name));
            step(machine, &mut state, next, &mut ());
            run.push((next, true));
        }
        run
    }
}

/// What came of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Only a state.
    Step,
    /// Two tasks that looked equal are not.
    Difference,
    /// A state that the bytes a search may hold have no room for.
    Full,
}
