//! Trees in `Box`, `Vec` and `String`: what arenas are compared with.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use arraypool::expr::{Op1, Op2, Span, Term};

/// A tree with owners of its own.
#[allow(dead_code, reason = "it is there to take memory")]
pub(crate) enum Owned {
    Number(f64, Span),
    Name(String, Span),
    Unary(Op1, Box<Owned>, Span),
    Binary(Op2, Box<Owned>, Box<Owned>, Span),
    Conditional(Box<Owned>, Box<Owned>, Box<Owned>, Span),
    Index(String, Box<Owned>, Span),
    Call(String, Vec<Owned>, Span),
}

/// The same tree with owners of its own.
pub(crate) fn owned(term: &Term<'_>, text: &str) -> Owned {
    let span = term.span();
    let below = |n: usize| Box::new(owned(&term.children()[n], text));
    let name = || term.name(text).to_string();
    match *term {
        Term::Number { value, .. } => Owned::Number(value, span),
        Term::Name { .. } => Owned::Name(name(), span),
        Term::Unary { op, .. } => Owned::Unary(op, below(0), span),
        Term::Binary { op, .. } => Owned::Binary(op, below(0), below(1), span),
        Term::Conditional { .. } => Owned::Conditional(below(0), below(1), below(2), span),
        Term::Index { .. } => Owned::Index(name(), below(0), span),
        _ => Owned::Call(
            name(),
            term.children().iter().map(|term| owned(term, text)).collect(),
            span,
        ),
    }
}
