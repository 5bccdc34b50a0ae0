//! A source of chunks that fails on command, for tests: the crate's and its users'.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::source::{ChunkSource, heap};
use crate::random::{GOLDEN, scatter};
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// Which requests are refused.
#[derive(Debug, Clone, Copy)]
enum Refuses {
    /// The one of this number, counted from 1; 0: none.
    At(usize),
    /// One in so many, picked at random.
    Randomly { one_in: usize, seed: u64 },
    /// Those for more bytes.
    Above(usize),
}

/// A heap source that refuses some requests, for tests.
///
/// Run the code under test with [`fail_at(1)`](Self::fail_at), then 2, 3, ... until
/// it never reaches the request that fails: then every request has failed once.
/// [`walk`](Self::walk) does that.
///
/// ```
/// use arraypool::{AllocError, Arena, FailingSource};
///
/// let source = FailingSource::fail_at(2);
/// let arena = Arena::builder().source(&source).build();
/// assert!(arena.try_alloc_zeroed(1000).is_ok());
/// assert!(matches!(arena.try_alloc_zeroed(8000), Err(AllocError::OutOfMemory { .. })));
/// assert!(arena.try_alloc_zeroed(8000).is_ok(), "only the second request fails");
/// assert!(source.has_failed());
/// ```
#[derive(Debug)]
pub struct FailingSource {
    refuses: Refuses,
    requests: AtomicUsize,
    refusals: AtomicUsize,
    live_bytes: AtomicUsize,
}

impl FailingSource {
    const_fn! {
        /// A source whose `n`-th request fails, counted from 1. With 0, none does.
        ///
        /// ```
        /// use arraypool::{ChunkSource, FailingSource};
        ///
        /// let source = FailingSource::fail_at(1);
        /// let layout = core::alloc::Layout::new::<u64>();
        /// assert!(source.allocate(layout).is_none() && source.has_failed());
        /// ```
        #[must_use]
        pub const fn fail_at(n: usize) -> Self {
            Self::new(Refuses::At(n))
        }
    }

    const_fn! {
        /// A source that refuses one request in `one_in`, picked at random, always the
        /// same ones for the same seed. With 0, none fails; with 1, all do.
        ///
        /// ```
        /// use arraypool::{Arena, FailingSource};
        ///
        /// let source = FailingSource::fail_randomly(1, 42);       // one in one
        /// assert!(Arena::builder().source(&source).build().try_alloc(7).is_err());
        /// ```
        #[must_use]
        pub const fn fail_randomly(one_in: usize, seed: u64) -> Self {
            Self::new(Refuses::Randomly { one_in, seed })
        }
    }

    const_fn! {
        /// A source that refuses every request for more than `bytes` bytes.
        ///
        /// ```
        /// use arraypool::{Arena, FailingSource};
        ///
        /// let source = FailingSource::fail_above(10_000);
        /// let arena = Arena::builder().source(&source).build();
        /// assert!(arena.try_alloc([0_u8; 20_000]).is_err() && arena.try_alloc(7).is_ok());
        /// ```
        #[must_use]
        pub const fn fail_above(bytes: usize) -> Self {
            Self::new(Refuses::Above(bytes))
        }
    }

    const_fn! {
        const fn new(refuses: Refuses) -> Self {
            Self {
                refuses,
                requests: AtomicUsize::new(0),
                refusals: AtomicUsize::new(0),
                live_bytes: AtomicUsize::new(0),
            }
        }
    }

    /// Runs `work` with a source whose first request fails, then with one whose second
    /// fails, and so on, until `work` ends before it reaches the request that fails;
    /// returns how many requests it makes then. `work` has to handle the refusal,
    /// assert what should hold afterwards, and give everything back.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool, FailingSource};
    ///
    /// let requests = FailingSource::walk(|source| {
    ///     let arena = Arena::builder().source(source).build();
    ///     let Ok(pool) = ArrayPool::<u32>::builder().try_build_in(&arena) else { return };
    ///     let array = pool.try_allocate_copy(&[1, 2, 3]);
    ///     assert!(array.is_ok() || source.has_failed());
    ///     pool.verify().unwrap();
    /// });
    /// assert!(requests >= 1);
    /// ```
    ///
    /// # Panics
    /// If `work` does, or leaves bytes that were not given back.
    pub fn walk(mut work: impl FnMut(&Self)) -> usize {
        let mut n = 0;
        loop {
            n += 1;
            let source = Self::fail_at(n);
            work(&source);
            let left = source.live_bytes();
            assert_eq!(left, 0, "with request {n} refused, {left} bytes do not come back");
            if !source.has_failed() {
                return source.requests();
            }
        }
    }

    /// Whether any request was refused.
    ///
    /// ```
    /// assert!(!arraypool::FailingSource::fail_at(1).has_failed());
    /// ```
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.refusals() > 0
    }

    /// Requests that this source has refused so far, without those that the heap refused.
    ///
    /// ```
    /// assert_eq!(arraypool::FailingSource::fail_at(1).refusals(), 0);
    /// ```
    #[must_use]
    pub fn refusals(&self) -> usize {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Requests made so far.
    ///
    /// ```
    /// use arraypool::{Arena, FailingSource};
    ///
    /// let source = FailingSource::fail_at(0);
    /// Arena::builder().source(&source).build().alloc(7);
    /// assert_eq!(source.requests(), 1);
    /// ```
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes that were handed out and have not come back.
    ///
    /// ```
    /// use arraypool::{Arena, FailingSource};
    ///
    /// let source = FailingSource::fail_at(0);
    /// let arena = Arena::builder().source(&source).build();
    /// arena.alloc(7);
    /// assert!(source.live_bytes() > 4096);
    /// drop(arena);
    /// assert_eq!(source.live_bytes(), 0);
    /// ```
    #[must_use]
    pub fn live_bytes(&self) -> usize {
        self.live_bytes.load(Ordering::Relaxed)
    }

    /// Whether the request of this number, for so many bytes, is refused.
    fn refuses(&self, number: usize, bytes: usize) -> bool {
        match self.refuses {
            Refuses::At(n) => number == n,
            Refuses::Randomly { one_in: 0, .. } => false,
            Refuses::Randomly { one_in, seed } => mix(seed, number) % one_in as u64 == 0,
            Refuses::Above(most) => bytes > most,
        }
    }
}

/// The `number`-th random number from a seed on.
fn mix(seed: u64, number: usize) -> u64 {
    scatter(seed.wrapping_add((number as u64).wrapping_mul(GOLDEN)))
}

// SAFETY: blocks come from the global allocator, which keeps the same promises; no
// two threads get the same one.
unsafe impl ChunkSource for FailingSource {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if self.refuses(number, layout.size()) {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let block = heap::allocate(layout)?;
        self.live_bytes.fetch_add(layout.size(), Ordering::Relaxed);
        Some(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        self.live_bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise; `allocate` took it from the heap.
        unsafe { heap::deallocate(block, layout) }
    }
}
