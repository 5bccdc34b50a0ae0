//! Lines of JSON: one document in each, whatever is wrong with the others.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::FusedIterator;

use super::{BYTE_ORDER_MARK, Parser, trimmed};
use crate::json::error::{Error, ErrorKind, Fault};
use crate::json::scan::{Text, is_space};
use crate::json::{Document, Pool};
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// The documents of the lines of a text. From [`Parser::lines`].
///
/// ```
/// use arraypool::json::{Parser, Pool};
///
/// let pool = <Pool>::new();
/// let mut parser = Parser::new();
/// let lines = parser.lines("1\r\n[2\n\n[3]", &pool);
/// assert_eq!(lines.map(|line| line.is_ok()).collect::<Vec<_>>(), [true, false, true]);
/// ```
pub struct Lines<'s, 'p, 't, S: ReleaseStrategy = DefaultStrategy> {
    parser: &'s mut Parser,
    pool: &'p Pool<'p, S>,
    text: &'t [u8],
    /// Where the next line begins.
    at: usize,
    /// Lines in front of it.
    before: usize,
}

impl Parser {
    /// Reads a text of lines, each one document (NDJSON, JSON Lines). A line ends with
    /// `\n` or `\r\n`, the last one also without; lines of nothing but white space are
    /// left out.
    ///
    /// Each line is read on its own: a document that does not end in its line is an
    /// error, and so is a second one. After an error the next line is read. The place of
    /// an error is its place in the whole text.
    ///
    /// Each limit of the [`Options`](super::Options) applies to each line, that of the
    /// text's length, too, so the whole may be longer than 4 GiB. A byte order mark may be
    /// allowed in front of the first line only.
    ///
    /// Complexity: that of this call, constant; of all lines, linear in the text. Never
    /// panics.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// let log = "{\"n\":1}\n{\"n\":2,\"cut\":\n{\"n\":3}\n";
    /// let mut numbers = Vec::new();
    /// for line in parser.lines(log, &pool) {
    ///     match line {
    ///         Ok(document) => numbers.push(document["n"].as_u64().unwrap_or(0)),
    ///         Err(error) => assert_eq!((error.line(), error.column()), (2, 14)),
    ///     }
    /// }
    /// assert_eq!(numbers, [1, 3]);
    /// ```
    pub fn lines<'s, 'p, 't, S: ReleaseStrategy, T: AsRef<[u8]> + ?Sized>(
        &'s mut self,
        text: &'t T,
        pool: &'p Pool<'p, S>,
    ) -> Lines<'s, 'p, 't, S> {
        Lines { parser: self, pool, text: text.as_ref(), at: 0, before: 0 }
    }
}

impl<'p, 't, S: ReleaseStrategy> Lines<'_, 'p, 't, S> {
    /// Bytes of the text in front of the line that comes next.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// let mut lines = parser.lines("[1]\n[2]", &pool);
    /// lines.next();
    /// assert_eq!(lines.offset(), 4);
    /// ```
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Reads the document of a line, which begins behind a mark.
    fn read(&mut self, line: &'t [u8], mark: usize) -> Result<Document<'p, 't, S>, Fault> {
        self.parser.check_length(line)?;
        if mark == 0 && self.before == 0 && line.starts_with(&BYTE_ORDER_MARK) {
            return Err(Fault { kind: ErrorKind::ByteOrderMark, offset: 0 });
        }
        let text = Text::new(trimmed(line.get(mark..).unwrap_or_default()));
        let tree = self.parser.read_one(text.first(), self.pool);
        tree.map(Document::new).map_err(|fault| Fault { offset: mark + fault.offset, ..fault })
    }
}

/// Bytes in front of the first line break, or all.
fn line_length(text: &[u8]) -> usize {
    /// Bytes that are looked at together.
    const BLOCK: usize = 32;
    let is_broken = |block: &[u8]| block.iter().fold(false, |found, &byte| found | (byte == b'\n'));
    let whole = text.chunks_exact(BLOCK).take_while(|block| !is_broken(block)).count() * BLOCK;
    let rest = text.get(whole..).unwrap_or_default();
    whole + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
}

impl<'p, 't, S: ReleaseStrategy> Iterator for Lines<'_, 'p, 't, S> {
    type Item = Result<Document<'p, 't, S>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let line = rest.get(..line_length(rest)).unwrap_or_default();
            let behind = (start + line.len() + 1).min(self.text.len());
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_marked =
                start == 0 && self.parser.options.allows_bom && line.starts_with(&BYTE_ORDER_MARK);
            let mark = if is_marked { BYTE_ORDER_MARK.len() } else { 0 };
            let is_blank = line.iter().skip(mark).all(|&byte| is_space(byte));
            let document = if is_blank { None } else { Some(self.read(line, mark)) };
            let before = self.before;
            (self.at, self.before) = (behind, before + 1);
            if let Some(document) = document {
                // The place is counted from the line on: what is in front of it was
                // counted once.
                return Some(
                    document.map_err(|fault| Error::new(fault, line).behind(start, before)),
                );
            }
        }
    }
}

impl<S: ReleaseStrategy> FusedIterator for Lines<'_, '_, '_, S> {}

impl<S: ReleaseStrategy> fmt::Debug for Lines<'_, '_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("at", &self.at)
            .field("line", &self.before)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
