//! One pool for all threads of a C program.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use super::handle::{self, Body, NoArena};
use super::pool::{
    Chosen, ap_array, ap_located, ap_pool_options, ap_pool_statistics, ap_strategy, make,
};
use super::status::{ap_status, attempt, guard};
use crate::error::{AllocError, ReleaseError, VerifyError};
use crate::pool::{Located, Metadata, RawArray, Tagged};
use crate::shared::{SharedPool, SharedSettings, SharedStats};

/// A pool of arrays for any number of threads.
///
/// Made by `ap_shared_pool_create`, freed by `ap_shared_pool_destroy`, when no thread is
/// using it. Any thread may use it, several at once, and release what another one has
/// allocated. What it hands out is valid until it is released, or the pool is destroyed.
///
/// ```c
/// ap_shared_pool *pool = ap_shared_pool_create(sizeof(int), _Alignof(int), NULL);
/// int *numbers = ap_shared_pool_alloc(pool, 12);
/// assert(ap_shared_pool_len(pool, numbers) == 12);
/// assert(ap_shared_pool_release(pool, numbers) == AP_OK);   // by this thread or another
/// ap_shared_pool_destroy(pool);
/// ```
#[repr(C, align(16))]
pub struct ap_shared_pool {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    pool: Shared,
}

/// One of the pools that there are. A unit is an element, whose size is known at run
/// time: arrays are only ever held by hand.
enum Shared {
    Metadata(SharedPool<u8, Metadata>),
    Tagged(SharedPool<u8, Tagged>),
}

// SAFETY: bodies of this type are made by `boxed` only.
unsafe impl Body for ap_shared_pool {
    const MARKER: usize = 0x7368_6131;
}

const _: fn() = || {
    fn any_thread<T: Send + Sync>() {}
    // As the header says of a shared pool.
    any_thread::<ap_shared_pool>();
};

/// Does the same with whichever pool it is.
macro_rules! each {
    ($shared:expr, $pool:ident => $what:expr) => {
        match $shared {
            Shared::Metadata($pool) => $what,
            Shared::Tagged($pool) => $what,
        }
    };
}

impl Shared {
    fn open(chosen: &Chosen<'_>) -> Result<Self, ap_status> {
        if chosen.lengths.is_some() || chosen.max_free != u32::MAX || chosen.checks.is_some() {
            return Err(ap_status::AP_UNSUPPORTED);
        }
        // It would be found with the first call otherwise, and with every one.
        chosen.try_out()?;
        let settings = SharedSettings::new().limit(chosen.limit).unit(chosen.unit);
        let settings = match chosen.max_runs {
            Some(runs) => settings.max_runs(runs),
            None => settings,
        };
        match chosen.strategy {
            ap_strategy::AP_DIRECT => Err(ap_status::AP_UNSUPPORTED),
            ap_strategy::AP_TAGGED => Ok(Self::Tagged(SharedPool::with_settings(settings))),
            ap_strategy::AP_METADATA | ap_strategy::AP_DEFAULT_STRATEGY => {
                Ok(Self::Metadata(SharedPool::with_settings(settings)))
            }
        }
    }

    fn allocate(&self, length: usize) -> Result<RawArray, AllocError> {
        each!(self, pool => pool.try_allocate_raw(length))
    }

    /// # Safety
    /// As [`SharedPool::release_raw`].
    unsafe fn release(&self, raw: RawArray) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise.
        each!(self, pool => unsafe { pool.release_raw(raw) })
    }

    /// # Safety
    /// As [`SharedPool::release_ptr`].
    unsafe fn release_address(&self, address: *const u8) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise.
        each!(self, pool => unsafe { pool.release_ptr(address) })
    }

    fn locate(&self, address: *const u8) -> Option<Located> {
        each!(self, pool => pool.locate(address))
    }

    fn trim(&self, bytes: usize) {
        each!(self, pool => pool.trim(bytes));
    }

    fn stats(&self) -> SharedStats {
        each!(self, pool => pool.stats())
    }

    fn verify(&self) -> Result<SharedStats, VerifyError> {
        each!(self, pool => pool.verify())
    }
}

/// A pool for all threads. The arguments are those of `ap_pool_create`; of the
/// options it takes `strategy` (not `AP_DIRECT`), `max_runs` and `limit`; another one
/// that is set is `AP_UNSUPPORTED`. NULL: as there. It takes memory for arrays with the
/// first call, which meets a limit that is too small.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_create(
    element_size: usize,
    alignment: usize,
    options: *const ap_pool_options,
) -> *mut ap_shared_pool {
    let work = || {
        // SAFETY: the module's contract.
        let chosen = unsafe { Chosen::read(element_size, alignment, options) }?;
        let body = ap_shared_pool { no_arena: NoArena::HERE, pool: Shared::open(&chosen)? };
        handle::boxed(body).ok_or(ap_status::AP_OUT_OF_MEMORY)
    };
    // SAFETY: the module's contract.
    unsafe { make(options, work) }
}

