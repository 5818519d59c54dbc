//! An array that remembers which of its items were looked at and which were handed out for
//! writing. So whoever compares two states need not look at what no step has touched, and
//! whoever knows what a step did once knows it wherever what the step looked at is the same.

use core::cell::Cell;
use core::ops::{Deref, DerefMut, Index, IndexMut, RangeTo};

/// An array with that memory, which is not part of its value. What is handed out for writing
/// counts as looked at.
#[derive(Clone, Debug)]
pub struct Tracked<T, const N: usize> {
    items: [T; N],
    touched: u32,
    read: Cell<u32>,
}

impl<T: Copy, const N: usize> Tracked<T, N> {
    /// `N` times the same item.
    pub(crate) fn all(item: T) -> Tracked<T, N> {
        const { assert!(N <= 32) };
        Tracked {
            items: [item; N],
            touched: 0,
            read: Cell::new(0),
        }
    }

    /// Bit `n`: item `n` was looked at since this was asked last.
    #[inline]
    pub(crate) fn take_read(&mut self) -> u32 {
        self.read.take()
    }

    /// All items, without remembering that somebody looked. For questions that are remembered
    /// by themselves ([`crate::state::State::take_asked`]), and for who is no step.
    #[inline]
    pub(crate) fn peek(&self) -> &[T] {
        &self.items
    }

    /// Bit `n`: item `n` was handed out for writing since this was asked last.
    #[inline]
    pub(crate) fn take_touched(&mut self) -> u32 {
        core::mem::take(&mut self.touched)
    }

    /// One item, handed out for a change that depends on nothing that was not asked in
    /// another way: it counts as touched and not as looked at.
    #[inline]
    pub(crate) fn rewrite(&mut self, index: usize) -> &mut T {
        self.touched |= 1 << index;
        &mut self.items[index]
    }

    /// Writes an item without remembering it.
    #[inline]
    pub(crate) fn put(&mut self, index: usize, item: T) {
        self.items[index] = item;
    }
}

impl<T, const N: usize> Tracked<T, N> {
    #[inline]
    fn note(&self, items: u32) {
        self.read.set(self.read.get() | items);
    }

    /// Bits of the first `end` items.
    #[inline]
    fn first(end: usize) -> u32 {
        u32::MAX.checked_shr(32 - end as u32).unwrap_or(0)
    }
}

impl<T: PartialEq, const N: usize> PartialEq for Tracked<T, N> {
    fn eq(&self, other: &Tracked<T, N>) -> bool {
        self.items == other.items
    }
}

impl<T: Eq, const N: usize> Eq for Tracked<T, N> {}

impl<T, const N: usize> Index<usize> for Tracked<T, N> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        self.note(1 << index);
        &self.items[index]
    }
}

impl<T, const N: usize> IndexMut<usize> for Tracked<T, N> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.touched |= 1 << index;
        self.note(1 << index);
        &mut self.items[index]
    }
}

impl<T, const N: usize> Index<RangeTo<usize>> for Tracked<T, N> {
    type Output = [T];

    #[inline]
    fn index(&self, range: RangeTo<usize>) -> &[T] {
        self.note(Tracked::<T, N>::first(range.end));
        &self.items[range]
    }
}

impl<T, const N: usize> IndexMut<RangeTo<usize>> for Tracked<T, N> {
    fn index_mut(&mut self, range: RangeTo<usize>) -> &mut [T] {
        self.touched |= Tracked::<T, N>::first(range.end);
        self.note(Tracked::<T, N>::first(range.end));
        &mut self.items[range]
    }
}

impl<T, const N: usize> Deref for Tracked<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.note(Tracked::<T, N>::first(N));
        &self.items
    }
}

impl<T, const N: usize> DerefMut for Tracked<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.touched = Tracked::<T, N>::first(N);
        self.note(Tracked::<T, N>::first(N));
        &mut self.items
    }
}
