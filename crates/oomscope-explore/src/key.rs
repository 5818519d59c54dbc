//! Under what a step is kept ([`crate::memo`]).

/// The most words of a packed state: steps of wider ones are not kept.
pub(crate) const WIDTH: usize = 8;
/// The most words for what is asked about locks.
pub(crate) const ANSWERS: usize = 7;
/// The most words of a key: whose step it is, the answers to what it asked, and what the parts
/// are that it looked at. A power of two, so that nothing has to be checked.
pub(crate) const ROOM: usize = 1 + ANSWERS + WIDTH;
const _: () = assert!(ROOM.is_power_of_two());

/// A key, or its beginning, in some words that are there for it.
pub(crate) struct Key<'a> {
    words: &'a mut [u64; ROOM],
    len: usize,
    /// All of it in one word, to be mixed. No product waits for the one before.
    sum: u64,
}

impl<'a> Key<'a> {
    /// Begins one with this word.
    #[inline(always)]
    pub(crate) fn new(words: &'a mut [u64; ROOM], word: u64) -> Key<'a> {
        let (len, sum) = (0, 0);
        let mut key = Key { words, len, sum };
        key.push(word);
        key
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, word: u64) {
        self.words[self.len % ROOM] = word;
        self.len += 1;
        self.add(word);
    }

    #[inline(always)]
    fn add(&mut self, word: u64) {
        let product = word.wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.sum = self.sum.rotate_left(23).wrapping_add(product);
    }

    /// Writes a tag into the first word.
    #[inline(always)]
    pub(crate) fn mark(&mut self, tag: u64) {
        self.words[0] |= tag;
        self.add(tag);
    }

    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words[..self.len]
    }

    /// What it is found by.
    #[inline(always)]
    pub(crate) fn tag(&self) -> u32 {
        mix(self.sum)
    }

    /// The same for a key that has only answers, and the place where they were asked for.
    #[inline(always)]
    pub(crate) fn place(&self, task: usize, own: u32) -> u32 {
        let place = u64::from(own) << 8 | task as u64;
        mix(self.sum ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The upper half of a product depends on all that was multiplied.
#[inline(always)]
fn mix(sum: u64) -> u32 {
    ((sum ^ sum >> 32).wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> 32) as u32
}
