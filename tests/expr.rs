//! What the expressions promise.

#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[path = "expr/batch.rs"]
mod batch;
#[path = "expr/bounds.rs"]
mod bounds;
#[path = "expr/errors.rs"]
mod errors;
#[path = "support/forever.rs"]
mod forever;
#[path = "expr/functions.rs"]
mod functions;
#[path = "expr/language.rs"]
mod language;
#[path = "expr/naive.rs"]
mod naive;
#[path = "expr/operators.rs"]
mod operators;
#[path = "expr/phases.rs"]
mod phases;
#[path = "expr/random.rs"]
mod random;
#[path = "expr/table.rs"]
mod table;
#[path = "expr/unwinding.rs"]
mod unwinding;
