//! What the pool has and where it is: the balance, and the walk that checks it.
//!
//! The balance of every class, at every moment between two calls:
//!
//! ```text
//! issued = live + free + lost + left        issued + uncut = slots
//! ```

use core::fmt;

use super::class::ClassTable;
use super::classes::{Class, ClassId};
use super::raw::RawPool;
use super::release::{Record, ReleaseStrategy};
use super::run::Run;
use crate::arena::HumanBytes;
use crate::error::VerifyError;

/// What a pool has, counted at one moment. From [`RawPool::stats`].
///
/// ```
/// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
/// let array = pool.allocate(10);
/// let stats = pool.stats();
/// assert_eq!((stats.live, stats.free, stats.runs), (1, 0, 1));
/// assert!(stats.to_string().starts_with("1 live, 0 free of "));
/// # drop(array);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PoolStats {
    /// Live arrays, leaked and raw ones included. Under `Direct`: arrays given out
    /// since the last reset.
    pub live: usize,
    /// Free arrays: their slots can be used again.
    pub free: usize,
    /// Those of the free ones that are in quarantine.
    pub quarantined: usize,
    /// Slots abandoned because their bookkeeping was overwritten, or out of reach
    /// behind such a slot on a free list.
    pub lost: usize,
    /// Free arrays above a maximum, left to the arena.
    pub left: usize,
    /// Slots in the pool's runs, those not cut yet included.
    pub slots: usize,
    /// Runs taken from the arena.
    pub runs: usize,
    /// Bytes of all runs; under `Direct`, of all arrays.
    pub run_bytes: usize,
    /// Bytes of the bookkeeping: classes, runs and records.
    pub book_bytes: usize,
    /// Bytes of what the diagnostics keep in addition.
    pub check_bytes: usize,
    /// Times that bookkeeping was found overwritten, or diagnostics found that
    /// arrays were.
    pub corrupted: usize,
}

/// What one class of a pool has. From [`RawPool::class_stats`].
///
/// ```
/// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
/// let array = pool.allocate(10);
/// let small = pool.as_raw().class_stats().next().unwrap();
/// assert_eq!((small.length, small.live), (16, 1));
/// # drop(array);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClassStats {
    /// The class's capacity, in units.
    pub length: u32,
    /// Bytes from one slot to the next.
    pub stride: usize,
    /// As in [`PoolStats`].
    pub live: usize,
    /// As in [`PoolStats`].
    pub free: usize,
    /// As in [`PoolStats`].
    pub lost: usize,
    /// As in [`PoolStats`].
    pub left: usize,
    /// As in [`PoolStats`].
    pub slots: usize,
}

/// Prints `12 live, 3 free of 40 slots in 2 runs, 20.5 KiB + 2.0 KiB of books`,
/// and what went wrong, if anything did.
impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} live, {} free of {} slots in {} run{}, {} + {} of books",
            self.live,
            self.free,
            self.slots,
            self.runs,
            if self.runs == 1 { "" } else { "s" },
            HumanBytes(self.run_bytes),
            HumanBytes(self.book_bytes),
        )?;
        if self.left > 0 {
            write!(f, ", {} left to the arena", self.left)?;
        }
        if self.lost + self.corrupted > 0 {
            let s = if self.corrupted == 1 { "" } else { "s" };
            write!(f, ", {} lost to {} corruption{s}", self.lost, self.corrupted)?;
        }
        Ok(())
    }
}

impl<S: ReleaseStrategy> Class<S> {
    fn stats(&self) -> ClassStats {
        let free = self.free() as usize + self.resting.get() as usize;
        let (lost, left) = (self.lost.get(), self.left.get());
        ClassStats {
            length: self.length,
            stride: self.shape.stride,
            live: self.issued.get() - free - lost - left,
            free,
            lost,
            left,
            slots: self.slots.get(),
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// The pool's counts. Complexity: one step per class. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert_eq!(pool.as_raw().stats().live, 0);
    /// ```
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let (direct, direct_bytes) = self.direct();
        let runs = self.runs();
        let (count, bytes) = runs.map_or((0, 0), |runs| (runs.all().len(), runs.bytes()));
        let mut stats = PoolStats {
            live: direct,
            run_bytes: direct_bytes,
            runs: count,
            book_bytes: self.classes.bytes() + bytes + self.strategy.book_bytes(),
            check_bytes: self.watch.bytes(),
            corrupted: self.corrupted.get(),
            ..PoolStats::default()
        };
        for class in self.class_stats() {
            stats.live += class.live;
            stats.free += class.free;
            stats.lost += class.lost;
            stats.left += class.left;
            stats.slots += class.slots;
            stats.run_bytes += class.slots * class.stride;
        }
        let resting = self.classes.all().iter().map(|class| class.resting.get() as usize);
        stats.quarantined = resting.sum();
        stats
    }

    /// The counts of every class that has slots or is in the class table.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let lengths = pool.as_raw().class_stats().map(|class| class.length);
    /// assert_eq!(lengths.collect::<Vec<_>>(), [16, 256]);
    /// ```
    pub fn class_stats(&self) -> impl Iterator<Item = ClassStats> + '_ {
        let table = self.classes.table().len();
        let classes = self.classes.all().iter().enumerate();
        classes
            .map(|(index, class)| (index, class.stats()))
            .filter_map(move |(index, stats)| (index < table || stats.slots > 0).then_some(stats))
    }

