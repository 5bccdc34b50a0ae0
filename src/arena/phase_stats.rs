//! What phases hold, and which of them has run out.

#![forbid(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;

use super::phases::{Phase, pass};
use super::stats::{ArenaStats, HumanBytes};
use crate::error::AllocError;

/// A phase has run out of memory, from [`Phases::run`](crate::Phases::run).
///
/// ```
#[doc = pass!()]
/// use arraypool::{Budget, Phases};
///
/// let budget = Budget::new(64 * 1024);
/// let mut phases = Phases::<Pass, 2>::new(&budget);
/// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
/// println!("{error}");                            // names the phase, and what others hold
/// # phases.trim();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseError<P, const N: usize> {
    pub(super) phase: P,
    pub(super) error: AllocError,
    pub(super) held: [usize; N],
    pub(super) beside: usize,
}

impl<P: Phase, const N: usize> PhaseError<P, N> {
    /// The phase that asked.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    /// assert_eq!(error.phase(), Pass::Ir);
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn phase(&self) -> P {
        self.phase
    }

    /// Why it was refused.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    /// assert!(matches!(error.error(), arraypool::AllocError::OverBudget { .. }));
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn error(&self) -> AllocError {
        self.error
    }

    /// The bytes that were requested, if that is why it was refused.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    /// assert!(error.requested() > Some(100_000));
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn requested(&self) -> Option<usize> {
        match self.error {
            AllocError::OverBudget { requested, .. } | AllocError::OutOfMemory { requested } => {
                Some(requested)
            }
            _ => None,
        }
    }

    /// The bytes that a phase held at that moment, whether in use or only kept.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Parse].alloc(7);
    /// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    /// assert_eq!(error.held(Pass::Parse), phases[Pass::Parse].allocated_bytes());
    /// # phases.trim();
    /// ```
    ///
    /// # Panics
    /// If the phase's index is none of `ALL`.
    #[must_use]
    pub fn held(&self, phase: P) -> usize {
        self.held[phase.index()]
    }

    /// The bytes that the budget was charged at that moment for what is outside the phases'
    /// arenas: the bookkeeping of pools in them, and whatever else shares the budget.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Arena, Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let other = Arena::builder().budget(&budget).initial_chunk(4096).build();
    /// other.alloc(7);
    /// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    /// assert_eq!(error.held_beside(), budget.used());
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn held_beside(&self) -> usize {
        self.beside
    }
}

/// Prints `ir: over budget: ...; parse holds 4.0 KiB, codegen holds 0 B`, and if there are
/// pools in the phases `, books and others hold 7.4 KiB`.
impl<P: Phase, const N: usize> fmt::Display for PhaseError<P, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.phase.name(), self.error)?;
        let mut separator = ";";
        for other in P::ALL {
            if other.index() != self.phase.index() {
                write!(f, "{separator} {} holds {}", other.name(), HumanBytes(self.held(*other)))?;
                separator = ",";
            }
        }
        if self.beside > 0 {
            write!(f, "{separator} books and others hold {}", HumanBytes(self.beside))?;
        }
        Ok(())
    }
}

impl<P: Phase, const N: usize> core::error::Error for PhaseError<P, N> {}

/// What the arenas of all phases hold at one moment. From [`Phases::stats`](crate::Phases::stats).
///
/// Its `Display` is a table, one line per phase and one for the total, in bytes or in
/// units of 1024 of them: KiB, MiB and so on.
///
/// ```
#[doc = pass!()]
/// use arraypool::{Budget, Phases};
///
/// let budget = Budget::new(64 * 1024);
/// let mut phases = Phases::<Pass, 2>::new(&budget);
/// println!("{}", phases.stats());                 // a table
/// # phases.trim();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryStats<P, const N: usize> {
    pub(super) phases: [ArenaStats; N],
    pub(super) beside: usize,
    pub(super) phase: PhantomData<fn() -> P>,
}

impl<P: Phase, const N: usize> MemoryStats<P, N> {
    /// What one phase holds.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// assert_eq!(phases.stats().of(Pass::Parse).used, 0);
    /// # phases.trim();
    /// ```
    ///
    /// # Panics
    /// If the phase's index is none of `ALL`.
    #[must_use]
    pub fn of(&self, phase: P) -> ArenaStats {
        self.phases[phase.index()]
    }

    /// The sum of all phases. The sum of the peaks is an upper bound, as they need
    /// not have come at the same moment; the budget's
    /// [`peak`](crate::Budget::peak) is exact.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// phases[Pass::Parse].alloc(7);
    /// assert_eq!(phases.stats().total().used, 32);
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn total(&self) -> ArenaStats {
        self.phases.iter().fold(ArenaStats::default(), |sum, one| ArenaStats {
            allocated: sum.allocated + one.allocated,
            used: sum.used + one.used,
            peak: sum.peak + one.peak,
            peak_since_reset: sum.peak_since_reset + one.peak_since_reset,
            reusable: sum.reusable + one.reusable,
            waste: sum.waste + one.waste,
            chunks: sum.chunks + one.chunks,
            grown_since_reset: sum.grown_since_reset + one.grown_since_reset,
        })
    }
}

impl<P, const N: usize> MemoryStats<P, N> {
    /// Bytes that the budget was charged for what is outside the phases' arenas: the
    /// bookkeeping of pools in them, and whatever else shares the budget. They are not
    /// part of [`total`](Self::total).
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{ArrayPool, Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let phases = Phases::<Pass, 2>::new(&budget);
    /// let pool = ArrayPool::<u32>::new_in(&phases[Pass::Ir]);
    /// assert!(phases.stats().beside() > 0);
    /// # drop(pool);
    /// ```
    #[must_use]
    pub fn beside(&self) -> usize {
        self.beside
    }
}

/// The titles of the columns of bytes.
const TITLES: [&str; 6] = ["allocated", "used", "peak", "waste", "peak now", "grown now"];

/// Prints a line per phase, the total, and what is charged beside, if there is anything;
/// *now* is since the last reset.
impl<P: Phase, const N: usize> fmt::Display for MemoryStats<P, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = P::ALL.iter().map(|phase| phase.name());
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0).max("phase".len());
        write!(f, "{:width$}", "phase")?;
        for title in TITLES {
            write!(f, "  {title:>11}")?;
        }
        write!(f, "  chunks")?;
        let lines = P::ALL.iter().map(|phase| (phase.name(), self.of(*phase)));
        for (name, stats) in lines.chain([("total", self.total())]) {
            write!(f, "\n{name:width$}")?;
            let ArenaStats { allocated, used, peak, waste, peak_since_reset, .. } = stats;
            let columns = [allocated, used, peak, waste, peak_since_reset, stats.grown_since_reset];
            for bytes in columns {
                write!(f, "  {:>11}", HumanBytes(bytes))?;
            }
            write!(f, "  {:>6}", stats.chunks)?;
        }
        if self.beside > 0 {
            write!(f, "\n{:width$}  {:>11}", "books", HumanBytes(self.beside))?;
        }
        Ok(())
    }
}
