//! The arena's public behaviour: growth, alignment, the `alloc` family, reset.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

#[path = "arena/budget.rs"]
mod budget;
#[path = "arena/buffer.rs"]
mod buffer;
#[path = "arena/family.rs"]
mod family;
#[path = "arena/growth.rs"]
mod growth;
#[path = "arena/text.rs"]
mod text;
#[path = "arena/unwinding.rs"]
mod unwinding;
