//! The exact packed form of a state: explicit little-endian bit fields in `u64` words, the
//! same on every platform. What is hashed, stored and compared is this and nothing else.

use crate::machine::{
    CompletionId, LRUS_MAX, LockId, MEMCGS_MAX, MMS_MAX, MmId, Mode, TASKS_MAX, TaskId, VMAS_MAX,
};
use crate::state::{
    Call, ExitMmap, Exiting, Held, Kmem, LruState, Memcg, Mm, MmFlags, Moom, Nap, Notify, Pc, Reap,
    Run, Site, State, StateFlags, Task, TaskFlags, Trans, Vma, Vmscan,
};

/// The most words a state can have.
pub const WORDS_MAX: usize = 2 * TASKS_MAX + MMS_MAX + 3;

const TRANS: [Trans; 4] = [
    Trans::None,
    Trans::Reserving,
    Trans::Open,
    Trans::RollingBack,
];

const NAPS: [Nap; 6] = [
    Nap::Jiffy,
    Nap::Hz50,
    Nap::Hz10,
    Nap::Hz,
    Nap::Hz2,
    Nap::Hz3,
];

/// Both directions between a program counter and its eight bits: the state machine in the
/// upper three, its step in the lower five; two of them share a group, and the second begins
/// at a step of its own. A program counter that is not listed does not
/// compile.
macro_rules! pc_codes {
    (plain { $($plain:ident),+ $(,)? } $($group:literal + $base:literal => $machine:ident),+ $(,)?) => {
        #[derive(Clone, Copy)]
        enum Plain {
            $($plain),+
        }

        /// The program counters that are not nested, in the order of their codes.
        const PLAIN: &[Pc] = &[$(Pc::$plain),+];

        const fn pc_code(pc: Pc) -> u64 {
            let (group, step) = match pc {
                $(Pc::$plain => (0, Plain::$plain as u8),)+
                $(Pc::$machine(at) => ($group, $base + at.code()),)+
            };
            group << 5 | step as u64
        }

        fn pc_of(code: u64) -> Pc {
            let at = (code & 31) as usize;
            $(
                let steps = $machine::ALL;
                if code >> 5 == $group && at.wrapping_sub($base) < steps.len() {
                    return Pc::$machine(steps[at - $base]);
                }
            )+
            PLAIN[at]
        }

        // Five bits are enough for each, and what shares a group does not overlap.
        const _: () = assert!(PLAIN.len() <= 32);
        $(const _: () = {
            let mut at = 0;
            while at < $machine::ALL.len() {
                assert!(pc_code(Pc::$machine($machine::ALL[at])) >> 5 == $group);
                at += 1;
            }
        };)+
        const _: () = assert!(Vmscan::ALL.len() <= 16);
    };
}

pc_codes! {
    plain {
        Line,
        AllocTry,
        AllocOom,
        AllocScan,
        AllocKillNap,
        Release,
        LineDone,
        Unwind,
        ExitLock,
        ExitDropMm,
        AllocLastAttempt,
        AllocNotify,
        AllocNotified,
    }
    1 + 0 => ExitMmap,
    2 + 0 => Reap,
    3 + 0 => Vmscan,
    3 + 16 => Memcg,
    4 + 0 => Kmem,
    4 + 16 => Moom,
    5 + 0 => Site,
    6 + 0 => Exiting,
    7 + 0 => Notify,
}

/// What a part of a state is.
enum PartKind {
    Task(usize),
    Mm(usize),
    Memcgs,
    Lrus,
    Rest,
}

/// Writes bit fields from the low end of a word upwards.
struct Writer {
    word: u64,
    at: u32,
}

impl Writer {
    fn new() -> Writer {
        Writer { word: 0, at: 0 }
    }

    fn put(mut self, bits: u32, value: u64) -> Writer {
        debug_assert!(value >> bits == 0, "{value} does not fit into {bits} bits");
        self.word |= value << self.at;
        self.at += bits;
        debug_assert!(self.at <= 64, "the word is full");
        self
    }
}

/// Reads them back in the same order.
struct Reader {
    word: u64,
}

impl Reader {
    fn take(&mut self, bits: u32) -> u64 {
        let value = self.word & ((1 << bits) - 1);
        self.word >>= bits;
        value
    }
}

/// The most parts a state can have.
pub const PARTS_MAX: usize = TASKS_MAX + MMS_MAX + 3;

/// One part of a state in packed form: a task has two words, any other part one and a zero.
pub type Part = [u64; 2];

