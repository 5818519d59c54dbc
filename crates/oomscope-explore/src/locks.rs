//! Who holds and who waits for each lock: the answers to what steps ask of all tasks together
//! ([`Asked`]). A step may ask in the middle of what it does; from how things were before and
//! from the tasks that it changes the answer follows also then. That is why holders are counted.

use oomscope_model::machine::{LOCKS_MAX, TASKS_MAX};
use oomscope_model::state::{Asked, State};
use oomscope_model::words::split_rank;

use crate::parts::bits;
use crate::traits::Shown;

/// How many lanes there are: words with a byte for each of eight tasks.
pub(crate) const LANES: usize = TASKS_MAX / 8;
/// A byte for each task.
pub(crate) type Lanes = [u64; LANES];

/// In each byte the lowest bit.
pub(crate) const ONES: u64 = u64::MAX / 0xff;

/// What all tasks together show of the locks of a state.
#[derive(Clone)]
pub(crate) struct Locks {
    /// Of each lock, how many hold it and how many wait for it ([`Look`]); and behind all
    /// locks, where tasks stand on `oom_reaper_list`.
    counts: [u64; LOCKS_MAX + LANES],
    /// Who waits for it and how, as [`Shown::waits`] says.
    waits: [Lanes; LOCKS_MAX + LANES],
    /// Where tasks stand in the queues they wait in, one bit to the left.
    pub(crate) places: Lanes,
}

impl Locks {
    /// The locks of this state, the tasks of which show this.
    pub(crate) fn of(state: &State, shown: &[Shown]) -> Locks {
        let mut locks = Locks {
            counts: [0; LOCKS_MAX + LANES],
            waits: [[0; LANES]; LOCKS_MAX + LANES],
            places: [0; LANES],
        };
        let tasks = usize::from(state.task_count);
        for (task, &shown) in shown[..tasks].iter().enumerate() {
            let (_, rank) = split_rank(state.part(task));
            move_up(&mut locks.places, task, rank.into());
            locks.change(task, Shown::default(), shown);
        }
        locks
    }

    /// A part shows something else now. What is no task shows nothing, ever.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, was: Shown, is: Shown) {
        let difference = was.difference(is);
        if !difference.is_of_locks() {
            return;
        }
        let (lane, shift) = (part / 8 % LANES, part % 8 * 8);
        let mut held = difference.held();
        while held != 0 {
            let lock = held.trailing_zeros() / 2;
            held &= !(3 << (2 * lock));
            let counts = &mut self.counts[lock as usize];
            let share = |shown: Shown| {
                let mode = u64::from(shown.held() >> (2 * lock) & 3);
                ((mode & 1) * Look::READER) | ((mode >> 1) * Look::WRITER)
            };
            *counts = counts.wrapping_sub(share(was)).wrapping_add(share(is));
        }
        self.counts[LOCKS_MAX + lane] ^= u64::from(difference.listed()) << shift;
        // Without asking whether it waits at all: then it adds nothing.
        let (lock, waits) = was.waits();
        self.counts[lock] -= (waits >> 7) * Look::WAITER;
        self.waits[lock][lane] ^= waits << shift;
        let (lock, waits) = is.waits();
        self.counts[lock] += (waits >> 7) * Look::WAITER;
        self.waits[lock][lane] ^= waits << shift;
    }

    /// The answer to a question.
    #[inline(always)]
    pub(crate) fn answer(&self, look: &Look) -> u64 {
        let (of, lane) = (usize::from(look.of), usize::from(look.lane) % LANES);
        let waits = self.waits[of][lane];
        let queue = waits & (self.places[lane] | ONES);
        if look.is_queue {
            return queue;
        }
        // Who has place 1: what is left of its byte is 0, of all others less than 0x80.
        let others = (queue & !ONES) ^ (ONES << 1);
        let first = ((ONES << 7) - others) >> 7 & ONES;
        let head = first | (first & waits) << 1;
        (self.counts[of] | head) & look.mask
    }
}

/// A task has another place in a queue now; it differs by these bits.
#[inline]
pub(crate) fn move_up(places: &mut Lanes, task: usize, difference: u64) {
    places[task / 8 % LANES] ^= difference << (task % 8 * 8 + 1);
}

/// One word of the answer to what is asked of a lock, or of `oom_reaper_list`.
pub(crate) struct Look {
    /// Which lock, or behind them, which lane of the list.
    of: u8,
    /// Which eight tasks are asked about.
    lane: u8,
    /// Whether the word says who waits and where they stand, and not who holds the lock, how
    /// many wait and who is first.
    is_queue: bool,
    /// Which bits of the latter.
    mask: u64,
}

impl Look {
    /// In the byte of who is first, the lowest bit, and the next one if it wants to write.
    const HEAD: u64 = 3 * ONES;
    /// How many readers hold it, and in the highest bit, if a writer does.
    const HOLDERS: u64 = 0xfc | Look::WRITER;
    const WRITER: u64 = 1 << 63;
    const READER: u64 = 1 << 2;
    /// How many wait.
    const LEN: u64 = 0xfc << 8;
    const WAITER: u64 = 1 << 10;

    /// Everything that answers these questions, where so many lanes are of tasks that change at
    /// all.
    pub(crate) fn all(asked: Asked, lanes: usize) -> Vec<Look> {
        let mut looks = Vec::new();
        let mut look = |of: usize, lane: usize, is_queue, mask| {
            if mask != 0 {
                looks.push(Look {
                    of: of as u8,
                    lane: lane as u8,
                    is_queue,
                    mask,
                });
            }
        };
        let any = asked.holds | asked.lens | asked.heads | asked.queues;
        bits(any.into(), |lock| {
            let on = |asked: u16, bits: u64| if asked >> lock & 1 != 0 { bits } else { 0 };
            let queue = on(asked.queues, u64::MAX);
            // A queue says how long it is and who is first.
            let head = on(asked.heads, Look::HEAD) & !queue;
            let len = on(asked.lens, Look::LEN) & !queue;
            let mut held = on(asked.holds, Look::HOLDERS) | len;
            for lane in 0..lanes {
                look(lock, lane, false, core::mem::take(&mut held) | head);
                look(lock, lane, true, queue);
            }
        });
        for lane in (0..lanes).filter(|_| asked.listed) {
            look(LOCKS_MAX + lane, 0, false, u64::MAX);
        }
        looks
    }
}