/// Destroys a pool that no thread is using, and with it all arrays that it has handed
/// out. NULL: nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_destroy(pool: *mut ap_shared_pool) {
    guard((), || {
        // SAFETY: the module's contract. The body is one pool, which was moved into it whole:
        // nothing in it refers to where it is.
        let _ = unsafe { handle::unbox(pool) };
    });
}

/// As `ap_pool_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_alloc(
    pool: *mut ap_shared_pool,
    length: usize,
) -> *mut c_void {
    guard(ptr::null_mut(), || {
        // SAFETY: the module's contract.
        let Ok(body) = (unsafe { handle::borrow(pool) }) else { return ptr::null_mut() };
        if length == 0 {
            return ptr::null_mut();
        }
        body.pool.allocate(length).map_or(ptr::null_mut(), |raw| raw.ptr.as_ptr().cast())
    })
}

/// As `ap_pool_release`. Of several threads that release one array at once, exactly one
/// is told `AP_OK`. A second release is `AP_OWNED` instead of `AP_ALREADY_RELEASED` if the
/// place is just being given to a new array. `AP_CORRUPTED` is counted, but the place is
/// not abandoned: it stays live, and `ap_shared_pool_verify` goes on reporting it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_release(
    pool: *mut ap_shared_pool,
    address: *const c_void,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        if address.is_null() {
            return Ok(());
        }
        // SAFETY: nobody uses the array any more: the module's contract.
        Ok(unsafe { body.pool.release_address(address.cast()) }?)
    })
}

/// As `ap_pool_alloc_array`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_alloc_array(
    pool: *mut ap_shared_pool,
    length: usize,
    array: *mut ap_array,
) -> ap_status {
    attempt(|| {
        let place = NonNull::new(array).ok_or(ap_status::AP_NULL)?;
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(ap_array::EMPTY) };
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        if length > 0 {
            let raw = body.pool.allocate(length)?;
            // SAFETY: as above.
            unsafe { place.write(raw.into()) };
        }
        Ok(())
    })
}

/// As `ap_pool_release_array`. Of several threads that release one array at once,
/// exactly one is told `AP_OK`. `AP_CORRUPTED`: as `ap_shared_pool_release`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_release_array(
    pool: *mut ap_shared_pool,
    array: ap_array,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        let Some(raw) = array.to_raw()? else { return Ok(()) };
        // SAFETY: nobody uses the array any more: the module's contract.
        Ok(unsafe { body.pool.release(raw) }?)
    })
}

/// As `ap_pool_locate`. What other threads do meanwhile may be seen or not: an array whose
/// bookkeeping is just being written may be said to be `AP_SLOT_CORRUPTED` for a moment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_locate(
    pool: *const ap_shared_pool,
    address: *const c_void,
    located: *mut ap_located,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        let place = NonNull::new(located).ok_or(ap_status::AP_NULL)?;
        let found = body.pool.locate(address.cast()).ok_or(ap_status::AP_FOREIGN)?;
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(found.into()) };
        Ok(())
    })
}

/// As `ap_pool_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_len(
    pool: *const ap_shared_pool,
    address: *const c_void,
) -> usize {
    guard(0, || {
        // SAFETY: the module's contract.
        let Ok(body) = (unsafe { handle::borrow(pool) }) else { return 0 };
        body.pool.locate(address.cast()).map_or(0, |located| located.len)
    })
}

/// Asks the threads to keep at most `max_bytes` of free arrays together; the rest go
/// where every thread finds them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_trim(
    pool: *mut ap_shared_pool,
    max_bytes: usize,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { handle::borrow(pool) }?.pool.trim(max_bytes);
        Ok(())
    })
}

/// Writes what the pool has and has handed out. Nobody is stopped: while other threads use
/// it, `live`, `free` and the other sums are made of counters that were read at different
/// moments, and may be off by the arrays that moved meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_stats(
    pool: *const ap_shared_pool,
    statistics: *mut ap_pool_statistics,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        let place = NonNull::new(statistics).ok_or(ap_status::AP_NULL)?;
        let stats = body.pool.stats();
        let statistics = ap_pool_statistics {
            live: stats.live,
            free: stats.in_lanes + stats.in_depot + stats.waiting,
            lost: stats.lost,
            left: 0,
            slots: stats.slots,
            runs: stats.lanes,
            bytes: stats.bytes,
            book_bytes: 0,
            corrupted: stats.corrupted,
        };
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(statistics) };
        Ok(())
    })
}

/// As `ap_pool_verify`, for quiet moments: while other threads use the pool, what it
/// reads at different moments may not add up, and is reported though nothing is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_shared_pool_verify(pool: *const ap_shared_pool) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { handle::borrow(pool) }?.pool.verify()?;
        Ok(())
    })
}
