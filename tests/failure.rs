//! The failure walk: every request for memory fails once, in turn.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::mem::MaybeUninit;
use std::alloc::System;

use arraypool::{
    AllocError, Arena, ArenaBuilder, ArrayPool, Budget, DefaultClasses, Direct, FailingSource,
    Metadata, PoolArray, ReleaseStrategy, RuntimeClasses, Tagged,
};
use support::{
    Fourteen, PowersOfTwo, Table, Watched, for_reclaiming_tables, release_ptr, release_raw,
};

thread_local! {
    /// Allocations of this thread until one fails; 0: none will.
    static COUNTDOWN: Cell<usize> = const { Cell::new(0) };
    /// Bytes that this thread has allocated and not freed.
    static LIVE: Cell<usize> = const { Cell::new(0) };
    /// Allocations of this thread until its budget closes; 0: it will not.
    static CLOSES: Cell<usize> = const { Cell::new(0) };
    /// The budget that closes.
    static BUDGET: Budget = const { Budget::unlimited() };
}

/// The system's allocator, which fails when the countdown ends.
struct Failing;

/// Counts down; true where it ends.
fn ends(countdown: &'static std::thread::LocalKey<Cell<usize>>) -> bool {
    let before = countdown.try_with(|left| left.replace(left.get().saturating_sub(1)));
    before == Ok(1)
}

// SAFETY: a call is passed on to the system's allocator as it is, or answered
// with null; `realloc` and `alloc_zeroed` are made of these two.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ends(&COUNTDOWN) {
            return core::ptr::null_mut();
        }
        if ends(&CLOSES) {
            let _ = BUDGET.try_with(|budget| budget.set_limit(0));
        }
        let _ = LIVE.try_with(|live| live.set(live.get().wrapping_add(layout.size())));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let _ = LIVE.try_with(|live| live.set(live.get().wrapping_sub(layout.size())));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Whether a refusal is over when it has been met, or stays until the limit is raised.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Refusal {
    Once,
    Lasting,
}

/// What a life of a pool has met.
#[derive(Debug)]
struct Outcome {
    errors: usize,
    refusal: Refusal,
}

impl Outcome {
    /// Tries a step. An error is counted, leaves a whole pool behind, and what
    /// was refused once is served the next time.
    fn attempt<T, S: ReleaseStrategy, C: Table>(
        &mut self,
        pool: &ArrayPool<'_, u32, S, C>,
        mut step: impl FnMut() -> Result<T, AllocError>,
    ) -> Option<T> {
        let before = pool.stats();
        let error = match step() {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.errors += 1;
        let after = pool.verify().expect("the pool is whole after a refusal");
        assert_eq!((after.live, after.slots), (before.live, before.slots), "nothing was taken");
        match (self.refusal, error) {
            (Refusal::Once, AllocError::OutOfMemory { .. }) => {
                Some(step().expect("only one request fails"))
            }
            (Refusal::Once, AllocError::OverBudget { limit: 0, .. }) => {
                BUDGET.with(|budget| budget.set_limit(usize::MAX));
                Some(step().expect("only one charge is refused"))
            }
            (Refusal::Lasting, AllocError::OverBudget { .. }) => None,
            (refusal, error) => panic!("{refusal:?}: {error}"),
        }
    }
}

/// Arrays that a workload holds at once, without a list that would allocate.
const HELD: usize = 32;

type Held<'p, S, C> = [Option<PoolArray<'p, u32, S, C>>; HELD];

fn check<S: ReleaseStrategy, C: Table>(held: &Held<'_, S, C>) {
    for array in held.iter().flatten() {
        assert!(array.iter().enumerate().all(|(i, &element)| element == i as u32));
    }
}

/// Arrays of every class, those above the table included.
fn many_classes<S: ReleaseStrategy, C: Table>(
    pool: &mut ArrayPool<'_, u32, S, C>,
    outcome: &mut Outcome,
) {
    let pool = &*pool;
    let mut held: Held<'_, S, C> = [const { None }; HELD];
    for (place, slot) in held.iter_mut().enumerate() {
        let length = [1, 2, 5, 9, 14, 20, 30, 45, 70, 120, 200, 300, 600, 1100][place % 14];
        *slot = outcome.attempt(pool, || pool.try_allocate_with(length, |i| i as u32));
    }
    check(&held);
}

