//! What `AddressSanitizer` is told, with `--cfg arraypool_asan`: which bytes of a
//! pool nobody may touch. It needs a program that is built with the sanitizer.

use core::ptr::NonNull;

#[cfg(arraypool_asan)]
unsafe extern "C" {
    fn __asan_poison_memory_region(start: *const u8, bytes: usize);
    fn __asan_unpoison_memory_region(start: *const u8, bytes: usize);
}

/// Whether a sanitizer listens.
pub(super) const LISTENS: bool = cfg!(arraypool_asan);

/// An access to these bytes is an error from now on.
#[inline]
#[cfg_attr(not(arraypool_asan), allow(unused_variables, reason = "nobody listens"))]
pub(super) fn poison(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the sanitizer's own table is written, for any range of addresses.
    #[cfg(arraypool_asan)]
    unsafe {
        __asan_poison_memory_region(start.as_ptr(), bytes);
    };
}

/// It no longer is.
#[inline]
#[cfg_attr(not(arraypool_asan), allow(unused_variables, reason = "nobody listens"))]
pub(super) fn unpoison(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the sanitizer's own table is written, for any range of addresses.
    #[cfg(arraypool_asan)]
    unsafe {
        __asan_unpoison_memory_region(start.as_ptr(), bytes);
    };
}
