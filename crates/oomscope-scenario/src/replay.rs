//! Any step of a run, at once: states are recomputed from checkpoints.

use core::ops::ControlFlow;

use oomscope_model::event::{Event, Observer};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::Machine;
use oomscope_model::patches::{PATCHES, PatchSet};
use oomscope_model::state::State;
use oomscope_model::step::{act, enabled, step};
use oomscope_model::transition::{Act, Move, Transition};

use crate::condition;
use crate::run::MOVES_MAX;
use crate::scenario::Marker;

/// Moves between two checkpoints.
const STRIDE: usize = 64;

/// A run and all its states. Step 0 is the start; step `n` is what `n` moves made of it.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The machine as it started; its patches change with acts.
    start: Machine,
    moves: Vec<Move>,
    /// State and patches at step 0, 64, 128, …
    checkpoints: Vec<(State, PatchSet)>,
    tip: State,
    tip_machine: Machine,
}

/// A move that this machine cannot make: the run comes from another model, or is too long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diverged {
    /// The step at which it was tried.
    pub at: usize,
    /// Why it is not possible, without a full stop.
    pub sentence: String,
}

impl core::fmt::Display for Diverged {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "step {}: {}", self.at, self.sentence)
    }
}

impl Replay {
    /// An empty run of a machine, from its own start.
    pub fn new(machine: Machine) -> Replay {
        let state = State::start(&machine);
        Replay::from_state(machine, state)
    }

    /// An empty run from any state of the machine.
    pub fn from_state(machine: Machine, state: State) -> Replay {
        Replay {
            moves: Vec::new(),
            checkpoints: vec![(state.clone(), machine.patches)],
            tip: state,
            tip_machine: machine.clone(),
            start: machine,
        }
    }

    /// How many moves the run has; its steps are 0 to this, both included.
    pub fn len(&self) -> usize {
        self.moves.len()
    }

    /// Whether nothing has moved yet.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// The run.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// The state after the last move.
    pub fn tip(&self) -> &State {
        &self.tip
    }

    /// The machine after the last move.
    pub fn tip_machine(&self) -> &Machine {
        &self.tip_machine
    }

    /// The state at a step; beyond the end, the last one.
    pub fn state(&self, step: usize) -> State {
        self.at(step).1
    }

    /// The machine at a step, with the patches that were on then.
    pub fn machine_at(&self, step: usize) -> Machine {
        self.at(step).0
    }

    /// Machine and state at a step; beyond the end, the last ones.
    pub fn at(&self, step: usize) -> (Machine, State) {
        if step >= self.moves.len() {
            return (self.tip_machine.clone(), self.tip.clone());
        }
        let (mut machine, mut state) = self.checkpoint(step / STRIDE);
        for &entry in &self.moves[step / STRIDE * STRIDE..step] {
            // What was accepted once is accepted again.
            let _ = apply(&mut machine, &mut state, entry, &mut ());
        }
        (machine, state)
    }

    /// What happened in the move that leads from this step to the next; nothing at the end.
    pub fn events(&self, step: usize) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(&entry) = self.moves.get(step) {
            let (mut machine, mut state) = self.at(step);
            let _ = apply(&mut machine, &mut state, entry, &mut events);
        }
        events
    }

    /// Adds one move and says what happened.
    ///
    /// # Errors
    /// If the machine cannot make it, or the run is [`MOVES_MAX`] long; nothing changes then.
    pub fn push(&mut self, entry: Move) -> Result<Vec<Event>, Diverged> {
        let mut events = Vec::new();
        self.push_observed(entry, &mut events)?;
        Ok(events)
    }

    fn push_observed<O: Observer>(
        &mut self,
        entry: Move,
        observer: &mut O,
    ) -> Result<(), Diverged> {
        let at = self.moves.len();
        if at == MOVES_MAX {
            let sentence = format!("a run has at most {MOVES_MAX} steps");
            return Err(Diverged { at, sentence });
        }
        apply(&mut self.tip_machine, &mut self.tip, entry, observer)
            .map_err(|sentence| Diverged { at, sentence })?;
        self.moves.push(entry);
        if self.moves.len().is_multiple_of(STRIDE) {
            self.checkpoints
                .push((self.tip.clone(), self.tip_machine.patches));
        }
        Ok(())
    }

    /// Adds moves.
    ///
    /// # Errors
    /// At the first that the machine cannot make; those before it are in the run.
    pub fn extend(&mut self, moves: impl IntoIterator<Item = Move>) -> Result<(), Diverged> {
        for entry in moves {
            self.push_observed(entry, &mut ())?;
        }
        Ok(())
    }

    /// Forgets every move from this step on.
    pub fn truncate(&mut self, step: usize) {
        if step < self.moves.len() {
            (self.tip_machine, self.tip) = self.at(step);
            self.moves.truncate(step);
            self.checkpoints.truncate(step / STRIDE + 1);
        }
    }

    /// Looks at every step from `from` to the end, in order, until told to stop.
    pub fn scan<B>(
        &self,
        from: usize,
        mut look: impl FnMut(usize, &Machine, &State) -> ControlFlow<B>,
    ) -> Option<B> {
        let from = from.min(self.moves.len());
        let (mut machine, mut state) = self.at(from);
        for step in from..=self.moves.len() {
            if let ControlFlow::Break(found) = look(step, &machine, &state) {
                return Some(found);
            }
            if let Some(&entry) = self.moves.get(step) {
                let _ = apply(&mut machine, &mut state, entry, &mut ());
            }
        }
        None
    }

    /// Where each marker stands: the first step at which its condition holds.
    pub fn markers(&self, markers: &[Marker]) -> Vec<Option<usize>> {
        let mut found = vec![None; markers.len()];
        let _: Option<()> = self.scan(0, |step, machine, state| {
            for (marker, place) in markers.iter().zip(&mut found) {
                if place.is_none() && condition::holds(&marker.when, machine, state) {
                    *place = Some(step);
                }
            }
            if found.iter().all(Option::is_some) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        found
    }

    fn checkpoint(&self, index: usize) -> (Machine, State) {
        let (state, patches) = self.checkpoints[index].clone();
        let mut machine = self.start.clone();
        machine.patches = patches;
        machine.kernel = Kernel::of(patches);
        (machine, state)
    }
}

/// Makes one move, if it is possible.
fn apply<O: Observer>(
    machine: &mut Machine,
    state: &mut State,
    entry: Move,
    observer: &mut O,
) -> Result<(), String> {
    match entry {
        Move::Step(transition) => {
            if !enabled(machine, state).any(|possible| possible == transition) {
                return Err(cannot_step(machine, transition));
            }
            step(machine, state, transition, observer);
            Ok(())
        }
        Move::Act(wanted) => {
            let known = match wanted {
                Act::Switch { patch, .. } => (patch.0 as usize) < PATCHES.len(),
                Act::Kill { task } => (task.0 as usize) < machine.tasks.len(),
                Act::AddPages { .. } => true,
            };
            if !known {
                return Err("this act names something that is not there".into());
            }
            act(machine, state, wanted, observer).map_err(|refused| refused.to_string())
        }
    }
}

fn cannot_step(machine: &Machine, Transition(task): Transition) -> String {
    match machine.tasks.get(task.0 as usize) {
        Some(actor) => format!("{} cannot move here", actor.name),
        None => format!("there is no task number {}", task.0),
    }
}
