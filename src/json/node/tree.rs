//! A tree that owns its arrays, and the walk that gives them back.

use core::mem::{self, ManuallyDrop};
use core::ptr::NonNull;

use super::super::Pool;
use super::{FLAT, HELD, Kind, MARK, Value, Word, info, kind_of};
use crate::pool::{Mark, Marked, ReleaseStrategy};

/// A root node and the pool that its arrays are of.
pub(in crate::json) struct Tree<'p, 't, S: ReleaseStrategy> {
    root: Value<'t>,
    pool: &'p Pool<'p, S>,
}

impl<'p, 't, S: ReleaseStrategy> Tree<'p, 't, S> {
    /// The tree below a node.
    ///
    /// # Safety
    /// The arrays of the node and of all below it are of this pool, and nobody
    /// else's.
    pub(super) unsafe fn new(root: Value<'t>, pool: &'p Pool<'p, S>) -> Self {
        Self { root, pool }
    }

    /// A tree of an empty container, or of `null`.
    pub(in crate::json) fn empty(kind: Kind, pool: &'p Pool<'p, S>) -> Self {
        let is_container = matches!(kind, Kind::Array | Kind::Object);
        let root = if is_container { Value::empty(kind) } else { Value::NULL };
        // SAFETY: neither of them holds an array.
        unsafe { Self::new(root, pool) }
    }

    /// The root, which is the caller's to give back from now on.
    pub(super) fn into_root(self) -> Value<'t> {
        let mut this = ManuallyDrop::new(self);
        mem::replace(&mut this.root, Value::NULL)
    }

    pub(super) fn root_mut(&mut self) -> &mut Value<'t> {
        &mut self.root
    }

    pub(in crate::json) fn root(&self) -> &Value<'t> {
        &self.root
    }

    pub(in crate::json) fn pool(&self) -> &'p Pool<'p, S> {
        self.pool
    }
}

impl<S: ReleaseStrategy> Drop for Tree<'_, '_, S> {
    fn drop(&mut self) {
        let root = mem::replace(&mut self.root, Value::NULL);
        // SAFETY: the tree's arrays are of its pool.
        unsafe { release(self.pool, root) };
    }
}

/// Gives back every array of the tree below a node.
///
/// # Safety
/// As [`Tree::new`]; the node and all below it are given up.
#[inline]
pub(super) unsafe fn release<S: ReleaseStrategy>(pool: &Pool<'_, S>, root: Value<'_>) {
    if !S::RECLAIMS || !root.is_held() {
        return;
    }
    if goes_back_unread(root.head()) {
        // SAFETY: the caller's promise; the node is given up, so its array is.
        unsafe { pool.raw.retire_marked(root.array()) };
    } else {
        // SAFETY: the caller's promise.
        unsafe { walk(pool, root) };
    }
}

/// Whether nothing that holds an array lies in the one that a node holds.
#[inline(always)]
fn goes_back_unread(head: u32) -> bool {
    let is_container = matches!(kind_of(head), Kind::Array | Kind::Object);
    head & FLAT != 0 || !is_container
}

/// Gives back a container's array and all below it, children first.
///
/// Neither recursive nor in need of memory, whatever the depth: an array is
/// walked from its end, and where the walk goes down, the node that it goes
/// through is overwritten with what is needed to come back: the head of the
/// array's own node, how many of its nodes are left, and the like place one
/// level up. That is 16 bytes, too, because marks tell the class of an array,
/// so that its length may be forgotten.
///
/// # Safety
/// As [`release`]; the node is a container that holds an array.
unsafe fn walk<S: ReleaseStrategy>(pool: &Pool<'_, S>, root: Value<'_>) {
    let mut up: Option<NonNull<u8>> = None;
    let mut head = root.head();
    let mut base = root.address().cast::<Value<'_>>();
    let mut left = root.node_count();
    loop {
        while left > 0 {
            left -= 1;
            // SAFETY: the array has more nodes than `left` now says.
            let place = unsafe { base.add(left) };
            // SAFETY: as above, and all nodes of an array are initialised.
            let node = unsafe { place.as_ref() };
            if node.head() & HELD == 0 {
                continue;
            }
            if goes_back_unread(node.head()) {
                // SAFETY: the array is of this pool, and its node is not
                // looked at again.
                unsafe { pool.raw.retire_marked(node.array()) };
                continue;
            }
            let (inner, inside, count) = (node.head(), node.address(), node.node_count());
            #[allow(clippy::cast_possible_truncation, reason = "an array has a 32-bit length")]
            let length = left as u32;
            let back = Value { info: info(head, length), word: Word { up }, text: node.text };
            // SAFETY: the place of a node, whose content was taken out above.
            unsafe { place.write(back) };
            (up, head, base, left) = (Some(place.cast()), inner, inside.cast(), count);
        }
        let array = Marked { elements: base.cast(), mark: Mark::from_bits(head >> MARK) };
        // SAFETY: the array is of this pool, and its node is gone.
        unsafe { pool.raw.retire_marked(array) };
        let Some(place) = up.map(NonNull::cast::<Value<'_>>) else { return };
        // SAFETY: the place that the walk came down through, in an array that
        // has not gone back.
        let back = unsafe { place.as_ref() };
        (head, left) = (back.head(), back.length() as usize);
        // SAFETY: the walk wrote the word as this.
        up = unsafe { back.word.up };
        // SAFETY: the place is that of node `left` of its array.
        base = unsafe { place.sub(left) };
    }
}
