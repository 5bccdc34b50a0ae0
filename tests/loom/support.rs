//! What the models share: a pool of one class, and a cell beside every slot.

use std::sync::{Arc, Mutex};

use arraypool::shared::{Home, Homed, Lane, SharedArray, SharedPool, SharedSettings};
use arraypool::{ClassTable, ReleaseStrategy};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};

/// The most preemptions of an execution.
pub(crate) const PREEMPTIONS: usize = 2;

/// Explores a model.
pub(crate) fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.max_branches = 20_000;
    builder.check(model);
}

/// One class, so that the checker follows few atomics.
pub(crate) struct One;

impl ClassTable for One {
    const LENGTHS: &'static [u32] = &[2];
}

/// Elements so large that a run holds few: 512 bytes.
pub(crate) type Element = [u64; 64];
pub(crate) type Pool<S> = SharedPool<Element, S, One>;
pub(crate) type PoolLane<S> = Lane<'static, Element, S, One>;
pub(crate) type Array<S> = SharedArray<'static, core::mem::MaybeUninit<Element>, S, One>;

/// A pool for the threads of one execution, which frees it when all are done.
pub(crate) struct Stage<S: ReleaseStrategy> {
    pool: *mut Pool<S>,
    watch: Arc<Watch>,
}

impl<S: ReleaseStrategy> Stage<S> {
    pub(crate) fn new(settings: SharedSettings) -> Self {
        let pool = Pool::with_settings(settings.max_runs(8));
        // The first call is not modelled (what is set once is the standard
        // library's), so it comes before the threads; it leaves one lane.
        drop(pool.try_lane());
        Self { pool: Box::into_raw(Box::new(pool)), watch: Arc::default() }
    }

    pub(crate) fn pool(&self) -> &'static Pool<S> {
        // SAFETY: the models end their threads, and drop what they got from the
        // pool, before they drop the stage.
        unsafe { &*self.pool }
    }

    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// The balance in the end: nothing live, nothing lost.
    pub(crate) fn assert_all_home(&self) {
        let stats = self.pool().verify().expect("the books add up");
        assert_eq!((stats.live, stats.lost, stats.corrupted), (0, 0, 0), "{stats:?}");
        // What the counters say is there, and no lane is out.
        self.pool().trim(0);
        let stats = self.pool().verify().expect("the books add up");
        assert_eq!((stats.waiting, stats.in_lanes), (0, 0), "{stats:?}");
    }
}

impl<S: ReleaseStrategy> Drop for Stage<S> {
    fn drop(&mut self) {
        // SAFETY: it came from a box; see `pool`.
        drop(unsafe { Box::from_raw(self.pool) });
    }
}

/// Batches of one array, so that the depot is met early.
pub(crate) const SMALL: SharedSettings = SharedSettings::new().batch(1, 1 << 20).table_only();

/// The cells beside the slots, found by address.
#[derive(Default)]
pub(crate) struct Watch {
    cells: Mutex<Vec<(usize, Arc<UnsafeCell<usize>>)>>,
    gate: AtomicUsize,
}

impl Watch {
    /// Whoever passes here is put before and behind everybody else who does.
    ///
    /// The checker looks for orders that differ by comparing an access with the
    /// last one before it. A thread that loads a word and then exchanges it is
    /// compared with itself only, and another thread's earlier look at the word is
    /// forgotten. Here everybody exchanges and nobody looks; and since it is
    /// relaxed, it orders nothing that the pool should have ordered.
    pub(crate) fn pass(&self) {
        self.gate.fetch_add(1, Ordering::Relaxed);
    }

    fn cell(&self, address: usize) -> Arc<UnsafeCell<usize>> {
        let mut cells = self.cells.lock().unwrap();
        if let Some((_, cell)) = cells.iter().find(|(known, _)| *known == address) {
            return Arc::clone(cell);
        }
        cells.push((address, Arc::new(UnsafeCell::new(0))));
        Arc::clone(&cells[cells.len() - 1].1)
    }

    /// A tenant moves in: a data race if the one before it is not gone for sure.
    pub(crate) fn enter<T, H: Home>(&self, array: &Homed<T, H>, token: usize) {
        self.pass();
        let cell = self.cell(array.as_ptr().addr());
        // SAFETY: the checker finds out whether anybody else is there.
        cell.with_mut(|place| unsafe { *place = token });
    }

    /// The tenant is still the same.
    pub(crate) fn check<T, H: Home>(&self, array: &Homed<T, H>, token: usize) {
        self.pass();
        let cell = self.cell(array.as_ptr().addr());
        // SAFETY: the checker finds out whether anybody writes meanwhile.
        cell.with(|place| assert_eq!(unsafe { *place }, token, "one slot, two tenants"));
    }
}

/// Takes an array from a lane, with the token in its cell.
pub(crate) fn take<S: ReleaseStrategy>(
    lane: &PoolLane<S>,
    watch: &Watch,
    token: usize,
) -> Array<S> {
    watch.pass();
    let array = lane.allocate(2).into_shared();
    watch.enter(&array, token);
    array
}
