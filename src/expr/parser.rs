//! Text to a tree: precedence climbing, within bounds.

use core::cell::Cell;

use super::ast::{Expr, Span, Term};
use super::error::{Error, ErrorKind};
use super::lexer::{Lexer, Token};
use super::limits::Limits;
use super::operator::{Binding, Op1, Op2};
use super::real::Real;
use crate::arena::Arena;
use crate::error::AllocError;

/// The tree of a text.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Limits, parse};
///
/// let arena = Arena::new();
/// let tree = parse::<f64>("a + b*c", &arena, &Limits::DEFAULT)?;
/// assert_eq!(tree.to_string(), "a + b * c");
///
/// let error = parse::<f64>("a + * c", &arena, &Limits::DEFAULT).unwrap_err();
/// assert_eq!(error.range(), 4..5);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
///
/// Complexity: linear in the length of the text; one arena allocation for each
/// pair of operands.
///
/// # Errors
/// The first thing that is wrong with the text; a bound of `limits` that it
/// passes; or [`ErrorKind::Memory`].
pub fn parse<'a, R: Real>(
    text: &'a str,
    arena: &'a Arena<'_>,
    limits: &Limits,
) -> Result<Expr<'a, R>, Error> {
    let limit = limits.text_bytes.min(usize::from(u16::MAX));
    if text.len() > limit {
        return Err(Error::at(ErrorKind::TextTooLong { limit }, text, Span::default()));
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        token: Token::End,
        start: 0,
        last: 0,
        arena,
        limits: *limits,
        nesting: 0,
        height: 0,
        terms: 0,
        error: None,
    };
    parser.advance();
    let mut root = Term::NOTHING;
    let parsed = parser.expression(Binding::Sequence, &mut root);
    if parser.error.is_none() && parser.token != Token::End {
        parser.expected::<()>("an operator, or the end");
    }
    match (parsed, parser.error) {
        (Some(()), None) => Ok(Expr { text, root }),
        (_, error) => {
            let (kind, span) = error.unwrap_or((ErrorKind::InvalidNumber, parser.span()));
            Err(Error::at(kind, text, span))
        }
    }
}

struct Parser<'a, 'm, R> {
    lexer: Lexer<'a, R>,
    token: Token,
    /// Where `token` begins (it ends where the lexer is), and where the token
    /// before it ends.
    start: u16,
    last: u16,
    arena: &'a Arena<'m>,
    limits: Limits,
    nesting: u16,
    /// Levels of the term that was parsed last.
    height: u16,
    terms: usize,
    /// The first error. Functions answer `None` if and only if there is one, so
    /// that what they answer is small.
    error: Option<(ErrorKind, Span)>,
}

/// An argument of a call with more than two, while they are collected.
struct Link<'a, R> {
    term: Cell<Option<Term<'a, R>>>,
    next: Cell<Option<&'a Link<'a, R>>>,
}

