//! Arrays of any type out of an untyped pool.

use core::mem::MaybeUninit;

use super::array::PoolArray;
use super::class::ClassTable;
use super::raw::RawPool;
use super::release::{ReleaseStrategy, Tenure};
use crate::error::AllocError;

/// Arrays and lists of several types in one pool.
///
/// The lengths in its class table count units of the layout that the pool was built for,
/// whatever the elements are. For a syntax tree, whose lists of nodes are short and
/// whose names are text, take a unit that both fit well, and a class for each length
/// that is frequent:
///
/// ```
/// use core::alloc::Layout;
/// use arraypool::{ClassTable, RawPool, Tagged};
///
/// /// In units of 8 bytes: names of up to 16 bytes; lists of up to 1, 2, 4 and 8 nodes.
/// struct Syntax;
///
/// impl ClassTable for Syntax {
///     const LENGTHS: &'static [u32] = &[2, 3, 6, 12, 24];
/// }
///
/// /// 24 bytes: 3 units.
/// type Node = [u64; 3];
///
/// let pool = RawPool::<Tagged, Syntax>::builder(Layout::new::<u64>()).build();
/// let name = pool.try_allocate_copy(b"identifier")?;
/// let mut nodes = pool.try_vec_with_capacity::<Node>(3)?;
/// assert_eq!((name.capacity(), nodes.capacity()), (16, 4));
/// nodes.push([1, 2, 3]);
/// assert_eq!(pool.stats().live, 2);
/// # Ok::<(), arraypool::AllocError>(())
/// ```
impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Allocates an array of `len` values of any type whose alignment is at most
    /// that of a unit, in as many units as it needs.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{DefaultStrategy, RawPool};
    ///
    /// let pool = RawPool::<DefaultStrategy>::builder(Layout::new::<u64>()).build();
    /// let bytes = pool.try_allocate::<u8>(20)?;
    /// assert_eq!((bytes.len(), bytes.capacity()), (20, 128));       // 16 units of 8 bytes
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has.
    ///
    /// # Errors
    /// As [`ArrayPool::try_allocate`](crate::ArrayPool::try_allocate).
    #[track_caller]
    pub fn try_allocate<T>(
        &self,
        len: usize,
    ) -> Result<PoolArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        self.assert_aligned::<T>();
        if size_of::<T>() == 0 {
            return self.unsized_array(len);
        }
        let too_large = AllocError::TooLarge { length: len };
        u32::try_from(len).map_err(|_| too_large)?;
        let bytes = len.checked_mul(size_of::<T>()).ok_or(too_large)?;
        let units = bytes.div_ceil(self.unit_size().max(1));
        // SAFETY: so many units are `bytes` bytes or more, aligned as the type needs.
        unsafe { self.array_of(units, len) }
    }

    /// Allocates an array of `len` values of any type whose alignment is at most that of
    /// a unit, the i-th being `make(i)`. `make` may allocate, too.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// let squares = pool.try_allocate_with(4, |i| i * i)?;
    /// assert_eq!(squares, [0, 1, 4, 9]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has, or `make` panics; what was made is
    /// dropped then, and the array goes back.
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate); `make` is not called then.
    #[track_caller]
    pub fn try_allocate_with<T>(
        &self,
        len: usize,
        make: impl FnMut(usize) -> T,
    ) -> Result<PoolArray<'_, T, S, C>, AllocError> {
        Ok(self.try_allocate(len)?.write_with(make))
    }

    /// Allocates a copy of `source`, of any type whose alignment is at most that of a
    /// unit.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// assert_eq!(pool.try_allocate_copy(b"text")?, *b"text");
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has.
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate).
    #[track_caller]
    pub fn try_allocate_copy<T: Copy>(
        &self,
        source: &[T],
    ) -> Result<PoolArray<'_, T, S, C>, AllocError> {
        let array = self.try_allocate(source.len())?;
        // Always equal; the compiler does not see it, and this way `write_copy` has no
        // panic.
        if array.len() != source.len() {
            return Err(AllocError::TooLarge { length: source.len() });
        }
        Ok(array.write_copy(source))
    }

    /// Panics if the type needs a larger alignment than a unit has.
    #[track_caller]
    pub(super) fn assert_aligned<T>(&self) {
        assert!(
            align_of::<T>() <= self.unit_align(),
            "the pool's units are aligned to {}, the type needs {}",
            self.unit_align(),
            align_of::<T>()
        );
    }

    /// An array of `len` elements in a slot of `units`, both at most 2^32 - 1 or refused.
    ///
    /// # Safety
    /// A slot of `units` units holds `len` elements of `T`, aligned for it; and `len` is no
    /// more than `units`, or 32 bits hold it.
    #[inline(always)]
    #[track_caller]
    pub(super) unsafe fn array_of<T>(
        &self,
        units: usize,
        len: usize,
    ) -> Result<PoolArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        let slot = self.issue(units, Tenure::Owned)?;
        #[allow(clippy::cast_possible_truncation, reason = "a slot has at most 2^32 - 1 units")]
        let length = len as u32;
        // SAFETY: the slot was issued just now; the rest is the caller's promise.
        Ok(unsafe { PoolArray::new(&slot, self, length) })
    }

    /// An array of elements without size: it has no slot.
    pub(super) fn unsized_array<T>(
        &self,
        len: usize,
    ) -> Result<PoolArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        let length = u32::try_from(len).map_err(|_| AllocError::TooLarge { length: len })?;
        debug_assert_eq!(size_of::<T>(), 0);
        // SAFETY: elements without size, which every caller asks for, take no slot; and the
        // address of the empty one is aligned as a unit is, which is as the type needs.
        Ok(unsafe { PoolArray::new(&self.empty(), self, length) })
    }
}
