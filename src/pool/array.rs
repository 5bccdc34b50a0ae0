//! The array a user owns: exact length, goes back on drop.

use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut, Range};
use core::panic::Location;
use core::ptr::{self, NonNull};
use core::slice;

use super::by_value::iterates_by_value;
use super::class::{ClassTable, DefaultClasses};
use super::classes::ClassId;
use super::locate::RawArray;
use super::raw::{RawPool, Slot};
use super::release::{DefaultStrategy, ReleaseStrategy, Tenure};
use super::slices::{behaves_as_slice, order_slices};
use crate::error::ReleaseError;

/// An array of exactly the length that was asked for, in a slot of a pool.
///
/// It dereferences to a slice, and compares with what a `Vec` compares with. When it
/// is dropped, its elements are dropped and then its slot goes back, also if an
/// element's `Drop` panics or uses the pool again. A drop that finds the slot's
/// bookkeeping overwritten never panics: it abandons the slot, counts it and calls
/// the pool's hook; [`release`](Self::release) returns the error instead.
///
/// 24 bytes under [`Tagged`](crate::Tagged), 32 under `Metadata`, on 64-bit
/// machines. It is `Sync` for `T: Sync` and not `Send`, as its pool is not.
///
/// Therefore it is not `Clone`: a clone would be taken from the pool, by whatever
/// thread reads the array. [`allocate_clone`](crate::ArrayPool::allocate_clone) is for
/// the thread that has the pool.
///
/// ```
/// let pool = arraypool::ArrayPool::<String>::new();
/// let mut names = pool.allocate_with(3, |i| format!("name {i}"));
/// names[1].push_str(", changed");
/// names.sort();
/// for name in names {                         // by value; the slot goes back at the end
///     assert!(name.starts_with("name"));
/// }
/// ```
pub struct PoolArray<'p, T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    elements: NonNull<T>,
    ticket: S::Ticket,
    pool: &'p RawPool<'p, S, C>,
    length: u32,
    class: ClassId,
    owns: PhantomData<T>,
}

// SAFETY: all that `&PoolArray` gives is `&[T]` and the capacity: it reads the
// handle itself and, in the pool, only what never changes after the pool was
// made (the classes' place and lengths). No method on `&self` reaches a cell;
// `pool` leads to some, and serves vectors, which are not `Sync`.
unsafe impl<T: Sync, S: ReleaseStrategy, C: ClassTable> Sync for PoolArray<'_, T, S, C> {}

/// Makes every byte of the elements 0, those between their fields, too.
#[inline]
pub(crate) fn zero<T>(elements: &mut [MaybeUninit<T>]) {
    // SAFETY: so many elements are borrowed here, and they may hold any bytes.
    unsafe { ptr::write_bytes(elements.as_mut_ptr(), 0, elements.len()) };
}

/// Brings a slot home when it goes out of scope, also by a panic.
struct Home<'p, S: ReleaseStrategy, C: ClassTable> {
    slot: Slot<S>,
    pool: &'p RawPool<'p, S, C>,
}

