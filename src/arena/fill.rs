//! Patterns in memory that is issued and forgotten, so that mistakes show.

use core::ptr::NonNull;

/// What memory holds when it is handed out: nobody has written it yet.
pub(crate) const ISSUED: u8 = 0xCD;
/// What memory holds when it was forgotten: nobody may read it any more.
pub(crate) const FORGOTTEN: u8 = 0xDD;

/// Whether arenas fill unless they are told otherwise: in debug builds, but not
/// where Miri looks for reads of memory that nobody wrote, which a pattern hides.
pub(super) const BY_DEFAULT: bool = cfg!(debug_assertions) && !cfg!(miri);

/// Fills `bytes` bytes with a pattern.
///
/// # Safety
/// `start` is valid for writes of `bytes` bytes, which nobody uses.
pub(super) unsafe fn fill(start: NonNull<u8>, bytes: usize, pattern: u8) {
    // SAFETY: they are valid for writes, and nobody uses them: the caller's promise. A
    // byte is aligned anywhere.
    unsafe { start.write_bytes(pattern, bytes) };
}
