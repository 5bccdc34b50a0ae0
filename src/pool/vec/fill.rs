//! Many elements more: from iterators, slices, closures and other vectors.

use core::iter;
use core::mem::{self, MaybeUninit};
use core::ops::RangeBounds;
use core::ptr;
use core::slice;

use super::PoolVec;
use crate::error::{AllocError, OrPanic};
use crate::pool::class::ClassTable;
use crate::pool::release::ReleaseStrategy;

/// The most bytes that are asked for because an iterator announces elements. A
/// lie costs a slot for so many, and growing catches up with the truth.
const TRUSTED: usize = 64 * 1024;

/// Counts elements that have been written, also if the next one panics.
struct Written<'v> {
    length: &'v mut usize,
    count: usize,
}

impl Drop for Written<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.length += self.count;
    }
}

/// Puts clones of all elements of `source` into the room behind the last element, where
/// there is enough. (For numbers this compiles to one copy of memory.)
#[inline]
fn write_clones<T: Clone>(room: &mut [MaybeUninit<T>], length: &mut usize, source: &[T]) {
    let mut written = Written { length, count: 0 };
    for (place, value) in room.iter_mut().zip(source) {
        place.write(value.clone());
        written.count += 1;
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> PoolVec<'_, T, S, C> {
    /// Puts values behind the last element until they end or the room does.
    #[inline]
    pub(super) fn fill(&mut self, values: &mut impl Iterator<Item = T>) {
        let room = &mut self.slot[self.length..];
        let mut written = Written { length: &mut self.length, count: 0 };
        for place in room {
            let Some(value) = values.next() else { return };
            place.write(value);
            written.count += 1;
        }
    }

    /// Puts clones of all elements of `source`, for which there is room, behind
    /// the last element.
    #[inline]
    fn fill_cloned(&mut self, source: &[T])
    where
        T: Clone,
    {
        let room = &mut self.slot[self.length..][..source.len()];
        write_clones(room, &mut self.length, source);
    }

    /// Puts all values behind the last element; after an error, some may be there.
    #[track_caller]
    fn fill_all(&mut self, mut values: impl Iterator<Item = T>) -> Result<(), AllocError> {
        let trusted = TRUSTED / size_of::<T>().max(1);
        loop {
            self.fill(&mut values);
            if self.length < self.capacity() {
                return Ok(());
            }
            let Some(value) = values.next() else { return Ok(()) };
            let announced = values.size_hint().0.min(trusted).saturating_add(1);
            match self.grow(announced) {
                Err(_) if announced > 1 => self.grow(1)?,
                grown => grown?,
            }
            self.slot[self.length].write(value);
            self.length += 1;
        }
    }

    /// The twin of [`extend`](Extend::extend) that returns an error. The
    /// elements that the iterator gave are dropped then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.try_extend([1, 2])?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If the iterator does; what it gave so far stays in the vector.
    #[track_caller]
    pub fn try_extend(&mut self, values: impl IntoIterator<Item = T>) -> Result<(), AllocError> {
        let length = self.length;
        self.fill_all(values.into_iter()).inspect_err(|_| self.truncate(length))
    }

    /// Puts clones of all elements of `source` behind the last element.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend_from_slice(&[1, 2]);
    /// assert_eq!(numbers, [1, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or a `clone` panics; the clones made so far stay in
    /// the vector.
    #[track_caller]
    pub fn extend_from_slice(&mut self, source: &[T])
    where
        T: Clone,
    {
        self.try_extend_from_slice(source).or_panic();
    }

    /// The twin of [`extend_from_slice`](Self::extend_from_slice) that returns an
    /// error; nothing is cloned then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.try_extend_from_slice(&[1, 2])?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If a `clone` does; the clones made so far stay in the vector.
    #[inline]
    #[track_caller]
    pub fn try_extend_from_slice(&mut self, source: &[T]) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.try_reserve(source.len())?;
        self.fill_cloned(source);
        Ok(())
    }

    /// Puts clones of the elements of a range behind the last element.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// numbers.extend_from_within(1..);
    /// assert_eq!(numbers, [1, 2, 3, 2, 3]);
    /// ```
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element; if there is no
    /// memory, or a `clone` panics; the clones made so far stay in the vector.
    #[track_caller]
    pub fn extend_from_within(&mut self, range: impl RangeBounds<usize>)
    where
        T: Clone,
    {
        self.try_extend_from_within(range).or_panic();
    }

    /// The twin of [`extend_from_within`](Self::extend_from_within) that returns an
    /// error; nothing is cloned then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// numbers.try_extend_from_within(..2)?;
    /// assert_eq!(numbers, [1, 2, 3, 1, 2]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If the range ends before it begins, or behind the last element, or a `clone`
    /// panics; the clones made so far stay in the vector.
    #[track_caller]
    pub fn try_extend_from_within(
        &mut self,
        range: impl RangeBounds<usize>,
    ) -> Result<(), AllocError>
    where
        T: Clone,
    {
        let (start, end) = self.bounds(&range);
        self.try_reserve(end - start)?;
        let (elements, room) = self.slot.split_at_mut(self.length);
        // SAFETY: the first `length` elements are initialised, and not written to here.
        let elements = unsafe { slice::from_raw_parts(elements.as_ptr().cast(), self.length) };
        write_clones(room, &mut self.length, &elements[start..end]);
        Ok(())
    }

    /// Moves all elements of `other` behind the last element. `other` keeps its
    /// capacity.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// let mut more = pool.vec();
    /// more.extend([1, 2]);
    /// numbers.append(&mut more);
    /// assert_eq!((numbers.len(), more.len()), (2, 0));
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[track_caller]
    pub fn append<R: ReleaseStrategy, D: ClassTable>(&mut self, other: &mut PoolVec<'_, T, R, D>) {
        self.try_append(other).or_panic();
    }

    /// The twin of [`append`](Self::append) that returns an error; both vectors
    /// are what they were then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// let mut more = pool.vec();
    /// more.extend([1, 2]);
    /// numbers.try_append(&mut more)?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn try_append<R: ReleaseStrategy, D: ClassTable>(
        &mut self,
        other: &mut PoolVec<'_, T, R, D>,
    ) -> Result<(), AllocError> {
        self.try_reserve(other.length)?;
        let count = mem::take(&mut other.length);
        let end = self.place(self.length);
        // SAFETY: `other` had so many elements and has forgotten them; there is
        // room for them, in another slot since both vectors are borrowed.
        unsafe { ptr::copy_nonoverlapping(other.as_ptr(), end, count) };
        self.length += count;
        Ok(())
    }

    /// Changes the length to `length`, by dropping what is behind it or by putting
    /// clones of `value` behind the last element.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.resize(3, 7);
    /// assert_eq!(numbers, [7, 7, 7]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or a `clone` or an element's `Drop` panics; the clones
    /// made so far stay in the vector.
    #[track_caller]
    pub fn resize(&mut self, length: usize, value: T)
    where
        T: Clone,
    {
        self.try_resize(length, value).or_panic();
    }

    /// The twin of [`resize`](Self::resize) that returns an error; nothing is
    /// cloned then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.try_resize(3, 7)?;
    /// assert_eq!(numbers, [7, 7, 7]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If a `clone` or an element's `Drop` does; the clones made so far stay in the vector.
    #[track_caller]
    pub fn try_resize(&mut self, length: usize, value: T) -> Result<(), AllocError>
    where
        T: Clone,
    {
        match length.checked_sub(self.length) {
            Some(missing) => {
                self.try_reserve(missing)?;
                self.fill(&mut iter::repeat_n(value, missing));
            }
            None => self.truncate(length),
        }
        Ok(())
    }

    /// Changes the length to `length`, by dropping what is behind it or by putting
    /// what `make` returns behind the last element.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// let mut next = 0..;
    /// numbers.resize_with(3, || next.next().unwrap());
    /// assert_eq!(numbers, [0, 1, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or `make` or an element's `Drop` panics; what it made so
    /// far stays in the vector.
    #[track_caller]
    pub fn resize_with(&mut self, length: usize, make: impl FnMut() -> T) {
        self.try_resize_with(length, make).or_panic();
    }

    /// The twin of [`resize_with`](Self::resize_with) that returns an error;
    /// `make` is not called then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.try_resize_with(3, || 7)?;
    /// assert_eq!(numbers, [7, 7, 7]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If `make` or an element's `Drop` does; what was made so far stays in the vector.
    #[track_caller]
    pub fn try_resize_with(
        &mut self,
        length: usize,
        make: impl FnMut() -> T,
    ) -> Result<(), AllocError> {
        match length.checked_sub(self.length) {
            Some(missing) => {
                self.try_reserve(missing)?;
                self.fill(&mut iter::repeat_with(make).take(missing));
            }
            None => self.truncate(length),
        }
        Ok(())
    }
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolVec<'p, T, S, C> {
    /// Moves the elements from `at` on to a vector of their own. If `at` is 0, they take
    /// the slot along, and this vector has no capacity left; the standard library's keeps it.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// let rest = numbers.split_off(1);
    /// assert_eq!((&numbers[..], &rest[..]), (&[1][..], &[2, 3][..]));
    /// ```
    ///
    /// # Panics
    /// If `at` is above the length, or there is no memory.
    #[must_use]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        self.try_split_off(at).or_panic()
    }

    /// The twin of [`split_off`](Self::split_off) that returns an error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// let rest = numbers.try_split_off(1)?;
    /// assert_eq!(rest, [2, 3]);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If `at` is above the length.
    #[track_caller]
    pub fn try_split_off(&mut self, at: usize) -> Result<Self, AllocError> {
        let length = self.length;
        assert!(at <= length, "there is no place {at} in a vector of {length}");
        if at == 0 {
            let none = Self::new(self.slot.pool());
            return Ok(mem::replace(self, none));
        }
        let mut rest = Self::try_with_room(self.slot.pool(), length - at)?;
        self.length = at;
        // SAFETY: the elements from `at` on no longer count here, and the other
        // slot has room for them.
        unsafe { ptr::copy_nonoverlapping(self.place(at), rest.as_mut_ptr(), length - at) };
        rest.length = length - at;
        Ok(rest)
    }

    /// The twin of [`clone`](Clone::clone) that returns an error; nothing is
    /// cloned then.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// let mut numbers = pool.vec();
    /// numbers.extend([1, 2, 3]);
    /// assert_eq!(numbers.try_clone()?, numbers);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_reserve`](Self::try_reserve).
    ///
    /// # Panics
    /// If a `clone` does; the clones made so far are dropped.
    #[track_caller]
    pub fn try_clone(&self) -> Result<Self, AllocError>
    where
        T: Clone,
    {
        let mut copy = Self::try_with_room(self.slot.pool(), self.length)?;
        copy.fill_cloned(self);
        Ok(copy)
    }
}

