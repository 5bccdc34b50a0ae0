//! The way home: pushes against pushes against the owner, and the last array.

use arraypool::ReleaseStrategy;
use loom::thread;

use crate::support::{SMALL, Stage, take};

crate::for_both!(two_push_while_the_owner_unpacks, the_owner_waits_for_the_last_array);

/// Catches a push that is lost or linked to an old head, a chain that is taken
/// without its links and contents, and a slot that is unpacked twice: two threads
/// push while the owner takes what there is and hands it out again.
fn two_push_while_the_owner_unpacks<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let threads = [1, 2].map(|token| {
        let (array, watch) = (take(&lane, &watch, token), stage.watch());
        thread::spawn(move || {
            watch.check(&array, token);
            drop(array);
        })
    });
    let again = [take(&lane, &watch, 3), take(&lane, &watch, 4)];
    watch.check(&again[0], 3);
    watch.check(&again[1], 4);
    for thread in threads {
        thread.join().unwrap();
    }
    drop(again);
    drop(lane);
    stage.assert_all_home();
}

/// Catches an owner that never sees the last array, or hands it out before its
/// last tenant is done: there is memory for one run and no more.
fn the_owner_waits_for_the_last_array<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let array = take(&lane, &watch, 1);
    let address = array.as_ptr();
    let theirs = stage.watch();
    let thread = thread::spawn(move || {
        theirs.enter(&array, 2);
        drop(array);
    });
    while pool.stats().waiting == 0 {
        thread::yield_now();
    }
    // It is counted before it can be seen, so it may take another moment.
    let again = loop {
        let again = take(&lane, &watch, 3);
        if again.as_ptr() == address {
            break again;
        }
        drop(again);
        thread::yield_now();
    };
    watch.check(&again, 3);
    drop(again);
    thread.join().unwrap();
    drop(lane);
    stage.assert_all_home();
}
