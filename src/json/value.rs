//! What a value can be asked: what it is, and what it holds.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::FusedIterator;
use core::slice::ChunksExact;

use super::Number;
use super::node::{Content, Value};

impl<'t> Value<'t> {
    /// Whether it is `null`.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[0].is_null());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.content(), Content::Null)
    }

    /// Whether it is a number.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[2].is_number() && document[3].is_number());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_number(&self) -> bool {
        use Content as Is;
        matches!(self.content(), Is::Unsigned(_) | Is::Negative(_) | Is::Float(_) | Is::Digits(_))
    }

    /// Whether it is a string.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[4].is_string());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.content(), Content::String(_))
    }

    /// Whether it is an array.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[5].is_array());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.content(), Content::Array(_))
    }

    /// Whether it is an object.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[6].is_object());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self.content(), Content::Object(_))
    }

    /// The value, if it is `true` or `false`.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!((document[1].as_bool(), document[2].as_bool()), (Some(true), None));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Content::Bool(value) = self.content() { Some(value) } else { None }
    }

    /// The number, if it is one, was not kept as text, and is finite.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!(document[3].as_number().map(|number| number.is_f64()), Some(true));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        match self.content() {
            Content::Unsigned(integer) => Some(integer.into()),
            Content::Negative(integer) => Some(integer.into()),
            Content::Float(float) => Number::from_f64(float),
            _ => None,
        }
    }

    /// The text of a number that [`Options`](super::Options) kept as text.
    ///
    /// ```
    /// use arraypool::json::{Options, Parser, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut parser = Parser::with_options(Options::new().keep_big_integers(true));
    /// let document = parser.parse("[123456789012345678901234567890]", &pool)?;
    /// assert_eq!(document[0].as_number_text(), Some("123456789012345678901234567890"));
    /// # Ok::<(), arraypool::json::Error>(())
    /// ```
    #[must_use]
    pub fn as_number_text(&self) -> Option<&str> {
        if let Content::Digits(text) = self.content() { Some(text) } else { None }
    }

    /// The number, if it is an integer that fits.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!((document[2].as_i64(), document[3].as_i64()), (Some(1), None));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.content() {
            Content::Unsigned(integer) => i64::try_from(integer).ok(),
            Content::Negative(integer) => Some(integer),
            _ => None,
        }
    }

    /// The number, if it is an integer that fits.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!(document[2].as_u64(), Some(1));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Content::Unsigned(integer) = self.content() { Some(integer) } else { None }
    }

    /// The number as the nearest float, if it is a number; infinite if it is out
    /// of range and the options let it pass.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!((document[2].as_f64(), document[3].as_f64()), (Some(1.0), Some(2.5)));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.content() {
            Content::Unsigned(integer) => Some(integer as f64),
            Content::Negative(integer) => Some(integer as f64),
            Content::Float(float) => Some(float),
            Content::Digits(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The text, if it is a string.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!(document[4].as_str(), Some("text"));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.string_text()
    }

    /// The elements, if it is an array.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert_eq!(document.root().as_array().map(<[_]>::len), Some(7));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value<'t>]> {
        if let Content::Array(elements) = self.content() { Some(elements) } else { None }
    }

    /// The members, if it is an object.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[null, true, 1, 2.5, "text", [], {}]"#, &pool)?;
    /// assert!(document[6].as_object().is_some_and(|object| object.is_empty()));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn as_object(&self) -> Option<Object<'_, 't>> {
        let Content::Object(nodes) = self.content() else { return None };
        Some(Object { nodes, index: self.index() })
    }
}

/// The members of an object, in the order of the text.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
/// let object = document.root().as_object().unwrap();
/// assert_eq!((object.len(), object.get("b").unwrap().as_i64()), (2, Some(2)));
/// # Ok::<(), json::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Object<'a, 't> {
    /// Key, value, key, value.
    nodes: &'a [Value<'t>],
    /// Members in the order of their keys, or nothing.
    index: &'a [u32],
}

impl<'a, 't> Object<'a, 't> {
    /// The number of members, those with the same key counted each.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// assert_eq!(object.len(), 2);
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len() / 2
    }

    /// Whether there are none.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// assert!(!object.is_empty());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The value of the last member with that key.
    ///
    /// Complexity: linear in the number of members; logarithmic with an
    /// [index](super::Options::index_from).
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// assert!(object.get("a").is_some() && object.get("c").is_none());
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.nodes.get(self.node_of(key)?)
    }

    /// The node of that value.
    pub(super) fn node_of(&self, key: &str) -> Option<usize> {
        if self.index.is_empty() {
            return self.keys().rposition(|other| other == key).map(|member| 2 * member + 1);
        }
        let key_of = |member: u32| self.nodes[2 * member as usize].string_text();
        let behind = self.index.partition_point(|&member| key_of(member) <= Some(key));
        let last = *self.index.get(behind.checked_sub(1)?)?;
        (key_of(last) == Some(key)).then_some(2 * last as usize + 1)
    }

    /// The members: keys and values.
    ///
    /// Complexity: constant, and so is each step. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// let sum: i64 = object.iter().filter_map(|(_, value)| value.as_i64()).sum();
    /// assert_eq!(sum, 3);
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> Members<'a, 't> {
        Members { members: self.nodes.chunks_exact(2) }
    }

    /// The keys.
    ///
    /// Complexity: constant, and so is each step. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// assert!(object.keys().eq(["a", "b"]));
    /// # Ok::<(), json::Error>(())
    /// ```
    pub fn keys(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator + use<'a, 't> {
        self.iter().map(|(key, _)| key)
    }

    /// The values.
    ///
    /// Complexity: constant, and so is each step. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
    /// let object = document.root().as_object().unwrap();
    /// assert!(object.values().all(|value| value.is_number()));
    /// # Ok::<(), json::Error>(())
    /// ```
    pub fn values(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'a Value<'t>> + ExactSizeIterator + use<'a, 't> {
        self.iter().map(|(_, value)| value)
    }
}

impl<'a, 't> IntoIterator for Object<'a, 't> {
    type Item = (&'a str, &'a Value<'t>);
    type IntoIter = Members<'a, 't>;

    fn into_iter(self) -> Members<'a, 't> {
        self.iter()
    }
}

impl fmt::Debug for Object<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The members of an object. From [`Object::iter`].
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": 1, "b": 2}"#, &pool)?;
/// let object = document.root().as_object().unwrap();
/// let mut members = object.iter();
/// assert_eq!(members.next().map(|(key, _)| key), Some("a"));
/// # Ok::<(), json::Error>(())
/// ```
#[derive(Clone)]
pub struct Members<'a, 't> {
    members: ChunksExact<'a, Value<'t>>,
}

fn member<'a, 't>(nodes: &'a [Value<'t>]) -> Option<(&'a str, &'a Value<'t>)> {
    // A key always is a string.
    if let [key, value] = nodes {
        Some((key.string_text().unwrap_or_default(), value))
    } else {
        None
    }
}

impl<'a, 't> Iterator for Members<'a, 't> {
    type Item = (&'a str, &'a Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        member(self.members.next()?)
    }

    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        member(self.members.nth(n)?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl DoubleEndedIterator for Members<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        member(self.members.next_back()?)
    }

    fn nth_back(&mut self, n: usize) -> Option<Self::Item> {
        member(self.members.nth_back(n)?)
    }
}

impl ExactSizeIterator for Members<'_, '_> {}
impl FusedIterator for Members<'_, '_> {}

impl fmt::Debug for Members<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// As `Display` does: compact JSON, indented with `{:#?}`.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
