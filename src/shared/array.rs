//! Arrays that know their way home: a lane's, and those that threads hand around.

use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut, Range};
use core::ptr::{self, NonNull};
use core::slice;

use super::home::{Berth, Home, LaneHome, NO_CLASS, SharedHome};
use crate::error::ReleaseError;
use crate::pool::{
    ClassTable, DefaultClasses, DefaultStrategy, PoolArray, PoolVec, RawArray, ReleaseStrategy,
    Tenure, behaves_as_slice, equal_slices, iterates_by_value, order_slices,
};

/// An array of a [`Lane`](super::Lane): not `Send`, and neither taking it nor
/// giving it back locks or needs an atomic read-modify-write in the usual case.
///
/// It borrows the lane. [`into_shared`](Homed::into_shared) ends that.
///
/// ```
/// use arraypool::shared::{LaneArray, SharedArray, SharedPool};
///
/// let pool = SharedPool::<u32>::new();
/// let lane = pool.lane();
/// let array: LaneArray<'_, '_, u32> = lane.allocate_copy(&[1, 2]);
/// let array: SharedArray<'_, u32> = array.into_shared();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(array));
/// });
/// assert_eq!(pool.stats().live, 0);
/// ```
pub type LaneArray<'l, 'p, T, S = DefaultStrategy, C = DefaultClasses> =
    Homed<T, LaneHome<'l, 'p, S, C>>;

/// An array of a [`SharedPool`](super::SharedPool) that may be sent to any thread
/// (if its elements may) and dropped there: it goes home by itself.
///
/// ```
/// let pool = arraypool::shared::SharedPool::<u32>::new();
/// let array: arraypool::shared::SharedArray<u32> = pool.allocate_copy(&[1, 2]);
/// assert_eq!(array.len(), 2);
/// ```
pub type SharedArray<'p, T, S = DefaultStrategy, C = DefaultClasses> =
    Homed<T, SharedHome<'p, S, C>>;

/// An array of exactly the length that was asked for, in a slot of a shared pool:
/// a [`LaneArray`] or a [`SharedArray`].
///
/// It dereferences to a slice, and compares with what a `Vec` compares with. When it
/// is dropped, its elements are dropped and then its slot goes home, also if an
/// element's `Drop` panics or uses the pool again. A drop that finds the slot's
/// bookkeeping overwritten never panics: it abandons the slot, counts it and calls
/// the pool's hook; [`release`](Self::release) returns the error instead.
///
/// ```
/// let pool = arraypool::shared::SharedPool::<u32>::new();
/// let array = pool.allocate_copy(&[3, 1, 2]);
/// assert_eq!(array.iter().max(), Some(&3));
/// ```
pub struct Homed<T, H: Home> {
    elements: NonNull<T>,
    home: H,
    length: u32,
    class: u32,
    owns: PhantomData<T>,
}

// SAFETY: the handle owns its elements, which may be sent, and a shared home takes
// its slot back on any thread. The home's ticket leads to the slot's record, which
// goes with the slot.
unsafe impl<T: Send, S: ReleaseStrategy, C: ClassTable> Send for Homed<T, SharedHome<'_, S, C>> {}
// SAFETY: all that a shared handle gives is `&[T]` and the capacity, which is read
// from what never changes.
unsafe impl<T: Sync, H: Home> Sync for Homed<T, H> {}

/// Brings a slot home when it goes out of scope, also by a panic.
struct WayHome<H: Home> {
    slot: Berth,
    home: H,
}

impl<H: Home> WayHome<H> {
    #[inline(always)]
    fn bring(&self) -> Result<(), ReleaseError> {
        if self.slot.class == NO_CLASS {
            return Ok(());
        }
        // SAFETY: the slot is that of a handle which was given up for this value,
        // whose users bring it once.
        unsafe { self.home.bring(self.slot) }
    }
}

impl<H: Home> Drop for WayHome<H> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.slot.class != NO_CLASS {
            // SAFETY: as in `bring`.
            unsafe { self.home.bring_or_report(self.slot) };
        }
    }
}

