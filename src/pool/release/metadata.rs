//! Bookkeeping beside the memory: a hash map from address to blocks of records.
//!
//! ```text
//! hash map: granule of an address ──► run ──► block of slot records
//!                                             [elements next stamp length] ...
//! handle: { pointer, ticket = its record, ... } ──┘
//! list: every block, until the pool is dropped
//! ```
//! The map is the pool's ([`super::super::table`]): it leads from any address to
//! the run that covers it, and the run knows its records. It is asked when a bare
//! address comes back. An owned array carries its record as a ticket and goes
//! home without a look-up. Nothing lies near the arrays: neither state nor the
//! free list's link can be reached by a write that strays from one.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

use alloc::vec::Vec;

use super::stamp::{Stamp, StampCell};
use super::{Broken, Cut, Issued, ReleaseStrategy, Tenure, sealed};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::books;
use crate::pool::run::{Run, RunId};
use crate::sync::{AtomicPtr, AtomicU32, Ordering};

/// Records beside the memory: the default strategy, which needs a heap.
///
/// 32 bytes per array on 64-bit machines, 24 on 32-bit ones, none of them near
/// the arrays. Which misuse is caught and when: COMPARISON.md.
#[derive(Debug)]
pub struct Metadata {
    /// One entry per run, for all that there can be: it is as large as it will ever
    /// be when the pool is made.
    runs: RefCell<Vec<Block>>,
    runs_max: usize,
}

/// The records of one run.
#[derive(Debug)]
struct Block {
    first: NonNull<SlotRecord>,
    slots: u32,
}

/// The record of one slot. It fills half a cache line, and never parts of two.
#[derive(Debug)]
#[cfg_attr(target_pointer_width = "64", repr(align(32)))]
pub struct SlotRecord {
    /// Any thread of a shared pool may ask for these three: words, loaded and
    /// stored relaxed. Only whoever has the slot, or the list that it is on,
    /// writes them or touches `next`.
    elements: AtomicPtr<u8>,
    next: Cell<Option<NonNull<SlotRecord>>>,
    /// Generation and state: one word where there are atomics of 64 bits, so
    /// that one exchange decides about both.
    stamp: StampCell,
    length: AtomicU32,
    /// The number of the run: in what would be padding where words have 64 bits.
    run: u32,
}

impl SlotRecord {
    #[inline(always)]
    fn elements(&self) -> NonNull<u8> {
        // SAFETY: `cut` and `abandon`, who store it, have it from a `NonNull`.
        unsafe { NonNull::new_unchecked(self.elements.load(Ordering::Relaxed)) }
    }

    fn length(&self) -> u32 {
        self.length.load(Ordering::Relaxed)
    }
}

/// The free list of one class, and the codes of its states.
#[derive(Debug)]
pub struct List {
    head: Cell<Option<NonNull<SlotRecord>>>,
    owned: u32,
    free: u32,
    raw: u32,
    lost: u32,
    leaving: u32,
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
            Tenure::Leaving => self.leaving,
        }
    }
}

/// The layout of the records of `slots` slots.
fn block_layout(slots: u32) -> Option<Layout> {
    Layout::array::<SlotRecord>(usize::try_from(slots).ok()?).ok()
}

