//! What a task shows by itself. Kept beside each value that a task has had, so that nobody
//! looks at tasks which no step has touched to know what a state shows.

use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Timing;
use oomscope_model::machine::{LOCKS_MAX, Mode, TASKS_MAX};
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
            (Traits::PARKED, matches!(task.run, Run::Parked(_))),
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
        lanes.fold(0, |who, lane| {
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

/// A byte for each lock.
type Bytes = [u64; LOCKS_MAX / 8];

/// The byte of one lock.
#[inline]
fn byte(bytes: &Bytes, lock: usize) -> u64 {
    bytes[lock / 8] >> (lock % 8 * 8) & 0xff
}

/// What one task contributes to what can be asked of the locks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stand {
    /// What it adds to [`Locks::holders`].
    holds: Bytes,
    lock: u8,
    /// Its place in the queue of that lock and what it waits for; 0 if it waits for none.
    place: u8,
}

impl Stand {
    pub(crate) fn of(task: &Task) -> Stand {
        let mut stand = Stand::default();
        for (lock, mode) in task.held.locks() {
            let one = match mode {
                Mode::Read => 1,
                Mode::Write => 1 << 7,
            };
            let lock = usize::from(lock.0);
            stand.holds[lock / 8] |= one << (lock % 8 * 8);
        }
        if let Run::Queued { on, mode, rank, .. } = task.run {
            stand.lock = on.0;
            stand.place = rank << 1 | u8::from(mode == Mode::Write);
        }
        stand
    }
}

/// Who holds and who waits for each lock: the answers to what steps ask of all tasks together
/// ([`oomscope_model::state::Asked`]). A step may ask in the middle of what it does; from how
/// things were before and from the tasks that it changes the answer follows also then. That is
/// why holders are counted.
#[derive(Clone)]
pub(crate) struct Locks {
    /// How many readers hold it, and in the highest bit, if a writer does.
    holders: Bytes,
    /// How many tasks wait for it.
    lens: Bytes,
    /// Which task is the first of them, counted from 1, and in bit 6, if it wants to write.
    heads: Bytes,
    /// For each lock and each task, a byte: where it stands in the queue, and for what.
    queues: [[u64; TASKS_MAX / 8]; LOCKS_MAX],
}

impl Locks {
    /// The locks of this state.
    pub(crate) fn of(state: &State) -> Locks {
        let mut locks = Locks {
            holders: Bytes::default(),
            lens: Bytes::default(),
            heads: Bytes::default(),
            queues: [[0; TASKS_MAX / 8]; LOCKS_MAX],
        };
        for (id, task) in state.tasks() {
            locks.change(usize::from(id.0), &Stand::default(), &Stand::of(task));
        }
        locks
    }

    /// A part stands elsewhere now. What is no task holds nothing and waits for nothing.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, before: &Stand, now: &Stand) {
        for (word, holders) in self.holders.iter_mut().enumerate() {
            let less = holders.wrapping_sub(before.holds[word]);
            *holders = less.wrapping_add(now.holds[word]);
        }
        if (before.lock, before.place) != (now.lock, now.place) {
            self.queue(part, before, u64::wrapping_sub);
            self.queue(part, now, u64::wrapping_add);
        }
    }

    /// Takes a task out of a queue or puts it there.
    #[inline]
    fn queue(&mut self, part: usize, stand: &Stand, count: fn(u64, u64) -> u64) {
        if stand.place == 0 {
            return;
        }
        let lock = usize::from(stand.lock);
        let (word, shift) = (lock / 8, lock % 8 * 8);
        self.lens[word] = count(self.lens[word], 1 << shift);
        if stand.place >> 1 == 1 {
            let head = (part as u64 + 1) | u64::from(stand.place & 1) << 6;
            self.heads[word] ^= head << shift;
        }
        self.queues[lock][part / 8] ^= u64::from(stand.place) << (part % 8 * 8);
    }

    /// All that is counted of a lock: who holds it, how many wait, who is first.
    #[inline]
    pub(crate) fn counted(&self, lock: usize) -> u64 {
        byte(&self.holders, lock) | byte(&self.lens, lock) << 8 | byte(&self.heads, lock) << 16
    }

    /// The first words of a queue.
    #[inline]
    pub(crate) fn waiters(&self, lock: usize, words: usize) -> &[u64] {
        &self.queues[lock][..words]
    }
}
