//! One byte limit over arenas, pools and their metadata.

use crate::error::AllocError;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// A limit in bytes, shared by any number of arenas and pools.
///
/// Everything an arena takes from its source is charged, headers included, and
/// so is everything a pool keeps beside the arena (the books of
/// `Metadata`). A growth is charged *before* it happens; one that
/// does not fit is refused with [`AllocError::OverBudget`] and changes nothing.
/// What is freed is given back at once.
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
}

impl Budget {
    const_fn! {
        /// A budget of `limit` bytes. Never panics.
        #[must_use]
        pub const fn new(limit: usize) -> Self {
            Self {
                used: AtomicUsize::new(0),
                peak: AtomicUsize::new(0),
                limit: AtomicUsize::new(limit),
            }
        }
    }

    const_fn! {
        /// A budget that only counts. Never panics.
        #[must_use]
        pub const fn unlimited() -> Self {
            Self::new(usize::MAX)
        }
    }

    /// Bytes charged now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever charged at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// The limit, in bytes.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Bytes that may still be charged.
    #[must_use]
    pub fn available(&self) -> usize {
        self.limit().saturating_sub(self.used())
    }

    /// Changes the limit. One below what is in use refuses every growth until
    /// enough has been given back; nothing is taken away from anybody.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Charges `bytes`, for memory that the caller manages itself but wants
    /// counted here. Pair it with [`refund`](Self::refund).
    ///
    /// # Errors
    /// [`AllocError::OverBudget`] if the limit would be passed; nothing is charged then.
    pub fn charge(&self, bytes: usize) -> Result<(), AllocError> {
        let limit = self.limit();
        let fits = |used: usize| used.checked_add(bytes).filter(|&sum| sum <= limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(used) => {
                self.peak.fetch_max(used + bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(used) => Err(AllocError::OverBudget { requested: bytes, used, limit }),
        }
    }

    /// Gives back `bytes` that were charged. More than is charged counts as all of it.
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
}
