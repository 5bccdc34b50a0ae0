//! A place in a tree that may be changed, with the pool that its arrays are of.

use core::mem;
use core::ptr::{self, NonNull};
use core::slice;

use super::super::{Pool, Unit};
use super::build::copy_of;
use super::tree::Tree;
use super::{FLAT, INDEXED, Kind, Value, info, node_count};
use crate::error::AllocError;
use crate::pool::{Marked, ReleaseStrategy};

/// A node that may be changed. A container through which one goes down is not
/// taken for flat any more, so that whatever is put in below is found again.
pub(in crate::json) struct Place<'a, 'p, 't, S: ReleaseStrategy> {
    /// Its arrays are of `pool`; no `&mut` to it leaves this file, so that none
    /// is exchanged with a node of another.
    node: &'a mut Value<'t>,
    pool: &'p Pool<'p, S>,
}

impl<'p, 't, S: ReleaseStrategy> Tree<'p, 't, S> {
    /// The root, to be changed.
    pub(in crate::json) fn place(&mut self) -> Place<'_, 'p, 't, S> {
        let pool = self.pool();
        Place { node: self.root_mut(), pool }
    }

    /// A tree of one node, which holds no array. (One that did would be `null`, and
    /// its array would not go back.)
    pub(in crate::json) fn leaf(node: Value<'t>, pool: &'p Pool<'p, S>) -> Self {
        debug_assert!(!node.is_held());
        let node = if node.is_held() { Value::NULL } else { node };
        // SAFETY: it holds no array: compared just now.
        unsafe { Self::new(node, pool) }
    }

    /// A tree of one string, which is copied.
    pub(in crate::json) fn string(text: &str, pool: &'p Pool<'p, S>) -> Result<Self, AllocError> {
        Self::copied(Kind::String, text, pool)
    }

    /// A tree of one number as text, which is copied.
    pub(in crate::json) fn digits(text: &str, pool: &'p Pool<'p, S>) -> Result<Self, AllocError> {
        Self::copied(Kind::Digits, text, pool)
    }

    fn copied(kind: Kind, text: &str, pool: &'p Pool<'p, S>) -> Result<Self, AllocError> {
        let node = copy_of(pool, kind, text)?;
        // SAFETY: `copy_of` made the node just now, with an array of this pool.
        Ok(unsafe { Self::new(node, pool) })
    }
}

impl<'a, 'p, 't, S: ReleaseStrategy> Place<'a, 'p, 't, S> {
    pub(in crate::json) fn pool(&self) -> &'p Pool<'p, S> {
        self.pool
    }