/// Takes room in the same pool, for no more than the elements.
impl<T: Clone, S: ReleaseStrategy, C: ClassTable> Clone for PoolVec<'_, T, S, C> {
    /// # Panics
    /// If there is no memory, or an element's `clone` panics.
    #[track_caller]
    fn clone(&self) -> Self {
        self.try_clone().or_panic()
    }

    /// Drops the elements, and clones the others into the room that is there.
    ///
    /// # Panics
    /// If there is no memory, or an element's `clone` or `Drop` panics; the
    /// clones made so far are in the vector then, and nothing else.
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        self.extend_from_slice(source);
    }
}

/// The number of elements that an iterator announces is a hint, which is
/// trusted up to 64 KiB.
impl<T, S: ReleaseStrategy, C: ClassTable> Extend<T> for PoolVec<'_, T, S, C> {
    /// # Panics
    /// If there is no memory, or the iterator panics; what it gave so far stays
    /// in the vector, but for the element for which there was no room: it is dropped.
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.fill_all(values.into_iter()).or_panic();
    }
}

impl<'a, T: Copy + 'a, S: ReleaseStrategy, C: ClassTable> Extend<&'a T> for PoolVec<'_, T, S, C> {
    /// # Panics
    /// As the other [`extend`](Extend::extend).
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}
