//! The parts of states, each kept once under a small number, and how many bits of a state
//! each number takes.

use oomscope_model::words::{PARTS_MAX, Part, fold};

/// The most words a packed state can have: no part needs more than 32 bits.
pub(crate) const WIDTH_MAX: usize = PARTS_MAX / 2;

const EMPTY: u32 = u32::MAX;

/// Every value that each part has had so far.
pub(crate) struct Parts {
    kinds: Vec<Values>,
}

/// The values of one part.
struct Values {
    values: Vec<Part>,
    table: Vec<u32>,
}

impl Parts {
    /// No values yet, of that many parts.
    pub(crate) fn new(count: usize) -> Parts {
        let empty = || Values {
            values: Vec::new(),
            table: vec![EMPTY; 16],
        };
        Parts {
            kinds: (0..count).map(|_| empty()).collect(),
        }
    }

    /// How many parts a state has.
    pub(crate) fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        self.kinds
            .iter()
            .map(|kind| (kind.values.capacity() * 16 + kind.table.len() * 4) as u64)
            .sum()
    }

    /// The value with this number.
    #[inline]
    pub(crate) fn part(&self, part: usize, number: u32) -> Part {
        self.kinds[part].values[number as usize]
    }

    /// The number of a value, if it has one.
    pub(crate) fn find(&self, part: usize, value: Part) -> Option<u32> {
        self.kinds[part].probe(value).ok()
    }

    /// The number of a value; a new one if it has none.
    #[inline]
    pub(crate) fn number(&mut self, part: usize, value: Part) -> u32 {
        let kind = &mut self.kinds[part];
        match kind.probe(value) {
            Ok(number) => number,
            Err(slot) => {
                let number = kind.values.len() as u32;
                kind.table[slot] = number;
                kind.values.push(value);
                if kind.values.len() * 2 > kind.table.len() {
                    kind.grow();
                }
                number
            }
        }
    }
}

impl Values {
    /// The number of a value, or the slot where it would go.
    #[inline]
    fn probe(&self, value: Part) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut slot = fold(&value) as usize & mask;
        loop {
            let number = self.table[slot];
            if number == EMPTY {
                return Err(slot);
            }
            if self.values[number as usize] == value {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let slots = self.table.len() * 2;
        self.table.clear();
        self.table.resize(slots, EMPTY);
        for (number, value) in self.values.iter().enumerate() {
            let mut slot = fold(value) as usize & (slots - 1);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (slots - 1);
            }
            self.table[slot] = number as u32;
        }
    }
}

/// Which bits of a packed state hold the number of which part. No number lies across two
/// words.
#[derive(Clone)]
pub(crate) struct Layout {
    fields: Vec<Field>,
    words: usize,
}

#[derive(Clone, Copy)]
struct Field {
    word: u8,
    shift: u8,
    bits: u8,
}

impl Layout {
    /// A few bits for each of that many parts.
    pub(crate) fn new(count: usize) -> Layout {
        Layout::of(vec![3; count])
    }

    /// How many words a state takes.
    #[inline]
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Whether this part has bits enough for the number.
    #[inline]
    pub(crate) fn fits(&self, part: usize, number: u32) -> bool {
        u64::from(number) >> self.fields[part].bits == 0
    }

    /// A layout in which it has.
    pub(crate) fn widened(&self, part: usize, number: u32) -> Layout {
        let mut bits: Vec<u8> = self.fields.iter().map(|field| field.bits).collect();
        // One more, so that it happens at every second doubling only.
        bits[part] = (u32::BITS - number.leading_zeros()).min(31) as u8 + 1;
        Layout::of(bits)
    }

    /// The number of a part.
    #[inline]
    pub(crate) fn get(&self, words: &[u64], part: usize) -> u32 {
        let field = self.fields[part];
        (words[field.word as usize] >> field.shift & ((1 << field.bits) - 1)) as u32
    }

    /// Writes the number of a part.
    #[inline]
    pub(crate) fn set(&self, words: &mut [u64], part: usize, number: u32) {
        let Field { word, shift, bits } = self.fields[part];
        let word = &mut words[word as usize];
        *word = *word & !(((1 << bits) - 1) << shift) | u64::from(number) << shift;
    }

    /// Fills word after word, each part into the first word that has room.
    fn of(bits: Vec<u8>) -> Layout {
        let mut used: Vec<u8> = Vec::new();
        let fields = bits
            .into_iter()
            .map(|bits| {
                let free = used.iter().position(|&used| used + bits <= 64);
                let word = free.unwrap_or_else(|| {
                    used.push(0);
                    used.len() - 1
                });
                let shift = used[word];
                used[word] += bits;
                Field {
                    word: word as u8,
                    shift,
                    bits,
                }
            })
            .collect();
        Layout {
            fields,
            words: used.len(),
        }
    }
}

/// The numbers of the bits that are set, lowest first.
#[inline]
pub(crate) fn bits(mask: u64) -> impl Iterator<Item = usize> {
    let mut rest = mask;
    core::iter::from_fn(move || {
        let at = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}
