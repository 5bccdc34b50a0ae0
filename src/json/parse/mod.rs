//! A text into a document.

#![forbid(unsafe_code)]

mod lines;
mod machine;
mod number;
mod options;
mod stream;
mod string;

use alloc::string::String;

pub use lines::Lines;
pub use options::{Options, OutOfRange};
pub use stream::Documents;

use super::document::Document;
use super::error::{Error, ErrorKind, Fault};
use super::node::{Builder, Stack, Tree};
use super::scan::{Cursor, Text};
use super::{Pool, scan};
use crate::error::AllocError;
use crate::pool::ReleaseStrategy;
use machine::{Machine, expected};

/// The most bytes of the first chunk of a pool that has none: a tree is about as
/// large as its text, and a few chunks that double are enough for any.
const FIRST_CHUNK: usize = 32 * 1024;

/// A byte order mark in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Reads one JSON text into arrays of the pool.
///
/// The text is what RFC 8259 calls one, in UTF-8: a value with white space
/// around it. Strings without escapes are borrowed from it. Duplicate keys are
/// kept, and the last one is found. A [`Parser`] has options, and memory to use again.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{ "name": "Ada", "born": 1815 }"#, &pool)?;
/// assert_eq!(document["born"].as_u64(), Some(1815));
/// # Ok::<(), json::Error>(())
/// ```
///
/// Complexity: linear in the text. Never panics.
///
/// # Errors
/// [`Error`]: what is wrong with the text, and where; or that there was no
/// memory. What was built has gone back to the pool then, but not if an arena's
/// [hook](crate::ArenaBuilder::hook) or a [`ChunkSource`](crate::ChunkSource) panics: it
/// stays live until the pool is dropped.
pub fn parse<'p, 't, S: ReleaseStrategy, T: AsRef<[u8]> + ?Sized>(
    text: &'t T,
    pool: &'p Pool<'p, S>,
) -> Result<Document<'p, 't, S>, Error> {
    Parser::new().parse(text, pool)
}

/// Reads texts with options, and keeps the memory that it works in.
///
/// ```
/// use arraypool::json::{Parser, Pool};
///
/// let pool = <Pool>::new();
/// let mut parser = Parser::new();
/// for text in ["[1, 2]", r#"{"a": "b"}"#, "null"] {
///     let document = parser.parse(text, &pool)?;
///     assert_eq!(document.to_string(), text.replace(": ", ":").replace(", ", ","));
/// }
/// # Ok::<(), arraypool::json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Parser {
    options: Options,
    /// Nodes whose container has not ended.
    stack: Stack,
    /// A string with escapes.
    buffer: String,
}

