//! Operators and built-in functions: their names, and what they do.

use super::failure::Failure;
use super::real::Real;

macro_rules! operators {
    ($(#[$about:meta])* $name:ident, $all:ident: $($(#[$doc:meta])* $variant:ident)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        /// All of them, by number.
        pub(super) const $all: &[$name] = &[$($name::$variant),+];
    };
}

operators! {
    /// What is done with one number.
    #[allow(missing_docs, reason = "the usual names of the usual functions")]
    Op1, OP1:
    Neg
    /// 1 for 0, otherwise 0.
    Not
    /// The complement of an integer.
    BitNot
    Abs Sign Sqrt Exp Ln Log10 Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Floor Ceil Round
}

operators! {
    /// What is done with two numbers.
    #[allow(missing_docs, reason = "the usual names of the usual operators")]
    Op2, OP2:
    Add Sub Mul Div
    Less LessEqual Equal NotEqual
    /// The remainder of a division towards zero, with the sign of the dividend.
    Rem
    Pow Min Max Atan2
    Greater GreaterEqual
    BitAnd BitOr ShiftLeft ShiftRight
    And Or
    /// The second number; what `,` and `;` do.
    Second
}

impl Op1 {
    /// Does it.
    ///
    /// ```
    /// use arraypool::expr::{Op1, Op2};
    ///
    /// assert_eq!(Op1::Neg.apply(2.0), Ok(-2.0));
    /// ```
    ///
    /// # Errors
    /// [`Failure::NotAnInteger`] from [`Op1::BitNot`], of its operand or its result.
    #[inline(always)]
    pub fn apply<R: Real>(self, x: R) -> Result<R, Failure> {
        Ok(match self {
            Self::Neg => -x,
            Self::Not => R::from_bool(!x.is_true()),
            Self::BitNot => return complement(x),
            Self::Abs => x.abs(),
            Self::Sign => x.sign(),
            Self::Sqrt => x.sqrt(),
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Log10 => x.log10(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tan => x.tan(),
            Self::Asin => x.asin(),
            Self::Acos => x.acos(),
            Self::Atan => x.atan(),
            Self::Sinh => x.sinh(),
            Self::Cosh => x.cosh(),
            Self::Tanh => x.tanh(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round(),
        })
    }

    /// Whether it can fail.
    ///
    /// ```
    /// use arraypool::expr::{Op1, Op2};
    ///
    /// assert!(!Op1::Neg.is_fallible());
    /// ```
    #[must_use]
    pub fn is_fallible(self) -> bool {
        self == Self::BitNot
    }

    /// Its sign, if it is an operator.
    ///
    /// ```
    /// use arraypool::expr::{Op1, Op2};
    ///
    /// assert_eq!(Op1::Neg.sign(), Some("-"));
    /// ```
    #[must_use]
    pub fn sign(self) -> Option<&'static str> {
        match self {
            Self::Neg => Some("-"),
            Self::Not => Some("!"),
            Self::BitNot => Some("~"),
            _ => None,
        }
    }
}

impl Op2 {
    /// Does it, with both numbers known: when `&&` and `||` leave the right one
    /// unevaluated, that is the evaluator's business.
    ///
    /// ```
    /// use arraypool::expr::{Op1, Op2};
    ///
    /// assert_eq!(Op2::Sub.apply(3.0, 2.0), Ok(1.0));
    /// ```
    ///
    /// # Errors
    /// [`Failure::NotAnInteger`] and [`Failure::ShiftOutOfRange`] from the
    /// operators on integers.
    #[inline(always)]
    pub fn apply<R: Real>(self, x: R, y: R) -> Result<R, Failure> {
        Ok(match self {
            Self::Add => x + y,
            Self::Sub => x - y,
            Self::Mul => x * y,
            Self::Div => x / y,
            Self::Rem => x.remainder(y),
            Self::Pow => x.power(y),
            Self::Min => x.least(y),
            Self::Max => x.most(y),
            Self::Atan2 => x.atan2(y),
            Self::Second => y,
            Self::BitAnd | Self::BitOr | Self::ShiftLeft | Self::ShiftRight => {
                return integers(self, x, y);
            }
            _ => R::from_bool(self.holds(x, y)),
        })
    }

    /// Whether a comparison or a connective holds.
    #[inline(always)]
    pub(super) fn holds<R: Real>(self, x: R, y: R) -> bool {
        match self {
            Self::Less => x < y,
            Self::LessEqual => x <= y,
            Self::Greater => x > y,
            Self::GreaterEqual => x >= y,
            Self::Equal => x == y,
            Self::NotEqual => x != y,
            Self::And => x.is_true() && y.is_true(),
            Self::Or => x.is_true() || y.is_true(),
            _ => false,
        }
    }

    /// Whether it can fail.
    ///
    /// ```
    /// use arraypool::expr::{Op1, Op2};
    ///
    /// assert!(!Op2::Add.is_fallible());
    /// ```
    #[must_use]
    pub fn is_fallible(self) -> bool {
        matches!(self, Self::BitAnd | Self::BitOr | Self::ShiftLeft | Self::ShiftRight)
    }

    pub(super) fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Sub | Self::Mul | Self::Div)
    }

    pub(super) fn is_comparison(self) -> bool {
        (Self::Less as u8..=Self::NotEqual as u8).contains(&(self as u8))
            || self.mirrored().is_some()
    }

    /// The comparison that says of (y, x) what this one says of (x, y), of those
    /// that have one written the other way round.
    pub(super) fn mirrored(self) -> Option<Self> {
        match self {
            Self::Greater => Some(Self::Less),
            Self::GreaterEqual => Some(Self::LessEqual),
            _ => None,
        }
    }

    /// Its sign, and how tight it binds; `None`: it is a function.
    pub(super) fn sign(self) -> Option<(&'static str, Binding)> {
        let (sign, binding) = match self {
            Self::Second => (",", Binding::Sequence),
            Self::Or => ("||", Binding::Or),
            Self::And => ("&&", Binding::And),
            Self::BitOr => ("|", Binding::BitOr),
            Self::BitAnd => ("&", Binding::BitAnd),
            Self::Less => ("<", Binding::Comparison),
            Self::LessEqual => ("<=", Binding::Comparison),
            Self::Greater => (">", Binding::Comparison),
            Self::GreaterEqual => (">=", Binding::Comparison),
            Self::Equal => ("==", Binding::Comparison),
            Self::NotEqual => ("!=", Binding::Comparison),
            Self::ShiftLeft => ("<<", Binding::Shift),
            Self::ShiftRight => (">>", Binding::Shift),
            Self::Add => ("+", Binding::Sum),
            Self::Sub => ("-", Binding::Sum),
            Self::Mul => ("*", Binding::Product),
            Self::Div => ("/", Binding::Product),
            Self::Rem => ("%", Binding::Product),
            Self::Pow => ("^", Binding::Power),
            Self::Min | Self::Max | Self::Atan2 => return None,
        };
        Some((sign, binding))
    }
}

