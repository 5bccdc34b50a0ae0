//! Bounded memory: the budget, trimming, and what happens when there is no more.

use std::sync::mpsc;
use std::thread;

use arraypool::shared::{SharedPool, SharedSettings};
use arraypool::{AllocError, ReleaseStrategy};

use crate::{in_threads, rounds};

for_reclaiming_strategies!(
    a_pool_says_what_its_limit_is,
    the_budget_is_kept_and_the_pool_goes_on,
    no_budget_is_too_small_for_an_error,
    what_a_dead_lane_left_is_used_before_new_memory,
    trimming_reaches_lanes_in_use_and_lanes_left,
    a_trim_is_kept_in_bytes,
    a_trim_is_shared_by_classes_and_lanes,
    a_trim_reaches_the_callers_own_lane_at_once,
    a_length_has_the_class_that_just_holds_it,
    a_lane_answers_a_trim_while_it_uses_what_came_home,
    a_lane_keeps_two_batches_and_what_came_home,
    a_lane_has_no_share_of_a_trim_before_it_has_an_owner,
    the_budget_may_be_raced,
);

/// Also before anything is taken from it.
fn a_pool_says_what_its_limit_is<S: ReleaseStrategy>() {
    let pool = limited::<S>(128 << 10);
    assert_eq!((pool.stats().limit, pool.stats().bytes), (128 << 10, 0));
    drop(pool.allocate(3));
    assert_eq!(pool.stats().limit, 128 << 10);
}

fn limited<S: ReleaseStrategy>(bytes: usize) -> SharedPool<u64, S> {
    SharedPool::with_settings(SharedSettings::new().limit(bytes).max_runs(32).batch(8, 4096))
}

/// Batches of one array: a lane is supplied with no more than it asks for.
fn one_by_one<S: ReleaseStrategy>() -> SharedPool<u64, S> {
    SharedPool::with_settings(SharedSettings::new().batch(1, 4096))
}

fn the_budget_is_kept_and_the_pool_goes_on<S: ReleaseStrategy>() {
    let pool = limited::<S>(128 << 10);
    let lane = pool.lane();
    let mut arrays = Vec::new();
    let error = loop {
        match lane.try_allocate_copy(&[1; 16]) {
            Ok(array) => arrays.push(array),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AllocError::OverBudget { .. }), "{error}");
    let stats = pool.verify().unwrap();
    assert!(arrays.len() > 100 && stats.bytes <= stats.limit, "{stats:?}");
    arrays.pop();
    assert!(lane.try_allocate(16).is_ok());
}

fn no_budget_is_too_small_for_an_error<S: ReleaseStrategy>() {
    let (mut limit, mut refused) = (0, 0);
    let served = loop {
        let pool = limited::<S>(limit);
        if let Ok(array) = pool.try_allocate_copy(&[7; 16]) {
            assert_eq!(array, [7; 16]);
            break limit;
        }
        assert!(pool.try_lane().is_err() || pool.verify().is_ok());
        refused += 1;
        limit += rounds(509, 16 << 10);
    };
    assert!(refused > 0 && served < 256 << 10, "{served}");
}

fn what_a_dead_lane_left_is_used_before_new_memory<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    let dead = pool.lane();
    let late: Vec<_> = (0..20).map(|i| dead.allocate_copy(&[i; 16]).into_shared()).collect();
    drop(dead);
    // A lane that takes over nothing: another one has adopted what was left.
    let (adopted, living) = (pool.lane(), pool.lane());
    let slots = pool.stats().slots;
    drop(late);
    drop(adopted);
    let arrays: Vec<_> = (0..20).map(|i| living.allocate_copy(&[i; 16])).collect();
    assert_eq!(pool.verify().unwrap().live, arrays.len());
    assert_eq!(pool.stats().slots, slots, "nothing new was needed");
}

fn trimming_reaches_lanes_in_use_and_lanes_left<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    let fill = |lane: &arraypool::shared::Lane<'_, u64, S>| {
        drop((0..8).map(|i| lane.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    };
    let (asks, asked) = mpsc::channel::<()>();
    let (answers, answered) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let pool = &pool;
        scope.spawn(move || {
            let lane = pool.lane();
            fill(&lane);
            let array = lane.allocate(16);
            answers.send(()).unwrap();
            asked.recv().unwrap();
            // The next release brings everything to the depot.
            drop(array);
            answers.send(()).unwrap();
            asked.recv().unwrap();
        });
        answered.recv().unwrap();
        let left = pool.lane();
        let late = left.allocate_copy(&[1]).into_shared();
        drop(left);
        drop(late);
        assert!(pool.stats().in_lanes > 0 && pool.stats().waiting == 1);
        pool.trim(0);
        assert_eq!(pool.stats().waiting, 0);
        asks.send(()).unwrap();
        answered.recv().unwrap();
        let stats = pool.verify().unwrap();
        assert_eq!((stats.in_lanes, stats.live), (0, 0), "{stats:?}");
        assert!(stats.in_depot >= 8);
        asks.send(()).unwrap();
    });
    // And lanes keep arrays again.
    let lane = pool.lane();
    fill(&lane);
    assert!(pool.stats().in_lanes >= 8, "{:?}", pool.stats());
}

