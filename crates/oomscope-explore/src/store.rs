//! The set of states found so far. Exact: nothing is told apart or taken for equal by a
//! fingerprint alone.
//!
//! A step changes few parts of a state ([`State::part`]), so every part that ever occurs is
//! kept once, under a small number, and a state is the numbers of its parts, as many bits
//! each as the largest number needs ("collapse" in the literature on model checkers). What
//! place a task has in a queue is not part of its part but a number of its own: all who stand
//! behind somebody who leaves move up. Two states are equal if and only if these bits are. A
//! hash table over the bits, of indices only, finds them again.
//!
//! Memory is slow and does several things at once: states are first collected in a batch
//! ([`Store::collect`]) and then looked up together ([`Store::take_in`]).
//!
//! States lie in chunks that are never moved or doubled, so memory grows in small steps
//! also in a browser.

use oomscope_model::machine::Timing;
use oomscope_model::state::State;
use oomscope_model::words::fold;

use crate::parts::{FIELDS_MAX, Layout, Parts, WIDTH_MAX, bits};
use crate::table::{NONE, Table};
use crate::traits::{Crowd, Locks};

/// States per chunk.
const CHUNK_STATES: usize = 1 << 12;

/// States in the order in which they were found, with an index by content.
pub(crate) struct Store {
    shape: State,
    parts: Parts,
    layout: Layout,
    chunks: Vec<Vec<u64>>,
    len: u32,
    table: Table,
    batch: Batch,
    /// How often the layout has changed.
    widened: u32,
}

/// States that wait to be looked up: their words one after the other, and for each the index
/// that stood in its slot of the table, [`NONE`] if it was not the same state.
#[derive(Default)]
struct Batch {
    words: Vec<u64>,
    hashes: Vec<u64>,
    guesses: Vec<u32>,
}

/// A state out of the store: the numbers of its parts, what they show, and the state itself.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The state, except for the stale parts.
    pub(crate) state: State,
    /// Once more, for steps to change; whoever makes one takes it back afterwards.
    pub(crate) next: State,
    /// Which parts of both are not unpacked yet.
    stale: u64,
    /// What its tasks show.
    pub(crate) crowd: Crowd,
    /// Who holds and who waits for its locks.
    pub(crate) locks: Locks,
    /// Which value each part has, and after them which place in a queue.
    pub(crate) numbers: [u32; FIELDS_MAX],
    /// The same, packed.
    pub(crate) words: [u64; WIDTH_MAX],
}

impl Store {
    /// An empty store for states of this shape.
    pub(crate) fn new(shape: &State, timing: Timing) -> Store {
        let mut fresh = shape.clone();
        fresh.take_touched(shape);
        let parts = Parts::new(shape, timing);
        Store {
            shape: fresh,
            layout: Layout::new(&parts, shape),
            parts,
            chunks: Vec::new(),
            len: 0,
            table: Table::new(1 << 10),
            batch: Batch::default(),
            widened: 0,
        }
    }

    /// A state with as many of everything as all have.
    pub(crate) fn shape(&self) -> &State {
        &self.shape
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let chunk = CHUNK_STATES * self.layout.words() * 8;
        (self.chunks.len() * chunk + self.table.bytes()) as u64 + self.parts.bytes()
    }

    /// Somewhere to load states into; now it has the state that gave the shape: all parts have
    /// number 0, and tasks may stand in queues.
    pub(crate) fn loaded(&self) -> Loaded {
        let mut numbers = [0; FIELDS_MAX];
        for part in 0..self.parts.count() {
            numbers[self.layout.place(part)] = self.parts.rank(part, &self.shape).into();
        }
        Loaded {
            state: self.shape.clone(),
            next: self.shape.clone(),
            stale: 0,
            crowd: Crowd::of(&self.shape, self.parts.timing),
            locks: Locks::of(&self.shape, self.parts.timing),
            words: self.packed(&numbers),
            numbers,
        }
    }

    /// Loads and unpacks the state with this index. Parts that are as in what was loaded
    /// before cost nothing.
    pub(crate) fn load(&self, index: u32, into: &mut Loaded) {
        self.look_up::<0>(index, into);
        self.unpack(into);
    }

    /// Loads what the state with this index shows, but does not unpack it.
    #[inline]
    pub(crate) fn look_up<const W: usize>(&self, index: u32, into: &mut Loaded) {
        for (at, &word) in self.words::<W>(index).iter().enumerate() {
            let before = core::mem::replace(&mut into.words[at], word);
            self.layout.differing(at, word, before, |field, number| {
                let old = core::mem::replace(&mut into.numbers[field], number);
                let parts = self.layout.parts();
                if field < parts {
                    let was = self.parts.shown(field, old);
                    let is = self.parts.shown(field, number);
                    let rank = into.numbers[parts + field] as u8;
                    into.crowd.change(field, was.difference(is).traits());
                    into.locks.change(field, rank, was, is);
                    into.stale |= 1 << field;
                } else {
                    let task = field - parts;
                    let shown = self.parts.shown(task, into.numbers[task]);
                    into.locks.move_up(task, shown, old as u8, number as u8);
                    into.stale |= 1 << task;
                }
            });
        }
    }

