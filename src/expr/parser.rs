//! Text to a tree: precedence climbing, within bounds.

use super::ast::{Expr, Span, Term};
use super::error::{Error, ErrorKind};
use super::lexer::{Lexer, Token};
use super::limits::Limits;
use super::operator::{Binding, Op1, Op2};
use super::real::Real;
use crate::arena::Arena;

/// The tree of a text.
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
        span: Span::default(),
        last: Span::default(),
        arena,
        limits: *limits,
        nesting: 0,
        terms: 0,
        error: None,
    };
    parser.advance();
    let root = parser.expression(Binding::Sequence);
    if parser.error.is_none() && parser.token != Token::End {
        parser.expected::<()>("an operator, or the end");
    }
    match (root, parser.error) {
        (Some(root), None) => Ok(Expr { text, root }),
        (_, error) => {
            let (kind, span) = error.unwrap_or((ErrorKind::InvalidNumber, parser.span));
            Err(Error::at(kind, text, span))
        }
    }
}

struct Parser<'a, 'm, R> {
    lexer: Lexer<'a>,
    token: Token<R>,
    /// The place of `token`, and of the token before it.
    span: Span,
    last: Span,
    arena: &'a Arena<'m>,
    limits: Limits,
    nesting: u16,
    terms: usize,
    /// The first error. Functions answer `None` if and only if there is one, so
    /// that what they answer is small.
    error: Option<(ErrorKind, Span)>,
}

/// Arguments from the third on, while they are collected.
struct Link<'a, R> {
    term: Term<'a, R>,
    before: Option<&'a Link<'a, R>>,
}

