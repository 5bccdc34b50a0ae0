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
    #[must_use]
    pub fn root(&self) -> &Value<'t> {
        self.tree.root()
    }

    /// The pool that its arrays go back to.
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
