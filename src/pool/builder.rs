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

/// Runs of a pool unless set. Runs grow with what their class has, so this
/// serves some fifteen classes of a hundred thousand arrays each.
const RUNS_MAX: usize = 512;

/// A pool that a [`PoolBuilder`] can make: [`RawPool`] or
/// [`ArrayPool`](crate::ArrayPool).
pub trait BuildPool<'m>: Sized + sealed::Sealed {
    /// The pool's strategy.
    type Strategy: ReleaseStrategy;
    /// The pool's class table.
    type Classes: ClassTable;

    #[doc(hidden)]
    fn from_raw_pool(raw: RawPool<'m, Self::Strategy, Self::Classes>) -> Self;
}

impl<'m, S: ReleaseStrategy, C: ClassTable> BuildPool<'m> for RawPool<'m, S, C> {
    type Strategy = S;
    type Classes = C;

    fn from_raw_pool(raw: Self) -> Self {
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
    pub(super) runs_max: usize,
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
            runs_max: RUNS_MAX,
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
    /// The most runs that the pool can have, 512 if not set. Only `Metadata`
    /// has such a limit: it reserves 24 bytes for each when the pool is made.
    pub fn max_runs(mut self, runs: usize) -> Self {
        self.settings.runs_max = runs;
        self
    }

    /// The most free arrays that a class keeps, any number if not set. What
    /// exceeds it is left to the arena and counted. Every call then takes the
    /// path of the diagnostics, which costs some nanoseconds.
    pub fn max_free(mut self, arrays: u32) -> Self {
        self.settings.free_max = arrays;
        self
    }

    /// A function to call when a handle is dropped and its array's bookkeeping
    /// turns out to be overwritten: there is nobody to return the error to.
    pub fn on_corruption(mut self, hook: fn(&ReleaseError)) -> Self {
        self.settings.hook = Some(hook);
        self
    }

    /// The pool's diagnostics, instead of those that a build has by default: see
    /// [`Checks`]. What the environment variable `ARRAYPOOL_CHECK` says is added.
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
    #[cfg(any(feature = "diagnostics", arraypool_asan))]
    pub fn on_report(mut self, hook: fn(&Report)) -> Self {
        self.settings.report = Some(hook);
        self
    }

    /// The class lengths, for a pool of [`RuntimeClasses`]: 1 to 64 ascending
    /// numbers between 1 and 2^30. The default is that of [`DefaultClasses`].
    pub fn classes<'d, 'm>(self, lengths: &'d [u32]) -> PoolBuilder<'d, P>
    where
        P: BuildPool<'m, Classes = RuntimeClasses>,
        'c: 'd,
    {
        PoolBuilder { settings: Settings { lengths, ..self.settings }, pool: PhantomData }
    }

    /// A pool with an arena of its own, on the heap.
    ///
    /// # Panics
    /// If there is no memory for the books, or run-time classes are invalid.
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
    /// # Errors
    /// [`AllocError::OutOfMemory`] or [`AllocError::InvalidClasses`].
    #[cfg(feature = "alloc")]
    pub fn try_build(self) -> Result<P, AllocError>
    where
        P: BuildPool<'static>,
    {
        self.try_build_owning(Arena::new())
    }

    /// A pool that owns the given arena.
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`], [`AllocError::OverBudget`] or
    /// [`AllocError::InvalidClasses`].
    pub fn try_build_owning<'m>(self, arena: Arena<'m>) -> Result<P, AllocError>
    where
        P: BuildPool<'m>,
    {
        self.finish(Backing::Owned(arena))
    }

    /// A pool in somebody else's arena, from which it never gives memory back.
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
        RawPool::open(&self.settings, arena).map(P::from_raw_pool)
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

    impl<S: super::ReleaseStrategy, C: super::ClassTable> Sealed for super::RawPool<'_, S, C> {}
}