/// Sends a slot home from afar when it goes out of scope, also by a panic.
struct FromAfar<'p, S: ReleaseStrategy, C: ClassTable> {
    slot: Berth,
    home: SharedHome<'p, S, C>,
}

impl<S: ReleaseStrategy, C: ClassTable> FromAfar<'_, S, C> {
    #[inline(always)]
    fn send(&self) -> Result<(), ReleaseError> {
        if self.slot.class == NO_CLASS {
            return Ok(());
        }
        // SAFETY: the slot is that of a handle which was given up for this value,
        // whose users send it once.
        unsafe { self.home.send(self.slot) }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Drop for FromAfar<'_, S, C> {
    fn drop(&mut self) {
        // What is wrong with the slot has been counted, and there is nobody to tell.
        let _ = self.send();
    }
}

impl<T, H: Home> Homed<MaybeUninit<T>, H> {
    /// The handle of a slot.
    ///
    /// # Safety
    /// The slot holds `length` elements and is nobody else's, and the home is its own.
    #[inline(always)]
    pub(super) unsafe fn new(slot: Berth, length: u32, home: H) -> Self {
        let Berth { elements, class } = slot;
        Self { elements: elements.cast(), home, length, class, owns: PhantomData }
    }

    /// The same array, its elements taken for initialised. Never panics.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let mut array = pool.allocate(1);
    /// array[0].write(7);
    /// // SAFETY: the element was written.
    /// assert_eq!(unsafe { array.assume_init() }, [7]);
    /// ```
    ///
    /// # Safety
    /// Every element is initialised.
    #[inline]
    #[must_use]
    pub unsafe fn assume_init(self) -> Homed<T, H> {
        let this = ManuallyDrop::new(self);
        let elements = this.elements.cast();
        let Self { home, length, class, .. } = *this;
        Homed { elements, home, length, class, owns: PhantomData }
    }

    /// Writes every element, the i-th as `make(i)`.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// assert_eq!(pool.allocate(3).write_with(|i| i as u32), [0, 1, 2]);
    /// ```
    ///
    /// # Panics
    /// If `make` panics. The elements made so far are dropped then, and the slot
    /// goes home.
    #[inline]
    pub fn write_with(self, mut make: impl FnMut(usize) -> T) -> Homed<T, H> {
        let mut filling = Filling { array: self, made: 0 };
        while filling.made < filling.array.len() {
            let value = make(filling.made);
            filling.array[filling.made].write(value);
            filling.made += 1;
        }
        let filling = ManuallyDrop::new(filling);
        // SAFETY: `filling` is not used or dropped afterwards, so the array moves.
        let array = unsafe { ptr::read(&raw const filling.array) };
        // SAFETY: the loop wrote every element.
        unsafe { array.assume_init() }
    }

    /// Copies every element from `source`.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u8>::new();
    /// let array = pool.allocate(5).write_copy(b"words");
    /// assert_eq!(array, *b"words");
    /// ```
    ///
    /// # Panics
    /// If the lengths differ.
    #[inline]
    #[must_use]
    pub fn write_copy(mut self, source: &[T]) -> Homed<T, H>
    where
        T: Copy,
    {
        assert_eq!(self.len(), source.len(), "source and array have the same length");
        // SAFETY: a T is a valid MaybeUninit<T>, at the same place and length.
        let source = unsafe { slice::from_raw_parts(source.as_ptr().cast(), source.len()) };
        self.copy_from_slice(source);
        // SAFETY: all of it was just copied from initialised values.
        unsafe { self.assume_init() }
    }
}

/// An array whose first elements have been made.
struct Filling<T, H: Home> {
    array: Homed<MaybeUninit<T>, H>,
    made: usize,
}

impl<T, H: Home> Drop for Filling<T, H> {
    fn drop(&mut self) {
        let made = ptr::slice_from_raw_parts_mut(self.array.elements.as_ptr().cast(), self.made);
        // SAFETY: the first `made` elements have been written, and nobody sees
        // them again: the array's own type drops none.
        unsafe { ptr::drop_in_place::<[T]>(made) };
    }
}

