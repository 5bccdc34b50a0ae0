//! One pool, many threads.
//!
//! ```text
//!  thread A                 thread B                    any thread, any interrupt
//!  Lane ── shelves          Lane ── shelves
//!    ▲ │                      ▲ │                        SharedArray, dropped
//!    │ │ batches              │ │ batches                  │
//!    │ └──────► depot ◄───────│─┘   one lock               │
//!    └ returns                └ returns ◄──────────────────┘  pushed, no lock
//! ```
//! A [`Lane`] is one thread's own part of the pool. Its **shelves** hold free arrays,
//! one list per class, for its owner alone; its **returns** take arrays that come home
//! from other threads. The **depot** is the pool behind all lanes, under a lock, with
//! which the lanes exchange **batches**; what a lane brought there comes back to it first.
//!
//! An array belongs to the lane that handed it out and goes home to it, so a
//! thread that allocates and another that releases are served without the lock.
//! The release strategies are those of [`ArrayPool`](crate::ArrayPool), and so is the code: a
//! shelf is a free list, and a push onto the returns is a release onto a free list
//! whose head many threads share (docs/THREADS.md).

mod arenas;
mod array;
mod claim;
mod depot;
mod hand;
mod home;
mod lane;
mod local;
mod owner;
mod reserve;
mod returns;
mod settings;
mod stats;
mod threads;

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

pub use arenas::{ArenaGuard, ArenaPool, Exhausted, WhenExhausted};
pub use array::{Homed, IntoIter, LaneArray, SharedArray};
pub use home::{Home, LaneHome, SharedHome};
pub use lane::Lane;
pub use settings::SharedSettings;
pub use stats::{SharedClassStats, SharedStats};

use crate::error::{AllocError, OrPanic};
use crate::pool::{ClassTable, DefaultClasses, DefaultStrategy, ReleaseStrategy, allocates_filled};
use crate::sync::{OnceLock, Ordering, StaticCounter};
use depot::Depot;
use home::Berth;
use owner::Owner;

/// A pool of arrays of `T` for any number of threads. It owns its memory and can
/// be a `static`.
///
/// ```
/// use arraypool::shared::SharedPool;
///
/// static POOL: SharedPool<u32> = SharedPool::new();
///
/// let squares = POOL.allocate_with(12, |i| (i * i) as u32);
/// let thread = std::thread::spawn(move || squares.iter().sum::<u32>());  // and dropped there
/// assert_eq!(thread.join().unwrap(), 506);
/// assert_eq!(POOL.stats().live, 0);
/// ```
///
/// [`allocate`](Self::allocate) and its family use a lane that the thread gets with
/// its first call and leaves when it ends. [`lane`](Self::lane) gives an explicit one,
/// which saves the thread-local and whose arrays save more.
///
/// The strategy is [`Tagged`](crate::Tagged) or `Metadata`;
/// [`Direct`](crate::Direct), which takes nothing back, does not compile here.
/// `T` may be anything; arrays of it are `Send` if `T` is.
///
/// | | complexity |
/// |---|---|
/// | allocate, and drop on the lane's own thread | constant, no lock and no atomic read-modify-write; now and then one batch, under the lock, and, if the depot has none for this lane, a look at every lane |
/// | the same by the default lane, on a thread that uses several pools in turn | also one step per pool that it uses |
/// | drop on another thread | constant, one atomic read-modify-write, now and then two; never the lock |
/// | [`release_raw`](Self::release_raw) and whatever else begins with an address | the lock, a look-up, and a compare-and-swap |
pub struct SharedPool<T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    depot: OnceLock<Owner<Depot<S, C>>>,
    /// The depot's number, or 0 as long as it may not be there: read by a thread that
    /// has a lane of it, and knows by this number.
    number: StaticCounter,
    settings: SharedSettings,
    elements: PhantomData<fn() -> T>,
}

