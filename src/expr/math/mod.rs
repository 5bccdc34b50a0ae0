//! Elementary functions: those of the standard library, or of `libm` without it.

#[cfg(not(feature = "std"))]
mod libm;
#[cfg(feature = "std")]
mod std;

/// What a number has to be able to compute.
///
/// ```
/// use arraypool::expr::{Functions, Real};
///
/// fn length<R: Real>(x: R, y: R) -> R {
///     Functions::sqrt(x * x + y * y)                      // with a standard library or without
/// }
///
/// assert_eq!((length(3.0_f32, 4.0), length(5.0_f64, 12.0)), (5.0, 13.0));
/// ```
#[allow(missing_docs, reason = "the usual names of the usual functions")]
pub trait Functions: Sized {
    fn sqrt(self) -> Self;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn log10(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn asin(self) -> Self;
    fn acos(self) -> Self;
    fn atan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn tanh(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    /// Halves go away from zero.
    fn round(self) -> Self;
    fn powf(self, exponent: Self) -> Self;
    /// The remainder of a division towards zero.
    fn remainder(self, divisor: Self) -> Self;
    /// The angle of the point (`other`, `self`).
    fn atan2(self, other: Self) -> Self;
}
