//! What a call says that can fail, and the wall that panics stop at.

use core::ffi::{CStr, c_char};

use crate::error::{AllocError, ReleaseError, VerifyError};

/// How a call ended. `AP_OK` is 0; everything else changed nothing, unless it says so.
///
/// `ap_status_message` has a sentence for each. Values are never given another
/// meaning; new ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_status {
    /// It was done.
    AP_OK = 0,
    /// A handle or an argument that is needed is NULL.
    AP_NULL = 1,
    /// The handle is of another kind, or was destroyed.
    AP_WRONG_HANDLE = 2,
    /// An argument has a value that it cannot have.
    AP_INVALID_ARGUMENT = 3,
    /// A text is not UTF-8.
    AP_INVALID_UTF8 = 4,
    /// What was asked for is not in this build, or not in this kind of pool.
    AP_UNSUPPORTED = 5,
    /// The object is in use: by a builder, by documents, or by the call that is running.
    AP_BUSY = 6,
    /// The library panicked, which is a defect of it. The object may only be freed now.
    AP_PANIC = 7,

    /// There is no memory.
    AP_OUT_OF_MEMORY = 16,
    /// The limit in bytes would be passed.
    AP_OVER_LIMIT = 17,
    /// More than can ever be served.
    AP_TOO_LARGE = 18,
    /// The pool is frozen, and would have to grow.
    AP_FROZEN = 19,
    /// The pool has as many runs as it was made for.
    AP_TOO_MANY_RUNS = 20,
    /// A free list was overwritten. It is abandoned; the next call takes fresh memory.
    AP_FREE_LIST_CORRUPTED = 21,
    /// Class lengths are 1 to 64 ascending numbers from 1 to 2^30.
    AP_INVALID_CLASSES = 22,

    /// Released already, and its place is free now.
    AP_ALREADY_RELEASED = 32,
    /// The array is in the hands of somebody else.
    AP_OWNED = 33,
    /// The address is not in memory that this pool has handed out.
    AP_FOREIGN = 34,
    /// The address is inside an array, but not its first.
    AP_INTERIOR = 35,
    /// The bookkeeping of the array was overwritten. A release of `ap_pool` abandons its
    /// place. `ap_pool_verify` only says so. In an `ap_shared_pool` it is counted, but the
    /// place stays live.
    AP_CORRUPTED = 36,
    /// The array is gone: its place was used again, or the pool was reset.
    AP_STALE = 37,
    /// The strategy takes no single arrays back.
    AP_NOT_RELEASABLE = 38,
    /// The numbers of a class do not add up. (`ap_pool_verify` only.)
    AP_UNBALANCED = 39,
    /// Somebody wrote behind the array's end. A release of `ap_pool` abandons its place;
    /// `ap_pool_verify` only says so. With `AP_CHECK_CANARY`, which an `ap_shared_pool` does
    /// not have.
    AP_OVERFLOW = 40,
    /// Somebody wrote to a free array. (`ap_pool_verify`, with `AP_CHECK_INTEGRITY`.)
    AP_WRITTEN_AFTER_RELEASE = 41,

    /// The text is not what it should be: the error says what, and where.
    AP_SYNTAX = 48,
    /// There is nothing of this index, name, key or path.
    AP_NOT_FOUND = 49,
    /// The value is of another type.
    AP_WRONG_TYPE = 50,
    /// The expression was not evaluated yet.
    AP_NOT_EVALUATED = 51,
    /// The expression has no value in this tick; its result is NaN.
    AP_EVALUATION_FAILED = 52,
}

use ap_status::*;

