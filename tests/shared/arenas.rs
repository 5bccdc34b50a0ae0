//! Reusable arenas: cap, guards, waiting, warmth.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::thread;

use arraypool::shared::{ArenaPool, WhenExhausted};
use arraypool::{Arena, ArenaEvent, Budget};

use crate::rounds;

#[test]
fn the_warmest_arena_is_handed_out_first_and_comes_back_empty() {
    let arenas = ArenaPool::new(2, WhenExhausted::Fail);
    let (cold, warm) = (arenas.get().unwrap(), arenas.get().unwrap());
    let address = core::ptr::from_ref(warm.alloc(7_u64)).addr();
    let error = arenas.get().unwrap_err();
    assert_eq!((error.arenas, error.to_string().as_str()), (2, "all 2 arenas of the pool are out"));
    drop(cold);
    drop(warm);
    let again = arenas.get().unwrap();
    assert_eq!((again.used_bytes(), again.chunk_count()), (0, 1));
    assert_eq!(core::ptr::from_ref(again.alloc(8_u64)).addr(), address);
    assert_eq!((arenas.made(), arenas.idle()), (2, 1));
    drop(again);
    assert_eq!(arenas.idle(), 2);
}

#[test]
fn an_arena_keeps_no_more_than_it_may() {
    let arenas = ArenaPool::new(1, WhenExhausted::Fail).chunks(1000, 4000).keep_bytes(5000);
    let kept = |bytes: &[usize]| {
        let arena = arenas.get().unwrap();
        for &bytes in bytes {
            assert_eq!(arena.alloc_slice_fill_with(bytes, |_| 7_u8).len(), bytes);
        }
        drop(arena);
        arenas.get().unwrap().allocated_bytes()
    };
    // The first chunk is as large as its first array.
    assert_eq!(kept(&[100_000]), 0);
    assert!((1000..=5000).contains(&kept(&[10, 100_000])));
    assert!((1000..=5000).contains(&kept(&[10])));
}

#[test]
fn an_arena_keeps_as_much_as_it_may() {
    let two_chunks = |keep_bytes| {
        let settings = ArenaPool::new(1, WhenExhausted::Fail).chunks(1000, 1000);
        let arenas = settings.keep_bytes(keep_bytes);
        let arena = arenas.get().unwrap();
        arena.alloc([0_u8; 900]);
        arena.alloc([0_u8; 900]);
        let taken = arena.allocated_bytes();
        drop(arena);
        (taken, arenas.get().unwrap().allocated_bytes())
    };
    let (all, kept) = two_chunks(0);
    assert_eq!(kept, 0);
    assert_eq!(two_chunks(all), (all, all));
    assert!(two_chunks(all - 1).1 < all);
}

#[test]
fn a_first_chunk_that_just_may_stay_stays() {
    let kept = |keep_bytes: usize| {
        let arenas =
            ArenaPool::new(1, WhenExhausted::Fail).chunks(1008, 1008).keep_bytes(keep_bytes);
        let arena = arenas.get().unwrap();
        arena.alloc([0_u8; 900]);
        let first = arena.allocated_bytes();
        arena.alloc([0_u8; 900]);
        drop(arena);
        (first, arenas.get().unwrap().allocated_bytes())
    };
    let (first, _) = kept(0);
    assert_eq!(kept(first).1, first);
    assert_eq!(kept(first - 1).1, 0);
}

#[test]
fn one_more_is_made_and_dropped_where_the_pool_grows() {
    let arenas = ArenaPool::new(1, WhenExhausted::Grow);
    let guards: Vec<_> = (0..3).map(|_| arenas.get().unwrap()).collect();
    assert_eq!(arenas.made(), 3);
    drop(guards);
    assert_eq!((arenas.made(), arenas.idle()), (1, 1));
}

#[test]
fn who_waits_gets_the_next_one_that_comes_back() {
    let arenas = ArenaPool::new(2, WhenExhausted::Block);
    let out = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..rounds(500, 4) {
                    let arena = arenas.get().unwrap();
                    assert!(out.fetch_add(1, Ordering::Relaxed) < 2);
                    assert_eq!(arena.used_bytes(), 0);
                    assert_eq!(arena.alloc_slice_copy(&[round; 10]), [round; 10]);
                    out.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(arenas.made() <= 2);
}

#[test]
fn a_worker_that_panics_gives_its_arena_back() {
    let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    let result = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let _arena = arenas.get().unwrap();
            panic!("expected by the test");
        });
        thread.join()
    });
    assert!(result.is_err());
    assert!(arenas.get().is_ok());
}

#[test]
fn an_arena_whose_hook_panics_is_no_longer_counted() {
    fn panics_at_a_reset(event: &ArenaEvent) {
        assert!(!matches!(event, ArenaEvent::Reset { .. }), "expected by the test");
    }

    let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    let mut guard = arenas.get().unwrap();
    *guard = Arena::builder().hook(&panics_at_a_reset).build();
    guard.alloc(7);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
    assert_eq!((arenas.made(), arenas.idle()), (0, 0));
    assert!(arenas.get().is_ok(), "there is room for another");
}

#[test]
fn memory_is_bounded_by_what_is_kept_and_by_the_budget() {
    let budget = Budget::new(256 << 10);
    let arenas = ArenaPool::new(4, WhenExhausted::Fail)
        .chunks(1 << 10, 64 << 10)
        .keep_bytes(16 << 10)
        .budget(&budget);
    let big = arenas.get().unwrap();
    big.alloc_zeroed(100 << 10);
    assert!(arenas.get().unwrap().try_alloc_zeroed(200 << 10).is_err());
    assert!(budget.used() > 100 << 10);
    drop(big);
    // The first chunk is kept, however large the first request made it.
    let small = arenas.get().unwrap();
    for _ in 0..100 {
        small.alloc_zeroed(1 << 10);
    }
    assert!(small.allocated_bytes() > 16 << 10);
    drop(small);
    let kept = arenas.get().unwrap();
    assert_eq!(kept.chunk_count(), 1);
    assert_eq!(arenas.made(), 2);
    drop(kept);
    drop(arenas);
    assert_eq!(budget.used(), 0);
}
