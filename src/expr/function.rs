//! Expression functions as they are kept: parsed once, in pooled arrays.

use super::ast::{Expr, Span, Term};
use super::memory::{Array, Pool};
use super::operator::{Op1, Op2};
use super::real::Real;
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::ReleaseStrategy;

/// A term without references: the terms below it follow it, in order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Flat<R> {
    Number { span: Span, value: R },
    Name { span: Span },
    Unary { op: Op1, span: Span },
    Binary { op: Op2, span: Span },
    Conditional { span: Span },
    Index { span: Span, name: u8 },
    Call { span: Span, name: u8, count: u8 },
}

impl<R> Flat<R> {
    /// How many terms are below it.
    fn below(&self) -> usize {
        match *self {
            Self::Number { .. } | Self::Name { .. } => 0,
            Self::Unary { .. } | Self::Index { .. } => 1,
            Self::Binary { .. } => 2,
            Self::Conditional { .. } => 3,
            Self::Call { count, .. } => usize::from(count),
        }
    }
}

/// An expression function: its parameters, the text of its body, and the body's terms.
#[derive(Debug)]
pub(super) struct Function<'m, R, S: ReleaseStrategy> {
    /// A byte for each that says how often the body names it; then of each the length
    /// of its name, and the name.
    parameters: Array<'m, u8, S>,
    text: Array<'m, u8, S>,
    terms: Array<'m, Flat<R>, S>,
    pub(super) arity: u8,
    /// Of the body's tree.
    height: u16,
}

/// A function's body, back in an arena.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a, R> {
    /// The function's own name.
    pub(super) name: &'a str,
    /// How often it names each parameter; 255 may be more.
    pub(super) uses: &'a [u8],
    names: &'a [u8],
    pub(super) arity: u8,
    /// Of the tree as it was defined.
    pub(super) height: u16,
    pub(super) expr: Expr<'a, R>,
}

impl<R> Body<'_, R> {
    /// The names of the parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &[u8]> {
        names_in(self.names)
    }

    /// The number of the parameter of this name; the last of several.
    pub(super) fn parameter(&self, name: &[u8]) -> Option<usize> {
        number_of(name, self.names)
    }
}

/// Names, each behind its length.
fn names_in(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        list = rest;
        Some(name)
    })
}

/// The number of a name there; of the last of several. Linear in the names: most have
/// another length.
fn number_of(name: &[u8], list: &[u8]) -> Option<usize> {
    let found = names_in(list).enumerate().filter(|(_, other)| *other == name).last();
    found.map(|(number, _)| number)
}

impl<'m, R: Real, S: ReleaseStrategy> Function<'m, R, S> {
    /// Keeps a function whose body was parsed. `scratch` is used in between.
    pub(super) fn keep(
        pool: &'m Pool<'m, S>,
        parameters: &[&str],
        arity: u8,
        body: &Expr<'_, R>,
        scratch: &Arena<'_>,
    ) -> Result<Self, AllocError> {
        let count = count(&body.root);
        let filler = Flat::Name { span: Span::default() };
        let terms = scratch.try_alloc_slice_fill_with(count, |_| filler)?;
        flatten(&body.root, &mut terms.iter_mut());
        let length = parameters.iter().map(|name| name.len() + 2).sum();
        let list = scratch.try_alloc_slice_fill_with(length, |_| 0)?;
        let (uses, names) = list.split_at_mut(parameters.len());
        let mut places = names.iter_mut();
        for name in parameters {
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            for (byte, place) in [length].into_iter().chain(name.bytes()).zip(&mut places) {
                *place = byte;
            }
        }
        count_uses(&body.root, body.text, names, uses);
        Ok(Self {
            parameters: pool.copy(list)?,
            text: pool.copy(body.text.as_bytes())?,
            terms: pool.copy(terms)?,
            arity,
            height: body.root.height(),
        })
    }

    /// The body as a tree in an arena; without its terms if it is higher than so many
    /// levels, as expanding it is as deep.
    pub(super) fn expand<'a>(
        &self,
        name: &[u8],
        levels: u16,
        arena: &'a Arena<'_>,
    ) -> Result<Body<'a, R>, AllocError> {
        let text = |bytes: &[u8]| -> Result<&'a str, AllocError> {
            let text = core::str::from_utf8(bytes).unwrap_or_default();
            Ok(arena.try_alloc_str(text)?)
        };
        let terms = if self.height > levels { &[] } else { &*self.terms };
        let root = Expander { from: terms.iter(), arena }.term()?;
        let expr = Expr { text: text(&self.text)?, root };
        let parameters: &'a [u8] = arena.try_alloc_slice_copy(&self.parameters)?;
        let (uses, names) = parameters.split_at(usize::from(self.arity).min(parameters.len()));
        Ok(Body { name: text(name)?, uses, names, arity: self.arity, height: self.height, expr })
    }
}

