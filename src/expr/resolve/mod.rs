//! The tree of a text to the checked form: names, arguments, folding, inlining.

mod functions;

use functions::{Called, Known};

use crate::arena::Arena;
use crate::expr::ast::{self, Span};
use crate::expr::context::Context;
use crate::expr::error::{Error, ErrorKind};
use crate::expr::frame::Frame;
use crate::expr::function::Body;
use crate::expr::ir::{Ir, Recursive, Term};
use crate::expr::limits::Limits;
use crate::expr::names::{Names, Native, Place, Space};
use crate::expr::operator::{Builtin, CONSTANTS, Op1, Op2};
use crate::expr::program::CALLED_BITS;
use crate::expr::real::Real;
use crate::expr::suggest::Nearest;
use crate::pool::ReleaseStrategy;

/// Functions that recurse, of one expression.
const RECURSIVE: usize = 1 << CALLED_BITS;

/// Resolves one expression.
struct Resolver<'t, 'a, 'f, 'm, R: Real, S: ReleaseStrategy> {
    /// Trees of functions, and the checked form.
    trees: &'t Arena<'t>,
    arena: &'a Arena<'a>,
    limits: Limits,
    names: &'f dyn Names<'m, R>,
    frame: &'f mut Frame<'m, R, S>,
    terms: usize,
    /// Terms below others, and entries of lists of arguments.
    nodes: usize,
    /// Intermediate values so far, and slots of the window if it is a function's.
    locals: u8,
    window: Option<u8>,
    recursive: [Option<Called>; RECURSIVE],
    /// Bodies so far, the last one first.
    bodies: Option<&'t Known<'t, R>>,
    /// A function turned out to recurse: everything is to be done again.
    again: bool,
    error: Option<Error>,
}

/// Where a term stands.
struct Scope<'s, 't, 'a, R> {
    /// The whole that the term is a part of.
    text: &'t str,
    root: &'s ast::Term<'t, R>,
    function: Option<&'s Inside<'s, 't, 'a, R>>,
}

impl<R: Real> Scope<'_, '_, '_, R> {
    /// Names are looked up from here on: a function's, from where it was defined.
    fn level(&self) -> u8 {
        self.function.map_or(0, |inside| inside.place.level)
    }

    /// An error at a place of the text, which is the expression's or a function's.
    #[cold]
    fn error(&self, kind: ErrorKind, span: Span) -> Error {
        let error = Error::at(kind, self.text, span);
        match self.function {
            Some(inside) if error.line > 0 => error.within(inside.body.name),
            _ => error,
        }
    }
}

/// The function that a term stands in.
struct Inside<'s, 't, 'a, R> {
    body: &'t Body<'t, R>,
    place: Place,
    /// Levels of the tree above the body.
    level: u16,
    arguments: &'s [Term<'a, R>],
    outer: Option<&'s Inside<'s, 't, 'a, R>>,
}

/// The second phase: the checked form of an expression, with names resolved,
/// constants folded and functions in place. What it uses of the frame is noted
/// there, until [`lower`](super::lower) takes it, or the next expression comes.
///
/// Bodies of functions are expanded in `trees`, which may be the tree's own arena,
/// and can be reset afterwards with it: nothing in `arena` leads there.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
///
/// let pool = Pool::new();
/// let context = <Context>::new(&pool);
/// context.set("gain", 3.0)?;
/// let mut frame = Frame::new(&pool);
/// let x = frame.parameter("x", 0.0)?;
///
/// let (mut trees, mut checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
/// let tree = parse("gain * (x + 2*3)", &trees, &limits)?;
/// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
/// trees.reset();
/// assert_eq!(ir.to_string(), "(s255 * (s0 + 6.0))");
/// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
/// checked.reset();
/// assert_eq!(program.display(&frame).to_string(), "(s255 * (s0 + 6.0))");
///
/// frame.set(x, 4.0);
/// assert_eq!(program.eval(&frame, &limits), Ok(30.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
///
/// Complexity: linear in the number of terms, functions in place, of which there are
/// at most [`Limits::terms`], folded ones included; for a name in a function also in the
/// function's parameters, for a name that is no parameter in the names of the context and
/// its parents, for a call of a function in how deep it stands, and in how many functions
/// the expression calls. After a change of definitions once also in what the frame
/// follows, elements of its arrays included. Never panics. `expr` must be as
/// [`parse`](super::parse()) made it: a tree says itself how deep it goes.
///
/// # Errors
/// What is wrong with the expression; a bound of `limits` that it passes; or
/// [`ErrorKind::Memory`]. The slots that it uses of the frame are free again then.
/// Copies of arrays and natives stay in it: the next expression finds them there.
pub fn resolve<'a, 'm, R: Real, S: ReleaseStrategy>(
    expr: &ast::Expr<'_, R>,
    trees: &Arena<'_>,
    arena: &'a Arena<'_>,
    context: &Context<'m, R, S>,
    frame: &mut Frame<'m, R, S>,
    limits: &Limits,
) -> Result<Ir<'a, R>, Error> {
    let (mut recursive, mut bodies) = ([None; RECURSIVE], None);
    frame.under(context);
    loop {
        frame.begin();
        let mut resolver = Resolver {
            trees,
            arena,
            limits: *limits,
            names: context,
            frame: &mut *frame,
            terms: 0,
            nodes: 0,
            locals: 0,
            window: None,
            recursive,
            bodies,
            again: false,
            error: None,
        };
        if let Some(ir) = resolver.expression(expr) {
            return Ok(ir);
        }
        let (again, error) = (resolver.again, resolver.error);
        (recursive, bodies) = (resolver.recursive, resolver.bodies);
        if !again {
            frame.begin();
            return Err(error.unwrap_or(Error::busy()));
        }
    }
}

