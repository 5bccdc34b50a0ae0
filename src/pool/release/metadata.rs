//! Bookkeeping beside the memory: blocks of records, without a hash map of their own.
//!
//! ```text
//! pool's table: granule of an address ──► run ──► block of slot records
//!                                                 [elements next stamp length run] ...
//! handle: { pointer, ticket = its record, ... } ──┘
//! list: every block, until the pool is dropped
//! ```
//! A block has the records of many runs, so that a pool seldom asks for one: 4 KiB
//! at first, then twice what there is, up to 64 KiB or a quarter of what there is.
//! Where the arena lies in a buffer, which is shared out once, a run has a block of
//! its own, without a byte to spare.
//!
//! The table is the pool's ([`super::super::table`]): it leads from any address to
//! the run that covers it, and the run knows its records. It is asked when a bare
//! address comes back. An owned array carries its record as a ticket and goes
//! back without a look-up. Nothing lies near the arrays: neither state nor the
//! free list's link can be reached by a write that strays from one.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

use alloc::vec::Vec;

use super::stamp::{Stamp, StampCell};
use super::{Broken, Cut, Issued, ReleaseStrategy, Tenure, sealed};
use crate::arena::{Arena, Budget};
use crate::error::AllocError;
use crate::pool::books;
use crate::pool::run::{Run, RunId};
use crate::sync::Ordering;
use crate::sync::record::{Word32, WordPtr};

/// Records beside the memory: the default strategy, which needs a heap.
///
/// 32 bytes per array on 64-bit machines, 24 on 32-bit ones, none of them near
/// the arrays. Which misuse is caught and when: COMPARISON.md.
///
/// ```
/// use arraypool::{ArrayPool, Metadata};
///
/// let pool = ArrayPool::<u32, Metadata>::new();
/// let array = pool.allocate_copy(&[1, 2, 3]);
/// assert!(pool.locate(&array[1]).is_some());
/// ```
#[derive(Debug)]
pub struct Metadata {
    /// As large as it will ever be when the pool is made.
    blocks: RefCell<Vec<Block>>,
    /// The records of the last block that no run has: none to begin with.
    spare: Cell<Block>,
    /// Records in all blocks.
    records: Cell<usize>,
    runs: Cell<usize>,
    runs_max: usize,
    blocks_max: usize,
}

/// Records one behind the other.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: NonNull<SlotRecord>,
    slots: u32,
}

/// Room for the records of a run. It is nobody else's from the moment it is
/// provided: a hook or a source may use the pool while the run is taken.
#[derive(Debug)]
pub struct Room {
    /// Part of the spare records, or a new block, of which the rest will be spare.
    records: Block,
    slots: u32,
    is_new: bool,
}

impl Block {
    const NONE: Self = Self { first: NonNull::dangling(), slots: 0 };

    /// The first `slots` records, and the others.
    ///
    /// # Safety
    /// The block has so many.
    unsafe fn split(self, slots: u32) -> (Self, Self) {
        // SAFETY: it is within the block's records, or one past them, by the promise.
        let rest = unsafe { self.first.add(slots as usize) };
        (Self { slots, ..self }, Self { first: rest, slots: self.slots - slots })
    }
}

