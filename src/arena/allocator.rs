//! Collections in an arena, and an arena in an allocator: the traits of `allocator-api2`.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::{Arena, ChunkSource};

/// The block as a slice of the size that was asked for.
fn sized(block: NonNull<u8>, size: usize) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(block, size)
}

/// Collections that are generic over an allocator live in an arena by reference.
/// What they give back is used again, and the last block grows in place. A
/// request that the arena refuses is an `AllocError` to the collection.
///
/// Giving back, growing or shrinking a block takes one step per chunk if its size is not
/// a multiple of 16 and it does not lie in the current chunk.
///
/// ```
/// use allocator_api2::vec::Vec;
/// use arraypool::Arena;
///
/// let arena = Arena::new();
/// let mut numbers = Vec::new_in(&arena);
/// numbers.extend(0..1000);
/// assert_eq!(numbers.iter().sum::<i32>(), 499_500);
/// ```
// SAFETY: a block stays valid until (a) it is given back, (b) the arena is reset or
// dropped, which takes `&mut`, so that no allocator is left, or (c) the arena is rewound:
// that caller promises that nobody uses the block, not even through a collection. The
// claim of a scope moves nothing. All copies of a reference are one arena.
unsafe impl Allocator for &Arena<'_> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let block = self.try_alloc_layout(layout).map_err(|_| AllocError)?;
        Ok(sized(block, layout.size()))
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let block = self.whole(block, layout.size());
        // SAFETY: the caller's promise: a block of this arena, with a layout that
        // fits it, which nobody uses any more; `whole` saw to its right.
        unsafe { self.release_bytes(block, layout) };
    }

    #[inline]
    unsafe fn grow(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let block = self.whole(block, old.size());
        // SAFETY: the caller's promise, which is the same; `whole` saw to its right.
        let larger = unsafe { self.try_grow(block, old, new) }.map_err(|_| AllocError)?;
        Ok(sized(larger, new.size()))
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise, which is the same.
        let larger = unsafe { self.grow(block, old, new)? };
        // SAFETY: the block holds `new.size()` bytes, which are no fewer.
        let rest = unsafe { larger.cast::<u8>().add(old.size()) };
        // SAFETY: as above; nobody else uses them.
        unsafe { rest.write_bytes(0, new.size() - old.size()) };
        Ok(larger)
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if block.addr().get() % new.align() == 0 {
            let block = self.whole(block, old.size());
            // SAFETY: the caller's promise, which is the same; `whole` saw to its right.
            unsafe { Arena::shrink(self, block, old, new.size()) };
            return Ok(sized(block, new.size()));
        }
        let smaller = self.allocate(new)?;
        // SAFETY: both hold `new.size()` bytes, and one is new: they do not overlap.
        unsafe { smaller.cast::<u8>().copy_from_nonoverlapping(block, new.size()) };
        // SAFETY: the caller's promise.
        unsafe { self.deallocate(block, old) };
        Ok(smaller)
    }
}

/// A source of chunks that takes them from an allocator of `allocator-api2`.
///
/// ```
/// use allocator_api2::alloc::Global;
/// use arraypool::{AllocatorSource, ArenaBuilder};
///
/// let source = AllocatorSource::new(Global);
/// let arena = ArenaBuilder::with_source(&source).build();
/// assert_eq!(arena.alloc_str("from there"), "from there");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AllocatorSource<A>(A);

impl<A: Allocator> AllocatorSource<A> {
    /// A source that asks `allocator`. Never panics.
    ///
    /// ```
    /// use allocator_api2::alloc::Global;
    /// use arraypool::{AllocatorSource, LocalArena};
    ///
    /// let source = AllocatorSource::new(Global);
    /// assert_eq!(*LocalArena::new_in(&source).alloc(7), 7);
    /// ```
    #[must_use]
    pub const fn new(allocator: A) -> Self {
        Self(allocator)
    }
}

// SAFETY: an allocator's block is valid for its layout and aligned to it, and is
// *currently allocated*, so that it overlaps no other, until it is deallocated, or the
// allocator and all its copies are gone: this one is borrowed while the source is, and
// nobody else can reach it but by `&`.
unsafe impl<A: Allocator> ChunkSource for AllocatorSource<A> {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.0.allocate(layout).ok().map(NonNull::cast)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, which is the same.
        unsafe { self.0.deallocate(block, layout) };
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use allocator_api2::boxed::Box;
    use allocator_api2::vec::Vec;

    use crate::arena::Arena;

    /// Pointers that were a `Box`'s have the right to its size alone: Miri tells whether
    /// somebody writes beyond.
    #[test]
    fn what_a_box_gives_back_is_used_to_its_end() {
        for fills in [false, true] {
            let arena =
                Arena::builder().initial_chunk(256).max_chunk(256).debug_fill(fills).build();
            let one = Box::new_in(1_u8, &arena);
            let mut twenty = Vec::new_in(&arena);
            twenty.extend_from_slice(&[7_u8; 20]);
            let twenty = twenty.into_boxed_slice();
            let kept = arena.alloc(0_u8);
            drop((one, twenty));
            assert_eq!(*kept, 0);
            // What came back is used again when the chunk is full, in parts, too.
            let used = arena.used_bytes();
            let full: [_; 15] = core::array::from_fn(|i| *arena.alloc(i));
            assert!(full.iter().copied().eq(0..15));
            assert_eq!((arena.chunk_count(), arena.used_bytes()), (1, used + 15 * 16));
        }
    }

    #[test]
    fn what_was_a_box_grows_and_shrinks_in_an_older_chunk_too() {
        for fills in [false, true] {
            let arena = Arena::builder().initial_chunk(64).max_chunk(64).debug_fill(fills).build();
            let boxed = |length: usize| {
                let mut bytes = Vec::with_capacity_in(length, &arena);
                bytes.extend((0..length).map(|_| 7_u8));
                bytes.into_boxed_slice()
            };
            for (length, older) in [(16, false), (20, false), (20, true), (33, true)] {
                let block = boxed(length);
                if older {
                    arena.alloc([0_u8; 64]);
                }
                let mut bytes = block.into_vec();
                bytes.push(8);
                assert!(bytes[..length].iter().all(|byte| *byte == 7) && bytes[length] == 8);
                bytes.truncate(3);
                bytes.shrink_to_fit();
                assert_eq!(bytes, [7; 3]);
            }
        }
    }
}
