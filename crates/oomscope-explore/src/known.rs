//! Tables for what is known about steps ([`crate::memo`]).

use crate::store::equal;

/// Slots at the beginning, a power of two.
const SLOTS: usize = 1 << 8;
/// The most words of keys and values.
const WORDS_MAX: usize = 1 << 19;
/// So many words may be kept however few states there are.
const WORDS_MIN: usize = 1 << 12;

/// Numbers by the tag of something, a hash. Two things may have the same tag: who asks has to
/// know better, or must not mind.
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

    /// What the first number with this tag that is wanted is good for.
    #[inline(always)]
    pub(crate) fn find<T>(&self, tag: u32, want: impl Fn(u32) -> Option<T>) -> Option<T> {
        let mut at = tag as usize;
        loop {
            let slot = self.slots[at & (self.slots.len() - 1)];
            if slot.number == 0 {
                return None;
            }
            if slot.tag == tag
                && let Some(found) = want(slot.number - 1)
            {
                return Some(found);
            }
            at += 1;
        }
    }

    /// Adds a number that is not there.
    pub(crate) fn add(&mut self, tag: u32, number: u32) {
        if self.taken * 2 >= self.slots.len() {
            self.grow();
        }
        self.put(Slot {
            number: number + 1,
            tag,
        });
        self.taken += 1;
    }

    /// Writes a number over the one with this tag, if there is one.
    pub(crate) fn set(&mut self, tag: u32, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        while self.slots[at].number != 0 {
            if self.slots[at].tag == tag {
                self.slots[at].number = number + 1;
                return;
            }
            at = (at + 1) & mask;
        }
        self.add(tag, number);
    }

    fn put(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = slot.tag as usize & mask;
        while self.slots[at].number != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let twice = vec![Slot::default(); 2 * self.slots.len()];
        let slots = core::mem::replace(&mut self.slots, twice);
        for slot in slots.into_iter().filter(|slot| slot.number != 0) {
            self.put(slot);
        }
    }
}

/// Values of some words by keys of some words, which are compared as a whole.
pub(crate) struct Kept {
    /// Keys and values one after the other.
    words: Vec<u64>,
    /// Where they begin.
    places: Numbers,
}

impl Kept {
    pub(crate) fn new() -> Kept {
        Kept {
            words: Vec::new(),
            places: Numbers::new(),
        }
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>() + self.places.bytes()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
        self.places.clear();
    }

    /// The value, of so many words, of the key that has this tag.
    #[inline(always)]
    pub(crate) fn find(&self, tag: u32, key: &[u64], words: usize) -> Option<&[u64]> {
        self.places.find(tag, |at| {
            let found = self.words.get(at as usize..)?;
            let (found, value) = found.split_at_checked(key.len())?;
            if equal(found, key) {
                value.get(..words)
            } else {
                None
            }
        })
    }

    /// Whether there is no room for more. What is kept of steps must stay small beside what is
    /// kept of so many states.
    pub(crate) fn is_full(&self, states: u32) -> bool {
        self.words.len() > (states as usize * 2).clamp(WORDS_MIN, WORDS_MAX)
    }

    /// Keeps a value whose key, with this tag, is not there.
    pub(crate) fn keep(&mut self, tag: u32, key: &[u64], value: impl Iterator<Item = u64>) {
        self.places.add(tag, self.words.len() as u32);
        self.words.extend_from_slice(key);
        self.words.extend(value);
    }
}
