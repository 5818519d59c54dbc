//! What a task shows by itself. Kept beside each value that a task has had, so that nobody
//! looks at tasks which no step has touched to know what a state shows.

use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Mode;
use oomscope_model::machine::Timing;
#[cfg(doc)]
use oomscope_model::state::Held;
use oomscope_model::state::{Run, State, Task, TaskFlags};
use oomscope_model::step::moves;

use crate::locks::{LANES, Lanes, ONES};

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
    /// A relevant change has it look again ([`Task::is_restless`]).
    pub(crate) const RESTLESS: u8 = 1 << 4;
    /// Its transaction has pages in reserve.
    pub(crate) const RESERVING: u8 = 1 << 5;
    /// It was killed.
    pub(crate) const SIGKILL: u8 = 1 << 6;
    /// It dumps core, or has.
    pub(crate) const DUMPCORE: u8 = 1 << 7;
    /// All that enters the count of kills.
    pub(crate) const OF_KILLS: u8 = Traits::SIGKILL | Traits::DUMPCORE;

    /// What this task shows.
    pub(crate) fn of(task: &Task, timing: Timing) -> Traits {
        let unfinished = !matches!(task.run, Run::Idle | Run::Exited);
        let bits = [
            (Traits::UNFINISHED, unfinished),
            (Traits::WANTS_PAGE, page_alloc::wants(task)),
            (Traits::MOVES, moves(task, timing)),
            (Traits::PARKED, task.is_parked()),
            (Traits::RESTLESS, task.is_restless()),
            (Traits::RESERVING, task.is_reserving()),
            (Traits::SIGKILL, task.flags.has(TaskFlags::SIGKILL)),
            (Traits::DUMPCORE, task.flags.has(TaskFlags::DUMPCORE)),
        ];
        let set = bits.into_iter().filter(|&(_, on)| on);
        Traits(set.fold(0, |all, (bit, _)| all | bit))
    }

    /// Whether one of these bits is set.
    #[inline]
    pub(crate) fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// The traits of all tasks of a state, a byte for each task.
#[derive(Clone)]
pub(crate) struct Crowd {
    lanes: Lanes,
}

impl Crowd {
    /// The traits of the tasks of this state.
    pub(crate) fn of(state: &State, timing: Timing) -> Crowd {
        let mut crowd = Crowd { lanes: [0; LANES] };
        for (id, task) in state.tasks() {
            crowd.change(usize::from(id.0), Traits::of(task, timing));
        }
        crowd
    }

    /// A part shows something else now. What is no task shows nothing, ever.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, difference: Traits) {
        self.lanes[part / 8 % LANES] ^= u64::from(difference.0) << (part % 8 * 8);
    }

    /// Which tasks have this trait: bit n for task n.
    #[inline]
    pub(crate) fn who(&self, bit: u8) -> u32 {
        let of_lane = |lane: u64| gather(lane >> bit.trailing_zeros() & ONES) as u32;
        let [first, rest @ ..] = self.lanes;
        if rest == [0; LANES - 1] {
            return of_lane(first);
        }
        let lanes = self.lanes.iter().rev();
        lanes.fold(0, |who, &lane| who << 8 | of_lane(lane))
    }

    /// All traits that some task has.
    #[inline]
    pub(crate) fn any(&self) -> Traits {
        let mut all = self.lanes.iter().fold(0, |all, lane| all | lane);
        all |= all >> 32;
        all |= all >> 16;
        Traits((all | all >> 8) as u8)
    }
}

/// Of the lowest bit of each byte one byte.
#[inline]
pub(crate) fn gather(ones: u64) -> u64 {
    // Moves bit 8 n to bit 56 + n.
    ones.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// All that one task shows in one word, which is 0 for what is no task: its traits, and what it
/// contributes to what can be asked of the locks.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shown(u64);

impl Shown {
    /// Its place on `oom_reaper_list`, in a byte behind the traits.
    const LISTED_AT: u32 = 8;
    /// The lock that it waits for, and behind it how: 0 if it waits for none.
    const LOCK_AT: u32 = 16;
    const WAITS_AT: u32 = 24;
    const READS: u64 = 0xfe;
    const WRITES: u64 = 0xff;
    /// What it holds.
    const HELD_AT: u32 = 32;

    /// What this task shows.
    pub(crate) fn of(task: &Task, timing: Timing) -> Shown {
        let mut all = u64::from(Traits::of(task, timing).0)
            | u64::from(task.reap_rank) << Shown::LISTED_AT
            | u64::from(task.held.0) << Shown::HELD_AT;
        if let Run::Queued { on, mode, .. } = task.run {
            let waits = match mode {
                Mode::Read => Shown::READS,
                Mode::Write => Shown::WRITES,
            };
            all |= u64::from(on.0) << Shown::LOCK_AT | waits << Shown::WAITS_AT;
        }
        Shown(all)
    }

    /// The bits in which the two are not the same.
    #[inline]
    pub(crate) fn difference(self, other: Shown) -> Shown {
        Shown(self.0 ^ other.0)
    }

    /// Its traits.
    #[inline]
    pub(crate) fn traits(self) -> Traits {
        Traits(self.0 as u8)
    }

    /// Whether there is more than traits.
    #[inline]
    pub(crate) fn is_of_locks(self) -> bool {
        self.0 > 0xff
    }

    /// Its place on `oom_reaper_list`.
    #[inline]
    pub(crate) fn listed(self) -> u8 {
        (self.0 >> Shown::LISTED_AT) as u8
    }

    /// The lock in whose queue it stands, and a byte that is 0 if it stands in none, or else
    /// 0xfe, and 0xff if it wants to write.
    #[inline]
    pub(crate) fn waits(self) -> (usize, u64) {
        let waits = self.0 >> Shown::WAITS_AT & 0xff;
        let lock = (self.0 >> Shown::LOCK_AT) as usize & 0xff;
        (lock, waits)
    }

    /// What it holds, as [`Held`] says it; of a difference, where that differs.
    #[inline]
    pub(crate) fn held(self) -> u32 {
        (self.0 >> Shown::HELD_AT) as u32
    }
}
