//! What is done at the end of a block, also by a panic or an early return.

#![forbid(unsafe_code)]

use core::mem;

/// Calls its function when it is dropped.
pub(crate) struct Defer<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Defer<F> {
    /// All went well: the function is not called.
    pub(crate) fn cancel(self) {
        mem::forget(self);
    }
}

impl<F: FnMut()> Drop for Defer<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
