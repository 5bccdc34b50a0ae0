//! A tree put together on a stack, children before their container.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ptr::NonNull;

use super::super::scan::Short;
use super::super::{Pool, Unit};
use super::tree::{Tree, release};
use super::{FLAT, HELD, INDEXED, KIND, Kind, PLAIN, Value, Word, info};
use crate::error::AllocError;
use crate::pool::ReleaseStrategy;

/// Where nodes wait until their container ends. It keeps its memory from one
/// document to the next, and is empty between them.
pub(in crate::json) struct Stack {
    /// Of length 0 but while it grows: nodes lie in its spare capacity.
    nodes: Vec<MaybeUninit<Value<'static>>>,
    /// With more nodes than this on it, it does not grow.
    most: usize,
    /// It did not, since this was set.
    refused: bool,
}

impl Stack {
    pub(in crate::json) const fn new() -> Self {
        Self { nodes: Vec::new(), most: usize::MAX, refused: false }
    }

    /// Sets how many nodes are too many to make more room for any: more than
    /// these may be on it in memory that it has.
    pub(in crate::json) fn set_limit(&mut self, most: usize) {
        (self.most, self.refused) = (most, false);
    }

    /// Whether there were too many nodes to make more room, by the limit that was set.
    pub(in crate::json) fn has_refused(&self) -> bool {
        self.refused
    }

    /// Bytes of the memory that is kept.
    pub(in crate::json) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Value<'_>>()
    }

    /// The memory, of which the caller says how much is in use.
    fn memory<'t>(&mut self) -> Memory<'t> {
        let memory = self.nodes.spare_capacity_mut().as_mut_ptr_range();
        let base = NonNull::new(memory.start).unwrap_or(NonNull::dangling());
        let limit = NonNull::new(memory.end).unwrap_or(base);
        Memory { base: base.cast(), limit: limit.cast() }
    }

    /// More memory, which begins with the `used` nodes that there are.
    #[cold]
    #[inline(never)]
    fn grow<'t>(&mut self, used: usize) -> Result<Memory<'t>, AllocError> {
        /// Nodes of the first memory: 4 KiB.
        const FIRST: usize = 256;
        if used > self.most {
            self.refused = true;
            return Err(AllocError::TooLarge { length: used });
        }
        let more = used.max(FIRST);
        let requested = (used + more) * size_of::<Value<'_>>();
        // SAFETY: at most the capacity, and any content is a `MaybeUninit`.
        unsafe { self.nodes.set_len(used) };
        let grown = self.nodes.try_reserve_exact(more);
        // Not `clear`, which would borrow the nodes: after an error the builder still reads
        // them through its own pointers.
        // SAFETY: 0 is at most the capacity, and what is cut off needs no drop.
        unsafe { self.nodes.set_len(0) };
        grown.map_err(|_| AllocError::OutOfMemory { requested })?;
        Ok(self.memory())
    }
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("capacity", &self.nodes.capacity()).finish()
    }
}

/// The memory of a stack.
struct Memory<'t> {
    base: NonNull<Value<'t>>,
    limit: NonNull<Value<'t>>,
}

/// A tree that is being put together. An **open** container has a place on the
/// stack, in which the one around it is noted, and its children above that.
///
/// It gives nothing back when it is dropped, so that it can live in registers:
/// who makes one, ends with [`give_back`](Self::give_back), or puts it in a [`Guard`].
pub(in crate::json) struct Builder<'s, 'p, 't, S: ReleaseStrategy> {
    pool: &'p Pool<'p, S>,
    stack: &'s mut Stack,
    base: NonNull<Value<'t>>,
    /// Behind the last node on the stack, open places included: all of them
    /// initialised.
    top: NonNull<Value<'t>>,
    /// Behind the stack's memory.
    limit: NonNull<Value<'t>>,
    /// The place of the container that is open.
    frame: u32,
    /// `Array` or `Object`: its kind.
    kind: Kind,
    /// `HELD` if any node in it holds an array.
    holds: u32,
    /// Containers that are open.
    depth: u32,
}

