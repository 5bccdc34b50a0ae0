//! A hook of the arena that uses the watched pool which is growing, or that panics.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{Arena, ArenaEvent, Budget};

use super::*;
use crate::support::forever::forever;
use crate::support::rounds;

for_every_strategy!(a_hook_may_use_a_watched_pool_that_grows, a_panic_of_the_hook_loses_no_books,);

thread_local! {
    /// What the hook does, unless it is doing it.
    static WITHIN: Cell<Option<&'static dyn Fn()>> = const { Cell::new(None) };
    /// Chunks until the hook panics; 0: it does not.
    static FUSE: Cell<usize> = const { Cell::new(0) };
}

fn hook(event: &ArenaEvent) {
    if let Some(work) = WITHIN.take() {
        work();
        WITHIN.set(Some(work));
    }
    if let ArenaEvent::Grown { .. } = event {
        let fuse = FUSE.replace(FUSE.get().saturating_sub(1));
        assert_ne!(fuse, 1, "the hook panics");
    }
}

/// Wherever the budget's soft limit is met: among arrays, tables and notes.
fn a_hook_may_use_a_watched_pool_that_grows<S: ReleaseStrategy>() {
    let calls: &Cell<usize> = forever(Cell::default());
    let few = (0..16_000).step_by(rounds(131, 7919)).map(|soft_limit| (soft_limit, 6));
    let many = (16_000..100_000).step_by(rounds(997, 100_000)).map(|soft_limit| (soft_limit, 400));
    for (soft_limit, arrays) in few.chain(many) {
        let budget = forever(Budget::with_soft_limit(soft_limit, usize::MAX));
        let arena = Arena::builder().initial_chunk(64).max_chunk(1024).budget(budget).hook(&hook);
        let builder = builder::<S>(Checks::all().quarantine(0));
        let pool: &Pool<S> = forever(builder.build_in(forever(arena.build())));
        let first = pool.try_allocate_raw(5).unwrap();
        drop(pool.allocate(5));
        WITHIN.set(Some(forever(move || {
            let _ = pool.try_allocate(5).map(|array| pool.history(array.as_ptr()));
            let _ = (pool.history(first.ptr.as_ptr()), pool.stats(), pool.verify());
            calls.set(calls.get() + 1);
        })));
        let kept: Vec<_> = (0..arrays).map(|i| pool.allocate([3, 12, 40, 200][i % 4])).collect();
        WITHIN.set(None);
        drop(kept);
        assert!(!S::RECLAIMS || pool.verify().unwrap().live == 1);
    }
    assert!(calls.get() > 0);
    told_nothing();
}

fn a_panic_of_the_hook_loses_no_books<S: ReleaseStrategy>() {
    let mut panics = 0;
    for fuse in (1..12).step_by(rounds(1, 5)) {
        let budget = Budget::unlimited();
        {
            let arena = Arena::builder()
                .initial_chunk(64)
                .max_chunk(4096)
                .budget(&budget)
                .hook(&hook)
                .build();
            let pool = builder::<S>(Checks::none().callers()).build_in(&arena);
            FUSE.set(fuse);
            for i in 0..200 {
                let array = || pool.allocate([3, 12, 40, 200][i % 4]).into_raw();
                panics += usize::from(catch_unwind(AssertUnwindSafe(array)).is_err());
            }
            FUSE.set(0);
            pool.verify().unwrap();
        }
        assert_eq!(budget.used(), 0, "chunk {fuse}");
    }
    assert!(panics > 0);
}
