//! The one place that chooses core, parking_lot or loom.
//!
//! With `--cfg arraypool_loom` the atomics and the lock are those of the model
//! checker, which have no `const` constructors: hence `const_fn`.

#[cfg(all(feature = "alloc", not(arraypool_loom), target_has_atomic = "64"))]
pub(crate) use core::sync::atomic::AtomicU64;
/// A counter in a `static`: always that of the core, since a model's cannot be
/// made at compile time.
pub(crate) use core::sync::atomic::AtomicUsize as StaticCounter;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(not(arraypool_loom))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};

/// For numbers that fall below 0.
#[cfg(all(feature = "shared", not(arraypool_loom)))]
pub(crate) use core::sync::atomic::AtomicI32;
#[cfg(all(feature = "shared", arraypool_loom, feature = "loom"))]
pub(crate) use loom::sync::atomic::AtomicI32;

/// For what one thread at a time may touch: the checker finds two.
#[cfg(all(feature = "shared", not(arraypool_loom)))]
pub(crate) use core::cell::Cell;
#[cfg(all(feature = "shared", arraypool_loom, feature = "loom"))]
pub(crate) use loom::cell::Cell;

#[cfg(all(arraypool_loom, feature = "loom"))]
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

#[cfg(feature = "shared")]
pub(crate) use locks::{Condvar, Mutex, MutexGuard, pause, wait};
#[cfg(feature = "std")]
pub(crate) use std::sync::OnceLock;

/// A function that is `const` wherever atomics have `const` constructors.
macro_rules! const_fn {
    ($(#[$about:meta])* $visible:vis const fn $($rest:tt)*) => {
        #[cfg(not(arraypool_loom))]
        $(#[$about])* $visible const fn $($rest)*
        #[cfg(arraypool_loom)]
        $(#[$about])* $visible fn $($rest)*
    };
}
pub(crate) use const_fn;

#[cfg(all(feature = "shared", not(arraypool_loom)))]
mod locks {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

    /// Gives the lock up until it is woken, and takes it again.
    pub(crate) fn wait<'a, T>(
        condvar: &Condvar,
        mut guard: MutexGuard<'a, T>,
    ) -> MutexGuard<'a, T> {
        condvar.wait(&mut guard);
        guard
    }

    /// What a thread does while it waits for another one's next instruction.
    pub(crate) fn pause() {
        core::hint::spin_loop();
    }
}

#[cfg(all(feature = "shared", arraypool_loom, feature = "loom"))]
mod locks {
    pub(crate) use loom::sync::{Condvar, MutexGuard};

    /// The checker's lock, without its poison: no model panics under it.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("no model panics under the lock")
        }
    }

    /// Gives the lock up until it is woken, and takes it again.
    pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(guard).expect("no model panics under the lock")
    }

    /// Lets another thread go on.
    pub(crate) fn pause() {
        loom::thread::yield_now();
    }
}

/// A number that is given once: 1, 2, 3, ... Not modelled, since no order hangs
/// on it.
#[cfg(feature = "shared")]
pub(crate) fn unique_number() -> usize {
    static LAST: StaticCounter = StaticCounter::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
