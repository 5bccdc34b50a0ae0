//! How an array goes back: the trait `ReleaseStrategy`.
//!
//! A strategy keeps one record per slot (whether it holds an array and of which
//! kind, its generation, its length) and the free list of each class. It is asked
//! about slots of the pool's runs and about nothing else: which run an address lies
//! in is the pool's business, found without reading the memory at that address.

mod direct;
#[cfg(feature = "alloc")]
mod metadata;
mod seal;
#[cfg(feature = "alloc")]
mod stamp;
mod tagged;

use core::fmt;
use core::ptr::NonNull;

pub use direct::Direct;
#[cfg(feature = "alloc")]
pub use metadata::Metadata;
pub use tagged::Tagged;

use super::classes::Units;
use super::run::{Run, RunId, Shape};
use crate::arena::Arena;
use crate::error::AllocError;

/// The strategy of every pool that names none: [`Metadata`], or [`Tagged`] with
/// the feature `tagged` and where there is no heap.
///
/// The feature is shared by everything in a build. Libraries stay generic over
/// the strategy; the final binary sets the flag.
///
/// ```
/// use arraypool::{ArrayPool, DefaultStrategy, ReleaseStrategy};
///
/// // What names no strategy has this one.
/// let pool: ArrayPool<u32, DefaultStrategy> = ArrayPool::<u32>::new();
/// assert!(DefaultStrategy::RECLAIMS);
/// # drop(pool);
/// ```
#[cfg(all(feature = "alloc", not(feature = "tagged")))]
pub type DefaultStrategy = Metadata;

/// The strategy of every pool that names none: `Metadata`, or [`Tagged`] with
/// the feature `tagged` and where there is no heap.
///
/// The feature is shared by everything in a build. Libraries stay generic over
/// the strategy; the final binary sets the flag.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use arraypool::{ArrayPool, DefaultStrategy, ReleaseStrategy};
///
/// // What names no strategy has this one.
/// let pool: ArrayPool<u32, DefaultStrategy> = ArrayPool::<u32>::new();
/// assert!(DefaultStrategy::RECLAIMS);
/// # drop(pool);
/// # }
/// ```
#[cfg(not(all(feature = "alloc", not(feature = "tagged"))))]
pub type DefaultStrategy = Tagged;

/// Who answers for a live array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Tenure {
    /// A handle owns it and will give it back.
    Owned,
    /// It was taken or given out by hand, and comes back by hand.
    Raw,
    /// A release by hand has been granted and is being carried out: only in a
    /// pool that threads share.
    Leaving,
}

/// What a slot's record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Record {
    /// It has no tenant.
    Free {
        /// Tenants that the slot has had, and one more.
        generation: u32,
    },
    /// It has one.
    Live {
        /// Of which kind.
        tenure: Tenure,
        /// Its length, in units.
        length: u32,
        /// Tenants that the slot has had, this one included.
        generation: u32,
    },
    /// The slot was abandoned, since its record had been overwritten.
    Lost,
    /// The record was overwritten.
    Corrupted,
}

/// A slot that has just been given a tenant.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Issued<K> {
    /// The first element.
    pub elements: NonNull<u8>,
    /// What its handle keeps for the strategy.
    pub ticket: K,
    /// Tenants that the slot has had, this one included.
    pub generation: u32,
}

/// A slot that is cut from a run for the first time since a reset.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Cut {
    /// The first element.
    pub elements: NonNull<u8>,
    /// Whether it was cut before the last reset, so that it has a record.
    pub seen: bool,
}

/// A place on a free list, as one word that threads can exchange.
#[doc(hidden)]
pub trait Place: Copy + PartialEq {
    /// The low bits that are 0 in every place's address, as a mask.
    const SPARE: usize;
    /// The place's address, with the right to what is there.
    fn into_pointer(self) -> *mut ();
    /// What `into_pointer` gave; `None` for null.
    fn from_pointer(pointer: *mut ()) -> Option<Self>;
}

impl<R> Place for NonNull<R> {
    const SPARE: usize = align_of::<R>() - 1;

