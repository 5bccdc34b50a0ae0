//! Several documents in one text, one after the other.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::FusedIterator;

use super::{BYTE_ORDER_MARK, Parser, trimmed};
use crate::json::error::{Error, ErrorKind, Fault};
use crate::json::node::Tree;
use crate::json::scan::{Text, is_space};
use crate::json::{Document, Pool};
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// The documents of a text. From [`Parser::documents`].
///
/// After an error there is nothing more: where the next document would begin is
/// not known. Where each line is one document, [`Lines`](super::Lines) go on.
///
/// ```
/// use arraypool::json::{Parser, Pool};
///
/// let pool = <Pool>::new();
/// let mut parser = Parser::new();
/// let documents = parser.documents("1 [2] {}", &pool);
/// assert_eq!(documents.filter_map(Result::ok).count(), 3);
/// ```
pub struct Documents<'s, 'p, 't, S: ReleaseStrategy = DefaultStrategy> {
    parser: &'s mut Parser,
    pool: &'p Pool<'p, S>,
    /// Without white space at its end.
    text: &'t [u8],
    /// Where the next document begins, with white space in front of it.
    at: usize,
}

impl Parser {
    /// Reads the documents of a text that has any number of them, one after the
    /// other. White space may separate them, and has to where a number or a word
    /// would run into the next. A text of white space has none.
    ///
    /// A line break is white space as any other, inside of a document, too: for lines of
    /// which each is one document (NDJSON) there is [`lines`](Self::lines).
    ///
    /// Each limit of the [`Options`](super::Options) applies to each document, that of
    /// the text's length, too, so the whole may be longer than 4 GiB. The place of
    /// an error is its place in the whole text.
    ///
    /// Complexity: linear in each document; that of this call, in the white space at
    /// the end of the text. Never panics.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// let mut sum = 0;
    /// for document in parser.documents("{\"n\":1}\n{\"n\":2}[]\n", &pool) {
    ///     sum += document?["n"].as_u64().unwrap_or(100);
    /// }
    /// assert_eq!(sum, 103);
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    pub fn documents<'s, 'p, 't, S: ReleaseStrategy, T: AsRef<[u8]> + ?Sized>(
        &'s mut self,
        text: &'t T,
        pool: &'p Pool<'p, S>,
    ) -> Documents<'s, 'p, 't, S> {
        let text = trimmed(text.as_ref());
        let is_marked = self.options.allows_bom && text.starts_with(&BYTE_ORDER_MARK);
        Documents {
            parser: self,
            pool,
            text,
            at: if is_marked { BYTE_ORDER_MARK.len() } else { 0 },
        }
    }
}

impl<'p, 't, S: ReleaseStrategy> Documents<'_, 'p, 't, S> {
    /// Bytes of the text in front of what comes next.
    ///
    /// ```
    /// use arraypool::json::{Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::new();
    /// let mut documents = parser.documents("[1] [2]", &pool);
    /// documents.next();
    /// assert_eq!(documents.offset(), 3);
    /// ```
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Reads the document that begins at `start`; returns its length, too.
    fn read(&mut self, start: usize) -> Result<(Tree<'p, 't, S>, usize), Fault> {
        if start == 0 && self.text.starts_with(&BYTE_ORDER_MARK) {
            return Err(Fault { kind: ErrorKind::ByteOrderMark, offset: 0 });
        }
        let rest = &self.text[start..];
        let most = self.parser.longest_text();
        // One byte more than may be, so that what is too long is known by it.
        let text = &rest[..rest.len().min(most.saturating_add(1))];
        let too_long = Fault { kind: ErrorKind::TextTooLong, offset: most };
        match self.read_in(text) {
            Ok((_, length)) if length > most => Err(too_long),
            Err(fault) if text.len() < rest.len() && is_cut(text, fault) => Err(too_long),
            outcome => outcome,
        }
    }

    /// Reads the document that a text begins with; returns its length, too.
    fn read_in(&mut self, text: &'t [u8]) -> Result<(Tree<'p, 't, S>, usize), Fault> {
        let bounds = Text::new(text);
        let start = bounds.first();
        let (tree, behind) = match start.with_sentinel() {
            Some(start) => self.parser.read(start, self.pool)?,
            None => self.parser.read(start, self.pool)?,
        };
        let length = behind.map_or(text.len(), |behind| behind.offset());
        let root = tree.root();
        let ends_itself = root.is_string() || root.is_array() || root.is_object();
        let separates = |&next: &u8| is_space(next) || matches!(next, b'"' | b'[' | b'{');
        if !ends_itself && !text.get(length).is_none_or(separates) {
            return Err(Fault { kind: ErrorKind::TrailingText, offset: length });
        }
        Ok((tree, length))
    }
}

/// Whether a fault may be one only because the text was cut: it is one of the grammar, and
/// stands where the last word, number, character or escape begins, or behind all.
fn is_cut(text: &[u8], fault: Fault) -> bool {
    let is_of_what_was_read = matches!(
        fault.kind,
        ErrorKind::Alloc(_)
            | ErrorKind::TooManyBytes
            | ErrorKind::TooManyNodes
            | ErrorKind::TooDeep
            | ErrorKind::DuplicateKey
    );
    let goes_on =
        |&byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"\\+-.".contains(&byte);
    !is_of_what_was_read && text.get(fault.offset..).unwrap_or_default().iter().all(goes_on)
}

impl<'p, 't, S: ReleaseStrategy> Iterator for Documents<'_, 'p, 't, S> {
    type Item = Result<Document<'p, 't, S>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.iter().position(|&byte| !is_space(byte))?;
        let read = self.read(start);
        // Nothing comes behind a fault.
        self.at = read.as_ref().map_or(self.text.len(), |(_, length)| start + length);
        let document = read.map(|(tree, _)| Document::new(tree));
        Some(document.map_err(|fault| {
            Error::new(Fault { offset: start + fault.offset, ..fault }, self.text)
        }))
    }
}

impl<S: ReleaseStrategy> FusedIterator for Documents<'_, '_, '_, S> {}

impl<S: ReleaseStrategy> fmt::Debug for Documents<'_, '_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("at", &self.at)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