/// A state consists of parts: its tasks, its address spaces, its memory cgroups and the
/// lists of reclaimable pages if there are any, and the rest. A step changes few of them, so whoever keeps many states
/// keeps each part once.
impl State {
    /// How many parts a state of this shape has.
    pub fn part_count(&self) -> usize {
        let memcgs = usize::from(self.memcg_count > 0);
        let lrus = usize::from(self.lru_count > 0);
        usize::from(self.task_count) + usize::from(self.mm_count) + memcgs + lrus + 1
    }

    /// What part `index` is.
    #[inline]
    fn part_kind(&self, index: usize) -> PartKind {
        let tasks = usize::from(self.task_count);
        let mms = usize::from(self.mm_count);
        if index < tasks {
            PartKind::Task(index)
        } else if index < tasks + mms {
            PartKind::Mm(index - tasks)
        } else if index == tasks + mms && self.memcg_count > 0 {
            PartKind::Memcgs
        } else if index + 2 == self.part_count() && self.lru_count > 0 {
            PartKind::Lrus
        } else {
            PartKind::Rest
        }
    }

    /// Packs part `index`, which is less than [`State::part_count`].
    #[inline]
    pub fn part(&self, index: usize) -> Part {
        match self.part_kind(index) {
            PartKind::Task(at) => pack_task(&self.tasks.peek()[at]),
            PartKind::Mm(at) => [pack_mm(&self.mms.peek()[at]), 0],
            PartKind::Memcgs => [pack_memcgs(&self.kmem), 0],
            PartKind::Lrus => [pack_lrus(&self.lrus), 0],
            PartKind::Rest => [self.pack_rest(), 0],
        }
    }

    /// Unpacks part `index`: the exact inverse of [`State::part`].
    #[inline]
    pub fn set_part(&mut self, index: usize, part: Part) {
        match self.part_kind(index) {
            PartKind::Task(at) => self.tasks.put(at, unpack_task(part)),
            PartKind::Mm(at) => self.mms.put(at, unpack_mm(part[0])),
            PartKind::Memcgs => self.kmem = unpack_memcgs(part[0]),
            PartKind::Lrus => self.lrus = unpack_lrus(part[0]),
            PartKind::Rest => self.unpack_rest(part[0]),
        }
    }

    /// Takes part `index` from a state of the same shape.
    #[inline]
    pub fn copy_part(&mut self, index: usize, from: &State) {
        match self.part_kind(index) {
            PartKind::Task(at) => self.tasks.put(at, from.tasks.peek()[at]),
            PartKind::Mm(at) => self.mms.put(at, from.mms.peek()[at]),
            PartKind::Memcgs => self.kmem = from.kmem,
            PartKind::Lrus => self.lrus = from.lrus,
            PartKind::Rest => self.copy_rest(from),
        }
    }

    /// Bit `n` is set if part `n` may differ from that of `from`, which is what this state was
    /// before the steps made since this was asked last, or since it was copied.
    #[inline]
    pub fn take_touched(&mut self, from: &State) -> u64 {
        let tasks = usize::from(self.task_count);
        let mut touched = u64::from(self.tasks.take_touched());
        touched |= u64::from(self.mms.take_touched()) << tasks;
        let mut at = tasks + usize::from(self.mm_count);
        if self.memcg_count > 0 {
            touched |= u64::from(self.kmem != from.kmem) << at;
            at += 1;
        }
        if self.lru_count > 0 {
            touched |= u64::from(self.lrus != from.lrus) << at;
            at += 1;
        }
        touched |= u64::from(self.rest_differs(from)) << at;
        debug_assert!(
            (0..self.part_count())
                .all(|part| self.part(part) == from.part(part) || touched >> part & 1 != 0),
            "a change went unnoticed"
        );
        touched
    }

    /// Writes a task as a load does: nobody will be told that it was touched.
    #[inline]
    pub fn put_task(&mut self, index: usize, task: Task) {
        self.tasks.put(index, task);
    }

    /// How many words the packed form has.
    pub fn word_count(&self) -> usize {
        usize::from(self.task_count) + self.part_count()
    }

    /// Packs the state into the first [`State::word_count`] words of `words`: its parts in
    /// order, two words for each task, one for any other.
    pub fn words(&self, words: &mut [u64; WORDS_MAX]) {
        let mut at = 0;
        for index in 0..self.part_count() {
            let [first, second] = self.part(index);
            words[at] = first;
            at += 1;
            if index < usize::from(self.task_count) {
                words[at] = second;
                at += 1;
            }
        }
    }

