//! After warm-up nothing asks the global allocator: a counting one watches.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

use arraypool::{
    Arena, ArrayPool, DefaultClasses, Direct, Metadata, PoolArray, ReleaseStrategy, RuntimeClasses,
    Tagged,
};

use support::{
    Fourteen, PowersOfTwo, Random, Table, Watched, for_reclaiming_tables, pool, pool_in,
    release_ptr, release_raw, rounds,
};

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, every call of the thread counted.
struct Counting;

fn count() {
    // A thread that ends has no counter any more, and nobody reads it.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of the global allocator, in both directions, while `work` runs.
fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

/// Arrays that are held at once.
const HELD: usize = 24;
/// Lengths that the mixture draws from.
const LONGEST: usize = 700;

/// Replaces held arrays by others, in every way there is to release one.
fn churn<'p, S: ReleaseStrategy, C: Table>(
    pool: &'p ArrayPool<'_, u32, S, C>,
    held: &mut [Option<PoolArray<'p, u32, S, C>>; HELD],
    random: &mut Random,
) {
    let place = random.below(HELD);
    let length = random.below(LONGEST + 1);
    if let Some(array) = held[place].take() {
        assert!(array.iter().enumerate().all(|(i, &element)| element == i as u32));
        match random.below(4) {
            0 => assert_eq!(array.release(), Ok(())),
            1 if S::RECLAIMS && !array.is_empty() => {
                assert_eq!(release_raw(pool, array.into_raw()), Ok(()));
            }
            2 if S::RECLAIMS && !array.is_empty() => {
                assert_eq!(release_ptr(pool, array.into_raw().ptr.as_ptr()), Ok(()));
            }
            3 => assert!(array.into_iter().count() <= LONGEST),
            _ => drop(array),
        }
    }
    held[place] = Some(pool.allocate_with(length, |i| i as u32));
}

fn reserved<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u32, S, C>();
    let last = C::CLASSES[C::CLASSES.len() - 1] as usize;
    for &class in C::CLASSES {
        pool.reserve(class as usize, HELD + 1);
    }
    let mut long = last + 1;
    while long <= 2 * LONGEST {
        pool.reserve(long, HELD + 1);
        long *= 2;
    }
    pool.freeze();
    let mut random = Random(0x9E37_79B9);
    let made = calls(|| {
        for _ in 0..3 {
            let mut held = [const { None }; HELD];
            for _ in 0..rounds(3000, 60) {
                churn(&pool, &mut held, &mut random);
            }
            let found = held[0].as_ref().and_then(|array| pool.locate(array.as_ptr()));
            assert!(found.is_none_or(|found| found.len <= LONGEST));
            pool.verify().unwrap();
            pool.trim(u32::MAX);
            drop(held);
            assert_eq!(pool.stats().live, 0);
            pool.reset();
        }
    });
    assert_eq!(made, 0);
}

/// Without a reservation: the same mixture again asks for nothing new.
fn warmed_up<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    let work = |seed| {
        let mut random = Random(seed);
        let mut held = [const { None }; HELD];
        for _ in 0..rounds(1000, 40) {
            churn(&pool, &mut held, &mut random);
        }
    };
    assert!(calls(|| work(77)) > 0);
    assert_eq!(calls(|| work(77)), 0);
    assert_eq!(calls(|| work(77)), 0);
}

macro_rules! both {
    ($($module:ident: $strategy:ty, $table:ty;)+) => {
        $(mod $module {
            use super::*;

            #[test]
            fn nothing_is_asked_for_within_a_reservation() {
                reserved::<$strategy, $table>();
            }

            #[test]
            fn nothing_is_asked_for_the_second_time() {
                warmed_up::<$strategy, $table>();
            }
        })+
    };
}

for_reclaiming_tables! { both!
    metadata_watched: Metadata, Watched;
    tagged_watched: Tagged, Watched;
}

/// Generations of a pool that takes nothing back: each is made in the arena
/// that the one before has warmed up.
#[test]
fn direct_generations_ask_for_nothing() {
    let mut arena = Arena::new();
    let generation = |arena: &Arena<'_>| {
        let pool = pool_in::<u32, Direct, DefaultClasses>(arena);
        let mut random = Random(5);
        let mut held = [const { None }; HELD];
        for _ in 0..rounds(500, 40) {
            churn(&pool, &mut held, &mut random);
        }
        pool.verify().unwrap();
    };
    assert!(calls(|| generation(&arena)) > 0);
    for _ in 0..5 {
        let made = calls(|| {
            arena.reset();
            generation(&arena);
        });
        assert_eq!(made, 0);
    }
}

#[test]
fn a_direct_pool_resets_its_own_arena() {
    let mut pool = ArrayPool::<u32, Direct>::new();
    let mut generation = || {
        for length in 0..rounds(400, 40) {
            let array = pool.allocate_with(length, |i| i as u32);
            assert_eq!(array.len(), length);
        }
        pool.reset();
    };
    generation();
    assert_eq!(calls(|| (0..5).for_each(|_| generation())), 0);
}

#[test]
fn an_arena_replays_its_work_without_the_allocator() {
    let mut arena = Arena::new();
    let work = |arena: &Arena<'_>| {
        for step in 1..200 {
            arena.alloc_zeroed(step * 13);
            arena.alloc_fmt(format_args!("step {step} of {}", 200));
        }
    };
    work(&arena);
    let made = calls(|| {
        for _ in 0..3 {
            arena.reset();
            work(&arena);
        }
    });
    assert_eq!(made, 0);
}

#[test]
fn a_buffer_never_asks_the_allocator() {
    let mut buffer = [const { core::mem::MaybeUninit::uninit() }; 64 * 1024];
    let made = calls(|| {
        let arena = Arena::from_buffer(&mut buffer);
        let pool = pool_in::<u16, Tagged, DefaultClasses>(&arena);
        for length in 0..300 {
            drop(pool.allocate_with(length, |i| i as u16));
        }
        assert!(pool.try_allocate(100_000).is_err());
        pool.verify().unwrap();
    });
    assert_eq!(made, 0);
}
