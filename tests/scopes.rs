//! Scopes and checkpoints: what stays, what is forgotten, what is refused.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

#[path = "scopes/given_back.rs"]
mod given_back;
#[path = "scopes/handles.rs"]
mod handles;
#[path = "scopes/model.rs"]
mod model;

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use std::panic;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, Checkpoint, Direct, Metadata, ReleaseStrategy,
    RewindError, Tagged,
};
use support::{in_every_memory, take};

/// Rewinds. No test uses what was allocated since.
fn rewind(arena: &Arena<'_>, to: &Checkpoint) -> Result<(), RewindError> {
    // SAFETY: no test uses what was allocated since the checkpoint.
    unsafe { arena.rewind(to) }
}

#[test]
fn a_scope_forgets_what_it_allocated_and_nothing_else() {
    in_every_memory(|arena| {
        let kept = arena.alloc_str("kept");
        let used = arena.used_bytes();
        let mut places = Vec::new();
        for _ in 0..3 {
            let place = arena.scope(|inner| {
                let text = inner.alloc_str("forgotten");
                assert_eq!((inner.used_bytes(), arena.used_bytes()), (used + 16, used));
                assert!(inner.owns(text) && inner.owns(kept) && !arena.owns(text));
                text.as_ptr().addr()
            });
            places.push(place);
            assert_eq!(arena.used_bytes(), used);
        }
        assert!(places.iter().all(|&place| place == places[0]), "the same memory each time");
        assert_eq!(&*arena.alloc_str("after"), "after");
        assert_eq!(kept, "kept");
    });
}

#[test]
fn a_claimed_arena_refuses_until_the_scope_ends() {
    let arena = Arena::new();
    let block = take(&arena, 100);
    arena.scope(|inner| {
        assert_eq!(arena.try_alloc(1_u8), Err(AllocError::Claimed));
        assert!(matches!(arena.try_alloc_fmt(format_args!("{}", 1)), Err(AllocError::Claimed)));
        assert!(matches!(arena.try_checkpoint(), Err(AllocError::Claimed)));
        assert_eq!(arena.try_scope(|_| ()), Err(AllocError::Claimed));
        assert!(arena.try_alloc([(); 5]).is_ok(), "what takes no memory needs no claim");
        inner.scope(|innermost| {
            assert_eq!(inner.try_alloc(1_u8), Err(AllocError::Claimed));
            assert_eq!(arena.try_alloc(1_u8), Err(AllocError::Claimed));
            innermost.alloc(1_u8);
        });
        inner.alloc(1_u8);
    });
    assert!(arena.try_alloc(1_u8).is_ok());
    block.fill(MaybeUninit::new(1));
}

#[test]
#[should_panic(expected = "the arena is claimed by a scope")]
fn a_claimed_arena_panics_where_it_may_not_fail() {
    let arena = Arena::new();
    arena.scope(|_| arena.alloc(1_u8).to_owned());
}

#[test]
fn a_panic_ends_a_scope_like_its_end() {
    let arena = Arena::new();
    let kept = arena.alloc([7_u64; 20]);
    let used = arena.used_bytes();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        arena.scope(|outer| {
            take(outer, 10_000);
            outer.scope(|inner| {
                take(inner, 30_000);
                panic::resume_unwind(Box::new("on purpose"));
            });
        });
    }));
    assert!(result.is_err());
    assert_eq!((arena.used_bytes(), arena.chunk_count()), (used, 3));
    arena.scope(|inner| take(inner, 30_000).len());
    assert_eq!(arena.chunk_count(), 3, "the chunks were kept");
    assert!(kept.iter().all(|&element| element == 7));
}

#[test]
fn scopes_nest_to_any_depth() {
    fn descend(arena: &Arena<'_>, depth: usize) -> usize {
        let here = arena.alloc(depth);
        let below = if depth == 0 { 0 } else { arena.scope(|inner| descend(inner, depth - 1)) };
        assert_eq!(*here, depth);
        assert!(arena.owns(here));
        below + 1
    }
    let depth = support::rounds(500, 20);
    let arena = Arena::builder().initial_chunk(64).max_chunk(1024).build();
    assert_eq!(arena.scope(|inner| descend(inner, depth)), depth + 1);
    assert_eq!((arena.used_bytes(), arena.waste()), (0, 0));
    assert_eq!(arena.stats().peak, (depth + 1) * 16);
}

