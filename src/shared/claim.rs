//! A lane in its owner's hands: what nobody else may do with it.

use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};

use super::array::Homed;
use super::home::{Berth, Home};
use super::local::{Local, NOBODY, Shelf, Shelves};
use super::returns::Returns;
use crate::error::AllocError;
use crate::pool::{ClassTable, Issued, ReleaseStrategy, Table, Tenure};

/// The right to a lane: whoever has a claim is the lane's owner, and may touch its
/// shelves. Dropping it leaves the lane.
pub(super) struct Claim<'p, S: ReleaseStrategy, C: ClassTable> {
    shelves: Shelves<'p, S, C>,
    /// Not `Sync`: a lane is of one thread at a time.
    alone: PhantomData<core::cell::Cell<()>>,
}

impl<'p, S: ReleaseStrategy, C: ClassTable> Claim<'p, S, C> {
    /// The claim to the lane with these shelves.
    ///
    /// # Safety
    /// The caller is the lane's owner, and nobody else becomes it until the claim is
    /// dropped or forgotten.
    #[inline(always)]
    pub(super) unsafe fn new(shelves: Shelves<'p, S, C>) -> Self {
        Self { shelves, alone: PhantomData }
    }

    /// The same for a caller who keeps the lane.
    ///
    /// # Safety
    /// As [`new`](Self::new), as long as the claim is used.
    #[inline(always)]
    pub(super) unsafe fn on_loan(shelves: Shelves<'p, S, C>) -> ManuallyDrop<Self> {
        // SAFETY: the caller's promise.
        ManuallyDrop::new(unsafe { Self::new(shelves) })
    }

