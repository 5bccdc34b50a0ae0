//! The system's allocator, counted, measured, and failing on command.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static BLOCKS: Cell<usize> = const { Cell::new(0) };
    /// Allocations of this thread until one fails; 0: none will.
    static COUNTDOWN: Cell<usize> = const { Cell::new(0) };
}

struct Watched;

/// What glibc takes for so many bytes: 8 more, in steps of 16, at least 32.
fn block(bytes: usize) -> usize {
    (bytes + 8).next_multiple_of(16).max(32)
}

/// Notes an allocation; true: it is the one that fails.
fn note(bytes: usize) -> bool {
    // A thread that ends has no counters any more, and nobody reads them.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = BYTES.try_with(|sum| sum.set(sum.get() + bytes));
    let _ = BLOCKS.try_with(|sum| sum.set(sum.get() + block(bytes)));
    let left = COUNTDOWN.try_with(|left| left.replace(left.get().saturating_sub(1)));
    left == Ok(1)
}

// SAFETY: a call is passed on to the system's allocator as it is, or answered with
// null; the others are made of these two.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if note(layout.size()) {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// Allocations while `work` runs.
pub(crate) fn calls(work: impl FnOnce()) -> usize {
    usage(work).calls
}

/// What was asked of the heap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) calls: usize,
    /// Bytes that were asked for.
    pub(crate) bytes: usize,
    /// Bytes that the heap takes for them.
    pub(crate) blocks: usize,
}

/// What is asked of the heap while `work` runs.
pub(crate) fn usage(work: impl FnOnce()) -> Usage {
    let now = || Usage { calls: CALLS.get(), bytes: BYTES.get(), blocks: BLOCKS.get() };
    let before = now();
    work();
    let after = now();
    Usage {
        calls: after.calls - before.calls,
        bytes: after.bytes - before.bytes,
        blocks: after.blocks - before.blocks,
    }
}

/// Runs `work`, whose `n`-th allocation fails; false: it had fewer.
pub(crate) fn with_failure(n: usize, work: impl FnOnce()) -> bool {
    COUNTDOWN.set(n);
    work();
    COUNTDOWN.replace(0) == 0
}