impl<T, H: Home> Homed<T, H> {
    /// The array's length, in elements.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// assert_eq!((array.len(), array.is_empty()), (2, false));
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether the length is 0.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// assert!(pool.allocate_copy(&[]).is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The elements that the array's slot could hold; the length itself where
    /// there is no slot.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// assert_eq!(array.capacity(), 16);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        if self.class == NO_CLASS {
            return self.len();
        }
        // SAFETY: the slot is this handle's.
        unsafe { self.home.class_length(self.class) as usize }
    }

    /// The first element, for reading; it stays valid as long as the array.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// // SAFETY: the array has a second element.
    /// assert_eq!(unsafe { array.as_ptr().add(1).read() }, 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.elements.as_ptr()
    }

    /// The first element, for writing; it stays valid as long as the array.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let mut array = pool.allocate_copy(&[1, 2]);
    /// // SAFETY: the array has a second element, and nobody else leads to it.
    /// unsafe { array.as_mut_ptr().add(1).write(5) };
    /// assert_eq!(array, [1, 5]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.elements.as_ptr()
    }

    /// The elements.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
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
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let mut array = pool.allocate_copy(&[7, 8]);
    /// array.as_mut_slice().reverse();
    /// assert_eq!(array, [8, 7]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }

    /// Drops the elements and gives the slot back, as `drop` does, but says what
    /// is wrong.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// assert_eq!(array.release(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// [`ReleaseError::Corrupted`] if the slot's bookkeeping was overwritten. The
    /// slot is abandoned; the elements have been dropped.
    ///
    /// # Panics
    /// If an element's `Drop` does; the slot goes home all the same.
    #[inline]
    pub fn release(self) -> Result<(), ReleaseError> {
        let this = ManuallyDrop::new(self);
        let home = WayHome { slot: this.berth(), home: this.home };
        // SAFETY: the elements are initialised and never seen again.
        unsafe { this.drop_elements() };
        ManuallyDrop::new(home).bring()
    }

    #[inline(always)]
    fn berth(&self) -> Berth {
        Berth { elements: self.elements.cast(), class: self.class }
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
}

impl<'p, T, S: ReleaseStrategy, C: ClassTable> Homed<T, LaneHome<'_, 'p, S, C>> {
    /// The same array as one that may go to other threads, and that no longer
    /// borrows the lane. Never panics.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let lane = pool.lane();
    /// let array = lane.allocate_copy(&[1, 2]).into_shared();
    /// drop(lane);                                     // the array goes home all the same
    /// assert_eq!(array, [1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn into_shared(self) -> SharedArray<'p, T, S, C> {
        let this = ManuallyDrop::new(self);
        let Self { elements, home, length, class, .. } = *this;
        Homed { elements, home: home.into_shared(), length, class, owns: PhantomData }
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> Homed<T, SharedHome<'_, S, C>> {
    /// Drops the elements and sends the slot home in the way that interrupts may
    /// use: no lock, no allocation, no thread-local, whatever is interrupted.
    /// (A drop may take a shorter way on the thread whose default lane is home,
    /// and must not happen in an interrupt.)
    ///
    /// Complexity: constant but for pushes of other threads that come in between.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// assert_eq!(array.send_home(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// As [`release`](Homed::release). The hook is not called.
    ///
    /// # Panics
    /// If an element's `Drop` does; the slot goes home all the same.
    #[inline]
    pub fn send_home(self) -> Result<(), ReleaseError> {
        let this = ManuallyDrop::new(self);
        let way = FromAfar { slot: this.berth(), home: this.home };
        // SAFETY: the elements are initialised and never seen again.
        unsafe { this.drop_elements() };
        ManuallyDrop::new(way).send()
    }

    /// Takes the array out of the pool's care, to be released by hand on any
    /// thread with [`SharedPool::release_raw`](super::SharedPool::release_raw), or
    /// put back under care with [`from_raw`](super::SharedPool::from_raw). The
    /// elements are not dropped.
    ///
    /// If the slot's bookkeeping is overwritten, the generation is 0 and the later
    /// release says so. Never panics.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
    /// let array = pool.allocate_copy(&[1, 2]);
    /// let raw = array.into_raw();
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    /// ```
    #[must_use]
    pub fn into_raw(self) -> RawArray<T> {
        let this = ManuallyDrop::new(self);
        let Berth { elements, class } = this.berth();
        let generation = if class == NO_CLASS {
            None
        } else {
            // SAFETY: the handle has a slot.
            let shelf = unsafe { this.home.shelf() };
            let (keys, ticket) = (shelf.local().depot().book(class).keys(), this.home.ticket);
            // SAFETY: the slot is this handle's.
            unsafe { S::hand_over(keys, elements, ticket, Tenure::Owned, Tenure::Raw) }
        };
        RawArray { ptr: this.elements, generation: generation.unwrap_or(0) }
    }
}

