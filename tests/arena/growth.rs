//! How chunks grow, are kept and given back.

use core::alloc::Layout;
use core::ptr;
use std::thread;
use std::time::Instant;

use arraypool::{AllocError, Arena};

use crate::support::source::CheckedSource;
use crate::support::take;

fn capacities(arena: &Arena<'_>) -> Vec<usize> {
    arena.chunks().map(|chunk| chunk.capacity).collect()
}

#[test]
fn an_arena_without_allocations_has_no_memory() {
    let mut arena = Arena::new();
    assert_eq!((arena.allocated_bytes(), arena.used_bytes(), arena.chunk_count()), (0, 0, 0));
    assert!(!arena.owns(ptr::without_provenance::<u8>(16)));
    arena.reset();
    arena.clear();
    assert_eq!(arena.stats(), Arena::new().stats());
}

#[test]
fn chunks_double_from_four_to_sixty_four_kib() {
    let arena = Arena::new();
    while arena.chunk_count() < 4 {
        take(&arena, 512);
    }
    assert_eq!(capacities(&arena), [4 << 10, 8 << 10, 16 << 10, 32 << 10]);
    assert_eq!(arena.allocated_bytes(), 60 << 10);
    while arena.chunk_count() < 7 {
        take(&arena, 4096);
    }
    assert_eq!(capacities(&arena)[4..], [64 << 10; 3]);
}

#[test]
fn a_builder_sets_where_growth_starts_and_stops() {
    let arena = Arena::builder().initial_chunk(1000).max_chunk(2048).build();
    while arena.chunk_count() < 4 {
        take(&arena, 16);
    }
    assert_eq!(capacities(&arena), [1008, 2016, 2048, 2048]);
    let arena = Arena::builder().initial_chunk(0).max_chunk(0).build();
    arena.alloc(1_u8);
    assert_eq!(capacities(&arena), [64]);
}

#[test]
fn a_maximum_that_was_set_cuts_the_first_chunk_whatever_it_is() {
    for maximum in [1 << 15, 1 << 16, 1 << 17] {
        let arena = Arena::builder().initial_chunk(1 << 20).max_chunk(maximum).build();
        arena.alloc(1_u8);
        assert_eq!(capacities(&arena), [maximum]);
    }
    let arena = Arena::builder().initial_chunk(1 << 17).build();
    arena.alloc_zeroed(1 << 17);
    arena.alloc(1_u8);
    assert_eq!(capacities(&arena), [1 << 17; 2], "no maximum was set");
}

#[test]
fn a_capacity_is_taken_at_once() {
    let arena = Arena::with_capacity(100_000);
    assert_eq!(capacities(&arena), [100_000]);
    for _ in 0..100 {
        take(&arena, 1000 - 8);
    }
    assert_eq!(arena.chunk_count(), 1);
}

#[test]
fn a_capacity_is_never_less_than_was_asked_for() {
    for capacity in [usize::MAX, usize::MAX / 2, isize::MAX as usize / 2 + 100] {
        let error = Arena::try_with_capacity(capacity).unwrap_err();
        let asked =
            matches!(error, AllocError::OutOfMemory { requested, .. } if requested == capacity);
        assert!(asked, "{capacity}: {error}");
    }
}

#[test]
fn an_oversize_request_gets_a_chunk_of_its_own_size() {
    let arena = Arena::new();
    take(&arena, 100);
    take(&arena, 20_000);
    assert_eq!(capacities(&arena), [4096, 20_000]);
    // The chunk with more room left stayed current,
    take(&arena, 4096 - 112);
    assert_eq!(arena.chunk_count(), 2);
    assert_eq!(arena.waste(), 0);
    // and the size aimed at went on doubling.
    arena.alloc(1_u8);
    assert_eq!(capacities(&arena), [4096, 20_000, 16_384]);
}

