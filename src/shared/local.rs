//! What a lane owns: a shelf of free slots per class, and a way home for the rest.
//!
//! A shelf is touched by the lane's owner alone; its numbers may be read by
//! anyone. The returns beside it are for everyone.

use core::alloc::{Layout, LayoutError};
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::depot::Depot;
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
    pub(super) list: S::List,
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

    /// The shelf of a class that came from this pool, or of the first one, 0.
    #[inline(always)]
    pub(super) fn of(self, class: u32) -> &'p Shelf<S, C> {
        // SAFETY: a class that a slot or a table names is one of the depot's, and
        // `make` made a shelf for each, one at least, which stays as long as the pool.
        let shelf = unsafe { self.first.add(class as usize) };
        // SAFETY: `make` wrote it; all that changes in it are cells and atomics.
        unsafe { shelf.as_ref() }
    }

    /// The lane.
    #[inline(always)]
    pub(super) fn local(self) -> &'p Local<S, C> {
        self.of(0).local()
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
    depot: NonNull<Depot<S, C>>,
    /// Bytes of free slots that the lane was asked to shrink to.
    asked: AtomicUsize,
    /// The lane made before this one.
    pub(super) before: Option<NonNull<Self>>,
    /// The next lane without an owner; under the depot's lock.
    pub(super) idle: Cell<Option<NonNull<Self>>>,
}

// SAFETY: shelves and `taken` of the returns are touched by the lane's owner
// alone, as the unsafe functions demand; `idle` under the depot's lock; all else
// is atomic or never changes. Ownership changes hands under that lock.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Sync for Local<S, C> {}

/// Where the parts of a lane lie in its block.
struct Parts {
    block: Layout,
    shelves: usize,
    returns: usize,
}

