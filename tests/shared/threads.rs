//! Many threads: hand-over, lanes that die, threads that panic.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use arraypool::ReleaseStrategy;
use arraypool::shared::{SharedArray, SharedPool, SharedSettings};

use crate::{in_threads, rounds};

for_reclaiming_strategies!(
    no_array_is_handed_out_twice,
    one_thread_allocates_and_another_releases,
    arrays_outlive_the_thread_that_made_them,
    a_thread_that_panics_loses_nothing,
    threads_that_end_leave_their_lanes_to_others,
    a_lane_may_move_to_another_thread,
    first_use_may_be_raced,
);

fn no_array_is_handed_out_twice<S: ReleaseStrategy>() {
    let pool = SharedPool::<AtomicUsize, S>::with_settings(SharedSettings::new().batch(4, 4096));
    in_threads(4, |token| {
        let lane = pool.lane();
        for round in 0..rounds(1000, 2) {
            let arrays: Vec<_> = (0..1 + round % 7)
                .map(|_| lane.allocate_with(3, |_| AtomicUsize::new(token)))
                .collect();
            let shared = pool.allocate_with(2, |_| AtomicUsize::new(token));
            let intact = |one: &AtomicUsize| one.load(Ordering::Relaxed) == token;
            assert!(arrays.iter().flatten().chain(&shared).all(intact));
        }
    });
    let stats = pool.verify().unwrap();
    assert_eq!(stats.live, 0);
}

fn one_thread_allocates_and_another_releases<S: ReleaseStrategy>() {
    let pool = SharedPool::<usize, S>::new();
    let count = rounds(10_000, 10);
    let (sender, receiver) = mpsc::sync_channel::<SharedArray<'_, usize, S>>(64);
    thread::scope(|scope| {
        scope.spawn(|| {
            for (index, array) in receiver.into_iter().enumerate() {
                assert!(array.iter().all(|&value| value == index));
            }
        });
        let lane = pool.lane();
        for index in 0..count {
            let array = lane.allocate_with(1 + index % 20, |_| index);
            sender.send(array.into_shared()).unwrap();
        }
        drop(sender);
    });
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost), (0, 0));
    // What came home was used again: the pool has about what can be on its way.
    assert!(stats.slots < 1024, "{stats:?}");
}

fn arrays_outlive_the_thread_that_made_them<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let array =
        thread::scope(|scope| scope.spawn(|| pool.allocate_with(20, |i| i as u64)).join().unwrap());
    assert_eq!(array.iter().sum::<u64>(), 190);
    drop(array);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.waiting), (0, 1));
}

fn a_thread_that_panics_loses_nothing<S: ReleaseStrategy>() {
    let pool = SharedPool::<String, S>::new();
    let result = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let lane = pool.lane();
            let _mine = lane.allocate_with(3, |i| i.to_string());
            let _shared = pool.allocate_with(3, |i| i.to_string());
            panic!("expected by the test");
        });
        thread.join()
    });
    assert!(result.is_err());
    assert_eq!(pool.verify().unwrap().live, 0);
    assert_eq!(pool.stats().lanes, 2);
    // Both lanes were left, and are adopted.
    let (_one, _two) = (pool.lane(), pool.lane());
    assert_eq!(pool.stats().lanes, 2);
}

fn threads_that_end_leave_their_lanes_to_others<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    for _ in 0..rounds(10, 3) {
        in_threads(1, |_| drop(pool.allocate(10)));
    }
    assert_eq!(pool.stats().lanes, 1, "{:?}", pool.stats());
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn a_lane_may_move_to_another_thread<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::new();
    let lane = pool.lane();
    drop(lane.allocate_copy(&[1]));
    let array = thread::scope(|scope| {
        scope.spawn(move || lane.allocate_copy(&[2]).into_shared()).join().unwrap()
    });
    assert_eq!(array, [2]);
}

fn first_use_may_be_raced<S: ReleaseStrategy>() {
    for _ in 0..rounds(30, 1) {
        let pool = SharedPool::<usize, S>::new();
        in_threads(3, |token| assert_eq!(pool.allocate_copy(&[token; 5]), [token; 5]));
        assert_eq!(pool.verify().unwrap().live, 0);
    }
}
