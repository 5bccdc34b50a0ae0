//! One byte limit over arenas and pools.

use std::sync::Barrier;
use std::thread;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, Checks, DefaultClasses, Direct, Metadata, PoolStats,
    ReleaseStrategy, Tagged,
};

use crate::support::rounds;
use crate::support::take;

/// Bytes that a chunk costs above its capacity.
const HEADER: usize = (4 * size_of::<usize>()).next_multiple_of(16);

#[test]
fn a_chunk_is_charged_with_its_header_and_refunded() {
    let budget = Budget::new(100_000);
    let mut arena = Arena::builder().budget(&budget).build();
    assert_eq!(budget.used(), 0);
    take(&arena, 4096);
    take(&arena, 8192);
    assert_eq!(budget.used(), 4096 + 8192 + 2 * HEADER);
    arena.reset();
    assert_eq!(budget.used(), 4096 + 8192 + 2 * HEADER, "chunks are kept");
    arena.clear();
    assert_eq!(budget.used(), 4096 + HEADER);
    drop(arena);
    assert_eq!(budget.used(), 0);
    assert_eq!(budget.peak(), 4096 + 8192 + 2 * HEADER);
}

#[test]
fn an_error_says_what_was_asked_what_is_used_and_the_limit() {
    let budget = Budget::new(16 << 10);
    let arena = Arena::builder().budget(&budget).build();
    take(&arena, 4096);
    let used = budget.used();
    let error = arena.try_alloc_slice_uninit::<u8>(20_000).unwrap_err();
    let AllocError::OverBudget { requested, used: in_use, limit, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((requested, in_use, limit), (20_000 + HEADER, used, 16 << 10));
    assert_eq!(budget.used(), used, "a refusal charges nothing");
    let text = format!("over budget: {requested} more bytes requested, {used} of 16384 in use");
    assert_eq!(error.to_string(), text);
    assert_eq!(arena.chunk_count(), 1);
    take(&arena, 8000);
}

#[test]
fn a_budget_can_be_used_to_its_end() {
    for &limit in &[5_000, 10_000, 70_000, 150_000][..rounds(4, 2)] {
        let budget = Budget::new(limit);
        let arena = Arena::builder().budget(&budget).build();
        let mut blocks = 0;
        while arena.try_alloc_slice_uninit::<u8>(16).is_ok() {
            blocks += 1;
        }
        assert!(budget.available() < HEADER + 16, "{budget:?}");
        assert_eq!(blocks * 16, arena.allocated_bytes());
        assert_eq!(arena.allocated_bytes() + arena.chunk_count() * HEADER, budget.used());
        assert!(arena.chunk_count() < 8, "what is left is one chunk, not many");
    }
}

#[test]
fn arenas_share_what_is_left() {
    let budget = Budget::new(40 << 10);
    let one = Arena::builder().budget(&budget).build();
    let other = Arena::builder().budget(&budget).build();
    take(&one, 30 << 10);
    assert!(other.try_alloc_slice_uninit::<u8>(20 << 10).is_err());
    drop(one);
    assert!(other.try_alloc_slice_uninit::<u8>(20 << 10).is_ok());
    let limit = budget.limit();
    budget.set_limit(budget.used());
    assert!(matches!(
        other.try_alloc_slice_uninit::<u8>(30_000),
        Err(AllocError::OverBudget { .. })
    ));
    budget.set_limit(limit * 2);
    assert!(other.try_alloc_slice_uninit::<u8>(30_000).is_ok());
}

#[test]
fn a_refusal_in_a_race_is_of_what_was_needed_and_of_no_more() {
    for _ in 0..rounds(300, 2) {
        let budget = Budget::new(20_000);
        let start = Barrier::new(2);
        let until_refused = || {
            let arena = Arena::builder().initial_chunk(64).max_chunk(64).budget(&budget).build();
            start.wait();
            loop {
                if let Err(error) = arena.try_alloc_slice_uninit::<u8>(16) {
                    // Keeps its chunks until the other is refused too.
                    start.wait();
                    return error;
                }
            }
        };
        let errors = thread::scope(|scope| {
            let other = scope.spawn(until_refused);
            [until_refused(), other.join().unwrap()]
        });
        for error in errors {
            assert!(
                matches!(error, AllocError::OverBudget { requested, .. } if requested == 16 + HEADER)
            );
        }
    }
}

fn pools_share_a_budget<S: ReleaseStrategy>() {
    let most = rounds(256 << 10, 48 << 10);
    let budget = Budget::new(most);
    {
        let one = Arena::builder().budget(&budget).build();
        let other = Arena::builder().budget(&budget).build();
        let left = ArrayPool::<u64, S, DefaultClasses>::new_in(&one);
        let right = ArrayPool::<u16, S, DefaultClasses>::new_in(&other);
        let mut kept = Vec::new();
        let mut others = Vec::new();
        let error = loop {
            match left.try_allocate(kept.len() % 300) {
                Ok(array) => kept.push(array),
                Err(error) => break error,
            }
            others.extend(right.try_allocate(others.len() % 300));
        };
        assert!(matches!(error, AllocError::OverBudget { limit, .. } if limit == most), "{error}");
        assert!(budget.used() <= budget.limit());
        for stats in [left.verify().unwrap(), right.verify().unwrap()] {
            assert!(stats.live > 0 && stats.run_bytes + stats.book_bytes < budget.used());
        }
        // What went back serves again within the limit.
        if S::RECLAIMS {
            kept.clear();
            assert!(left.try_allocate(12).is_ok());
        }
        let (arenas, used) = (one.allocated_bytes() + other.allocated_bytes(), budget.used());
        let of = |stats: PoolStats| stats.book_bytes + stats.check_bytes;
        let books = of(left.stats()) + of(right.stats());
        let headers = (one.chunk_count() + other.chunk_count()) * HEADER;
        assert_eq!(used, arenas + headers + books, "arenas, headers and books, and no more");
    }
    assert_eq!(budget.used(), 0, "all is refunded");
    assert!(budget.peak() <= budget.limit());
}

#[test]
fn direct_pools_share_a_budget() {
    pools_share_a_budget::<Direct>();
}

#[test]
fn metadata_pools_share_a_budget() {
    pools_share_a_budget::<Metadata>();
}

#[test]
fn tagged_pools_share_a_budget() {
    pools_share_a_budget::<Tagged>();
}

/// Notes and a quarantine are charged as books are; and what a pool says of its runs is
/// what its arena has handed out.
#[test]
fn what_diagnostics_keep_is_charged() {
    fn charged<S: ReleaseStrategy>() {
        let budget = Budget::unlimited();
        let arena = Arena::builder().budget(&budget).build();
        let builder = ArrayPool::<u64, S>::builder().checks(Checks::all().quarantine(100));
        let pool = builder.build_in(&arena);
        let arrays: Vec<_> = (0..200).map(|length| pool.allocate(length)).collect();
        drop(arrays);
        let stats = pool.verify().unwrap();
        assert_eq!((stats.quarantined, stats.live), (100, 0));
        let rounding = arena.used_bytes() - stats.run_bytes;
        assert!(rounding < 16 * stats.runs, "each run is rounded up to 16: {rounding}");
        let arenas = arena.allocated_bytes() + arena.chunk_count() * HEADER;
        assert_eq!(budget.used(), arenas + stats.book_bytes + stats.check_bytes);
    }
    charged::<Metadata>();
    charged::<Tagged>();
}

#[test]
fn a_pool_whose_books_do_not_fit_is_an_error() {
    let budget = Budget::new(1000);
    let arena = Arena::builder().budget(&budget).build();
    let made = ArrayPool::<u8, Metadata>::try_new_in(&arena);
    assert!(matches!(made, Err(AllocError::OverBudget { limit: 1000, .. })));
    assert_eq!(budget.used(), 0);
    let owned = ArrayPool::<u8, Tagged>::builder()
        .try_build_owning(Arena::builder().budget(&budget).build());
    assert!(matches!(owned, Err(AllocError::OverBudget { .. })));
    assert_eq!(budget.used(), 0);
}
