//! A value into any serde format.

#![forbid(unsafe_code)]

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{Kept, deeper};
use crate::json::node::{Content, Value};
use crate::json::{Document, Number};
use crate::pool::ReleaseStrategy;

/// Recursive, as serde is, and so refused, with an error of the serializer, if more than
/// [`DEPTH_MAX`](crate::json::DEPTH_MAX) arrays and objects are around one another.
/// [`to_string`](crate::json::to_string) and the others that write JSON are not recursive,
/// and have no such bound.
///
/// An integer that was kept as text is an `i128` or `u128`; a format without those refuses
/// it. One of more than 128 bits is the nearest float. A number that no float is near to,
/// such as `1e999`, is an error.
///
/// ```
/// use arraypool::json::{DEPTH_MAX, Options, OutOfRange, Parser, Pool};
///
/// let pool = <Pool>::new();
/// let options = Options::new().keep_big_integers(true).out_of_range(OutOfRange::KeepText);
/// let mut parser = Parser::with_options(options);
/// let kept = parser.parse("[18446744073709551616]", &pool)?;
/// assert_eq!(serde_json::to_string(&kept)?, "[18446744073709551616]");
/// assert!(serde_json::to_value(&kept).is_err());          // it has no integers of 128 bits
///
/// let far = parser.parse("1e999", &pool)?;
/// assert_eq!(serde_json::to_string(&far).unwrap_err().to_string(), "number out of range");
///
/// let text = "[".repeat(1000) + &"]".repeat(1000);
/// let deep = parser.parse(&text, &pool)?;
/// let error = serde_json::to_string(&deep).unwrap_err();
/// assert_eq!(error.to_string(), format!("nested more than {DEPTH_MAX} deep"));
/// assert_eq!(deep.to_string(), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Serialize for Value<'_> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        Nested { value: self, around: 0 }.serialize(serializer)
    }
}

/// A value, and how many arrays and objects are around it.
struct Nested<'a, 't> {
    value: &'a Value<'t>,
    around: u32,
}

impl Serialize for Nested<'_, '_> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self.value.content() {
            Content::Null => serializer.serialize_unit(),
            Content::Bool(value) => serializer.serialize_bool(value),
            Content::Unsigned(integer) => serializer.serialize_u64(integer),
            Content::Negative(integer) => serializer.serialize_i64(integer),
            Content::Float(float) => serializer.serialize_f64(float),
            Content::Digits(text) => match Kept::of(text).map_err(Z::Error::custom)? {
                Kept::Unsigned(integer) => serializer.serialize_u128(integer),
                Kept::Negative(integer) => serializer.serialize_i128(integer),
                Kept::Float(float) => serializer.serialize_f64(float),
            },
            Content::String(text) => serializer.serialize_str(text),
            Content::Array(elements) => {
                let around = deeper(self.around).map_err(Z::Error::custom)?;
                let mut sequence = serializer.serialize_seq(Some(elements.len()))?;
                for value in elements {
                    sequence.serialize_element(&Nested { value, around })?;
                }
                sequence.end()
            }
            Content::Object(nodes) => {
                let around = deeper(self.around).map_err(Z::Error::custom)?;
                let mut map = serializer.serialize_map(Some(nodes.len() / 2))?;
                for (key, value) in self.value.as_object().into_iter().flatten() {
                    map.serialize_entry(key, &Nested { value, around })?;
                }
                map.end()
            }
        }
    }
}

/// As its root.
impl<S: ReleaseStrategy> Serialize for Document<'_, '_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.root().serialize(serializer)
    }
}

impl Serialize for Number {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match (self.as_u64(), self.as_i64()) {
            (Some(integer), _) => serializer.serialize_u64(integer),
            (None, Some(integer)) => serializer.serialize_i64(integer),
            (None, None) => serializer.serialize_f64(self.as_f64()),
        }
    }
}
