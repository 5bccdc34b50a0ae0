//! The room of a vector: taken from the pool, outgrown, and given back.

use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ptr;

use super::{PoolArray, PoolVec, RawPool};
use crate::error::{AllocError, OrPanic};
use crate::pool::class::{ClassTable, Table};
use crate::pool::raw::Slot;
use crate::pool::release::{ReleaseStrategy, Tenure};

/// The least capacity that a vector grows to where there are no classes.
const FIRST: usize = 4;

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// An empty growing array of any type whose alignment is at most that of a
    /// unit. It takes no memory yet.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// let (mut text, mut numbers) = (pool.vec::<u8>(), pool.vec::<u64>());
    /// text.push_str("mixed");
    /// numbers.push(5);
    /// assert_eq!((text.len(), numbers.len()), (5, 1));
    /// ```
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has.
    #[must_use]
    #[track_caller]
    pub fn vec<T>(&self) -> PoolVec<'_, T, S, C> {
        self.assert_aligned::<T>();
        PoolVec::new(self)
    }

    /// An empty growing array of any type, with room for `capacity` elements: a whole slot
    /// of the class whose units hold them, or no memory if `capacity` is 0.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// // 16 units of 8 bytes.
    /// assert_eq!(pool.vec_with_capacity::<u8>(100).capacity(), 128);
    /// ```
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has, or there is no memory.
    #[must_use]
    #[track_caller]
    pub fn vec_with_capacity<T>(&self, capacity: usize) -> PoolVec<'_, T, S, C> {
        self.try_vec_with_capacity(capacity).or_panic()
    }

    /// The twin of [`vec_with_capacity`](Self::vec_with_capacity) that returns an error.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// assert!(pool.try_vec_with_capacity::<u8>(100).is_ok());
    /// assert!(pool.try_vec_with_capacity::<u8>(usize::MAX).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`try_allocate`](Self::try_allocate).
    ///
    /// # Panics
    /// If `T` needs a larger alignment than a unit has.
    #[track_caller]
    pub fn try_vec_with_capacity<T>(
        &self,
        capacity: usize,
    ) -> Result<PoolVec<'_, T, S, C>, AllocError> {
        self.assert_aligned::<T>();
        PoolVec::try_with_room(self, capacity)
    }

    /// The room of a vector that has taken no memory.
    #[inline]
    pub(super) fn no_room<T>(&self) -> PoolArray<'_, MaybeUninit<T>, S, C> {
        let capacity = if size_of::<T>() == 0 { u32::MAX } else { 0 };
        // SAFETY: no elements, or any number without size, need no slot; the address of the
        // empty one is aligned as a unit is.
        unsafe { PoolArray::new(&self.empty(), self, capacity) }
    }

    /// Units, and elements of `size` bytes that fit them, of the slot that would
    /// serve `length` elements.
    #[inline(always)]
    fn measure(&self, size: usize, length: usize) -> Result<(usize, usize), AllocError> {
        let too_large = AllocError::TooLarge { length };
        u32::try_from(length).map_err(|_| too_large)?;
        // In a typed pool a unit is an element, and nothing needs dividing.
        let unit = self.unit_size().max(1);
        let alike = unit == size;
        let units =
            if alike { length } else { length.checked_mul(size).ok_or(too_large)?.div_ceil(unit) };
        let units = self.whole(units);
        let capacity = if alike || size == 0 {
            units
        } else {
            units.checked_mul(unit).ok_or(too_large)? / size
        };
        Ok((units, capacity.min(u32::MAX as usize)))
    }

    /// Units of the slot that would serve `units`; those themselves if none would.
    fn whole(&self, units: usize) -> usize {
        if !S::RECLAIMS || units == 0 {
            return units;
        }
        let length = match Table::<C>::class_of(units) {
            Some(index) => C::LENGTHS.get(index).copied(),
            None => self.classes.class_of(units).and_then(|id| self.class_length(id)),
        };
        length.map_or(units, |length| length as usize)
    }

    /// Room for at least `length` elements: all of a slot.
    #[inline]
    #[track_caller]
    fn room<T>(&self, length: usize) -> Result<PoolArray<'_, MaybeUninit<T>, S, C>, AllocError> {
        let (slot, capacity) = self.room_of(size_of::<T>(), length)?;
        // SAFETY: the slot was issued just now, and `room_of` says how many it holds.
        Ok(unsafe { PoolArray::new(&slot, self, capacity) })
    }

    /// The same for elements of `size` bytes: a slot, and how many it holds. One
    /// function for all types, as growing is rare and flash may be short.
    #[inline(never)]
    #[track_caller]
    fn room_of(&self, size: usize, length: usize) -> Result<(Slot<S>, u32), AllocError> {
        let (units, capacity) = self.measure(size, length)?;
        if units == 0 {
            return Ok((self.empty(), if size == 0 { u32::MAX } else { 0 }));
        }
        let slot = self.issue(units, Tenure::Owned)?;
        Ok((slot, u32::try_from(capacity).unwrap_or(u32::MAX)))
    }
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolVec<'p, T, S, C> {
    /// An empty vector with room for `capacity` elements.
    #[inline]
    #[track_caller]
    pub(in crate::pool) fn try_with_room(
        pool: &'p RawPool<'p, S, C>,
        capacity: usize,
    ) -> Result<Self, AllocError> {
        Ok(Self { slot: pool.room(capacity)?, length: 0, local: PhantomData })
    }

    /// Makes sure that `additional` more elements fit.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let mut numbers = pool.vec();
    /// numbers.reserve(10);
    /// assert_eq!(numbers.capacity(), 16);
    /// # numbers.push(1);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        self.try_reserve(additional).or_panic();
    }

    /// The twin of [`reserve`](Self::reserve) that returns an error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// assert!(numbers.try_reserve(10).is_ok());
    /// assert!(numbers.try_reserve(usize::MAX).is_err());
    /// # numbers.push(1);
    /// ```
    ///
    /// # Errors
    /// [`AllocError::TooLarge`] above `u32::MAX` elements, and those of
    /// [`ArrayPool::try_allocate`](crate::ArrayPool::try_allocate).
    #[inline]
    #[track_caller]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        if additional <= self.capacity() - self.length {
            return Ok(());
        }
        self.grow(additional)
    }

    /// Makes sure that `additional` more elements fit, and under
    /// [`Direct`](crate::Direct) no more than these: elsewhere the class decides.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Direct>::new();
    /// let mut numbers = pool.vec();
    /// numbers.reserve_exact(10);
    /// assert_eq!(numbers.capacity(), 10);
    /// # numbers.push(1);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[track_caller]
    pub fn reserve_exact(&mut self, additional: usize) {
        self.try_reserve_exact(additional).or_panic();
    }

    /// The twin of [`reserve_exact`](Self::reserve_exact) that returns an error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// assert!(numbers.try_reserve_exact(10).is_ok());
    /// # numbers.push(1);
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), AllocError> {
        if additional <= self.capacity() - self.length {
            return Ok(());
        }
        self.move_to(self.needed(additional)?)
    }

    /// Moves to the next class, or twice as far where there are none, or as far
    /// as `additional` more elements need: what is free now does not hold them.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn grow(&mut self, additional: usize) -> Result<(), AllocError> {
        let needed = self.needed(additional)?;
        if S::RECLAIMS {
            return self.move_to(needed);
        }
        let twice = self.capacity().saturating_mul(2).clamp(FIRST, u32::MAX as usize);
        self.move_to(needed.max(twice))
    }

    fn needed(&self, additional: usize) -> Result<usize, AllocError> {
        let length = usize::MAX;
        self.length.checked_add(additional).ok_or(AllocError::TooLarge { length })
    }

    /// Moves to a slot for `capacity` elements, no fewer than there are, and
    /// gives the old one back; or fails and changes nothing.
    #[track_caller]
    fn move_to(&mut self, capacity: usize) -> Result<(), AllocError> {
        debug_assert!(capacity >= self.length);
        let mut room = self.slot.pool().room::<T>(capacity)?;
        // SAFETY: the elements lie in this vector's slot; the other is a slot of
        // its own, or empty as they are, and has room for `capacity`.
        unsafe { ptr::copy_nonoverlapping(self.slot.as_ptr(), room.as_mut_ptr(), self.length) };
        // The elements have moved, and the old slot's type drops none.
        drop(mem::replace(&mut self.slot, room));
        Ok(())
    }

    /// Moves to the smallest class that holds the elements, if it is smaller
    /// than this one; an empty vector gives its slot back. If there is no memory
    /// for that, the vector stays where it is. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let mut numbers = pool.vec_with_capacity(100);
    /// numbers.push(1);
    /// numbers.shrink_to_fit();
    /// assert_eq!(numbers.capacity(), 16);
    /// ```
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// The twin of [`shrink_to_fit`](Self::shrink_to_fit) that says why the
    /// vector stays where it is.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let mut numbers = pool.vec_with_capacity(100);
    /// numbers.push(1);
    /// assert!(numbers.try_shrink_to_fit().is_ok());
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.try_shrink_to(0)
    }

    /// As [`shrink_to_fit`](Self::shrink_to_fit), but room for `capacity`
    /// elements stays, if there is so much now. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let mut numbers = pool.vec_with_capacity(1000);
    /// numbers.push(1);
    /// numbers.shrink_to(20);
    /// assert_eq!(numbers.capacity(), 256);
    /// ```
    #[track_caller]
    pub fn shrink_to(&mut self, capacity: usize) {
        // The vector stays as it is; `try_shrink_to` says why.
        let _ = self.try_shrink_to(capacity);
    }

    /// The twin of [`shrink_to`](Self::shrink_to) that says why the vector stays
    /// where it is.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// let mut numbers = pool.vec_with_capacity(1000);
    /// numbers.push(1);
    /// assert!(numbers.try_shrink_to(20).is_ok());
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn try_shrink_to(&mut self, capacity: usize) -> Result<(), AllocError> {
        let wanted = self.length.max(capacity);
        if !S::RECLAIMS || size_of::<T>() == 0 || wanted >= self.capacity() {
            return Ok(());
        }
        let (_, smaller) = self.slot.pool().measure(size_of::<T>(), wanted)?;
        if smaller < self.capacity() { self.move_to(wanted) } else { Ok(()) }
    }
}

/// Keeps the slot, all of it: room that the array could not reach is the
/// vector's. Constant time, never panics.
impl<'p, T, S: ReleaseStrategy, C: ClassTable> From<PoolArray<'p, T, S, C>>
    for PoolVec<'p, T, S, C>
{
    #[track_caller]
    fn from(array: PoolArray<'p, T, S, C>) -> Self {
        let length = array.len();
        Self { slot: PoolArray::widen(array), length, local: PhantomData }
    }
}

/// As [`into_array`](PoolVec::into_array).
impl<'p, T, S: ReleaseStrategy, C: ClassTable> From<PoolVec<'p, T, S, C>>
    for PoolArray<'p, T, S, C>
{
    #[track_caller]
    fn from(vector: PoolVec<'p, T, S, C>) -> Self {
        vector.into_array()
    }
}
