//! What a value can be asked, and when two of them are equal.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::slice::ChunksExact;

use super::Number;
use super::node::{Content, Value};

impl<'t> Value<'t> {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.content(), Content::Null)
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        use Content as Is;
        matches!(self.content(), Is::Unsigned(_) | Is::Negative(_) | Is::Float(_) | Is::Digits(_))
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.content(), Content::String(_))
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.content(), Content::Array(_))
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self.content(), Content::Object(_))
    }

    /// The value, if it is `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Content::Bool(value) = self.content() { Some(value) } else { None }
    }

    /// The number, if it is one, and was not kept as text.
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        match self.content() {
            Content::Unsigned(integer) => Some(integer.into()),
            Content::Negative(integer) => Some(integer.into()),
            Content::Float(float) => Number::from_f64(float),
            _ => None,
        }
    }

    /// The text of a number that [`Options`](super::Options) kept as text.
    #[must_use]
    pub fn as_number_text(&self) -> Option<&str> {
        if let Content::Digits(text) = self.content() { Some(text) } else { None }
    }

    /// The number, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.content() {
            Content::Unsigned(integer) => i64::try_from(integer).ok(),
            Content::Negative(integer) => Some(integer),
            _ => None,
        }
    }

    /// The number, if it is an integer that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Content::Unsigned(integer) = self.content() { Some(integer) } else { None }
    }

    /// The number as the nearest float, if it is a number; infinite if it is out
    /// of range and the options let it pass.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.content() {
            Content::Unsigned(integer) => Some(integer as f64),
            Content::Negative(integer) => Some(integer as f64),
            Content::Float(float) => Some(float),
            Content::Digits(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.string_text()
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value<'t>]> {
        if let Content::Array(elements) = self.content() { Some(elements) } else { None }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<Object<'_, 't>> {
        if let Content::Object(nodes) = self.content() { Some(Object { nodes }) } else { None }
    }
}

/// The members of an object, in the order of the text.
#[derive(Clone, Copy)]
pub struct Object<'a, 't> {
    /// Key, value, key, value.
    nodes: &'a [Value<'t>],
}

impl<'a, 't> Object<'a, 't> {
    /// The number of members, those with the same key counted each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len() / 2
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The value of the last member with that key.
    ///
    /// Complexity: linear in the number of members.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.iter().rev().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// The members: keys and values.
    #[must_use]
    pub fn iter(&self) -> Members<'a, 't> {
        Members { members: self.nodes.chunks_exact(2) }
    }

    /// The keys.
    pub fn keys(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator + use<'a, 't> {
        self.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'a Value<'t>> + ExactSizeIterator + use<'a, 't> {
        self.iter().map(|(_, value)| value)
    }
}

impl<'a, 't> IntoIterator for Object<'a, 't> {
    type Item = (&'a str, &'a Value<'t>);
    type IntoIter = Members<'a, 't>;

    fn into_iter(self) -> Members<'a, 't> {
        self.iter()
    }
}

impl fmt::Debug for Object<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The members of an object. From [`Object::iter`].
#[derive(Clone)]
pub struct Members<'a, 't> {
    members: ChunksExact<'a, Value<'t>>,
}

fn member<'a, 't>(nodes: &'a [Value<'t>]) -> Option<(&'a str, &'a Value<'t>)> {
    // A key always is a string.
    if let [key, value] = nodes {
        Some((key.string_text().unwrap_or_default(), value))
    } else {
        None
    }
}

impl<'a, 't> Iterator for Members<'a, 't> {
    type Item = (&'a str, &'a Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        member(self.members.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl DoubleEndedIterator for Members<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        member(self.members.next_back()?)
    }
}

impl ExactSizeIterator for Members<'_, '_> {}
impl FusedIterator for Members<'_, '_> {}

impl fmt::Debug for Members<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// They mean the same, whatever their documents, and whatever the order of
/// members; of members with the same key, the last one counts. An integer and a
/// float are never equal, as in `serde_json`: `1` is not `1.0`.
///
/// Not recursive: pairs that are still to be compared wait on a heap stack.
///
/// Complexity: linear for objects whose members are in the same order, else
/// quadratic in the members of an object.
///
/// # Panics
/// If there is no memory for the stack.
impl<'t> PartialEq<Value<'t>> for Value<'_> {
    fn eq(&self, other: &Value<'t>) -> bool {
        let mut pairs = Vec::new();
        let mut next = Some((self, other));
        while let Some((left, right)) = next {
            let same = match (left.content(), right.content()) {
                (Content::Array(left), Content::Array(right)) => {
                    pairs.extend(left.iter().zip(right));
                    left.len() == right.len()
                }
                (Content::Object(left), Content::Object(right)) => {
                    pair_members(Object { nodes: left }, Object { nodes: right }, &mut pairs)
                }
                (left, right) => are_same_leaves(&left, &right),
            };
            if !same {
                return false;
            }
            next = pairs.pop();
        }
        true
    }
}

fn are_same_leaves(left: &Content<'_, '_>, right: &Content<'_, '_>) -> bool {
    use Content as Is;
    match (left, right) {
        (Is::Null, Is::Null) => true,
        (Is::Bool(left), Is::Bool(right)) => left == right,
        (Is::Unsigned(left), Is::Unsigned(right)) => left == right,
        (Is::Negative(left), Is::Negative(right)) => left == right,
        (Is::Float(left), Is::Float(right)) => left == right,
        (Is::Digits(left), Is::Digits(right)) | (Is::String(left), Is::String(right)) => {
            left == right
        }
        _ => false,
    }
}

/// Adds the values of members with the same keys; false if the keys differ.
fn pair_members<'a, 'b, 't, 'u>(
    left: Object<'a, 't>,
    right: Object<'b, 'u>,
    pairs: &mut Vec<(&'a Value<'t>, &'b Value<'u>)>,
) -> bool {
    if left.len() == right.len() && left.keys().eq(right.keys()) && !has_twins(left) {
        pairs.extend(left.values().zip(right.values()));
        return true;
    }
    for (key, value) in left {
        let counts = left.get(key).is_some_and(|last| core::ptr::eq(last, value));
        match right.get(key) {
            Some(other) if counts => pairs.push((value, other)),
            Some(_) => {}
            None => return false,
        }
    }
    right.keys().all(|key| left.get(key).is_some())
}

/// Whether a key may stand in the object twice.
fn has_twins(object: Object<'_, '_>) -> bool {
    /// Larger objects are asked in the other way, which is right for all.
    const FEW: usize = 16;
    let mut keys = object.keys().enumerate();
    object.len() > FEW || keys.any(|(at, key)| object.keys().take(at).any(|other| other == key))
}

/// As Rust would print it: `{"a": [1, null]}`, which happens to be JSON with spaces.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
