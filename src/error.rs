//! The errors this crate returns.

use core::fmt;

/// Why memory could not be handed out.
///
/// The arena or the pool goes on working, and nothing has changed when one of these is
/// returned: no memory was taken, and no array was lost. There are two exceptions:
///
/// - after [`Corrupted`](Self::Corrupted) a free list is abandoned,
/// - a call of several steps keeps those that succeeded, for the next call:
///   [`try_alloc_ref`](crate::Arena::try_alloc_ref) keeps the 32 bytes for an arena's
///   first handle, [`try_intern`](crate::Interner::try_intern) a larger table,
///   [`try_alloc_fmt`](crate::Arena::try_alloc_fmt) a chunk, but none of its text, and
///   a pool a longer list of its runs (the blocks it cuts into slots for arrays).
///
/// ```
/// use arraypool::{AllocError, ArrayPool};
///
/// let error = ArrayPool::<u64>::new().try_allocate(usize::MAX).unwrap_err();
/// match error {
///     AllocError::TooLarge { length, .. } => assert_eq!(length, usize::MAX),
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// Growing would have passed the limit of the [`Budget`](crate::Budget).
    #[non_exhaustive]
    OverBudget {
        /// Bytes that the growth asked for.
        requested: usize,
        /// Bytes in use under the budget at that moment.
        used: usize,
        /// The budget's limit, in bytes.
        limit: usize,
    },
    /// The heap, the buffer or the chunk source had no more memory.
    #[non_exhaustive]
    OutOfMemory {
        /// Bytes that were asked of it: often those of a chunk, not of one array.
        requested: usize,
    },
    /// The length, or its size in bytes, is more than can ever be served.
    #[non_exhaustive]
    TooLarge {
        /// The length that was asked for, in elements, or in units of the pool.
        length: usize,
    },
    /// The pool is frozen and would have had to grow.
    #[non_exhaustive]
    Frozen {
        /// The length of the class that is used up, in units of the pool.
        class_length: u32,
    },
    /// A scope has claimed the arena; allocate through the scope.
    Claimed,
    /// The pool's bookkeeping is full: it was made for a bounded number of runs.
    #[non_exhaustive]
    TooManyRuns {
        /// The largest number of runs, as set when the pool was made.
        limit: usize,
    },
    /// The free list of a class was overwritten. The list has been abandoned
    /// and counted; the next allocation of the class takes fresh memory.
    #[non_exhaustive]
    Corrupted {
        /// The length of the class, in units of the pool.
        class_length: u32,
    },
    /// A `Display` implementation returned an error while it was formatted.
    Format,
    /// The class lengths given at run time break the rules of a
    /// [`ClassTable`](crate::ClassTable).
    InvalidClasses,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OverBudget { requested, used, limit } => {
                write!(f, "over budget: {requested} more bytes requested, {used} of {limit} in use")
            }
            Self::OutOfMemory { requested } => {
                write!(f, "out of memory: {requested} bytes requested")
            }
            Self::TooLarge { length } => {
                write!(f, "{length} elements are more than can be served")
            }
            Self::Frozen { class_length } => {
                write!(f, "the pool is frozen and its class of {class_length} is used up")
            }
            Self::Claimed => f.write_str("the arena is claimed by a scope"),
            Self::TooManyRuns { limit } => {
                let (s, them) = if limit == 1 { ("", "it") } else { ("s", "them") };
                write!(f, "the pool was made for {limit} run{s} and has used {them} up")
            }
            Self::Corrupted { class_length } => {
                write!(f, "the free list of class {class_length} was overwritten and is abandoned")
            }
            Self::InvalidClasses => {
                f.write_str("class lengths are 1 to 64 ascending numbers between 1 and 2^30")
            }
            Self::Format => f.write_str("a formatting trait implementation returned an error"),
        }
    }
}

impl core::error::Error for AllocError {}