    /// Walks every run and every free list and checks that the bookkeeping adds up.
    ///
    /// Complexity: one step per slot that was ever handed out. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert!(pool.as_raw().verify().is_ok());
    /// ```
    ///
    /// # Errors
    /// The first slot whose bookkeeping is overwritten, or the first class that
    /// is out of balance.
    pub fn verify(&self) -> Result<PoolStats, VerifyError> {
        let mut counted = self.stats();
        counted.live = self.direct().0;
        let runs = self.runs.borrow();
        let sound = runs.is_sound(|run| run.slots as usize * run.shape.stride);
        drop(runs);
        for (index, class) in (0_u32..).zip(self.classes.all()) {
            counted.live += self.verify_class(ClassId::at::<S>(index), class, sound)?;
        }
        debug_assert_eq!(counted, self.stats());
        Ok(counted)
    }

    /// Checks one class; returns its live arrays, counted one by one.
    /// None is in balance unless every run is found by its addresses.
    fn verify_class(
        &self,
        id: ClassId,
        class: &Class<S>,
        sound: bool,
    ) -> Result<usize, VerifyError> {
        let (mut live, mut free, mut lost, mut issued) = (0, 0, 0, 0);
        let runs = self.runs.borrow();
        for run in runs.all().iter().filter(|run| run.class == id) {
            for slot in 0..run.cut {
                issued += 1;
                let record = self.record_of(run, slot, class);
                self.verify_watched(run, slot, class, record)?;
                match record {
                    Record::Live { .. } => live += 1,
                    Record::Free { .. } => free += 1,
                    Record::Lost => lost += 1,
                    Record::Corrupted => {
                        let address = run.elements(slot).addr().get();
                        let class_length = class.length;
                        return Err(VerifyError::Corrupted { address, class_length });
                    }
                }
            }
        }
        let listed = self.listed(class)? + class.resting.get() as usize;
        let stats = class.stats();
        drop(runs);
        // Free slots that no list leads to were left to the arena or lost with a list.
        let balanced = sound
            && issued == class.issued.get()
            && listed == stats.free
            && live == stats.live
            && free + lost == stats.free + stats.left + stats.lost;
        if balanced {
            return Ok(live);
        }
        let (class_length, lost) = (class.length, stats.lost + stats.left);
        Err(VerifyError::Unbalanced { class_length, issued, live, free, listed, lost })
    }

    pub(super) fn record_of(&self, run: &Run, slot: u32, class: &Class<S>) -> Record {
        let ticket = S::ticket(run, slot);
        // SAFETY: the slot is below the run's cut ones.
        unsafe { S::read(class.list(), run.elements(slot), ticket) }
    }

    /// Slots of a class that have a tenant, counted one by one. One whose record
    /// is overwritten counts, until it is met.
    pub(super) fn tenants(&self, id: ClassId, class: &Class<S>) -> Option<usize> {
        let runs = self.runs()?;
        let of_class = runs.all().iter().filter(|run| run.class == id);
        let slots = of_class.flat_map(|run| (0..run.cut).map(move |slot| (run, slot)));
        let records = slots.map(|(run, slot)| self.record_of(run, slot, class));
        let live = |record: &Record| matches!(record, Record::Live { .. } | Record::Corrupted);
        Some(records.filter(live).count())
    }

    /// The length of a free list, walked; a list that is longer than its count
    /// has a cycle, and the walk stops there.
    pub(super) fn listed(&self, class: &Class<S>) -> Result<usize, VerifyError> {
        let list = class.list();
        let mut link = S::head(list);
        let mut count = 0;
        while let (Some(place), true) = (link, count <= class.issued.get()) {
            // SAFETY: the head is a place of this list, and so is what a
            // verified place leads to.
            link = unsafe { S::after(list, place) }.map_err(|_| {
                // SAFETY: as above.
                let address = unsafe { S::slot(place) }.0.addr().get();
                VerifyError::Corrupted { address, class_length: class.length }
            })?;
            count += 1;
        }
        Ok(count)
    }
}
