//! Lanes and the depot: allocation, death, adoption, trim.

use arraypool::ReleaseStrategy;
use loom::thread;

use crate::support::{SMALL, Stage, take};

crate::for_both!(
    two_lanes_allocate_at_once,
    a_lane_is_left_while_its_array_comes_home,
    a_lane_is_left_with_what_came_home,
    a_lane_is_adopted_while_the_pool_is_trimmed,
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