impl<'s, 'p, 't, S: ReleaseStrategy> Builder<'s, 'p, 't, S> {
    pub(in crate::json) fn new(pool: &'p Pool<'p, S>, stack: &'s mut Stack) -> Self {
        let Memory { base, limit } = stack.memory();
        let (frame, holds, depth) = (0, 0, 0);
        Self { pool, stack, base, top: base, limit, frame, kind: Kind::Array, holds, depth }
    }

    /// Containers that are open.
    #[inline(always)]
    pub(in crate::json) fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether the innermost open container is an object.
    #[inline(always)]
    pub(in crate::json) fn is_object(&self) -> bool {
        self.kind == Kind::Object
    }

    /// Nodes on the stack.
    #[inline(always)]
    fn length(&self) -> usize {
        // The base is at or in front of the top, by whole nodes.
        (self.top.addr().get() - self.base.addr().get()) / size_of::<Value<'_>>()
    }

    /// Nodes in the innermost open container so far, two for each member.
    #[inline(always)]
    pub(in crate::json) fn nodes(&self) -> usize {
        self.length() - self.first_child()
    }

    /// The nodes in the innermost open container so far.
    pub(in crate::json) fn open_nodes(&self) -> &[Value<'t>] {
        let count = self.nodes();
        // SAFETY: the first child's place is at most the length.
        let first = unsafe { self.base.add(self.first_child()) };
        // SAFETY: so many nodes from there on are initialised.
        unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
    }

    #[inline(always)]
    fn first_child(&self) -> usize {
        self.frame as usize + usize::from(self.depth > 0)
    }

    /// Adds a node that holds no array.
    #[inline(always)]
    pub(in crate::json) fn push(&mut self, node: Value<'t>) -> Result<(), AllocError> {
        debug_assert!(!node.is_held());
        if self.top == self.limit {
            self.make_room()?;
        }
        // SAFETY: `top` was compared with `limit` above, else `make_room` made room.
        unsafe { self.put(node) };
        Ok(())
    }

    /// Adds a node.
    ///
    /// # Safety
    /// The stack's memory has room for one more.
    #[inline(always)]
    unsafe fn put(&mut self, node: Value<'t>) {
        debug_assert!(self.top < self.limit);
        // SAFETY: below the limit; what was there is no node any more.
        unsafe { self.top.write(node) };
        // SAFETY: as above.
        self.top = unsafe { self.top.add(1) };
    }

    #[inline(always)]
    fn make_room(&mut self) -> Result<(), AllocError> {
        let length = self.length();
        let memory = self.stack.grow(length)?;
        (self.base, self.limit) = (memory.base, memory.limit);
        // SAFETY: the memory begins with so many nodes.
        self.top = unsafe { self.base.add(length) };
        Ok(())
    }

    /// Adds a string that lies in the text, where it needs no escape.
    #[inline(always)]
    pub(in crate::json) fn push_short(&mut self, text: Short<'t>) -> Result<(), AllocError> {
        self.push_borrowed(text.text(), text.length(), PLAIN)
    }

    /// [`push_short`](Self::push_short) of any length.
    pub(in crate::json) fn push_plain(&mut self, text: &'t str) -> Result<(), AllocError> {
        self.push_borrowed(text, length_of(text)?, PLAIN)
    }

    /// Adds a string that lives as long as the text.
    pub(in crate::json) fn push_text(&mut self, text: &'t str) -> Result<(), AllocError> {
        self.push_borrowed(text, length_of(text)?, 0)
    }

    /// Adds a string of that length.
    #[inline(always)]
    fn push_borrowed(&mut self, text: &'t str, length: u32, flags: u32) -> Result<(), AllocError> {
        debug_assert_eq!(text.len(), length as usize);
        let word = Word { address: NonNull::from(text).cast() };
        let info = info(Kind::String as u32 | flags, length);
        self.push(Value { info, word, text: PhantomData })
    }

    /// Adds a string, or a number as text, in an array of its own.
    #[inline(always)]
    pub(in crate::json) fn push_copy(&mut self, kind: Kind, text: &str) -> Result<(), AllocError> {
        // Room first, so that no node is left without a place.
        if self.top == self.limit {
            self.make_room()?;
        }
        let node = copy_of(self.pool, kind, text)?;
        self.holds |= node.head() & HELD;
        // SAFETY: `top` was compared with `limit` above, else `make_room` made room.
        unsafe { self.put(node) };
        Ok(())
    }

