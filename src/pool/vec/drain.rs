//! Elements taken out of the middle of a vector, one by one.

use core::mem;
use core::ops::{Bound, Range, RangeBounds};
use core::ptr;
use core::slice;

use super::PoolVec;
use crate::pool::by_value::iterates_by_value;
use crate::pool::class::{ClassTable, DefaultClasses};
use crate::pool::release::{DefaultStrategy, ReleaseStrategy};

/// The elements of a range of a [`PoolVec`], by value: from
/// [`drain`](PoolVec::drain).
///
/// ```text
/// | stays ... | taken ... | not taken ... | taken ... | tail ... |
///             ^ length    [ rest ........ )           ^ tail     ^ end
/// ```
/// Meanwhile the vector has only what is in front of the range. When this is
/// dropped, also by a panic, what was not taken is dropped and the tail moves up.
pub struct Drain<'v, 'p, T, S = DefaultStrategy, C = DefaultClasses>
where
    S: ReleaseStrategy,
    C: ClassTable,
{
    vector: &'v mut PoolVec<'p, T, S, C>,
    rest: Range<usize>,
    tail: usize,
    end: usize,
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolVec<'p, T, S, C> {
    /// Takes the elements of a range out of the vector. Those that the iterator
    /// is not asked for are dropped with it. If it is leaked, so are the
    /// elements from the range on.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend(0..5);
    /// assert_eq!(numbers.drain(1..4).sum::<u32>(), 6);
    /// assert_eq!(numbers, [0, 4]);
    /// ```
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element.
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, 'p, T, S, C> {
        let (start, tail) = self.bounds(&range);
        let end = mem::replace(&mut self.length, start);
        Drain { vector: self, rest: start..tail, tail, end }
    }

    /// Where a range begins and ends.
    ///
    /// # Panics
    /// As [`drain`](Self::drain).
    #[track_caller]
    pub(super) fn bounds(&self, range: &impl RangeBounds<usize>) -> (usize, usize) {
        let length = self.length;
        let start = match range.start_bound() {
            Bound::Included(&index) => Some(index),
            Bound::Excluded(&index) => index.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let end = match range.end_bound() {
            Bound::Included(&index) => index.checked_add(1),
            Bound::Excluded(&index) => Some(index),
            Bound::Unbounded => Some(length),
        };
        match (start, end) {
            (Some(start), Some(end)) if start <= end && end <= length => (start, end),
            _ => panic!("the range is not one of a vector of {length}"),
        }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drain<'_, '_, T, S, C> {
    /// The elements that have not been taken.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend(0..5);
    /// let mut taken = numbers.drain(1..4);
    /// assert_eq!(taken.next(), Some(1));
    /// assert_eq!(taken.as_slice(), &[2, 3]);
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        let first = self.vector.as_ptr().wrapping_add(self.rest.start);
        // SAFETY: the elements of `rest` are initialised.
        unsafe { slice::from_raw_parts(first, self.rest.len()) }
    }

    /// # Safety
    /// The place was one of `rest` and no longer is.
    #[inline]
    unsafe fn take(&mut self, place: usize) -> T {
        let place = self.vector.place(place);
        // SAFETY: nobody has taken the element, and nobody looks for it here again.
        unsafe { place.read() }
    }
}

iterates_by_value!(Drain<'_, '_, T, S: ReleaseStrategy, C: ClassTable>);

/// Moves the tail up when it goes out of scope.
struct Closing<'d, 'v, 'p, T, S: ReleaseStrategy, C: ClassTable>(&'d mut Drain<'v, 'p, T, S, C>);

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for Closing<'_, '_, '_, T, S, C> {
    fn drop(&mut self) {
        let Drain { vector, tail, end, .. } = &mut *self.0;
        let rest = *end - *tail;
        // Nothing moves where the range was empty.
        if *tail != vector.length {
            let (from, to) = (vector.place(*tail), vector.place(vector.length));
            // SAFETY: the tail is initialised, and in front of it everything from
            // the vector's length on is vacant.
            unsafe { ptr::copy(from, to, rest) };
        }
        vector.length += rest;
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for Drain<'_, '_, T, S, C> {
    fn drop(&mut self) {
        let first = self.vector.place(self.rest.start);
        let rest = ptr::slice_from_raw_parts_mut(first, self.rest.len());
        let _closing = Closing(self);
        // SAFETY: none of these was taken, and nobody sees them afterwards.
        unsafe { ptr::drop_in_place(rest) };
    }
}
