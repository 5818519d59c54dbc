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
//! A task that leaves a queue moves all behind it up, whoever they are. So places in queues are
//! no part of what a task is to a key: who asks about a queue has them in the answer.

use std::collections::BTreeMap;

use oomscope_model::machine::Machine;
use oomscope_model::state::{Asked, Reads};

use crate::key::{ANSWERS, Key, ROOM, WIDTH};
use crate::known::{Kept, Numbers};
use crate::locks::Look;
use crate::parts::Layout;
use crate::store::{Loaded, Store};
use crate::traits::Traits;

/// So many states are found before any step is kept: small searches are over by then. A debug
/// build makes every step that is known once more and compares, so there it begins at once.
pub(crate) const FROM_STATES: u32 = if cfg!(debug_assertions) { 1 } else { 1 << 8 };
/// After so many questions it is asked whether keeping steps has paid.
const TRIAL: u32 = 1 << 15;
/// It has if no more than one step in so many had to be made.
const WORTH: u32 = 4;
/// The most tasks: more do not fit into a key.
const TASKS: u32 = 20;
/// Bits of a key that say whose step it is, and its scope.
const TAG_BITS: u32 = 24;
/// Behind them, who is restless, and who has a reserve.
const RESTLESS: u64 = ((1 << TASKS) - 1) << TAG_BITS;
const RESERVING: u64 = RESTLESS << TASKS;
/// No scope.
const NONE: u16 = 0;

/// What is looked at by some steps.
struct Scope {
    reads: Reads,
    /// The scope that has only the questions of this one.
    questions: u16,
    /// The bits of a packed state that say what its parts are.
    mask: [u64; WIDTH],
    /// Which of the answers about the crowd belong to a key.
    crowd: u64,
    /// Where the answers about locks are.
    looks: Vec<Look>,
}

/// What is known of a task with some value.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The scope of all that was asked there; [`NONE`] if no step is kept.
    questions: u16,
    /// The scope of all steps that were made there; [`NONE`] if they have several.
    scope: u16,
}

/// What a step does to a state.
pub(crate) struct Known<'a> {
    /// The bits that it flips.
    pub(crate) difference: &'a [u64],
    /// Bits that the state has afterwards whatever it was before.
    pub(crate) marks: u8,
}

/// Steps that were made.
pub(crate) struct Memo {
    /// Words that have a byte for each task.
    lanes: usize,
    /// Words of a packed state.
    width: usize,
    /// The layout that the masks are of.
    widened: u32,
    scopes: Vec<Scope>,
    numbers: BTreeMap<Reads, u16>,
    /// Whether any of them asks who is restless or has a reserve.
    asks_crowd: bool,
    /// Parts that are in every scope.
    always: u64,
    /// For each task and each value it has: what was asked in that place.
    asked: Vec<Vec<Place>>,
    /// The scope of what a step with some answers looked at last time, in places where that is
    /// not always the same.
    hints: Numbers,
    known: Kept,
    /// Where keys are made.
    room: [u64; ROOM],
    /// How many steps were asked for since the last trial, and how many of them were made.
    asked_for: u32,
    made: u32,
}

impl Memo {
    /// For the states of this store, unless the machine is too large or its steps depend on
    /// more than they look at: who gets no CPU depends on where everybody is.
    pub(crate) fn new(machine: &Machine, store: &Store) -> Option<Memo> {
        let tasks = machine.tasks.len();
        let is_wide = tasks > TASKS as usize || store.layout().0.words() > WIDTH;
        if is_wide || machine.cpus.is_some() {
            return None;
        }
        let first = tasks + usize::from(store.shape().mm_count);
        let mut memo = Memo {
            lanes: tasks.div_ceil(8),
            width: 0,
            widened: 0,
            scopes: Vec::new(),
            numbers: BTreeMap::new(),
            asks_crowd: false,
            always: u64::MAX << first & !(u64::MAX << store.shape().part_count()),
            asked: vec![Vec::new(); tasks],
            hints: Numbers::new(),
            known: Kept::new(),
            room: [0; ROOM],
            asked_for: 0,
            made: 0,
        };
        // Number 0 is no scope.
        memo.scopes
            .push(memo.scope(store.layout().0, Reads::default(), NONE));
        memo.clear(store);
        Some(memo)
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let places = self.asked.iter().map(Vec::capacity).sum::<usize>() * size_of::<Place>();
        let scopes = self.scopes.capacity() * size_of::<Scope>();
        (self.known.bytes() + self.hints.bytes() + places + scopes) as u64
    }

