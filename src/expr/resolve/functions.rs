//! Expression functions: bodies in place of calls, or of their own if they recurse.

use super::{Inside, RECURSIVE, Resolver, Scope};
use crate::arena::Arena;
use crate::expr::ast::{self, Span};
use crate::expr::error::ErrorKind;
use crate::expr::frame::SLOTS;
use crate::expr::function::Body;
use crate::expr::ir::{Recursive, Term};
use crate::expr::names::Place;
use crate::expr::real::Real;
use crate::pool::ReleaseStrategy;

/// A function that recurses.
#[derive(Clone, Copy)]
pub(super) struct Called {
    place: Place,
    arity: u8,
}

/// A body that is in the arena already: each is put there once, as its text and its
/// numbers may be far longer than what they count.
pub(super) struct Known<'t, R> {
    place: Place,
    body: Body<'t, R>,
    next: Option<&'t Known<'t, R>>,
}

impl<R: Real> Scope<'_, '_, '_, R> {
    /// Levels of the tree above the term at this place.
    fn levels(&self, span: Span) -> u16 {
        let (mut term, mut levels) = (self.root, 0_u16);
        loop {
            // Terms below the same one stand in the order of the text.
            let below = term.children();
            let next = below.partition_point(|term| term.span().end < span.end);
            match below.get(next).filter(|term| term.span().start <= span.start) {
                Some(around) => (term, levels) = (around, levels.saturating_add(1)),
                None => break,
            }
        }
        levels.saturating_add(self.function.map_or(0, |inside| inside.level))
    }
}

impl<'t, 'a, R: Real, S: ReleaseStrategy> Resolver<'t, 'a, '_, '_, R, S> {
    /// The body of a function that recurses. Its parameters are the first slots
    /// of its window.
    pub(super) fn out_of_line(
        &mut self,
        number: usize,
        scope: &Scope<'_, 't, 'a, R>,
    ) -> Option<Recursive<'a, R>> {
        let Called { place, .. } = self.recursive.get(number).copied().flatten()?;
        let body = self.body(place, 0, scope, Span::default())?;
        let parameter = |slot: usize| Term::Local(u8::try_from(slot).unwrap_or(u8::MAX));
        let arguments = self.arena.try_alloc_slice_fill_with(usize::from(body.arity), parameter);
        let arguments = self.given(arguments, scope, Span::default())?;
        self.window = Some(body.arity);
        let inside = Inside { body, place, level: 0, arguments, outer: None };
        let root = &inside.body.expr.root;
        let inner = &Scope { text: body.expr.text, root, function: Some(&inside) };
        let mut whole = Term::NOTHING;
        self.term(root, inner, &mut whole)?;
        let window = self.window.take()?;
        Some(Recursive { body: whole, arity: body.arity, window })
    }

    /// The body of a function, if it is not too high below so many levels.
    fn body(
        &mut self,
        place: Place,
        level: u16,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<&'t Body<'t, R>> {
        let levels = self.limits.depth.saturating_sub(level);
        let mut known = core::iter::successors(self.bodies, |known| known.next);
        let known = known.find(|known| known.place == place);
        let height = match known {
            Some(known) => known.body.height,
            None => {
                let body = self.names.body(place, levels, self.trees);
                let Some(body) = self.given(body, scope, span)? else {
                    return self.fail(ErrorKind::Busy, scope, span);
                };
                // One that is too high has no terms: it is not remembered.
                if body.height <= levels {
                    let known = self.trees.try_alloc(Known { place, body, next: self.bodies });
                    self.bodies = Some(self.given(known, scope, span)?);
                }
                body.height
            }
        };
        if height > levels {
            return self.too_large(scope, span);
        }
        known.or(self.bodies).map(|known| &known.body)
    }

    /// A call of an expression function: its body in place, unless it recurses.
    #[inline(never)]
    pub(super) fn function(
        &mut self,
        place: Place,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
    ) -> Option<Term<'a, R>> {
        let span = term.span();
        // What is known of the function already needs no tree of its body.
        let mut recursive = self.recursive.iter().flatten().enumerate();
        if let Some((number, &called)) = recursive.find(|(_, called)| called.place == place) {
            self.check_arity(Some(usize::from(called.arity)), term, scope)?;
            let arguments = self.arguments(term, scope)?;
            let height = self.above_list(arguments, scope, span)?;
            let arguments = self.place(arguments, scope, span)?;
            let function = u8::try_from(number).unwrap_or(u8::MAX);
            return Some(Term::Call { function, height, arguments });
        }
        let mut outer = core::iter::successors(scope.function, |inside| inside.outer);
        if let Some(inside) = outer.find(|inside| inside.place == place) {
            let arity = inside.body.arity;
            self.check_arity(Some(usize::from(arity)), term, scope)?;
            self.again = match self.recursive.iter_mut().find(|free| free.is_none()) {
                Some(free) => {
                    *free = Some(Called { place, arity });
                    true
                }
                None => {
                    let limit = RECURSIVE;
                    return self.fail(ErrorKind::TooManyFunctions { limit }, scope, span);
                }
            };
            return None;
        }
        // Bodies in bodies are a tree, too, and resolving it is as deep as it is high.
        let level = scope.levels(span).saturating_add(1);
        let body = self.body(place, level, scope, span)?;
        self.check_arity(Some(usize::from(body.arity)), term, scope)?;
        let arguments = self.arguments(term, scope)?;
        self.inline(place, level, body, arguments, scope, span)
    }

    /// A body with its parameters replaced: by what is free to evaluate twice, by
    /// what is evaluated once and may be anywhere, or by a slot that is set first.
    fn inline(
        &mut self,
        place: Place,
        level: u16,
        body: &'t Body<'t, R>,
        arguments: &'a [Term<'a, R>],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<Term<'a, R>> {
        let arena: &'a Arena<'a> = self.arena;
        let replaced = arena.try_alloc_slice_copy(arguments);
        let replaced = self.given(replaced, scope, span)?;
        for (term, uses) in replaced.iter_mut().zip(body.uses) {
            if !(term.is_leaf() || (*uses <= 1 && term.is_total())) {
                *term = self.intermediate(scope, span)?;
            }
        }
        let inside = Inside { body, place, level, arguments: replaced, outer: scope.function };
        let root = &inside.body.expr.root;
        let inner = &Scope { text: body.expr.text, root, function: Some(&inside) };
        let mut result = Term::NOTHING;
        self.term(root, inner, &mut result)?;
        for (value, slot) in arguments.iter().zip(&*replaced).rev() {
            let (slot, local) = match *slot {
                Term::Slot(slot) if !value.is_leaf() => (slot, false),
                Term::Local(slot) if !value.is_leaf() => (slot, true),
                _ => continue,
            };
            let height = self.above(value.height().max(result.height()), 2, scope, span)?;
            let parts: &'a [Term<'a, R>; 2] = self.place([*value, result], scope, span)?;
            result = Term::Let { slot, local, height, parts };
        }
        Some(result)
    }

    /// A slot for an intermediate value.
    fn intermediate(&mut self, scope: &Scope<'_, 't, 'a, R>, span: Span) -> Option<Term<'a, R>> {
        let full = ErrorKind::TooManySlots { limit: SLOTS };
        let counter = self.window.unwrap_or(self.locals);
        let Some(next) = counter.checked_add(1) else { return self.fail(full, scope, span) };
        match &mut self.window {
            Some(window) => {
                *window = next;
                Some(Term::Local(counter))
            }
            None => {
                self.locals = next;
                let slot = self.frame.local(counter);
                self.given(slot, scope, span).map(Term::Slot)
            }
        }
    }
}
