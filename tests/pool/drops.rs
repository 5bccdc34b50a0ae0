//! Elements are dropped once, and the memory goes back whatever `Drop` does.

use core::cell::Cell;
use core::mem;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{Arena, ArrayPool, PoolArray, ReleaseStrategy};

use crate::support::{Item, Table, Tally, for_every_pool, pool, pool_in, rounds};

for_every_pool!(
    every_element_is_dropped_once,
    what_an_iterator_gave_out_is_not_its_to_drop,
    forgetting_drops_nothing,
    a_panic_in_drop_does_not_keep_the_memory,
    a_panic_while_an_iterator_is_dropped,
    drop_may_use_the_pool,
    a_panic_while_elements_are_made,
    making_elements_may_use_the_pool,
    clones_are_made_one_after_the_other,
    nothing_is_cloned_where_there_is_no_memory,
    elements_without_size_are_dropped,
);

/// Arrays that are live after all handles are gone: all of them under a
/// strategy that takes none back.
fn left<S: ReleaseStrategy>(arrays: usize) -> usize {
    if S::RECLAIMS { 0 } else { arrays }
}

fn every_element_is_dropped_once<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let pool = pool::<Item<'_>, S, C>();
    let lengths = [0, 1, 2, 16, 17, 40, 300];
    let mut arrays: Vec<_> =
        lengths.iter().map(|&length| pool.allocate_with(length, |_| tally.item())).collect();
    assert_eq!((tally.made(), tally.dropped()), (376, 0));
    arrays[6][0] = tally.item();
    assert_eq!(tally.dropped(), 1, "an assignment drops what was there");
    drop(arrays.swap_remove(1));
    assert_eq!(arrays.pop().unwrap().release(), Ok(()));
    drop(arrays);
    tally.assert_all_once();
    assert_eq!(pool.verify().unwrap().live, left::<S>(6));
}

fn what_an_iterator_gave_out_is_not_its_to_drop<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let pool = pool::<Item<'_>, S, C>();
    for (front, back) in [(0, 0), (3, 0), (0, 3), (4, 5), (10, 0), (5, 5)] {
        let before = tally.dropped();
        let mut iterator = pool.allocate_with(10, |_| tally.item()).into_iter();
        let mut taken: Vec<_> = iterator.by_ref().take(front).collect();
        taken.extend(iterator.by_ref().rev().take(back));
        assert_eq!(tally.dropped(), before);
        drop(iterator);
        assert_eq!(tally.dropped() - before, 10 - front - back);
        drop(taken);
        assert_eq!(tally.dropped() - before, 10);
    }
    tally.assert_all_once();
    assert_eq!(pool.verify().unwrap().live, left::<S>(6));
}

fn forgetting_drops_nothing<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let mut pool = pool::<Item<'_>, S, C>();
    mem::forget(pool.allocate_with(5, |_| tally.item()));
    let _ = pool.allocate_with(5, |_| tally.item()).leak();
    let _ = pool.allocate_with(5, |_| tally.item()).into_raw();
    drop(pool.allocate(5));
    assert_eq!(tally.dropped(), 0);
    assert_eq!(pool.verify().unwrap().live, if S::RECLAIMS { 3 } else { 4 });
    pool.reset();
    drop(pool);
    assert_eq!((tally.made(), tally.dropped()), (15, 0));
}

/// Panics when it is dropped, once the bomb is armed.
struct Bomb<'t> {
    _item: Item<'t>,
    armed: bool,
}

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        assert!(!self.armed, "an element's drop panics");
    }
}

fn bombs<'p, 't, S: ReleaseStrategy, C: Table>(
    pool: &'p ArrayPool<'_, Bomb<'t>, S, C>,
    tally: &'t Tally,
) -> PoolArray<'p, Bomb<'t>, S, C> {
    pool.allocate_with(6, |i| Bomb { _item: tally.item(), armed: i == 2 })
}

fn a_panic_in_drop_does_not_keep_the_memory<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let pool = pool::<Bomb<'_>, S, C>();
    let first = bombs(&pool, &tally);
    let address = first.as_ptr();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err());
    assert_eq!(pool.verify().unwrap().live, left::<S>(1));
    let second = bombs(&pool, &tally);
    assert_eq!(second.as_ptr() == address, S::RECLAIMS, "its slot is free");
    assert!(catch_unwind(AssertUnwindSafe(|| second.release())).is_err());
    assert_eq!(pool.verify().unwrap().live, left::<S>(2));
    tally.assert_all_once();
}

fn a_panic_while_an_iterator_is_dropped<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let pool = pool::<Bomb<'_>, S, C>();
    let mut iterator = bombs(&pool, &tally).into_iter();
    drop(iterator.next());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(iterator))).is_err());
    tally.assert_all_once();
    assert_eq!(pool.verify().unwrap().live, left::<S>(1));
}

/// Arrays that a [`Busy`] allocates, of lengths from 0 on.
fn busy() -> usize {
    rounds(20, 6)
}

/// Allocates from the pool that it lies in when it is dropped.
struct Busy<'p, S: ReleaseStrategy, C: Table> {
    pool: &'p ArrayPool<'p, u64, S, C>,
    done: &'p Cell<usize>,
}

impl<S: ReleaseStrategy, C: Table> Drop for Busy<'_, S, C> {
    fn drop(&mut self) {
        let kept: Vec<_> = (0..busy()).map(|n| self.pool.allocate_with(n, |i| i as u64)).collect();
        self.pool.verify().unwrap();
        drop(kept);
        self.done.set(self.done.get() + 1);
    }
}