/// Why an array was not taken back.
///
/// The pool is unchanged when one of these is returned, with two exceptions: a release
/// that finds [`Corrupted`](ReleaseError::Corrupted) (see there for raw arrays of a
/// shared pool) or [`Overflow`](ReleaseError::Overflow) abandons the slot.
/// Every address is one that the caller gave, or the start of an array of the
/// pool; none is read.
///
/// ```
/// use arraypool::{ArrayPool, ReleaseError};
///
/// let pool = ArrayPool::<u64>::new();
/// // SAFETY: nobody uses the array afterwards.
/// let error = unsafe { pool.release_ptr(&7) }.unwrap_err();
/// assert!(matches!(error, ReleaseError::Foreign { .. }));
/// assert!(error.to_string().starts_with("no array of this pool is at 0x"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The array was released before, and its slot holds no array now.
    #[non_exhaustive]
    AlreadyReleased {
        /// The address that was given.
        address: usize,
    },
    /// A live [`PoolArray`](crate::PoolArray) owns the array.
    #[non_exhaustive]
    Owned {
        /// The address that was given.
        address: usize,
        /// The array's length, in units of the pool.
        length: u32,
    },
    /// The address is not in memory that this pool has handed out.
    #[non_exhaustive]
    Foreign {
        /// The address that was given.
        address: usize,
    },
    /// The address lies inside a slot, but is not the first of its array.
    #[non_exhaustive]
    Interior {
        /// The address that was given.
        address: usize,
        /// The address of the first element of the array that covers it.
        start: usize,
        /// The capacity of that array's class, in units of the pool.
        class_length: u32,
    },
    /// The bookkeeping of the array was overwritten. A release abandons the slot, if the
    /// array has one. Releasing an abandoned array again, whatever the reason was,
    /// returns this error, too.
    ///
    /// The release of a raw array to a `shared::SharedPool` only counts the damage and does
    /// not abandon the slot, since another thread may have it (unless it had claimed the
    /// slot before the damage was done). No pool's `from_raw` abandons a slot.
    #[non_exhaustive]
    Corrupted {
        /// The address of the array whose bookkeeping is broken.
        address: usize,
        /// The capacity of the slot's class, in units of the pool; 0 for an array that
        /// has no slot (a watched one under `Direct`).
        class_length: u32,
    },
    /// The array of this [`RawArray`](crate::RawArray) is gone: its slot has held
    /// another array since, or the pool was reset.
    #[non_exhaustive]
    Stale {
        /// The address that was given.
        address: usize,
        /// The generation that was given.
        generation: u32,
        /// The generation of the slot now; 0 if it was not cut again since the last reset.
        current: u32,
    },
    /// Somebody wrote past the array's end. Its slot, if it has one, is abandoned. Only a
    /// pool with [`Checks::canary`](crate::Checks::canary) detects this.
    #[non_exhaustive]
    Overflow {
        /// The address of the array.
        address: usize,
        /// Its length, in units of the pool.
        length: u32,
        /// Bytes from its start to the first one that was overwritten.
        offset: usize,
    },
    /// The strategy does not take single arrays back
    /// ([`Direct`](crate::Direct)).
    #[non_exhaustive]
    NotReleasable {
        /// The address that was given.
        address: usize,
    },
}

impl ReleaseError {
    /// The address that the error is about.
    ///
    /// ```
    /// use arraypool::ArrayPool;
    ///
    /// // SAFETY: nobody uses the array afterwards.
    /// let error = unsafe { ArrayPool::<u64>::new().release_ptr(&7) }.unwrap_err();
    /// assert_eq!(error.address() % 8, 0);
    /// ```
    #[must_use]
    pub fn address(&self) -> usize {
        match *self {
            Self::AlreadyReleased { address }
            | Self::Owned { address, .. }
            | Self::Foreign { address }
            | Self::Interior { address, .. }
            | Self::Corrupted { address, .. }
            | Self::Stale { address, .. }
            | Self::Overflow { address, .. }
            | Self::NotReleasable { address } => address,
        }
    }

    /// The variant's name, in lower case words: what tables and logs print.
    ///
    /// ```
    /// use arraypool::ArrayPool;
    ///
    /// // SAFETY: nobody uses the array afterwards.
    /// let error = unsafe { ArrayPool::<u64>::new().release_ptr(&7) }.unwrap_err();
    /// assert_eq!(error.kind(), "foreign");
    /// ```
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AlreadyReleased { .. } => "already released",
            Self::Owned { .. } => "owned",
            Self::Foreign { .. } => "foreign",
            Self::Interior { .. } => "interior",
            Self::Corrupted { .. } => "corrupted",
            Self::Stale { .. } => "stale",
            Self::Overflow { .. } => "overflow",
            Self::NotReleasable { .. } => "not releasable",
        }
    }
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AlreadyReleased { address } => {
                write!(f, "the array at {address:#x} was released already")
            }
            Self::Owned { address, length } => {
                write!(f, "the array of {length} at {address:#x} belongs to a live handle")
            }
            Self::Foreign { address } => write!(f, "no array of this pool is at {address:#x}"),
            Self::Interior { address, start, class_length } => write!(
                f,
                "{address:#x} is not the start of an array but inside the slot of {class_length} whose array starts at {start:#x}"
            ),
            Self::Corrupted { address, class_length: 0 } => {
                write!(f, "the bookkeeping of the array at {address:#x} was overwritten")
            }
            Self::Corrupted { address, class_length } => write!(
                f,
                "the bookkeeping of the array at {address:#x} (class {class_length}) was overwritten, or given up before"
            ),
            Self::Stale { address, generation, current } => write!(
                f,
                "the array at {address:#x} is gone: it was generation {generation}, its slot is at {current}"
            ),
            Self::Overflow { address, length, offset } => write!(
                f,
                "the array of {length} at {address:#x} was written behind its end, at byte {offset}"
            ),
            Self::NotReleasable { address } => write!(
                f,
                "the array at {address:#x} cannot be released alone: its strategy frees arrays with the arena"
            ),
        }
    }
}

