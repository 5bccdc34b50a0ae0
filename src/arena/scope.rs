//! A nested scope that rewinds.

#![forbid(unsafe_code)]

use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::NonNull;

use super::chunk::Chunk;
use super::{Arena, Owner};
use crate::error::{AllocError, OrPanic};

impl<'m> Arena<'m> {
    /// Runs `work` with an arena whose memory is forgotten when it ends, also by
    /// a panic. Its chunks are kept, so that the next scope needs no new ones.
    ///
    /// The inner arena goes on where this one is, in the same chunks and under
    /// the same budget. What was allocated before stays usable; nothing that is
    /// allocated inside can leave. Until the scope ends it has *claimed* this
    /// arena: allocating here is [`AllocError::Claimed`], so that nothing of this
    /// arena lies where the scope rewinds. Scopes nest to any depth, and a pool
    /// made in one dies with it.
    ///
    /// While a scope is open, this arena's figures leave out what the scope uses.
    ///
    /// Complexity: constant, and one step for each chunk that the scope took into
    /// use.
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
    /// # Errors
    /// [`AllocError::Claimed`] if another scope has claimed this arena.
    #[inline]
    pub fn try_scope<R>(
        &self,
        work: impl for<'s> FnOnce(&'s Arena<'s>) -> R,
    ) -> Result<R, AllocError> {
        if self.claimed.get() {
            return Err(AllocError::Claimed);
        }
        let end = self.end.get();
        // A scope has nothing to drop.
        let inner = ManuallyDrop::new(self.claim(end));
        let claim = Claim { outer: self, inner: &inner, end };
        let result = work(claim.inner);
        drop(claim);
        Ok(result)
    }

    /// An arena that goes on where this one is; this one is closed.
    #[inline]
    fn claim(&self, end: usize) -> Arena<'_> {
        let cursor = self.cursor.get();
        self.end.set(cursor.addr().get());
        self.claimed.set(true);
        Arena {
            cursor: Cell::new(cursor),
            end: Cell::new(end),
            high: Cell::new(0),
            claimed: Cell::new(false),
            has_state: Cell::new(false),
            fills: self.fills,
            owner: Owner::Scope(self),
            state: UnsafeCell::new(MaybeUninit::uninit()),
            buffer: PhantomData,
        }
    }

    /// Takes the claim back and forgets what the scope has allocated: what lies
    /// behind this arena's own cursor, and in the chunks behind its last.
    ///
    /// `end` was this arena's before the claim. It is not read from the scope, nor is
    /// anything stored that need not be: a value that goes through memory from one
    /// scope to the next is what the processor would wait for.
    #[inline(always)]
    fn unclaim(&self, inner: &Arena<'_>, end: usize) {
        self.claimed.set(false);
        // A scope that took the cold path has its state: where memory is filled with
        // patterns, that is any scope that has allocated.
        if inner.has_state.get() {
            self.unclaim_slow(inner, end);
        } else {
            self.raise(inner.reached());
            self.end.set(end);
        }
    }

    /// Remembers that the current chunk was in use up to `reached`.
    #[inline]
    fn raise(&self, reached: usize) {
        if reached > self.high.get() {
            self.high.set(reached);
        }
    }

    /// The highest address of the current chunk that was in use.
    #[inline]
    fn reached(&self) -> usize {
        self.cursor.get().addr().get().max(self.high.get())
    }

    #[cold]
    #[inline(never)]
    fn unclaim_slow(&self, inner: &Arena<'_>, end: usize) {
        if !self.fills && inner.state().last == self.state().last {
            self.raise(inner.reached());
            return self.end.set(end);
        }
        inner.note_peak();
        inner.settle();
        self.note_high();
        self.rewind_to(self.cursor.get(), self.state().last.get());
    }

    /// Forgets everything behind `cursor`, a place in the current chunk, and in
    /// the chunks behind `last`. The headers of all chunks are up to date.
    pub(super) fn rewind_to(&self, cursor: NonNull<u8>, last: Option<NonNull<Chunk>>) {
        let mut behind = last.is_none();
        for (link, chunk) in self.links().zip(self.list()) {
            if behind {
                self.forget(chunk, chunk.start());
            } else if Some(link) == self.state().current.get() {
                self.forget(chunk, cursor);
            }
            behind |= Some(link) == last;
        }
        match self.state().current.get() {
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

/// The claim of an open scope, which ends when it is dropped.
struct Claim<'a, 'm> {
    outer: &'a Arena<'m>,
    inner: &'a Arena<'a>,
    /// The outer arena's end before the claim.
    end: usize,
}

impl Drop for Claim<'_, '_> {
    // Also where a panic passes: a call there would keep the claim in memory.
    #[inline(always)]
    fn drop(&mut self) {
        self.outer.unclaim(self.inner, self.end);
    }
}
