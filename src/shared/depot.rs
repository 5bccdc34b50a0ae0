//! Where all lanes meet: one pool under a lock, and the directory of the lanes.
//!
//! Whatever is done under the lock is bounded: one batch of one class, looked for in
//! every lane at worst, but for a lane that is left (a batch or two of every class) or shrinks
//! (all that it has, what came home included) and for what reads or trims everything.
//! No user code runs under it.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::slice;

use super::claim::{Claim, Holding};
use super::local::{Lanes, Local};
use super::returns::{Returns, Unpacked};
use super::settings::SharedSettings;
use crate::arena::{Arena, Budget, heap};
use crate::error::{AllocError, ReleaseError};
use crate::pool::{ClassTable, Issued, RawPool, Record, ReleaseStrategy, Stock, Tenure};
use crate::sync::{AtomicUsize, Cell, Mutex, MutexGuard, Ordering, StaticCounter, unique_number};

/// What all lanes of a pool share.
pub(super) struct Depot<S: ReleaseStrategy, C: ClassTable> {
    core: Mutex<Core<S, C>>,
    pub(super) lanes: Lanes<S, C>,
    books: NonNull<Book<S>>,
    classes: usize,
    hook: Option<fn(&ReleaseError)>,
    /// Times that lanes found bookkeeping overwritten, and that the core did.
    corrupted: AtomicUsize,
    core_corrupted: AtomicUsize,
    /// A number that no other depot ever has.
    pub(super) id: usize,
    /// Declared last, as it is dropped last: the core's arena charges it.
    purse: Purse,
}

/// What the lock guards.
pub(super) struct Core<S: ReleaseStrategy, C: ClassTable> {
    pub(super) raw: RawPool<'static, S, C>,
    /// The lanes without an owner. Their shelves are empty.
    idle: Option<NonNull<Local<S, C>>>,
}

/// What anyone may know of a class.
pub(super) struct Book<S: ReleaseStrategy> {
    /// Its capacity in units, and the bytes of a slot.
    pub(super) length: u32,
    pub(super) stride: usize,
    /// Slots that move between a lane and the depot at once.
    pub(super) batch: u32,
    /// Slots that come home without a lane: those of arrays held by hand. Whoever
    /// has the lock is their owner.
    pub(super) strays: Returns<S>,
    /// Slots that lanes found overwritten or out of reach.
    lost: AtomicUsize,
    /// The core's own numbers, as of the last time that the lock was held; with what is
    /// free go the lanes' reserves.
    slots: AtomicUsize,
    cut: AtomicUsize,
    free: AtomicUsize,
    core_lost: AtomicUsize,
    /// Slots on the lanes' reserves. Written under the lock.
    reserved: AtomicUsize,
}

// SAFETY: the core is reached under the lock alone. Its pool owns its arena, so
// nothing of it is tied to a thread, and what its pointers lead to is the pool's
// own: slots and records, which are read and written as atomics or by whoever has
// them. The books never change but for their atomics, and `taken` of the strays,
// which is used under the lock.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Send for Depot<S, C> {}
// SAFETY: as above.
unsafe impl<S: ReleaseStrategy, C: ClassTable> Sync for Depot<S, C> {}

/// A budget at a place of its own, for an arena that is dropped before it.
struct Purse(NonNull<Budget>);

impl Purse {
    fn new(limit: usize) -> Result<Self, AllocError> {
        let layout = Layout::new::<Budget>();
        let refused = AllocError::OutOfMemory { requested: layout.size() };
        let place = heap::allocate(layout).ok_or(refused)?.cast();
        // SAFETY: it was allocated just now, for a budget.
        unsafe { place.write(Budget::new(limit)) };
        Ok(Self(place))
    }

