//! Releases by hand: one array, two threads.

use std::sync::Arc;

use arraypool::{RawArray, ReleaseError, ReleaseStrategy};
use loom::sync::atomic::{AtomicPtr, Ordering};
use loom::thread;

use crate::support::{Element, Pool, SMALL, Stage, take};

crate::for_both!(
    one_array_is_released_by_two,
    one_address_is_released_by_two,
    a_stale_release_meets_the_next_tenant,
    an_address_travels_without_order,
);

/// What crosses threads of a raw array.
#[derive(Clone, Copy)]
struct Sent(RawArray<Element>);

// SAFETY: an address and a number.
unsafe impl Send for Sent {}

impl Sent {
    fn release<S: ReleaseStrategy>(self, pool: &Pool<S>) -> Result<(), ReleaseError> {
        // SAFETY: nobody uses the array.
        unsafe { pool.release_raw(self.0) }
    }

    fn release_ptr<S: ReleaseStrategy>(self, pool: &Pool<S>) -> Result<(), ReleaseError> {
        // SAFETY: nobody uses the array.
        unsafe { pool.release_ptr(self.0.ptr.as_ptr()) }
    }
}

fn raw<S: ReleaseStrategy>(stage: &Stage<S>) -> Sent {
    let lane = stage.pool().lane();
    Sent(take(&lane, &stage.watch(), 1).into_raw().cast())
}

#[track_caller]
fn assert_one_succeeds(results: [Result<(), ReleaseError>; 2]) {
    let wrong = match results {
        [Ok(()), Err(wrong)] | [Err(wrong), Ok(())] => wrong,
        both => panic!("exactly one release is right: {both:?}"),
    };
    assert!(matches!(wrong, ReleaseError::AlreadyReleased { .. }), "{wrong:?}");
}

/// Catches a check of the slot's state that is not one step with its change: both
/// would be told `Ok`, and the slot would be on a list twice.
fn one_array_is_released_by_two<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, raw) = (stage.pool(), raw(&stage));
    let thread = thread::spawn(move || raw.release(pool));
    let mine = raw.release(pool);
    assert_one_succeeds([mine, thread.join().unwrap()]);
    stage.assert_all_home();
}

/// The same where nothing but the address is known.
fn one_address_is_released_by_two<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, raw) = (stage.pool(), raw(&stage));
    let thread = thread::spawn(move || raw.release_ptr(pool));
    let mine = raw.release_ptr(pool);
    assert_one_succeeds([mine, thread.join().unwrap()]);
    stage.assert_all_home();
}

/// Catches a release that looks at the generation before, and not while, it takes
/// the slot: the other thread releases rightly, and the next tenant is held by hand
/// as well.
fn a_stale_release_meets_the_next_tenant<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch, raw) = (stage.pool(), stage.watch(), raw(&stage));
    let thread = thread::spawn(move || raw.release(pool));
    let mine = raw.release(pool);
    let lane = pool.lane();
    let next = take(&lane, &watch, 2);
    let next = Sent(next.into_raw().cast());
    let other = thread.join().unwrap();
    assert_eq!(usize::from(mine.is_ok()) + usize::from(other.is_ok()), 1, "{mine:?} {other:?}");
    assert_eq!(next.release(pool), Ok(()), "nobody took it from the next tenant");
    drop(lane);
    stage.assert_all_home();
}

/// Catches an array that becomes held by hand without a release: whoever knows nothing
/// but its address would release it, take it, and write where its last tenant may still
/// be writing.
fn an_address_travels_without_order<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let place = Arc::new(AtomicPtr::<Element>::new(core::ptr::null_mut()));
    // SAFETY: nobody uses the array.
    let release = move |address: *mut Element| unsafe { pool.release_ptr(address) };
    let seen = Arc::clone(&place);
    let thread = thread::spawn(move || {
        let address = seen.load(Ordering::Relaxed);
        // What is known of the slot here may be old, and is then refused.
        if address.is_null() || release(address).is_err() {
            return false;
        }
        let lane = pool.lane();
        drop(take(&lane, &watch, 2));
        true
    });
    // The lane stays: leaving it would take the lock, and put this before the other's.
    let lane = pool.lane();
    let raw = take(&lane, &stage.watch(), 1).into_raw().ptr.as_ptr().cast();
    place.store(raw, Ordering::Relaxed);
    if !thread.join().unwrap() {
        assert_eq!(release(raw), Ok(()));
    }
    drop(lane);
    stage.assert_all_home();
}
