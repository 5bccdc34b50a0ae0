//! What goes by serde: a format into a document, a document out of it, a type out of a value.

#![forbid(unsafe_code)]

mod deserialize;
mod seed;
mod serialize;

pub use deserialize::{FromValueError, from_value};
pub use seed::{DEPTH_MAX, Scratch, Seed};
