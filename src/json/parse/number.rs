//! Numbers, converted while they are read.

#![forbid(unsafe_code)]

use super::machine::expected;
use super::{Options, OutOfRange};
use crate::json::error::{ErrorKind, Fault};
use crate::json::float;
use crate::json::node::{Scalar, Value};
use crate::json::scan::{Cursor, Decimal};

/// Reads a plain number, of which a minus sign or a digit is next: its kind and
/// its bits. `None`, and the cursor is anywhere, if it is not plain.
///
/// (A pair of words stays in registers, where a `Result` of a node would not.)
#[inline(always)]
pub(super) fn plain<const SENTINEL: bool>(
    cursor: &mut Cursor<'_, '_, SENTINEL>,
) -> Option<(Scalar, u64)> {
    let is_negative = cursor.eat(b'-');
    let Decimal { value, places } = cursor.decimal()?;
    if places > 0 {
        let float = float::nearest(value, -(places as i32))?;
        return Some((Scalar::Float, float.to_bits() | u64::from(is_negative) << 63));
    }
    if is_negative { None } else { Some((Scalar::Unsigned, value)) }
}

/// Reads any number, of which a minus sign or a digit is next; returns the place
/// behind it.
#[inline(never)]
pub(super) fn any<'c, 't, const SENTINEL: bool>(
    start: Cursor<'c, 't, SENTINEL>,
    options: &Options,
) -> Result<(Value<'t>, Cursor<'c, 't, SENTINEL>), Fault> {
    let mut cursor = start;
    let is_negative = cursor.eat(b'-');
    let leads_with_zero = cursor.peek() == b'0';
    let (integer, count) = cursor.digits(0);
    if count == 0 || (leads_with_zero && count > 1) {
        return Err(invalid(cursor, count));
    }
    let next = cursor.peek();
    if next != b'.' && next | 0x20 != b'e' {
        let node = match signed(integer, is_negative, count) {
            Some(node) => node,
            None => large_integer(start, cursor, options)?,
        };
        return Ok((node, cursor));
    }
    let (mut digits, mut total, mut exponent) = (integer, count, 0);
    if cursor.eat(b'.') {
        let (appended, count) = cursor.digits(digits);
        if count == 0 {
            return Err(invalid(cursor, 0));
        }
        digits = appended;
        total += count;
        // A text is at most 4 GiB long.
        exponent = -(count as i64);
    }
    if cursor.peek() | 0x20 == b'e' {
        exponent += read_exponent(&mut cursor)?;
    }
    if total <= Decimal::DIGITS {
        if let Some(float) = i32::try_from(exponent).ok().and_then(|e| float::nearest(digits, e)) {
            let sign = u64::from(is_negative) << 63;
            return Ok((Value::float(f64::from_bits(float.to_bits() | sign)), cursor));
        }
    }
    Ok((hard(start, cursor, options)?, cursor))
}

/// An integer of up to 19 digits, if it is one that 64 bits hold.
fn signed<'t>(integer: u64, is_negative: bool, count: usize) -> Option<Value<'t>> {
    if count > Decimal::DIGITS {
        return None;
    }
    if !is_negative {
        return Some(Value::unsigned(integer));
    }
    match 0_i64.checked_sub_unsigned(integer) {
        // As `serde_json` reads it, for an integer has no sign of zero.
        Some(0) => Some(Value::float(-0.0)),
        integer => integer.map(Value::signed),
    }
}

/// Reads `e`, a sign and digits. What does not fit is far out of range, but
/// not so far that another exponent could overflow when it is added.
#[inline]
fn read_exponent<const SENTINEL: bool>(
    cursor: &mut Cursor<'_, '_, SENTINEL>,
) -> Result<i64, Fault> {
    /// Digits of an exponent that are taken at their word.
    const DIGITS: usize = 12;
    let _ = cursor.eat(b'e') || cursor.eat(b'E');
    let is_negative = cursor.eat(b'-');
    if !is_negative {
        cursor.eat(b'+');
    }
    let mut zeros = *cursor;
    while zeros.eat(b'0') {}
    let leading = zeros.since(*cursor).len();
    let (value, count) = cursor.digits(0);
    if count == 0 {
        return Err(invalid(*cursor, 0));
    }
    let fits = count <= leading + DIGITS;
    let value = if fits { i64::try_from(value).unwrap_or(i64::MAX >> 2) } else { i64::MAX >> 2 };
    Ok(if is_negative { -value } else { value })
}

/// The fault of a number that stops being one: here, or, if it has digits, at
/// the digit that a leading zero forbids.
#[cold]
#[inline(never)]
fn invalid<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>, count: usize) -> Fault {
    let mut fault = expected(cursor.without_sentinel(), ErrorKind::InvalidNumber);
    if count > 0 {
        fault.kind = ErrorKind::InvalidNumber;
        fault.offset = cursor.offset() - count + 1;
    }
    fault
}

/// An integer of more than 19 digits, or below the least of 64 bits.
#[cold]
#[inline(never)]
fn large_integer<'t, const SENTINEL: bool>(
    start: Cursor<'_, 't, SENTINEL>,
    end: Cursor<'_, 't, SENTINEL>,
    options: &Options,
) -> Result<Value<'t>, Fault> {
    let text = text_of(start, end);
    if let Ok(integer) = text.parse::<u64>() {
        return Ok(Value::unsigned(integer));
    }
    if options.keeps_big_integers {
        return kept(start, text);
    }
    hard(start, end, options)
}

/// A number that the fast way leaves undecided, by the standard library.
#[cold]
#[inline(never)]
fn hard<'t, const SENTINEL: bool>(
    start: Cursor<'_, 't, SENTINEL>,
    end: Cursor<'_, 't, SENTINEL>,
    options: &Options,
) -> Result<Value<'t>, Fault> {
    let text = text_of(start, end);
    let float = text.parse::<f64>().unwrap_or(f64::NAN);
    match options.out_of_range {
        _ if float.is_finite() => Ok(Value::float(float)),
        OutOfRange::Refuse => {
            Err(Fault { kind: ErrorKind::NumberOutOfRange, offset: start.offset() })
        }
        OutOfRange::Infinity => Ok(Value::float(float)),
        OutOfRange::KeepText => kept(start, text),
    }
}

fn kept<'t, const SENTINEL: bool>(
    start: Cursor<'_, 't, SENTINEL>,
    text: &'t str,
) -> Result<Value<'t>, Fault> {
    Value::digits(text).ok_or(Fault { kind: ErrorKind::TextTooLong, offset: start.offset() })
}

/// The number's text: digits, signs, a point and an `e`.
fn text_of<'t, const SENTINEL: bool>(
    start: Cursor<'_, 't, SENTINEL>,
    end: Cursor<'_, 't, SENTINEL>,
) -> &'t str {
    core::str::from_utf8(end.since(start)).unwrap_or_default()
}
