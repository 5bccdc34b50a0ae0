//! Why a text is no expression: kind, place, and a line with a caret.

use core::fmt;

use super::ast::Span;
use super::failure::Failure;
use crate::error::AllocError;

/// Bytes of the excerpt that an error carries along.
const EXCERPT: usize = 40;
/// Bytes of the suggestion.
pub(super) const SUGGESTION: usize = 23;
/// Bytes of the name of the function that is to blame.
const FUNCTION: usize = 11;

/// What is wrong.
///
/// ```
/// use arraypool::expr::{ErrorKind, interp};
///
/// let error = interp("max(1)", &[]).unwrap_err();
/// assert_eq!(error.kind, ErrorKind::WrongArguments { expected: 2, found: 1 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A character that no token begins with.
    UnexpectedCharacter,
    /// A token where another one must stand; the end of the text counts as one.
    Expected {
        /// What would have been right.
        what: &'static str,
    },
    /// A malformed number, such as `1e` or `2x`.
    InvalidNumber,
    /// A number that is infinite, or a hexadecimal one beyond the integers that are
    /// told apart: 2^53, or 2^24 of `f32`.
    NumberTooLarge,
    /// A name that nobody defined.
    UnknownName,
    /// A function that nobody defined.
    UnknownFunction,
    /// An array that nobody defined.
    UnknownArray,
    /// A name that is something else than what it is used for.
    NotA {
        /// What it would have to be.
        what: &'static str,
    },
    /// A call with too few or too many arguments.
    WrongArguments {
        /// What the function takes.
        expected: usize,
        /// What it was given.
        found: usize,
    },
    /// More than 255 arguments.
    TooManyArguments,
    /// A name of more than 255 bytes.
    NameTooLong,
    /// A text that is longer than [`Limits::text_bytes`](super::Limits::text_bytes).
    TextTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Nesting that is deeper than [`Limits::depth`](super::Limits::depth).
    TooDeep {
        /// The limit, in levels.
        limit: u16,
    },
    /// More terms than [`Limits::terms`](super::Limits::terms).
    TooManyTerms {
        /// The limit, in terms.
        limit: usize,
    },
    /// More parameters, followed names and intermediate values than a frame has slots; or
    /// more names, arrays or native functions than can be counted.
    TooManySlots {
        /// Slots of a frame; 65,535 for names of a context, arrays and native functions.
        limit: usize,
    },
    /// More recursive functions in one expression than it can have.
    TooManyFunctions {
        /// The limit.
        limit: usize,
    },
    /// A name that stands for something already, or is not a name.
    InvalidName,
    /// There is no expression or parameter of this index.
    NoSuchIndex,
    /// The engine is busy: what [`Batch::inspect`](super::Batch::inspect) calls asked it to
    /// compile or define something, or a context was changed while it was read. Or a frame
    /// has gone on since [`resolve`](super::resolve()) made what is to be lowered.
    Busy,
    /// It compiles, but its evaluation failed.
    Failed(Failure),
    /// There is no memory.
    Memory(AllocError),
}

impl From<AllocError> for ErrorKind {
    fn from(error: AllocError) -> Self {
        Self::Memory(error)
    }
}

/// Why a text is no expression, and where.
///
/// It owns what it prints, so it outlives the text:
///
/// ```
/// use arraypool::expr;
///
/// let error = expr::interp("2 * presure + 1", &[("pressure", 1.0)]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 5: unknown name; did you mean `pressure`?\n\
///      \x20 2 * presure + 1\n\
///      \x20     ^^^^^^^"
/// );
/// assert_eq!((error.range(), error.line, error.column), (4..11, 1, 5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The bytes of the text that it is about: of the expression, or of the body of
    /// the function that is to blame, which is another text.
    pub span: Span,
    /// The line of the first of them, from 1 on; 0 if no text is to blame.
    pub line: u16,
    /// Its column in characters, from 1 on; 0 if no text is to blame.
    pub column: u16,
    /// A part of that line.
    excerpt: Short<EXCERPT>,
    /// Characters of the excerpt before the place, and how many the place has.
    caret: (u8, u8),
    suggestion: Short<SUGGESTION>,
    function: Short<FUNCTION>,
}

