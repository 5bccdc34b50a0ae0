//! One byte limit over arenas, pools and their metadata.

use crate::error::AllocError;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// A limit in bytes, shared by any number of arenas and pools.
///
/// Everything an arena takes from its source is charged, headers included, and
/// so is everything a pool keeps beside the arena (its classes and runs, and the
/// records of `Metadata`). A growth is charged *before* it happens; one that does
/// not fit is refused with [`AllocError::OverBudget`] and changes nothing. What is
/// freed is given back at once.
///
/// It is shared by reference and counts atomically, so arenas under one budget
/// may live on different threads. It costs nothing except when memory grows.
///
/// ```
/// use arraypool::{AllocError, Arena, Budget};
///
/// let budget = Budget::new(16 * 1024);
/// let arena = Arena::builder().budget(&budget).build();
/// let error = arena.try_alloc_zeroed(64 * 1024).unwrap_err();
/// assert!(matches!(error, AllocError::OverBudget { limit: 16_384, .. }));
/// assert!(arena.try_alloc_zeroed(1024).is_ok());
/// ```
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    peak: AtomicUsize,
    limit: AtomicUsize,
    /// The number of bytes above which growth is reported; all ones: never.
    soft: AtomicUsize,
}

impl Budget {
    const_fn! {
        /// A budget of `limit` bytes. Never panics.
        ///
        /// ```
        /// static BUDGET: arraypool::Budget = arraypool::Budget::new(1 << 20);
        /// assert_eq!(BUDGET.available(), 1 << 20);
        /// ```
        #[must_use]
        pub const fn new(limit: usize) -> Self {
            Self {
                used: AtomicUsize::new(0),
                peak: AtomicUsize::new(0),
                limit: AtomicUsize::new(limit),
                soft: AtomicUsize::new(usize::MAX),
            }
        }
    }

    const_fn! {
        /// A budget of `limit` bytes that reports when `soft_limit` is passed, so that
        /// a program can free something before a request is refused. It reports by
        /// [`is_above_soft_limit`](Self::is_above_soft_limit), and through the
        /// [hook](crate::ArenaBuilder::hook) of the arena whose growth passed the limit.
        /// Never panics.
        ///
        /// ```
        /// use arraypool::{Arena, Budget};
        ///
        /// let budget = Budget::with_soft_limit(10_000, 20_000);
        /// let mut cache = Arena::builder().budget(&budget).build();
        /// let work = Arena::builder().budget(&budget).build();
        /// cache.alloc([0_u8; 8000]);
        /// work.alloc([0_u8; 4000]);
        /// if budget.is_above_soft_limit() {
        ///     cache = Arena::builder().budget(&budget).build(); // nothing was refused yet
        /// }
        /// work.alloc([0_u8; 12_000]);
        /// # drop(cache);
        /// ```
        #[must_use]
        pub const fn with_soft_limit(soft_limit: usize, limit: usize) -> Self {
            Self { soft: AtomicUsize::new(soft_limit), ..Self::new(limit) }
        }
    }

    const_fn! {
        /// A budget that only counts. Never panics.
        ///
        /// ```
        /// let budget = arraypool::Budget::unlimited();
        /// assert!(budget.charge(1 << 30).is_ok());
        /// ```
        #[must_use]
        pub const fn unlimited() -> Self {
            Self::new(usize::MAX)
        }
    }

    /// Bytes charged now.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.charge(60)?;
    /// assert_eq!(budget.used(), 60);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever charged at once.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.charge(60)?;
    /// budget.refund(60);
    /// assert_eq!((budget.used(), budget.peak()), (0, 60));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// The limit, in bytes.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// assert_eq!(budget.limit(), 100);
    /// ```
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Bytes that may still be charged.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.charge(60)?;
    /// assert_eq!(budget.available(), 40);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    #[must_use]
    pub fn available(&self) -> usize {
        self.limit().saturating_sub(self.used())
    }

    /// The number of bytes above which growth is reported; `usize::MAX` if there is
    /// none.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// assert_eq!(budget.soft_limit(), usize::MAX);
    /// ```
    #[must_use]
    pub fn soft_limit(&self) -> usize {
        self.soft.load(Ordering::Relaxed)
    }

    /// Changes the soft limit; `usize::MAX` is none.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.set_soft_limit(50);
    /// assert_eq!(budget.soft_limit(), 50);
    /// ```
    pub fn set_soft_limit(&self, soft_limit: usize) {
        self.soft.store(soft_limit, Ordering::Relaxed);
    }

    /// Whether more is charged than the soft limit.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.set_soft_limit(50);
    /// budget.charge(60)?;
    /// assert!(budget.is_above_soft_limit());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    #[must_use]
    pub fn is_above_soft_limit(&self) -> bool {
        self.used() > self.soft_limit()
    }

    /// Changes the limit. A limit below what is in use refuses every growth until
    /// enough has been given back; nothing is taken away from anybody.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.set_limit(10);
    /// assert!(budget.charge(11).is_err());
    /// ```
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Charges `bytes`, for memory that the caller manages itself but wants
    /// counted here. Pair it with [`refund`](Self::refund).
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// assert!(budget.charge(60).is_ok() && budget.charge(60).is_err());
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OverBudget`] if the limit would be passed; nothing is charged then.
    pub fn charge(&self, bytes: usize) -> Result<(), AllocError> {
        self.charge_and_watch(bytes).map(|_| ())
    }

    /// Charges `bytes`, and returns whether this has passed the soft limit.
    pub(super) fn charge_and_watch(&self, bytes: usize) -> Result<bool, AllocError> {
        let limit = self.limit();
        let fits = |used: usize| used.checked_add(bytes).filter(|&sum| sum <= limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(used) => {
                self.peak.fetch_max(used + bytes, Ordering::Relaxed);
                let soft = self.soft_limit();
                Ok(used <= soft && used + bytes > soft)
            }
            Err(used) => Err(AllocError::OverBudget { requested: bytes, used, limit }),
        }
    }

    /// Gives back `bytes` that were charged. If that is more than is charged, gives back all.
    ///
    /// ```
    /// let budget = arraypool::Budget::new(100);
    /// budget.charge(60)?;
    /// budget.refund(10);
    /// assert_eq!(budget.used(), 50);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    pub fn refund(&self, bytes: usize) {
        let less = |used: usize| Some(used.saturating_sub(bytes));
        // The closure never refuses, so the update cannot fail.
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_is_exact_and_a_refusal_changes_nothing() {
        let budget = Budget::new(100);
        assert_eq!(budget.charge(60), Ok(()));
        assert_eq!(
            budget.charge(41),
            Err(AllocError::OverBudget { requested: 41, used: 60, limit: 100 })
        );
        assert_eq!(budget.charge(40), Ok(()));
        assert!(budget.charge(usize::MAX).is_err());
        budget.refund(70);
        assert_eq!((budget.used(), budget.peak(), budget.available()), (30, 100, 70));
        budget.set_limit(20);
        assert_eq!(budget.available(), 0);
        assert!(budget.charge(1).is_err());
        budget.refund(1000);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_soft_limit_is_passed_by_the_byte_behind_it_and_once() {
        let budget = Budget::with_soft_limit(50, 100);
        assert_eq!(budget.charge_and_watch(50), Ok(false));
        assert!(!budget.is_above_soft_limit());
        assert_eq!(budget.charge_and_watch(1), Ok(true));
        assert!(budget.is_above_soft_limit());
        assert_eq!(budget.charge_and_watch(1), Ok(false));
        budget.refund(2);
        assert_eq!(budget.charge_and_watch(50), Ok(true));
    }
}
