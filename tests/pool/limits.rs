//! Reserving, freezing, trimming, and the balance.

use core::alloc::Layout;
use core::ptr::NonNull;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, Checks, ChunkSource, DefaultClasses, DefaultStrategy,
    Direct, FailingSource, Metadata, ReleaseStrategy, RuntimeClasses, Tagged,
};

use crate::support::source::CheckedSource;
use crate::support::{
    Table, class_of, for_reclaiming_pools, in_every_memory, pool, pool_in, release_raw, rounds,
};

for_reclaiming_pools!(
    a_frozen_pool_serves_what_was_reserved,
    a_hopeless_reservation_costs_nothing,
    reserving_counts_what_is_there,
    trimming_leaves_arrays_to_the_arena,
    a_maximum_of_free_arrays_is_kept,
    long_arrays_are_used_again,
    what_is_refused_takes_nothing,
    a_run_that_does_not_fit_leaves_no_records,
    what_is_refused_in_a_buffer_takes_nothing_twice,
    the_balance_is_that_of_a_count,
    a_reset_pool_does_the_same_in_the_same_memory,
);

/// Refuses blocks of a gigabyte, and is never asked for long ones that are shorter.
struct Small(CheckedSource);

// SAFETY: the blocks are those of another source.
unsafe impl ChunkSource for Small {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.size() > 1 << 30 {
            return None;
        }
        assert!(layout.size() < 1 << 20, "{layout:?}");
        self.0.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.deallocate(block, layout) };
    }
}

/// What can never be had is refused before anything is written for it.
fn a_hopeless_reservation_costs_nothing<S: ReleaseStrategy, C: Table>() {
    if usize::BITS < 64 {
        return;
    }
    let source = Small(CheckedSource::new());
    let arena = Arena::builder().source(&source).build();
    let pool: ArrayPool<'_, [u64; 4], S, C> = ArrayPool::new_in(&arena);
    let array = pool.allocate(3);
    let before = source.0.live_blocks();
    let error = pool.try_reserve(5, 1 << 24).unwrap_err();
    assert!(matches!(error, AllocError::OutOfMemory { requested, .. } if requested > 1 << 30));
    assert_eq!(source.0.live_blocks(), before);
    drop(array);
    pool.verify().unwrap();
}

fn a_frozen_pool_serves_what_was_reserved<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let pool = pool_in::<u32, S, C>(arena);
        for (length, count) in [(5, 10), (40, 3), (300, 2)] {
            pool.reserve(length, count);
        }
        assert!(!pool.as_raw().is_frozen());
        pool.freeze();
        assert!(pool.as_raw().is_frozen());
        let mut kept = Vec::new();
        for (length, count) in [(5, 10), (40, 3), (300, 2)] {
            for _ in 0..count {
                kept.push(pool.try_allocate(length).unwrap());
            }
            let error = pool.try_allocate(length).unwrap_err();
            let AllocError::Frozen { class_length, .. } = error else { panic!("{error}") };
            assert_eq!(class_length as usize, class_of::<C>(length));
            assert!(pool.try_reserve(length, count + 1).is_err());
        }
        assert!(pool.try_allocate(2000).is_err(), "a class that has nothing");
        assert_eq!(pool.allocate(0).len(), 0);
        for place in 0..kept.len() {
            let length = kept[place].len();
            drop(kept.swap_remove(place));
            kept.push(pool.try_allocate(length).expect("what went back serves again"));
        }
        assert_eq!(pool.verify().unwrap().live, 15);
    });
}

