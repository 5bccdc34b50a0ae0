//! Growing, shrinking and giving back what was allocated.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::bump::{self, ALIGN};
use super::chunk::Chunk;
use super::{Arena, fill};
use crate::error::AllocError;

impl Arena<'_> {
    /// Makes a block larger: in place, if its size rounded up to 16 will do, or if
    /// it is the last allocation and its chunk has room; otherwise its bytes are copied
    /// to a new block, and the old one is given back as by
    /// [`release_bytes`](Self::release_bytes).
    ///
    /// Returns where the block is now; the bytes behind the old size are
    /// uninitialised.
    ///
    /// Complexity: constant in place, otherwise that of the copy.
    ///
    /// ```
    /// use core::alloc::Layout;
    ///
    /// let arena = arraypool::Arena::new();
    /// let (small, large) = (Layout::new::<[u64; 2]>(), Layout::new::<[u64; 20]>());
    /// let block = arena.alloc_layout(small);
    /// // SAFETY: this arena gave it with that layout, and nobody else uses it.
    /// let grown = unsafe { arena.try_grow(block, small, large)? };
    /// assert_eq!(grown, block);                       // it was the last one
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc); the block is then as it was.
    ///
    /// # Safety
    /// This arena, not one of its scopes and no other arena, handed `block` out
    /// with the layout `old`, and has not been reset or rewound below it since.
    /// `new` is no smaller than `old`. Nobody uses the block through another
    /// pointer any more, unless an error is returned. `block` has the right (the provenance)
    /// to all that the arena handed out, a multiple of 16 bytes: it is a copy of that pointer,
    /// and did not become a reference or a `Box` in between, which have a right only to what
    /// they point to.
    pub unsafe fn try_grow(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        debug_assert!(new.size() >= old.size());
        if block.addr().get() % new.align() == 0 {
            // SAFETY: the caller's promise, which is the same; the new size is no smaller.
            let in_place = unsafe { self.grow_in_place(block, old.size(), new.size()) };
            if let Some(grown) = in_place {
                return Ok(grown);
            }
        }
        let larger = self.try_alloc_layout(new)?;
        // SAFETY: both blocks hold `old.size()` bytes, and the new one was handed
        // out just now, so they do not overlap.
        unsafe { larger.copy_from_nonoverlapping(block, old.size()) };
        // SAFETY: the arena handed it out with this layout, and nobody uses it any more,
        // since the caller gets another one: the caller's promise.
        unsafe { self.release_bytes(block, old) };
        Ok(larger)
    }

    /// Makes a block smaller, in place; what is left over is given back as by
    /// [`release_bytes`](Self::release_bytes).
    ///
    /// Complexity: constant, and, where memory is
    /// [filled](crate::ArenaBuilder::debug_fill) with a pattern, one step per byte that
    /// is given back. Never panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    ///
    /// let arena = arraypool::Arena::new();
    /// let layout = Layout::new::<[u64; 20]>();
    /// let block = arena.alloc_layout(layout);
    /// // SAFETY: this arena gave it with that layout, and nobody uses its end.
    /// unsafe { arena.shrink(block, layout, 16) };
    /// assert_eq!(arena.used_bytes(), 16);
    /// ```
    ///
    /// # Safety
    /// This arena, not one of its scopes and no other arena, handed `block` out
    /// with the layout `old`, and has not been reset or rewound below it since.
    /// `new_size` is no larger than the old. Nobody uses the bytes behind it any
    /// more. `block` has the right that [`try_grow`](Self::try_grow) asks for.
    pub unsafe fn shrink(&self, block: NonNull<u8>, old: Layout, new_size: usize) {
        debug_assert!(new_size <= old.size());
        let (had, keeps) = (bump::round_up(old.size()), bump::round_up(new_size));
        if had == keeps {
            return;
        }
        // SAFETY: the block is `had` bytes long: sizes are rounded up to `ALIGN`.
        let rest = unsafe { block.add(keeps) };
        // SAFETY: the rest lies at the end of a block of this arena, is aligned as
        // the block is, and nobody uses it: the caller's promise.
        unsafe { self.release_rounded(rest, had - keeps) };
    }

    /// Gives a block back. If it was the last allocation, the next one lies
    /// there; otherwise it is kept on a list by its size, and used again when the
    /// current chunk is full, before a new one is taken. What is released in a
    /// scope is used again in that scope.
    ///
    /// Complexity: constant, and, where memory is
    /// [filled](crate::ArenaBuilder::debug_fill) with a pattern, one step per byte that
    /// is given back. Never panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::Arena;
    ///
    /// let arena = Arena::builder().initial_chunk(64).max_chunk(64).build();
    /// let layout = Layout::new::<[u64; 2]>();
    /// let [first, _second, _, _] = core::array::from_fn(|_| arena.alloc_layout(layout));
    /// unsafe { arena.release_bytes(first, layout) };
    /// assert_eq!(arena.used_bytes(), 48);
    /// assert_eq!(arena.alloc_layout(layout), first);
    /// assert_eq!(arena.allocated_bytes(), 64, "no new chunk was taken");
    /// ```
    ///
    /// # Safety
    /// This arena, not one of its scopes and no other arena, handed `block` out
    /// with this layout, and has not been reset or rewound below it since. It has
    /// not been given back, and nobody uses it any more. `block` has the right that
    /// [`try_grow`](Self::try_grow) asks for.
    pub unsafe fn release_bytes(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: a whole block of this arena, which nobody uses: the caller's promise.
            // Blocks are aligned and rounded up to `ALIGN`, and this one is not empty.
            unsafe { self.release_rounded(block, bump::round_up(layout.size())) };
        }
    }

    /// Gives back the end of a block, or all of it.
    ///
    /// # Safety
    /// As [`release_bytes`](Self::release_bytes), for `size` bytes, a positive
    /// multiple of `ALIGN`, at a multiple of `ALIGN`.
    unsafe fn release_rounded(&self, block: NonNull<u8>, size: usize) {
        debug_assert!(size > 0 && size % ALIGN == 0);
        if self.fills() {
            // SAFETY: the block is `size` bytes long, and nobody uses it: the
            // caller's promise.
            unsafe { fill::fill(block, size, fill::FORGOTTEN) };
        }
        let last = block.addr().get() + size == self.cursor.get().addr().get();
        if last && !self.limit.get().is_claimed() {
            self.move_cursor(block.addr());
        } else {
            // SAFETY: the memory is aligned, so large, and valid until the arena forgets
            // it and the lists with it; nobody uses it: the caller's promise.
            unsafe { self.state().free.put(block, size) };
        }
    }

    /// Takes back what a half-done step has allocated. If nothing was allocated since and
    /// no checkpoint was made, it is as if the block had never been (but for an empty
    /// chunk); otherwise as after [`release_bytes`](Self::release_bytes).
    ///
    /// # Safety
    /// `start` is a block of this arena, of `size` bytes, not 0, and nobody uses it.
    pub(crate) unsafe fn take_back(&self, start: NonNull<u8>, size: usize) {
        let end = start.addr().get() + bump::round_up(size);
        let is_current = |last| Some(last) == self.current.get();
        // A checkpoint may remember the chunk as the last one in use.
        let is_marked = self.state().marks.get().is_some();
        let behind = self.state().last.get().filter(|last| !is_marked && !is_current(*last));
        // SAFETY: it is in the list: the invariant *chunks*.
        let behind = behind.map(|last| (last, unsafe { last.as_ref() }));
        match behind {
            Some((last, header))
                if header.start() == start && header.cursor.get().addr().get() == end =>
            {
                // The allocation has a chunk to itself, behind the current one: it
                // was taken into use for this and becomes an empty, kept one again.
                self.forget(header, start);
                let leads_here = |chunk: &NonNull<Chunk>| {
                    // SAFETY: as above.
                    unsafe { chunk.as_ref() }.next.get() == Some(last)
                };
                self.state().last.set(self.links().find(leads_here));
            }
            // SAFETY: a whole block of this arena, of that size rounded up, which is not 0;
            // nobody uses it: the caller's promise.
            _ => unsafe { self.release_rounded(start, bump::round_up(size)) },
        }
    }

    /// Makes a block larger where it lies, if what it was rounded up to will do, or if
    /// it was the last allocation of the current chunk, which has room for it. Returns it
    /// with the right to all that it has now.
    ///
    /// # Safety
    /// As [`try_grow`](Self::try_grow).
    unsafe fn grow_in_place(
        &self,
        mut block: NonNull<u8>,
        old: usize,
        new: usize,
    ) -> Option<NonNull<u8>> {
        let (had, wants) = (bump::round_up(old), bump::round_up(new));
        if old == 0 {
            return None;
        }
        let fills = self.fills();
        if had != wants {
            let start = block.addr().get();
            let is_last = start + had == self.cursor.get().addr().get();
            if !is_last || self.limit.get().is_claimed() || wants > self.end() - start {
                return None;
            }
            // The block lies in the current chunk, since it ends at its cursor, and the
            // chunk has `wants` bytes from its start on.
            block = self.cursor.get().with_addr(block.addr());
            self.cursor.set(block.with_addr(block.addr().saturating_add(wants)));
            if fills {
                self.close();
            }
        }
        if fills {
            // SAFETY: the block is `wants` bytes long now, no fewer than the old size.
            let gained = unsafe { block.add(old) };
            // SAFETY: they end at the new size, within the block, and nobody has used what
            // lies behind the old one.
            unsafe { fill::fill(gained, new - old, fill::ISSUED) };
        }
        Some(block)
    }

    /// A block with the right to all that it was rounded up to, from a pointer that may
    /// have been a `Box`'s, and so have the right to its size alone.
    ///
    /// Complexity: constant for a size that is a multiple of `ALIGN`, and in the current
    /// chunk; otherwise one step per chunk.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn whole(&self, block: NonNull<u8>, size: usize) -> NonNull<u8> {
        if size % ALIGN == 0 {
            return block;
        }
        self.chunk_of(block.addr()).map_or(block, |chunk| chunk.with_addr(block.addr()))
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use core::alloc::Layout;

    use super::Arena;

    #[test]
    fn a_chunk_that_a_checkpoint_knows_is_not_taken_back() {
        for is_marked in [false, true] {
            let mut arena = Arena::builder().initial_chunk(128).max_chunk(128).build();
            let first = Layout::new::<[u8; 64]>();
            let second = Layout::new::<[u8; 128]>();
            arena.alloc_layout(first);
            let block = arena.alloc_layout(second);
            let mark = is_marked.then(|| arena.checkpoint());
            let used = arena.used_bytes();
            // SAFETY: the arena handed it out just now, and nobody uses it.
            unsafe { arena.take_back(block, second.size()) };
            assert_eq!(arena.used_bytes(), used - 128);
            assert_eq!(arena.trim(), if is_marked { 0 } else { 128 });
            if let Some(mark) = mark {
                // SAFETY: nothing was allocated since.
                assert_eq!(unsafe { arena.rewind(&mark) }, Ok(()));
                arena.alloc_layout(second);
                assert_eq!(arena.chunk_count(), 2, "the block is used again");
            }
        }
    }
}