impl Error {
    /// An error at a place of a text; at none if no text is to blame for the kind.
    #[cold]
    #[inline(never)]
    pub(super) fn at(kind: ErrorKind, text: &str, span: Span) -> Self {
        if matches!(kind, ErrorKind::Memory(_) | ErrorKind::Busy) {
            return Self::plain(kind);
        }
        let start = floor(text, usize::from(span.start).min(text.len()));
        let end = floor(text, usize::from(span.end).clamp(start, text.len()));
        let (mut line, mut line_start) = (1, 0);
        for (index, _) in newlines(text).take_while(|(index, _)| *index < start) {
            line += 1;
            line_start = index + 1;
        }
        let line_end = newlines(text).find(|(index, _)| *index >= start);
        let line_end = line_end.map_or(text.len(), |(index, _)| index);
        // A window of the line, with the place a third into it if the line is long.
        let window = if line_end - line_start <= EXCERPT {
            line_start
        } else {
            start.saturating_sub(EXCERPT / 3).max(line_start)
        };
        let window = floor(text, window);
        let excerpt = Short::new(text.get(window..line_end).unwrap_or_default());
        let count = |from: usize, to: usize| {
            let part = text.as_bytes().get(from..to).unwrap_or_default();
            part.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
        };
        let shown = (window + excerpt.as_str().len()).max(start);
        let width = count(start, end.min(line_end).min(shown)).max(1);
        Self {
            kind,
            span,
            line: saturate(line),
            column: saturate(count(line_start, start) + 1),
            excerpt,
            caret: (byte(count(window, start)), byte(width)),
            suggestion: Short::new(""),
            function: Short::new(""),
        }
    }

    /// The same error, with a name that may have been meant.
    #[cold]
    pub(super) fn suggest(mut self, name: &str) -> Self {
        self.suggestion = Short::new(name);
        self
    }

    /// The same error, in the body of a function.
    #[cold]
    pub(super) fn within(mut self, function: &str) -> Self {
        self.function = Short::new(function);
        self
    }

    /// An error that no text is to blame for.
    #[cold]
    pub(super) fn plain(kind: ErrorKind) -> Self {
        Self {
            kind,
            span: Span::default(),
            line: 0,
            column: 0,
            excerpt: Short::new(""),
            caret: (0, 0),
            suggestion: Short::new(""),
            function: Short::new(""),
        }
    }

    /// The engine or its definitions are in use.
    #[cold]
    pub(super) fn busy() -> Self {
        Self::plain(ErrorKind::Busy)
    }

    /// The bytes of the text that it is about. If a [function](Self::function) is to blame,
    /// that text is its body, so the range may lie beyond the end of the expression: cut it
    /// out with [`str::get`]. What is printed has an excerpt of the right text.
    ///
    /// ```
    /// use arraypool::expr::interp;
    ///
    /// let error = interp("1 + nothing", &[]).unwrap_err();
    /// assert_eq!(error.range(), 4..11);
    /// ```
    #[must_use]
    pub fn range(&self) -> core::ops::Range<usize> {
        self.span.range()
    }

    /// The known name that is nearest to an unknown one.
    ///
    /// ```
    /// use arraypool::expr::interp;
    ///
    /// let error = interp("maxx(1, 2)", &[]).unwrap_err();
    /// assert_eq!(error.suggestion(), Some("max"));
    /// ```
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        Some(self.suggestion.as_str()).filter(|name| !name.is_empty())
    }

    /// The first 11 bytes of the name of the expression function whose body is to blame;
    /// `None` if it is the expression itself, or the body that is being defined.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.context().define("scaled", &["x"], "x * gain")?;
    /// let error = engine.eval("1 + scaled(2)").unwrap_err();
    /// assert_eq!((error.function(), error.range()), (Some("scaled"), 4..8));
    /// assert_eq!(
    ///     error.to_string(),
    ///     "in `scaled`, line 1, column 5: unknown name\n\
    ///      \x20 x * gain\n\
    ///      \x20     ^^^^"
    /// );
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        Some(self.function.as_str()).filter(|name| !name.is_empty())
    }
}

impl From<AllocError> for Error {
    fn from(error: AllocError) -> Self {
        Self::plain(error.into())
    }
}

pub(super) fn invalid(name: &str) -> Error {
    about(ErrorKind::InvalidName, name)
}

/// An error about a whole name.
pub(super) fn about(kind: ErrorKind, name: &str) -> Error {
    let end = u16::try_from(name.len()).unwrap_or(u16::MAX);
    Error::at(kind, name, Span { start: 0, end })
}

