//! Bytes that are filled, cleared and looked at again.

use core::ptr::NonNull;
use core::slice;

use super::asan;

pub(super) use crate::arena::{FORGOTTEN as RELEASED, ISSUED};

/// What lies behind an array's end.
pub(super) const BEHIND: u8 = 0xFD;

/// The first byte that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) offset: usize,
    pub(super) found: u8,
}

/// Some bytes of the pool's that nobody uses: those of a slot behind its length,
/// or of one that has no tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes {
    start: NonNull<u8>,
    count: usize,
}

impl Bytes {
    /// # Safety
    /// `start` is valid for reads and writes of `count` bytes as long as the pool is
    /// borrowed, and nobody else uses those that this or a part of it is used for.
    pub(super) unsafe fn new(start: NonNull<u8>, count: usize) -> Self {
        Self { start, count }
    }

    /// What is left behind the first `count` bytes.
    pub(super) fn behind(self, count: usize) -> Self {
        let count = count.min(self.count);
        // SAFETY: at most the end: `new`'s promise.
        let start = unsafe { self.start.add(count) };
        Self { start, count: self.count - count }
    }

    /// The first `count` bytes.
    pub(super) fn up_to(self, count: usize) -> Self {
        Self { count: count.min(self.count), ..self }
    }

    /// Fills them.
    pub(super) fn fill(self, pattern: u8) {
        // SAFETY: `new`'s promise.
        unsafe { self.start.write_bytes(pattern, self.count) };
    }

    /// Overwrites them with zeros, by volatile writes: a compiler may not leave
    /// one out, even if it sees that nobody reads what was written.
    #[inline(never)]
    pub(super) fn clear(self) {
        let (first, size) = (self.start.as_ptr(), size_of::<usize>());
        let head = first.align_offset(size).min(self.count);
        let words = (self.count - head) / size;
        let tail = head + words * size;
        for offset in (0..head).chain(tail..self.count) {
            // SAFETY: below `count`: `new`'s promise.
            let byte = unsafe { first.add(offset) };
            // SAFETY: as above.
            unsafe { byte.write_volatile(0) };
        }
        for word in 0..words {
            // SAFETY: the words end at `tail`, below `count`: `new`'s promise.
            let place = unsafe { first.add(head + word * size) };
            // SAFETY: as above, and `head` ends at a word's boundary.
            unsafe { place.cast::<usize>().write_volatile(0) };
        }
    }

    /// The first of them that is not `pattern`.
    ///
    /// # Safety
    /// All have been written.
    pub(super) unsafe fn first_other_than(self, pattern: u8) -> Option<Other> {
        /// Compared at once.
        const STEP: usize = 32;
        // SAFETY: `new`'s promise, and the caller's.
        let bytes = unsafe { slice::from_raw_parts(self.start.as_ptr(), self.count) };
        let alike = bytes.chunks_exact(STEP).take_while(|step| **step == [pattern; STEP]);
        let from = alike.count() * STEP;
        let offset = from + bytes[from..].iter().position(|&byte| byte != pattern)?;
        Some(Other { offset, found: bytes[offset] })
    }

    /// Lets `AddressSanitizer` stop every access to them from now on.
    pub(super) fn forbid(self) {
        asan::poison(self.start, self.count);
    }

    /// Takes that back.
    pub(super) fn permit(self) {
        asan::unpoison(self.start, self.count);
    }
}
