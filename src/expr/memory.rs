//! Where an engine's phases and what it keeps have their memory.

use core::alloc::Layout;
use core::fmt;
use core::mem::MaybeUninit;

use crate::arena::Arena;
#[cfg(feature = "alloc")]
use crate::arena::Budget;
use crate::error::{AllocError, VerifyError};
use crate::pool::{
    ClassTable, DefaultStrategy, PoolArray, PoolBuilder, PoolStats, PoolVec, RawPool,
    ReleaseStrategy, views_raw_pool,
};

/// A unit of the pool: one node of a program on a 64-bit machine.
type Unit = [u64; 2];

/// The classes of an engine's pool, in units of 16 bytes.
///
/// ```
/// use arraypool::{ClassTable, expr};
///
/// assert_eq!(expr::Classes::LENGTHS[..4], [1, 2, 4, 8]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Classes;

impl ClassTable for Classes {
    const LENGTHS: &'static [u32] = &[1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
}

pub(super) type Array<'m, T, S> = PoolArray<'m, T, S, Classes>;
pub(super) type Vector<'m, T, S> = PoolVec<'m, T, S, Classes>;

/// What engines keep: programs, definitions, values. A replaced expression gives
/// its memory back to it.
///
/// It is a [`RawPool`] of units of 16 bytes, and [`as_raw`](Self::as_raw) has
/// everything that this view leaves out.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// batch.add("1 + 2")?;
/// assert!(pool.stats().live > 0);                 // its program, and its text
/// drop(batch);
/// assert_eq!(engine.eval("2 * 3")?, 6.0);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Pool<'m, S: ReleaseStrategy = DefaultStrategy> {
    raw: RawPool<'m, S, Classes>,
}

#[cfg(feature = "alloc")]
impl Pool<'static> {
    /// A pool with an arena of its own, on the heap, under the default strategy.
    /// ([`default`](Self::default) makes one of any strategy.)
    ///
    /// ```
    /// let pool = <arraypool::expr::Pool>::new();
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    ///
    /// # Panics
    /// If the heap has no room for the pool's bookkeeping.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "alloc")]
impl<S: ReleaseStrategy> Default for Pool<'static, S> {
    /// As [`Pool::new`].
    fn default() -> Self {
        Self { raw: Self::builder().build() }
    }
}

impl<'m, S: ReleaseStrategy> Pool<'m, S> {
    /// A pool that owns an arena: on the heap under a budget, or in a buffer.
    ///
    /// ```
    /// use arraypool::{Arena, Tagged, expr::Pool};
    ///
    /// let mut memory = [const { core::mem::MaybeUninit::uninit() }; 16 * 1024];
    /// let pool = Pool::<Tagged>::try_owning(Arena::from_buffer(&mut memory))?;
    /// assert_eq!(pool.stats().live, 0);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`] or [`AllocError::OverBudget`].
    pub fn try_owning(arena: Arena<'m>) -> Result<Self, AllocError> {
        Self::builder().try_build_owning(arena).map(Self::from)
    }

    /// Settings of the raw pool behind a `Pool`, which is made
    /// [from](Self::from) it.
    ///
    /// ```
    /// use arraypool::expr::Pool;
    ///
    /// let pool: Pool = Pool::from(Pool::builder().max_runs(64).build());
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    pub fn builder() -> PoolBuilder<'static, RawPool<'m, S, Classes>> {
        RawPool::builder(Layout::new::<Unit>())
    }

    /// A copy of a slice.
    pub(super) fn copy<T: Copy>(&self, source: &[T]) -> Result<Array<'_, T, S>, AllocError> {
        Ok(self.raw.try_allocate(source.len())?.write_copy(source))
    }

    /// An empty vector.
    pub(super) fn vec<T>(&self) -> Vector<'_, T, S> {
        self.raw.vec()
    }

    views_raw_pool!(Classes, "pool = <arraypool::expr::Pool>::new();");
}

