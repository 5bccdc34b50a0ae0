//! Where chunks come from: the heap, a buffer, an arena, a source of the user's.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use super::Arena;

/// A supplier of memory for the chunks of an arena.
///
/// An arena asks for few, large blocks, and gives them back when it is
/// [cleared](crate::Arena::clear), [trimmed](crate::Arena::trim) or dropped. The source
/// of an [`Arena`](crate::Arena) must be `Sync`, because the arena may be sent to another
/// thread with its source still borrowed; a [`LocalArena`](crate::LocalArena) stays on
/// its thread, and takes any source: an arena, for example.
///
/// ```
/// use core::alloc::Layout;
/// use core::ptr::NonNull;
/// use std::alloc::{GlobalAlloc, System};
/// use arraypool::{ArenaBuilder, ChunkSource};
///
/// struct OfTheSystem;
///
/// // SAFETY: the system's allocator promises the same.
/// unsafe impl ChunkSource for OfTheSystem {
///     fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
///         // SAFETY: an arena asks for no empty layout.
///         NonNull::new(unsafe { System.alloc(layout) })
///     }
///
///     unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
///         // SAFETY: the caller's promise: `allocate` gave it, with this layout.
///         unsafe { System.dealloc(block.as_ptr(), layout) }
///     }
/// }
///
/// let arena = ArenaBuilder::with_source(&OfTheSystem).build();
/// assert_eq!(*arena.alloc(7), 7);
/// ```
///
/// # Safety
/// For every layout of non-zero size, `allocate` returns either `None` or a
/// block that
/// - is valid for reads and writes of `layout.size()` bytes and aligned to
///   `layout.align()`,
/// - overlaps no other block that it has returned and that was not deallocated,
/// - stays valid, at the same place, until it is deallocated, or for as long as
///   the source is borrowed.
pub unsafe trait ChunkSource {
    /// Returns a block of `layout`, or `None` when there is none. To have one, it may give
    /// arrays back to the arena's pools, as from a cache.
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Takes a block back. If this panics, blocks that were to follow it are leaked.
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
    /// A source of the user's, `Sync` but for a `LocalArena`.
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

    /// Returns a block of `layout`, or `None`: also if its size is 0, since the
    /// global allocator takes no such layout.
    pub(crate) fn allocate(layout: Layout) -> Option<NonNull<u8>> {
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the layout's size is not 0: looked at above.
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

// SAFETY: a block is valid for its layout, whose size is not 0: `bump` found it between
// the cursor and the end of a chunk, or it was given back with room for it. It overlaps
// no other, since the cursor has passed it, or it has left the lists of what was given
// back. It stays where it is until it is given back, or the arena is reset, which takes
// `&mut`, when it is not borrowed any more, or rewound, whose caller promises that nobody
// uses it.
unsafe impl ChunkSource for Arena<'_> {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.try_alloc_layout(layout).ok()
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: this arena handed it out with this layout, and nobody uses it: the
        // caller's promise.
        unsafe { self.release_bytes(block, layout) };
    }
}
