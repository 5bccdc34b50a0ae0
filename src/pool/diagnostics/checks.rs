//! Which diagnostics a pool runs: chosen in code, or by an environment variable.

#![forbid(unsafe_code)]

use core::fmt;

/// The diagnostics of a pool, for [`PoolBuilder::checks`](crate::PoolBuilder::checks).
///
/// They are switched at run time, per pool, in the same binary. A pool with none
/// runs not one branch for their sake; one with any takes the cold path on every
/// call. What each finds and what it costs: docs/DIAGNOSTICS.md, COMPARISON.md.
///
/// Unless a builder says otherwise, a pool has [`callers`](Self::callers) and
/// [`poison`](Self::poison) in debug builds, and none in release builds. With
/// `std`, the environment variable `ARRAYPOOL_CHECK` adds to what every pool of
/// the program has: `ARRAYPOOL_CHECK=canary,quarantine=64`. The word `off` removes
/// what the build and the code have chosen; `all` stands for [`Checks::all`].
///
/// ```
/// use arraypool::{ArrayPool, Checks, Problem, Report};
///
/// fn told(report: &Report) {
///     assert!(matches!(report.problem, Problem::Overflow { offset: 20, .. }));
/// }
///
/// let checks = Checks::none().canary().callers();
/// let pool = ArrayPool::<u32>::builder().checks(checks).on_report(told).build();
/// let mut array = pool.allocate_copy(&[1, 2, 3, 4, 5]);
/// // SAFETY: a mistake, as C may make it: there are five elements, not six.
/// unsafe { array.as_mut_ptr().add(5).write(6) };
/// assert_eq!(array.release().unwrap_err().kind(), "overflow");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Checks {
    flags: u8,
    quarantine: u32,
    fail_every: u32,
}

/// What [`Checks::all`] keeps in quarantine.
const RESTING: u32 = 256;

const POISON: u8 = 1;
const INTEGRITY: u8 = 1 << 1;
const CANARY: u8 = 1 << 2;
const CALLERS: u8 = 1 << 3;
const CLEAR: u8 = 1 << 4;
const LEAKS: u8 = 1 << 5;

/// The switches, by the words that the environment variable knows.
const WORDS: [(&str, u8); 6] = [
    ("poison", POISON),
    ("integrity", INTEGRITY),
    ("canary", CANARY),
    ("callers", CALLERS),
    ("clear_on_release", CLEAR),
    ("leaks", LEAKS),
];

impl Checks {
    /// No diagnostics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::none()).build();
    /// assert_eq!(pool.allocate(3).len(), 3);
    /// ```
    pub const fn none() -> Self {
        Self { flags: 0, quarantine: 0, fail_every: 0 }
    }

