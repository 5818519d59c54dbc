//! What a task shows by itself. Kept beside each value that a task has had, so that nobody
//! looks at tasks which no step has touched to know what a state shows.

use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Timing;
use oomscope_model::state::{Run, State, Task, TaskFlags};
use oomscope_model::step::moves;

/// Some bits of one task.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traits(pub(crate) u8);

impl Traits {
    /// It is neither exited nor at the end of its program.
    pub(crate) const UNFINISHED: u8 = 1;
    /// It wants a page.
    pub(crate) const WANTS_PAGE: u8 = 1 << 1;
    /// It can take a step whatever the others do.
    pub(crate) const MOVES: u8 = 1 << 2;
    /// It retries in the allocator and is parked because nothing changes.
    pub(crate) const PARKED: u8 = 1 << 3;
    /// How many bits come before: each is counted in a [`Crowd`].
    const COUNTED: usize = 4;
    /// It was killed.
    pub(crate) const SIGKILL: u8 = 1 << 4;
    /// It dumps core, or has.
    pub(crate) const DUMPCORE: u8 = 1 << 5;
    /// All that enters the count of kills.
    pub(crate) const OF_KILLS: u8 = Traits::SIGKILL | Traits::DUMPCORE;

    /// What this task shows.
    pub(crate) fn of(task: &Task, timing: Timing) -> Traits {
        let unfinished = !matches!(task.run, Run::Idle | Run::Exited);
        let bits = [
            (Traits::UNFINISHED, unfinished),
            (Traits::WANTS_PAGE, page_alloc::wants(task)),
            (Traits::MOVES, moves(task, timing)),
            (Traits::PARKED, matches!(task.run, Run::Parked(_))),
            (Traits::SIGKILL, task.flags.has(TaskFlags::SIGKILL)),
            (Traits::DUMPCORE, task.flags.has(TaskFlags::DUMPCORE)),
        ];
        let set = bits.into_iter().filter(|&(_, on)| on);
        Traits(set.fold(0, |all, (bit, _)| all | bit))
    }

    /// The bits in which the two are not the same.
    #[inline]
    pub(crate) fn difference(self, other: Traits) -> Traits {
        Traits(self.0 ^ other.0)
    }

    /// Whether one of these bits is set.
    #[inline]
    pub(crate) fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// The traits of all tasks of a state.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    /// Which tasks have each of the counted traits: bit n for task n.
    who: [u32; Traits::COUNTED],
    /// Something of what enters the count of kills has changed since this was cleared.
    pub(crate) kills_changed: bool,
}

impl Crowd {
    /// The traits of the tasks of this state.
    pub(crate) fn of(state: &State, timing: Timing) -> Crowd {
        let mut crowd = Crowd {
            who: [0; Traits::COUNTED],
            kills_changed: true,
        };
        for (id, task) in state.tasks() {
            crowd.change(usize::from(id.0), Traits::of(task, timing));
        }
        crowd
    }

    /// A part shows something else now. What is no task shows nothing, ever.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, difference: Traits) {
        if difference.0 == 0 {
            return;
        }
        for (bit, who) in self.who.iter_mut().enumerate() {
            *who ^= u32::from(difference.0 >> bit & 1) << part;
        }
        self.kills_changed |= difference.has(Traits::OF_KILLS);
    }

    /// Which tasks move, whatever the others do: bit n for task n.
    #[inline]
    pub(crate) fn moves(&self) -> u32 {
        self.who[Traits::MOVES.trailing_zeros() as usize]
    }

    /// Whether some task has this trait, one of those that are counted.
    #[inline]
    pub(crate) fn any(&self, bit: u8) -> bool {
        self.who[bit.trailing_zeros() as usize] != 0
    }
}
