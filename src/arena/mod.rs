//! The arena: chunks filled from one end, marked and rewound.
//!
//! Words of this floor: a **chunk** is one block from the arena's source; its
//! **capacity** is what it holds for users, header apart; the **cursor** is
//! where its free part begins. An arena knows nothing of arrays or classes:
//! those are the next floor's.

mod alloc;
mod budget;
mod builder;
mod bump;
mod chunk;
mod source;
mod stats;
mod text;

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

pub use budget::Budget;
pub use builder::ArenaBuilder;
use bump::ALIGN;
use chunk::{Chunk, HEADER};
pub use source::ChunkSource;
#[cfg(feature = "alloc")]
pub use source::FailingSource;
use source::Source;
#[cfg(feature = "alloc")]
pub(crate) use source::heap;
pub(crate) use stats::HumanBytes;
pub use stats::{ArenaStats, ChunkStats};

use crate::error::AllocError;

/// A bump arena: memory handed out front to back, given back all at once.
///
/// ```text
/// first ──► chunk ──► chunk ──► chunk ──► chunk ──► chunk
///           4 KiB     8 KiB     16 KiB    32 KiB    64 KiB
///           full      full      ▲ current, last     kept by `reset`, empty
/// ```
///
/// Allocating is a comparison and an addition until a chunk is full. The next
/// chunk is twice as large, from 4 KiB to 64 KiB unless the
/// [builder](Arena::builder) says otherwise; a request that does not fit the
/// next size gets a chunk of its own size. Every allocation is aligned to 16
/// bytes, or to any larger power of two on request.
///
/// `'m` is the life of what the arena borrows: a caller's buffer, a budget, a
/// source. An arena on the heap is `Arena<'static>`.
///
/// **Values placed in an arena are not dropped.** Their memory is reused by
/// [`reset`](Arena::reset), and `Drop` does not run; the elements of a
/// [`PoolArray`](crate::PoolArray) are dropped.
///
/// An arena is `Send` and not `Sync`.
///
/// ```
/// use arraypool::Arena;
///
/// let mut arena = Arena::new();
/// let numbers = arena.alloc_slice_fill_with(4, |i| i * i);
/// let name = arena.alloc_fmt(format_args!("{} squares", numbers.len()));
/// assert_eq!((&*numbers, &*name), (&[0, 1, 4, 9][..], "4 squares"));
/// arena.reset();
/// assert_eq!(arena.used_bytes(), 0);
/// ```
pub struct Arena<'m> {
    /// The first free byte of the current chunk, a multiple of `ALIGN`.
    cursor: Cell<NonNull<u8>>,
    /// The address one past the current chunk's last byte.
    end: Cell<usize>,
    /// The chunk that is being filled. `None` if and only if there is no chunk.
    current: Cell<Option<NonNull<Chunk>>>,
    /// The head of the list of all chunks.
    first: Cell<Option<NonNull<Chunk>>>,
    /// The last chunk of the list that is in use; those behind it are empty.
    last: Cell<Option<NonNull<Chunk>>>,
    /// The capacity that the next chunk aims at.
    target: Cell<usize>,
    /// Bytes of all chunks' capacities.
    allocated: Cell<usize>,
    /// Bytes skipped for alignments above `ALIGN` since the last reset.
    padding: Cell<usize>,
    /// The most bytes in use that any reset has seen.
    peak: Cell<usize>,
    initial: usize,
    maximum: usize,
    source: Source<'m>,
    budget: Option<&'m Budget>,
    /// The caller's buffer, when the first chunk lies in one.
    buffer: PhantomData<&'m mut [MaybeUninit<u8>]>,
}

// SAFETY: the chunks belong to this arena alone; whatever points into them
// borrows the arena, which therefore cannot be moved meanwhile. The source is
// `Sync` by its trait, the budget counts atomically, and the cells move along.
unsafe impl Send for Arena<'_> {}