    /// Opens a container.
    #[inline(always)]
    pub(in crate::json) fn open(&mut self, kind: Kind) -> Result<(), AllocError> {
        let around = Value {
            info: info(Kind::Open as u32, self.frame),
            word: Word { bits: u64::from(self.kind as u32 | self.holds) },
            text: PhantomData,
        };
        let length = self.length();
        let frame = u32::try_from(length).map_err(|_| AllocError::TooLarge { length })?;
        self.push(around)?;
        (self.frame, self.kind, self.holds) = (frame, kind, 0);
        self.depth += 1;
        Ok(())
    }

    /// The innermost open container, if any is open.
    #[inline(always)]
    pub(in crate::json) fn innermost(&mut self) -> Option<Innermost<'_, 's, 'p, 't, S>> {
        if self.depth == 0 { None } else { Some(Innermost { builder: self }) }
    }

    /// [`Innermost::close`]; nothing happens if no container is open.
    pub(in crate::json) fn close(&mut self) -> Result<(), AllocError> {
        self.innermost().map_or(Ok(()), Innermost::close)
    }

    /// The nodes of the innermost open container, which are `count`, in an array.
    ///
    /// # Safety
    /// A container is open, and `count` is what it has, not 0.
    #[inline(always)]
    unsafe fn moved(&self, count: usize) -> Result<Value<'t>, AllocError> {
        let array = self.pool.raw.issue_marked::<Unit>(count)?;
        // SAFETY: a container is open, the caller's promise; behind its place on the stack
        // are its children.
        let first = unsafe { self.base.add(self.frame as usize + 1) };
        // SAFETY: both hold so many nodes, and the array was handed out just now; `count`
        // is not 0, the caller's promise.
        unsafe { copy(first, array.elements.cast(), count) };
        let is_object = u32::from(self.kind == Kind::Object);
        let flat = if self.holds == 0 { FLAT } else { 0 };
        #[allow(clippy::cast_possible_truncation, reason = "an array has a 32-bit length")]
        let length = count as u32 >> is_object;
        // SAFETY: filled just now; `leave` takes the nodes off the stack.
        Ok(unsafe { Value::held(self.kind, array, length, flat) })
    }

    /// Takes the innermost open container and its children off the stack,
    /// without giving anything back.
    ///
    /// # Safety
    /// A container is open.
    #[inline(always)]
    unsafe fn leave(&mut self) {
        // SAFETY: an open container has its place there.
        self.top = unsafe { self.base.add(self.frame as usize) };
        // SAFETY: as above; it holds nothing.
        let around = unsafe { self.top.read() };
        debug_assert_eq!(around.kind(), Kind::Open);
        // SAFETY: `open` wrote the word as bits.
        let noted = unsafe { around.word.bits };
        let is_object = noted & u64::from(KIND) == Kind::Object as u64;
        self.kind = if is_object { Kind::Object } else { Kind::Array };
        self.holds = if noted & u64::from(HELD) == 0 { 0 } else { HELD };
        self.frame = around.length();
        self.depth -= 1;
    }

    /// Gives back what was built since there were `depth` open containers.
    pub(in crate::json) fn abandon(&mut self, depth: u32) {
        while self.depth > depth {
            self.drop_to(self.first_child());
            // SAFETY: a container is open, for the depth is above another.
            unsafe { self.leave() };
        }
    }

    /// Gives back the nodes from `place` on.
    fn drop_to(&mut self, place: usize) {
        while self.length() > place {
            // SAFETY: below the top there is a node.
            self.top = unsafe { self.top.sub(1) };
            // SAFETY: as above; it is off the stack, so this is its only owner.
            let node = unsafe { self.top.read() };
            // SAFETY: the builder's nodes are of its pool. Open places hold nothing.
            unsafe { release(self.pool, node) };
        }
    }

    /// Gives back all but the first `count` nodes of the innermost open container.
    #[cfg(feature = "serde")]
    pub(in crate::json) fn trim(&mut self, count: usize) {
        self.drop_to(self.first_child() + count);
    }

    /// Gives back all that was built; there is nothing on the stack then.
    pub(in crate::json) fn give_back(&mut self) {
        self.abandon(0);
        self.drop_to(0);
    }

    /// The tree, if nothing is open and there is exactly one node.
    pub(in crate::json) fn finish(&mut self) -> Option<Tree<'p, 't, S>> {
        if self.depth > 0 || self.length() != 1 {
            return None;
        }
        self.top = self.base;
        // SAFETY: the only node; it is off the stack, so it moves.
        let root = unsafe { self.base.read() };
        // SAFETY: the builder's arrays are of its pool, and the node is off the stack.
        Some(unsafe { Tree::new(root, self.pool) })
    }
}

