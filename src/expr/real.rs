//! The numbers that expressions are about: `f64`, or `f32`.

use core::fmt::{Debug, Display};
use core::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::math::Functions;

/// A number: `f64` or `f32`. Sealed: an engine's guarantees rest on what these do.
///
/// ```
/// use arraypool::expr::{Engine, Pool, Real};
///
/// fn circle<R: Real>(radius: R) -> R {
///     let pool = Pool::new();
///     let engine = Engine::<R>::new(&pool);
///     engine.context().set("r", radius).unwrap();
///     engine.eval("pi * r^2").unwrap()
/// }
///
/// assert_eq!(circle(2.0_f64), 12.566370614359172);
/// assert_eq!(circle(2.0_f32), 12.566371);
/// ```
pub trait Real:
    Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
    + Functions
    + sealed::Sealed
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Not a number.
    const NAN: Self;
    /// The base of the natural logarithm.
    const E: Self;
    /// The ratio of a circle's circumference to its diameter.
    const PI: Self;
    /// Decimal digits whose integers are all exact.
    const EXACT_DIGITS: usize;
    /// Powers of ten that are exact, from 1 on.
    const POWERS_OF_TEN: &'static [Self];

    /// The number that is nearest to a literal: digits, maybe a point, maybe an
    /// exponent. Infinity if it is too large. `literal` has to be such a text: of any
    /// other the answer is not specified.
    fn read(literal: &str) -> Option<Self>;
    /// The nearest number.
    fn from_f64(number: f64) -> Self;
    /// The same number, or one that is nearest, in 64 bits.
    fn to_f64(self) -> f64;
    /// The bits, in the lower end of 64.
    fn to_bits(self) -> u64;
    /// The number of these bits.
    fn from_bits(bits: u64) -> Self;
    /// The number without its sign.
    #[must_use]
    fn abs(self) -> Self;
    /// The number as an integer, if it is one and every integer up to it is exact.
    fn to_integer(self) -> Option<i64>;
    /// The integer as a number.
    fn from_integer(integer: i64) -> Self;
    /// The index of an element: fractions are cut off, negative numbers and NaN
    /// are none.
    fn to_index(self) -> Option<usize>;

    /// 1 or 0.
    #[inline(always)]
    fn from_bool(truth: bool) -> Self {
        if truth { Self::ONE } else { Self::ZERO }
    }

    /// Whether it counts as true: everything but 0 does, NaN included.
    #[inline(always)]
    fn is_true(self) -> bool {
        self != Self::ZERO
    }

    /// 1, -1, or the number itself if it is neither above nor below zero.
    #[inline(always)]
    #[must_use]
    fn sign(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else if self < Self::ZERO {
            -Self::ONE
        } else {
            self
        }
    }

    /// The smaller number, the other one if one is NaN.
    #[inline(always)]
    #[must_use]
    fn least(self, other: Self) -> Self {
        if self < other || other.is_nan() { self } else { other }
    }

    /// The larger number, the other one if one is NaN.
    #[inline(always)]
    #[must_use]
    fn most(self, other: Self) -> Self {
        if self > other || other.is_nan() { self } else { other }
    }

    /// Whether it is not a number.
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.partial_cmp(&self).is_none()
    }

    /// The square root as the power 0.5: zero and the infinities have no sign.
    #[inline(always)]
    #[must_use]
    fn root(self) -> Self {
        let infinity = Self::ONE / Self::ZERO;
        if self == -infinity { infinity } else { self.sqrt() + Self::ZERO }
    }

    /// The power. Exponents 2 and 0.5 are a product and a root, wherever the
    /// exponent comes from: so folding changes nothing.
    #[inline]
    #[must_use]
    fn power(self, exponent: Self) -> Self {
        if exponent == Self::ONE + Self::ONE {
            self * self
        } else if exponent == Self::from_f64(0.5) {
            self.root()
        } else {
            self.powf(exponent)
        }
    }
}

mod sealed {
    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed {}

    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! real {
    ($real:ident, $bits:ty, $format:expr, $digits:expr, [$($power:literal)+]) => {
        impl Real for $real {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = $real::NAN;
            const E: Self = core::$real::consts::E;
            const PI: Self = core::$real::consts::PI;
            const EXACT_DIGITS: usize = $digits;
            const POWERS_OF_TEN: &'static [Self] = &[$($power),+];

            #[cfg(feature = "std")]
            fn read(literal: &str) -> Option<Self> {
                literal.parse().ok()
            }

            #[cfg(not(feature = "std"))]
            fn read(literal: &str) -> Option<Self> {
                Some(Real::from_bits($format.nearest(literal.as_bytes())))
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "the nearest number is asked for")]
            fn from_f64(number: f64) -> Self {
                number as $real
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn to_bits(self) -> u64 {
                u64::from($real::to_bits(self))
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "the bits are at the lower end")]
            fn from_bits(bits: u64) -> Self {
                $real::from_bits(bits as $bits)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $real::abs(self)
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "the range was compared")]
            fn to_integer(self) -> Option<i64> {
                const LARGEST: $real = (1_u64 << $real::MANTISSA_DIGITS) as $real;
                if !(-LARGEST..=LARGEST).contains(&self) {
                    return None;
                }
                let integer = self as i64;
                (integer as $real == self).then_some(integer)
            }

            #[inline(always)]
            fn from_integer(integer: i64) -> Self {
                integer as $real
            }

            #[inline(always)]
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "fractions are cut off, the sign was compared, and the cast saturates"
            )]
            fn to_index(self) -> Option<usize> {
                (self >= 0.0).then_some(self as usize)
            }
        }
    };
}

real!(f64, u64, super::decimal::Format::F64, 15, [
    1e0 1e1 1e2 1e3 1e4 1e5 1e6 1e7 1e8 1e9 1e10 1e11 1e12 1e13 1e14 1e15 1e16 1e17 1e18 1e19 1e20
    1e21 1e22
]);
real!(f32, u32, super::decimal::Format::F32, 7, [1e0 1e1 1e2 1e3 1e4 1e5 1e6 1e7 1e8 1e9 1e10]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_that_are_exact() {
        assert_eq!(3.0_f64.to_integer(), Some(3));
        assert_eq!((-0.0_f64).to_integer(), Some(0));
        assert_eq!(9_007_199_254_740_992.0_f64.to_integer(), Some(1 << 53));
        assert_eq!(1e17_f64.to_integer(), None);
        assert_eq!(f64::NAN.to_integer(), None);
        assert_eq!(f64::INFINITY.to_integer(), None);
        assert_eq!(0.5_f32.to_integer(), None);
        assert_eq!((-16_777_216.0_f32).to_integer(), Some(-(1 << 24)));
    }

    #[test]
    fn powers_of_a_half_have_no_negative_zero() {
        assert_eq!((-0.0_f64).power(0.5).to_bits(), 0);
        assert!(f64::NEG_INFINITY.power(0.5) == f64::INFINITY);
        assert!((-1.0_f64).power(0.5).is_nan());
        assert!(2.0_f64.power(710.0) > 1e213 && 1.5_f64.power(800.0).is_finite());
    }

    #[test]
    fn the_other_one_wins_over_not_a_number() {
        assert_eq!(1.0_f64.least(f64::NAN), 1.0);
        assert_eq!(f64::NAN.most(1.0), 1.0);
        assert!(f64::NAN.most(f64::NAN).is_nan());
        assert!(f64::NAN.sign().is_nan());
    }
}
