//! The one place that chooses core, parking_lot or loom.

/// A counter in a `static`: always that of the core, since a model's cannot be
/// made at compile time.
pub(crate) use core::sync::atomic::AtomicUsize as StaticCounter;
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
