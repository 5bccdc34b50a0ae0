//! JSON patch (RFC 6902).

#![forbid(unsafe_code)]

use core::fmt;

use super::copy::copied;
use super::{EditError, ValueMut};
use crate::error::AllocError;
use crate::json::compare::are_same_values;
use crate::json::node::Value;
use crate::json::{Document, index};
use crate::pool::ReleaseStrategy;

/// Why a patch could not be applied. The value is as it was then.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
/// let patch = json::parse(r#"[{"op": "remove", "path": "/b"}]"#, &pool)?;
/// let error = document.root_mut().patch(&patch).unwrap_err();
/// assert!(!error.to_string().is_empty());
/// assert_eq!(document.to_string(), r#"{"a":[1,2]}"#);     // as it was
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch is no array of operations, or one of them lacks a part, or is
    /// of no known kind.
    Malformed {
        /// The operation, counted from 0.
        operation: usize,
    },
    /// There is no value at a path, or no place for one.
    NoSuchPlace {
        /// The operation, counted from 0.
        operation: usize,
    },
    /// A test found another value.
    TestFailed {
        /// The operation, counted from 0.
        operation: usize,
    },
    /// The document could not be changed.
    Edit(EditError),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { operation } => write!(f, "operation {operation} is malformed"),
            Self::NoSuchPlace { operation } => {
                write!(f, "operation {operation} names a place that does not exist")
            }
            Self::TestFailed { operation } => write!(f, "the test of operation {operation} failed"),
            Self::Edit(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PatchError {}

impl From<EditError> for PatchError {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

impl From<AllocError> for PatchError {
    fn from(error: AllocError) -> Self {
        Self::Edit(error.into())
    }
}

/// Puts a value back as it was, if there is an error or a panic on the way.
struct Undo<'v, 'a, 'p, 't, S: ReleaseStrategy> {
    value: &'v mut ValueMut<'a, 'p, 't, S>,
    /// Of the value's pool; `None` when all went well.
    before: Option<Document<'p, 't, S>>,
}

impl<S: ReleaseStrategy> Drop for Undo<'_, '_, '_, '_, S> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            let replaced = self.value.replace(before);
            debug_assert!(replaced.is_ok(), "a tree of this pool takes no memory");
        }
    }
}

