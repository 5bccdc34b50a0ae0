//! What a diagnostic tells: the problem, where it is, and who was there before.

#![forbid(unsafe_code)]

#[cfg(feature = "capi-core")]
use core::ffi::CStr;
use core::fmt;
use core::panic::Location;

use crate::error::ReleaseError;

/// A line of Rust.
pub(in crate::pool) type Line = &'static Location<'static>;

/// A place in the program that uses the pool. It prints as a compiler does.
///
/// ```
/// # #[cfg(feature = "diagnostics")] {
/// use arraypool::{ArrayPool, Checks, Tagged};
///
/// let pool = ArrayPool::<u8, Tagged>::builder().checks(Checks::none().callers()).build();
/// let array = pool.allocate(3);
/// let caller = pool.history(array.as_ptr()).unwrap().allocated.unwrap();
/// assert_eq!(caller.location().unwrap().file(), file!());
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Caller(Place);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Line(Line),
    /// What a program in C says of itself.
    #[cfg(feature = "capi-core")]
    Text(&'static CStr),
}

impl Caller {
    /// The line of Rust; `None` in a program of another language, which gives a text
    /// instead: the caller prints as that text then. Never panics.
    ///
    /// ```
    /// # #[cfg(feature = "diagnostics")] {
    /// use arraypool::{ArrayPool, Checks, Tagged};
    ///
    /// let pool = ArrayPool::<u8, Tagged>::builder().checks(Checks::none().callers()).build();
    /// let array = pool.allocate(3);
    /// let caller = pool.history(array.as_ptr()).unwrap().allocated.unwrap();
    /// assert_eq!(caller.location().map(|line| line.file()), Some(file!()));
    /// # }
    /// ```
    #[must_use]
    pub const fn location(&self) -> Option<&'static Location<'static>> {
        match self.0 {
            Place::Line(line) => Some(line),
            #[cfg(feature = "capi-core")]
            Place::Text(_) => None,
        }
    }

    #[cfg(feature = "capi-core")]
    pub(super) const fn text(text: &'static CStr) -> Self {
        Self(Place::Text(text))
    }

    /// The text, in a program of another language.
    #[cfg(feature = "capi-core")]
    pub(super) const fn as_text(&self) -> Option<&'static CStr> {
        match self.0 {
            Place::Line(_) => None,
            Place::Text(text) => Some(text),
        }
    }
}

impl From<Line> for Caller {
    fn from(line: Line) -> Self {
        Self(Place::Line(line))
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Line(line) => line.fmt(f),
            #[cfg(feature = "capi-core")]
            Place::Text(text) => text.to_bytes().utf8_chunks().try_for_each(|chunk| {
                f.write_str(chunk.valid())?;
                f.write_str(if chunk.invalid().is_empty() { "" } else { "\u{fffd}" })
            }),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How an array came back.
///
/// ```
/// use arraypool::{ArrayPool, Checks, ReleasedBy, Tagged};
///
/// let pool = ArrayPool::<u8, Tagged>::builder().checks(Checks::none().callers()).build();
/// let array = pool.allocate(3);
/// let address = array.as_ptr();
/// drop(array);
/// assert_eq!(pool.history(address).unwrap().released, Some(ReleasedBy::Drop));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleasedBy {
    /// Its handle went out of scope: there is no caller to name.
    Drop,
    /// A release was asked for, here.
    Call(Caller),
    /// The pool was reset, here.
    Reset(Caller),
}

impl fmt::Display for ReleasedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("by the drop of its handle"),
            Self::Call(caller) => write!(f, "at {caller}"),
            Self::Reset(caller) => write!(f, "by the reset of its pool at {caller}"),
        }
    }
}

/// What is known of a slot's last array. From [`Report`], and from
/// [`RawPool::history`](crate::RawPool::history).
///
/// ```
/// use arraypool::{ArrayPool, Checks, Tagged};
///
/// let pool = ArrayPool::<u8, Tagged>::builder().checks(Checks::none().callers()).build();
/// let array = pool.allocate(3);
/// let history = pool.history(array.as_ptr()).unwrap();
/// assert!(history.allocated.is_some() && history.released.is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct History {
    /// Its length, in units of the pool; 0 if that is not known.
    pub length: u32,
    /// Who allocated it, if the pool has [`callers`](crate::Checks::callers) or
    /// [`leaks`](crate::Checks::leaks).
    pub allocated: Option<Caller>,
    /// How it came back, if it did, and the pool has one of these.
    pub released: Option<ReleasedBy>,
}