impl<T, S: ReleaseStrategy, C: ClassTable> SharedPool<T, S, C> {
    /// A pool that takes its first memory with the first call. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self::with_settings(SharedSettings::new())
    }

    /// A pool with settings. Never panics.
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// static POOL: SharedPool<u8> = SharedPool::with_settings(SharedSettings::new().limit(1 << 20));
    /// assert!(POOL.try_allocate(2 << 20).is_err());
    /// ```
    #[must_use]
    pub const fn with_settings(settings: SharedSettings) -> Self {
        const { assert!(S::RECLAIMS, "a shared pool needs a strategy that takes arrays back") };
        let number = StaticCounter::new(0);
        Self { depot: OnceLock::new(), number, settings, elements: PhantomData }
    }

    #[inline(always)]
    fn depot(&self) -> Result<&Owner<Depot<S, C>>, AllocError> {
        match self.depot.get() {
            Some(depot) => Ok(depot),
            None => self.open(),
        }
    }

    #[cold]
    fn open(&self) -> Result<&Owner<Depot<S, C>>, AllocError> {
        let unit = self.settings.unit.unwrap_or(Layout::new::<T>());
        let depot = Owner::try_new(Depot::open(unit, &self.settings)?)?;
        // Of several threads that come first, one has its depot kept.
        let depot = self.depot.get_or_init(|| depot);
        self.number.store(depot.id, Ordering::Relaxed);
        Ok(depot)
    }

    /// A lane for the caller alone.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let lane = pool.lane();
    /// assert_eq!(lane.allocate(3).len(), 3);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; see [`try_lane`](Self::try_lane).
    #[must_use]
    #[track_caller]
    pub fn lane(&self) -> Lane<'_, T, S, C> {
        self.try_lane().or_panic()
    }

    /// A lane for the caller alone: one that was left, with what it had brought to the depot
    /// and all that has come home to it since, or a new one.
    ///
    /// Complexity: the lock, and one step per class. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// assert_eq!(pool.try_lane()?.allocate(3).len(), 3);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OverBudget`] or [`AllocError::OutOfMemory`].
    pub fn try_lane(&self) -> Result<Lane<'_, T, S, C>, AllocError> {
        self.depot()?.claim().map(Lane::new)
    }

    /// Allocates an array of `len` elements, uninitialised.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let mut array = pool.allocate(2);
    /// array[0].write(1);
    /// array[1].write(2);
    /// // SAFETY: both elements were written.
    /// assert_eq!(unsafe { array.assume_init() }, [1, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; see [`try_allocate`](Self::try_allocate).
    #[inline(always)]
    #[track_caller]
    pub fn allocate(&self, len: usize) -> SharedArray<'_, MaybeUninit<T>, S, C> {
        self.try_allocate(len).or_panic()
    }

    /// Allocates an array of `len` elements, uninitialised, from this thread's
    /// default lane.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// assert_eq!(pool.try_allocate(3)?.len(), 3);
    /// assert!(pool.try_allocate(usize::MAX).is_err());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lane::try_allocate`].
    #[inline(always)]
    pub fn try_allocate(
        &self,
        len: usize,
    ) -> Result<SharedArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        let length = length_of(len)?;
        // SAFETY: the number is this pool's, which is borrowed.
        match unsafe { threads::last(self.number.load(Ordering::Relaxed)) } {
            // SAFETY: the pool is one of `T`.
            Some(claim) => unsafe { claim.array(length, SharedHome::new) },
            // Taken apart and put together again, as the other one is made: both would
            // go through memory otherwise.
            #[allow(clippy::needless_question_mark, reason = "a way through registers")]
            None => Ok(self.allocate_elsewhere(length)?),
        }
    }

    /// An array of a thread that used another pool last, or none.
    #[cold]
    #[inline(never)]
    fn allocate_elsewhere(
        &self,
        length: u32,
    ) -> Result<SharedArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        if size_of::<T>() == 0 || length == 0 {
            // It takes nothing, not even a lane.
            // SAFETY: elements without bytes, or none, may lie anywhere.
            return Ok(unsafe { Homed::new(Berth::none::<T>(), length, SharedHome::none()) });
        }
        threads::with_lane(self.depot()?, |claim| {
            // SAFETY: the pool is one of `T`.
            unsafe { claim.array(length, SharedHome::new) }
        })
    }

    allocates_filled!(SharedArray<'_>, "let pool = arraypool::shared::SharedPool::<u32>::new();");

    /// Brings free arrays from the lanes to the depot, where every lane finds them,
    /// until all lanes together keep at most `max_bytes`.
    ///
    /// Arrays that wait for lanes without an owner come at once, and so do those of this
    /// thread's default lane. A lane in use is asked to keep no more than an equal share,
    /// and answers when the next array is dropped onto its shelf, with its next refill, or
    /// with [`answer_trim`](Lane::answer_trim): nobody is stopped. (An array that is
    /// released by hand goes to the depot, and answers nothing.) The memory stays the
    /// pool's; [`clear`](Self::clear) gives it back.
    ///
    /// Complexity: one step per lane and class, and per array that is moved, under the
    /// lock. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// drop(pool.allocate(3));
    /// pool.trim(0);
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    pub fn trim(&self, max_bytes: usize) {
        if let Some(depot) = self.depot.get() {
            depot.trim(max_bytes);
            threads::answer(depot);
        }
    }

    /// Gives all memory back to the heap; the pool starts over. No handle and no lane can
    /// exist then; arrays held by hand are gone.
    ///
    /// Complexity: one step per block that was taken from the heap. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let mut pool = SharedPool::<u32>::new();
    /// drop(pool.allocate(3));
    /// pool.clear();
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    pub fn clear(&mut self) {
        *self.number.get_mut() = 0;
        self.depot.take();
    }
}

#[inline(always)]
fn length_of(len: usize) -> Result<u32, AllocError> {
    u32::try_from(len).map_err(|_| AllocError::TooLarge { length: len })
}

impl<T, S: ReleaseStrategy, C: ClassTable> Default for SharedPool<T, S, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> fmt::Debug for SharedPool<T, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPool")
            .field("strategy", &S::NAME)
            .field("settings", &self.settings)
            .field("stats", &self.stats())
            .finish()
    }
}