    fn budget(&self) -> &Budget {
        // SAFETY: `new` wrote the budget there, and `drop` frees it.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    /// Whatever keeps the reference is dropped before the purse.
    unsafe fn lend(&self) -> &'static Budget {
        // SAFETY: as in `budget`; the caller sees to the rest.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        // SAFETY: `new` allocated it with this layout, and `lend`'s callers are gone. A
        // budget has nothing to drop.
        unsafe { heap::deallocate(self.0.cast(), Layout::new::<Budget>()) };
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Depot<S, C> {
    /// Opens a pool of units like `unit`.
    pub(super) fn open(unit: Layout, settings: &SharedSettings) -> Result<Self, AllocError> {
        /// The number that a pool was given last.
        static GIVEN: StaticCounter = StaticCounter::new(0);
        let id = unique_number(&GIVEN).ok_or(AllocError::OutOfMemory { requested: 0 })?;
        let purse = Purse::new(settings.limit)?;
        // SAFETY: the arena goes into the core, which is declared before the purse.
        let arena = Arena::builder().budget(unsafe { purse.lend() }).build();
        let builder = RawPool::<'static, S, C>::builder(unit).unwatched();
        let builder = match settings.runs_max {
            Some(runs) => builder.max_runs(runs),
            None => builder,
        };
        let raw = builder.try_build_owning(arena)?;
        let (table, all) = raw.class_counts();
        let classes = if settings.table_only { table } else { all };
        let books = Self::write_books(&raw, classes, settings)?;
        Ok(Self {
            core: Mutex::new(Core { raw, idle: None }),
            lanes: Lanes::new(),
            books,
            classes,
            hook: settings.hook,
            corrupted: AtomicUsize::new(0),
            core_corrupted: AtomicUsize::new(0),
            id,
            purse,
        })
    }

    fn books_layout(classes: usize) -> Result<Layout, AllocError> {
        Layout::array::<Book<S>>(classes)
            .map_err(|_| AllocError::OutOfMemory { requested: usize::MAX })
    }

    fn write_books(
        raw: &RawPool<'static, S, C>,
        classes: usize,
        settings: &SharedSettings,
    ) -> Result<NonNull<Book<S>>, AllocError> {
        let layout = Self::books_layout(classes)?;
        let books = raw.books_arena().try_obtain(layout)?.cast::<Book<S>>();
        for (index, class) in (0..classes).zip(0_u32..) {
            let (length, stride) = raw.class_shape(class);
            let fits = u32::try_from(settings.batch_bytes / stride).unwrap_or(u32::MAX);
            let book = Book {
                length,
                stride,
                batch: fits.min(settings.batch),
                strays: Returns::new(raw.twin_list(class)),
                lost: AtomicUsize::new(0),
                slots: AtomicUsize::new(0),
                cut: AtomicUsize::new(0),
                free: AtomicUsize::new(0),
                core_lost: AtomicUsize::new(0),
                reserved: AtomicUsize::new(0),
            };
            // SAFETY: the block has room for `classes` books.
            let place = unsafe { books.add(index) };
            // SAFETY: as above.
            unsafe { place.write(book) };
        }
        Ok(books)
    }

    /// The books of all classes.
    pub(super) fn books(&self) -> &[Book<S>] {
        // SAFETY: `open` wrote so many, and they stay until the depot is dropped.
        unsafe { slice::from_raw_parts(self.books.as_ptr(), self.classes) }
    }

    /// The book of a class that came from here.
    #[inline]
    pub(super) fn book(&self, class: u32) -> &Book<S> {
        &self.books()[class as usize]
    }

    /// The budget of the whole pool.
    pub(super) fn budget(&self) -> &Budget {
        self.purse.budget()
    }

    /// Times that bookkeeping was found overwritten.
    pub(super) fn corrupted(&self) -> usize {
        let core = self.core_corrupted.load(Ordering::Relaxed);
        self.corrupted.load(Ordering::Relaxed) + core
    }

    /// The class of so many units, which is none of the table's.
    #[cold]
    #[inline(never)]
    pub(super) fn class_outside(&self, units: usize) -> Result<u32, AllocError> {
        let index = self.books().partition_point(|book| (book.length as usize) < units);
        match u32::try_from(index) {
            Ok(class) if index < self.classes => Ok(class),
            _ => Err(AllocError::TooLarge { length: units }),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Core<S, C>> {
        self.core.lock()
    }

    /// A lane for somebody: one that was left, or a new one.
    ///
    /// # Errors
    /// If there is no memory for a new one.
    pub(super) fn claim(&self) -> Result<Claim<'_, S, C>, AllocError> {
        let mut core = self.lock();
        let local = match core.idle {
            Some(local) => {
                // SAFETY: lanes stay until the depot is dropped.
                core.idle = unsafe { local.as_ref() }.idle.replace(None);
                local
            }
            None => {
                let arena = core.raw.books_arena();
                // SAFETY: the depot stays where it is, as it is behind an `Owner`.
                let local = unsafe { Local::make(arena, self, self.lanes.first()) }?;
                self.lanes.add(local);
                local
            }
        };
        // SAFETY: lanes stay until the depot is dropped.
        let local = unsafe { local.as_ref() };
        // What the owner before was asked for as it left is nothing to the next one.
        local.forget_request();
        // SAFETY: nobody had the lane, and under the lock nobody else has come by it.
        Ok(unsafe { Claim::new(local.shelves()) })
    }

    /// Takes a lane back from its owner: what is on its shelves goes to the depot,
    /// what comes home to it later to whoever needs it.
    ///
    /// # Safety
    /// The claim is not used afterwards, and the lane is nobody's default one.
    pub(super) unsafe fn leave(&self, claim: &Claim<'_, S, C>) {
        let local = claim.local();
        let mut core = self.lock();
        for class in self.indices() {
            self.empty(&core, &claim.holding(class));
        }
        local.idle.set(core.idle.take());
        core.idle = Some(NonNull::from(local));
    }

    pub(super) fn indices(&self) -> impl Iterator<Item = u32> + use<S, C> {
        #[allow(clippy::cast_possible_truncation, reason = "there are less than 100 classes")]
        let classes = self.classes as u32;
        0..classes
    }

    /// Brings a batch to the lane's shelf, or a slot straight to the tenant when
    /// new memory is needed.
    ///
    /// # Errors
    /// Those of a pool that grows; if the list of a reserve is overwritten.
    pub(super) fn supply(
        &self,
        held: &Holding<'_, S, C>,
        units: u32,
    ) -> Result<Option<Issued<S::Ticket>>, AllocError> {
        let Holding { class, shelf, list, .. } = *held;
        let book = self.book(class);
        let batch = book.batch.max(1);
        let core = self.lock();
        let moved = Cell::new(0);
        let keep = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { S::put(list, link) };
            moved.set(moved.get() + 1);
        };
        // What is the lane's own comes first.
        let mut broken = self.draw(&core, shelf.local(), class, batch, keep);
        let rest = batch - moved.get();
        // SAFETY: the lock is held.
        let mut lost = unsafe { book.strays.unpack(rest, keep) }.lost;
        while let Some(link) = (moved.get() < batch).then(|| core.raw.take_free(class)).flatten() {
            keep(link);
        }
        for idle in core.idle().take_while(|_| moved.get() == 0) {
            // SAFETY: the lane has no owner but who holds the lock.
            lost += unsafe { idle.returns(class).unpack(batch, keep) }.lost;
            broken = broken.or(self.draw(&core, idle, class, batch - moved.get(), keep));
        }
        // Last of all what is a neighbour of somebody's arrays.
        for local in self.lanes.all().take_while(|_| moved.get() == 0 && book.reserved() > 0) {
            broken = broken.or(self.draw(&core, local, class, batch, keep));
        }
        let moved = moved.get();
        shelf.count(shelf.free().saturating_add_unsigned(moved));
        let grows = moved == 0 && broken.is_none();
        let fresh = if grows { Some(self.grow(&core, held, units)) } else { None };
        book.note(core.raw.stock(class));
        self.core_corrupted.store(core.raw.corruptions(), Ordering::Relaxed);
        drop(core);
        if lost > 0 {
            self.lose(class, lost);
        }
        broken.map_or_else(|| fresh.transpose(), Err)
    }

    /// Hands up to `most` slots of a lane's reserve, one by one, to `keep`, which puts
    /// each on another list; what was found if a link is overwritten.
    fn draw(
        &self,
        _held: &Core<S, C>,
        local: &Local<S, C>,
        class: u32,
        most: u32,
        keep: impl FnMut(S::Link),
    ) -> Option<AllocError> {
        let book = self.book(class);
        // SAFETY: the lock is held, or there would be no core to borrow.
        let Unpacked { moved, lost } =
            unsafe { local.reserve(class).unpack(book.keys(), most, keep) };
        book.set_reserved(|reserved| reserved - (moved as usize + lost));
        (lost > 0).then(|| self.lose(class, lost))
    }

    /// A slot that was never used, and with it as many as the batch and the
    /// class's current run have for the shelf.
    fn grow(
        &self,
        core: &Core<S, C>,
        held: &Holding<'_, S, C>,
        units: u32,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        let Holding { class, shelf, list, .. } = *held;
        let issued = core.raw.issue_of(class, units, Tenure::Owned)?;
        for _ in 1..self.book(class).batch {
            if !core.raw.can_cut(class) {
                break;
            }
            let Ok(slot) = core.raw.issue_of(class, 1, Tenure::Owned) else { break };
            // SAFETY: the slot was issued just now, and nobody else has it.
            if unsafe { S::retire(list, slot.elements, slot.ticket, Tenure::Owned) } {
                shelf.count(shelf.free() + 1);
            }
        }
        Ok(issued)
    }

    /// Brings a batch of the shelf's slots to the depot, where the lane finds it first.
    pub(super) fn shelve(&self, held: &Holding<'_, S, C>) {
        let core = self.lock();
        let (book, shelf) = (self.book(held.class), held.shelf);
        let reserve = shelf.local().reserve(held.class);
        let keep = shelf.free().saturating_sub_unsigned(book.batch.max(1)).max(0);
        let bring = |link| {
            // SAFETY: the lock is held. The slot is free, of this class, and on no list now.
            unsafe { reserve.put(book.keys(), link) };
            book.set_reserved(|reserved| reserved + 1);
        };
        while shelf.free() > keep && self.shelve_one(held, bring) {}
        book.note(core.raw.stock(held.class));
    }

    /// Takes one slot off the shelf's list, for `bring`; false if it has none.
    fn shelve_one(&self, held: &Holding<'_, S, C>, bring: impl Fn(S::Link)) -> bool {
        if let Some(link) = held.take() {
            bring(link);
            return true;
        }
        let broken = S::head(held.list).is_some();
        if broken {
            self.lose(held.class, held.abandon());
        }
        broken
    }

    /// Leaves nothing on the shelf of a lane that is given up: what has come home may
    /// wait for its next owner.
    fn empty(&self, core: &Core<S, C>, held: &Holding<'_, S, C>) {
        let Holding { class, shelf, list, returns } = *held;
        let bring = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { core.raw.put_free(class, link) };
        };
        while shelf.free() > 0 && self.shelve_one(held, bring) {}
        held.settle();
        if S::head(list).is_some() {
            // SAFETY: the returns are those of the claim's lane; what is left of its list
            // came home.
            unsafe { returns.leave(list) };
        }
        self.book(class).note(core.raw.stock(class));
    }

    /// Brings all slots of the shelf's list to the depot, but for `keep`.
    fn shelve_but(&self, core: &Core<S, C>, held: &Holding<'_, S, C>, keep: u32) {
        let (kept, mut count) = (S::twin(held.list), 0);
        while count < keep {
            let Some(link) = held.take() else { break };
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { S::put(&kept, link) };
            count += 1;
        }
        let bring = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { core.raw.put_free(held.class, link) };
        };
        while self.shelve_one(held, bring) {}
        held.settle();
        S::set_head(held.list, S::head(&kept));
        held.shelf.count(i32::try_from(count).unwrap_or(i32::MAX));
    }

