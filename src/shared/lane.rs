//! One thread's own part of a shared pool, and the rule for who may touch it.
//!
//! Whoever has the [`Lane`] may touch its shelves, and nobody else. A lane is not
//! `Sync`, and its arrays borrow it and are not `Send`: so they come back on the
//! thread that has it. Everything else comes home through the returns.

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::array::LaneArray;
use super::claim::Claim;
use super::home::LaneHome;
use crate::error::{AllocError, OrPanic};
use crate::pool::{ClassTable, DefaultClasses, DefaultStrategy, ReleaseStrategy, allocates_filled};

/// A part of a [`SharedPool`](super::SharedPool) that one thread, or one core, has
/// to itself.
///
/// Allocating from it and giving back a [`LaneArray`] takes no lock and no atomic
/// read-modify-write, but for one batch now and then. A lane may be dropped while
/// arrays that were made [shared](super::Homed::into_shared) live: they go home to
/// the pool, and the next lane adopts them. A thread that panics leaves its lane like
/// any other; nothing is poisoned.
///
/// ```
/// use arraypool::shared::SharedPool;
///
/// static POOL: SharedPool<u32> = SharedPool::new();
///
/// let lane = POOL.lane();
/// let squares = lane.allocate_with(12, |i| (i * i) as u32);
/// let shared = squares.into_shared();
/// drop(lane);
/// std::thread::spawn(move || assert_eq!(shared[3], 9)).join().unwrap();
/// ```
pub struct Lane<'p, T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    claim: Claim<'p, S, C>,
    elements: PhantomData<fn() -> T>,
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> Lane<'p, T, S, C> {
    /// The handle of a lane.
    pub(super) fn new(claim: Claim<'p, S, C>) -> Self {
        Self { claim, elements: PhantomData }
    }

    /// Allocates an array of `len` elements, uninitialised.
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
    /// If there is no memory; see [`try_allocate`](Self::try_allocate).
    #[inline(always)]
    #[track_caller]
    pub fn allocate(&self, len: usize) -> LaneArray<'_, 'p, MaybeUninit<T>, S, C> {
        self.try_allocate(len).or_panic()
    }

    /// Allocates an array of `len` elements, uninitialised. Constant, unless the lane has
    /// none: then it takes what has come home, a batch from the depot, what came home to
    /// lanes without an owner or was brought by others (one look into each), or a new run.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let lane = pool.lane();
    /// assert_eq!(lane.try_allocate(3)?.len(), 3);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OverBudget`], [`OutOfMemory`](AllocError::OutOfMemory),
    /// [`TooLarge`](AllocError::TooLarge), [`TooManyRuns`](AllocError::TooManyRuns),
    /// or [`Corrupted`](AllocError::Corrupted) if a free list was overwritten. The
    /// pool goes on in every case. A lane never takes what lies on the shelf of
    /// another that is in use, or has come home to it, so `OverBudget` may come while that one
    /// has free arrays.
    #[inline(always)]
    pub fn try_allocate(
        &self,
        len: usize,
    ) -> Result<LaneArray<'_, 'p, MaybeUninit<T>, S, C>, AllocError> {
        let length = super::length_of(len)?;
        // SAFETY: the arrays borrow this lane, whose claim the shelf belongs to.
        let home = |shelf, ticket| unsafe { LaneHome::new(shelf, ticket) };
        // SAFETY: the lane is one of a pool of `T`.
        unsafe { self.claim.array(length, home) }
    }

    allocates_filled!(
        LaneArray<'_, 'p>,
        "let pool = arraypool::shared::SharedPool::<u32>::new();\nlet pool = pool.lane();"
    );

    /// Does at once what [`SharedPool::trim`](super::SharedPool::trim) has asked for,
    /// if anything: for a thread that is about to be idle. Otherwise the lane does it
    /// when an array is dropped onto its shelf, or when a class is used up; a release by
    /// hand passes no lane.
    ///
    /// Complexity: one step per array that the lane has, under the lock; without a
    /// request, one look. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let lane = pool.lane();
    /// drop(lane.allocate(3));
    /// pool.trim(0);
    /// lane.answer_trim();                             // before this thread rests
    /// ```
    pub fn answer_trim(&self) {
        self.claim.answer();
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> fmt::Debug for Lane<'_, T, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("strategy", &S::NAME).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(arraypool_loom)))]
mod tests {
    use core::time::Duration;
    use std::thread;
    use std::time::Instant;

    use crate::pool::{Metadata, ReleaseStrategy, Tagged};
    use crate::shared::SharedPool;
    use crate::sync::{AtomicUsize, Ordering};

    /// Waits until it is that phase; false if it takes too long.
    fn await_phase(phase: &AtomicUsize, number: usize) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        while phase.load(Ordering::Acquire) < number && Instant::now() < end {
            thread::yield_now();
        }
        phase.load(Ordering::Acquire) >= number
    }

    /// What is done while somebody else has the lock does not need it.
    fn without_the_lock<S: ReleaseStrategy>() {
        const WARM: usize = 1;
        const LOCKED: usize = 2;
        const DONE: usize = 3;
        let (pool, phase) = (SharedPool::<u64, S>::new(), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let lane = pool.lane();
                let work = || {
                    for length in 1..=20 {
                        let (mine, shared) = (lane.allocate(length), pool.allocate(length));
                        let afar = lane.allocate(length).into_shared();
                        drop((mine, shared));
                        assert_eq!(afar.send_home(), Ok(()));
                    }
                };
                work();
                phase.store(WARM, Ordering::Release);
                assert!(await_phase(&phase, LOCKED));
                work();
                phase.store(DONE, Ordering::Release);
            });
            assert!(await_phase(&phase, WARM));
            let core = pool.depot.get().map(|depot| depot.lock());
            phase.store(LOCKED, Ordering::Release);
            let is_done = await_phase(&phase, DONE);
            drop(core);
            assert!(is_done, "somebody waits for the lock");
        });
    }

    #[test]
    fn lanes_with_arrays_need_no_lock() {
        without_the_lock::<Metadata>();
        without_the_lock::<Tagged>();
    }
}
