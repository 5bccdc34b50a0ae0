//! How a value is found in a document: by key, by position, by pointer.

#![forbid(unsafe_code)]

use alloc::borrow::Cow;
use alloc::string::String;
use core::ops;

use super::node::{Content, Value};
use crate::error::AllocError;

/// What a [`Value`] can be asked for with [`get`](Value::get) or `[]`: a key of
/// an object (`str`, `String`) or a position in an array (`usize`).
///
/// It is sealed.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
/// assert_eq!(document["a"][1].as_i64(), document.get("a").unwrap().get(1).unwrap().as_i64());
/// let key = String::from("a");
/// assert_eq!(document[&key], document[key]);
/// # Ok::<(), json::Error>(())
/// ```
pub trait Index: sealed::Sealed {}

impl Index for usize {}
impl Index for str {}
impl Index for String {}
impl<I: Index + ?Sized> Index for &I {}

mod sealed {
    use super::Value;

    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed {
        /// The node that is meant, as nodes lie in the array of `value`.
        fn node_in(&self, value: &Value<'_>) -> Option<usize>;
    }
}

impl sealed::Sealed for usize {
    fn node_in(&self, value: &Value<'_>) -> Option<usize> {
        let length = value.as_array()?.len();
        (*self < length).then_some(*self)
    }
}

impl sealed::Sealed for str {
    fn node_in(&self, value: &Value<'_>) -> Option<usize> {
        node_of_key(value, self)
    }
}

impl sealed::Sealed for String {
    fn node_in(&self, value: &Value<'_>) -> Option<usize> {
        self.as_str().node_in(value)
    }
}

impl<I: Index + ?Sized> sealed::Sealed for &I {
    fn node_in(&self, value: &Value<'_>) -> Option<usize> {
        (**self).node_in(value)
    }
}

/// The value's node of the last member with that key.
pub(super) fn node_of_key(value: &Value<'_>, key: &str) -> Option<usize> {
    value.as_object()?.node_of(key)
}

/// The node that a token of a pointer leads to.
pub(super) fn node_of_token(value: &Value<'_>, token: &str) -> Option<usize> {
    match value.as_object() {
        Some(object) if !token.contains('~') => object.node_of(token),
        Some(object) => {
            let member = object.keys().rposition(|key| meant(token).eq(key.chars()));
            member.map(|member| 2 * member + 1)
        }
        None => sealed::Sealed::node_in(&position(token)?, value),
    }
}

/// The tokens of a pointer: none of the empty one; `None` if it is none.
pub(super) fn tokens(pointer: &str) -> Option<impl Iterator<Item = &str>> {
    let mut tokens = pointer.split('/');
    // In front of the first slash is nothing.
    tokens.next().filter(|before| before.is_empty()).map(|_| tokens)
}

/// A token of a pointer, its escapes undone.
///
/// # Errors
/// If there is no memory.
pub(super) fn unescaped(token: &str) -> Result<Cow<'_, str>, AllocError> {
    if !token.contains('~') {
        return Ok(Cow::Borrowed(token));
    }
    let mut text = String::new();
    let requested = token.len();
    text.try_reserve_exact(requested).map_err(|_| AllocError::OutOfMemory { requested })?;
    // An escape is longer than what it means.
    text.extend(meant(token));
    Ok(Cow::Owned(text))
}

/// What a token of a pointer means: `/` for `~1`, and `~` for `~0`.
fn meant(token: &str) -> impl Iterator<Item = char> {
    let mut token = token.chars().peekable();
    core::iter::from_fn(move || {
        let character = token.next()?;
        let meant = match (character, token.peek()) {
            ('~', Some('0')) => '~',
            ('~', Some('1')) => '/',
            _ => return Some(character),
        };
        token.next();
        Some(meant)
    })
}

impl<'t> Value<'t> {
    /// The member of an object with that key, or the element of an array at that
    /// position, if the value is one and has it.
    ///
    /// Complexity: linear in the members of an object, logarithmic with an
    /// [index](super::Options::index_from). Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// assert!(document.get("a").is_some() && document.get("b").is_none() && document.get(0).is_none());
    /// # Ok::<(), json::Error>(())
    /// ```
    pub fn get(&self, index: impl Index) -> Option<&Value<'t>> {
        self.node(index.node_in(self)?)
    }

    /// The value that a JSON pointer (RFC 6901) leads to: `/items/0/name`. In a
    /// key, `~1` stands for `/` and `~0` for `~`; the empty pointer is the value
    /// itself. A `~` in front of anything else, which the RFC calls an error, stands for
    /// itself.
    ///
    /// Complexity: as [`get`](Self::get) at each object on the way; linear in the members
    /// for a key with a `~`, which no index helps to find. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// assert_eq!(document.pointer("/a/1").and_then(|value| value.as_i64()), Some(2));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value<'t>> {
        tokens(pointer)?.try_fold(self, |value, token| value.node(node_of_token(value, token)?))
    }

    /// A node of the array of a container.
    fn node(&self, node: usize) -> Option<&Value<'t>> {
        match self.content() {
            Content::Array(nodes) | Content::Object(nodes) => nodes.get(node),
            _ => None,
        }
    }
}

/// The position that a token of a pointer means: digits without a leading zero.
pub(super) fn position(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit());
    let leading = token.len() > 1 && token.starts_with('0');
    if plain && !leading { token.parse().ok() } else { None }
}

/// `value["key"]`, `value[0]`: null where there is no such thing.
impl<'t, I: Index> ops::Index<I> for Value<'t> {
    type Output = Value<'t>;

    fn index(&self, index: I) -> &Value<'t> {
        static NULL: Value<'static> = Value::NULL;
        self.get(index).unwrap_or(&NULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_undo_their_escapes() {
        for (token, key) in
            [("a~1b~0c", "a/b~c"), ("~01", "~1"), ("", ""), ("~", "~"), ("~2", "~2"), ("é~1", "é/")]
        {
            assert_eq!(unescaped(token).unwrap(), key);
        }
    }

    #[test]
    fn positions_have_no_sign_and_no_leading_zero() {
        assert_eq!((position("0"), position("17")), (Some(0), Some(17)));
        for bad in ["", "-", "+1", "-1", "01", "1x", "99999999999999999999999"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
