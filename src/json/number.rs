//! A JSON number: an integer of 64 bits, signed or not, or a float.

#![forbid(unsafe_code)]

use core::fmt;

/// A JSON number: an integer between -2^63 and 2^64 - 1, or a finite float.
///
/// An integer and a float are never equal, as in `serde_json`: `1` is not `1.0`.
///
/// ```
/// use arraypool::json::Number;
///
/// assert_eq!(Number::from(7_i64).as_f64(), 7.0);
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Number(Kind);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unsigned(u64),
    /// Below 0.
    Negative(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    /// A float, or `None`: JSON has neither infinities nor NaN.
    ///
    /// ```
    /// use arraypool::json::Number;
    ///
    /// assert!(Number::from_f64(2.5).is_some() && Number::from_f64(f64::NAN).is_none());
    /// ```
    #[must_use]
    pub fn from_f64(float: f64) -> Option<Self> {
        float.is_finite().then_some(Self(Kind::Float(float)))
    }

    /// The number, if it is an integer that fits.
    ///
    /// ```
    /// use arraypool::json::Number;
    ///
    /// assert_eq!((Number::from(-7_i64).as_i64(), Number::from(u64::MAX).as_i64()), (Some(-7), None));
    /// ```
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Kind::Unsigned(integer) => i64::try_from(integer).ok(),
            Kind::Negative(integer) => Some(integer),
            Kind::Float(_) => None,
        }
    }

    /// The number, if it is an integer that fits.
    ///
    /// ```
    /// use arraypool::json::Number;
    ///
    /// assert_eq!((Number::from(7_u64).as_u64(), Number::from(-7_i64).as_u64()), (Some(7), None));
    /// ```
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Kind::Unsigned(integer) => Some(integer),
            Kind::Negative(_) | Kind::Float(_) => None,
        }
    }

    /// The number as a float, the nearest one if it is a large integer.
    ///
    /// ```
    /// use arraypool::json::Number;
    ///
    /// assert_eq!(Number::from(7_i64).as_f64(), 7.0);
    /// ```
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Kind::Unsigned(integer) => integer as f64,
            Kind::Negative(integer) => integer as f64,
            Kind::Float(float) => float,
        }
    }

    /// Whether it is a float, not an integer.
    ///
    /// ```
    /// use arraypool::json::Number;
    ///
    /// assert!(Number::from_f64(7.0).unwrap().is_f64() && !Number::from(7_i64).is_f64());
    /// ```
    #[must_use]
    pub fn is_f64(self) -> bool {
        matches!(self.0, Kind::Float(_))
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        Self(Kind::Unsigned(integer))
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self(u64::try_from(integer).map_or(Kind::Negative(integer), Kind::Unsigned))
    }
}

/// Writes it as a [`Value`](super::Value) is written: the shortest digits that read
/// back the same.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Unsigned(integer) => f.write_str(itoa::Buffer::new().format(integer)),
            Kind::Negative(integer) => f.write_str(itoa::Buffer::new().format(integer)),
            Kind::Float(float) => f.write_str(zmij::Buffer::new().format_finite(float)),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}
