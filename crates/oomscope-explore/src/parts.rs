//! The parts of states, each kept once under a small number, and how many bits of a state
//! each number takes.

use oomscope_model::machine::Timing;
use oomscope_model::state::{State, Task};
use oomscope_model::words::{PARTS_MAX, Part};

use crate::traits::{Stand, Traits};

/// The most words a packed state can have: no part needs more than 32 bits.
pub(crate) const WIDTH_MAX: usize = PARTS_MAX.div_ceil(2);

const EMPTY: u32 = u32::MAX;

/// Every value that each part has had so far.
pub(crate) struct Parts {
    kinds: Vec<Values>,
    pub(crate) timing: Timing,
}

/// The values of one part.
struct Values {
    values: Vec<Value>,
    table: Vec<u32>,
}

/// One value.
#[derive(Clone, Copy)]
struct Value {
    part: Part,
    /// What it is if it is a task: unpacking one costs more than keeping it.
    task: Option<Task>,
    traits: Traits,
    stand: Stand,
}

impl Parts {
    /// Of states of this shape; number 0 of every part is what it is there.
    pub(crate) fn new(shape: &State, timing: Timing) -> Parts {
        let empty = |_| Values {
            values: Vec::new(),
            table: vec![EMPTY; 16],
        };
        let mut parts = Parts {
            kinds: (0..shape.part_count()).map(empty).collect(),
            timing,
        };
        for part in 0..parts.count() {
            parts.kinds[part].number(part, shape.part(part), shape, timing);
        }
        parts
    }

    /// How many parts a state has.
    pub(crate) fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = |kind: &Values| {
            kind.values.capacity() * size_of::<Value>() + kind.table.len() * size_of::<u32>()
        };
        self.kinds.iter().map(bytes).sum::<usize>() as u64
    }

    /// The number of a value, if it has one.
    pub(crate) fn find(&self, part: usize, value: Part) -> Option<u32> {
        self.kinds[part].probe(value).ok()
    }

    /// Writes the value with this number.
    #[inline]
    pub(crate) fn load(&self, part: usize, number: u32, into: &mut State) {
        let value = &self.kinds[part].values[number as usize];
        match value.task {
            Some(task) => into.put_task(part, task),
            None => into.set_part(part, value.part),
        }
    }

    /// What the value with this number shows.
    #[inline]
    pub(crate) fn shown(&self, part: usize, number: u32) -> (Traits, &Stand) {
        let value = &self.kinds[part].values[number as usize];
        (value.traits, &value.stand)
    }

    /// The number of the value that a part has now that had the number `old`, and in which
    /// traits they differ. A call of its own: inside of its caller it has too few registers.
    #[inline(never)]
    pub(crate) fn renumber(&mut self, part: usize, old: u32, state: &State) -> (u32, Traits) {
        let kind = &mut self.kinds[part];
        let value = state.part(part);
        let was = &kind.values[old as usize];
        if value == was.part {
            return (old, Traits::default());
        }
        let before = was.traits;
        let number = kind.number(part, value, state, self.timing);
        let now = kind.values[number as usize].traits;
        (number, before.difference(now))
    }
}

impl Values {
    /// The number of the value that the part has in this state; a new one if it has none.
    #[inline]
    fn number(&mut self, part: usize, value: Part, state: &State, timing: Timing) -> u32 {
        match self.probe(value) {
            Ok(number) => number,
            Err(slot) => {
                let number = self.values.len() as u32;
                self.table[slot] = number;
                self.push(part, value, state, timing);
                number
            }
        }
    }

    #[cold]
    fn push(&mut self, part: usize, value: Part, state: &State, timing: Timing) {
        let task = state.tasks().nth(part).map(|(_, task)| *task);
        self.values.push(Value {
            part: value,
            task,
            traits: task.map_or(Traits::default(), |task| Traits::of(&task, timing)),
            stand: task.map_or(Stand::default(), |task| Stand::of(&task)),
        });
        if self.values.len() * 2 > self.table.len() {
            let slots = self.table.len() * 2;
            self.table.clear();
            self.table.resize(slots, EMPTY);
            for number in 0..self.values.len() {
                if let Err(slot) = self.probe(self.values[number].part) {
                    self.table[slot] = number as u32;
                }
            }
        }
    }

