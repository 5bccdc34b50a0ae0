//! What an arena hands out to C, and takes back.

use core::alloc::Layout;
use core::ffi::{CStr, c_char, c_void};
use core::ptr::{self, NonNull};

use super::{Inner, MOST, ap_arena, inner};
use crate::arena::ALIGN;
use crate::capi::status::or_nothing;

/// The layout of a request; `None`: it asks for nothing, for too much, or for an
/// alignment that is none.
fn layout_of(size: usize, alignment: usize) -> Option<Layout> {
    let is_size = (1..=MOST).contains(&size) && alignment <= MOST;
    if is_size { Layout::from_size_align(size, alignment).ok() } else { None }
}

/// A block, or NULL.
///
/// # Safety
/// The module's contract.
#[inline(always)]
unsafe fn allocate(arena: *mut ap_arena, size: usize, alignment: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    let (Some(inner), Some(layout)) = (unsafe { inner(arena) }, layout_of(size, alignment)) else {
        return ptr::null_mut();
    };
    // Nothing in this panics, so that it needs no guard.
    match inner.arena().bump_current(layout) {
        Some(block) => block.as_ptr().cast(),
        // SAFETY: the caller's promise.
        None => unsafe { grow(arena, size, alignment) },
    }
}

/// As [`allocate`], where the chunk is full: a function of C's kind and of the same
/// arguments, so that it is jumped to and the way there needs no frame.
///
/// # Safety
/// The module's contract.
#[cold]
#[inline(never)]
unsafe extern "C" fn grow(arena: *mut ap_arena, size: usize, alignment: usize) -> *mut c_void {
    or_nothing(|| {
        // SAFETY: the caller's promise.
        let inner = unsafe { inner(arena) }?;
        let layout = layout_of(size, alignment)?;
        Some(inner.arena().try_alloc_layout(layout).ok()?.as_ptr().cast())
    })
}

/// `size` bytes, aligned to 16 and uninitialised. NULL: the size is 0 or above
/// 1 GiB, or there is no memory.
///
/// In C and C++ a call is a macro for a fast path in the header; this is what it
/// calls when the chunk is full, and what other languages call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_alloc(arena: *mut ap_arena, size: usize) -> *mut c_void {
    // SAFETY: the module's contract.
    unsafe { allocate(arena, size, ALIGN) }
}

/// `size` bytes at a multiple of `alignment`, a power of two, and of 16. NULL: as
/// `ap_arena_alloc`, or the alignment is 0 or no power of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_alloc_aligned(
    arena: *mut ap_arena,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: the module's contract.
    unsafe { allocate(arena, size, alignment) }
}

/// `count` elements of `size` bytes, all zero. NULL: as `ap_arena_alloc`, or the
/// product is too large.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_calloc(
    arena: *mut ap_arena,
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(bytes) = count.checked_mul(size) else { return ptr::null_mut() };
    // SAFETY: the module's contract.
    let block = unsafe { ap_arena_alloc(arena, bytes) };
    if !block.is_null() {
        // SAFETY: the block is so long, and nobody else knows it.
        unsafe { block.cast::<u8>().write_bytes(0, bytes) };
    }
    block
}

/// A copy of a text, with its zero byte. NULL: there is no text, or as
/// `ap_arena_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_strdup(arena: *mut ap_arena, text: *const c_char) -> *mut c_char {
    if text.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the text ends with a zero byte: the module's contract.
    let length = unsafe { CStr::from_ptr(text) }.count_bytes();
    // SAFETY: so many bytes can be read.
    unsafe { copy(arena, text, length) }
}

/// A copy of the first `most` bytes of a text, or of all of it if it is shorter,
/// with a zero byte behind them. No more than `most` bytes are read. NULL: as
/// `ap_arena_strdup`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_strndup(
    arena: *mut ap_arena,
    text: *const c_char,
    most: usize,
) -> *mut c_char {
    if text.is_null() {
        return ptr::null_mut();
    }
    let is_text = |&at: &usize| {
        // SAFETY: the text can be read up to its zero byte or `most` bytes: the
        // module's contract. What is asked for comes one by one.
        (unsafe { *text.wrapping_add(at) }) != 0
    };
    let length = (0..most).take_while(is_text).count();
    // SAFETY: so many bytes can be read.
    unsafe { copy(arena, text, length) }
}