impl<S: ReleaseStrategy, C: ClassTable> Home<'_, S, C> {
    #[inline(always)]
    #[track_caller]
    fn bring(self) -> Result<(), ReleaseError> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the slot is that of a handle which was given up for this
        // value, and this value is not dropped again.
        unsafe { this.pool.retire(this.slot, Some(Location::caller())) }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Drop for Home<'_, S, C> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the slot is that of a handle which was given up for this value.
        unsafe { self.pool.retire_or_report(self.slot) };
    }
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolArray<'p, MaybeUninit<T>, S, C> {
    /// A handle for a slot that was just issued.
    ///
    /// # Safety
    /// The pool issued the slot to no other handle, and it holds `length` elements of
    /// `T`, aligned for it.
    #[inline]
    pub(super) unsafe fn new(slot: &Slot<S>, pool: &'p RawPool<'p, S, C>, length: u32) -> Self {
        Self {
            elements: slot.elements.cast(),
            ticket: slot.ticket,
            pool,
            length,
            class: slot.class,
            owns: PhantomData,
        }
    }

    /// The same array, its elements taken for initialised. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut array = pool.allocate(2);
    /// array[0].write(1);
    /// array[1].write(2);
    /// // SAFETY: both elements were written.
    /// assert_eq!(unsafe { array.assume_init() }, [1, 2]);
    /// ```
    ///
    /// # Safety
    /// Every element is initialised.
    #[inline]
    #[must_use]
    pub unsafe fn assume_init(self) -> PoolArray<'p, T, S, C> {
        // SAFETY: the caller's promise.
        unsafe { self.cast() }
    }

    /// Writes every element, the i-th as `make(i)`.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<usize>::new();
    /// assert_eq!(pool.allocate(3).write_with(|i| i * i), [0, 1, 4]);
    /// ```
    ///
    /// # Panics
    /// If `make` panics. The elements made so far are dropped then, and the slot
    /// goes back.
    #[inline]
    pub fn write_with(self, mut make: impl FnMut(usize) -> T) -> PoolArray<'p, T, S, C> {
        let mut filling = Filling { array: self, made: 0 };
        while filling.made < filling.array.len() {
            let value = make(filling.made);
            filling.array[filling.made].write(value);
            filling.made += 1;
        }
        // SAFETY: the loop has written one after the other, up to the length.
        unsafe { filling.finish() }
    }

    /// Copies every element from `source`.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// assert_eq!(pool.allocate(2).write_copy(b"ab"), *b"ab");
    /// ```
    ///
    /// # Panics
    /// If the lengths differ.
    #[inline]
    #[must_use]
    pub fn write_copy(mut self, source: &[T]) -> PoolArray<'p, T, S, C>
    where
        T: Copy,
    {
        assert_eq!(self.len(), source.len(), "source and array have the same length");
        // SAFETY: a T is a valid MaybeUninit<T>, at the same place and length.
        let source = unsafe { slice::from_raw_parts(source.as_ptr().cast(), source.len()) };
        self.copy_from_slice(source);
        // SAFETY: every element was copied from a `T`, which is `Copy`.
        unsafe { self.cast() }
    }
}

/// What a [`PoolVec`](crate::PoolVec) needs of the array that it keeps its elements in.
impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolArray<'p, MaybeUninit<T>, S, C> {
    /// The pool that the array goes back to. (Its cells are not for those who
    /// share an array between threads: a vector is not `Sync`.)
    #[inline]
    pub(super) fn pool(&self) -> &'p RawPool<'p, S, C> {
        self.pool
    }

    /// The array, widened to its slot's full capacity, also in its record.
    /// Elements without size have room for the longest length there is.
    #[track_caller]
    pub(super) fn widen(array: PoolArray<'p, T, S, C>) -> Self {
        let capacity = if size_of::<T>() == 0 { usize::MAX } else { array.capacity() };
        // SAFETY: any bytes are a `MaybeUninit<T>`.
        let mut this: Self = unsafe { array.cast() };
        this.length = u32::try_from(capacity).unwrap_or(u32::MAX);
        this.relabel();
        this
    }

    /// The first `length` elements, in the same slot; its record stays as it is.
    #[inline]
    pub(super) fn narrow(mut self, length: usize) -> Self {
        self.length = u32::try_from(length).map_or(self.length, |length| length.min(self.length));
        self
    }

    /// Makes the slot's record say the array's length.
    #[inline]
    #[track_caller]
    pub(super) fn relabel(&mut self) {
        // Never 0, which the compiler cannot know.
        let unit = self.pool.unit_size().max(1);
        let units = if size_of::<T>() == unit {
            self.len()
        } else {
            // No overflow: so many bytes are in memory.
            (self.len() * size_of::<T>()).div_ceil(unit)
        };
        self.pool.relabel(&self.slot(), u32::try_from(units).unwrap_or(u32::MAX));
    }
}

