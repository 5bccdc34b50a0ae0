//! A JSON document in pooled arrays: read, looked at, edited, written, dropped piece by piece.
//!
//! Words of this module: a **document** is a tree of [`Value`]s, nodes of 16
//! bytes; the children of a container, and each string that cannot be borrowed
//! from the text, are one array of a [`Pool`], exactly as long as needed. A
//! document that is dropped gives all its arrays back, in any order, while
//! others of the pool live on; under [`Direct`] nothing goes back before the
//! pool is reset.
//!
//! Names are those of `serde_json`, where it has the same thing.
//!
//! ```
//! use arraypool::json::{self, Pool};
//!
//! let pool = <Pool>::new();
//! let document = json::parse(r#"{ "list": [1, 2.5, "\u00e9"] }"#, &pool)?;
//!
//! assert_eq!(document["list"][1].as_f64(), Some(2.5));
//! assert_eq!(document.pointer("/list/2").and_then(|value| value.as_str()), Some("é"));
//! assert_eq!(document.to_string(), r#"{"list":[1,2.5,"é"]}"#);
//! assert_eq!(pool.stats().live, 3);   // the object, the list, and "é"
//! drop(document);
//! # let live = pool.stats().live;
//! # assert!(live == 0);
//! # Ok::<(), json::Error>(())
//! ```
//!
//! # How it is built
//!
//! | | |
//! |---|---|
//! | `scan/` | a text, byte by byte and 16 bytes at once |
//! | `node/` | a node, and trees put together, edited and taken apart |
//! | `parse/` | the rules: a loop over values, strings, numbers |
//! | `float` | digits to the nearest float |
//!
//! Only the first two hold `unsafe`. Only the serde part is recursive: `Seed`, `Serialize`
//! and `from_value` refuse what is nested more than 128 deep.
//!
//! [`Direct`]: crate::Direct

mod compare;
mod document;
mod edit;
mod error;
mod float;
mod index;
mod node;
mod number;
mod parse;
mod scan;
#[cfg(feature = "serde")]
mod serde;
mod value;
mod write;

use alloc::vec::Vec;
use core::alloc::Layout;
use core::fmt;

pub use document::Document;
pub use edit::{EditError, PatchError, Put, ValueMut};
pub use error::{Error, ErrorKind};
pub use index::Index;
pub use node::Value;
pub use number::Number;
pub use parse::{Documents, Lines, Options, OutOfRange, Parser, parse};
#[cfg(feature = "serde")]
pub use serde::{DEPTH_MAX, FromValueError, Scratch, Seed, from_value};
pub use value::{Members, Object};
#[cfg(feature = "std")]
pub use write::to_writer;
pub use write::{Style, to_string, to_string_pretty};

use crate::arena::Arena;
use crate::error::{AllocError, VerifyError};
use crate::pool::{
    ClassTable, DefaultStrategy, PoolBuilder, PoolStats, RawPool, ReleaseStrategy, views_raw_pool,
};

/// Makes room in a list, or says that there is none.
fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<(), AllocError> {
    let requested = list.len().saturating_add(more).saturating_mul(size_of::<T>());
    list.try_reserve(more).map_err(|_| AllocError::OutOfMemory { requested })
}

/// Pushes, or says that there is no memory.
fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), AllocError> {
    reserve(list, 1)?;
    list.push(item);
    Ok(())
}

/// A unit of the pool: all that a document is made of fits a multiple of it.
type Unit = [u64; 2];

/// The classes of a document's pool, in units of 16 bytes: about one and a half
/// times from one to the next, so that documents, which have arrays of every
/// length, leave little of a slot unused.
///
/// ```
/// use arraypool::{ClassTable, json::Classes};
///
/// assert_eq!(Classes::LENGTHS[..4], [2, 4, 6, 8]);
/// ```
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
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let first = json::parse("[1]", &pool)?;
/// let second = json::parse("[2]", &pool)?;
/// drop(first);                                    // in any order
/// assert_eq!(second[0].as_i64(), Some(2));
/// # Ok::<(), json::Error>(())
/// ```
pub struct Pool<'m, S: ReleaseStrategy = DefaultStrategy> {
    raw: RawPool<'m, S, Classes>,
}

impl<S: ReleaseStrategy> Pool<'static, S> {
    /// A pool with an arena of its own, on the heap.
    ///
    /// ```
    /// let pool = <arraypool::json::Pool>::new();
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    ///
    /// # Panics
    /// If the heap has no room for the pool's bookkeeping.
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
    /// ```
    /// use arraypool::{Arena, json};
    ///
    /// let arena = Arena::new();
    /// let pool = <json::Pool>::new_in(&arena);
    /// assert_eq!(json::parse("[1]", &pool)?[0].as_i64(), Some(1));
    /// # Ok::<(), json::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there is no memory for the pool's bookkeeping.
    #[must_use]
    #[track_caller]
    pub fn new_in(arena: &'m Arena<'m>) -> Self {
        Self { raw: Self::builder().build_in(arena) }
    }

    /// The twin of [`new_in`](Self::new_in) that returns an error.
    ///
    /// ```
    /// use arraypool::{Arena, Budget, json::Pool};
    ///
    /// let budget = Budget::new(100);
    /// let arena = Arena::builder().budget(&budget).build();
    /// assert!(<Pool>::try_new_in(&arena).is_err());
    /// ```
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`] or [`AllocError::OverBudget`].
    pub fn try_new_in(arena: &'m Arena<'m>) -> Result<Self, AllocError> {
        Self::builder().try_build_in(arena).map(Self::from)
    }

    /// Settings of the raw pool behind a `Pool`, which is made
    /// [from](Self::from) it.
    ///
    /// ```
    /// use arraypool::json::Pool;
    ///
    /// let pool: Pool = Pool::from(Pool::builder().max_runs(64).build());
    /// assert_eq!(pool.stats().live, 0);
    /// ```
    pub fn builder() -> PoolBuilder<'static, RawPool<'m, S, Classes>> {
        RawPool::builder(Layout::new::<Unit>())
    }

    views_raw_pool!(Classes, "pool = <arraypool::json::Pool>::new();");
}

/// A pool over one that was [built](Pool::builder) with settings.
///
/// # Panics
/// If its units are not as large and as aligned as a node, as those of [`Pool::builder`] are.
impl<'m, S: ReleaseStrategy> From<RawPool<'m, S, Classes>> for Pool<'m, S> {
    #[track_caller]
    fn from(raw: RawPool<'m, S, Classes>) -> Self {
        assert!(
            raw.unit_align() >= align_of::<Value<'static>>()
                && raw.unit_size() == size_of::<Unit>(),
            "a document needs units of a node's size, aligned for it"
        );
        Self { raw }
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Pool<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.raw).finish()
    }
}
