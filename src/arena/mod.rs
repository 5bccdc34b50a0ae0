//! The arena: chunks filled from one end, marked and rewound.
//!
//! Terms of this layer: a **chunk** is one block from the arena's source; its
//! **capacity** is what it holds for users, without its header; the **cursor** is
//! where its free part begins. An arena knows nothing of arrays or classes:
//! those belong to the next layer.

mod alloc;
#[cfg(feature = "allocator-api2")]
mod allocator;
mod budget;
mod buffer;
mod builder;
mod bump;
mod checkpoint;
mod chunk;
pub(crate) mod defer;
#[cfg(feature = "alloc")]
mod failing;
mod fill;
mod grow;
mod hook;
mod intern;
mod limit;
mod local;
mod outer;
mod phase_stats;
mod phases;
mod resize;
mod reuse;
mod scope;
mod source;
mod stats;
mod text;

use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

#[cfg(feature = "allocator-api2")]
pub use allocator::AllocatorSource;
pub use budget::Budget;
pub use buffer::Buffer;
pub use builder::ArenaBuilder;
pub(crate) use bump::ALIGN;
use checkpoint::Mark;
pub use checkpoint::{ArenaRef, Checkpoint};
use chunk::Chunk;
pub(crate) use chunk::HEADER as CHUNK_HEADER;
#[cfg(feature = "alloc")]
pub use failing::FailingSource;
pub(crate) use fill::{FORGOTTEN, ISSUED};
pub use hook::ArenaEvent;
use hook::Hook;
pub use intern::{Interner, Symbol};
use limit::Limit;
pub use local::LocalArena;
use outer::Outer;
pub use phase_stats::{MemoryStats, PhaseError};
pub use phases::{Phase, Phases};
use reuse::FreeLists;
pub use source::ChunkSource;
use source::Source;
#[cfg(feature = "alloc")]
pub(crate) use source::heap;
pub(crate) use stats::HumanBytes;
pub use stats::{ArenaStats, ChunkStats};