#[test]
fn a_scope_may_take_the_first_chunk_of_all() {
    let mut arena = Arena::new();
    arena.scope(|outer| outer.scope(|inner| take(inner, 5000).len()));
    assert_eq!((arena.used_bytes(), arena.chunk_count()), (0, 1));
    assert_eq!(arena.stats().peak, 5008);
    take(&arena, 5000);
    assert_eq!(arena.chunk_count(), 1);
    arena.reset();
    assert_eq!(arena.used_bytes(), 0);
}

#[test]
fn a_checkpoint_above_what_was_released_since_goes_no_further_than_that() {
    for fills in [false, true] {
        let arena = Arena::builder().initial_chunk(512).debug_fill(fills).build();
        let [old, new] = [512, 1024].map(|size| Layout::from_size_align(size, 16).unwrap());
        let block = arena.alloc_layout(old);
        // SAFETY: the block is this arena's, and nobody uses it.
        let grown = unsafe { arena.try_grow(block, old, new) }.unwrap();
        // Its mark lies where the block was, so that the grown one is the last.
        let mark = arena.checkpoint();
        // SAFETY: as above.
        unsafe { arena.release_bytes(grown, new) };
        let used = arena.used_bytes();
        rewind(&arena, &mark).unwrap();
        assert!(arena.used_bytes() >= used);
        assert_eq!(take(&arena, 1024).as_ptr().cast(), grown.as_ptr());
    }
}

#[test]
fn the_peak_counts_what_scopes_used() {
    let arena = Arena::with_capacity(4096);
    take(&arena, 96);
    arena.scope(|inner| take(inner, 1000).len());
    assert_eq!(arena.stats().peak, 96 + 1008);
    arena.scope(|inner| inner.scope(|innermost| take(innermost, 2000).len()));
    assert_eq!((arena.stats().peak, arena.used_bytes()), (96 + 2000, 96));
    // The chunk that had the peak is left behind.
    take(&arena, 100_000);
    take(&arena, 3000);
    assert_eq!(arena.stats().peak, arena.used_bytes());
}

#[test]
fn the_peak_of_a_chunk_that_is_left_half_empty_is_kept() {
    let chunk = 1 << 16;
    let arena = Arena::builder().initial_chunk(chunk).max_chunk(chunk).debug_fill(false).build();
    take(&arena, chunk - 192);
    let start = arena.scope(|inner| take(inner, 128).as_ptr().addr());
    // So aligned that the chunk has no room for it, though it had for more.
    let has_room = |align: usize| start.next_multiple_of(align) < start + 192;
    let align = (12..).map(|shift| 1 << shift).find(|&align| !has_room(align)).unwrap();
    arena.alloc_layout(Layout::from_size_align(64, align).unwrap());
    assert_eq!(arena.chunk_count(), 2);
    assert_eq!((arena.stats().peak, arena.used_bytes()), (chunk - 64, chunk - 128));
}

#[test]
fn growth_in_a_scope_is_charged_once_and_kept() {
    let budget = Budget::new(40_000);
    let mut arena = Arena::builder().budget(&budget).build();
    for _ in 0..10 {
        arena.scope(|inner| {
            assert!(inner.try_alloc_zeroed(30_000).is_ok());
            assert!(matches!(
                inner.try_alloc_zeroed(30_000),
                Err(AllocError::OverBudget { limit: 40_000, .. })
            ));
        });
    }
    assert!(budget.used() > 30_000);
    assert_eq!(arena.trim(), 0, "the first chunk stays");
    arena.alloc(1_u8);
    assert!(arena.scope(|inner| inner.try_alloc_zeroed(20_000).is_ok()));
}

