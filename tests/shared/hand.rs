//! Arrays held by hand: right and wrong releases, from one thread and from two.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::thread;

use arraypool::shared::SharedPool;
use arraypool::{RawArray, ReleaseError, ReleaseStrategy, SlotState};

use crate::rounds;

for_reclaiming_strategies!(
    a_release_by_hand_is_right_once,
    a_stale_array_is_told_from_the_new_tenant,
    wrong_addresses_are_errors,
    of_two_threads_that_release_one_array_one_succeeds,
    of_two_threads_that_release_one_address_one_succeeds,
    back_under_care,
    releases_meet_allocations_of_the_same_slots,
    an_address_may_travel_in_any_way,
);

/// Releases an array by hand. No test uses the array afterwards.
fn release<T, S: ReleaseStrategy>(
    pool: &SharedPool<T, S>,
    raw: RawArray<T>,
) -> Result<(), ReleaseError> {
    // SAFETY: no test uses an array that it has released.
    unsafe { pool.release_raw(raw) }
}

fn release_ptr<T, S: ReleaseStrategy>(
    pool: &SharedPool<T, S>,
    ptr: *const T,
) -> Result<(), ReleaseError> {
    // SAFETY: no test uses an array that it has released.
    unsafe { pool.release_ptr(ptr) }
}

fn kind<V: core::fmt::Debug>(result: Result<V, ReleaseError>) -> &'static str {
    result.unwrap_err().kind()
}

fn a_release_by_hand_is_right_once<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let raw = pool.allocate_copy(&[1, 2, 3]).into_raw();
    assert_eq!(pool.locate(raw.ptr.as_ptr()).unwrap().state, SlotState::Raw);
    assert_eq!(release(&pool, raw), Ok(()));
    assert_eq!(kind(release(&pool, raw)), "already released");
    assert_eq!(kind(release_ptr(&pool, raw.ptr.as_ptr())), "already released");
    assert_eq!(pool.verify().unwrap().live, 0);
    let raw = pool.try_allocate_raw(5).unwrap();
    assert_eq!(release_ptr(&pool, raw.ptr.as_ptr()), Ok(()));
    assert_eq!(kind(release(&pool, raw)), "already released");
    let empty = pool.try_allocate_raw(0).unwrap();
    assert_eq!((release(&pool, empty), release(&pool, empty)), (Ok(()), Ok(())));
}

fn a_stale_array_is_told_from_the_new_tenant<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let raw = pool.try_allocate_raw(3).unwrap();
    assert_eq!(release(&pool, raw), Ok(()));
    let tenants: Vec<_> = (0..100).map(|_| pool.allocate(3)).collect();
    let slot = tenants.iter().find(|one| one.as_ptr().cast() == raw.ptr.as_ptr().cast_const());
    assert!(slot.is_some(), "the slot was reused");
    assert_eq!(kind(release(&pool, raw)), "stale");
    assert_eq!(kind(release_ptr(&pool, raw.ptr.as_ptr())), "owned");
    drop(tenants);
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn wrong_addresses_are_errors<S: ReleaseStrategy>() {
    let (pool, other) = (SharedPool::<u64, S>::new(), SharedPool::<u64, S>::new());
    let raw = pool.try_allocate_raw(10).unwrap();
    assert_eq!(kind(release(&other, raw)), "foreign");
    drop(other.allocate(10));
    assert_eq!(kind(release(&other, raw)), "foreign");
    let inside = raw.ptr.as_ptr().wrapping_add(1);
    assert_eq!(kind(release_ptr(&pool, inside)), "interior");
    let local = 5_u64;
    assert_eq!(kind(release_ptr(&pool, &raw const local)), "foreign");
    for address in [8, 4096, usize::MAX & !7] {
        assert_eq!(kind(release_ptr(&pool, core::ptr::without_provenance(address))), "foreign");
    }
    let owned = pool.allocate(10);
    assert_eq!(kind(release_ptr(&pool, owned.as_ptr().cast::<u64>())), "owned");
    assert_eq!(release(&pool, raw), Ok(()));
    drop(owned);
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// Two threads do the same at once; what both were told.
fn twice<R: Send>(work: impl Fn() -> R + Sync) -> [R; 2] {
    let barrier = std::sync::Barrier::new(2);
    let meet = || {
        barrier.wait();
        work()
    };
    thread::scope(|scope| {
        let other = scope.spawn(meet);
        let mine = meet();
        [mine, other.join().unwrap()]
    })
}

/// A raw array is plain data; here it crosses threads.
#[derive(Clone, Copy)]
struct Address<T>(usize, u32, core::marker::PhantomData<fn() -> T>);

impl<T> Address<T> {
    fn of(raw: RawArray<T>) -> Self {
        Self(raw.ptr.as_ptr().addr(), raw.generation, core::marker::PhantomData)
    }

    fn raw(&self) -> RawArray<T> {
        let ptr = NonNull::new(core::ptr::without_provenance_mut(self.0)).unwrap();
        RawArray { ptr, generation: self.1 }
    }
}

fn of_two_threads_that_release_one_array_one_succeeds<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    for _ in 0..rounds(200, 3) {
        let raw = Address::of(pool.try_allocate_raw(3).unwrap());
        let results = twice(|| release(&pool, raw.raw()));
        let [good, bad] = if results[0].is_ok() { results } else { [results[1], results[0]] };
        assert_eq!(good, Ok(()));
        assert_eq!(kind(bad), "already released");
    }
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.corrupted), (0, 0));
}

