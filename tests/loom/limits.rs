//! The budget, exhausted by two threads at once.

use arraypool::{AllocError, Budget, ReleaseStrategy};
use loom::sync::Arc;
use loom::thread;

use crate::support::{SMALL, Stage, explore};

crate::for_both!(the_pools_budget_is_used_up_by_two);

/// Catches a refusal that leaves something behind, and a slot that is handed out
/// beyond the budget: there is room for the first lane and its arrays, and for a
/// second lane only if the first one was quick.
fn the_pools_budget_is_used_up_by_two<S: ReleaseStrategy>() {
    /// For the runs' books, a chunk, and a second lane or two arrays more.
    const ROOM: usize = 6000;
    let bare = Stage::<S>::new(SMALL).pool().stats().bytes;
    let stage = Stage::<S>::new(SMALL.limit(bare + ROOM));
    let pool = stage.pool();
    let work = move |token: usize, watch: &crate::support::Watch| {
        let Ok(lane) = pool.try_lane() else { return 0 };
        let mut arrays = Vec::new();
        let error = loop {
            match lane.try_allocate(2) {
                Ok(array) => {
                    watch.enter(&array, token);
                    arrays.push(array);
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(error, AllocError::OverBudget { .. }), "{error}");
        for array in &arrays {
            watch.check(array, token);
        }
        arrays.len()
    };
    let theirs = stage.watch();
    let thread = thread::spawn(move || work(1, &theirs));
    let mine = work(2, &stage.watch());
    let other = thread.join().unwrap();
    let stats = pool.stats();
    assert!(mine + other > 0 && stats.bytes <= stats.limit, "{mine} {other} {stats:?}");
    stage.assert_all_home();
}

/// Catches a charge whose check and whose sum are two steps: both would fit.
#[test]
fn one_budget_is_charged_by_two() {
    explore(|| {
        let budget = Arc::new(Budget::new(100));
        let theirs = Arc::clone(&budget);
        let thread = thread::spawn(move || theirs.charge(60).is_ok());
        let mine = budget.charge(60).is_ok();
        let other = thread.join().unwrap();
        assert_eq!(usize::from(mine) + usize::from(other), 1);
        assert_eq!((budget.used(), budget.peak()), (60, 60));
    });
}
