//! The tree: a value, its members and its strings, all in pooled arrays.

#![forbid(unsafe_code)]

use core::fmt;
use core::str;

use super::{Classes, Number};
use crate::pool::{DefaultStrategy, PoolArray, ReleaseStrategy};

/// A JSON value.
///
/// Dropping it gives every array of its tree back. That is recursive: a tree
/// needs stack in proportion to its depth, which `Seed` bounds.
///
/// Two values are equal if they mean the same, whatever pools they come from and
/// whatever the order of members.
pub enum Value<'p, S: ReleaseStrategy = DefaultStrategy> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Text<'p, S>),
    /// An array of values.
    Array(PoolArray<'p, Value<'p, S>, S, Classes>),
    /// An object: members in the order of the text.
    Object(PoolArray<'p, Member<'p, S>, S, Classes>),
}

/// A key and a value of an object.
pub struct Member<'p, S: ReleaseStrategy = DefaultStrategy> {
    key: Text<'p, S>,
    value: Value<'p, S>,
}

/// A string in a pooled array of bytes.
pub struct Text<'p, S: ReleaseStrategy = DefaultStrategy> {
    /// Copied from a `str`, and never changed.
    bytes: PoolArray<'p, u8, S, Classes>,
}

impl<'p, S: ReleaseStrategy> Text<'p, S> {
    /// The text in `bytes`, which were copied from a `str`.
    pub(super) fn new(bytes: PoolArray<'p, u8, S, Classes>) -> Self {
        Self { bytes }
    }

    /// The bytes, in UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text. Complexity: linear, for bytes are checked on every call.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Never the default: the bytes were those of a `str`.
        str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

impl<'p, S: ReleaseStrategy> Member<'p, S> {
    /// A member.
    #[must_use]
    pub fn new(key: Text<'p, S>, value: Value<'p, S>) -> Self {
        Self { key, value }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &Text<'p, S> {
        &self.key
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value<'p, S> {
        &self.value
    }

    /// Key and value, by value.
    #[must_use]
    pub fn into_parts(self) -> (Text<'p, S>, Value<'p, S>) {
        (self.key, self.value)
    }
}

impl<'p, S: ReleaseStrategy> Value<'p, S> {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, if it is `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The number, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The number, if it is an integer that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The number as a float, if it is a number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// The text, if it is a string. Complexity: as [`Text::as_str`].
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text.as_str()) } else { None }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member<'p, S>]> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }
}

impl<S: ReleaseStrategy> From<bool> for Value<'_, S> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<S: ReleaseStrategy> From<u64> for Value<'_, S> {
    fn from(integer: u64) -> Self {
        Self::Number(integer.into())
    }
}

impl<S: ReleaseStrategy> From<i64> for Value<'_, S> {
    fn from(integer: i64) -> Self {
        Self::Number(integer.into())
    }
}

/// `null` for infinities and NaN, which JSON does not have.
impl<S: ReleaseStrategy> From<f64> for Value<'_, S> {
    fn from(float: f64) -> Self {
        Number::from_f64(float).map_or(Self::Null, Self::Number)
    }
}

impl<'p, S: ReleaseStrategy> From<Text<'p, S>> for Value<'p, S> {
    fn from(text: Text<'p, S>) -> Self {
        Self::String(text)
    }
}

/// Complexity: quadratic in the members of an object whose order differs.
impl<'q, S: ReleaseStrategy, R: ReleaseStrategy> PartialEq<Value<'q, R>> for Value<'_, S> {
    fn eq(&self, other: &Value<'q, R>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(left), Value::Bool(right)) => left == right,
            (Self::Number(left), Value::Number(right)) => left == right,
            (Self::String(left), Value::String(right)) => left == right,
            (Self::Array(left), Value::Array(right)) => left == right,
            (Self::Object(left), Value::Object(right)) => {
                are_same_members(left, right) && has_keys_of(left, right)
            }
            _ => false,
        }
    }
}

impl<'q, S: ReleaseStrategy, R: ReleaseStrategy> PartialEq<Text<'q, R>> for Text<'_, S> {
    fn eq(&self, other: &Text<'q, R>) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// The last member with that key, the one that counts.
fn last<'a, 'p, S: ReleaseStrategy>(
    members: &'a [Member<'p, S>],
    key: &[u8],
) -> Option<&'a Value<'p, S>> {
    members.iter().rev().find(|member| member.key.as_bytes() == key).map(|member| &member.value)
}

/// Whether every member that counts in `left` is the same in `right`.
fn are_same_members<S: ReleaseStrategy, R: ReleaseStrategy>(
    left: &[Member<'_, S>],
    right: &[Member<'_, R>],
) -> bool {
    left.iter().all(|member| {
        let key = member.key.as_bytes();
        let counts =
            last(left, key).is_some_and(|value| core::ptr::eq(value, &raw const member.value));
        !counts || last(right, key).is_some_and(|value| member.value == *value)
    })
}

/// Whether every key of `right` is one of `left`.
fn has_keys_of<S: ReleaseStrategy, R: ReleaseStrategy>(
    left: &[Member<'_, S>],
    right: &[Member<'_, R>],
) -> bool {
    right.iter().all(|member| last(left, member.key.as_bytes()).is_some())
}

impl<S: ReleaseStrategy> fmt::Debug for Value<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write!(f, "String({text:?})"),
            Self::Array(array) => {
                f.write_str("Array ")?;
                array.fmt(f)
            }
            Self::Object(object) => {
                f.write_str("Object ")?;
                f.debug_map()
                    .entries(object.iter().map(|member| (&member.key, &member.value)))
                    .finish()
            }
        }
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Member<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.key, self.value)
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Text<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
