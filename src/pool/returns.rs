//! Arrays that come home to an unshared pool from interrupts and other threads.
//!
//! The arrays that are away stay in places of the owner's, so that the pool's books
//! are touched by the owner alone; what travels is a [`Lent`], which leads to the
//! elements and to its array's place. Bringing it home pushes the place onto a
//! [chain](super::chain), which the owner takes whole.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::slice;

use super::array::PoolArray;
use super::chain::Chain;
use super::class::{ClassTable, DefaultClasses};
use super::release::{DefaultStrategy, Place, ReleaseStrategy};
use super::slices::{behaves_as_slice, order_slices};
use crate::sync::{AtomicUsize, Ordering, const_fn, repeated};

/// The way home for arrays of an unshared pool that are lent to interrupts or to
/// other threads: at most `N` at a time.
///
/// The pool and this belong to one context, the owner: a main loop, say. It
/// [lends](Self::lend) an array, which makes it a [`Lent`] that may go anywhere, and
/// [receives](Self::receive) it when the `Lent` has been dropped, wherever that was.
/// Until then the array is live: the pool's books, its checks and `verify` know
/// nothing of the journey. Works with every strategy, and without a heap.
///
/// ```
/// use arraypool::{ArrayPool, Returns};
///
/// let pool = ArrayPool::<u32>::new();
/// let returns: Returns<'_, u32, 4> = Returns::new();
///
/// let mut samples = returns.lend(pool.allocate_with(12, |_| 0)).unwrap();
/// std::thread::scope(|scope| {                  // an interrupt handler, on a microcontroller
///     scope.spawn(move || samples.fill(7));     // and dropped there
/// });
/// let samples = returns.receive().unwrap();
/// assert_eq!(samples, [7; 12]);
/// ```
///
/// | | complexity |
/// |---|---|
/// | [`lend`](Self::lend) | constant |
/// | dropping a [`Lent`] | constant, one compare-and-swap; one more for each push that comes in between |
/// | [`receive`](Self::receive) | constant, amortised: what came home is taken in one step and then put in order |
///
/// `firmware/src/bin/interrupts.rs` has two interrupts and a main loop do this.
pub struct Returns<
    'p,
    T,
    const N: usize,
    S: ReleaseStrategy = DefaultStrategy,
    C: ClassTable = DefaultClasses,
> {
    stays: [Stay<PoolArray<'p, T, S, C>>; N],
    /// Places whose arrays have come home.
    home: Chain<Index>,
    /// Those that were taken from there and not received yet, in order.
    taken: Cell<Option<Index>>,
    /// Places that were used and are free.
    unused: Cell<Option<Index>>,
    /// Places that were ever used.
    used: Cell<usize>,
}

/// Where an array stays while it is lent.
struct Stay<A> {
    /// The next place, as [`Index::encode`] has it: of the chain, of those taken or of
    /// those unused. Written by whoever has the place, and ordered by the chain.
    next: AtomicUsize,
    /// The owner's.
    array: Cell<Option<A>>,
}

/// A place's number. An index and no address, as the places may move while nothing
/// is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Index(usize);

impl Index {
    fn encode(index: Option<Self>) -> usize {
        index.map_or(0, |Self(index)| index + 1)
    }

    fn decode(code: usize) -> Option<Self> {
        code.checked_sub(1).map(Self)
    }
}

impl Place for Index {
    const SPARE: usize = 0;

    fn into_pointer(self) -> *mut () {
        core::ptr::without_provenance_mut(Self::encode(Some(self)))
    }

    fn from_pointer(pointer: *mut ()) -> Option<Self> {
        Self::decode(pointer.addr())
    }
}

impl<A> Stay<A> {
    const_fn! {
        const fn new() -> Self {
            Self { next: AtomicUsize::new(0), array: Cell::new(None) }
        }
    }

    fn next(&self) -> Option<Index> {
        Index::decode(self.next.load(Ordering::Relaxed))
    }

    fn link_to(&self, next: Option<Index>) {
        self.next.store(Index::encode(next), Ordering::Relaxed);
    }
}

impl<'p, T, const N: usize, S: ReleaseStrategy, C: ClassTable> Returns<'p, T, N, S, C> {
    const_fn! {
        /// `N` places, none of them used. Never panics.
        ///
        /// ```
        /// use arraypool::{ArrayPool, Returns};
        ///
        /// let pool = ArrayPool::<u8>::new();
        /// let returns = Returns::<u8, 8>::new();
        /// let lent = returns.lend(pool.allocate_copy(b"away"));
        /// assert!(lent.is_ok());
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self {
                stays: repeated!(Stay::new(), N),
                home: Chain::new(),
                taken: Cell::new(None),
                unused: Cell::new(None),
                used: Cell::new(0),
            }
        }
    }

    /// Lends an array: what is returned leads to its elements, and may be sent to any
    /// thread or interrupt if the elements may. Never panics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Returns};
    ///
    /// let pool = ArrayPool::<u8>::new();
    /// let returns = Returns::<u8, 1>::new();
    /// let lent = returns.lend(pool.allocate_copy(b"first")).unwrap();
    /// let refused = returns.lend(pool.allocate_copy(b"second")).unwrap_err();
    /// assert_eq!((&*lent, &*refused), (&b"first"[..], &b"second"[..]));
    /// ```
    ///
    /// # Errors
    /// The array itself, if `N` others are away or have not been received yet.
    pub fn lend(
        &self,
        mut array: PoolArray<'p, T, S, C>,
    ) -> Result<Lent<'_, T>, PoolArray<'p, T, S, C>> {
        let Some(index) = self.vacant() else { return Err(array) };
        let Some(stay) = self.stays.get(index.0) else { return Err(array) };
        let length = array.len();
        let Some(elements) = NonNull::new(array.as_mut_ptr()) else { return Err(array) };
        stay.array.set(Some(array));
        Ok(Lent { elements, length, index, next: &stay.next, home: &self.home, owns: PhantomData })
    }

    /// The next array that has come home, in the order in which they came; `None` if
    /// none has. Never panics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Returns};
    ///
    /// let pool = ArrayPool::<u8>::new();
    /// let returns = Returns::<u8, 4>::new();
    /// let lent = returns.lend(pool.allocate_copy(b"here and there")).unwrap();
    /// assert!(returns.receive().is_none());                   // it is still away
    /// drop(lent);
    /// assert_eq!(returns.receive().unwrap(), *b"here and there");
    /// ```
    pub fn receive(&self) -> Option<PoolArray<'p, T, S, C>> {
        let index = self.taken.get().or_else(|| self.take())?;
        let stay = self.stays.get(index.0)?;
        self.taken.set(stay.next());
        stay.link_to(self.unused.replace(Some(index)));
        stay.array.take()
    }

    /// Drops all arrays that have come home, and returns how many.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Returns};
    ///
    /// let pool = ArrayPool::<u8>::new();
    /// let returns = Returns::<u8, 4>::new();
    /// drop(returns.lend(pool.allocate_copy(b"one")));
    /// drop(returns.lend(pool.allocate_copy(b"two")));
    /// assert_eq!(pool.stats().live, 2);
    /// assert_eq!((returns.release_all(), pool.stats().live), (2, 0));
    /// ```
    ///
    /// # Panics
    /// If an element's `Drop` does; the array's slot goes back all the same, and those
    /// that have not been received yet can be.
    pub fn release_all(&self) -> usize {
        core::iter::from_fn(|| self.receive()).count()
    }

    /// A place that is free.
    fn vacant(&self) -> Option<Index> {
        if let Some(index) = self.unused.get() {
            self.unused.set(self.stays.get(index.0)?.next());
            return Some(index);
        }
        let index = self.used.get();
        (index < N).then(|| self.used.set(index + 1))?;
        Some(Index(index))
    }

    /// Takes all that has come home, and turns it round, since in the chain what came
    /// last leads.
    fn take(&self) -> Option<Index> {
        let (mut last, mut first) = (self.home.take().first, None);
        while let Some(index) = last {
            let stay = self.stays.get(index.0)?;
            last = stay.next();
            stay.link_to(first);
            first = Some(index);
        }
        first
    }
}