fn pool_in_a_scope<S: ReleaseStrategy>() {
    let arena = Arena::new();
    let outer = ArrayPool::<u32, S>::new_in(&arena);
    let kept = outer.allocate_copy(&[1, 2, 3]);
    for _ in 0..5 {
        let sum: u32 = arena.scope(|inner| {
            let pool = ArrayPool::<u32, S>::new_in(inner);
            let arrays: Vec<_> = (0..50).map(|i| pool.allocate_with(i, |j| j as u32)).collect();
            assert!(pool.verify().is_ok());
            // What needs no new memory goes on outside.
            if S::RECLAIMS {
                drop(outer.allocate_copy(&[4, 5]));
            }
            assert!(matches!(outer.try_allocate(10_000), Err(AllocError::Claimed)));
            arrays.iter().map(|array| array.iter().sum::<u32>()).sum()
        });
        assert_eq!(sum, (0..50).map(|i: u32| i * i.saturating_sub(1) / 2).sum());
        assert!(outer.verify().is_ok());
    }
    assert_eq!(&kept[..], [1, 2, 3]);
    assert_eq!(outer.allocate_copy(&[9; 300]).len(), 300);
}

#[test]
fn a_pool_made_in_a_scope_dies_with_it() {
    pool_in_a_scope::<Direct>();
    pool_in_a_scope::<Metadata>();
    pool_in_a_scope::<Tagged>();
}

#[test]
fn the_peak_leaves_out_what_a_scope_skips_whether_memory_is_filled_or_not() {
    let layout = Layout::from_size_align(100, 256).expect("a layout");
    for fills in [false, true] {
        let mut arena = Arena::builder().initial_chunk(16 << 10).debug_fill(fills).build();
        take(&arena, 16);
        for _ in 0..2 {
            arena.scope(|inner| {
                inner.alloc_layout(layout);
                inner.alloc_layout(layout);
                assert!(inner.waste() >= 256 - 112);
            });
            assert_eq!(arena.stats().peak_since_reset, 16 + 2 * 112);
        }
        arena.reset();
        assert_eq!(arena.stats().peak, 16 + 2 * 112);
        // What the arena itself skips is left out as well, before and after.
        for _ in 0..3 {
            arena.alloc_layout(layout);
        }
        assert!(arena.waste() >= 2 * (256 - 112));
        assert_eq!(arena.stats().peak, 3 * 112);
        arena.reset();
        assert_eq!(arena.stats().peak, 3 * 112);
    }
}

#[test]
fn memory_stays_as_it_was_left_unless_it_is_to_be_filled() {
    let mut arena = Arena::builder().debug_fill(false).build();
    let layout = Layout::from_size_align(64, 16).expect("a layout");
    let block = arena.alloc_layout(layout);
    // SAFETY: the block has so many bytes, and nobody else has it.
    unsafe { block.write_bytes(7, layout.size()) };
    arena.scope(|inner| take(inner, 100).len());
    arena.reset();
    assert_eq!(arena.alloc_layout(layout), block);
    // SAFETY: all of it was written.
    let bytes = unsafe { block.cast::<[u8; 64]>().read() };
    assert_eq!(bytes, [7; 64]);
}

#[test]
fn what_grows_and_shrinks_in_place_is_filled_too() {
    let mut arena = Arena::builder().debug_fill(true).build();
    arena.alloc([0_u8; 1000]);
    arena.reset();
    let layout = |size| Layout::from_size_align(size, 16).expect("a layout");
    let block = arena.alloc_layout(layout(8));
    let read = |place: *const u8| {
        // SAFETY: the place is in the arena's chunk, which it has filled.
        unsafe { place.read() }
    };
    let bytes = |from: usize, to: usize| -> Vec<u8> {
        (from..to).map(|at| read(block.as_ptr().wrapping_add(at))).collect()
    };
    for (old, new) in [(8, 16), (16, 100)] {
        // SAFETY: it has the old layout.
        let grown = unsafe { arena.try_grow(block, layout(old), layout(new)) };
        assert_eq!(grown, Ok(block));
        assert_eq!(bytes(old, new), vec![0xCD; new - old]);
    }
    // SAFETY: it has that layout, and nobody uses its end.
    unsafe { arena.shrink(block, layout(100), 30) };
    assert_eq!((bytes(8, 32), bytes(32, 112)), (vec![0xCD; 24], vec![0xDD; 80]));
    arena.alloc_fmt(format_args!("{}", 7));
    assert_eq!(bytes(48, 96), vec![0xDD; 48], "what the text has left");
}

