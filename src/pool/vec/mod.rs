//! A growing array that climbs the classes.

mod drain;
mod edit;
mod extract;
mod fill;
mod room;
mod splice;
mod traits;

use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ptr;
use core::slice;

pub use drain::Drain;
pub use extract::ExtractIf;

use super::array::PoolArray;
use super::class::{ClassTable, DefaultClasses};
use super::raw::RawPool;
use super::release::{DefaultStrategy, ReleaseStrategy};
use crate::error::{AllocError, OrPanic};

/// A growing array: `Vec`, in slots of a pool.
///
/// It fills its slot and then moves to one of the next class that is long
/// enough; the outgrown slot goes back at once, and serves others. An empty one
/// takes no memory. [`into_array`](Self::into_array) ends the growing: the same
/// slot, a handle of exactly the length, no copy.
///
/// ```
/// use arraypool::{ArrayPool, PoolVec};
///
/// let pool = ArrayPool::<u32>::new();
/// let mut primes = pool.vec();
/// for number in 2..100 {
///     if primes.iter().all(|prime| number % prime != 0) {
///         primes.push(number);
///     }
/// }
/// assert_eq!((primes.len(), primes.capacity()), (25, 256)); // it has outgrown a slot of 16
/// assert_eq!((pool.stats().live, pool.stats().free), (1, 1));
///
/// primes.truncate(5);
/// primes.shrink_to_fit();
/// let array = primes.into_array();
/// assert_eq!(array, [2, 3, 5, 7, 11]);
/// assert_eq!(array.capacity(), 16);
///
/// let mut primes = PoolVec::from(array); // and on it grows, in the same slot
/// primes.try_push(13)?;
/// # Ok::<(), arraypool::AllocError>(())
/// ```
///
/// # Memory
///
/// A method that needs memory has a twin whose name begins with `try_`: it
/// returns the error, and the elements are what they were. The others panic; the
/// elements are what they were then, too, unless the method's docs say otherwise.
/// Lengths above `u32::MAX` are [`AllocError::TooLarge`], also for elements
/// without size, of which there is otherwise room for any number.
///
/// Under [`Direct`](crate::Direct) there are no classes: growing takes a new
/// array, exactly twice as long or as long as needed, and the outgrown one stays
/// with the arena, so that half of the memory is lost to growth unless the
/// capacity is reserved. Shrinking does nothing there.
///
/// While a vector owns a slot, [`locate`](crate::ArrayPool::locate) reports its
/// capacity as the length; once it has become an array, the array's length.
///
/// # Panics in user code
///
/// Elements' `Drop` and `Clone`, closures and iterators may panic, and
/// iterators may lie about their length. No element is dropped twice then, none
/// is read that is not there, and the memory goes back. Where it is not obvious
/// what is left in the vector, the method's docs say so.
///
/// # Complexity
///
/// | | |
/// |---|---|
/// | [`push`](Self::push) | constant, amortised: growing copies, and above any table classes double, as capacities do under `Direct` |
/// | [`pop`](Self::pop), [`pop_if`](Self::pop_if), [`swap_remove`](Self::swap_remove), [`into_array`](Self::into_array), [`pool`](Self::pool) | constant |
/// | [`insert`](Self::insert), [`remove`](Self::remove) | linear in the elements behind the place |
/// | [`retain`](Self::retain), [`dedup`](Self::dedup), [`drain`](Self::drain), [`extract_if`](Self::extract_if) | linear in the length, each element moved at most once |
/// | [`splice`](Self::splice) | linear in the range, the replacement, and the elements behind where their lengths differ |
/// | [`extend_from_within`](Self::extend_from_within) | a `clone` of each element of the range |
///
/// 32 bytes under [`Tagged`](crate::Tagged), 40 under `Metadata`, on 64-bit
/// machines. It is neither `Send` nor `Sync`: growing and cloning use the pool.
/// A [`PoolArray`] and the slice of either are `Sync` for `T: Sync`.
pub struct PoolVec<'p, T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    /// As long as the capacity. The first `length` elements are initialised, and
    /// this vector's to drop.
    slot: PoolArray<'p, MaybeUninit<T>, S, C>,
    /// At most the length of `slot`, so at most `u32::MAX`.
    length: usize,
    /// Not `Sync`, since `clone` reaches the pool's cells.
    local: PhantomData<Cell<()>>,
}

