//! The backing pool: what arenas take their chunks from, and any block of any size.

use core::alloc::Layout;
use core::ffi::c_void;
use core::ptr::{self, NonNull};
use std::collections::HashMap;

use super::arena::bury;
use super::handle::{self, Body, NoArena};
use super::places::{Place, Places};
use super::status::{ap_status, attempt, guard, or_nothing};
use crate::arena::{ALIGN, heap};
use crate::sync::Mutex;

/// A backing pool: what arenas take their chunks from. It gives blocks of any size
/// and takes them back, and keeps a list of them, so that a wrong address is
/// refused and destroying it gives everything back.
///
/// Made by `ap_mempool_create`, freed by `ap_mempool_destroy`. Any thread may use
/// it, several at once, also by different arenas of it: only what an arena takes from it
/// and gives back waits for its lock. When it is destroyed, no thread uses it or any of
/// its arenas.
///
/// ```c
/// ap_mempool *mempool = ap_mempool_create();
/// double *block = ap_mempool_calloc(mempool, 100, sizeof *block);
/// assert(block != NULL && block[99] == 0.0);
/// assert(ap_mempool_free(mempool, block) == AP_OK);
/// assert(ap_mempool_free(mempool, block) == AP_FOREIGN);
/// ap_mempool_destroy(mempool);
/// ```
#[repr(C, align(16))]
pub struct ap_mempool {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    books: Mutex<Books>,
}

/// What a pool has given out.
struct Books {
    /// Every block by its address.
    blocks: HashMap<usize, Block>,
    /// Bytes of all of them.
    bytes: usize,
    /// Where the bodies of arenas lie, in some of the blocks.
    places: Places,
}

#[derive(Clone, Copy)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
    holder: Holder,
}

/// Who has a block, and alone may give it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// The program, from `ap_mempool_alloc`.
    Program,
    /// An arena: a chunk.
    Arena,
    /// The pool itself: a strip of bodies of arenas.
    Pool,
}

// SAFETY: the blocks are the pool's, and only changed under its lock.
unsafe impl Send for Books {}

// SAFETY: bodies of this type are made by `boxed` only.
unsafe impl Body for ap_mempool {
    const MARKER: usize = 0x6d65_6d31;
}

const _: fn() = || {
    fn any_thread<T: Send + Sync>() {}
    // As the header says of a backing pool.
    any_thread::<ap_mempool>();
};

impl ap_mempool {
    fn new() -> Self {
        let books = Books { blocks: HashMap::new(), bytes: 0, places: Places::default() };
        Self { no_arena: NoArena::HERE, books: Mutex::new(books) }
    }

    /// A block of so many bytes, aligned to 16.
    pub(super) fn allocate(&self, layout: Layout, holder: Holder) -> Option<NonNull<u8>> {
        self.books.lock().allocate(layout, holder)
    }

    /// Takes a block back; false: this holder has none at this address.
    pub(super) fn release(&self, address: usize, holder: Holder) -> bool {
        self.books.lock().release(address, holder)
    }

    /// A place for an arena's body.
    pub(super) fn place(&self, layout: Layout) -> Option<Place> {
        let mut books = self.books.lock();
        let mut places = core::mem::take(&mut books.places);
        let place = places.take(layout, |strip| books.allocate(strip, Holder::Pool));
        books.places = places;
        place
    }

    /// Takes a place back that no program has seen.
    pub(super) fn give_back(&self, place: Place) {
        self.books.lock().places.give_back(place);
    }

    /// Takes the place of a destroyed arena back.
    pub(super) fn retire(&self, place: Place) {
        self.books.lock().places.retire(place);
    }
}

impl Books {
    fn allocate(&mut self, layout: Layout, holder: Holder) -> Option<NonNull<u8>> {
        self.blocks.try_reserve(1).ok()?;
        let start = heap::allocate(layout)?;
        self.blocks.insert(start.addr().get(), Block { start, layout, holder });
        self.bytes += layout.size();
        Some(start)
    }

    fn release(&mut self, address: usize, holder: Holder) -> bool {
        let found = self.blocks.get(&address).copied();
        let Some(Block { start, layout, .. }) = found.filter(|block| block.holder == holder) else {
            return false;
        };
        self.blocks.remove(&address);
        self.bytes -= layout.size();
        // SAFETY: `allocate` got it with this layout, and it is on the list no more.
        unsafe { heap::deallocate(start, layout) };
        true
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        for Block { start, layout, holder } in self.blocks.values() {
            if *holder == Holder::Pool {
                for place in Places::of_strip(*start) {
                    // SAFETY: the strip is there yet, and its arena ends here.
                    unsafe { bury(place) };
                }
            }
            // SAFETY: `allocate` got it with this layout, and the list ends here.
            unsafe { heap::deallocate(*start, *layout) };
        }
    }
}

/// The layout of a request; `None`: it asks for nothing, or for too much.
fn layout_of(size: usize) -> Option<Layout> {
    if size == 0 {
        return None;
    }
    Layout::from_size_align(size, ALIGN).ok()
}

/// Makes a backing pool. NULL: there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn ap_mempool_create() -> *mut ap_mempool {
    or_nothing(|| handle::boxed(ap_mempool::new()))
}

/// Destroys a backing pool and gives everything back that it has given out: blocks,
/// and the arenas in it with all that they hold. NULL: nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_mempool_destroy(mempool: *mut ap_mempool) {
    guard((), || {
        // SAFETY: the module's contract. The body is its books, which refer to blocks on the
        // heap, and to nothing in the body.
        let _ = unsafe { handle::unbox(mempool) };
    });
}

/// A block of `size` bytes, aligned to 16 and uninitialised. NULL: the size is 0,
/// or there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_mempool_alloc(mempool: *mut ap_mempool, size: usize) -> *mut c_void {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(mempool) }.ok()?;
        Some(pool.allocate(layout_of(size)?, Holder::Program)?.as_ptr().cast())
    })
}

/// A block of `count` elements of `size` bytes, aligned to 16 and all zero. NULL: as
/// `ap_mempool_alloc`, or the product is too large.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_mempool_calloc(
    mempool: *mut ap_mempool,
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(bytes) = count.checked_mul(size) else { return ptr::null_mut() };
    // SAFETY: the module's contract.
    let block = unsafe { ap_mempool_alloc(mempool, bytes) };
    if !block.is_null() {
        // SAFETY: the block is so long, and nobody else knows it.
        unsafe { block.cast::<u8>().write_bytes(0, bytes) };
    }
    block
}

/// Takes a block back. NULL: nothing happens. `AP_FOREIGN`: the program has no block of
/// this pool there, or no longer; the memory there is not read. What an arena took from
/// the pool is the arena's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_mempool_free(
    mempool: *mut ap_mempool,
    block: *mut c_void,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(mempool) }?;
        let known = block.is_null() || pool.release(block.addr(), Holder::Program);
        if known { Ok(()) } else { Err(ap_status::AP_FOREIGN) }
    })
}

/// Bytes that are given out, those of arenas included. 0: no pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_mempool_used(mempool: *const ap_mempool) -> usize {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(mempool) }.ok()?;
        Some(pool.books.lock().bytes)
    })
}