    /// The number of a value, or the slot where it would go.
    #[inline]
    fn probe(&self, value: Part) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash(value) & mask;
        loop {
            let number = self.table[slot];
            if number == EMPTY {
                return Err(slot);
            }
            if self.values[number as usize].part == value {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// There are few values of one part, so a simple mix will do: the high half of each product
/// depends on all that was multiplied.
#[inline]
fn hash([first, second]: Part) -> usize {
    let mixed = (second.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ first)
        .wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed >> 32) as usize
}

/// Which bits of a packed state hold the number of which part. No number lies across two
/// words.
#[derive(Clone)]
pub(crate) struct Layout {
    fields: Vec<Field>,
    /// Which part each bit of each word belongs to.
    owners: Vec<[u8; 64]>,
}

#[derive(Clone, Copy)]
struct Field {
    word: u8,
    shift: u8,
    /// As many ones as it has bits.
    mask: u64,
}

impl Layout {
    /// A few bits for each of that many parts, as many as there is room for in as few words
    /// as possible.
    pub(crate) fn new(count: usize) -> Layout {
        let words = count.div_ceil(64 / 4);
        let bits = 64 / count.div_ceil(words);
        Layout::of(vec![bits.min(8) as u8; count])
    }

    /// How many words a state takes.
    #[inline]
    pub(crate) fn words(&self) -> usize {
        self.owners.len()
    }

    /// Whether this part has bits enough for the number.
    #[inline]
    pub(crate) fn fits(&self, part: usize, number: u32) -> bool {
        u64::from(number) <= self.fields[part].mask
    }

    /// A layout in which it has.
    pub(crate) fn widened(&self, part: usize, number: u32) -> Layout {
        let width = |field: &Field| field.mask.count_ones() as u8;
        let mut bits: Vec<u8> = self.fields.iter().map(width).collect();
        // One more, so that it happens at every second doubling only.
        bits[part] = (u32::BITS - number.leading_zeros()).min(31) as u8 + 1;
        Layout::of(bits)
    }

    /// The number of a part.
    #[inline]
    pub(crate) fn get(&self, words: &[u64], part: usize) -> u32 {
        let field = self.fields[part];
        (words[usize::from(field.word)] >> field.shift & field.mask) as u32
    }

    /// Writes the number of a part over another one.
    #[inline]
    pub(crate) fn set(&self, words: &mut [u64], part: usize, old: u32, number: u32) {
        let field = self.fields[part];
        words[usize::from(field.word)] ^= u64::from(old ^ number) << field.shift;
    }

    /// The bits of a state that hold the numbers of these parts.
    pub(crate) fn mask(&self, parts: u64) -> Vec<u64> {
        let mut words = vec![0; self.words()];
        bits(parts, |part| {
            let field = self.fields[part];
            words[usize::from(field.word)] |= field.mask << field.shift;
        });
        words
    }

    /// Calls `each` with every part whose number differs between this word of two states, and
    /// its number in `word`. A look at each part would take longer: few of them differ.
    #[inline]
    pub(crate) fn differing(
        &self,
        at: usize,
        word: u64,
        other: u64,
        mut each: impl FnMut(usize, u32),
    ) {
        let mut differs = word ^ other;
        while differs != 0 {
            let part = usize::from(self.owners[at][differs.trailing_zeros() as usize]);
            let field = self.fields[part];
            differs &= !(field.mask << field.shift);
            each(part, (word >> field.shift & field.mask) as u32);
        }
    }

    /// Fills word after word, each part into the first word that has room.
    fn of(bits: Vec<u8>) -> Layout {
        let mut used: Vec<u8> = Vec::new();
        let fields: Vec<Field> = bits
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
                    mask: (1 << bits) - 1,
                }
            })
            .collect();
        let mut owners = vec![[0; 64]; used.len()];
        for (part, field) in fields.iter().enumerate() {
            let end = field.shift + field.mask.count_ones() as u8;
            for owner in &mut owners[usize::from(field.word)][field.shift.into()..end.into()] {
                *owner = part as u8;
            }
        }
        Layout { fields, owners }
    }
}

/// Calls `each` with the numbers of the bits that are set, lowest first.
#[inline]
pub(crate) fn bits(mut mask: u64, mut each: impl FnMut(usize)) {
    while mask != 0 {
        each(mask.trailing_zeros() as usize);
        mask &= mask - 1;
    }
}