impl<'t, 'a, 'm, R: Real, S: ReleaseStrategy> Resolver<'t, 'a, '_, 'm, R, S> {
    fn expression(&mut self, expr: &ast::Expr<'t, R>) -> Option<Ir<'a, R>> {
        let scope = &Scope { text: expr.text, root: &expr.root, function: None };
        if expr.root.height() > self.limits.depth {
            self.too_large::<()>(scope, Span::default())?;
        }
        let mut root = Term::NOTHING;
        self.term(&expr.root, scope, &mut root)?;
        let count = self.recursive.iter().flatten().count();
        let nothing = Recursive { body: Term::NOTHING, arity: 0, window: 0 };
        let functions = self.arena.try_alloc_slice_fill_with(count, |_| nothing);
        let functions = self.given(functions, scope, Span::default())?;
        for (number, place) in functions.iter_mut().enumerate() {
            *place = self.out_of_line(number, scope)?;
        }
        Some(Ir { root, functions, nodes: self.nodes + 1 + count, turn: self.frame.turn })
    }

    #[inline]
    fn fail<T>(&mut self, kind: ErrorKind, scope: &Scope<'_, 't, 'a, R>, span: Span) -> Option<T> {
        self.refuse(kind, scope, span);
        None
    }

    /// Notes the first error. Of no type that is asked for, so that it stands once.
    #[cold]
    #[inline(never)]
    fn refuse(&mut self, error: impl Into<ErrorKind>, scope: &Scope<'_, 't, 'a, R>, span: Span) {
        self.error = self.error.or(Some(scope.error(error.into(), span)));
    }

    /// Nobody has the name: which known one is the nearest?
    #[cold]
    fn unknown<T>(
        &mut self,
        space: Space,
        name: &[u8],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<T> {
        let mut nearest = Nearest::new(name);
        if space == Space::Value {
            match scope.function {
                Some(inside) => inside.body.parameters().for_each(|name| nearest.offer(name)),
                None => self.frame.names.iter().for_each(|name| nearest.offer(name)),
            }
            CONSTANTS.iter().for_each(|name| nearest.offer(name));
        }
        self.names.each_name(scope.level(), space, &mut |name| nearest.offer(name));
        let kind = match space {
            Space::Value => ErrorKind::UnknownName,
            Space::Array => ErrorKind::UnknownArray,
            Space::Function => ErrorKind::UnknownFunction,
        };
        let error = scope.error(kind, span);
        let error = nearest.name().map_or(error, |name| error.suggest(name));
        self.error = self.error.or(Some(error));
        None
    }

    /// What memory or the frame had room for.
    #[inline]
    fn given<T>(
        &mut self,
        result: Result<T, impl Into<ErrorKind>>,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(error, scope, span);
                None
            }
        }
    }

    /// Places in the arena, for terms below another one.
    #[inline]
    fn places<const N: usize>(
        &mut self,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<&'a mut [Term<'a, R>; N]> {
        self.place([Term::NOTHING; N], scope, span)
    }

    #[inline]
    fn place<T>(
        &mut self,
        value: T,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<&'a mut T> {
        let arena: &'a Arena<'a> = self.arena;
        self.given(arena.try_alloc(value), scope, span)
    }

    /// The height of a term above `below` others of at most `height`.
    #[inline]
    fn above(
        &mut self,
        height: u16,
        below: usize,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<u16> {
        self.nodes += below;
        if height >= self.limits.depth {
            return self.too_large(scope, span);
        }
        Some(height + 1)
    }

    /// There are too many terms, or they are nested too deep.
    #[cold]
    #[inline(never)]
    fn too_large<T>(&mut self, scope: &Scope<'_, 't, 'a, R>, span: Span) -> Option<T> {
        let Limits { terms, depth, .. } = self.limits;
        let many = self.terms > terms;
        let kind = match many {
            true => ErrorKind::TooManyTerms { limit: terms },
            false => ErrorKind::TooDeep { limit: depth },
        };
        self.fail(kind, scope, span)
    }

    /// The height of a call with these arguments, each of which has an entry in a
    /// list besides its node.
    fn above_list(
        &mut self,
        arguments: &[Term<'a, R>],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<u16> {
        let height = arguments.iter().map(Term::height).max().unwrap_or(0);
        self.above(height, 2 * arguments.len(), scope, span)
    }

    /// Resolves a term to where its checked form is to stand. (Moving it there would
    /// take longer: it is written in parts, and a processor waits for all of them
    /// before it can read the whole.)
    ///
    /// As deep as the tree is high and functions are nested, which is bounded. Every
    /// term that is read counts, whatever folding leaves of it: so is the time.
    fn term(
        &mut self,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        self.terms += 1;
        if self.terms > self.limits.terms {
            return self.too_large(scope, term.span());
        }
        match *term {
            ast::Term::Number { value, .. } => {
                *to = Term::Constant(value);
                Some(())
            }
            ast::Term::Name { span } => self.name(term.name_bytes(scope.text), scope, span, to),
            ast::Term::Unary { op, span, operand, .. } => self.one(op, operand, scope, span, to),
            ast::Term::Binary { op, span, operands, .. } => self.two(op, operands, scope, span, to),
            ast::Term::Conditional { span, parts, .. } => self.conditional(parts, scope, span, to),
            ast::Term::Index { index, .. } => self.index(term, index, scope, to),
            _ => self.call(term, scope, to),
        }
    }

    #[inline(never)]
    fn conditional(
        &mut self,
        terms: &[ast::Term<'t, R>; 3],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        let parts = self.places::<3>(scope, span)?;
        for (term, part) in terms.iter().zip(parts.iter_mut()) {
            self.term(term, scope, part)?;
        }
        *to = match parts[0] {
            Term::Constant(value) if self.limits.fold => parts[if value.is_true() { 1 } else { 2 }],
            _ => {
                let total = parts.iter().all(Term::is_total);
                let height = parts.iter().map(Term::height).max().unwrap_or(0);
                Term::Conditional { total, height: self.above(height, 3, scope, span)?, parts }
            }
        };
        Some(())
    }

    #[inline]
    fn name(
        &mut self,
        name: &[u8],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        match scope.function {
            Some(inside) => {
                if let Some(number) = inside.body.parameter(name) {
                    *to = *inside.arguments.get(number)?;
                    return Some(());
                }
            }
            None => {
                if let Some(slot) = self.frame.names.find(name) {
                    *to = Term::Slot(u8::try_from(slot).ok()?);
                    return Some(());
                }
            }
        }
        *to = self.other_name(name, scope, span)?;
        Some(())
    }

    /// A name that is no parameter.
    #[inline(never)]
    fn other_name(
        &mut self,
        name: &[u8],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
    ) -> Option<Term<'a, R>> {
        if let Some(place) = self.names.find(scope.level(), Space::Value, name) {
            return match self.names.value(place) {
                Some((value, true)) => Some(Term::Constant(value)),
                _ => {
                    let slot = self.frame.bind(self.names, place, None);
                    self.given(slot, scope, span).map(Term::Slot)
                }
            };
        }
        match Builtin::constant(name) {
            Some(value) => Some(Term::Constant(value)),
            None => self.unknown(Space::Value, name, scope, span),
        }
    }

    fn one(
        &mut self,
        op: Op1,
        operand: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        let place = self.place(Term::NOTHING, scope, span)?;
        self.term(operand, scope, place)?;
        let operand: &'a Term<'a, R> = place;
        if let (Term::Constant(x), true) = (*operand, self.limits.fold) {
            if let Ok(value) = op.apply(x) {
                *to = Term::Constant(value);
                return Some(());
            }
        }
        let height = self.above(operand.height(), 1, scope, span)?;
        let total = !op.is_fallible() && operand.is_total();
        *to = Term::One { op, total, height, operand };
        Some(())
    }

    fn two(
        &mut self,
        op: Op2,
        [left, right]: &[ast::Term<'t, R>; 2],
        scope: &Scope<'_, 't, 'a, R>,
        span: Span,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        let places = self.places::<2>(scope, span)?;
        self.term(left, scope, &mut places[0])?;
        self.term(right, scope, &mut places[1])?;
        let operands: &'a [Term<'a, R>; 2] = places;
        if let (Term::Constant(x), true) = (operands[0], self.limits.fold) {
            if let Some(value) = fold(op, x, &operands[1]) {
                *to = Term::Constant(value);
                return Some(());
            }
        }
        if op == Op2::Second && self.limits.fold && operands[0].is_total() {
            *to = operands[1];
            return Some(());
        }
        let height = self.above(operands[0].height().max(operands[1].height()), 2, scope, span)?;
        let total = !op.is_fallible() && operands[0].is_total() && operands[1].is_total();
        *to = Term::Two { op, total, height, operands };
        Some(())
    }

    #[inline(never)]
    fn index(
        &mut self,
        term: &ast::Term<'t, R>,
        index: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        let (name, span) = (term.name_bytes(scope.text), term.name_span());
        let place = self.place(Term::NOTHING, scope, span)?;
        self.term(index, scope, place)?;
        let index: &'a Term<'a, R> = place;
        let Some(place) = self.names.find(scope.level(), Space::Array, name) else {
            return self.unknown(Space::Array, name, scope, span);
        };
        let constant = match *index {
            Term::Constant(value) => value.to_index(),
            _ => None,
        };
        if let Some(element) = constant.and_then(|index| u32::try_from(index).ok()) {
            // An element that is there is a value like any other.
            let mut length = 0;
            self.names.array(place, &mut |array| length = array.len());
            if (element as usize) < length {
                let slot = self.frame.bind(self.names, place, Some(element));
                *to = Term::Slot(self.given(slot, scope, span)?);
                return Some(());
            }
        }
        let array = self.frame.array(self.names, place);
        let array = self.given(array, scope, span)?;
        let height = self.above(index.height(), 1, scope, span)?;
        *to = Term::Index { array, height, index };
        Some(())
    }

    fn call(
        &mut self,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        let name = term.name_bytes(scope.text);
        match self.names.find(scope.level(), Space::Function, name) {
            Some(place) => {
                *to = match self.names.native(place) {
                    Some(native) => self.native(place, native, term, scope)?,
                    None => self.function(place, term, scope)?,
                };
                Some(())
            }
            None => match Builtin::find(name) {
                Some(builtin) => self.builtin(builtin, term, scope, to),
                None => self.unknown(Space::Function, name, scope, term.name_span()),
            },
        }
    }

    #[inline(never)]
    fn native(
        &mut self,
        place: Place,
        native: Native<'m, R>,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
    ) -> Option<Term<'a, R>> {
        self.check_arity(native.arity.map(usize::from), term, scope)?;
        let arguments = self.arguments(term, scope)?;
        let native = self.frame.native(place, native.function);
        let native = self.given(native, scope, term.name_span())?;
        let height = self.above_list(arguments, scope, term.span())?;
        let arguments = self.place(arguments, scope, term.span())?;
        Some(Term::Native { native, height, arguments })
    }

    fn check_arity(
        &mut self,
        expected: Option<usize>,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
    ) -> Option<()> {
        let found = term.children().len();
        match expected {
            Some(expected) if expected != found => {
                self.fail(ErrorKind::WrongArguments { expected, found }, scope, term.span())
            }
            _ => Some(()),
        }
    }

    fn arguments(
        &mut self,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
    ) -> Option<&'a [Term<'a, R>]> {
        let children = term.children();
        let arena: &'a Arena<'a> = self.arena;
        let places = arena.try_alloc_slice_fill_with(children.len(), |_| Term::NOTHING);
        let places = self.given(places, scope, term.span())?;
        for (place, child) in places.iter_mut().zip(children) {
            self.term(child, scope, place)?;
        }
        Some(places)
    }

    fn builtin(
        &mut self,
        builtin: Builtin,
        term: &ast::Term<'t, R>,
        scope: &Scope<'_, 't, 'a, R>,
        to: &mut Term<'a, R>,
    ) -> Option<()> {
        match (builtin, *term) {
            (Builtin::One(op), ast::Term::Call1 { span, argument, .. }) => {
                return self.one(op, argument, scope, span, to);
            }
            (Builtin::Two(op), ast::Term::Call2 { span, arguments, .. }) => {
                return self.two(op, arguments, scope, span, to);
            }
            // A power without an exponent is a square.
            (Builtin::Two(Op2::Pow), ast::Term::Call1 { span, argument, .. }) => {
                let two = ast::Term::Number { span, value: R::ONE + R::ONE };
                return self.two(Op2::Pow, &[*argument, two], scope, span, to);
            }
            (Builtin::E, ast::Term::Call0 { .. }) => *to = Term::Constant(R::E),
            (Builtin::Pi, ast::Term::Call0 { .. }) => *to = Term::Constant(R::PI),
            _ => self.check_arity(Some(builtin.arity()), term, scope)?,
        }
        Some(())
    }
}

/// What an operator makes of a constant and another operand, if that is known.
fn fold<R: Real>(op: Op2, x: R, right: &Term<'_, R>) -> Option<R> {
    match (op, right) {
        (Op2::And, _) if !x.is_true() => Some(R::ZERO),
        (Op2::Or, _) if x.is_true() => Some(R::ONE),
        (_, Term::Constant(y)) => op.apply(x, *y).ok(),
        _ => None,
    }
}
