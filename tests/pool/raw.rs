//! Arrays held by hand: generations, bare addresses, and every wrong release.

use core::ptr::{self, NonNull};

use arraypool::{Arena, ArrayPool, RawArray, ReleaseError, ReleaseStrategy, SlotState};

use crate::support::{
    Table, class_of, for_every_pool, for_reclaiming_pools, in_every_memory, pool, pool_in,
    release_ptr, release_raw, rounds,
};

mod every {
    use super::{
        addresses_from_elsewhere_are_foreign, arrays_without_a_slot_go_back, for_every_pool,
    };

    for_every_pool!(addresses_from_elsewhere_are_foreign, arrays_without_a_slot_go_back);
}

for_reclaiming_pools!(
    an_array_goes_back_once,
    a_stale_array_is_known_after_reuse,
    an_array_comes_back_under_care,
    an_owned_array_is_not_released_by_hand,
    every_byte_of_an_array_leads_to_it,
    an_interior_address_names_its_array,
    after_a_reset_everything_is_stale,
    generations_go_on_across_resets,
);

#[track_caller]
fn assert_kind(result: Result<(), ReleaseError>, kind: &str) {
    assert_eq!(result.map_err(|error| error.kind()), Err(kind));
}

fn an_array_goes_back_once<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let pool = pool_in::<u32, S, C>(arena);
        for length in [1, 5, 17, 300] {
            let raw = pool.allocate_with(length, |i| i as u32).into_raw();
            assert_eq!(release_raw(&pool, raw), Ok(()));
            let error = release_raw(&pool, raw).unwrap_err();
            assert!(matches!(error, ReleaseError::AlreadyReleased { .. }), "{error}");
            assert_eq!(error.address(), raw.ptr.addr().get());
            assert_kind(release_ptr(&pool, raw.ptr.as_ptr()), "already released");
            let raw = pool.try_allocate_raw(length).unwrap();
            assert_eq!(release_ptr(&pool, raw.ptr.as_ptr()), Ok(()));
            assert_kind(release_raw(&pool, raw), "already released");
            assert_eq!(pool.verify().unwrap().live, 0);
        }
    });
}

fn a_stale_array_is_known_after_reuse<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    let first = pool.try_allocate_raw(5).unwrap();
    assert_eq!((first.generation, release_raw(&pool, first)), (1, Ok(())));
    let second = pool.try_allocate_raw(5).unwrap();
    assert_eq!((second.ptr, second.generation), (first.ptr, 2));
    let error = release_raw(&pool, first).unwrap_err();
    let ReleaseError::Stale { generation, current, address, .. } = error else { panic!("{error}") };
    assert_eq!((generation, current, address), (1, 2, first.ptr.addr().get()));
    let owned = {
        assert_eq!(release_raw(&pool, second), Ok(()));
        assert_kind(release_raw(&pool, first), "stale");
        assert_kind(release_raw(&pool, second), "already released");
        pool.allocate_copy(&[1, 2, 3, 4, 5])
    };
    assert_kind(release_raw(&pool, first), "stale");
    assert_kind(release_raw(&pool, second), "stale");
    let future = RawArray { generation: 77, ..second };
    assert_kind(release_raw(&pool, future), "stale");
    assert_eq!(owned, [1, 2, 3, 4, 5]);
    drop(owned);
    pool.verify().unwrap();
}