/// An array whose first elements have been made.
struct Filling<'p, T, S: ReleaseStrategy, C: ClassTable> {
    array: PoolArray<'p, MaybeUninit<T>, S, C>,
    made: usize,
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> Filling<'p, T, S, C> {
    /// # Safety
    /// Every element has been made.
    unsafe fn finish(self) -> PoolArray<'p, T, S, C> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used or dropped afterwards, so the array moves.
        let array = unsafe { ptr::read(&raw const this.array) };
        // SAFETY: the caller's promise.
        unsafe { array.cast() }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for Filling<'_, T, S, C> {
    fn drop(&mut self) {
        let made = ptr::slice_from_raw_parts_mut(self.array.as_mut_ptr().cast::<T>(), self.made);
        // SAFETY: the first `made` elements have been written, and nobody sees
        // them again: the array's own type drops none.
        unsafe { ptr::drop_in_place(made) };
    }
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> PoolArray<'p, T, S, C> {
    /// The array's length, in elements.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// assert_eq!(pool.allocate(5).len(), 5);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether the length is 0.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// assert!(pool.allocate(0).is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The elements that the array's slot could hold: the class length in an
    /// [`ArrayPool`](crate::ArrayPool). The length itself where there is no slot:
    /// empty arrays, elements without size, [`Direct`](crate::Direct).
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8, arraypool::Tagged>::new();
    /// assert_eq!(pool.allocate(5).capacity(), 16);
    /// assert_eq!(pool.allocate(0).capacity(), 0);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        let bytes = |units: u32| units as usize * self.pool.unit_size();
        match self.pool.class_length(self.class) {
            Some(units) if size_of::<T>() > 0 => bytes(units) / size_of::<T>(),
            _ => self.len(),
        }
    }

    /// The first element, for reading; it stays valid as long as the array.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let array = pool.allocate_copy(&[7, 8]);
    /// // SAFETY: there are two elements.
    /// assert_eq!(unsafe { array.as_ptr().add(1).read() }, 8);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.elements.as_ptr()
    }

    /// The first element, for writing; it stays valid as long as the array.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut array = pool.allocate_copy(&[7, 8]);
    /// // SAFETY: there is an element.
    /// unsafe { array.as_mut_ptr().write(1) };
    /// assert_eq!(array, [1, 8]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.elements.as_ptr()
    }

    /// The elements.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// assert_eq!(pool.allocate_copy(&[7, 8]).as_slice(), &[7, 8]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// The elements, for writing.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut array = pool.allocate_copy(&[7, 8]);
    /// array.as_mut_slice().reverse();
    /// assert_eq!(array, [8, 7]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }

    /// Drops the elements and gives the slot back, as `drop` does, but returns what
    /// is wrong. Under [`Direct`](crate::Direct) there is nothing to give back,
    /// and that is no error.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// assert_eq!(pool.allocate_copy(&[7, 8]).release(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// [`ReleaseError::Corrupted`] if the slot's bookkeeping was overwritten;
    /// [`ReleaseError::Overflow`] if the diagnostics find that somebody wrote behind the
    /// array's end. The slot is abandoned; the elements have been dropped.
    ///
    /// # Panics
    /// If an element's `Drop` does; the slot goes back all the same.
    #[inline]
    #[track_caller]
    pub fn release(self) -> Result<(), ReleaseError> {
        let this = ManuallyDrop::new(self);
        let home = this.home();
        // SAFETY: the elements are initialised and never seen again.
        unsafe { this.drop_elements() };
        home.bring()
    }

    /// Turns the array into a raw (manually managed) one, to be released with
    /// [`release_raw`](crate::ArrayPool::release_raw) or turned back into an owned
    /// one with [`from_raw`](crate::ArrayPool::from_raw). The elements are not
    /// dropped.
    ///
    /// If the slot's bookkeeping is overwritten, the generation is 0 and the
    /// later release says so. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let raw = pool.allocate_copy(&[7, 8]).into_raw();
    /// // SAFETY: nobody has released it, and its elements are initialised.
    /// assert_eq!(unsafe { raw.ptr.read() }, 7);
    /// // SAFETY: nobody uses the array afterwards.
    /// unsafe { pool.release_raw(raw)? };
    /// # Ok::<(), arraypool::ReleaseError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn into_raw(self) -> RawArray<T> {
        let this = ManuallyDrop::new(self);
        let slot = this.slot();
        let generation = this.pool.hand_over(&slot, Tenure::Owned, Tenure::Raw).unwrap_or(0);
        RawArray { ptr: this.elements, generation }
    }

    /// Gives the array up for as long as the pool is borrowed: it stays owned
    /// for good, and its elements are never dropped. Never panics.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let numbers: &mut [u8] = pool.allocate_copy(&[7, 8]).leak();
    /// numbers[0] = 1;
    /// assert_eq!(pool.stats().live, 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn leak(self) -> &'p mut [T] {
        let this = ManuallyDrop::new(self);
        // SAFETY: the elements are initialised, nobody else has them, and the
        // slot does not go back while the pool is borrowed.
        unsafe { slice::from_raw_parts_mut(this.elements.as_ptr(), this.len()) }
    }

    #[inline]
    fn slot(&self) -> Slot<S> {
        Slot {
            elements: self.elements.cast(),
            ticket: self.ticket,
            class: self.class,
            generation: 0,
        }
    }

    #[inline]
    fn home(&self) -> Home<'p, S, C> {
        Home { slot: self.slot(), pool: self.pool }
    }

    /// # Safety
    /// Nobody sees the elements afterwards.
    #[inline(always)]
    unsafe fn drop_elements(&self) {
        if mem::needs_drop::<T>() {
            let all = ptr::slice_from_raw_parts_mut(self.elements.as_ptr(), self.len());
            // SAFETY: the elements are initialised; dropped once by the caller's promise.
            unsafe { ptr::drop_in_place(all) };
        }
    }

    /// The same array with another view of its elements, of the same layout.
    ///
    /// # Safety
    /// Every element is a valid `U`, of which this array is the owner.
    #[inline]
    unsafe fn cast<U>(self) -> PoolArray<'p, U, S, C> {
        const {
            assert!(size_of::<T>() == size_of::<U>() && align_of::<T>() == align_of::<U>());
        }
        let this = ManuallyDrop::new(self);
        PoolArray {
            elements: this.elements.cast(),
            ticket: this.ticket,
            pool: this.pool,
            length: this.length,
            class: this.class,
            owns: PhantomData,
        }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for PoolArray<'_, T, S, C> {
    #[inline(always)]
    fn drop(&mut self) {
        if !mem::needs_drop::<T>() {
            // SAFETY: the slot is this array's, which is given up. (What would bring
            // it home after a panic of an element's is a call of its own in builds
            // for size.)
            return unsafe { self.pool.retire_or_report(self.slot()) };
        }
        let _home = self.home();
        // SAFETY: the elements are initialised, and this is their owner's end.
        unsafe { self.drop_elements() };
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Deref for PoolArray<'_, T, S, C> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `length` initialised elements, this array's alone.
        unsafe { slice::from_raw_parts(self.elements.as_ptr(), self.len()) }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> DerefMut for PoolArray<'_, T, S, C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: `length` initialised elements, this array's alone.
        unsafe { slice::from_raw_parts_mut(self.elements.as_ptr(), self.len()) }
    }
}