/// A number as an integer; out of line, as all that concerns integers: nobody needs
/// it to be fast.
#[inline(never)]
fn integer<R: Real>(x: R) -> Result<i64, Failure> {
    x.to_integer().ok_or(Failure::NotAnInteger)
}

/// An integer as a number, if it is one of those that are told apart from the next.
fn exact<R: Real>(value: i64) -> Result<R, Failure> {
    let number = R::from_integer(value);
    (integer(number)? == value).then_some(number).ok_or(Failure::NotAnInteger)
}

/// `~`.
#[inline(never)]
fn complement<R: Real>(x: R) -> Result<R, Failure> {
    exact(!integer(x)?)
}

/// The other operators on integers.
#[inline(never)]
fn integers<R: Real>(op: Op2, x: R, y: R) -> Result<R, Failure> {
    let (x, y) = (integer(x)?, integer(y)?);
    let distance = || u32::try_from(y).ok().filter(|&y| y < 63).ok_or(Failure::ShiftOutOfRange);
    Ok(R::from_integer(match op {
        Op2::BitAnd => return exact(x & y),
        Op2::BitOr => return exact(x | y),
        Op2::ShiftRight => x >> distance()?,
        _ => {
            let shifted = x << distance()?;
            // What comes back is what was shifted, or bits were lost.
            if shifted >> distance()? != x {
                return Err(Failure::ShiftOutOfRange);
            }
            shifted
        }
    }))
}

