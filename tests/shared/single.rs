//! One thread: what a lane and the default lane give, and where freed arrays go.

use core::borrow::{Borrow, BorrowMut};
use core::cell::RefCell;
use core::cmp::Ordering;
use core::hash::{BuildHasher, BuildHasherDefault};
use std::hash::DefaultHasher;
use std::thread;

use arraypool::shared::{Home, Homed, Lane, SharedArray, SharedPool, SharedSettings};
use arraypool::{ArrayPool, ClassTable, PoolVec, ReleaseStrategy};

for_reclaiming_strategies!(
    arrays_have_the_length_that_was_asked_for,
    empty_arrays_and_elements_without_size_take_nothing,
    a_freed_array_serves_the_next_one_of_its_class,
    a_lane_keeps_two_batches_and_the_depot_the_rest,
    the_next_lane_adopts_what_was_left,
    elements_are_dropped_once_and_before_the_slot_goes,
    a_panicking_maker_loses_nothing,
    an_array_is_the_slice_it_holds,
    arrays_compare_with_all_that_is_a_slice,
    an_array_is_a_sequence_to_serde,
    elements_come_out_from_both_ends,
    what_an_iterator_gave_out_is_not_its_to_drop,
    clones_are_made_one_after_the_other,
    a_panicking_element_goes_home_with_its_slot,
    two_pools_on_one_thread_keep_apart,
    clearing_gives_all_memory_back,
    long_arrays_are_reused,
);

fn arrays_have_the_length_that_was_asked_for<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let lane = pool.lane();
    for len in [1, 2, 15, 16, 17, 200, 256, 257, 1000] {
        let mut mine = lane.allocate_with(len, |i| i as u64);
        let shared = pool.allocate_copy(&mine);
        assert_eq!((mine.len(), shared.len()), (len, len));
        assert!(mine.capacity() >= len && shared.capacity() >= len);
        mine[len - 1] = 7;
        assert_eq!(shared[len - 1], len as u64 - 1, "arrays do not overlap");
        assert_eq!(mine.into_shared()[len - 1], 7);
    }
    assert_eq!(pool.verify().unwrap().live, 0);
    assert!(pool.stats().waiting > 0, "shared arrays of a lane come home by its returns");
}

fn nothing<T, S: ReleaseStrategy>() -> SharedPool<T, S> {
    SharedPool::with_settings(SharedSettings::new().limit(0))
}

fn empty_arrays_and_elements_without_size_take_nothing<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    assert_eq!(pool.allocate(0).len(), 0);
    assert_eq!(pool.lane().allocate(0).into_shared().release(), Ok(()));
    let units = SharedPool::<(), S>::new();
    assert_eq!(units.allocate_with(1000, |_| ()).iter().count(), 1000);
    assert_eq!((pool.stats().slots, units.stats().slots), (0, 0));
    // Nor do they need a lane or books: where nothing may be taken, they are there.
    let (pool, units) = (nothing::<u64, S>(), nothing::<String, S>());
    let array = pool.try_allocate(0).unwrap();
    assert_eq!((array.len(), array.capacity()), (0, 0));
    let raw = array.into_raw().cast::<u64>();
    // SAFETY: nobody uses the array but through the handle.
    let again = unsafe { pool.from_raw(raw) }.unwrap();
    assert_eq!((again.send_home(), pool.try_allocate(0).unwrap().release()), (Ok(()), Ok(())));
    drop((pool.try_allocate(0), units.try_allocate_with(0, |_| String::new())));
    let units = nothing::<(), S>();
    assert_eq!(units.try_allocate_with(7, |_| ()).unwrap().len(), 7);
    assert_eq!((pool.stats().bytes, pool.stats().lanes, units.stats().bytes), (0, 0, 0));
    assert!(pool.try_allocate(1).is_err());
}

fn a_freed_array_serves_the_next_one_of_its_class<S: ReleaseStrategy>() {
    let pool = SharedPool::<u32, S>::new();
    let lane = pool.lane();
    let first = lane.allocate(12).as_ptr();
    assert_eq!(lane.allocate(3).as_ptr(), first);
    assert_ne!(lane.allocate(30).as_ptr(), first);
    let default = pool.allocate(12).as_ptr();
    assert_eq!(pool.allocate(16).as_ptr(), default);
}