impl<'a, R: Real> Parser<'a, '_, R> {
    #[inline]
    fn advance(&mut self) {
        self.last = self.span;
        let (token, span) = self.lexer.next();
        self.span = span;
        match token {
            Ok(token) => self.token = token,
            Err(kind) => {
                self.token = Token::End;
                self.fail::<()>(kind, span);
            }
        }
    }

    #[cold]
    fn fail<T>(&mut self, kind: ErrorKind, span: Span) -> Option<T> {
        self.error = self.error.or(Some((kind, span)));
        None
    }

    #[cold]
    fn expected<T>(&mut self, what: &'static str) -> Option<T> {
        self.fail(ErrorKind::Expected { what }, self.span)
    }

    #[inline]
    fn expect(&mut self, token: Token<R>, what: &'static str) -> Option<()> {
        if self.token == token {
            self.advance();
            Some(())
        } else {
            self.expected(what)
        }
    }

    /// A place in the arena for what is below a term.
    #[inline]
    fn place<T>(&mut self, value: T) -> Option<&'a T> {
        match self.arena.try_alloc(value) {
            Ok(place) => Some(place),
            Err(error) => self.fail(ErrorKind::Memory(error), self.last),
        }
    }

    /// Counts a term.
    #[inline]
    fn count(&mut self) -> Option<()> {
        self.terms += 1;
        if self.terms > self.limits.terms {
            return self.fail(ErrorKind::TooManyTerms { limit: self.limits.terms }, self.last);
        }
        Some(())
    }

    /// The height of a term above others that are at most so high.
    #[inline]
    fn above(&mut self, height: u16) -> Option<u16> {
        if height >= self.limits.depth {
            return self.fail(ErrorKind::TooDeep { limit: self.limits.depth }, self.last);
        }
        Some(height + 1)
    }

    /// An expression of operators that bind at least as tight as `least`.
    fn expression(&mut self, least: Binding) -> Option<Term<'a, R>> {
        if self.nesting >= self.limits.depth {
            return self.fail(ErrorKind::TooDeep { limit: self.limits.depth }, self.span);
        }
        self.nesting += 1;
        let mut left = self.operand()?;
        loop {
            let (op, binding) = match self.token {
                Token::Infix(op, binding) => (op, binding),
                Token::Plus => (Op2::Add, Binding::Sum),
                Token::Minus => (Op2::Sub, Binding::Sum),
                Token::Question if least <= Binding::Conditional => {
                    left = self.conditional(left)?;
                    continue;
                }
                _ => break,
            };
            if binding < least {
                break;
            }
            self.advance();
            let right = self.expression(right_of(binding))?;
            self.count()?;
            let height = self.above(left.height().max(right.height()))?;
            let span = left.span().to(right.span());
            left = Term::Binary { op, span, height, operands: self.place([left, right])? };
        }
        self.nesting -= 1;
        Some(left)
    }

    fn conditional(&mut self, condition: Term<'a, R>) -> Option<Term<'a, R>> {
        self.advance();
        let first = self.expression(Binding::Sequence)?;
        self.expect(Token::Colon, "`:`")?;
        let second = self.expression(Binding::Conditional)?;
        self.count()?;
        let height = condition.height().max(first.height()).max(second.height());
        let (height, span) = (self.above(height)?, condition.span().to(second.span()));
        Some(Term::Conditional { span, height, parts: self.place([condition, first, second])? })
    }

    /// What stands between two operators.
    fn operand(&mut self) -> Option<Term<'a, R>> {
        let span = self.span;
        match self.token {
            Token::Number(value) => {
                self.advance();
                self.count()?;
                Some(Term::Number { span, value })
            }
            Token::Name => {
                self.advance();
                self.count()?;
                match self.token {
                    Token::Open => self.call(span),
                    Token::OpenIndex => self.index(span),
                    _ => Some(Term::Name { span }),
                }
            }
            Token::Minus => self.prefix(Op1::Neg),
            Token::Prefix(op) => self.prefix(op),
            Token::Plus => {
                self.advance();
                self.expression(Binding::Unary)
            }
            Token::Open => {
                self.advance();
                let inner = self.expression(Binding::Sequence)?;
                self.expect(Token::Close, "`)`")?;
                Some(inner)
            }
            _ => self.expected("a number, a name or `(`"),
        }
    }

    fn prefix(&mut self, op: Op1) -> Option<Term<'a, R>> {
        let start = self.span;
        self.advance();
        let operand = self.expression(Binding::Unary)?;
        self.count()?;
        let (height, span) = (self.above(operand.height())?, start.to(operand.span()));
        Some(Term::Unary { op, span, height, operand: self.place(operand)? })
    }

    fn index(&mut self, name: Span) -> Option<Term<'a, R>> {
        let length = self.plain_name(name, "an array: attributes have no elements")?;
        self.advance();
        let index = self.expression(Binding::Sequence)?;
        self.expect(Token::CloseIndex, "`]`")?;
        let (height, span) = (self.above(index.height())?, name.to(self.last));
        Some(Term::Index { span, name: length, height, index: self.place(index)? })
    }

    /// The length of a name that is none of an attribute.
    fn plain_name(&mut self, name: Span, what: &'static str) -> Option<u8> {
        if self.lexer.has_dot(name) {
            return self.fail(ErrorKind::NotA { what }, name);
        }
        // The lexer bounds it.
        u8::try_from(name.end - name.start).ok()
    }

    fn call(&mut self, called: Span) -> Option<Term<'a, R>> {
        let name = self.plain_name(called, "a function: attributes cannot be called")?;
        self.advance();
        if self.token == Token::Close {
            self.advance();
            return Some(Term::Call0 { span: called.to(self.last), name });
        }
        let first = self.expression(Binding::Conditional)?;
        if !self.comma() {
            let span = self.close_call(called)?;
            let (height, argument) = (self.above(first.height())?, self.place(first)?);
            return Some(Term::Call1 { span, name, height, argument });
        }
        let second = self.expression(Binding::Conditional)?;
        if !self.comma() {
            let span = self.close_call(called)?;
            let height = self.above(first.height().max(second.height()))?;
            return Some(Term::Call2 {
                span,
                name,
                height,
                arguments: self.place([first, second])?,
            });
        }
        let arguments = self.more_arguments([first, second])?;
        let span = self.close_call(called)?;
        let height = arguments.iter().map(Term::height).max().unwrap_or(0);
        let (height, arguments) = (self.above(height)?, self.place(arguments)?);
        Some(Term::Call { span, name, height, arguments })
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
        Some(called.to(self.last))
    }

    /// All arguments of a call that has more than two, behind the second comma.
    fn more_arguments(&mut self, first: [Term<'a, R>; 2]) -> Option<&'a [Term<'a, R>]> {
        let mut last: Option<&'a Link<'a, R>> = None;
        let mut count = first.len();
        loop {
            let term = self.expression(Binding::Conditional)?;
            last = Some(self.place(Link { term, before: last })?);
            count += 1;
            if count > usize::from(u8::MAX) {
                return self.fail(ErrorKind::TooManyArguments, self.last);
            }
            if !self.comma() {
                break;
            }
        }
        let filler = first[0];
        let all = match self.arena.try_alloc_slice_fill_with(count, |_| filler) {
            Ok(all) => all,
            Err(error) => return self.fail(ErrorKind::Memory(error), self.last),
        };
        for place in all.iter_mut().skip(first.len()).rev() {
            let link = last?;
            *place = link.term;
            last = link.before;
        }
        if let Some(place) = all.get_mut(1) {
            *place = first[1];
        }
        Some(all)
    }
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
