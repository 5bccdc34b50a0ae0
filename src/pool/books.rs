//! Where a pool keeps its books (classes, runs, records): never among arrays, if
//! there is a choice.
//!
//! On the heap or a source of the user's, books get blocks of their own. In a
//! caller's buffer they come out of the buffer, in front of the runs that they
//! describe; the books of `Metadata` need a heap there as well.

use core::alloc::Layout;
use core::fmt;
use core::mem;
use core::ptr::NonNull;
use core::slice;

use super::release::ReleaseStrategy;
use crate::arena::Arena;
use crate::error::AllocError;

/// Charges memory that a library allocates for the books to the arena's budget.
#[cfg(feature = "alloc")]
pub(super) fn charge(arena: &Arena<'_>, bytes: usize) -> Result<(), AllocError> {
    arena.budget().map_or(Ok(()), |budget| budget.charge(bytes))
}

/// Takes a charge back.
#[cfg(feature = "alloc")]
pub(super) fn refund(arena: &Arena<'_>, bytes: usize) {
    if let Some(budget) = arena.budget() {
        budget.refund(bytes);
    }
}

/// Whether the books of a pool with strategy `S` lie apart from its arrays: not
/// where both come out of one buffer.
pub(super) fn are_apart<S: ReleaseStrategy>(arena: &Arena<'_>) -> bool {
    arena.obtains() || S::HEAP_BOOKS
}

/// A block for the books of a pool with strategy `S`. The layout's size is not 0.
pub(super) fn obtain<S: ReleaseStrategy>(
    arena: &Arena<'_>,
    layout: Layout,
) -> Result<NonNull<u8>, AllocError> {
    if arena.obtains() {
        return arena.try_obtain(layout);
    }
    if S::HEAP_BOOKS {
        return heap::obtain(arena, layout);
    }
    arena.try_alloc_layout(layout)
}

/// Gives a block back. In a buffer it stays where it is until the arena's end.
///
/// # Safety
/// `obtain::<S>` with the same arena returned `block` for the same `layout`; it
/// has not been given back and nobody uses it.
pub(super) unsafe fn give_back<S: ReleaseStrategy>(
    arena: &Arena<'_>,
    block: NonNull<u8>,
    layout: Layout,
) {
    if arena.obtains() {
        // SAFETY: `obtain` took the same branch, since an arena never changes its source.
        unsafe { arena.give_back(block, layout) };
        return;
    }
    if S::HEAP_BOOKS {
        // SAFETY: as above.
        unsafe { heap::give_back(arena, block, layout) };
    }
}

/// Books on the heap of a pool whose arena is in a buffer.
#[cfg(feature = "alloc")]
mod heap {
    use super::{AllocError, Arena, Layout, NonNull, charge, refund};
    use crate::arena::heap;

    pub(super) fn obtain(arena: &Arena<'_>, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        charge(arena, layout.size())?;
        heap::allocate(layout).ok_or_else(|| {
            refund(arena, layout.size());
            AllocError::OutOfMemory { requested: layout.size() }
        })
    }

    /// # Safety
    /// `obtain` with the same arena returned `block` for the same `layout`; it
    /// has not been given back and nobody uses it.
    pub(super) unsafe fn give_back(arena: &Arena<'_>, block: NonNull<u8>, layout: Layout) {
        refund(arena, layout.size());
        // SAFETY: `obtain` took it from the heap with this layout.
        unsafe { heap::deallocate(block, layout) };
    }
}

/// There is no heap, and no strategy that needs one.
#[cfg(not(feature = "alloc"))]
mod heap {
    use super::{AllocError, Arena, Layout, NonNull};

    pub(super) fn obtain(_: &Arena<'_>, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        Err(AllocError::OutOfMemory { requested: layout.size() })
    }

