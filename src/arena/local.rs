//! An arena inside an arena, or in any other source that stays on its thread.

#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::Deref;

use super::source::Source;
use super::{Arena, ArenaBuilder, ChunkSource};

/// An arena whose chunks come from a source that is not `Sync`, such as another
/// arena. It works like any [`Arena`], but stays on its thread.
///
/// Its chunks go back to the source when it is cleared or dropped, in any order:
/// unlike a [scope](Arena::scope) it claims nothing, so the arena around it, and
/// other arenas in that one, can be used meanwhile.
///
/// ```
/// use arraypool::{Arena, LocalArena};
///
/// let outer = Arena::new();
/// let before = outer.alloc_str("before");
/// let mut inner = LocalArena::new_in(&outer);
/// let text = inner.alloc_str("inside").len();
/// let beside = outer.alloc_str("beside");
/// inner.reset();
/// assert_eq!((&*before, text, &*beside), ("before", 6, "beside"));
/// ```
#[derive(Debug)]
pub struct LocalArena<'m> {
    arena: Arena<'m>,
    /// The source may be used on this thread only.
    thread: PhantomData<*const ()>,
}

impl<'m> LocalArena<'m> {
    /// An arena whose chunks come from `source`. Never panics.
    ///
    /// ```
    /// use arraypool::{Arena, LocalArena};
    ///
    /// let outer = Arena::new();
    /// let inner = LocalArena::new_in(&outer);
    /// assert!(outer.owns(inner.alloc(7)));
    /// ```
    #[must_use]
    pub fn new_in(source: &'m dyn ChunkSource) -> Self {
        ArenaBuilder::of(Source::Custom(source)).build_here()
    }

    /// As [`Arena::reset`].
    ///
    /// ```
    /// let outer = arraypool::Arena::new();
    /// let mut inner = arraypool::LocalArena::new_in(&outer);
    /// inner.alloc(7);
    /// inner.reset();
    /// assert_eq!(inner.used_bytes(), 0);
    /// ```
    pub fn reset(&mut self) {
        self.arena.reset();
    }

    /// As [`Arena::clear`].
    ///
    /// ```
    /// let outer = arraypool::Arena::new();
    /// let mut inner = arraypool::LocalArena::new_in(&outer);
    /// inner.alloc(7);
    /// inner.clear();
    /// assert_eq!(inner.chunk_count(), 1);
    /// ```
    pub fn clear(&mut self) {
        self.arena.clear();
    }

    /// As [`Arena::trim`].
    ///
    /// ```
    /// let outer = arraypool::Arena::new();
    /// let mut inner = arraypool::LocalArena::new_in(&outer);
    /// inner.alloc([0_u8; 5000]);
    /// inner.reset();
    /// assert_eq!(inner.trim(), 0);                    // the first chunk stays
    /// ```
    pub fn trim(&mut self) -> usize {
        self.arena.trim()
    }
}

impl<'m> Deref for LocalArena<'m> {
    type Target = Arena<'m>;

    fn deref(&self) -> &Arena<'m> {
        &self.arena
    }
}

impl<'m> ArenaBuilder<'m> {
    /// The arena, with chunks from a source that stays on this thread. It takes
    /// its first chunk with the first allocation. Never panics.
    ///
    /// ```
    /// use arraypool::Arena;
    ///
    /// let outer = Arena::new();
    /// let inner = Arena::builder().initial_chunk(256).build_local(&outer);
    /// inner.alloc(7);
    /// assert_eq!(inner.allocated_bytes(), 256);
    /// ```
    #[must_use]
    pub fn build_local<'b>(self, source: &'b dyn ChunkSource) -> LocalArena<'b>
    where
        'm: 'b,
    {
        ArenaBuilder { source: Source::Custom(source), ..self }.build_here()
    }

    fn build_here(self) -> LocalArena<'m> {
        LocalArena { arena: self.build(), thread: PhantomData }
    }
}
