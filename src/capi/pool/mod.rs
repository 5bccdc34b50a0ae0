//! Pools for C: how one is made, and what it holds.

mod any;
mod hand;

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use any::Any;
use hand::Here;
pub use hand::*;

use super::arena::place_in;
use super::arguments::{limit_of, put};
use super::handle::{self, Body, NoArena};
use super::status::{ap_status, attempt, guard};
use crate::arena::{ArenaBuilder, Budget};
use crate::pool::Checks;

/// A pool of arrays that are given back one by one. Wrong releases are refused, but for a
/// bare address whose place was handed out again: it releases the new array. A token
/// (`ap_array`) tells the two apart.
///
/// Made by `ap_pool_create` or `ap_pool_create_in`, freed by `ap_pool_destroy`. One
/// thread at a time may use it; `ap_shared_pool` is for several. What it hands out is
/// valid until it is released, or the pool is reset or destroyed.
///
/// ```c
/// ap_pool_options options = {.strategy = AP_TAGGED, .limit = 1 << 20};
/// ap_pool *pool = ap_pool_create(sizeof(float), _Alignof(float), &options);
/// float *samples = ap_pool_alloc(pool, 100);
/// samples[99] = 0.5f;
/// assert(ap_pool_release(pool, samples + 1) == AP_INTERIOR);
/// assert(ap_pool_release(pool, samples) == AP_OK);
/// assert(ap_pool_release(pool, samples) == AP_ALREADY_RELEASED);
/// ap_pool_destroy(pool);
/// ```
#[repr(C, align(16))]
pub struct ap_pool {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    /// Taken out before the rest is dropped: its arena refers to the budget.
    pool: UnsafeCell<Option<Any>>,
    budget: Budget,
    /// Whether it is on the heap, rather than in a buffer.
    #[cfg(feature = "capi")]
    is_boxed: bool,
}

// SAFETY: bodies of this type are placed by `ap_pool_create` and `ap_pool_create_in`.
unsafe impl Body for ap_pool {
    const MARKER: usize = 0x706f_6f31;
}

/// How arrays go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_strategy {
    /// `AP_METADATA`, or where there is no heap, `AP_TAGGED`.
    AP_DEFAULT_STRATEGY = 0,
    /// They do not: nothing is taken back before the pool is reset.
    AP_DIRECT = 1,
    /// By bookkeeping beside the memory, out of reach of stray writes.
    AP_METADATA = 2,
    /// By bookkeeping in front of the memory. It needs no heap.
    AP_TAGGED = 3,
}

/// What a pool watches besides, at some cost: flags for `ap_pool_options`. What it finds
/// goes to the standard error, if there is one; statuses say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_check {
    /// Fills an array when it is handed out, and when it comes back.
    AP_CHECK_POISON = 1,
    /// Looks whether a free array was written to, when its place is used again.
    AP_CHECK_INTEGRITY = 2,
    /// Looks whether somebody wrote behind an array's end, when it comes back.
    AP_CHECK_CANARY = 4,
    /// Overwrites an array with zeros when it comes back.
    AP_CHECK_CLEAR_ON_RELEASE = 8,
    /// Says which arrays were not released, when the pool is destroyed.
    AP_CHECK_LEAKS = 16,
    /// Notes where an array was allocated and where it was released first, and says so
    /// whenever something is wrong; every wrong release is reported, too. For the places,
    /// define AP_CALLERS before the header.
    AP_CHECK_CALLERS = 32,
}

