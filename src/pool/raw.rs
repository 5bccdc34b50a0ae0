//! The untyped pool: slots of a class, given out and taken back.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::builder::{PoolBuilder, Settings};
use super::class::{self, ClassTable, DefaultClasses, Table};
use super::classes::{Class, ClassId, Classes, Units};
use super::diagnostics::{Line, Watch};
use super::release::{Cut, DefaultStrategy, Issued, Record, ReleaseStrategy, Tenure};
use super::table::RunTable;
use crate::arena::Arena;
use crate::error::{AllocError, ReleaseError};

/// A pool that knows only bytes: its slots hold so many *units*, for arrays of any
/// type that fits them.
///
/// An [`ArrayPool`](crate::ArrayPool) is a typed view of one, in which a unit is
/// an element; every [`PoolArray`](crate::PoolArray) refers to the raw pool
/// behind it. Use it directly where arrays of several types share one pool
/// ([`try_allocate`](Self::try_allocate)), or where the size of a unit is known at run
/// time only.
///
/// A pool is neither `Send` nor `Sync`; an [`Arena`] is `Send`, and a pool is
/// quickly made in one.
///
/// ```
/// use core::alloc::Layout;
/// use arraypool::{RawPool, Tagged};
///
/// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
/// let bytes = pool.try_allocate::<u8>(100)?;
/// let words = pool.try_allocate::<u64>(100)?;         // of another type, in the same pool
/// assert_eq!(pool.stats().live, 2);
/// # drop((bytes, words));
/// # Ok::<(), arraypool::AllocError>(())
/// ```
pub struct RawPool<'m, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    pub(super) classes: Classes<S>,
    pub(super) units: Units,
    /// Whether the hot lists are closed, so that every call takes the cold path.
    checked: bool,
    /// The most free arrays that a class keeps.
    pub(super) free_max: u32,
    /// The diagnostics, asked on the cold path alone.
    pub(super) watch: Watch<S>,
    /// The longest array that is given out under a strategy that takes none back
    /// and is not watched: any that 32 bits hold, or none. As wide as what is compared.
    pub(super) direct_most: usize,
    pub(super) frozen: Cell<bool>,
    /// Arrays whose record was found overwritten.
    pub(super) corrupted: Cell<usize>,
    /// Arrays given out under a strategy that takes none back, and their bytes.
    pub(super) direct: Cell<(usize, usize)>,
    /// What [`issue_cold`](Self::issue_cold) answered last. A result of its own would
    /// have to lie on the stack of the hot path, which needs none.
    answer: Cell<Result<Slot<S>, AllocError>>,
    hook: Option<fn(&ReleaseError)>,
    pub(super) runs: RefCell<RunTable>,
    pub(super) strategy: S,
    /// Dropped last, and by hand: the books are given back to it first.
    pub(super) arena: ManuallyDrop<Backing<'m>>,
    table: PhantomData<fn() -> C>,
}

/// The arena that runs are carved from.
#[allow(clippy::large_enum_variant, reason = "a box for the arena would need a heap")]
pub(super) enum Backing<'m> {
    Owned(Arena<'m>),
    Borrowed(&'m Arena<'m>),
}

impl<'m> Backing<'m> {
    #[inline]
    pub(super) fn get(&self) -> &Arena<'m> {
        match self {
            Self::Owned(arena) => arena,
            Self::Borrowed(arena) => arena,
        }
    }
}

/// A slot that has a tenant, as a handle keeps it.
///
/// Where its class is one, the class is of the pool that made this, and elements and ticket
/// are those of a cut slot of the class. Who makes one answers for that.
pub(super) struct Slot<S: ReleaseStrategy> {
    pub(super) elements: NonNull<u8>,
    pub(super) ticket: S::Ticket,
    pub(super) class: ClassId,
    /// Tenants that the slot has had, if this is how it was issued; else 0. No
    /// handle keeps it.
    pub(super) generation: u32,
}

impl<S: ReleaseStrategy> Clone for Slot<S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ReleaseStrategy> Copy for Slot<S> {}