/// Many arrays of few classes, some of which go back meanwhile.
fn growth<S: ReleaseStrategy, C: Table>(
    pool: &mut ArrayPool<'_, u32, S, C>,
    outcome: &mut Outcome,
) {
    let pool = &*pool;
    let mut held: Held<'_, S, C> = [const { None }; HELD];
    for step in 0..120 {
        let length = if step % 3 == 0 { 256 } else { 10 };
        let place = step * 7 % HELD;
        held[place] = outcome.attempt(pool, || pool.try_allocate_with(length, |i| i as u32));
    }
    check(&held);
}

/// Reservations, and what they are for.
fn reservations<S: ReleaseStrategy, C: Table>(
    pool: &mut ArrayPool<'_, u32, S, C>,
    outcome: &mut Outcome,
) {
    for (length, count) in [(5, 40), (5, 41), (100, 20), (400, 3), (3000, 2)] {
        let reserved = outcome.attempt(pool, || pool.try_reserve(length, count));
        let mut held: Held<'_, S, C> = [const { None }; HELD];
        for slot in held.iter_mut().take(count) {
            *slot = outcome.attempt(pool, || pool.try_allocate_with(length, |i| i as u32));
            assert!(slot.is_some() || reserved.is_none() || !S::RECLAIMS, "it was reserved");
        }
        check(&held);
    }
}

/// An array that grows as a vector does: a larger one replaces it.
fn replacing<S: ReleaseStrategy, C: Table>(
    pool: &mut ArrayPool<'_, u32, S, C>,
    outcome: &mut Outcome,
) {
    let pool = &*pool;
    let mut held: Held<'_, S, C> = [const { None }; HELD];
    for slot in held.iter_mut().take(4) {
        for length in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] {
            let larger = outcome.attempt(pool, || pool.try_allocate_with(length, |i| i as u32));
            if let (Some(larger), Some(old)) = (&larger, &*slot) {
                assert_eq!(larger[..old.len()], old[..]);
            }
            *slot = larger.or(slot.take());
        }
    }
    check(&held);
}

/// Arrays held by hand, and resets in between.
fn by_hand_and_reset<S: ReleaseStrategy, C: Table>(
    pool: &mut ArrayPool<'_, u32, S, C>,
    outcome: &mut Outcome,
) {
    for round in 1..4 {
        for step in 0..20 * round {
            let length = [3, 30, 300][step % 3];
            let Some(raw) = outcome.attempt(pool, || pool.try_allocate_raw(length)) else {
                continue;
            };
            let released = match step % 4 {
                0 => release_raw(pool, raw),
                1 => release_ptr(pool, raw.ptr.as_ptr()),
                _ => Ok(()),
            };
            assert!(released.is_ok() || !S::RECLAIMS);
        }
        pool.verify().unwrap();
        pool.reset();
    }
}

