//! The typed pool: arrays of `T`.
//!
//! Terms of this layer: an **array** is what a user holds, of exactly the
//! length that was asked for; its **slot** is the memory behind it, as long as
//! its **class** says; a **run** is a block of the arena cut into slots of one class;
//! the **tenant** of a slot is the array in it. A slot's **record** says whether
//! it has one: where records are kept is up to the release strategy.

mod array;
mod books;
mod builder;
mod by_value;
mod chain;
mod class;
mod classes;
mod diagnostics;
#[cfg(feature = "shared")]
mod door;
mod exact;
mod family;
mod grow;
mod locate;
#[cfg(feature = "json")]
mod mark;
mod raw;
mod release;
mod returns;
mod run;
mod size;
mod slices;
mod stats;
mod table;
mod typed;
mod vec;

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

pub(crate) use array::zero;
pub use array::{IntoIter, PoolArray};
pub use builder::{BuildPool, PoolBuilder};
#[cfg(feature = "shared")]
pub(crate) use chain::Chain;
#[cfg(feature = "shared")]
pub(crate) use class::Table;
pub use class::{ClassTable, DefaultClasses, RuntimeClasses};
pub use diagnostics::{Caller, Checks, History, Problem, ReleasedBy, Report, UnknownCheck};
#[cfg(feature = "shared")]
pub(crate) use door::{Stock, Tally};
#[cfg(feature = "shared")]
pub(crate) use locate::refusal;
pub use locate::{Located, RawArray, SlotState};
#[cfg(feature = "json")]
pub(crate) use mark::{Mark, Marked};
pub use raw::RawPool;
#[cfg(feature = "alloc")]
pub use release::Metadata;
#[doc(hidden)]
pub use release::sealed::Sealed;
#[doc(hidden)]
pub use release::{Broken, Cut, Issued, Place, Record, Tenure};
pub use release::{DefaultStrategy, Direct, ReleaseStrategy, Tagged};
pub use returns::{Lent, Returns};
#[doc(hidden)]
pub use run::Run;
pub use stats::{ClassStats, PoolStats};
pub use vec::{Drain, ExtractIf, PoolVec};

use crate::arena::Arena;
use crate::error::{AllocError, OrPanic, ReleaseError, VerifyError};
#[cfg(feature = "shared")]
pub(crate) use by_value::iterates_by_value;
pub(crate) use family::{allocates_filled, views_raw_pool};
pub(crate) use slices::equal_slices;
#[cfg(feature = "shared")]
pub(crate) use slices::{behaves_as_slice, order_slices};

/// A pool of arrays of `T`, of any length, given back one by one.
///
/// Arrays of 1 to 16 elements lie in small slots, those of 17 to 256 in medium
/// ones, longer ones in slots of the next power of two; a [`ClassTable`] sets
/// other lengths. A freed slot serves the next array of its class. Length 0 and
/// elements without size cost nothing.
///
/// `S` is the strategy by which arrays go back: [`Direct`], `Metadata` or
/// [`Tagged`]. `'m` is the lifetime of the arena that the pool borrows, or of what
/// its own arena borrows; a pool on the heap is `ArrayPool<'static, T>`.
///
/// ```
/// use arraypool::ArrayPool;
///
/// let pool = ArrayPool::<f32>::new();
/// let ramp = pool.allocate_with(100, |i| i as f32);
/// let copy = pool.allocate_copy(&ramp[..10]);
/// assert_eq!((copy.len(), copy.capacity()), (10, 16));
/// drop(ramp);
/// assert_eq!((pool.stats().live, pool.stats().free), (1, 1));
/// ```
///
/// | | complexity |
/// |---|---|
/// | allocate, and drop or release a handle | constant; when a class is used up, one run from the arena |
/// | [`release_raw`](Self::release_raw), [`release_ptr`](Self::release_ptr), [`locate`](Self::locate) | a hash, and one step per run that begins in the same 64 KiB (4 KiB where words have 32 bits) |
/// | [`reset`](Self::reset) | one step per run |
pub struct ArrayPool<'m, T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    raw: RawPool<'m, S, C>,
    elements: PhantomData<fn() -> T>,
}

