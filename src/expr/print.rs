//! A tree to text, which parses back to the same tree.

use core::fmt::{self, Display, Formatter};

use super::ast::{Expr, Term};
use super::operator::{Binding, Op1, Op2, name1, name2};
use super::real::Real;

impl<R: Real> Display for Expr<'_, R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print(&self.root, self.text, Binding::Sequence, f)
    }
}

/// How tight a term holds together.
fn binding<R: Real>(term: &Term<'_, R>) -> Binding {
    match term {
        Term::Unary { .. } => Binding::Unary,
        Term::Binary { op, .. } => op.sign().map_or(Binding::Primary, |(_, binding)| binding),
        Term::Conditional { .. } => Binding::Conditional,
        _ => Binding::Primary,
    }
}

/// Prints a term where it must bind at least as tight as `least`.
fn print<R: Real>(
    term: &Term<'_, R>,
    text: &str,
    least: Binding,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    if binding(term) >= least {
        return bare(term, text, f);
    }
    f.write_str("(")?;
    bare(term, text, f)?;
    f.write_str(")")
}

fn bare<R: Real>(term: &Term<'_, R>, text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    match *term {
        // The shortest digits that read as this number.
        Term::Number { value, .. } => write!(f, "{value:?}"),
        Term::Name { .. } => f.write_str(term.name(text)),
        Term::Unary { op, operand, .. } => {
            f.write_str(op.sign().unwrap_or_default())?;
            print(operand, text, Binding::Unary, f)
        }
        Term::Binary { op, operands: [left, right], .. } => {
            let Some((sign, own)) = op.sign() else { return Err(fmt::Error) };
            let (to_left, to_right) = match own {
                Binding::Power => (Binding::Primary, Binding::Unary),
                Binding::Sequence => (own, Binding::Conditional),
                own => (own, next(own)),
            };
            print(left, text, to_left, f)?;
            f.write_str(if own == Binding::Sequence { "" } else { " " })?;
            write!(f, "{sign} ")?;
            print(right, text, to_right, f)
        }
        Term::Conditional { parts: [condition, first, second], .. } => {
            print(condition, text, Binding::Or, f)?;
            f.write_str(" ? ")?;
            print(first, text, Binding::Sequence, f)?;
            f.write_str(" : ")?;
            print(second, text, Binding::Conditional, f)
        }
        Term::Index { index, .. } => {
            write!(f, "{}[", term.name(text))?;
            print(index, text, Binding::Sequence, f)?;
            f.write_str("]")
        }
        Term::Call0 { .. } | Term::Call1 { .. } | Term::Call2 { .. } | Term::Call { .. } => {
            write!(f, "{}(", term.name(text))?;
            for (number, argument) in term.children().iter().enumerate() {
                f.write_str(if number == 0 { "" } else { ", " })?;
                print(argument, text, Binding::Conditional, f)?;
            }
            f.write_str(")")
        }
    }
}

/// The next tighter binding, of those that lean to the left.
fn next(binding: Binding) -> Binding {
    match binding {
        Binding::Or => Binding::And,
        Binding::And => Binding::BitOr,
        Binding::BitOr => Binding::BitAnd,
        Binding::BitAnd => Binding::Comparison,
        Binding::Comparison => Binding::Shift,
        Binding::Shift => Binding::Sum,
        Binding::Sum => Binding::Product,
        _ => Binding::Unary,
    }
}

/// A constant, as an operand of its own. What is no literal is one that is computed.
pub(super) struct Number<R>(pub(super) R);

impl<R: Real> Display for Number<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        if value.is_nan() {
            f.write_str("(0.0 / 0.0)")
        } else if value.abs() == R::ONE / R::ZERO {
            f.write_str(if value > R::ZERO { "(1.0 / 0.0)" } else { "(-1.0 / 0.0)" })
        } else if value.abs().to_bits() == value.to_bits() {
            // The shortest digits that read as this number.
            write!(f, "{value:?}")
        } else {
            write!(f, "({value:?})")
        }
    }
}

/// What is done with one operand.
pub(super) struct One<T>(pub(super) Op1, pub(super) T);

impl<T: Display> Display for One<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(op, operand) = self;
        match op.sign() {
            Some(sign) => write!(f, "({sign}{operand})"),
            None => write!(f, "{}({operand})", name1(*op)),
        }
    }
}

/// What is done with two operands.
pub(super) struct Two<T, U>(pub(super) Op2, pub(super) T, pub(super) U);

impl<T: Display, U: Display> Display for Two<T, U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(op, left, right) = self;
        match op.sign() {
            Some((sign, Binding::Sequence)) => write!(f, "({left}{sign} {right})"),
            Some((sign, _)) => write!(f, "({left} {sign} {right})"),
            None => write!(f, "{}({left}, {right})", name2(*op)),
        }
    }
}

/// The arguments of a call.
pub(super) struct Call<I>(pub(super) I);

impl<T: Display, I: Iterator<Item = T> + Clone> Display for Call<I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (number, argument) in self.0.clone().enumerate() {
            write!(f, "{}{argument}", if number == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}