/// How a pool is made. All zero, or NULL instead of it, suits most programs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ap_pool_options {
    /// One of `ap_strategy`.
    pub strategy: u32,
    /// The most free arrays that a class keeps; 0 is no limit.
    pub max_free: u32,
    /// Flags of `ap_check`; 0, with `quarantine` and `fail_every` 0 too, is what the library
    /// was built for: nothing, in a release build. What the environment variable
    /// `ARRAYPOOL_CHECK` names is added.
    pub checks: u32,
    /// Released arrays whose place is used again only after so many others were
    /// released, so that a late second release by address is caught; 0 is none.
    pub quarantine: u32,
    /// Every so many allocations, one fails, for tests; 0 is never.
    pub fail_every: u32,
    /// The most runs, which are blocks of arrays, under `AP_METADATA`; 0 is any number, but
    /// 512 where the arena lies in a buffer.
    pub max_runs: usize,
    /// The most bytes that arrays and bookkeeping take from the heap; 0 is no limit. Of a
    /// pool in a buffer, the most bytes of bookkeeping on the heap.
    pub limit: usize,
    /// The capacities of classes, in elements: 1 to 64 ascending numbers from 1 to
    /// 2^30. NULL, with a count of 0, is 16 and 256. They are read while the pool is made.
    /// `AP_DIRECT` has no classes and does not look at them.
    pub class_lengths: *const u32,
    /// How many there are.
    pub class_count: usize,
    /// Where to write why no pool was made; NULL: nowhere.
    pub status: *mut ap_status,
}

/// What a pool has and has handed out. From `ap_pool_stats` and `ap_shared_pool_stats`.
#[repr(C)]
#[derive(Debug, Default)]
pub struct ap_pool_statistics {
    /// Arrays that are handed out. Under `AP_DIRECT` since the last reset.
    pub live: usize,
    /// Free arrays, which are used again.
    pub free: usize,
    /// Arrays abandoned because their bookkeeping was overwritten.
    pub lost: usize,
    /// Free arrays above a maximum, not used again before a reset.
    pub left: usize,
    /// Places for arrays, those never used included.
    pub slots: usize,
    /// Blocks of places. (Of a shared pool: lanes, one for each thread.)
    pub runs: usize,
    /// Bytes of these blocks, or under `AP_DIRECT`, of all arrays. (Of a shared pool:
    /// all bytes that it has.)
    pub bytes: usize,
    /// Bytes of the bookkeeping. (Of a shared pool: 0, they are in `bytes`.)
    pub book_bytes: usize,
    /// Times that bookkeeping was found overwritten.
    pub corrupted: usize,
}

/// What the options say, checked.
pub(super) struct Chosen<'a> {
    pub(super) unit: Layout,
    pub(super) strategy: ap_strategy,
    pub(super) max_free: u32,
    pub(super) max_runs: Option<usize>,
    pub(super) limit: usize,
    pub(super) lengths: Option<&'a [u32]>,
    /// `None`: those of the build.
    pub(super) checks: Option<Checks>,
    /// Whether nothing is watched, whatever the environment says.
    #[cfg(feature = "capi")]
    unwatched: bool,
}

impl Chosen<'_> {
    /// Checks an element's size and alignment, and the options.
    ///
    /// # Safety
    /// The options are NULL or can be read, and so can the lengths that they name.
    pub(super) unsafe fn read(
        element_size: usize,
        alignment: usize,
        options: *const ap_pool_options,
    ) -> Result<Self, ap_status> {
        let unit = Layout::from_size_align(element_size, alignment);
        let unit =
            unit.ok().filter(|unit| unit.size() > 0).ok_or(ap_status::AP_INVALID_ARGUMENT)?;
        let mut chosen = Self {
            unit,
            strategy: ap_strategy::AP_DEFAULT_STRATEGY,
            max_free: u32::MAX,
            max_runs: None,
            limit: usize::MAX,
            lengths: None,
            checks: None,
            #[cfg(feature = "capi")]
            unwatched: false,
        };
        // SAFETY: the caller's promise.
        if let Some(options) = unsafe { options.as_ref() } {
            chosen.strategy = strategy(options.strategy)?;
            chosen.max_free = if options.max_free == 0 { u32::MAX } else { options.max_free };
            chosen.max_runs = (options.max_runs > 0).then_some(options.max_runs);
            chosen.checks = checks(options)?;
            chosen.limit = limit_of(options.limit);
            // `AP_DIRECT` has no classes, and does not look at them.
            let has_classes = chosen.strategy != ap_strategy::AP_DIRECT;
            if has_classes && options.class_lengths.is_null() && options.class_count > 0 {
                return Err(ap_status::AP_INVALID_ARGUMENT);
            }
            if has_classes && !options.class_lengths.is_null() {
                if !(1..=64).contains(&options.class_count) {
                    return Err(ap_status::AP_INVALID_CLASSES);
                }
                let first = options.class_lengths;
                // SAFETY: there are so many: the caller's promise.
                chosen.lengths = Some(unsafe { slice::from_raw_parts(first, options.class_count) });
            }
        }
        Ok(chosen)
    }

    /// Whether there can be such a shared pool: makes one for a single thread, without a
    /// limit and unwatched as that one is, and drops it.
    #[cfg(feature = "capi")]
    pub(super) fn try_out(&self) -> Result<(), ap_status> {
        let unwatched = Self { unwatched: true, ..*self };
        Any::open(&unwatched, ArenaBuilder::new().build()).map(drop)
    }
}

