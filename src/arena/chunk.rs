//! One chunk: header, first and last byte, link.
//!
//! ```text
//! |<- HEADER ->|<------------- capacity ------------->|
//! | next cursor | handed out ........ | free .........|
//! | high end    ^ start               ^ cursor        ^ end
//! ```

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

use super::bump::{self, ALIGN};

/// The header at the beginning of a chunk's memory.
#[repr(C, align(16))]
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The chunk after this one in the arena's list.
    pub(crate) next: Cell<Option<NonNull<Chunk>>>,
    /// Where the free part begins. For the arena's current chunk the arena
    /// itself knows better.
    pub(crate) cursor: Cell<NonNull<u8>>,
    /// How far the chunk was in use since it became current; 0 if never above its
    /// cursor.
    pub(crate) high: Cell<usize>,
    end: NonNull<u8>,
}

/// Bytes of the header: what a chunk costs above its capacity.
pub(crate) const HEADER: usize = size_of::<Chunk>();

const _: () = assert!(HEADER % ALIGN == 0, "the data behind a header is aligned");
const _: () = assert!(align_of::<Chunk>() == ALIGN, "one alignment serves header and data");

impl Chunk {
    /// The layout of a chunk that holds `capacity` bytes, a multiple of
    /// [`ALIGN`], if there is such a layout.
    pub(crate) fn layout(capacity: usize) -> Option<Layout> {
        debug_assert_eq!(capacity % ALIGN, 0);
        let bytes = capacity.checked_add(HEADER)?;
        Layout::from_size_align(bytes, ALIGN).ok()
    }

    /// Writes a header at the beginning of `block`.
    ///
    /// # Safety
    /// `block` is aligned to [`ALIGN`], and valid for reads and writes of
    /// `HEADER + capacity` bytes; nobody else uses them.
    pub(crate) unsafe fn place(block: NonNull<u8>, capacity: usize) -> NonNull<Self> {
        // SAFETY: the block is HEADER + capacity bytes long: the caller's promise.
        let start = unsafe { block.add(HEADER) };
        // SAFETY: as above.
        let end = unsafe { start.add(capacity) };
        let chunk = block.cast::<Self>();
        let header =
            Self { next: Cell::new(None), cursor: Cell::new(start), high: Cell::new(0), end };
        // SAFETY: the block is aligned, writable and large enough: the caller's promise.
        unsafe { chunk.write(header) };
        chunk
    }

    /// Writes a header into the caller's buffer, if one fits with at least one
    /// unit behind it.
    ///
    /// # Safety
    /// `buffer` is valid for reads and writes of `length` bytes, and nobody
    /// else uses them.
    pub(crate) unsafe fn place_in(buffer: NonNull<u8>, length: usize) -> Option<NonNull<Self>> {
        let address = buffer.addr().get();
        let (first, end) = bump::usable(address, length, HEADER)?;
        // SAFETY: `usable` found `first` within the buffer.
        let block = unsafe { buffer.add(first - address) };
        // SAFETY: `usable` aligned `first`, and between it and `end` lie HEADER
        // bytes and a positive multiple of ALIGN, all of the buffer.
        Some(unsafe { Self::place(block, end - first - HEADER) })
    }

    /// The first data byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        // The end may reach all of the chunk, a reference to the header only that.
        self.end.with_addr(NonNull::from(self).addr().saturating_add(HEADER))
    }

    /// Remembers that the chunk was in use up to `reached`.
    #[inline]
    pub(crate) fn raise(&self, reached: usize) {
        if reached > self.high.get() {
            self.set_high(reached);
        }
    }

    /// As [`raise`](Self::raise), where there is something to write: out of the way
    /// of the scopes that reach no further than those before them.
    #[cold]
    #[inline(never)]
    fn set_high(&self, reached: usize) {
        self.high.set(reached);
    }

    /// One past the last data byte.
    pub(crate) fn end(&self) -> NonNull<u8> {
        self.end
    }

    /// Data bytes of the chunk.
    pub(crate) fn capacity(&self) -> usize {
        self.end.addr().get() - self.start().addr().get()
    }

    /// Data bytes before `cursor`.
    pub(crate) fn used(&self) -> usize {
        self.cursor.get().addr().get() - self.start().addr().get()
    }

    /// Data bytes behind `cursor`.
    pub(crate) fn room(&self) -> usize {
        self.end.addr().get() - self.cursor.get().addr().get()
    }
}
