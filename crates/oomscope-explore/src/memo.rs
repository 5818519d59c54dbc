//! What steps were seen to do, so that no step is made twice.
//!
//! A step is a function of what it looks at ([`Reads`]), and that is little: its own task, who
//! holds a lock or waits for it, free pages. In the states of one search the same little comes
//! up again and again, with everything else different. So a step is made once, what it looked
//! at is kept as its *key*, and wherever the key is the same the difference that it made is
//! the same. Exact: a key is compared as a whole, no fingerprint decides.
//!
//! The key of a step that was made consists of the task; the bits of the packed state that say
//! what the parts are that it looked at or changed, the machine-wide parts always among them;
//! and the answers to what it asked of all tasks together. The difference is which bits of the
//! packed state it flips: those bits are in the key.
//!
//! Whoever wants to know what a step will do does not know yet what it will look at. It asks
//! for what the same task asked before in the same place, and with these answers goes to a
//! *hint*: what a step with these answers looked at last time. Hints may be wrong; then no key
//! fits, and the step is made.
//!
//! Everything is kept in tables of a fixed size where the newer takes the place of the older.

use std::collections::BTreeMap;

use oomscope_model::machine::Machine;
use oomscope_model::state::{Asked, Reads};

use crate::parts::{Layout, WIDTH_MAX, bits};
use crate::store::{Loaded, Store, equal};
use crate::traits::{Crowd, Traits, any};

/// Entries at the beginning, and at most.
const ENTRIES: [usize; 2] = [1 << 8, 1 << 15];
/// So many states are found before any step is kept: small searches are over by then. A debug
/// build makes every step that is known once more and compares, so there it begins at once.
pub(crate) const FROM_STATES: u32 = if cfg!(debug_assertions) { 1 } else { 1 << 12 };
/// After so many questions it is asked whether keeping steps has paid.
const TRIAL: u32 = 1 << 15;
/// It has if no more than one step in so many had to be made.
const WORTH: u32 = 4;
/// States for each entry: what is kept of steps must stay small beside what is kept of states.
const STATES_PER_ENTRY: usize = 8;
/// Hints for each entry.
const HINTS: usize = 2;
/// Words of a key for what is asked about locks.
const ANSWERS: usize = 4;
/// A key, with room for the longest.
type Key = [u64; 1 + ANSWERS + WIDTH_MAX];
/// The most tasks: more do not fit into a key.
const TASKS: u32 = 20;
/// Bits of a key that say whose step it is, and its scope.
const TAG_BITS: u32 = 24;
/// No scope.
const NONE: u16 = 0;

/// What is looked at by some steps.
struct Scope {
    reads: Reads,
    /// The scope that has only the questions of this one.
    questions: u16,
    /// The bits of a packed state that say what its parts are.
    mask: Vec<u64>,
    /// The locks that it asks about.
    locks: Vec<Lock>,
}

/// What is asked about a lock.
struct Lock {
    number: u8,
    /// The bits of [`crate::traits::Locks::counted`].
    counted: u64,
    /// Who waits for it.
    waiters: bool,
}

impl Lock {
    /// All locks about which something is asked.
    fn all(asked: Asked) -> Vec<Lock> {
        let any = asked.holds | asked.lens | asked.heads | asked.queues;
        let mut locks = Vec::new();
        bits(any.into(), |lock| {
            let bits = |on: u16, bits: u64| if on >> lock & 1 != 0 { bits } else { 0 };
            locks.push(Lock {
                number: lock as u8,
                counted: bits(asked.holds, 0xff)
                    | bits(asked.lens, 0xff << 8)
                    | bits(asked.heads, 0xff << 16),
                waiters: bits(asked.queues, 1) != 0,
            });
        });
        locks
    }

    /// Words of a key.
    fn words(&self, lanes: usize) -> usize {
        1 + if self.waiters { lanes } else { 0 }
    }
}

/// What a step does to a state.
pub(crate) struct Known<'a> {
    /// The bits that it flips.
    pub(crate) difference: &'a [u64],
    /// In which traits each task differs afterwards, a byte for each.
    shown: &'a [u64],
    /// Bits that the state has afterwards whatever it was before.
    pub(crate) marks: u8,
}

/// Steps that were made.
pub(crate) struct Memo {
    /// Words of a queue.
    lanes: usize,
    /// Words of a packed state.
    width: usize,
    /// Words of a key.
    key_words: usize,
    /// Words of an entry.
    stride: usize,
    /// The layout that the masks are of.
    widened: u32,
    scopes: Vec<Scope>,
    numbers: BTreeMap<Reads, u16>,
    /// Parts that are in every scope.
    always: u64,
    /// For each task and each value it has: the scope of what was asked in that place.
    asked: Vec<Vec<u16>>,
    hints: Vec<u16>,
    /// Entries one after the other.
    entries: Vec<u64>,
    /// How many steps were kept since the tables grew.
    kept: usize,
    /// How many steps were asked for since the last trial, and how many of them were made.
    asked_for: u32,
    made: u32,
}