/// What takes no memory.
impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolVec<'p, T, S, C> {
    /// An empty vector of a pool whose units are aligned for `T`.
    #[inline]
    pub(super) fn new(pool: &'p RawPool<'p, S, C>) -> Self {
        Self { slot: pool.no_room(), length: 0, local: PhantomData }
    }

    /// The pool that the vector lives in: code that is given only a vector, such as a
    /// visitor, can make others there. (An array has no such method: it is `Sync`, its
    /// pool is not.)
    ///
    /// ```
    /// use arraypool::{ArrayPool, PoolVec};
    ///
    /// fn doubled<'p>(numbers: &PoolVec<'p, u32>) -> PoolVec<'p, u32> {
    ///     let mut doubled = numbers.pool().vec();
    ///     doubled.extend(numbers.iter().map(|number| number * 2));
    ///     doubled
    /// }
    ///
    /// let pool = ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2]);
    /// assert_eq!(doubled(&numbers), [2, 4]);
    /// ```
    #[inline]
    #[must_use]
    pub fn pool(&self) -> &'p RawPool<'p, S, C> {
        self.slot.pool()
    }

    /// The number of elements.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.push(7);
    /// assert_eq!(numbers.len(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no elements.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// assert!(numbers.is_empty());
    /// # numbers.push(7);
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Elements that fit without growing.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// assert_eq!(numbers.capacity(), 0);
    /// numbers.push(7);
    /// assert!(numbers.capacity() >= 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slot.len()
    }

    /// The first element, for reading; it stays valid until the vector grows,
    /// shrinks or goes.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.push(7);
    /// // SAFETY: there is an element.
    /// assert_eq!(unsafe { numbers.as_ptr().read() }, 7);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.slot.as_ptr().cast()
    }

    /// The first element, for writing; it stays valid until the vector grows,
    /// shrinks or goes.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.push(7);
    /// // SAFETY: there is an element.
    /// unsafe { numbers.as_mut_ptr().write(8) };
    /// assert_eq!(numbers, [8]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.slot.as_mut_ptr().cast()
    }

    /// The elements.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2]);
    /// assert_eq!(numbers.as_slice(), &[1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the first `length` elements are initialised: the field's promise.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.length) }
    }

    /// The elements, for writing.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2]);
    /// numbers.as_mut_slice().reverse();
    /// assert_eq!(numbers, [2, 1]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the first `length` elements are initialised: the field's promise.
        unsafe { slice::from_raw_parts_mut(self.as_mut_ptr(), self.length) }
    }

    /// The room behind the last element. Write there, then
    /// [`set_len`](Self::set_len).
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut bytes = pool.vec_with_capacity(10);
    /// let room = bytes.spare_capacity_mut();
    /// assert_eq!(room.len(), 16);
    /// room[0].write(7);
    /// // SAFETY: one element has been written.
    /// unsafe { bytes.set_len(1) };
    /// assert_eq!(bytes, [7]);
    /// ```
    #[inline]
    #[must_use]
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        &mut self.slot[self.length..]
    }

    /// Sets the number of elements. None is dropped.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2]);
    /// // SAFETY: one element is initialised, as two are.
    /// unsafe { numbers.set_len(1) };
    /// assert_eq!(numbers, [1]);
    /// ```
    ///
    /// # Safety
    /// `length` is at most the capacity, and so many elements are initialised.
    #[inline]
    pub unsafe fn set_len(&mut self, length: usize) {
        debug_assert!(length <= self.capacity());
        self.length = length;
    }

    /// The place of an element, or of one that could be. No more than an
    /// address: `index` is at most the capacity where it is used.
    #[inline]
    fn place(&mut self, index: usize) -> *mut T {
        self.as_mut_ptr().wrapping_add(index)
    }

    /// Takes the last element; `None` if there is none. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.push(7);
    /// assert_eq!((numbers.pop(), numbers.pop()), (Some(7), None));
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.length.checked_sub(1)?;
        self.length = last;
        // SAFETY: the element was the last and no longer counts, so it moves.
        Some(unsafe { self.place(last).read() })
    }

    /// Takes the last element if there is one and `predicate` answers true.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2]);
    /// assert_eq!(numbers.pop_if(|number| *number % 2 == 0), Some(2));
    /// assert_eq!(numbers.pop_if(|number| *number % 2 == 0), None);
    /// ```
    ///
    /// # Panics
    /// If `predicate` does; the element stays.
    pub fn pop_if(&mut self, predicate: impl FnOnce(&mut T) -> bool) -> Option<T> {
        if predicate(self.last_mut()?) { self.pop() } else { None }
    }

    /// Takes the element at `index` and closes the gap.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// assert_eq!(numbers.remove(0), 1);
    /// assert_eq!(numbers, [2, 3]);
    /// ```
    ///
    /// # Panics
    /// If there is no such element.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let behind = self.behind(index);
        let place = self.place(index);
        // SAFETY: the element is one of the vector, and written over below.
        let element = unsafe { place.read() };
        // SAFETY: both places and the elements behind lie within the length.
        unsafe { ptr::copy(place.wrapping_add(1), place, behind) };
        self.length -= 1;
        element
    }

    /// Takes the element at `index` and puts the last one in its place.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// assert_eq!(numbers.swap_remove(0), 1);
    /// assert_eq!(numbers, [3, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no such element.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let behind = self.behind(index);
        let (place, last) = (self.place(index), self.place(index + behind));
        // SAFETY: the element is one of the vector, and written over below or
        // no longer counts.
        let element = unsafe { place.read() };
        // SAFETY: both are places of the vector, perhaps the same.
        unsafe { ptr::copy(last, place, 1) };
        self.length -= 1;
        element
    }

    /// Elements behind the one at `index`.
    #[inline]
    #[track_caller]
    fn behind(&self, index: usize) -> usize {
        let length = self.length;
        assert!(index < length, "there is no element {index} in a vector of {length}");
        length - 1 - index
    }

    /// Drops what is behind the first `length` elements; does nothing if there
    /// are no more. The capacity stays.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// numbers.truncate(1);
    /// assert_eq!(numbers, [1]);
    /// ```
    ///
    /// # Panics
    /// If an element's `Drop` does; the vector is shorter all the same.
    pub fn truncate(&mut self, length: usize) {
        let Some(count) = self.length.checked_sub(length) else { return };
        let rest = ptr::slice_from_raw_parts_mut(self.place(length), count);
        self.length = length;
        // SAFETY: these elements were initialised and no longer count.
        unsafe { ptr::drop_in_place(rest) };
    }

    /// Drops all elements. The capacity stays.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// numbers.clear();
    /// assert!(numbers.is_empty() && numbers.capacity() >= 3);
    /// ```
    ///
    /// # Panics
    /// If an element's `Drop` does; the vector is empty all the same.
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// The array of exactly these elements, in the same slot; an empty one gives
    /// its slot back. [`shrink_to_fit`](Self::shrink_to_fit) first if the slot is
    /// larger than they need. Constant time, never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// assert_eq!(numbers.into_array(), [1, 2, 3]);
    /// ```
    #[inline]
    #[must_use]
    #[track_caller]
    pub fn into_array(self) -> PoolArray<'p, T, S, C> {
        let mut slot = self.into_slot();
        slot.relabel();
        // SAFETY: `into_slot` gives initialised elements.
        unsafe { slot.assume_init() }
    }

    /// The elements and nothing behind them, all initialised. The record still
    /// says what the slot could hold.
    fn into_slot(mut self) -> PoolArray<'p, MaybeUninit<T>, S, C> {
        // What is left in `self` is an empty vector, and dropped as such.
        let length = mem::take(&mut self.length);
        let none = self.slot.pool().no_room();
        let slot = mem::replace(&mut self.slot, none);
        if length > 0 { slot } else { self.slot.pool().no_room() }.narrow(length)
    }

    /// Gives the vector up for as long as the pool is borrowed: its slot stays
    /// owned for good, and its elements are never dropped. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// let numbers: &mut [u32] = numbers.leak();
    /// assert_eq!(numbers, [1, 2, 3]);
    /// ```
    #[inline]
    #[must_use]
    pub fn leak(self) -> &'p mut [T] {
        self.into_array().leak()
    }
}

