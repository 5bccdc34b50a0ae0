//! Elements sifted: what stays moves up to what stayed before.

use core::mem;
use core::ptr;

use super::PoolVec;
use crate::pool::class::ClassTable;
use crate::pool::release::ReleaseStrategy;

/// A vector whose elements are looked at one by one.
///
/// ```text
/// | in front ... | kept ... | vacant ... | not seen yet ... |
///                ^ length   ^ kept       ^ seen             ^ end
/// ```
/// The vector's own length is what lies in front of the sifted meanwhile. When the
/// sieve goes out of scope, also by a panic, it closes the gap and keeps what has not
/// been seen.
pub(super) struct Sieve<'v, 'p, T, S: ReleaseStrategy, C: ClassTable> {
    vector: &'v mut PoolVec<'p, T, S, C>,
    kept: usize,
    seen: usize,
    end: usize,
}

impl<'v, 'p, T, S: ReleaseStrategy, C: ClassTable> Sieve<'v, 'p, T, S, C> {
    /// Sifts the elements from `start` on, which is at most the length.
    pub(super) fn new(vector: &'v mut PoolVec<'p, T, S, C>, start: usize) -> Self {
        debug_assert!(start <= vector.length);
        let end = mem::replace(&mut vector.length, start);
        Self { vector, kept: start, seen: start, end }
    }

    /// Whether there is an element that has not been seen.
    #[inline]
    fn has_next(&self) -> bool {
        self.seen < self.end
    }

    /// The place of the element that is seen next.
    #[inline]
    fn next(&mut self) -> *mut T {
        self.vector.place(self.seen)
    }

    /// The element that is seen next; `None` if there is none.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<&mut T> {
        // SAFETY: the next element is initialised, and borrowed with the sieve.
        self.has_next().then(|| unsafe { &mut *self.next() })
    }

    /// The place of the element that was kept last.
    #[inline]
    fn last(&mut self) -> *mut T {
        self.vector.place(self.kept.wrapping_sub(1))
    }

    /// Keeps the next element, which there is.
    #[inline]
    pub(super) fn keep(&mut self) {
        debug_assert!(self.has_next());
        let (from, to) = (self.next(), self.vector.place(self.kept));
        // SAFETY: the element is initialised, and its new place is vacant or its
        // own: `kept` is at most `seen`, which is below `end`.
        unsafe { ptr::copy(from, to, 1) };
        self.seen += 1;
        self.kept += 1;
    }

    /// Takes the next element out; `None` if there is none.
    #[inline]
    pub(super) fn take(&mut self) -> Option<T> {
        if !self.has_next() {
            return None;
        }
        let place = self.next();
        self.seen += 1;
        // SAFETY: the element is initialised, and its place is vacant from now on.
        Some(unsafe { place.read() })
    }

    /// Drops the next element, which there is.
    #[inline]
    fn discard(&mut self) {
        debug_assert!(self.has_next());
        let place = self.next();
        self.seen += 1;
        // SAFETY: the element is initialised, and its place is vacant from now
        // on, whatever its drop does.
        unsafe { ptr::drop_in_place(place) };
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for Sieve<'_, '_, T, S, C> {
    #[inline]
    fn drop(&mut self) {
        let rest = self.end - self.seen;
        let (from, to) = (self.next(), self.vector.place(self.kept));
        // SAFETY: the elements not seen are initialised, and in front of them
        // everything from `kept` on is vacant.
        unsafe { ptr::copy(from, to, rest) };
        self.vector.length = self.kept + rest;
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> PoolVec<'_, T, S, C> {
    /// Keeps the elements for which `keep` answers true, in their order.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend(0..6);
    /// numbers.retain(|number| number % 2 == 0);
    /// assert_eq!(numbers, [0, 2, 4]);
    /// ```
    ///
    /// # Panics
    /// If `keep` or an element's `Drop` panics. The elements that `keep` has not
    /// answered for stay.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.retain_mut(|element| keep(element));
    }

    /// As [`retain`](Self::retain), with elements that may be changed.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend(0..6);
    /// numbers.retain_mut(|number| {
    ///     *number += 1;
    ///     *number % 2 == 0
    /// });
    /// assert_eq!(numbers, [2, 4, 6]);
    /// ```
    ///
    /// # Panics
    /// As [`retain`](Self::retain).
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut sieve = Sieve::new(self, 0);
        while let Some(element) = sieve.peek() {
            if keep(element) {
                sieve.keep();
            } else {
                sieve.discard();
            }
        }
    }

    /// Drops every element for which `same(element, kept)` answers true, `kept`
    /// being the last one that stays in front of it.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 2, 5]);
    /// numbers.dedup_by(|number, before| *number == *before + 1);
    /// assert_eq!(numbers, [1, 5]);
    /// ```
    ///
    /// # Panics
    /// If `same` or an element's `Drop` panics. The elements that `same` has not
    /// answered for stay.
    pub fn dedup_by(&mut self, mut same: impl FnMut(&mut T, &mut T) -> bool) {
        let mut sieve = Sieve::new(self, 0);
        if !sieve.has_next() {
            return;
        }
        sieve.keep();
        while sieve.has_next() {
            // SAFETY: the next element is initialised, and borrowed for the call.
            let element = unsafe { &mut *sieve.next() };
            // SAFETY: so is the last kept one, which is another: it lies in front.
            let last = unsafe { &mut *sieve.last() };
            if same(element, last) {
                sieve.discard();
            } else {
                sieve.keep();
            }
        }
    }

    /// Drops every element whose key equals that of the one in front of it.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([10, 11, 20, 12]);
    /// numbers.dedup_by_key(|number| *number / 10);
    /// assert_eq!(numbers, [10, 20, 12]);
    /// ```
    ///
    /// # Panics
    /// As [`dedup_by`](Self::dedup_by).
    pub fn dedup_by_key<K: PartialEq>(&mut self, mut key: impl FnMut(&mut T) -> K) {
        self.dedup_by(|element, kept| key(element) == key(kept));
    }

    /// Drops every element that equals the one in front of it.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 2, 1]);
    /// numbers.dedup();
    /// assert_eq!(numbers, [1, 2, 1]);
    /// ```
    ///
    /// # Panics
    /// As [`dedup_by`](Self::dedup_by).
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.dedup_by(|element, kept| element == kept);
    }
}
