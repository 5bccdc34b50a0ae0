//! A document: a tree that gives its arrays back when it is dropped.

#![forbid(unsafe_code)]

use core::fmt;
use core::ops::Deref;

use super::Pool;
use super::node::{Place, Tree, Value};
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// A JSON value and all below it, in arrays of a [`Pool`].
///
/// It dereferences to its root [`Value`]. The pool is borrowed for `'p`, the
/// text for `'t`. Dropping a document gives all its arrays back, without
/// recursion and without memory; under [`Direct`](crate::Direct) that costs
/// nothing, and the arrays stay until the pool is reset.
///
/// Complexity of a drop: one step per array, and per node of arrays that have
/// arrays below them. Never panics.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"[1, 2]"#, &pool)?;
/// assert_eq!(document[1].as_i64(), Some(2));
/// drop(document);                                 // every array goes back
/// assert_eq!(pool.verify().unwrap().corrupted, 0);
/// # Ok::<(), json::Error>(())
/// ```
pub struct Document<'p, 't, S: ReleaseStrategy = DefaultStrategy> {
    tree: Tree<'p, 't, S>,
}

impl<'p, 't, S: ReleaseStrategy> Document<'p, 't, S> {
    pub(super) fn new(tree: Tree<'p, 't, S>) -> Self {
        Self { tree }
    }

    pub(super) fn into_tree(self) -> Tree<'p, 't, S> {
        self.tree
    }

    pub(super) fn place(&mut self) -> Place<'_, 'p, 't, S> {
        self.tree.place()
    }

    /// The value at the root.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[1, 2]"#, &pool)?;
    /// assert_eq!(document.root().as_array().unwrap().len(), 2);
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn root(&self) -> &Value<'t> {
        self.tree.root()
    }

    /// The pool that its arrays go back to.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"[1, 2]"#, &pool)?;
    /// assert!(core::ptr::eq(document.pool(), &pool));
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn pool(&self) -> &'p Pool<'p, S> {
        self.tree.pool()
    }
}

impl<'t, S: ReleaseStrategy> Deref for Document<'_, 't, S> {
    type Target = Value<'t>;

    fn deref(&self) -> &Value<'t> {
        self.tree.root()
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Document<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl<S: ReleaseStrategy> fmt::Display for Document<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl<S: ReleaseStrategy, R: ReleaseStrategy> PartialEq<Document<'_, '_, R>>
    for Document<'_, '_, S>
{
    fn eq(&self, other: &Document<'_, '_, R>) -> bool {
        self.root() == other.root()
    }
}

impl<'t, S: ReleaseStrategy> PartialEq<Value<'t>> for Document<'_, '_, S> {
    fn eq(&self, other: &Value<'t>) -> bool {
        self.root() == other
    }
}