#[cfg(feature = "alloc")]
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
/// bytes, or to any larger power of two on request. Where the current chunk has no room,
/// it takes a call of the source, or one step for each chunk that a reset has kept and
/// that is too small; and where memory was given back piece by piece, now and then a sort of
/// what has come back, which as many pieces have paid for.
///
/// `'m` is the lifetime of what the arena borrows: a caller's buffer, a budget, a
/// source. An arena on the heap is `Arena<'static>`.
///
/// **Values placed in an arena are not dropped.** Their memory is reused by
/// [`reset`](Arena::reset), and `Drop` does not run; the elements of a
/// [`PoolArray`](crate::PoolArray) are dropped.
///
/// An arena is `Send` but not `Sync`.
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
// Invariants, which every function of this folder keeps and may rely on:
//
// - *Chunks.* A chunk in the list from `Common::first` on is alive, and was written by
//   `Chunk::place`: only one that was just placed, or was taken out of this list, is
//   linked, and only `trim`, `clear` and `drop` give any back, which hold the arena
//   uniquely and have unlinked them. `current` and `State::last` are chunks of the list.
// - *Bounds.* The cursor is in the current chunk, a multiple of `ALIGN`, and has the
//   right to all of it; the limit is between the cursor and the chunk's end. Nobody uses
//   what lies behind the cursor of a chunk, but a scope that has claimed the arena.
// - *Behind.* Chunks behind `State::last` are empty.
//
// A scope writes the first four words when it is entered, and no other.
#[repr(C)]
pub struct Arena<'m> {
    /// The first free byte of the current chunk, a multiple of `ALIGN`.
    cursor: Cell<NonNull<u8>>,
    /// The address one past the last byte that the hot path may hand out: that
    /// of the current chunk, or the cursor's own where the arena is *closed*, so
    /// that every request takes the cold path (see [`close`](Self::close)).
    limit: Cell<Limit>,
    /// The chunk that is being filled. `None` if and only if there is no chunk.
    current: Cell<Option<NonNull<Chunk>>>,
    /// The arena, or the scope, that this is a scope of.
    outer: Outer<'m>,
    /// Written if and only if `outer` says so: a scope copies it when it is first
    /// asked for.
    state: UnsafeCell<MaybeUninit<State>>,
    /// Written if and only if there is no outer arena.
    common: MaybeUninit<Common<'m>>,
    /// The caller's buffer, when the first chunk lies in one.
    buffer: PhantomData<&'m mut [MaybeUninit<u8>]>,
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Arena<'_>, cursor) == 0, "a C program reads it there");
    assert!(offset_of!(Arena<'_>, limit) == size_of::<usize>(), "a C program reads it there");
    assert!(size_of::<Limit>() == size_of::<usize>(), "and as one word");
};

/// What only the cold paths need: entering and leaving a scope do not touch it.
struct State {
    /// The last chunk of the list that is in use; those behind it are empty.
    last: Cell<Option<NonNull<Chunk>>>,
    /// Bytes skipped for alignments above `ALIGN` since the last reset.
    padding: Cell<usize>,
    /// The last of the marks that a checkpoint or a handle needs.
    marks: Cell<Option<NonNull<Mark>>>,
    /// Blocks that were given back and may be handed out again.
    free: FreeLists,
}

/// What an arena and its scopes have in common.
struct Common<'m> {
    /// The head of the list of all chunks: see the invariant *chunks* of [`Arena`].
    first: Cell<Option<NonNull<Chunk>>>,
    /// The capacity that the next chunk aims at.
    target: Cell<usize>,
    /// Bytes of all chunks' capacities.
    allocated: Cell<usize>,
    /// Bytes of the chunks that were taken from the source since the last reset.
    grown: Cell<usize>,
    /// Whether a growth has brought the budget above its soft limit, and the hook was
    /// not told yet.
    crossed: Cell<bool>,
    /// Whether what there is to tell the hook waits for the end of a piece of work.
    quiet: Cell<bool>,
    /// The most bytes taken out of chunks, given-back blocks included, that anybody
    /// has noted, ever and since the last reset.
    peak: Cell<usize>,
    peak_since_reset: Cell<usize>,
    /// A number that no other arena has, once it is needed; 0 until then.
    id: Cell<usize>,
    /// The number that a mark or a segment was given last.
    serials: Cell<u64>,
    resets: Cell<u64>,
    initial: usize,
    maximum: usize,
    /// Whether memory is filled with patterns when it is issued and forgotten.
    fills: bool,
    source: Source<'m>,
    budget: Option<&'m Budget>,
    hook: Option<Hook>,
}

impl State {
    /// The state of a scope of an arena with the given one.
    fn after(outer: &Self) -> Self {
        Self { last: outer.last.clone(), padding: outer.padding.clone(), ..Self::default() }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            last: Cell::new(None),
            padding: Cell::new(0),
            marks: Cell::new(None),
            free: FreeLists::new(),
        }
    }
}

// SAFETY: the chunks belong to this arena alone; whatever points into them
// borrows the arena, which therefore cannot be moved meanwhile. The source is
// `Sync`, as `ArenaBuilder` asks, or the arena is inside a `LocalArena`, which is
// not `Send`; the budget counts atomically, and the cells move along.
// An arena that is a scope is only ever lent out, by a reference that is not
// `Send`.
unsafe impl Send for Arena<'_> {}

