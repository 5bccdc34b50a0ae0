//! Bookkeeping that a stray write has reached: found, counted, never followed.

use core::cell::Cell;

use arraypool::shared::{SharedPool, SharedSettings};
use arraypool::{AllocError, ReleaseError, Tagged};

std::thread_local! {
    static REPORTED: Cell<usize> = const { Cell::new(0) };
}

fn count(_: &ReleaseError) {
    REPORTED.set(REPORTED.get() + 1);
}

const SETTINGS: SharedSettings = SharedSettings::new().batch(4, 4096).on_corruption(count);

/// Writes over the bookkeeping in front of an array.
///
/// # Safety
/// The array is one of a `Tagged` pool, live or free.
unsafe fn overwrite(elements: *mut u64) {
    // SAFETY: a header of at least two words lies in front of the elements.
    let header = unsafe { elements.sub(2) };
    // SAFETY: as above; any bits are a word.
    unsafe { header.write(0x4141_4141_4141_4141) };
}

#[test]
fn a_live_array_that_was_overwritten_is_abandoned() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut mine = lane.allocate_copy(&[1, 2]);
    let mut theirs = lane.allocate_copy(&[1, 2]).into_shared();
    let mut last = pool.allocate_copy(&[1, 2]);
    // SAFETY: live arrays.
    unsafe { overwrite(mine.as_mut_ptr()) };
    // SAFETY: as above.
    unsafe { overwrite(theirs.as_mut_ptr()) };
    // SAFETY: as above.
    unsafe { overwrite(last.as_mut_ptr()) };
    assert!(matches!(mine.release(), Err(ReleaseError::Corrupted { .. })));
    assert!(matches!(theirs.send_home(), Err(ReleaseError::Corrupted { .. })));
    assert_eq!(REPORTED.get(), 0);
    drop(last);
    assert_eq!(REPORTED.get(), 1);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost, stats.corrupted), (0, 3, 3));
}

#[test]
fn an_array_held_by_hand_that_was_overwritten_is_counted() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let raw = pool.try_allocate_raw(2).unwrap();
    // SAFETY: a header of two words lies in front of the elements.
    let header = unsafe { raw.ptr.as_ptr().sub(2) };
    // SAFETY: as above.
    let before = unsafe { header.read() };
    // SAFETY: a live array.
    unsafe { overwrite(raw.ptr.as_ptr()) };
    // SAFETY: nobody uses the array afterwards.
    let refused = unsafe { pool.release_raw(raw) };
    assert!(matches!(refused, Err(ReleaseError::Corrupted { .. })), "{refused:?}");
    assert_eq!((pool.stats().corrupted, pool.stats().lost), (1, 0));
    assert!(pool.verify().is_err());
    // It was not abandoned: who overwrote it may have had no right to it.
    // SAFETY: as above; it is what was there.
    unsafe { header.write(before) };
    // SAFETY: nobody uses the array afterwards.
    assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// What was issued of a chain that came home waited once: it is not lost with what waits.
#[test]
fn two_lists_that_were_overwritten_lose_no_more_than_they_had() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut home: Vec<_> = (0..4).map(|i| lane.allocate_copy(&[i]).into_shared()).collect();
    let places: Vec<_> = home.iter_mut().map(|array| array.as_mut_ptr()).collect();
    let mut kept = Vec::new();
    while kept.is_empty() || pool.stats().in_lanes > 0 {
        kept.push(lane.allocate(1));
    }
    let late = home.pop().unwrap();
    drop(home);
    // The chain of three is the lane's list now, and one of them is live.
    kept.push(lane.allocate(1));
    drop(late);
    // SAFETY: slots of the pool: the head of the lane's list, and what came home later.
    unsafe { overwrite(places[1]) };
    // SAFETY: as above.
    unsafe { overwrite(places[3]) };
    assert!(matches!(lane.try_allocate(1), Err(AllocError::Corrupted { .. })));
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost), (kept.len(), 3));
    drop(kept);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost), (0, 3));
}

#[test]
fn a_free_array_that_was_overwritten_is_never_followed() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut arrays: Vec<_> = (0..3).map(|i| lane.allocate_copy(&[i])).collect();
    let head = arrays[2].as_mut_ptr();
    drop(arrays);
    // SAFETY: a free array, whose memory is the pool's.
    unsafe { overwrite(head) };
    assert!(pool.verify().is_err());
    let error = lane.try_allocate(1).unwrap_err();
    assert!(matches!(error, AllocError::Corrupted { class_length: 16, .. }), "{error}");
    assert_eq!(lane.allocate_copy(&[5])[0], 5);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.corrupted), (0, 1));
    assert!(stats.lost >= 3, "{stats:?}");
}

#[test]
fn an_array_that_is_overwritten_on_its_way_home_is_never_followed() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut arrays: Vec<_> = (0..8).map(|i| lane.allocate_copy(&[i]).into_shared()).collect();
    let middle = arrays[5].as_mut_ptr();
    drop(arrays);
    assert_eq!(pool.stats().waiting, 8);
    // SAFETY: a free array, whose memory is the pool's.
    unsafe { overwrite(middle) };
    // Whatever is handed out from here on does not overlap and can be given back.
    let again: Vec<_> = (0..20).filter_map(|i| lane.try_allocate_copy(&[i; 4]).ok()).collect();
    assert!(again.len() >= 19);
    assert!(again.iter().all(|array| array.iter().all(|one| *one == array[0])));
    drop(again);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.waiting, stats.corrupted), (0, 0, 1));
    assert!(stats.lost >= 1, "{stats:?}");
}

