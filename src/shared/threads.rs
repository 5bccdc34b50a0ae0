//! The lane that a thread gets without asking: found by a thread-local, left when
//! the thread ends.

use core::cell::{Cell, RefCell};
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::claim::Claim;
use super::depot::Depot;
use super::local::{Local, Shelf, Shelves};
use super::owner::{Owner, Witness};
use crate::error::AllocError;
use crate::pool::{ClassTable, ReleaseStrategy};
use crate::sync::{StaticCounter, unique_number};

std::thread_local! {
    /// This thread's number, or 0 before it first asked for a lane and after it has
    /// left its lanes.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
    /// The pool that was used last, by its number, and the shelves of the lane in it.
    static LAST: Cell<(usize, NonNull<()>)> = const { Cell::new(NO_POOL) };
    /// The default lanes of this thread in all pools.
    static LANES: Lanes = const { Lanes(RefCell::new(alloc::vec::Vec::new())) };
}

/// A number that no pool has, not even one that is not open yet.
const NO_POOL: (usize, NonNull<()>) = (usize::MAX, NonNull::dangling());

/// A default lane of this thread.
struct Entry {
    pool: usize,
    lane: *const (),
    /// Who takes it back, if the pool lives longer than the thread.
    home: Witness,
}

/// Leaves all lanes when the thread ends.
struct Lanes(RefCell<alloc::vec::Vec<Entry>>);

impl Drop for Lanes {
    fn drop(&mut self) {
        // From here on this thread owns nothing, so whatever its other
        // thread-locals still drop goes home as from any thread.
        NUMBER.set(0);
        LAST.set(NO_POOL);
        for Entry { lane, home, .. } in self.0.take() {
            if let Some(home) = home.upgrade() {
                // SAFETY: the depot lives; it gave the lane to this thread, which
                // uses it no more.
                unsafe { home.leave_lane(lane) };
            }
        }
    }
}

/// A depot of any strategy.
pub(super) trait Leave {
    /// # Safety
    /// The lane is one of this depot's, and its owner's, who gives it up.
    unsafe fn leave_lane(&self, lane: *const ());
}

impl<S: ReleaseStrategy, C: ClassTable> Leave for Depot<S, C> {
    unsafe fn leave_lane(&self, lane: *const ()) {
        // SAFETY: the caller's promise; lanes live as long as the depot.
        let local = unsafe { &*lane.cast::<Local<S, C>>() };
        // SAFETY: the caller's promise.
        drop(unsafe { Claim::new(local.shelves()) });
    }
}

/// Whether the shelf's lane is this thread's default one.
#[inline(always)]
pub(super) fn owns<S: ReleaseStrategy, C: ClassTable>(shelf: &Shelf<S, C>) -> bool {
    // Only this thread ever writes its number there, or takes it away.
    shelf.owner() == NUMBER.get()
}

/// The claim to this thread's default lane, if its last one was of this pool.
///
/// # Safety
/// `pool` is 0 or the number of a depot of these types that lives, and is borrowed, for
/// `'p`.
#[inline(always)]
pub(super) unsafe fn last<'p, S: ReleaseStrategy, C: ClassTable>(
    pool: usize,
) -> Option<ManuallyDrop<Claim<'p, S, C>>> {
    let (last, shelves) = LAST.get();
    if last != pool {
        return None;
    }
    // SAFETY: they are those of a lane of the depot with this number, which lives by the
    // caller's promise.
    let shelves = unsafe { Shelves::from_raw(shelves) };
    // SAFETY: the depot gave the lane to this thread.
    Some(unsafe { Claim::on_loan(shelves) })
}

/// Calls `use_lane` with this thread's default lane.
///
/// # Errors
/// If there is no memory for a new lane, or `use_lane` fails.
pub(super) fn with_lane<'p, S: ReleaseStrategy, C: ClassTable, R>(
    depot: &'p Owner<Depot<S, C>>,
    use_lane: impl FnOnce(&Claim<'p, S, C>) -> Result<R, AllocError>,
) -> Result<R, AllocError> {
    // SAFETY: the number is that of a depot of these types, which is borrowed.
    match unsafe { last::<S, C>(depot.id) } {
        Some(claim) => use_lane(&claim),
        None => with_lane_slow(depot, use_lane),
    }
}

#[cold]
fn with_lane_slow<'p, S: ReleaseStrategy, C: ClassTable, R>(
    depot: &'p Owner<Depot<S, C>>,
    use_lane: impl FnOnce(&Claim<'p, S, C>) -> Result<R, AllocError>,
) -> Result<R, AllocError> {
    let known = LANES.try_with(|lanes| {
        let lanes = lanes.0.borrow();
        lanes.iter().find(|entry| entry.pool == depot.id).map(|entry| entry.lane)
    });
    let local = match known {
        Ok(Some(lane)) => {
            // SAFETY: the depot with this number gave the lane to this thread, and is
            // borrowed.
            unsafe { &*lane.cast::<Local<S, C>>() }
        }
        Ok(None) => claim(depot)?,
        // The thread is ending, and has left its lanes: one for this call.
        Err(_) => return use_lane(&depot.claim()?),
    };
    LAST.set((depot.id, local.shelves().into_raw()));
    // SAFETY: the depot gave the lane to this thread.
    let claim = unsafe { Claim::on_loan(local.shelves()) };
    use_lane(&claim)
}

/// Makes a lane this thread's default one.
fn claim<S: ReleaseStrategy, C: ClassTable>(
    depot: &Owner<Depot<S, C>>,
) -> Result<&Local<S, C>, AllocError> {
    LANES.with(|lanes| {
        let mut lanes = lanes.0.borrow_mut();
        // Pools that are gone have taken their lanes with them.
        lanes.retain(|entry| entry.home.is_alive());
        let requested = size_of::<Entry>();
        lanes.try_reserve(1).map_err(|_| AllocError::OutOfMemory { requested })?;
        if NUMBER.get() == 0 {
            /// The number that a thread was given last.
            static GIVEN: StaticCounter = StaticCounter::new(0);
            NUMBER.set(unique_number(&GIVEN).ok_or(AllocError::OutOfMemory { requested: 0 })?);
        }
        let claim = depot.claim()?;
        // SAFETY: this thread has it from now on, until it ends.
        unsafe { claim.belong_to(NUMBER.get()) };
        let local = claim.into_local();
        let home = depot.witness();
        lanes.push(Entry { pool: depot.id, lane: ptr::from_ref(local).cast(), home });
        Ok(local)
    })
}

/// Does at once what `trim` has asked of this thread's default lane.
pub(super) fn answer<S: ReleaseStrategy, C: ClassTable>(depot: &Depot<S, C>) {
    if let Some(local) = depot.lanes.all().find(|local| owns(local.shelf(0))) {
        // SAFETY: the lane is this thread's default one.
        unsafe { Claim::on_loan(local.shelves()) }.answer();
    }
}
