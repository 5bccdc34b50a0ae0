//! How a pool is set up: limits, hook, classes, and where its arena is.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;

use super::class::{ClassTable, DefaultClasses, RuntimeClasses};
use super::diagnostics::{Checks, Report};
use super::raw::{Backing, RawPool};
use super::release::ReleaseStrategy;
use crate::arena::Arena;
use crate::error::{AllocError, OrPanic, ReleaseError};

/// A pool that a [`PoolBuilder`] can make: [`RawPool`] or
/// [`ArrayPool`](crate::ArrayPool).
///
/// ```
/// use arraypool::{Arena, ArrayPool, BuildPool, PoolBuilder};
///
/// fn small<'m, P: BuildPool<'m>>(builder: PoolBuilder<'static, P>, arena: &'m Arena<'m>) -> P {
///     builder.max_runs(16).build_in(arena)
/// }
///
/// let arena = Arena::new();
/// let pool = small(ArrayPool::<u8>::builder(), &arena);
/// assert_eq!(pool.allocate(3).len(), 3);
/// ```
pub trait BuildPool<'m>: Sized + sealed::Sealed {
    /// The pool's strategy.
    ///
    /// ```
    /// use arraypool::{ArrayPool, BuildPool, ReleaseStrategy, Tagged};
    ///
    /// fn name<'m, P: BuildPool<'m>>(_: &P) -> &'static str {
    ///     P::Strategy::NAME
    /// }
    ///
    /// assert_eq!(name(&ArrayPool::<u8, Tagged>::new()), "tagged");
    /// ```
    type Strategy: ReleaseStrategy;
    /// The pool's class table.
    ///
    /// ```
    /// use arraypool::{ArrayPool, BuildPool, ClassTable};
    ///
    /// fn longest_of_table<'m, P: BuildPool<'m>>(_: &P) -> Option<&'static u32> {
    ///     P::Classes::LENGTHS.last()
    /// }
    ///
    /// assert_eq!(longest_of_table(&ArrayPool::<u8>::new()), Some(&256));
    /// ```
    type Classes: ClassTable;

    /// The pool around a raw one, whose units are as the builder of this type says.
    #[doc(hidden)]
    fn built(raw: RawPool<'m, Self::Strategy, Self::Classes>, by: sealed::Builder) -> Self;
}

impl<'m, S: ReleaseStrategy, C: ClassTable> BuildPool<'m> for RawPool<'m, S, C> {
    type Strategy = S;
    type Classes = C;

    fn built(raw: Self, _: sealed::Builder) -> Self {
        raw
    }
}

/// Settings of a pool, from [`ArrayPool::builder`](crate::ArrayPool::builder) or
/// [`RawPool::builder`].
///
/// ```
/// use arraypool::{Arena, ArrayPool};
///
/// let mut memory = [const { core::mem::MaybeUninit::uninit() }; 32 * 1024];
/// let arena = Arena::from_buffer(&mut memory);
/// let pool = ArrayPool::<u32>::builder().max_runs(16).build_in(&arena);
/// pool.reserve(16, 100);
/// pool.freeze();
/// assert!(pool.try_allocate(12).is_ok());
/// assert!(pool.try_allocate(200).is_err());
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct PoolBuilder<'c, P> {
    settings: Settings<'c>,
    pool: PhantomData<fn() -> P>,
}

/// What a pool is made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'c> {
    pub(super) unit: Layout,
    /// `None`: as many as the strategy can have.
    pub(super) runs_max: Option<usize>,
    pub(super) free_max: u32,
    pub(super) hook: Option<fn(&ReleaseError)>,
    /// `None`: those of the build.
    pub(super) checks: Option<Checks>,
    pub(super) report: Option<fn(&Report)>,
    /// Whether there may be no diagnostics: threads take arrays past the pool.
    pub(super) unwatched: bool,
    pub(super) lengths: &'c [u32],
}

