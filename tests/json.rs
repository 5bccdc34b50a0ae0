//! JSON documents: the grammar, the tree, editing, other formats, and what goes back to the pool.

#![cfg(feature = "serde")]
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[macro_use]
#[path = "support/strategies.rs"]
mod strategies;

#[path = "json/bounds.rs"]
mod bounds;
#[path = "json/compare.rs"]
mod compare;
#[path = "json/conformance.rs"]
mod conformance;
#[path = "json/edges.rs"]
mod edges;
#[path = "json/edit.rs"]
mod edit;
#[path = "json/failure.rs"]
mod failure;
#[path = "support/forever.rs"]
mod forever;
#[path = "json/grammar.rs"]
mod grammar;
#[path = "json/help.rs"]
mod help;
#[path = "json/limits.rs"]
mod limits;
#[path = "json/lines.rs"]
mod lines;
#[path = "json/mutation.rs"]
mod mutation;
#[path = "json/numbers.rs"]
mod numbers;
#[path = "json/seed.rs"]
mod seed;
#[path = "json/soak.rs"]
mod soak;
#[path = "json/tree.rs"]
mod tree;
