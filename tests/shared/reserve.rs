//! What a lane brings to the depot: it comes back to that lane, unless another needs it.

use arraypool::ReleaseStrategy;
use arraypool::shared::{Lane, LaneArray, SharedPool, SharedSettings};

for_reclaiming_strategies!(
    a_surplus_comes_back_to_the_lane_that_brought_it,
    another_lane_takes_it_before_new_memory,
    it_stays_for_the_next_owner_and_for_others,
    lanes_without_an_owner_are_asked_first,
    a_refill_is_one_batch_wherever_it_is_from,
);

/// A lane keeps eight arrays at most, and the depot the rest.
const SETTINGS: SharedSettings = SharedSettings::new().batch(4, 1 << 20);

type Taken<'l, S> = Vec<LaneArray<'l, 'l, u64, S>>;

fn take<'l, S: ReleaseStrategy>(lane: &'l Lane<'_, u64, S>, count: u64) -> Taken<'l, S> {
    (0..count).map(|i| lane.allocate_copy(&[i])).collect()
}

fn places<S: ReleaseStrategy>(arrays: &Taken<'_, S>) -> Vec<*const u64> {
    arrays.iter().map(|array| array.as_ptr()).collect()
}

/// Slots that were ever given to a lane.
fn cut<S: ReleaseStrategy>(pool: &SharedPool<u64, S>) -> usize {
    let stats = pool.verify().unwrap();
    stats.live + stats.in_lanes + stats.in_depot + stats.waiting
}

fn a_surplus_comes_back_to_the_lane_that_brought_it<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::with_settings(SETTINGS);
    let (here, there) = (pool.lane(), pool.lane());
    let (mine, theirs) = (take(&here, 24), take(&there, 24));
    let (here_before, there_before) = (places(&mine), places(&theirs));
    drop((mine, theirs));
    let stats = pool.verify().unwrap();
    assert!(stats.in_depot >= 32 && stats.in_lanes <= 16, "{stats:?}");
    let before = cut(&pool);
    let (mine, theirs) = (take(&here, 24), take(&there, 24));
    assert!(!places(&mine).iter().any(|place| there_before.contains(place)));
    assert!(!places(&theirs).iter().any(|place| here_before.contains(place)));
    assert_eq!(cut(&pool), before);
}

fn another_lane_takes_it_before_new_memory<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::with_settings(SETTINGS);
    let (here, there) = (pool.lane(), pool.lane());
    drop(take(&here, 24));
    let (stats, before) = (pool.verify().unwrap(), cut(&pool));
    let theirs = take(&there, stats.in_depot as u64);
    assert_eq!((pool.stats().in_depot, cut(&pool)), (0, before));
    // All else is on the other lane's shelf.
    let more = take(&there, 1);
    assert!(cut(&pool) > before);
    assert_eq!(pool.stats().live, theirs.len() + more.len());
}

fn it_stays_for_the_next_owner_and_for_others<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::with_settings(SETTINGS);
    let (here, there) = (pool.lane(), pool.lane());
    let (mine, theirs) = (take(&here, 24), take(&there, 24));
    let (here_before, there_before) = (places(&mine), places(&theirs));
    drop((mine, theirs));
    drop(here);
    drop(there);
    let (stats, before) = (pool.verify().unwrap(), cut(&pool));
    assert_eq!((stats.in_lanes, stats.in_depot), (0, before), "{stats:?}");
    // Whoever was left last is adopted first.
    let (there, here) = (pool.lane(), pool.lane());
    assert_eq!(pool.stats().lanes, 2, "both were adopted");
    let (mine, theirs) = (take(&here, 12), take(&there, 12));
    assert!(!places(&mine).iter().any(|place| there_before.contains(place)));
    assert!(!places(&theirs).iter().any(|place| here_before.contains(place)));
    drop((mine, theirs));
    drop(here);
    // What nobody has goes to whoever asks, before anything new.
    let rest = pool.verify().unwrap();
    assert_eq!(take(&there, (rest.in_lanes + rest.in_depot) as u64).len(), before);
    assert_eq!(cut(&pool), before);
}

fn lanes_without_an_owner_are_asked_first<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::with_settings(SETTINGS);
    let (asks, left, lives) = (pool.lane(), pool.lane(), pool.lane());
    let (old, mine) = (take(&left, 24), take(&lives, 24));
    let before = places(&mine);
    drop((old, mine));
    drop(left);
    // The shelf of the lane that was left, and what it had brought.
    let taken = take(&asks, 24);
    assert!(!places(&taken).iter().any(|place| before.contains(place)));
}

/// A batch is four slots, of which one goes to whoever asked.
fn a_refill_is_one_batch_wherever_it_is_from<S: ReleaseStrategy>() {
    let pool = SharedPool::<u64, S>::with_settings(SETTINGS);
    let (here, there) = (pool.lane(), pool.lane());
    let raws: Vec<_> = (0..8).map(|i| here.allocate_copy(&[i]).into_shared().into_raw()).collect();
    let mut late: Vec<_> = (0..4).map(|i| there.allocate_copy(&[i]).into_shared()).collect();
    drop(take(&there, 20));
    // What is on its shelf then is for all, and what it brought stays beside the lane.
    let brought = pool.verify().unwrap().in_depot;
    assert_eq!(brought % 4, 0);
    drop(there);
    let mut held = Vec::new();
    let in_depot = || pool.verify().unwrap().in_depot;
    while in_depot() > brought || pool.stats().in_lanes > 0 {
        held.extend(take(&here, 1));
    }
    // One slot comes home to the lane that was left, and the rest is of what it brought.
    drop(late.pop());
    held.extend(take(&here, 1));
    let stats = pool.verify().unwrap();
    assert_eq!((stats.in_lanes, stats.in_depot, stats.waiting), (3, brought - 3, 0), "{stats:?}");
    // Its next owner finds all of it but one in whole batches, and that one with three others.
    let there = pool.lane();
    held.extend(take(&here, 3));
    let theirs = take(&there, brought as u64 - 4);
    for raw in raws {
        // SAFETY: nobody uses the array.
        unsafe { pool.release_raw(raw) }.unwrap();
    }
    let last = take(&there, 1);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.in_lanes, stats.in_depot, stats.waiting), (3, 0, 5), "{stats:?}");
    assert_eq!(stats.live, held.len() + theirs.len() + last.len() + late.len());
}
