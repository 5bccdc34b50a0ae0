//! Arrays held by an address and 24 bits: for trees whose nodes have no room for a handle.
//!
//! A [`Mark`] is what a node keeps instead of a handle's ticket and class, and
//! what it means is the strategy's business:
//!
//! | strategy | the mark is |
//! |---|---|
//! | `Metadata` | the number of the slot's run, which knows its class and its records |
//! | `Tagged` | the slot's class |
//! | `Direct` | 0 for an exact array, else the class whose length was taken |
//!
//! So an array goes home without a search, and what it can hold is known
//! whatever its length has become.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::class::{ClassTable, Table};
use super::classes::ClassId;
use super::raw::{RawPool, Slot};
use super::release::{ReleaseStrategy, Tenure};
use crate::error::{AllocError, ReleaseError};

/// What leads from an array's address to its slot: see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u32);

impl Mark {
    /// The mark of nothing, and of an exact array under `Direct`.
    pub(crate) const NONE: Self = Self(0);
    /// Bits of a mark.
    pub(crate) const BITS: u32 = 24;
    /// Runs from this number on are searched for.
    const MANY: u32 = (1 << Self::BITS) - 1;

    /// The bits, of which the upper eight are 0.
    #[inline(always)]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The mark of these bits, which were those of one.
    #[inline(always)]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// An array that is held by its mark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marked {
    pub(crate) elements: NonNull<u8>,
    pub(crate) mark: Mark,
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Allocates `units` units, which are not 0 and are uninitialised. A unit of
    /// this pool is as large and as aligned as a `U`, so that nothing has to be
    /// worked out at run time where arrays are exact.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn issue_marked<U>(&self, units: usize) -> Result<Marked, AllocError> {
        debug_assert_eq!(self.unit_size(), size_of::<U>());
        if !S::RECLAIMS {
            if !self.is_exact(units) {
                let slot = self.issue(units, Tenure::Owned)?;
                return Ok(Marked { elements: slot.elements, mark: Mark::NONE });
            }
            let elements = self.issue_exact(units, Layout::array::<U>(units).ok())?;
            return Ok(Marked { elements, mark: Mark::NONE });
        }
        let slot = self.issue(units, Tenure::Owned)?;
        let mark = if S::NUMBERS_RUNS {
            // SAFETY: the pool issued this ticket just now.
            Mark(unsafe { S::run_number(slot.ticket) }.min(Mark::MANY))
        } else {
            Mark(slot.class.bits())
        };
        Ok(Marked { elements: slot.elements, mark })
    }

    /// The same with room for as many units as the class of `units` holds, also
    /// where arrays are exact otherwise: for arrays that will grow.
    #[track_caller]
    pub(crate) fn issue_roomy<U>(&self, units: usize) -> Result<Marked, AllocError> {
        if S::RECLAIMS {
            return self.issue_marked::<U>(units);
        }
        let too_large = AllocError::TooLarge { length: units };
        let mark = match Table::<C>::class_of(units) {
            Some(class) => u32::try_from(class).unwrap_or(0) + 1,
            None => GEOMETRIC + units.checked_next_power_of_two().ok_or(too_large)?.ilog2(),
        };
        let slot = self.issue(roomy_length::<C>(mark), Tenure::Owned)?;
        Ok(Marked { elements: slot.elements, mark: Mark(mark) })
    }

    /// Takes an array back. What is wrong with its bookkeeping is for the pool's
    /// hook, as when a handle is dropped.
    ///
    /// # Safety
    /// The array came from this pool with this mark, and is given up.
    #[inline(always)]
    pub(crate) unsafe fn retire_marked(&self, array: Marked) {
        if !S::RECLAIMS {
            return;
        }
        // SAFETY: the caller's promise.
        let slot = match unsafe { self.marked_slot(array) } {
            Some(slot) => slot,
            None => return self.report(&self.misplaced(array)),
        };
        // SAFETY: the caller's promise, and `marked_slot` found a cut slot.
        unsafe { self.retire_or_report(slot) };
    }

    /// Units that the array's slot holds; `units` if it is exact.
    ///
    /// # Safety
    /// The array came from this pool with this mark, and has not gone back.
    pub(crate) unsafe fn marked_capacity(&self, array: Marked, units: usize) -> usize {
        if !S::RECLAIMS {
            return if array.mark == Mark::NONE { units } else { roomy_length::<C>(array.mark.0) };
        }
        // SAFETY: the caller's promise.
        let slot = unsafe { self.marked_slot(array) };
        slot.and_then(|slot| self.class_length(slot.class)).map_or(units, |length| length as usize)
    }

    /// Makes the array's record say `units`.
    ///
    /// # Safety
    /// As [`marked_capacity`](Self::marked_capacity).
    pub(crate) unsafe fn relabel_marked(&self, array: Marked, units: usize) {
        if !S::RECLAIMS {
            return;
        }
        // SAFETY: the caller's promise.
        if let Some(slot) = unsafe { self.marked_slot(array) } {
            self.relabel(&slot, u32::try_from(units).unwrap_or(u32::MAX));
        }
    }

    /// Makes sure that an array that is about to be filled up to `units` may be, as
    /// far as the diagnostics know.
    ///
    /// # Safety
    /// As [`marked_capacity`](Self::marked_capacity).
    #[inline]
    pub(crate) unsafe fn fill_up_marked(&self, array: Marked, units: usize) {
        if self.watch.is_on() {
            // SAFETY: the caller's promise.
            unsafe { self.relabel_marked(array, units) };
        }
    }

    /// The slot of an array, as its handle would keep it.
    ///
    /// # Safety
    /// The array came from this pool with this mark: under `Tagged`, the mark names the
    /// class, and is believed.
    #[inline(always)]
    unsafe fn marked_slot(&self, array: Marked) -> Option<Slot<S>> {
        let (elements, address) = (array.elements, array.elements.addr().get());
        if !S::NUMBERS_RUNS {
            let class = ClassId::from_bits(array.mark.0);
            return Some(Slot { elements, ticket: S::NO_TICKET, class, generation: 0 });
        }
        if array.mark.0 == Mark::MANY {
            return self.slot_from(address);
        }
        let runs = self.runs()?;
        let run = runs.get(array.mark.0)?;
        let index = run.exact(address)?;
        let ticket = S::ticket(run, index);
        Some(Slot { elements, ticket, class: run.class, generation: 0 })
    }

    /// No slot of the pool is where an array's mark says.
    #[cold]
    #[inline(never)]
    fn misplaced(&self, array: Marked) -> ReleaseError {
        ReleaseError::Foreign { address: array.elements.addr().get() }
    }
}

/// Marks of `Direct` from here on are exponents.
const GEOMETRIC: u32 = 128;

/// The length of a roomy array under `Direct`.
fn roomy_length<C: ClassTable>(mark: u32) -> usize {
    match mark.checked_sub(GEOMETRIC) {
        Some(exponent) => 1 << exponent,
        None => C::LENGTHS.get(mark as usize - 1).map_or(0, |&length| length as usize),
    }
}
