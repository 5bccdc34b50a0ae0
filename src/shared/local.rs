//! What a lane owns: a shelf of free slots per class, and a way home for the rest.
//!
//! A shelf is touched by the lane's owner alone, who has a [`Claim`](super::claim::Claim)
//! to it; its numbers may be read by anyone. The returns beside it are for everyone.

use core::alloc::{Layout, LayoutError};
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::depot::Depot;
use super::reserve::Reserve;
use super::returns::Returns;
use crate::arena::Arena;
use crate::error::{AllocError, ReleaseError};
use crate::pool::{ClassTable, Issued, ReleaseStrategy, Tenure};
use crate::sync::{AtomicI32, AtomicPtr, AtomicUsize, Cell, Ordering};

/// The free slots of one class that a lane keeps. What the owner writes with every call
/// comes first, and what others read is on a line of its own: a drop on another thread
/// would take the owner's line from it otherwise, and the owner take it back.
#[repr(C, align(64))]
pub(super) struct Shelf<S: ReleaseStrategy, C: ClassTable> {
    list: S::List,
    /// Slots on the list, but for those that came home: they count as waiting until
    /// the list is empty. Each of them that is issued is one less here all the same,
    /// so the number falls below 0. Written by the owner.
    free: AtomicI32,
    /// The most of them that stay. Whoever trims makes it [`LOOK_UP`], and the owner what
    /// it was.
    most: AtomicI32,
    /// Allocations that were served from here.
    hits: AtomicUsize,
    /// Allocations that were not.
    misses: AtomicUsize,
    sign: Sign<S, C>,
}

/// What a drop finds where its handle leads, on whatever thread it is. It changes with
/// the lane's owner only.
#[repr(C, align(64))]
struct Sign<S: ReleaseStrategy, C: ClassTable> {
    /// The number of the thread whose default lane this is, or [`NOBODY`]: on every
    /// shelf, so that a drop finds it where it goes anyway.
    owner: AtomicUsize,
    /// The lane that the shelf belongs to.
    local: NonNull<Local<S, C>>,
}

// SAFETY: the list is touched by the lane's owner alone, as the unsafe functions demand;
// all else is atomic or never changes.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Sync for Shelf<S, C> {}

/// The shelves of a lane, one per class, as long as the pool lives.
pub(super) struct Shelves<'p, S: ReleaseStrategy, C: ClassTable> {
    first: NonNull<Shelf<S, C>>,
    pool: PhantomData<&'p Shelf<S, C>>,
}

impl<S: ReleaseStrategy, C: ClassTable> Clone for Shelves<'_, S, C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Copy for Shelves<'_, S, C> {}

// SAFETY: it is as a reference to them, which are `Sync`.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Send for Shelves<'_, S, C> {}

impl<'p, S: ReleaseStrategy, C: ClassTable> Shelves<'p, S, C> {
    /// Those that `into_raw` gave.
    ///
    /// # Safety
    /// Their pool lives, and is borrowed, for `'p`.
    #[inline(always)]
    pub(super) unsafe fn from_raw(first: NonNull<()>) -> Self {
        Self { first: first.cast(), pool: PhantomData }
    }

    pub(super) fn into_raw(self) -> NonNull<()> {
        self.first.cast()
    }

    /// The shelf of a class.
    ///
    /// # Safety
    /// The class is one of the pool's, or 0: there is one at least.
    #[inline(always)]
    pub(super) unsafe fn of(self, class: u32) -> &'p Shelf<S, C> {
        // SAFETY: the caller's promise: `make` made a shelf for each class, which stays
        // as long as the pool.
        let shelf = unsafe { self.first.add(class as usize) };
        // SAFETY: `make` wrote it; all that changes in it are cells and atomics.
        unsafe { shelf.as_ref() }
    }

    /// The lane.
    #[inline(always)]
    pub(super) fn local(self) -> &'p Local<S, C> {
        // SAFETY: there is one class at least.
        unsafe { self.of(0) }.local()
    }
}

/// What a shelf keeps whose owner was asked to shrink: less than any number of slots, as
/// that falls below 0 too, so that the next release looks up.
const LOOK_UP: i32 = i32::MIN;

/// No bytes were asked for.
const UNASKED: usize = usize::MAX;

/// Nobody's default lane. Threads have numbers from 1 on, and 0 before they have one.
pub(super) const NOBODY: usize = usize::MAX;

