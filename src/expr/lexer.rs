//! Text to tokens.

use super::error::ErrorKind;
use super::operator::{Binding, Op1, Op2};
use super::real::Real;

/// What a token is. A number's value is [beside it](Lexer::number).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    End,
    Number,
    Name,
    /// `o.x`.
    Attribute,
    /// An operator between two operands, and how tight it binds. `-` and `+` may
    /// stand in front of one.
    Infix(Op2, Binding),
    /// `!`, `~`.
    Prefix(Op1),
    Question,
    Colon,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    /// None: [why](Lexer::error) is beside it.
    Wrong,
}

/// A place in a text, from which tokens are taken.
#[derive(Debug)]
pub(super) struct Lexer<'a, R> {
    text: &'a [u8],
    at: usize,
    /// The value of the last number.
    pub(super) number: R,
    /// What was wrong with the last token that was.
    pub(super) error: ErrorKind,
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

impl<'a, R: Real> Lexer<'a, R> {
    /// A lexer of a text of at most 65,535 bytes.
    pub(super) fn new(text: &'a str) -> Self {
        let error = ErrorKind::InvalidNumber;
        Self { text: text.as_bytes(), at: 0, number: R::ZERO, error }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// Where the lexer is: behind the last token.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "a text has at most 65,535 bytes")]
    pub(super) fn place(&self) -> u16 {
        self.at as u16
    }

    /// Goes to where the next token begins.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) -> u16 {
        while matches!(self.byte(self.at), b' ' | b'\t'..=b'\r') {
            self.at += 1;
        }
        self.place()
    }

