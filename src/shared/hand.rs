//! Arrays held by hand: taken, released and looked up by their address, from any
//! thread.

use core::ptr::NonNull;

use super::array::{Homed, SharedArray};
use super::home::{Berth, SharedHome};
use super::{SharedPool, threads};
use crate::error::{AllocError, ReleaseError};
use crate::pool::{ClassTable, Located, RawArray, Record, ReleaseStrategy, Tenure, refusal};
use crate::sync::{give_way, pause};

/// How often a record is read again that seems to be overwritten, as it may be
/// changing: whoever changes one is two stores away from having done so. As often
/// again other threads are let go first, as it may have been stopped between the two.
const READINGS: u32 = 100;

impl<T, S: ReleaseStrategy, C: ClassTable> SharedPool<T, S, C> {
    /// Allocates an array of `len` elements to be held by hand, uninitialised.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let raw = pool.try_allocate_raw(3)?;
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// Complexity: as [`try_allocate`](Self::try_allocate). Never panics.
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate).
    pub fn try_allocate_raw(&self, len: usize) -> Result<RawArray<T>, AllocError> {
        let RawArray { ptr, generation } = self.try_allocate(len)?.into_raw();
        Ok(RawArray { ptr: ptr.cast(), generation })
    }

    /// Takes back an array that is held by hand; its elements are not dropped.
    /// Releasing it again is an error even after its slot has been reused, and of
    /// several threads that release it at once exactly one is told `Ok`.
    ///
    /// Complexity: the lock, a look-up and a compare-and-swap. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let raw = pool.try_allocate_raw(3)?;
    /// // SAFETY: nobody uses the array afterwards.
    /// let first = unsafe { pool.release_raw(raw) };
    /// // SAFETY: as above; a second release is refused.
    /// let second = unsafe { pool.release_raw(raw) };
    /// assert!(first.is_ok() && second.is_err());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// Every wrong value is one of [`ReleaseError`], and changes nothing. An
    /// overwritten slot ([`Corrupted`](ReleaseError::Corrupted)) is counted, but not
    /// abandoned: it stays live, and [`verify`](Self::verify) goes on reporting it.
    ///
    /// # Safety
    /// Nobody uses the array afterwards. (That is all: the call is defined for any
    /// value, and reads no memory that is not the pool's.)
    pub unsafe fn release_raw(&self, raw: RawArray<T>) -> Result<(), ReleaseError> {
        match self.release(raw.ptr.as_ptr().addr(), Some(raw.generation)) {
            Err(ReleaseError::Foreign { .. }) if is_empty(raw) => Ok(()),
            result => result,
        }
    }

    /// Takes back the array that begins at `ptr` and is held by hand; its elements
    /// are not dropped. The address is checked against the slot's *current* array only.
    ///
    /// Complexity: as [`release_raw`](Self::release_raw). Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let raw = pool.try_allocate_raw(3)?;
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_ptr(raw.ptr.as_ptr()) }, Ok(()));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`release_raw`](Self::release_raw), with one exception: an address whose slot has
    /// been given out by hand again releases the new array. If the slot has been given to
    /// a handle, or is just being given out, the error is [`Owned`](ReleaseError::Owned).
    ///
    /// # Safety
    /// As [`release_raw`](Self::release_raw).
    pub unsafe fn release_ptr(&self, ptr: *const T) -> Result<(), ReleaseError> {
        self.release(ptr.addr(), None)
    }

    /// Puts an array that is held by hand back under the pool's care. Its length is
    /// the one it was allocated with; an array without a slot comes back empty.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let raw = pool.allocate_copy(&[1, 2]).into_raw();
    /// // SAFETY: the elements are initialised, and nobody else has the array.
    /// assert_eq!(unsafe { pool.from_raw(raw) }.unwrap(), [1, 2]);
    /// ```
    ///
    /// Complexity: as [`release_raw`](Self::release_raw). Never panics.
    ///
    /// # Errors
    /// As [`release_raw`](Self::release_raw), and
    /// [`NotReleasable`](ReleaseError::NotReleasable) if there is no memory for
    /// this thread's default lane, which becomes the array's home.
    ///
    /// # Safety
    /// Every element is initialised, and nobody uses the array but through the
    /// handle that is returned.
    pub unsafe fn from_raw(
        &self,
        raw: RawArray<T>,
    ) -> Result<SharedArray<'_, T, S, C>, ReleaseError> {
        let address = raw.ptr.as_ptr().addr();
        if is_empty(raw) {
            // SAFETY: there is no element.
            let array = unsafe { Homed::new(Berth::none::<T>(), 0, SharedHome::none()) };
            // SAFETY: as above.
            return Ok(unsafe { array.assume_init() });
        }
        let depot = self.depot().map_err(|_| ReleaseError::Foreign { address })?;
        let local = threads::with_lane(depot, |claim| Ok(claim.local()))
            .map_err(|_| ReleaseError::NotReleasable { address })?;
        let Seized { class, elements, ticket } =
            self.seize(address, Some(raw.generation), Tenure::Owned)?;
        let keys = depot.book(class).keys();
        // SAFETY: the slot was found by the pool, and is this call's since then.
        let length = match unsafe { S::read(keys, elements, ticket) } {
            Record::Live { length, .. } => length,
            _ => 0,
        };
        let home = SharedHome::new(local.shelf(class), ticket);
        // SAFETY: the slot is this call's, and its record says how many elements it holds.
        let array = unsafe { Homed::new(Berth::new(elements, class), length, home) };
        // SAFETY: the caller's promise.
        Ok(unsafe { array.assume_init() })
    }

    /// The array that `ptr` points into: see
    /// [`RawPool::locate`](crate::RawPool::locate). What other threads do meanwhile
    /// may be seen or not: an array that is on its way home may be said to be
    /// [`Corrupted`](crate::SlotState::Corrupted), as its bookkeeping is being written.
    ///
    /// Complexity: the lock and a look-up. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// assert_eq!(pool.locate(&array[1]).unwrap().len, 2);
    /// ```
    #[must_use]
    pub fn locate<U: ?Sized>(&self, ptr: *const U) -> Option<Located> {
        self.depot.get()?.lock().raw.locate(ptr)
    }

    fn release(&self, address: usize, generation: Option<u32>) -> Result<(), ReleaseError> {
        let Seized { class, elements, ticket } =
            self.seize(address, generation, Tenure::Leaving)?;
        let Some(depot) = self.depot.get() else {
            return Err(ReleaseError::Foreign { address });
        };
        // SAFETY: the slot is this call's since it was seized: nobody else is told so.
        if unsafe { depot.book(class).strays.push(elements, ticket, Tenure::Leaving) } {
            return Ok(());
        }
        // SAFETY: as above.
        Err(unsafe { depot.refuse(class, elements, ticket) })
    }

    /// Makes the slot of an array held by hand this call's, if no other call does.
    fn seize(
        &self,
        address: usize,
        generation: Option<u32>,
        to: Tenure,
    ) -> Result<Seized<S::Ticket>, ReleaseError> {
        let depot = self.depot.get().ok_or(ReleaseError::Foreign { address })?;
        let (class, elements, ticket) = depot.lock().raw.find_slot(address)?;
        let book = depot.book(class);
        let mut record = Record::Corrupted;
        for reading in 0..2 * READINGS {
            // SAFETY: the pool found the slot, so it was cut.
            match unsafe { S::seize(book.keys(), elements, ticket, generation, to) } {
                Ok(()) => return Ok(Seized { class, elements, ticket }),
                Err(found) => record = found,
            }
            if record != Record::Corrupted {
                break;
            }
            if reading < READINGS { pause() } else { give_way() }
        }
        if record == Record::Corrupted {
            // Counted, but not abandoned: that is for whoever has the slot.
            depot.lose(class, 0);
        }
        Err(refusal(record, address, generation, book.length))
    }
}

/// A slot that belongs to a call.
struct Seized<K> {
    class: u32,
    elements: NonNull<u8>,
    ticket: K,
}

/// Whether it is what an array without a slot is handed out as.
fn is_empty<T>(raw: RawArray<T>) -> bool {
    raw.generation == 0 && raw.ptr == NonNull::dangling()
}
