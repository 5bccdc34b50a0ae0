//! Text to tokens.

use super::ast::Span;
use super::error::ErrorKind;
use super::operator::{Binding, Op1, Op2};
use super::real::Real;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<R> {
    End,
    Number(R),
    Name,
    /// An operator between two operands, and how tight it binds.
    Infix(Op2, Binding),
    /// `-`, which stands between operands or in front of one.
    Minus,
    /// `+`, likewise.
    Plus,
    /// `!`, `~`.
    Prefix(Op1),
    Question,
    Colon,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
}

/// A place in a text, from which tokens are taken.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

/// Which bytes a name may have.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        #[allow(clippy::cast_possible_truncation, reason = "the table has 256 entries")]
        let letter = byte as u8;
        table[byte] = letter == b'_' || letter.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

#[inline(always)]
fn is_name(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

impl<'a> Lexer<'a> {
    /// A lexer of a text of at most 65,535 bytes.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "a text has at most 65,535 bytes")]
    fn span(&self, start: usize) -> Span {
        Span { start: start as u16, end: self.at as u16 }
    }

    /// Whether a name is one of an attribute.
    pub(super) fn has_dot(&self, name: Span) -> bool {
        self.text.get(name.range()).is_some_and(|name| name.contains(&b'.'))
    }

    /// The next token and its place.
    #[inline]
    pub(super) fn next<R: Real>(&mut self) -> (Result<Token<R>, ErrorKind>, Span) {
        while matches!(self.byte(self.at), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        let start = self.at;
        let byte = self.byte(start);
        let token = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.name(),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(start + 1).is_ascii_digit() => self.number(),
            _ if start >= self.text.len() => Ok(Token::End),
            _ => self.sign(byte),
        };
        (token, self.span(start))
    }

    fn name<R>(&mut self) -> Result<Token<R>, ErrorKind> {
        let start = self.at;
        while is_name(self.byte(self.at)) {
            self.at += 1;
        }
        if self.byte(self.at) == b'.' {
            self.at += 1;
            let attribute = self.at;
            while is_name(self.byte(self.at)) {
                self.at += 1;
            }
            if self.at == attribute || self.byte(attribute).is_ascii_digit() {
                return Err(ErrorKind::Expected { what: "the name of an attribute" });
            }
        }
        if self.at - start > usize::from(u8::MAX) {
            return Err(ErrorKind::NameTooLong);
        }
        Ok(Token::Name)
    }

    fn sign<R>(&mut self, byte: u8) -> Result<Token<R>, ErrorKind> {
        use Binding as B;
        let next = self.byte(self.at + 1);
        let (length, token) = match (byte, next) {
            (b'*', b'*') => (2, Token::Infix(Op2::Pow, B::TightPower)),
            (b'<', b'<') => (2, Token::Infix(Op2::ShiftLeft, B::Shift)),
            (b'>', b'>') => (2, Token::Infix(Op2::ShiftRight, B::Shift)),
            (b'<', b'=') => (2, Token::Infix(Op2::LessEqual, B::Comparison)),
            (b'>', b'=') => (2, Token::Infix(Op2::GreaterEqual, B::Comparison)),
            (b'=', b'=') => (2, Token::Infix(Op2::Equal, B::Comparison)),
            (b'!', b'=') | (b'<', b'>') => (2, Token::Infix(Op2::NotEqual, B::Comparison)),
            (b'&', b'&') => (2, Token::Infix(Op2::And, B::And)),
            (b'|', b'|') => (2, Token::Infix(Op2::Or, B::Or)),
            (b'+', _) => (1, Token::Plus),
            (b'-', _) => (1, Token::Minus),
            (b'*', _) => (1, Token::Infix(Op2::Mul, B::Product)),
            (b'/', _) => (1, Token::Infix(Op2::Div, B::Product)),
            (b'%', _) => (1, Token::Infix(Op2::Rem, B::Product)),
            (b'^', _) => (1, Token::Infix(Op2::Pow, B::Power)),
            (b'<', _) => (1, Token::Infix(Op2::Less, B::Comparison)),
            (b'>', _) => (1, Token::Infix(Op2::Greater, B::Comparison)),
            (b'&', _) => (1, Token::Infix(Op2::BitAnd, B::BitAnd)),
            (b'|', _) => (1, Token::Infix(Op2::BitOr, B::BitOr)),
            (b',' | b';', _) => (1, Token::Infix(Op2::Second, B::Sequence)),
            (b'!', _) => (1, Token::Prefix(Op1::Not)),
            (b'~', _) => (1, Token::Prefix(Op1::BitNot)),
            (b'?', _) => (1, Token::Question),
            (b':', _) => (1, Token::Colon),
            (b'(', _) => (1, Token::Open),
            (b')', _) => (1, Token::Close),
            (b'[', _) => (1, Token::OpenIndex),
            (b']', _) => (1, Token::CloseIndex),
            _ => {
                self.skip_character();
                return Err(ErrorKind::UnexpectedCharacter);
            }
        };
        self.at += length;
        Ok(token)
    }

    /// Skips a whole character, so that an error's place ends behind it.
    #[cold]
    fn skip_character(&mut self) {
        self.at += 1;
        while self.byte(self.at) & 0b1100_0000 == 0b1000_0000 {
            self.at += 1;
        }
    }

    /// Digits from here on, added to what there was, and how many there were.
    #[inline(always)]
    fn digits(&mut self, mut sum: u64, mut count: usize) -> (u64, usize) {
        while self.byte(self.at).is_ascii_digit() {
            // What overflows has too many digits for the short way.
            sum = sum.wrapping_mul(10).wrapping_add(u64::from(self.byte(self.at) - b'0'));
            count += usize::from(sum != 0);
            self.at += 1;
        }
        (sum, count)
    }

    #[allow(clippy::cast_possible_wrap, reason = "there are few digits")]
    fn number<R: Real>(&mut self) -> Result<Token<R>, ErrorKind> {
        let start = self.at;
        let (mut sum, mut count) = self.digits(0, 0);
        let mut fraction = 0;
        if self.byte(self.at) == b'.' {
            self.at += 1;
            let first = self.at;
            (sum, count) = self.digits(sum, count);
            fraction = (self.at - first) as i64;
        }
        let mut exponent = 0;
        if matches!(self.byte(self.at), b'e' | b'E') {
            self.at += 1;
            let sign = self.byte(self.at);
            self.at += usize::from(matches!(sign, b'+' | b'-'));
            if !self.byte(self.at).is_ascii_digit() {
                return Err(ErrorKind::InvalidNumber);
            }
            // One of three digits is beyond the powers that are exact.
            let (size, digits) = self.digits(0, 0);
            let size = if digits < 3 { size as i64 } else { 1000 };
            exponent = if sign == b'-' { -size } else { size };
        }
        if is_name(self.byte(self.at)) || self.byte(self.at) == b'.' {
            self.at += 1;
            return Err(ErrorKind::InvalidNumber);
        }
        // Clinger, "How to read floating point numbers accurately" (1990): the
        // product and the quotient of two exact numbers are correctly rounded.
        exponent -= fraction;
        let power = usize::try_from(exponent.unsigned_abs()).ok();
        match power.and_then(|power| R::POWERS_OF_TEN.get(power)) {
            Some(&power) if count <= R::EXACT_DIGITS => {
                let digits = R::from_integer(sum as i64);
                Ok(Token::Number(match exponent {
                    0 => digits,
                    ..0 => digits / power,
                    1.. => digits * power,
                }))
            }
            _ => self.long_number(start),
        }
    }

    #[cold]
    fn long_number<R: Real>(&self, start: usize) -> Result<Token<R>, ErrorKind> {
        let digits = self.text.get(start..self.at).unwrap_or_default();
        let text = core::str::from_utf8(digits).map_err(|_| ErrorKind::InvalidNumber)?;
        let value = R::read(text).ok_or(ErrorKind::InvalidNumber)?;
        if value.abs() < R::ONE / R::ZERO {
            Ok(Token::Number(value))
        } else {
            Err(ErrorKind::NumberTooLarge)
        }
    }
}
