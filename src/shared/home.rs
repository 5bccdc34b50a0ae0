//! Where an array of a shared pool goes when it is dropped: to its lane, or there from afar.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::local::Shelf;
use super::threads;
use crate::error::ReleaseError;
use crate::pool::{ClassTable, ReleaseStrategy};

/// Where an array goes when it is dropped, and the ticket that takes it there.
///
/// ```
/// use arraypool::shared::{Home, Homed, SharedPool};
///
/// fn sum<H: Home>(array: &Homed<u32, H>) -> u32 {        // a lane's, or anybody's
///     array.iter().sum()
/// }
///
/// let pool = SharedPool::<u32>::new();
/// assert_eq!(sum(&pool.lane().allocate_copy(&[1, 2])), 3);
/// assert_eq!(sum(&pool.allocate_copy(&[3, 4])), 7);
/// ```
pub trait Home: Copy + sealed::Sealed {
    /// Takes the slot back.
    ///
    /// # Safety
    /// The slot is that of a handle with this home, which is given up.
    #[doc(hidden)]
    unsafe fn bring(self, slot: Berth) -> Result<(), ReleaseError>;

    /// The same where nobody can be handed an error: the pool's hook is told.
    ///
    /// # Safety
    /// As [`bring`](Self::bring).
    #[doc(hidden)]
    unsafe fn bring_or_report(self, slot: Berth);

    /// The capacity of the slot's class, in elements.
    ///
    /// # Safety
    /// The class is that of a handle with this home, which has a slot.
    #[doc(hidden)]
    unsafe fn class_length(self, class: u32) -> u32;
}

/// A slot as a handle keeps it, but for the ticket, which is the home's.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Berth {
    pub(super) elements: NonNull<u8>,
    pub(super) class: u32,
}

impl Berth {
    #[inline(always)]
    pub(super) fn new(elements: NonNull<u8>, class: u32) -> Self {
        Self { elements, class }
    }

    /// That of an array which takes no memory: of no elements, or of elements
    /// without size.
    #[inline(always)]
    pub(super) fn none<T>() -> Self {
        Self { elements: NonNull::<T>::dangling().cast(), class: NO_CLASS }
    }

    /// Takes the slot back onto the shelf it came from.
    ///
    /// # Safety
    /// As [`Shelf::retire`].
    #[inline(always)]
    unsafe fn retire<S: ReleaseStrategy, C: ClassTable>(
        self,
        shelf: &Shelf<S, C>,
        ticket: S::Ticket,
    ) -> Result<(), ReleaseError> {
        let Self { elements, class } = self;
        // SAFETY: the caller's promise.
        if unsafe { shelf.retire(class, elements, ticket) } {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        Err(unsafe { shelf.local().depot().refuse(class, elements, ticket) })
    }

    /// The same where nobody can be handed an error.
    ///
    /// # Safety
    /// As [`Shelf::retire`].
    #[inline(always)]
    unsafe fn retire_or_report<S: ReleaseStrategy, C: ClassTable>(
        self,
        shelf: &Shelf<S, C>,
        ticket: S::Ticket,
    ) {
        let Self { elements, class } = self;
        // SAFETY: the caller's promise.
        if !unsafe { shelf.retire(class, elements, ticket) } {
            // SAFETY: the caller's promise.
            unsafe { shelf.local().depot().refuse_and_report(class, elements, ticket) };
        }
    }
}

/// The class of what has no slot.
pub(super) const NO_CLASS: u32 = u32::MAX;

/// Home is a lane that the handle borrows.
///
/// ```
/// use arraypool::shared::{Homed, LaneHome, SharedPool};
/// use arraypool::{DefaultClasses, DefaultStrategy};
///
/// let pool = SharedPool::<u32>::new();
/// let lane = pool.lane();
/// let array: Homed<u32, LaneHome<'_, '_, DefaultStrategy, DefaultClasses>> = lane.allocate_copy(&[1]);
/// assert_eq!(array, [1]);
/// ```
pub struct LaneHome<'l, 'p, S: ReleaseStrategy, C: ClassTable> {
    shelf: &'p Shelf<S, C>,
    ticket: S::Ticket,
    /// The lane cannot be given up meanwhile, and is of one thread.
    lane: PhantomData<&'l core::cell::Cell<()>>,
}

/// Home is a lane, whoever has it now.
///
/// ```
/// use arraypool::shared::{Homed, SharedHome, SharedPool};
/// use arraypool::{DefaultClasses, DefaultStrategy};
///
/// let pool = SharedPool::<u32>::new();
/// let array: Homed<u32, SharedHome<'_, DefaultStrategy, DefaultClasses>> = pool.allocate_copy(&[1]);
/// assert_eq!(array, [1]);
/// ```
pub struct SharedHome<'p, S: ReleaseStrategy, C: ClassTable> {
    /// `None` for an array that has no slot.
    shelf: Option<&'p Shelf<S, C>>,
    pub(super) ticket: S::Ticket,
}