/// How tight an operator binds, from the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Sequence,
    Conditional,
    Or,
    And,
    BitOr,
    BitAnd,
    Comparison,
    Shift,
    Sum,
    Product,
    Unary,
    Power,
    /// `**`: a power that binds tighter than `^`.
    TightPower,
    Primary,
}

/// A function that needs no definition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Builtin {
    One(Op1),
    Two(Op2),
    Pi,
    E,
}

impl Builtin {
    pub(super) fn arity(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
            Self::Pi | Self::E => 0,
        }
    }

    /// The function of this name.
    pub(super) fn find(name: &[u8]) -> Option<Self> {
        // Long lists of strings are compared by length first.
        Some(match name {
            b"abs" => Self::One(Op1::Abs),
            b"acos" => Self::One(Op1::Acos),
            b"add" => Self::Two(Op2::Add),
            b"asin" => Self::One(Op1::Asin),
            b"atan" => Self::One(Op1::Atan),
            b"atan2" => Self::Two(Op2::Atan2),
            b"ceil" => Self::One(Op1::Ceil),
            b"comma" => Self::Two(Op2::Second),
            b"cos" => Self::One(Op1::Cos),
            b"cosh" => Self::One(Op1::Cosh),
            b"div" => Self::Two(Op2::Div),
            b"e" => Self::E,
            b"exp" => Self::One(Op1::Exp),
            b"floor" => Self::One(Op1::Floor),
            b"fmod" => Self::Two(Op2::Rem),
            b"ln" => Self::One(Op1::Ln),
            b"log" | b"log10" => Self::One(Op1::Log10),
            b"max" => Self::Two(Op2::Max),
            b"min" => Self::Two(Op2::Min),
            b"mul" => Self::Two(Op2::Mul),
            b"neg" => Self::One(Op1::Neg),
            b"pi" => Self::Pi,
            b"pow" => Self::Two(Op2::Pow),
            b"round" => Self::One(Op1::Round),
            b"sign" => Self::One(Op1::Sign),
            b"sin" => Self::One(Op1::Sin),
            b"sinh" => Self::One(Op1::Sinh),
            b"sqrt" => Self::One(Op1::Sqrt),
            b"sub" => Self::Two(Op2::Sub),
            b"tan" => Self::One(Op1::Tan),
            b"tanh" => Self::One(Op1::Tanh),
            _ => return None,
        })
    }

    /// A constant's value.
    pub(super) fn constant<R: Real>(name: &[u8]) -> Option<R> {
        match name {
            b"pi" | b"PI" => Some(R::PI),
            b"e" | b"E" => Some(R::E),
            b"tau" | b"TAU" => Some(R::PI + R::PI),
            _ => None,
        }
    }
}

/// The name under which the printer calls a function.
pub(super) fn name1(op: Op1) -> &'static str {
    match op {
        Op1::Neg | Op1::Not | Op1::BitNot => op.sign().unwrap_or_default(),
        Op1::Abs => "abs",
        Op1::Sign => "sign",
        Op1::Sqrt => "sqrt",
        Op1::Exp => "exp",
        Op1::Ln => "ln",
        Op1::Log10 => "log10",
        Op1::Sin => "sin",
        Op1::Cos => "cos",
        Op1::Tan => "tan",
        Op1::Asin => "asin",
        Op1::Acos => "acos",
        Op1::Atan => "atan",
        Op1::Sinh => "sinh",
        Op1::Cosh => "cosh",
        Op1::Tanh => "tanh",
        Op1::Floor => "floor",
        Op1::Ceil => "ceil",
        Op1::Round => "round",
    }
}