    /// The exact inverse of [`State::words`]; `shape` gives the counts.
    pub fn from_words(shape: &State, words: &[u64]) -> State {
        let mut state = shape.clone();
        let mut words = words.iter().copied();
        for index in 0..shape.part_count() {
            let first = words.next().unwrap_or_default();
            let second = if index < usize::from(shape.task_count) {
                words.next().unwrap_or_default()
            } else {
                0
            };
            state.set_part(index, [first, second]);
        }
        state
    }

    #[inline]
    fn pack_rest(&self) -> u64 {
        Writer::new()
            .put(13, u64::from(self.free_pages))
            .put(16, u64::from(self.completed))
            .put(4, u64::from(self.flags.0 & 15))
            .put(16, u64::from(self.lock_bits))
            .put(7, u64::from(self.notified))
            .put(4, u64::from(self.flags.0 >> 4))
            .word
    }

    /// Whether that part differs; packing it twice to find out would take longer.
    #[inline]
    fn rest_differs(&self, from: &State) -> bool {
        (self.free_pages != from.free_pages)
            | (self.completed != from.completed)
            | (self.flags != from.flags)
            | (self.lock_bits != from.lock_bits)
            | (self.notified != from.notified)
    }

    fn unpack_rest(&mut self, word: u64) {
        let mut reader = Reader { word };
        self.free_pages = reader.take(13) as u16;
        self.completed = reader.take(16) as u16;
        self.flags = StateFlags(reader.take(4) as u8);
        self.lock_bits = reader.take(16) as u16;
        self.notified = reader.take(7) as u8;
        self.flags.0 |= (reader.take(4) as u8) << 4;
    }

    fn copy_rest(&mut self, from: &State) {
        self.free_pages = from.free_pages;
        self.completed = from.completed;
        self.flags = from.flags;
        self.lock_bits = from.lock_bits;
        self.notified = from.notified;
    }

    /// A digest of the packed form, equal on every platform.
    pub fn digest(&self) -> u64 {
        let mut words = [0; WORDS_MAX];
        self.words(&mut words);
        fold(&words[..self.word_count()])
    }
}

