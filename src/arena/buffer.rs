//! Memory for an arena that lies in a static or on the stack.

#![forbid(unsafe_code)]

use core::fmt;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

/// So many bytes for an [`Arena::from_buffer`](crate::Arena::from_buffer), aligned to 16,
/// so that none is left unused.
///
/// It is made at compile time and dereferences to its bytes. What
/// [`ArrayPool::bytes_for`](crate::ArrayPool::bytes_for) says is enough here.
///
/// ```
/// use arraypool::{Arena, ArrayPool, Buffer, Tagged};
///
/// type Samples<'m> = ArrayPool<'m, f32, Tagged>;
///
/// let mut buffer = Buffer::<{ Samples::bytes_for(&[8, 2]) }>::new();
/// let arena = Arena::from_buffer(&mut buffer);
/// let pool = Samples::new_in(&arena);
/// pool.reserve(16, 8);
/// pool.reserve(256, 2);
/// pool.freeze();
/// assert!(pool.try_allocate(200).is_ok());
/// ```
///
/// For a pool in a `static`, see `try_build_owning` of [`PoolBuilder`](crate::PoolBuilder).
#[repr(C, align(16))]
pub struct Buffer<const BYTES: usize>([MaybeUninit<u8>; BYTES]);

impl<const BYTES: usize> Buffer<BYTES> {
    /// The bytes, none of them written. Never panics.
    ///
    /// ```
    /// use arraypool::{Arena, Buffer};
    ///
    /// let mut buffer = Buffer::<1024>::new();
    /// assert_eq!(Arena::from_buffer(&mut buffer).try_alloc(7), Ok(&mut 7));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self([MaybeUninit::uninit(); BYTES])
    }
}

impl<const BYTES: usize> Default for Buffer<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Deref for Buffer<BYTES> {
    type Target = [MaybeUninit<u8>];

    fn deref(&self) -> &[MaybeUninit<u8>] {
        &self.0
    }
}

impl<const BYTES: usize> DerefMut for Buffer<BYTES> {
    fn deref_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.0
    }
}

impl<const BYTES: usize> fmt::Debug for Buffer<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("bytes", &BYTES).finish_non_exhaustive()
    }
}