impl<S: ReleaseStrategy, C: ClassTable> Clone for LaneHome<'_, '_, S, C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Copy for LaneHome<'_, '_, S, C> {}

impl<S: ReleaseStrategy, C: ClassTable> Clone for SharedHome<'_, S, C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Copy for SharedHome<'_, S, C> {}

impl<S: ReleaseStrategy, C: ClassTable> fmt::Debug for LaneHome<'_, '_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LaneHome")
    }
}

impl<S: ReleaseStrategy, C: ClassTable> fmt::Debug for SharedHome<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedHome")
    }
}

impl<'p, S: ReleaseStrategy, C: ClassTable> LaneHome<'_, 'p, S, C> {
    /// # Safety
    /// The caller's lane owns the shelf, and is borrowed for `'l`.
    #[inline(always)]
    pub(super) unsafe fn new(shelf: &'p Shelf<S, C>, ticket: S::Ticket) -> Self {
        Self { shelf, ticket, lane: PhantomData }
    }

    /// The home of the same slot on any thread.
    #[inline(always)]
    pub(super) fn into_shared(self) -> SharedHome<'p, S, C> {
        SharedHome::new(self.shelf, self.ticket)
    }
}

impl<'p, S: ReleaseStrategy, C: ClassTable> SharedHome<'p, S, C> {
    #[inline(always)]
    pub(super) fn new(shelf: &'p Shelf<S, C>, ticket: S::Ticket) -> Self {
        Self { shelf: Some(shelf), ticket }
    }

    /// That of an array which takes no memory.
    pub(super) fn none() -> Self {
        Self { shelf: None, ticket: S::NO_TICKET }
    }

    /// The shelf that a slot goes home to.
    ///
    /// # Safety
    /// The home is that of an array with a slot.
    #[inline(always)]
    pub(super) unsafe fn shelf(self) -> &'p Shelf<S, C> {
        // SAFETY: who makes a handle of a slot gives it the slot's shelf: `none` is for
        // berths without a class.
        unsafe { self.shelf.unwrap_unchecked() }
    }

    /// Takes the slot back from wherever the caller is.
    ///
    /// # Safety
    /// As [`bring`](Home::bring).
    #[inline(always)]
    pub(super) unsafe fn send(self, slot: Berth) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise: the handle has a slot.
        let shelf = unsafe { self.shelf() };
        // SAFETY: the caller's promise.
        unsafe { shelf.local().send(slot.class, slot.elements, self.ticket) }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Home for LaneHome<'_, '_, S, C> {
    #[inline(always)]
    unsafe fn bring(self, slot: Berth) -> Result<(), ReleaseError> {
        // SAFETY: `new`'s promise: the lane owns the shelf, and this is its thread,
        // as the handle does not leave it; the rest is the caller's promise.
        unsafe { slot.retire(self.shelf, self.ticket) }
    }

    #[inline(always)]
    unsafe fn bring_or_report(self, slot: Berth) {
        // SAFETY: as in `bring`.
        unsafe { slot.retire_or_report(self.shelf, self.ticket) }
    }

    unsafe fn class_length(self, class: u32) -> u32 {
        self.shelf.class_length(class)
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Home for SharedHome<'_, S, C> {
    #[inline(always)]
    unsafe fn bring(self, slot: Berth) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise: the handle has a slot.
        let shelf = unsafe { self.shelf() };
        if threads::owns(shelf) {
            // SAFETY: the lane is this thread's default one; the rest is the
            // caller's promise.
            return unsafe { slot.retire(shelf, self.ticket) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.send(slot) }
    }

    #[inline(always)]
    unsafe fn bring_or_report(self, slot: Berth) {
        // SAFETY: as in `bring`.
        let shelf = unsafe { self.shelf() };
        if threads::owns(shelf) {
            // SAFETY: as in `bring`.
            return unsafe { slot.retire_or_report(shelf, self.ticket) };
        }
        // SAFETY: the caller's promise.
        unsafe { shelf.local().send_or_report(slot.class, slot.elements, self.ticket) }
    }

    unsafe fn class_length(self, class: u32) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { self.shelf() }.class_length(class)
    }
}

mod sealed {
    use super::{ClassTable, LaneHome, ReleaseStrategy, SharedHome};

    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed {}

    impl<S: ReleaseStrategy, C: ClassTable> Sealed for LaneHome<'_, '_, S, C> {}
    impl<S: ReleaseStrategy, C: ClassTable> Sealed for SharedHome<'_, S, C> {}
}
