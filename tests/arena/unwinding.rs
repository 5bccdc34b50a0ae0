//! Hooks and sources that panic: nothing is lost but the request.

use core::alloc::Layout;
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic;

use arraypool::{Arena, ArenaEvent, ArrayPool, Budget, ChunkSource, FailingSource, Metadata};

/// Panics when the soft limit is passed.
fn panics_at_the_soft_limit(event: &ArenaEvent) {
    if let ArenaEvent::SoftLimit { .. } = event {
        panic::resume_unwind(Box::new("on purpose"));
    }
}

/// Panics at one request, and is the heap for all others.
struct Panics {
    at: usize,
    requests: AtomicUsize,
    heap: FailingSource,
}

impl Panics {
    const fn at(at: usize) -> Self {
        Self { at, requests: AtomicUsize::new(0), heap: FailingSource::fail_at(0) }
    }
}

// SAFETY: it passes on what another source promises.
unsafe impl ChunkSource for Panics {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.requests.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            panic::resume_unwind(Box::new("on purpose"));
        }
        self.heap.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, which is the same.
        unsafe { self.heap.deallocate(block, layout) };
    }
}

fn unwinds<R>(work: impl FnOnce() -> R) -> bool {
    panic::catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_hook_that_panics_at_the_soft_limit_loses_no_chunk() {
    for fills in [false, true] {
        let source = FailingSource::fail_at(0);
        let budget = Budget::with_soft_limit(0, usize::MAX);
        let builder = Arena::builder().debug_fill(fills).source(&source).budget(&budget);
        let mut arena = builder.hook(&panics_at_the_soft_limit).build();
        assert!(unwinds(|| arena.alloc(1_u8)));
        assert_eq!((arena.chunk_count(), arena.used_bytes()), (1, 16));
        assert_eq!(*arena.alloc(2_u8), 2);
        arena.reset();
        assert_eq!(arena.used_bytes(), 0);
        drop(arena);
        assert_eq!((budget.used(), source.live_bytes()), (0, 0));
    }
}

#[test]
fn a_hook_that_panics_at_the_soft_limit_loses_no_books() {
    let mut count = 0;
    for soft_limit in (0..4096).step_by(64) {
        let source = FailingSource::fail_at(0);
        let budget = Budget::with_soft_limit(soft_limit, usize::MAX);
        let builder = Arena::builder().source(&source).budget(&budget);
        let arena = builder.hook(&panics_at_the_soft_limit).build();
        count += usize::from(unwinds(|| ArrayPool::<u8, Metadata>::new_in(&arena).allocate(1)[0]));
        drop(arena);
        assert_eq!((budget.used(), source.live_bytes()), (0, 0));
    }
    assert!(count > 0, "the hook has panicked");
}

#[test]
fn a_source_that_panics_leaves_no_charge() {
    for at in 1..=2 {
        let source = Panics::at(at);
        let budget = Budget::unlimited();
        let arena = Arena::builder().source(&source).budget(&budget).build();
        let before = (1..at).map(|_| arena.alloc_zeroed(4096).len()).sum::<usize>();
        let used = budget.used();
        assert!(unwinds(|| arena.alloc(1_u8)));
        assert_eq!((arena.used_bytes(), budget.used()), (before, used));
        assert_eq!(*arena.alloc(2_u8), 2);
        drop(arena);
        assert_eq!((budget.used(), source.heap.live_bytes()), (0, 0));
    }
}

#[test]
fn memory_is_filled_also_after_a_source_has_panicked() {
    let source = Panics::at(2);
    let arena = Arena::builder().debug_fill(true).source(&source).build();
    arena.alloc(1_u8);
    assert!(unwinds(|| arena.alloc_zeroed(8192).len()));
    let place = arena.alloc_layout(Layout::new::<[u8; 64]>());
    // SAFETY: the memory is the test's, and was filled.
    assert_eq!(unsafe { place.cast::<[u8; 64]>().read() }, [0xCD; 64]);
}