impl core::error::Error for ReleaseError {}

/// What [`verify`](crate::RawPool::verify) found wrong.
///
/// ```
/// use arraypool::{ArrayPool, VerifyError};
///
/// let pool = ArrayPool::<u64>::new();
/// match pool.verify() {
///     Ok(stats) => assert_eq!(stats.live, 0),
///     Err(VerifyError::Corrupted { address, .. }) => panic!("overwritten at {address:#x}"),
///     Err(other) => panic!("{other}"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// A slot's bookkeeping was overwritten.
    #[non_exhaustive]
    Corrupted {
        /// The address of the slot's array.
        address: usize,
        /// The capacity of the slot's class, in units of the pool.
        class_length: u32,
    },
    /// Somebody wrote past the end of an array: see
    /// [`Checks::canary`](crate::Checks::canary).
    #[non_exhaustive]
    Overflow {
        /// The address of the array.
        address: usize,
        /// The capacity of its class, in units of the pool.
        class_length: u32,
        /// Bytes from its start to the first one that was overwritten.
        offset: usize,
    },
    /// Somebody wrote to a free array: see
    /// [`Checks::integrity`](crate::Checks::integrity).
    #[non_exhaustive]
    WrittenAfterRelease {
        /// The address of the array.
        address: usize,
        /// The capacity of its class, in units of the pool.
        class_length: u32,
        /// Bytes from its start to the first one that was overwritten.
        offset: usize,
    },
    /// A class's arrays do not add up: `live + free + lost` is not `issued`, or
    /// its free list is longer or shorter than it should be.
    #[non_exhaustive]
    Unbalanced {
        /// The capacity of the class, in units of the pool.
        class_length: u32,
        /// Slots of the class that were ever handed out.
        issued: usize,
        /// Slots whose bookkeeping says that they are live.
        live: usize,
        /// Slots whose bookkeeping says that they are free.
        free: usize,
        /// Slots on the free list.
        listed: usize,
        /// Slots that were abandoned.
        lost: usize,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Corrupted { address, class_length } => write!(
                f,
                "the bookkeeping of the array at {address:#x} (class {class_length}) was overwritten"
            ),
            Self::Overflow { address, class_length, offset } => write!(
                f,
                "the array at {address:#x} (class {class_length}) was written behind its end, at byte {offset}"
            ),
            Self::WrittenAfterRelease { address, class_length, offset } => write!(
                f,
                "the free array at {address:#x} (class {class_length}) was written to, at byte {offset}"
            ),
            Self::Unbalanced { class_length, issued, live, free, listed, lost } => write!(
                f,
                "class {class_length} does not add up: {issued} issued, {live} live, {free} free, {listed} on the list, {lost} lost"
            ),
        }
    }
}

impl core::error::Error for VerifyError {}

/// Why an arena did not go back to a [`Checkpoint`](crate::Checkpoint). Nothing has
/// changed when one of these is returned.
///
/// ```
/// use arraypool::{Arena, RewindError};
///
/// let (one, other) = (Arena::new(), Arena::new());
/// let place = one.checkpoint();
/// other.checkpoint();
/// // SAFETY: nothing was allocated since.
/// assert_eq!(unsafe { other.rewind(&place) }, Err(RewindError::Foreign));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RewindError {
    /// The checkpoint belongs to another arena.
    Foreign,
    /// The arena was reset or cleared since.
    Reset,
    /// The arena has gone back to an earlier checkpoint since, or the checkpoint
    /// was made in a scope that is over, or outside the scope that is to be rewound.
    Stale,
    /// A scope has claimed the arena.
    Claimed,
}

impl fmt::Display for RewindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the checkpoint is another arena's",
            Self::Reset => "the arena was reset since the checkpoint",
            Self::Stale => "the checkpoint is stale, or was made in another scope",
            Self::Claimed => "the arena is claimed by a scope",
        })
    }
}

impl core::error::Error for RewindError {}

/// The arena has forgotten the value of an [`ArenaRef`](crate::ArenaRef).
///
/// ```
/// use arraypool::{Arena, Stale};
///
/// let mut arena = Arena::new();
/// let handle = arena.alloc_ref(7);
/// arena.clear();
/// assert_eq!(handle.get(&arena), Err(Stale));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale;

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the arena has forgotten the value of this handle")
    }
}

impl core::error::Error for Stale {}

/// The one place where an allocation error becomes a panic, for the methods
/// that have a `try_` twin.
pub(crate) trait OrPanic {
    type Value;
    fn or_panic(self) -> Self::Value;
}

impl<V> OrPanic for Result<V, AllocError> {
    type Value = V;

    #[inline(always)]
    #[track_caller]
    fn or_panic(self) -> V {
        match self {
            Ok(value) => value,
            Err(error) => refuse(error),
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse(error: AllocError) -> ! {
    panic!("allocation failed: {error}")
}
