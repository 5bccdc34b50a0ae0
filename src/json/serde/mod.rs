//! What goes by serde: a format into a document, a document out of it, a type out of a value.

#![forbid(unsafe_code)]

mod deserialize;
mod seed;
mod serialize;

use core::fmt;

pub use deserialize::{FromValueError, from_value};
pub use seed::{DEPTH_MAX, Scratch, Seed};

/// Why something is refused for its depth.
struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nested more than {DEPTH_MAX} deep")
    }
}

/// One level more; an error if there are too many then.
fn deeper(levels: u32) -> Result<u32, TooDeep> {
    if levels < DEPTH_MAX { Ok(levels + 1) } else { Err(TooDeep) }
}

/// A number that was kept as text, as serde has it.
enum Kept {
    Unsigned(u128),
    /// Below 0.
    Negative(i128),
    /// The nearest to an integer of more than 128 bits.
    Float(f64),
}

/// Why a number has no place in serde.
struct NoSuchNumber;

impl fmt::Display for NoSuchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("number out of range")
    }
}

impl Kept {
    fn of(text: &str) -> Result<Self, NoSuchNumber> {
        if let Ok(integer) = text.parse() {
            return Ok(Self::Unsigned(integer));
        }
        match text.parse() {
            Ok(integer) => Ok(Self::Negative(integer)),
            Err(_) => nearest(text).map(Self::Float),
        }
    }
}

/// The float next to a number, if there is one.
fn nearest(text: &str) -> Result<f64, NoSuchNumber> {
    text.parse().ok().filter(|float: &f64| float.is_finite()).ok_or(NoSuchNumber)
}