fn an_array_comes_back_under_care<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<String, S, C>();
    for length in [1, 5, 20, 300] {
        let raw = pool.allocate_with(length, |i| i.to_string()).into_raw();
        // SAFETY: the elements were just made, and only the handle is used.
        let array = unsafe { pool.from_raw(raw) }.unwrap();
        assert_eq!(array.len(), length);
        assert!(array.iter().enumerate().all(|(i, text)| *text == i.to_string()));
        // SAFETY: nothing comes of it: the call fails.
        let error = unsafe { pool.from_raw(raw) }.unwrap_err();
        assert_eq!(error.kind(), "owned");
        drop(array);
        // SAFETY: as above.
        let error = unsafe { pool.from_raw(raw) }.unwrap_err();
        assert_eq!(error.kind(), "already released");
    }
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn an_owned_array_is_not_released_by_hand<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    let array = pool.allocate_with(7, |i| i as u32);
    let error = release_ptr(&pool, array.as_ptr()).unwrap_err();
    assert!(matches!(error, ReleaseError::Owned { length: 7, .. }), "{error}");
    let ptr = NonNull::new(array.as_ptr().cast_mut()).unwrap();
    for generation in [1, 2, u32::MAX] {
        let kind = if generation == 1 { "owned" } else { "stale" };
        assert_kind(release_raw(&pool, RawArray { ptr, generation }), kind);
    }
    assert_eq!(array, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(array.release(), Ok(()));
}

fn addresses_from_elsewhere_are_foreign<S: ReleaseStrategy, C: Table>() {
    let arena = Arena::new();
    let pool = pool_in::<u32, S, C>(&arena);
    let neighbour = pool_in::<u32, S, C>(&arena);
    let mine = pool.allocate_with(3, |i| i as u32);
    let other = neighbour.allocate_with(3, |i| i as u32);
    let (plain, local) = (arena.alloc(7_u32), 7_u32);
    let in_the_arena = [other.as_ptr(), other.as_ptr().wrapping_sub(1), &raw const *plain];
    for &pointer in &in_the_arena {
        let kind = if S::RECLAIMS { "foreign" } else { "not releasable" };
        if S::RECLAIMS || arena.owns(pointer) {
            assert_kind(release_ptr(&pool, pointer), kind);
        }
        assert_eq!(pool.locate(pointer), None);
    }
    let elsewhere =
        [&raw const local, ptr::null(), ptr::dangling(), ptr::without_provenance(usize::MAX)];
    for pointer in elsewhere {
        assert_kind(release_ptr(&pool, pointer), "foreign");
        assert_eq!(pool.locate(pointer), None);
    }
    // A generation of 0 belongs to arrays without a slot and is no passport.
    for pointer in elsewhere.into_iter().filter(|pointer| pointer.addr() > 4096) {
        for generation in [0, 1, u32::MAX] {
            let ptr = NonNull::new(pointer.cast_mut()).unwrap();
            assert_kind(release_raw(&pool, RawArray { ptr, generation }), "foreign");
        }
    }
    assert_eq!((mine[2], other[2], *plain), (2, 2, 7));
    pool.verify().unwrap();
}

fn arrays_without_a_slot_go_back<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u32, S, C>();
    let empty = pool.allocate_copy(&[]).into_raw();
    let made = pool.try_allocate_raw(0).unwrap();
    assert_eq!((empty.generation, made.generation), (0, 0));
    assert_eq!((release_raw(&pool, empty), release_raw(&pool, made)), (Ok(()), Ok(())));
    // SAFETY: it has no elements.
    assert!(unsafe { pool.from_raw(empty) }.unwrap().is_empty());
    let raw = pool.try_allocate_raw(5).unwrap();
    pool.reset();
    assert!(release_raw(&pool, raw).is_err(), "after a reset it is an error");
    assert!(release_ptr(&pool, raw.ptr.as_ptr()).is_err());
}

fn every_byte_of_an_array_leads_to_it<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let pool = pool_in::<u16, S, C>(arena);
        for length in [1, 3, 16, 17, 40, 300] {
            let class = class_of::<C>(length);
            let array = pool.allocate_with(length, |i| i as u16);
            let raw = pool.try_allocate_raw(length).unwrap();
            let starts = [(array.as_ptr(), SlotState::Owned), (raw.ptr.as_ptr(), SlotState::Raw)];
            for (start, state) in starts {
                for offset in (0..class * 2).step_by(rounds(1, 29)) {
                    let found = pool.locate(start.cast::<u8>().wrapping_add(offset)).unwrap();
                    assert_eq!((found.start, found.len), (start.cast(), length));
                    assert_eq!((found.class as usize, found.state), (class, state));
                }
            }
            assert_eq!(release_raw(&pool, raw), Ok(()));
            let found = pool.locate(raw.ptr.as_ptr()).unwrap();
            assert_eq!((found.len, found.state), (0, SlotState::Free));
        }
    });
}

