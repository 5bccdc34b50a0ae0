//! Released arrays that rest, and allocations that are made to fail.

use arraypool::{AllocError, Arena};

use super::*;

for_reclaiming_strategies!(
    a_late_second_release_of_an_address_is_caught,
    an_array_rests_until_so_many_others_came_back,
    a_pool_that_cannot_grow_wakes_what_rested_longest,
    what_is_woken_is_used_however_few_may_be_free,
    a_reset_ends_all_rest,
);

mod failing {
    use super::*;

    for_every_strategy!(every_nth_allocation_fails);

    fn every_nth_allocation_fails<S: ReleaseStrategy>() {
        let pool = pool::<S>(Checks::none().fail_every(3));
        for round in 1..=12 {
            let array = pool.try_allocate(5);
            match array {
                Ok(_) => assert_ne!(round % 3, 0),
                Err(AllocError::OutOfMemory { requested: 40, .. }) => assert_eq!(round % 3, 0),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(pool.try_allocate(0).map(|array| array.len()), Ok(0), "takes no memory");
        assert_eq!(pool.verify().unwrap().lost, 0);
        let never = pool_that_never_fails::<S>();
        assert!((0..100).all(|_| never.try_allocate(5).is_ok()));
        told_nothing();
    }

    fn pool_that_never_fails<S: ReleaseStrategy>() -> Pool<S> {
        pool::<S>(Checks::none().fail_every(0).poison())
    }
}

fn what_is_woken_is_used_however_few_may_be_free<S: ReleaseStrategy>() {
    let pool = builder::<S>(Checks::none().quarantine(4)).max_free(0).build();
    pool.reserve(5, 1);
    pool.freeze();
    for _ in 0..3 {
        drop(pool.try_allocate(5).expect("the one that rests"));
        let stats = pool.stats();
        assert_eq!((stats.free, stats.quarantined, stats.left), (1, 1, 0));
    }
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.left), (0, 0));
    told_nothing();
}

fn a_late_second_release_of_an_address_is_caught<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().quarantine(8).callers());
    let (raw, allocated) = (pool.try_allocate_raw(5).unwrap(), here());
    let address = raw.ptr.as_ptr().cast_const();
    // SAFETY: nobody uses the array afterwards.
    let (first, released) = (unsafe { pool.release_ptr(address) }, here());
    assert_eq!(first, Ok(()));
    // Without quarantine, this one would have the slot, and lose it below.
    let innocent = pool.try_allocate_raw(5).unwrap();
    assert_ne!(innocent.ptr, raw.ptr);
    // SAFETY: as above.
    let second = unsafe { pool.release_ptr(address) };
    assert_eq!(second.unwrap_err().kind(), "already released");
    let report = told_once();
    assert_same_line(report.history.allocated, allocated);
    assert_released_at(report.history.released, released);
    assert_eq!(release_raw(&pool, innocent), Ok(()));
    told_nothing();
}

fn an_array_rests_until_so_many_others_came_back<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().quarantine(4));
    let raws: Vec<_> = (0..9).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
    let first = raws[0].ptr;
    assert_eq!(release_raw(&pool, raws[0]), Ok(()));
    for &raw in &raws[1..4] {
        assert_eq!(release_raw(&pool, raw), Ok(()));
        let next = pool.try_allocate_raw(5).unwrap();
        assert!(raws.iter().all(|raw| raw.ptr != next.ptr), "nothing has rested long enough");
    }
    let stats = pool.verify().unwrap();
    assert_eq!((stats.free, stats.quarantined), (4, 4));
    assert_eq!(release_raw(&pool, raws[4]), Ok(()));
    let stats = pool.verify().unwrap();
    assert_eq!((stats.free, stats.quarantined), (5, 4));
    assert_eq!(pool.try_allocate_raw(5).unwrap().ptr, first, "the coldest comes first");
    // One of another class counts as well.
    let other = pool.try_allocate_raw(100).unwrap();
    assert_eq!(release_raw(&pool, other), Ok(()));
    assert_eq!(pool.try_allocate_raw(5).unwrap().ptr, raws[1].ptr);
    pool.verify().unwrap();
    told_nothing();
}

fn a_pool_that_cannot_grow_wakes_what_rested_longest<S: ReleaseStrategy>() {
    let arena = Arena::new();
    let pool = builder_in::<S>(Checks::none().quarantine(100)).build_in(&arena);
    pool.reserve(16, 3);
    pool.freeze();
    let raws: Vec<_> = (0..3).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
    for &index in &[1, 0, 2] {
        // SAFETY: nobody uses the array afterwards.
        assert_eq!(unsafe { pool.release_raw(raws[index]) }, Ok(()));
    }
    for &index in &[1, 0, 2] {
        assert_eq!(pool.try_allocate_raw(5).unwrap().ptr, raws[index].ptr);
    }
    assert!(matches!(pool.try_allocate_raw(5), Err(AllocError::Frozen { .. })));
    assert_eq!(pool.verify().unwrap().quarantined, 0);
}

fn builder_in<'m, S: ReleaseStrategy>(
    checks: Checks,
) -> PoolBuilder<'static, ArrayPool<'m, u64, S>> {
    ArrayPool::builder().checks(checks).on_report(keep)
}

fn a_reset_ends_all_rest<S: ReleaseStrategy>() {
    let mut pool = pool::<S>(Checks::none().quarantine(4).integrity());
    let mut slots = None;
    for _ in 0..3 {
        drop((0..7).map(|_| pool.allocate(5)).collect::<Vec<_>>());
        assert_eq!(pool.verify().unwrap().quarantined, 4);
        pool.reset();
        let stats = pool.verify().unwrap();
        assert_eq!((stats.quarantined, stats.free, stats.live), (0, 0, 0));
        assert_eq!(*slots.get_or_insert(stats.slots), stats.slots, "runs are used again");
    }
    told_nothing();
}

/// Under `Metadata`, bookkeeping is out of reach of a stray write.
#[test]
fn overwritten_bookkeeping_is_found_when_the_rest_is_over() {
    let pool = pool::<Tagged>(Checks::none().quarantine(1).callers());
    let (first, second) = (pool.allocate(5), pool.allocate(5));
    let address = first.as_ptr();
    drop(first);
    let header = address.cast::<usize>().wrapping_sub(2).cast_mut();
    // SAFETY: the header is the pool's memory, and holds words.
    let word = unsafe { header.read() };
    // SAFETY: as above, and the pool is prepared for every value.
    unsafe { header.write(!word) };
    drop(second);
    let report = told_once();
    assert_eq!((report.problem, report.address), (Problem::BookkeepingOverwritten, address.addr()));
    assert_eq!(report.history.released, Some(ReleasedBy::Drop));
    let stats = pool.verify().unwrap();
    assert_eq!((stats.lost, stats.corrupted, stats.free), (1, 1, 1));
    let kept = [pool.allocate(5), pool.allocate(5)];
    assert!(kept.iter().all(|array| array.as_ptr() != address));
}