impl<'m, T, S: ReleaseStrategy, C: ClassTable> BuildPool<'m> for ArrayPool<'m, T, S, C> {
    type Strategy = S;
    type Classes = C;

    fn built(raw: RawPool<'m, S, C>, _: builder::sealed::Builder) -> Self {
        Self { raw, elements: PhantomData }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> builder::sealed::Sealed for ArrayPool<'_, T, S, C> {}

#[cfg(feature = "alloc")]
impl<T, S: ReleaseStrategy, C: ClassTable> ArrayPool<'static, T, S, C> {
    /// A pool with an arena of its own, on the heap.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Tagged};
    ///
    /// let pool = ArrayPool::<u32>::new();
    /// let other = ArrayPool::<u32, Tagged>::new();
    /// assert_eq!(pool.allocate_copy(&[1, 2, 3]), other.allocate_copy(&[1, 2, 3]));
    /// ```
    ///
    /// # Panics
    /// If the heap has no room for the pool's bookkeeping.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }
}

#[cfg(feature = "alloc")]
impl<T, S: ReleaseStrategy, C: ClassTable> Default for ArrayPool<'static, T, S, C> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<'m, T, S: ReleaseStrategy, C: ClassTable> ArrayPool<'m, T, S, C> {
    /// A pool in an arena, which may serve others as well.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool};
    ///
    /// let arena = Arena::new();
    /// let (numbers, texts) = (ArrayPool::<u32>::new_in(&arena), ArrayPool::<u8>::new_in(&arena));
    /// assert_eq!((numbers.allocate(3).len(), texts.allocate(5).len()), (3, 5));
    /// ```
    ///
    /// # Panics
    /// If there is no memory for the pool's bookkeeping.
    #[must_use]
    #[track_caller]
    pub fn new_in(arena: &'m Arena<'m>) -> Self {
        Self::builder().build_in(arena)
    }

    /// The twin of [`new_in`](Self::new_in) that returns an error.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool, Budget};
    ///
    /// let budget = Budget::new(100);
    /// let arena = Arena::builder().budget(&budget).build();
    /// assert!(<ArrayPool<u32>>::try_new_in(&arena).is_err());
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`]; [`AllocError::OverBudget`]; [`AllocError::Claimed`] if the
    /// books come out of a buffer that a scope has claimed; or [`AllocError::TooLarge`] if no
    /// address space holds an array of the table's last class.
    pub fn try_new_in(arena: &'m Arena<'m>) -> Result<Self, AllocError> {
        Self::builder().try_build_in(arena)
    }

    /// A pool with settings.
    ///
    /// ```
    /// use arraypool::ArrayPool;
    ///
    /// let pool = ArrayPool::<u32>::builder().max_free(100).build();
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub fn builder() -> PoolBuilder<'static, Self> {
        PoolBuilder::new(Layout::new::<T>())
    }

    /// Allocates an array of `len` elements, uninitialised.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut array = pool.allocate(3);
    /// for (i, element) in (0..).zip(array.iter_mut()) {
    ///     element.write(i * 10);
    /// }
    /// // SAFETY: every element was written.
    /// let array = unsafe { array.assume_init() };
    /// assert_eq!(array, [0, 10, 20]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; see [`try_allocate`](Self::try_allocate).
    #[inline(always)]
    #[track_caller]
    pub fn allocate(&self, len: usize) -> PoolArray<'_, MaybeUninit<T>, S, C> {
        self.try_allocate(len).or_panic()
    }

    /// Allocates an array of `len` elements, uninitialised.
    ///
    /// ```
    /// use arraypool::{AllocError, ArrayPool};
    ///
    /// let pool = ArrayPool::<u32>::new();
    /// assert_eq!(pool.try_allocate(3)?.len(), 3);
    /// assert!(matches!(pool.try_allocate(usize::MAX), Err(AllocError::TooLarge { .. })));
    /// # Ok::<(), AllocError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`], [`OverBudget`](AllocError::OverBudget),
    /// [`Claimed`](AllocError::Claimed) from the arena;
    /// [`Frozen`](AllocError::Frozen), [`TooLarge`](AllocError::TooLarge),
    /// [`TooManyRuns`](AllocError::TooManyRuns) from the pool;
    /// [`Corrupted`](AllocError::Corrupted) if the class's free list was
    /// overwritten. The pool goes on in every case.
    #[inline(always)]
    #[track_caller]
    pub fn try_allocate(
        &self,
        len: usize,
    ) -> Result<PoolArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        if size_of::<T>() == 0 {
            return self.raw.unsized_array(len);
        }
        // SAFETY: a unit of this pool is an element.
        unsafe { self.raw.array_of(len, len) }
    }

    allocates_filled!(PoolArray<'_>, "let pool = arraypool::ArrayPool::<u32>::new();");

    /// An empty growing array, which takes no memory yet.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// assert_eq!(pool.stats().live, 0);
    /// numbers.push(7);
    /// assert_eq!(numbers, [7]);
    /// ```
    #[inline]
    #[must_use]
    pub fn vec(&self) -> PoolVec<'_, T, S, C> {
        PoolVec::new(&self.raw)
    }

    /// An empty growing array with room for `capacity` elements: a whole slot of the
    /// class that holds them, or no memory if `capacity` is 0.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert_eq!(pool.vec_with_capacity(10).capacity(), 16);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[must_use]
    #[track_caller]
    pub fn vec_with_capacity(&self, capacity: usize) -> PoolVec<'_, T, S, C> {
        self.try_vec_with_capacity(capacity).or_panic()
    }

    /// The twin of [`vec_with_capacity`](Self::vec_with_capacity) that returns an
    /// error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert!(pool.try_vec_with_capacity(10).is_ok());
    /// assert!(pool.try_vec_with_capacity(usize::MAX).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate).
    #[inline]
    #[track_caller]
    pub fn try_vec_with_capacity(
        &self,
        capacity: usize,
    ) -> Result<PoolVec<'_, T, S, C>, AllocError> {
        PoolVec::try_with_room(&self.raw, capacity)
    }

    /// Allocates a raw (manually managed) array of `len` elements, uninitialised.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let raw = pool.try_allocate_raw(10)?;
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate).
    #[inline(always)]
    #[track_caller]
    pub fn try_allocate_raw(&self, len: usize) -> Result<RawArray<T>, AllocError> {
        let units = if size_of::<T>() == 0 { 0 } else { len };
        self.raw.try_allocate_raw(units).map(RawArray::cast)
    }

    /// Takes back a raw (manually managed) array; its elements are not dropped.
    /// Releasing it again is an error even after its slot has been reused.
    ///
    /// Never panics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, ReleaseError};
    ///
    /// let pool = ArrayPool::<u32>::new();
    /// let raw = pool.allocate_copy(&[1, 2]).into_raw();
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    /// let _next = pool.allocate(2);                       // in the same slot
    /// // SAFETY: as above.
    /// let again = unsafe { pool.release_raw(raw) };
    /// assert!(matches!(again, Err(ReleaseError::Stale { .. })));
    /// ```
    ///
    /// # Errors
    /// Every wrong value is one of [`ReleaseError`]. An error changes nothing, except that
    /// [`Corrupted`](ReleaseError::Corrupted) and [`Overflow`](ReleaseError::Overflow) abandon
    /// the slot.
    ///
    /// # Safety
    /// Nobody uses the array afterwards. (That is all: the call is defined for
    /// any value, and reads no memory that is not the pool's.)
    #[inline]
    #[track_caller]
    pub unsafe fn release_raw(&self, raw: RawArray<T>) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.raw.release_raw(raw) }
    }

    /// Takes back the raw (manually managed) array that begins at `ptr`; its elements are
    /// not dropped.
    ///
    /// A bare address is checked against the slot's *current* array only. If the slot has
    /// been given out raw again, a second release of the old address releases the new array;
    /// [`release_raw`](Self::release_raw) finds this by the generation.
    ///
    /// Never panics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, ReleaseError};
    ///
    /// let pool = ArrayPool::<u32>::new();
    /// let address = pool.try_allocate_raw(10)?.ptr.as_ptr();
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_ptr(address) }, Ok(()));
    /// // SAFETY: as above.
    /// let again = unsafe { pool.release_ptr(address) };
    /// assert!(matches!(again, Err(ReleaseError::AlreadyReleased { .. })));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// A [`ReleaseError`] if no raw array of this pool begins at `ptr` now: the slot is free,
    /// for example, or its array is owned. An error changes nothing, except that
    /// [`Corrupted`](ReleaseError::Corrupted) and [`Overflow`](ReleaseError::Overflow) abandon
    /// the slot.
    ///
    /// # Safety
    /// Nobody uses the array that goes back; and so its slot has not been given out raw again
    /// since `ptr` was obtained. (That is all: the call is defined for any value, and reads no
    /// memory that is not the pool's.)
    #[inline(always)]
    #[track_caller]
    pub unsafe fn release_ptr(&self, ptr: *const T) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.raw.release_ptr(ptr) }
    }

    /// Turns a raw array back into an owned one. Its length is the one it was
    /// allocated with; an array without a slot comes back empty.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let raw = pool.allocate_copy(&[1, 2]).into_raw();
    /// // SAFETY: the elements are initialised, and nobody else has the array.
    /// let array = unsafe { pool.from_raw(raw)? };
    /// assert_eq!(array, [1, 2]);
    /// # Ok::<(), arraypool::ReleaseError>(())
    /// ```
    ///
    /// # Errors
    /// Every wrong value is one of [`ReleaseError`], and changes nothing.
    ///
    /// # Safety
    /// Every element is initialised, and nobody uses the array but through the
    /// handle that is returned.
    #[track_caller]
    pub unsafe fn from_raw(
        &self,
        raw: RawArray<T>,
    ) -> Result<PoolArray<'_, T, S, C>, ReleaseError> {
        let (slot, length) = match self.raw.reclaim(raw.cast()) {
            Ok(found) => found,
            Err(error) => return Err(self.raw.refused(error)),
        };
        // SAFETY: the slot is taken over from whoever held it by hand, and holds so many
        // elements.
        let array = unsafe { PoolArray::new(&slot, &self.raw, length) };
        // SAFETY: the caller's promise.
        Ok(unsafe { array.assume_init() })
    }

    /// The array that `ptr` points into: see [`RawPool::locate`].
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let array = pool.allocate_copy(&[1, 2, 3]);
    /// let found = pool.locate(&array[2]).expect("a place inside the array");
    /// assert_eq!((found.start, found.len), (array.as_ptr().cast(), 3));
    /// ```
    #[must_use]
    pub fn locate<U: ?Sized>(&self, ptr: *const U) -> Option<Located> {
        self.raw.locate(ptr)
    }

    /// Who allocated the array at `ptr`, and how it came back: see
    /// [`RawPool::history`].
    ///
    /// ```
    /// # #[cfg(feature = "diagnostics")] {
    /// use arraypool::{ArrayPool, Checks, Tagged};
    ///
    /// let pool = ArrayPool::<u32, Tagged>::builder().checks(Checks::none().callers()).build();
    /// let array = pool.allocate(3);
    /// let line = line!() - 1;
    /// let caller = pool.history(array.as_ptr()).unwrap().allocated.unwrap();
    /// assert_eq!(caller.location().unwrap().line(), line);
    /// # }
    /// ```
    #[must_use]
    pub fn history<U: ?Sized>(&self, ptr: *const U) -> Option<History> {
        self.raw.history(ptr)
    }

    /// Makes sure that `count` arrays of `len` elements can be allocated without
    /// growth: see [`RawPool::reserve`].
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// pool.reserve(10, 1000);
    /// pool.freeze();
    /// let arrays: Vec<_> = (0..1000).map(|_| pool.allocate(10)).collect();
    /// # drop(arrays);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[track_caller]
    pub fn reserve(&self, len: usize, count: usize) {
        self.try_reserve(len, count).or_panic();
    }

    /// The twin of [`reserve`](Self::reserve) that returns an error. Elements without
    /// size need nothing reserved.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert!(pool.try_reserve(10, 1000).is_ok());
    /// assert!(pool.try_reserve(10, usize::MAX).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`RawPool::try_reserve`].
    pub fn try_reserve(&self, len: usize, count: usize) -> Result<(), AllocError> {
        if size_of::<T>() == 0 {
            return Ok(());
        }
        self.raw.try_reserve(len, count)
    }

    /// Leaves free arrays to the arena until every class has at most `max_free`:
    /// see [`RawPool::trim`].
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let arrays: Vec<_> = (0..10).map(|_| pool.allocate(10)).collect();
    /// drop(arrays);
    /// pool.trim(4);
    /// assert_eq!((pool.stats().free, pool.stats().left), (4, 6));
    /// ```
    pub fn trim(&self, max_free: u32) {
        self.raw.trim(max_free);
    }

    /// Makes growth an error, from now on: see [`RawPool::freeze`].
    ///
    /// ```
    /// use arraypool::{AllocError, ArrayPool, Tagged};
    ///
    /// let pool = ArrayPool::<u32, Tagged>::new();
    /// pool.freeze();
    /// assert!(matches!(pool.try_allocate(10), Err(AllocError::Frozen { .. })));
    /// ```
    pub fn freeze(&self) {
        self.raw.freeze();
    }

    views_raw_pool!(C, "pool = arraypool::ArrayPool::<u32>::new();");
}

impl<T, S: ReleaseStrategy, C: ClassTable> fmt::Debug for ArrayPool<'_, T, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArrayPool").field(&self.raw).finish()
    }
}