impl<'a, R: Real> Parser<'a, '_, R> {
    #[inline(never)]
    fn advance(&mut self) {
        self.last = self.lexer.place();
        self.start = self.lexer.skip_space();
        self.token = self.lexer.next();
        if self.token == Token::Wrong {
            self.wrong();
        }
    }

    /// Space that is not ASCII's is passed by; all else that is no token is an error.
    #[cold]
    #[inline(never)]
    fn wrong(&mut self) {
        while self.token == Token::Wrong && self.lexer.was_space(self.start) {
            self.start = self.lexer.skip_space();
            self.token = self.lexer.next();
        }
        if self.token == Token::Wrong {
            self.token = Token::End;
            self.fail::<()>(self.lexer.error, self.span());
        }
    }

    /// The place of the token.
    fn span(&self) -> Span {
        Span { start: self.start, end: self.lexer.place() }
    }

    /// The place of what began at `start` and ends with the token before this one.
    #[inline]
    fn since(&self, start: u16) -> Span {
        Span { start, end: self.last }
    }

    #[cold]
    #[inline(never)]
    fn fail<T>(&mut self, kind: ErrorKind, span: Span) -> Option<T> {
        self.error = self.error.or(Some((kind, span)));
        None
    }

    #[cold]
    #[inline(never)]
    fn expected<T>(&mut self, what: &'static str) -> Option<T> {
        self.fail(ErrorKind::Expected { what }, self.span())
    }

    #[cold]
    #[inline(never)]
    fn no_memory<T>(&mut self, error: AllocError) -> Option<T> {
        self.fail(ErrorKind::Memory(error), self.since(self.last))
    }

    #[cold]
    #[inline(never)]
    fn too_deep<T>(&mut self) -> Option<T> {
        self.fail(ErrorKind::TooDeep { limit: self.limits.depth }, self.span())
    }

    #[cold]
    #[inline(never)]
    fn too_many_terms<T>(&mut self) -> Option<T> {
        self.fail(ErrorKind::TooManyTerms { limit: self.limits.terms }, self.span())
    }

    #[inline]
    fn expect(&mut self, token: Token, what: &'static str) -> Option<()> {
        if self.token == token {
            self.advance();
            Some(())
        } else {
            self.expected(what)
        }
    }

    /// A place in the arena for what is below a term.
    #[inline]
    fn place<T>(&mut self, value: T) -> Option<&'a mut T> {
        match self.arena.try_alloc(value) {
            Ok(place) => Some(place),
            Err(error) => self.no_memory(error),
        }
    }

    /// Counts a term, of one level if it has nothing below it.
    #[inline]
    fn count(&mut self) -> Option<()> {
        self.height = 1;
        self.terms += 1;
        if self.terms > self.limits.terms {
            return self.too_many_terms();
        }
        Some(())
    }

    /// The height of a term above others that are at most so high.
    #[inline]
    fn above(&mut self, height: u16) -> Option<u16> {
        if height >= self.limits.depth {
            return self.too_deep();
        }
        self.height = height + 1;
        Some(height + 1)
    }

    /// An expression of operators that bind at least as tight as `least`. As of all
    /// terms, it is written to where it is to stand, as far as that is known: moving
    /// it there would take longer.
    fn expression(&mut self, least: Binding, to: &mut Term<'a, R>) -> Option<()> {
        if self.nesting >= self.limits.depth {
            return self.too_deep();
        }
        self.nesting += 1;
        let start = self.start;
        self.operand(to)?;
        if self.goes_on(least) {
            self.operators(to, start, least)?;
        }
        self.nesting -= 1;
        Some(())
    }

    /// Whether an operator follows that binds at least as tight as `least`.
    #[inline(always)]
    fn goes_on(&self, least: Binding) -> bool {
        match self.token {
            Token::Infix(_, binding) => binding >= least,
            Token::Question => least <= Binding::Conditional,
            _ => false,
        }
    }

    /// The operators behind a term that begins at `start`, as
    /// [`goes_on`](Self::goes_on) says, and their other operands.
    fn operators(&mut self, to: &mut Term<'a, R>, start: u16, least: Binding) -> Option<()> {
        loop {
            let (op, binding) = match self.token {
                Token::Infix(op, binding) if binding >= least => (op, binding),
                Token::Question if least <= Binding::Conditional => {
                    self.conditional(to, start)?;
                    continue;
                }
                _ => return Some(()),
            };
            self.advance();
            let left_height = self.height;
            let (inner, least) = (self.start, right_of(binding));
            let operands = self.place([*to, Term::NOTHING])?;
            let right = &mut operands[1];
            self.operand(right)?;
            if self.goes_on(least) {
                if self.nesting >= self.limits.depth {
                    return self.too_deep();
                }
                self.nesting += 1;
                self.operators(right, inner, least)?;
                self.nesting -= 1;
            }
            let height = left_height.max(self.height);
            self.count()?;
            let height = self.above(height)?;
            *to = Term::Binary { op, span: self.since(start), height, operands };
        }
    }

    #[inline(never)]
    fn conditional(&mut self, to: &mut Term<'a, R>, start: u16) -> Option<()> {
        let height = self.height;
        self.advance();
        let parts = self.place([*to, Term::NOTHING, Term::NOTHING])?;
        self.expression(Binding::Sequence, &mut parts[1])?;
        let height = height.max(self.height);
        self.expect(Token::Colon, "`:`")?;
        self.expression(Binding::Conditional, &mut parts[2])?;
        let height = height.max(self.height);
        self.count()?;
        let height = self.above(height)?;
        *to = Term::Conditional { span: self.since(start), height, parts };
        Some(())
    }

    /// What stands between two operators.
    #[inline(always)]
    fn operand(&mut self, to: &mut Term<'a, R>) -> Option<()> {
        match self.token {
            Token::Number => {
                let (start, value) = (self.start, self.lexer.number);
                self.advance();
                self.count()?;
                *to = Term::Number { span: self.since(start), value };
                Some(())
            }
            Token::Name => {
                let start = self.start;
                self.advance();
                self.count()?;
                let span = self.since(start);
                match self.token {
                    Token::Open => self.call(span, to),
                    Token::OpenIndex => self.index(span, to),
                    _ => {
                        *to = Term::Name { span };
                        Some(())
                    }
                }
            }
            _ => self.other_operand(to),
        }
    }

    #[inline(never)]
    fn other_operand(&mut self, to: &mut Term<'a, R>) -> Option<()> {
        match self.token {
            Token::Open => {
                self.advance();
                self.expression(Binding::Sequence, to)?;
                self.expect(Token::Close, "`)`")
            }
            Token::Infix(Op2::Sub, _) => self.prefix(Op1::Neg, to),
            Token::Prefix(op) => self.prefix(op, to),
            Token::Infix(Op2::Add, _) => {
                self.advance();
                self.expression(Binding::Unary, to)
            }
            Token::Attribute => {
                let start = self.start;
                self.advance();
                self.count()?;
                let span = self.since(start);
                let what = match self.token {
                    Token::Open => "a function: attributes cannot be called",
                    Token::OpenIndex => "an array: attributes have no elements",
                    _ => {
                        *to = Term::Name { span };
                        return Some(());
                    }
                };
                self.fail(ErrorKind::NotA { what }, span)
            }
            _ => self.expected("a number, a name or `(`"),
        }
    }

    fn prefix(&mut self, op: Op1, to: &mut Term<'a, R>) -> Option<()> {
        let start = self.start;
        self.advance();
        let operand = self.place(Term::NOTHING)?;
        self.expression(Binding::Unary, operand)?;
        let height = self.height;
        self.count()?;
        let height = self.above(height)?;
        *to = Term::Unary { op, span: self.since(start), height, operand };
        Some(())
    }

    #[inline(never)]
    fn index(&mut self, name: Span, to: &mut Term<'a, R>) -> Option<()> {
        let length = length(name);
        self.advance();
        let index = self.place(Term::NOTHING)?;
        self.expression(Binding::Sequence, index)?;
        self.expect(Token::CloseIndex, "`]`")?;
        let height = self.above(self.height)?;
        *to = Term::Index { span: self.since(name.start), name: length, height, index };
        Some(())
    }

    #[inline(never)]
    fn call(&mut self, called: Span, to: &mut Term<'a, R>) -> Option<()> {
        let name = length(called);
        self.advance();
        if self.token == Token::Close {
            self.advance();
            *to = Term::Call0 { span: self.since(called.start), name };
            return Some(());
        }
        let mut first = Term::NOTHING;
        self.expression(Binding::Conditional, &mut first)?;
        if !self.comma() {
            let span = self.close_call(called)?;
            let (height, argument) = (self.above(self.height)?, self.place(first)?);
            *to = Term::Call1 { span, name, height, argument };
            return Some(());
        }
        let height = self.height;
        let arguments = self.place([first, Term::NOTHING])?;
        self.expression(Binding::Conditional, &mut arguments[1])?;
        if !self.comma() {
            let span = self.close_call(called)?;
            let height = self.above(height.max(self.height))?;
            *to = Term::Call2 { span, name, height, arguments };
            return Some(());
        }
        let arguments = self.more_arguments(*arguments)?;
        let span = self.close_call(called)?;
        let height = arguments.iter().map(Term::height).max().unwrap_or(0);
        let (height, arguments) = (self.above(height)?, self.place(arguments)?);
        *to = Term::Call { span, name, height, arguments };
        Some(())
    }

    /// Takes a comma, or a semicolon, if one is there.
    fn comma(&mut self) -> bool {
        let found = matches!(self.token, Token::Infix(Op2::Second, _));
        if found {
            self.advance();
        }
        found
    }

    fn close_call(&mut self, called: Span) -> Option<Span> {
        self.expect(Token::Close, "`,` or `)`")?;
        Some(self.since(called.start))
    }

    /// All arguments of a call that has more than two, behind the second comma.
    fn more_arguments(&mut self, first: [Term<'a, R>; 2]) -> Option<&'a [Term<'a, R>]> {
        let [first, second] = first;
        let filler = first;
        let first = self.link(first, None)?;
        let mut last = self.link(second, Some(first))?;
        let mut count = 2;
        loop {
            let mut term = Term::NOTHING;
            self.expression(Binding::Conditional, &mut term)?;
            last = self.link(term, Some(last))?;
            count += 1;
            if count > usize::from(u8::MAX) {
                return self.fail(ErrorKind::TooManyArguments, self.span());
            }
            if !self.comma() {
                break;
            }
        }
        let mut at = first;
        let all = self.arena.try_alloc_slice_fill_with(count, |_| {
            let term = at.term.take().unwrap_or(filler);
            at = at.next.get().unwrap_or(at);
            term
        });
        match all {
            Ok(all) => Some(all),
            Err(error) => self.no_memory(error),
        }
    }

    fn link(
        &mut self,
        term: Term<'a, R>,
        last: Option<&'a Link<'a, R>>,
    ) -> Option<&'a Link<'a, R>> {
        let term = Cell::new(Some(term));
        let link: &'a Link<'a, R> = self.place(Link { term, next: Cell::new(None) })?;
        if let Some(last) = last {
            last.next.set(Some(link));
        }
        Some(link)
    }
}

/// The length of a name, which the lexer bounds.
#[allow(clippy::cast_possible_truncation, reason = "the lexer bounds it")]
fn length(name: Span) -> u8 {
    (name.end - name.start) as u8
}

/// How tight operators on the right side of one have to bind.
#[inline]
fn right_of(binding: Binding) -> Binding {
    match binding {
        // Powers lean to the right, all others to the left.
        Binding::Power => Binding::Power,
        Binding::TightPower => Binding::TightPower,
        Binding::Sequence => Binding::Conditional,
        Binding::Conditional => Binding::Or,
        Binding::Or => Binding::And,
        Binding::And => Binding::BitOr,
        Binding::BitOr => Binding::BitAnd,
        Binding::BitAnd => Binding::Comparison,
        Binding::Comparison => Binding::Shift,
        Binding::Shift => Binding::Sum,
        Binding::Sum => Binding::Product,
        Binding::Product => Binding::Unary,
        Binding::Unary | Binding::Primary => Binding::Primary,
    }
}