/// Where the lines of a text end, but for the last one.
fn newlines(text: &str) -> impl Iterator<Item = (usize, u8)> {
    text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n')
}

/// The last boundary of a character up to a place.
fn floor(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

fn saturate(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn byte(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.function() {
            write!(f, "in `{name}`, ")?;
        }
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        write!(f, "{}", self.kind)?;
        if let Some(name) = self.suggestion() {
            write!(f, "; did you mean `{name}`?")?;
        }
        if !self.excerpt.as_str().is_empty() {
            let (before, width) = (usize::from(self.caret.0), usize::from(self.caret.1));
            write!(f, "\n  {}\n  {:before$}{:^<width$}", self.excerpt.as_str(), "", "")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("span", &self.span)
            .field("suggestion", &self.suggestion())
            .field("function", &self.function())
            .finish_non_exhaustive()
    }
}

impl core::error::Error for Error {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnexpectedCharacter => f.write_str("unexpected character"),
            Self::Expected { what } => write!(f, "expected {what}"),
            Self::InvalidNumber => f.write_str("not a number"),
            Self::NumberTooLarge => f.write_str("the number is too large"),
            Self::UnknownName => f.write_str("unknown name"),
            Self::UnknownFunction => f.write_str("unknown function"),
            Self::UnknownArray => f.write_str("unknown array"),
            Self::NotA { what } => write!(f, "this name is not {what}"),
            Self::WrongArguments { expected, found } => {
                write!(f, "wrong number of arguments: expected {expected}, found {found}")
            }
            Self::TooManyArguments => f.write_str("more than 255 arguments"),
            Self::NameTooLong => f.write_str("a name of more than 255 bytes"),
            Self::TextTooLong { limit } => write!(f, "the text has more than {limit} bytes"),
            Self::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            Self::TooManyTerms { limit } => write!(f, "more than {limit} terms"),
            Self::TooManySlots { limit } => {
                write!(f, "more parameters, names, constants and intermediate values than {limit}")
            }
            Self::TooManyFunctions { limit } => {
                write!(f, "more than {limit} recursive functions in one expression")
            }
            Self::InvalidName => f.write_str("not a free name"),
            Self::NoSuchIndex => f.write_str("no such index"),
            Self::Busy => f.write_str("the engine or its definitions are in use"),
            Self::Failed(failure) => failure.fmt(f),
            Self::Memory(error) => error.fmt(f),
        }
    }
}

/// A string of at most `N` bytes, which are at most 255; the rest is cut off.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Short<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Short<N> {
    fn new(text: &str) -> Self {
        let length = floor(text, text.len().min(N));
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(text.as_bytes().iter().take(length)) {
            *to = *from;
        }
        Self { length: byte(length), bytes }
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn an_error_that_no_text_is_to_blame_for_names_no_place() {
        let error = Error::plain(ErrorKind::NoSuchIndex);
        assert_eq!((error.line, error.column, error.range()), (0, 0, 0..0));
        assert_eq!(format!("{error}"), "no such index");
        for kind in [ErrorKind::Memory(AllocError::OutOfMemory { requested: 8 }), ErrorKind::Busy] {
            assert_eq!(Error::at(kind, "1 + 2", Span { start: 2, end: 3 }), Error::plain(kind));
        }
        let error = Error::at(ErrorKind::Expected { what: "a value" }, "", Span::default());
        assert_eq!(format!("{error}"), "line 1, column 1: expected a value");
    }

    #[test]
    fn an_error_is_small_enough_to_be_returned() {
        assert!(size_of::<Error>() < 128, "{}", size_of::<Error>());
    }

    #[test]
    fn the_caret_stands_below_the_place_also_in_long_lines() {
        let text = "1 +\n\u{e9}\u{e9} + a_very_long_name_that_goes_on_and_on + another_name * \u{20ac} + 1";
        let place = u16::try_from(text.find('\u{20ac}').unwrap()).unwrap();
        let error =
            Error::at(ErrorKind::UnexpectedCharacter, text, Span { start: place, end: place + 3 });
        assert_eq!((error.line, error.column), (2, 60));
        let shown = format!("{error}");
        let mut lines = shown.lines().skip(1);
        let (excerpt, caret) = (lines.next().unwrap(), lines.next().unwrap());
        let column = caret.find('^').unwrap();
        assert_eq!(excerpt.chars().nth(column), Some('\u{20ac}'), "{shown}");
        assert_eq!(caret.matches('^').count(), 1);
    }
}
