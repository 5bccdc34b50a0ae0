//! Why a text could not be read, and where.

#![forbid(unsafe_code)]

use core::fmt;

use crate::error::AllocError;

/// What is wrong with a text. From [`Error::kind`].
///
/// ```
/// use arraypool::json::{self, ErrorKind, Pool};
///
/// let pool = <Pool>::new();
/// let error = json::parse(r#"{"a": [1, 2}"#, &pool).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::ExpectedCommaOrBracket);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text ended in the middle of something.
    UnexpectedEnd,
    /// Something else stands where a value should.
    ExpectedValue,
    /// Something else stands where the key of a member should.
    ExpectedKey,
    /// Something else stands between a key and its value.
    ExpectedColon,
    /// Something else stands behind an element of an array.
    ExpectedCommaOrBracket,
    /// Something else stands behind a member of an object.
    ExpectedCommaOrBrace,
    /// Something stands behind the document.
    TrailingText,
    /// Not a number as JSON writes them: `01`, `1.`, `-`, `1e`.
    InvalidNumber,
    /// A number that no `f64` is near to.
    NumberOutOfRange,
    /// An escape that JSON does not have.
    InvalidEscape,
    /// Half of a surrogate pair, escaped.
    LoneSurrogate,
    /// A control character in a string that is not escaped.
    ControlCharacter,
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// A byte order mark, which [`Options::allow_bom`](super::Options::allow_bom) lets pass.
    ByteOrderMark,
    /// A key of an object for the second time, where the options forbid it. The place
    /// is the key's, or, if it has escapes, the object's end.
    DuplicateKey,
    /// More arrays and objects around one another than the options allow.
    TooDeep,
    /// A longer text than the options allow, or one of 4 GiB and more.
    TextTooLong,
    /// More values and keys than the options allow.
    TooManyNodes,
    /// A larger tree than the options allow.
    TooManyBytes,
    /// There was no memory.
    Alloc(AllocError),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnexpectedEnd => "the text ends too early",
            Self::ExpectedValue => "expected a value",
            Self::ExpectedKey => "expected a key in quotes",
            Self::ExpectedColon => "expected `:`",
            Self::ExpectedCommaOrBracket => "expected `,` or `]`",
            Self::ExpectedCommaOrBrace => "expected `,` or `}`",
            Self::TrailingText => "expected nothing more",
            Self::InvalidNumber => "invalid number",
            Self::NumberOutOfRange => "number out of range",
            Self::InvalidEscape => "invalid escape",
            Self::LoneSurrogate => "half of a surrogate pair",
            Self::ControlCharacter => "control character in a string",
            Self::InvalidUtf8 => "string that is not UTF-8",
            Self::ByteOrderMark => "byte order mark",
            Self::DuplicateKey => "duplicate key",
            Self::TooDeep => "nested too deep",
            Self::TextTooLong => "the text is too long",
            Self::TooManyNodes => "more values than allowed",
            Self::TooManyBytes => "more memory than allowed",
            Self::Alloc(error) => return error.fmt(f),
        })
    }
}

/// A kind and a place, as the parser passes them on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) offset: usize,
}

/// Why a text could not be read, and where.
///
/// It prints the line with a caret under the place:
///
/// ```
/// let pool = <arraypool::json::Pool>::new();
/// let error = arraypool::json::parse("{\n  \"a\": [1, 2,]\n}", &pool).unwrap_err();
/// assert_eq!((error.line(), error.column(), error.offset()), (2, 14, 15));
/// assert_eq!(error.to_string(), "\
/// expected a value at line 2, column 14
///   |   \"a\": [1, 2,]
///   |              ^");
/// ```
#[derive(Clone, Copy)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
    line: usize,
    column: usize,
    /// A part of the line, in ASCII or whole characters.
    excerpt: [u8; EXCERPT],
    length: u8,
    /// Characters of the excerpt in front of the place.
    caret: u8,
}

