//! A source of chunks that checks how it is used.

use core::alloc::Layout;
use core::ptr::NonNull;
use std::alloc::{alloc, dealloc};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arraypool::ChunkSource;

/// Hands out blocks that are aligned as asked and no better, and asserts that
/// each comes back once, with the layout that it went out with.
#[derive(Debug)]
pub(crate) struct CheckedSource {
    live: Mutex<BTreeMap<usize, Layout>>,
}

/// The same block with room in front, so that its alignment can be spoiled.
fn padded(layout: Layout) -> Option<Layout> {
    let align = layout.align().checked_mul(2)?;
    Layout::from_size_align(layout.size().checked_add(layout.align())?, align).ok()
}

impl CheckedSource {
    pub(crate) const fn new() -> Self {
        Self { live: Mutex::new(BTreeMap::new()) }
    }

    /// Blocks that were handed out and have not come back.
    pub(crate) fn live_blocks(&self) -> usize {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

// SAFETY: blocks come from the global allocator, and each is the inside of one
// of its blocks, so they overlap no other and stay until they are deallocated.
unsafe impl ChunkSource for CheckedSource {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        assert!(layout.size() > 0, "no empty block is asked for");
        let wider = padded(layout)?;
        // SAFETY: the size is above 0.
        let block = NonNull::new(unsafe { alloc(wider) })?;
        // SAFETY: the block is `layout.align()` bytes larger than asked for.
        let block = unsafe { block.add(layout.align()) };
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.insert(block.addr().get(), layout);
        Some(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(live.remove(&block.addr().get()), Some(layout), "as it went out");
        drop(live);
        let Some(wider) = padded(layout) else { return };
        // SAFETY: `allocate` moved the pointer this far.
        let block = unsafe { block.sub(layout.align()) };
        // SAFETY: `allocate` took it from there with this layout, and the
        // assertion above shows that it has not come back before.
        unsafe { dealloc(block.as_ptr(), wider) };
    }
}
