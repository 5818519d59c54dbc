//! An array that remembers which of its items were handed out for writing, so that whoever
//! compares two states need not look at what no step has touched.

use core::ops::{Deref, DerefMut, Index, IndexMut, RangeTo};

/// An array with that memory, which is not part of its value.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<T, const N: usize> {
    items: [T; N],
    touched: u32,
}

impl<T: Copy, const N: usize> Tracked<T, N> {
    /// `N` times the same item.
    pub(crate) fn all(item: T) -> Tracked<T, N> {
        const { assert!(N <= 32) };
        Tracked {
            items: [item; N],
            touched: 0,
        }
    }

    /// Bit `n`: item `n` was handed out for writing since this was asked last.
    #[inline]
    pub(crate) fn take_touched(&mut self) -> u32 {
        core::mem::take(&mut self.touched)
    }

    /// Writes an item without remembering it.
    #[inline]
    pub(crate) fn put(&mut self, index: usize, item: T) {
        self.items[index] = item;
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
        &self.items[index]
    }
}

impl<T, const N: usize> IndexMut<usize> for Tracked<T, N> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.touched |= 1 << index;
        &mut self.items[index]
    }
}

impl<T, const N: usize> Index<RangeTo<usize>> for Tracked<T, N> {
    type Output = [T];

    #[inline]
    fn index(&self, range: RangeTo<usize>) -> &[T] {
        &self.items[range]
    }
}

impl<T, const N: usize> IndexMut<RangeTo<usize>> for Tracked<T, N> {
    fn index_mut(&mut self, range: RangeTo<usize>) -> &mut [T] {
        self.touched |= u32::MAX.checked_shr(32 - range.end as u32).unwrap_or(0);
        &mut self.items[range]
    }
}

impl<T, const N: usize> Deref for Tracked<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T, const N: usize> DerefMut for Tracked<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.touched = u32::MAX >> (32 - N);
        &mut self.items
    }
}