    /// # Safety
    /// None: nothing is given back.
    pub(super) unsafe fn give_back(_: &Arena<'_>, _: NonNull<u8>, _: Layout) {}
}

/// A list of plain values in the books. It grows geometrically, fallibly, and is
/// closed by its owner.
pub(super) struct Ledger<T> {
    /// `length` written values, and room for `capacity`.
    first: NonNull<T>,
    length: usize,
    capacity: usize,
}

impl<T: Copy> Ledger<T> {
    pub(super) const fn new() -> Self {
        Self { first: NonNull::dangling(), length: 0, capacity: 0 }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: the first `length` values are written, and the list is borrowed.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.length) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the first `length` values are written, and the list is borrowed uniquely.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.length) }
    }

    /// Bytes of the block.
    pub(super) fn bytes(&self) -> usize {
        self.capacity * size_of::<T>()
    }

    /// The room of the block after one for `capacity` values: little in a buffer,
    /// where outgrown blocks stay; more where each is a call of the heap.
    pub(super) const fn next_capacity(capacity: usize, in_buffer: bool) -> usize {
        /// Room of the first block in a buffer: enough for a microcontroller's pool.
        const FIRST: usize = 8;
        let (first, times) = if in_buffer { (FIRST, 2) } else { (4 * FIRST, 4) };
        if capacity == 0 { first } else { capacity.saturating_mul(times) }
    }

    /// The room that a larger block should have, if there is none for one more value.
    pub(super) fn wanted(&self, arena: &Arena<'_>) -> Option<usize> {
        let is_full = self.length == self.capacity;
        is_full.then(|| Self::next_capacity(self.capacity, !arena.obtains()))
    }

    /// An empty list in a block of its own.
    pub(super) fn with_capacity<S: ReleaseStrategy>(
        arena: &Arena<'_>,
        capacity: usize,
    ) -> Result<Self, AllocError> {
        let layout = Layout::array::<T>(capacity)
            .map_err(|_| AllocError::OutOfMemory { requested: usize::MAX })?;
        let first = obtain::<S>(arena, layout)?.cast::<T>();
        Ok(Self { first, length: 0, capacity })
    }

    /// Uses the block of an empty list, if that is larger; `other` has the outgrown one then.
    pub(super) fn move_to(&mut self, other: &mut Self) {
        if other.capacity <= self.capacity {
            return;
        }
        // SAFETY: `length` values are written here, the other block has room for more, and
        // it is another one, so they do not overlap.
        unsafe { other.first.copy_from_nonoverlapping(self.first, self.length) };
        let outgrown = Self { length: 0, ..*self };
        *self = Self { length: self.length, ..mem::replace(other, outgrown) };
    }

    /// Puts a value behind the last one, where there is room; without any the list stays
    /// as it is.
    pub(super) fn push(&mut self, value: T) {
        debug_assert!(self.length < self.capacity, "room comes first");
        if self.length == self.capacity {
            return;
        }
        // SAFETY: there is room for `length` + 1 values.
        let end = unsafe { self.first.add(self.length) };
        // SAFETY: as above; nothing is dropped, since values are `Copy`.
        unsafe { end.write(value) };
        self.length += 1;
    }

    /// A list of `length` equal values.
    pub(super) fn filled<S: ReleaseStrategy>(
        arena: &Arena<'_>,
        length: usize,
        value: T,
    ) -> Result<Self, AllocError> {
        let mut list = Self::with_capacity::<S>(arena, length)?;
        for index in 0..length {
            // SAFETY: the block has room for `length` values.
            let place = unsafe { list.first.add(index) };
            // SAFETY: as above.
            unsafe { place.write(value) };
        }
        list.length = length;
        Ok(list)
    }

    /// Gives the block back; the list is empty then.
    pub(super) fn close<S: ReleaseStrategy>(&mut self, arena: &Arena<'_>) {
        let old = mem::replace(self, Self::new());
        if let (Ok(layout), true) = (Layout::array::<T>(old.capacity), old.capacity > 0) {
            // SAFETY: `with_capacity` obtained it with this layout, and the list has
            // forgotten it.
            unsafe { give_back::<S>(arena, old.first.cast(), layout) };
        }
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Ledger<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
