//! Blocks that were given back: lists by size, linked through the blocks themselves.
//!
//! A list holds the blocks from one power of two up to the next. A request is
//! served by the first block of the next list up that has any, since each of
//! those is large enough, or by one of the first blocks of its own list that
//! happens to be; what is left over goes back to the lists. Before the arena takes
//! a new chunk, blocks that lie next to each other are merged, if enough have come
//! back since the last time.

use core::alloc::Layout;
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::num::NonZeroUsize;
use core::ptr::NonNull;

use super::bump::{self, ALIGN};

/// A block that nobody uses.
#[repr(C, align(16))]
struct Free {
    next: Option<NonNull<Free>>,
    size: usize,
}

const _: () = assert!(size_of::<Free>() == ALIGN, "the smallest block holds a link");

/// Lists: of blocks from 16 bytes on, twice as large in each. The last one holds
/// all that are larger.
const LISTS: usize = 16;
/// Blocks that are looked at in a list where not every one is large enough.
const LOOKED_AT: usize = 4;

/// The lists of one arena or scope. All of it is empty at first, and costs
/// nothing to make: a head is written before the bit that tells of it.
pub(super) struct FreeLists {
    /// A bit for each list that holds a block: its head is initialised.
    filled: Cell<u32>,
    /// Blocks in all lists, and how many came back since they were merged.
    blocks: Cell<u32>,
    unmerged: Cell<u32>,
    /// Bytes in all lists.
    bytes: Cell<usize>,
    /// Invariant *blocks*: a block of a list was given to `put`, or is a part of one, or
    /// several that touch; it has a link, is in no list twice, and nobody else uses it.
    heads: [Cell<MaybeUninit<NonNull<Free>>>; LISTS],
}

/// The list that a block of `size` bytes belongs to.
fn list_of(size: usize) -> usize {
    debug_assert!(size >= ALIGN);
    // The bit of `ALIGN` changes no exponent, and is never 0.
    (((size | ALIGN).ilog2() - ALIGN.ilog2()) as usize).min(LISTS - 1)
}

