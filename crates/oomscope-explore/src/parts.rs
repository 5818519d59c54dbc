//! The parts of states, each kept once under a small number, and how many bits of a state
//! each number takes.

use oomscope_model::machine::{TASKS_MAX, Timing};
use oomscope_model::state::{State, Task};
use oomscope_model::words::{PARTS_MAX, Part, split_rank};

use crate::locks::{self, Lanes};
use crate::traits::{Shown, Traits};

/// The most words a packed state can have: no part needs more than 32 bits, no place in a queue
/// more than 5.
pub(crate) const WIDTH_MAX: usize = PARTS_MAX.div_ceil(2) + TASKS_MAX.div_ceil(64 / 5);

const EMPTY: u32 = u32::MAX;

/// Every value that each part has had so far.
pub(crate) struct Parts {
    kinds: Vec<Values>,
    /// What each value of each part shows. Apart from the values: they are wide, and this is
    /// asked much more often.
    shown: Vec<Vec<Shown>>,
    /// So many of them, the first, are tasks.
    tasks: usize,
    pub(crate) timing: Timing,
}

/// The values of one part.
struct Values {
    values: Vec<Value>,
    table: Vec<u32>,
}

/// One value; of a task whatever its place in a queue.
#[derive(Clone, Copy)]
struct Value {
    part: Part,
    /// What it is if it is a task: unpacking one costs more than keeping it.
    task: Option<Task>,
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
            shown: vec![Vec::new(); shape.part_count()],
            tasks: usize::from(shape.task_count),
            timing,
        };
        for part in 0..parts.count() {
            let (value, _) = parts.split(part, shape);
            parts.number(part, value, shape);
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
        let shown = self.shown.iter().map(Vec::capacity).sum::<usize>() * size_of::<Shown>();
        (self.kinds.iter().map(bytes).sum::<usize>() + shown) as u64
    }

    /// What is kept of a part in this state, and its place in a queue if it is a task.
    #[inline]
    fn split(&self, part: usize, state: &State) -> (Part, u8) {
        let value = state.part(part);
        if part < self.tasks {
            split_rank(value)
        } else {
            (value, 0)
        }
    }

    /// The place of a part in a queue; 0 if it stands in none.
    pub(crate) fn rank(&self, part: usize, state: &State) -> u8 {
        self.split(part, state).1
    }

    /// The number of the value that a part has in this state, if it has one, and the task's
    /// place in a queue.
    pub(crate) fn find(&self, part: usize, state: &State) -> Option<(u32, u8)> {
        let (value, rank) = self.split(part, state);
        Some((self.kinds[part].probe(value).ok()?, rank))
    }

    /// Writes the value with this number, with this place in a queue.
    #[inline]
    pub(crate) fn load(&self, part: usize, number: u32, rank: u8, into: &mut State) {
        let value = &self.kinds[part].values[number as usize];
        match value.task {
            Some(mut task) => {
                task.put_at(rank);
                into.put_task(part, task);
            }
            None => into.set_part(part, value.part),
        }
    }

    /// What the value with this number shows.
    #[inline]
    pub(crate) fn shown(&self, part: usize, number: u32) -> &Shown {
        &self.shown[part][number as usize]
    }

    /// The number of the value that a part has now that had the number `old`, its place in a
    /// queue, and in which traits they differ. A call of its own: inside of its caller it has
    /// too few registers.
    #[inline(never)]
    pub(crate) fn renumber(&mut self, part: usize, old: u32, state: &State) -> (u32, u8, Traits) {
        let (value, rank) = self.split(part, state);
        if value == self.kinds[part].values[old as usize].part {
            return (old, rank, Traits::default());
        }
        let number = self.number(part, value, state);
        let traits = self.shown(part, old).traits();
        let difference = traits.difference(self.shown(part, number).traits());
        (number, rank, difference)
    }

    /// The number of the value that the part has in this state; a new one if it has none.
    #[inline]
    fn number(&mut self, part: usize, value: Part, state: &State) -> u32 {
        match self.kinds[part].probe(value) {
            Ok(number) => number,
            Err(slot) => {
                let task = state.tasks().nth(part).map(|(_, task)| *task);
                let shown = task.map(|task| Shown::of(&task, self.timing));
                // What is no task shows nothing.
                self.shown[part].push(shown.unwrap_or_default());
                self.kinds[part].push(slot, Value { part: value, task })
            }
        }
    }
}