impl From<AllocError> for ap_status {
    fn from(error: AllocError) -> Self {
        match error {
            AllocError::OverBudget { .. } => AP_OVER_LIMIT,
            AllocError::OutOfMemory { .. } => AP_OUT_OF_MEMORY,
            AllocError::TooLarge { .. } => AP_TOO_LARGE,
            AllocError::Frozen { .. } => AP_FROZEN,
            AllocError::Claimed => AP_BUSY,
            AllocError::TooManyRuns { .. } => AP_TOO_MANY_RUNS,
            AllocError::Corrupted { .. } => AP_FREE_LIST_CORRUPTED,
            AllocError::Format => AP_INVALID_ARGUMENT,
            AllocError::InvalidClasses => AP_INVALID_CLASSES,
        }
    }
}

impl From<ReleaseError> for ap_status {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::AlreadyReleased { .. } => AP_ALREADY_RELEASED,
            ReleaseError::Owned { .. } => AP_OWNED,
            ReleaseError::Foreign { .. } => AP_FOREIGN,
            ReleaseError::Interior { .. } => AP_INTERIOR,
            ReleaseError::Corrupted { .. } => AP_CORRUPTED,
            ReleaseError::Overflow { .. } => AP_OVERFLOW,
            ReleaseError::Stale { .. } => AP_STALE,
            ReleaseError::NotReleasable { .. } => AP_NOT_RELEASABLE,
        }
    }
}

impl From<VerifyError> for ap_status {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Corrupted { .. } => AP_CORRUPTED,
            VerifyError::Overflow { .. } => AP_OVERFLOW,
            VerifyError::WrittenAfterRelease { .. } => AP_WRITTEN_AFTER_RELEASE,
            VerifyError::Unbalanced { .. } => AP_UNBALANCED,
        }
    }
}

/// The status of what only says whether it was done.
impl From<Result<(), ap_status>> for ap_status {
    fn from(result: Result<(), ap_status>) -> Self {
        result.err().unwrap_or(AP_OK)
    }
}

const MESSAGES: [(ap_status, &CStr); 30] = [
    (AP_OK, c"done"),
    (AP_NULL, c"a handle or an argument that is needed is NULL"),
    (AP_WRONG_HANDLE, c"the handle is of another kind, or was destroyed"),
    (AP_INVALID_ARGUMENT, c"an argument has a value that it cannot have"),
    (AP_INVALID_UTF8, c"a text is not UTF-8"),
    (AP_UNSUPPORTED, c"not in this build, or not in this kind of pool"),
    (AP_BUSY, c"the object is in use"),
    (AP_PANIC, c"the library panicked"),
    (AP_OUT_OF_MEMORY, c"out of memory"),
    (AP_OVER_LIMIT, c"the limit in bytes would be passed"),
    (AP_TOO_LARGE, c"more than can ever be served"),
    (AP_FROZEN, c"the pool is frozen and would have to grow"),
    (AP_TOO_MANY_RUNS, c"the pool has as many runs as it was made for"),
    (AP_FREE_LIST_CORRUPTED, c"a free list was overwritten and is abandoned"),
    (AP_INVALID_CLASSES, c"class lengths are 1 to 64 ascending numbers from 1 to 2^30"),
    (AP_ALREADY_RELEASED, c"the array was released already"),
    (AP_OWNED, c"the array is in the hands of somebody else"),
    (AP_FOREIGN, c"no array of this pool is there"),
    (AP_INTERIOR, c"the address is inside an array, but not its first"),
    (AP_CORRUPTED, c"the bookkeeping of the array was overwritten; its slot is abandoned"),
    (AP_STALE, c"the array is gone: its slot was used again, or the pool was reset"),
    (AP_NOT_RELEASABLE, c"the strategy takes no single arrays back"),
    (AP_UNBALANCED, c"the numbers of a class do not add up"),
    (AP_OVERFLOW, c"the array was written behind its end; its slot is abandoned"),
    (AP_WRITTEN_AFTER_RELEASE, c"a free array was written to"),
    (AP_SYNTAX, c"the text is not what it should be"),
    (AP_NOT_FOUND, c"there is no such index, name, key or path"),
    (AP_WRONG_TYPE, c"the value is of another type"),
    (AP_NOT_EVALUATED, c"the expression was not evaluated yet"),
    (AP_EVALUATION_FAILED, c"the expression has no value in this tick"),
];

