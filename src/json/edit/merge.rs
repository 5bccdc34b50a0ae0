//! JSON merge patch (RFC 7396).

#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::copy::copied;
use super::{EditError, ValueMut};
use crate::json::index::node_of_key;
use crate::json::node::{Kind, Tree, Value};
use crate::json::{Document, Members, push};
use crate::pool::ReleaseStrategy;

impl<'p, 't, S: ReleaseStrategy> ValueMut<'_, 'p, 't, S> {
    /// Changes the value by a merge patch (RFC 7396): a member of the patch that
    /// is `null` removes the member here, an object is merged into it, anything
    /// else replaces it. What is put in is copied. Members of the patch apply in
    /// their order, those with the same key one after the other.
    ///
    /// Complexity: for each member of the patch, linear in the members of the
    /// object here, and in the depth. Not recursive.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": {"b": 1, "c": 2}, "d": 3}"#, &pool)?;
    /// let patch = json::parse(r#"{"a": {"b": null, "e": 4}, "d": [5]}"#, &pool)?;
    /// document.root_mut().merge(&patch)?;
    /// assert_eq!(document.to_string(), r#"{"a":{"c":2,"e":4},"d":[5]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::Alloc`]; what was merged until then stays.
    pub fn merge(&mut self, patch: &Value<'_>) -> Result<(), EditError> {
        let mut open: Vec<Members<'_, '_>> = Vec::new();
        let mut path: Vec<usize> = Vec::new();
        match patch.as_object() {
            Some(members) => {
                self.become_object()?;
                push(&mut open, members.iter())?;
            }
            None => drop(self.replace(Document::new(copied(patch, self.pool())?))?),
        }
        while let Some(members) = open.last_mut() {
            let Some((key, value)) = members.next() else {
                open.pop();
                path.pop();
                continue;
            };
            let mut here = self.at(&path).ok_or(EditError::OutOfBounds)?;
            match value.as_object() {
                Some(members) => {
                    push(&mut path, here.object_member(key)?)?;
                    push(&mut open, members.iter())?;
                }
                None if value.is_null() => drop(here.remove(key)),
                None => {
                    let copy = Document::new(copied(value, here.pool())?);
                    here.insert(key, copy)?;
                }
            }
        }
        Ok(())
    }

    /// The value at the end of a path of nodes.
    fn at(&mut self, path: &[usize]) -> Option<ValueMut<'_, 'p, 't, S>> {
        let mut place = self.place.reborrow();
        for &node in path {
            place = place.child(node)?;
        }
        Some(ValueMut { place })
    }

    /// Makes anything but an object an empty one.
    fn become_object(&mut self) -> Result<(), EditError> {
        if !self.as_value().is_object() {
            self.replace(Document::new(Tree::empty(Kind::Object, self.pool())))?;
        }
        Ok(())
    }

    /// The node of the member with that key, which is an object afterwards.
    fn object_member(&mut self, key: &str) -> Result<usize, EditError> {
        let Some(node) = node_of_key(self.as_value(), key) else {
            return self.add_member(key, Tree::empty(Kind::Object, self.pool()));
        };
        self.at(&[node]).ok_or(EditError::OutOfBounds)?.become_object()?;
        Ok(node)
    }
}
