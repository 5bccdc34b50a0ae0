//! Bookkeeping beside the memory: a hash map from address to a slab of records.
//!
//! ```text
//! map: address of a run ──► key ──► slab: RunBooks ──► block of slot records
//!                                                      [elements next stamp length] ...
//! handle: { pointer, ticket = its record, ... } ───────┘
//! ```
//! The map is asked when a run is carved and when a bare address comes back. An
//! owned array carries its record as a ticket and goes home without a look-up.
//! Nothing lies near the arrays: neither state nor the free list's link can be
//! reached by a write that strays from one.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::hash::{BuildHasherDefault, Hasher};
use core::ptr::NonNull;

use hashbrown::HashMap;
use slab::Slab;

use super::stamp::{Stamp, StampCell};
use super::{Broken, Cut, Issued, ReleaseStrategy, Tenure, sealed};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::books;
use crate::pool::run::Run;

/// Records beside the memory: the default strategy, which needs a heap.
///
/// 32 bytes per array on 64-bit machines, 24 on 32-bit ones, none of them near
/// the arrays. Which misuse is caught and when: COMPARISON.md.
#[derive(Debug)]
pub struct Metadata {
    books: RefCell<Books>,
    runs_max: usize,
}

#[derive(Debug)]
struct Books {
    /// From the address of a run to its key in the slab.
    keys: HashMap<usize, usize, BuildHasherDefault<AddressHasher>>,
    /// One entry per run. A slab cannot grow fallibly, so it is as large as it
    /// will ever be when the pool is made.
    runs: Slab<RunBooks>,
    /// Bytes of the slab and of the map that were charged to the budget.
    charged: usize,
}

/// The records of one run.
#[derive(Debug)]
struct RunBooks {
    first: NonNull<SlotRecord>,
    slots: u32,
}

/// The record of one slot.
#[derive(Debug)]
pub struct SlotRecord {
    elements: Cell<NonNull<u8>>,
    next: Cell<Option<NonNull<SlotRecord>>>,
    /// Generation and state.
    stamp: StampCell,
    length: Cell<u32>,
    /// The run's key in the slab: in what would be padding where words have 64 bits.
    run: u32,
}

/// The free list of one class, and the codes of its states.
#[derive(Debug)]
pub struct List {
    head: Cell<Option<NonNull<SlotRecord>>>,
    owned: u32,
    free: u32,
    raw: u32,
    lost: u32,
    /// The record of the slot that is cut next.
    cutting: Cell<Option<NonNull<SlotRecord>>>,
    /// The key of that record's run.
    cutting_run: Cell<u32>,
}

impl List {
    #[inline]
    fn code(&self, tenure: Tenure) -> u32 {
        match tenure {
            Tenure::Owned => self.owned,
            Tenure::Raw => self.raw,
        }
    }
}

/// The layout of the records of `slots` slots.
fn block_layout(slots: u32) -> Option<Layout> {
    Layout::array::<SlotRecord>(usize::try_from(slots).ok()?).ok()
}

/// Bytes of a slab with room for `runs` entries: a tag and an entry each.
fn slab_bytes(runs: usize) -> usize {
    runs.saturating_mul(size_of::<RunBooks>() + size_of::<usize>())
}

/// The most bytes that a map for one more than `length` entries can take: at
/// the next power of two above 8/7, an entry, a control byte, and one group.
fn map_bytes(length: usize) -> usize {
    let buckets = ((length + 1) * 8 / 7 + 1).next_power_of_two().max(4);
    buckets * (size_of::<(usize, usize)>() + 1) + 64
}

impl Books {
    /// Makes room in the map for one more run, within the budget.
    fn reserve(&mut self, arena: &Arena<'_>) -> Result<(), AllocError> {
        if self.keys.len() < self.keys.capacity() {
            return Ok(());
        }
        let requested = map_bytes(self.keys.len());
        let before = self.keys.allocation_size();
        // Old and new map live side by side for a moment.
        books::charge(arena, requested)?;
        let grown = self.keys.try_reserve(1);
        let after = if grown.is_ok() { self.keys.allocation_size() } else { before };
        let kept = after.saturating_sub(before).min(requested);
        books::refund(arena, requested - kept);
        self.charged += kept;
        grown.map_err(|_| AllocError::OutOfMemory { requested })
    }

    /// The record of slot `index` of the run at `base`.
    #[inline]
    fn record(&self, base: usize, index: u32) -> Option<NonNull<SlotRecord>> {
        let run = self.runs.get(*self.keys.get(&base)?)?;
        debug_assert!(index < run.slots);
        // SAFETY: the pool found `index` below the run's slots, and the block
        // has a record for each.
        Some(unsafe { run.first.add(index as usize) })
    }
}