#[test]
fn the_chunk_with_more_room_stays_current() {
    let arena = Arena::new();
    take(&arena, 112);
    let large = take(&arena, 8000).as_ptr().addr();
    assert_eq!(capacities(&arena), [4096, 8192]);
    // 3984 are left in the first, 192 in the second.
    let small = take(&arena, 16).as_ptr().addr();
    assert!(!(large..large + 8192).contains(&small));
    assert_eq!(arena.waste(), 192);
    // 3968 are left in the first; the third has more.
    take(&arena, 4000);
    let third = take(&arena, 16);
    assert!(arena.owns(&raw const third[0]));
    let used: Vec<usize> = arena.chunks().map(|chunk| chunk.used).collect();
    assert_eq!(used, [128, 8000, 4016]);
    assert_eq!(arena.waste(), 192 + 3968);
}

/// A mixture of sizes and alignments that takes every path of growth.
fn work(arena: &Arena<'_>) -> Vec<usize> {
    let sizes = [1, 100, 3000, 17, 9000, 16, 2000, 40_000, 64, 5000, 3000, 12_000, 1, 70_000, 8];
    let aligns = [1, 16, 64, 8, 4096, 2, 256];
    let layouts = sizes.iter().zip(aligns.iter().cycle());
    layouts
        .map(|(&size, &align)| {
            let layout = Layout::from_size_align(size, align).unwrap();
            arena.alloc_layout(layout).addr().get()
        })
        .collect()
}

#[test]
fn the_same_work_after_a_reset_takes_no_new_chunk() {
    let source = CheckedSource::new();
    let mut arena = Arena::builder().source(&source).build();
    let first = work(&arena);
    let (chunks, blocks, used) = (arena.chunk_count(), source.live_blocks(), arena.used_bytes());
    let sizes = arena.allocated_bytes();
    for _ in 0..3 {
        arena.reset();
        assert_eq!((arena.used_bytes(), arena.waste()), (0, 0));
        assert_eq!(arena.allocated_bytes(), sizes);
        assert_eq!(work(&arena), first, "the very same addresses");
        assert_eq!((arena.chunk_count(), source.live_blocks()), (chunks, blocks));
        assert_eq!(arena.used_bytes(), used);
    }
    assert_eq!(arena.stats().peak, used);
    drop(arena);
    assert_eq!(source.live_blocks(), 0);
}

#[test]
fn a_kept_chunk_that_is_too_small_is_kept_for_later() {
    let mut arena = Arena::new();
    work(&arena);
    arena.reset();
    let chunks = arena.chunk_count();
    take(&arena, 70_000);
    take(&arena, 40_000);
    for _ in 0..4 {
        take(&arena, 3000);
    }
    assert_eq!(arena.chunk_count(), chunks);
    let capacity: usize = arena.chunks().map(|chunk| chunk.capacity).sum();
    assert_eq!(capacity, arena.allocated_bytes());
}

#[test]
fn clear_keeps_the_first_chunk_and_starts_over() {
    let source = CheckedSource::new();
    let mut arena = Arena::builder().source(&source).build();
    for _ in 0..2 {
        while arena.chunk_count() < 4 {
            take(&arena, 512);
        }
        assert_eq!(capacities(&arena), [4 << 10, 8 << 10, 16 << 10, 32 << 10]);
        arena.clear();
        assert_eq!(capacities(&arena), [4 << 10]);
        assert_eq!((arena.allocated_bytes(), arena.used_bytes()), (4 << 10, 0));
        assert_eq!(source.live_blocks(), 1);
    }
}