#[test]
fn what_is_filled_and_forgotten_shows() {
    let arena = Arena::builder().debug_fill(true).build();
    let read = |place: *const u8| {
        // SAFETY: the arena has filled the place, and still has its chunk.
        unsafe { place.read() }
    };
    // Blocks and not references: nobody may read by a reference what is forgotten.
    let block = |arena: &Arena<'_>, bytes| {
        arena.alloc_layout(Layout::array::<u8>(bytes).expect("a layout")).as_ptr().cast_const()
    };
    let issued = block(&arena, 100);
    assert_eq!((read(issued), read(issued.wrapping_add(99))), (0xCD, 0xCD));
    let kept = arena.alloc([1_u8; 32]);
    let forgotten = arena.scope(|inner| block(inner, 5000));
    assert_eq!((read(forgotten), read(forgotten.wrapping_add(4999))), (0xDD, 0xDD));
    let here = arena.scope(|inner| block(inner, 50));
    assert_eq!((read(here), read(here.wrapping_add(49))), (0xDD, 0xDD));
    assert_eq!(kept, &[1; 32]);
    let mut arena = arena;
    arena.reset();
    assert_eq!((read(issued), read(issued.wrapping_add(99))), (0xDD, 0xDD));
    assert_eq!(arena.alloc_zeroed(64), [0; 64], "zeros are zeros all the same");
}

#[test]
fn a_checkpoint_is_valid_until_the_arena_goes_back_below_it() {
    in_every_memory(|arena| {
        let kept = arena.alloc_str("kept");
        let first = arena.checkpoint();
        let used = arena.used_bytes();
        take(arena, 7000);
        let second = arena.checkpoint();
        take(arena, 9000);
        assert_eq!(rewind(arena, &second), Ok(()));
        take(arena, 100);
        assert_eq!(rewind(arena, &second), Ok(()), "as often as wanted");
        assert_eq!(rewind(arena, &first), Ok(()));
        assert_eq!(arena.used_bytes(), used);
        take(arena, 20_000);
        let third = arena.checkpoint();
        assert_eq!(rewind(arena, &second), Err(RewindError::Stale));
        assert_eq!(arena.used_bytes(), used + 20_000 + 32, "nothing has changed");
        assert_eq!(rewind(arena, &third), Ok(()));
        assert_eq!(rewind(arena, &first), Ok(()));
        assert_eq!(kept, "kept");
    });
}

#[test]
fn a_checkpoint_from_elsewhere_is_an_error() {
    let mut arena = Arena::new();
    let before = arena.checkpoint();
    let other = Arena::new();
    assert_eq!(rewind(&other, &before), Err(RewindError::Foreign));
    other.checkpoint();
    assert_eq!(rewind(&other, &before), Err(RewindError::Foreign));
    arena.scope(|inner| {
        let inside = inner.checkpoint();
        assert_eq!(rewind(&arena, &before), Err(RewindError::Claimed));
        assert_eq!(rewind(inner, &before), Err(RewindError::Stale));
        take(inner, 5000);
        assert_eq!(rewind(inner, &inside), Ok(()));
    });
    let over = arena.scope(|inner| inner.checkpoint());
    assert_eq!(rewind(&arena, &over), Err(RewindError::Stale));
    assert_eq!(rewind(&arena, &before), Ok(()));
    arena.reset();
    arena.checkpoint();
    assert_eq!(rewind(&arena, &before), Err(RewindError::Reset));
    let now = arena.checkpoint();
    arena.clear();
    assert_eq!(rewind(&arena, &now), Err(RewindError::Reset));
}

#[test]
fn a_checkpoint_of_an_arena_that_is_gone_is_no_other_arenas() {
    // The same heap block may well serve both.
    let gone = {
        let arena = Arena::new();
        arena.checkpoint()
    };
    let arena = Arena::new();
    arena.checkpoint();
    assert_eq!(rewind(&arena, &gone), Err(RewindError::Foreign));
}
