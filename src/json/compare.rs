//! When two values are equal.

#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::node::{Content, Value};
use super::reserve;
use super::value::Object;
use crate::error::AllocError;

/// They mean the same, whatever their documents, and whatever the order of
/// members; of members with the same key, the last one counts. An integer and a
/// float are never equal, as in `serde_json`: `1` is not `1.0`.
///
/// Not recursive: pairs that are still to be compared wait on a heap stack.
///
/// Complexity: linear for small objects whose members are in the same order, else
/// `n log n` in the members of an object.
///
/// # Panics
/// If there is no memory for the stack, or to sort the members of an object.
impl<'t> PartialEq<Value<'t>> for Value<'_> {
    #[track_caller]
    fn eq(&self, other: &Value<'t>) -> bool {
        are_equal(self, other, are_same_leaves).expect("memory for what is to be compared")
    }
}

/// Whether they mean the same, numbers by their value: `1` is `1.0`, as the test
/// of a patch wants it (RFC 6902, section 4.6). What an integer or a float of 64
/// bits is not, it is not equal to; a number kept as text and a float are equal
/// if the float is the nearest one.
///
/// # Errors
/// If there is no memory.
pub(super) fn are_same_values(left: &Value<'_>, right: &Value<'_>) -> Result<bool, AllocError> {
    are_equal(left, right, |left, right| {
        are_same_leaves(left, right) || are_same_numbers(left, right)
    })
}

/// Two values that are still to be compared.
type Pair<'a, 'b, 't, 'u> = (&'a Value<'t>, &'b Value<'u>);

fn are_equal(
    left: &Value<'_>,
    right: &Value<'_>,
    are_leaves: impl Fn(&Content<'_, '_>, &Content<'_, '_>) -> bool,
) -> Result<bool, AllocError> {
    let mut pairs = Vec::new();
    let mut next = Some((left, right));
    while let Some((left, right)) = next {
        let same = match (left.content(), right.content()) {
            (Content::Array(left), Content::Array(right)) => {
                left.len() == right.len()
                    && add(&mut pairs, left.iter().zip(right)).map(|()| true)?
            }
            (Content::Object(_), Content::Object(_)) => {
                match (left.as_object(), right.as_object()) {
                    (Some(left), Some(right)) => pair_members(left, right, &mut pairs)?,
                    _ => false,
                }
            }
            (left, right) => are_leaves(&left, &right),
        };
        if !same {
            return Ok(false);
        }
        next = pairs.pop();
    }
    Ok(true)
}

/// Adds pairs.
fn add<'a, 'b, 't, 'u>(
    pairs: &mut Vec<Pair<'a, 'b, 't, 'u>>,
    more: impl ExactSizeIterator<Item = Pair<'a, 'b, 't, 'u>>,
) -> Result<(), AllocError> {
    reserve(pairs, more.len())?;
    pairs.extend(more);
    Ok(())
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
    pairs: &mut Vec<Pair<'a, 'b, 't, 'u>>,
) -> Result<bool, AllocError> {
    /// With more members, to sort them is less work than to compare each with all.
    const FEW: usize = 16;
    if left.len() <= FEW && left.keys().eq(right.keys()) && !has_twins(left) {
        return add(pairs, left.values().zip(right.values())).map(|()| true);
    }
    let (left, right) = (counting(left)?, counting(right)?);
    if !left.iter().map(|member| member.key).eq(right.iter().map(|member| member.key)) {
        return Ok(false);
    }
    add(pairs, left.iter().zip(&right).map(|(one, other)| (one.value, other.value)))?;
    Ok(true)
}

/// Whether two members have the same key.
///
/// Complexity: quadratic in the members.
fn has_twins(object: Object<'_, '_>) -> bool {
    let mut keys = object.keys().enumerate();
    keys.any(|(at, key)| object.keys().take(at).any(|other| other == key))
}

/// A member that counts.
struct Counting<'a, 't> {
    key: &'a str,
    /// Where it is in the object.
    place: usize,
    value: &'a Value<'t>,
}

/// The last member of each key, in the order of the keys.
fn counting<'a, 't>(object: Object<'a, 't>) -> Result<Vec<Counting<'a, 't>>, AllocError> {
    let mut members = Vec::new();
    reserve(&mut members, object.len())?;
    let all = object.iter().enumerate();
    members.extend(all.map(|(place, (key, value))| Counting { key, place, value }));
    // In place: a sort that keeps the order of equals would ask for memory.
    members.sort_unstable_by(|one, other| one.key.cmp(other.key).then(other.place.cmp(&one.place)));
    members.dedup_by_key(|member| member.key);
    Ok(members)
}

fn are_same_numbers(left: &Content<'_, '_>, right: &Content<'_, '_>) -> bool {
    use Content as Is;
    match (left, right) {
        (Is::Digits(left), Is::Digits(right)) => are_same_decimals(left, right),
        (Is::Digits(text), Is::Float(float)) | (Is::Float(float), Is::Digits(text)) => {
            text.parse() == Ok(*float)
        }
        (Is::Float(float), other) | (other, Is::Float(float)) => {
            #[allow(clippy::cast_possible_truncation, reason = "it is cast back")]
            let integer = *float as i128;
            // A float that is no integer is not what it was cast to.
            integer_of(other) == Some(integer) && integer as f64 == *float
        }
        _ => false,
    }
}

fn integer_of(content: &Content<'_, '_>) -> Option<i128> {
    match *content {
        Content::Unsigned(integer) => Some(integer.into()),
        Content::Negative(integer) => Some(integer.into()),
        _ => None,
    }
}

/// Whether two JSON numbers, of any length, have the same value.
fn are_same_decimals(left: &str, right: &str) -> bool {
    let (Some(left), Some(right)) = (Decimal::of(left), Decimal::of(right)) else { return false };
    let are_zero = left.digits().next().is_none() && right.digits().next().is_none();
    let is_same = left.is_negative == right.is_negative && left.exponent == right.exponent;
    are_zero || (is_same && left.digits().eq(right.digits()))
}

/// A JSON number taken apart: its digits without zeros around them, as a whole
/// number times a power of ten.
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// `None` if the exponent does not fit 62 bits.
    fn of(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse().ok().filter(|e: &i64| e.unsigned_abs() < 1 << 62)?;
        let is_negative = mantissa.starts_with('-');
        let mantissa = mantissa.trim_start_matches('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let kept = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
        let zeros = whole.len() - kept.len();
        // Texts are shorter than 2^32 bytes.
        let places = i64::try_from(zeros).ok()? - i64::try_from(fraction.len()).ok()?;
        Some(Self { is_negative, whole: kept, fraction, exponent: exponent + places })
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).skip_while(|&digit| digit == b'0')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_equal_if_their_values_are() {
        let same = [
            ("1e400", "10E+399"),
            ("-12.50e400", "-125e399"),
            ("100000000000000000000000", "1e23"),
            ("0.001e403", "1e400"),
            ("0e999", "-0.00"),
        ];
        for (left, right) in same {
            assert!(are_same_decimals(left, right) && are_same_decimals(right, left), "{left}");
        }
        for (left, right) in [("1e400", "-1e400"), ("1e400", "1e401"), ("12e400", "120e400")] {
            assert!(!are_same_decimals(left, right), "{left} {right}");
        }
    }
}
