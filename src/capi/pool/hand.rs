//! Arrays in the hands of a C program: by address, and by token.

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{self, NonNull};

use super::{UNKNOWN, ap_pool, ap_status};
use crate::capi::handle;
use crate::capi::status::{attempt, guard};
use crate::pool::{Located, RawArray, SlotState};

/// An array as a token: where it is, and which of the arrays that its place has had. It
/// is a value, and nobody frees it. A second release of it is refused even after its place
/// was used again (after 2^32 uses of one place it may not be).
///
/// ```c
/// ap_pool *pool = ap_pool_create(1, 1, NULL);
/// ap_array first, second;
/// assert(ap_pool_alloc_array(pool, 10, &first) == AP_OK);
/// assert(ap_pool_release_array(pool, first) == AP_OK);
/// assert(ap_pool_alloc_array(pool, 10, &second) == AP_OK && second.ptr == first.ptr);
/// assert(ap_pool_release_array(pool, first) == AP_STALE);
/// assert(ap_pool_release_array(pool, second) == AP_OK);
/// ap_pool_destroy(pool);
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ap_array {
    /// The first element; NULL if it has none.
    pub ptr: *mut c_void,
    /// Arrays that its place has had, this one included.
    pub generation: u32,
}

/// The state of a place for an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_slot_state {
    /// No array is there.
    AP_SLOT_FREE = 0,
    /// An array is there.
    AP_SLOT_LIVE = 1,
    /// Abandoned, since its bookkeeping was overwritten.
    AP_SLOT_LOST = 2,
    /// Its bookkeeping is overwritten, and it is not abandoned. (In a shared pool, also for
    /// a moment while another thread writes the bookkeeping.)
    AP_SLOT_CORRUPTED = 3,
}

/// The array that an address lies in. From `ap_pool_locate`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ap_located {
    /// Its first element.
    pub start: *const c_void,
    /// Its length in elements; 0 if no array is there now.
    pub length: usize,
    /// The capacity of its class, in elements.
    pub class_length: u32,
    /// The state of its place.
    pub state: ap_slot_state,
}

impl From<Located> for ap_located {
    fn from(located: Located) -> Self {
        let state = match located.state {
            SlotState::Free => ap_slot_state::AP_SLOT_FREE,
            SlotState::Owned | SlotState::Raw => ap_slot_state::AP_SLOT_LIVE,
            SlotState::Lost => ap_slot_state::AP_SLOT_LOST,
            SlotState::Corrupted => ap_slot_state::AP_SLOT_CORRUPTED,
        };
        let start = located.start.cast();
        Self { start, length: located.len, class_length: located.class, state }
    }
}

impl ap_array {
    /// The array without elements.
    pub(in crate::capi) const EMPTY: Self = Self { ptr: ptr::null_mut(), generation: 0 };

    /// What the pool knows it as; `None`: it is the one without elements.
    pub(in crate::capi) fn to_raw(self) -> Result<Option<RawArray>, ap_status> {
        match NonNull::new(self.ptr.cast::<u8>()) {
            Some(ptr) => Ok(Some(RawArray { ptr, generation: self.generation })),
            None if self.generation == 0 => Ok(None),
            None => Err(ap_status::AP_FOREIGN),
        }
    }
}

impl From<RawArray> for ap_array {
    fn from(raw: RawArray) -> Self {
        Self { ptr: raw.ptr.as_ptr().cast(), generation: raw.generation }
    }
}

/// A pool that knows a place in the program as long as this lives.
pub(super) struct Here(*mut ap_pool);

impl Here {
    /// # Safety
    /// The module's contract, until this is dropped; and the place is NULL, or a text
    /// that stays as long as the pool.
    pub(super) unsafe fn note(pool: *mut ap_pool, place: *const c_char) -> Self {
        let here = Self(pool);
        if !place.is_null() {
            // SAFETY: it is a text that stays: the caller's promise.
            here.tell(unsafe { CStr::from_ptr(place) });
        }
        here
    }

    fn tell(&self, place: &'static CStr) {
        // SAFETY: the module's contract, which `note` was promised.
        if let Ok(Ok(pool)) = unsafe { handle::borrow(self.0) }.map(ap_pool::pool) {
            pool.set_place(place);
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.tell(UNKNOWN);
    }
}

/// An array of `length` elements, uninitialised. NULL: the length is 0, or there is no
/// memory; `ap_pool_alloc_array` says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_alloc(pool: *mut ap_pool, length: usize) -> *mut c_void {
    guard(ptr::null_mut(), || {
        // SAFETY: the module's contract.
        let Ok(body) = (unsafe { handle::borrow(pool) }) else { return ptr::null_mut() };
        match body.pool() {
            Ok(pool) if length > 0 => {
                pool.allocate(length).map_or(ptr::null_mut(), |raw| raw.ptr.as_ptr().cast())
            }
            _ => ptr::null_mut(),
        }
    })
}

