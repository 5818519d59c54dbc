//! What an exploration holds, and room for more, within its bounds.

use super::{Arrow, Explorer};
use crate::Full;
use crate::memo::Memo;
use crate::room::Room;

impl Explorer {
    /// From now on it stops ([`Full::Bytes`]) before it would hold more bytes than these,
    /// what has to be held for a moment while something grows included. The regions, which
    /// are computed when all states are found, are not asked about.
    pub fn set_bytes_max(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
        self.store.allow(bytes_max.saturating_sub(self.bytes()));
    }

    /// Bytes held; of regions there is one for each state.
    pub(super) fn bytes(&self) -> u64 {
        let ones = self.marks.capacity() + self.via.capacity();
        let fours = [&self.parents, &self.offsets, &self.targets, &self.starved];
        let fours: usize = fours.into_iter().map(Vec::capacity).sum();
        let arrows = self.arrows.capacity() * size_of::<Arrow>();
        let own = (ones + fours * 4 + arrows) as u64;
        let regions = self.regions.as_ref().map_or(0, |_| self.store.len().into());
        let memo = self.memo.as_ref().map_or(0, Memo::bytes);
        self.store.bytes() + own + memo + regions
    }

    /// Makes room for whatever so many states lead to, so that nothing grows past the bound
    /// while they are expanded.
    pub(super) fn make_room(&mut self, count: u32) -> Result<(), Full> {
        let count = count as usize;
        let most = count * self.machine.tasks.len();
        let numbers = self.targets.len().max(self.store.len() as usize);
        if numbers + most > self.numbers_max as usize {
            return Err(Full::Size);
        }
        if self.is_roomy(count, most) {
            return Ok(());
        }
        let mut room = Room::new(self.bytes(), self.bytes_max);
        room.take(self.store.growth(most))?;
        room.take(self.memo.as_ref().map_or(0, Memo::growth))?;
        room.grow(&mut self.targets, most)?;
        room.grow(&mut self.starved, most)?;
        room.grow(&mut self.parents, most)?;
        room.grow(&mut self.offsets, count)?;
        room.grow(&mut self.marks, most)?;
        room.grow(&mut self.via, most)?;
        self.store.allow(room.spare());
        Ok(())
    }

    fn is_roomy(&self, count: usize, most: usize) -> bool {
        fn has<T>(vec: &Vec<T>, more: usize) -> bool {
            vec.capacity() - vec.len() >= more
        }
        let fours = [&self.targets, &self.starved, &self.parents];
        self.store.is_roomy(most)
            && fours.into_iter().all(|vec| has(vec, most))
            && has(&self.offsets, count)
            && has(&self.marks, most)
            && has(&self.via, most)
    }

    /// Nothing more will be found.
    pub(super) fn give_room_back(&mut self) {
        for vec in [&mut self.marks, &mut self.via] {
            vec.shrink_to_fit();
        }
        let fours = [&mut self.parents, &mut self.offsets];
        for vec in fours
            .into_iter()
            .chain([&mut self.targets, &mut self.starved])
        {
            vec.shrink_to_fit();
        }
    }

    /// As if the batch that began with this state had not been begun.
    pub(super) fn drop_batch(&mut self, begin: u32) {
        self.store.drop_batch();
        self.arrows.clear();
        self.offsets.truncate(begin as usize + 1);
        let arrows = self.targets.len() as u32;
        self.starved.retain(|&arrow| arrow < arrows);
    }
}