impl Parser {
    /// A parser that follows the rules to the letter. It has no memory yet.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// assert!(Parser::new().parse("[1]", &pool).is_ok());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self::with_options(Options::new())
    }

    /// A parser with options.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().max_depth(1));
    /// assert!(parser.parse("[[1]]", &pool).is_err());
    /// ```
    #[must_use]
    pub const fn with_options(options: Options) -> Self {
        Self { options, stack: Stack::new(), buffer: String::new() }
    }

    /// Bytes of the memory that it keeps from one text to the next.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// parser.parse("[[1, 2], [3]]", &pool)?;
    /// assert!(parser.scratch_bytes() > 0);            // kept for the next text
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    #[must_use]
    pub fn scratch_bytes(&self) -> usize {
        self.stack.bytes() + self.buffer.capacity()
    }

    /// Reads one JSON text into arrays of the pool: see [`parse`].
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// for text in ["[1]", "[2]"] {
    ///     assert_eq!(parser.parse(text, &pool)?.to_string(), text);
    /// }
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    ///
    /// Complexity: linear in the text. Never panics.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn parse<'p, 't, S: ReleaseStrategy, T: AsRef<[u8]> + ?Sized>(
        &mut self,
        text: &'t T,
        pool: &'p Pool<'p, S>,
    ) -> Result<Document<'p, 't, S>, Error> {
        let text = text.as_ref();
        self.read_all(text, pool).map(Document::new).map_err(|fault| Error::new(fault, text))
    }

    /// Reads a text that is one document.
    fn read_all<'p, 't, S: ReleaseStrategy>(
        &mut self,
        text: &'t [u8],
        pool: &'p Pool<'p, S>,
    ) -> Result<Tree<'p, 't, S>, Fault> {
        self.check_length(text)?;
        pool.raw.expect((text.len() / 4).min(FIRST_CHUNK));
        // Without the space at its end, most texts end with a bracket.
        let text = Text::new(trimmed(text));
        let start = self.start(&text)?;
        self.read_one(start, pool)
    }

    /// Reads one value, with nothing behind it but white space.
    fn read_one<'p, 't, S: ReleaseStrategy>(
        &mut self,
        start: Cursor<'_, 't, false>,
        pool: &'p Pool<'p, S>,
    ) -> Result<Tree<'p, 't, S>, Fault> {
        let (tree, rest) = match start.with_sentinel() {
            Some(start) => self.read(start, pool)?,
            None => self.read(start, pool)?,
        };
        match rest {
            Some(mut rest) => {
                rest.skip_space();
                let trailing = Fault { kind: ErrorKind::TrailingText, offset: rest.offset() };
                if rest.is_at_end() { Ok(tree) } else { Err(trailing) }
            }
            None => Ok(tree),
        }
    }

    /// The most bytes that a document may have.
    fn longest_text(&self) -> usize {
        self.options.text.min(u32::MAX as usize)
    }

    fn check_length(&self, text: &[u8]) -> Result<(), Fault> {
        let most = self.longest_text();
        let fault = Fault { kind: ErrorKind::TextTooLong, offset: most };
        if text.len() <= most { Ok(()) } else { Err(fault) }
    }

    /// The place where a text begins, behind its byte order mark.
    fn start<'c, 't>(&self, text: &'c Text<'t>) -> Result<Cursor<'c, 't, false>, Fault> {
        let mut start = text.first();
        if start.rest().starts_with(&BYTE_ORDER_MARK) {
            if !self.options.allows_bom {
                return Err(Fault { kind: ErrorKind::ByteOrderMark, offset: 0 });
            }
            for byte in BYTE_ORDER_MARK {
                start.eat(byte);
            }
        }
        Ok(start)
    }

    /// Reads one value; returns the place behind it, or `None` at the end.
    fn read<'c, 'p, 't, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        start: Cursor<'c, 't, SENTINEL>,
        pool: &'p Pool<'p, S>,
    ) -> Result<(Tree<'p, 't, S>, Option<Cursor<'c, 't, false>>), Fault> {
        let mut machine = Machine::new(&self.options, &mut self.buffer);
        self.stack.set_limit(machine.nodes_end());
        let builder = Builder::new(pool, &mut self.stack);
        let (mut builder, outcome) = machine.run(start, builder);
        let outcome = outcome.and_then(|(cursor, goes_on)| {
            let behind = cursor.without_sentinel();
            let tree = builder.finish().ok_or(expected(behind, ErrorKind::ExpectedValue))?;
            Ok((tree, goes_on.then_some(behind)))
        });
        builder.give_back();
        // That the stack had too many nodes on it to grow is a limit that was passed.
        outcome.map_err(|fault| match fault.kind {
            ErrorKind::Alloc(AllocError::TooLarge { length }) if self.stack.has_refused() => {
                let too_many = length > self.options.nodes;
                let kind = if too_many { ErrorKind::TooManyNodes } else { ErrorKind::TooManyBytes };
                Fault { kind, ..fault }
            }
            _ => fault,
        })
    }
}

/// The text without white space at its end.
fn trimmed(text: &[u8]) -> &[u8] {
    let last = text.iter().rposition(|&byte| !scan::is_space(byte));
    &text[..last.map_or(0, |last| last + 1)]
}
