//! What an arena holds, and how it forgets: reset, marks, limits, events.

use core::ffi::c_void;
use core::mem::MaybeUninit;

use super::{ap_arena, ap_status, inner};
use crate::arena::{Arena, ArenaEvent, CHUNK_HEADER, Checkpoint};
use crate::capi::arguments::limit_of;
use crate::capi::status::or_nothing;

/// A place that an arena can go back to. It is a value: copy it, store it, forget
/// it; nobody frees it. It is refused once the arena has gone back to an earlier one,
/// or was reset, cleared or destroyed. A program passes it back as it got it.
///
/// ```c
/// ap_mempool *mempool = ap_mempool_create();
/// ap_arena *arena = ap_arena_create_default(mempool);
/// char *kept = ap_arena_strdup(arena, "kept");
/// ap_mark mark = ap_arena_mark(arena);
/// assert(ap_arena_alloc(arena, 1000) != NULL);
/// assert(ap_arena_rewind(arena, mark) && ap_arena_owns(arena, kept));
/// ap_arena_reset(arena);
/// assert(!ap_arena_rewind(arena, mark));
/// ap_mempool_destroy(mempool);
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ap_mark {
    /// Whose mark it is.
    check: usize,
    /// What the arena keeps in it.
    place: [MaybeUninit<u64>; 8],
}

const _: () = assert!(size_of::<Checkpoint>() <= 64, "a mark has 8 words of 64 bits");
const _: () = assert!(align_of::<Checkpoint>() <= align_of::<u64>(), "a mark is aligned to 8");

/// What a mark's first word says: not 0, and another one for every arena.
fn check_of(arena: *const ap_arena) -> usize {
    arena.addr() ^ 0x6d61_726b
}

/// What happened to an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_arena_event_kind {
    /// A chunk was added.
    AP_ARENA_GROWN = 1,
    /// The arena was reset or cleared.
    AP_ARENA_RESET = 2,
    /// A request was refused.
    AP_ARENA_REFUSED = 3,
}

/// What an arena tells. It is valid during the call.
#[repr(C)]
pub struct ap_arena_event {
    /// What happened.
    kind: ap_arena_event_kind,
    /// Why a request was refused; `AP_OK` otherwise.
    status: ap_status,
    /// The capacity of the chunk that was added, in bytes.
    capacity: usize,
    /// Bytes that were handed out before a reset, as `ap_arena_total_used`.
    pub(in crate::capi) used: usize,
    /// Bytes of all chunks now; 0 if a request was refused.
    allocated: usize,
}

/// What an arena calls when it grows, is reset, or refuses. It returns normally: no
/// exception, no `longjmp`. `user` is what was given to `ap_arena_on_event`.
///
/// It may allocate from the arena and ask it things; what it does there is not told to it.
/// While it runs, `ap_arena_reset`, `ap_arena_clear` and `ap_arena_rewind` are refused, and
/// `ap_arena_destroy` does nothing. It may not destroy the arena's backing pool, nor free
/// or resize the block of the call that is running.
pub type ap_arena_event_fn = Option<extern "C" fn(user: *mut c_void, event: *const ap_arena_event)>;

impl ap_arena_event {
    /// What C is told; `None`: not this.
    pub(in crate::capi) fn of(event: &ArenaEvent) -> Option<Self> {
        let nothing = Self {
            kind: ap_arena_event_kind::AP_ARENA_REFUSED,
            status: ap_status::AP_OK,
            capacity: 0,
            used: 0,
            allocated: 0,
        };
        Some(match *event {
            ArenaEvent::Grown { capacity, allocated } => {
                Self { kind: ap_arena_event_kind::AP_ARENA_GROWN, capacity, allocated, ..nothing }
            }
            ArenaEvent::Refused { error } => Self { status: error.into(), ..nothing },
            // It is told when nobody has the arena for himself any more: see `forget`.
            ArenaEvent::Reset { .. } => return None,
            // The budgets of these arenas have no soft limit.
            ArenaEvent::SoftLimit { .. } => return None,
        })
    }

    /// What C is told of a reset.
    pub(super) fn reset(used: usize, allocated: usize) -> Self {
        let (kind, status) = (ap_arena_event_kind::AP_ARENA_RESET, ap_status::AP_OK);
        Self { kind, status, capacity: 0, used, allocated }
    }
}

/// Forgets everything that was handed out and keeps all chunks, and the size that the
/// next one would have. One step for each chunk. False: no arena, or its listener is
/// running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_reset(arena: *mut ap_arena) -> bool {
    or_nothing(|| {
        // SAFETY: the module's contract.
        unsafe { inner(arena) }?.forget(Arena::reset)?;
        Some(true)
    })
}