    pub(in crate::json) fn node(&self) -> &Value<'t> {
        self.node
    }

    /// The same place for a shorter time.
    pub(in crate::json) fn reborrow(&mut self) -> Place<'_, 'p, 't, S> {
        Place { node: self.node, pool: self.pool }
    }

    /// Whether a tree's arrays are of this pool, too.
    pub(in crate::json) fn is_related(&self, tree: &Tree<'p, 't, S>) -> bool {
        ptr::eq(self.pool, tree.pool())
    }

    /// A node of the container here, counted as they lie in its array.
    pub(in crate::json) fn child(self, index: usize) -> Option<Self> {
        if !matches!(self.node.kind(), Kind::Array | Kind::Object) {
            return None;
        }
        if index >= self.node.node_count() {
            return None;
        }
        self.node.info &= !u64::from(FLAT);
        // SAFETY: below the nodes of the array, which this node holds alone.
        let mut child = unsafe { self.nodes().add(index) };
        // SAFETY: as above; the container is borrowed uniquely for 'a.
        Some(Place { node: unsafe { child.as_mut() }, pool: self.pool })
    }

    /// Puts a tree here and returns what was. `None`, and nothing changed, if it
    /// is of another pool.
    pub(in crate::json) fn replace(&mut self, tree: Tree<'p, 't, S>) -> Option<Tree<'p, 't, S>> {
        if !self.is_related(&tree) {
            return None;
        }
        let old = mem::replace(self.node, tree.into_root());
        // SAFETY: a place's arrays are of its pool, and the node is out of its tree.
        Some(unsafe { Tree::new(old, self.pool) })
    }

    /// Takes the tree out; `null` stays.
    pub(in crate::json) fn take(&mut self) -> Tree<'p, 't, S> {
        let old = mem::replace(self.node, Value::NULL);
        // SAFETY: a place's arrays are of its pool, and the node is out of its tree.
        unsafe { Tree::new(old, self.pool) }
    }

    fn nodes(&self) -> NonNull<Value<'t>> {
        self.node.address().cast()
    }

    /// Puts trees into the container here, in front of node `at`: one into an
    /// array, a key and a value into an object. Returns false, and drops them,
    /// if they do not fit there or are of another pool.
    ///
    /// # Errors
    /// If there is no memory; nothing has changed then.
    pub(in crate::json) fn insert<const COUNT: usize>(
        &mut self,
        at: usize,
        trees: [Tree<'p, 't, S>; COUNT],
    ) -> Result<bool, AllocError> {
        let expected = match self.node.kind() {
            Kind::Array => 1,
            Kind::Object => 2,
            _ => return Ok(false),
        };
        let count = self.node.node_count();
        let keyed = COUNT < 2 || trees.first().is_some_and(|key| key.root().kind() == Kind::String);
        let aligned = at <= count && at % expected == 0;
        if COUNT != expected
            || !keyed
            || !aligned
            || !trees.iter().all(|tree| self.is_related(tree))
        {
            return Ok(false);
        }
        // SAFETY: it is a container: matched above; of so many nodes.
        unsafe { self.make_room(count, count + COUNT)? };
        self.node.info &= !u64::from(INDEXED);
        // SAFETY: `make_room` made room for all nodes; `at <= count`, compared above.
        let place = unsafe { self.nodes().add(at) };
        // SAFETY: as above.
        let behind = unsafe { place.add(COUNT) };
        // SAFETY: the nodes from `at` on move; their places are written below.
        unsafe { behind.copy_from(place, count - at) };
        for (index, tree) in trees.into_iter().enumerate() {
            let node = tree.into_root();
            if node.is_held() {
                self.node.info &= !u64::from(FLAT);
            }
            // SAFETY: below `at + COUNT`.
            let place = unsafe { place.add(index) };
            // SAFETY: as above; what was there has moved.
            unsafe { place.write(node) };
        }
        // SAFETY: the nodes from `at` on have moved, and those in between were written.
        unsafe { self.set_count(count + COUNT) };
        Ok(true)
    }

    /// Takes nodes out of the container here, from `at` on; `None` if there are
    /// not so many, or they are not whole members.
    pub(in crate::json) fn remove<const COUNT: usize>(
        &mut self,
        at: usize,
    ) -> Option<[Tree<'p, 't, S>; COUNT]> {
        let expected = match self.node.kind() {
            Kind::Array => 1,
            Kind::Object => 2,
            _ => return None,
        };
        let count = self.node.node_count();
        if COUNT != expected || at % expected != 0 || at.checked_add(COUNT)? > count {
            return None;
        }
        self.node.info &= !u64::from(INDEXED);
        // SAFETY: below the nodes of the array.
        let place = unsafe { self.nodes().add(at) };
        let taken = core::array::from_fn(|index| {
            // SAFETY: below `at + COUNT`.
            let place = unsafe { place.add(index) };
            // SAFETY: initialised, and not looked at again: others move there.
            let node = unsafe { place.read() };
            // SAFETY: a place's arrays are of its pool, and the node is out of its tree.
            unsafe { Tree::new(node, self.pool) }
        });
        // SAFETY: `at + COUNT` is at most the nodes of the array.
        let behind = unsafe { place.add(COUNT) };
        // SAFETY: the nodes behind move to the places of those taken.
        unsafe { place.copy_from(behind, count - at - COUNT) };
        // SAFETY: there were `COUNT` nodes, so there is an array; the nodes behind those
        // that were taken have moved to their places.
        unsafe { self.set_count(count - COUNT) };
        Some(taken)
    }

    /// Takes all members with that key out of the object here, in one pass.
    pub(in crate::json) fn remove_members(&mut self, key: &str) {
        if self.node.kind() != Kind::Object {
            return;
        }
        let count = self.node.node_count();
        self.node.info &= !u64::from(INDEXED);
        // SAFETY: so many nodes lie in the array that this node holds alone, or
        // none in no array, and it is borrowed uniquely.
        let nodes = unsafe { slice::from_raw_parts_mut(self.nodes().as_ptr(), count) };
        // Those that go change places with those that stay, so that at every
        // moment each node is in the array once.
        let mut kept = 0;
        for at in (0..count).step_by(2) {
            if nodes[at].string_text() != Some(key) {
                nodes.swap(at, kept);
                nodes.swap(at + 1, kept + 1);
                kept += 2;
            }
        }
        for last in (kept..count).step_by(2).rev() {
            drop(self.remove::<2>(last));
        }
    }

    /// Makes the array of the container here hold `wanted` nodes at least; it
    /// has `count`. A larger one is half as large again, so that adding nodes
    /// one by one moves each a constant number of times.
    ///
    /// # Safety
    /// The node here is a container, and `count` the number of its nodes.
    unsafe fn make_room(&mut self, count: usize, wanted: usize) -> Result<(), AllocError> {
        let too_large = AllocError::TooLarge { length: wanted };
        u32::try_from(wanted).map_err(|_| too_large)?;
        let old = self.node.is_held().then(|| self.node.array());
        if let Some(array) = old {
            // SAFETY: the node's array, of this pool, which the node keeps.
            if unsafe { self.pool.raw.marked_capacity(array, count) } >= wanted {
                // SAFETY: as above.
                unsafe { self.pool.raw.fill_up_marked(array, wanted) };
                return Ok(());
            }
        }
        let roomy = wanted.max(count + count / 2).min(u32::MAX as usize);
        let array = self.pool.raw.issue_roomy::<Unit>(roomy)?;
        // SAFETY: both hold `count` nodes; the new one was handed out just now.
        unsafe { array.elements.cast().copy_from_nonoverlapping(self.nodes(), count) };
        let flat = self.node.head() & FLAT;
        // SAFETY: the first `count` nodes were moved there, and it holds more.
        *self.node = unsafe { Value::held(self.node.kind(), array, self.node.length(), flat) };
        if let Some(old) = old {
            // SAFETY: the node's array, of this pool, and its nodes have moved.
            unsafe { self.pool.raw.retire_marked(old) };
        }
        Ok(())
    }

    /// Notes how many nodes the container here has; without any, its array goes back.
    ///
    /// # Safety
    /// It holds an array, of which the first `count` nodes are initialised and nobody
    /// else's; what the others hold is not its own any more.
    unsafe fn set_count(&mut self, count: usize) {
        let array: Marked = self.node.array();
        if count == 0 {
            *self.node = Value::empty(self.node.kind());
            // SAFETY: the node's array, of this pool; no node is left in it.
            unsafe { self.pool.raw.retire_marked(array) };
            return;
        }
        let is_object = u32::from(self.node.kind() == Kind::Object);
        #[allow(clippy::cast_possible_truncation, reason = "`make_room` has compared")]
        let length = count as u32 >> is_object;
        self.node.info = info(self.node.head(), length);
        debug_assert_eq!(node_count(self.node.head(), length), count);
        // SAFETY: the node's array, of this pool, which the node keeps.
        unsafe { self.pool.raw.relabel_marked(array, count) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::{Arena, Budget};
    use crate::json::{Options, Parser};
    use crate::pool::Direct;

    #[test]
    fn an_insert_that_fails_leaves_the_index() {
        let budget = Budget::new(16 * 1024);
        let arena = Arena::builder().budget(&budget).build();
        // This strategy leaves no room behind the members: one more takes a larger array.
        let pool = Pool::<Direct>::new_in(&arena);
        let mut parser = Parser::with_options(Options::new().index_from(1));
        let document = parser.parse(r#"{"b": 2, "a": 1}"#, &pool).unwrap();
        let mut tree = document.into_tree();
        let member = [Tree::string("c", &pool).unwrap(), Tree::leaf(Value::NULL, &pool)];
        while Tree::string("whatever is left", &pool).is_ok() {}

        let mut place = tree.place();
        let before = place.node.info;
        assert!(before & u64::from(INDEXED) != 0);
        assert!(place.insert(0, member).is_err());
        assert_eq!(place.node.info, before);
    }
}