    /// How many bytes more there will soon be for a moment, if it is about to grow.
    pub(crate) fn growth(&self) -> u64 {
        self.known.growth() as u64
    }

    /// Forgets all steps; those of now on are of the layout of now.
    #[cold]
    fn clear(&mut self, store: &Store) {
        let (layout, widened) = store.layout();
        self.width = layout.words();
        self.widened = widened;
        for scope in &mut self.scopes {
            scope.mask = mask(layout, scope.reads.parts | self.always);
            scope.looks = Look::all(scope.reads.asked, layout.lanes());
        }
        self.known.clear();
        self.hints.clear();
    }

    fn scope(&self, layout: &Layout, reads: Reads, questions: u16) -> Scope {
        Scope {
            reads,
            questions,
            mask: mask(layout, reads.parts | self.always),
            crowd: if_so(reads.asked.restless, RESTLESS) | if_so(reads.asked.reserving, RESERVING),
            looks: Look::all(reads.asked, layout.lanes()),
        }
    }

    /// The number of a scope, if it can be a key.
    fn number(&mut self, layout: &Layout, reads: Reads) -> Option<u16> {
        if let Some(&number) = self.numbers.get(&reads) {
            return Some(number);
        }
        if Look::all(reads.asked, self.lanes).len() > ANSWERS {
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
        self.asks_crowd |= scope.crowd != 0;
        self.scopes.push(scope);
        self.numbers.insert(reads, number);
        Some(number)
    }

    /// Who is restless and who has a reserve, as it is in the first word of a key; nobody if no
    /// step has asked.
    #[inline]
    pub(crate) fn crowd(&self, from: &Loaded) -> u64 {
        if !self.asks_crowd {
            return 0;
        }
        let who = |of| u64::from(from.crowd.who(of)) & (RESTLESS >> TAG_BITS);
        who(Traits::RESTLESS) << TAG_BITS | who(Traits::RESERVING) << (TAG_BITS + TASKS)
    }

    /// What this task's step does in the state that was looked up, whose crowd this is, if that
    /// is known. A state has `W` words, or if that is 0, as many as it has.
    #[inline]
    pub(crate) fn find<const W: usize>(
        &mut self,
        from: &Loaded,
        crowd: u64,
        task: usize,
    ) -> Option<Known<'_>> {
        self.asked_for += 1;
        let own = from.numbers[task];
        let Place {
            questions,
            mut scope,
        } = *self.asked[task].get(own as usize)?;
        if questions == NONE {
            return None;
        }
        let questioned = &self.scopes[usize::from(questions)];
        let mut key = answers(questioned, from, crowd, &mut self.room);
        if scope == NONE {
            scope = self.hints.find(key.place(task, own))? as u16;
            if self.scopes[usize::from(scope)].questions != questions {
                return None;
            }
        }
        let mask = &self.scopes[usize::from(scope)].mask;
        let width = match W {
            0 => self.width.min(WIDTH),
            known => known,
        };
        look(&mut key, from, scope, &mask[..width], task);
        let value = self.known.find(key.tag(), key.words(), 1 + width)?;
        let (marks, difference) = value.split_first()?;
        Some(Known {
            difference,
            marks: *marks as u8,
        })
    }

    /// To be called after every step that was made: begins anew if the store writes states in
    /// another way now. Says whether keeping steps is worth it.
    #[inline]
    pub(crate) fn keep_up(&mut self, store: &Store) -> bool {
        self.made += 1;
        if self.asked_for >= TRIAL {
            let made = core::mem::take(&mut self.made);
            if made > core::mem::take(&mut self.asked_for) / WORTH {
                return false;
            }
        }
        if store.layout().1 != self.widened {
            if store.layout().0.words() > WIDTH {
                return false;
            }
            self.clear(store);
        }
        true
    }

