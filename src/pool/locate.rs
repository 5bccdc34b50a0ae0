//! Bare addresses: which array lies there; raw arrays, and taking them back.

use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;

use super::class::ClassTable;
use super::diagnostics::WATCHED;
use super::raw::{RawPool, Slot};
use super::release::{Record, ReleaseStrategy, Tenure};
use super::run::Run;
use crate::error::{AllocError, ReleaseError};

/// A raw (manually managed) array: its address and its slot's generation.
///
/// A release of it is right exactly once: the second one is an error even after
/// the slot has held another array. (Generations have 32 bits: after 2^32
/// arrays in one slot an old value would be taken for the new one.)
///
/// The fields are public so that it can be stored anywhere, beyond a language
/// boundary for instance; a release is defined whatever the fields hold.
///
/// ```
/// use arraypool::{ArrayPool, RawArray};
///
/// let pool = ArrayPool::<u8>::new();
/// let raw: RawArray<u8> = pool.allocate_copy(b"text").into_raw();
/// let (address, generation) = (raw.ptr, raw.generation);      // to be kept anywhere
/// // SAFETY: nobody uses the array afterwards.
/// unsafe { pool.release_raw(RawArray { ptr: address, generation })? };
/// # Ok::<(), arraypool::ReleaseError>(())
/// ```
pub struct RawArray<T = u8> {
    /// The first element.
    pub ptr: NonNull<T>,
    /// Arrays that the slot has held, this one included; 0 for an array that
    /// has no slot.
    pub generation: u32,
}

impl<T> RawArray<T> {
    /// The same array with elements of another type.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let raw = pool.allocate_copy(b"text").into_raw();
    /// let bytes = raw.cast::<[u8; 1]>();
    /// assert_eq!(bytes.ptr.cast(), raw.ptr);
    /// # unsafe { pool.release_raw(raw)? };
    /// # Ok::<(), arraypool::ReleaseError>(())
    /// ```
    #[must_use]
    pub const fn cast<U>(self) -> RawArray<U> {
        RawArray { ptr: self.ptr.cast(), generation: self.generation }
    }
}

impl<T> Clone for RawArray<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RawArray<T> {}

impl<T> PartialEq for RawArray<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.ptr, self.generation) == (other.ptr, other.generation)
    }
}

impl<T> Eq for RawArray<T> {}

impl<T> fmt::Debug for RawArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawArray")
            .field("ptr", &self.ptr)
            .field("generation", &self.generation)
            .finish()
    }
}

/// The array that an address lies in. From [`RawPool::locate`].
///
/// ```
/// use arraypool::{ArrayPool, SlotState, Tagged};
///
/// let pool = ArrayPool::<u8, Tagged>::new();
/// let array = pool.allocate_copy(b"text");
/// let found = pool.locate(&array[3]).unwrap();
/// assert_eq!((found.start, found.len, found.class), (array.as_ptr(), 4, 16));
/// assert_eq!(found.state, SlotState::Owned);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Located {
    /// The first element.
    pub start: *const u8,
    /// The array's length in units of the pool; 0 if the slot holds none.
    pub len: usize,
    /// The capacity of its class, in units.
    pub class: u32,
    /// The state of the slot.
    pub state: SlotState,
}

/// The state of a slot at the moment.
///
/// ```
/// use arraypool::{ArrayPool, SlotState, Tagged};
///
/// let pool = ArrayPool::<u8, Tagged>::new();
/// let raw = pool.allocate_copy(b"text").into_raw();
/// let state = || pool.locate(raw.ptr.as_ptr()).map(|found| found.state);
/// assert_eq!(state(), Some(SlotState::Raw));
/// // SAFETY: nobody uses the array afterwards.
/// unsafe { pool.release_raw(raw)? };
/// assert_eq!(state(), Some(SlotState::Free));
/// # Ok::<(), arraypool::ReleaseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotState {
    /// It holds no array.
    Free,
    /// A handle owns its array.
    Owned,
    /// Its array is raw (manually managed).
    Raw,
    /// Abandoned: its bookkeeping was overwritten.
    Lost,
    /// Its bookkeeping is overwritten, and nobody has noticed yet.
    Corrupted,
}