/// What a lane owns, as long as the pool lives: lanes come and go, and each
/// adopts what one before it has left.
pub(super) struct Local<S: ReleaseStrategy, C: ClassTable> {
    shelves: NonNull<Shelf<S, C>>,
    returns: NonNull<Returns<S>>,
    /// Under the depot's lock, as what they hold is the depot's.
    reserves: NonNull<Reserve<S>>,
    depot: NonNull<Depot<S, C>>,
    /// Bytes of free slots that the lane was asked to shrink to.
    asked: AtomicUsize,
    /// The lane made before this one.
    pub(super) before: Option<NonNull<Self>>,
    /// The next lane without an owner; under the depot's lock.
    pub(super) idle: Cell<Option<NonNull<Self>>>,
}

// SAFETY: shelves and `taken` of the returns are touched by the lane's owner
// alone, as the unsafe functions demand; `idle` and the reserves under the depot's
// lock; all else is atomic or never changes. Ownership changes hands under that lock.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Sync for Local<S, C> {}

/// Where the parts of a lane lie in its block.
struct Parts {
    block: Layout,
    shelves: usize,
    returns: usize,
    reserves: usize,
}

impl Parts {
    fn of<S: ReleaseStrategy, C: ClassTable>(classes: usize) -> Result<Self, AllocError> {
        let lay_out = || {
            let shelves = Layout::array::<Shelf<S, C>>(classes)?;
            let returns = Layout::array::<Returns<S>>(classes)?;
            let reserves = Layout::array::<Reserve<S>>(classes)?;
            let (block, shelves) = Layout::new::<Local<S, C>>().extend(shelves)?;
            let (block, returns) = block.extend(returns)?;
            let (block, reserves) = block.extend(reserves)?;
            Ok(Self { block, shelves, returns, reserves })
        };
        lay_out().map_err(|_: LayoutError| AllocError::OutOfMemory { requested: usize::MAX })
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Local<S, C> {
    /// The layout of a lane's block.
    pub(super) fn layout(classes: usize) -> Result<Layout, AllocError> {
        Ok(Parts::of::<S, C>(classes)?.block)
    }

    /// Makes a lane in a block of the arena's.
    ///
    /// # Errors
    /// If there is no memory.
    ///
    /// # Safety
    /// The depot stays where it is until it drops the lane.
    pub(super) unsafe fn make(
        arena: &Arena<'_>,
        depot: &Depot<S, C>,
        before: Option<NonNull<Self>>,
    ) -> Result<NonNull<Self>, AllocError> {
        let classes = depot.books();
        let parts = Parts::of::<S, C>(classes.len())?;
        let block = arena.try_obtain(parts.block)?;
        let local = block.cast::<Self>();
        // SAFETY: the parts lie in the block.
        let shelves = unsafe { block.add(parts.shelves) }.cast::<Shelf<S, C>>();
        // SAFETY: as above.
        let returns = unsafe { block.add(parts.returns) }.cast::<Returns<S>>();
        // SAFETY: as above.
        let reserves = unsafe { block.add(parts.reserves) }.cast::<Reserve<S>>();
        for (index, book) in classes.iter().enumerate() {
            let shelf = Shelf {
                list: S::twin(book.keys()),
                free: AtomicI32::new(0),
                most: AtomicI32::new(book.most()),
                hits: AtomicUsize::new(0),
                misses: AtomicUsize::new(0),
                sign: Sign { owner: AtomicUsize::new(NOBODY), local },
            };
            // SAFETY: the block has room for one of each per class.
            let place = unsafe { shelves.add(index) };
            // SAFETY: as above.
            unsafe { place.write(shelf) };
            // SAFETY: as above.
            let place = unsafe { returns.add(index) };
            // SAFETY: as above.
            unsafe { place.write(Returns::new(S::twin(book.keys()))) };
            // SAFETY: as above.
            let place = unsafe { reserves.add(index) };
            // SAFETY: as above.
            unsafe { place.write(Reserve::new()) };
        }
        let depot = NonNull::from(depot);
        let (asked, idle) = (AtomicUsize::new(UNASKED), Cell::new(None));
        // SAFETY: the lane itself lies first in the block.
        unsafe { local.write(Self { shelves, returns, reserves, depot, asked, before, idle }) };
        Ok(local)
    }

    /// The pool's depot.
    #[inline]
    pub(super) fn depot(&self) -> &Depot<S, C> {
        // SAFETY: the depot made this lane and drops it last of all.
        unsafe { self.depot.as_ref() }
    }

    #[inline(always)]
    pub(super) fn shelves(&self) -> Shelves<'_, S, C> {
        Shelves { first: self.shelves, pool: PhantomData }
    }

    /// The shelf of a class.
    ///
    /// # Panics
    /// If the pool has no such class.
    pub(super) fn shelf(&self, class: u32) -> &Shelf<S, C> {
        assert!((class as usize) < self.depot().books().len());
        // SAFETY: the class was just checked.
        unsafe { self.shelves().of(class) }
    }

    /// The returns of a class.
    ///
    /// # Panics
    /// If the pool has no such class.
    pub(super) fn returns(&self, class: u32) -> &Returns<S> {
        assert!((class as usize) < self.depot().books().len());
        // SAFETY: the class was just checked.
        unsafe { self.returns_of(class) }
    }

    /// The same where nobody looks.
    ///
    /// # Safety
    /// The class is one of the pool's.
    #[inline(always)]
    pub(super) unsafe fn returns_of(&self, class: u32) -> &Returns<S> {
        // SAFETY: the caller's promise: `make` made returns for each class.
        let returns = unsafe { self.returns.add(class as usize) };
        // SAFETY: `make` wrote them; all that changes in them are cells and atomics.
        unsafe { returns.as_ref() }
    }

    /// What the lane has brought to the depot of a class.
    ///
    /// # Panics
    /// If the pool has no such class.
    pub(super) fn reserve(&self, class: u32) -> &Reserve<S> {
        assert!((class as usize) < self.depot().books().len());
        // SAFETY: the class was just checked: `make` made a reserve for each.
        let reserve = unsafe { self.reserves.add(class as usize) };
        // SAFETY: `make` wrote it; all that changes in it are cells.
        unsafe { reserve.as_ref() }
    }

    /// Sends an owned array's slot home, from anywhere.
    ///
    /// # Safety
    /// The slot is a handle's of this pool, which is given up.
    pub(super) unsafe fn send(
        &self,
        class: u32,
        elements: NonNull<u8>,
        ticket: S::Ticket,
    ) -> Result<(), ReleaseError> {
        // SAFETY: the slot's class is one of the pool's.
        let returns = unsafe { self.returns_of(class) };
        // SAFETY: the caller's promise.
        if unsafe { returns.push(elements, ticket, Tenure::Owned) } {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        Err(unsafe { self.depot().refuse(class, elements, ticket) })
    }

    /// The same where nobody can be handed an error: the pool's hook is told.
    ///
    /// # Safety
    /// As [`send`](Self::send).
    // Called, so that the short way is small enough to be inlined.
    #[inline(never)]
    pub(super) unsafe fn send_or_report(
        &self,
        class: u32,
        elements: NonNull<u8>,
        ticket: S::Ticket,
    ) {
        // SAFETY: the caller's promise.
        if let Err(error) = unsafe { self.send(class, elements, ticket) } {
            self.depot().report(&error);
        }
    }

    /// Whether `trim` asked for anything, as far as is known here.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != UNASKED
    }

    /// The same by an exchange: whoever asks later sees what was done before.
    pub(super) fn is_asked_now(&self) -> bool {
        self.asked.fetch_or(0, Ordering::AcqRel) != UNASKED
    }

    /// Takes what was asked for, if anything was. Only the owner calls it, or who makes
    /// somebody the owner.
    pub(super) fn forget_request(&self) -> usize {
        for (class, book) in (0_u32..).zip(self.depot().books()) {
            self.shelf(class).keep_at_most(book.most());
        }
        // Release, and `ask` acquires: who asks from here on lowers `most` after that.
        self.asked.swap(UNASKED, Ordering::AcqRel)
    }

    /// Asks the lane's owner to keep no more than so many bytes of free slots.
    pub(super) fn ask(&self, bytes: usize) {
        self.asked.swap(bytes.min(UNASKED - 1), Ordering::AcqRel);
        for (class, _) in (0_u32..).zip(self.depot().books()) {
            self.shelf(class).keep_at_most(LOOK_UP);
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Shelf<S, C> {
    #[inline(always)]
    pub(super) fn local(&self) -> &Local<S, C> {
        // SAFETY: the shelf is a part of its lane, and `make` made both.
        unsafe { self.sign.local.as_ref() }
    }

    /// The capacity of a class of the pool, in units.
    pub(super) fn class_length(&self, class: u32) -> u32 {
        self.local().depot().book(class).length
    }

    /// The free slots.
    ///
    /// # Safety
    /// The caller is the lane's owner.
    #[inline(always)]
    pub(super) unsafe fn list(&self) -> &S::List {
        &self.list
    }

    /// The number of the thread whose default lane it belongs to, or [`NOBODY`].
    #[inline(always)]
    pub(super) fn owner(&self) -> usize {
        self.sign.owner.load(Ordering::Relaxed)
    }

    /// Notes another owner.
    ///
    /// # Safety
    /// As [`Claim::belong_to`](super::claim::Claim::belong_to).
    pub(super) unsafe fn set_owner(&self, thread: usize) {
        self.sign.owner.store(thread, Ordering::Relaxed);
    }

    /// Gives a slot to a tenant.
    ///
    /// # Safety
    /// The caller is the lane's owner. The class is the shelf's, and holds `units`.
    #[inline(always)]
    pub(super) unsafe fn issue(
        &self,
        class: u32,
        units: u32,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        // SAFETY: the list is the owner's, and of this class.
        match unsafe { S::issue(&self.list, units, Tenure::Owned) } {
            Some(issued) => {
                self.count(i32::wrapping_sub(self.free(), 1));
                self.hits.store(self.hits().wrapping_add(1), Ordering::Relaxed);
                Ok(issued)
            }
            // SAFETY: the caller's promise.
            None => unsafe { self.local().issue_slow(class, units) },
        }
    }

    /// Takes an owned array's slot back onto the shelf; false, and nothing changed, if
    /// its record is overwritten.
    ///
    /// # Safety
    /// The caller is the lane's owner, the class is the shelf's, and the slot is one of
    /// this class that a handle of this pool has, which is given up.
    #[inline(always)]
    pub(super) unsafe fn retire(
        &self,
        class: u32,
        elements: NonNull<u8>,
        ticket: S::Ticket,
    ) -> bool {
        // SAFETY: the caller's promise.
        if !unsafe { S::retire(&self.list, elements, ticket, Tenure::Owned) } {
            return false;
        }
        let free = self.free().wrapping_add(1);
        self.count(free);
        if free > self.most.load(Ordering::Relaxed) {
            // SAFETY: the caller's promise.
            unsafe { self.local().overflow(class) };
        }
        true
    }

    /// Slots on the list, but for those that came home.
    #[inline(always)]
    pub(super) fn free(&self) -> i32 {
        self.free.load(Ordering::Relaxed)
    }

    /// Notes how many there are. Only the owner calls it.
    #[inline(always)]
    pub(super) fn count(&self, free: i32) {
        self.free.store(free, Ordering::Relaxed);
    }

    pub(super) fn hits(&self) -> usize {
        self.hits.load(Ordering::Relaxed)
    }

    pub(super) fn misses(&self) -> usize {
        self.misses.load(Ordering::Relaxed)
    }

    /// Notes another miss. Only the owner calls it.
    pub(super) fn count_miss(&self) {
        self.misses.store(self.misses().wrapping_add(1), Ordering::Relaxed);
    }

    /// Notes how many slots stay; more of them are looked into.
    pub(super) fn keep_at_most(&self, slots: i32) {
        self.most.store(slots, Ordering::Relaxed);
    }
}

/// The head of the list of all lanes. Lanes are added at the front, and none is
/// taken out before the end.
pub(super) struct Lanes<S: ReleaseStrategy, C: ClassTable>(AtomicPtr<Local<S, C>>);

impl<S: ReleaseStrategy, C: ClassTable> Lanes<S, C> {
    pub(super) fn new() -> Self {
        Self(AtomicPtr::new(core::ptr::null_mut()))
    }

    /// The lane that was made last.
    pub(super) fn first(&self) -> Option<NonNull<Local<S, C>>> {
        // Acquire: the lane that is found is complete.
        NonNull::new(self.0.load(Ordering::Acquire))
    }

    /// Adds a lane, whose `before` is the first one. Only under the depot's lock.
    pub(super) fn add(&self, local: NonNull<Local<S, C>>) {
        self.0.store(local.as_ptr(), Ordering::Release);
    }

    /// All lanes, whoever has them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Local<S, C>> {
        // SAFETY: lanes stay until the depot is dropped, which owns this list.
        let borrow = |local: NonNull<Local<S, C>>| unsafe { local.as_ref() };
        let first = self.first().map(borrow);
        core::iter::successors(first, move |local| local.before.map(borrow))
    }
}