fn drop_may_use_the_pool<S: ReleaseStrategy, C: Table>() {
    let done = Cell::new(0);
    let pool = pool::<u64, S, C>();
    {
        // Arrays of another type in the very same pool.
        let make = |_| Busy { pool: &pool, done: &done };
        let array = pool.as_raw().try_allocate(5).unwrap().write_with(make);
        let other = pool.as_raw().try_allocate(5).unwrap().write_with(make);
        drop(array);
        assert_eq!(done.get(), 5);
        let mut iterator = other.into_iter();
        drop(iterator.next());
        drop(iterator);
    }
    assert_eq!(done.get(), 10);
    // The first of each drop has no element.
    assert_eq!(pool.verify().unwrap().live, left::<S>(2 + 10 * (busy() - 1)));
}

fn a_panic_while_elements_are_made<S: ReleaseStrategy, C: Table>() {
    let tally = Tally::default();
    let pool = pool::<Item<'_>, S, C>();
    for (round, stop) in (1..).zip([0, 1, 7, 19]) {
        let making = catch_unwind(AssertUnwindSafe(|| {
            pool.allocate_with(20, |i| {
                assert!(i < stop, "making an element panics");
                tally.item()
            })
        }));
        assert!(making.is_err());
        tally.assert_all_once();
        assert_eq!(pool.verify().unwrap().live, left::<S>(round));
    }
    assert_eq!(tally.made(), 27);
}

fn making_elements_may_use_the_pool<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u64, S, C>();
    let array = pool.allocate_with(20, |i| pool.allocate_with(i, |j| j as u64).iter().sum());
    let sums = (0..20).map(|i: u64| i * i.saturating_sub(1) / 2);
    assert!(array.iter().copied().eq(sums));
    assert_eq!(pool.verify().unwrap().live, 1 + left::<S>(19), "one of the 20 has no element");
}

/// Counts its clones, and panics when the fuse has burnt down.
struct Copied<'t> {
    item: Item<'t>,
    tally: &'t Tally,
    fuse: &'t Cell<usize>,
}

impl Clone for Copied<'_> {
    fn clone(&self) -> Self {
        let left = self.fuse.get().checked_sub(1).expect("cloning an element panics");
        self.fuse.set(left);
        Self { item: self.tally.item(), tally: self.tally, fuse: self.fuse }
    }
}

fn clones_are_made_one_after_the_other<S: ReleaseStrategy, C: Table>() {
    let (tally, fuse) = (Tally::default(), Cell::new(0));
    let pool = pool::<Copied<'_>, S, C>();
    let make = |_| Copied { item: tally.item(), tally: &tally, fuse: &fuse };
    let source = pool.allocate_with(20, make);
    for (round, stop) in (1..).zip([0, 1, 7, 19]) {
        fuse.set(stop);
        let cloning = catch_unwind(AssertUnwindSafe(|| pool.allocate_clone(&source)));
        assert!(cloning.is_err() && fuse.get() == 0);
        assert_eq!(tally.made() - tally.dropped(), 20, "the clones are gone, the source is not");
        assert_eq!(pool.verify().unwrap().live, 1 + left::<S>(round));
    }
    fuse.set(20);
    let clones = pool.try_allocate_clone(&source).unwrap();
    assert!(clones.iter().map(|clone| clone.item.id).eq(47..67), "in their order");
    assert!(pool.allocate_clone(&[]).is_empty());
    drop((source, clones));
    tally.assert_all_once();
    assert_eq!(pool.verify().unwrap().live, left::<S>(6));
}

fn nothing_is_cloned_where_there_is_no_memory<S: ReleaseStrategy, C: Table>() {
    let (tally, fuse) = (Tally::default(), Cell::new(1000));
    let item = || Copied { item: tally.item(), tally: &tally, fuse: &fuse };
    let source: Vec<_> = (0..300).map(|_| item()).collect();
    let mut buffer = Box::<[u8]>::new_uninit_slice(4096);
    let arena = Arena::from_buffer(&mut buffer);
    let pool = pool_in::<Copied<'_>, S, C>(&arena);
    assert!(pool.try_allocate_clone(&source).is_err());
    let cloning = catch_unwind(AssertUnwindSafe(|| drop(pool.allocate_clone(&source))));
    assert!(cloning.is_err());
    assert_eq!((fuse.get(), tally.made(), pool.verify().unwrap().live), (1000, 300, 0));
}

thread_local! {
    static ZERO_SIZED: Cell<usize> = const { Cell::new(0) };
}

/// Has a `Drop` and no size.
#[derive(Clone)]
struct Nothing;

impl Drop for Nothing {
    fn drop(&mut self) {
        ZERO_SIZED.set(ZERO_SIZED.get() + 1);
    }
}

fn elements_without_size_are_dropped<S: ReleaseStrategy, C: Table>() {
    ZERO_SIZED.set(0);
    let pool = pool::<Nothing, S, C>();
    drop(pool.allocate_with(100, |_| Nothing));
    assert_eq!(ZERO_SIZED.get(), 100);
    let mut iterator = pool.allocate_with(10, |_| Nothing).into_iter();
    mem::forget(iterator.next());
    drop(iterator.next_back());
    drop(iterator);
    assert_eq!(ZERO_SIZED.get(), 109);
    assert_eq!(pool.allocate_with(3, |_| Nothing).release(), Ok(()));
    let _ = pool.allocate_with(3, |_| Nothing).leak();
    drop(pool.allocate(3));
    assert_eq!(ZERO_SIZED.get(), 112);
    let some = pool.allocate_with(5, |_| Nothing);
    drop(pool.allocate_clone(&some));
    assert_eq!(ZERO_SIZED.get(), 117);
}