impl Memo {
    /// For the states of this store, unless the machine is too large or its steps depend on
    /// more than they look at: who gets no CPU depends on where everybody is.
    pub(crate) fn new(machine: &Machine, store: &Store) -> Option<Memo> {
        let tasks = machine.tasks.len();
        if tasks > TASKS as usize || machine.cpus.is_some() {
            return None;
        }
        let first = tasks + usize::from(store.shape().mm_count);
        let mut memo = Memo {
            lanes: tasks.div_ceil(8),
            width: 0,
            key_words: 0,
            stride: 0,
            widened: 0,
            scopes: Vec::new(),
            numbers: BTreeMap::new(),
            always: u64::MAX << first & !(u64::MAX << store.shape().part_count()),
            asked: vec![Vec::new(); tasks],
            hints: Vec::new(),
            entries: Vec::new(),
            kept: 0,
            asked_for: 0,
            made: 0,
        };
        // Number 0 is no scope.
        memo.scopes
            .push(memo.scope(store.layout().0, Reads::default(), NONE));
        memo.clear(store, ENTRIES[0]);
        Some(memo)
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let asked: usize = self
            .asked
            .iter()
            .map(|of_task| of_task.capacity() * 2)
            .sum();
        (self.entries.len() * 8 + self.hints.len() * 2 + asked) as u64
    }

    /// Forgets all steps, and makes the tables for the layout of now.
    #[cold]
    fn clear(&mut self, store: &Store, entries: usize) {
        let (layout, widened) = store.layout();
        self.width = layout.words();
        self.widened = widened;
        // Whose step and who is restless or has a reserve, locks, parts.
        self.key_words = 1 + ANSWERS + self.width;
        // The key, the difference, marks and what tasks show.
        self.stride = self.key_words + self.width + 1 + self.lanes;
        for scope in &mut self.scopes {
            scope.mask = layout.mask(scope.reads.parts | self.always);
        }
        self.entries.clear();
        self.entries.resize(entries * self.stride, u64::MAX);
        self.hints.clear();
        self.hints.resize(entries * HINTS, NONE);
        self.kept = 0;
    }

    fn scope(&self, layout: &Layout, reads: Reads, questions: u16) -> Scope {
        Scope {
            reads,
            questions,
            mask: layout.mask(reads.parts | self.always),
            locks: Lock::all(reads.asked),
        }
    }

    /// The number of a scope, if it can be a key.
    fn number(&mut self, layout: &Layout, reads: Reads) -> Option<u16> {
        if let Some(&number) = self.numbers.get(&reads) {
            return Some(number);
        }
        let locks = Lock::all(reads.asked);
        let words = locks.iter().map(|lock| lock.words(self.lanes));
        if words.sum::<usize>() > ANSWERS {
            return None;
        }
        let questions = match reads.parts {
            0 => NONE,
            _ => self.number(layout, Reads { parts: 0, ..reads })?,
        };
        let number = u16::try_from(self.scopes.len()).ok()?;
        let mut scope = self.scope(layout, reads, questions);
        if reads.parts == 0 {
            scope.questions = number;
        }
        self.scopes.push(scope);
        self.numbers.insert(reads, number);
        Some(number)
    }

