//! How an arena grows: the way of a request that the current chunk has no room for.

use core::alloc::Layout;
use core::cell::Cell;
use core::num::NonZeroUsize;
use core::ptr::NonNull;

use super::bump::{self, ALIGN};
use super::chunk::{Chunk, HEADER};
use super::defer::Defer;
use super::{Arena, Limit, fill};
use crate::error::AllocError;

impl Arena<'_> {
    /// Takes `layout.size()` bytes where the hot path finds no room: the arena is
    /// closed, or its current chunk is used up.
    #[cold]
    #[inline(never)]
    pub(super) fn alloc_slow(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let before = self.common().grown.get();
        let found = match (self.limit.get().is_claimed(), self.common().fills) {
            (true, _) => Err(AllocError::Claimed),
            (_, false) => self.find_room(layout),
            (_, true) => self.find_room_and_fill(layout),
        };
        self.tell_of(before, &found);
        found
    }

    /// The way of every request where memory is filled with a pattern.
    fn find_room_and_fill(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        // Gives the scope a state, so that its end takes the slow way and fills.
        self.state();
        self.open(self.end());
        // A source may panic.
        let closing = Defer(|| self.close());
        let found = self.bump_current(layout).map_or_else(|| self.find_room(layout), Ok);
        drop(closing);
        if let Ok(start) = found {
            // SAFETY: the block was handed out just now; nobody else knows it.
            unsafe { fill::fill(start, layout.size(), fill::ISSUED) };
        }
        found
    }

    /// Takes the request out of a block that was given back, or out of a new or
    /// kept chunk.
    fn find_room(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        if let Some(start) = self.take_given_back(layout) {
            return Ok(start);
        }
        let requested = layout.size();
        let need = bump::capacity_for(requested, layout.align())
            .ok_or(AllocError::OutOfMemory { requested })?;
        let chunk = match self.take_kept(need) {
            Some(chunk) => chunk,
            None if !self.obtains() => return Err(AllocError::OutOfMemory { requested }),
            None => self.new_chunk(self.common().target.get().max(need), need)?,
        };
        // SAFETY: it is in the list: the invariant *chunks*.
        let header = unsafe { chunk.as_ref() };
        self.note_high();
        let before = (self.current.get(), self.cursor.get(), self.limit.get().address());
        self.current.set(Some(chunk));
        self.cursor.set(header.cursor.get());
        header.high.set(0);
        self.open(header.end().addr().get());
        let start = self.bump_current(layout).ok_or(AllocError::OutOfMemory { requested })?;
        let room = self.limit.get().address() - self.cursor.get().addr().get();
        if let (Some(old), cursor, end) = before {
            if end - cursor.addr().get() > room {
                // The chunk with more room left stays current.
                header.cursor.set(self.cursor.get());
                self.current.set(Some(old));
                self.cursor.set(cursor);
                self.open(end);
            } else {
                // SAFETY: it is in the list: the invariant *chunks*.
                unsafe { old.as_ref() }.cursor.set(cursor);
            }
        }
        Ok(start)
    }

    /// Takes the request out of blocks that were given back.
    fn take_given_back(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.state().free.bytes() == 0 {
            return None;
        }
        // They come in the order of their addresses: most lie where the one before does.
        let last = Cell::new(None);
        let chunk_of = |address| {
            last.set(self.chunk_around(address, last.get()));
            last.get().map(Chunk::start)
        };
        self.state().free.take(layout).or_else(|| {
            let merged = self.state().free.merge(layout.size(), chunk_of);
            if merged { self.state().free.take(layout) } else { None }
        })
    }

    /// A pointer with the right to all of the chunk that an address lies in.
    ///
    /// Complexity: constant for the current chunk, otherwise one step per chunk.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn chunk_of(&self, address: NonZeroUsize) -> Option<NonNull<u8>> {
        // SAFETY: it is in the list: the invariant *chunks*.
        let current = self.current.get().map(|chunk| unsafe { chunk.as_ref() });
        self.chunk_around(address, current).map(Chunk::start)
    }

    /// The chunk that an address lies in. Complexity: constant if it is `likely`, otherwise
    /// one step per chunk.
    #[inline(never)]
    fn chunk_around<'c>(
        &'c self,
        address: NonZeroUsize,
        likely: Option<&'c Chunk>,
    ) -> Option<&'c Chunk> {
        let is_around =
            |chunk: &&Chunk| (chunk.start().addr()..chunk.end().addr()).contains(&address);
        likely.filter(is_around).or_else(|| self.list().find(is_around))
    }

    /// Makes `chunk`, one of the list, the one that is filled next, from its own cursor
    /// on.
    pub(super) fn enter(&self, chunk: NonNull<Chunk>) {
        // SAFETY: it is in the list: the invariant *chunks*.
        let header = unsafe { chunk.as_ref() };
        self.current.set(Some(chunk));
        self.cursor.set(header.cursor.get());
        self.open(header.end().addr().get());
        header.high.set(0);
        if self.common().fills {
            self.close();
        }
    }

    /// Sends every request into the cold path: there is no room for the hot one.
    pub(super) fn close(&self) {
        self.open(self.cursor.get().addr().get());
    }

    /// Lets the hot path hand out what lies before `end`, which keeps *bounds*.
    pub(super) fn open(&self, end: usize) {
        debug_assert!(self.cursor.get().addr().get() <= end && end <= self.chunk_end());
        self.limit.set(Limit::new(end));
    }

    /// The address one past the last byte that can be handed out of the current
    /// chunk; that of the cursor while a scope has claimed the arena.
    pub(super) fn end(&self) -> usize {
        let limit = self.limit.get();
        if !limit.is_claimed() && self.fills() { self.chunk_end() } else { limit.address() }
    }

    /// The address one past the last byte of the current chunk; that of the cursor
    /// where there is no chunk.
    pub(super) fn chunk_end(&self) -> usize {
        self.current
            .get()
            .map_or(self.cursor.get(), |chunk| {
                // SAFETY: it is in the list: the invariant *chunks*.
                unsafe { chunk.as_ref() }.end()
            })
            .addr()
            .get()
    }

    /// Moves the cursor back, to an address in the current chunk behind which nobody uses
    /// anything. It keeps the right to all of the chunk, which a user's pointer to a
    /// block may not have.
    pub(super) fn move_cursor(&self, to: NonZeroUsize) {
        debug_assert!(to.get() % ALIGN == 0 && to <= self.cursor.get().addr());
        let (from, fills) = (self.cursor.get(), self.fills());
        self.cursor.set(from.with_addr(to));
        self.raise(from.addr().get());
        if fills {
            self.close();
        }
    }

    /// Remembers that the current chunk was in use up to `reached`.
    #[inline]
    pub(super) fn raise(&self, reached: usize) {
        if let Some(chunk) = self.current.get() {
            // SAFETY: it is in the list: the invariant *chunks*.
            unsafe { chunk.as_ref() }.raise(reached);
        }
    }

    /// Bytes of the current chunk behind the cursor that were in use.
    pub(super) fn above(&self) -> usize {
        let cursor = self.cursor.get().addr().get();
        self.high().map_or(0, |high| high.get().saturating_sub(cursor))
    }

    /// How far the current chunk was in use.
    pub(super) fn high(&self) -> Option<&Cell<usize>> {
        // SAFETY: it is in the list: the invariant *chunks*.
        self.current.get().map(|chunk| &unsafe { chunk.as_ref() }.high)
    }

    /// Writes the cursor into the header of the current chunk.
    pub(super) fn settle(&self) {
        if let Some(chunk) = self.current.get() {
            // SAFETY: it is in the list: the invariant *chunks*.
            unsafe { chunk.as_ref() }.cursor.set(self.cursor.get());
        }
    }

    /// Forgets what `chunk`, one of the list, has handed out from `start` on, a place in
    /// it before its cursor behind which nobody uses anything, and returns how many
    /// bytes that were.
    pub(super) fn forget(&self, chunk: &Chunk, start: NonNull<u8>) -> usize {
        let end = chunk.cursor.replace(start);
        debug_assert!(chunk.start() <= start && start <= end);
        let bytes = end.addr().get() - start.addr().get();
        if self.common().fills {
            // SAFETY: the bytes between a place in a chunk of the list and its cursor are
            // the chunk's, by *chunks* and *bounds*, and nobody uses them.
            unsafe { fill::fill(start, bytes, fill::FORGOTTEN) };
        }
        bytes
    }

    /// Takes the first kept chunk that holds `need` bytes into use.
    fn take_kept(&self, need: usize) -> Option<NonNull<Chunk>> {
        let last = self.state().last.get()?;
        let mut before = last;
        loop {
            // SAFETY: it is in the list: the invariant *chunks*.
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
            .common()
            .budget
            .map_or(usize::MAX, |budget| budget.available().saturating_sub(HEADER) & !(ALIGN - 1));
        let capacity = wanted.min(room).max(need);
        match self.add_chunk(capacity) {
            // Others have charged the budget since it was asked.
            Err(AllocError::OverBudget { .. }) if capacity > need => self.add_chunk(need),
            found => found,
        }
    }

    /// Takes a chunk of exactly `capacity` bytes from the source and links it.
    pub(super) fn add_chunk(&self, capacity: usize) -> Result<NonNull<Chunk>, AllocError> {
        let refused = AllocError::OutOfMemory { requested: capacity };
        let layout = Chunk::layout(capacity).ok_or(refused)?;
        let block = self.obtain(layout)?;
        // SAFETY: the source gave this block for HEADER + capacity bytes at
        // ALIGN, and nobody else knows it.
        let chunk = unsafe { Chunk::place(block, capacity) };
        let common = self.common();
        common.allocated.set(common.allocated.get() + capacity);
        common.grown.set(common.grown.get() + capacity);
        self.double_target();
        self.link(chunk);
        Ok(chunk)
    }

    /// Lets the next chunk aim at twice the size, up to the maximum.
    pub(super) fn double_target(&self) {
        let common = self.common();
        common.target.set(common.target.get().saturating_mul(2).min(common.maximum));
    }

    /// Links `chunk`, which was just placed or taken out of the list, behind the last one
    /// that is in use.
    pub(super) fn link(&self, chunk: NonNull<Chunk>) {
        // SAFETY: it was just placed, or is one of the list: the invariant *chunks*.
        let header = unsafe { chunk.as_ref() };
        if let Some(last) = self.state().last.get() {
            // SAFETY: it is in the list: the invariant *chunks*.
            let link = unsafe { last.as_ref() };
            header.next.set(link.next.replace(Some(chunk)));
        } else {
            self.common().first.set(Some(chunk));
        }
        self.state().last.set(Some(chunk));
    }

    /// Pointers to all chunks, the empty ones behind `last` included.
    pub(super) fn links(&self) -> impl Iterator<Item = NonNull<Chunk>> {
        self.links_from(self.common().first.get())
    }

    /// Pointers to the chunks of the list from one of them on.
    pub(super) fn links_from(
        &self,
        first: Option<NonNull<Chunk>>,
    ) -> impl Iterator<Item = NonNull<Chunk>> {
        core::iter::successors(first, |chunk| {
            // SAFETY: it is in the list: the invariant *chunks*.
            unsafe { chunk.as_ref() }.next.get()
        })
    }

    /// Calls `each` with the data bytes of every chunk.
    #[cfg(arraypool_asan)]
    pub(crate) fn for_each_block(&self, mut each: impl FnMut(NonNull<u8>, usize)) {
        self.list().for_each(|chunk| each(chunk.start(), chunk.capacity()));
    }

    /// All chunks, the empty ones behind `last` included.
    pub(super) fn list(&self) -> impl Iterator<Item = &Chunk> {
        self.links().map(|chunk| {
            // SAFETY: it is in the list: the invariant *chunks*, also for as long as the
            // arena is borrowed here.
            unsafe { chunk.as_ref() }
        })
    }

    /// Gives chunks back to the source, from `link` on.
    ///
    /// # Safety
    /// The source gave them for [`add_chunk`](Self::add_chunk), they were unlinked from
    /// the list, and nobody uses them.
    pub(super) unsafe fn give_back_chunks(&self, mut link: Option<NonNull<Chunk>>) {
        while let Some(chunk) = link {
            // SAFETY: it was in the list, where chunks are alive, until now: the caller's
            // promise. It is given back below.
            let header = unsafe { chunk.as_ref() };
            link = header.next.get();
            let capacity = header.capacity();
            let Some(layout) = Chunk::layout(capacity) else { continue };
            let allocated = &self.common().allocated;
            allocated.set(allocated.get().saturating_sub(capacity));
            // SAFETY: `add_chunk` obtained it with this layout, it is in no list, and
            // nobody uses it: the caller's promise.
            unsafe { self.give_back(chunk.cast(), layout) };
        }
    }

    /// Takes a block straight from where chunks come from, within the budget, for
    /// bookkeeping that must not lie among arrays.
    ///
    /// # Errors
    /// [`AllocError::OverBudget`] and [`AllocError::OutOfMemory`].
    pub(crate) fn try_obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let found = self.obtain(layout);
        // A hook that panics leaves the block to nobody.
        let unwinding = Defer(|| {
            if let Ok(block) = found {
                // SAFETY: `obtain` took it for this layout just now, and nobody knows it.
                unsafe { self.give_back(block, layout) };
            }
        });
        self.tell_of(self.common().grown.get(), &found);
        unwinding.cancel();
        found
    }

    /// Takes a block from the source, within the budget. The caller tells the hook of
    /// it when the block has its place: see [`tell_of`](Self::tell_of).
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let requested = layout.size();
        let common = self.common();
        let crosses = match common.budget {
            Some(budget) => budget.charge_and_watch(requested)?,
            None => false,
        };
        // A source may refuse, or panic.
        let refund = Defer(|| self.refund(requested));
        let block = common.source.allocate(layout).ok_or(AllocError::OutOfMemory { requested })?;
        refund.cancel();
        if crosses {
            common.crossed.set(true);
        }
        Ok(block)
    }

    /// Takes a charge for `bytes` back, if there is a budget.
    fn refund(&self, bytes: usize) {
        if let Some(budget) = self.common().budget {
            budget.refund(bytes);
        }
    }

    /// Gives back what `try_obtain` gave.
    ///
    /// # Safety
    /// `try_obtain` of this arena returned `block` for the same `layout`, or `add_chunk`
    /// took it; it has not been given back and nobody uses it.
    pub(crate) unsafe fn give_back(&self, block: NonNull<u8>, layout: Layout) {
        // First: a source may panic.
        self.refund(layout.size());
        // SAFETY: `obtain` took it from this source with this layout, it was not given
        // back, and nobody uses it: the caller's promise.
        unsafe { self.common().source.deallocate(block, layout) };
    }

    /// Whether there is memory for a block now: by taking it and giving it back, untouched.
    ///
    /// # Errors
    /// As [`try_obtain`](Self::try_obtain).
    #[cfg(all(feature = "alloc", target_pointer_width = "64"))]
    pub(crate) fn probe(&self, layout: Layout) -> Result<(), AllocError> {
        let block = self.obtain(layout)?;
        // SAFETY: `obtain` took it for this layout just now, and nobody knows it.
        unsafe { self.give_back(block, layout) };
        Ok(())
    }
}
