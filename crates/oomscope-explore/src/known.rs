//! Tables for what is known about steps ([`crate::memo`]).

use crate::store::equal;

/// Slots at the beginning, a power of two.
const SLOTS: usize = 1 << 8;
/// The most words of keys and values.
const WORDS_MAX: usize = 1 << 19;
/// So many words may be kept however few states there are.
const WORDS_MIN: usize = 1 << 12;

/// Numbers by the tag of something, a hash. Two things may have the same tag: who asks must not
/// mind.
pub(crate) struct Numbers {
    slots: Vec<Slot>,
    taken: usize,
}

/// A number, plus one; 0 if the slot is empty.
#[derive(Clone, Copy, Default)]
struct Slot {
    number: u32,
    /// Its low bits say which slot it would like to be.
    tag: u32,
}

impl Numbers {
    pub(crate) fn new() -> Numbers {
        Numbers {
            slots: vec![Slot::default(); SLOTS],
            taken: 0,
        }
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(Slot::default());
        self.taken = 0;
    }

    /// The number with this tag.
    #[inline(always)]
    pub(crate) fn find(&self, tag: u32) -> Option<u32> {
        let slot = self.slots[self.slot(tag)];
        slot.number.checked_sub(1)
    }

    /// Writes a number over the one with this tag, if there is one.
    pub(crate) fn set(&mut self, tag: u32, number: u32) {
        if self.taken * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.slot(tag);
        self.taken += usize::from(self.slots[at].number == 0);
        let number = number + 1;
        self.slots[at] = Slot { number, tag };
    }

    /// Where this tag is, or would go.
    #[inline(always)]
    fn slot(&self, tag: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        while self.slots[at].number != 0 && self.slots[at].tag != tag {
            at = (at + 1) & mask;
        }
        at
    }

    #[cold]
    fn grow(&mut self) {
        let twice = vec![Slot::default(); 2 * self.slots.len()];
        let slots = core::mem::replace(&mut self.slots, twice);
        for slot in slots.into_iter().filter(|slot| slot.number != 0) {
            let at = self.slot(slot.tag);
            self.slots[at] = slot;
        }
    }
}

/// Values of some words by keys of some words, which are compared as a whole.
pub(crate) struct Kept {
    /// Keys and values one after the other.
    words: Vec<u64>,
    /// The tags of keys, and where they begin.
    places: Vec<(u32, u32)>,
    /// Where each begins, plus one, in the low bits; the others are as in its tag. 0 if the slot
    /// is empty. Every step asks here, so it had better be small and stay near.
    slots: Vec<u32>,
}

/// The bits of a slot that say where a key begins.
const PLACE: u32 = 2 * WORDS_MAX as u32 - 1;

impl Kept {
    pub(crate) fn new() -> Kept {
        Kept {
            words: Vec::new(),
            places: Vec::new(),
            slots: vec![0; SLOTS],
        }
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
            + self.places.capacity() * size_of::<(u32, u32)>()
            + self.slots.len() * size_of::<u32>()
    }

    /// How many bytes more there will soon be for a moment, if it is about to grow.
    pub(crate) fn growth(&self) -> usize {
        let capacity = self.words.capacity();
        match self.words.len() > capacity / 4 * 3 && capacity <= WORDS_MAX {
            true => 2 * capacity * size_of::<u64>(),
            false => 0,
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
        self.places.clear();
        self.slots.fill(0);
    }

    /// The value, of so many words, of the key that has this tag.
    #[inline(always)]
    pub(crate) fn find(&self, tag: u32, key: &[u64], words: usize) -> Option<&[u64]> {
        let mut at = tag as usize;
        loop {
            let slot = self.slots[at & (self.slots.len() - 1)];
            if slot == 0 {
                return None;
            }
            if (slot ^ tag) & !PLACE == 0 {
                let found = self.words.get((slot & PLACE) as usize - 1..)?;
                let (found, value) = found.split_at_checked(key.len())?;
                if equal(found, key) {
                    return value.get(..words);
                }
            }
            at += 1;
        }
    }

    /// Whether there is no room for more. What is kept of steps must stay small beside what is
    /// kept of so many states.
    pub(crate) fn is_full(&self, states: u32) -> bool {
        self.words.len() > (states as usize * 2).clamp(WORDS_MIN, WORDS_MAX)
    }

    /// Keeps a value whose key, with this tag, is not there.
    pub(crate) fn keep(&mut self, tag: u32, key: &[u64], value: impl Iterator<Item = u64>) {
        if self.places.len() * 2 >= self.slots.len() {
            self.slots = vec![0; 2 * self.slots.len()];
            for at in 0..self.places.len() {
                self.put(self.places[at]);
            }
        }
        let place = (tag, self.words.len() as u32);
        self.places.push(place);
        self.put(place);
        self.words.extend_from_slice(key);
        self.words.extend(value);
    }

    fn put(&mut self, (tag, place): (u32, u32)) {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = (place + 1) | (tag & !PLACE);
    }
}
