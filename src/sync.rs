//! The one place that chooses core, portable-atomic, parking_lot or loom.
//!
//! With `--cfg arraypool_loom` the atomics and the lock are those of the model
//! checker, which have no `const` constructors: hence `const_fn`.

#[cfg(target_has_atomic = "ptr")]
use core::sync::atomic;

/// For a target without compare-and-swap: interrupts wait instead, or whatever else the
/// program asked of that crate.
#[cfg(not(target_has_atomic = "ptr"))]
use portable_atomic as atomic;

/// A counter in a `static`: never that of a model, which cannot be made at compile time.
pub(crate) use atomic::AtomicUsize as StaticCounter;
#[cfg(not(arraypool_loom))]
pub(crate) use atomic::{AtomicPtr, AtomicUsize};
#[cfg(all(not(arraypool_loom), feature = "shared"))]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(all(
    feature = "alloc",
    feature = "shared",
    not(arraypool_loom),
    target_has_atomic = "64"
))]
pub(crate) use core::sync::atomic::AtomicU64;
pub(crate) use core::sync::atomic::Ordering;

/// For numbers that fall below 0.
#[cfg(all(feature = "shared", not(arraypool_loom)))]
pub(crate) use core::sync::atomic::AtomicI32;
#[cfg(all(feature = "shared", arraypool_loom, feature = "loom"))]
pub(crate) use loom::sync::atomic::AtomicI32;

/// For what only one thread at a time may touch: the checker finds it if two do.
#[cfg(all(feature = "shared", not(arraypool_loom)))]
pub(crate) use core::cell::Cell;
#[cfg(all(feature = "shared", arraypool_loom, feature = "loom"))]
pub(crate) use loom::cell::Cell;

#[cfg(all(arraypool_loom, feature = "loom"))]
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

#[cfg(feature = "shared")]
pub(crate) use locks::{Condvar, Mutex, MutexGuard, give_way, pause, wait};
#[cfg(feature = "std")]
pub(crate) use std::sync::OnceLock;

/// The words of a slot's record. Any thread of a shared pool may ask for them, so they
/// are atomics. Without such pools they are cells: the compiler can then load and store
/// two at once, and leave out what nobody uses.
pub(crate) mod record {
    #[cfg(all(feature = "alloc", feature = "shared", target_has_atomic = "64"))]
    pub(crate) use super::AtomicU64 as Word64;
    #[cfg(feature = "shared")]
    pub(crate) use super::{AtomicPtr as WordPtr, AtomicU32 as Word32};
    #[cfg(all(feature = "alloc", not(feature = "shared"), target_has_atomic = "64"))]
    pub(crate) use plain::Word64;
    #[cfg(not(feature = "shared"))]
    pub(crate) use plain::{Word32, WordPtr};

    #[cfg(not(feature = "shared"))]
    mod plain {
        use core::cell::Cell;
        use core::sync::atomic::Ordering;

        pub(crate) type Word32 = WordCell<u32>;
        #[cfg(all(feature = "alloc", target_has_atomic = "64"))]
        pub(crate) type Word64 = WordCell<u64>;
        pub(crate) type WordPtr<T> = WordCell<*mut T>;

        /// A cell with an atomic's methods, which ignore the memory order.
        #[derive(Debug)]
        pub(crate) struct WordCell<T: Copy>(Cell<T>);

        impl<T: Copy + PartialEq> WordCell<T> {
            pub(crate) const fn new(value: T) -> Self {
                Self(Cell::new(value))
            }

            #[inline(always)]
            pub(crate) fn load(&self, _: Ordering) -> T {
                self.0.get()
            }

            #[inline(always)]
            pub(crate) fn store(&self, value: T, _: Ordering) {
                self.0.set(value);
            }

            pub(crate) fn compare_exchange(
                &self,
                from: T,
                to: T,
                _: Ordering,
                _: Ordering,
            ) -> Result<T, T> {
                let found = self.0.get();
                if found != from {
                    return Err(found);
                }
                self.0.set(to);
                Ok(found)
            }
        }
    }
}

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

/// An array of a value that is made anew for each place: in a constant, wherever
/// atomics have `const` constructors.
#[cfg(not(arraypool_loom))]
macro_rules! repeated {
    ($value:expr, $count:expr) => {
        [const { $value }; $count]
    };
}
#[cfg(arraypool_loom)]
macro_rules! repeated {
    ($value:expr, $count:expr) => {
        core::array::from_fn::<_, { $count }, _>(|_| $value)
    };
}
pub(crate) use repeated;

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

    /// What it does when that thread seems to have been stopped.
    pub(crate) fn give_way() {
        std::thread::yield_now();
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

    pub(crate) use pause as give_way;
}

/// A number that `last`, which was made with 0, has not given before: 1, 2, 3, ... It
/// is never `usize::MAX`. `None` when they have run out: beginning anew would give one
/// twice. Not modelled, since nothing depends on its order.
pub(crate) fn unique_number(last: &StaticCounter) -> Option<usize> {
    let next = |number: usize| number.checked_add(1).filter(|&next| next < usize::MAX);
    last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(|number| number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_run_out_and_do_not_begin_anew() {
        let last = StaticCounter::new(0);
        assert_eq!([(); 3].map(|()| unique_number(&last)), [Some(1), Some(2), Some(3)]);
        let last = StaticCounter::new(usize::MAX - 3);
        let end = [Some(usize::MAX - 2), Some(usize::MAX - 1), None, None];
        assert_eq!([(); 4].map(|()| unique_number(&last)), end);
    }
}