/// The longest part of a line that is shown, in bytes, and how much of it may
/// lie in front of the place.
const EXCERPT: usize = 56;
const BEFORE: usize = 32;

impl Error {
    /// The error of a fault in a text. Complexity: linear in the text before it.
    #[cold]
    pub(super) fn new(fault: Fault, text: &[u8]) -> Self {
        let offset = fault.offset.min(text.len());
        let (before, after) = text.split_at(offset);
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = characters(&before[line_start..]) + 1;
        let shown_start = line_start.max(offset.saturating_sub(BEFORE));
        let shown_start = (shown_start..offset).find(|&at| is_boundary(text[at])).unwrap_or(offset);
        // What is no character is shown as one byte, and has four at most.
        let after = &after[..after.len().min(4 * EXCERPT)];
        let line_end = after.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let shown_end = offset + line_end.unwrap_or(after.len());
        let mut error = Self {
            kind: fault.kind,
            offset,
            line,
            column,
            excerpt: [0; EXCERPT],
            length: 0,
            caret: 0,
        };
        error.show(&text[shown_start..shown_end], offset - shown_start);
        error
    }

    /// The same behind so many bytes and lines.
    #[cold]
    pub(super) fn behind(self, bytes: usize, lines: usize) -> Self {
        Self { offset: self.offset + bytes, line: self.line + lines, ..self }
    }

    /// Takes the excerpt from what is left of the line; the place is at `caret`.
    fn show(&mut self, line: &[u8], caret: usize) {
        let mut rest = line;
        let mut length = 0;
        while let Some((text, width)) = next_character(rest) {
            if length + text.len() > EXCERPT {
                break;
            }
            if line.len() - rest.len() < caret {
                self.caret += 1;
            }
            self.excerpt[length..length + text.len()].copy_from_slice(text);
            length += text.len();
            rest = &rest[width..];
        }
        self.length = u8::try_from(length).unwrap_or(0);
    }

    /// What is wrong.
    ///
    /// ```
    /// use arraypool::json::{self, ErrorKind, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let error = json::parse("[1,\n 2,]", &pool).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ExpectedValue);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Bytes in front of the place.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let error = json::parse("[1,\n 2,]", &pool).unwrap_err();
    /// assert_eq!(error.offset(), 7);
    /// ```
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The line of the place, counted from 1.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let error = json::parse("[1,\n 2,]", &pool).unwrap_err();
    /// assert_eq!(error.line(), 2);
    /// ```
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column of the place, counted from 1 in characters.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let error = json::parse("[1,\n 2,]", &pool).unwrap_err();
    /// assert_eq!(error.column(), 4);
    /// ```
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// Whether a character begins with this byte.
fn is_boundary(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| is_boundary(byte)).count()
}

/// The first character as it is shown, and its bytes; `?` for what is none, a
/// space for what moves the cursor.
fn next_character(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let &first = bytes.first()?;
    if first < b' ' || first == 0x7F {
        return Some((b" ", 1));
    }
    // As many as the first byte asks for, and not one that belongs to none.
    let more = match first {
        0xC0..=0xDF => 1,
        0xE0..=0xEF => 2,
        0xF0.. => 3,
        _ => 0,
    };
    let width = 1 + bytes[1..].iter().take(more).take_while(|&&byte| !is_boundary(byte)).count();
    // U+0080 to U+009F, which terminals obey, too.
    if matches!(bytes[..width], [0xC2, 0x80..=0x9F]) {
        return Some((b" ", width));
    }
    let valid = core::str::from_utf8(&bytes[..width]).is_ok();
    Some(if valid { (&bytes[..width], width) } else { (b"?", width) })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.kind, self.line, self.column)?;
        let excerpt = self.excerpt.get(..usize::from(self.length)).unwrap_or_default();
        let excerpt = core::str::from_utf8(excerpt).unwrap_or_default();
        let caret = usize::from(self.caret);
        write!(f, "\n  | {}\n  | {:caret$}^", excerpt.trim_end(), "")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("line", &self.line)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

impl core::error::Error for Error {}
