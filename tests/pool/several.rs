//! Several types in one pool, several pools in one arena.

use core::alloc::Layout;

use arraypool::{AllocError, Arena, RawPool, ReleaseStrategy, SlotState};

use crate::support::{Table, Tally, for_every_pool, in_every_memory, pool_in};

for_every_pool!(
    one_pool_holds_arrays_of_many_types,
    a_type_that_needs_more_alignment_is_refused,
    raw_units_go_out_and_come_back,
    pools_share_an_arena_and_not_their_arrays,
);

fn raw_pool_in<'m, S: ReleaseStrategy, C: Table>(
    arena: &'m Arena<'m>,
    unit: Layout,
) -> RawPool<'m, S, C> {
    C::set(RawPool::<S, C>::builder(unit)).build_in(arena)
}

fn one_pool_holds_arrays_of_many_types<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let tally = Tally::default();
        let pool = raw_pool_in::<S, C>(arena, Layout::new::<u64>());
        let bytes = pool.try_allocate::<u8>(100).unwrap().write_with(|i| i as u8);
        let pairs = pool.try_allocate::<(u32, u64)>(9).unwrap().write_with(|i| (i as u32, 7));
        let items = pool.try_allocate(6).unwrap().write_with(|_| tally.item());
        let words = pool.try_allocate::<u16>(0).unwrap();
        let nothing = pool.try_allocate::<()>(50).unwrap();
        assert!(bytes.iter().enumerate().all(|(i, &byte)| usize::from(byte) == i));
        assert!(pairs.iter().enumerate().all(|(i, pair)| *pair == (i as u32, 7)));
        assert_eq!((words.len(), nothing.len(), items.len()), (0, 50, 6));
        assert!(bytes.capacity() >= 100 && pairs.capacity() >= 9);
        if S::RECLAIMS {
            // 100 bytes are 13 units.
            let found = pool.locate(&raw const bytes[99]).unwrap();
            assert_eq!((found.len, found.state), (13, SlotState::Owned));
            assert_eq!(bytes.capacity(), found.class as usize * 8);
        }
        drop((bytes, items));
        tally.assert_all_once();
        assert_eq!(pairs[8], (8, 7));
        drop(pairs);
        pool.verify().unwrap();
        let too_large = pool.try_allocate::<u64>(usize::MAX / 4).unwrap_err();
        assert!(matches!(too_large, AllocError::TooLarge { .. }));
    });
}

fn a_type_that_needs_more_alignment_is_refused<S: ReleaseStrategy, C: Table>() {
    #[repr(align(64))]
    struct Wide;

    let arena = Arena::new();
    let pool = raw_pool_in::<S, C>(&arena, Layout::from_size_align(4, 4).unwrap());
    assert_eq!((pool.unit_size(), pool.unit_align()), (4, 4));
    let refused = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _ = pool.try_allocate::<Wide>(3);
    }));
    assert!(refused.is_err());
    let wide = raw_pool_in::<S, C>(&arena, Layout::from_size_align(24, 256).unwrap());
    let kept: Vec<_> = (1..5).map(|n| wide.try_allocate::<[u8; 24]>(n).unwrap()).collect();
    assert!(kept.iter().all(|array| array.as_ptr().addr() % 256 == 0));
}

fn raw_units_go_out_and_come_back<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let unit = Layout::from_size_align(12, 4).unwrap();
        let mut pool = raw_pool_in::<S, C>(arena, unit);
        let raws: Vec<_> =
            (1..30).map(|units| (units, pool.try_allocate_raw(units).unwrap())).collect();
        for &(units, raw) in &raws {
            // SAFETY: the array is the test's own, of so many units of 12 bytes.
            unsafe { raw.ptr.write_bytes(units as u8, units * 12) };
        }
        for &(units, raw) in &raws {
            // SAFETY: as above.
            let last = unsafe { raw.ptr.add(units * 12 - 1) };
            // SAFETY: its last byte was written.
            let last = unsafe { last.read() };
            assert_eq!(usize::from(last), units);
            // SAFETY: the test does not use it any more.
            let released = unsafe { pool.release_raw(raw) };
            assert_eq!(released.map_err(|error| error.kind()), expected::<S>());
        }
        pool.verify().unwrap();
        pool.reset();
        pool.verify().unwrap();
    });
}

fn expected<S: ReleaseStrategy>() -> Result<(), &'static str> {
    if S::RECLAIMS { Ok(()) } else { Err("not releasable") }
}

fn pools_share_an_arena_and_not_their_arrays<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let bytes = pool_in::<u8, S, C>(arena);
        let words = pool_in::<u32, S, C>(arena);
        let mut kept = (Vec::new(), Vec::new());
        for length in 1..60 {
            kept.0.push(bytes.allocate_copy(&vec![length as u8; length]));
            kept.1.push(words.allocate_copy(&vec![length as u32; length]));
        }
        for (length, (small, large)) in (1..60).zip(kept.0.iter().zip(&kept.1)) {
            assert!(small.len() == length && small.iter().all(|&e| usize::from(e) == length));
            assert!(large.len() == length && large.iter().all(|&e| e as usize == length));
            assert_eq!(bytes.locate(large.as_ptr()), None);
            assert_eq!(words.locate(small.as_ptr()), None);
        }
        drop(kept);
        bytes.verify().unwrap();
        words.verify().unwrap();
    });
}