    /// Unpacks what was looked up.
    #[inline]
    pub(crate) fn unpack(&self, loaded: &mut Loaded) {
        bits(core::mem::take(&mut loaded.stale), |part| {
            let rank = loaded.numbers[self.layout.place(part)];
            self.parts
                .load(part, loaded.numbers[part], rank as u8, &mut loaded.state);
            loaded.next.copy_part(part, &loaded.state);
        });
    }

    /// The index of a state, if it was found.
    pub(crate) fn find(&self, state: &State) -> Option<u32> {
        let words = self.words_of(state)?;
        let words = &words[..self.layout.words()];
        self.probe::<0>(words, fold(words)).ok()
    }

    /// Its words, if all its parts have been seen.
    fn words_of(&self, state: &State) -> Option<[u64; WIDTH_MAX]> {
        let mut words = [0; WIDTH_MAX];
        for part in 0..self.parts.count() {
            let (number, rank) = self.parts.find(part, state)?;
            let place = self.layout.place(part);
            for (field, number) in [(part, number), (place, rank.into())] {
                if !self.layout.fits(field, number) {
                    return None;
                }
                self.layout.set(&mut words, field, 0, number);
            }
        }
        Some(words)
    }

    /// Adds a state at once unless it is there; says which index it has and whether it is
    /// new. Only the parts of the mask `touched` may differ from what was loaded in `from`.
    pub(crate) fn insert(
        &mut self,
        state: &State,
        from: &mut Loaded,
        mut touched: u64,
    ) -> (u32, bool) {
        bits(touched, |part| from.next.copy_part(part, state));
        self.collect(from, &mut touched);
        bits(touched, |part| from.next.copy_part(part, &from.state));
        let mut found = (0, false);
        self.take_in::<0>(|index, new| found = (index, new));
        found
    }

    /// Adds `from.next` to the batch, and says what its tasks show. Only the parts of the mask
    /// `touched` may differ from what was loaded; those that do not are taken out of the mask.
    #[inline]
    pub(crate) fn collect(&mut self, from: &mut Loaded, touched: &mut u64) -> Crowd {
        let start = self.batch.words.len();
        self.batch
            .words
            .extend_from_slice(&from.words[..self.layout.words()]);
        let words = &mut self.batch.words[start..];
        let mut crowd = from.crowd;
        let mut rest = *touched;
        while rest != 0 {
            let part = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let place = self.layout.place(part);
            let (old, old_rank) = (from.numbers[part], from.numbers[place]);
            let (number, rank, difference) = self.parts.renumber(part, old, &from.next);
            let rank = rank.into();
            if number == old && rank == old_rank {
                *touched &= !(1 << part);
                continue;
            }
            if let Some((field, number)) = self.layout.too_narrow(part, number, rank) {
                self.batch.words.truncate(start);
                self.widen(field, number);
                from.words = self.packed(&from.numbers);
                return self.collect(from, touched);
            }
            self.layout.set(words, part, old, number);
            self.layout.set(words, place, old_rank, rank);
            crowd.change(part, difference);
        }
        crowd
    }

    /// Adds a state to the batch that is known to differ from `from` by these bits.
    #[inline]
    pub(crate) fn collect_known<const W: usize>(&mut self, from: &Loaded, difference: &[u64]) {
        let width = self.width::<W>();
        let words = from.words[..width].iter().zip(&difference[..width]);
        let words = words.map(|(word, bits)| word ^ bits);
        self.batch.words.extend(words);
    }

    /// The words of what was collected last.
    pub(crate) fn collected(&self) -> &[u64] {
        &self.batch.words[self.batch.words.len() - self.layout.words()..]
    }

    /// Whether what was collected last is this state.
    pub(crate) fn is_collected(&self, state: &State) -> bool {
        let words = self.words_of(state);
        words.is_some_and(|words| words[..self.layout.words()] == *self.collected())
    }

    /// Which bits of a state say what its parts are, and how often that has changed.
    pub(crate) fn layout(&self) -> (&Layout, u32) {
        (&self.layout, self.widened)
    }

