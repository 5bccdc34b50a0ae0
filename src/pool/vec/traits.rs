//! A vector as a slice, as an iterator, as a place to write to, and as what is not pooled.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use core::ops::{Deref, DerefMut};
#[cfg(feature = "alloc")]
use core::{mem, ptr};

use super::{PoolArray, PoolVec};
use crate::error::{AllocError, OrPanic};
use crate::pool::array::IntoIter;
use crate::pool::class::ClassTable;
use crate::pool::release::ReleaseStrategy;
use crate::pool::slices::{behaves_as_slice, equal_slices, order_slices};

impl<T, S: ReleaseStrategy, C: ClassTable> Deref for PoolVec<'_, T, S, C> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> DerefMut for PoolVec<'_, T, S, C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> IntoIterator for PoolVec<'p, T, S, C> {
    type Item = T;
    type IntoIter = IntoIter<'p, T, S, C>;

    #[inline]
    fn into_iter(self) -> IntoIter<'p, T, S, C> {
        // SAFETY: `into_slot` gives initialised elements.
        unsafe { self.into_slot().assume_init() }.into_iter()
    }
}

/// Moves the elements to the heap; the slot goes back.
///
/// ```
/// let pool = arraypool::ArrayPool::<u32>::new();
/// let mut numbers = pool.vec();
/// numbers.extend([1, 2]);
/// assert_eq!(Vec::from(numbers), [1, 2]);
/// ```
#[cfg(feature = "alloc")]
impl<T, S: ReleaseStrategy, C: ClassTable> From<PoolVec<'_, T, S, C>> for Vec<T> {
    fn from(mut vector: PoolVec<'_, T, S, C>) -> Self {
        let mut elements = Self::with_capacity(vector.length);
        let count = mem::take(&mut vector.length);
        // SAFETY: the pooled vector had so many elements and has forgotten them; there is
        // room for them on the heap.
        unsafe { ptr::copy_nonoverlapping(vector.as_ptr(), elements.as_mut_ptr(), count) };
        // SAFETY: so many elements have moved there.
        unsafe { elements.set_len(count) };
        elements
    }
}

/// Moves the elements to the heap; the slot goes back.
///
/// ```
/// let pool = arraypool::ArrayPool::<u32>::new();
/// let mut numbers = pool.vec();
/// numbers.extend([1, 2]);
/// assert_eq!(*Box::<[u32]>::from(numbers), [1, 2]);
/// ```
#[cfg(feature = "alloc")]
impl<T, S: ReleaseStrategy, C: ClassTable> From<PoolVec<'_, T, S, C>> for Box<[T]> {
    fn from(vector: PoolVec<'_, T, S, C>) -> Self {
        Vec::from(vector).into_boxed_slice()
    }
}

/// Moves the elements out, if there are exactly `N`; the slot goes back. Otherwise the
/// error is the vector. Never panics.
///
/// ```
/// let pool = arraypool::ArrayPool::<u32>::new();
/// let mut numbers = pool.vec();
/// numbers.extend([1, 2]);
/// let numbers = <[u32; 3]>::try_from(numbers).expect_err("there are two");
/// let pair = <[u32; 2]>::try_from(numbers).expect("there are two");
/// assert_eq!(pair, [1, 2]);
/// ```
impl<'p, T, S: ReleaseStrategy, C: ClassTable, const N: usize> TryFrom<PoolVec<'p, T, S, C>>
    for [T; N]
{
    type Error = PoolVec<'p, T, S, C>;

    fn try_from(mut vector: PoolVec<'p, T, S, C>) -> Result<Self, Self::Error> {
        if vector.length != N {
            return Err(vector);
        }
        vector.length = 0;
        // SAFETY: the vector had so many elements and has forgotten them.
        Ok(unsafe { vector.as_ptr().cast::<Self>().read() })
    }
}

behaves_as_slice!(PoolVec<'_, T, S / R: ReleaseStrategy, C / D: ClassTable>);

equal_slices! {
    [S: ReleaseStrategy, R: ReleaseStrategy, C: ClassTable, D: ClassTable]
    PoolVec<'_, T, S, C>, PoolArray<'_, U, R, D>;
}

// Only its own kind: what is compared with a vector may be turned `into()` one.
order_slices! { [S: ReleaseStrategy, C: ClassTable] PoolVec<'_, T, S, C>, PoolVec<'_, T, S, C> }

impl<S: ReleaseStrategy, C: ClassTable> PoolVec<'_, u8, S, C> {
    /// Puts the bytes of a text behind the last byte.
    ///
    /// ```
    /// use std::fmt::Write;
    ///
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut text = pool.vec();
    /// text.push_str("six times seven is ");
    /// write!(text, "{}", 6 * 7)?;
    /// assert_eq!(text, *b"six times seven is 42");
    /// # Ok::<(), std::fmt::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn push_str(&mut self, text: &str) {
        self.try_push_str(text).or_panic();
    }

    /// The twin of [`push_str`](Self::push_str) that returns an error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut text = pool.vec();
    /// text.try_push_str("text")?;
    /// assert_eq!(text, *b"text");
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[inline]
    #[track_caller]
    pub fn try_push_str(&mut self, text: &str) -> Result<(), AllocError> {
        self.try_extend_from_slice(text.as_bytes())
    }
}

/// Appends; fails if there is no memory, and nothing of that piece is there then.
impl<S: ReleaseStrategy, C: ClassTable> fmt::Write for PoolVec<'_, u8, S, C> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.try_push_str(text).map_err(|_| fmt::Error)
    }
}

/// Appends; fails with [`OutOfMemory`](std::io::ErrorKind::OutOfMemory) whatever
/// the [`AllocError`] is, since naming it would take memory.
#[cfg(feature = "std")]
impl<S: ReleaseStrategy, C: ClassTable> std::io::Write for PoolVec<'_, u8, S, C> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.try_extend_from_slice(bytes).map_err(|_| std::io::ErrorKind::OutOfMemory.into())
    }

    #[inline]
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