    /// Whether the last token, which began at `start` and was wrong, is space of
    /// another kind than ASCII's.
    #[cold]
    pub(super) fn was_space(&self, start: u16) -> bool {
        // As `char::is_whitespace` has it, without its tables.
        matches!(
            self.text.get(usize::from(start)..self.at).unwrap_or_default(),
            [0xc2, 0x85 | 0xa0]
                | [0xe1, 0x9a, 0x80]
                | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf]
                | [0xe2, 0x81, 0x9f]
                | [0xe3, 0x80, 0x80]
        )
    }

    /// The token that begins here.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Token {
        let byte = self.byte(self.at);
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.name(),
            b'0'..=b'9' => self.number(),
            _ => self.sign(byte),
        }
    }

    #[cold]
    #[inline(never)]
    fn wrong(&mut self, error: ErrorKind) -> Token {
        self.error = error;
        Token::Wrong
    }

    #[inline(always)]
    fn name(&mut self) -> Token {
        let start = self.at;
        self.at += 1;
        while is_name(self.byte(self.at)) {
            self.at += 1;
        }
        if self.byte(self.at) == b'.' {
            return self.attribute(start);
        }
        if self.at - start > usize::from(u8::MAX) {
            return self.wrong(ErrorKind::NameTooLong);
        }
        Token::Name
    }

    #[inline(never)]
    fn attribute(&mut self, start: usize) -> Token {
        self.at += 1;
        let attribute = self.at;
        while is_name(self.byte(self.at)) {
            self.at += 1;
        }
        if self.at == attribute || self.byte(attribute).is_ascii_digit() {
            return self.wrong(ErrorKind::Expected { what: "the name of an attribute" });
        }
        if self.at - start > usize::from(u8::MAX) {
            return self.wrong(ErrorKind::NameTooLong);
        }
        Token::Attribute
    }

    #[inline(always)]
    fn sign(&mut self, byte: u8) -> Token {
        use Binding as B;
        let next = self.byte(self.at + 1);
        let (length, token) = match byte {
            b'+' => (1, Token::Infix(Op2::Add, B::Sum)),
            b'-' => (1, Token::Infix(Op2::Sub, B::Sum)),
            b'*' if next == b'*' => (2, Token::Infix(Op2::Pow, B::TightPower)),
            b'*' => (1, Token::Infix(Op2::Mul, B::Product)),
            b'/' => (1, Token::Infix(Op2::Div, B::Product)),
            b'%' => (1, Token::Infix(Op2::Rem, B::Product)),
            b'^' => (1, Token::Infix(Op2::Pow, B::Power)),
            b'<' => match next {
                b'<' => (2, Token::Infix(Op2::ShiftLeft, B::Shift)),
                b'=' => (2, Token::Infix(Op2::LessEqual, B::Comparison)),
                b'>' => (2, Token::Infix(Op2::NotEqual, B::Comparison)),
                _ => (1, Token::Infix(Op2::Less, B::Comparison)),
            },
            b'>' => match next {
                b'>' => (2, Token::Infix(Op2::ShiftRight, B::Shift)),
                b'=' => (2, Token::Infix(Op2::GreaterEqual, B::Comparison)),
                _ => (1, Token::Infix(Op2::Greater, B::Comparison)),
            },
            b'=' if next == b'=' => (2, Token::Infix(Op2::Equal, B::Comparison)),
            b'!' if next == b'=' => (2, Token::Infix(Op2::NotEqual, B::Comparison)),
            b'!' => (1, Token::Prefix(Op1::Not)),
            b'~' => (1, Token::Prefix(Op1::BitNot)),
            b'&' if next == b'&' => (2, Token::Infix(Op2::And, B::And)),
            b'&' => (1, Token::Infix(Op2::BitAnd, B::BitAnd)),
            b'|' if next == b'|' => (2, Token::Infix(Op2::Or, B::Or)),
            b'|' => (1, Token::Infix(Op2::BitOr, B::BitOr)),
            b',' | b';' => (1, Token::Infix(Op2::Second, B::Sequence)),
            b'?' => (1, Token::Question),
            b':' => (1, Token::Colon),
            b'(' => (1, Token::Open),
            b')' => (1, Token::Close),
            b'[' => (1, Token::OpenIndex),
            b']' => (1, Token::CloseIndex),
            b'.' if next.is_ascii_digit() => return self.number(),
            _ if self.at >= self.text.len() => return Token::End,
            _ => {
                self.skip_character();
                return self.wrong(ErrorKind::UnexpectedCharacter);
            }
        };
        self.at += length;
        token
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
    fn number(&mut self) -> Token {
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
                return self.wrong(ErrorKind::InvalidNumber);
            }
            // One of three digits is beyond the powers that are exact, whatever a
            // fraction, which is shorter than the text, takes off it.
            let (size, digits) = self.digits(0, 0);
            let size = if digits < 3 { size as i64 } else { 1 << 20 };
            exponent = if sign == b'-' { -size } else { size };
        }
        if is_name(self.byte(self.at)) || self.byte(self.at) == b'.' {
            return self.hexadecimal(start);
        }
        // Clinger, "How to read floating point numbers accurately" (1990): the
        // product and the quotient of two exact numbers are correctly rounded.
        exponent -= fraction;
        let power = usize::try_from(exponent.unsigned_abs()).ok();
        match power.and_then(|power| R::POWERS_OF_TEN.get(power)) {
            Some(&power) if count <= R::EXACT_DIGITS => {
                let digits = R::from_integer(sum as i64);
                self.number = match exponent {
                    0 => digits,
                    ..0 => digits / power,
                    1.. => digits * power,
                };
                Token::Number
            }
            _ => self.long_number(start),
        }
    }

    /// An integer that begins with `0x`; no other number goes on as a name does.
    #[cold]
    fn hexadecimal(&mut self, start: usize) -> Token {
        let is_begun = self.at == start + 1 && self.byte(start) == b'0';
        let sign = self.byte(self.at);
        self.at += 1;
        let digits = self.at;
        let mut value = 0_i64;
        while let Some(digit) = char::from(self.byte(self.at)).to_digit(16) {
            // What is far too large stays so.
            if value < 1 << 56 {
                value = value << 4 | i64::from(digit);
            }
            self.at += 1;
        }
        let is_over = !is_name(self.byte(self.at)) && self.byte(self.at) != b'.';
        if !(is_begun && matches!(sign, b'x' | b'X') && self.at > digits && is_over) {
            self.at = digits;
            return self.wrong(ErrorKind::InvalidNumber);
        }
        self.number = R::from_integer(value);
        // As the operators on integers see it.
        match self.number.to_integer() == Some(value) {
            true => Token::Number,
            false => self.wrong(ErrorKind::NumberTooLarge),
        }
    }

    #[cold]
    fn long_number(&mut self, start: usize) -> Token {
        let digits = self.text.get(start..self.at).unwrap_or_default();
        match core::str::from_utf8(digits).ok().and_then(R::read) {
            Some(value) if value.abs() < R::ONE / R::ZERO => {
                self.number = value;
                Token::Number
            }
            Some(_) => self.wrong(ErrorKind::NumberTooLarge),
            None => self.wrong(ErrorKind::InvalidNumber),
        }
    }
}
