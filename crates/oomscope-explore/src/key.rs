//! Under what a step is kept ([`crate::memo`]).

/// The most words of a packed state: steps of wider ones are not kept.
pub(crate) const WIDTH: usize = 8;
/// The most words for what is asked about locks.
pub(crate) const ANSWERS: usize = 4;
/// The most words of a key: whose step it is, the answers to what it asked, and what the parts
/// are that it looked at.
const WORDS_MAX: usize = 1 + ANSWERS + WIDTH;

/// A key, or its beginning.
#[derive(Default)]
pub(crate) struct Key {
    words: [u64; WORDS_MAX.next_power_of_two()],
    len: usize,
    /// All of it in one word, to be mixed. No product waits for the one before.
    sum: u64,
}

impl Key {
    #[inline(always)]
    pub(crate) fn begin(&mut self, word: u64) {
        self.len = 0;
        self.sum = 0;
        self.push(word);
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, word: u64) {
        // They never are as many, and this way that is plain to see.
        self.words[self.len % WORDS_MAX.next_power_of_two()] = word;
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

    #[inline(always)]
    pub(crate) fn mixed(&self) -> u64 {
        mix(self.sum)
    }

    /// The same for a key that has only answers, and the place where they were asked for.
    #[inline(always)]
    pub(crate) fn place(&self, task: usize, own: u32) -> u64 {
        let place = u64::from(own) << 8 | task as u64;
        mix(self.sum ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

#[inline(always)]
fn mix(sum: u64) -> u64 {
    (sum ^ sum >> 32).wrapping_mul(0xc4ce_b9fe_1a85_ec53)
}