/// A sentence about a status, in English. Any number may be asked about.
///
/// The text is a constant: nobody frees it, and any thread may use it.
#[unsafe(no_mangle)]
pub extern "C" fn ap_status_message(status: i32) -> *const c_char {
    sentence_about(status).as_ptr()
}

fn sentence_about(status: i32) -> &'static CStr {
    let found = MESSAGES.iter().find(|(one, _)| *one as i32 == status);
    found.map_or(c"no status of this library", |(_, message)| message)
}

/// What `ap_status_message` says of a status.
#[cfg(feature = "capi")]
pub(super) fn message_of(status: ap_status) -> &'static str {
    sentence_about(status as i32).to_str().unwrap_or_default()
}

/// Does `work`; what it gives if it panics is `panicked`.
#[inline(always)]
pub(super) fn guard<R>(panicked: R, work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "std")]
    {
        // Whatever a panic leaves half done is an object of the library's own, for
        // whose use afterwards the header makes no promise.
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(work)).unwrap_or(panicked)
    }
    #[cfg(not(feature = "std"))]
    {
        // A panic goes to the program's handler, which does not return.
        let _ = panicked;
        work()
    }
}

/// Does `work` and says how it ended.
#[inline(always)]
pub(super) fn attempt(work: impl FnOnce() -> Result<(), ap_status>) -> ap_status {
    guard(AP_PANIC, || work().into())
}

/// What a function returns that cannot, and has no status: NULL, 0 or false.
pub(super) trait Nothing {
    const NOTHING: Self;
}

impl Nothing for bool {
    const NOTHING: Self = false;
}

impl Nothing for usize {
    const NOTHING: Self = 0;
}

impl Nothing for () {
    const NOTHING: Self = ();
}

impl<T> Nothing for *mut T {
    const NOTHING: Self = core::ptr::null_mut();
}

impl<T> Nothing for *const T {
    const NOTHING: Self = core::ptr::null();
}

/// Does `work`; nothing if it cannot, or panics.
#[inline(always)]
pub(super) fn or_nothing<R: Nothing>(work: impl FnOnce() -> Option<R>) -> R {
    guard(None, work).unwrap_or(R::NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "std")]
    fn a_panic_becomes_a_status_or_nothing() {
        use alloc::boxed::Box;
        use std::panic::resume_unwind;

        // As a panic, but without its message on the standard error.
        let status = attempt(|| resume_unwind(Box::new("on purpose")));
        let found = or_nothing::<usize>(|| resume_unwind(Box::new("on purpose")));
        assert_eq!((status, found), (AP_PANIC, 0));
    }

    /// A status that is missing in `MESSAGES` would be one that nobody knows.
    #[test]
    fn every_status_has_a_message() {
        let (_, behind) = include_str!("status.rs").split_once("pub enum ap_status {").unwrap();
        let (statuses, _) = behind.split_once("\n}").unwrap();
        let numbers = statuses.lines().filter_map(|line| line.trim().strip_prefix("AP_"));
        let numbers = numbers.map(|line| {
            let (_, number) = line.trim_end_matches(',').split_once(" = ").unwrap();
            number.parse::<i32>().unwrap()
        });
        assert!(numbers.eq(MESSAGES.iter().map(|(status, _)| *status as i32)));
    }

    #[test]
    fn messages_are_told_apart() {
        for (index, (status, message)) in MESSAGES.iter().enumerate() {
            assert!(!message.is_empty());
            let others = MESSAGES.iter().skip(index + 1);
            assert!(others.clone().all(|(other, text)| other != status && text != message));
            let shown = ap_status_message(*status as i32);
            // SAFETY: the text is a constant.
            assert_eq!(unsafe { CStr::from_ptr(shown) }, *message);
        }
    }
}