impl FreeLists {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            filled: Cell::new(0),
            blocks: Cell::new(0),
            unmerged: Cell::new(0),
            bytes: Cell::new(0),
            heads: [const { Cell::new(MaybeUninit::uninit()) }; LISTS],
        }
    }

    /// Bytes in all lists.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Forgets all blocks.
    pub(super) fn forget(&self) {
        self.filled.set(0);
        self.blocks.set(0);
        self.unmerged.set(0);
        self.bytes.set(0);
    }

    /// Forgets what lies where memory is forgotten: `stays` is told the address and
    /// the size of a block, and says how many of its first bytes to keep, a multiple
    /// of `ALIGN` and no more than there are.
    ///
    /// Complexity: one step per block.
    pub(super) fn retain(&self, stays: impl Fn(usize, usize) -> usize) {
        if self.filled.get() == 0 {
            return;
        }
        let heads: [_; LISTS] = core::array::from_fn(|list| self.head(list));
        let unmerged = self.unmerged.get();
        self.forget();
        self.unmerged.set(unmerged);
        for mut link in heads {
            while let Some(block) = link {
                // SAFETY: it was in a list until now: the invariant *blocks*.
                let Free { next, size } = unsafe { block.read() };
                link = next;
                let kept = stays(block.addr().get(), size).min(size);
                if kept > 0 {
                    // SAFETY: it is the first part of a block that `put` was given,
                    // and which is in no list any more.
                    unsafe { self.insert(block.cast(), kept) };
                }
            }
        }
    }

    fn head(&self, list: usize) -> Option<NonNull<Free>> {
        let filled = self.filled.get() & (1 << list) != 0;
        // SAFETY: `set_head` wrote the head before it set the list's bit.
        filled.then(|| unsafe { self.heads[list].get().assume_init() })
    }

    fn set_head(&self, list: usize, head: Option<NonNull<Free>>) {
        let bit = 1 << list;
        match head {
            Some(block) => {
                self.heads[list].set(MaybeUninit::new(block));
                self.filled.set(self.filled.get() | bit);
            }
            None => self.filled.set(self.filled.get() & !bit),
        }
    }

    /// Keeps a block for reuse.
    ///
    /// # Safety
    /// `block` is aligned to `ALIGN` and valid for reads and writes of `size`
    /// bytes, a positive multiple of `ALIGN`; nobody uses them until `take` hands
    /// them out, or the lists are forgotten.
    pub(super) unsafe fn put(&self, block: NonNull<u8>, size: usize) {
        self.unmerged.set(self.unmerged.get().saturating_add(1));
        // SAFETY: it is aligned, valid, so large, and nobody uses it: the caller's promise,
        // which is the same.
        unsafe { self.insert(block, size) };
    }

    /// Writes a link into a block, and puts it in front of its list.
    ///
    /// # Safety
    /// As [`put`](Self::put).
    unsafe fn insert(&self, block: NonNull<u8>, size: usize) {
        debug_assert!(size >= ALIGN && size % ALIGN == 0);
        let list = list_of(size);
        let free = block.cast::<Free>();
        // SAFETY: the block is aligned, writable and holds a link: the caller's promise.
        unsafe { free.write(Free { next: self.head(list), size }) };
        self.set_head(list, Some(free));
        self.blocks.set(self.blocks.get().saturating_add(1));
        self.bytes.set(self.bytes.get() + size);
    }

    /// Hands a block out that holds the layout, whose size is not 0. What it has
    /// too much is kept.
    pub(super) fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.filled.get() == 0 {
            return None;
        }
        let size = bump::round_up(layout.size());
        let first = list_of(size);
        let (block, found) = self.find_in(first, size, layout.align()).or_else(|| {
            // Every block of the lists above is large enough.
            let above = self.filled.get() & (u32::MAX << first << 1);
            let list = above.trailing_zeros() as usize;
            (list < LISTS).then(|| self.find_in(list, size, layout.align()))?
        })?;
        self.blocks.set(self.blocks.get().saturating_sub(1));
        self.bytes.set(self.bytes.get() - found);
        if found > size {
            // SAFETY: the block is `found` bytes long, which is more.
            let rest = unsafe { block.add(size) };
            // SAFETY: the rest is of a block that `put` was given, and the block
            // is in no list any more; both sizes are multiples of `ALIGN`.
            unsafe { self.insert(rest, found - size) };
        }
        Some(block)
    }

    /// Merges blocks that lie next to each other, if it may help a request of
    /// `size` bytes and is worth it; returns whether any were. `chunk_of` gives a
    /// pointer with the right to all of the chunk that an address lies in.
    ///
    /// Complexity: that of sorting the blocks, and of `chunk_of` for those that touch, which
    /// come in the order of their addresses; at least half as many blocks have come back
    /// since the last time, so it is paid for.
    pub(super) fn merge(
        &self,
        size: usize,
        chunk_of: impl Fn(NonZeroUsize) -> Option<NonNull<u8>>,
    ) -> bool {
        let (before, bytes) = (self.blocks.get(), self.bytes.get());
        if self.unmerged.get() < 2 || bytes < size || self.unmerged.get() < before / 2 {
            return false;
        }
        let mut link = self.drain_sorted();
        while let Some(first) = link {
            // SAFETY: it was in a list until now: the invariant *blocks*.
            let Free { mut next, mut size } = unsafe { first.read() };
            let (start, mut touches) = (first.addr(), false);
            while let Some(neighbour) = next.filter(|next| next.addr().get() == start.get() + size)
            {
                // SAFETY: as above.
                let Free { next: behind, size: more } = unsafe { neighbour.read() };
                (next, size, touches) = (behind, size + more, true);
            }
            let block = if touches {
                // A block's own pointer may have no right to its neighbour.
                chunk_of(start).map(|chunk| chunk.with_addr(start))
            } else {
                Some(first.cast())
            };
            if let Some(block) = block {
                // SAFETY: one block, or several that touch, all of which `put` was
                // given; the pointer has the right to them.
                unsafe { self.insert(block, size) };
            }
            link = next;
        }
        self.blocks.get() < before
    }

    /// Takes all blocks out of the lists and links them by address: a merge sort
    /// from the bottom up, in which the i-th sorted list has 2^i blocks.
    fn drain_sorted(&self) -> Option<NonNull<Free>> {
        let mut sorted = [None; 32];
        for list in 0..LISTS {
            let mut link = self.head(list);
            while let Some(mut block) = link {
                // SAFETY: it is in a list: the invariant *blocks*.
                link = unsafe { block.as_mut() }.next.take();
                let mut run = Some(block);
                for place in &mut sorted {
                    match place.take() {
                        // SAFETY: both are lists of blocks, in none of which a block is twice.
                        Some(other) => run = unsafe { merged(Some(other), run) },
                        None => {
                            *place = run.take();
                            break;
                        }
                    }
                }
            }
        }
        self.forget();
        // SAFETY: as above.
        sorted.into_iter().fold(None, |all, list| unsafe { merged(list, all) })
    }

    /// Takes the first block out of a list that is large enough and aligned,
    /// with its size; looks at no more than [`LOOKED_AT`].
    fn find_in(&self, list: usize, size: usize, align: usize) -> Option<(NonNull<u8>, usize)> {
        let mut before: Option<NonNull<Free>> = None;
        let mut link = self.head(list);
        for _ in 0..LOOKED_AT {
            let block = link?;
            // SAFETY: it is in a list: the invariant *blocks*.
            let Free { next, size: found } = unsafe { block.read() };
            if found >= size && block.addr().get() % align == 0 {
                match before {
                    // SAFETY: as above.
                    Some(mut before) => unsafe { before.as_mut() }.next = next,
                    None => self.set_head(list, next),
                }
                return Some((block.cast(), found));
            }
            before = link;
            link = next;
        }
        None
    }
}