fn reserving_counts_what_is_there<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u64, S, C>();
    pool.reserve(5, 0);
    pool.reserve(0, 100);
    assert_eq!(pool.stats().slots, 0);
    pool.reserve(5, 20);
    let slots = pool.stats().slots;
    assert_eq!(slots, 20);
    let kept: Vec<_> = (0..5).map(|_| pool.allocate(5)).collect();
    pool.reserve(5, 15);
    assert_eq!(pool.stats().slots, slots, "fifteen are left");
    drop(kept);
    pool.reserve(5, 20);
    assert_eq!(pool.stats().slots, slots, "free ones count");
    pool.reserve(5, 27);
    assert_eq!(pool.stats().slots, slots + 7);
    let kept: Vec<_> = (0..27).map(|_| pool.allocate(5)).collect();
    assert_eq!(pool.verify().unwrap().slots, 27);
    drop(kept);
}

fn trimming_leaves_arrays_to_the_arena<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u64, S, C>();
    drop((0..10).map(|_| pool.allocate(5)).collect::<Vec<_>>());
    drop((0..3).map(|_| pool.allocate(300)).collect::<Vec<_>>());
    pool.trim(20);
    assert_eq!((pool.stats().free, pool.stats().left), (13, 0));
    pool.trim(4);
    assert_eq!((pool.stats().free, pool.stats().left), (7, 6));
    pool.verify().unwrap();
    pool.trim(0);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.free, stats.left), (0, 0, 13));
    assert!(stats.to_string().ends_with(", 13 left to the arena"), "{stats}");
    let array = pool.allocate(5);
    pool.verify().unwrap();
    drop(array);
    pool.reset();
    assert_eq!(pool.stats().left, 0, "a reset hands them out again");
    pool.verify().unwrap();
}

fn a_maximum_of_free_arrays_is_kept<S: ReleaseStrategy, C: Table>() {
    let pool = C::set(ArrayPool::<u64, S, C>::builder().max_free(3)).build();
    let kept: Vec<_> = (0..10).map(|i| pool.allocate_copy(&[i; 5])).collect();
    assert!(kept.iter().enumerate().all(|(i, array)| array[4] == i as u64));
    for (index, array) in kept.into_iter().enumerate() {
        drop(array);
        let stats = pool.verify().unwrap();
        assert_eq!(stats.free, (index + 1).min(3));
        assert_eq!(stats.left, (index + 1).saturating_sub(3));
    }
    let raw = pool.try_allocate_raw(5).unwrap();
    assert_eq!((pool.stats().free, pool.stats().live), (2, 1));
    assert_eq!(release_raw(&pool, raw), Ok(()));
    assert!(release_raw(&pool, raw).is_err());
    assert_eq!((pool.stats().free, pool.stats().left), (3, 7));
    let none = C::set(ArrayPool::<u64, S, C>::builder().max_free(0)).build();
    drop(none.allocate(5));
    drop(none.allocate(300));
    let stats = none.verify().unwrap();
    assert_eq!((stats.free, stats.left), (0, 2));
}

fn what_is_refused_takes_nothing<S: ReleaseStrategy, C: Table>() {
    const LONG: usize = 1 << 26;
    /// The bytes of the books and of the arena, and what else `used` counts, stay.
    fn check<S: ReleaseStrategy, C: Table>(arena: &Arena<'_>, used: impl Fn() -> usize) {
        let pool = pool_in::<u64, S, C>(arena);
        let kept = pool.allocate_copy(&[7; 5]);
        let state = || (used(), pool.stats().book_bytes, arena.allocated_bytes());
        let before = state();
        for _ in 0..3 {
            assert!(pool.try_allocate(LONG).is_err());
            assert!(pool.try_reserve(5, LONG / 8).is_err());
            assert_eq!(state(), before);
        }
        assert_eq!(kept, [7; 5]);
        let more = pool.allocate_copy(&[8; 1000]);
        assert_eq!((more[999], pool.verify().unwrap().live), (8, 2));
    }
    let budget = Budget::new(1 << 20);
    check::<S, C>(&Arena::builder().budget(&budget).build(), || budget.used());
    let source = FailingSource::fail_above(64 << 20);
    check::<S, C>(&Arena::builder().source(&source).build(), || source.live_bytes());
}

