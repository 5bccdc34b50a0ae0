//! Elements that a predicate asks for, taken out of a vector one by one.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::FusedIterator;
use core::ops::RangeBounds;

use super::PoolVec;
use super::edit::Sieve;
use crate::pool::class::{ClassTable, DefaultClasses};
use crate::pool::release::{DefaultStrategy, ReleaseStrategy};

/// The elements of a range of a [`PoolVec`] for which a predicate answers true, by
/// value: from [`extract_if`](PoolVec::extract_if).
///
/// Meanwhile the vector has only what is in front of the range. When this is dropped,
/// also by a panic, what the predicate has not answered for stays.
///
/// ```
/// let pool = arraypool::ArrayPool::<u32>::new();
/// let mut numbers = pool.vec();
/// numbers.extend([1, 2, 3, 4]);
/// assert_eq!(numbers.extract_if(.., |number| *number > 1).next(), Some(2));
/// assert_eq!(numbers, [1, 3, 4]);
/// ```
#[must_use = "it takes nothing out until it is asked for elements; `retain_mut` drops them"]
pub struct ExtractIf<'v, 'p, T, F, S = DefaultStrategy, C = DefaultClasses>
where
    S: ReleaseStrategy,
    C: ClassTable,
{
    sieve: Sieve<'v, 'p, T, S, C>,
    /// Elements of the range that have not been seen.
    rest: usize,
    predicate: F,
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolVec<'p, T, S, C> {
    /// Takes those elements of a range out for which `predicate` answers true, each when
    /// the iterator is asked for it. If it is dropped early, the others stay; if it is
    /// leaked, so are the elements from the range on.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend(0..8);
    /// let even: Vec<_> = numbers.extract_if(1..6, |number| *number % 2 == 0).collect();
    /// assert_eq!(even, [2, 4]);
    /// assert_eq!(numbers, [0, 1, 3, 5, 6, 7]);
    /// ```
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element. The iterator
    /// panics if `predicate` does; the elements that it has not answered for stay.
    #[track_caller]
    pub fn extract_if<F, R>(&mut self, range: R, predicate: F) -> ExtractIf<'_, 'p, T, F, S, C>
    where
        F: FnMut(&mut T) -> bool,
        R: RangeBounds<usize>,
    {
        let (start, end) = self.bounds(&range);
        ExtractIf { sieve: Sieve::new(self, start), rest: end - start, predicate }
    }
}

impl<T, F, S: ReleaseStrategy, C: ClassTable> Iterator for ExtractIf<'_, '_, T, F, S, C>
where
    F: FnMut(&mut T) -> bool,
{
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while self.rest > 0 {
            let taken = (self.predicate)(self.sieve.peek()?);
            // Counted now: after a panic the element has not been seen.
            self.rest -= 1;
            if taken {
                return self.sieve.take();
            }
            self.sieve.keep();
        }
        None
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.rest))
    }
}

impl<T, F, S: ReleaseStrategy, C: ClassTable> FusedIterator for ExtractIf<'_, '_, T, F, S, C> where
    F: FnMut(&mut T) -> bool
{
}

impl<T, F, S: ReleaseStrategy, C: ClassTable> fmt::Debug for ExtractIf<'_, '_, T, F, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("rest", &self.rest).finish_non_exhaustive()
    }
}
