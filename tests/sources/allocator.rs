//! Collections with an allocator parameter, in an arena.

use allocator_api2::alloc::{Allocator, Global, Layout};
use allocator_api2::vec::Vec as ArenaVec;
use arraypool::{AllocatorSource, Arena, ArenaBuilder, Budget, LocalArena};
use hashbrown::{DefaultHashBuilder, HashMap};
use proptest::prelude::*;

use crate::support::rounds;
use crate::support::source::CheckedSource;

#[test]
fn a_map_lives_in_an_arena_and_dies_with_a_scope() {
    let arena = Arena::new();
    let count = rounds(2000, 100);
    for _ in 0..3 {
        let total: usize = arena.scope(|inner| {
            let mut map = HashMap::with_hasher_in(DefaultHashBuilder::default(), inner);
            for i in 0..count {
                map.insert(&*inner.alloc_fmt(format_args!("name {i}")), i);
            }
            assert_eq!(map.get("name 7"), Some(&7));
            assert_eq!(map.get("name x"), None);
            map.values().sum()
        });
        assert_eq!((total, arena.used_bytes()), (count * (count - 1) / 2, 0));
    }
}

#[test]
fn vectors_that_grow_in_turn_do_not_leak_the_arena() {
    let arena = Arena::builder().max_chunk(4096).build();
    let mut most = 0;
    for round in 0..50 {
        let mut vectors = [const { None }; 8].map(|_: Option<()>| ArenaVec::new_in(&arena));
        for i in 0..rounds(400, 60) {
            for vector in &mut vectors {
                vector.push(i);
            }
        }
        assert!(vectors.iter().all(|vector| vector.iter().enumerate().all(|(i, &x)| i == x)));
        vectors[3].truncate(5);
        vectors[3].shrink_to_fit();
        assert_eq!(vectors[3][..], [0, 1, 2, 3, 4]);
        if round == 5 {
            most = arena.allocated_bytes();
        }
    }
    assert_eq!(arena.used_bytes(), 0, "all of it came back");
    assert_eq!(arena.allocated_bytes(), most);
}

#[test]
fn a_single_vector_grows_where_it_lies() {
    let arena = Arena::with_capacity(1 << 16);
    let mut vector = ArenaVec::new_in(&arena);
    vector.push(0_u64);
    let place = vector.as_ptr();
    vector.extend(1..1000);
    assert_eq!(vector.as_ptr(), place);
    assert_eq!(arena.stats().reusable, 0);
    assert_eq!(vector.iter().sum::<u64>(), 499_500);
}

#[test]
fn a_refusal_reaches_the_collection() {
    let budget = Budget::new(5000);
    let arena = Arena::builder().budget(&budget).build();
    let mut vector: ArenaVec<u8, _> = ArenaVec::new_in(&arena);
    assert!(vector.try_reserve(2000).is_ok());
    assert!(vector.try_reserve(20_000).is_err());
    vector.extend_from_slice(b"goes on");
    arena.scope(|_| assert!(vector.try_reserve(10_000).is_err(), "the arena is claimed"));
    assert_eq!(vector, b"goes on");
}

#[test]
fn memory_is_zeroed_grown_and_shrunk_as_the_trait_says() {
    let arena = Arena::new();
    let allocator = &arena;
    let layout = |size, align| Layout::from_size_align(size, align).unwrap();
    let block = allocator.allocate_zeroed(layout(40, 8)).unwrap().cast::<u8>();
    // SAFETY: the block was allocated with this layout, and its old pointer is not used.
    let block = unsafe { allocator.grow_zeroed(block, layout(40, 8), layout(5000, 64)) };
    let block = block.unwrap();
    assert_eq!((block.len(), block.cast::<u8>().addr().get() % 64), (5000, 0));
    // SAFETY: all of it was zeroed, and nobody else has it.
    assert!(unsafe { block.as_ref() }.iter().all(|&byte| byte == 0));
    // What lies behind the block is another's.
    let neighbour = arena.alloc([0xEE_u8; 6000]);
    // SAFETY: the block was allocated with this layout, and its old pointer is not used.
    let block =
        unsafe { allocator.grow_zeroed(block.cast(), layout(5000, 64), layout(5010, 64)).unwrap() };
    assert_eq!(neighbour, &[0xEE; 6000]);
    // SAFETY: as above.
    let block =
        unsafe { Allocator::shrink(&allocator, block.cast(), layout(5010, 64), layout(10, 4096)) };
    let block = block.unwrap();
    assert_eq!((block.len(), block.cast::<u8>().addr().get() % 4096), (10, 0));
    // SAFETY: as above.
    unsafe { allocator.deallocate(block.cast(), layout(10, 4096)) };
    assert_eq!(arena.used_bytes(), 6000);
    let block = allocator.allocate(layout(512, 32)).unwrap().cast::<u8>();
    // SAFETY: as above.
    let shrunk =
        unsafe { Allocator::shrink(&allocator, block, layout(512, 32), layout(64, 16)) }.unwrap();
    assert_eq!((shrunk.cast(), shrunk.len()), (block, 64), "it stays where it is");
    // SAFETY: as above.
    unsafe { allocator.deallocate(block, layout(64, 16)) };
    let nothing = allocator.allocate(layout(0, 32)).unwrap();
    // SAFETY: as above.
    unsafe { allocator.deallocate(nothing.cast(), layout(0, 32)) };
}

#[test]
fn chunks_come_from_any_allocator() {
    let source = AllocatorSource::new(Global);
    let outer = ArenaBuilder::with_source(&source).build();
    outer.alloc([1_u64; 1000]);
    // What it gives back goes back to the allocator, which here finds out if it does not.
    let checked = CheckedSource::new();
    let lender = Arena::builder().source(&checked).build();
    let of_lender = AllocatorSource::new(&lender);
    for _ in 0..3 {
        LocalArena::new_in(&of_lender).alloc([3_u64; 1000]);
    }
    assert_eq!(lender.used_bytes(), 0);
    // An allocator that stays on its thread: an arena again.
    let local = AllocatorSource::new(&outer);
    let inner = LocalArena::new_in(&local);
    inner.alloc([2_u64; 1000]);
    let mut vector = ArenaVec::new_in(&*inner);
    vector.extend(0..1000);
    assert!(outer.owns(vector.as_ptr()));
}

proptest! {
    #[test]
    fn vectors_agree_with_the_standard_ones(
        steps in proptest::collection::vec((0..4_usize, 0..6_u8, 0..300_usize), 1..60),
    ) {
        let arena = Arena::builder().initial_chunk(256).max_chunk(2048).build();
        let mut ours = [const { None }; 4].map(|_: Option<()>| ArenaVec::new_in(&arena));
        let mut theirs: [Vec<usize>; 4] = Default::default();
        for (which, what, number) in steps {
            let (one, other) = (&mut ours[which], &mut theirs[which]);
            match what {
                0 => { one.push(number); other.push(number); }
                1 => { one.extend(0..number); other.extend(0..number); }
                2 => { one.truncate(number); other.truncate(number); }
                3 => { one.shrink_to_fit(); }
                4 => { *one = ArenaVec::new_in(&arena); other.clear(); }
                _ => { prop_assert_eq!(one.pop(), other.pop()); }
            }
            for (one, other) in ours.iter().zip(&theirs) {
                prop_assert_eq!(&one[..], &other[..]);
            }
        }
        drop(ours);
        prop_assert_eq!(arena.used_bytes(), 0);
    }
}