fn an_interior_address_names_its_array<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u16, S, C>();
    for length in [1, 3, 17, 300] {
        let raw = pool.try_allocate_raw(length).unwrap();
        let class = class_of::<C>(length);
        for offset in (1..class * 2).step_by(rounds(1, 29)) {
            let inside = raw.ptr.as_ptr().cast::<u8>().wrapping_add(offset).cast::<u16>();
            let error = release_ptr(&pool, inside).unwrap_err();
            let ReleaseError::Interior { address, start, class_length, .. } = error else {
                panic!("{error}");
            };
            assert_eq!((address, start), (inside.addr(), raw.ptr.addr().get()));
            assert_eq!(class_length as usize, class);
            let ptr = NonNull::new(inside).unwrap();
            assert_kind(release_raw(&pool, RawArray { ptr, ..raw }), "interior");
        }
        assert_eq!(release_raw(&pool, raw), Ok(()));
    }
    pool.verify().unwrap();
}

fn after_a_reset_everything_is_stale<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u32, S, C>();
    let kept: Vec<_> = (0..40).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
    let released = pool.try_allocate_raw(5).unwrap();
    assert_eq!(release_raw(&pool, released), Ok(()));
    let slots = pool.stats().slots;
    pool.reset();
    assert_eq!((pool.stats().live, pool.stats().free, pool.stats().slots), (0, 0, slots));
    for &raw in kept.iter().chain([&released]) {
        assert_kind(release_raw(&pool, raw), "stale");
        // SAFETY: the array is stale: there will be no handle.
        assert_kind(unsafe { pool.from_raw(raw) }.map(drop), "stale");
        assert_kind(release_ptr(&pool, raw.ptr.as_ptr()), "already released");
        assert_eq!(pool.locate(raw.ptr.as_ptr()), None);
        let inside = raw.ptr.as_ptr().wrapping_add(1);
        assert!(release_ptr(&pool, inside).is_err());
    }
    // Cut anew, in the same memory: by generation they still are stale.
    let again: Vec<_> = (0..41).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
    assert_eq!(pool.stats().slots, slots, "no new memory");
    for raw in kept.iter().chain([&released]) {
        assert!(again.iter().any(|new| new.ptr == raw.ptr && new.generation > raw.generation));
        assert_kind(release_raw(&pool, *raw), "stale");
        // SAFETY: as above.
        assert_kind(unsafe { pool.from_raw(*raw) }.map(drop), "stale");
    }
    for raw in again {
        assert_eq!(release_raw(&pool, raw), Ok(()));
    }
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn generations_go_on_across_resets<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u32, S, C>();
    let mut before: Vec<RawArray<u32>> = Vec::new();
    for round in 0..5 {
        let raws: [_; 2] = [(); 2].map(|()| pool.try_allocate_raw(3).unwrap());
        for old in &before {
            assert_kind(release_raw(&pool, *old), "stale");
            let reused = raws.iter().find(|raw| raw.ptr == old.ptr).unwrap();
            assert!(reused.generation > old.generation);
        }
        if round % 2 == 0 {
            assert_eq!(release_raw(&pool, raws[0]), Ok(()));
        }
        before.extend(raws);
        pool.reset();
        pool.verify().unwrap();
    }
}

#[test]
fn raw_arrays_are_plain_values() {
    let pool = ArrayPool::<u32>::new();
    let raw = pool.try_allocate_raw(3).unwrap();
    let copy = raw;
    assert_eq!(raw, copy);
    assert_ne!(raw, RawArray { generation: 9, ..raw });
    assert_eq!(raw.cast::<u8>().ptr.addr(), raw.ptr.addr());
    assert!(format!("{raw:?}").starts_with("RawArray { ptr: 0x"));
    assert_eq!(release_raw(&pool, copy), Ok(()));
}
