//! Arrays without slots: exact bytes of the arena, under a strategy that takes none back.

#![forbid(unsafe_code)]

use core::alloc::Layout;
use core::ptr::NonNull;

use super::class::ClassTable;
use super::classes::ClassId;
use super::raw::{RawPool, Slot};
use super::release::ReleaseStrategy;
use crate::error::AllocError;

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Whether an array of so many units is exact bytes of the arena under a
    /// strategy that takes none back: it is not empty, not too long, not watched.
    #[inline(always)]
    pub(super) fn is_exact(&self, units: usize) -> bool {
        units.wrapping_sub(1) < self.direct_most
    }

    /// Exact bytes from the arena.
    #[inline]
    #[track_caller]
    pub(super) fn issue_direct(&self, units: usize) -> Result<Slot<S>, AllocError> {
        if !self.is_exact(units) {
            return self.issue_direct_slow(units);
        }
        let bytes = units.checked_mul(self.units.size);
        let layout = bytes.map(|bytes| Layout::from_size_align(bytes, self.units.align));
        let elements = self.issue_exact(units, layout.and_then(Result::ok))?;
        Ok(Slot { elements, ticket: S::NO_TICKET, class: ClassId::NONE, generation: 0 })
    }

    /// An array of `units` units straight from the arena, of this layout, if that
    /// is one.
    #[inline(always)]
    pub(super) fn issue_exact(
        &self,
        units: usize,
        layout: Option<Layout>,
    ) -> Result<NonNull<u8>, AllocError> {
        let layout = layout.ok_or(AllocError::TooLarge { length: units })?;
        let elements = self.arena().try_alloc_layout(layout)?;
        let (count, total) = self.direct.get();
        self.direct.set((count + 1, total + layout.size()));
        Ok(elements)
    }

    /// Lengths that handles, which keep 32 bits of them, cannot have; 0; and every
    /// length where arrays are watched.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn issue_direct_slow(&self, units: usize) -> Result<Slot<S>, AllocError> {
        if units == 0 {
            return Ok(self.empty());
        }
        let length = u32::try_from(units).map_err(|_| AllocError::TooLarge { length: units })?;
        self.issue_direct_watched(length)
    }

    /// Arrays and bytes given out under a strategy that takes none back.
    pub(super) fn direct(&self) -> (usize, usize) {
        self.direct.get()
    }
}