    /// Keeps what a step did that was made in the state that was looked up, and collected last
    /// in the store.
    pub(crate) fn learn(&mut self, store: &Store, from: &Loaded, made: &Made) {
        let task = usize::from(made.task);
        if self.known.is_full(store.len()) {
            // What is still needed is soon known again.
            self.clear(store);
        }
        let layout = store.layout().0;
        let own = from.numbers[task];
        let Some((questions, is_new)) = self.questions(layout, task, own, made.reads.asked) else {
            return;
        };
        let mut room = [0; ROOM];
        let mut key = answers(
            &self.scopes[usize::from(questions)],
            from,
            self.crowd(from),
            &mut room,
        );
        let place = key.place(task, own);
        let hinted = self.hints.find(place).unwrap_or(NONE.into());
        let Some(scope) = self.scope_for(layout, questions, hinted as u16, task, made) else {
            return;
        };
        self.hints.set(place, scope.into());
        let known = &mut self.asked[task][own as usize];
        if is_new {
            known.scope = scope;
        } else if known.scope != scope {
            known.scope = NONE;
        }
        let mask = &self.scopes[usize::from(scope)].mask;
        look(&mut key, from, scope, &mask[..self.width], task);
        let flips = from.words.iter().zip(store.collected());
        let flips = flips.map(|(before, after)| before ^ after);
        let value = core::iter::once(made.marks.into()).chain(flips);
        let (tag, key) = (key.tag(), key.words());
        if self.known.find(tag, key, 0).is_none() {
            self.known.keep(tag, key, value);
        }
    }

    /// Adds to what is asked in this place; says the scope of all that is, and whether there is
    /// more now.
    fn questions(
        &mut self,
        layout: &Layout,
        task: usize,
        own: u32,
        asked: Asked,
    ) -> Option<(u16, bool)> {
        let own = own as usize;
        if own >= self.asked[task].len() {
            self.asked[task].resize(own + 1, Place::default());
        }
        let known = self.asked[task][own].questions;
        let before = self.scopes[usize::from(known)].reads.asked;
        let asked = before.and(asked);
        let is_new = known == NONE || asked != before;
        if is_new {
            let reads = Reads { parts: 0, asked };
            self.asked[task][own] = Place {
                questions: self.number(layout, reads)?,
                scope: NONE,
            };
        }
        Some((self.asked[task][own].questions, is_new))
    }

    /// The scope of a step: the one that was hinted at if it has all that the step looked at.
    fn scope_for(
        &mut self,
        layout: &Layout,
        questions: u16,
        hint: u16,
        task: usize,
        made: &Made,
    ) -> Option<u16> {
        let mut parts = made.reads.parts | 1 << task;
        let hinted = &self.scopes[usize::from(hint)];
        if hinted.questions == questions {
            if parts & !hinted.reads.parts == 0 {
                return Some(hint);
            }
            parts |= hinted.reads.parts;
        }
        let asked = self.scopes[usize::from(questions)].reads.asked;
        self.number(layout, Reads { parts, asked })
    }
}

/// The bits of a packed state that say what these parts are.
fn mask(layout: &Layout, parts: u64) -> [u64; WIDTH] {
    let mut mask = [0; WIDTH];
    for (mask, word) in mask.iter_mut().zip(layout.mask(parts)) {
        *mask = word;
    }
    mask
}

/// A step that was made.
pub(crate) struct Made {
    pub(crate) task: u8,
    /// What it looked at.
    pub(crate) reads: Reads,
    /// Marks that depend on nothing but what it looked at.
    pub(crate) marks: u8,
}

/// Begins a key with the answers to the questions of a scope, among them those about the
/// crowd.
#[inline(always)]
fn answers<'a>(scope: &Scope, from: &Loaded, crowd: u64, room: &'a mut [u64; ROOM]) -> Key<'a> {
    let mut key = Key::new(room, crowd & scope.crowd);
    for look in &scope.looks {
        key.push(from.locks.answer(look));
    }
    key
}

fn if_so(on: bool, bits: u64) -> u64 {
    if on { bits } else { 0 }
}

/// Completes a key that has the answers: whose step it is, and what the parts are that a scope
/// looks at.
#[inline(always)]
fn look(key: &mut Key<'_>, from: &Loaded, scope: u16, mask: &[u64], task: usize) {
    key.mark(u64::from(scope) << 8 | task as u64);
    for (word, mask) in from.words.iter().zip(mask) {
        key.push(word & mask);
    }
}