/// Merges two lists that are sorted by address.
///
/// # Safety
/// All blocks of both have a link, and nobody else uses them; none is in both.
unsafe fn merged(
    mut one: Option<NonNull<Free>>,
    mut other: Option<NonNull<Free>>,
) -> Option<NonNull<Free>> {
    let mut head = None;
    let mut last: Option<NonNull<Free>> = None;
    loop {
        let mut block = match (one, other) {
            (Some(a), Some(b)) if a.addr() < b.addr() => a,
            (_, Some(b)) => b,
            (Some(a), None) => a,
            (None, None) => return head,
        };
        // SAFETY: it has a link, and nobody else uses it: the caller's promise.
        let next = unsafe { block.as_mut() }.next.take();
        if Some(block) == one {
            one = next
        } else {
            other = next
        }
        match last {
            // SAFETY: as above.
            Some(mut last) => unsafe { last.as_mut() }.next = Some(block),
            None => head = Some(block),
        }
        last = Some(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_touch_ask_once_for_their_chunk() {
        const UNITS: usize = 9;
        let lists = FreeLists::new();
        let mut memory = [const { MaybeUninit::<Free>::uninit() }; UNITS];
        let start = NonNull::from(&mut memory).cast::<u8>();
        for unit in (0..UNITS).filter(|unit| *unit != 4) {
            // SAFETY: the memory has more units.
            let block = unsafe { start.add(unit * ALIGN) };
            // SAFETY: the block is one unit of the memory, and comes but once.
            unsafe { lists.put(block, ALIGN) };
        }
        let asked = Cell::new(0);
        assert!(lists.merge(4 * ALIGN, |_| {
            asked.set(asked.get() + 1);
            Some(start)
        }));
        assert_eq!((asked.get(), lists.blocks.get(), lists.bytes()), (2, 2, 8 * ALIGN));
    }
}