#[cfg(feature = "alloc")]
impl Arena<'static> {
    /// An arena on the heap, without any memory yet. Never panics.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An arena on the heap whose first chunk holds `capacity` bytes, taken now.
    ///
    /// # Panics
    /// If there is not that much memory.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        crate::error::OrPanic::or_panic(Self::try_with_capacity(capacity))
    }

    /// An arena on the heap whose first chunk holds `capacity` bytes, taken now.
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`] if there is not that much memory.
    pub fn try_with_capacity(capacity: usize) -> Result<Self, AllocError> {
        let arena = Self::builder().initial_chunk(capacity).build();
        let chunk = arena.add_chunk(arena.target.get())?;
        arena.fill(chunk);
        Ok(arena)
    }

    /// An arena on the heap, with settings.
    pub fn builder() -> ArenaBuilder<'static> {
        ArenaBuilder::new()
    }
}

#[cfg(feature = "alloc")]
impl Default for Arena<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'m> Arena<'m> {
    /// An arena in the caller's memory, which never grows beyond it. Never panics.
    ///
    /// Any buffer will do: what is too small for a header and 16 bytes gives an
    /// arena that refuses every request, and odd or misaligned ends are left
    /// unused.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use arraypool::Arena;
    ///
    /// let mut buffer = [MaybeUninit::uninit(); 1024];
    /// let arena = Arena::from_buffer(&mut buffer);
    /// assert!(arena.try_alloc_zeroed(512).is_ok());
    /// assert!(arena.try_alloc_zeroed(512).is_err());
    /// ```
    #[must_use]
    pub fn from_buffer(buffer: &'m mut [MaybeUninit<u8>]) -> Self {
        let arena = ArenaBuilder::in_buffer().build();
        let block = NonNull::from(&mut *buffer).cast();
        // SAFETY: the buffer is borrowed for 'm, uniquely and writably, so
        // nobody else uses it as long as the arena lives.
        if let Some(chunk) = unsafe { Chunk::place_in(block, buffer.len()) } {
            arena.link(chunk);
            arena.fill(chunk);
            arena.allocated.set(arena.list().map(Chunk::capacity).sum());
        }
        arena
    }

    fn from_parts(builder: &ArenaBuilder<'m>) -> Self {
        let nothing = NonNull::<Chunk>::dangling().cast::<u8>();
        Self {
            cursor: Cell::new(nothing),
            end: Cell::new(nothing.addr().get()),
            current: Cell::new(None),
            first: Cell::new(None),
            last: Cell::new(None),
            target: Cell::new(builder.initial),
            allocated: Cell::new(0),
            padding: Cell::new(0),
            peak: Cell::new(0),
            initial: builder.initial,
            maximum: builder.maximum,
            source: builder.source,
            budget: builder.budget,
            buffer: PhantomData,
        }
    }

    /// Forgets everything that was allocated and keeps all chunks, so that the
    /// same work again needs no new memory. `Drop` of the values does not run.
    ///
    /// Complexity: one step per chunk. Never panics.
    pub fn reset(&mut self) {
        self.note_peak();
        self.padding.set(0);
        for chunk in self.list() {
            chunk.rewind();
        }
        self.last.set(self.first.get());
        if let Some(first) = self.first.get() {
            self.fill(first);
        }
    }

    /// Forgets everything, keeps the first chunk only and gives the others back;
    /// chunk sizes start over.
    ///
    /// Complexity: one step per chunk. Never panics.
    pub fn clear(&mut self) {
        self.reset();
        let Some(first) = self.first.get() else { return };
        // SAFETY: a chunk in the list is alive; `clear` holds the arena uniquely.
        let rest = unsafe { first.as_ref() }.next.take();
        self.free_list_of_chunks(rest);
        self.target.set(self.initial);
        self.double_target();
    }

    /// Takes `layout.size()` bytes out of a new or kept chunk, when the current
    /// one has no room.
    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let requested = layout.size();
        let need = bump::capacity_for(requested, layout.align())
            .ok_or(AllocError::OutOfMemory { requested })?;
        let chunk = match self.take_kept(need) {
            Some(chunk) => chunk,
            None => self.new_chunk(self.target.get().max(need), need)?,
        };
        // SAFETY: a chunk in the list is alive as long as the arena.
        let header = unsafe { chunk.as_ref() };
        let before = (self.current.get(), self.cursor.get(), self.end.get());
        self.fill(chunk);
        let start = self.bump_current(layout).ok_or(AllocError::OutOfMemory { requested })?;
        let room = self.end.get() - self.cursor.get().addr().get();
        if let (Some(old), cursor, end) = before {
            if end - cursor.addr().get() > room {
                // The chunk with more room left stays current.
                header.cursor.set(self.cursor.get());
                self.current.set(Some(old));
                self.cursor.set(cursor);
                self.end.set(end);
            } else {
                // SAFETY: a chunk in the list is alive as long as the arena.
                unsafe { old.as_ref() }.cursor.set(cursor);
            }
        }
        Ok(start)
    }

    /// Makes `chunk` the one that is filled next, from its own cursor on.
    fn fill(&self, chunk: NonNull<Chunk>) {
        // SAFETY: a chunk in the list is alive as long as the arena.
        let header = unsafe { chunk.as_ref() };
        self.current.set(Some(chunk));
        self.cursor.set(header.cursor.get());
        self.end.set(header.end().addr().get());
    }

    /// Bumps the cursor of the current chunk; the fast path of everything.
    #[inline]
    fn bump_current(&self, layout: Layout) -> Option<NonNull<u8>> {
        let cursor = self.cursor.get();
        let address = cursor.addr().get();
        let place = bump::bump(address, self.end.get(), layout.size(), layout.align())?;
        // SAFETY: `bump` found start and cursor between the cursor and the end
        // of one chunk, or both equal to the cursor.
        let start = unsafe { cursor.add(place.start - address) };
        // SAFETY: as above.
        self.cursor.set(unsafe { cursor.add(place.cursor - address) });
        if place.start != address {
            self.padding.set(self.padding.get() + (place.start - address));
        }
        Some(start)
    }

    /// Takes the first kept chunk that holds `need` bytes into use.
    fn take_kept(&self, need: usize) -> Option<NonNull<Chunk>> {
        let last = self.last.get()?;
        let mut before = last;
        loop {
            // SAFETY: a chunk in the list is alive as long as the arena.
            let link = unsafe { before.as_ref() };
            let chunk = link.next.get()?;
            // SAFETY: as above.
            let header = unsafe { chunk.as_ref() };
            if header.capacity() >= need {
                link.next.set(header.next.get());
                self.link(chunk);
                return Some(chunk);
            }
            before = chunk;
        }
    }

    /// Adds a chunk of `wanted` bytes, or, where the budget is short, of what is
    /// left of it, but at least `need`.
    fn new_chunk(&self, wanted: usize, need: usize) -> Result<NonNull<Chunk>, AllocError> {
        let room = self
            .budget
            .map_or(usize::MAX, |budget| budget.available().saturating_sub(HEADER) & !(ALIGN - 1));
        self.add_chunk(wanted.min(room).max(need))
    }

    /// Takes a chunk of exactly `capacity` bytes from the source and links it.
    fn add_chunk(&self, capacity: usize) -> Result<NonNull<Chunk>, AllocError> {
        let refused = AllocError::OutOfMemory { requested: capacity };
        let layout = Chunk::layout(capacity).ok_or(refused)?;
        let block = self.try_obtain(layout)?;
        // SAFETY: the source gave this block for HEADER + capacity bytes at
        // ALIGN, and nobody else knows it.
        let chunk = unsafe { Chunk::place(block, capacity) };
        self.allocated.set(self.allocated.get() + capacity);
        self.double_target();
        self.link(chunk);
        Ok(chunk)
    }

    fn double_target(&self) {
        self.target.set(self.target.get().saturating_mul(2).min(self.maximum));
    }

    /// Links `chunk` behind the last one that is in use.
    fn link(&self, chunk: NonNull<Chunk>) {
        // SAFETY: the chunk was just placed, or is one of the list's.
        let header = unsafe { chunk.as_ref() };
        if let Some(last) = self.last.get() {
            // SAFETY: a chunk in the list is alive as long as the arena.
            let link = unsafe { last.as_ref() };
            header.next.set(link.next.replace(Some(chunk)));
        } else {
            self.first.set(Some(chunk));
        }
        self.last.set(Some(chunk));
    }

    /// Pointers to all chunks, the empty ones behind `last` included.
    fn links(&self) -> impl Iterator<Item = NonNull<Chunk>> {
        core::iter::successors(self.first.get(), |chunk| {
            // SAFETY: a chunk in the list is alive as long as the arena.
            unsafe { chunk.as_ref() }.next.get()
        })
    }

    /// All chunks, the empty ones behind `last` included.
    fn list(&self) -> impl Iterator<Item = &Chunk> {
        self.links().map(|chunk| {
            // SAFETY: a chunk in the list is alive as long as the arena, and
            // chunks are only freed while the arena is held uniquely.
            unsafe { chunk.as_ref() }
        })
    }

    /// Gives a list of chunks that has been unlinked back to the source.
    fn free_list_of_chunks(&self, mut link: Option<NonNull<Chunk>>) {
        while let Some(chunk) = link {
            // SAFETY: the chunk is alive until it is given back below.
            let header = unsafe { chunk.as_ref() };
            link = header.next.get();
            let capacity = header.capacity();
            let Some(layout) = Chunk::layout(capacity) else { continue };
            self.allocated.set(self.allocated.get().saturating_sub(capacity));
            // SAFETY: `add_chunk` obtained it with this layout, nothing borrows
            // from it any more, and it is in no list.
            unsafe { self.give_back(chunk.cast(), layout) };
        }
    }

    /// Takes a block straight from where chunks come from, within the budget:
    /// for chunks, and for books that must not lie among arrays.
    ///
    /// # Errors
    /// [`AllocError::OverBudget`] and [`AllocError::OutOfMemory`].
    pub(crate) fn try_obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let requested = layout.size();
        if let Some(budget) = self.budget {
            budget.charge(requested)?;
        }
        self.source.allocate(layout).ok_or_else(|| {
            if let Some(budget) = self.budget {
                budget.refund(requested);
            }
            AllocError::OutOfMemory { requested }
        })
    }

    /// Gives back what `try_obtain` gave.
    ///
    /// # Safety
    /// `try_obtain` of this arena returned `block` for the same `layout`; it has
    /// not been given back and nobody uses it.
    pub(crate) unsafe fn give_back(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `try_obtain` took it from this source with this layout.
        unsafe { self.source.deallocate(block, layout) };
        if let Some(budget) = self.budget {
            budget.refund(layout.size());
        }
    }

    /// The budget that the arena's chunks are charged to.
    #[must_use]
    pub fn budget(&self) -> Option<&'m Budget> {
        self.budget
    }

    /// The most bytes that one allocation can ever get.
    pub(crate) fn largest(&self) -> usize {
        if self.source.grows() { isize::MAX.unsigned_abs() / 2 } else { self.allocated.get() }
    }

    /// Bytes that the current chunk still has for an allocation at `align`.
    pub(crate) fn room_for(&self, align: usize) -> usize {
        let cursor = self.cursor.get().addr().get();
        let start = bump::round_up_to(cursor, align.max(ALIGN)).unwrap_or(usize::MAX);
        self.end.get().saturating_sub(start)
    }

    /// Takes back the last allocation, so that a half-done step leaves nothing.
    ///
    /// # Safety
    /// `start` is the last allocation of this arena, of `size` bytes, not 0, and
    /// nobody uses it.
    pub(crate) unsafe fn take_back_last(&self, start: NonNull<u8>, size: usize) {
        let end = start.addr().get() + bump::round_up(size);
        if end == self.cursor.get().addr().get() {
            self.cursor.set(start);
            return;
        }
        // The allocation has a chunk to itself, behind the current one: it was
        // taken into use for this and becomes an empty, kept one again.
        let Some(last) = self.last.get() else { return };
        // SAFETY: a chunk in the list is alive as long as the arena.
        let header = unsafe { last.as_ref() };
        debug_assert_eq!(header.cursor.get().addr().get(), end);
        header.rewind();
        if self.current.get() != Some(last) {
            let leads_here = |chunk: &NonNull<Chunk>| {
                // SAFETY: as above.
                unsafe { chunk.as_ref() }.next.get() == Some(last)
            };
            self.last.set(self.links().find(leads_here));
        }
    }

    /// Whether blocks can be obtained beside the chunks: not in a buffer.
    pub(crate) fn obtains(&self) -> bool {
        self.source.grows()
    }
}

impl Drop for Arena<'_> {
    fn drop(&mut self) {
        if self.source.grows() {
            let all = self.first.take();
            self.free_list_of_chunks(all);
        }
    }
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena")
            .field("allocated", &self.allocated_bytes())
            .field("used", &self.used_bytes())
            .field("chunks", &self.chunk_count())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
