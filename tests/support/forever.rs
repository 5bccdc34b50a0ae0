//! What stays until the end of the program, and can be reached until then.

use core::sync::atomic::AtomicPtr;
use std::sync::{Mutex, PoisonError};

/// Keeps a value for good. Its address is kept, too: LeakSanitizer and Miri, which look for
/// blocks that nothing leads to, see that this one is meant to stay.
pub(crate) fn forever<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<()>>> = Mutex::new(Vec::new());
    let block = Box::into_raw(Box::new(value));
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(AtomicPtr::new(block.cast()));
    // SAFETY: the block came from a box, and nobody frees or changes it.
    unsafe { &*block }
}
