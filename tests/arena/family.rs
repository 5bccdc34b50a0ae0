//! The family of `alloc` methods and their `try_` twins.

use core::alloc::Layout;
use core::mem::MaybeUninit;

use arraypool::{AllocError, Arena};

use crate::support::{Tally, in_every_memory};

#[test]
fn every_allocation_is_aligned_to_sixteen_and_counted_in_sixteens() {
    in_every_memory(|arena| {
        let mut used = 0;
        for size in 1..=130 {
            let block = arena.alloc_zeroed(size);
            assert_eq!(block.as_ptr().addr() % 16, 0);
            assert_eq!(block.len(), size);
            used += size.next_multiple_of(16);
            assert_eq!(arena.used_bytes(), used);
        }
    });
    let arena = Arena::new();
    arena.alloc_zeroed(100);
    assert_eq!(arena.used_bytes(), 112);
}

#[test]
fn any_power_of_two_is_an_alignment() {
    in_every_memory(|arena| {
        let mut used = 0;
        for size in [1, 16, 40, 4096] {
            for shift in 0..=12 {
                let layout = Layout::from_size_align(size, 1 << shift).unwrap();
                let block = arena.alloc_layout(layout);
                assert_eq!(block.addr().get() % layout.align(), 0);
                // SAFETY: the block is the test's own, of `size` bytes.
                unsafe { block.write_bytes(0xAB, size) };
                used += size.next_multiple_of(16);
                assert_eq!(arena.used_bytes(), used, "padding is waste, not use");
            }
        }
        assert!(arena.waste() > 0);
        let capacity: usize = arena.chunks().map(|chunk| chunk.capacity).sum();
        assert!(arena.used_bytes() + arena.waste() <= capacity);
    });
}

#[test]
fn values_stay_where_they_are_and_keep_apart() {
    in_every_memory(|arena| {
        let numbers: Vec<&mut u64> = (0..300).map(|i| arena.alloc(i)).collect();
        let slice = arena.alloc_slice_copy(&[7_u16; 33]);
        let squares = arena.alloc_slice_fill_with(100, |i| (i * i, i));
        let made = arena.alloc_with(|| [3_u8; 1000]);
        let text = arena.alloc_str("größer");
        let zeros = arena.alloc_zeroed(77);
        slice.fill(8);
        zeros.fill(9);
        *made = [4; 1000];
        text.make_ascii_uppercase();
        assert!(numbers.iter().enumerate().all(|(i, number)| **number == i as u64));
        assert!(squares.iter().enumerate().all(|(i, &pair)| pair == (i * i, i)));
        assert_eq!((&*text, made[999], slice[32]), ("GRößER", 4, 8));
    });
}

#[test]
fn closures_may_use_the_arena() {
    let arena = Arena::new();
    let outer = arena.alloc_with(|| arena.alloc(5_u32));
    let table = arena.alloc_slice_fill_with(50, |i| arena.alloc_slice_fill_with(i, |j| i * j));
    assert_eq!(**outer, 5);
    for (i, row) in table.iter().enumerate() {
        assert!(row.len() == i && row.iter().enumerate().all(|(j, &cell)| cell == i * j));
    }
}

#[test]
fn what_has_no_size_takes_no_memory() {
    let arena = Arena::new();
    #[repr(align(64))]
    struct Nothing;
    let place = (&raw const *arena.alloc(Nothing)).addr();
    assert_eq!(place % 64, 0);
    assert!(arena.alloc_slice_copy::<u64>(&[]).is_empty());
    assert!(arena.alloc_str("").is_empty());
    assert!(arena.alloc_zeroed(0).is_empty());
    assert_eq!(arena.alloc_slice_fill_with(1000, |_| ()).len(), 1000);
    let layout = Layout::from_size_align(0, 4096).unwrap();
    assert_eq!(arena.alloc_layout(layout).addr().get() % 4096, 0);
    assert_eq!(arena.chunk_count(), 0);
}

#[test]
fn values_are_not_dropped() {
    let tally = Tally::default();
    let mut arena = Arena::new();
    arena.alloc(tally.item());
    arena.alloc_slice_fill_with(5, |_| tally.item());
    arena.reset();
    drop(arena);
    assert_eq!((tally.made(), tally.dropped()), (6, 0));
}

#[test]
fn twins_return_errors_and_call_nothing() {
    let mut buffer = [MaybeUninit::uninit(); 128];
    let arena = Arena::from_buffer(&mut buffer);
    let refused = |requested: usize| {
        move |error: AllocError| {
            assert!(
                matches!(error, AllocError::OutOfMemory { requested: r, .. } if r >= requested)
            );
        }
    };
    let tally = Tally::default();
    arena
        .try_alloc_with(|| panic!("not called"))
        .map(|_: &mut [u8; 500]| ())
        .map_or_else(refused(500), drop);
    arena
        .try_alloc_slice_fill_with(100, |_| -> u64 { panic!("not called") })
        .map(drop)
        .map_or_else(refused(800), drop);
    arena.try_alloc_slice_copy(&[1_u16; 200]).map(drop).map_or_else(refused(400), drop);
    arena.try_alloc_str(&"x".repeat(300)).map(drop).map_or_else(refused(300), drop);
    arena.try_alloc_zeroed(129).map(drop).map_or_else(refused(129), drop);
    arena.try_alloc((tally.item(), [0_u8; 300])).map(drop).expect_err("too large");
    tally.assert_all_once();
    assert_eq!(arena.used_bytes(), 0, "refusals change nothing");
    assert!(arena.try_alloc([0_u8; 64]).is_ok());
}

#[test]
fn impossible_sizes_are_errors() {
    let arena = Arena::new();
    for length in [usize::MAX, usize::MAX / 8, isize::MAX as usize / 8 + 1] {
        let error = arena.try_alloc_slice_uninit::<u64>(length).unwrap_err();
        assert!(matches!(error, AllocError::TooLarge { length: l, .. } if l == length));
    }
    let aligned = Layout::from_size_align(1 << 20, 1 << (usize::BITS - 2)).unwrap();
    let largest = Layout::from_size_align(isize::MAX as usize - 15, 16).unwrap();
    for layout in [largest, aligned] {
        // Miri ends the program where a heap would say no.
        if !cfg!(miri) {
            let error = arena.try_alloc_layout(layout).unwrap_err();
            assert!(matches!(error, AllocError::OutOfMemory { .. }), "{error}");
        }
    }
    assert_eq!(arena.chunk_count(), 0);
    arena.alloc(1_u8);
}

#[test]
#[should_panic(expected = "allocation failed: out of memory: ")]
fn the_methods_without_a_twin_panic_with_the_error() {
    let mut buffer = [MaybeUninit::uninit(); 128];
    Arena::from_buffer(&mut buffer).alloc_zeroed(5000);
}