impl<T, H: Home> Drop for Homed<T, H> {
    #[inline(always)]
    fn drop(&mut self) {
        let _home = WayHome { slot: self.berth(), home: self.home };
        // SAFETY: the elements are initialised, and this is their owner's end.
        unsafe { self.drop_elements() };
    }
}

impl<T, H: Home> Deref for Homed<T, H> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `length` initialised elements, this array's alone.
        unsafe { slice::from_raw_parts(self.elements.as_ptr(), self.len()) }
    }
}

impl<T, H: Home> DerefMut for Homed<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: `length` initialised elements, this array's alone.
        unsafe { slice::from_raw_parts_mut(self.elements.as_ptr(), self.len()) }
    }
}

/// The elements of a [`Homed`] array, by value. The slot goes home when it is dropped.
///
/// ```
/// use arraypool::shared::{Home, IntoIter, SharedPool};
///
/// fn back<H: Home>(words: IntoIter<String, H>) -> String {
///     words.rev().collect()
/// }
///
/// let pool = SharedPool::<String>::new();
/// let words = pool.allocate_with(3, |i| i.to_string());
/// assert_eq!(back(words.into_iter()), "210");
/// ```
pub struct IntoIter<T, H: Home> {
    /// Declared as elements that are not dropped: those of `rest` are this
    /// iterator's to drop.
    array: Homed<ManuallyDrop<T>, H>,
    rest: Range<usize>,
}

impl<T, H: Home> IntoIter<T, H> {
    /// The elements that have not been taken.
    ///
    /// ```
    /// let pool = arraypool::shared::SharedPool::<u32>::new();
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

impl<T, H: Home> Drop for IntoIter<T, H> {
    fn drop(&mut self) {
        let rest = self.array[self.rest.clone()].as_mut_ptr().cast::<T>();
        let rest = ptr::slice_from_raw_parts_mut(rest, self.rest.len());
        // SAFETY: none of these was taken, and nobody sees them afterwards. The
        // slot goes home when the array is dropped, also if this panics.
        unsafe { ptr::drop_in_place(rest) };
    }
}

iterates_by_value!(IntoIter<T, H: Home>);

impl<T, H: Home> IntoIterator for Homed<T, H> {
    type Item = T;
    type IntoIter = IntoIter<T, H>;

    fn into_iter(self) -> IntoIter<T, H> {
        let this = ManuallyDrop::new(self);
        let Self { home, length, class, .. } = *this;
        // The bytes of a `ManuallyDrop<T>` are those of its `T`.
        let elements = this.elements.cast();
        let array = Homed { elements, home, length, class, owns: PhantomData };
        IntoIter { array, rest: 0..this.len() }
    }
}

behaves_as_slice!(Homed<T, H / I: Home>);

equal_slices! {
    [H: Home, S: ReleaseStrategy, C: ClassTable] Homed<T, H>, PoolArray<'_, U, S, C>;
    [H: Home, S: ReleaseStrategy, C: ClassTable] Homed<T, H>, PoolVec<'_, U, S, C>;
}

order_slices! { [H: Home, I: Home] Homed<T, H>, Homed<T, I> }