fn strategy(number: u32) -> Result<ap_strategy, ap_status> {
    use ap_strategy::*;
    let all = [AP_DEFAULT_STRATEGY, AP_DIRECT, AP_METADATA, AP_TAGGED];
    let found = all.into_iter().find(|one| *one as u32 == number);
    found.ok_or(ap_status::AP_INVALID_ARGUMENT)
}

/// A flag, and what it turns on.
type Switch = (ap_check, fn(Checks) -> Checks);

fn checks(options: &ap_pool_options) -> Result<Option<Checks>, ap_status> {
    use ap_check::*;
    let all: [Switch; 6] = [
        (AP_CHECK_POISON, Checks::poison),
        (AP_CHECK_INTEGRITY, Checks::integrity),
        (AP_CHECK_CANARY, Checks::canary),
        (AP_CHECK_CLEAR_ON_RELEASE, Checks::clear_on_release),
        (AP_CHECK_LEAKS, Checks::leaks),
        (AP_CHECK_CALLERS, Checks::callers),
    ];
    let mut left = options.checks;
    let mut checks = Checks::none().quarantine(options.quarantine).fail_every(options.fail_every);
    for (flag, set) in all {
        if left & flag as u32 != 0 {
            (left, checks) = (left & !(flag as u32), set(checks));
        }
    }
    if left != 0 {
        return Err(ap_status::AP_INVALID_ARGUMENT);
    }
    Ok((!checks.is_none()).then_some(checks))
}

/// Writes a status where the options ask for it.
///
/// # Safety
/// The options are NULL, or can be read, and a place that they name written.
pub(super) unsafe fn tell(options: *const ap_pool_options, status: ap_status) {
    // SAFETY: the caller's promise.
    if let Some(options) = unsafe { options.as_ref() } {
        // SAFETY: as above.
        unsafe { put(options.status, status) };
    }
}

/// Makes a handle, and says why there is none.
///
/// # Safety
/// As [`tell`].
pub(super) unsafe fn make<T>(
    options: *const ap_pool_options,
    work: impl FnOnce() -> Result<*mut T, ap_status>,
) -> *mut T {
    let made = guard(Err(ap_status::AP_PANIC), work);
    // SAFETY: the caller's promise.
    unsafe { tell(options, made.err().unwrap_or(ap_status::AP_OK)) };
    made.unwrap_or(core::ptr::null_mut())
}

/// Where a program is that does not say so.
const UNKNOWN: &CStr = c"an unknown place (define AP_CALLERS before the header)";

