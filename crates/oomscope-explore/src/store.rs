//! The set of states found so far: packed words in chunks, a hash table over them.
//!
//! Chunks are never moved or doubled, so memory grows in small steps also in a browser.
//! Membership is exact: equal fingerprints are confirmed by comparing all words.

use oomscope_model::state::State;
use oomscope_model::words::{WORDS_MAX, fold};

/// States per chunk.
const CHUNK_STATES: usize = 1 << 12;
const EMPTY: u32 = u32::MAX;

/// States in the order in which they were found, with an index by content.
pub(crate) struct Store {
    shape: State,
    width: usize,
    chunks: Vec<Vec<u64>>,
    prints: Vec<u32>,
    table: Vec<u32>,
}

impl Store {
    /// An empty store for states of this shape.
    pub(crate) fn new(shape: &State) -> Store {
        Store {
            shape: *shape,
            width: shape.word_count(),
            chunks: Vec::new(),
            prints: Vec::new(),
            table: vec![EMPTY; 1 << 12],
        }
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> u32 {
        self.prints.len() as u32
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let chunk = CHUNK_STATES * self.width * 8;
        (self.chunks.len() * chunk + self.prints.capacity() * 4 + self.table.len() * 4) as u64
    }

    /// The state with this index.
    pub(crate) fn get(&self, index: u32) -> State {
        State::from_words(&self.shape, self.words(index))
    }

    /// The index of a state, if it was found.
    pub(crate) fn find(&self, state: &State) -> Option<u32> {
        let mut words = [0; WORDS_MAX];
        state.words(&mut words);
        let words = words.get(..self.width)?;
        self.probe(words, fold(words)).ok()
    }

    /// Adds a state unless it is there; says which index it has and whether it is new.
    pub(crate) fn insert(&mut self, state: &State) -> (u32, bool) {
        let mut words = [0; WORDS_MAX];
        state.words(&mut words);
        let words = &words[..self.width];
        let hash = fold(words);
        match self.probe(words, hash) {
            Ok(index) => (index, false),
            Err(slot) => {
                let index = self.len();
                self.table[slot] = index;
                self.prints.push((hash >> 32) as u32);
                self.push_words(words);
                if self.prints.len() * 4 > self.table.len() * 3 {
                    self.grow();
                }
                (index, true)
            }
        }
    }

    fn words(&self, index: u32) -> &[u64] {
        let index = index as usize;
        let at = index % CHUNK_STATES * self.width;
        &self.chunks[index / CHUNK_STATES][at..at + self.width]
    }

    fn push_words(&mut self, words: &[u64]) {
        if self
            .chunks
            .last()
            .is_none_or(|chunk| chunk.len() == CHUNK_STATES * self.width)
        {
            self.chunks
                .push(Vec::with_capacity(CHUNK_STATES * self.width));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.extend_from_slice(words);
        }
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
            let same_print = self.prints[index as usize] == (hash >> 32) as u32;
            if same_print && self.words(index) == words {
                return Ok(index);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let len = self.table.len() * 2;
        self.table.clear();
        self.table.resize(len, EMPTY);
        for index in 0..self.len() {
            let mut slot = fold(self.words(index)) as usize & (len - 1);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = index;
        }
    }
}