/// What a diagnostic found.
///
/// ```
/// use arraypool::{ArrayPool, Checks, Problem, Report};
///
/// fn hook(report: &Report) {
///     if let Problem::Overflow { offset, .. } = report.problem {
///         println!("byte {} was overwritten", offset);
///     }
/// }
///
/// let pool = ArrayPool::<u8>::builder().checks(Checks::all()).on_report(hook).build();
/// drop(pool.allocate(3));                         // nothing is wrong
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Somebody wrote behind the end of an array: the [`canary`](crate::Checks::canary).
    #[non_exhaustive]
    Overflow {
        /// From the array's first byte to the first one that was overwritten.
        offset: usize,
        /// Bytes from the array's end to that one.
        behind: usize,
        /// What it holds.
        found: u8,
    },
    /// Somebody wrote to an array that had been released: the
    /// [`integrity`](crate::Checks::integrity).
    #[non_exhaustive]
    WrittenAfterRelease {
        /// From the array's first byte to the first one that was overwritten.
        offset: usize,
        /// What it holds.
        found: u8,
        /// What it held when the array came back.
        expected: u8,
    },
    /// A release was refused, or met bookkeeping that was overwritten.
    WrongRelease(ReleaseError),
    /// The bookkeeping of a free array was overwritten, or that of an array which has no
    /// slot: then [`class_length`](Report::class_length) is 0.
    BookkeepingOverwritten,
    /// Raw (manually managed) arrays were not released before the pool was dropped; all
    /// of one class, and allocated by the same caller.
    #[non_exhaustive]
    Leak {
        /// How many.
        arrays: usize,
    },
}

/// What a diagnostic tells the pool's hook: see
/// [`on_report`](crate::PoolBuilder::on_report). It prints as a few lines: the
/// first says what is wrong, the others who allocated, released and found it.
///
/// ```
/// use arraypool::{ArrayPool, Checks, Report};
///
/// fn hook(report: &Report) {
///     eprintln!("{report}");
/// }
///
/// let pool = ArrayPool::<u8>::builder().checks(Checks::all()).on_report(hook).build();
/// drop(pool.allocate(3));                         // nothing is wrong
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was found.
    pub problem: Problem,
    /// The address of the array's first element, or the one that was given.
    pub address: usize,
    /// The capacity of the slot's class, in units of the pool; 0 if there is none.
    pub class_length: u32,
    /// Bytes of a unit.
    pub unit_size: usize,
    /// What is known of the slot's last array.
    pub history: History,
    /// The call in which it was found: a release, a vector that grew or shrank, or the
    /// allocation that would have got the slot. `None`: a handle that went out of scope.
    pub caller: Option<Caller>,
}

impl Report {
    fn problem(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, class) = (self.address, self.class_length);
        let length = self.history.length;
        match self.problem {
            Problem::Overflow { offset, behind, found } => write!(
                f,
                "overflow of the array of {length} at {address:#x}: byte {offset}, {behind} behind its end, was overwritten and holds {found:#04x}"
            ),
            Problem::WrittenAfterRelease { offset, found, expected } => write!(
                f,
                "write after release to the array of {length} at {address:#x}: byte {offset} holds {found:#04x} instead of {expected:#04x}"
            ),
            Problem::WrongRelease(error) => write!(f, "wrong release: {error}"),
            Problem::BookkeepingOverwritten if !self.has_slot() => {
                write!(f, "the bookkeeping of the array at {address:#x} was overwritten")
            }
            Problem::BookkeepingOverwritten => write!(
                f,
                "the bookkeeping of the free array at {address:#x} (class {class}) was overwritten"
            ),
            Problem::Leak { arrays } => {
                let s = if arrays == 1 { "" } else { "s" };
                let bytes = arrays * class as usize * self.unit_size;
                write!(
                    f,
                    "leak: {arrays} array{s} of class {class} ({bytes} bytes), held by hand, when the pool was dropped; the first is at {address:#x}"
                )
            }
        }
    }

    /// Whether the array has a slot, and so a class: one under `Direct` has none.
    fn has_slot(&self) -> bool {
        self.class_length != 0
    }

    /// What the caller did that found it.
    fn occasion(&self) -> &'static str {
        match self.problem {
            Problem::Overflow { .. } => "found",
            Problem::BookkeepingOverwritten if !self.has_slot() => "found",
            Problem::WrittenAfterRelease { .. } | Problem::BookkeepingOverwritten => {
                "found when its slot was to be used again,"
            }
            Problem::WrongRelease(ReleaseError::AlreadyReleased { .. }) => "released again",
            Problem::WrongRelease(_) => "released",
            Problem::Leak { .. } => "dropped",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DROP: &str = "\n  found at the drop of its handle";
        f.write_str("arraypool: ")?;
        self.problem(f)?;
        if let Some(caller) = self.history.allocated {
            write!(f, "\n  allocated at {caller}")?;
        }
        if let Some(how) = self.history.released {
            let first = matches!(self.problem, Problem::WrongRelease(_));
            write!(f, "\n  {}released {how}", if first { "first " } else { "" })?;
        }
        match (self.caller, self.problem) {
            (Some(caller), _) => write!(f, "\n  {} at {caller}", self.occasion()),
            (None, Problem::Overflow { .. } | Problem::WrongRelease(_)) => f.write_str(DROP),
            (None, Problem::BookkeepingOverwritten) if !self.has_slot() => f.write_str(DROP),
            (None, _) => Ok(()),
        }
    }
}
