//! Where chunks come from: the heap, a buffer, an allocator, a failing test source.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// A supplier of memory for the chunks of an arena.
///
/// An arena asks for few, large blocks, and gives them back when it is
/// [cleared](crate::Arena::clear) or dropped. `Sync`, because an arena may be
/// sent to another thread with its source still borrowed.
///
/// # Safety
/// For every layout of non-zero size, `allocate` returns either `None` or a
/// block that
/// - is valid for reads and writes of `layout.size()` bytes and aligned to
///   `layout.align()`,
/// - overlaps no other block that it has returned and that was not deallocated,
/// - stays valid, at the same place, until it is deallocated, or for as long as
///   the source is borrowed.
pub unsafe trait ChunkSource: Sync {
    /// Returns a block of `layout`, or `None` when there is none.
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Takes a block back.
    ///
    /// # Safety
    /// `allocate` of this source returned `block` for the same `layout`, and it
    /// has not been deallocated since.
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout);
}

/// The source of one arena, chosen when it is made.
#[derive(Clone, Copy)]
pub(crate) enum Source<'m> {
    /// The global allocator.
    #[cfg(feature = "alloc")]
    Heap,
    /// Nothing beyond the caller's buffer that the arena was given.
    Buffer,
    /// A source of the user's.
    Custom(&'m (dyn ChunkSource + 'm)),
}

impl Source<'_> {
    /// Returns a block of `layout`, whose size is not 0, or `None`.
    pub(crate) fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        debug_assert!(layout.size() > 0);
        match self {
            #[cfg(feature = "alloc")]
            Self::Heap => heap::allocate(layout),
            Self::Buffer => None,
            Self::Custom(source) => source.allocate(layout),
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// `allocate` of the same source returned `block` for the same `layout`,
    /// and it has not been deallocated since.
    pub(crate) unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        match self {
            #[cfg(feature = "alloc")]
            // SAFETY: the caller's promise, which is the same as the callee's.
            Self::Heap => unsafe { heap::deallocate(block, layout) },
            Self::Buffer => {}
            // SAFETY: the caller's promise, which is the same as the callee's.
            Self::Custom(source) => unsafe { source.deallocate(block, layout) },
        }
    }

    /// Whether more memory can ever come from here.
    pub(crate) fn grows(&self) -> bool {
        !matches!(self, Self::Buffer)
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "alloc")]
            Self::Heap => "Heap",
            Self::Buffer => "Buffer",
            Self::Custom(_) => "Custom",
        })
    }
}

/// The global allocator, without its abort on failure.
#[cfg(feature = "alloc")]
pub(crate) mod heap {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    /// Returns a block of `layout`, whose size is not 0, or `None`.
    pub(crate) fn allocate(layout: Layout) -> Option<NonNull<u8>> {
        assert!(layout.size() > 0, "the global allocator takes no empty layouts");
        // SAFETY: the layout's size is not 0: asserted above.
        NonNull::new(unsafe { alloc::alloc::alloc(layout) })
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// `allocate` returned `block` for the same `layout`, and it has not been
    /// deallocated since.
    pub(crate) unsafe fn deallocate(block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, which is the same as the callee's.
        unsafe { alloc::alloc::dealloc(block.as_ptr(), layout) }
    }
}

#[cfg(feature = "alloc")]
pub use failing::FailingSource;

/// The source for tests.
#[cfg(feature = "alloc")]
mod failing {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    use super::{ChunkSource, heap};
    use crate::sync::{AtomicUsize, Ordering, const_fn};

    /// A heap source that refuses one request, for tests.
    ///
    /// Run the code under test with `fail_at(1)`, then 2, 3, ... until it never
    /// reaches the request that fails: then every request has failed once.
    ///
    /// ```
    /// use arraypool::{AllocError, Arena, FailingSource};
    ///
    /// let source = FailingSource::fail_at(2);
    /// let arena = Arena::builder().source(&source).build();
    /// assert!(arena.try_alloc_zeroed(1000).is_ok());
    /// assert!(matches!(arena.try_alloc_zeroed(8000), Err(AllocError::OutOfMemory { .. })));
    /// assert!(arena.try_alloc_zeroed(8000).is_ok(), "only the second request fails");
    /// assert!(source.has_failed());
    /// ```
    #[derive(Debug)]
    pub struct FailingSource {
        requests: AtomicUsize,
        fails_at: usize,
        live_bytes: AtomicUsize,
    }

    impl FailingSource {
        const_fn! {
            /// A source whose `n`-th request fails, counted from 1. With 0, none does.
            #[must_use]
            pub const fn fail_at(n: usize) -> Self {
                Self { requests: AtomicUsize::new(0), fails_at: n, live_bytes: AtomicUsize::new(0) }
            }
        }

        /// Whether the request that was to fail has been made.
        #[must_use]
        pub fn has_failed(&self) -> bool {
            self.fails_at != 0 && self.requests() >= self.fails_at
        }

        /// Requests made so far.
        #[must_use]
        pub fn requests(&self) -> usize {
            self.requests.load(Ordering::Relaxed)
        }

        /// Bytes that were handed out and have not come back.
        #[must_use]
        pub fn live_bytes(&self) -> usize {
            self.live_bytes.load(Ordering::Relaxed)
        }
    }

    // SAFETY: blocks come from the global allocator, which keeps the same
    // promises; no two threads get the same one.
    unsafe impl ChunkSource for FailingSource {
        fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
            if self.requests.fetch_add(1, Ordering::Relaxed) + 1 == self.fails_at {
                return None;
            }
            let block = heap::allocate(layout)?;
            self.live_bytes.fetch_add(layout.size(), Ordering::Relaxed);
            Some(block)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            self.live_bytes.fetch_sub(layout.size(), Ordering::Relaxed);
            // SAFETY: the caller's promise; `allocate` took it from the heap.
            unsafe { heap::deallocate(block, layout) }
        }
    }
}