impl ap_pool {
    /// Puts the pool into its body, with an arena in a buffer or on the heap.
    ///
    /// # Safety
    /// The place can be written, and stays until the pool is destroyed. The builder is
    /// that of `in_buffer`, if there is a buffer.
    unsafe fn place(
        place: NonNull<Self>,
        chosen: &Chosen<'_>,
        builder: ArenaBuilder<'static>,
        buffer: Option<&'static mut [MaybeUninit<u8>]>,
    ) -> Result<(), ap_status> {
        let (pool, budget) = (UnsafeCell::new(None), Budget::new(chosen.limit));
        let body = Self {
            no_arena: NoArena::HERE,
            pool,
            budget,
            #[cfg(feature = "capi")]
            is_boxed: buffer.is_none(),
        };
        // SAFETY: the caller's promise.
        unsafe { place.write(body) };
        // SAFETY: it stays until the pool is destroyed: the caller's promise.
        let body: &'static Self = unsafe { place.as_ref() };
        let mut arena = builder.budget(&body.budget).build();
        if let Some(buffer) = buffer {
            // SAFETY: it is new, and of `in_buffer`: the caller's promise.
            arena = unsafe { arena.with_buffer(buffer) };
        }
        let pool = Any::open(chosen, arena)?;
        pool.set_place(UNKNOWN);
        // SAFETY: nobody has a reference to the pool yet.
        unsafe { *body.pool.get() = Some(pool) };
        // SAFETY: it is written, and stays.
        unsafe { handle::validate(place) };
        Ok(())
    }

    #[inline(always)]
    fn pool(&self) -> Result<&Any, ap_status> {
        // SAFETY: what changes it has `&mut` to it for one call that comes back
        // before another one is made: one thread at a time has the handle, and no
        // call of a pool calls anything of the program's.
        unsafe { &*self.pool.get() }.as_ref().ok_or(ap_status::AP_WRONG_HANDLE)
    }
}

/// A pool of arrays of elements of so many bytes, not 0, whose arrays begin at
/// multiples of `alignment`, a power of two. `options` may be NULL.
///
/// NULL: an argument is invalid, or there is no memory; `options->status` says which.
#[cfg(feature = "capi")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_create(
    element_size: usize,
    alignment: usize,
    options: *const ap_pool_options,
) -> *mut ap_pool {
    let work = || {
        // SAFETY: the module's contract.
        let chosen = unsafe { Chosen::read(element_size, alignment, options) }?;
        let place = handle::reserve::<ap_pool>().ok_or(ap_status::AP_OUT_OF_MEMORY)?;
        // SAFETY: the room stays until `ap_pool_destroy`; there is no buffer.
        let placed = unsafe { ap_pool::place(place, &chosen, ArenaBuilder::new(), None) };
        match placed {
            Ok(()) => Ok(place.as_ptr()),
            Err(status) => {
                // SAFETY: nobody knows the place; its body has nothing to drop.
                unsafe { handle::give_back(place) };
                Err(status)
            }
        }
    };
    // SAFETY: the module's contract.
    unsafe { make(options, work) }
}

/// A pool in a buffer, which never grows beyond it. Under `AP_TAGGED` and `AP_DIRECT`
/// it needs no heap at all; `AP_METADATA`, the default where there is a heap, keeps its
/// bookkeeping on the heap. NULL: as `ap_pool_create`, or the buffer is too small.
///
/// The buffer is the pool's until it is destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_create_in(
    buffer: *mut c_void,
    size: usize,
    element_size: usize,
    alignment: usize,
    options: *const ap_pool_options,
) -> *mut ap_pool {
    let work = || {
        if buffer.is_null() {
            return Err(ap_status::AP_NULL);
        }
        // SAFETY: the module's contract.
        let chosen = unsafe { Chosen::read(element_size, alignment, options) }?;
        // SAFETY: the module's contract.
        let (place, rest) =
            unsafe { place_in::<ap_pool>(buffer, size) }.ok_or(ap_status::AP_OUT_OF_MEMORY)?;
        let builder = ArenaBuilder::in_buffer();
        // SAFETY: the buffer stays until `ap_pool_destroy`, and the builder is for one.
        unsafe { ap_pool::place(place, &chosen, builder, Some(rest)) }?;
        Ok(place.as_ptr())
    };
    // SAFETY: the module's contract.
    unsafe { make(options, work) }
}

