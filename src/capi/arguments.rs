//! Arguments that functions of all kinds take: places for answers, and limits.

use core::ptr::NonNull;

/// Writes an answer where the program wants it, if it does.
///
/// # Safety
/// `place` is NULL, or can be written.
pub(super) unsafe fn put<T>(place: *mut T, answer: T) {
    if let Some(place) = NonNull::new(place) {
        // SAFETY: the caller's promise.
        unsafe { place.write(answer) };
    }
}

/// A limit in bytes, of which 0 is none.
pub(super) fn limit_of(bytes: usize) -> usize {
    if bytes == 0 { usize::MAX } else { bytes }
}