/// Mixes words into one; every step is a bijection of the running value for a fixed word,
/// so no word can be lost on the way.
pub fn fold(words: &[u64]) -> u64 {
    let mut mixed = 0x9e37_79b9_7f4a_7c15u64;
    for &word in words {
        mixed = (mixed ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^= mixed >> 32;
    }
    mixed = mixed.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ mixed >> 29
}

/// Whether and where a task runs, in the lowest 29 bits. A variant writes its own fields
/// only, which is half the work of writing all of them.
#[inline]
fn pack_run(run: Run) -> u64 {
    let at = |tag: u64, pc: Pc| tag | pc_code(pc) << 3;
    match run {
        Run::Ready(pc) => at(0, pc),
        Run::Queued {
            on,
            mode,
            rank,
            awake,
            pc,
        } => {
            let place = Writer::new()
                .put(4, u64::from(on.0))
                .put(1, mode as u64)
                .put(5, u64::from(rank))
                .put(1, u64::from(awake));
            at(1, pc) | place.word << 11
        }
        Run::Parked(pc) => at(2, pc),
        Run::Asleep { nap, pc } => at(3, pc) | (nap as u64) << 22,
        Run::Waits { completion, pc } => at(4, pc) | u64::from(completion.0) << 25,
        Run::Idle => 5,
        Run::Exited => 6,
    }
}

/// Where [`pack_run`] has a waiter's place in the queue.
const RANK_AT: u32 = 16;

/// A task's part as it would be at no place of a queue, and the place that it has there; 0 if
/// it stands in none. One task that leaves moves all behind it, so who keeps parts keeps that
/// apart.
#[inline]
pub fn split_rank([first, second]: Part) -> (Part, u8) {
    let rank = first >> RANK_AT & 31;
    ([first ^ rank << RANK_AT, second], rank as u8)
}

fn pack_task(task: &Task) -> Part {
    let first = Writer::new()
        .put(29, pack_run(task.run))
        .put(8, u64::from(task.line))
        .put(16, u64::from(task.flags.0))
        .put(5, u64::from(task.todo))
        .put(5, u64::from(task.tries));
    let second = Writer::new()
        .put(32, u64::from(task.held.0))
        .put(6, task.victim.map_or(0, |victim| u64::from(victim.0) + 1))
        .put(5, u64::from(task.reap_rank))
        .put(4, task.mm_job.map_or(0, |mm| u64::from(mm.0) + 1))
        .put(2, task.trans as u64)
        .put(4, u64::from(task.reserve))
        .put(4, u64::from(task.dirty))
        .put(2, u64::from(task.notifier.at))
        .put(1, u64::from(task.notifier.failed))
        .put(1, u64::from(task.notifier.partial));
    [first.word, second.word]
}

fn unpack_task([first, second]: Part) -> Task {
    let mut reader = Reader { word: first };
    let tag = reader.take(3);
    let pc = pc_of(reader.take(8));
    let on = LockId(reader.take(4) as u8);
    let mode = if reader.take(1) == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    let rank = reader.take(5) as u8;
    let awake = reader.take(1) != 0;
    let nap = NAPS[reader.take(3) as usize];
    let completion = CompletionId(reader.take(4) as u8);
    let run = match tag {
        0 => Run::Ready(pc),
        1 => Run::Queued {
            on,
            mode,
            rank,
            awake,
            pc,
        },
        2 => Run::Parked(pc),
        3 => Run::Asleep { nap, pc },
        4 => Run::Waits { completion, pc },
        5 => Run::Idle,
        _ => Run::Exited,
    };
    let line = reader.take(8) as u8;
    let flags = TaskFlags(reader.take(16) as u16);
    let todo = reader.take(5) as u8;
    let tries = reader.take(5) as u8;
    let mut reader = Reader { word: second };
    let held = Held(reader.take(32) as u32);
    let victim = reader
        .take(6)
        .checked_sub(1)
        .map(|victim| TaskId(victim as u8));
    let reap_rank = reader.take(5) as u8;
    let mm_job = reader.take(4).checked_sub(1).map(|mm| MmId(mm as u8));
    let trans = TRANS[reader.take(2) as usize];
    let reserve = reader.take(4) as u8;
    let dirty = reader.take(4) as u8;
    let notifier = Call {
        at: reader.take(2) as u8,
        failed: reader.take(1) != 0,
        partial: reader.take(1) != 0,
    };
    Task {
        run,
        line,
        held,
        flags,
        todo,
        tries,
        mm_job,
        victim,
        notifier,
        reap_rank,
        trans,
        reserve,
        dirty,
    }
}

fn pack_lrus(lrus: &[LruState; LRUS_MAX]) -> u64 {
    let mut writer = Writer::new();
    for lru in lrus {
        writer = writer
            .put(13, u64::from(lru.pages))
            .put(1, u64::from(lru.isolated));
    }
    writer.word
}

fn unpack_lrus(word: u64) -> [LruState; LRUS_MAX] {
    let mut reader = Reader { word };
    let mut lrus = [LruState::default(); LRUS_MAX];
    for lru in &mut lrus {
        *lru = LruState {
            pages: reader.take(13) as u16,
            isolated: reader.take(1) != 0,
        };
    }
    lrus
}

fn pack_memcgs(kmem: &[u16; MEMCGS_MAX]) -> u64 {
    let writer = Writer::new();
    let pages = kmem.iter();
    pages
        .fold(writer, |writer, &pages| writer.put(13, u64::from(pages)))
        .word
}

fn unpack_memcgs(word: u64) -> [u16; MEMCGS_MAX] {
    let mut reader = Reader { word };
    [(); MEMCGS_MAX].map(|()| reader.take(13) as u16)
}

fn pack_mm(mm: &Mm) -> u64 {
    let mut writer = Writer::new()
        .put(6, u64::from(mm.users))
        .put(16, u64::from(mm.flags.0));
    for vma in mm.vmas {
        writer = writer
            .put(13, u64::from(vma.pages))
            .put(1, u64::from(vma.locked));
    }
    writer.word
}

fn unpack_mm(word: u64) -> Mm {
    let mut reader = Reader { word };
    let users = reader.take(6) as u8;
    let flags = MmFlags(reader.take(16) as u16);
    let mut vmas = [Vma::default(); VMAS_MAX];
    for vma in &mut vmas {
        *vma = Vma {
            pages: reader.take(13) as u16,
            locked: reader.take(1) != 0,
        };
    }
    Mm { users, flags, vmas }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All but the steps of reclaim get this from the compiler; theirs carry a number.
    #[test]
    fn every_code_is_the_code_of_its_program_counter() {
        for (group, steps) in [(3, Vmscan::ALL.len()), (0, PLAIN.len())] {
            for step in 0..steps as u64 {
                assert_eq!(pc_code(pc_of(group << 5 | step)), group << 5 | step);
            }
        }
        for list in 0..LRUS_MAX as u8 {
            for at in [Vmscan::Shrink(list), Vmscan::Pageout(list)] {
                assert_eq!(pc_of(pc_code(Pc::Vmscan(at))), Pc::Vmscan(at));
            }
        }
    }
}
