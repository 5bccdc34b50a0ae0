//! Arenas for C: what a handle is, how it is made and destroyed.

mod alloc;
mod state;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

pub use alloc::*;
pub use state::*;

use super::handle::{self, Body, Handle};
#[cfg(feature = "capi")]
use super::mempool::{Holder, ap_mempool};
#[cfg(feature = "capi")]
use super::places::Place;
use super::status::{ap_status, guard, or_nothing};
use crate::arena::{Arena, ArenaBuilder, ArenaEvent, Budget};
#[cfg(feature = "capi")]
use crate::arena::{CHUNK_HEADER, ChunkSource};

/// An arena: memory handed out front to back, given back all at once.
///
/// Made by `ap_arena_create` and its kin, freed by `ap_arena_destroy`, or with its
/// backing pool. One thread at a time may use it. What it hands out is valid until it
/// is reset, cleared, rewound below it, or destroyed.
///
/// The two words are for the fast path of `ap_arena_alloc`; a program leaves them
/// alone. There is more behind them: an `ap_arena` cannot be copied, or be anywhere
/// but where it was made.
///
/// ```c
/// ap_mempool *mempool = ap_mempool_create();
/// ap_arena *arena = ap_arena_create_default(mempool);
/// for (int file = 0; file < 3; file++) {
///     char *name = ap_arena_sprintf(arena, "file %d", file);
///     int *lines = ap_arena_calloc(arena, 1000, sizeof *lines);
///     assert(name != NULL && lines != NULL && lines[999] == 0);
///     ap_arena_reset(arena);
/// }
/// assert(ap_arena_total_used(arena) == 0);
/// ap_arena_destroy(arena);
/// ap_mempool_destroy(mempool);
/// ```
#[repr(C)]
pub struct ap_arena {
    /// The first free byte of the current chunk, a multiple of 16.
    cursor: *mut u8,
    /// The address one past the last byte that can be handed out without a call; its
    /// lowest four bits are the library's, and change no comparison with multiples of 16.
    end: usize,
}

/// What is behind a pointer to an [`ap_arena`].
#[repr(C)]
pub(super) struct Inner {
    /// First, so that its cursor and end are those of the [`ap_arena`].
    arena: UnsafeCell<MaybeUninit<Arena<'static>>>,
    budget: Budget,
    listener: Cell<(ap_arena_event_fn, *mut c_void)>,
    /// Whether the listener is running.
    telling: Cell<bool>,
    /// The closure that the arena calls: a pointer to this.
    hook: UnsafeCell<MaybeUninit<usize>>,
    /// `None`: it lies in a buffer.
    #[cfg(feature = "capi")]
    home: Option<Home>,
}

/// Where chunks come from: the backing pool. Headers are not counted against the
/// limit, which is one of capacities.
#[cfg(feature = "capi")]
struct Home {
    mempool: NonNull<ap_mempool>,
    budget: NonNull<Budget>,
    place: Place,
}

// SAFETY: bodies of this type are placed by `ap_arena_create` and `ap_arena_create_in` only.
unsafe impl Body for Inner {
    const MARKER: usize = 0x6172_6e31;
}

#[cfg(feature = "capi")]
// SAFETY: the backing pool may be used by any thread, and the budget is atomic.
unsafe impl Sync for Home {}

#[cfg(feature = "capi")]
// SAFETY: the backing pool gives every block once, and it stays until it is released.
unsafe impl ChunkSource for Home {
    fn allocate(&self, layout: core::alloc::Layout) -> Option<NonNull<u8>> {
        // SAFETY: the pool lives as long as the arenas in it: `ap_mempool_destroy`
        // ends them.
        let block = unsafe { self.mempool.as_ref() }.allocate(layout, Holder::Arena)?;
        self.budget().refund(CHUNK_HEADER);
        Some(block)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: core::alloc::Layout) {
        // What is refunded next has the header in it, which is not charged: it is
        // now, whatever the limit says.
        let limit = self.budget().limit();
        self.budget().set_limit(usize::MAX);
        let _ = self.budget().charge(CHUNK_HEADER.min(layout.size()));
        self.budget().set_limit(limit);
        // SAFETY: as above.
        unsafe { self.mempool.as_ref() }.release(block.addr().get(), Holder::Arena);
    }
}

#[cfg(feature = "capi")]
impl Home {
    fn budget(&self) -> &Budget {
        // SAFETY: it is in the same body as this.
        unsafe { self.budget.as_ref() }
    }
}