    /// All that find mistakes, with a quarantine of 256 arrays: everything but
    /// [`fail_every`](Self::fail_every) and [`clear_on_release`](Self::clear_on_release).
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::all()).build();
    /// assert!(pool.allocate_copy(b"watched").release().is_ok());
    /// ```
    pub const fn all() -> Self {
        Self::none().poison().integrity().canary().callers().leaks().quarantine(RESTING)
    }

    /// What a pool has whose builder says nothing, and the environment neither.
    pub(super) const fn of_this_build() -> Self {
        // Miri sees reads of memory that nobody wrote, which a pattern would
        // hide; and its tests are those of the hot path.
        if cfg!(debug_assertions) && !cfg!(miri) {
            Self::none().poison().callers()
        } else {
            Self::none()
        }
    }

    /// Fills an array with `0xCD` when it is issued and with `0xDD` when it comes
    /// back, so that what was never written, or is used after its release, is seen
    /// for what it is.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::none().poison()).build();
    /// let array = pool.allocate(3);
    /// // SAFETY: the memory was filled when it was issued.
    /// assert_eq!(unsafe { array.assume_init() }, [0xCD; 3]);
    /// ```
    pub const fn poison(self) -> Self {
        self.with_flag(POISON)
    }

    /// Fills an array with `0xDD` when it comes back, and checks when its slot is used
    /// again that it still is: a write after release is reported, and the slot is
    /// abandoned. `verify` checks this as well.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks, VerifyError};
    ///
    /// let checks = Checks::none().integrity();
    /// let pool = ArrayPool::<u8>::builder().checks(checks).on_report(|_| {}).build();
    /// let late: *mut u8 = pool.allocate_copy(b"text").as_mut_ptr();
    /// // SAFETY: none; it is the pool's memory still, and this is the mistake.
    /// unsafe { late.write(0) };
    /// assert!(matches!(pool.verify(), Err(VerifyError::WrittenAfterRelease { .. })));
    /// ```
    pub const fn integrity(self) -> Self {
        self.with_flag(INTEGRITY)
    }

    /// Fills the rest of a slot behind the array's length, at least 8 bytes, with
    /// `0xFD`, and checks when the array comes back that it still is: an overflow is
    /// reported, and the release is an error. `verify` checks this as well.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks, ReleaseError};
    ///
    /// let checks = Checks::none().canary();
    /// let pool = ArrayPool::<u8>::builder().checks(checks).on_report(|_| {}).build();
    /// let mut array = pool.allocate_copy(b"text");
    /// // SAFETY: none; it is the slot's memory still, and this is the mistake.
    /// unsafe { array.as_mut_ptr().add(4).write(0) };
    /// assert!(matches!(array.release(), Err(ReleaseError::Overflow { offset: 4, .. })));
    /// ```
    pub const fn canary(self) -> Self {
        self.with_flag(CANARY)
    }

    /// Notes who allocated an array and who released it, for reports and for
    /// [`history`](crate::RawPool::history); and reports every wrong release.
    /// It takes 32 bytes per slot (20 where words have 32 bits), from where the
    /// pool has its bookkeeping; more with the C interface: docs/DIAGNOSTICS.md.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::none().callers()).build();
    /// let array = pool.allocate(3);
    /// assert!(pool.history(array.as_ptr()).is_some());
    /// ```
    pub const fn callers(self) -> Self {
        self.with_flag(CALLERS)
    }

    /// Overwrites an array with zeros when it comes back, and all arrays when the
    /// pool is reset or dropped, in a way that the compiler cannot leave out.
    ///
    /// Under [`Direct`](crate::Direct) only when its handle is dropped: an array that was
    /// leaked, forgotten or made raw, or belongs to a document, keeps its contents until the
    /// arena uses the memory again.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let checks = Checks::none().clear_on_release();
    /// let pool = ArrayPool::<u8>::builder().checks(checks).build();
    /// drop(pool.allocate_copy(b"a secret"));          // and nothing of it is left
    /// ```
    pub const fn clear_on_release(self) -> Self {
        self.with_flag(CLEAR)
    }

    /// Reports raw arrays that were not released when the pool is dropped: how many of
    /// which class, and who allocated them. It keeps the same notes as
    /// [`callers`](Self::callers).
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let checks = Checks::none().leaks();
    /// let pool = ArrayPool::<u8>::builder().checks(checks).on_report(|report| println!("{report}")).build();
    /// let forgotten = pool.allocate(3).into_raw();
    /// drop(pool);                                     // reports one array, and this line
    /// ```
    pub const fn leaks(self) -> Self {
        self.with_flag(LEAKS)
    }

    /// Keeps a released array back until `arrays` others have been released, so
    /// that a second release of its bare address until then is caught. A pool that cannot
    /// grow uses those that rested longest instead of failing.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks, ReleaseError, Tagged};
    ///
    /// let checks = Checks::none().quarantine(8);
    /// let pool = ArrayPool::<u8, Tagged>::builder().checks(checks).on_report(|_| {}).build();
    /// let address = pool.allocate(3).into_raw().ptr.as_ptr().cast();
    /// // SAFETY: nobody uses the array afterwards.
    /// assert_eq!(unsafe { pool.release_ptr(address) }, Ok(()));
    /// let _next = pool.allocate(3);                   // in another slot
    /// // SAFETY: as above.
    /// let again = unsafe { pool.release_ptr(address) };
    /// assert!(matches!(again, Err(ReleaseError::AlreadyReleased { .. })));
    /// ```
    pub const fn quarantine(self, arrays: u32) -> Self {
        Self { quarantine: arrays, ..self }
    }

    /// Lets every `n`-th allocation fail with
    /// [`OutOfMemory`](crate::AllocError::OutOfMemory); none if 0. Arrays without
    /// a slot do not count.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks, Tagged};
    ///
    /// let pool = ArrayPool::<u8, Tagged>::builder().checks(Checks::none().fail_every(2)).build();
    /// let (first, second) = (pool.try_allocate(3), pool.try_allocate(3));
    /// assert!(first.is_ok() && second.is_err());
    /// ```
    pub const fn fail_every(self, n: u32) -> Self {
        Self { fail_every: n, ..self }
    }

    /// Whether no diagnostic is on.
    ///
    /// ```
    /// use arraypool::Checks;
    ///
    /// assert!(Checks::none().is_none() && !Checks::all().is_none());
    /// ```
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.flags == 0 && self.quarantine == 0 && self.fail_every == 0
    }

    const fn with_flag(self, flag: u8) -> Self {
        Self { flags: self.flags | flag, ..self }
    }

    const fn has(self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    pub(super) const fn poisons(self) -> bool {
        self.has(POISON)
    }

    pub(super) const fn has_integrity(self) -> bool {
        self.has(INTEGRITY)
    }

    pub(super) const fn has_canary(self) -> bool {
        self.has(CANARY)
    }

    pub(super) const fn has_callers(self) -> bool {
        self.has(CALLERS)
    }

    /// Whether there is a note for every slot.
    pub(super) const fn keeps_notes(self) -> bool {
        self.has(CALLERS | LEAKS)
    }

    pub(super) const fn without_callers(self) -> Self {
        Self { flags: self.flags & !CALLERS, ..self }
    }

    pub(super) const fn clears(self) -> bool {
        self.has(CLEAR)
    }

    pub(super) const fn has_leaks(self) -> bool {
        self.has(LEAKS)
    }

    /// Whether memory is filled when an array comes back.
    pub(super) const fn fills_on_release(self) -> bool {
        self.has(POISON | INTEGRITY | CLEAR)
    }

    pub(super) const fn resting(self) -> u32 {
        self.quarantine
    }

    pub(super) const fn failing(self) -> u32 {
        self.fail_every
    }

    /// These with what one word of the environment variable says.
    fn and(self, word: &str) -> Option<Self> {
        if let Some(&(_, flag)) = WORDS.iter().find(|(name, _)| *name == word) {
            return Some(self.with_flag(flag));
        }
        match word.split_once('=') {
            None if word.is_empty() => Some(self),
            None if word == "off" => Some(Self::none()),
            None if word == "all" => {
                let Self { flags, quarantine, .. } = Self::all();
                let flags = self.flags | flags;
                Some(Self { flags, quarantine: self.quarantine.max(quarantine), ..self })
            }
            None if word == "quarantine" => Some(self.quarantine(RESTING)),
            Some(("quarantine", number)) => number.parse().ok().map(|n| self.quarantine(n)),
            Some(("fail_every", number)) => number.parse().ok().map(|n| self.fail_every(n)),
            _ => None,
        }
    }

    /// These checks, with the words of a text such as that of `ARRAYPOOL_CHECK` added.
    ///
    /// # Errors
    /// The first word that names no diagnostic.
    ///
    /// ```
    /// use arraypool::Checks;
    ///
    /// let checks = Checks::none().poison().adding("canary,quarantine=64")?;
    /// assert_eq!(checks, Checks::none().poison().canary().quarantine(64));
    /// assert_eq!(checks.to_string(), "poison,canary,quarantine=64");
    /// assert_eq!(checks.adding("off"), Ok(Checks::none()));
    /// assert_eq!(checks.adding("poison,canaries").unwrap_err().word(), "canaries");
    /// # Ok::<(), arraypool::UnknownCheck<'static>>(())
    /// ```
    pub fn adding(self, words: &str) -> Result<Self, UnknownCheck<'_>> {
        words
            .split(',')
            .map(str::trim)
            .try_fold(self, |checks, word| checks.and(word).ok_or(UnknownCheck { word }))
    }
}

