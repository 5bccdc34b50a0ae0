//! Bytes and calls of the heap, counted where they are asked for.
//!
//! The counter is this program's allocator: the system's, with one flag in front
//! of it that is up only while something is counted.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::alloc::System;

#[global_allocator]
static HEAP: Counter = Counter;

static COUNTS: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

struct Counter;

/// What some work asked of the heap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// Blocks that were taken, or made larger or smaller.
    pub(crate) calls: usize,
    /// The most bytes that were taken and not given back, at any moment.
    pub(crate) peak: usize,
}

/// Does some work and counts what it asks of the heap. No other thread may use
/// the heap meanwhile, and the work gives back nothing that is older than it.
pub(crate) fn count<R>(work: impl FnOnce() -> R) -> (R, Asked) {
    for counter in [&LIVE, &PEAK, &CALLS] {
        counter.store(0, Relaxed);
    }
    COUNTS.store(true, Relaxed);
    let result = work();
    COUNTS.store(false, Relaxed);
    let (calls, peak) = (CALLS.load(Relaxed), PEAK.load(Relaxed));
    (result, Asked { calls, peak })
}

#[cold]
fn taken(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    let live = LIVE.fetch_add(bytes, Relaxed).wrapping_add(bytes);
    PEAK.fetch_max(live, Relaxed);
}

#[cold]
fn given(bytes: usize) {
    LIVE.fetch_sub(bytes, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counter {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            taken(layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            taken(layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if COUNTS.load(Relaxed) {
            given(layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            given(layout.size());
            taken(size);
        }
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}
