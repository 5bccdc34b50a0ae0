//! Arrays that are lent by an unshared pool, and come home to it.

use std::sync::Arc;

use arraypool::{ArrayPool, Checks, DefaultClasses, Lent, PoolArray, ReleaseStrategy, Returns};
use loom::cell::UnsafeCell;
use loom::thread;

crate::for_both!(two_bring_arrays_home_while_the_owner_receives);

type Array<S> = PoolArray<'static, usize, S>;
type Home<S> = Returns<'static, usize, 2, S, DefaultClasses>;

/// Two arrays that a thread each has: what it writes in the end, and a cell of the
/// checker's for whoever has the array.
type Cells = Arc<[UnsafeCell<usize>; 2]>;

fn bring_home(mut lent: Lent<'static, usize>, cells: &Cells) {
    let number = lent[0];
    lent[0] += 10;
    // SAFETY: the checker finds out whether anybody else is there.
    cells[number].with_mut(|place| unsafe { *place = lent[0] });
    drop(lent);
}

fn received<S: ReleaseStrategy>(array: &Array<S>, cells: &Cells) -> usize {
    let number = array[0] - 10;
    // SAFETY: as above.
    cells[number].with_mut(|place| assert_eq!(unsafe { *place }, array[0], "it was written"));
    number
}

/// Catches a push that is lost or linked to an old head, a place that is taken without
/// its link, an array that is received before whoever had it is done, and one that is
/// received twice: two threads bring arrays home while the owner receives them, lends
/// the first again, and brings it home itself.
fn two_bring_arrays_home_while_the_owner_receives<S: ReleaseStrategy>() {
    let pool = ArrayPool::<usize, S>::builder().checks(Checks::none()).build();
    let pool: *mut ArrayPool<'static, usize, S> = Box::into_raw(Box::new(pool));
    let home: *mut Home<S> = Box::into_raw(Box::new(Home::new()));
    // SAFETY: it is freed in the end, when nothing borrows it any more.
    let pool_ref = unsafe { &*pool };
    // SAFETY: as above.
    let home_ref = unsafe { &*home };
    let cells: Cells = Arc::new([UnsafeCell::new(0), UnsafeCell::new(0)]);
    let threads = [0, 1].map(|number| {
        let lent = home_ref.lend(pool_ref.allocate_copy(&[number])).expect("a place is free");
        let cells = Arc::clone(&cells);
        thread::spawn(move || bring_home(lent, &cells))
    });
    let next = || loop {
        match home_ref.receive() {
            Some(array) => break array,
            None => thread::yield_now(),
        }
    };
    let first = next();
    let number = received(&first, &cells);
    let again = home_ref.lend(first).expect("its place is free again");
    drop(again);
    let rest = [next(), next()].map(|array| received(&array, &cells));
    assert_eq!(rest.iter().sum::<usize>(), 1, "each of the two, once more");
    assert!(rest.contains(&number) && home_ref.receive().is_none());
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(pool_ref.verify().expect("the books add up").live, 0);
    // SAFETY: it came from a box, and what borrowed it is gone.
    drop(unsafe { Box::from_raw(home) });
    // SAFETY: as above.
    drop(unsafe { Box::from_raw(pool) });
}
