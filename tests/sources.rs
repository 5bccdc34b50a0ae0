//! Where chunks come from, collections that live in an arena, and strings that are
//! kept once.

#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

#[cfg(feature = "allocator-api2")]
#[path = "sources/allocator.rs"]
mod allocator;
#[path = "sources/interner.rs"]
mod interner;
#[path = "sources/walk.rs"]
mod walk;

use core::alloc::Layout;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, Checks, ChunkSource, FailingSource, LocalArena, Metadata,
    ReleaseStrategy, Tagged,
};
use support::source::CheckedSource;
use support::take;

/// Four words in front of every chunk.
const HEADER: usize = (4 * size_of::<usize>()).next_multiple_of(16);

#[test]
fn a_source_fails_when_it_is_told_to() {
    let all = |source: &FailingSource| {
        let arena = Arena::builder().initial_chunk(64).max_chunk(64).source(source).build();
        let refused: Vec<bool> = (0..200).map(|_| arena.try_alloc([0_u8; 64]).is_err()).collect();
        assert_eq!(source.refusals(), refused.iter().filter(|refused| **refused).count());
        assert_eq!(source.has_failed(), refused.contains(&true));
        refused
    };
    let none = all(&FailingSource::fail_at(0));
    assert!(!none.contains(&true));
    assert_eq!(all(&FailingSource::fail_randomly(0, 1)), none);
    assert!(all(&FailingSource::fail_randomly(1, 1)).iter().all(|&refused| refused));
    let some = all(&FailingSource::fail_randomly(4, 1));
    assert_eq!(some, all(&FailingSource::fail_randomly(4, 1)), "a seed is a seed");
    assert_ne!(some, all(&FailingSource::fail_randomly(4, 2)));
    let count = some.iter().filter(|refused| **refused).count();
    assert!((25..75).contains(&count), "{count} of 200");
    let source = FailingSource::fail_above(5000);
    let arena = Arena::builder().source(&source).build();
    assert!(arena.try_alloc_zeroed(4000).is_ok());
    assert_eq!(source.live_bytes(), arena.allocated_bytes() + arena.chunk_count() * HEADER);
    assert!(matches!(arena.try_alloc_zeroed(6000), Err(AllocError::OutOfMemory { .. })));
    drop(arena);
    assert_eq!((source.refusals(), source.live_bytes()), (1, 0));
}

/// Takes blocks from the heap, and panics when one comes back.
struct Grudge(CheckedSource);

// SAFETY: the blocks are those of another source.
unsafe impl ChunkSource for Grudge {
    fn allocate(&self, layout: Layout) -> Option<core::ptr::NonNull<u8>> {
        self.0.allocate(layout)
    }

    unsafe fn deallocate(&self, block: core::ptr::NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.deallocate(block, layout) };
        panic!("expected by the test");
    }
}

#[test]
fn a_source_that_panics_leaves_no_charge_for_what_it_took_back() {
    let (budget, source) = (Budget::new(1 << 20), Grudge(CheckedSource::new()));
    let mut arena = Arena::builder().source(&source).budget(&budget).initial_chunk(64).build();
    arena.alloc([0_u8; 64]);
    let first = budget.used();
    arena.alloc([0_u8; 1000]);
    arena.reset();
    assert!(catch_unwind(AssertUnwindSafe(|| arena.clear())).is_err());
    assert_eq!((budget.used(), source.0.live_blocks()), (first, 1));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(arena))).is_err());
    assert_eq!((budget.used(), source.0.live_blocks()), (0, 0));
}

/// Takes blocks from the heap, and panics once, at the `nth` that comes back.
struct Outburst {
    blocks: CheckedSource,
    left: AtomicUsize,
}

// SAFETY: the blocks are those of another source.
unsafe impl ChunkSource for Outburst {
    fn allocate(&self, layout: Layout) -> Option<core::ptr::NonNull<u8>> {
        self.blocks.allocate(layout)
    }

    unsafe fn deallocate(&self, block: core::ptr::NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.blocks.deallocate(block, layout) };
        assert!(self.left.fetch_sub(1, Ordering::Relaxed) != 1, "expected by the test");
    }
}

/// Outgrown books are what comes back while a pool grows: the books are in order then.
fn a_pool_whose_source_panics<S: ReleaseStrategy>(checks: Checks) {
    let mut panics = 0;
    for nth in 1..8 {
        let source = Outburst { blocks: CheckedSource::new(), left: AtomicUsize::new(nth) };
        let arena = Arena::builder().source(&source).initial_chunk(64).max_chunk(1024).build();
        let pool = ArrayPool::<u64, S>::builder().checks(checks).build_in(&arena);
        let mut arrays = Vec::new();
        for token in 0..150 {
            let take = AssertUnwindSafe(|| {
                // A run for each: the list of runs grows twice.
                pool.try_reserve(16, 1).unwrap();
                pool.try_allocate_with(16, |_| token).unwrap()
            });
            match catch_unwind(take) {
                Ok(array) => arrays.push((array, token)),
                Err(_) => panics += 1,
            }
        }
        for (array, token) in &arrays {
            assert!(array.iter().all(|element| element == token), "{nth}");
            assert!(arena.owns(array.as_ptr()), "{nth}");
        }
        assert_eq!(pool.verify().unwrap().live, arrays.len());
        // What is left to come back does so without a panic.
        source.left.store(0, Ordering::Relaxed);
    }
    assert!(panics > 0);
}