/// Calls the listener of the arena that it belongs to.
struct Hook(*const Inner);

// SAFETY: an arena, and so its hook, is of one thread at a time: the header says so.
unsafe impl Sync for Hook {}

impl Hook {
    fn tell(&self, event: &ArenaEvent) {
        // SAFETY: the body lives as long as the arena in it, which calls this.
        let inner = unsafe { &*self.0 };
        if let Some(event) = ap_arena_event::of(event) {
            inner.tell(&event);
        }
    }
}

/// Writes a closure where the arena finds it as long as it lives.
///
/// # Safety
/// `place` can be written, and stays as long as the result is used.
unsafe fn place_hook<F: Fn(&ArenaEvent) + Sync + 'static>(
    place: *mut MaybeUninit<usize>,
    hook: F,
) -> &'static (dyn Fn(&ArenaEvent) + Sync) {
    const { assert!(size_of::<F>() <= size_of::<usize>() && align_of::<F>() <= align_of::<usize>()) };
    let place = place.cast::<F>();
    // SAFETY: the caller's promise; the closure fits: asserted above.
    unsafe { place.write(hook) };
    // SAFETY: it was written just now.
    unsafe { &*place }
}

impl Inner {
    /// The arena's body in room for one, with no arena in it yet.
    ///
    /// # Safety
    /// `place` can be written, and stays until the arena is destroyed.
    unsafe fn place(place: NonNull<Self>) {
        let inner = Self {
            arena: UnsafeCell::new(MaybeUninit::uninit()),
            budget: Budget::unlimited(),
            listener: Cell::new((None, core::ptr::null_mut())),
            telling: Cell::new(false),
            hook: UnsafeCell::new(MaybeUninit::uninit()),
            #[cfg(feature = "capi")]
            home: None,
        };
        // SAFETY: the caller's promise.
        unsafe { place.write(inner) };
    }

    /// Puts the arena into its body, with the hook that the body keeps.
    ///
    /// # Safety
    /// The body is placed, and has no arena yet.
    unsafe fn fill(
        place: NonNull<Self>,
        builder: ArenaBuilder<'static>,
        finish: impl FnOnce(Arena<'static>) -> Arena<'static>,
    ) {
        let hook = Hook(place.as_ptr());
        // SAFETY: the body is placed: the caller's promise.
        let inner = unsafe { place.as_ref() };
        // SAFETY: the body stays as long as the arena in it.
        let hook = unsafe { place_hook(inner.hook.get(), move |event| hook.tell(event)) };
        let arena = finish(builder.hook(hook).build());
        // SAFETY: nobody has a reference to it yet.
        unsafe { inner.arena.get().write(MaybeUninit::new(arena)) };
    }

    /// Whether it grows, rather than lie in a buffer.
    fn grows(&self) -> bool {
        #[cfg(feature = "capi")]
        return self.home.is_some();
        #[cfg(not(feature = "capi"))]
        false
    }

    #[inline(always)]
    fn arena(&self) -> &Arena<'static> {
        // SAFETY: what changes it has `&mut` to it for one call that comes back
        // before another one is made.
        let arena = unsafe { &*self.arena.get() };
        // SAFETY: a valid handle has an arena: `fill` comes before the marker.
        unsafe { arena.assume_init_ref() }
    }

    /// Bytes that are handed out, those of marks apart.
    fn used(&self) -> usize {
        self.arena().used_bytes() - self.arena().mark_bytes()
    }

    /// Calls the listener, if there is one that is not running. What one does itself is not
    /// told to it: there would be no end.
    fn tell(&self, event: &ap_arena_event) {
        if let (Some(listener), user) = self.listener.get() {
            if !self.telling.replace(true) {
                listener(user, event);
                self.telling.set(false);
            }
        }
    }

