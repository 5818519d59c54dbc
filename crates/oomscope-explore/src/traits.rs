//! What a task shows by itself. Kept beside each value that a task has had, so that nobody
//! looks at tasks which no step has touched to know what a state shows.

use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Timing;
use oomscope_model::machine::{LOCKS_MAX, LockId, Mode, TASKS_MAX};
use oomscope_model::state::{Held, Run, State, Task, TaskFlags};
use oomscope_model::step::moves;
use oomscope_model::words::split_rank;

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
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) lanes: [u64; TASKS_MAX / 8],
    /// Something of what enters the count of kills has changed since this was cleared.
    pub(crate) kills_changed: bool,
}

impl Crowd {
    /// The traits of the tasks of this state.
    pub(crate) fn of(state: &State, timing: Timing) -> Crowd {
        let mut crowd = Crowd {
            lanes: [0; TASKS_MAX / 8],
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
        if difference.0 != 0 {
            self.lanes[part / 8] ^= u64::from(difference.0) << (part % 8 * 8);
            self.kills_changed |= difference.has(Traits::OF_KILLS);
        }
    }

    /// Which tasks have this trait: bit n for task n.
    #[inline]
    pub(crate) fn who(&self, bit: u8) -> u32 {
        let lanes = self.lanes.iter().rev();
        lanes.fold(0, |who, &lane| {
            if lane == 0 {
                return who << 8;
            }
            let ones = lane >> bit.trailing_zeros() & 0x0101_0101_0101_0101;
            // Moves bit 8 n to bit 56 + n.
            who << 8 | (ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
        })
    }

    /// All traits that some task has.
    #[inline]
    pub(crate) fn any(&self) -> Traits {
        any(self.lanes)
    }
}

/// All traits that some task has, of a byte for each task.
#[inline]
pub(crate) fn any(lanes: impl IntoIterator<Item = u64>) -> Traits {
    let mut all = lanes.into_iter().fold(0, |all, lane| all | lane);
    all |= all >> 32;
    all |= all >> 16;
    Traits((all | all >> 8) as u8)
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
    const READS: u64 = 1;
    const WRITES: u64 = 2;
    /// What it holds.
    const HELD_AT: u32 = 32;
    const QUEUED: u64 = 0xffff << Shown::LOCK_AT;

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
    fn is_of_locks(self) -> bool {
        self.0 > 0xff
    }

    #[inline]
    fn listed(self) -> u8 {
        (self.0 >> Shown::LISTED_AT) as u8
    }

    /// The lock in whose queue it stands, and whether to write.
    #[inline]
    fn waits(self) -> Option<(usize, u64)> {
        let waits = self.0 >> Shown::WAITS_AT & 0xff;
        let lock = (self.0 >> Shown::LOCK_AT) as usize & 0xff;
        (waits != 0).then_some((lock, u64::from(waits == Shown::WRITES)))
    }

    #[inline]
    fn held(self) -> Held {
        Held((self.0 >> Shown::HELD_AT) as u32)
    }
}

/// Who holds and who waits for each lock: the answers to what steps ask of all tasks together
/// ([`oomscope_model::state::Asked`]). A step may ask in the middle of what it does; from how
/// things were before and from the tasks that it changes the answer follows also then. That is
/// why holders are counted.
#[derive(Clone)]
pub(crate) struct Locks {
    /// For each lock, and behind them for `oom_reaper_list`, [`Locks::STRIDE`] words. The first
    /// has a byte for how many readers hold it, and in the highest bit, if a writer does; one
    /// for how many tasks wait for it; and one for which task is the first of them, counted
    /// from 1, and in bit 6, if it wants to write. The others have a byte for each task: where
    /// it stands in the queue, and for what.
    words: [u64; (LOCKS_MAX + 1) * Locks::STRIDE],
}

/// Where in the first word of a lock the bytes are.
impl Locks {
    /// Who holds it.
    pub(crate) const HOLDERS: u64 = 0xff;
    /// How many wait.
    pub(crate) const LEN: u64 = 0xff << Locks::LEN_AT;
    /// Who is first.
    pub(crate) const HEAD: u64 = 0xff << Locks::HEAD_AT;
    /// The number of `oom_reaper_list` among the locks.
    pub(crate) const REAP_LIST: usize = LOCKS_MAX;
    const LEN_AT: u32 = 8;
    const HEAD_AT: u32 = 16;
    const STRIDE: usize = 1 + TASKS_MAX / 8;

    /// Which word counts who holds a lock and who waits for it.
    #[inline]
    pub(crate) fn counts(lock: usize) -> usize {
        lock * Locks::STRIDE
    }

    /// Which word has the place of a task, or of another part, in a queue.
    #[inline]
    pub(crate) fn places(lock: usize, task: usize) -> usize {
        lock * Locks::STRIDE + 1 + task / 8
    }
}

impl Locks {
    /// The locks of this state.
    pub(crate) fn of(state: &State, timing: Timing) -> Locks {
        let mut locks = Locks {
            words: [0; (LOCKS_MAX + 1) * Locks::STRIDE],
        };
        for (id, task) in state.tasks() {
            let (_, rank) = split_rank(state.part(usize::from(id.0)));
            let shown = Shown::of(task, timing);
            locks.change(usize::from(id.0), rank, Shown::default(), shown);
        }
        locks
    }

    /// A part that has this place in a queue, or 0, shows something else now.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, rank: u8, before: Shown, now: Shown) {
        let difference = before.difference(now);
        if !difference.is_of_locks() {
            return;
        }
        let mut differs = difference.held().0;
        while differs != 0 {
            let lock = differs.trailing_zeros() as usize / 2;
            differs &= !(3 << (2 * lock));
            let counts = &mut self.words[Locks::counts(lock)];
            let less = counts.wrapping_sub(share(before.held(), lock));
            *counts = less.wrapping_add(share(now.held(), lock));
        }
        if difference.listed() != 0 {
            let place = u64::from(difference.listed());
            self.words[Locks::places(Locks::REAP_LIST, part)] ^= place << (part % 8 * 8);
        }
        if difference.0 & Shown::QUEUED != 0 {
            self.queue(part, rank, before, u64::wrapping_sub);
            self.queue(part, rank, now, u64::wrapping_add);
        }
    }

    /// A task has another place in the queue now. It may have none for the moment, or one
    /// without a queue: until all that differs between two states is changed.
    #[inline]
    pub(crate) fn move_up(&mut self, task: usize, shown: Shown, before: u8, now: u8) {
        if before == 0 || now == 0 {
            self.queue(task, before, shown, u64::wrapping_sub);
            self.queue(task, now, shown, u64::wrapping_add);
        } else if let Some((lock, write)) = shown.waits() {
            if before == 1 || now == 1 {
                self.words[Locks::counts(lock)] ^= Locks::head(task, write);
            }
            let places = &mut self.words[Locks::places(lock, task)];
            *places ^= u64::from(before ^ now) << (task % 8 * 8 + 1);
        }
    }

    /// Who is first, as it is counted.
    #[inline]
    fn head(task: usize, write: u64) -> u64 {
        ((task as u64 + 1) | write << 6) << Locks::HEAD_AT
    }

    /// Takes a task out of a queue or puts it there.
    #[inline]
    fn queue(&mut self, part: usize, rank: u8, shown: Shown, count: fn(u64, u64) -> u64) {
        let Some((lock, write)) = shown.waits().filter(|_| rank != 0) else {
            return;
        };
        let counts = &mut self.words[Locks::counts(lock)];
        *counts = count(*counts, 1 << Locks::LEN_AT);
        if rank == 1 {
            *counts ^= Locks::head(part, write);
        }
        let place = u64::from(rank) << 1 | write;
        self.words[Locks::places(lock, part)] ^= place << (part % 8 * 8);
    }

    /// One of the words.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> u64 {
        self.words[at]
    }
}

/// What a task that holds this adds to [`Locks::HOLDERS`].
#[inline]
fn share(held: Held, lock: usize) -> u64 {
    match held.mode(LockId(lock as u8)) {
        None => 0,
        Some(Mode::Read) => 1,
        Some(Mode::Write) => 1 << 7,
    }
}