fn count<R: Real>(term: &Term<'_, R>) -> usize {
    1 + term.children().iter().map(count).sum::<usize>()
}

/// Counts how often parameters are named. As deep as the tree, which is bounded.
fn count_uses<R: Real>(term: &Term<'_, R>, text: &str, names: &[u8], uses: &mut [u8]) {
    if let Term::Name { .. } = term {
        let number = number_of(term.name_bytes(text), names);
        if let Some(uses) = number.and_then(|number| uses.get_mut(number)) {
            *uses = uses.saturating_add(1);
        }
    }
    for child in term.children() {
        count_uses(child, text, names, uses);
    }
}

/// Writes a term and what is below it. As deep as the tree, which is bounded.
fn flatten<'f, R: Real>(term: &Term<'_, R>, to: &mut impl Iterator<Item = &'f mut Flat<R>>) {
    let count = u8::try_from(term.children().len()).unwrap_or(u8::MAX);
    let flat = match *term {
        Term::Number { span, value } => Flat::Number { span, value },
        Term::Name { span } => Flat::Name { span },
        Term::Unary { op, span, .. } => Flat::Unary { op, span },
        Term::Binary { op, span, .. } => Flat::Binary { op, span },
        Term::Conditional { span, .. } => Flat::Conditional { span },
        Term::Index { span, name, .. } => Flat::Index { span, name },
        Term::Call0 { span, name }
        | Term::Call1 { span, name, .. }
        | Term::Call2 { span, name, .. }
        | Term::Call { span, name, .. } => Flat::Call { span, name, count },
    };
    if let Some(place) = to.next() {
        *place = flat;
    }
    for child in term.children() {
        flatten(child, to);
    }
}

/// Reads terms back into an arena. As deep as the tree was, which is bounded.
struct Expander<'a, 'f, 'm, R> {
    from: core::slice::Iter<'f, Flat<R>>,
    arena: &'a Arena<'m>,
}

impl<'a, R: Real> Expander<'a, '_, '_, R> {
    fn term(&mut self) -> Result<Term<'a, R>, AllocError> {
        let nothing = Flat::Name { span: Span::default() };
        let flat = *self.from.next().unwrap_or(&nothing);
        let below: &'a [Term<'a, R>] = self.below(flat.below())?;
        let height = below.iter().map(Term::height).max().unwrap_or(0).saturating_add(1);
        Ok(match (flat, below) {
            (Flat::Number { span, value }, _) => Term::Number { span, value },
            (Flat::Unary { op, span }, [operand]) => Term::Unary { op, span, height, operand },
            (Flat::Index { span, name }, [index]) => Term::Index { span, name, height, index },
            (Flat::Call { span, name, .. }, []) => Term::Call0 { span, name },
            (Flat::Call { span, name, .. }, [argument]) => {
                Term::Call1 { span, name, height, argument }
            }
            (Flat::Name { span } | Flat::Unary { span, .. } | Flat::Index { span, .. }, _) => {
                Term::Name { span }
            }
            (Flat::Binary { op, span }, below) => match below.first_chunk() {
                Some(operands) => Term::Binary { op, span, height, operands },
                None => Term::Name { span },
            },
            (Flat::Conditional { span }, below) => match below.first_chunk() {
                Some(parts) => Term::Conditional { span, height, parts },
                None => Term::Name { span },
            },
            (Flat::Call { span, name, .. }, [_, _]) => match below.first_chunk() {
                Some(arguments) => Term::Call2 { span, name, height, arguments },
                None => Term::Name { span },
            },
            (Flat::Call { span, name, .. }, _) => {
                Term::Call { span, name, height, arguments: self.arena.try_alloc(below)? }
            }
        })
    }

    /// The terms below one.
    fn below(&mut self, count: usize) -> Result<&'a [Term<'a, R>], AllocError> {
        if count == 0 {
            return Ok(&[]);
        }
        let filler = Term::Name { span: Span::default() };
        let terms = self.arena.try_alloc_slice_fill_with(count, |_| filler)?;
        for term in terms.iter_mut() {
            *term = self.term()?;
        }
        Ok(terms)
    }
}