    /// Leaves the lane's owner no more than `bytes` of free slots.
    pub(super) fn shrink(&self, claim: &Claim<'_, S, C>, bytes: usize) {
        let core = self.lock();
        let mut room = bytes;
        for (class, book) in (0_u32..).zip(self.books()) {
            let fits = u32::try_from(room / book.stride).unwrap_or(u32::MAX);
            let held = claim.holding(class);
            self.shelve_but(&core, &held, fits);
            let kept = held.shelf.free().unsigned_abs() as usize;
            room = room.saturating_sub(kept * book.stride);
            // SAFETY: the returns are those of the claim's lane.
            unsafe { self.collect(&core, held.returns, class) };
        }
    }

    /// Brings everything that waits in some returns to the depot.
    ///
    /// # Safety
    /// The returns are the caller's, and of this class.
    unsafe fn collect(&self, core: &Core<S, C>, returns: &Returns<S>, class: u32) {
        let keep = |link| {
            // SAFETY: the slot is free, of this class, and on no list now.
            unsafe { core.raw.put_free(class, link) };
        };
        // SAFETY: the caller's promise.
        let unpacked = unsafe { returns.unpack(u32::MAX, keep) };
        if unpacked.lost > 0 {
            self.lose(class, unpacked.lost);
        }
        self.book(class).note(core.raw.stock(class));
    }

