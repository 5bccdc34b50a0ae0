//! A value into any serde format.

#![forbid(unsafe_code)]

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::json::node::{Content, Value};
use crate::json::{Document, Number};
use crate::pool::ReleaseStrategy;

/// As recursive as serde: a document as deep as the parser allows needs stack in
/// proportion. A number that was kept as text is written as the nearest float.
impl Serialize for Value<'_> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self.content() {
            Content::Null => serializer.serialize_unit(),
            Content::Bool(value) => serializer.serialize_bool(value),
            Content::Unsigned(integer) => serializer.serialize_u64(integer),
            Content::Negative(integer) => serializer.serialize_i64(integer),
            Content::Float(float) => serializer.serialize_f64(float),
            Content::Digits(_) => serializer.serialize_f64(self.as_f64().unwrap_or(f64::NAN)),
            Content::String(text) => serializer.serialize_str(text),
            Content::Array(elements) => {
                let mut sequence = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    sequence.serialize_element(element)?;
                }
                sequence.end()
            }
            Content::Object(nodes) => {
                let mut map = serializer.serialize_map(Some(nodes.len() / 2))?;
                for (key, value) in self.as_object().into_iter().flatten() {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

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