#[test]
fn an_array_released_by_hand_that_is_overwritten_in_the_depot_is_counted() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let raws = [0; 3].map(|_| pool.try_allocate_raw(2).unwrap());
    for raw in raws {
        // SAFETY: nobody uses the array afterwards.
        assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
    }
    // SAFETY: a free array, whose memory is the pool's: the one that came last.
    unsafe { overwrite(raws[2].ptr.as_ptr()) };
    assert_eq!(pool.stats().corrupted, 0);
    let lane = pool.lane();
    assert_eq!(lane.allocate_copy(&[5])[0], 5);
    let stats = pool.stats();
    assert_eq!((stats.corrupted, stats.lost >= 1), (1, true), "{stats:?}");
}

#[test]
fn what_came_home_to_a_lane_that_was_left_is_looked_at_before_it_is_used() {
    let one_by_one = SETTINGS.batch(1, 4096);
    let pool = SharedPool::<u64, Tagged>::with_settings(one_by_one);
    let (lane, left) = (pool.lane(), pool.lane());
    let mut arrays: Vec<_> = (0..3).map(|i| left.allocate_copy(&[i]).into_shared()).collect();
    let last = arrays[2].as_mut_ptr();
    drop(left);
    arrays.drain(..).for_each(drop);
    assert_eq!(pool.stats().waiting, 3);
    // SAFETY: a free array, whose memory is the pool's.
    unsafe { overwrite(last) };
    assert_eq!(lane.allocate_copy(&[5])[0], 5);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.corrupted, stats.lost, stats.waiting, stats.live), (1, 3, 0, 0), "{stats:?}");
}

#[test]
fn an_array_without_a_generation_is_not_one_without_a_slot() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let mut array = pool.allocate_copy(&[1, 2]);
    // SAFETY: a live array.
    unsafe { overwrite(array.as_mut_ptr()) };
    let raw = array.into_raw();
    assert_eq!(raw.generation, 0);
    // SAFETY: nobody uses the array afterwards.
    let refused = unsafe { pool.release_raw(raw) };
    assert!(matches!(refused, Err(ReleaseError::Corrupted { .. })), "{refused:?}");
}

#[test]
fn free_arrays_that_are_overwritten_in_the_depot_are_counted() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut arrays: Vec<_> = (0..8).map(|i| lane.allocate_copy(&[i])).collect();
    let places: Vec<_> = arrays.iter_mut().map(|array| array.as_mut_ptr()).collect();
    drop(arrays);
    drop(lane);
    assert!(pool.stats().in_depot >= 8, "{:?}", pool.stats());
    for place in places {
        // SAFETY: a free array, whose memory is the pool's.
        unsafe { overwrite(place) };
    }
    let lane = pool.lane();
    let again: Vec<_> = (0..20).map(|i| lane.try_allocate_copy(&[i])).collect();
    let refused: Vec<_> = again.iter().filter_map(|array| array.as_ref().err()).collect();
    // Two lists: what the lane had brought, and what it had on its shelf when it was left.
    let [AllocError::Corrupted { class_length: 16, .. }, AllocError::Corrupted { .. }] =
        refused[..]
    else {
        panic!("{refused:?}")
    };
    let stats = pool.stats();
    assert_eq!((stats.corrupted, stats.lost), (2, 8), "{stats:?}");
}

#[test]
fn what_another_lane_brought_is_looked_at_before_it_is_used() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let (lane, other) = (pool.lane(), pool.lane());
    let mut arrays: Vec<_> = (0..32).map(|i| other.allocate_copy(&[i])).collect();
    let places: Vec<_> = arrays.iter_mut().map(|array| array.as_mut_ptr()).collect();
    drop(arrays);
    let before = pool.verify().unwrap();
    assert!(before.in_lanes <= 8 && before.in_depot >= 24, "{before:?}");
    for place in places {
        // SAFETY: a free array, whose memory is the pool's.
        unsafe { overwrite(place) };
    }
    let refused = lane.try_allocate_copy(&[1]).map(drop);
    assert!(matches!(refused, Err(AllocError::Corrupted { class_length: 16, .. })), "{refused:?}");
    let stats = pool.stats();
    assert_eq!((stats.corrupted, stats.lost, stats.in_depot), (1, before.in_depot, 0), "{stats:?}");
    assert_eq!(lane.allocate_copy(&[5])[0], 5);
    assert_eq!((pool.stats().corrupted, pool.stats().lost), (1, before.in_depot));
}

#[test]
fn a_break_within_what_was_brought_loses_what_lies_behind_it() {
    let pool = SharedPool::<u64, Tagged>::with_settings(SETTINGS);
    let lane = pool.lane();
    let mut arrays: Vec<_> = (0..32).map(|i| lane.allocate_copy(&[i])).collect();
    let places: Vec<_> = arrays.iter_mut().map(|array| array.as_mut_ptr()).collect();
    drop(arrays);
    let before = pool.verify().unwrap();
    // Released among the first, thus brought with one of the first batches: others came after.
    // SAFETY: a free array, whose memory is the pool's.
    unsafe { overwrite(places[6]) };
    let again: Vec<_> = (0..40).map(|i| lane.try_allocate_copy(&[i])).collect();
    let refused = again.iter().filter_map(|array| array.as_ref().err()).collect::<Vec<_>>();
    assert!(matches!(refused[..], [AllocError::Corrupted { class_length: 16, .. }]), "{refused:?}");
    let stats = pool.verify().unwrap();
    assert_eq!((stats.corrupted, stats.live), (1, 39), "{stats:?}");
    assert!((1..before.in_depot).contains(&stats.lost), "{stats:?}");
}
