//! Who holds and who waits for each lock: the answers to what steps ask of all tasks together
//! ([`Asked`]). A step may ask in the middle of what it does; from how things were before and
//! from the tasks that it changes the answer follows also then. That is why holders are counted.

use oomscope_model::machine::{LOCKS_MAX, Mode, TASKS_MAX};
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

/// How many there are of something, two bytes for each lock: in bits 0 to 5 readers that hold it,
/// in bits 6 and 7 writers that do, in bits 8 to 13 tasks that wait for it. What one task
/// contributes, or all together.
pub(crate) type Counts = [u64; LOCKS_MAX / LOCKS_A_WORD];

const LOCKS_A_WORD: usize = 4;
const _: () = assert!(TASKS_MAX < 1 << 6);

/// What all tasks together show of the locks of a state.
#[derive(Clone)]
pub(crate) struct Locks {
    counts: Counts,
    /// Who waits for it and how, as [`Shown::waits`] says.
    waits: [Lanes; LOCKS_MAX],
    /// Where tasks stand on `oom_reaper_list`.
    listed: Lanes,
    /// Where tasks stand in the queues they wait in, one bit to the left.
    pub(crate) places: Lanes,
}

impl Locks {
    /// The locks of this state, the tasks of which show this.
    pub(crate) fn of<'a>(state: &State, shown: impl Iterator<Item = &'a Shown>) -> Locks {
        let mut locks = Locks {
            counts: [0; LOCKS_MAX / LOCKS_A_WORD],
            waits: [[0; LANES]; LOCKS_MAX],
            listed: [0; LANES],
            places: [0; LANES],
        };
        for (task, shown) in (0..state.task_count.into()).zip(shown) {
            let (_, rank) = split_rank(state.part(task));
            move_up(&mut locks.places, task, rank.into());
            locks.change(task, &Shown::default(), shown);
        }
        locks
    }

    /// A part shows something else now. What is no task shows nothing, ever. Without asking what
    /// of it is another: that is as likely as not, and to guess wrong takes longer.
    #[inline]
    pub(crate) fn change(&mut self, part: usize, was: &Shown, is: &Shown) {
        let (lane, shift) = (part / 8 % LANES, part % 8 * 8);
        let shares = was.counts.iter().zip(&is.counts);
        for (all, (was, is)) in self.counts.iter_mut().zip(shares) {
            *all = all.wrapping_sub(*was).wrapping_add(*is);
        }
        for shown in [was, is] {
            let (lock, waits) = shown.waits();
            self.waits[lock % LOCKS_MAX][lane] ^= waits << shift;
            self.listed[lane] ^= u64::from(shown.listed()) << shift;
        }
    }

    /// The answer to a question.
    #[inline(always)]
    pub(crate) fn answer(&self, look: &Look) -> u64 {
        let (lock, lane) = (
            usize::from(look.lock) % LOCKS_MAX,
            usize::from(look.lane) % LANES,
        );
        let waits = self.waits[lock][lane];
        let queue = waits & (self.places[lane] | ONES);
        match look.what {
            What::Queue => queue,
            What::Listed => self.listed[lane],
            What::Counts(mask) => {
                // Who has place 1: what is left of its byte is 0, of all others less than 0x80.
                let others = (queue & !ONES) ^ (ONES << 1);
                let first = ((ONES << 7) - others) >> 7 & ONES;
                let head = first | (first & waits) << 1;
                let counts = self.counts[lock / LOCKS_A_WORD] >> (lock % LOCKS_A_WORD * 16);
                // Bits 6 and 7 of a byte say whether it is first, so writers move up.
                let counts = (counts & 0x3f3f) | (counts & 0xc0) << 10;
                (counts | head << 6) & mask
            }
        }
    }
}

/// What a task contributes to the counts of a lock that it holds.
pub(crate) fn holder(lock: usize, mode: Mode) -> (usize, u64) {
    let one = match mode {
        Mode::Read => 1,
        Mode::Write => 1 << 6,
    };
    (lock / LOCKS_A_WORD, one << (lock % LOCKS_A_WORD * 16))
}

/// What it contributes to those of a lock that it waits for.
pub(crate) fn waiter(lock: usize) -> (usize, u64) {
    (lock / LOCKS_A_WORD, 1 << (lock % LOCKS_A_WORD * 16 + 8))
}

/// A task has another place in a queue now; it differs by these bits.
#[inline]
pub(crate) fn move_up(places: &mut Lanes, task: usize, difference: u64) {
    places[task / 8 % LANES] ^= difference << (task % 8 * 8 + 1);
}

/// One word of the answer to what is asked of a lock, or of `oom_reaper_list`.
pub(crate) struct Look {
    /// Which lock, unless it is the list.
    lock: u8,
    /// Which eight tasks are asked about.
    lane: u8,
    what: What,
}

/// What a word says.
enum What {
    /// Who waits and where they stand.
    Queue,
    /// Where tasks stand on the list.
    Listed,
    /// How many hold the lock and wait for it, and who is first: which bits of that.
    Counts(u64),
}

impl Look {
    /// In the byte of who is first, bit 6, and bit 7 if it wants to write.
    const HEAD: u64 = (3 << 6) * ONES;
    /// How many readers hold it, and how many writers.
    const HOLDERS: u64 = 0x3_003f;
    /// How many wait.
    const LEN: u64 = 0x3f00;

    /// Everything that answers these questions, where so many lanes are of tasks that change at
    /// all.
    pub(crate) fn all(asked: Asked, lanes: usize) -> Vec<Look> {
        let mut looks = Vec::new();
        let mut look = |lock: usize, lane: usize, what| {
            looks.push(Look {
                lock: lock as u8,
                lane: lane as u8,
                what,
            });
        };
        let any = asked.holds | asked.lens | asked.heads | asked.queues;
        bits(any.into(), |lock| {
            let is_asked = |asked: u16| asked >> lock & 1 != 0;
            let on = |asked: u16, bits: u64| if is_asked(asked) { bits } else { 0 };
            // A queue says how long it is and who is first.
            let queue = is_asked(asked.queues);
            let unless = |bits: u64| if queue { 0 } else { bits };
            let head = unless(on(asked.heads, Look::HEAD));
            let mut counts = on(asked.holds, Look::HOLDERS) | unless(on(asked.lens, Look::LEN));
            for lane in 0..lanes {
                let mask = core::mem::take(&mut counts) | head;
                if mask != 0 {
                    look(lock, lane, What::Counts(mask));
                }
                if queue {
                    look(lock, lane, What::Queue);
                }
            }
        });
        for lane in (0..lanes).filter(|_| asked.listed) {
            look(0, lane, What::Listed);
        }
        looks
    }
}