    /// Asks all lanes to keep no more than `bytes` of free slots together.
    pub(super) fn trim(&self, bytes: usize) {
        let core = self.lock();
        // Lanes without an owner keep nothing, and have no share.
        let owned = self.lanes.all().count().saturating_sub(core.idle().count());
        for local in self.lanes.all() {
            local.ask(bytes / owned.max(1));
        }
        for class in self.indices() {
            // SAFETY: the lock is held.
            unsafe { self.collect(&core, &self.book(class).strays, class) };
            for idle in core.idle() {
                // SAFETY: the lane has no owner but who holds the lock.
                unsafe { self.collect(&core, idle.returns(class), class) };
            }
        }
    }

    /// Notes slots that are out of reach, and that bookkeeping was overwritten.
    #[cold]
    pub(super) fn lose(&self, class: u32, slots: usize) -> AllocError {
        let book = self.book(class);
        book.lost.fetch_add(slots, Ordering::Relaxed);
        self.corrupted.fetch_add(1, Ordering::Relaxed);
        AllocError::Corrupted { class_length: book.length }
    }

    /// Why a handle's slot was not taken back: its record is overwritten, unless
    /// `unsafe` code broke a promise. The slot is abandoned.
    ///
    /// # Safety
    /// The slot is that of a handle of this pool, which is given up.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn refuse(
        &self,
        class: u32,
        elements: NonNull<u8>,
        ticket: S::Ticket,
    ) -> ReleaseError {
        let (book, address) = (self.book(class), elements.addr().get());
        // SAFETY: the caller's promise: it was cut.
        let record = unsafe { S::read(book.keys(), elements, ticket) };
        if record == Record::Corrupted {
            // SAFETY: as above; nobody else has it.
            unsafe { S::abandon(book.keys(), elements, ticket) };
            self.lose(class, 1);
        }
        crate::pool::refusal(record, address, None, book.length)
    }

    /// The same where nobody can be handed the error.
    ///
    /// # Safety
    /// As [`refuse`](Self::refuse).
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn refuse_and_report(
        &self,
        class: u32,
        elements: NonNull<u8>,
        ticket: S::Ticket,
    ) {
        // SAFETY: the caller's promise.
        self.report(&unsafe { self.refuse(class, elements, ticket) });
    }

    /// Tells the pool's hook about an error that nobody can be handed.
    #[cold]
    pub(super) fn report(&self, error: &ReleaseError) {
        if let Some(hook) = self.hook {
            hook(error);
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Core<S, C> {
    /// The lanes without an owner.
    fn idle(&self) -> impl Iterator<Item = &Local<S, C>> {
        // SAFETY: lanes stay until the depot is dropped.
        let borrow = |local: NonNull<Local<S, C>>| unsafe { local.as_ref() };
        core::iter::successors(self.idle.map(borrow), move |local| {
            // The lock is held, or there would be no core to borrow.
            local.idle.get().map(borrow)
        })
    }
}

impl<S: ReleaseStrategy> Book<S> {
    #[inline(always)]
    pub(super) fn keys(&self) -> &S::List {
        self.strays.keys()
    }

    /// The most slots that a lane keeps: two batches.
    pub(super) fn most(&self) -> i32 {
        i32::try_from(self.batch).map_or(i32::MAX, |batch| batch.saturating_mul(2))
    }

    /// Slots on the lanes' reserves.
    fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    /// Notes how many they are now. Only under the lock.
    fn set_reserved(&self, now: impl FnOnce(usize) -> usize) {
        self.reserved.store(now(self.reserved()), Ordering::Relaxed);
    }

    /// Notes the core's numbers. Only under the lock.
    fn note(&self, stock: Stock) {
        self.slots.store(stock.slots, Ordering::Relaxed);
        self.cut.store(stock.cut, Ordering::Relaxed);
        self.free.store(stock.free + self.reserved(), Ordering::Relaxed);
        self.core_lost.store(stock.lost, Ordering::Relaxed);
    }

    /// The numbers noted last, and with them what lanes have lost.
    pub(super) fn stock(&self) -> Stock {
        Stock {
            slots: self.slots.load(Ordering::Relaxed),
            cut: self.cut.load(Ordering::Relaxed),
            free: self.free.load(Ordering::Relaxed),
            lost: self.core_lost.load(Ordering::Relaxed) + self.lost.load(Ordering::Relaxed),
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Drop for Depot<S, C> {
    fn drop(&mut self) {
        let core = self.core.lock();
        let arena = core.raw.books_arena();
        let mut next = self.lanes.first();
        while let (Some(local), Ok(layout)) = (next, Local::<S, C>::layout(self.classes)) {
            // SAFETY: lanes stay until here, and what borrows them borrows the pool.
            next = unsafe { local.as_ref() }.before;
            // SAFETY: `make` obtained the block with this layout, and nothing in
            // it needs dropping.
            unsafe { arena.give_back(local.cast(), layout) };
        }
        if let Ok(layout) = Self::books_layout(self.classes) {
            // SAFETY: as above, by `write_books`.
            unsafe { arena.give_back(self.books.cast(), layout) };
        }
    }
}