/// The record at `link`, for reading and for storing through its cells.
///
/// # Safety
/// `link` points to a record of a slot that has been cut, and the borrow ends
/// before the pool does.
#[inline]
unsafe fn borrow<'a>(link: NonNull<SlotRecord>) -> &'a SlotRecord {
    // SAFETY: `cut` wrote a record there, which stays until the pool is dropped.
    unsafe { link.as_ref() }
}

impl sealed::Sealed for Metadata {}

// SAFETY: a slot is on a list exactly while its state is the list's `free`,
// which `issue` replaces and `retire` puts back; both compare before they
// write, and write only that record and the head. Records are private memory.
unsafe impl ReleaseStrategy for Metadata {
    const NAME: &'static str = "metadata";
    const RECLAIMS: bool = true;
    const HEAP_BOOKS: bool = true;
    const PREFIX: usize = 0;
    const PREFIX_ALIGN: usize = 1;

    type Ticket = NonNull<SlotRecord>;
    const NO_TICKET: NonNull<SlotRecord> = NonNull::dangling();
    type List = List;
    type Link = NonNull<SlotRecord>;

    fn open(runs_max: usize, arena: &Arena<'_>) -> Result<Self, AllocError> {
        let charged = slab_bytes(runs_max);
        books::charge(arena, charged)?;
        let runs = Slab::with_capacity(runs_max);
        let books = Books { keys: HashMap::default(), runs, charged };
        Ok(Self { books: RefCell::new(books), runs_max })
    }

    fn close(&mut self, arena: &Arena<'_>) {
        let books = self.books.get_mut();
        for run in books.runs.drain() {
            if let Some(layout) = block_layout(run.slots) {
                // SAFETY: `adopt` obtained the block with this layout, and the
                // pool is being dropped, so no handle carries a ticket into it.
                unsafe { books::give_back::<Self>(arena, run.first.cast(), layout) };
            }
        }
        books::refund(arena, books.charged);
        books.charged = 0;
    }

    fn book_bytes(&self) -> usize {
        let books = self.books.borrow();
        let slots: usize = books.runs.iter().map(|(_, run)| run.slots as usize).sum();
        books.charged + slots * size_of::<SlotRecord>()
    }

    fn list(class: u32, _: usize) -> List {
        // A state names its class, so that one comparison proves both.
        let code = |state: u32| class << 3 | state;
        List {
            head: Cell::new(None),
            owned: code(1),
            free: code(2),
            raw: code(3),
            lost: code(4),
            cutting: Cell::new(None),
            cutting_run: Cell::new(0),
        }
    }

    fn closed() -> List {
        Self::list(u32::MAX >> 3, 0)
    }

    fn adopt(&self, arena: &Arena<'_>, run: &Run) -> Result<(), AllocError> {
        let mut books = self.books.borrow_mut();
        if books.runs.len() >= self.runs_max {
            return Err(AllocError::TooManyRuns { limit: self.runs_max });
        }
        books.reserve(arena)?;
        let layout =
            block_layout(run.slots).ok_or(AllocError::OutOfMemory { requested: usize::MAX })?;
        let first = books::obtain::<Self>(arena, layout)?.cast();
        let key = books.runs.insert(RunBooks { first, slots: run.slots });
        books.keys.insert(run.start(), key);
        Ok(())
    }

    fn begin(&self, list: &List, run: &Run) {
        let books = self.books.borrow();
        let key = books.keys.get(&run.start()).copied().unwrap_or_default();
        list.cutting_run.set(u32::try_from(key).unwrap_or(u32::MAX));
        list.cutting.set(books.record(run.start(), 0));
    }

    unsafe fn cut(
        list: &List,
        slot: Cut,
        length: u32,
        tenure: Tenure,
    ) -> Option<Issued<NonNull<SlotRecord>>> {
        let link = list.cutting.get()?;
        // SAFETY: `begin` set the run's first record, and the pool cuts no more
        // slots than the run has; one past the last record may be pointed to.
        list.cutting.set(Some(unsafe { link.add(1) }));
        let before = if slot.seen {
            // SAFETY: a slot that was seen has a record.
            unsafe { borrow(link) }.stamp.load()
        } else {
            Stamp::BEFORE
        };
        let stamp = before.next_generation().with_low(list.code(tenure));
        let record = SlotRecord {
            elements: Cell::new(slot.elements),
            next: Cell::new(None),
            stamp: StampCell::new(stamp),
            length: Cell::new(length),
            run: list.cutting_run.get(),
        };
        // SAFETY: the block has room for this record, and the slot has no
        // tenant, so nobody uses it.
        unsafe { link.write(record) };
        let generation = stamp.generation();
        Some(Issued { elements: slot.elements, ticket: link, generation })
    }

