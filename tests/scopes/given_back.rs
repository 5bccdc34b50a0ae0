//! What was given back, and where it is after the arena went back.

use core::alloc::Layout;
use core::ptr::NonNull;

use arraypool::Arena;

use super::{rewind, take};

/// An arena whose chunks hold 256 bytes.
fn arena() -> Arena<'static> {
    Arena::builder().initial_chunk(256).max_chunk(256).build()
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 16).unwrap()
}

/// A block that a test gives back once, with its size.
struct Block(NonNull<u8>, usize);

impl Block {
    fn of(arena: &Arena<'_>, size: usize) -> Self {
        Self(arena.alloc_layout(layout(size)), size)
    }

    fn give_back(self, arena: &Arena<'_>) -> NonNull<u8> {
        // SAFETY: the arena handed it out with this layout, nobody uses it, and no
        // test goes back below it before this.
        unsafe { arena.release_bytes(self.0, layout(self.1)) };
        self.0
    }
}

/// Used, and given back.
fn balance(arena: &Arena<'_>) -> (usize, usize) {
    let stats = arena.stats();
    (stats.used, stats.reusable)
}

#[test]
fn what_lies_below_a_checkpoint_is_used_again_whenever_it_was_given_back() {
    let arena = arena();
    let [before, since, kept] = [64, 48, 16].map(|size| Block::of(&arena, size));
    let before = before.give_back(&arena);
    let mark = arena.checkpoint();
    for _ in 0..3 {
        take(&arena, 200);
        assert_eq!(rewind(&arena, &mark), Ok(()));
        assert_eq!(balance(&arena), (48 + 16 + 32, 64));
    }
    take(&arena, 200);
    let since = since.give_back(&arena);
    assert_eq!(rewind(&arena, &mark), Ok(()));
    assert_eq!(balance(&arena), (16 + 32, 64 + 48));
    take(&arena, 96);
    let chunks = arena.chunk_count();
    assert_eq!(Block::of(&arena, 64).0, before);
    assert_eq!(Block::of(&arena, 48).0, since);
    assert_eq!((balance(&arena), arena.chunk_count()), ((256, 0), chunks));
    kept.give_back(&arena);
}

#[test]
fn what_lies_behind_it_is_handed_out_only_once() {
    let arena = arena();
    take(&arena, 16);
    let mark = arena.checkpoint();
    // In the chunk of the checkpoint, and in two behind it.
    let blocks: Vec<_> = (0..18).map(|_| Block::of(&arena, 32)).collect();
    for block in blocks.into_iter().step_by(2) {
        block.give_back(&arena);
    }
    assert!(balance(&arena).1 > 0);
    assert_eq!(rewind(&arena, &mark), Ok(()));
    assert_eq!(balance(&arena), (48, 0));
    let mut places: Vec<_> = (0..18).map(|_| Block::of(&arena, 32).0).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!((places.len(), balance(&arena)), (18, (48 + 18 * 32, 0)));
}

#[test]
fn of_a_block_across_the_place_the_front_stays() {
    let arena = arena();
    let [hole, _kept, tail] = [32, 16, 192].map(|size| Block::of(&arena, size));
    hole.give_back(&arena);
    // It lies in the hole, so the cursor is right behind the tail.
    let mark = arena.checkpoint();
    let start = tail.give_back(&arena);
    let across = Block::of(&arena, 208);
    take(&arena, 64);
    assert_eq!((across.0, arena.chunk_count()), (start, 2));
    across.give_back(&arena);
    assert_eq!(rewind(&arena, &mark), Ok(()));
    assert_eq!(balance(&arena), (16 + 32, 192));
    take(&arena, 16);
    assert_eq!(Block::of(&arena, 192).0, start);
    assert_eq!(arena.stats().used, 256);
}

#[test]
fn a_checkpoint_that_is_passed_gives_its_own_memory_back() {
    let arena = arena();
    let early = arena.checkpoint();
    let [hole, _kept] = [32, 160].map(|size| Block::of(&arena, size));
    let middle = arena.checkpoint();
    hole.give_back(&arena);
    take(&arena, 256);
    let late = arena.checkpoint();
    assert_eq!(balance(&arena).1, 0, "the last one lies in the hole");
    assert_eq!(rewind(&arena, &middle), Ok(()));
    assert_eq!(balance(&arena), (32 + 160 + 32, 32));
    assert!(rewind(&arena, &late).is_err());
    assert_eq!(rewind(&arena, &early), Ok(()));
    assert_eq!(balance(&arena), (32, 0));
}

#[test]
fn what_was_handed_out_again_since_is_lost_until_the_reset() {
    let mut arena = arena();
    let [hole, _kept] = [64, 160].map(|size| Block::of(&arena, size));
    hole.give_back(&arena);
    let mark = arena.checkpoint();
    take(&arena, 64);
    assert_eq!(balance(&arena), (256, 0), "it lies in the hole");
    assert_eq!(rewind(&arena, &mark), Ok(()));
    assert_eq!(balance(&arena), (256, 0));
    arena.reset();
    assert_eq!(balance(&arena), (0, 0));
}

