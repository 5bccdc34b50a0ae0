//! A range of a vector exchanged for other elements.

#![forbid(unsafe_code)]

use core::ops::RangeBounds;

use super::PoolVec;
use crate::error::{AllocError, OrPanic};
use crate::pool::class::ClassTable;
use crate::pool::release::ReleaseStrategy;

impl<T, S: ReleaseStrategy, C: ClassTable> PoolVec<'_, T, S, C> {
    /// Puts the elements of `replacement` in the place of a range, and returns those of
    /// the range, in a vector of the same pool. There may be more or fewer than there were.
    ///
    /// All of it is done when this returns. The standard library's `splice` does it when
    /// its iterator is dropped, where an error could not be returned.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3, 4]);
    /// let removed = numbers.splice(1..3, [7, 8, 9]);
    /// assert_eq!(removed, [2, 3]);
    /// assert_eq!(numbers, [1, 7, 8, 9, 4]);
    /// ```
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element; if there is no
    /// memory, or the iterator panics. The vector is what it was then.
    #[track_caller]
    pub fn splice(
        &mut self,
        range: impl RangeBounds<usize>,
        replacement: impl IntoIterator<Item = T>,
    ) -> Self {
        self.try_splice(range, replacement).or_panic()
    }

    /// The twin of [`splice`](Self::splice) that returns an error. The vector is what it
    /// was then, and the elements that the iterator gave are dropped.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3, 4]);
    /// let removed = numbers.try_splice(1.., [7])?;
    /// assert_eq!(removed, [2, 3, 4]);
    /// assert_eq!(numbers, [1, 7]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve): the replacement needs a slot, which is then
    /// that of the removed elements, and the vector one that is long enough.
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element, or the iterator
    /// panics. The vector is what it was then.
    #[track_caller]
    pub fn try_splice(
        &mut self,
        range: impl RangeBounds<usize>,
        replacement: impl IntoIterator<Item = T>,
    ) -> Result<Self, AllocError> {
        let (start, end) = self.bounds(&range);
        let removed = end - start;
        let values = replacement.into_iter();
        let mut other = Self::new(self.pool());
        if values.size_hint().0 < removed {
            other.try_reserve_exact(removed)?;
        }
        other.try_extend(values)?;
        let put = other.len();
        // More only if fewer were given than announced.
        other.try_reserve(removed.saturating_sub(put))?;
        self.try_reserve(put.saturating_sub(removed))?;
        // There is room on both sides: from here on nothing fails, and elements only move.
        let both = removed.min(put);
        self[start..start + both].swap_with_slice(&mut other[..both]);
        if removed > put {
            PoolVec::fill(&mut other, &mut self.drain(start + both..end));
        } else if put > removed {
            PoolVec::fill(self, &mut other.drain(both..));
            self[end..].rotate_right(put - removed);
        }
        Ok(other)
    }
}