fn a_lane_keeps_two_batches_and_the_depot_the_rest<S: ReleaseStrategy>() {
    let settings = SharedSettings::new().batch(4, 1 << 20);
    let pool = SharedPool::<u64, S>::with_settings(settings);
    let lane = pool.lane();
    let arrays: Vec<_> = (0..20).map(|i| lane.allocate_copy(&[i])).collect();
    assert_eq!(pool.stats().live, 20);
    drop(arrays);
    let stats = pool.verify().unwrap();
    assert!(stats.in_lanes <= 8, "{stats:?}");
    assert!(stats.in_lanes + stats.in_depot >= 20, "{stats:?}");
    assert_eq!(stats.hits + stats.misses, 20);
    // New memory comes in batches, but for the last of a run.
    assert!((5..=6).contains(&stats.misses), "{stats:?}");
    // The depot's are taken again before anything new, and in batches, too.
    let other = pool.lane();
    let again: Vec<_> = (0..8).map(|i| other.allocate_copy(&[i])).collect();
    assert_eq!(pool.verify().unwrap().slots, stats.slots);
    assert_eq!((pool.stats().live, pool.stats().misses), (again.len(), stats.misses + 2));
}

fn the_next_lane_adopts_what_was_left<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let lane = pool.lane();
    let late = lane.allocate_copy(&[1, 2, 3]).into_shared();
    let address = late.as_ptr();
    drop(lane);
    drop(late);
    assert_eq!(pool.verify().unwrap().waiting, 1);
    let lane = pool.lane();
    assert_eq!(pool.stats().lanes, 1);
    let again = lane.allocate_copy(&[4]);
    assert_eq!(again.as_ptr(), address, "it came home and was adopted");
    assert_eq!(pool.stats().waiting, 0);
    drop(again);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.waiting + stats.in_lanes), (0, 1), "{stats:?}");
}

/// Tells a log when it is dropped, and uses the pool then.
struct Loud<'a, S: ReleaseStrategy> {
    log: &'a RefCell<Vec<usize>>,
    pool: &'a SharedPool<u8, S>,
    id: usize,
}

impl<S: ReleaseStrategy> Drop for Loud<'_, S> {
    fn drop(&mut self) {
        drop(self.pool.allocate(10));
        self.log.borrow_mut().push(self.id);
    }
}

fn elements_are_dropped_once_and_before_the_slot_goes<S: ReleaseStrategy>() {
    let (log, bytes) = (RefCell::new(Vec::new()), SharedPool::<u8, S>::new());
    let pool = SharedPool::<Loud<'_, S>, S>::new();
    let make = |id| Loud { log: &log, pool: &bytes, id };
    let lane = pool.lane();
    drop(lane.allocate_with(3, make));
    drop(pool.allocate_with(3, |id| make(id + 3)));
    assert_eq!(pool.allocate_with(2, |id| make(id + 6)).send_home(), Ok(()));
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn a_panicking_maker_loses_nothing<S: ReleaseStrategy>() {
    let (log, bytes) = (RefCell::new(Vec::new()), SharedPool::<u8, S>::new());
    let pool = SharedPool::<Loud<'_, S>, S>::new();
    let lane = pool.lane();
    let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        lane.allocate_with(5, |id| {
            assert!(id < 3, "expected by the test");
            Loud { log: &log, pool: &bytes, id }
        })
    }));
    assert!(caught.is_err());
    assert_eq!(*log.borrow(), [0, 1, 2]);
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn an_array_is_the_slice_it_holds<S: ReleaseStrategy>() {
    let pool = SharedPool::<u32, S>::new();
    let lane = pool.lane();
    let (mut array, on_lane) = (pool.allocate_copy(&[3, 1, 2]), lane.allocate_copy(&[3, 1, 2]));
    assert!(!array.is_empty() && pool.allocate_copy(&[]).is_empty());
    assert_eq!(array, on_lane);
    assert_eq!(on_lane, array);
    assert_eq!(array, [3, 1, 2]);
    assert_eq!(array, [3, 1, 2][..]);
    assert_ne!(array, lane.allocate_copy(&[3, 1]));
    assert_ne!(array, [3, 1, 1]);
    assert_ne!(array, [3, 1][..]);
    for element in &mut array {
        *element += 1;
    }
    assert_eq!((&array).into_iter().sum::<u32>(), 9);
    array.as_mut()[0] = 7;
    assert_eq!(array.as_ref(), [7, 2, 3]);
    assert_eq!(format!("{array:?} {on_lane:?}"), "[7, 2, 3] [3, 1, 2]");
}

/// Compares with `$other`, and back.
macro_rules! assert_both {
    ($one:expr, $equal:expr, $different:expr) => {
        assert!($one == $equal && $equal == $one && !($one != $equal) && !($equal != $one));
        assert!($one != $different && $different != $one);
        assert!(!($one == $different) && !($different == $one));
    };
}

