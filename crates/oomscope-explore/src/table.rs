//! Finds states again by what they are.

use prefetch_index::prefetch_index;

/// No index: of nothing, or not the one that is looked for.
pub(crate) const NONE: u32 = u32::MAX;

/// Up to so many slots the table grows fourfold, which saves half of the times that it is filled
/// anew; then it only doubles, as it is a large part of all memory.
const MANY: u64 = 1 << 18;

/// When it is filled anew, slots are asked for so many indices before they are needed.
const AHEAD: usize = 16;

/// A hash table of indices. A slot has an index, plus one, in as many low bits as it takes to
/// count the slots, and in the others bits of the hash, so that hardly any state is looked at
/// that is not the one: each look waits for memory. A slot with nothing is 0.
pub(crate) struct Table {
    slots: Vec<u32>,
    /// For so many indices: two thirds of the slots.
    room: usize,
}

impl Table {
    /// An empty one with that many slots, a power of two.
    pub(crate) fn new(slots: usize) -> Table {
        Table {
            slots: vec![0; slots],
            room: slots * 2 / 3,
        }
    }

    /// Bytes used.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<u32>()
    }

    /// How many slots it has.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// For how many indices it has room.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Bytes used by one with room for more than so many indices, unless this one is.
    pub(crate) fn bytes_for(&self, indices: usize) -> u64 {
        let mut slots = self.slots.len() as u64;
        while indices as u64 >= slots * 2 / 3 {
            slots *= Table::times(slots);
        }
        slots * size_of::<u32>() as u64
    }

    /// How many slots it should have when there is no more room.
    pub(crate) fn slots_then(&self) -> usize {
        self.slots.len() * Table::times(self.slots.len() as u64) as usize
    }

    fn times(slots: u64) -> u64 {
        if slots < MANY { 4 } else { 2 }
    }

    #[inline]
    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// The bits of a hash that are in its slot.
    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.mask() as u32
    }

    /// The index in a slot, [`NONE`] if there is none or the hash is another.
    #[inline]
    fn index(&self, slot: u32, hash: u64) -> u32 {
        match slot & !self.mask() as u32 == self.tag(hash) {
            true => (slot & self.mask() as u32).wrapping_sub(1),
            false => NONE,
        }
    }

    /// Has the first slot where this hash can be come near, without waiting for it.
    #[inline]
    pub(crate) fn fetch(&self, hash: u64) {
        prefetch_index(&self.slots, hash as usize & self.mask());
    }

    /// The index in the first slot where this hash can be; [`NONE`] if it is not there.
    #[inline]
    pub(crate) fn first(&self, hash: u64) -> u32 {
        self.index(self.slots[hash as usize & self.mask()], hash)
    }

    /// The index with this hash of which `is_it` says that it is the one, or the slot where it
    /// would go.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mut at = hash as usize & self.mask();
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            let index = self.index(slot, hash);
            if index != NONE && is_it(index) {
                return Ok(index);
            }
            at = (at + 1) & self.mask();
        }
    }

    /// Writes an index with this hash into an empty slot.
    #[inline]
    pub(crate) fn put(&mut self, at: usize, index: u32, hash: u64) {
        self.slots[at] = self.tag(hash) | (index + 1);
    }

    /// Forgets everything, and fills so many slots anew with indices that have these hashes.
    pub(crate) fn refill(
        &mut self,
        slots: usize,
        hashes: impl Iterator<Item = impl Iterator<Item = u64>>,
    ) {
        // The old ones go first, and the new ones are zero because the allocator says so.
        self.slots = Vec::new();
        *self = Table::new(slots);
        let mut index = 0;
        let mut chunk: Vec<u64> = Vec::new();
        for hashes in hashes {
            chunk.clear();
            chunk.extend(hashes);
            for (number, &hash) in chunk.iter().enumerate() {
                if let Some(&soon) = chunk.get(number + AHEAD) {
                    self.fetch(soon);
                }
                let mut at = hash as usize & self.mask();
                while self.slots[at] != 0 {
                    at = (at + 1) & self.mask();
                }
                self.put(at, index, hash);
                index += 1;
            }
        }
    }
}