/// What a pool has whose builder says nothing: `callers` and `poison` in debug
/// builds (but not under Miri, which needs neither), and what the environment adds.
impl Default for Checks {
    fn default() -> Self {
        environment::added_to(Self::of_this_build())
    }
}

/// Prints what `ARRAYPOOL_CHECK` would be: `poison,quarantine=64`, or `off`.
impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("off");
        }
        let mut comma = "";
        for (word, flag) in WORDS {
            if self.has(flag) {
                write!(f, "{comma}{word}")?;
                comma = ",";
            }
        }
        for (word, number) in [("quarantine", self.quarantine), ("fail_every", self.fail_every)] {
            if number > 0 {
                write!(f, "{comma}{word}={number}")?;
                comma = ",";
            }
        }
        Ok(())
    }
}

/// A word that names no diagnostic.
///
/// ```
/// use arraypool::Checks;
///
/// let error = Checks::none().adding("canary,canery").unwrap_err();
/// assert_eq!(error.word(), "canery");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCheck<'a> {
    word: &'a str,
}

impl<'a> UnknownCheck<'a> {
    /// The word.
    ///
    /// ```
    /// use arraypool::Checks;
    ///
    /// assert_eq!(Checks::none().adding("everything").unwrap_err().word(), "everything");
    /// ```
    #[must_use]
    pub fn word(&self) -> &'a str {
        self.word
    }
}

impl fmt::Display for UnknownCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of off, all", self.word)?;
        for (word, _) in WORDS {
            write!(f, ", {word}")?;
        }
        f.write_str(", quarantine=N, fail_every=N")
    }
}

impl core::error::Error for UnknownCheck<'_> {}

/// What the environment variable says, read once in a program's life.
#[cfg(feature = "std")]
pub(super) mod environment {
    use alloc::string::String;

    use super::Checks;
    use crate::sync::OnceLock;

    const NAME: &str = "ARRAYPOOL_CHECK";

    fn words() -> Option<&'static str> {
        static WORDS: OnceLock<Option<String>> = OnceLock::new();
        let read = || {
            let words = std::env::var(NAME).ok()?;
            if let Err(error) = Checks::none().adding(&words) {
                super::super::print(format_args!("arraypool: {NAME}: {error}"));
                return None;
            }
            Some(words)
        };
        WORDS.get_or_init(read).as_deref()
    }

    /// Whether it is set to something that makes sense.
    pub(in super::super) fn is_set() -> bool {
        words().is_some()
    }

    pub(in super::super) fn added_to(checks: Checks) -> Checks {
        words().map_or(checks, |words| checks.adding(words).unwrap_or(checks))
    }
}

/// There is no environment.
#[cfg(not(feature = "std"))]
pub(super) mod environment {
    pub(in super::super) fn is_set() -> bool {
        false
    }

    pub(in super::super) fn added_to(checks: super::Checks) -> super::Checks {
        checks
    }
}
