//! The set of states found so far. Exact: nothing is told apart or taken for equal by a
//! fingerprint alone.
//!
//! A step changes few parts of a state ([`State::part`]), so every part that ever occurs is
//! kept once, under a small number, and a state is the numbers of its parts, as many bits
//! each as the largest number needs ("collapse" in the literature on model checkers). Two
//! states are equal if and only if these bits are. A hash table over the bits, of indices
//! only, finds them again.
//!
//! States lie in chunks that are never moved or doubled, so memory grows in small steps
//! also in a browser.

use oomscope_model::state::State;
use oomscope_model::words::{PARTS_MAX, fold};

use crate::parts::{Layout, Parts, WIDTH_MAX, bits};

/// States per chunk.
const CHUNK_STATES: usize = 1 << 12;
const EMPTY: u32 = u32::MAX;

/// States in the order in which they were found, with an index by content.
pub(crate) struct Store {
    shape: State,
    parts: Parts,
    layout: Layout,
    chunks: Vec<Vec<u64>>,
    len: u32,
    table: Vec<u32>,
}

/// A state out of the store, unpacked, with the numbers of its parts.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The state.
    pub(crate) state: State,
    numbers: [u32; PARTS_MAX],
    words: [u64; WIDTH_MAX],
}

impl Store {
    /// An empty store for states of this shape.
    pub(crate) fn new(shape: &State) -> Store {
        let mut fresh = *shape;
        fresh.take_changed(shape);
        Store {
            shape: fresh,
            parts: Parts::new(shape.part_count()),
            layout: Layout::new(shape.part_count()),
            chunks: Vec::new(),
            len: 0,
            table: vec![EMPTY; 1 << 10],
        }
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let chunk = CHUNK_STATES * self.layout.words() * 8;
        (self.chunks.len() * chunk + self.table.len() * 4) as u64 + self.parts.bytes()
    }

    /// Somewhere to load states into.
    pub(crate) fn loaded(&self) -> Loaded {
        Loaded {
            state: self.shape,
            numbers: [u32::MAX; PARTS_MAX],
            words: [0; WIDTH_MAX],
        }
    }

    /// Unpacks the state with this index. Parts that are as in what was loaded before cost
    /// nothing.
    pub(crate) fn load(&self, index: u32, into: &mut Loaded) {
        let words = self.words(index);
        into.words[..words.len()].copy_from_slice(words);
        for part in 0..self.parts.count() {
            let number = self.layout.get(words, part);
            if into.numbers[part] != number {
                into.numbers[part] = number;
                into.state.set_part(part, self.parts.part(part, number));
            }
        }
    }

    /// The index of a state, if it was found.
    pub(crate) fn find(&self, state: &State) -> Option<u32> {
        let mut words = [0; WIDTH_MAX];
        for part in 0..self.parts.count() {
            let number = self.parts.find(part, state.part(part))?;
            self.layout.set(&mut words, part, number);
        }
        let words = &words[..self.layout.words()];
        self.probe(words, fold(words)).ok()
    }

    /// Adds a state unless it is there; says which index it has and whether it is new. Only
    /// the parts of the mask `changed` may differ from what was loaded in `from`.
    pub(crate) fn insert(&mut self, state: &State, from: &mut Loaded, changed: u64) -> (u32, bool) {
        let mut words = from.words;
        for part in bits(changed) {
            let number = self.parts.number(part, state.part(part));
            if !self.layout.fits(part, number) {
                self.widen(part, number);
                from.words = self.repacked(from);
                return self.insert(state, from, changed);
            }
            self.layout.set(&mut words, part, number);
        }
        let words = &words[..self.layout.words()];
        match self.probe(words, fold(words)) {
            Ok(index) => (index, false),
            Err(slot) => {
                let index = self.len;
                self.table[slot] = index;
                self.len += 1;
                push(&mut self.chunks, words);
                if self.len as usize * 4 > self.table.len() * 3 {
                    self.index(self.table.len() * 2);
                }
                (index, true)
            }
        }
    }

    fn words(&self, index: u32) -> &[u64] {
        words_of(&self.chunks, self.layout.words(), index)
    }

    /// The index of these words, or the slot where they would go.
    fn probe(&self, words: &[u64], hash: u64) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let index = self.table[slot];
            if index == EMPTY {
                return Err(slot);
            }
            if equal(self.words(index), words) {
                return Ok(index);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The words of what was loaded, in the layout of now.
    fn repacked(&self, loaded: &Loaded) -> [u64; WIDTH_MAX] {
        let mut words = [0; WIDTH_MAX];
        for (part, &number) in loaded.numbers[..self.parts.count()].iter().enumerate() {
            // Before the first state nothing is loaded.
            if number != u32::MAX {
                self.layout.set(&mut words, part, number);
            }
        }
        words
    }

    /// Makes the table anew, with that many slots, a power of two.
    fn index(&mut self, slots: usize) {
        self.table.clear();
        self.table.resize(slots, EMPTY);
        for index in 0..self.len {
            let mut slot = fold(self.words(index)) as usize & (slots - 1);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (slots - 1);
            }
            self.table[slot] = index;
        }
    }

    /// Gives a part as many bits as this number needs. Rare: each time the count of one
    /// part's values has doubled.
    fn widen(&mut self, part: usize, number: u32) {
        let wider = self.layout.widened(part, number);
        let mut chunks = Vec::new();
        let mut words = [0; WIDTH_MAX];
        for index in 0..self.len {
            let old = self.words(index);
            for part in 0..self.parts.count() {
                wider.set(&mut words, part, self.layout.get(old, part));
            }
            push(&mut chunks, &words[..wider.words()]);
        }
        self.chunks = chunks;
        self.layout = wider;
        self.index(self.table.len());
    }
}

/// Whether they are; two or three words are not worth a call.
#[inline]
fn equal(one: &[u64], other: &[u64]) -> bool {
    one.iter()
        .zip(other)
        .fold(0, |differs, (one, other)| differs | one ^ other)
        == 0
}

fn words_of(chunks: &[Vec<u64>], width: usize, index: u32) -> &[u64] {
    let index = index as usize;
    let at = index % CHUNK_STATES * width;
    &chunks[index / CHUNK_STATES][at..at + width]
}

fn push(chunks: &mut Vec<Vec<u64>>, words: &[u64]) {
    let full = CHUNK_STATES * words.len();
    if chunks.last().is_none_or(|chunk| chunk.len() == full) {
        chunks.push(Vec::with_capacity(full));
    }
    if let Some(chunk) = chunks.last_mut() {
        chunk.extend_from_slice(words);
    }
}