/// A cut slot of the pool, and whether the address was that of its elements.
struct Found<S: ReleaseStrategy> {
    slot: Slot<S>,
    exact: bool,
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// The array that `ptr` points into, whatever the position inside it: its
    /// first byte, its last, or the bookkeeping in front of it.
    ///
    /// `None`: no array of this pool was ever there, or it is gone with a
    /// [`reset`](Self::reset), or the strategy is [`Direct`](crate::Direct),
    /// which keeps no records. Any pointer may be asked about; the memory there is
    /// read only if it is the pool's own.
    ///
    /// Complexity: a hash, and one step per run that begins in the same 64 KiB (4 KiB
    /// where words have 32 bits), of which a pool that grows by itself has few. Never
    /// panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u8>()).build();
    /// let raw = pool.try_allocate_raw(10).unwrap();
    /// let inside = raw.ptr.as_ptr().wrapping_add(7);
    /// assert_eq!(pool.locate(inside).unwrap().len, 10);
    /// assert!(pool.locate(&0_u8).is_none());
    /// ```
    #[must_use]
    pub fn locate<T: ?Sized>(&self, ptr: *const T) -> Option<Located> {
        let slot = self.find(ptr.cast::<u8>().addr())?.slot;
        // SAFETY: a slot with a class names one of this pool.
        let class = unsafe { self.classes.get(slot.class) };
        // SAFETY: `find` gives cut slots with their tickets.
        let record = unsafe { S::read(class.list(), slot.elements, slot.ticket) };
        let (state, length) = match record {
            Record::Free { .. } => (SlotState::Free, 0),
            Record::Live { tenure: Tenure::Owned, length, .. } => (SlotState::Owned, length),
            Record::Live { tenure: Tenure::Raw, length, .. } => (SlotState::Raw, length),
            Record::Live { tenure: Tenure::Leaving, .. } => (SlotState::Free, 0),
            Record::Lost => (SlotState::Lost, 0),
            Record::Corrupted => (SlotState::Corrupted, 0),
        };
        let start = slot.elements.as_ptr().cast_const();
        Some(Located { start, len: length as usize, class: class.length, state })
    }

    /// Allocates a raw (manually managed) array of `units` units, uninitialised.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<[u64; 2]>()).build();
    /// let raw = pool.try_allocate_raw(10)?;               // 160 bytes
    /// // SAFETY: nobody uses the array afterwards.
    /// assert!(unsafe { pool.release_raw(raw) }.is_ok());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// See [`AllocError`].
    #[inline(always)]
    #[track_caller]
    pub fn try_allocate_raw(&self, units: usize) -> Result<RawArray, AllocError> {
        let slot = self.issue(units, Tenure::Raw)?;
        Ok(RawArray { ptr: slot.elements, generation: slot.generation })
    }

    /// Takes back a raw (manually managed) array; its elements are not dropped.
    ///
    /// Complexity: a hash, and one step per run that begins in the same 64 KiB (4 KiB
    /// where words have 32 bits), of which a pool that grows by itself has few. Never
    /// panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, ReleaseError, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// let raw = pool.try_allocate_raw(10).unwrap();
    /// // SAFETY: nobody uses the array afterwards.
    /// let first = unsafe { pool.release_raw(raw) };
    /// // SAFETY: as above.
    /// let second = unsafe { pool.release_raw(raw) };
    /// assert_eq!(first, Ok(()));
    /// assert!(matches!(second, Err(ReleaseError::AlreadyReleased { .. })));
    /// ```
    ///
    /// # Errors
    /// Every wrong value is one of [`ReleaseError`]. An error changes nothing, except that
    /// [`Corrupted`](ReleaseError::Corrupted) and [`Overflow`](ReleaseError::Overflow) abandon
    /// the slot.
    ///
    /// # Safety
    /// Nobody uses the array afterwards. (That is all: the call is defined for
    /// any value, and reads no memory that is not the pool's.)
    #[track_caller]
    pub unsafe fn release_raw<T>(&self, raw: RawArray<T>) -> Result<(), ReleaseError> {
        match self.find_raw(raw) {
            // SAFETY: the slot is a cut one, and its tenant is given up: the
            // caller's promise.
            Ok(Some((slot, _))) => unsafe {
                self.retire_as(slot, Tenure::Raw, Some(Location::caller()))
            },
            Ok(None) => Ok(()),
            Err(error) => Err(self.refused(error)),
        }
    }

    /// The slot of an array that is held by hand, and its length in units; `None` if
    /// it has no slot.
    fn find_raw<T>(&self, raw: RawArray<T>) -> Result<Option<(Slot<S>, u32)>, ReleaseError> {
        S::prefetch(raw.ptr.addr().get());
        let slot = match self.find_exact(raw.ptr.as_ptr().addr()) {
            Ok(slot) => slot,
            // An array without a slot has nothing to give back.
            Err(ReleaseError::Foreign { .. }) if self.is_empty(raw) => return Ok(None),
            Err(ReleaseError::AlreadyReleased { address }) => {
                // The slot is not even cut: it is older than the last reset.
                let generation = raw.generation;
                return Err(ReleaseError::Stale { address, generation, current: 0 });
            }
            Err(error) => return Err(error),
        };
        let length = self.check_generation(&slot, raw.generation)?;
        Ok(Some((slot, length)))
    }