impl Values {
    /// Adds a value in the slot where it goes; says which number it has.
    #[cold]
    fn push(&mut self, slot: usize, value: Value) -> u32 {
        let number = self.values.len() as u32;
        self.table[slot] = number;
        self.values.push(value);
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
        number
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

/// Which bits of a packed state hold which number: for each part that of its value, and after
/// them for each its place in a queue, which takes no bits if it never stands in one. No number
/// lies across two words.
#[derive(Clone)]
pub(crate) struct Layout {
    fields: Vec<Field>,
    /// Which field each bit of each word belongs to.
    owners: Vec<[u8; 64]>,
    /// Which bits of each word are of places in queues.
    places: Vec<u64>,
    /// How many of the parts are tasks.
    tasks: usize,
    /// How many lanes ([`locks::Lanes`]) it takes for the tasks that change at all.
    lanes: usize,
}

#[derive(Clone, Copy)]
struct Field {
    word: u8,
    shift: u8,
    /// As many ones as it has bits.
    mask: u64,
    /// The bits of its word that are not its own.
    others: u64,
}

impl Field {
    /// Its number in its word.
    #[inline]
    fn number(self, word: u64) -> u32 {
        (word >> self.shift & self.mask) as u32
    }
}

/// Bits of a packed state that go from one word to another, all by as many places.
#[derive(Clone, Copy)]
pub(crate) struct Move {
    from: u8,
    to: u8,
    /// To the left.
    by: u32,
    bits: u64,
}

impl Move {
    /// Writes them, where there are none yet.
    #[inline]
    pub(crate) fn apply(self, from: &[u64], to: &mut [u64]) {
        let bits = from[usize::from(self.from)] & self.bits;
        to[usize::from(self.to)] |= bits.rotate_left(self.by);
    }
}

impl Layout {
    /// For this state and a few more.
    pub(crate) fn new(parts: &Parts, shape: &State) -> Layout {
        let values = (0..parts.count()).map(|_| 0);
        let places = (0..parts.count()).map(|part| bits_of(parts.rank(part, shape).into()));
        Layout::of(values.chain(places).collect(), parts.tasks)
    }

    /// How many parts there are.
    #[inline]
    pub(crate) fn parts(&self) -> usize {
        self.fields.len() / 2
    }

    /// The field for the place of a part in a queue.
    #[inline]
    pub(crate) fn place(&self, part: usize) -> usize {
        self.parts() + part
    }

    /// How many words a state takes.
    #[inline]
    pub(crate) fn words(&self) -> usize {
        self.owners.len()
    }

    /// How many lanes ([`locks::Lanes`]) it takes for the tasks that change at all.
    #[inline]
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Whether this field has bits enough for the number.
    #[inline]
    pub(crate) fn fits(&self, field: usize, number: u32) -> bool {
        u64::from(number) <= self.fields[field].mask
    }

    /// Which field has no room for what a part is now.
    #[inline]
    pub(crate) fn too_narrow(&self, part: usize, number: u32, rank: u32) -> Option<(usize, u32)> {
        let place = self.place(part);
        if !self.fits(part, number) {
            Some((part, number))
        } else if !self.fits(place, rank) {
            Some((place, rank))
        } else {
            None
        }
    }

    /// A layout in which it has, as have all others for what they have been.
    pub(crate) fn widened(&self, parts: &Parts, field: usize, number: u32) -> Layout {
        let needed = |at: usize, now: &Field| {
            let largest = match parts.kinds.get(at) {
                Some(kind) => kind.values.len() as u32 - 1,
                None => now.mask as u32,
            };
            let largest = if at == field {
                number.max(largest)
            } else {
                largest
            };
            bits_of(largest)
        };
        let fields = self.fields.iter().enumerate();
        let needed = fields.map(|(at, now)| needed(at, now)).collect();
        Layout::of(needed, self.tasks)
    }

    /// What has to be moved to write a state as another layout does, with no less room for any
    /// field.
    pub(crate) fn moves(&self, to: &Layout) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::new();
        for (old, new) in self.fields.iter().zip(&to.fields) {
            let bits = old.mask << old.shift;
            let one = Move {
                from: old.word,
                to: new.word,
                by: (64 + u32::from(new.shift) - u32::from(old.shift)) % 64,
                bits,
            };
            let way = |it: &Move| (it.from, it.to, it.by);
            match moves.iter_mut().find(|other| way(other) == way(&one)) {
                // Neighbours mostly stay neighbours.
                Some(other) => other.bits |= bits,
                None => moves.push(one),
            }
        }
        moves.retain(|it| it.bits != 0);
        moves
    }

    /// Writes the number in a field over another one.
    #[inline]
    pub(crate) fn set(&self, words: &mut [u64], field: usize, old: u32, number: u32) {
        let field = self.fields[field];
        words[usize::from(field.word)] ^= u64::from(old ^ number) << field.shift;
    }

    /// The bits of a state that say what these parts are.
    pub(crate) fn mask(&self, parts: u64) -> Vec<u64> {
        let mut words = vec![0; self.words()];
        bits(parts, |part| {
            for field in [self.fields[part], self.fields[self.place(part)]] {
                words[usize::from(field.word)] |= field.mask << field.shift;
            }
        });
        words
    }

    /// The number in a field.
    #[inline]
    pub(crate) fn get(&self, words: &[u64], field: usize) -> u32 {
        self.fields[field].number(words[usize::from(self.fields[field].word)])
    }

    /// Calls `each` with every part whose value differs between this word of two states, and
    /// which value it has in `word`. A look at each field would take longer: few of them differ.
    #[inline(always)]
    pub(crate) fn differing(
        &self,
        at: usize,
        word: u64,
        other: u64,
        mut each: impl FnMut(usize, u32),
    ) {
        let owners = &self.owners[at];
        let mut differs = (word ^ other) & !self.places[at];
        while differs != 0 {
            let part = usize::from(owners[differs.trailing_zeros() as usize]);
            let field = self.fields[part];
            differs &= field.others;
            each(part, field.number(word));
        }
    }

    /// Writes down all places in queues that differ between this word of two states.
    #[inline(always)]
    pub(crate) fn move_up(&self, at: usize, word: u64, other: u64, places: &mut Lanes) {
        let owners = &self.owners[at];
        let mut differs = (word ^ other) & self.places[at];
        while differs != 0 {
            let owner = usize::from(owners[differs.trailing_zeros() as usize]);
            let field = self.fields[owner];
            differs &= field.others;
            let difference = field.number(word ^ other);
            locks::move_up(places, owner - self.parts(), difference.into());
        }
    }

    /// The parts to which these bits of a word belong.
    pub(crate) fn changed(&self, at: usize, differs: u64) -> u64 {
        let mut parts = 0;
        bits(differs, |bit| {
            parts |= 1 << (usize::from(self.owners[at][bit]) % self.parts());
        });
        parts
    }

    /// As few words as possible if each field gets as many bits as it needs. What is left of
    /// them goes in equal shares to the values that change: they will need more.
    fn of(needed: Vec<u8>, tasks: usize) -> Layout {
        let (mut fields, words) = Layout::placed(&needed);
        let parts = needed.len() / 2;
        let changing = needed[..parts].iter().filter(|&&bits| bits > 0).count();
        let used: usize = needed.iter().map(|&bits| usize::from(bits)).sum();
        for spare in (1..=(64 * words - used) / changing.max(1)).rev() {
            let mut bits = needed.clone();
            for bits in bits[..parts].iter_mut().filter(|bits| **bits > 0) {
                *bits = (*bits + spare as u8).min(32);
            }
            let placed = Layout::placed(&bits);
            if placed.1 == words {
                fields = placed.0;
                break;
            }
        }
        let mut owners = vec![[0; 64]; words];
        for (index, field) in fields.iter().enumerate() {
            let end = field.shift + field.mask.count_ones() as u8;
            for owner in &mut owners[usize::from(field.word)][field.shift.into()..end.into()] {
                *owner = index as u8;
            }
        }
        let mut places = vec![0; words];
        for field in &fields[parts..] {
            places[usize::from(field.word)] |= field.mask << field.shift;
        }
        let changes = |&task: &usize| fields[task].mask | fields[parts + task].mask != 0;
        let last = (0..tasks).rfind(changes).unwrap_or(0);
        Layout {
            fields,
            owners,
            places,
            tasks,
            lanes: last / 8 + 1,
        }
    }

    /// Places fields of so many bits word after word, each into the first word that has room;
    /// and how many words that takes.
    fn placed(bits: &[u8]) -> (Vec<Field>, usize) {
        let mut used: Vec<u8> = vec![0];
        let place = |&bits: &u8| {
            let free = used.iter().position(|&used| used + bits <= 64);
            let word = free.unwrap_or(used.len());
            used.resize(used.len().max(word + 1), 0);
            let shift = used[word] % 64;
            used[word] += bits;
            let mask = (1 << bits) - 1;
            Field {
                word: word as u8,
                shift,
                mask,
                others: !(mask << shift),
            }
        };
        let fields = bits.iter().map(place).collect();
        (fields, used.len())
    }
}

/// How many bits a number needs.
fn bits_of(number: u32) -> u8 {
    (u32::BITS - number.leading_zeros()) as u8
}

/// Calls `each` with the numbers of the bits that are set, lowest first.
#[inline]
pub(crate) fn bits(mut mask: u64, mut each: impl FnMut(usize)) {
    while mask != 0 {
        each(mask.trailing_zeros() as usize);
        mask &= mask - 1;
    }
}