/// Destroys a pool, and with it all arrays that it has handed out. NULL: nothing happens.
/// A handle of another kind, and a pool that was destroyed and whose memory can still be
/// read, are left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_destroy(pool: *mut ap_pool) {
    guard((), || {
        // SAFETY: the module's contract.
        let (Ok(body), Some(place)) = (unsafe { handle::borrow(pool) }, NonNull::new(pool)) else {
            return;
        };
        #[cfg(feature = "capi")]
        let is_boxed = body.is_boxed;
        // SAFETY: it is a valid handle.
        unsafe { handle::invalidate(place) };
        // SAFETY: nobody uses it any more: the module's contract.
        unsafe { *body.pool.get() = None };
        #[cfg(feature = "capi")]
        if is_boxed {
            // SAFETY: `ap_pool_create` reserved it; nothing is in it that needs dropping.
            unsafe { handle::give_back(place) };
        }
    });
}

/// Takes every array back at once; memory is kept for the next ones. One step for each
/// run, or with checks that fill or note, for each place of an array.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_reset(pool: *mut ap_pool) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        // SAFETY: as in `ap_pool::pool`.
        let pool = unsafe { &mut *body.pool.get() };
        pool.as_mut().ok_or(ap_status::AP_WRONG_HANDLE)?.reset();
        Ok(())
    })
}

/// As `ap_pool_reset`, from a place as in `ap_pool_alloc_at`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_reset_at(pool: *mut ap_pool, place: *const c_char) -> ap_status {
    // SAFETY: the module's contract.
    let _here = unsafe { Here::note(pool, place) };
    // SAFETY: as above.
    unsafe { ap_pool_reset(pool) }
}

/// Sets free arrays aside until each class has at most `max_free`. One step for each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_trim(pool: *mut ap_pool, max_free: u32) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { handle::borrow(pool) }?.pool()?.trim(max_free);
        Ok(())
    })
}

/// From here on the pool takes no more memory: growth is `AP_FROZEN`. Under `AP_DIRECT` it
/// changes nothing: that pool takes every array from its arena, which `limit` of
/// `ap_pool_options` bounds, or a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_freeze(pool: *mut ap_pool) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { handle::borrow(pool) }?.pool()?.freeze();
        Ok(())
    })
}

/// Makes sure that `count` arrays of `length` elements can be had without growth. Under
/// `AP_DIRECT`, and of length 0: `AP_OK`, and nothing is reserved. Otherwise the errors of
/// an allocation, and `AP_TOO_LARGE` for more than 2^32 - 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_reserve(
    pool: *mut ap_pool,
    length: usize,
    count: usize,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        Ok(pool.reserve(length, count)?)
    })
}

/// Writes what the pool has and has handed out. One step for each class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_stats(
    pool: *const ap_pool,
    statistics: *mut ap_pool_statistics,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(pool) }?.pool()?;
        let place = NonNull::new(statistics).ok_or(ap_status::AP_NULL)?;
        let stats = pool.stats();
        let statistics = ap_pool_statistics {
            live: stats.live,
            free: stats.free,
            lost: stats.lost,
            left: stats.left,
            slots: stats.slots,
            runs: stats.runs,
            bytes: stats.run_bytes,
            book_bytes: stats.book_bytes,
            corrupted: stats.corrupted,
        };
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(statistics) };
        Ok(())
    })
}

/// Walks everything and checks that the numbers add up: `AP_OK`, `AP_CORRUPTED` or
/// `AP_UNBALANCED`; and of a pool that watches, `AP_OVERFLOW` or
/// `AP_WRITTEN_AFTER_RELEASE`. One step for each place of an array that was ever used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_pool_verify(pool: *const ap_pool) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { handle::borrow(pool) }?.pool()?.verify()?;
        Ok(())
    })
}
