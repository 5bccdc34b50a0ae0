//! Lanes and the depot: allocation, death, adoption, trim.

use arraypool::ReleaseStrategy;
use loom::thread;

use crate::support::{SMALL, Stage, take};

crate::for_both!(
    two_lanes_allocate_at_once,
    a_lane_takes_what_another_brings,
    a_lane_is_left_while_its_array_comes_home,
    a_lane_is_left_with_what_came_home,
    a_lane_is_adopted_while_the_pool_is_trimmed,
    a_lane_is_trimmed_that_uses_what_came_home,
    a_lane_is_trimmed_while_it_answers,
    a_lane_is_trimmed_while_it_brings_a_batch,
);

/// Catches a depot that is used without its lock, or gives one slot to two lanes:
/// both threads take their first array, and what the other one leaves, at once.
fn two_lanes_allocate_at_once<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let work = move |token: usize, watch: &crate::support::Watch| {
        let lane = pool.lane();
        let array = lane.allocate(2);
        watch.enter(&array, token);
        watch.check(&array, token);
    };
    let theirs = stage.watch();
    let thread = thread::spawn(move || work(1, &theirs));
    work(2, &watch);
    thread.join().unwrap();
    stage.assert_all_home();
}

/// Catches a reserve that is touched without the lock: one lane brings an array to the
/// depot and takes one again, and another, which has none, takes what it finds.
fn a_lane_takes_what_another_brings<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let arrays = [(); 4].map(|()| lane.allocate(2));
    for array in &arrays {
        watch.enter(array, 0);
    }
    let theirs = stage.watch();
    let thread = thread::spawn(move || {
        let lane = pool.lane();
        let array = lane.allocate(2);
        theirs.enter(&array, 1);
        theirs.check(&array, 1);
    });
    drop(arrays);
    let again = [(); 3].map(|()| lane.allocate(2));
    for (array, token) in again.iter().zip(2..) {
        watch.enter(array, token);
        watch.check(array, token);
    }
    drop(again);
    thread.join().unwrap();
    drop(lane);
    stage.assert_all_home();
}

/// Catches a lane that is flushed or adopted while pushes onto its returns are
/// lost, and one whose next owner unpacks what was not published.
fn a_lane_is_left_while_its_array_comes_home<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let array = take(&lane, &watch, 1);
    let kept = take(&lane, &watch, 2);
    let theirs = stage.watch();
    let thread = thread::spawn(move || {
        theirs.check(&array, 1);
        drop(array);
    });
    drop(kept);
    drop(lane);
    let next = pool.lane();
    let again = [take(&next, &watch, 3), take(&next, &watch, 4)];
    watch.check(&again[0], 3);
    watch.check(&again[1], 4);
    drop(again);
    thread.join().unwrap();
    drop(next);
    stage.assert_all_home();
}

/// Catches a lane that is left with arrays which came home and are on its list, and
/// which are forgotten, counted twice or not at all; and a next owner that takes what
/// comes home meanwhile for them.
fn a_lane_is_left_with_what_came_home<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let array = take(&lane, &watch, 1);
    let two = [take(&lane, &watch, 2), take(&lane, &watch, 3)];
    drop(two);
    let theirs = stage.watch();
    let thread = thread::spawn(move || {
        theirs.check(&array, 1);
        drop(array);
    });
    let kept = take(&lane, &watch, 4);
    drop(lane);
    let next = pool.lane();
    let again = [take(&next, &watch, 5), take(&next, &watch, 6)];
    watch.check(&kept, 4);
    watch.check(&again[0], 5);
    watch.check(&again[1], 6);
    drop((kept, again));
    thread.join().unwrap();
    drop(next);
    stage.assert_all_home();
}

/// Catches a trim that unpacks the returns of a lane which somebody has just
/// adopted, and unpacks them too.
fn a_lane_is_adopted_while_the_pool_is_trimmed<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    let arrays = [take(&lane, &watch, 1), take(&lane, &watch, 2)];
    drop(lane);
    drop(arrays);
    let thread = thread::spawn(move || pool.trim(0));
    let lane = pool.lane();
    let arrays = [take(&lane, &watch, 3), take(&lane, &watch, 4)];
    watch.check(&arrays[0], 3);
    watch.check(&arrays[1], 4);
    drop(arrays);
    thread.join().unwrap();
    drop(lane);
    stage.assert_all_home();
}

/// A lane that was asked to keep nothing has given all but what was released since.
#[track_caller]
fn assert_answered<S: ReleaseStrategy>(stage: &Stage<S>) {
    let stats = stage.pool().stats();
    assert!(stats.in_lanes + stats.waiting <= 1, "{stats:?}");
}

/// Catches an owner that does not look up because what it has is counted as waiting:
/// it has taken an array of those that came home.
fn a_lane_is_trimmed_that_uses_what_came_home<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let (pool, watch) = (stage.pool(), stage.watch());
    let lane = pool.lane();
    drop([take(&lane, &watch, 1), take(&lane, &watch, 2)]);
    let used = lane.allocate(2);
    let thread = thread::spawn(move || pool.trim(0));
    drop(lane.allocate(2));
    thread.join().unwrap();
    drop(used);
    assert_answered(&stage);
    drop(lane);
    stage.assert_all_home();
}

/// Catches a request that comes while the owner answers another one, and of which
/// nothing is left that would make the owner look up.
fn a_lane_is_trimmed_while_it_answers<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let pool = stage.pool();
    let lane = pool.lane();
    let [first, second] = [lane.allocate(2), lane.allocate(2)];
    pool.trim(1 << 20);
    let thread = thread::spawn(move || pool.trim(0));
    drop(first);
    thread.join().unwrap();
    drop(second);
    assert_answered(&stage);
    drop(lane);
    stage.assert_all_home();
}

/// The same while the owner brings a batch to the depot, and was asked for nothing.
fn a_lane_is_trimmed_while_it_brings_a_batch<S: ReleaseStrategy>() {
    let stage = Stage::<S>::new(SMALL);
    let pool = stage.pool();
    let lane = pool.lane();
    let [first, second, third] = [(); 3].map(|()| lane.allocate(2));
    drop((first, second));
    let thread = thread::spawn(move || pool.trim(0));
    drop(third);
    thread.join().unwrap();
    drop(lane.allocate(2));
    assert_answered(&stage);
    drop(lane);
    stage.assert_all_home();
}