impl Parts {
    fn of<S: ReleaseStrategy, C: ClassTable>(classes: usize) -> Result<Self, AllocError> {
        let lay_out = || {
            let shelves = Layout::array::<Shelf<S, C>>(classes)?;
            let returns = Layout::array::<Returns<S>>(classes)?;
            let (block, shelves) = Layout::new::<Local<S, C>>().extend(shelves)?;
            let (block, returns) = block.extend(returns)?;
            Ok(Self { block, shelves, returns })
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
        }
        let depot = NonNull::from(depot);
        let (asked, idle) = (AtomicUsize::new(UNASKED), Cell::new(None));
        // SAFETY: the lane itself lies first in the block.
        unsafe { local.write(Self { shelves, returns, depot, asked, before, idle }) };
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

    #[inline(always)]
    pub(super) fn shelf(&self, class: u32) -> &Shelf<S, C> {
        debug_assert!((class as usize) < self.depot().books().len());
        self.shelves().of(class)
    }

    /// Makes it the default lane of the thread with that number, or of [`NOBODY`].
    pub(super) fn belong_to(&self, thread: usize) {
        for (class, _) in (0_u32..).zip(self.depot().books()) {
            self.shelf(class).sign.owner.store(thread, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    pub(super) fn returns(&self, class: u32) -> &Returns<S> {
        debug_assert!((class as usize) < self.depot().books().len());
        // SAFETY: as in `Shelves::of`.
        let returns = unsafe { self.returns.add(class as usize) };
        // SAFETY: as in `Shelves::of`.
        unsafe { returns.as_ref() }
    }

    /// What the shelf could not serve: first what has come home, then the depot.
    ///
    /// # Safety
    /// As [`Shelf::issue`].
    #[cold]
    #[inline(never)]
    unsafe fn issue_slow(
        &self,
        class: u32,
        units: u32,
        tenure: Tenure,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        let (shelf, depot) = (self.shelf(class), self.depot());
        shelf.misses.store(shelf.misses().wrapping_add(1), Ordering::Relaxed);
        self.answer();
        if S::head(&shelf.list).is_some() {
            // SAFETY: the caller owns the lane.
            let lost = unsafe { self.abandon(class) };
            return Err(depot.lose(class, lost));
        }
        self.settle(class);
        // SAFETY: the caller owns the lane, so it owns its shelves and its returns.
        unsafe { self.returns(class).move_to(&shelf.list) };
        if S::head(&shelf.list).is_none() {
            if let Some(issued) = depot.supply(self, class, units, tenure)? {
                return Ok(issued);
            }
        }
        // SAFETY: the list is the owner's, and of this class.
        let Some(issued) = (unsafe { S::issue(&shelf.list, units, tenure) }) else {
            // SAFETY: the caller owns the lane.
            return Err(depot.lose(class, unsafe { self.abandon(class) }));
        };
        shelf.count(shelf.free() - 1);
        Ok(issued)
    }

    /// The shelf's list is empty, or about to be left: what was issued of a chain that
    /// came home no longer waits. Only the owner calls it.
    pub(super) fn settle(&self, class: u32) {
        let shelf = self.shelf(class);
        debug_assert!(shelf.free() <= 0);
        self.returns(class).settle(shelf.free().unsigned_abs() as usize);
        shelf.count(0);
    }

    /// Gives up the list of a class, whose head is overwritten; returns how many slots
    /// it had. What came home later is the list from then on. (While others push, it
    /// may count theirs: a count of what is lost is no better then than the moment.)
    ///
    /// # Safety
    /// The caller is the lane's owner.
    #[cold]
    pub(super) unsafe fn abandon(&self, class: u32) -> usize {
        let (shelf, returns) = (self.shelf(class), self.returns(class));
        if let Some(link) = S::head(&shelf.list) {
            // SAFETY: the head is a place of this list.
            let slot = unsafe { S::slot(link) };
            // SAFETY: as above: a slot that was cut.
            unsafe { S::abandon(&shelf.list, slot.elements, slot.ticket) };
        }
        S::set_head(&shelf.list, None);
        let keep = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { S::put(&shelf.list, link) };
        };
        let all = returns.waiting();
        // SAFETY: the caller owns the lane.
        let later = unsafe { returns.unpack(u32::MAX, keep) };
        // Of those that waited before, none can be reached any more.
        let unreached = all.saturating_sub(later.moved as usize + later.lost);
        returns.settle(unreached);
        let own = isize::try_from(shelf.free()).unwrap_or(0);
        shelf.count(i32::try_from(later.moved).unwrap_or(i32::MAX));
        later.lost + unreached.saturating_add_signed(own)
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
        // SAFETY: the caller's promise.
        if unsafe { self.returns(class).push(elements, ticket, Tenure::Owned) } {
            return Ok(());
        }
        Err(self.depot().refuse(class, elements, ticket))
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

    /// The shelf is full, or the lane was asked to shrink.
    #[cold]
    #[inline(never)]
    fn overflow(&self, class: u32) {
        let depot = self.depot();
        let (book, shelf) = (depot.book(class), self.shelf(class));
        shelf.most.store(book.most(), Ordering::Relaxed);
        // An exchange, as in `forget_request`: who asks behind it lowers `most` again.
        if self.asked.fetch_or(0, Ordering::AcqRel) != UNASKED {
            self.answer();
        } else if shelf.free() > book.most() {
            depot.shelve(self, class);
        }
    }

    /// Does what `trim` asked for, if it did. Only the owner calls it.
    pub(super) fn answer(&self) {
        if self.asked.load(Ordering::Relaxed) != UNASKED {
            let keep = self.forget_request();
            self.depot().shrink(self, keep);
        }
    }

    /// Takes what was asked for, if anything was. Only the owner calls it, or who makes
    /// somebody the owner.
    pub(super) fn forget_request(&self) -> usize {
        for (class, book) in (0_u32..).zip(self.depot().books()) {
            self.shelf(class).most.store(book.most(), Ordering::Relaxed);
        }
        // Release, and `ask` acquires: who asks from here on lowers `most` after that.
        self.asked.swap(UNASKED, Ordering::AcqRel)
    }

    /// Asks the lane's owner to keep no more than so many bytes of free slots.
    pub(super) fn ask(&self, bytes: usize) {
        self.asked.swap(bytes.min(UNASKED - 1), Ordering::AcqRel);
        for (class, _) in (0_u32..).zip(self.depot().books()) {
            self.shelf(class).most.store(LOOK_UP, Ordering::Relaxed);
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

    /// The number of the thread whose default lane it belongs to, or [`NOBODY`].
    #[inline(always)]
    pub(super) fn owner(&self) -> usize {
        self.sign.owner.load(Ordering::Relaxed)
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
        tenure: Tenure,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        // SAFETY: the list is the owner's, and of this class.
        match unsafe { S::issue(&self.list, units, tenure) } {
            Some(issued) => {
                self.count(i32::wrapping_sub(self.free(), 1));
                self.hits.store(self.hits().wrapping_add(1), Ordering::Relaxed);
                Ok(issued)
            }
            // SAFETY: the caller's promise.
            None => unsafe { self.local().issue_slow(class, units, tenure) },
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
            self.local().overflow(class);
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

    /// Takes a free slot off the list; `None` if there is none, or its record is
    /// overwritten. Only the owner calls it.
    pub(super) fn take(&self) -> Option<S::Link> {
        let link = S::head(&self.list)?;
        // SAFETY: the head is a place of this list.
        let next = unsafe { S::after(&self.list, link) }.ok()?;
        S::set_head(&self.list, next);
        self.count(self.free() - 1);
        Some(link)
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
