//! What a step looked at. A step is a function of that: wherever it is the same, the step does
//! the same, and need not be made again to know what it does.

use core::cell::Cell;

use crate::machine::LockId;

/// A question about all tasks together whose answer is much smaller than what they are.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// Whether and how somebody holds this lock.
    Holds(LockId),
    /// How many tasks stand in this lock's queue.
    QueueLen(LockId),
    /// Who stands at the head of this lock's queue, and for what.
    QueueHead(LockId),
    /// Who stands in this lock's queue, where and for what.
    Queue(LockId),
    /// [`super::State::listed`].
    Listed,
    /// [`super::State::restless`].
    Restless,
    /// [`super::State::reserving`].
    Reserving,
}

/// Questions about all tasks together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Asked {
    /// Bit n: whether and how somebody holds lock n.
    pub holds: u16,
    /// Bit n: how many tasks stand in the queue of lock n.
    pub lens: u16,
    /// Bit n: who stands at the head of the queue of lock n, and for what.
    pub heads: u16,
    /// Bit n: who stands in the queue of lock n, where and for what.
    pub queues: u16,
    /// Who stands on `oom_reaper_list`, and where.
    pub listed: bool,
    /// Which tasks are restless ([`super::Task::is_restless`]).
    pub restless: bool,
    /// Which tasks have a reserve ([`super::Task::is_reserving`]).
    pub reserving: bool,
}

impl Asked {
    /// All questions of both.
    pub fn and(self, other: Asked) -> Asked {
        Asked {
            holds: self.holds | other.holds,
            lens: self.lens | other.lens,
            heads: self.heads | other.heads,
            queues: self.queues | other.queues,
            listed: self.listed | other.listed,
            restless: self.restless | other.restless,
            reserving: self.reserving | other.reserving,
        }
    }
}

/// What was looked at. Besides that a step may always look at the machine-wide part, at the
/// memory cgroups and at the lists of reclaimable pages, which nobody keeps book of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Reads {
    /// Bit n: part n of the state ([`super::State::part`]) as a whole, a task or an address
    /// space.
    pub parts: u64,
    /// What was asked of all tasks together.
    pub asked: Asked,
}

/// The memory of what was asked; no part of a state's value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asking(Cell<Asked>);

impl Asking {
    #[inline]
    pub(crate) fn note(&self, question: Question) {
        let mut asked = self.0.get();
        match question {
            Question::Holds(lock) => asked.holds |= 1 << lock.0,
            Question::QueueLen(lock) => asked.lens |= 1 << lock.0,
            Question::QueueHead(lock) => asked.heads |= 1 << lock.0,
            Question::Queue(lock) => asked.queues |= 1 << lock.0,
            Question::Listed => asked.listed = true,
            Question::Restless => asked.restless = true,
            Question::Reserving => asked.reserving = true,
        }
        self.0.set(asked);
    }

    pub(crate) fn take(&mut self) -> Asked {
        self.0.take()
    }
}

impl PartialEq for Asking {
    fn eq(&self, _: &Asking) -> bool {
        true
    }
}

impl Eq for Asking {}
