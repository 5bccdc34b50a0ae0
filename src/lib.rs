//! Arrays of a size class, taken from an arena, given back one by one.
//!
//! A wrong release is an error value, in release builds too: a second, foreign, interior
//! or stale one, or one of a slot whose bookkeeping was overwritten. What no strategy can
//! see is listed in [COMPARISON.md], which also says which strategy to choose and what each
//! costs. The same code runs in a static buffer on a microcontroller and on a server.
//!
//! ```
//! use arraypool::{ArrayPool, ReleaseError};
//!
//! let pool = ArrayPool::<u32>::new();
//! let squares = pool.allocate_with(12, |i| (i * i) as u32);   // exactly 12, in a slot of 16
//! assert_eq!(squares[3], 9);
//! drop(squares);                                              // its slot is free again
//!
//! let raw = pool.allocate_copy(&[1, 2, 3]).into_raw();        // managed manually, as across FFI
//! // Nobody uses the array afterwards: that is all that these ask for.
//! let first = unsafe { pool.release_raw(raw) };
//! let second = unsafe { pool.release_raw(raw) };
//! assert_eq!(first, Ok(()));
//! assert!(matches!(second, Err(ReleaseError::AlreadyReleased { .. })));
//! ```
//!
//! New here? The [guided tour](crate::tour) shows everything once.
//!
//! # Reading order
//!
//! Modules form layers; code uses only the layers below its own.
//!
//! 1. [`Arena`]: chunks filled from one end, from the heap, a buffer or a source
//!    of yours, under a [`Budget`]; scopes that rewind ([`Arena::scope`]), an arena
//!    per phase of a compiler ([`Phases`]), strings stored once ([`Interner`]).
//! 2. [`ArrayPool`] and [`PoolArray`]: arrays in slots of a [class](ClassTable);
//!    [`PoolVec`], which grows through the classes; [`RawPool`], the untyped pool
//!    behind them; [`ReleaseStrategy`], the trait with [`Direct`], `Metadata` and
//!    [`Tagged`] behind it; [`Checks`], diagnostics that name the culprit ([`Report`]);
//!    [`Returns`], the way home for arrays that interrupts hold.
//! 3. `shared`: one pool, many threads; reusable arenas, one per worker.
//! 4. [`json`]: documents in pooled arrays, read in one pass, edited, written.
//! 5. [`expr`]: expressions, compiled once, evaluated every millisecond.
//! 6. `capi`: all of these from C ([docs/C.md]).
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `std` | yes | the standard library; implies `alloc` |
//! | `alloc` | yes | a heap: arenas that grow, and `Metadata` |
//! | `json` | yes | a JSON document in pooled arrays; implies `alloc` |
//! | `expr` | yes | expressions; `no_std` with `libm` |
//! | `diagnostics` | yes | pools that can be asked to watch for mistakes |
//! | `serde` | | any serde format into a pooled JSON tree and back; arrays are `Serialize` |
//! | `allocator-api2` | | collections of others in an arena, and an arena in an allocator |
//! | `shared` | | one pool, many threads |
//! | `capi` | | the C interface; `capi-core` is the part that needs no heap |
//! | `tagged` | | [`DefaultStrategy`] is [`Tagged`] instead of `Metadata` |
//! | `portable-atomic` | | targets without compare-and-swap: a Cortex-M0, a RISC-V core without `A` |
//!
//! Without default features the crate is `no_std` and needs no allocator at all:
//! arenas in buffers, [`Tagged`] and [`Direct`].
//!
//! [COMPARISON.md]: https://github.com/arraypool/arraypool/blob/main/COMPARISON.md
//! [docs/C.md]: https://github.com/arraypool/arraypool/blob/main/docs/C.md

#![no_std]
// Badges for what a feature opens, where docs.rs builds.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(not(any(target_has_atomic = "ptr", feature = "portable-atomic")))]
compile_error!(
    "this target has no compare-and-swap of pointers: turn on arraypool's feature `portable-atomic`"
);

mod arena;
mod error;
mod pool;
mod random;
mod sync;
mod unwind;

#[cfg(feature = "capi-core")]
pub mod capi;
#[cfg(feature = "expr")]
pub mod expr;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "shared")]
pub mod shared;

#[cfg(feature = "allocator-api2")]
pub use arena::AllocatorSource;
#[cfg(feature = "alloc")]
pub use arena::FailingSource;
pub use arena::{
    Arena, ArenaBuilder, ArenaEvent, ArenaRef, ArenaStats, Budget, Buffer, Checkpoint, ChunkSource,
    ChunkStats, Interner, LocalArena, MemoryStats, Phase, PhaseError, Phases, Symbol,
};
pub use error::{AllocError, ReleaseError, RewindError, Stale, VerifyError};
#[cfg(feature = "alloc")]
pub use pool::Metadata;
pub use pool::{
    ArrayPool, BuildPool, Caller, Checks, ClassStats, ClassTable, DefaultClasses, DefaultStrategy,
    Direct, Drain, ExtractIf, History, IntoIter, Lent, Located, PoolArray, PoolBuilder, PoolStats,
    PoolVec, Problem, RawArray, RawPool, ReleaseStrategy, ReleasedBy, Report, Returns,
    RuntimeClasses, SlotState, Tagged, UnknownCheck,
};

#[cfg(any(doc, doctest))]
pub mod tour;

/// The README's examples, run as tests.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide's examples, run as tests.
#[cfg(all(doctest, feature = "std", feature = "allocator-api2"))]
#[doc = include_str!("../docs/MEMORY.md")]
struct Memory;

/// What replaces what, with examples that run as tests.
#[cfg(all(doctest, feature = "std", feature = "expr"))]
#[doc = include_str!("../docs/MIGRATING.md")]
struct Migrating;

/// The language's examples, run as tests.
#[cfg(all(doctest, feature = "std", feature = "expr"))]
#[doc = include_str!("../docs/EXPRESSIONS.md")]
struct Expressions;

/// The guide's example, run as a test.
#[cfg(all(doctest, feature = "std", feature = "serde"))]
#[doc = include_str!("../docs/JSON.md")]
struct Json;

/// The page's examples, run as tests.
#[cfg(all(doctest, feature = "shared"))]
#[doc = include_str!("../docs/THREADS.md")]
struct Threads;

/// The guide's examples, run as tests.
#[cfg(all(doctest, feature = "std", feature = "diagnostics"))]
#[doc = include_str!("../docs/DIAGNOSTICS.md")]
struct Diagnostics;

/// What the crate's own benchmarks need to measure an unchecked floor. Not for
/// users, and not part of the interface.
#[doc(hidden)]
pub mod __seam {
    pub use crate::pool::{Broken, Cut, Issued, Place, Record, Run, Sealed, Tenure};
}