/// Copies bytes and puts a zero behind them.
///
/// # Safety
/// `length` bytes of the text can be read; the module's contract.
unsafe fn copy(arena: *mut ap_arena, text: *const c_char, length: usize) -> *mut c_char {
    // SAFETY: the module's contract.
    let block = unsafe { ap_arena_alloc(arena, length.saturating_add(1)) }.cast::<c_char>();
    if !block.is_null() {
        // SAFETY: both are so long, and the block is new.
        unsafe { block.copy_from_nonoverlapping(text, length) };
        // SAFETY: the block has one more byte.
        unsafe { block.wrapping_add(length).write(0) };
    }
    block
}

/// Whether so many bytes there are all handed out, as those of a block are.
fn is_block(inner: &Inner, block: NonNull<u8>, size: usize) -> bool {
    let address = block.addr().get();
    (1..=MOST).contains(&size)
        && address % ALIGN == 0
        && inner.arena().owns_bytes(address, size.next_multiple_of(ALIGN))
}

/// Gives a block another size. It stays where it is if it gets smaller, or is the
/// last allocation and its chunk has room; otherwise its bytes are copied to a new
/// block, aligned to 16, and the old one is given back. What a smaller one leaves over
/// is given back.
///
/// NULL for `block` allocates; a `new_size` of 0 frees. One step for each chunk, and the
/// copy. NULL: there is no memory, and the block is as it was; or it was freed; or these
/// `old_size` bytes are not all handed out. What `ap_arena_free` does not notice is not
/// noticed here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_realloc(
    arena: *mut ap_arena,
    block: *mut c_void,
    old_size: usize,
    new_size: usize,
) -> *mut c_void {
    let Some(start) = NonNull::new(block.cast::<u8>()) else {
        // SAFETY: the module's contract.
        return unsafe { ap_arena_alloc(arena, new_size) };
    };
    if new_size == 0 {
        // SAFETY: the module's contract.
        unsafe { ap_arena_free(arena, block, old_size) };
        return ptr::null_mut();
    }
    or_nothing(|| {
        // SAFETY: the module's contract.
        let inner = unsafe { inner(arena) }.filter(|inner| is_block(inner, start, old_size))?;
        let (old, new) = (layout_of(old_size, ALIGN)?, layout_of(new_size, ALIGN)?);
        if new_size <= old_size {
            // SAFETY: the block is the arena's and handed out, and it is of this size:
            // the caller's promise.
            unsafe { inner.arena().shrink(start, old, new_size) };
            return Some(block);
        }
        // SAFETY: as above.
        let larger = unsafe { inner.arena().try_grow(start, old, new) }.ok()?;
        Some(larger.as_ptr().cast())
    })
}

/// Gives a block back. If it was the last allocation, the next one lies there; otherwise
/// it is used again before the arena grows. One step for each chunk. False: NULL, or
/// these bytes are not all handed out.
///
/// `size` is the one that was allocated: another one, an address inside a block, or a
/// block that was given back already is not noticed, and destroys what lies in the arena.
/// Use a pool where such mistakes must be found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_free(
    arena: *mut ap_arena,
    block: *mut c_void,
    size: usize,
) -> bool {
    or_nothing(|| {
        let start = NonNull::new(block.cast::<u8>())?;
        // SAFETY: the module's contract.
        let inner = unsafe { inner(arena) }.filter(|inner| is_block(inner, start, size))?;
        // SAFETY: the block is the arena's and handed out, and it is of this size and
        // used no more: the caller's promise.
        unsafe { inner.arena().release_bytes(start, layout_of(size, ALIGN)?) };
        Some(true)
    })
}