/// Gives back what was built, if what fills a builder fails or panics.
pub(in crate::json) struct Guard<'s, 'p, 't, S: ReleaseStrategy>(
    pub(in crate::json) Builder<'s, 'p, 't, S>,
);

impl<S: ReleaseStrategy> Drop for Guard<'_, '_, '_, S> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// The innermost open container of a builder, in which one is open therefore.
pub(in crate::json) struct Innermost<'b, 's, 'p, 't, S: ReleaseStrategy> {
    builder: &'b mut Builder<'s, 'p, 't, S>,
}

impl<'s, 'p, 't, S: ReleaseStrategy> Deref for Innermost<'_, 's, 'p, 't, S> {
    type Target = Builder<'s, 'p, 't, S>;

    #[inline(always)]
    fn deref(&self) -> &Builder<'s, 'p, 't, S> {
        self.builder
    }
}

impl<'t, S: ReleaseStrategy> Innermost<'_, '_, '_, 't, S> {
    /// Moves the children of the innermost open container into an array of
    /// exactly their number, and makes it a node of the one around it.
    ///
    /// An object has a value for each key.
    #[inline(always)]
    pub(in crate::json) fn close(self) -> Result<(), AllocError> {
        let builder = self.builder;
        let count = builder.nodes();
        let node = if count == 0 {
            Value::empty(builder.kind)
        } else {
            // SAFETY: a container is open: `innermost` compared the depth.
            unsafe { builder.moved(count)? }
        };
        // SAFETY: as above.
        unsafe { builder.leave() };
        builder.holds |= node.head() & HELD;
        // SAFETY: `leave` has just put `top` on the open place, which is in the memory.
        unsafe { builder.put(node) };
        Ok(())
    }

    /// [`close`](Self::close) for an object, with an index behind its members:
    /// their numbers in the order of their keys, of equal ones the later last.
    #[cold]
    #[inline(never)]
    pub(in crate::json) fn close_indexed(self) -> Result<(), AllocError> {
        let (count, members) = (self.nodes(), self.nodes() / 2);
        if self.kind != Kind::Object || members == 0 {
            return self.close();
        }
        let builder = self.builder;
        let units = count + (members * size_of::<u32>()).div_ceil(size_of::<Unit>());
        let array = builder.pool.raw.issue_marked::<Unit>(units)?;
        // SAFETY: a container is open: `innermost` compared the depth; behind its place on
        // the stack are its children.
        let first = unsafe { builder.base.add(builder.frame as usize + 1) };
        // SAFETY: both hold so many nodes, and the array was handed out just now.
        unsafe { array.elements.cast().copy_from_nonoverlapping(first, count) };
        // SAFETY: the array has room behind its nodes.
        let behind = unsafe { array.elements.cast::<Value<'t>>().add(count) }.cast::<u32>();
        // SAFETY: the nodes are on the stack until `leave`.
        let nodes = unsafe { core::slice::from_raw_parts(first.as_ptr(), count) };
        // SAFETY: `units` has room for a number for each member, and nobody else knows it.
        unsafe { write_index(nodes, behind) };
        let flat = if builder.holds == 0 { FLAT } else { 0 };
        #[allow(clippy::cast_possible_truncation, reason = "an array has a 32-bit length")]
        // SAFETY: filled just now; `leave` takes the nodes off the stack.
        let node = unsafe { Value::held(builder.kind, array, members as u32, flat | INDEXED) };
        // SAFETY: a container is open: `innermost` compared the depth.
        unsafe { builder.leave() };
        builder.holds |= HELD;
        // SAFETY: `leave` has just put `top` on the open place, which is in the memory.
        unsafe { builder.put(node) };
        Ok(())
    }
}

