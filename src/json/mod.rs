//! A JSON document in pooled arrays.
//!
//! Words of this floor: a **document** is a tree of [`Value`]s; every string,
//! array and object in it is one array of one [`Pool`], exactly as long as it
//! needs to be. A value that is dropped gives all its arrays back, in any order,
//! while other documents of the pool live on; under [`Direct`] nothing goes back
//! before the pool is reset.
//!
//! Names are those of `serde_json`, where it has the same thing. With the
//! feature `serde`, `Seed` fills a tree from any format and `Value` is
//! `Serialize`. Without it a tree is put together by hand:
//!
//! ```
//! use arraypool::json::{Member, Pool, Value};
//!
//! let pool = <Pool>::new();
//! let list = pool.try_array([Value::from(1_u64), Value::from(2.5), Value::Null])?;
//! let member = Member::new(pool.try_text("list")?, list);
//! let value = pool.try_object([member])?;
//!
//! assert_eq!(value["list"][1].as_f64(), Some(2.5));
//! assert_eq!(value.to_string(), r#"{"list":[1,2.5,null]}"#);
//! assert_eq!(pool.stats().live, 3);   // the list, the key, the object
//! drop(value);
//! # let live = pool.stats().live;
//! # assert!(live == 0);
//! # Ok::<(), arraypool::AllocError>(())
//! ```
//!
//! [`Direct`]: crate::Direct

#![forbid(unsafe_code)]

mod index;
mod number;
#[cfg(feature = "serde")]
mod seed;
#[cfg(feature = "serde")]
mod serialize;
mod value;
mod write;

use core::alloc::Layout;
use core::fmt;

pub use index::Index;
pub use number::Number;
#[cfg(feature = "serde")]
pub use seed::{DEPTH_MAX, Scratch, Seed};
pub use value::{Member, Text, Value};

use crate::arena::Arena;
use crate::error::{AllocError, VerifyError};
use crate::pool::{
    ClassTable, DefaultStrategy, PoolArray, PoolBuilder, PoolStats, RawPool, ReleaseStrategy,
};

/// A unit of the pool: all that a document is made of fits a multiple of it.
type Unit = [u64; 2];

/// The classes of a document's pool, in units of 16 bytes: about one and a half
/// times from one to the next, so that documents, which have arrays of every
/// length, leave little of a slot unused.
#[derive(Debug, Clone, Copy)]
pub struct Classes;

impl ClassTable for Classes {
    const LENGTHS: &'static [u32] = &[2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
}

/// A pool for documents: values, members and the bytes of strings lie side by
/// side in its arena.
///
/// It is a [`RawPool`] of units of 16 bytes, and [`as_raw`](Self::as_raw) has
/// everything that this view leaves out.
pub struct Pool<'m, S: ReleaseStrategy = DefaultStrategy> {
    raw: RawPool<'m, S, Classes>,
}

impl<S: ReleaseStrategy> Pool<'static, S> {
    /// A pool with an arena of its own, on the heap.
    ///
    /// # Panics
    /// If the heap has no room for the pool's books.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self { raw: Self::builder().build() }
    }
}

impl<S: ReleaseStrategy> Default for Pool<'static, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'m, S: ReleaseStrategy> Pool<'m, S> {
    /// A pool in an arena, which may serve others as well.
    ///
    /// # Panics
    /// If there is no memory for the pool's books.
    #[must_use]
    #[track_caller]
    pub fn new_in(arena: &'m Arena<'m>) -> Self {
        Self { raw: Self::builder().build_in(arena) }
    }

    /// The twin of [`new_in`](Self::new_in) that returns an error.
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`] or [`AllocError::OverBudget`].
    pub fn try_new_in(arena: &'m Arena<'m>) -> Result<Self, AllocError> {
        Self::builder().try_build_in(arena).map(Self::from)
    }

    /// Settings of the raw pool behind a `Pool`, which is made
    /// [from](Self::from) it.
    pub fn builder() -> PoolBuilder<'static, RawPool<'m, S, Classes>> {
        RawPool::builder(Layout::new::<Unit>())
    }

    /// A string.
    ///
    /// # Errors
    /// As [`ArrayPool::try_allocate`](crate::ArrayPool::try_allocate).
    pub fn try_text(&self, text: &str) -> Result<Text<'_, S>, AllocError> {
        let bytes = self.raw.try_allocate(text.len())?.write_copy(text.as_bytes());
        Ok(Text::new(bytes))
    }

    /// An array of values, which may be of any depth: dropping it needs stack
    /// for each level.
    ///
    /// # Errors
    /// As [`ArrayPool::try_allocate`](crate::ArrayPool::try_allocate).
    ///
    /// # Panics
    /// If `values` gives fewer than it says.
    pub fn try_array<'p, I>(&'p self, values: I) -> Result<Value<'p, S>, AllocError>
    where
        I: IntoIterator<Item = Value<'p, S>, IntoIter: ExactSizeIterator>,
    {
        self.try_collect(values.into_iter()).map(Value::Array)
    }

    /// An object of members, in their order. Of several members with the same
    /// key, the last one counts.
    ///
    /// # Errors
    /// As [`ArrayPool::try_allocate`](crate::ArrayPool::try_allocate).
    ///
    /// # Panics
    /// If `members` gives fewer than it says.
    pub fn try_object<'p, I>(&'p self, members: I) -> Result<Value<'p, S>, AllocError>
    where
        I: IntoIterator<Item = Member<'p, S>, IntoIter: ExactSizeIterator>,
    {
        self.try_collect(members.into_iter()).map(Value::Object)
    }

    /// Moves all items into an array that is exactly as long.
    fn try_collect<T>(
        &self,
        mut items: impl ExactSizeIterator<Item = T>,
    ) -> Result<PoolArray<'_, T, S, Classes>, AllocError> {
        let array = self.raw.try_allocate(items.len())?;
        Ok(array.write_with(|_| items.next().expect("an iterator is as long as it says")))
    }

    /// Takes every array back at once; memory is kept for the next documents.
    /// (Under [`Direct`](crate::Direct) only if the arena is the pool's own: one
    /// that it borrows is for its owner to reset.)
    ///
    /// Complexity: one step per run. Never panics.
    pub fn reset(&mut self) {
        self.raw.reset();
    }

    /// The pool's balance. Complexity: one step per class. Never panics.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.raw.stats()
    }

    /// Walks every run and every free list and checks that the books add up.
    ///
    /// # Errors
    /// As [`RawPool::verify`].
    pub fn verify(&self) -> Result<PoolStats, VerifyError> {
        self.raw.verify()
    }

    /// The untyped pool behind this one. A unit of it is 16 bytes.
    #[must_use]
    pub fn as_raw(&self) -> &RawPool<'m, S, Classes> {
        &self.raw
    }
}

/// A pool over one that was [built](Pool::builder) with settings.
///
/// # Panics
/// If its units are not aligned for a document, as those of [`Pool::builder`] are.
impl<'m, S: ReleaseStrategy> From<RawPool<'m, S, Classes>> for Pool<'m, S> {
    #[track_caller]
    fn from(raw: RawPool<'m, S, Classes>) -> Self {
        assert!(
            raw.unit_align() >= align_of::<Value<'static, S>>(),
            "a document needs units aligned to {}",
            align_of::<Value<'static, S>>()
        );
        Self { raw }
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Pool<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.raw).finish()
    }
}
