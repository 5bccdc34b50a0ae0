//! How a value is found in a document: by key, by position, by pointer.

#![forbid(unsafe_code)]

use core::ops;

use super::node::Value;

/// What a [`Value`] can be asked for with [`get`](Value::get) or `[]`: a key of
/// an object (`str`) or a position in an array (`usize`).
///
/// It is sealed.
pub trait Index: sealed::Sealed {}

impl Index for usize {}
impl Index for str {}
impl<I: Index + ?Sized> Index for &I {}

mod sealed {
    use super::Value;

    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed {
        fn find<'a, 't>(&self, value: &'a Value<'t>) -> Option<&'a Value<'t>>;
    }
}

impl sealed::Sealed for usize {
    fn find<'a, 't>(&self, value: &'a Value<'t>) -> Option<&'a Value<'t>> {
        value.as_array()?.get(*self)
    }
}

impl sealed::Sealed for str {
    fn find<'a, 't>(&self, value: &'a Value<'t>) -> Option<&'a Value<'t>> {
        value.as_object()?.get(self)
    }
}

impl<I: Index + ?Sized> sealed::Sealed for &I {
    fn find<'a, 't>(&self, value: &'a Value<'t>) -> Option<&'a Value<'t>> {
        (**self).find(value)
    }
}

impl<'t> Value<'t> {
    /// The member of an object with that key, or the element of an array at that
    /// position, if the value is one and has it.
    ///
    /// Complexity: linear in the members of an object. Never panics.
    pub fn get(&self, index: impl Index) -> Option<&Value<'t>> {
        index.find(self)
    }

    /// The value that a JSON pointer (RFC 6901) leads to: `/items/0/name`. In a
    /// key, `~1` stands for `/` and `~0` for `~`; the empty pointer is the value
    /// itself.
    ///
    /// Complexity: linear in the members of the objects on the way. Never panics.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value<'t>> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut tokens = pointer.strip_prefix('/')?.split('/');
        tokens.try_fold(self, |value, token| match value.as_object() {
            Some(object) => object.find(|key| spells(token, key.as_bytes())),
            None => value.as_array()?.get(position(token)?),
        })
    }
}

/// The position that a token of a pointer means: digits without a leading zero.
fn position(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit());
    let leading = token.len() > 1 && token.starts_with('0');
    if plain && !leading { token.parse().ok() } else { None }
}

/// Whether a token of a pointer, its escapes undone, is `key`.
fn spells(token: &str, key: &[u8]) -> bool {
    let mut token = token.bytes().peekable();
    let unescaped = core::iter::from_fn(|| {
        let byte = token.next()?;
        let meant = match (byte, token.peek()) {
            (b'~', Some(b'0')) => b'~',
            (b'~', Some(b'1')) => b'/',
            _ => return Some(byte),
        };
        token.next();
        Some(meant)
    });
    unescaped.eq(key.iter().copied())
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
        assert!(spells("a~1b~0c", b"a/b~c") && spells("~01", b"~1") && spells("", b""));
        assert!(spells("~", b"~") && spells("~2", b"~2"));
        assert!(!spells("a", b"ab") && !spells("ab", b"a"));
    }

    #[test]
    fn positions_have_no_sign_and_no_leading_zero() {
        assert_eq!((position("0"), position("17")), (Some(0), Some(17)));
        for bad in ["", "-", "+1", "-1", "01", "1x", "99999999999999999999999"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