/// Writes the numbers of an object's members in the order of their keys, of equal ones
/// the later last.
///
/// # Safety
/// The place holds a number for each member, and is nobody else's.
unsafe fn write_index(nodes: &[Value<'_>], to: NonNull<u32>) {
    let members = nodes.len() / 2;
    for member in 0..members {
        // SAFETY: there is room for a number for each member: the caller's promise.
        let place = unsafe { to.add(member) };
        #[allow(clippy::cast_possible_truncation, reason = "an array has a 32-bit length")]
        // SAFETY: as above.
        unsafe {
            place.write(member as u32)
        };
    }
    // SAFETY: written just now, and nobody else's.
    let index = unsafe { core::slice::from_raw_parts_mut(to.as_ptr(), members) };
    let key = |member: u32| nodes[2 * member as usize].string_text().unwrap_or_default();
    index.sort_unstable_by(|&one, &other| key(one).cmp(key(other)).then_with(|| one.cmp(&other)));
}

/// Its bytes.
fn length_of(text: &str) -> Result<u32, AllocError> {
    u32::try_from(text.len()).map_err(|_| AllocError::TooLarge { length: text.len() })
}

/// Copies `count` nodes. Few are copied in two equal parts that
/// may overlap, without a call.
///
/// # Safety
/// Both places hold so many nodes, at least one, and do not overlap.
#[inline(always)]
unsafe fn copy<'t>(from: NonNull<Value<'t>>, to: NonNull<Value<'t>>, count: usize) {
    /// # Safety
    /// As above, and `HALF <= count <= 2 * HALF`.
    #[inline(always)]
    unsafe fn halves<'t, const HALF: usize>(
        from: NonNull<Value<'t>>,
        to: NonNull<Value<'t>>,
        count: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { to.copy_from_nonoverlapping(from, HALF) };
        let rest = count - HALF;
        // SAFETY: as above: the rest is no longer than a half.
        let (from, to) = (unsafe { from.add(rest) }, unsafe { to.add(rest) });
        // SAFETY: as above.
        unsafe { to.copy_from_nonoverlapping(from, HALF) };
    }
    match count {
        // SAFETY: the caller's promise.
        0..=2 => unsafe { halves::<1>(from, to, count) },
        // SAFETY: as above.
        3..=4 => unsafe { halves::<2>(from, to, count) },
        // SAFETY: as above.
        5..=8 => unsafe { halves::<4>(from, to, count) },
        // SAFETY: as above.
        _ => unsafe { to.copy_from_nonoverlapping(from, count) },
    }
}

/// A string, or a number as text, in an array of its own.
#[inline(never)]
pub(super) fn copy_of<'t, S: ReleaseStrategy>(
    pool: &Pool<'_, S>,
    kind: Kind,
    text: &str,
) -> Result<Value<'t>, AllocError> {
    let length = length_of(text)?;
    if length == 0 {
        return Ok(Value::empty(kind));
    }
    let array = pool.raw.issue_marked::<Unit>(text.len().div_ceil(pool.raw.unit_size()))?;
    let source = NonNull::from(text.as_bytes()).cast();
    // SAFETY: the array was handed out just now for so many bytes at least.
    unsafe { array.elements.copy_from_nonoverlapping(source, text.len()) };
    // SAFETY: filled with the bytes of a `str`, and nobody else's.
    Ok(unsafe { Value::held(kind, array, length, 0) })
}

const _: () = assert!(Kind::Open as u32 <= KIND);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_open_container_there_is_nothing_to_close() {
        let pool = <Pool<'_>>::new();
        let mut stack = Stack::new();
        let mut builder = Builder::new(&pool, &mut stack);
        builder.push(Value::NULL).unwrap();
        assert!(builder.innermost().is_none());
        builder.close().unwrap();
        let tree = builder.finish().unwrap();
        assert_eq!((tree.root().kind(), pool.stats().live), (Kind::Null, 0));
    }
}