#[cfg(feature = "alloc")]
impl Arena<'static> {
    /// An arena on the heap, without any memory yet. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.allocated_bytes(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An arena on the heap whose first chunk holds `capacity` bytes, taken now.
    ///
    /// ```
    /// let arena = arraypool::Arena::with_capacity(100_000);
    /// assert_eq!(arena.allocated_bytes(), 100_000);
    /// ```
    ///
    /// # Panics
    /// If there is not that much memory.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        crate::error::OrPanic::or_panic(Self::try_with_capacity(capacity))
    }

    /// An arena on the heap whose first chunk holds `capacity` bytes, taken now.
    ///
    /// ```
    /// use arraypool::Arena;
    ///
    /// assert!(Arena::try_with_capacity(100_000).is_ok());
    /// assert!(Arena::try_with_capacity(usize::MAX).is_err());
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`] if there is not that much memory.
    pub fn try_with_capacity(capacity: usize) -> Result<Self, AllocError> {
        let arena = Self::builder().initial_chunk(capacity).build();
        // No chunk is so large that its capacity was cut.
        if arena.common().initial < capacity {
            return Err(AllocError::OutOfMemory { requested: capacity });
        }
        arena.take_first_chunk()?;
        Ok(arena)
    }

    /// An arena on the heap, with settings.
    ///
    /// ```
    /// use arraypool::Arena;
    ///
    /// let arena = Arena::builder().initial_chunk(1024).build();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.allocated_bytes(), 1024);
    /// ```
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
    /// Any bytes will do, those of a [`Buffer`] best: too few for a header and 16 bytes give
    /// an arena that refuses every request, and odd or misaligned ends are left unused.
    ///
    /// ```
    /// use arraypool::{Arena, Buffer};
    ///
    /// let mut buffer = Buffer::<1024>::new();
    /// let arena = Arena::from_buffer(&mut buffer);
    /// assert!(arena.try_alloc_zeroed(512).is_ok());
    /// assert!(arena.try_alloc_zeroed(512).is_err());
    /// ```
    #[must_use]
    pub fn from_buffer(buffer: &'m mut [MaybeUninit<u8>]) -> Self {
        let arena = ArenaBuilder::in_buffer().build();
        // SAFETY: it is new, and its source is that of a buffer.
        unsafe { arena.with_buffer(buffer) }
    }

    /// The arena with its buffer.
    ///
    /// # Safety
    /// The arena is new, and of [`ArenaBuilder::in_buffer`]: no other source would be
    /// given the buffer back.
    pub(crate) unsafe fn with_buffer(self, buffer: &'m mut [MaybeUninit<u8>]) -> Self {
        let block = NonNull::from(&mut *buffer).cast();
        // SAFETY: the buffer is borrowed for 'm, uniquely and writably, so
        // nobody else uses it as long as the arena lives.
        if let Some(chunk) = unsafe { Chunk::place_in(block, buffer.len()) } {
            self.link(chunk);
            self.enter(chunk);
            self.common().allocated.set(self.list().map(Chunk::capacity).sum());
        }
        self
    }

    /// Takes the first chunk of an arena that has none.
    #[cfg(feature = "alloc")]
    pub(crate) fn take_first_chunk(&self) -> Result<(), AllocError> {
        let found = self.add_chunk(self.common().target.get()).map(|chunk| self.enter(chunk));
        self.tell_of(self.common().grown.get(), &found);
        found
    }

    fn from_parts(builder: &ArenaBuilder<'m>) -> Self {
        let nothing = NonNull::<Chunk>::dangling().cast::<u8>();
        let (initial, maximum) = builder.capacities();
        let common = Common {
            first: Cell::new(None),
            target: Cell::new(initial),
            allocated: Cell::new(0),
            grown: Cell::new(0),
            crossed: Cell::new(false),
            quiet: Cell::new(false),
            peak: Cell::new(0),
            peak_since_reset: Cell::new(0),
            id: Cell::new(0),
            serials: Cell::new(0),
            resets: Cell::new(0),
            initial,
            maximum,
            fills: builder.fills,
            source: builder.source,
            budget: builder.budget,
            hook: builder.hook,
        };
        Self {
            cursor: Cell::new(nothing),
            limit: Cell::new(Limit::new(nothing.addr().get())),
            current: Cell::new(None),
            outer: Outer::none(),
            state: UnsafeCell::new(MaybeUninit::new(State::default())),
            common: MaybeUninit::new(common),
            buffer: PhantomData,
        }
    }

    /// The state of the cold paths.
    #[inline]
    fn state(&self) -> &State {
        if !self.outer.has_state() {
            self.copy_state();
        }
        // SAFETY: nobody has a mutable reference to it: `copy_state` writes it once,
        // before there is any, and all that changes in it afterwards are cells.
        let state = unsafe { &*self.state.get() };
        // SAFETY: it was written when the arena was made, or by `copy_state`: the bit
        // says so.
        unsafe { state.assume_init_ref() }
    }

    /// Writes the state of a scope: that of the arena around it, which has not
    /// changed since the claim.
    #[cold]
    #[inline(never)]
    fn copy_state(&self) {
        let state =
            self.outer.arena().map_or_else(State::default, |outer| State::after(outer.state()));
        // SAFETY: nobody has a reference to it, since `state` comes here before it
        // gives out the first one.
        unsafe { self.state.get().write(MaybeUninit::new(state)) };
        self.outer.set_has_state();
    }

    /// Whether memory is filled with patterns when it is issued and forgotten. Such
    /// an arena is closed, so that an open one need not look.
    #[inline]
    fn fills(&self) -> bool {
        let closed = self.limit.get().address() == self.cursor.get().addr().get();
        closed && self.common().fills
    }

    /// What the arena has in common with its scopes, and a scope with its arena.
    #[inline]
    fn common(&self) -> &Common<'m> {
        let mut arena: &Arena<'m> = self;
        while let Some(outer) = arena.outer.arena() {
            arena = outer;
        }
        // SAFETY: `from_parts` wrote it, as in every arena without an outer one.
        unsafe { arena.common.assume_init_ref() }
    }

    /// Forgets everything that was allocated and keeps all chunks, so that doing
    /// the same work again needs no new memory. `Drop` of the values does not run.
    ///
    /// Complexity: one step per chunk, and, where memory is
    /// [filled](ArenaBuilder::debug_fill) with a pattern, per byte in use. Never panics,
    /// unless a [hook](ArenaBuilder::hook) does, which is called when all is done.
    ///
    /// ```
    /// let mut arena = arraypool::Arena::new();
    /// arena.alloc([0_u8; 10_000]);
    /// let allocated = arena.allocated_bytes();
    /// arena.reset();
    /// assert_eq!((arena.used_bytes(), arena.allocated_bytes()), (0, allocated));
    /// ```
    pub fn reset(&mut self) {
        let used = self.forget_everything();
        self.tell(|| ArenaEvent::Reset { used, allocated: self.allocated_bytes() });
    }

    /// Resets, and returns how many bytes were in use.
    fn forget_everything(&mut self) -> usize {
        let (reusable, padding) = (self.state().free.bytes(), self.state().padding.get());
        let above = self.above();
        let taken = self.forget_all() - padding;
        self.note(taken + above);
        let common = self.common();
        common.resets.set(common.resets.get() + 1);
        common.peak_since_reset.set(0);
        common.grown.set(0);
        taken - reusable
    }

    /// Makes all chunks empty, and returns how many of their bytes were taken.
    fn forget_all(&self) -> usize {
        self.settle();
        let taken = self.list().map(|chunk| self.forget(chunk, chunk.start())).sum();
        self.state().padding.set(0);
        self.state().marks.set(None);
        self.state().free.forget();
        self.state().last.set(self.common().first.get());
        if let Some(first) = self.state().last.get() {
            self.enter(first);
        }
        taken
    }

    /// Forgets everything, keeps the first chunk only and gives the others back;
    /// chunk sizes start over.
    ///
    /// Complexity and panics: as [`reset`](Self::reset).
    ///
    /// ```
    /// let mut arena = arraypool::Arena::new();
    /// arena.alloc(1_u8);
    /// arena.alloc([0_u8; 10_000]);
    /// arena.clear();
    /// assert_eq!((arena.used_bytes(), arena.allocated_bytes()), (0, 4096));
    /// ```
    pub fn clear(&mut self) {
        let used = self.forget_everything();
        self.trim();
        let common = self.common();
        if common.first.get().is_some() {
            common.target.set(common.initial);
            self.double_target();
        }
        self.tell(|| ArenaEvent::Reset { used, allocated: self.allocated_bytes() });
    }

    /// Gives the chunks that a reset or a scope has left empty back to their source;
    /// returns how many bytes of capacity these had. Under a [`Budget`], others can
    /// then use these bytes.
    ///
    /// Complexity: one step per chunk given back. Never panics.
    ///
    /// ```
    /// let mut arena = arraypool::Arena::new();
    /// arena.alloc(1_u8);
    /// arena.scope(|inner| inner.alloc([0_u8; 10_000]).len());
    /// assert!(arena.trim() >= 10_000);
    /// assert_eq!(arena.allocated_bytes(), 4096);
    /// ```
    pub fn trim(&mut self) -> usize {
        let Some(last) = self.state().last.get() else { return 0 };
        let before = self.allocated_bytes();
        // SAFETY: it is in the list: the invariant *chunks*.
        let rest = unsafe { last.as_ref() }.next.take();
        // SAFETY: they were behind `last`, so that they are empty, and were unlinked just
        // now; no scope is open to use them, since the arena is held uniquely. In a
        // buffer there is one chunk, with none behind it.
        unsafe { self.give_back_chunks(rest) };
        before - self.allocated_bytes()
    }

    /// Bumps the cursor of the current chunk; the fast path of everything.
    #[inline]
    pub(crate) fn bump_current(&self, layout: Layout) -> Option<NonNull<u8>> {
        let cursor = self.cursor.get();
        let address = cursor.addr().get();
        let place = bump::bump(address, self.limit.get().word(), layout.size(), layout.align())?;
        // SAFETY: `bump` found start and cursor between the cursor and the end
        // of one chunk, or both equal to the cursor.
        let start = unsafe { cursor.add(place.start - address) };
        // SAFETY: as above.
        self.cursor.set(unsafe { cursor.add(place.cursor - address) });
        if place.start != address {
            self.state().padding.set(self.state().padding.get() + (place.start - address));
        }
        Some(start)
    }

    /// The budget that the arena's chunks are charged to.
    ///
    /// ```
    /// use arraypool::{Arena, Budget};
    ///
    /// let budget = Budget::new(1 << 20);
    /// let arena = Arena::builder().budget(&budget).build();
    /// assert_eq!(arena.budget().map(Budget::limit), Some(1 << 20));
    /// ```
    #[must_use]
    pub fn budget(&self) -> Option<&'m Budget> {
        self.common().budget
    }

    /// The most bytes that one allocation can ever get.
    pub(crate) fn largest(&self) -> usize {
        let common = self.common();
        if common.source.grows() { isize::MAX.unsigned_abs() / 2 } else { common.allocated.get() }
    }

    /// Lets the first chunk of an arena that has none hold so many bytes, but no fewer
    /// than its initial size says, and no more than its largest.
    #[cfg(feature = "json")]
    #[inline]
    pub(crate) fn expect(&self, bytes: usize) {
        let common = self.common();
        if common.first.get().is_none() {
            let target = bump::round_up(bytes).max(common.initial).min(common.maximum);
            common.target.set(target);
        }
    }

    /// Bytes that the current chunk still has for an allocation at `align`.
    pub(crate) fn room_for(&self, align: usize) -> usize {
        let cursor = self.cursor.get().addr().get();
        let start = bump::round_up_to(cursor, align.max(ALIGN)).unwrap_or(usize::MAX);
        self.end().saturating_sub(start)
    }

    /// Whether blocks can be obtained beside the chunks: not in a buffer.
    pub(crate) fn obtains(&self) -> bool {
        self.common().source.grows()
    }
}

impl Drop for Arena<'_> {
    fn drop(&mut self) {
        match self.outer.arena() {
            Some(outer) => outer.unclaim_slow(self),
            None if self.common().source.grows() => {
                let all = self.common().first.take();
                // SAFETY: they were unlinked just now, the source gave them, as it is no
                // buffer, and nothing borrows from an arena that is dropped.
                unsafe { self.give_back_chunks(all) };
            }
            None => {}
        }
    }
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena")
            .field("allocated", &self.allocated_bytes())
            .field("used", &self.used_bytes())
            .field("chunks", &self.chunk_count())
            .field("source", &self.common().source)
            .finish_non_exhaustive()
    }
}
