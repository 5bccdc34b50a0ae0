//! Blocks that were given back: lists by size, linked through the blocks themselves.
//!
//! A list holds the blocks from one power of two up to the next. A request is
//! served by the first block of the next list up that has any, since each of
//! those is large enough, or by one of the first blocks of its own list that
//! happens to be; what is left over goes back to the lists.

use core::alloc::Layout;
use core::cell::Cell;
use core::mem::MaybeUninit;
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
const LISTS: usize = 24;
/// Blocks that are looked at in a list where not every one is large enough.
const LOOKED_AT: usize = 4;

/// The lists of one arena or scope. All of it is empty at first, and costs
/// nothing to make: a head is written before the bit that tells of it.
pub(super) struct FreeLists {
    /// A bit for each list that holds a block: its head is initialised.
    filled: Cell<u32>,
    /// Bytes in all lists.
    bytes: Cell<usize>,
    heads: [Cell<MaybeUninit<NonNull<Free>>>; LISTS],
}

/// The list that a block of `size` bytes belongs to.
fn list_of(size: usize) -> usize {
    debug_assert!(size >= ALIGN);
    ((size.ilog2() - ALIGN.ilog2()) as usize).min(LISTS - 1)
}

impl FreeLists {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            filled: Cell::new(0),
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
        self.bytes.set(0);
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
        debug_assert!(size >= ALIGN && size % ALIGN == 0);
        let list = list_of(size);
        let free = block.cast::<Free>();
        // SAFETY: the block is aligned, writable and holds a link: the caller's promise.
        unsafe { free.write(Free { next: self.head(list), size }) };
        self.set_head(list, Some(free));
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
        let (block, found) =
            self.find_in(first, size, layout.align(), LOOKED_AT).or_else(|| {
                // Every block of the lists above is large enough.
                let above = self.filled.get() & (u32::MAX << first << 1);
                let list = above.trailing_zeros() as usize;
                (list < LISTS).then(|| self.find_in(list, size, layout.align(), LOOKED_AT))?
            })?;
        self.bytes.set(self.bytes.get() - found);
        if found > size {
            // SAFETY: the block is `found` bytes long, which is more.
            let rest = unsafe { block.add(size) };
            // SAFETY: the rest is of a block that `put` was given, and the block
            // is in no list any more; both sizes are multiples of `ALIGN`.
            unsafe { self.put(rest, found - size) };
        }
        Some(block)
    }

    /// Takes the first block out of a list that is large enough and aligned,
    /// with its size; looks at no more than `looks`.
    fn find_in(
        &self,
        list: usize,
        size: usize,
        align: usize,
        looks: usize,
    ) -> Option<(NonNull<u8>, usize)> {
        let mut before: Option<NonNull<Free>> = None;
        let mut link = self.head(list);
        for _ in 0..looks {
            let block = link?;
            // SAFETY: blocks in a list were written by `put`, and nobody else uses them.
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