#[test]
fn owns_knows_every_byte_that_was_handed_out_and_no_other() {
    let mut arena = Arena::new();
    let mut blocks = Vec::new();
    for size in [1, 100, 5000, 20_000, 64] {
        let block = take(&arena, size);
        blocks.push((block.as_ptr(), size));
    }
    for &(start, size) in &blocks {
        for offset in [0, size / 2, size - 1] {
            assert!(arena.owns(start.wrapping_add(offset)));
        }
    }
    let (last, _) = blocks[4];
    assert!(!arena.owns(last.wrapping_add(64)));
    let outside = 1_u8;
    assert!(!arena.owns(&raw const outside));
    assert!(!arena.owns(ptr::null::<u8>()));
    assert!(!arena.owns(ptr::without_provenance::<u64>(usize::MAX)));
    arena.reset();
    assert!(blocks.iter().all(|&(start, _)| !arena.owns(start)));
}

#[test]
fn stats_print_in_units_that_people_read() {
    let mut arena = Arena::new();
    take(&arena, 100);
    let text = arena.stats().to_string();
    assert_eq!(text, "112 B used (peak 112 B) of 4.0 KiB in 1 chunk, 0 B wasted");
    // 3984 B stay behind in the first chunk, 0 in the others.
    for bytes in [8 << 10, 16 << 10, 32 << 10] {
        take(&arena, bytes);
    }
    take(&arena, 3984);
    let text = arena.stats().to_string();
    assert_eq!(text, "60.0 KiB used (peak 60.0 KiB) of 60.0 KiB in 4 chunks, 0 B wasted");
    arena.reset();
    take(&arena, 12_800);
    let text = arena.stats().to_string();
    assert_eq!(text, "12.5 KiB used (peak 60.0 KiB) of 60.0 KiB in 4 chunks, 3.5 KiB wasted");
    assert!(format!("{arena:?}").starts_with("Arena { allocated: 61440, used: 12800"));
}

#[test]
fn the_peak_counts_a_kept_chunk_from_its_beginning() {
    let builder = Arena::builder().initial_chunk(64).max_chunk(4096).debug_fill(false);
    let mut arena = builder.build();
    arena.alloc([0_u8; 64]);
    arena.alloc([0_u8; 16]);
    arena.scope(|inner| inner.alloc([0_u8; 96]).len());
    assert_eq!(arena.stats().peak_since_reset, 64 + 16 + 96);
    arena.reset();
    arena.alloc([0_u8; 64]);
    arena.alloc([0_u8; 16]);
    assert_eq!(arena.stats().peak_since_reset, 64 + 16);
}

#[test]
fn an_arena_moves_to_another_thread_with_all_it_holds() {
    let arena = Arena::new();
    let text = arena.alloc_str("made here");
    let address = text.as_ptr().addr();
    let arena = thread::spawn(move || {
        assert!(arena.owns(ptr::without_provenance::<u8>(address)));
        take(&arena, 10_000);
        arena
    })
    .join()
    .unwrap();
    assert_eq!(arena.chunk_count(), 2);
}

/// Blocks that touch are merged by chunks: if each group of them looked through all chunks,
/// sixty-four times as many would take some three thousand times as long.
#[test]
#[cfg_attr(miri, ignore = "it measures time")]
fn the_time_of_a_merge_does_not_grow_with_groups_times_chunks() {
    let time = |count: usize| {
        let arena =
            Arena::builder().initial_chunk(16 << 10).max_chunk(16 << 10).debug_fill(false).build();
        let layout = Layout::new::<[u8; 64]>();
        let blocks: Vec<_> = (0..count).map(|_| arena.alloc_layout(layout)).collect();
        for pair in blocks.chunks_exact(3) {
            // SAFETY: nobody uses the block.
            unsafe { arena.release_bytes(pair[0], layout) };
            // SAFETY: as above.
            unsafe { arena.release_bytes(pair[1], layout) };
        }
        let (before, began) = (arena.chunk_count(), Instant::now());
        // More than two blocks have: all are merged in vain, once.
        while arena.chunk_count() == before {
            arena.alloc_layout(Layout::new::<[u8; 192]>());
        }
        began.elapsed()
    };
    let few = (0..5).map(|_| time(10_000)).min().unwrap();
    let many = time(640_000);
    assert!(many < few * 1100, "{few:?}, {many:?}");
}