#[test]
fn patterns_leave_the_lists_alone() {
    let arena = Arena::builder().initial_chunk(256).max_chunk(256).debug_fill(true).build();
    let [hole, _kept] = [64, 16].map(|size| Block::of(&arena, size));
    let hole = hole.give_back(&arena);
    let mark = arena.checkpoint();
    let [behind, _last] = [64, 16].map(|size| Block::of(&arena, size));
    behind.give_back(&arena);
    assert_eq!(rewind(&arena, &mark), Ok(()));
    assert_eq!(balance(&arena), (16 + 32, 64));
    take(&arena, 144);
    assert_eq!(Block::of(&arena, 64).0, hole);
}

#[test]
fn a_large_block_is_found_behind_many_smaller_ones() {
    const COUNT: usize = 10;
    for (small, large) in [(32, 64), (4096, 8192)] {
        let capacity = large + 16 + COUNT * (small + 16);
        let arena = Arena::builder().initial_chunk(capacity).max_chunk(capacity).build();
        // What stays between the blocks keeps them from being merged.
        let apart = |size| (Block::of(&arena, size), arena.alloc(0_u128)).0;
        let first = apart(large);
        let others: Vec<_> = (0..COUNT).map(|_| apart(small)).collect();
        assert_eq!(arena.used_bytes(), capacity);
        let first = first.give_back(&arena);
        for other in others {
            other.give_back(&arena);
        }
        assert_eq!(arena.alloc_layout(layout(large)), first);
        assert_eq!(arena.allocated_bytes(), capacity, "no new chunk was taken");
    }
}

#[test]
fn the_largest_blocks_share_a_list() {
    let sizes = [1 << 19, 1 << 20, 1 << 22];
    let capacity = sizes.iter().sum::<usize>() + 16 * sizes.len();
    let arena = Arena::with_capacity(capacity);
    let blocks = sizes.map(|size| (Block::of(&arena, size), arena.alloc(0_u128)).0);
    let starts = blocks.map(|block| block.give_back(&arena));
    for (size, start) in sizes.into_iter().zip(starts).rev() {
        assert_eq!(arena.alloc_layout(layout(size)), start);
    }
    assert_eq!(arena.allocated_bytes(), capacity);
}

#[test]
fn a_larger_block_serves_and_what_is_left_over_is_kept() {
    let capacity = 32 + 256 + 2 * 16;
    let arena = Arena::builder().initial_chunk(capacity).max_chunk(capacity).build();
    let blocks = [32, 256].map(|size| (Block::of(&arena, size), arena.alloc(0_u128)).0);
    let [small, large] = blocks.map(|block| block.give_back(&arena));
    assert_eq!(arena.alloc_layout(layout(64)), large, "the smaller one is too small");
    let rest = arena.alloc_layout(layout(192));
    assert_eq!(rest.addr().get(), large.addr().get() + 64);
    assert_eq!(arena.alloc_layout(layout(32)), small);
    assert_eq!(arena.allocated_bytes(), capacity, "no new chunk was taken");
}

#[test]
fn blocks_that_touch_are_merged_before_a_new_chunk_is_taken() {
    let capacity = 4 * 64 + 2 * 16;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        for request in [128, 256] {
            let arena = Arena::builder().initial_chunk(capacity).max_chunk(capacity).build();
            arena.alloc(0_u128);
            let mut blocks = [(); 4].map(|()| Some(Block::of(&arena, 64)));
            arena.alloc(0_u128);
            let starts = order.map(|place| blocks[place].take().unwrap().give_back(&arena));
            assert_eq!(balance(&arena), (32, 256));
            assert_eq!(arena.alloc_layout(layout(request)), starts.into_iter().min().unwrap());
            assert_eq!(balance(&arena), (32 + request, 256 - request));
            assert_eq!(arena.allocated_bytes(), capacity, "no new chunk was taken");
        }
    }
}

#[test]
fn blocks_that_do_not_touch_are_not_merged() {
    let capacity = 4 * 64 + 2 * 16;
    let arena = Arena::builder().initial_chunk(capacity).max_chunk(capacity).build();
    let [a, b] = [(); 2].map(|()| Block::of(&arena, 64));
    arena.alloc(0_u128);
    let [c, d] = [(); 2].map(|()| Block::of(&arena, 64));
    arena.alloc(0_u128);
    let [a, _, c, _] = [a, b, c, d].map(|block| block.give_back(&arena));
    let pairs = [128, 128].map(|size| arena.alloc_layout(layout(size)));
    assert_eq!(pairs.into_iter().min(), Some(a));
    assert_eq!(pairs.into_iter().max(), Some(c));
    assert_eq!(arena.allocated_bytes(), capacity, "no new chunk was taken");
}

#[test]
fn a_block_grows_into_what_its_size_was_rounded_up_to() {
    let arena = arena();
    let block = arena.alloc_layout(layout(8));
    let behind = Block::of(&arena, 16);
    // SAFETY: it has that layout, and nobody else uses it.
    let grown = unsafe { arena.try_grow(block, layout(8), layout(16)) };
    assert_eq!((grown, balance(&arena)), (Ok(block), (32, 0)));
    // SAFETY: as above.
    let moved = unsafe { arena.try_grow(block, layout(16), layout(17)) };
    assert_eq!(balance(&arena), (16 + 32, 16), "one byte more is another block");
    assert_ne!(moved, Ok(block));
    behind.give_back(&arena);
}
