//! The twins for stateright: the same machines once more, written as a Rust programmer would
//! who wants them fast, small `Copy` values that are changed in place.

pub mod mutexes;
pub mod oom;
pub mod rwsem;

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, Model, Property};

/// The most tasks that a twin can have.
pub const TASKS_MAX: usize = 9;

/// A machine whose tasks have at most one transition each.
pub trait Twin: Copy + Debug + Hash + Eq + Send + Sync + 'static {
    /// Where the machine with `copies` tasks of each kind starts.
    fn start(copies: u8) -> Self;
    /// How many tasks it has.
    fn tasks(copies: u8) -> u8;
    /// Whether the task can move.
    fn can_step(&self, task: u8) -> bool;
    /// Makes the task's transition.
    fn step(&mut self, copies: u8, task: u8);
}

/// What stateright searches.
struct Machine<T> {
    copies: u8,
    start: T,
}

impl<T: Twin> Model for Machine<T> {
    type State = T;
    type Action = u8;

    fn init_states(&self) -> Vec<T> {
        vec![self.start]
    }

    fn actions(&self, state: &T, actions: &mut Vec<u8>) {
        actions.extend((0..T::tasks(self.copies)).filter(|&task| state.can_step(task)));
    }

    fn next_state(&self, state: &T, task: u8) -> Option<T> {
        let mut next = *state;
        next.step(self.copies, task);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // Without a property that is still open stateright stops at once.
        vec![Property::always("searches to the end", |_, _| true)]
    }
}

/// Searches the whole machine, breadth first, on one thread: states and transitions.
pub fn search<T: Twin>(copies: u8) -> (u64, u64) {
    let start = T::start(copies);
    let machine = Machine { copies, start };
    let checker = machine.checker().threads(1).spawn_bfs().join();
    // It counts the initial state as if a transition had led there.
    let transitions = checker.state_count() as u64 - 1;
    (checker.unique_state_count() as u64, transitions)
}

/// A queue of tasks, first come first served.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
pub struct Queue {
    /// The task at each place, plus one; 0 behind the last.
    places: [u8; TASKS_MAX],
    waiting: u8,
}

impl Queue {
    /// The first waiter.
    pub fn head(&self) -> Option<u8> {
        self.places[0].checked_sub(1)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Puts a task at the end.
    pub fn push(&mut self, task: u8) {
        self.places[usize::from(self.waiting)] = task + 1;
        self.waiting += 1;
    }

    /// Takes a task out, wherever it stands.
    pub fn remove(&mut self, task: u8) {
        if let Some(at) = self.places.iter().position(|&other| other == task + 1) {
            self.places.copy_within(at + 1.., at);
            self.places[TASKS_MAX - 1] = 0;
            self.waiting -= 1;
        }
    }
}