/// As `ap_pool_alloc`, from a place in the program that `AP_CHECK_CALLERS` names later: a
/// text such as "parser.c:42", which stays as long as the pool. NULL is no place. With
/// AP_CALLERS defined, the header lets every `ap_pool_alloc` be this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_alloc_at(
    pool: *mut ap_pool,
    length: usize,
    place: *const c_char,
) -> *mut c_void {
    // SAFETY: the module's contract.
    let _here = unsafe { Here::note(pool, place) };
    // SAFETY: as above.
    unsafe { ap_pool_alloc(pool, length) }
}

/// Takes the array back that begins at `address`. NULL, the array without elements, is
/// `AP_OK`.
///
/// A wrong address is refused, whatever it is, and no memory is read that is not the
/// pool's: `AP_ALREADY_RELEASED`, `AP_FOREIGN`, `AP_INTERIOR`, `AP_CORRUPTED`,
/// `AP_NOT_RELEASABLE`, and `AP_OVERFLOW` with `AP_CHECK_CANARY`. It is checked against the
/// place's current array only: a second release is not noticed if the place was used again
/// in between, and releases the new array. Prefer a token where one can be kept.
/// Costs a hash, and a step per run of the same 64 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_release(pool: *mut ap_pool, address: *const c_void) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        if address.is_null() {
            return Ok(());
        }
        // SAFETY: nobody uses the array any more: the module's contract.
        Ok(unsafe { pool.release_address(address.cast()) }?)
    })
}

/// As `ap_pool_release`, from a place as in `ap_pool_alloc_at`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_release_at(
    pool: *mut ap_pool,
    address: *const c_void,
    place: *const c_char,
) -> ap_status {
    // SAFETY: the module's contract.
    let _here = unsafe { Here::note(pool, place) };
    // SAFETY: as above.
    unsafe { ap_pool_release(pool, address) }
}

/// Writes a token of an array of `length` elements, uninitialised. One of length 0 has
/// a NULL pointer, and can be released like any other. After an error the token is
/// that one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_alloc_array(
    pool: *mut ap_pool,
    length: usize,
    array: *mut ap_array,
) -> ap_status {
    attempt(|| {
        let place = NonNull::new(array).ok_or(ap_status::AP_NULL)?;
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(ap_array::EMPTY) };
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        if length > 0 {
            let raw = pool.allocate(length)?;
            // SAFETY: as above.
            unsafe { place.write(raw.into()) };
        }
        Ok(())
    })
}

/// As `ap_pool_alloc_array`, from a place as in `ap_pool_alloc_at`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_alloc_array_at(
    pool: *mut ap_pool,
    length: usize,
    array: *mut ap_array,
    place: *const c_char,
) -> ap_status {
    // SAFETY: the module's contract.
    let _here = unsafe { Here::note(pool, place) };
    // SAFETY: as above.
    unsafe { ap_pool_alloc_array(pool, length, array) }
}

/// Takes the array of a token back. Every wrong token is refused, whatever is in it, and
/// no memory is read that is not the pool's: as `ap_pool_release`, and `AP_STALE` after
/// the place was used again, or the pool was reset.
/// Costs a hash, and a step per run of the same 64 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_release_array(pool: *mut ap_pool, array: ap_array) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        let Some(raw) = array.to_raw()? else { return Ok(()) };
        // SAFETY: nobody uses the array any more: the module's contract.
        Ok(unsafe { pool.release(raw) }?)
    })
}

/// As `ap_pool_release_array`, from a place as in `ap_pool_alloc_at`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_release_array_at(
    pool: *mut ap_pool,
    array: ap_array,
    place: *const c_char,
) -> ap_status {
    // SAFETY: the module's contract.
    let _here = unsafe { Here::note(pool, place) };
    // SAFETY: as above.
    unsafe { ap_pool_release_array(pool, array) }
}

/// Finds the array that an address points into, whatever the position. `AP_FOREIGN`: no
/// array of this pool was ever there, or it is gone with a reset, or the strategy is
/// `AP_DIRECT`, which keeps no records. Any address may be asked about; the memory there is
/// read only if it is the pool's own.
/// Costs a hash, and a step per run of the same 64 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_locate(
    pool: *const ap_pool,
    address: *const c_void,
    located: *mut ap_located,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        let place = NonNull::new(located).ok_or(ap_status::AP_NULL)?;
        let found = pool.locate(address.cast()).ok_or(ap_status::AP_FOREIGN)?;
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(found.into()) };
        Ok(())
    })
}

/// The length of the array that an address points into, in elements. A hash, and a step
/// per run of the same 64 KiB. 0: there is none, or none since the last reset, or no
/// pool, or the strategy is `AP_DIRECT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_len(pool: *const ap_pool, address: *const c_void) -> usize {
    guard(0, || {
        // SAFETY: the module's contract.
        let Ok(body) = (unsafe { handle::borrow(pool) }) else { return 0 };
        let found = body.pool().ok().and_then(|pool| pool.locate(address.cast()));
        found.map_or(0, |located| located.len)
    })
}