    /// The lane, whose owner the caller stays.
    pub(super) fn into_local(self) -> &'p Local<S, C> {
        ManuallyDrop::new(self).local()
    }

    #[inline(always)]
    pub(super) fn local(&self) -> &'p Local<S, C> {
        self.shelves.local()
    }

    /// What the lane has of a class.
    ///
    /// # Panics
    /// If the pool has no such class.
    pub(super) fn holding(&self, class: u32) -> Holding<'_, S, C> {
        assert!((class as usize) < self.local().depot().books().len());
        // SAFETY: the class was just checked.
        unsafe { self.holding_of(class) }
    }

    /// The same where nobody looks.
    ///
    /// # Safety
    /// The class is one of the pool's.
    #[inline]
    unsafe fn holding_of(&self, class: u32) -> Holding<'_, S, C> {
        // SAFETY: the caller's promise.
        let shelf = unsafe { self.shelves.of(class) };
        // SAFETY: the lane is the claim's.
        let list = unsafe { shelf.list() };
        // SAFETY: the caller's promise.
        let returns = unsafe { self.local().returns_of(class) };
        Holding { class, shelf, list, returns }
    }

    /// An array of `length` elements, and its home from its shelf and its ticket.
    ///
    /// # Safety
    /// The pool's units hold a `T` each.
    #[inline(always)]
    pub(super) unsafe fn array<T, H: Home>(
        &self,
        length: u32,
        home: impl FnOnce(&'p Shelf<S, C>, S::Ticket) -> H,
    ) -> Result<Homed<MaybeUninit<T>, H>, AllocError> {
        if size_of::<T>() == 0 || length == 0 {
            // SAFETY: a pool has one class at least.
            let home = home(unsafe { self.shelves.of(0) }, S::NO_TICKET);
            // SAFETY: elements without bytes, or none, may lie anywhere.
            return Ok(unsafe { Homed::new(Berth::none::<T>(), length, home) });
        }
        let class = match Table::<C>::class_of(length as usize) {
            #[allow(clippy::cast_possible_truncation, reason = "a table has 64 classes at most")]
            Some(index) => index as u32,
            None => self.local().depot().class_outside(length as usize)?,
        };
        // SAFETY: the class is one of the pool's table, or was found by its depot.
        let shelf = unsafe { self.shelves.of(class) };
        // SAFETY: the lane is the claim's; the class is the one that holds so many units.
        let issued = unsafe { shelf.issue(class, length) }?;
        let slot = Berth::new(issued.elements, class);
        // SAFETY: the slot was issued just now, for so many units; the rest is the
        // caller's promise.
        Ok(unsafe { Homed::new(slot, length, home(shelf, issued.ticket)) })
    }

    /// Makes it the default lane of the thread with that number, or of [`NOBODY`].
    ///
    /// # Safety
    /// That thread, or nobody, is the lane's owner until it is told otherwise here.
    pub(super) unsafe fn belong_to(&self, thread: usize) {
        for class in self.local().depot().indices() {
            // SAFETY: the caller's promise.
            unsafe { self.local().shelf(class).set_owner(thread) };
        }
    }

    /// Does what `trim` asked for, if it did.
    pub(super) fn answer(&self) {
        let local = self.local();
        if local.is_asked() {
            let keep = local.forget_request();
            local.depot().shrink(self, keep);
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Drop for Claim<'_, S, C> {
    fn drop(&mut self) {
        // SAFETY: nobody is the lane's owner until it is claimed again.
        unsafe { self.belong_to(NOBODY) };
        self.answer();
        // SAFETY: the claim is not used afterwards.
        unsafe { self.local().depot().leave(self) };
    }
}

/// What a lane has of one class, in its owner's hands: only a claim gives one.
pub(super) struct Holding<'c, S: ReleaseStrategy, C: ClassTable> {
    pub(super) class: u32,
    pub(super) shelf: &'c Shelf<S, C>,
    /// The shelf's.
    pub(super) list: &'c S::List,
    pub(super) returns: &'c Returns<S>,
}

impl<S: ReleaseStrategy, C: ClassTable> Holding<'_, S, C> {
    /// Takes a free slot off the list; `None` if there is none, or its record is
    /// overwritten.
    pub(super) fn take(&self) -> Option<S::Link> {
        let link = S::head(self.list)?;
        // SAFETY: the head is a place of this list.
        let next = unsafe { S::after(self.list, link) }.ok()?;
        S::set_head(self.list, next);
        self.shelf.count(self.shelf.free() - 1);
        Some(link)
    }

    /// The list is empty, or about to be left: what was issued of a chain that came home
    /// no longer waits.
    pub(super) fn settle(&self) {
        debug_assert!(self.shelf.free() <= 0);
        self.returns.settle(self.shelf.free().unsigned_abs() as usize);
        self.shelf.count(0);
    }

    /// Gives up the list, whose head is overwritten; returns how many slots it had. What
    /// came home later is the list from then on. (As many as others push meanwhile go on
    /// to be counted as waiting instead: the sum is right, the split is of the moment.)
    #[cold]
    pub(super) fn abandon(&self) -> usize {
        let Self { shelf, list, returns, .. } = *self;
        if let Some(link) = S::head(list) {
            // SAFETY: the head is a place of this list.
            let (elements, ticket) = unsafe { S::slot(link) };
            // SAFETY: as above: a slot that was cut.
            unsafe { S::abandon(list, elements, ticket) };
        }
        S::set_head(list, None);
        let keep = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { S::put(list, link) };
        };
        let all = returns.waiting();
        // SAFETY: the returns are those of the claim's lane.
        let later = unsafe { returns.unpack(u32::MAX, keep) };
        // Of those that waited before, none can be reached any more.
        let unreached = all.saturating_sub(later.moved as usize + later.lost);
        returns.settle(unreached);
        let own = isize::try_from(shelf.free()).unwrap_or(0);
        shelf.count(i32::try_from(later.moved).unwrap_or(i32::MAX));
        // What was issued of a chain that came home waited, too: it may be among either.
        (later.lost + unreached).saturating_add_signed(own)
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Local<S, C> {
    /// What the shelf could not serve: first what has come home, then the depot.
    ///
    /// # Safety
    /// As [`Shelf::issue`].
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn issue_slow(
        &self,
        class: u32,
        units: u32,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        // SAFETY: the caller's promise.
        let claim = unsafe { Claim::on_loan(self.shelves()) };
        // SAFETY: the class is the shelf's, so it is one of the pool's.
        let held = unsafe { claim.holding_of(class) };
        let Holding { shelf, list, returns, .. } = held;
        let depot = self.depot();
        shelf.count_miss();
        claim.answer();
        if S::head(list).is_some() {
            return Err(depot.lose(class, held.abandon()));
        }
        held.settle();
        // SAFETY: the returns are those of the claim's lane, and the list is their twin.
        unsafe { returns.move_to(list) };
        if S::head(list).is_none() {
            if let Some(issued) = depot.supply(&held, units)? {
                return Ok(issued);
            }
        }
        // SAFETY: the list is the claim's; the class holds `units`, as the caller promises.
        let Some(issued) = (unsafe { S::issue(list, units, Tenure::Owned) }) else {
            return Err(depot.lose(class, held.abandon()));
        };
        shelf.count(shelf.free() - 1);
        Ok(issued)
    }

    /// The shelf is full, or the lane was asked to shrink.
    ///
    /// # Safety
    /// The caller is the lane's owner.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn overflow(&self, class: u32) {
        // SAFETY: the caller's promise.
        let claim = unsafe { Claim::on_loan(self.shelves()) };
        let most = self.depot().book(class).most();
        self.shelf(class).keep_at_most(most);
        // An exchange, as in `forget_request`: who asks behind it lowers `most` again.
        if self.is_asked_now() {
            claim.answer();
        } else if self.shelf(class).free() > most {
            self.depot().shelve(&claim.holding(class));
        }
    }
}
