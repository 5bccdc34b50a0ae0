//! What a parser accepts, and how much of it.

#![forbid(unsafe_code)]

/// What a [`Parser`](super::Parser) accepts beyond the rules, and its limits.
///
/// ```
/// use arraypool::json::{Options, Parser, Pool};
///
/// let pool = <Pool>::new();
/// let mut parser = Parser::with_options(Options::new().max_depth(2));
/// assert!(parser.parse("[[1]]", &pool).is_ok());
/// assert!(parser.parse("[[[1]]]", &pool).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "options do nothing until a parser has them"]
pub struct Options {
    pub(super) depth: u32,
    pub(super) text: usize,
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) replaces_surrogates: bool,
    pub(super) allows_bom: bool,
    pub(super) refuses_duplicates: bool,
    pub(super) out_of_range: OutOfRange,
    pub(super) keeps_big_integers: bool,
    pub(super) index_from: usize,
}

/// What becomes of a number that no `f64` is near to, such as `1e999`.
///
/// ```
/// use arraypool::json::{Options, OutOfRange, Parser, Pool};
///
/// let pool = <Pool>::new();
/// let written = |rule| {
///     let mut parser = Parser::with_options(Options::new().out_of_range(rule));
///     parser.parse("[1e999]", &pool).map(|document| document.to_string())
/// };
/// assert!(written(OutOfRange::Refuse).is_err());
/// assert_eq!(written(OutOfRange::Infinity).unwrap(), "[null]");
/// assert_eq!(written(OutOfRange::KeepText).unwrap(), "[1e999]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutOfRange {
    /// An error.
    #[default]
    Refuse,
    /// An infinity, which is written as `null`.
    Infinity,
    /// Its text, which is written as it was. To serde it is an error.
    KeepText,
}

impl Options {
    /// The rules of RFC 8259 to the letter, and 1024 levels of arrays and objects.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new());
    /// assert!(parser.parse("[1]", &pool).is_ok());
    /// ```
    pub const fn new() -> Self {
        Self {
            depth: 1024,
            text: u32::MAX as usize,
            nodes: u32::MAX as usize,
            bytes: usize::MAX,
            replaces_surrogates: false,
            allows_bom: false,
            refuses_duplicates: false,
            out_of_range: OutOfRange::Refuse,
            keeps_big_integers: false,
            index_from: usize::MAX,
        }
    }

    /// The most arrays and objects around one another, 1024 if not set. Any depth that
    /// memory allows is safe: nothing here is recursive but the serde part, which refuses
    /// more than 128.
    ///
    /// It bounds what is read. An edit may put documents into one another, and a patch
    /// doubles the depth with each operation.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().max_depth(2));
    /// assert!(parser.parse("[[1]]", &pool).is_ok());
    /// assert!(parser.parse("[[[1]]]", &pool).is_err());
    /// ```
    pub const fn max_depth(mut self, levels: u32) -> Self {
        self.depth = levels;
        self
    }

    /// The most bytes of text, the white space around a document included; of
    /// several [`documents`](super::Parser::documents) or [`lines`](super::Parser::lines)
    /// in one text, the most bytes of each. 4 GiB less one is the most in any case.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().max_text(5));
    /// assert!(parser.parse("[1,2]", &pool).is_ok());
    /// assert!(parser.parse("[1, 2]", &pool).is_err());
    /// ```
    pub const fn max_text(mut self, bytes: usize) -> Self {
        self.text = bytes;
        self
    }

    /// The most values and keys. They are counted where a container ends, or where
    /// what waits for its end needs more room: no more than about twice as many,
    /// and no fewer than 256, ever have room. A single value that is no array or object
    /// is not counted.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().max_nodes(3));
    /// assert!(parser.parse("[1,2,3,4,5,6]", &pool).is_err());
    /// ```
    pub const fn max_nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// The most bytes of tree: 16 for each value and each key below the root, and
    /// those of strings that could not be borrowed; an index is not counted. Counted
    /// as nodes are.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().max_bytes(64));
    /// assert!(parser.parse("[1,2,3,4,5,6]", &pool).is_err());
    /// ```
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Whether half of a surrogate pair, escaped, becomes U+FFFD instead of an error.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().replace_lone_surrogates(true));
    /// let document = parser.parse(r#"["\ud800"]"#, &pool)?;
    /// assert_eq!(document[0].as_str(), Some("\u{FFFD}"));
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    pub const fn replace_lone_surrogates(mut self, replaces: bool) -> Self {
        self.replaces_surrogates = replaces;
        self
    }

    /// Whether a byte order mark in front of the text is skipped rather than refused.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().allow_bom(true));
    /// assert!(parser.parse("\u{FEFF}[1]", &pool).is_ok());
    /// ```
    pub const fn allow_bom(mut self, allows: bool) -> Self {
        self.allows_bom = allows;
        self
    }

    /// Whether the same key twice in an object is an error. If not, both are
    /// kept, and the last one is found.
    ///
    /// Complexity: `n log n` for an object of `n` members.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().refuse_duplicate_keys(true));
    /// assert!(parser.parse(r#"{"a": 1, "a": 2}"#, &pool).is_err());
    /// ```
    pub const fn refuse_duplicate_keys(mut self, refuses: bool) -> Self {
        self.refuses_duplicates = refuses;
        self
    }

    /// What becomes of a number that no `f64` is near to.
    ///
    /// ```
    /// use arraypool::json::{Options, OutOfRange, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().out_of_range(OutOfRange::Refuse));
    /// assert!(parser.parse("[1e999]", &pool).is_err());
    /// ```
    pub const fn out_of_range(mut self, choice: OutOfRange) -> Self {
        self.out_of_range = choice;
        self
    }

    /// Whether integers of more than 64 bits keep their text instead of becoming
    /// the nearest `f64`. To serde they are an `i128` or a `u128`, if those hold them,
    /// and else the nearest `f64`.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().keep_big_integers(true));
    /// let document = parser.parse("[123456789012345678901234567890]", &pool)?;
    /// assert_eq!(document.to_string(), "[123456789012345678901234567890]");
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    pub const fn keep_big_integers(mut self, keeps: bool) -> Self {
        self.keeps_big_integers = keeps;
        self
    }

    /// The number of members from which on an object gets an index, so that a key is
    /// found in logarithmic time instead of linear. If this is not set, no object does.
    ///
    /// An index is four bytes for each member, behind the members. An object
    /// that a member is put into or taken out of loses it, and a copy has none.
    ///
    /// Complexity: `n log n` for an object of `n` members.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let members: Vec<_> = (0..1000).map(|n| format!("\"key{n}\":{n}")).collect();
    /// let text = format!("{{{}}}", members.join(","));
    /// let pool = <Pool>::new();
    /// let document = Parser::with_options(Options::new().index_from(64)).parse(&text, &pool)?;
    /// assert_eq!(document["key999"].as_u64(), Some(999));   // ten comparisons
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    pub const fn index_from(mut self, members: usize) -> Self {
        self.index_from = members;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