fn of_two_threads_that_release_one_address_one_succeeds<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    for _ in 0..rounds(200, 3) {
        let raw = Address::of(pool.try_allocate_raw(3).unwrap());
        let results = twice(|| release_ptr(&pool, raw.raw().ptr.as_ptr()));
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        let bad = results.into_iter().find_map(Result::err).unwrap();
        assert_eq!(bad.kind(), "already released");
    }
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn back_under_care<S: ReleaseStrategy>() {
    let pool = SharedPool::<String, S>::new();
    let raw = pool.allocate_with(3, |i| i.to_string()).into_raw();
    let other = Address::of(raw);
    // SAFETY: the elements are as they were, and nobody else uses them.
    let array = unsafe { pool.from_raw(raw) }.unwrap();
    assert_eq!(array, ["0", "1", "2"]);
    // SAFETY: it is refused.
    let second = unsafe { pool.from_raw(other.raw()) };
    assert_eq!(kind(second), "owned");
    drop(array);
    assert_eq!(kind(release(&pool, raw)), "already released");
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// One thread releases by hand, and wrongly a second time, while others allocate
/// and release what may be the same slots: no wrong release ever succeeds.
fn releases_meet_allocations_of_the_same_slots<S: ReleaseStrategy>() {
    let pool = SharedPool::<usize, S>::new();
    thread::scope(|scope| {
        let threads = [0, 1].map(|token| {
            let pool = &pool;
            scope.spawn(move || {
                for _ in 0..rounds(1500, 4) {
                    assert_eq!(*pool.allocate_copy(&[token; 4]), [token; 4]);
                }
            })
        });
        for _ in 0..rounds(1500, 4) {
            let raw = pool.try_allocate_raw(4).unwrap();
            assert_eq!(release(&pool, raw), Ok(()));
            assert!(release(&pool, raw).is_err());
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost, stats.corrupted), (0, 0, 0));
}

/// Miri sees it if what the allocating thread did to the slot's record does not come
/// before what the other one does.
fn an_address_may_travel_in_any_way<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let place = AtomicPtr::<u64>::new(core::ptr::null_mut());
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..4 {
                let address = loop {
                    let address = place.swap(core::ptr::null_mut(), Ordering::Relaxed);
                    if !address.is_null() {
                        break address;
                    }
                    thread::yield_now();
                };
                // What is known of the slot here may be old, and is then refused.
                while release_ptr(&pool, address).is_err() {
                    thread::yield_now();
                }
            }
        });
        // Both come home, and are on the shelf when they are taken again.
        let two = [3, 4].map(|length| pool.try_allocate_raw(length).unwrap());
        for raw in two {
            assert_eq!(release(&pool, raw), Ok(()));
        }
        for length in 1..=4 {
            let raw = pool.try_allocate_raw(length).unwrap();
            place.store(raw.ptr.as_ptr(), Ordering::Relaxed);
            while !place.load(Ordering::Relaxed).is_null() {
                thread::yield_now();
            }
        }
    });
    assert_eq!(pool.verify().unwrap().live, 0);
}