/// Records are taken before the run that they are for, whatever the budget has left. (A
/// list of runs that grew for it stays, for the next one.)
fn a_run_that_does_not_fit_leaves_no_records<S: ReleaseStrategy, C: Table>() {
    for limit in (20_000..120_000).step_by(rounds(970, 9700)) {
        let budget = Budget::new(limit);
        let arena = Arena::builder().budget(&budget).build();
        let Ok(pool) = C::set(ArrayPool::<[u64; 64], S, C>::builder()).try_build_in(&arena) else {
            continue;
        };
        let mut kept = Vec::new();
        let error = loop {
            match pool.try_allocate(3) {
                Ok(array) => kept.push(array),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, AllocError::OverBudget { .. }), "{error}");
        let state = || (budget.used(), pool.stats().book_bytes, arena.allocated_bytes());
        let before = state();
        assert!(pool.try_allocate(3).is_err());
        assert_eq!(state(), before, "{limit}");
        assert_eq!(pool.verify().unwrap().live, kept.len());
    }
}

/// In a buffer nothing can be given back; but what was taken serves the next request.
fn what_is_refused_in_a_buffer_takes_nothing_twice<S: ReleaseStrategy, C: Table>() {
    let mut buffer = Box::<[u8]>::new_uninit_slice(4 << 20);
    let arena = Arena::from_buffer(&mut buffer);
    let pool = pool_in::<u64, S, C>(&arena);
    let kept = pool.allocate_copy(&[7; 5]);
    assert!(pool.try_allocate(1 << 26).is_err());
    let before = (arena.used_bytes(), pool.stats().book_bytes);
    for _ in 0..3 {
        assert!(pool.try_allocate(1 << 26).is_err());
        assert_eq!((arena.used_bytes(), pool.stats().book_bytes), before);
    }
    assert_eq!((kept[4], pool.verify().unwrap().live), (7, 1));
}

fn long_arrays_are_used_again<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u8, S, C>();
    for (first, second) in [(600, 1000), (1025, 2048), (5000, 8192), (40_000, 33_000)] {
        let array = pool.allocate(first);
        let address = array.as_ptr();
        drop(array);
        let runs = pool.stats().runs;
        assert_eq!(pool.allocate(second).as_ptr(), address);
        assert_eq!(pool.stats().runs, runs);
    }
}

fn the_balance_is_that_of_a_count<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    let classes = pool.as_raw().class_stats().map(|class| class.length);
    assert!(classes.eq(C::CLASSES.iter().copied()), "those of the table are always there");
    let mut kept: Vec<_> = (1..60).map(|length| pool.allocate(length * 7)).collect();
    kept.retain(|array| array.len() % 2 == 0);
    let total = pool.verify().unwrap();
    assert_eq!((total.live, total.free + total.live), (kept.len(), 59));
    let mut live = 0;
    for class in pool.as_raw().class_stats() {
        let mine = |length: usize| class_of::<C>(length) == class.length as usize;
        assert_eq!(class.live, kept.iter().filter(|array| mine(array.len())).count());
        assert_eq!(class.free, (1..60).filter(|i| i % 2 == 1 && mine(i * 7)).count());
        assert!(class.stride >= class.length as usize * 4 && class.slots >= class.live);
        live += class.live;
    }
    assert_eq!(live, total.live);
    let text = format!("{} live, {} free of {} slots", total.live, total.free, total.slots);
    assert!(total.to_string().starts_with(&text), "{total}");
    assert!(total.to_string().ends_with(" of books"), "nothing was left or lost: {total}");
    assert!(format!("{pool:?}").contains(S::NAME));
}