    /// Looks up the batch and adds what is new, in the order in which it was collected. Says
    /// of each state which index it has and whether it is new.
    #[inline]
    pub(crate) fn take_in<const W: usize>(&mut self, mut each: impl FnMut(u32, bool)) {
        let mut batch = core::mem::take(&mut self.batch);
        let width = self.width::<W>();
        batch
            .hashes
            .extend(batch.words.chunks_exact(width).map(fold));
        // Two rounds in which no access waits for the one before.
        let first = batch.hashes.iter().map(|&hash| self.table.first(hash));
        batch.guesses.extend(first);
        for (guess, words) in batch
            .guesses
            .iter_mut()
            .zip(batch.words.chunks_exact(width))
        {
            if *guess != NONE && !equal(self.words::<W>(*guess), words) {
                *guess = NONE;
            }
        }
        let states = batch.words.chunks_exact(width).zip(&batch.hashes);
        for ((words, &hash), &guess) in states.zip(&batch.guesses) {
            match guess {
                NONE => {
                    let (index, new) = self.put::<W>(words, hash);
                    each(index, new);
                }
                index => each(index, false),
            }
        }
        batch.words.clear();
        batch.hashes.clear();
        batch.guesses.clear();
        self.batch = batch;
    }

    #[inline]
    fn put<const W: usize>(&mut self, words: &[u64], hash: u64) -> (u32, bool) {
        match self.probe::<W>(words, hash) {
            Ok(index) => (index, false),
            Err(at) => {
                let index = self.len;
                self.table.put(at, index, hash);
                self.len += 1;
                let width = self.width::<W>();
                push(&mut self.chunks, &words[..width]);
                let slots = self.table.slots_for(self.len as usize + 1);
                if slots != self.table.slots() {
                    self.index::<W>(slots);
                }
                (index, true)
            }
        }
    }

    /// How many words a state has: `W`, or if that is 0, as many as it has.
    #[inline]
    fn width<const W: usize>(&self) -> usize {
        match W {
            0 => self.layout.words(),
            known => known,
        }
    }

    #[inline]
    fn words<const W: usize>(&self, index: u32) -> &[u64] {
        let width = self.width::<W>();
        let index = index as usize;
        let at = index % CHUNK_STATES * width;
        &self.chunks[index / CHUNK_STATES][at..at + width]
    }

    /// The index of these words, or the slot where they would go.
    #[inline]
    fn probe<const W: usize>(&self, words: &[u64], hash: u64) -> Result<u32, usize> {
        self.table
            .find(hash, |index| equal(self.words::<W>(index), words))
    }

    /// These numbers in the layout of now.
    fn packed(&self, numbers: &[u32; FIELDS_MAX]) -> [u64; WIDTH_MAX] {
        let mut words = [0; WIDTH_MAX];
        for (field, &number) in numbers[..self.layout.fields()].iter().enumerate() {
            self.layout.set(&mut words, field, 0, number);
        }
        words
    }

    /// Makes the table anew, with that many slots, a power of two.
    #[cold]
    fn index<const W: usize>(&mut self, slots: usize) {
        let width = self.width::<W>();
        let chunks = self.chunks.iter().map(|chunk| chunk.chunks_exact(width));
        self.table
            .refill(slots, chunks.map(|states| states.map(fold)));
    }

    /// Gives a field as many bits as this number needs. Rare: each time the count of one
    /// part's values has doubled.
    #[cold]
    fn widen(&mut self, field: usize, number: u32) {
        let wider = self.layout.widened(&self.parts, field, number);
        let moves = self.layout.moves(&wider);
        let mut words = vec![0; wider.words()];
        let mut rewrite = |old: &[u64], then: &mut dyn FnMut(&[u64])| {
            words.fill(0);
            moves.iter().for_each(|it| it.apply(old, &mut words));
            then(&words);
        };
        let mut chunks = Vec::new();
        for index in 0..self.len {
            rewrite(self.words::<0>(index), &mut |words| {
                push(&mut chunks, words)
            });
        }
        let mut batch = Batch::default();
        for old in self.batch.words.chunks(self.layout.words()) {
            rewrite(old, &mut |words| {
                batch.words.extend_from_slice(words);
            });
        }
        self.chunks = chunks;
        self.batch = batch;
        self.layout = wider;
        self.widened += 1;
        self.index::<0>(self.table.slots());
    }
}

/// Whether they are; a few words are not worth a call.
#[inline]
pub(crate) fn equal(one: &[u64], other: &[u64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

#[inline(always)]
fn push(chunks: &mut Vec<Vec<u64>>, words: &[u64]) {
    let full = CHUNK_STATES * words.len();
    match chunks.last_mut() {
        Some(chunk) if chunk.len() < full => chunk.extend(words.iter().copied()),
        _ => {
            let mut chunk = Vec::with_capacity(full);
            chunk.extend(words);
            chunks.push(chunk);
        }
    }
}