/// Bytes of a list with room for so many runs.
fn list_bytes(runs: usize) -> usize {
    runs.saturating_mul(size_of::<Block>())
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

impl Metadata {
    /// The bytes of the records of so many slots, which lie beside the arena: what
    /// `ArrayPool::bytes_for` leaves out. The pool's other books, which do not grow
    /// with the arrays, are in its `stats`.
    #[must_use]
    pub const fn record_bytes(slots: usize) -> usize {
        size_of::<SlotRecord>() * slots
    }
}

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
        let requested = list_bytes(runs_max);
        books::charge(arena, requested)?;
        let mut runs = Vec::new();
        if runs.try_reserve_exact(runs_max).is_err() {
            books::refund(arena, requested);
            return Err(AllocError::OutOfMemory { requested });
        }
        Ok(Self { runs: RefCell::new(runs), runs_max })
    }

    fn close(&mut self, arena: &Arena<'_>) {
        for block in self.runs.get_mut().drain(..) {
            if let Some(layout) = block_layout(block.slots) {
                // SAFETY: `adopt` obtained the block with this layout, and the
                // pool is being dropped, so no handle carries a ticket into it.
                unsafe { books::give_back::<Self>(arena, block.first.cast(), layout) };
            }
        }
        books::refund(arena, list_bytes(self.runs_max));
    }

    fn book_bytes(&self) -> usize {
        let blocks = self.runs.borrow();
        let slots: usize = blocks.iter().map(|block| block.slots as usize).sum();
        list_bytes(self.runs_max) + slots * size_of::<SlotRecord>()
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
            leaving: code(5),
            cutting: Cell::new(None),
            cutting_run: Cell::new(0),
        }
    }

    fn closed() -> List {
        Self::list(u32::MAX >> 3, 0)
    }

    fn adopt(&self, arena: &Arena<'_>, run: &Run) -> Result<NonNull<u8>, AllocError> {
        let mut blocks = self.runs.borrow_mut();
        if blocks.len() >= self.runs_max {
            return Err(AllocError::TooManyRuns { limit: self.runs_max });
        }
        let layout =
            block_layout(run.slots).ok_or(AllocError::OutOfMemory { requested: usize::MAX })?;
        let records = books::obtain::<Self>(arena, layout)?;
        blocks.push(Block { first: records.cast(), slots: run.slots });
        Ok(records)
    }

    fn begin(list: &List, run: &Run, number: RunId) {
        list.cutting.set(Some(run.records.cast()));
        list.cutting_run.set(number);
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
            elements: AtomicPtr::new(slot.elements.as_ptr()),
            next: Cell::new(None),
            stamp: StampCell::new(stamp),
            length: AtomicU32::new(length),
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
        record.length.store(length, Ordering::Relaxed);
        list.head.set(record.next.get());
        let generation = stamp.generation();
        Some(Issued { elements: record.elements(), ticket: link, generation })
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
        debug_assert_eq!(record.elements(), elements);
        if stamp.low() != list.code(tenure) {
            return false;
        }
        record.stamp.store(stamp.next_generation().with_low(list.free));
        record.next.set(list.head.get());
        list.head.set(Some(link));
        true
    }

    #[inline(always)]
    fn ticket(run: &Run, index: u32) -> NonNull<SlotRecord> {
        let first = run.records.cast::<SlotRecord>();
        // A block has a record for every slot, so it is never null.
        NonNull::new(first.as_ptr().wrapping_add(index as usize)).unwrap_or(first)
    }

    const NUMBERS_RUNS: bool = true;

    #[inline(always)]
    unsafe fn run_number(link: NonNull<SlotRecord>) -> u32 {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        unsafe { borrow(link) }.run
    }

    unsafe fn read(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>) -> super::Record {
        use super::Record;
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        let (state, generation) = (stamp.low(), stamp.generation());
        let length = record.length();
        if record.elements() != elements {
            Record::Corrupted
        } else if state == list.free {
            Record::Free { generation }
        } else if state == list.owned {
            Record::Live { tenure: Tenure::Owned, length, generation }
        } else if state == list.raw {
            Record::Live { tenure: Tenure::Raw, length, generation }
        } else if state == list.leaving {
            Record::Live { tenure: Tenure::Leaving, length, generation }
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
        if record.elements() != elements || stamp.low() != list.code(from) {
            return None;
        }
        record.stamp.store(stamp.with_low(list.code(to)));
        Some(stamp.generation())
    }

    #[inline]
    unsafe fn relabel(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>, length: u32) {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        if record.elements() == elements && record.stamp.load().low() == list.owned {
            record.length.store(length, Ordering::Relaxed);
        }
    }

    unsafe fn abandon(list: &List, elements: NonNull<u8>, link: NonNull<SlotRecord>) {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        record.elements.store(elements.as_ptr(), Ordering::Relaxed);
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
        Issued { elements: record.elements(), ticket: link, generation }
    }

    #[inline(always)]
    fn twin(list: &List) -> List {
        let &List { owned, free, raw, lost, leaving, .. } = list;
        let (head, cutting, cutting_run) = (Cell::new(None), Cell::new(None), Cell::new(0));
        List { head, owned, free, raw, lost, leaving, cutting, cutting_run }
    }

    unsafe fn put(list: &List, link: NonNull<SlotRecord>) {
        // SAFETY: the caller's promise: the record of a cut slot.
        let record = unsafe { borrow(link) };
        record.next.set(list.head.get());
        list.head.set(Some(link));
    }

    unsafe fn seize(
        list: &List,
        elements: NonNull<u8>,
        link: NonNull<SlotRecord>,
        generation: Option<u32>,
        to: Tenure,
    ) -> Result<(), super::Record> {
        // SAFETY: the caller's promise: the ticket is that of a cut slot.
        let record = unsafe { borrow(link) };
        let stamp = record.stamp.load();
        let meant = generation.is_none_or(|generation| generation == stamp.generation());
        if record.elements() == elements
            && stamp.low() == list.raw
            && meant
            && record.stamp.exchange(stamp, stamp.with_low(list.code(to)))
        {
            return Ok(());
        }
        // SAFETY: the caller's promise, passed on.
        Err(unsafe { Self::read(list, elements, link) })
    }
}
