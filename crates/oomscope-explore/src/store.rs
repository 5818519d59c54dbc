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
use oomscope_model::words::{PARTS_MAX, fold};

use crate::locks::Locks;
use crate::parts::{Layout, Parts, WIDTH_MAX, bits};
use crate::table::{NONE, Table};
use crate::traits::{Crowd, Traits};

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
    /// How many bytes more it may take to write all states wider.
    spare: u64,
}

/// States that wait to be looked up, and what became of those that waited before.
#[derive(Default)]
struct Batch {
    /// The words of all, one after the other.
    words: Vec<u64>,
    hashes: Vec<u64>,
    /// Which index each has; until that is known, the index that stands in its slot of the
    /// table, or [`NONE`] if that is of another state.
    found: Vec<u32>,
    /// Which of them are new, ascending.
    fresh: Vec<u32>,
    /// Which of them are not where they were looked for first.
    missed: Vec<u32>,
}

/// A state out of the store: the numbers of its parts, what they show, and the state itself.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The state that was unpacked last.
    pub(crate) state: State,
    /// Once more, for steps to change; whoever makes one takes it back afterwards.
    pub(crate) next: State,
    /// The same, packed.
    unpacked: [u64; WIDTH_MAX],
    /// What its tasks show.
    pub(crate) crowd: Crowd,
    /// Who holds and who waits for its locks.
    pub(crate) locks: Locks,
    /// Which value each part has.
    pub(crate) numbers: [u32; PARTS_MAX],
    /// The state that was looked up, packed.
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
            spare: u64::MAX,
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

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        let chunks = self.chunks.len() as u64 * chunk_bytes(&self.layout);
        let Batch {
            words,
            hashes,
            found,
            fresh,
            missed,
        } = &self.batch;
        let eights = words.capacity() + hashes.capacity();
        let fours = found.capacity() + fresh.capacity() + missed.capacity();
        let batch = eights * 8 + fours * 4;
        chunks + (self.table.bytes() + batch) as u64 + self.parts.bytes()
    }

    /// Whether it has room for so many more states as it is.
    #[inline]
    pub(crate) fn is_roomy(&self, more: usize) -> bool {
        let states = self.len as usize + more;
        states < self.table.room() && states <= self.chunks.len() * CHUNK_STATES
    }

    /// How many bytes so many more states take, unless they have to be written wider. A new
    /// table takes all of its own: what the old one leaves is filled with states later.
    pub(crate) fn growth(&self, more: usize) -> u64 {
        let states = self.len as usize + more;
        let chunks = states.div_ceil(CHUNK_STATES) - self.chunks.len();
        let table = self.table.bytes_for(states);
        let is_new = table > self.table.bytes() as u64;
        chunks as u64 * chunk_bytes(&self.layout) + if is_new { table } else { 0 }
    }

    /// So many bytes more may be taken to write all states wider, until something else is said.
    pub(crate) fn allow(&mut self, spare: u64) {
        self.spare = spare;
    }

    /// Somewhere to load states into; now it has the state that gave the shape: all parts have
    /// number 0, and tasks may stand in queues.
    pub(crate) fn loaded(&self) -> Loaded {
        let mut words = [0; WIDTH_MAX];
        for part in 0..self.parts.count() {
            let rank = self.parts.rank(part, &self.shape);
            let place = self.layout.place(part);
            self.layout.set(&mut words, place, 0, rank.into());
        }
        let shown = (0..self.parts.count()).map(|part| self.parts.shown(part, 0));
        Loaded {
            state: self.shape.clone(),
            next: self.shape.clone(),
            unpacked: words,
            crowd: Crowd::of(&self.shape, self.parts.timing),
            locks: Locks::of(&self.shape, shown),
            numbers: [0; PARTS_MAX],
            words,
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
        let Loaded {
            words,
            numbers,
            crowd,
            locks,
            ..
        } = into;
        for (at, &word) in self.words::<W>(index).iter().enumerate() {
            let before = core::mem::replace(&mut words[at], word);
            self.layout.differing(at, word, before, |part, number| {
                let was = core::mem::replace(&mut numbers[part], number);
                let was = self.parts.shown(part, was);
                let is = self.parts.shown(part, number);
                crowd.change(part, was.traits().difference(is.traits()));
                locks.change(part, was, is);
            });
            self.layout.move_up(at, word, before, &mut locks.places);
        }
    }

    /// Unpacks what was looked up.
    #[inline]
    pub(crate) fn unpack(&self, loaded: &mut Loaded) {
        let mut changed = 0;
        let words = loaded.words[..self.layout.words()].iter().enumerate();
        for (at, &word) in words {
            let before = core::mem::replace(&mut loaded.unpacked[at], word);
            changed |= self.layout.changed(at, word ^ before);
        }
        bits(changed, |part| {
            let rank = self.layout.get(&loaded.words, self.layout.place(part));
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
    /// `None`: there is no room for it.
    pub(crate) fn insert(
        &mut self,
        state: &State,
        from: &mut Loaded,
        touched: u64,
    ) -> Option<(u32, bool)> {
        bits(touched, |part| from.next.copy_part(part, state));
        let collected = self.collect(from, &mut touched.clone());
        bits(touched, |part| from.next.copy_part(part, &from.state));
        if collected.is_none() {
            self.drop_batch();
            return None;
        }
        let (found, fresh) = self.take_in::<0>();
        Some((found[0], !fresh.is_empty()))
    }

    /// Forgets what was collected.
    pub(crate) fn drop_batch(&mut self) {
        self.batch.words.clear();
        self.batch.hashes.clear();
    }

    /// Adds `from.next` to the batch; says whether something of what enters the count of kills
    /// differs. Only the parts of the mask `touched` may differ from what was loaded; those that
    /// do not are taken out of the mask. `None`: there is no room for it, and the batch has to
    /// be dropped.
    pub(crate) fn collect(&mut self, from: &mut Loaded, touched: &mut u64) -> Option<bool> {
        let at = self.batch.words.len() / self.layout.words();
        let words = &from.words[..self.layout.words()];
        self.batch.words.extend_from_slice(words);
        let mut kills_changed = false;
        let mut rest = *touched;
        while rest != 0 {
            let part = rest.trailing_zeros() as usize;
            let place = self.layout.place(part);
            let old = from.numbers[part];
            let old_rank = self.layout.get(&from.words, place);
            let (number, rank, difference) = self.parts.renumber(part, old, &from.next);
            let rank = rank.into();
            if let Some((field, number)) = self.layout.too_narrow(part, number, rank) {
                if !self.widen(field, number, &mut from.words) {
                    return None;
                }
                from.unpacked = from.words;
                // Once more: there is room now.
                continue;
            }
            rest &= rest - 1;
            kills_changed |= difference.has(Traits::OF_KILLS);
            if number == old && rank == old_rank {
                *touched &= !(1 << part);
                continue;
            }
            let width = self.layout.words();
            let words = &mut self.batch.words[at * width..][..width];
            self.layout.set(words, part, old, number);
            self.layout.set(words, place, old_rank, rank);
        }
        self.ask(fold(&self.batch.words[at * self.layout.words()..]));
        Some(kills_changed)
    }

    /// Asks for the slot of what was collected last: it comes from far away.
    #[inline(always)]
    fn ask(&mut self, hash: u64) {
        self.table.fetch(hash);
        self.batch.hashes.push(hash);
    }

    /// Adds a state to the batch that is known to differ from `from` by these bits.
    #[inline]
    pub(crate) fn collect_known<const W: usize>(&mut self, from: &Loaded, difference: &[u64]) {
        let width = self.width::<W>();
        let words = from.words[..width].iter().zip(&difference[..width]);
        let words = words.map(|(word, bits)| word ^ bits);
        let at = self.batch.words.len();
        self.batch.words.extend(words);
        self.ask(fold(&self.batch.words[at..at + width]));
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
    /// which index each state has, and which of them are new, ascending.
    #[inline]
    pub(crate) fn take_in<const W: usize>(&mut self) -> (&[u32], &[u32]) {
        let mut batch = core::mem::take(&mut self.batch);
        let width = self.width::<W>();
        let states = batch.words.chunks_exact(width);
        batch.found.resize(states.len(), NONE);
        batch.missed.resize(states.len(), 0);
        batch.fresh.clear();
        // Two rounds in which no access waits for the one before.
        for (&hash, found) in batch.hashes.iter().zip(&mut batch.found) {
            *found = self.table.first(hash);
        }
        let mut missed = 0;
        for ((at, found), words) in (0..).zip(&batch.found).zip(states) {
            batch.missed[missed] = at;
            if *found == NONE || !equal(self.words::<W>(*found), words) {
                missed += 1;
            }
        }
        batch.missed.truncate(missed);
        for &at in &batch.missed {
            let words = &batch.words[at as usize * width..][..width];
            let (index, new) = self.put::<W>(words, batch.hashes[at as usize]);
            batch.found[at as usize] = index;
            if new {
                batch.fresh.push(at);
            }
        }
        batch.words.clear();
        batch.hashes.clear();
        self.batch = batch;
        (&self.batch.found, &self.batch.fresh)
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
                if self.len as usize == self.table.room() {
                    self.index::<W>(self.table.slots_then());
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

    /// Makes the table anew, with that many slots, a power of two.
    #[cold]
    fn index<const W: usize>(&mut self, slots: usize) {
        let width = self.width::<W>();
        let chunks = self.chunks.iter().map(|chunk| chunk.chunks_exact(width));
        self.table
            .refill(slots, chunks.map(|states| states.map(fold)));
    }

    /// Gives a field as many bits as this number needs; says whether there is room for that.
    /// Rare: each time the count of one part's values has doubled.
    #[cold]
    fn widen(&mut self, field: usize, number: u32, loaded: &mut [u64; WIDTH_MAX]) -> bool {
        let wider = self.layout.widened(&self.parts, field, number);
        // Old and new states stand side by side for one chunk at a time.
        let wide = chunk_bytes(&wider);
        let more = wide.saturating_sub(chunk_bytes(&self.layout));
        let more = self.chunks.len() as u64 * more;
        if more + wide > self.spare {
            return false;
        }
        self.spare -= more;
        let moves = self.layout.moves(&wider);
        let mut words = vec![0; wider.words()];
        let mut rewrite = |old: &[u64], then: &mut dyn FnMut(&[u64])| {
            words.fill(0);
            moves.iter().for_each(|it| it.apply(old, &mut words));
            then(&words);
        };
        let mut moved = [0; WIDTH_MAX];
        for chunk in &mut self.chunks {
            let mut chunk_then = Vec::with_capacity(CHUNK_STATES * wider.words());
            for old in chunk.chunks_exact(self.layout.words()) {
                rewrite(old, &mut |words| chunk_then.extend_from_slice(words));
            }
            *chunk = chunk_then;
        }
        let mut waiting = Vec::new();
        for old in self.batch.words.chunks(self.layout.words()) {
            rewrite(old, &mut |words| {
                waiting.extend_from_slice(words);
            });
        }
        rewrite(loaded.as_slice(), &mut |words| {
            moved[..words.len()].copy_from_slice(words)
        });
        *loaded = moved;
        self.batch.words = waiting;
        self.layout = wider;
        self.widened += 1;
        self.index::<0>(self.table.slots());
        let states = self.batch.words.chunks_exact(self.layout.words());
        for (hash, words) in self.batch.hashes.iter_mut().zip(states) {
            *hash = fold(words);
        }
        true
    }
}

/// Bytes of a chunk of states.
fn chunk_bytes(layout: &Layout) -> u64 {
    (CHUNK_STATES * layout.words() * 8) as u64
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
