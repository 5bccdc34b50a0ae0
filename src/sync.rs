//! The one place that chooses core, parking_lot or loom.

pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