    /// What this task's step does in the state that was looked up, if that is known.
    #[inline]
    pub(crate) fn find(&mut self, from: &Loaded, task: usize) -> Option<Known<'_>> {
        self.asked_for += 1;
        let own = from.numbers[task];
        let questions = self.asked[task].get(own as usize).copied();
        let questions = questions.filter(|&questions| questions != NONE)?;
        let mut key = Key::default();
        let answers = self.answer(from, questions, &mut key);
        let number = self.hints[self.hint_at(answers, task, own)];
        let scope = &self.scopes[usize::from(number)];
        if scope.questions != questions {
            return None;
        }
        let place = self.look(from, number, task, answers, &mut key);
        let key = &key[..self.key_words];
        let entry = &self.entries[place..place + self.stride];
        let (found, value) = entry.split_at(key.len());
        if !equal(found, key) {
            return None;
        }
        let (difference, shown) = value.split_at(self.width);
        Some(Known {
            difference,
            shown: &shown[1..],
            marks: shown[0] as u8,
        })
    }

    /// Writes the answers to the questions of a scope into a key; says a mix of them.
    #[inline]
    fn answer(&self, from: &Loaded, questions: u16, key: &mut Key) -> u64 {
        let scope = &self.scopes[usize::from(questions)];
        if scope.reads.asked.restless {
            key[0] = u64::from(from.crowd.who(Traits::RESTLESS)) << TAG_BITS;
        }
        if scope.reads.asked.reserving {
            key[0] |= u64::from(from.crowd.who(Traits::RESERVING)) << (TAG_BITS + TASKS);
        }
        let mut mixed = key[0];
        let mut end = 1;
        let mut add = |word| {
            key[end] = word;
            end += 1;
            mixed = mix(mixed, word);
        };
        for lock in &scope.locks {
            let number = usize::from(lock.number);
            add(from.locks.counted(number) & lock.counted);
            if lock.waiters {
                for &word in from.locks.waiters(number, self.lanes) {
                    add(word);
                }
            }
        }
        mixed
    }

    /// Completes a key that has the answers, whose mix is given, with what parts its scope
    /// looks at; says where the entry with this key would be.
    #[inline]
    fn look(&self, from: &Loaded, scope: u16, task: usize, answers: u64, key: &mut Key) -> usize {
        let tag = u64::from(scope) << 8 | task as u64;
        key[0] |= tag;
        let mut mixed = mix(answers, tag);
        let mask = &self.scopes[usize::from(scope)].mask;
        let key = &mut key[self.key_words - self.width..self.key_words];
        for (key, (word, mask)) in key.iter_mut().zip(from.words.iter().zip(mask)) {
            *key = word & mask;
            mixed = mix(mixed, *key);
        }
        let entries = self.hints.len() / HINTS;
        ((mixed >> 20) as usize & (entries - 1)) * self.stride
    }

    /// Where the hint for these answers is.
    #[inline]
    fn hint_at(&self, answers: u64, task: usize, own: u32) -> usize {
        let mixed = mix(answers, u64::from(own) << 8 | task as u64);
        (mixed >> 20) as usize & (self.hints.len() - 1)
    }

    /// To be called after every step that was made: begins anew if the store writes states in
    /// another way now, or if there is room for more. Says whether keeping steps is worth it.
    #[inline]
    pub(crate) fn keep_up(&mut self, store: &Store) -> bool {
        self.made += 1;
        if self.asked_for >= TRIAL {
            let made = core::mem::take(&mut self.made);
            if made > core::mem::take(&mut self.asked_for) / WORTH {
                return false;
            }
        }
        let wanted = self.kept.min(store.len() as usize / STATES_PER_ENTRY);
        let entries = self.hints.len() / HINTS;
        if store.layout().1 != self.widened {
            self.clear(store, entries);
        } else if wanted > entries && entries < ENTRIES[1] {
            self.clear(store, entries * 2);
        }
        true
    }

    /// Keeps what a step did that was made in the state that was looked up, and collected last
    /// in the store.
    pub(crate) fn learn(&mut self, store: &Store, from: &Loaded, task: usize, made: &Made<'_>) {
        let layout = store.layout().0;
        let own = from.numbers[task];
        let Some(questions) = self.ask(layout, task, own, made.reads.asked) else {
            return;
        };
        let mut key = Key::default();
        let answers = self.answer(from, questions, &mut key);
        let hint = self.hint_at(answers, task, own);
        let Some(number) = self.scope_for(layout, questions, self.hints[hint], task, made) else {
            return;
        };
        self.hints[hint] = number;
        let at = self.look(from, number, task, answers, &mut key);
        let flips = from.words.iter().zip(store.collected());
        let flips = flips.map(|(before, after)| before ^ after);
        let lanes = from.crowd.lanes.iter().zip(&made.crowd.lanes);
        let lanes = lanes.take(self.lanes).map(|(before, after)| before ^ after);
        let key = key[..self.key_words].iter().copied();
        let marks = core::iter::once(made.marks.into());
        let entry = key.chain(flips).chain(marks).chain(lanes);
        for (word, value) in self.entries[at..].iter_mut().zip(entry) {
            *word = value;
        }
        self.kept += 1;
    }

    /// Adds to what is asked in this place; says the scope of all that is.
    fn ask(&mut self, layout: &Layout, task: usize, own: u32, asked: Asked) -> Option<u16> {
        let own = own as usize;
        if own >= self.asked[task].len() {
            self.asked[task].resize(own + 1, NONE);
        }
        let known = self.asked[task][own];
        let before = self.scopes[usize::from(known)].reads.asked;
        let asked = before.and(asked);
        if known == NONE || asked != before {
            let reads = Reads { parts: 0, asked };
            self.asked[task][own] = self.number(layout, reads)?;
        }
        Some(self.asked[task][own])
    }

    /// The scope of a step: the one that was hinted at if it has all that the step looked at.
    fn scope_for(
        &mut self,
        layout: &Layout,
        questions: u16,
        hint: u16,
        task: usize,
        made: &Made<'_>,
    ) -> Option<u16> {
        let parts = made.reads.parts | 1 << task;
        let hinted = &self.scopes[usize::from(hint)];
        if hinted.questions == questions && parts & !hinted.reads.parts == 0 {
            return Some(hint);
        }
        let asked = self.scopes[usize::from(questions)].reads.asked;
        self.number(layout, Reads { parts, asked })
    }
}

/// One step of a mix; no bit of either is lost.
#[inline]
fn mix(mixed: u64, word: u64) -> u64 {
    let mixed = (mixed ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ mixed >> 32
}

/// A step that was made.
pub(crate) struct Made<'a> {
    /// What it looked at.
    pub(crate) reads: Reads,
    /// What the tasks show afterwards.
    pub(crate) crowd: &'a Crowd,
    /// Marks that depend on nothing but what it looked at.
    pub(crate) marks: u8,
}

impl Known<'_> {
    /// All traits that some task has afterwards.
    #[inline]
    pub(crate) fn any(&self, from: &Crowd) -> Traits {
        any(from
            .lanes
            .iter()
            .zip(self.shown)
            .map(|(was, flips)| was ^ flips))
    }
}
