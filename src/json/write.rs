//! A value as compact JSON text.

#![forbid(unsafe_code)]

use core::fmt::{self, Write as _};

use super::value::{Text, Value};
use crate::pool::ReleaseStrategy;

/// Writes the value as JSON, without any white space.
impl<S: ReleaseStrategy> fmt::Display for Value<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => f.write_str(if *value { "true" } else { "false" }),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => quote(text, f),
            Self::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    f.write_char(if index == 0 { '[' } else { ',' })?;
                    write!(f, "{value}")?;
                }
                f.write_str(if array.is_empty() { "[]" } else { "]" })
            }
            Self::Object(object) => {
                for (index, member) in object.iter().enumerate() {
                    f.write_char(if index == 0 { '{' } else { ',' })?;
                    quote(member.key(), f)?;
                    write!(f, ":{}", member.value())?;
                }
                f.write_str(if object.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

/// Writes the text itself, without quotes or escapes.
impl<S: ReleaseStrategy> fmt::Display for Text<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// Writes a string in quotes, escaped where JSON demands it.
fn quote<S: ReleaseStrategy>(text: &Text<'_, S>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let text = text.as_str();
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        // An escaped character is one byte long, so both ends are boundaries.
        f.write_str(&text[plain..index])?;
        plain = index + 1;
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            0x08 => f.write_str("\\b")?,
            0x0c => f.write_str("\\f")?,
            control => write!(f, "\\u{control:04x}")?,
        }
    }
    f.write_str(&text[plain..])?;
    f.write_char('"')
}