    /// Resets or clears, by `work`, and tells so when that is done: then the listener may
    /// use the arena. `None`, and nothing happened: the listener is running, in a call that
    /// has something of the arena in its hands.
    fn forget(&self, work: impl FnOnce(&mut Arena<'static>)) -> Option<()> {
        if self.telling.get() {
            return None;
        }
        let is_heard = self.listener.get().0.is_some();
        let used = if is_heard { self.used() } else { 0 };
        self.alone(work);
        if is_heard {
            self.tell(&ap_arena_event::reset(used, self.arena().allocated_bytes()));
        }
        Some(())
    }

    /// Does what needs the arena for itself.
    fn alone<R>(&self, work: impl FnOnce(&mut Arena<'static>) -> R) -> R {
        // SAFETY: one thread at a time has the handle, and no call is running: where a
        // listener runs, nobody calls this, and `work` calls none.
        let arena = unsafe { &mut *self.arena.get() };
        // SAFETY: as in `arena`.
        work(unsafe { arena.assume_init_mut() })
    }
}

/// The body of a handle from C.
///
/// # Safety
/// As [`handle::borrow`].
#[inline(always)]
unsafe fn inner<'a>(arena: *const ap_arena) -> Option<&'a Inner> {
    // SAFETY: the caller's promise.
    unsafe { handle::borrow(arena.cast::<Inner>()) }.ok()
}

/// The largest request, and the largest chunk: 1 GiB.
const MOST: usize = 1 << 30;
/// The smallest chunk.
#[cfg(feature = "capi")]
const LEAST: usize = 64;
/// Sizes that 0 stands for.
#[cfg(feature = "capi")]
const DEFAULT: (usize, usize) = (4 * 1024, 64 * 1024);

/// An arena whose chunks come from a backing pool. Its first chunk, of
/// `initial_chunk` bytes, is taken now; the next ones are twice as large each, up to
/// `max_chunk`. A request that does not fit the next chunk gets one of its own size.
///
/// 0 stands for the default: 4 KiB, and 64 KiB. Any size from 64 bytes to 1 GiB will
/// do, a multiple of 16, to which others are rounded up; all of it serves requests.
/// An `initial_chunk` above `max_chunk` is `max_chunk`. NULL: there is no backing pool, or
/// no memory.
#[cfg(feature = "capi")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_create(
    mempool: *mut ap_mempool,
    initial_chunk: usize,
    max_chunk: usize,
) -> *mut ap_arena {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(mempool) }.ok()?;
        let or = |size: usize, default: usize| if size == 0 { default } else { size };
        let maximum = or(max_chunk, DEFAULT.1).clamp(LEAST, MOST);
        let initial = or(initial_chunk, DEFAULT.0).clamp(LEAST, maximum);
        let home = pool.place(core::alloc::Layout::new::<Handle<Inner>>())?;
        // SAFETY: the block is for a handle of this type.
        let place = unsafe { handle::body_in::<Inner>(home.block()) };
        // SAFETY: the block can be written, and is the backing pool's until its end.
        unsafe { Inner::place(place) };
        // SAFETY: it was placed just now.
        let budget = NonNull::from(unsafe { &place.as_ref().budget });
        let mempool = NonNull::from(pool);
        // SAFETY: nobody else knows the place yet.
        unsafe { (*place.as_ptr()).home = Some(Home { mempool, budget, place: home }) };
        // SAFETY: it stays until the arena is destroyed; `home` and `budget` change no more.
        let inner: &'static Inner = unsafe { place.as_ref() };
        let builder = ArenaBuilder::with_source(inner.home.as_ref()?);
        let builder = builder.initial_chunk(initial).max_chunk(maximum).budget(&inner.budget);
        // SAFETY: it was placed above.
        unsafe { Inner::fill(place, builder, |arena| arena) };
        if inner.arena().take_first_chunk().is_err() {
            pool.give_back(home);
            return None;
        }
        // SAFETY: it has an arena now, and stays until it is destroyed.
        unsafe { handle::validate(place) };
        Some(place.as_ptr().cast())
    })
}

/// An arena with chunks of 4 KiB to 64 KiB. NULL: as `ap_arena_create`.
#[cfg(feature = "capi")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_create_default(mempool: *mut ap_mempool) -> *mut ap_arena {
    // SAFETY: the module's contract.
    unsafe { ap_arena_create(mempool, 0, 0) }
}

