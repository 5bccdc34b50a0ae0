//! A nested scope that rewinds.

#![forbid(unsafe_code)]

use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;

use super::chunk::Chunk;
use super::{Arena, Limit, Outer};
use crate::error::{AllocError, OrPanic};

impl<'m> Arena<'m> {
    /// Runs `work` with an arena whose memory is forgotten when `work` ends, also by
    /// a panic. Its chunks are kept, so that the next scope needs no new ones.
    ///
    /// The inner arena continues where this one is, in the same chunks and under
    /// the same budget. What was allocated before stays usable; nothing that is
    /// allocated inside can leave. Until the scope ends it has *claimed* this
    /// arena: allocating here is [`AllocError::Claimed`], so that nothing of this
    /// arena lies where the scope rewinds. Scopes nest to any depth, and a pool
    /// made in one dies with it.
    ///
    /// While a scope is open, this arena's figures leave out what the scope uses.
    ///
    /// Complexity: constant; one step per chunk of the arena, if the scope took one into use.
    ///
    /// ```
    /// use arraypool::{AllocError, Arena};
    ///
    /// let arena = Arena::new();
    /// let kept = arena.alloc_str("kept");
    /// let length = arena.scope(|inner| {
    ///     let scratch = inner.alloc_fmt(format_args!("{kept} and more"));
    ///     assert_eq!(arena.try_alloc(1), Err(AllocError::Claimed));
    ///     scratch.len()
    /// });
    /// assert_eq!((length, &*kept, arena.used_bytes()), (13, "kept", 16));
    /// ```
    ///
    /// # Panics
    /// If `work` panics, or another scope has claimed this arena.
    #[inline]
    #[track_caller]
    pub fn scope<R>(&self, work: impl for<'s> FnOnce(&'s Arena<'s>) -> R) -> R {
        self.try_scope(work).or_panic()
    }

    /// The twin of [`scope`](Self::scope) that returns an error; `work` is not
    /// called then.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let length = arena.try_scope(|inner| inner.alloc_str("gone").len())?;
    /// assert_eq!((length, arena.used_bytes()), (4, 0));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::Claimed`] if another scope has claimed this arena.
    #[inline]
    pub fn try_scope<R>(
        &self,
        work: impl for<'s> FnOnce(&'s Arena<'s>) -> R,
    ) -> Result<R, AllocError> {
        let limit = self.limit.get();
        if limit.is_claimed() {
            return Err(AllocError::Claimed);
        }
        // A panic drops it.
        let inner = self.claim(limit);
        let result = work(&inner);
        self.unclaim(&inner, limit);
        mem::forget(inner);
        Ok(result)
    }

    /// An arena that goes on where this one is; this one is closed.
    #[inline]
    fn claim(&self, limit: Limit) -> Arena<'_> {
        let cursor = self.cursor.get();
        self.limit.set(Limit::claimed(cursor.addr().get()));
        Arena {
            cursor: Cell::new(cursor),
            limit: Cell::new(limit),
            current: Cell::new(self.current.get()),
            outer: Outer::of(self),
            state: UnsafeCell::new(MaybeUninit::uninit()),
            common: MaybeUninit::uninit(),
            buffer: PhantomData,
        }
    }

    /// Takes the claim back and forgets what the scope has allocated: what lies
    /// behind this arena's own cursor, and in the chunks behind its last.
    ///
    /// `limit` was this arena's before the claim. It is not read from the scope: a
    /// value that goes through memory from one scope to the next is what the
    /// processor would wait for.
    #[inline(always)]
    fn unclaim(&self, inner: &Arena<'_>, limit: Limit) {
        // A scope that took a chunk has its state; where memory is filled with
        // patterns, so has any scope that has allocated.
        if inner.outer.is_only(self) {
            self.raise(inner.cursor.get().addr().get());
            self.limit.set(limit);
        } else {
            self.unclaim_slow(inner);
        }
    }

    /// The same for any scope: for one that has a state, and one that panics.
    #[cold]
    #[inline(never)]
    pub(super) fn unclaim_slow(&self, inner: &Arena<'_>) {
        let (cursor, last) = (self.cursor.get(), self.state().last.get());
        self.close();
        if !self.fills() && inner.state().last.get() == last {
            // What the scope skipped was not in use.
            let skipped = inner.state().padding.get().saturating_sub(self.state().padding.get());
            self.raise(inner.cursor.get().addr().get() - skipped);
            self.open(self.chunk_end());
        } else {
            inner.note_peak();
            inner.settle();
            self.note_high();
            self.rewind_to(cursor, last);
        }
    }

    /// Forgets everything behind `cursor`, a place in the current chunk, and in the
    /// chunks behind `last`, one of the list; nobody uses any of it. The headers of all
    /// chunks are up to date.
    pub(super) fn rewind_to(&self, cursor: NonNull<u8>, last: Option<NonNull<Chunk>>) {
        let mut behind = last.is_none();
        for (link, chunk) in self.links().zip(self.list()) {
            if behind {
                self.forget(chunk, chunk.start());
            } else if Some(link) == self.current.get() {
                // A release since may have brought the chunk's own below.
                self.forget(chunk, cursor.min(chunk.cursor.get()));
            }
            behind |= Some(link) == last;
        }
        match self.current.get() {
            Some(chunk) => {
                self.state().last.set(last);
                self.enter(chunk);
            }
            // The scope took the first chunk of all.
            None => {
                self.forget_all();
            }
        }
    }
}