/// The record of one slot. Where words have 64 bits, it fills half a cache line, and
/// never parts of two. What is loaded together and what is stored together are neighbours.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(target_pointer_width = "64", repr(align(32)))]
pub struct SlotRecord {
    /// Any thread of a shared pool may ask for three of these, elements, stamp and
    /// length: words. Only whoever has the slot, or the list that it is on, stores them
    /// or touches `next`; `seize` takes the slot by an exchange of the stamp.
    elements: WordPtr<u8>,
    next: Cell<Option<NonNull<SlotRecord>>>,
    /// Generation and state: one word where there are atomics of 64 bits, so
    /// that one exchange decides about both.
    stamp: StampCell,
    length: Word32,
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

/// The states of a slot: the low 3 bits of its stamp, below the class.
const FREE: u32 = 2;
const LOST: u32 = 4;

/// The state of a slot with such a tenant.
#[inline(always)]
const fn state(tenure: Tenure) -> u32 {
    match tenure {
        Tenure::Owned => 1,
        Tenure::Raw => 3,
        Tenure::Leaving => 5,
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
    /// The number of that record's run.
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

/// Blocks of a pool whose runs share them: more than it ever needs, for they grow
/// with what there is, unless a budget keeps them small.
const BLOCKS_MAX: usize = 128;

/// Runs of a pool in a buffer, unless set.
const RUNS_IN_BUFFER: usize = 512;

/// Bytes of a list with room for so many blocks.
fn list_bytes(blocks: usize) -> usize {
    blocks.saturating_mul(size_of::<Block>())
}

/// How many records the next block should have, where there are so many.
fn next_records(records: usize) -> usize {
    const FIRST: usize = 4096 / size_of::<SlotRecord>();
    const MOST: usize = 16 * FIRST;
    (2 * records).clamp(FIRST, (records / 4).max(MOST))
}

/// Puts a block into the list, whose room was reserved when the pool was made. (For
/// a list without room, `push` has code that allocates and panics: it stays in
/// here, where `tests/no_panic.rs` leaves it out.)
#[inline(never)]
fn keep(blocks: &mut Vec<Block>, block: Block) {
    debug_assert!(blocks.len() < blocks.capacity());
    blocks.push(block);
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

/// A block of records.
fn obtain(arena: &Arena<'_>, slots: u32) -> Result<Block, AllocError> {
    let too_large = AllocError::OutOfMemory { requested: usize::MAX };
    let layout = block_layout(slots).ok_or(too_large)?;
    let first = books::obtain::<Metadata>(arena, layout)?.cast();
    Ok(Block { first, slots })
}

/// Gives a block back.
///
/// # Safety
/// `obtain` with the same arena gave it; it is given back once, and nobody uses it.
unsafe fn give_back(arena: &Arena<'_>, block: Block) {
    if let Some(layout) = block_layout(block.slots) {
        // SAFETY: `obtain` got it with this layout; the rest is the caller's promise.
        unsafe { books::give_back::<Metadata>(arena, block.first.cast(), layout) };
    }
}

impl Metadata {
    /// Records of a new block for a run of so many slots: no more than a budget has
    /// left, if it comes to that.
    fn wanted(&self, arena: &Arena<'_>, slots: u32) -> u32 {
        if !arena.obtains() {
            return slots;
        }
        let available = arena.budget().map_or(usize::MAX, Budget::available);
        let most = (available / 2) / size_of::<SlotRecord>();
        let wanted = next_records(self.records.get()).min(most);
        u32::try_from(wanted).unwrap_or(u32::MAX).max(slots)
    }

    /// The bytes of the records of so many slots, which lie beside the arena: what
    /// `ArrayPool::bytes_for` leaves out. The pool's other bookkeeping, which does not
    /// grow with the arrays, is in its `stats`.
    ///
    /// ```
    /// let bytes = arraypool::Metadata::record_bytes(1000);
    /// assert!(bytes == 32_000 || bytes == 24_000);        // by the machine's words
    /// ```
    ///
    /// # Panics
    /// If the size overflows; in a constant, that is a compile error.
    #[must_use]
    pub const fn record_bytes(slots: usize) -> usize {
        crate::pool::run::times(size_of::<SlotRecord>(), slots)
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
    type Room = Room;

    fn open(runs_max: Option<usize>, arena: &Arena<'_>) -> Result<Self, AllocError> {
        let (runs_max, blocks_max) = if arena.obtains() {
            let runs_max = runs_max.unwrap_or(usize::MAX);
            (runs_max, runs_max.min(BLOCKS_MAX))
        } else {
            let runs_max = runs_max.unwrap_or(RUNS_IN_BUFFER);
            (runs_max, runs_max)
        };
        let requested = list_bytes(blocks_max);
        books::charge(arena, requested)?;
        let mut blocks = Vec::new();
        if blocks.try_reserve_exact(blocks_max).is_err() {
            books::refund(arena, requested);
            return Err(AllocError::OutOfMemory { requested });
        }
        Ok(Self {
            blocks: RefCell::new(blocks),
            blocks_max,
            spare: Cell::new(Block::NONE),
            records: Cell::new(0),
            runs: Cell::new(0),
            runs_max,
        })
    }

    unsafe fn close(&mut self, arena: &Arena<'_>) {
        for block in self.blocks.get_mut().drain(..) {
            // SAFETY: `provide` obtained it from this arena, and nobody uses anything of
            // it: the caller's promise.
            unsafe { give_back(arena, block) };
        }
        books::refund(arena, list_bytes(self.blocks_max));
    }

    fn book_bytes(&self) -> usize {
        list_bytes(self.blocks_max) + self.records.get() * size_of::<SlotRecord>()
    }

    fn list(class: u32, _: usize) -> List {
        // A state names its class, so that one comparison proves both.
        let code = |state: u32| class << 3 | state;
        List {
            head: Cell::new(None),
            owned: code(state(Tenure::Owned)),
            free: code(FREE),
            raw: code(state(Tenure::Raw)),
            lost: code(LOST),
            leaving: code(state(Tenure::Leaving)),
            cutting: Cell::new(None),
            cutting_run: Cell::new(0),
        }
    }

    fn closed() -> List {
        Self::list(u32::MAX >> 3, 0)
    }

    fn provide(&self, arena: &Arena<'_>, slots: u32) -> Result<Room, AllocError> {
        let runs = self.runs.get();
        if runs >= self.runs_max {
            return Err(AllocError::TooManyRuns { limit: self.runs_max });
        }
        let spare = self.spare.get();
        if slots <= spare.slots {
            // SAFETY: there are so many, it was compared just now.
            let (records, rest) = unsafe { spare.split(slots) };
            self.spare.set(rest);
            return Ok(Room { records, slots, is_new: false });
        }
        let too_many = AllocError::TooManyRuns { limit: runs };
        if self.blocks.try_borrow().map_err(|_| too_many)?.len() >= self.blocks_max {
            return Err(too_many);
        }
        let block = obtain(arena, self.wanted(arena, slots))?;
        match self.blocks.try_borrow_mut() {
            // A hook that used the pool meanwhile may have taken the last place.
            Ok(mut blocks) if blocks.len() < self.blocks_max => {
                keep(&mut blocks, block);
                self.records.set(self.records.get() + block.slots as usize);
                Ok(Room { records: block, slots, is_new: true })
            }
            _ => {
                // SAFETY: it was obtained just now, and nobody has any of it.
                unsafe { give_back(arena, block) };
                Err(too_many)
            }
        }
    }

    fn adopt(&self, room: Room) -> NonNull<u8> {
        self.runs.set(self.runs.get() + 1);
        // SAFETY: `provide` found that there are so many, or obtained them.
        let (records, rest) = unsafe { room.records.split(room.slots) };
        if rest.slots > self.spare.get().slots {
            self.spare.set(rest);
        }
        records.first.cast()
    }

    unsafe fn refuse(&self, arena: &Arena<'_>, room: Room) {
        let Room { records, slots, is_new } = room;
        if !is_new {
            let spare = self.spare.get();
            // SAFETY: the room has so many.
            let (_, behind) = unsafe { records.split(slots) };
            if behind.first == spare.first {
                self.spare.set(Block { first: records.first, slots: slots + spare.slots });
            }
        } else if let Ok(mut blocks) = self.blocks.try_borrow_mut() {
            blocks.retain(|block| block.first != records.first);
            drop(blocks);
            self.records.set(self.records.get() - records.slots as usize);
            // SAFETY: `provide` obtained it from this arena, and no run has any of it.
            unsafe { give_back(arena, records) };
        }
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
            elements: WordPtr::new(slot.elements.as_ptr()),
            next: Cell::new(None),
            stamp: StampCell::new(stamp),
            length: Word32::new(length),
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
        let (elements, next) = (record.elements(), record.next.get());
        // Compared just now: the code of `free` in this class.
        record.stamp.store_low(stamp.shifted(FREE, state(tenure)));
        record.length.store(length, Ordering::Relaxed);
        list.head.set(next);
        Some(Issued { elements, ticket: link, generation: stamp.generation() })
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
        // Compared just now: the code of that tenure in this class.
        record.stamp.store(stamp.next_generation().shifted(state(tenure), FREE));
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
        // Who seizes it knows the address only, and acquires this.
        record.stamp.publish_low(stamp.with_low(list.code(to)));
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

    unsafe fn slot(link: NonNull<SlotRecord>) -> (NonNull<u8>, NonNull<SlotRecord>) {
        // SAFETY: a place of a list is the record of a cut slot.
        (unsafe { borrow(link) }.elements(), link)
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
