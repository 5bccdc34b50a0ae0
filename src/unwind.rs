//! What a panic leaves consistent: these types may be used after `catch_unwind`.
//!
//! No change of their cells calls foreign code halfway, unless a guard undoes the change;
//! `tests` has panics in closures, elements, hooks and sources. What they contain is the
//! user's: an array of `T` is unwind safe if `T` is.

use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::arena::{Arena, Interner};
use crate::pool::{ClassTable, PoolArray, PoolVec, RawPool, ReleaseStrategy};
#[cfg(feature = "shared")]
use crate::shared::{Home, Homed, SharedPool};

impl UnwindSafe for Arena<'_> {}
impl RefUnwindSafe for Arena<'_> {}

impl UnwindSafe for Interner<'_> {}
impl RefUnwindSafe for Interner<'_> {}

impl<S: ReleaseStrategy, C: ClassTable> UnwindSafe for RawPool<'_, S, C> {}
impl<S: ReleaseStrategy, C: ClassTable> RefUnwindSafe for RawPool<'_, S, C> {}

impl<T: UnwindSafe, S: ReleaseStrategy, C: ClassTable> UnwindSafe for PoolArray<'_, T, S, C> {}
impl<T: RefUnwindSafe, S: ReleaseStrategy, C: ClassTable> RefUnwindSafe for PoolArray<'_, T, S, C> {}

impl<T: UnwindSafe, S: ReleaseStrategy, C: ClassTable> UnwindSafe for PoolVec<'_, T, S, C> {}
impl<T: RefUnwindSafe, S: ReleaseStrategy, C: ClassTable> RefUnwindSafe for PoolVec<'_, T, S, C> {}

#[cfg(feature = "shared")]
impl<T, S: ReleaseStrategy, C: ClassTable> UnwindSafe for SharedPool<T, S, C> {}
#[cfg(feature = "shared")]
impl<T, S: ReleaseStrategy, C: ClassTable> RefUnwindSafe for SharedPool<T, S, C> {}

#[cfg(feature = "shared")]
impl<T: UnwindSafe, H: Home> UnwindSafe for Homed<T, H> {}
#[cfg(feature = "shared")]
impl<T: RefUnwindSafe, H: Home> RefUnwindSafe for Homed<T, H> {}