/// A pool over one that was [built](Pool::builder) with settings.
///
/// # Panics
/// If its units are aligned to less than those of [`Pool::builder`].
impl<'m, S: ReleaseStrategy> From<RawPool<'m, S, Classes>> for Pool<'m, S> {
    #[track_caller]
    fn from(raw: RawPool<'m, S, Classes>) -> Self {
        assert!(
            raw.unit_align() >= align_of::<Unit>(),
            "units are aligned to less than programs need"
        );
        Self { raw }
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Pool<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.raw).finish()
    }
}

/// The arenas of the phases that end with each compilation: one for the tree of
/// the text, one for the checked form. What they lead to is in the [`Pool`].
///
/// ```
/// use arraypool::Budget;
/// use arraypool::expr::{Engine, Limits, Phases, Pool};
///
/// let budget = Budget::new(64 * 1024);
/// let pool = Pool::new();
/// let engine = <Engine>::with(&pool, Phases::under(&budget), Limits::default());
/// assert_eq!(engine.eval("1 + 2")?, 3.0);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug)]
pub struct Phases<'m> {
    pub(super) parse: Arena<'m>,
    pub(super) ir: Arena<'m>,
}

#[cfg(feature = "alloc")]
impl Phases<'static> {
    /// Arenas on the heap. Takes no memory yet.
    ///
    /// ```
    /// assert_eq!(arraypool::expr::Phases::new().used_bytes(), (0, 0));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { parse: Arena::new(), ir: Arena::new() }
    }
}

#[cfg(feature = "alloc")]
impl Default for Phases<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'m> Phases<'m> {
    /// Arenas on the heap under a budget. Takes no memory yet.
    ///
    /// ```
    /// use arraypool::{Budget, expr::Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// assert_eq!(Phases::under(&budget).used_bytes(), (0, 0));
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn under(budget: &'m Budget) -> Self {
        let arena = || Arena::builder().budget(budget).build();
        Self { parse: arena(), ir: arena() }
    }

    /// Arenas in buffers, which never grow beyond them. [`Limits::SMALL`] bounds the stack
    /// where that is small, too.
    ///
    /// [`Limits::SMALL`]: super::Limits::SMALL
    ///
    /// ```
    /// use arraypool::Buffer;
    /// use arraypool::expr::{Engine, Limits, Phases, Pool};
    ///
    /// let (mut trees, mut checked) = (Buffer::<4096>::new(), Buffer::<4096>::new());
    /// let pool = Pool::new();
    /// let phases = Phases::in_buffers(&mut trees, &mut checked);
    /// let engine = <Engine>::with(&pool, phases, Limits::SMALL);
    /// assert_eq!(engine.eval("1 + 2")?, 3.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn in_buffers(parse: &'m mut [MaybeUninit<u8>], ir: &'m mut [MaybeUninit<u8>]) -> Self {
        Self { parse: Arena::from_buffer(parse), ir: Arena::from_buffer(ir) }
    }

    /// Arenas of any kind.
    ///
    /// ```
    /// use arraypool::{Arena, expr::Phases};
    ///
    /// let phases = Phases::of(Arena::new(), Arena::with_capacity(1024));
    /// assert_eq!(phases.used_bytes(), (0, 0));
    /// ```
    #[must_use]
    pub fn of(parse: Arena<'m>, ir: Arena<'m>) -> Self {
        Self { parse, ir }
    }

    /// Bytes in use, of the tree and of the checked form: 0 between compilations.
    ///
    /// ```
    /// assert_eq!(arraypool::expr::Phases::new().used_bytes(), (0, 0));
    /// ```
    #[must_use]
    pub fn used_bytes(&self) -> (usize, usize) {
        (self.parse.used_bytes(), self.ir.used_bytes())
    }

    /// The most bytes that either has had in use.
    ///
    /// ```
    /// assert_eq!(arraypool::expr::Phases::new().peak_bytes(), (0, 0));
    /// ```
    #[must_use]
    pub fn peak_bytes(&self) -> (usize, usize) {
        (self.parse.stats().peak, self.ir.stats().peak)
    }
}