impl<'p, 't, S: ReleaseStrategy> ValueMut<'_, 'p, 't, S> {
    /// Changes the value by a patch (RFC 6902): all of its operations, or none.
    /// What is put in is copied; `test` compares numbers by their value, so that
    /// `1` is `1.0`, which `==` does not. Paths are those of
    /// [`pointer`](Value::pointer), where a `~` in front of anything but `0` and `1` stands
    /// for itself.
    ///
    /// Complexity: linear in the value, which is copied before the first operation that is
    /// no `test`, and for each operation in the members and elements on its paths; a `test`
    /// takes what `==` does. A `copy` may double the value, so that a patch of `n`
    /// operations may grow it by `2^n`, and its depth, too, which
    /// [`max_depth`](crate::json::Options::max_depth) does not bound: give a pool for
    /// patches of others a [`Budget`](crate::Budget).
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2], "b": 3}"#, &pool)?;
    /// let patch = r#"[
    ///     { "op": "test", "path": "/b", "value": 3 },
    ///     { "op": "add", "path": "/a/-", "value": "end" },
    ///     { "op": "move", "from": "/b", "path": "/a/0" }
    /// ]"#;
    /// let patch = json::parse(patch, &pool)?;
    /// document.root_mut().patch(&patch)?;
    /// assert_eq!(document.to_string(), r#"{"a":[3,1,2,"end"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PatchError`]; the value is as it was then. If an operation other than `test` had
    /// begun, it is a copy, without [indexes](crate::json::Options::index_from).
    pub fn patch(&mut self, patch: &Value<'_>) -> Result<(), PatchError> {
        let operations = patch.as_array().ok_or(PatchError::Malformed { operation: 0 })?;
        let kinds = operations.iter().map(|operation| operation.get("op").and_then(Value::as_str));
        let tests = kinds.take_while(|&kind| kind == Some("test")).count();
        for (number, test) in operations.iter().enumerate().take(tests) {
            self.carry_out(number, test)?;
        }
        if tests == operations.len() {
            return Ok(());
        }
        let before = Document::new(copied(self.as_value(), self.pool())?);
        let mut undo = Undo { value: self, before: Some(before) };
        for (number, operation) in operations.iter().enumerate().skip(tests) {
            undo.value.carry_out(number, operation)?;
        }
        undo.before = None;
        Ok(())
    }

    fn carry_out(&mut self, number: usize, operation: &Value<'_>) -> Result<(), PatchError> {
        let malformed = PatchError::Malformed { operation: number };
        let nowhere = PatchError::NoSuchPlace { operation: number };
        let text = |key: &str| operation.get(key).and_then(Value::as_str).ok_or(malformed);
        let value = || operation.get("value").ok_or(malformed);
        let path = text("path")?;
        match text("op")? {
            "add" => {
                let new = Document::new(copied(value()?, self.pool())?);
                self.add(path, new, nowhere)
            }
            "remove" => self.cut(path)?.map(drop).ok_or(nowhere),
            "replace" => {
                let new = Document::new(copied(value()?, self.pool())?);
                self.pointer_mut(path).ok_or(nowhere)?.replace(new)?;
                Ok(())
            }
            "move" => {
                let from = text("from")?;
                let is_inside = path.strip_prefix(from).is_some_and(|rest| rest.starts_with('/'));
                if is_inside {
                    return Err(nowhere);
                }
                let moved = self.cut(from)?.ok_or(nowhere)?;
                self.add(path, moved, nowhere)
            }
            "copy" => {
                let source = self.as_value().pointer(text("from")?).ok_or(nowhere)?;
                let new = Document::new(copied(source, self.pool())?);
                self.add(path, new, nowhere)
            }
            "test" => {
                let found = self.as_value().pointer(path).ok_or(nowhere)?;
                let is_same = are_same_values(found, value()?)?;
                if is_same { Ok(()) } else { Err(PatchError::TestFailed { operation: number }) }
            }
            _ => Err(malformed),
        }
    }

    /// Puts a value where a pointer leads to: in front of an element, behind the
    /// last for `-`, in place of a member or of the root.
    fn add(
        &mut self,
        path: &str,
        new: Document<'p, 't, S>,
        nowhere: PatchError,
    ) -> Result<(), PatchError> {
        let Some((parent, token)) = path.rsplit_once('/') else {
            if !path.is_empty() {
                return Err(nowhere);
            }
            self.replace(new)?;
            return Ok(());
        };
        let mut parent = self.pointer_mut(parent).ok_or(nowhere)?;
        if parent.as_value().is_object() {
            parent.insert(&index::unescaped(token)?, new)?;
            return Ok(());
        }
        let length = parent.as_value().as_array().ok_or(nowhere)?.len();
        let position = if token == "-" { Some(length) } else { index::position(token) };
        let position = position.filter(|&position| position <= length).ok_or(nowhere)?;
        Ok(parent.insert_at(position, new)?)
    }

    /// Takes out the value that a pointer leads to, if there is one.
    fn cut(&mut self, path: &str) -> Result<Option<Document<'p, 't, S>>, AllocError> {
        let Some((parent, token)) = path.rsplit_once('/') else {
            return Ok(path.is_empty().then(|| self.take()));
        };
        let Some(mut parent) = self.pointer_mut(parent) else { return Ok(None) };
        if parent.as_value().is_object() {
            return Ok(parent.remove(&*index::unescaped(token)?));
        }
        Ok(index::position(token).and_then(|position| parent.remove(position)))
    }
}
