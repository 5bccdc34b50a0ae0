//! Elementary functions of the standard library.

use super::Functions;

macro_rules! functions {
    ($real:ty: $($unary:ident)+; $($binary:ident)+) => {
        impl Functions for $real {
            $(#[inline(always)]
            fn $unary(self) -> Self {
                <$real>::$unary(self)
            })+
            $(#[inline(always)]
            fn $binary(self, other: Self) -> Self {
                <$real>::$binary(self, other)
            })+

            #[inline(always)]
            fn remainder(self, divisor: Self) -> Self {
                self % divisor
            }
        }
    };
    ($($real:ty)+) => {
        $(functions! { $real:
            sqrt exp ln log10 sin cos tan asin acos atan sinh cosh tanh floor ceil round;
            powf atan2
        })+
    };
}

functions! { f32 f64 }