impl<P> PoolBuilder<'static, P> {
    pub(super) fn new(unit: Layout) -> Self {
        let settings = Settings {
            unit,
            runs_max: None,
            free_max: u32::MAX,
            hook: None,
            checks: None,
            report: None,
            unwatched: false,
            lengths: DefaultClasses::LENGTHS,
        };
        Self { settings, pool: PhantomData }
    }
}

impl<'c, P> PoolBuilder<'c, P> {
    /// The most runs (blocks cut into slots) that the pool can have. Only `Metadata` has
    /// such a limit. By default it is any number, but 512 where the arena lies in a buffer:
    /// there it reserves 16 bytes for each when the pool is made (8 where words have 32 bits).
    ///
    /// ```
    /// use arraypool::{AllocError, ArrayPool, Metadata};
    ///
    /// let pool = ArrayPool::<u8, Metadata>::builder().max_runs(1).build();
    /// let _small = pool.allocate(10);
    /// assert_eq!(pool.try_allocate(100).err().map(|error| error.to_string()).as_deref(),
    ///     Some("the pool was made for 1 run and has used it up"));
    /// ```
    pub fn max_runs(mut self, runs: usize) -> Self {
        self.settings.runs_max = Some(runs);
        self
    }

    /// The most free arrays that a class keeps; any number if not set. What
    /// exceeds it is left to the arena and counted. With this set, every call takes
    /// the same path as with diagnostics, which costs some nanoseconds.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Tagged};
    ///
    /// let pool = ArrayPool::<u8, Tagged>::builder().max_free(1).build();
    /// let (first, second) = (pool.allocate(3), pool.allocate(3));
    /// drop((first, second));
    /// assert_eq!((pool.stats().free, pool.stats().left), (1, 1));
    /// ```
    pub fn max_free(mut self, arrays: u32) -> Self {
        self.settings.free_max = arrays;
        self
    }

    /// A function to call when a handle is dropped and its array's bookkeeping
    /// turns out to be overwritten: there is nobody to return the error to.
    ///
    /// ```
    /// use arraypool::ArrayPool;
    ///
    /// let pool = ArrayPool::<u8>::builder().on_corruption(|error| eprintln!("{error}")).build();
    /// drop(pool.allocate(3));                             // nothing is wrong: nothing is told
    /// ```
    pub fn on_corruption(mut self, hook: fn(&ReleaseError)) -> Self {
        self.settings.hook = Some(hook);
        self
    }

    /// The pool's diagnostics, instead of those that a build has by default: see
    /// [`Checks`]. What the environment variable `ARRAYPOOL_CHECK` says is added.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::none().poison()).build();
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    #[cfg(any(feature = "diagnostics", arraypool_asan))]
    pub fn checks(mut self, checks: Checks) -> Self {
        self.settings.checks = Some(checks);
        self
    }

    /// No diagnostics, whatever the build and the environment say.
    #[cfg(feature = "shared")]
    pub(crate) fn unwatched(mut self) -> Self {
        self.settings.unwatched = true;
        self
    }

    /// A function that is told what the diagnostics find. It may not use the pool.
    ///
    /// Without one, reports go to the standard error, where there is one, and only
    /// if somebody asked for diagnostics: a pool that has just those that a debug
    /// build has by default says nothing.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder()
    ///     .checks(Checks::none().leaks())
    ///     .on_report(|report| eprintln!("{report}"))
    ///     .build();
    /// drop(pool.allocate(3));                             // no leak: nothing is told
    /// ```
    #[cfg(any(feature = "diagnostics", arraypool_asan))]
    pub fn on_report(mut self, hook: fn(&Report)) -> Self {
        self.settings.report = Some(hook);
        self
    }