/// One element more.
impl<T, S: ReleaseStrategy, C: ClassTable> PoolVec<'_, T, S, C> {
    /// Puts an element behind the last one.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.push(7);
    /// assert_eq!(numbers, [7]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; the element is dropped then.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, element: T) {
        match self.slot.get_mut(self.length) {
            Some(place) => {
                place.write(element);
                self.length += 1;
            }
            None => self.push_or_panic(element),
        }
    }

    /// The twin of [`push`](Self::push) that returns an error. The element is
    /// dropped then: [`try_reserve`](Self::try_reserve) first to keep it.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.try_push(7)?;
    /// assert_eq!(numbers, [7]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[inline]
    #[track_caller]
    pub fn try_push(&mut self, element: T) -> Result<(), AllocError> {
        match self.slot.get_mut(self.length) {
            Some(place) => {
                place.write(element);
                self.length += 1;
                Ok(())
            }
            None => self.push_grown(element),
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn push_or_panic(&mut self, element: T) {
        self.push_grown(element).or_panic();
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn push_grown(&mut self, element: T) -> Result<(), AllocError> {
        self.grow(1)?;
        // SAFETY: there is room for one more element behind the last.
        unsafe { self.place(self.length).write(element) };
        self.length += 1;
        Ok(())
    }

    /// Puts an element at `index`, in front of those that were there.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 3]);
    /// numbers.insert(1, 2);
    /// assert_eq!(numbers, [1, 2, 3]);
    /// ```
    ///
    /// # Panics
    /// If `index` is above the length, or there is no memory; the element is
    /// dropped then.
    #[track_caller]
    pub fn insert(&mut self, index: usize, element: T) {
        self.try_insert(index, element).or_panic();
    }

    /// The twin of [`insert`](Self::insert) that returns an error. The element is
    /// dropped then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 3]);
    /// numbers.try_insert(1, 2)?;
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If `index` is above the length.
    #[track_caller]
    pub fn try_insert(&mut self, index: usize, element: T) -> Result<(), AllocError> {
        let length = self.length;
        assert!(index <= length, "there is no place {index} in a vector of {length}");
        self.try_reserve(1)?;
        let place = self.place(index);
        // SAFETY: the elements from `index` on lie within the length, and there
        // is room for one more behind them.
        unsafe { ptr::copy(place, place.wrapping_add(1), length - index) };
        // SAFETY: the place is within the capacity; what it held has moved.
        unsafe { place.write(element) };
        self.length += 1;
        Ok(())
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for PoolVec<'_, T, S, C> {
    #[inline]
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            // SAFETY: the elements are initialised, and this is their owner's
            // end. The slot goes back when the field is dropped, also if this panics.
            unsafe { ptr::drop_in_place(self.as_mut_slice()) };
        }
    }
}
