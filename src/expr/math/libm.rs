//! Elementary functions of `libm`: the same bits on every machine.

use super::Functions;

macro_rules! functions {
    ($real:ty: $($name:ident $function:ident)+; $($binary:ident $two:ident)+) => {
        impl Functions for $real {
            $(#[inline(always)]
            fn $name(self) -> Self {
                ::libm::$function(self)
            })+
            $(#[inline(always)]
            fn $binary(self, other: Self) -> Self {
                ::libm::$two(self, other)
            })+
        }
    };
}

functions! { f64:
    sqrt sqrt exp exp ln log log10 log10 sin sin cos cos tan tan asin asin acos acos atan atan
    sinh sinh cosh cosh tanh tanh floor floor ceil ceil round round;
    powf pow atan2 atan2 remainder fmod
}

functions! { f32:
    sqrt sqrtf exp expf ln logf log10 log10f sin sinf cos cosf tan tanf asin asinf acos acosf
    atan atanf sinh sinhf cosh coshf tanh tanhf floor floorf ceil ceilf round roundf;
    powf powf atan2 atan2f remainder fmodf
}