fn a_trim_is_kept_in_bytes<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    let lane = pool.lane();
    drop((0..8).map(|i| lane.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    let class = pool.class_stats().next().unwrap();
    pool.trim(3 * class.stride);
    lane.answer_trim();
    let stats = pool.verify().unwrap();
    assert_eq!(stats.in_lanes, 3, "{stats:?}");
    assert_eq!(stats.live, 0);
}

fn a_trim_is_shared_by_classes_and_lanes<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    let lane = pool.lane();
    drop((0..8).map(|i| lane.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    drop(lane.allocate_copy(&[1; 256]));
    let classes: Vec<_> = pool.class_stats().filter(|class| class.slots > 0).collect();
    let [short, long] = classes[..] else { panic!("two classes: {classes:?}") };
    assert!(short.in_lanes >= 8 && long.in_lanes >= 1);
    assert_eq!(pool.stats().slots, short.slots + long.slots);
    // What the shorter ones leave is a byte too few for a longer one.
    pool.trim(short.in_lanes * short.stride + long.stride - 1);
    lane.answer_trim();
    assert_eq!(pool.stats().in_lanes, short.in_lanes);
    // Two lanes have half each.
    let other = pool.lane();
    drop((0..8).map(|i| other.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    pool.trim(8 * short.stride);
    lane.answer_trim();
    other.answer_trim();
    assert_eq!(pool.verify().unwrap().in_lanes, 8);
}

fn a_trim_reaches_the_callers_own_lane_at_once<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    drop(pool.allocate_copy(&[1; 16]));
    assert!(pool.stats().in_lanes >= 1);
    pool.trim(0);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.in_lanes, stats.in_depot + stats.waiting > 0), (0, true), "{stats:?}");
}

fn a_length_has_the_class_that_just_holds_it<S: ReleaseStrategy>() {
    for length in [16, 17, 256, 257, 512, 513, 1024] {
        let pool = limited::<S>(1 << 20);
        let array = pool.allocate(length);
        let class = pool.class_stats().find(|class| class.live == 1).unwrap();
        let expected = if length <= 16 { 16 } else { length.next_power_of_two().max(256) };
        assert_eq!(class.length as usize, expected, "{length}");
        drop(array);
    }
    let pool = SharedPool::<[u64; 1 << 20], S>::new();
    let refused = pool.try_allocate(u32::MAX as usize).map(drop).unwrap_err();
    assert!(matches!(refused, AllocError::TooLarge { .. }), "{refused}");
}

fn a_lane_answers_a_trim_while_it_uses_what_came_home<S: ReleaseStrategy>() {
    let pool = one_by_one::<S>();
    let lane = pool.lane();
    drop([1, 2, 3].map(|i| lane.allocate_copy(&[i; 16]).into_shared()));
    let array = lane.allocate_copy(&[4; 16]);
    pool.trim(0);
    drop(array);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.in_lanes, stats.waiting, stats.live), (0, 0, 0), "{stats:?}");
}

fn a_lane_keeps_two_batches_and_what_came_home<S: ReleaseStrategy>() {
    let pool = one_by_one::<S>();
    let lane = pool.lane();
    drop([0; 20].map(|i| lane.allocate_copy(&[i; 16]).into_shared()));
    drop([0; 50].map(|i| lane.allocate_copy(&[i; 16])));
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost), (0, 0));
    assert!(stats.in_lanes + stats.waiting <= 2 + 20, "{stats:?}");
    // They wait until the lane has none and looks what has come home, or for a trim.
    drop([0; 20].map(|i| lane.allocate_copy(&[i; 16]).into_shared()));
    drop([0; 20].map(|i| lane.allocate_copy(&[i; 16])));
    pool.trim(0);
    lane.answer_trim();
    let stats = pool.verify().unwrap();
    assert_eq!((stats.in_lanes, stats.waiting), (0, 0), "{stats:?}");
}

fn a_lane_has_no_share_of_a_trim_before_it_has_an_owner<S: ReleaseStrategy>() {
    let pool = limited::<S>(1 << 20);
    let (lane, left) = (pool.lane(), pool.lane());
    drop((0..8).map(|i| lane.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    let stride = pool.class_stats().next().unwrap().stride;
    drop(left);
    pool.trim(4 * stride);
    lane.answer_trim();
    assert_eq!(pool.stats().in_lanes, 4, "one lane keeps all that may be kept");
    // And whoever has the other one next was not asked.
    let next = pool.lane();
    drop((0..8).map(|i| next.allocate_copy(&[i; 16])).collect::<Vec<_>>());
    next.answer_trim();
    assert!(pool.stats().in_lanes >= 4 + 8, "{:?}", pool.stats());
}

fn the_budget_may_be_raced<S: ReleaseStrategy>() {
    let pool = limited::<S>(96 << 10);
    in_threads(3, |token| {
        let Ok(lane) = pool.try_lane() else { return };
        for _ in 0..rounds(20, 1) {
            let mut arrays = Vec::new();
            while let Ok(array) = lane.try_allocate_copy(&[token as u64; 16]) {
                arrays.push(array);
                if arrays.len() > rounds(usize::MAX, 30) {
                    break;
                }
            }
            assert!(arrays.iter().all(|array| *array == [token as u64; 16]));
        }
    });
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost), (0, 0));
    assert!(stats.bytes <= stats.limit);
}
