//! Handles: a body behind a validity marker.

use core::mem::offset_of;
use core::ptr::NonNull;

use super::status::ap_status;

/// What a C program holds a pointer to.
///
/// # Safety
/// The type is only ever placed behind a head, as this module places it. No two kinds
/// have the same [`MARKER`](Self::MARKER): it is in the list below, which is checked.
pub(super) unsafe trait Body: Sized {
    /// What stands in front of a valid handle of the kind.
    const MARKER: usize;
}

// The markers of all kinds, and of none.
const _: () = {
    let markers = [
        DESTROYED,
        super::arena::Inner::MARKER,
        super::pool::ap_pool::MARKER,
        #[cfg(feature = "capi")]
        super::mempool::ap_mempool::MARKER,
        #[cfg(feature = "capi")]
        super::shared::ap_shared_pool::MARKER,
        #[cfg(feature = "capi")]
        super::expr::ap_expr_arena::MARKER,
        #[cfg(feature = "capi")]
        super::expr::ap_batch_builder::MARKER,
        #[cfg(feature = "capi")]
        super::json::ap_json_pool::MARKER,
        #[cfg(feature = "capi")]
        super::json::ap_json::MARKER,
    ];
    let mut one = 0;
    while one < markers.len() {
        assert!(markers[one] != 0, "memory of zeros is no handle");
        let mut other = one + 1;
        while other < markers.len() {
            assert!(markers[one] != markers[other], "a marker says which kind it is");
            other += 1;
        }
        one += 1;
    }
};

/// What a body other than an arena begins with. The fast path of `ap_arena_alloc`, in
/// the header, sees an arena there that has no room, and calls; the call refuses it.
#[repr(C)]
pub(super) struct NoArena {
    /// NULL, as a number: any thread may have it.
    cursor: usize,
    end: usize,
}

impl NoArena {
    pub(super) const HERE: Self = Self { cursor: 0, end: 0 };
}

/// The marker of a handle that was destroyed.
const DESTROYED: usize = 0xdead_0a22;

/// What stands in front of a body.
#[repr(C, align(16))]
struct Head {
    marker: usize,
}

/// A body and its head, as they lie in memory.
#[repr(C)]
pub(super) struct Handle<T> {
    head: Head,
    body: T,
}

/// Bytes from a head to its body.
const HEAD: usize = size_of::<Head>();

/// Where the body is in a block for a handle.
///
/// # Safety
/// The block is one for a [`Handle<T>`].
pub(super) unsafe fn body_in<T: Body>(block: NonNull<u8>) -> NonNull<T> {
    const { assert!(offset_of!(Handle<T>, body) == HEAD, "no body is aligned to more than 16") };
    // SAFETY: the block is that long: the caller's promise.
    unsafe { block.add(HEAD) }.cast()
}

/// The block that a body lies in.
///
/// # Safety
/// The body lies behind a head.
pub(super) unsafe fn block_of<T: Body>(body: NonNull<T>) -> NonNull<u8> {
    // SAFETY: the caller's promise.
    unsafe { body.cast::<u8>().sub(HEAD) }
}

/// Sets the marker: from here on the handle is valid.
///
/// # Safety
/// The body lies behind room for a head, is written, and stays until
/// [`invalidate`].
pub(super) unsafe fn validate<T: Body>(body: NonNull<T>) {
    // SAFETY: the caller's promise.
    unsafe { set_marker(body, T::MARKER) };
}

/// Takes the marker away: from here on the handle is refused.
///
/// # Safety
/// The body lies behind a head.
pub(super) unsafe fn invalidate<T: Body>(body: NonNull<T>) {
    // SAFETY: the caller's promise.
    unsafe { set_marker(body, DESTROYED) };
}

/// Writes a marker in front of a body.
///
/// # Safety
/// The body lies behind room for a head.
unsafe fn set_marker<T: Body>(body: NonNull<T>, marker: usize) {
    // SAFETY: the caller's promise.
    let head = unsafe { block_of(body) }.cast::<Head>();
    // SAFETY: as above. Volatile, so that the last one is written also where the
    // memory is given back next.
    unsafe { head.write_volatile(Head { marker }) };
}

/// The body of a handle that a C program passed.
///
/// # Safety
/// `handle` is NULL, or a handle of any kind that is valid or destroyed, or leads to
/// other memory of which 16 bytes in front of it can be read. A valid one stays
/// valid while the result is used.
#[inline(always)]
pub(super) unsafe fn borrow<'a, T: Body>(handle: *const T) -> Result<&'a T, ap_status> {
    if handle.is_null() {
        return Err(ap_status::AP_NULL);
    }
    if handle.addr() % HEAD != 0 {
        return Err(ap_status::AP_WRONG_HANDLE);
    }
    let marker = handle.cast::<u8>().wrapping_sub(HEAD).cast::<usize>();
    // SAFETY: the bytes in front of it can be read: the caller's promise; they are
    // aligned as it is.
    if unsafe { marker.read() } != T::MARKER {
        return Err(ap_status::AP_WRONG_HANDLE);
    }
    // SAFETY: only `validate` writes this marker, in front of a body of the type: no other
    // type has the same, as the list of all shows.
    Ok(unsafe { &*handle })
}

/// Room on the heap for a body that needs to know where it will be.
#[cfg(feature = "capi")]
pub(super) fn reserve<T: Body>() -> Option<NonNull<T>> {
    let block = crate::arena::heap::allocate(core::alloc::Layout::new::<Handle<T>>())?;
    // SAFETY: the block is one for a handle.
    let body = unsafe { body_in::<T>(block) };
    // SAFETY: as above.
    unsafe { invalidate(body) };
    Some(body)
}

/// A handle on the heap; `None`: there is no memory.
#[cfg(feature = "capi")]
pub(super) fn boxed<T: Body>(body: T) -> Option<*mut T> {
    let place = reserve::<T>()?;
    // SAFETY: the room is for such a body.
    unsafe { place.write(body) };
    // SAFETY: it was written just now, and stays until `unbox`.
    unsafe { validate(place) };
    Some(place.as_ptr())
}

/// Takes room back whose body was dropped, or not written.
///
/// # Safety
/// It came from [`reserve`], and nobody uses it any more.
#[cfg(feature = "capi")]
pub(super) unsafe fn give_back<T: Body>(place: NonNull<T>) {
    // SAFETY: the caller's promise.
    let block = unsafe { block_of(place) };
    // SAFETY: `reserve` allocated it with this layout.
    unsafe { crate::arena::heap::deallocate(block, core::alloc::Layout::new::<Handle<T>>()) };
}

/// Drops a handle on the heap, if it is one of this kind.
///
/// # Safety
/// As [`borrow`]; if it is valid, it came from [`boxed`] or [`reserve`], nobody uses it
/// any more, and no part of its body refers to another one.
#[cfg(feature = "capi")]
pub(super) unsafe fn unbox<T: Body>(handle: *mut T) -> Result<(), ap_status> {
    // SAFETY: the caller's promise.
    unsafe { borrow(handle) }?;
    let Some(body) = NonNull::new(handle) else { return Err(ap_status::AP_NULL) };
    // SAFETY: it is a valid handle.
    unsafe { invalidate(body) };
    // SAFETY: nobody uses it any more: the caller's promise.
    unsafe { body.drop_in_place() };
    // SAFETY: as above.
    unsafe { give_back(body) };
    Ok(())
}
