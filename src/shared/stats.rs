//! What a shared pool has and has handed out, readable at any time without stopping anyone.

#![forbid(unsafe_code)]

use super::SharedPool;
use super::depot::{Book, Depot};
use crate::error::VerifyError;
use crate::pool::{ClassTable, ReleaseStrategy, Stock, Tally};

/// What a shared pool has and has handed out. From [`SharedPool::stats`].
///
/// ```
/// use arraypool::shared::SharedPool;
///
/// let pool = SharedPool::<u32>::new();
/// let array = pool.allocate(3);
/// let stats = pool.stats();
/// assert_eq!((stats.live, stats.lost), (1, 0));
/// # drop(array);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SharedStats {
    /// Arrays that are handed out, those held by hand included.
    pub live: usize,
    /// Free arrays on the shelves of lanes, except those that count as waiting.
    pub in_lanes: usize,
    /// Free arrays in the depot.
    pub in_depot: usize,
    /// Free arrays that have come home to a lane. On its shelf they are still counted here,
    /// and so are those that replace them there, until the lane needs the next and has
    /// none.
    pub waiting: usize,
    /// Slots abandoned because their bookkeeping was overwritten or out of reach.
    pub lost: usize,
    /// Slots in the pool's runs, those never used included.
    pub slots: usize,
    /// Allocations that a lane served from its shelf. Where words have 32 bits, this and
    /// `misses` start over after 2^32.
    pub hits: usize,
    /// Allocations for which a lane had to unpack its returns or ask the depot.
    pub misses: usize,
    /// Lanes, with an owner or without.
    pub lanes: usize,
    /// Bytes taken from the heap.
    pub bytes: usize,
    /// The most bytes that may be taken.
    pub limit: usize,
    /// Times that bookkeeping was found overwritten.
    pub corrupted: usize,
}

/// What a shared pool has and has handed out of one class. From
/// [`SharedPool::class_stats`]. The fields are those of [`SharedStats`].
///
/// ```
/// use arraypool::shared::SharedPool;
///
/// let pool = SharedPool::<u32>::new();
/// let array = pool.allocate(3);
/// let small = pool.class_stats().next().unwrap();
/// assert_eq!((small.length, small.live), (16, 1));
/// # drop(array);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SharedClassStats {
    /// The class's capacity, in elements.
    pub length: u32,
    /// Bytes from one slot to the next.
    pub stride: usize,
    /// Arrays that are handed out.
    pub live: usize,
    /// Free arrays on shelves.
    pub in_lanes: usize,
    /// Free arrays in the depot.
    pub in_depot: usize,
    /// Free arrays that have come home to a lane, until it has used up all that came
    /// with them and needs the next: some may be on its shelf.
    pub waiting: usize,
    /// Abandoned slots.
    pub lost: usize,
    /// Slots in runs.
    pub slots: usize,
    /// Allocations served from a shelf.
    pub hits: usize,
    /// Allocations that were not.
    pub misses: usize,
}

impl<T, S: ReleaseStrategy, C: ClassTable> SharedPool<T, S, C> {
    /// The pool's balance. Nobody is stopped: while other threads use the pool, `live` and
    /// the other sums are made of counters that were read at different moments, and may be
    /// off by the arrays that moved meanwhile.
    ///
    /// Complexity: one step per class and lane, no lock. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let array = pool.allocate(3);
    /// assert_eq!(pool.stats().live, 1);
    /// # drop(array);
    /// ```
    #[must_use]
    pub fn stats(&self) -> SharedStats {
        let Some(depot) = self.depot.get() else {
            return SharedStats { limit: self.settings.limit, ..SharedStats::default() };
        };
        let mut stats = SharedStats {
            lanes: depot.lanes.all().count(),
            bytes: depot.budget().used(),
            limit: depot.budget().limit(),
            corrupted: depot.corrupted(),
            ..SharedStats::default()
        };
        for class in self.class_stats() {
            stats.live += class.live;
            stats.in_lanes += class.in_lanes;
            stats.in_depot += class.in_depot;
            stats.waiting += class.waiting;
            stats.lost += class.lost;
            stats.slots += class.slots;
            // Where words have 32 bits, these start over.
            stats.hits = stats.hits.wrapping_add(class.hits);
            stats.misses = stats.misses.wrapping_add(class.misses);
        }
        stats
    }