#[test]
fn a_source_that_panics_leaves_the_books_in_order() {
    for checks in [Checks::none(), Checks::all()] {
        a_pool_whose_source_panics::<Metadata>(checks);
        a_pool_whose_source_panics::<Tagged>(checks);
    }
}

#[test]
fn a_source_refuses_what_is_above_its_number_and_not_the_number_itself() {
    let source = FailingSource::fail_above(4096);
    let ask = |bytes| {
        let layout = Layout::from_size_align(bytes, 16).unwrap();
        let block = source.allocate(layout);
        // SAFETY: the block was allocated with this layout, and nobody has it.
        block.map(|block| unsafe { source.deallocate(block, layout) }).is_some()
    };
    assert_eq!((ask(4096), ask(4112)), (true, false));
}

#[test]
fn a_walk_makes_every_request_fail_once_and_ends_with_none() {
    let (mut rounds, mut failed) = (0, 0);
    let requests = FailingSource::walk(|source| {
        let arena = Arena::builder().initial_chunk(64).max_chunk(64).source(source).build();
        let made = (0..5).filter(|_| arena.try_alloc([0_u8; 64]).is_ok()).count();
        rounds += 1;
        failed += 5 - made;
    });
    assert_eq!((requests, rounds, failed), (5, 6, 5));
}

#[test]
fn a_walk_finds_what_leaks() {
    let layout = Layout::new::<[u64; 2]>();
    let mut lost = Vec::new();
    let walk = || FailingSource::walk(|source| lost.extend(source.allocate(layout)));
    assert!(catch_unwind(AssertUnwindSafe(walk)).is_err());
    for block in lost {
        // SAFETY: a failing source allocates from the heap, with this layout.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) };
    }
}

#[test]
fn an_arena_in_an_arena_gives_its_chunks_back() {
    let source = CheckedSource::new();
    let outer = Arena::builder().source(&source).build();
    let kept = outer.alloc([1_u8; 100]);
    let mut used = 0;
    for round in 0..10 {
        let mut inner = LocalArena::new_in(&outer);
        for size in [10, 5000, 100, 20_000] {
            take(&inner, size);
            take(&outer, 16);
        }
        inner.reset();
        take(&inner, 10_000);
        inner.clear();
        assert_eq!(inner.chunk_count(), 1);
        drop(inner);
        if round == 1 {
            used = outer.allocated_bytes();
        }
    }
    assert_eq!(outer.allocated_bytes(), used, "what came back was used again");
    assert_eq!(kept, &[1; 100]);
    drop(outer);
    assert_eq!(source.live_blocks(), 0);
}

#[test]
fn an_arena_in_an_arena_trims_what_is_empty() {
    let outer = Arena::new();
    let mut inner = LocalArena::new_in(&outer);
    take(&inner, 10_000);
    take(&inner, 50_000);
    inner.reset();
    let (before, outside) = (inner.allocated_bytes(), outer.used_bytes());
    let given_back = inner.trim();
    assert!(given_back >= 50_000);
    assert_eq!(inner.allocated_bytes(), before - given_back);
    assert!(outer.used_bytes() <= outside - given_back);
}

#[test]
fn arenas_in_an_arena_have_budgets_of_their_own() {
    let outer = Arena::new();
    let budget = Budget::new(10_000);
    let inner = Arena::builder().budget(&budget).build_local(&outer);
    assert!(inner.try_alloc_zeroed(5000).is_ok());
    assert!(matches!(inner.try_alloc_zeroed(8000), Err(AllocError::OverBudget { .. })));
    outer.scope(|scope| {
        // The scope has claimed the memory that the inner arena would grow into.
        let refused = inner.try_alloc_zeroed(4500);
        assert!(matches!(refused, Err(AllocError::OutOfMemory { .. })));
        let local = LocalArena::new_in(scope);
        take(&local, 10_000);
    });
    budget.set_limit(1 << 20);
    let pool = ArrayPool::<u64, Metadata>::new_in(&inner);
    let other = ArrayPool::<u64, Tagged>::new_in(&inner);
    let arrays = [pool.try_allocate_copy(&[1; 12]).is_ok(), other.try_allocate(12).is_ok()];
    assert!(pool.verify().is_ok() && other.verify().is_ok() && arrays.contains(&true));
}