fn arrays_compare_with_all_that_is_a_slice<S: ReleaseStrategy>() {
    let (pool, of_one) = (SharedPool::<u32, S>::new(), ArrayPool::<u32>::new());
    let lane = pool.lane();
    let (mut array, on_lane) = (pool.allocate_copy(&[1, 2]), lane.allocate_copy(&[1, 3]));
    assert_both!(array, [1, 2], [1, 3]);
    assert_both!(array, &[1, 2], &[1]);
    assert_both!(array, [1, 2][..], [0; 0][..]);
    assert_both!(array, &[1, 2][..], &[1, 2, 3][..]);
    assert_both!(array, &mut [1, 2][..], &mut [2, 2][..]);
    assert_both!(array, vec![1, 2], vec![1, 3]);
    assert_both!(on_lane, vec![1, 3], vec![1, 2]);
    assert_both!(array, of_one.allocate_copy(&[1, 2]), of_one.allocate_copy(&[1]));
    assert_both!(on_lane, PoolVec::from(of_one.allocate_copy(&[1, 3])), of_one.vec());
    assert_both!(array, lane.allocate_copy(&[1, 2]), on_lane);
    assert!(array < on_lane && array <= pool.allocate_copy(&[1, 2]));
    assert_eq!(array.cmp(&pool.allocate_copy(&[1])), Ordering::Greater);
    assert!(
        [on_lane, lane.allocate_copy(&[1, 2])].iter().min().is_some_and(|least| *least == array)
    );
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    assert_eq!(hasher.hash_one(&array), hasher.hash_one([1, 2].as_slice()));
    BorrowMut::<[u32]>::borrow_mut(&mut array)[0] = 2;
    array.as_mut_slice().reverse();
    assert_eq!((Borrow::<[u32]>::borrow(&array), array.as_slice()), (&[2, 2][..], &array[..]));
}

fn an_array_is_a_sequence_to_serde<S: ReleaseStrategy>() {
    #[cfg(feature = "serde")]
    {
        let pool = SharedPool::<Option<u32>, S>::new();
        let lane = pool.lane();
        let all = (pool.allocate_copy(&[Some(1), None]), lane.allocate_copy(&[Some(2)]));
        assert_eq!(serde_json::to_string(&all).unwrap(), "[[1,null],[2]]");
        assert_eq!(serde_json::to_string(&pool.allocate_copy(&[])).unwrap(), "[]");
    }
}

fn elements_come_out_from_both_ends<S: ReleaseStrategy>() {
    fn run<H: Home>(array: Homed<String, H>) {
        let mut iterator = array.into_iter();
        assert_eq!((iterator.size_hint(), iterator.len()), ((4, Some(4)), 4));
        assert_eq!(iterator.next().as_deref(), Some("0"));
        assert_eq!(iterator.next_back().as_deref(), Some("3"));
        assert_eq!(iterator.as_slice(), ["1", "2"]);
        assert_eq!(iterator.as_ref().len(), 2);
        assert_eq!(format!("{iterator:?}"), r#"IntoIter(["1", "2"])"#);
        assert_eq!(iterator.by_ref().rev().collect::<String>(), "21");
        assert_eq!((iterator.next(), iterator.next_back(), iterator.len()), (None, None, 0));
        assert!(iterator.as_slice().is_empty());
    }

    let pool = SharedPool::<String, S>::new();
    let lane = pool.lane();
    run(pool.allocate_with(4, |i| i.to_string()));
    run(lane.allocate_with(4, |i| i.to_string()));
    run(lane.allocate_with(4, |i| i.to_string()).into_shared());
    assert_eq!(pool.allocate_with(0, |_| String::new()).into_iter().next(), None);
    let iterator = lane.allocate_with(4, |i| i.to_string()).into_iter();
    assert_eq!(pool.stats().live, 1, "the slot is the iterator's until it is dropped");
    drop(iterator);
    // It may be half way through when another thread gets it.
    let mut iterator = pool.allocate_with(9, |i| i.to_string()).into_iter();
    assert_eq!(iterator.next().as_deref(), Some("0"));
    let next = thread::scope(|scope| scope.spawn(move || iterator.next()).join()).unwrap();
    assert_eq!(next.as_deref(), Some("1"));
    assert_eq!(pool.verify().unwrap().live, 0);
    let units = SharedPool::<(), S>::new();
    assert_eq!(units.allocate_with(7, |_| ()).into_iter().rev().count(), 7);
}

fn what_an_iterator_gave_out_is_not_its_to_drop<S: ReleaseStrategy>() {
    let (log, bytes) = (RefCell::new(Vec::new()), SharedPool::<u8, S>::new());
    let pool = SharedPool::<Loud<'_, S>, S>::new();
    let lane = pool.lane();
    let mut iterator = lane.allocate_with(5, |id| Loud { log: &log, pool: &bytes, id }).into_iter();
    let taken = (iterator.next(), iterator.next_back());
    assert!(log.borrow().is_empty());
    drop(iterator);
    assert_eq!(*log.borrow(), [1, 2, 3]);
    drop(taken);
    assert_eq!(*log.borrow(), [1, 2, 3, 0, 4]);
    // An end by panic brings the slot home as well.
    let bombs = SharedPool::<Bomb, S>::new();
    let mut iterator = bombs.allocate_with(2, |_| Bomb(1)).into_iter();
    core::mem::forget(iterator.next());
    let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| drop(iterator)));
    assert!(caught.is_err());
    assert_eq!((pool.verify().unwrap().live, bombs.verify().unwrap().live), (0, 0));
}