    /// The class lengths, for a pool of [`RuntimeClasses`]: 1 to 64 ascending
    /// numbers between 1 and 2^30. The default is that of [`DefaultClasses`].
    ///
    /// ```
    /// use arraypool::{ArrayPool, RuntimeClasses, Tagged};
    ///
    /// let pool = ArrayPool::<u8, Tagged, RuntimeClasses>::builder().classes(&[4, 40]).build();
    /// assert_eq!(pool.allocate(5).capacity(), 40);
    /// ```
    pub fn classes<'d, 'm>(self, lengths: &'d [u32]) -> PoolBuilder<'d, P>
    where
        P: BuildPool<'m, Classes = RuntimeClasses>,
        'c: 'd,
    {
        PoolBuilder { settings: Settings { lengths, ..self.settings }, pool: PhantomData }
    }

    /// A pool with an arena of its own, on the heap.
    ///
    /// ```
    /// use arraypool::ArrayPool;
    ///
    /// let pool = ArrayPool::<u8>::builder().build();
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    ///
    /// # Panics
    /// If there is no memory for the bookkeeping, or run-time classes are invalid.
    #[cfg(feature = "alloc")]
    #[track_caller]
    pub fn build(self) -> P
    where
        P: BuildPool<'static>,
    {
        self.try_build().or_panic()
    }

    /// The twin of [`build`](Self::build) that returns an error.
    ///
    /// ```
    /// use arraypool::{AllocError, ArrayPool, RuntimeClasses, Tagged};
    ///
    /// let builder = ArrayPool::<u8, Tagged, RuntimeClasses>::builder().classes(&[40, 4]);
    /// assert!(matches!(builder.try_build(), Err(AllocError::InvalidClasses)));
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`]; [`AllocError::InvalidClasses`]; or
    /// [`AllocError::TooLarge`] if no address space holds an array of the table's last class.
    #[cfg(feature = "alloc")]
    pub fn try_build(self) -> Result<P, AllocError>
    where
        P: BuildPool<'static>,
    {
        self.try_build_owning(Arena::new())
    }

    /// A pool that owns the given arena.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool};
    ///
    /// let arena = Arena::builder().initial_chunk(64 * 1024).build();
    /// let pool = ArrayPool::<u8>::builder().try_build_owning(arena)?;
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`try_build`](Self::try_build); or [`AllocError::OverBudget`].
    pub fn try_build_owning<'m>(self, arena: Arena<'m>) -> Result<P, AllocError>
    where
        P: BuildPool<'m>,
    {
        self.finish(Backing::Owned(arena))
    }

    /// A pool in a borrowed arena, to which it never gives memory back.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool};
    ///
    /// let arena = Arena::new();
    /// let pool = ArrayPool::<u8>::builder().build_in(&arena);
    /// let array = pool.allocate_copy(b"there");
    /// assert!(arena.owns(array.as_ptr()));
    /// ```
    ///
    /// # Panics
    /// As [`build`](Self::build).
    #[track_caller]
    pub fn build_in<'m>(self, arena: &'m Arena<'m>) -> P
    where
        P: BuildPool<'m>,
    {
        self.try_build_in(arena).or_panic()
    }

    /// The twin of [`build_in`](Self::build_in) that returns an error.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool};
    ///
    /// let arena = Arena::new();
    /// let pool = ArrayPool::<u8>::builder().try_build_in(&arena)?;
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_build_owning`](Self::try_build_owning).
    pub fn try_build_in<'m>(self, arena: &'m Arena<'m>) -> Result<P, AllocError>
    where
        P: BuildPool<'m>,
    {
        self.finish(Backing::Borrowed(arena))
    }

    fn finish<'m>(self, arena: Backing<'m>) -> Result<P, AllocError>
    where
        P: BuildPool<'m>,
    {
        RawPool::open(&self.settings, arena).map(|raw| P::built(raw, sealed::Builder(())))
    }
}

impl<P> fmt::Debug for PoolBuilder<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PoolBuilder").field(&self.settings).finish()
    }
}

pub(super) mod sealed {
    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed {}

    /// A builder has seen to the units: only this file can make one.
    #[allow(unreachable_pub, reason = "as above")]
    #[derive(Debug)]
    pub struct Builder(pub(in crate::pool::builder) ());

    impl<S: super::ReleaseStrategy, C: super::ClassTable> Sealed for super::RawPool<'_, S, C> {}
}