/// An arena in a buffer, which never grows beyond it and needs no heap at all. The
/// arena itself lies at its beginning and takes some 500 bytes (on a 64-bit
/// machine; `ap_arena_total_allocated` says what is left). NULL: there is no buffer,
/// or it is too small.
///
/// The buffer is the arena's until it is destroyed. One of more than 1 GiB is used
/// up to there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_create_in(buffer: *mut c_void, size: usize) -> *mut ap_arena {
    or_nothing(|| {
        // SAFETY: the module's contract: the buffer is so long.
        let (place, rest) = unsafe { place_in::<Inner>(buffer, size.min(MOST)) }?;
        // SAFETY: the place is in the buffer, which is the arena's.
        unsafe { Inner::place(place) };
        let finish = |arena: Arena<'static>| {
            // Given away, not lent: `fill` calls this once.
            let buffer = rest;
            // SAFETY: `fill` has just made it, of `in_buffer`.
            unsafe { arena.with_buffer(buffer) }
        };
        // SAFETY: it was placed just now.
        unsafe { Inner::fill(place, ArenaBuilder::in_buffer(), finish) };
        // SAFETY: as above.
        if unsafe { place.as_ref() }.arena().chunk_count() == 0 {
            return None;
        }
        // SAFETY: it has an arena now, and stays as long as the buffer.
        unsafe { handle::validate(place) };
        Some(place.as_ptr().cast())
    })
}

/// Room for a body at the beginning of a buffer, and the rest of it.
///
/// # Safety
/// The buffer is NULL, or can be written, all of `size` bytes, and is nobody else's.
pub(super) unsafe fn place_in<T: Body>(
    buffer: *mut c_void,
    size: usize,
) -> Option<(NonNull<T>, &'static mut [MaybeUninit<u8>])> {
    let buffer = NonNull::new(buffer.cast::<u8>())?;
    let start = buffer.align_offset(align_of::<Handle<T>>());
    let behind = start.checked_add(size_of::<Handle<T>>())?;
    // No buffer has more than half of all addresses, nor a slice.
    let rest = size.min(isize::MAX.unsigned_abs()).checked_sub(behind)?;
    // SAFETY: the handle fits: `rest` is no less than 0.
    let block = unsafe { buffer.add(start) };
    // SAFETY: as above.
    let behind = unsafe { buffer.add(behind) };
    // SAFETY: the block is long enough for a handle, and aligned.
    let place = unsafe { handle::body_in::<T>(block) };
    // SAFETY: so many bytes are behind the handle, and nobody else's.
    let rest = unsafe { NonNull::slice_from_raw_parts(behind.cast(), rest).as_mut() };
    Some((place, rest))
}

/// Leaves no room to the fast path of the header, which looks at no marker.
///
/// # Safety
/// The body lies where there is room for one, and no arena is in it.
unsafe fn leave_no_room(body: NonNull<Inner>) {
    let none = ap_arena { cursor: core::ptr::null_mut(), end: 0 };
    // SAFETY: the caller's promise. Volatile, as a marker, for the same reason.
    unsafe { body.cast::<ap_arena>().write_volatile(none) };
}

/// Leaves a tombstone in a place, whatever is there: every handle to it is refused.
///
/// # Safety
/// The place can be written, and nobody uses what is there any more.
#[cfg(feature = "capi")]
pub(super) unsafe fn bury(place: Place) {
    // SAFETY: the block is for a handle of this type.
    let body = unsafe { handle::body_in::<Inner>(place.block()) };
    // SAFETY: the caller's promise.
    unsafe { handle::invalidate(body) };
    // SAFETY: as above; an arena that was there is used no more.
    unsafe { leave_no_room(body) };
}

/// Destroys an arena, and gives its chunks back. NULL is nothing, and so is an arena
/// whose listener is running, and one that was destroyed already, as long as its backing
/// pool lives, or its buffer is not used for something else. (A backing pool keeps 32
/// bytes of every destroyed arena to tell by. So that it does not grow for ever, it uses
/// them again after 131,072 more arenas of it have been destroyed; so long this holds.)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_destroy(arena: *mut ap_arena) {
    guard((), || {
        let Some(place) = NonNull::new(arena.cast::<Inner>()) else { return };
        // SAFETY: the module's contract.
        let Some(inner) = (unsafe { inner(arena) }) else { return };
        if inner.telling.get() {
            return;
        }
        // SAFETY: it is a valid handle.
        unsafe { handle::invalidate(place) };
        inner.listener.set((None, core::ptr::null_mut()));
        inner.alone(|arena| {
            // SAFETY: the handle is invalid, so the arena is used no more.
            unsafe { core::ptr::drop_in_place(arena) };
        });
        // SAFETY: the body stays, and no arena is in it.
        unsafe { leave_no_room(place) };
        #[cfg(feature = "capi")]
        if let Some(home) = &inner.home {
            let place = home.place;
            // SAFETY: the backing pool lives: the module's contract.
            unsafe { home.mempool.as_ref() }.retire(place);
        }
    });
}
