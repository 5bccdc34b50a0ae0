//! A value into any serde format.

#![forbid(unsafe_code)]

use serde::{Serialize, Serializer};

use super::Number;
use super::value::{Text, Value};
use crate::pool::ReleaseStrategy;

impl<S: ReleaseStrategy> Serialize for Value<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => text.serialize(serializer),
            Self::Array(array) => serializer.collect_seq(array),
            Self::Object(object) => {
                serializer.collect_map(object.iter().map(|member| (member.key(), member.value())))
            }
        }
    }
}

impl<S: ReleaseStrategy> Serialize for Text<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Number {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        (*self).serialize_as_is(serializer)
    }
}
