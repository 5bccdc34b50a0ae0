//! The pool's public behaviour: one body for every strategy, class table and memory.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

#[path = "pool/corruption.rs"]
mod corruption;
#[path = "pool/drops.rs"]
mod drops;
#[path = "pool/handles.rs"]
mod handles;
#[path = "pool/lengths.rs"]
mod lengths;
#[path = "pool/limits.rs"]
mod limits;
#[path = "pool/raw.rs"]
mod raw;
#[path = "pool/returns.rs"]
mod returns;
#[cfg(feature = "serde")]
#[path = "pool/serialized.rs"]
mod serialized;
#[path = "pool/several.rs"]
mod several;
#[path = "pool/within.rs"]
mod within;