    #[inline(always)]
    unsafe fn issue(
        list: &List,
        length: u32,
        tenure: Tenure,
    ) -> Option<Issued<NonNull<SlotRecord>>> {
        let link = list.head.get()?;
        // SAFETY: `retire` put the record of a cut slot there.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        if stamp.low() != list.free {
            return None;
        }
        record.stamp.store(stamp.with_low(list.code(tenure)));
        record.length.set(length);
        list.head.set(record.next.get());
        let generation = stamp.generation();
        Some(Issued { elements: record.elements.get(), ticket: link, generation })
    }

    #[inline(always)]
    unsafe fn retire(
        list: &List,
        elements: NonNull<u8>,
        link: NonNull<SlotRecord>,
        tenure: Tenure,
    ) -> bool {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        // The ticket leads to the elements, so the state alone is compared.
        debug_assert_eq!(record.elements.get(), elements);
        if stamp.low() != list.code(tenure) {
            return false;
        }
        record.stamp.store(stamp.next_generation().with_low(list.free));
        record.next.set(list.head.get());
        list.head.set(Some(link));
        true
    }

    #[inline]
    fn ticket(&self, run: &Run, index: u32) -> NonNull<SlotRecord> {
        let record = self.books.borrow().record(run.start(), index);
        debug_assert!(record.is_some(), "every run of the pool has been adopted");
        record.unwrap_or(NonNull::dangling())
    }

    const NUMBERS_RUNS: bool = true;

    #[inline(always)]
    unsafe fn run_number(link: NonNull<SlotRecord>) -> u32 {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        unsafe { borrow(link) }.run
    }

    #[inline(always)]
    fn ticket_of_run(&self, number: u32, run: &Run, index: u32) -> NonNull<SlotRecord> {
        let books = self.books.borrow();
        match books.runs.get(number as usize) {
            // SAFETY: the pool found `index` below the run's slots, and the
            // block has a record for each.
            Some(entry) => unsafe { entry.first.add(index as usize) },
            None => self.ticket(run, index),
        }
    }

    unsafe fn read(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>) -> super::Record {
        use super::Record;
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        let (state, generation) = (stamp.low(), stamp.generation());
        let length = record.length.get();
        if record.elements.get() != elements {
            Record::Corrupted
        } else if state == list.free {
            Record::Free { generation }
        } else if state == list.owned {
            Record::Live { tenure: Tenure::Owned, length, generation }
        } else if state == list.raw {
            Record::Live { tenure: Tenure::Raw, length, generation }
        } else if state == list.lost {
            Record::Lost
        } else {
            Record::Corrupted
        }
    }

    #[inline]
    unsafe fn hand_over(
        list: &List,
        elements: NonNull<u8>,
        link: NonNull<SlotRecord>,
        from: Tenure,
        to: Tenure,
    ) -> Option<u32> {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        if record.elements.get() != elements || stamp.low() != list.code(from) {
            return None;
        }
        record.stamp.store(stamp.with_low(list.code(to)));
        Some(stamp.generation())
    }

    #[inline]
    unsafe fn relabel(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>, length: u32) {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        if record.elements.get() == elements && record.stamp.load().low() == list.owned {
            record.length.set(length);
        }
    }

    unsafe fn abandon(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>) {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        record.elements.set(elements);
        record.stamp.store(record.stamp.load().with_low(list.lost));
    }

    fn head(list: &List) -> Option<NonNull<SlotRecord>> {
        list.head.get()
    }

    fn set_head(list: &List, link: Option<NonNull<SlotRecord>>) {
        list.head.set(link);
    }

    unsafe fn after(
        list: &List,
        link: NonNull<SlotRecord>,
    ) -> Result<Option<NonNull<SlotRecord>>, Broken> {
        // SAFETY: a place of a list is the record of a cut slot.
        let record = unsafe { borrow(link) };
        if record.stamp.load().low() == list.free { Ok(record.next.get()) } else { Err(Broken) }
    }

    unsafe fn slot(link: NonNull<SlotRecord>) -> Issued<NonNull<SlotRecord>> {
        // SAFETY: a place of a list is the record of a cut slot.
        let record = unsafe { borrow(link) };
        let generation = record.stamp.load().generation();
        Issued { elements: record.elements.get(), ticket: link, generation }
    }
}

/// A multiplication by a random odd number, the halves of the product folded:
/// enough for addresses, whose low bits are all 0 and whose high bits repeat.
#[derive(Debug, Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Keys are `usize`; anything else would still be hashed, byte by byte.
        for &byte in bytes {
            self.write_usize(usize::from(byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, address: usize) {
        // The multiplier is that of L'Ecuyer's 64-bit linear congruential
        // generators ("Tables of linear congruential generators", 1999).
        let product = (self.0 ^ address as u64).wrapping_mul(0x2545_F491_4F6C_DD1D);
        self.0 = product ^ product >> 32;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
