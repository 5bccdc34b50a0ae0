//! A naive interpreter of trees: what the engine is compared with.

use arraypool::expr::{Expr, Op2, Real, Term};

/// The value of a tree over parameters `a` to `j`; `None`: it fails.
pub(crate) fn evaluate<R: Real>(expr: &Expr<'_, R>, values: &[R]) -> Option<R> {
    term(&expr.root, expr.text, values)
}

fn term<R: Real>(at: &Term<'_, R>, text: &str, values: &[R]) -> Option<R> {
    let below = |n: usize| term(&at.children()[n], text, values);
    match at {
        Term::Number { value, .. } => Some(*value),
        Term::Name { .. } => {
            let name = at.name(text).as_bytes()[0];
            values.get(usize::from(name - b'a')).copied()
        }
        Term::Unary { op, .. } => op.apply(below(0)?).ok(),
        Term::Binary { op: Op2::And, .. } => {
            Some(R::from_bool(below(0)?.is_true() && below(1)?.is_true()))
        }
        Term::Binary { op: Op2::Or, .. } => {
            Some(R::from_bool(below(0)?.is_true() || below(1)?.is_true()))
        }
        Term::Binary { op, .. } => {
            let left = below(0)?;
            op.apply(left, below(1)?).ok()
        }
        Term::Conditional { .. } => below(if below(0)?.is_true() { 1 } else { 2 }),
        _ => {
            let name = at.name(text);
            match at.children().len() {
                1 => one(name, below(0)?),
                _ => {
                    let left = below(0)?;
                    Some(two(name, left, below(1)?))
                }
            }
        }
    }
}

fn one<R: Real>(name: &str, x: R) -> Option<R> {
    Some(match name {
        "abs" => x.abs(),
        "sign" => x.sign(),
        "sqrt" => x.sqrt(),
        "sin" => x.sin(),
        "exp" => x.exp(),
        "ln" => x.ln(),
        "floor" => x.floor(),
        "round" => x.round(),
        _ => return None,
    })
}

fn two<R: Real>(name: &str, x: R, y: R) -> R {
    match name {
        "min" => x.least(y),
        "max" => x.most(y),
        "atan2" => x.atan2(y),
        "fmod" => x % y,
        _ => x.power(y),
    }
}