/// The elements of a [`PoolArray`], by value. The slot goes back when it is dropped.
///
/// ```
/// let pool = arraypool::ArrayPool::<String>::new();
/// let words = pool.allocate_with(3, |i| i.to_string());
/// assert_eq!(words.into_iter().rev().collect::<String>(), "210");
/// ```
pub struct IntoIter<'p, T, S: ReleaseStrategy = DefaultStrategy, C: ClassTable = DefaultClasses> {
    /// Declared as elements that are not dropped: those of `rest` are this
    /// iterator's to drop.
    array: PoolArray<'p, ManuallyDrop<T>, S, C>,
    rest: Range<usize>,
}

impl<T, S: ReleaseStrategy, C: ClassTable> IntoIter<'_, T, S, C> {
    /// The elements that have not been taken.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u8>::new();
    /// let mut rest = pool.allocate_copy(&[1, 2, 3]).into_iter();
    /// assert_eq!(rest.next(), Some(1));
    /// assert_eq!(rest.as_slice(), &[2, 3]);
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        let rest = &self.array[self.rest.clone()];
        // SAFETY: `ManuallyDrop<T>` has the layout of T, and none of these was taken.
        unsafe { slice::from_raw_parts(rest.as_ptr().cast(), rest.len()) }
    }

    /// # Safety
    /// The place was one of `rest` and no longer is.
    #[inline]
    unsafe fn take(&mut self, place: usize) -> T {
        // SAFETY: nobody has taken the element, and nobody looks for it here again.
        unsafe { ManuallyDrop::take(&mut self.array[place]) }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Drop for IntoIter<'_, T, S, C> {
    fn drop(&mut self) {
        let rest = self.array[self.rest.clone()].as_mut_ptr().cast::<T>();
        let rest = ptr::slice_from_raw_parts_mut(rest, self.rest.len());
        // SAFETY: none of these was taken, and nobody sees them afterwards. The
        // slot goes back when the array is dropped, also if this panics.
        unsafe { ptr::drop_in_place(rest) };
    }
}

iterates_by_value!(IntoIter<'_, T, S: ReleaseStrategy, C: ClassTable>);

impl<'p, T, S: ReleaseStrategy, C: ClassTable> IntoIterator for PoolArray<'p, T, S, C> {
    type Item = T;
    type IntoIter = IntoIter<'p, T, S, C>;

    fn into_iter(self) -> IntoIter<'p, T, S, C> {
        let rest = 0..self.len();
        // SAFETY: a `ManuallyDrop<T>` has the bytes of its `T`.
        let array = unsafe { self.cast() };
        IntoIter { array, rest }
    }
}

behaves_as_slice!(PoolArray<'_, T, S / R: ReleaseStrategy, C / D: ClassTable>);

order_slices! {
    [S: ReleaseStrategy, R: ReleaseStrategy, C: ClassTable, D: ClassTable]
    PoolArray<'_, T, S, C>, PoolArray<'_, T, R, D>
}