impl<T, const N: usize, S: ReleaseStrategy, C: ClassTable> Default for Returns<'_, T, N, S, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize, S: ReleaseStrategy, C: ClassTable> fmt::Debug for Returns<'_, T, N, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returns").field("places", &N).finish_non_exhaustive()
    }
}

/// The elements of an array that was [lent](Returns::lend), for the holder of this.
///
/// It dereferences to a slice. Dropping it brings the array home: no lock, no
/// allocation, no thread-local, nothing of the pool's is touched and no element is
/// dropped, so an interrupt handler may do it, whatever it interrupts. An array whose
/// `Lent` is [forgotten](core::mem::forget) is away until the [`Returns`] ends.
///
/// ```
/// use arraypool::{ArrayPool, Lent, Returns};
///
/// fn interrupt(mut samples: Lent<'_, i16>) {
///     samples[0] = 12;                                     // and it goes home
/// }
///
/// let pool = ArrayPool::<i16>::new();
/// let returns = Returns::<i16, 4>::new();
/// interrupt(returns.lend(pool.allocate_with(3, |_| 0)).unwrap());
/// assert_eq!(returns.receive().unwrap(), [12, 0, 0]);
/// ```
pub struct Lent<'r, T> {
    elements: NonNull<T>,
    length: usize,
    index: Index,
    next: &'r AtomicUsize,
    home: &'r Chain<Index>,
    owns: PhantomData<&'r mut T>,
}

// SAFETY: until it is dropped, it alone leads to the elements, which may be sent; the
// owner keeps the array and does not touch it meanwhile. What else it leads to are
// atomics: its place's link, which is its own until it is pushed, and the chain.
unsafe impl<T: Send> Send for Lent<'_, T> {}
// SAFETY: all that a shared one gives is `&[T]`.
unsafe impl<T: Sync> Sync for Lent<'_, T> {}

impl<T> Drop for Lent<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.home.push(|next| {
            self.next.store(Index::encode(next), Ordering::Relaxed);
            Some(self.index)
        });
    }
}

impl<T> Deref for Lent<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `lend` had so many initialised elements from their owner, who leaves
        // them to this until it is dropped.
        unsafe { slice::from_raw_parts(self.elements.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Lent<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`.
        unsafe { slice::from_raw_parts_mut(self.elements.as_ptr(), self.length) }
    }
}

behaves_as_slice!(Lent<'_, T>);
order_slices! { [] Lent<'_, T>, Lent<'_, T> }