/// One life of a pool in `arena`: made, worked with, dropped.
fn life<S: ReleaseStrategy, C: Table>(
    arena: &Arena<'_>,
    outcome: &mut Outcome,
    fails_at: usize,
    work: impl Fn(&mut ArrayPool<'_, u32, S, C>, &mut Outcome),
) {
    let open = || C::set(ArrayPool::<u32, S, C>::builder()).max_runs(128).try_build_in(arena);
    COUNTDOWN.set(fails_at);
    let mut pool = match (open(), outcome.refusal) {
        (Ok(pool), _) => pool,
        (Err(_), Refusal::Once) => {
            outcome.errors += 1;
            BUDGET.with(|budget| budget.set_limit(usize::MAX));
            open().expect("only one request fails")
        }
        (Err(error), Refusal::Lasting) => {
            assert!(matches!(error, AllocError::OverBudget { .. }), "{error}");
            outcome.errors += 1;
            return;
        }
    };
    work(&mut pool, outcome);
    pool.verify().unwrap();
    if outcome.refusal == Refusal::Once {
        let more = outcome.attempt(&pool, || pool.try_allocate(5));
        assert!(more.is_some(), "the pool goes on");
    }
}

/// Every request to the chunk source fails once.
fn walk_source<S: ReleaseStrategy, C: Table>(
    work: impl Fn(&mut ArrayPool<'_, u32, S, C>, &mut Outcome),
) {
    for n in 1.. {
        let source = FailingSource::fail_at(n);
        let mut outcome = Outcome { errors: 0, refusal: Refusal::Once };
        life(&ArenaBuilder::with_source(&source).build(), &mut outcome, 0, &work);
        assert_eq!(source.live_bytes(), 0, "request {n}");
        assert_eq!(outcome.errors, usize::from(source.has_failed()), "request {n}");
        if !source.has_failed() {
            assert!(n > 1, "the workload asks for memory");
            return;
        }
    }
}

/// Every allocation of the pool and its work fails once.
fn walk_heap<S: ReleaseStrategy, C: Table>(
    work: impl Fn(&mut ArrayPool<'_, u32, S, C>, &mut Outcome),
) {
    for n in 1.. {
        let live = LIVE.get();
        let mut outcome = Outcome { errors: 0, refusal: Refusal::Once };
        life(&Arena::new(), &mut outcome, n, &work);
        let unmet = COUNTDOWN.replace(0) > 0;
        assert_eq!(LIVE.get(), live, "allocation {n}");
        assert_eq!(outcome.errors, usize::from(!unmet), "allocation {n}");
        if unmet {
            return;
        }
    }
}

/// Every charge to the budget is refused once: an allocation follows each, and
/// the n-th closes the budget until a refusal is met.
fn walk_charges<S: ReleaseStrategy, C: Table>(
    work: impl Fn(&mut ArrayPool<'_, u32, S, C>, &mut Outcome),
) {
    BUDGET.with(|budget| {
        let mut refused = 0;
        for n in 0.. {
            budget.set_limit(if n == 0 { 0 } else { usize::MAX });
            CLOSES.set(n);
            let mut outcome = Outcome { errors: 0, refusal: Refusal::Once };
            life(&Arena::builder().budget(budget).build(), &mut outcome, 0, &work);
            let ended = n > 0 && CLOSES.replace(0) > 0;
            let met = !ended && budget.limit() > 0;
            assert_eq!((outcome.errors, budget.used()), (usize::from(met), 0), "charge {n}");
            refused += outcome.errors;
            if ended {
                assert!(refused > 0, "the workload asks for memory");
                return;
            }
        }
    });
}

/// The budget ends at every fortieth part of what is needed, from nothing to enough.
fn walk_budget<S: ReleaseStrategy, C: Table>(
    work: impl Fn(&mut ArrayPool<'_, u32, S, C>, &mut Outcome),
) {
    let mut met = 0;
    let all = Budget::unlimited();
    let mut outcome = Outcome { errors: 0, refusal: Refusal::Lasting };
    life(&Arena::builder().budget(&all).build(), &mut outcome, 0, &work);
    assert_eq!((outcome.errors, all.used()), (0, 0));
    let step = all.peak() / 40;
    for limit in (0..=all.peak() + step).step_by(step) {
        let budget = Budget::new(limit);
        let mut outcome = Outcome { errors: 0, refusal: Refusal::Lasting };
        {
            let arena = Arena::builder().budget(&budget).build();
            life(&arena, &mut outcome, 0, &work);
            budget.set_limit(usize::MAX);
            let mut again = Outcome { errors: 0, refusal: Refusal::Lasting };
            life(&arena, &mut again, 0, &work);
            assert_eq!(again.errors, 0, "a larger limit serves again");
            budget.set_limit(limit);
        }
        assert_eq!(budget.used(), 0, "limit {limit}");
        assert!(limit < all.peak() || outcome.errors == 0, "limit {limit}");
        met += outcome.errors;
    }
    assert!(met > 0, "the workload asks for memory");
}

macro_rules! walks {
    ($($module:ident: $strategy:ty, $table:ty;)+) => {
        $(mod $module {
            use super::*;

            walks!(@ $strategy, $table: many_classes growth reservations replacing by_hand_and_reset);
        })+
    };
    (@ $strategy:ty, $table:ty: $($work:ident)+) => {
        $(#[test]
        fn $work() {
            walk_source(super::$work::<$strategy, $table>);
            walk_heap(super::$work::<$strategy, $table>);
            walk_charges(super::$work::<$strategy, $table>);
            walk_budget(super::$work::<$strategy, $table>);
        })+
    };
}

for_reclaiming_tables! { walks!
    direct: Direct, DefaultClasses;
    // What rests would serve where memory is refused.
    tagged_watched: Tagged, Watched<0>;
}

/// The arena's own workload, without a pool; returns its errors.
fn arena_work(arena: &mut Arena<'_>) -> usize {
    let mut errors = 0;
    for round in 0..3 {
        for step in 0..60 {
            let used = arena.used_bytes();
            let size = [10, 500, 3000, 9000][step % 4] * (round + 1);
            let align = [1, 64, 16, 1024][step % 4];
            let layout = Layout::from_size_align(size, align).unwrap();
            if arena.try_alloc_layout(layout).is_err() {
                errors += 1;
                assert_eq!(arena.used_bytes(), used, "nothing was taken");
                assert!(arena.try_alloc_layout(layout).is_ok(), "only one request fails");
            }
            if arena.try_alloc_fmt(format_args!("{step:size$}")).is_err() {
                errors += 1;
                assert!(arena.try_alloc_fmt(format_args!("{step:size$}")).is_ok());
            }
        }
        if round == 1 { arena.clear() } else { arena.reset() }
    }
    errors
}

#[test]
fn every_chunk_of_an_arena_fails_once() {
    for n in 1.. {
        let source = FailingSource::fail_at(n);
        let errors = arena_work(&mut ArenaBuilder::with_source(&source).build());
        assert_eq!(source.live_bytes(), 0);
        assert_eq!(errors, usize::from(source.has_failed()));
        if !source.has_failed() {
            return;
        }
    }
}

#[test]
fn a_pool_that_cannot_be_made_leaves_nothing() {
    fn made<S: ReleaseStrategy>() {
        for n in 1.. {
            let source = FailingSource::fail_at(n);
            let budget = Budget::unlimited();
            let arena = Arena::builder().source(&source).budget(&budget).build();
            let pool = ArrayPool::<u8, S>::builder().try_build_owning(arena);
            assert_eq!(pool.is_err(), source.has_failed());
            drop(pool);
            assert_eq!((source.live_bytes(), budget.used()), (0, 0));
            if !source.has_failed() {
                return;
            }
        }
    }
    made::<Direct>();
    made::<Metadata>();
    made::<Tagged>();
}

/// A new chunk takes what a budget has left, but not what the records need.
#[test]
fn a_budget_serves_to_its_last_bytes() {
    fn at_last<S: ReleaseStrategy>() {
        for limit in (0..).step_by(16) {
            let budget = Budget::new(limit);
            let arena = Arena::builder().budget(&budget).build();
            let Ok(pool) = ArrayPool::<u64, S>::builder().max_runs(8).try_build_in(&arena) else {
                continue;
            };
            if pool.try_allocate(100).is_ok() {
                let stats = pool.verify().unwrap();
                let books = stats.book_bytes + stats.check_bytes;
                let rest = limit - books - stats.run_bytes;
                assert!(rest < 256, "{limit} bytes: {stats}");
                return;
            }
        }
    }
    at_last::<Metadata>();
    at_last::<Tagged>();
}

/// Buffers of every size: what does not fit is an error, the rest goes on.
#[test]
fn a_buffer_may_end_anywhere() {
    fn in_buffers<S: ReleaseStrategy>(step: usize) {
        let mut buffer = vec![MaybeUninit::uninit(); 24 * 1024];
        for size in (0..buffer.len()).step_by(step) {
            let arena = Arena::from_buffer(&mut buffer[..size]);
            let Ok(mut pool) = ArrayPool::<u32, S>::builder().max_runs(32).try_build_in(&arena)
            else {
                continue;
            };
            for _ in 0..2 {
                let mut held = [const { None }; HELD];
                for (length, slot) in held.iter_mut().enumerate() {
                    let length = length * 5;
                    *slot = pool.try_allocate_with(length, |i| i as u32).ok();
                }
                check(&held);
                let stats = pool.verify().unwrap();
                assert!(stats.run_bytes <= size, "{stats}");
                drop(held);
                pool.reset();
            }
        }
    }
    let step = support::rounds(97, 6151);
    in_buffers::<Direct>(step);
    in_buffers::<Metadata>(step);
    in_buffers::<Tagged>(step);
}
