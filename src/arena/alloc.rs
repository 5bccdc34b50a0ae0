//! The family of `alloc` methods: values, slices and raw blocks.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use super::Arena;
use crate::error::{AllocError, OrPanic};

#[allow(clippy::mut_from_ref, reason = "every call returns memory that no other call returns")]
impl Arena<'_> {
    /// Places `value` in the arena. Its `Drop` will not run.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let number = arena.alloc(7);
    /// *number += 1;
    /// assert_eq!(*number, 8);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; see [`try_alloc`](Self::try_alloc).
    #[inline]
    #[track_caller]
    pub fn alloc<T>(&self, value: T) -> &mut T {
        self.try_alloc(value).or_panic()
    }

    /// Places `value` in the arena. Its `Drop` will not run, except when this fails.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(*arena.try_alloc(7)?, 7);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`], [`AllocError::OverBudget`] or [`AllocError::Claimed`].
    #[inline]
    pub fn try_alloc<T>(&self, value: T) -> Result<&mut T, AllocError> {
        Ok(self.try_alloc_uninit::<T>()?.write(value))
    }

    /// Places what `make` returns in the arena; the place is taken first, so
    /// that a large value is built where it stays.
    ///
    /// `make` may use the arena. If it panics, its place stays unused until the
    /// next reset.
    ///
    /// Complexity: constant, but for a new chunk and for `make`.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let table = arena.alloc_with(|| [0_u8; 1000]);
    /// assert_eq!(table.len(), 1000);
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or `make` panics.
    #[inline]
    #[track_caller]
    pub fn alloc_with<T>(&self, make: impl FnOnce() -> T) -> &mut T {
        self.try_alloc_with(make).or_panic()
    }

    /// The twin of [`alloc_with`](Self::alloc_with) that returns an error; `make`
    /// is not called then.
    ///
    /// Complexity: constant, but for a new chunk and for `make`.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(*arena.try_alloc_with(|| 7)?, 7);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn try_alloc_with<T>(&self, make: impl FnOnce() -> T) -> Result<&mut T, AllocError> {
        Ok(self.try_alloc_uninit::<T>()?.write(make()))
    }

    /// Room for one `T`.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let place = arena.try_alloc_uninit::<u32>()?;
    /// assert_eq!(*place.write(7), 7);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn try_alloc_uninit<T>(&self) -> Result<&mut MaybeUninit<T>, AllocError> {
        let mut place = self.try_alloc_layout(Layout::new::<T>())?.cast::<MaybeUninit<T>>();
        // SAFETY: the layout was that of T, the memory is handed out to nobody
        // else while the arena is borrowed, and may be uninitialised.
        Ok(unsafe { place.as_mut() })
    }

    /// Room for `length` values of `T`.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let places = arena.try_alloc_slice_uninit::<u32>(10)?;
    /// assert_eq!(*places[9].write(7), 7);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), and [`AllocError::TooLarge`].
    #[inline]
    pub fn try_alloc_slice_uninit<T>(
        &self,
        length: usize,
    ) -> Result<&mut [MaybeUninit<T>], AllocError> {
        let layout = Layout::array::<T>(length).map_err(|_| AllocError::TooLarge { length })?;
        let start = self.try_alloc_layout(layout)?.cast::<MaybeUninit<T>>();
        // SAFETY: the layout was that of `length` values, the memory is handed
        // out to nobody else while the arena is borrowed, and may be uninitialised.
        Ok(unsafe { slice::from_raw_parts_mut(start.as_ptr(), length) })
    }

    /// Copies a slice into the arena.
    ///
    /// Complexity: that of the copy, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let copy = arena.alloc_slice_copy(&[1, 2, 3]);
    /// copy[0] = 7;
    /// assert_eq!(copy, [7, 2, 3]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_copy<T: Copy>(&self, source: &[T]) -> &mut [T] {
        self.try_alloc_slice_copy(source).or_panic()
    }

    /// Copies a slice into the arena.
    ///
    /// Complexity: that of the copy, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_slice_copy(&[1, 2])?, [1, 2]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn try_alloc_slice_copy<T: Copy>(&self, source: &[T]) -> Result<&mut [T], AllocError> {
        let slots = self.try_alloc_slice_uninit::<T>(source.len())?;
        // SAFETY: a T is a valid MaybeUninit<T>, at the same place and length.
        let source = unsafe { slice::from_raw_parts(source.as_ptr().cast(), source.len()) };
        slots.copy_from_slice(source);
        // SAFETY: all of it was just copied from initialised values.
        Ok(unsafe { assume_init(slots) })
    }

    /// Places `length` values in the arena, the i-th being `make(i)`.
    ///
    /// `make` may use the arena. If it panics, the values made so far are not
    /// dropped, like all values of an arena.
    ///
    /// Complexity: one call of `make` per value, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.alloc_slice_fill_with(3, |i| i * i), [0, 1, 4]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or `make` panics.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_fill_with<T>(
        &self,
        length: usize,
        make: impl FnMut(usize) -> T,
    ) -> &mut [T] {
        self.try_alloc_slice_fill_with(length, make).or_panic()
    }

    /// The twin of [`alloc_slice_fill_with`](Self::alloc_slice_fill_with) that
    /// returns an error; `make` is not called then.
    ///
    /// Complexity: one call of `make` per value, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_slice_fill_with(3, |i| i * i)?, [0, 1, 4]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), and [`AllocError::TooLarge`].
    #[inline]
    pub fn try_alloc_slice_fill_with<T>(
        &self,
        length: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<&mut [T], AllocError> {
        let slots = self.try_alloc_slice_uninit::<T>(length)?;
        for (index, slot) in slots.iter_mut().enumerate() {
            slot.write(make(index));
        }
        // SAFETY: the loop wrote every value.
        Ok(unsafe { assume_init(slots) })
    }

    /// `bytes` bytes of zeros, aligned to 16.
    ///
    /// Complexity: one step per byte, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.alloc_zeroed(3), [0, 0, 0]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn alloc_zeroed(&self, bytes: usize) -> &mut [u8] {
        self.try_alloc_zeroed(bytes).or_panic()
    }

    /// `bytes` bytes of zeros, aligned to 16.
    ///
    /// Complexity: one step per byte, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_zeroed(3)?, [0, 0, 0]);
    /// assert!(arena.try_alloc_zeroed(usize::MAX).is_err());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), and [`AllocError::TooLarge`].
    pub fn try_alloc_zeroed(&self, bytes: usize) -> Result<&mut [u8], AllocError> {
        let slots = self.try_alloc_slice_uninit::<u8>(bytes)?;
        slots.fill(MaybeUninit::new(0));
        // SAFETY: all of it was just filled.
        Ok(unsafe { assume_init(slots) })
    }

    /// A block of `layout`; its alignment is at least 16.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let block = arena.alloc_layout(core::alloc::Layout::new::<[u64; 8]>());
    /// assert_eq!(block.addr().get() % 16, 0);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn alloc_layout(&self, layout: Layout) -> NonNull<u8> {
        self.try_alloc_layout(layout).or_panic()
    }

    /// A block of `layout`; its alignment is at least 16. A layout of size 0
    /// gives an aligned address that must not be dereferenced.
    ///
    /// The block is uninitialised. It is valid for reads and writes until the arena
    /// is reset, cleared, rewound to an earlier place or dropped.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let layout = core::alloc::Layout::from_size_align(100, 4096).unwrap();
    /// assert_eq!(arena.try_alloc_layout(layout)?.addr().get() % 4096, 0);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn try_alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        if layout.size() == 0 {
            return Ok(dangling(layout.align()));
        }
        match self.bump_current(layout) {
            Some(start) => Ok(start),
            None => self.alloc_slow(layout),
        }
    }
}

/// A well aligned address that belongs to nobody.
fn dangling(align: usize) -> NonNull<u8> {
    let align = align.max(super::ALIGN);
    NonNull::new(core::ptr::without_provenance_mut(align)).unwrap_or(NonNull::dangling())
}

/// The values of a slice, all of which have been written.
///
/// # Safety
/// Every element is initialised.
pub(super) unsafe fn assume_init<T>(slots: &mut [MaybeUninit<T>]) -> &mut [T] {
    let length = slots.len();
    // SAFETY: same place, same length, same layout; initialised by the caller's promise.
    unsafe { slice::from_raw_parts_mut(slots.as_mut_ptr().cast(), length) }
}
