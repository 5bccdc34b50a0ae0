//! Arrays of any type out of an untyped pool.

use core::mem::MaybeUninit;

use super::array::PoolArray;
use super::class::ClassTable;
use super::raw::RawPool;
use super::release::{ReleaseStrategy, Tenure};
use crate::error::AllocError;

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
