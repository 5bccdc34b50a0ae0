//! How an arena is set up: chunk sizes, source, budget.

#![forbid(unsafe_code)]

use super::bump::{self, ALIGN};
use super::source::Source;
use super::{Arena, Budget, ChunkSource};

/// The first chunk's capacity unless set: a page.
const INITIAL: usize = 4 * 1024;
/// Where doubling stops unless set.
const MAXIMUM: usize = 64 * 1024;
/// The smallest capacity that can be set.
const LEAST: usize = 64;
/// The largest: half the address space, so that sums cannot overflow.
const MOST: usize = isize::MAX.unsigned_abs() / 2;

const _: () = assert!(INITIAL % ALIGN == 0 && MAXIMUM % ALIGN == 0 && LEAST % ALIGN == 0);
const _: () = assert!(LEAST <= INITIAL && INITIAL <= MAXIMUM && MAXIMUM <= MOST);

/// Settings of an [`Arena`], from [`Arena::builder`].
///
/// ```
/// use arraypool::{Arena, Budget};
///
/// let budget = Budget::new(1 << 20);
/// let arena = Arena::builder().initial_chunk(1024).max_chunk(16 * 1024).budget(&budget).build();
/// arena.alloc(1_u8);
/// assert_eq!(arena.allocated_bytes(), 1024);
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ArenaBuilder<'m> {
    pub(super) initial: usize,
    pub(super) maximum: usize,
    pub(super) source: Source<'m>,
    pub(super) budget: Option<&'m Budget>,
}

impl<'m> ArenaBuilder<'m> {
    #[cfg(feature = "alloc")]
    pub(super) fn new() -> Self {
        Self { initial: INITIAL, maximum: MAXIMUM, source: Source::Heap, budget: None }
    }

    pub(super) fn in_buffer() -> Self {
        Self { initial: INITIAL, maximum: MAXIMUM, source: Source::Buffer, budget: None }
    }

    /// Settings for an arena whose chunks come from `source`. Needs no heap.
    pub fn with_source(source: &'m dyn ChunkSource) -> Self {
        Self { source: Source::Custom(source), ..Self::in_buffer() }
    }

    /// The capacity of the first chunk, in bytes; at least 64, 4096 if not set.
    pub fn initial_chunk(mut self, bytes: usize) -> Self {
        self.initial = bump::round_up(bytes.clamp(LEAST, MOST));
        self
    }

    /// The capacity at which doubling stops, in bytes; at least 64, 65,536 if
    /// not set. A larger initial chunk is cut to it.
    pub fn max_chunk(mut self, bytes: usize) -> Self {
        self.maximum = bump::round_up(bytes.clamp(LEAST, MOST));
        self
    }

    /// The limit that every chunk is charged to.
    pub fn budget<'b>(self, budget: &'b Budget) -> ArenaBuilder<'b>
    where
        'm: 'b,
    {
        ArenaBuilder { budget: Some(budget), ..self }
    }

    /// Where chunks come from, instead of the heap.
    pub fn source<'b>(self, source: &'b dyn ChunkSource) -> ArenaBuilder<'b>
    where
        'm: 'b,
    {
        ArenaBuilder { source: Source::Custom(source), ..self }
    }

    /// The arena. It takes its first chunk with the first allocation. Never panics.
    #[must_use]
    pub fn build(mut self) -> Arena<'m> {
        // `with_capacity` of more than the maximum means what it says; only an
        // explicit maximum below the default cuts.
        if self.maximum == MAXIMUM {
            self.maximum = self.maximum.max(self.initial);
        }
        self.initial = self.initial.min(self.maximum);
        Arena::from_parts(&self)
    }
}