fn a_reset_pool_does_the_same_in_the_same_memory<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let mut pool = pool_in::<u32, S, C>(arena);
        let mut addresses = Vec::new();
        for round in 0..4 {
            let kept: Vec<_> = (0..rounds(120, 25)).map(|length| pool.allocate(length)).collect();
            let now: Vec<_> = kept.iter().map(|array| array.as_ptr().addr()).collect();
            drop(kept);
            if round == 0 {
                addresses = now;
                addresses.sort_unstable();
            } else {
                let mut now = now;
                now.sort_unstable();
                assert_eq!(now, addresses);
            }
            pool.verify().unwrap();
            pool.reset();
            assert_eq!(pool.verify().unwrap().live, 0);
        }
    });
}

#[test]
fn metadata_is_made_for_so_many_runs() {
    let pool = ArrayPool::<u32, Metadata>::builder().max_runs(2).build();
    let kept = [pool.allocate(5), pool.allocate(40)];
    let error = pool.try_allocate(300).unwrap_err();
    assert!(matches!(error, AllocError::TooManyRuns { limit: 2, .. }), "{error}");
    assert_eq!(pool.verify().unwrap().runs, 2);
    drop(kept);
    assert!(pool.try_allocate(5).is_ok(), "the pool goes on");
    let unlimited = ArrayPool::<u32, Tagged>::builder().max_runs(0).build();
    assert!(unlimited.try_allocate(300).is_ok());
}

#[test]
fn a_run_that_has_no_records_goes_back_to_the_arena() {
    let arena = Arena::new();
    let pool = ArrayPool::<u32, Metadata>::builder().max_runs(1).build_in(&arena);
    let _kept = pool.allocate(5);
    let used = arena.used_bytes();
    for length in [40, 300, 20_000, 100_000] {
        assert!(pool.try_allocate(length).is_err());
        assert_eq!(arena.used_bytes(), used, "a refusal takes nothing");
    }
    let chunks = arena.chunk_count();
    assert!(pool.try_allocate(100_000).is_err());
    assert_eq!(arena.chunk_count(), chunks, "and the chunk serves again");
    pool.verify().unwrap();
}

#[test]
fn classes_given_at_run_time_are_checked() {
    let build = |classes: &[u32]| {
        ArrayPool::<u32, DefaultStrategy, RuntimeClasses>::builder().classes(classes).try_build()
    };
    for bad in [&[][..], &[0], &[4, 4], &[4, 2], &[(1 << 30) + 1]] {
        assert!(matches!(build(bad), Err(AllocError::InvalidClasses)), "{bad:?}");
    }
    let pool = build(&[7, 9]).unwrap();
    assert_eq!([pool.allocate(7).capacity(), pool.allocate(8).capacity()], [7, 9]);
    assert_eq!(pool.allocate(10).capacity(), 16);
}

#[test]
fn direct_counts_what_it_gave_out() {
    let mut pool = ArrayPool::<u32, Direct, DefaultClasses>::new();
    pool.reserve(5, 100);
    drop(pool.allocate(5));
    let kept = pool.allocate(7);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.run_bytes, stats.free, stats.runs), (2, 48, 0, 0));
    drop(kept);
    pool.reset();
    assert_eq!((pool.stats().live, pool.stats().run_bytes), (0, 0));
    pool.trim(0);
}

fn a_refused_run_leaves_the_table_of_granules<S: ReleaseStrategy>() {
    let source = FailingSource::fail_above(1 << 20);
    let arena = Arena::builder().source(&source).build();
    let pool = ArrayPool::<u64, S>::builder().checks(Checks::none()).build_in(&arena);
    drop(pool.allocate(200));
    let before = (pool.stats().book_bytes, source.live_bytes());
    // 8 MiB would take a larger table.
    assert!(pool.try_reserve(256, 4096).is_err());
    assert_eq!((pool.stats().book_bytes, source.live_bytes()), before);
}

#[test]
fn a_refused_run_leaves_the_books_as_they_were() {
    a_refused_run_leaves_the_table_of_granules::<Metadata>();
    a_refused_run_leaves_the_table_of_granules::<Tagged>();
}