    #[inline(always)]
    fn into_pointer(self) -> *mut () {
        self.as_ptr().cast()
    }

    #[inline(always)]
    fn from_pointer(pointer: *mut ()) -> Option<Self> {
        Self::new(pointer.cast())
    }
}

impl Place for () {
    const SPARE: usize = 0;

    fn into_pointer(self) -> *mut () {
        core::ptr::null_mut()
    }

    fn from_pointer(_: *mut ()) -> Option<Self> {
        None
    }
}

/// A way for single arrays to go back to their pool.
///
/// The crate's own are [`Direct`], [`Metadata`] and [`Tagged`]; the trait is
/// sealed because a pool trusts every answer: a wrong one hands the same memory
/// out twice. Use it as a bound, to stay generic over the strategy:
///
/// ```
/// use arraypool::{ArrayPool, ReleaseStrategy};
///
/// fn squares<S: ReleaseStrategy>(pool: &ArrayPool<'_, u32, S>) -> u32 {
///     pool.allocate_with(10, |i| u32::try_from(i * i).unwrap()).iter().sum()
/// }
///
/// assert_eq!(squares(&ArrayPool::<u32>::new()), 285);
/// assert_eq!(squares(&ArrayPool::<u32, arraypool::Tagged>::new()), 285);
/// ```
///
/// | method | when the pool calls it | cost |
/// |---|---|---|
/// | `provide`, `adopt` | a run is taken from the arena | at times a block of records, or nothing |
/// | `begin`, `cut` | a slot of a run is used for the first time | constant |
/// | `issue` | a free slot is given to an array | constant, the hot path |
/// | `retire` | an array's slot comes back | constant, the hot path |
/// | `read` | somebody asks what a slot is | constant |
/// | `twin`, `put`, `seize` | threads share the pool | constant |
///
/// # Safety
/// For the slots that were cut from adopted runs, an implementation guarantees:
/// `issue` returns only slots that are free, each at most once until it is
/// retired; `retire` answers true only for a slot whose tenant was of the given
/// tenure, and has then made it free; nothing but the record of the slot that
/// is named, and of the head of its list, is written.
pub unsafe trait ReleaseStrategy: sealed::Sealed + Sized + fmt::Debug + 'static {
    /// The strategy's name, in lower case.
    ///
    /// ```
    /// use arraypool::{Direct, ReleaseStrategy, Tagged};
    ///
    /// assert_eq!((Direct::NAME, Tagged::NAME), ("direct", "tagged"));
    /// ```
    const NAME: &'static str;
    /// Whether single arrays can go back at all.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Direct, ReleaseStrategy, Tagged};
    ///
    /// fn free_after_one_release<S: ReleaseStrategy>() -> usize {
    ///     let pool = ArrayPool::<u8, S>::new();
    ///     drop(pool.allocate(5));
    ///     pool.stats().free
    /// }
    ///
    /// assert!(Tagged::RECLAIMS && free_after_one_release::<Tagged>() == 1);
    /// assert!(!Direct::RECLAIMS && free_after_one_release::<Direct>() == 0);
    /// ```
    const RECLAIMS: bool;
    /// Whether the books live on a heap even when the arena lives in a buffer.
    #[doc(hidden)]
    const HEAP_BOOKS: bool;
    /// Bytes in front of an array's elements.
    #[doc(hidden)]
    const PREFIX: usize;
    /// The alignment of those bytes.
    #[doc(hidden)]
    const PREFIX_ALIGN: usize;

    /// What a handle keeps so that its array goes home without a search.
    #[doc(hidden)]
    type Ticket: Copy + fmt::Debug;
    /// The ticket of an array that has no slot.
    #[doc(hidden)]
    const NO_TICKET: Self::Ticket;
    /// The free list of one class.
    #[doc(hidden)]
    type List;
    /// A place on a free list.
    #[doc(hidden)]
    type Link: Place;
    /// Room for the records of a run that is about to be taken.
    #[doc(hidden)]
    type Room;

    /// The strategy's own books, for at most `runs_max` runs, or for as many as
    /// it can have.
    ///
    /// # Errors
    /// If there is no memory for them.
    #[doc(hidden)]
    fn open(runs_max: Option<usize>, arena: &Arena<'_>) -> Result<Self, AllocError>;

    /// Gives the books back; the strategy is not used afterwards.
    ///
    /// # Safety
    /// The arena is the one that `open` and every `provide` had, and nobody uses anything of
    /// the books any more.
    #[doc(hidden)]
    unsafe fn close(&mut self, arena: &Arena<'_>);

    /// Bytes of the books.
    #[doc(hidden)]
    fn book_bytes(&self) -> usize {
        0
    }

    /// An empty list for a class.
    #[doc(hidden)]
    fn list(class: u32, secret: usize) -> Self::List;

    /// A list that refuses everything: the hot paths find nothing in it, so the
    /// cold path is taken, and looks into the real one.
    #[doc(hidden)]
    fn closed() -> Self::List;

    /// Sets room aside for the records of a run of so many slots, or fails and changes
    /// nothing. `adopt` or `refuse` has to follow; others may come in between.
    ///
    /// # Errors
    /// If there is no memory for its records, or too many runs.
    #[doc(hidden)]
    fn provide(&self, arena: &Arena<'_>, slots: u32) -> Result<Self::Room, AllocError>;

    /// Opens the books for the run, in the room that was provided for it. The answer
    /// is kept with the run.
    #[doc(hidden)]
    fn adopt(&self, room: Self::Room) -> NonNull<u8>;

    /// Takes the room back that was provided for a run: there is no memory for the run.
    ///
    /// # Safety
    /// This strategy provided it, with this arena.
    #[doc(hidden)]
    unsafe fn refuse(&self, arena: &Arena<'_>, room: Self::Room);

    /// Slots of `run`, the pool's `number`-th, will be cut next, one after the
    /// other, from the first on.
    #[doc(hidden)]
    fn begin(list: &Self::List, run: &Run, number: RunId);

    /// Gives a slot its first tenant since a reset, or marks it as lost and
    /// answers `None`, if its old record was overwritten.
    ///
    /// # Safety
    /// The slot is the next of the run that `begin` named last for this list.
    #[doc(hidden)]
    unsafe fn cut(
        list: &Self::List,
        slot: Cut,
        length: u32,
        tenure: Tenure,
    ) -> Option<Issued<Self::Ticket>>;

    /// Takes the head of the list for a tenant; `None` if the list is empty or
    /// its head's record was overwritten. Changes nothing then.
    ///
    /// # Safety
    /// The list is one of this pool's, and its class's capacity is at least `length`.
    #[doc(hidden)]
    unsafe fn issue(list: &Self::List, length: u32, tenure: Tenure)
    -> Option<Issued<Self::Ticket>>;

    /// Puts a tenant's slot on the list and counts its generation up; false,
    /// and nothing changed, if its record says anything but `tenure`.
    ///
    /// # Safety
    /// `elements` is a cut slot of the list's class, and `ticket` is its ticket.
    #[doc(hidden)]
    unsafe fn retire(
        list: &Self::List,
        elements: NonNull<u8>,
        ticket: Self::Ticket,
        tenure: Tenure,
    ) -> bool;

    /// Has the record of an array at `address` brought near, if it lies there: the
    /// search for the array's run takes about as long. The address may be any.
    #[doc(hidden)]
    #[inline(always)]
    fn prefetch(_address: usize) {}

    /// The ticket of a cut slot that was found by its address.
    #[doc(hidden)]
    fn ticket(run: &Run, index: u32) -> Self::Ticket;

    /// Whether records know the number of their run.
    #[doc(hidden)]
    const NUMBERS_RUNS: bool = false;

    /// The number of a slot's run, as `begin` was told.
    ///
    /// # Safety
    /// The ticket is that of a cut slot of this pool.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn run_number(_: Self::Ticket) -> u32 {
        0
    }

    /// What the slot's record says.
    ///
    /// # Safety
    /// As [`retire`](Self::retire).
    #[doc(hidden)]
    unsafe fn read(list: &Self::List, elements: NonNull<u8>, ticket: Self::Ticket) -> Record;

    /// Changes who answers for a live array; returns its generation, or `None`,
    /// and nothing changed, if the record says anything but `from`. A release: whoever then
    /// [seizes](Self::seize) the array by its address alone sees all that was done to its
    /// record. In a pool that threads share every array held by hand became so here.
    ///
    /// # Safety
    /// As [`retire`](Self::retire).
    #[doc(hidden)]
    unsafe fn hand_over(
        list: &Self::List,
        elements: NonNull<u8>,
        ticket: Self::Ticket,
        from: Tenure,
        to: Tenure,
    ) -> Option<u32>;

    /// Notes another length for an array that a handle owns; changes nothing if
    /// the record says anything else, or keeps no length.
    ///
    /// # Safety
    /// As [`retire`](Self::retire), and the class's capacity is at least `length`.
    #[doc(hidden)]
    #[inline]
    unsafe fn relabel(_: &Self::List, _: NonNull<u8>, _: Self::Ticket, _length: u32) {}

    /// Marks a slot as lost.
    ///
    /// # Safety
    /// As [`retire`](Self::retire).
    #[doc(hidden)]
    unsafe fn abandon(list: &Self::List, elements: NonNull<u8>, ticket: Self::Ticket);

    /// The first place of the list.
    #[doc(hidden)]
    fn head(list: &Self::List) -> Option<Self::Link>;

    /// Makes `link`, which is a place of this list or nothing, its head.
    #[doc(hidden)]
    fn set_head(list: &Self::List, link: Option<Self::Link>);

    /// The place behind `link`, or `Err` if the record there was overwritten.
    ///
    /// # Errors
    /// The record at `link` is not that of a free slot.
    ///
    /// # Safety
    /// `link` is a place of this list.
    #[doc(hidden)]
    unsafe fn after(list: &Self::List, link: Self::Link) -> Result<Option<Self::Link>, Broken>;

    /// An empty list with the keys of `list`: what is free, live or lost for one
    /// is so for the other, so that slots may change lists.
    #[doc(hidden)]
    fn twin(list: &Self::List) -> Self::List;

    /// Makes a free slot that is on no list the head of this one. Its generation
    /// stays.
    ///
    /// # Safety
    /// `link` is the place of a free slot that was a place of this list or a twin
    /// of it, is no longer, and that nobody else is about to use.
    #[doc(hidden)]
    unsafe fn put(list: &Self::List, link: Self::Link);

    /// Changes the tenure of an array held by hand, where several threads may try
    /// at once: by one compare-and-swap, so that exactly one is told `Ok`. With
    /// `generation`, only of that tenant. Otherwise nothing is changed, and what
    /// the record said is the error; `Corrupted` may mean that it was being
    /// changed.
    ///
    /// # Errors
    /// What the record says, if not [`Tenure::Raw`] of that generation.
    ///
    /// # Safety
    /// As [`retire`](Self::retire).
    #[doc(hidden)]
    unsafe fn seize(
        list: &Self::List,
        elements: NonNull<u8>,
        ticket: Self::Ticket,
        generation: Option<u32>,
        to: Tenure,
    ) -> Result<(), Record>;

    /// The slot at a place: its elements and its ticket.
    ///
    /// # Safety
    /// `link` is a place of a list of this pool.
    #[doc(hidden)]
    unsafe fn slot(link: Self::Link) -> (NonNull<u8>, Self::Ticket);
}

/// A free list's record was overwritten.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Broken;

/// The layout helper that strategies and pools share: the class's shape.
pub(super) fn shape_of<S: ReleaseStrategy>(length: u32, units: Units) -> Option<Shape> {
    Shape::new(length, units, S::PREFIX, S::PREFIX_ALIGN)
}

/// The seal. The crate's own benchmarks break it, to measure an unchecked floor.
pub(super) mod sealed {
    /// Implemented by the crate's strategies.
    #[doc(hidden)]
    pub trait Sealed {}
}
