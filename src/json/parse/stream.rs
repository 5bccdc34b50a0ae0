//! Several documents in one text, one after the other.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::FusedIterator;

use super::{Parser, trimmed};
use crate::json::error::{Error, ErrorKind, Fault};
use crate::json::scan::{Text, is_space};
use crate::json::{Document, Pool};
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// The documents of a text. From [`Parser::documents`].
///
/// After an error there is nothing more.
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
    /// Reads the documents of a text that has any number of them: lines of JSON
    /// (NDJSON), or one after the other. White space may separate them, and has
    /// to where a number or a word would run into the next.
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
        Documents { parser: self, pool, text: trimmed(text.as_ref()), at: 0 }
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

    fn read(&mut self) -> Result<Document<'p, 't, S>, Fault> {
        self.parser.check_length(self.text)?;
        let rest = &self.text[self.at..];
        let text = Text::new(rest);
        let start = if self.at == 0 { self.parser.start(&text)? } else { text.first() };
        let (tree, behind) = match start.with_sentinel() {
            Some(start) => self.parser.read(start, self.pool)?,
            None => self.parser.read(start, self.pool)?,
        };
        let length = behind.map_or(rest.len(), |behind| behind.offset());
        let needs_none =
            tree.root().is_string() || tree.root().is_array() || tree.root().is_object();
        let separates = |&next: &u8| is_space(next) || matches!(next, b'"' | b'[' | b'{');
        if !needs_none && !rest.get(length).is_none_or(separates) {
            return Err(Fault { kind: ErrorKind::TrailingText, offset: length });
        }
        self.at += length;
        Ok(Document::new(tree))
    }
}

impl<'p, 't, S: ReleaseStrategy> Iterator for Documents<'_, 'p, 't, S> {
    type Item = Result<Document<'p, 't, S>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        Some(self.read().map_err(|fault| {
            self.at = self.text.len();
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