/// Forgets everything that was handed out, keeps the first chunk only, and gives the
/// others back; chunk sizes start over. One step for each chunk. False: no arena, or its
/// listener is running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_clear(arena: *mut ap_arena) -> bool {
    or_nothing(|| {
        // SAFETY: the module's contract.
        unsafe { inner(arena) }?.forget(Arena::clear)?;
        Some(true)
    })
}

/// Notes where the arena is, for `ap_arena_rewind`. It takes 32 bytes of the arena,
/// which do not count as used. A loop takes its mark once, before it: each further mark
/// keeps its 32 bytes until the arena goes back to an earlier one, or is reset. Without an
/// arena, or without memory, it returns a mark that is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_mark(arena: *mut ap_arena) -> ap_mark {
    let mut mark = ap_mark { check: 0, place: [MaybeUninit::new(0); 8] };
    let noted = or_nothing(|| {
        // SAFETY: the module's contract.
        let checkpoint = unsafe { inner(arena) }?.arena().try_checkpoint().ok()?;
        // SAFETY: the words have room for one, aligned: asserted above.
        unsafe { mark.place.as_mut_ptr().cast::<Checkpoint>().write(checkpoint) };
        Some(true)
    });
    if noted {
        mark.check = check_of(arena);
    }
    mark
}

/// Goes back to a mark, and forgets what was handed out since. Blocks from before that
/// were given back are still used again, but for those that were handed out again since,
/// which count as used until the next reset. A block that was made larger since counts as
/// handed out since, even where it stayed. The mark can be used again. One step for
/// each chunk, each later mark, and each block that was given back for each chunk that
/// was taken into use since. False: no arena, its listener is running, or a mark that is
/// another arena's or stale; nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_rewind(arena: *mut ap_arena, mark: ap_mark) -> bool {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let inner = unsafe { inner(arena) }?;
        if inner.telling.get() || mark.check != check_of(arena) {
            return None;
        }
        // SAFETY: `ap_arena_mark` of this arena wrote one there: its check says so.
        let checkpoint = unsafe { mark.place.as_ptr().cast::<Checkpoint>().read() };
        // SAFETY: nobody uses what was handed out since: the module's contract.
        unsafe { inner.arena().rewind(&checkpoint) }.ok()?;
        Some(true)
    })
}

/// Limits the capacity of all chunks together to `bytes`; 0 is no limit. One that is
/// passed already refuses growth, and takes nothing away. False: no arena, or one in a
/// buffer, which is limited by that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_set_limit(arena: *mut ap_arena, bytes: usize) -> bool {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let inner = unsafe { inner(arena) }.filter(|inner| inner.grows())?;
        // A chunk is charged with its header, which is refunded then.
        inner.budget.set_limit(limit_of(bytes).saturating_add(CHUNK_HEADER));
        Some(true)
    })
}

/// Sets the function that is called when the arena grows, is reset, or has no memory
/// for a request; NULL for none. `user` is passed on to it. False: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_on_event(
    arena: *mut ap_arena,
    listener: ap_arena_event_fn,
    user: *mut c_void,
) -> bool {
    or_nothing(|| {
        // SAFETY: the module's contract.
        unsafe { inner(arena) }?.listener.set((listener, user));
        Some(true)
    })
}

/// The capacity of all chunks in bytes, headers apart: 4096 for a new arena of the
/// default sizes; 4 + 8 + 16 + 32 KiB make 61440. 0: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_total_allocated(arena: *const ap_arena) -> usize {
    // SAFETY: the module's contract.
    or_nothing(|| Some(unsafe { inner(arena) }?.arena().allocated_bytes()))
}

/// Bytes that are handed out, each size rounded up to 16. One step for each chunk, and
/// for each mark that the arena can go back to. 0: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_total_used(arena: *const ap_arena) -> usize {
    // SAFETY: the module's contract.
    or_nothing(|| Some(unsafe { inner(arena) }?.used()))
}

/// Bytes that cannot be handed out before the next reset: the ends of chunks that
/// were left, and gaps for alignments above 16. One step for each chunk. 0: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_waste(arena: *const ap_arena) -> usize {
    // SAFETY: the module's contract.
    or_nothing(|| Some(unsafe { inner(arena) }?.arena().waste()))
}

/// Chunks, those that a reset has kept included: 1 for a new arena. One step for each.
/// 0: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_chunk_count(arena: *const ap_arena) -> usize {
    // SAFETY: the module's contract.
    or_nothing(|| Some(unsafe { inner(arena) }?.arena().chunk_count()))
}

/// Whether `address` is in memory that the arena has handed out since its last reset.
/// Any address may be asked about; the memory there is not read. One step for each chunk.
/// False: no arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_arena_owns(arena: *const ap_arena, address: *const c_void) -> bool {
    // SAFETY: the module's contract.
    or_nothing(|| Some(unsafe { inner(arena) }?.arena().owns(address.cast::<u8>())))
}