/// Is cloned as long as its number is below 3.
struct Counted<'a, S: ReleaseStrategy>(Loud<'a, S>);

impl<S: ReleaseStrategy> Clone for Counted<'_, S> {
    fn clone(&self) -> Self {
        let Loud { log, pool, id } = self.0;
        assert!(id < 3, "expected by the test");
        Self(Loud { log, pool, id: id + 10 })
    }
}

fn clones_are_made_one_after_the_other<S: ReleaseStrategy>() {
    let (log, bytes) = (RefCell::new(Vec::new()), SharedPool::<u8, S>::new());
    let pool = SharedPool::<Counted<'_, S>, S>::new();
    let lane = pool.lane();
    let make = |id| Counted(Loud { log: &log, pool: &bytes, id });
    let array = pool.allocate_with(5, make);
    for clone in [true, false] {
        let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            if clone {
                drop(pool.allocate_clone(&array))
            } else {
                drop(lane.allocate_clone(&array))
            }
        }));
        assert!(caught.is_err());
    }
    assert_eq!(log.take(), [10, 11, 12, 10, 11, 12], "the clones that were made");
    assert_eq!(pool.verify().unwrap().live, 1);
    drop((pool.allocate_clone(&array[..3]), lane.try_allocate_clone(&array[1..2]).ok()));
    assert_eq!(log.take(), [10, 11, 12, 11]);
    assert!(nothing::<Counted<'_, S>, S>().try_allocate_clone(&array).is_err());
    drop(array);
    assert_eq!((log.take(), pool.verify().unwrap().live), (vec![0, 1, 2, 3, 4], 0));
}

/// An element whose end is a panic.
struct Bomb(#[allow(dead_code, reason = "it is there to take room")] u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("expected by the test");
    }
}

fn a_panicking_element_goes_home_with_its_slot<S: ReleaseStrategy>() {
    let pool = SharedPool::<Bomb, S>::new();
    let ends: [fn(SharedArray<'_, Bomb, S>); 3] = [
        |array| drop(array),
        |array| array.release().unwrap_or_default(),
        |array| array.send_home().unwrap_or_default(),
    ];
    for end in ends {
        let array = pool.allocate_with(1, |_| Bomb(1));
        let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| end(array)));
        assert!(caught.is_err());
    }
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn two_pools_on_one_thread_keep_apart<S: ReleaseStrategy>() {
    let (one, other) = (SharedPool::<u64, S>::new(), SharedPool::<u64, S>::new());
    for round in 0..4 {
        let (a, b) = (one.allocate_copy(&[round]), other.allocate_copy(&[round + 10]));
        assert_eq!((a[0], b[0]), (round, round + 10));
    }
    assert_eq!((one.stats().lanes, other.stats().lanes), (1, 1));
    // Both went straight to the shelves, whichever pool was used last.
    assert_eq!((one.stats().waiting, other.stats().waiting), (0, 0));
    drop(one);
    assert_eq!(other.allocate_copy(&[1])[0], 1);
    let third = SharedPool::<u64, S>::new();
    assert_eq!(third.allocate_copy(&[2])[0], 2);
    assert_eq!(third.verify().unwrap().live, 0);
}

fn clearing_gives_all_memory_back<S: ReleaseStrategy>() {
    let mut pool = SharedPool::<u64, S>::new();
    let raw = pool.allocate_copy(&[1, 2, 3]).into_raw();
    assert!(pool.stats().bytes > 0);
    pool.clear();
    assert_eq!((pool.stats().bytes, pool.stats().slots), (0, 0));
    // SAFETY: nobody uses the array, which is gone.
    let result = unsafe { pool.release_raw(raw) };
    assert_eq!(result.unwrap_err().kind(), "foreign");
    assert_eq!(pool.allocate_copy(&[5])[0], 5);
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// One class, so that longer arrays are all geometric.
struct Short;

impl ClassTable for Short {
    const LENGTHS: &'static [u32] = &[2];
}

fn long_arrays_are_reused<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S, Short>::new();
    let lane: Lane<'_, u64, S, Short> = pool.lane();
    // 256 KiB are more than a batch: no lane keeps it.
    let address = lane.allocate(32 << 10).as_ptr();
    assert_eq!(pool.stats().in_depot, 1);
    let other = pool.lane();
    assert_eq!(other.allocate(32 << 10).as_ptr(), address);
    assert!(pool.try_allocate(usize::MAX).is_err());
    assert_eq!(pool.verify().unwrap().live, 0);
}
