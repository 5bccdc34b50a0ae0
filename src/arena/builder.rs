//! How an arena is set up: chunk sizes, source, budget.

#![forbid(unsafe_code)]

use core::fmt;

use super::bump::{self, ALIGN};
use super::source::Source;
use super::{Arena, ArenaEvent, Budget, ChunkSource, Hook, fill};

/// The first chunk's capacity unless set: a page.
const INITIAL: usize = 4 * 1024;
/// Where doubling stops unless set.
const MAXIMUM: usize = 64 * 1024;
/// The smallest capacity that can be set.
const LEAST: usize = 64;
/// The largest: a quarter of the address space, so that sums cannot overflow.
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
#[must_use = "a builder does nothing until `build`"]
pub struct ArenaBuilder<'m> {
    pub(super) initial: usize,
    /// The largest capacity, if it was set.
    pub(super) maximum: Option<usize>,
    pub(super) source: Source<'m>,
    pub(super) budget: Option<&'m Budget>,
    pub(super) fills: bool,
    pub(super) hook: Option<Hook>,
}

impl<'m> ArenaBuilder<'m> {
    #[cfg(feature = "alloc")]
    pub(crate) fn new() -> Self {
        Self::of(Source::Heap)
    }

    pub(crate) fn in_buffer() -> Self {
        Self::of(Source::Buffer)
    }

    pub(super) fn of(source: Source<'m>) -> Self {
        Self {
            initial: INITIAL,
            maximum: None,
            source,
            budget: None,
            fills: fill::BY_DEFAULT,
            hook: None,
        }
    }

    /// Settings for an arena whose chunks come from `source`. Needs no heap.
    ///
    /// ```
    /// use arraypool::{ArenaBuilder, FailingSource};
    ///
    /// let source = FailingSource::fail_above(1 << 20);
    /// let arena = ArenaBuilder::with_source(&source).build();
    /// assert!(arena.try_alloc_zeroed(2 << 20).is_err());
    /// ```
    pub fn with_source(source: &'m (dyn ChunkSource + Sync)) -> Self {
        Self::of(Source::Custom(source))
    }

    /// The capacity of the first chunk, in bytes; at least 64, 4096 if not set.
    ///
    /// ```
    /// let arena = arraypool::Arena::builder().initial_chunk(1000).build();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.allocated_bytes(), 1008);      // rounded up to 16
    /// ```
    pub fn initial_chunk(mut self, bytes: usize) -> Self {
        self.initial = bump::round_up(bytes.clamp(LEAST, MOST));
        self
    }

    /// The capacity at which doubling stops, in bytes; at least 64. A larger initial
    /// chunk is cut to it. If not set, it is 65,536, or the initial chunk's capacity
    /// if that is larger.
    ///
    /// ```
    /// let arena = arraypool::Arena::builder().initial_chunk(1024).max_chunk(1024).build();
    /// for _ in 0..4 {
    ///     arena.alloc([0_u8; 1000]);
    /// }
    /// assert_eq!(arena.allocated_bytes(), 4 * 1024);
    /// ```
    pub fn max_chunk(mut self, bytes: usize) -> Self {
        self.maximum = Some(bump::round_up(bytes.clamp(LEAST, MOST)));
        self
    }

    /// Whether memory is filled with a pattern: 0xCD when it is handed out, and 0xDD
    /// when it is forgotten or given back, so that the use of either shows. By default
    /// it is in debug builds, except under Miri, whose own check this would hide.
    ///
    /// It costs the writing; every allocation then takes the cold path.
    ///
    /// ```
    /// let arena = arraypool::Arena::builder().debug_fill(true).build();
    /// let place = arena.alloc_layout(core::alloc::Layout::new::<[u8; 16]>());
    /// // SAFETY: the memory is the caller's, and was filled.
    /// assert_eq!(unsafe { place.read() }, 0xCD);
    /// ```
    pub fn debug_fill(mut self, fills: bool) -> Self {
        self.fills = fills;
        self
    }

    /// A function to call when the arena grows, is reset, or refuses a request, and
    /// when its growth brings the budget above its soft limit. Its data is what it
    /// captures. It costs nothing until it is called, and nothing when it is not set.
    ///
    /// The arena is in order when the hook is called. If the hook panics, the bytes that
    /// the request was given stay unused until the next reset; a chunk that was taken
    /// for the request stays with the arena, charged like any other. The arrays of a
    /// JSON text that was being read stay live until their pool is dropped; copies, patches
    /// and seeds give theirs back.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use arraypool::{Arena, ArenaEvent};
    ///
    /// static GROWN: AtomicUsize = AtomicUsize::new(0);
    ///
    /// let arena = Arena::builder()
    ///     .hook(&|event| {
    ///         if let ArenaEvent::Grown { capacity, .. } = event {
    ///             GROWN.fetch_add(*capacity, Ordering::Relaxed);
    ///         }
    ///     })
    ///     .build();
    /// arena.alloc([0_u8; 5000]);
    /// assert_eq!(GROWN.load(Ordering::Relaxed), 5008);
    /// ```
    pub fn hook(mut self, hook: &'static (dyn Fn(&ArenaEvent) + Sync)) -> Self {
        self.hook = Some(hook);
        self
    }

    /// The limit that every chunk is charged to.
    ///
    /// ```
    /// use arraypool::{Arena, Budget};
    ///
    /// let budget = Budget::new(10_000);
    /// let arena = Arena::builder().budget(&budget).build();
    /// assert!(arena.try_alloc_zeroed(10_000).is_err());       // a chunk has a header
    /// ```
    pub fn budget<'b>(self, budget: &'b Budget) -> ArenaBuilder<'b>
    where
        'm: 'b,
    {
        ArenaBuilder { budget: Some(budget), ..self }
    }

    /// Where chunks come from, instead of the heap.
    ///
    /// ```
    /// use arraypool::{Arena, FailingSource};
    ///
    /// let source = FailingSource::fail_at(1);
    /// let arena = Arena::builder().source(&source).build();
    /// assert!(arena.try_alloc(7).is_err() && arena.try_alloc(7).is_ok());
    /// ```
    pub fn source<'b>(self, source: &'b (dyn ChunkSource + Sync)) -> ArenaBuilder<'b>
    where
        'm: 'b,
    {
        ArenaBuilder { source: Source::Custom(source), ..self }
    }

    /// The arena. It takes its first chunk with the first allocation. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::builder().build();
    /// assert_eq!(*arena.alloc(7), 7);
    /// ```
    #[must_use]
    pub fn build(self) -> Arena<'m> {
        Arena::from_parts(&self)
    }

    /// The capacities of the first chunk and of the largest: only a maximum that was
    /// set cuts the first.
    pub(super) fn capacities(&self) -> (usize, usize) {
        let maximum = self.maximum.unwrap_or(MAXIMUM.max(self.initial));
        (self.initial.min(maximum), maximum)
    }
}

impl fmt::Debug for ArenaBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaBuilder")
            .field("initial", &self.initial)
            .field("maximum", &self.maximum)
            .field("source", &self.source)
            .field("budget", &self.budget)
            .field("fills", &self.fills)
            .field("hook", &self.hook.is_some())
            .finish()
    }
}
