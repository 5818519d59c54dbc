//! What a task shows by itself. Kept beside each value that a task has had, so that nobody
//! looks at tasks which no step has touched to know what a state shows.

use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Mode;
use oomscope_model::machine::Timing;
use oomscope_model::state::{Run, State, Task, TaskFlags};
use oomscope_model::step::moves;

use crate::locks::{self, Counts, LANES, Lanes, ONES};

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
    /// It retries and is parked because nothing changes ([`Task::is_parked`]).
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

/// All that one task shows: its traits, and what it contributes to what can be asked of the
/// locks. All 0 for what is no task.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shown {
    /// Traits, the place on `oom_reaper_list`, the lock that it waits for and how, a byte each.
    bytes: u32,
    pub(crate) counts: Counts,
}

impl Shown {
    const LISTED_AT: u32 = 8;
    const LOCK_AT: u32 = 16;
    /// 0 if it waits for none.
    const WAITS_AT: u32 = 24;
    const READS: u32 = 0xfe;
    const WRITES: u32 = 0xff;

    /// What this task shows.
    pub(crate) fn of(task: &Task, timing: Timing) -> Shown {
        let mut shown = Shown {
            bytes: u32::from(Traits::of(task, timing).0)
                | u32::from(task.reap_rank) << Shown::LISTED_AT,
            counts: Counts::default(),
        };
        for (lock, mode) in task.held.locks() {
            let (word, one) = locks::holder(lock.0.into(), mode);
            shown.counts[word] += one;
        }
        if let Run::Queued { on, mode, .. } = task.run {
            let waits = match mode {
                Mode::Read => Shown::READS,
                Mode::Write => Shown::WRITES,
            };
            shown.bytes |= u32::from(on.0) << Shown::LOCK_AT | waits << Shown::WAITS_AT;
            let (word, one) = locks::waiter(on.0.into());
            shown.counts[word] += one;
        }
        shown
    }

    /// Its traits.
    #[inline]
    pub(crate) fn traits(&self) -> Traits {
        Traits(self.bytes as u8)
    }

    /// Its place on `oom_reaper_list`.
    #[inline]
    pub(crate) fn listed(&self) -> u8 {
        (self.bytes >> Shown::LISTED_AT) as u8
    }

    /// The lock in whose queue it stands, and a byte that is 0 if it stands in none, or else
    /// 0xfe, and 0xff if it wants to write.
    #[inline]
    pub(crate) fn waits(&self) -> (usize, u64) {
        let lock = (self.bytes >> Shown::LOCK_AT) as usize & 0xff;
        (lock, u64::from(self.bytes >> Shown::WAITS_AT))
    }
}