    /// The balance of every class that has slots.
    ///
    /// Complexity: one step per lane for each class, no lock. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let array = pool.allocate(3);
    /// assert_eq!(pool.class_stats().next().unwrap().live, 1);
    /// # drop(array);
    /// ```
    pub fn class_stats(&self) -> impl Iterator<Item = SharedClassStats> + '_ {
        let depot = self.depot.get();
        let classes = depot.into_iter().flat_map(|depot| {
            depot.indices().zip(depot.books()).map(|(class, book)| class_of(depot, class, book))
        });
        classes.filter(|class| class.slots > 0)
    }

    /// Walks every slot and checks that the numbers add up. Takes the lock.
    ///
    /// It is for quiet moments: while other threads use the pool, what it reads at
    /// different moments may not add up, and is reported though nothing is wrong.
    /// (It is safe at any time.)
    ///
    /// Complexity: one step per slot that was ever used. Never panics.
    ///
    /// ```
    /// use arraypool::shared::SharedPool;
    ///
    /// let pool = SharedPool::<u32>::new();
    /// let array = pool.allocate(3);
    /// assert_eq!(pool.verify().unwrap().live, 1);
    /// # drop(array);
    /// ```
    ///
    /// # Errors
    /// The first slot whose bookkeeping is overwritten, or the first class whose numbers
    /// do not add up.
    pub fn verify(&self) -> Result<SharedStats, VerifyError> {
        let Some(depot) = self.depot.get() else { return Ok(self.stats()) };
        // Until the end: a thread that has ended may still be leaving its lane,
        // which moves slots under the lock.
        let core = depot.lock();
        for (class, book) in depot.indices().zip(depot.books()) {
            let stats = class_of(depot, class, book);
            let Tally { live, free, lost } = core.raw.tally(class)?;
            let cut = book.stock().cut;
            let listed = stats.in_lanes + stats.in_depot + stats.waiting;
            // Free slots that no list leads to were lost with one.
            if live != stats.live || free + lost != listed + stats.lost {
                let (class_length, issued, lost) = (book.length, cut, stats.lost);
                return Err(VerifyError::Unbalanced {
                    class_length,
                    issued,
                    live,
                    free,
                    listed,
                    lost,
                });
            }
        }
        Ok(self.stats())
    }
}

/// What a class has, put together from the depot's book and the lanes' shelves.
fn class_of<S: ReleaseStrategy, C: ClassTable>(
    depot: &Depot<S, C>,
    class: u32,
    book: &Book<S>,
) -> SharedClassStats {
    let Stock { slots, cut, free, lost } = book.stock();
    let mut stats = SharedClassStats {
        length: book.length,
        stride: book.stride,
        in_depot: free,
        waiting: book.strays.waiting(),
        lost,
        slots,
        ..SharedClassStats::default()
    };
    for local in depot.lanes.all() {
        let shelf = local.shelf(class);
        let (free, waiting) = (shelf.free(), local.returns(class).waiting());
        stats.in_lanes += usize::try_from(free).unwrap_or(0);
        // Below 0: what was issued of those that came home.
        let issued = usize::try_from(free.saturating_neg()).unwrap_or(0);
        stats.waiting += waiting.saturating_sub(issued);
        stats.hits = stats.hits.wrapping_add(shelf.hits());
        stats.misses = stats.misses.wrapping_add(shelf.misses());
    }
    let elsewhere = stats.in_lanes + stats.in_depot + stats.waiting + stats.lost;
    stats.live = cut.saturating_sub(elsewhere);
    stats
}