/// The same of two numbers.
pub(super) fn name2(op: Op2) -> &'static str {
    match op {
        Op2::Min => "min",
        Op2::Max => "max",
        Op2::Atan2 => "atan2",
        _ => op.sign().map_or("", |(sign, _)| sign),
    }
}

/// The names of constants, in one of their forms.
pub(super) const CONSTANTS: [&[u8]; 3] = [b"pi", b"tau", b"e"];

/// All names that need no definition: what a mistyped one is compared with.
pub(super) const NAMES: &[&str] = &[
    "abs", "acos", "add", "asin", "atan", "atan2", "ceil", "comma", "cos", "cosh", "div", "e",
    "exp", "floor", "fmod", "ln", "log", "log10", "max", "min", "mul", "neg", "pi", "pow", "round",
    "sign", "sin", "sinh", "sqrt", "sub", "tan", "tanh",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_numbered_in_order() {
        assert!(OP1.iter().enumerate().all(|(number, op)| *op as usize == number));
        assert!(OP2.iter().enumerate().all(|(number, op)| *op as usize == number));
        assert!(OP2.iter().filter(|op| op.is_arithmetic()).all(|op| (*op as usize) < 4));
        assert!(OP2.iter().filter(|op| op.is_comparison()).count() == 6);
        assert!(NAMES.iter().all(|name| Builtin::find(name.as_bytes()).is_some()));
    }

    #[test]
    fn integers_are_asked_for() {
        assert_eq!(Op2::ShiftLeft.apply(1.0, 52.0), Ok(4_503_599_627_370_496.0));
        assert_eq!(Op2::ShiftLeft.apply(3.0, 62.0), Err(Failure::ShiftOutOfRange));
        assert_eq!(Op2::ShiftLeft.apply(1.0, -1.0), Err(Failure::ShiftOutOfRange));
        assert_eq!(Op2::ShiftRight.apply(-8.0, 1.0), Ok(-4.0));
        assert_eq!(Op2::BitAnd.apply(6.5, 3.0), Err(Failure::NotAnInteger));
        assert_eq!(Op2::BitOr.apply(6.0, 3.0), Ok(7.0));
        assert_eq!(Op1::BitNot.apply(0.0), Ok(-1.0));
        assert_eq!(Op1::BitNot.apply(f64::NAN), Err(Failure::NotAnInteger));
    }

    #[test]
    fn integers_that_are_no_numbers_are_none() {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        assert_eq!(Op2::BitOr.apply(LARGEST, 1.0), Err(Failure::NotAnInteger));
        assert_eq!(Op2::BitOr.apply(LARGEST, 0.0), Ok(LARGEST));
        assert_eq!(Op2::BitAnd.apply(LARGEST, -1.0), Ok(LARGEST));
        assert_eq!(Op1::BitNot.apply(LARGEST), Err(Failure::NotAnInteger));
        assert_eq!(Op1::BitNot.apply(LARGEST - 1.0), Ok(-LARGEST));
        assert_eq!(Op2::ShiftLeft.apply(LARGEST, 4.0), Ok(16.0 * LARGEST));
        assert_eq!(Op2::BitOr.apply(16_777_216.0_f32, 1.0), Err(Failure::NotAnInteger));
        assert_eq!(Op1::BitNot.apply(16_777_216.0_f32), Err(Failure::NotAnInteger));
        assert_eq!(Op2::BitOr.apply(16_777_214.0_f32, 1.0), Ok(16_777_215.0));
    }
}
