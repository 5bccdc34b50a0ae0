//! What a shared pool is made with: limits that can be written in a `static`.

#![forbid(unsafe_code)]

use core::alloc::Layout;

use crate::error::ReleaseError;

/// Settings of a [`SharedPool`](super::SharedPool), made in constants.
///
/// ```
/// use arraypool::shared::{SharedPool, SharedSettings};
///
/// static NODES: SharedPool<u64> =
///     SharedPool::with_settings(SharedSettings::new().limit(1 << 20).batch(16, 4096));
///
/// assert!(NODES.try_allocate(100).is_ok());
/// assert!(NODES.try_allocate(1_000_000).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct SharedSettings {
    pub(super) limit: usize,
    pub(super) runs_max: Option<usize>,
    pub(super) batch: u32,
    pub(super) batch_bytes: usize,
    pub(super) hook: Option<fn(&ReleaseError)>,
    /// What an element is like, if its type does not say.
    pub(super) unit: Option<Layout>,
    /// Whether there are no classes beside the table's.
    pub(super) table_only: bool,
}

impl SharedSettings {
    /// No limit in bytes or runs, batches of up to 64 arrays and 64 KiB.
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// const SETTINGS: SharedSettings = SharedSettings::new();
    /// let pool = SharedPool::<u8>::with_settings(SETTINGS);
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn new() -> Self {
        Self {
            limit: usize::MAX,
            runs_max: None,
            batch: 64,
            batch_bytes: 64 << 10,
            hook: None,
            unit: None,
            table_only: false,
        }
    }

    /// The most bytes that the pool takes from the heap: arrays, bookkeeping and lanes.
    /// (Its own head, some hundreds of bytes, is not counted.)
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// const SETTINGS: SharedSettings = SharedSettings::new().limit(1 << 20);
    /// let pool = SharedPool::<u8>::with_settings(SETTINGS);
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The most runs that the pool can have: see
    /// [`PoolBuilder::max_runs`](crate::PoolBuilder::max_runs).
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// const SETTINGS: SharedSettings = SharedSettings::new().max_runs(64);
    /// let pool = SharedPool::<u8>::with_settings(SETTINGS);
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn max_runs(mut self, runs: usize) -> Self {
        self.runs_max = Some(runs);
        self
    }

    /// How many free arrays of a class move between a lane and the depot at once:
    /// at most `arrays`, of `bytes` together. A lane keeps at most two batches of a class,
    /// and none of arrays larger than `bytes`, except what came home to it from elsewhere
    /// (docs/THREADS.md, "Bounded memory").
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// const SETTINGS: SharedSettings = SharedSettings::new().batch(16, 4096);
    /// let pool = SharedPool::<u8>::with_settings(SETTINGS);
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn batch(mut self, arrays: u32, bytes: usize) -> Self {
        self.batch = if arrays > u32::MAX / 2 { u32::MAX / 2 } else { arrays };
        self.batch_bytes = bytes;
        self
    }

    /// Elements of another size than the type's, for arrays that are held by hand.
    #[cfg(feature = "capi")]
    pub(crate) const fn unit(mut self, unit: Layout) -> Self {
        self.unit = Some(unit);
        self
    }

    /// No classes beside the table's: for models, which follow every atomic there is.
    #[cfg(arraypool_loom)]
    #[doc(hidden)]
    pub const fn table_only(mut self) -> Self {
        self.table_only = true;
        self
    }

    /// A function to call when a handle is dropped and its array's bookkeeping
    /// turns out to be overwritten. It is called on the thread that drops it.
    ///
    /// ```
    /// use arraypool::shared::{SharedPool, SharedSettings};
    ///
    /// const SETTINGS: SharedSettings = SharedSettings::new().on_corruption(|error| eprintln!("{error}"));
    /// let pool = SharedPool::<u8>::with_settings(SETTINGS);
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn on_corruption(mut self, hook: fn(&ReleaseError)) -> Self {
        self.hook = Some(hook);
        self
    }
}

impl Default for SharedSettings {
    fn default() -> Self {
        Self::new()
    }
}