impl<'m, S: ReleaseStrategy, C: ClassTable> RawPool<'m, S, C> {
    /// Settings for a pool whose units are like `unit`.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let unit = Layout::from_size_align(24, 8).unwrap();     // known when the program runs
    /// let pool = RawPool::<Tagged>::builder(unit).build();
    /// assert_eq!((pool.unit_size(), pool.unit_align()), (24, 8));
    /// ```
    pub fn builder(unit: Layout) -> PoolBuilder<'static, Self> {
        PoolBuilder::new(unit)
    }

    /// Opens the books and makes the pool. `lengths` are those of the table.
    pub(super) fn open(settings: &Settings<'_>, arena: Backing<'m>) -> Result<Self, AllocError> {
        let lengths = match (C::LENGTHS, settings.lengths) {
            ([], lengths) if class::is_valid(lengths) => lengths,
            ([], _) => return Err(AllocError::InvalidClasses),
            (lengths, _) => lengths,
        };
        let (size, align) = (settings.unit.size().max(1), settings.unit.align());
        let strategy = S::open(settings.runs_max, arena.get())?;
        let checks = Watch::<S>::checks_of(settings, arena.get());
        let watched = Watch::<S>::is_on_with(settings, checks);
        // From here on, dropping the pool closes what was opened.
        let mut pool = Self {
            classes: Classes::none(),
            units: Units { size, align, trailer: Watch::<S>::trailer(checks) },
            checked: settings.free_max != u32::MAX || watched,
            free_max: settings.free_max,
            watch: Watch::nothing(),
            direct_most: if watched { 0 } else { u32::MAX as usize },
            frozen: Cell::new(false),
            corrupted: Cell::new(0),
            direct: Cell::new((0, 0)),
            answer: Cell::new(Err(AllocError::Claimed)),
            hook: settings.hook,
            runs: RefCell::new(RunTable::new()),
            strategy,
            arena: ManuallyDrop::new(arena),
            table: PhantomData,
        };
        pool.watch = Watch::open(settings, checks, pool.arena())?;
        if S::RECLAIMS {
            pool.classes = Classes::open(pool.arena(), lengths, pool.units, pool.checked)?;
        }
        Ok(pool)
    }

    #[inline]
    pub(super) fn arena(&self) -> &Arena<'m> {
        self.arena.get()
    }

    /// Gives a slot of `units` units to a tenant.
    #[inline(always)]
    #[track_caller]
    pub(super) fn issue(&self, units: usize, tenure: Tenure) -> Result<Slot<S>, AllocError> {
        if !S::RECLAIMS {
            return self.issue_direct(units);
        }
        if let Some(index) = Table::<C>::class_of(units) {
            #[allow(clippy::cast_possible_truncation, reason = "a class's length is a u32")]
            let (id, length) = (ClassId::at::<S>(index as u32), units as u32);
            // SAFETY: the class is one of the table's, and `units` is within its length.
            if let Some(slot) = unsafe { self.issue_hot(id, length, tenure) } {
                return Ok(slot);
            }
        }
        self.issue_cold(units, tenure);
        self.answer.get()
    }

    /// Gives the head of the class's hot list to a tenant, if there is one.
    ///
    /// # Safety
    /// The class is one of this pool's, and its length at least `units`.
    #[inline(always)]
    unsafe fn issue_hot(&self, id: ClassId, units: u32, tenure: Tenure) -> Option<Slot<S>> {
        // SAFETY: the caller's promise.
        let hot = unsafe { self.classes.hot(id) };
        // SAFETY: the list is this class's; the rest is the caller's promise.
        let Issued { elements, ticket, generation } =
            unsafe { S::issue(&hot.list, units, tenure) }?;
        hot.count_issued();
        Some(Slot { elements, ticket, class: id, generation })
    }

    /// What the hot path could not do. The answer is in `answer`: for its caller, who
    /// takes it at once.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn issue_cold(&self, units: usize, tenure: Tenure) {
        let answer = self.issue_any(units, tenure);
        self.answer.set(answer);
    }

    /// Gives a slot of any class to a tenant: one of a table that is given at run time,
    /// or a geometric one, too.
    #[track_caller]
    fn issue_any(&self, units: usize, tenure: Tenure) -> Result<Slot<S>, AllocError> {
        if units == 0 {
            return Ok(self.empty());
        }
        let id = self.classes.class_of(units).ok_or(AllocError::TooLarge { length: units })?;
        let length = u32::try_from(units).map_err(|_| AllocError::TooLarge { length: units })?;
        // SAFETY: `class_of` found the class for so many units.
        unsafe { self.issue_in(id, length, tenure) }
    }

    /// Gives a slot of a class to a tenant, be it hot or not.
    ///
    /// # Safety
    /// As [`issue_hot`](Self::issue_hot).
    #[inline(always)]
    #[track_caller]
    pub(super) unsafe fn issue_in(
        &self,
        id: ClassId,
        units: u32,
        tenure: Tenure,
    ) -> Result<Slot<S>, AllocError> {
        // SAFETY: the caller's promise.
        if let Some(slot) = unsafe { self.issue_hot(id, units, tenure) } {
            return Ok(slot);
        }
        let Issued { elements, ticket, generation } = self.issue_slow(id, units, tenure)?;
        Ok(Slot { elements, ticket, class: id, generation })
    }

    /// A slot that takes no memory, for arrays of no bytes.
    pub(super) fn empty(&self) -> Slot<S> {
        let elements = core::ptr::without_provenance_mut(self.units.align);
        let elements = NonNull::new(elements).unwrap_or(NonNull::dangling());
        Slot { elements, ticket: S::NO_TICKET, class: ClassId::NONE, generation: 0 }
    }

    /// What the hot path could not do: look into the real list, or cut a slot.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn issue_slow(
        &self,
        id: ClassId,
        units: u32,
        tenure: Tenure,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        if self.watch.is_on() {
            return self.issue_watched(id, units, tenure);
        }
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        match self.issue_listed(class, units, tenure)? {
            Some(issued) => Ok(issued),
            None => self.issue_cut(id, class, units, tenure).map(|(issued, _)| issued),
        }
    }

    /// Gives the head of the class's real list to a tenant, if there is one.
    #[track_caller]
    pub(super) fn issue_listed(
        &self,
        class: &Class<S>,
        units: u32,
        tenure: Tenure,
    ) -> Result<Option<Issued<S::Ticket>>, AllocError> {
        let list = class.list();
        if self.checked {
            // SAFETY: the list is this class's, and `units` is within its length.
            if let Some(issued) = unsafe { S::issue(list, units, tenure) } {
                class.set_free(class.free() - 1);
                return Ok(Some(issued));
            }
        }
        if S::head(list).is_some() {
            return Err(self.abandon_list(class));
        }
        Ok(None)
    }

    /// Gives a slot that has had no tenant since a reset to one, and says whether
    /// it had one before.
    pub(super) fn issue_cut(
        &self,
        id: ClassId,
        class: &Class<S>,
        units: u32,
        tenure: Tenure,
    ) -> Result<(Issued<S::Ticket>, bool), AllocError> {
        loop {
            if class.uncut.get() == 0 {
                self.next_run(id)?;
            }
            let used = class.seen.get() > 0;
            if let Some(issued) = self.cut(class, units, tenure)? {
                return Ok((issued, used));
            }
        }
    }

    /// Cuts the next slot of the class's run; `None` if it had to be abandoned,
    /// its record having been overwritten since before the last reset.
    fn cut(
        &self,
        class: &Class<S>,
        units: u32,
        tenure: Tenure,
    ) -> Result<Option<Issued<S::Ticket>>, AllocError> {
        if let Some(run) = self.runs_mut()?.get_mut(class.run.get()) {
            run.cut += 1;
        }
        let list = class.list();
        let (elements, seen) = (class.next.get(), class.seen.get());
        let next = elements.as_ptr().wrapping_add(class.shape.stride);
        class.next.set(NonNull::new(next).unwrap_or(elements));
        class.uncut.set(class.uncut.get() - 1);
        class.seen.set(seen.saturating_sub(1));
        class.issued.set(class.issued.get() + 1);
        // SAFETY: `next_run` began this run for this list; slots are cut in order.
        let issued = unsafe { S::cut(list, Cut { elements, seen: seen > 0 }, units, tenure) };
        if issued.is_none() {
            class.lost.set(class.lost.get() + 1);
            self.corrupted.set(self.corrupted.get() + 1);
        }
        Ok(issued)
    }

    /// Gives up a free list whose head was overwritten.
    #[track_caller]
    fn abandon_list(&self, class: &Class<S>) -> AllocError {
        let list = class.list();
        // SAFETY: the head is a place of a list of this pool.
        let head = S::head(list).map(|link| unsafe { S::slot(link) });
        if let Some((elements, ticket)) = head {
            // SAFETY: as above: a slot that was cut.
            unsafe { S::abandon(list, elements, ticket) };
        }
        S::set_head(list, None);
        class.lost.set(class.lost.get() + class.free() as usize);
        class.set_free(0);
        self.corrupted.set(self.corrupted.get() + 1);
        if let Some((elements, _)) = head {
            // Last: a hook may panic, or ask this class for an array.
            self.tell_of_broken(elements);
        }
        AllocError::Corrupted { class_length: class.length }
    }

    /// Takes the slot of an owned array back.
    ///
    /// # Safety
    /// This pool issued the slot to a handle, which is given up.
    #[inline(always)]
    pub(super) unsafe fn retire(
        &self,
        slot: Slot<S>,
        caller: Option<Line>,
    ) -> Result<(), ReleaseError> {
        if slot.class == ClassId::NONE {
            return Ok(());
        }
        if !S::RECLAIMS {
            // SAFETY: the caller's promise; the class is that of watched arrays.
            return unsafe { self.retire_direct_watched(slot.elements, caller) };
        }
        // SAFETY: the caller's promise, and a handle's slot was cut.
        unsafe { self.retire_as(slot, Tenure::Owned, caller) }
    }

    /// Takes a cut slot back, if its tenant is of the given tenure.
    ///
    /// # Safety
    /// The slot is a cut one of this pool; its tenant is given up.
    #[inline(always)]
    pub(super) unsafe fn retire_as(
        &self,
        slot: Slot<S>,
        tenure: Tenure,
        caller: Option<Line>,
    ) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise, passed on.
        if unsafe { self.retire_hot(slot, tenure) } {
            return Ok(());
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { self.retire_slow(slot.elements, slot.ticket, slot.class, tenure, caller) }
    }

    /// Takes the slot of an owned array back; the hook is told why if that fails.
    ///
    /// # Safety
    /// As [`retire`](Self::retire).
    #[inline(always)]
    pub(super) unsafe fn retire_or_report(&self, slot: Slot<S>) {
        if slot.class == ClassId::NONE {
            return;
        }
        // SAFETY: the caller's promise, and a handle's slot was cut.
        if !S::RECLAIMS || !unsafe { self.retire_hot(slot, Tenure::Owned) } {
            // SAFETY: as above.
            unsafe { self.retire_reported(slot.elements, slot.ticket, slot.class) };
        }
    }

    /// Takes a cut slot back, if nothing is in the way; the answer is whether.
    ///
    /// # Safety
    /// As [`retire_as`](Self::retire_as).
    #[inline(always)]
    unsafe fn retire_hot(&self, slot: Slot<S>, tenure: Tenure) -> bool {
        // SAFETY: a slot with a class names one of this pool.
        let hot = unsafe { self.classes.hot(slot.class) };
        // SAFETY: the caller's promise: elements and ticket are those of a slot
        // of this class.
        let done = unsafe { S::retire(&hot.list, slot.elements, slot.ticket, tenure) };
        if done {
            hot.count_retired();
        }
        done
    }

    /// What the hot path could not do for an owned array. All in one call, whose
    /// result takes no room in the hot path.
    ///
    /// # Safety
    /// As [`retire`](Self::retire), and the slot has a class.
    #[cold]
    #[inline(never)]
    unsafe fn retire_reported(&self, elements: NonNull<u8>, ticket: S::Ticket, id: ClassId) {
        let done = if S::RECLAIMS {
            // SAFETY: the caller's promise, passed on.
            unsafe { self.retire_slow(elements, ticket, id, Tenure::Owned, None) }
        } else {
            // SAFETY: the caller's promise; the class is that of watched arrays.
            unsafe { self.retire_direct_watched(elements, None) }
        };
        if let Err(error) = done {
            self.report(&error);
        }
    }

    /// What the hot path could not do: look into the real list, or say why not.
    ///
    /// # Safety
    /// As [`retire_as`](Self::retire_as).
    #[cold]
    #[inline(never)]
    unsafe fn retire_slow(
        &self,
        elements: NonNull<u8>,
        ticket: S::Ticket,
        id: ClassId,
        tenure: Tenure,
        caller: Option<Line>,
    ) -> Result<(), ReleaseError> {
        if self.watch.is_on() {
            // SAFETY: the caller's promise.
            return unsafe { self.retire_watched(elements, ticket, id, tenure, caller) };
        }
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        if self.checked {
            let list = class.list();
            // SAFETY: the caller's promise.
            if unsafe { S::retire(list, elements, ticket, tenure) } {
                class.set_free(class.free() + 1);
                self.bound_free(class, self.free_max);
                return Ok(());
            }
        }
        // SAFETY: the caller's promise.
        Err(unsafe { self.refuse(elements, ticket, id) })
    }

    /// Why a slot is not taken back. One whose record is overwritten is abandoned.
    ///
    /// # Safety
    /// The slot is a cut one of this pool.
    pub(super) unsafe fn refuse(
        &self,
        elements: NonNull<u8>,
        ticket: S::Ticket,
        id: ClassId,
    ) -> ReleaseError {
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        let (list, address) = (class.list(), elements.addr().get());
        let corrupted = ReleaseError::Corrupted { address, class_length: class.length };
        // SAFETY: the caller's promise.
        match unsafe { S::read(list, elements, ticket) } {
            Record::Free { .. } => ReleaseError::AlreadyReleased { address },
            Record::Live { length, .. } => ReleaseError::Owned { address, length },
            Record::Lost => corrupted,
            Record::Corrupted => {
                // SAFETY: the caller's promise.
                unsafe { S::abandon(list, elements, ticket) };
                self.settle(id, class);
                corrupted
            }
        }
    }

    /// Puts the class's balance right after a slot was abandoned. Its record no
    /// longer tells whether it was free: if the free list leads to it, or breaks,
    /// the list is given up; slots that have no tenant and are not free are lost.
    fn settle(&self, id: ClassId, class: &Class<S>) {
        self.corrupted.set(self.corrupted.get() + 1);
        if self.listed(class) != Ok(class.free() as usize) {
            S::set_head(class.list(), None);
            class.set_free(0);
        }
        if let Some(tenants) = self.tenants(id, class) {
            let unused = class.free() as usize + class.resting.get() as usize + class.left.get();
            class.lost.set(class.issued.get().saturating_sub(tenants + unused));
        }
    }

    /// Leaves free slots above `most` to the arena.
    pub(super) fn bound_free(&self, class: &Class<S>, most: u32) {
        let list = class.list();
        while class.free() > most {
            let Some(link) = S::head(list) else { return };
            // SAFETY: the head is a place of this list.
            let Ok(next) = (unsafe { S::after(list, link) }) else {
                self.abandon_list(class);
                return;
            };
            S::set_head(list, next);
            class.set_free(class.free() - 1);
            class.left.set(class.left.get() + 1);
        }
    }

    /// Tells the pool's hook about an error that nobody can be handed.
    #[cold]
    pub(super) fn report(&self, error: &ReleaseError) {
        if let Some(hook) = self.hook {
            hook(error);
        }
    }

    /// Bytes of a unit.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<[u32; 3]>::new();
    /// assert_eq!(pool.as_raw().unit_size(), 12);
    /// ```
    #[must_use]
    pub fn unit_size(&self) -> usize {
        self.units.size
    }

    /// The alignment of a unit, in bytes.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<[u32; 3]>::new();
    /// assert_eq!(pool.as_raw().unit_align(), 4);
    /// ```
    #[must_use]
    pub fn unit_align(&self) -> usize {
        self.units.align
    }

    /// The capacity of a slot's class, in units; 0 for one that has no slot.
    pub(super) fn class_length(&self, class: ClassId) -> Option<u32> {
        // SAFETY: a slot with a class names one of this pool.
        (S::RECLAIMS && class != ClassId::NONE).then(|| unsafe { self.classes.get(class) }.length)
    }
}

impl<S: ReleaseStrategy, C: ClassTable> fmt::Debug for RawPool<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RawPool");
        debug
            .field("strategy", &S::NAME)
            .field("unit", &self.units.size)
            .field("align", &self.units.align);
        debug.field("runs", &self.runs.borrow().all().len());
        debug.field("frozen", &self.frozen.get()).finish_non_exhaustive()
    }
}