    /// Takes back the raw (manually managed) array that begins at `ptr`; its elements are
    /// not dropped.
    ///
    /// A bare address is checked against the slot's *current* array only. If the slot has
    /// been given out raw again, a second release of the old address releases the new array;
    /// [`release_raw`](Self::release_raw) finds this by the generation: prefer it where the
    /// generation can be kept.
    ///
    /// Complexity: a hash, and one step per run that begins in the same 64 KiB (4 KiB
    /// where words have 32 bits), of which a pool that grows by itself has few. Never
    /// panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// let address = pool.try_allocate_raw(10).unwrap().ptr.as_ptr();
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_ptr(address) }, Ok(()));
    /// ```
    ///
    /// # Errors
    /// A [`ReleaseError`] if no raw array of this pool begins at `ptr` now: the slot is free,
    /// for example, or its array is owned. An error changes nothing, except that
    /// [`Corrupted`](ReleaseError::Corrupted) and [`Overflow`](ReleaseError::Overflow) abandon
    /// the slot.
    ///
    /// # Safety
    /// Nobody uses the array that goes back; and so its slot has not been given out raw again
    /// since `ptr` was obtained. (That is all: the call is defined for any value, and reads no
    /// memory that is not the pool's.)
    #[inline(always)]
    #[track_caller]
    pub unsafe fn release_ptr<T>(&self, ptr: *const T) -> Result<(), ReleaseError> {
        S::prefetch(ptr.addr());
        let slot = match self.find_exact(ptr.addr()) {
            Ok(slot) => slot,
            Err(error) => return Err(self.refused(error)),
        };
        // SAFETY: the slot is a cut one, and its tenant is given up: the
        // caller's promise.
        unsafe { self.retire_as(slot, Tenure::Raw, Some(Location::caller())) }
    }

    /// Whether it is what an array without a slot is handed out as.
    fn is_empty<T>(&self, raw: RawArray<T>) -> bool {
        raw.generation == 0 && raw.ptr.addr() == self.empty().elements.addr()
    }

    /// Changes who answers for a slot; returns its generation.
    pub(super) fn hand_over(
        &self,
        slot: &Slot<S>,
        from: Tenure,
        to: Tenure,
    ) -> Result<u32, ReleaseError> {
        if self.class_length(slot.class).is_none() {
            return Ok(0);
        }
        // SAFETY: a slot with a class names one of this pool.
        let class = unsafe { self.classes.get(slot.class) };
        // SAFETY: a slot with a class is a cut one of this pool.
        unsafe { S::hand_over(class.list(), slot.elements, slot.ticket, from, to) }.ok_or(
            ReleaseError::Corrupted {
                address: slot.elements.addr().get(),
                class_length: class.length,
            },
        )
    }

    /// Makes the record of an owned slot say `units`, as far as its class holds
    /// them. One that is overwritten stays as it is: the release meets it.
    #[inline]
    #[track_caller]
    pub(super) fn relabel(&self, slot: &Slot<S>, units: u32) {
        if self.class_length(slot.class).is_some() {
            // SAFETY: a slot with a class names one of this pool.
            let class = unsafe { self.classes.get(slot.class) };
            let units = units.min(class.length);
            if self.watch.is_on() {
                return self.relabel_watched(slot, units);
            }
            // SAFETY: a slot with a class is a cut one of this pool, and the
            // class holds so many units.
            unsafe { S::relabel(class.list(), slot.elements, slot.ticket, units) };
        } else if !S::RECLAIMS && slot.class == WATCHED {
            // SAFETY: the class is that of watched arrays, and a handle has this one.
            unsafe { self.relabel_direct_watched(slot.elements, units) };
        }
    }

    /// The slot of an array held by hand, for a handle to own it again, and its
    /// length in units.
    #[track_caller]
    pub(super) fn reclaim(&self, raw: RawArray) -> Result<(Slot<S>, u32), ReleaseError> {
        let Some((slot, length)) = self.find_raw(raw)? else { return Ok((self.empty(), 0)) };
        self.hand_over(&slot, Tenure::Raw, Tenure::Owned)?;
        Ok((slot, length))
    }

    /// Checks that the slot's tenant is the one of `generation` and held by
    /// hand; returns its length.
    fn check_generation(&self, slot: &Slot<S>, generation: u32) -> Result<u32, ReleaseError> {
        let address = slot.elements.addr().get();
        // SAFETY: a slot with a class names one of this pool.
        let class = unsafe { self.classes.get(slot.class) };
        // SAFETY: the slot is a cut one of this pool.
        match unsafe { S::read(class.list(), slot.elements, slot.ticket) } {
            Record::Live { tenure: Tenure::Raw, generation: current, length }
                if current == generation =>
            {
                Ok(length)
            }
            // `retire_as` meets the corruption, counts it and abandons the slot.
            Record::Corrupted | Record::Lost => Ok(0),
            record => Err(refusal(record, address, Some(generation), class.length)),
        }
    }

    /// The cut slot whose first element is at `address`.
    #[inline(always)]
    pub(super) fn find_exact(&self, address: usize) -> Result<Slot<S>, ReleaseError> {
        if S::RECLAIMS {
            if let Some(runs) = self.runs() {
                if let Some(run) = runs.find(address) {
                    if let Some(index) = run.exact(address) {
                        return Ok(self.slot_at(run, index, run.pointer_to(address)));
                    }
                }
            }
        }
        self.find_inexact(address)
    }

    /// The same without a reason where there is none.
    #[cfg(feature = "json")]
    #[cold]
    pub(super) fn slot_from(&self, address: usize) -> Option<Slot<S>> {
        self.find_exact(address).ok()
    }

    /// A cut slot of a run.
    #[inline(always)]
    fn slot_at(&self, run: &Run, index: u32, elements: NonNull<u8>) -> Slot<S> {
        let ticket = S::ticket(run, index);
        Slot { elements, ticket, class: run.class, generation: 0 }
    }

    /// The same, by division; or what the address is, if no array starts there.
    #[cold]
    #[inline(never)]
    fn find_inexact(&self, address: usize) -> Result<Slot<S>, ReleaseError> {
        match self.find(address) {
            Some(found) if found.exact => Ok(found.slot),
            found => Err(self.not_exact(address, found)),
        }
    }

    /// What an address is that is not the start of an array.
    fn not_exact(&self, address: usize, found: Option<Found<S>>) -> ReleaseError {
        if !S::RECLAIMS {
            let pointer = core::ptr::without_provenance::<u8>(address);
            return if self.arena().owns(pointer) {
                ReleaseError::NotReleasable { address }
            } else {
                ReleaseError::Foreign { address }
            };
        }
        if let Some(Found { slot, .. }) = found {
            let start = slot.elements.addr().get();
            // SAFETY: a slot with a class names one of this pool.
            let class_length = unsafe { self.classes.get(slot.class) }.length;
            return ReleaseError::Interior { address, start, class_length };
        }
        let position = self.runs().and_then(|runs| {
            let run = runs.find(address)?;
            let position = run.position(address)?;
            (position.index < run.seen && position.exact).then_some(position)
        });
        match position {
            // It was a slot before the last reset, which took it back.
            Some(_) => ReleaseError::AlreadyReleased { address },
            None => ReleaseError::Foreign { address },
        }
    }

    /// The cut slot that covers `address`. Reads nothing at the address.
    fn find(&self, address: usize) -> Option<Found<S>> {
        if !S::RECLAIMS {
            return None;
        }
        let runs = self.runs()?;
        let run = runs.find(address)?;
        let position = run.position(address)?;
        if position.index >= run.cut {
            return None;
        }
        let slot = self.slot_at(run, position.index, position.elements);
        Some(Found { slot, exact: position.exact })
    }
}

/// Why an array held by hand, of that generation if one is named, is not taken
/// back from a slot whose record says something else.
pub(crate) fn refusal(
    record: Record,
    address: usize,
    generation: Option<u32>,
    class_length: u32,
) -> ReleaseError {
    let stale = |current| match generation {
        Some(generation) => ReleaseError::Stale { address, generation, current },
        None => ReleaseError::AlreadyReleased { address },
    };
    let named = |current| generation.is_none_or(|generation| generation == current);
    // The generation was counted up by the release that was right.
    let next = |current: u32| generation.is_none_or(|one| one.wrapping_add(1) == current);
    match record {
        Record::Live { generation: current, .. } if !named(current) => stale(current),
        Record::Live { tenure: Tenure::Leaving, .. } => ReleaseError::AlreadyReleased { address },
        Record::Live { length, .. } => ReleaseError::Owned { address, length },
        Record::Free { generation: current } if next(current) => {
            ReleaseError::AlreadyReleased { address }
        }
        Record::Free { generation: current } => stale(current),
        Record::Corrupted | Record::Lost => ReleaseError::Corrupted { address, class_length },
    }
}
