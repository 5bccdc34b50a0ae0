//! One promise each.

use core::alloc::Layout;
use core::ops::Bound;
use core::panic::AssertUnwindSafe;
use std::collections::HashSet;
use std::io::Write as _;
use std::panic::catch_unwind;

use arraypool::{
    ArrayPool, ClassTable, DefaultClasses, Direct, Metadata, PoolArray, PoolVec, RawPool,
    ReleaseError, ReleaseStrategy, SlotState, Tagged,
};

use super::{Powers, World, assert_whole, everywhere};

#[test]
fn an_array_of_an_empty_vector_has_no_slot() {
    fn run<S: ReleaseStrategy>() {
        let pool = ArrayPool::<u32, S>::new();
        let none = pool.vec_with_capacity(5).into_array();
        assert_eq!((none.len(), none.capacity()), (0, 0));
        assert_eq!(pool.stats().free, usize::from(S::RECLAIMS), "it has gone back");
    }
    run::<Direct>();
    run::<Metadata>();
    run::<Tagged>();
}

#[test]
fn an_empty_vector_takes_no_memory() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        let mut vector = pool.vec();
        assert_eq!((vector.len(), vector.capacity()), (0, 0));
        assert_eq!((vector.pop(), vector.first()), (None, None));
        vector.shrink_to_fit();
        vector.truncate(3);
        vector.retain(|_| true);
        vector.dedup();
        vector.append(&mut pool.vec());
        vector.extend_from_slice(&[]);
        vector.extend([0_u32; 0]);
        assert!(vector.clone().is_empty() && vector.split_off(0).is_empty());
        assert!(pool.vec_with_capacity(0).into_array().is_empty());
        assert!(vector.leak().is_empty());
        let stats = pool.stats();
        assert_eq!((stats.live, stats.free, stats.run_bytes), (0, 0, 0));
    }
    everywhere!(run);
}

#[test]
fn it_climbs_the_classes_and_gives_each_back_at_once() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u64, S, C>::new();
        let mut vector = pool.vec();
        let mut capacities = vec![];
        for value in 0..1000 {
            vector.push(value);
            assert!(!S::RECLAIMS || pool.stats().live == 1, "the outgrown array went back");
            if capacities.last() != Some(&vector.capacity()) {
                capacities.push(vector.capacity());
            }
        }
        let expected: &[usize] = match (S::RECLAIMS, C::LENGTHS.len()) {
            (false, _) => &[4, 8, 16, 32, 64, 128, 256, 512, 1024],
            (true, 2) => &[16, 256, 512, 1024],
            (true, _) => &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
        };
        assert_eq!(capacities, expected);
        assert!(vector.iter().copied().eq(0..1000));
        drop(vector);
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn the_record_says_capacity_while_it_grows_and_length_when_it_is_an_array() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        let mut vector = pool.vec();
        vector.extend(0..23);
        let start = vector.as_ptr();
        let capacity = vector.capacity();
        let length = || pool.locate(start).map(|located| (located.len, located.state));
        assert_eq!(length().unwrap(), (capacity, SlotState::Owned));
        let array = vector.into_array();
        assert_eq!((array.as_ptr(), array.len(), array.capacity()), (start, 23, capacity));
        assert_eq!(length().unwrap(), (23, SlotState::Owned));
        let mut same = pool.vec();
        same.extend(0..23);
        assert_eq!(array, same);
        assert_eq!(same, array);
        drop(same);

        // Back again, the same slot, and all of its room.
        let mut vector = PoolVec::from(array);
        assert_eq!((vector.as_ptr(), vector.len(), vector.capacity()), (start, 23, capacity));
        assert_eq!(length().unwrap(), (capacity, SlotState::Owned));
        vector.push(23);
        assert_eq!(vector.as_ptr(), start);

        // By hand and back: the length survives.
        let raw = PoolArray::from(vector).into_raw();
        assert_eq!(length().unwrap(), (24, SlotState::Raw));
        // SAFETY: the elements are initialised, and nobody else uses them.
        let array = unsafe { pool.from_raw(raw) }.unwrap();
        assert!(array.iter().copied().eq(0..24));
        assert_eq!(array.release(), Ok(()));
        assert_whole(&pool);
    }
    run::<Metadata, DefaultClasses>();
    run::<Metadata, Powers>();
    run::<Tagged, DefaultClasses>();
    run::<Tagged, Powers>();
}

#[test]
fn an_array_without_a_class_keeps_its_length_as_capacity() {
    let pool = ArrayPool::<u32, Direct>::new();
    let mut vector = PoolVec::from(pool.allocate_copy(&[1, 2, 3]));
    assert_eq!(vector.capacity(), 3);
    vector.push(4);
    assert_eq!(vector.capacity(), 6);
    vector.reserve_exact(3);
    assert_eq!(vector.capacity(), 7);
    vector.shrink_to_fit();
    assert_eq!((vector.capacity(), vector.as_slice()), (7, &[1, 2, 3, 4][..]));
    assert_eq!(vector.into_array().release(), Ok(()));
}

#[test]
fn shrinking_moves_to_the_smallest_class_that_will_do() {
    fn run<S: ReleaseStrategy>() {
        let pool = ArrayPool::<u32, S, Powers>::new();
        let mut vector = pool.vec_with_capacity(1000);
        vector.extend(0..5);
        assert_eq!(vector.capacity(), 1024);
        vector.shrink_to(2000);
        assert_eq!(vector.capacity(), 1024);
        vector.shrink_to(100);
        assert_eq!(vector.capacity(), 128);
        assert_eq!(vector.try_shrink_to_fit(), Ok(()));
        assert_eq!((vector.capacity(), vector.as_slice()), (8, &[0, 1, 2, 3, 4][..]));
        let start = vector.as_ptr();
        vector.shrink_to_fit();
        assert_eq!(vector.as_ptr(), start, "there is no smaller one");
        assert_eq!(pool.stats().live, 1);
        vector.clear();
        vector.shrink_to_fit();
        assert_eq!((vector.capacity(), pool.stats().live), (0, 0));
        vector.push(1);
        assert_eq!(vector, [1]);
        drop(vector);
        assert_whole(&pool);
    }
    run::<Metadata>();
    run::<Tagged>();
}

#[test]
fn a_bounded_pool_takes_the_cold_path_and_agrees() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::builder().max_free(1).build();
        let mut vectors: Vec<_> = (0..3).map(|_| pool.vec()).collect();
        for value in 0..300 {
            vectors.iter_mut().for_each(|vector| vector.push(value));
        }
        let arrays: Vec<_> = vectors.into_iter().map(PoolVec::into_array).collect();
        for array in &arrays {
            assert!(array.iter().copied().eq(0..300));
            assert!(!S::RECLAIMS || pool.locate(array.as_ptr()).unwrap().len == 300);
        }
        drop(arrays);
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn vectors_of_any_type_share_an_untyped_pool() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = RawPool::<S, C>::builder(Layout::from_size_align(16, 8).unwrap()).build();
        let (mut bytes, mut words) = (pool.vec::<u8>(), pool.vec::<[u64; 3]>());
        for index in 0..200_u8 {
            bytes.push(index);
            words.push([u64::from(index); 3]);
            assert!(!S::RECLAIMS || bytes.capacity() % 16 == 0);
        }
        assert!(bytes.iter().copied().eq(0..200));
        assert!(words.iter().zip(0..).all(|(word, index)| *word == [index; 3]));
        let (bytes, words) = (bytes.into_array(), words.into_array());
        if S::RECLAIMS {
            // 200 bytes in units of 16, and 200 times 24.
            assert_eq!(pool.locate(bytes.as_ptr()).unwrap().len, 13);
            assert_eq!(pool.locate(words.as_ptr()).unwrap().len, 300);
        }
        let again = PoolVec::from(words);
        assert!(again.len() == 200 && again.capacity() >= 200);
        drop((bytes, again));
        let stats = pool.verify().unwrap();
        assert!(!S::RECLAIMS || stats.live == 0);
        let refused = catch_unwind(AssertUnwindSafe(|| drop(pool.vec::<u128>())));
        assert_eq!(refused.is_err(), align_of::<u128>() > 8);
    }
    everywhere!(run);
}

#[test]
fn elements_without_size_are_counted_and_dropped() {
    thread_local!(static DROPS: core::cell::Cell<u32> = const { core::cell::Cell::new(0) });

    #[derive(Clone)]
    struct Mark;

    impl Drop for Mark {
        fn drop(&mut self) {
            DROPS.set(DROPS.get() + 1);
        }
    }

    fn run<S: ReleaseStrategy, C: ClassTable>() {
        DROPS.set(0);
        let pool = ArrayPool::<Mark, S, C>::new();
        let mut vector = pool.vec();
        vector.resize(10, Mark);
        vector.insert(3, Mark);
        vector.extend([Mark, Mark]);
        assert_eq!((vector.len(), DROPS.get()), (13, 0));
        drop((vector.pop(), vector.remove(0), vector.swap_remove(2)));
        drop(vector.drain(2..4));
        assert_eq!((vector.len(), DROPS.get()), (8, 5));
        let mut index = 0;
        vector.retain(|_| {
            index += 1;
            index % 2 == 0
        });
        let rest = vector.split_off(1);
        assert_eq!((vector.len(), rest.len(), DROPS.get()), (1, 3, 9));
        let mut marks = PoolVec::from(rest.into_array()).into_iter();
        drop(marks.next());
        drop((marks, vector));
        assert_eq!(DROPS.get(), 13);
        assert_eq!(pool.stats().slots, 0);
    }
    everywhere!(run);
}

#[test]
fn hints_are_not_trusted() {
    struct Hint(usize, u32);

    impl Iterator for Hint {
        type Item = u32;

        fn next(&mut self) -> Option<u32> {
            self.1 = self.1.checked_sub(1)?;
            Some(self.1)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (self.0, Some(self.0))
        }
    }

    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        for hint in [0, 1, 2, 1000, u32::MAX as usize, usize::MAX] {
            for count in [0, 1, 3, 40] {
                let mut vector = pool.vec();
                vector.extend(Hint(hint, count));
                assert!(vector.iter().copied().eq((0..count).rev()));
                assert!(vector.capacity() <= 32 * 1024);
                vector.try_extend(Hint(hint, count)).unwrap();
                assert_eq!(vector.len() as u64, u64::from(count) * 2);
            }
        }
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn drain_takes_every_kind_of_range() {
    let pool = ArrayPool::<u32>::new();
    let mut vector = pool.vec();
    let mut refill = |range: (Bound<usize>, Bound<usize>)| {
        vector.clear();
        vector.extend(0..6);
        let taken: Vec<_> = vector.drain(range).collect();
        (taken, vector.to_vec())
    };
    use Bound::{Excluded, Included, Unbounded};
    assert_eq!(refill((Unbounded, Unbounded)), ((0..6).collect(), vec![]));
    assert_eq!(refill((Included(1), Included(2))), (vec![1, 2], vec![0, 3, 4, 5]));
    assert_eq!(refill((Excluded(1), Excluded(4))), (vec![2, 3], vec![0, 1, 4, 5]));
    assert_eq!(refill((Included(6), Unbounded)), (vec![], (0..6).collect()));
    for bad in [
        (Included(7), Unbounded),
        (Included(3), Excluded(2)),
        (Unbounded, Included(6)),
        (Excluded(usize::MAX), Unbounded),
        (Unbounded, Included(usize::MAX)),
    ] {
        let refused = catch_unwind(AssertUnwindSafe(|| refill(bad)));
        assert!(refused.is_err(), "{bad:?}");
    }
    assert_eq!(vector.len(), 6);
}

#[test]
fn a_leaked_drain_leaks_and_no_more() {
    let world = World::default();
    let pool = ArrayPool::<super::Element<'_>>::new();
    let mut vector = pool.vec();
    vector.extend((0..10).map(|value| world.element(value)));
    let mut drain = vector.drain(3..5);
    drop(drain.next());
    core::mem::forget(drain);
    assert_eq!(vector.len(), 3);
    vector.push(world.element(10));
    drop(vector);
    // Elements 4 to 9 are leaked; every other one is dropped once.
    assert_eq!(world.alive(), 6);
    assert_whole(&pool);
}

#[test]
fn indices_that_are_not_there_panic_and_change_nothing() {
    fn refused<'w>(
        world: &'w World,
        vector: &mut PoolVec<'_, super::Element<'w>>,
        act: fn(&'w World, &mut PoolVec<'_, super::Element<'w>>),
    ) {
        assert!(catch_unwind(AssertUnwindSafe(|| act(world, vector))).is_err());
        assert!(vector.iter().map(|element| element.value).eq(0..3));
    }
    let world = World::default();
    let pool = ArrayPool::<super::Element<'_>>::new();
    let mut vector = pool.vec();
    vector.extend((0..3).map(|value| world.element(value)));
    refused(&world, &mut vector, |_, vector| drop(vector.remove(3)));
    refused(&world, &mut vector, |_, vector| drop(vector.swap_remove(3)));
    refused(&world, &mut vector, |_, vector| drop(vector.split_off(4)));
    refused(&world, &mut vector, |world, vector| vector.insert(4, world.element(9)));
    drop(vector);
    world.assert_over();
}

#[test]
fn bytes_are_written() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u8, S, C>::new();
        let mut bytes = pool.vec();
        write!(bytes, "{}-{:>4}", 12, "ab").unwrap();
        bytes.write_all(b"!").unwrap();
        assert_eq!(bytes.write(&[0; 300]).unwrap(), 300);
        bytes.flush().unwrap();
        bytes.truncate(8);
        assert_eq!(bytes, *b"12-  ab!");
        core::fmt::Write::write_char(&mut bytes, 'ä').unwrap();
        bytes.push_str("ß");
        assert_eq!(core::str::from_utf8(&bytes), Ok("12-  ab!äß"));
    }
    everywhere!(run);
}

#[test]
#[allow(clippy::mutable_key_type, reason = "the hash is that of the elements alone")]
fn it_is_the_slice_it_holds() {
    let (pool, other) = (ArrayPool::<u32>::new(), ArrayPool::<u32, Tagged, Powers>::new());
    let (mut vector, mut same) = (pool.vec(), other.vec());
    vector.extend(&[3, 1, 2]);
    same.extend([3, 1, 2]);
    assert_eq!(vector, same);
    assert!(!vector.is_empty());
    assert_eq!(vector, same.clone().into_array());
    assert_eq!(same.clone().into_array(), vector);
    assert_ne!(other.allocate_copy(&[3, 1]), vector);
    assert_ne!(vector, other.allocate_copy(&[3, 1]));
    assert_eq!(vector, [3, 1, 2]);
    assert_eq!(vector, &[3, 1, 2][..]);
    assert_eq!(format!("{vector:?}"), "[3, 1, 2]");
    vector.sort_unstable();
    assert!(vector < pool.allocate_copy(&[1, 3]).into() && vector.cmp(&vector).is_eq());
    let mut set = HashSet::new();
    set.insert(vector.clone());
    assert!(set.contains(&[1, 2, 3][..]));
    for element in &mut vector {
        *element += 1;
    }
    assert_eq!((&vector).into_iter().sum::<u32>(), 9);
    assert_eq!(format!("{:?}", vector.drain(1..)), "Drain([3, 4])");
    vector.append(&mut same);
    assert_eq!(vector.leak(), &[2, 3, 1, 2]);
}

#[test]
fn a_shorter_life_and_a_shorter_text_will_do() {
    // Covariant in the pool's life and in the elements.
    fn shorter<'a>(vector: PoolVec<'static, &'static str>) -> PoolVec<'a, &'a str> {
        vector
    }
    enum Node<'p> {
        Leaf(u32),
        Branch(PoolVec<'p, Node<'p>>),
    }
    fn sum(node: &Node<'_>) -> u32 {
        match node {
            Node::Leaf(value) => *value,
            Node::Branch(nodes) => nodes.iter().map(sum).sum(),
        }
    }
    let _ = shorter;
    let pool = ArrayPool::<Node<'_>>::new();
    let mut inner = pool.vec();
    inner.extend([Node::Leaf(1), Node::Leaf(2)]);
    let mut outer = pool.vec();
    outer.extend([Node::Branch(inner), Node::Leaf(4)]);
    assert_eq!(sum(&Node::Branch(outer)), 7);
}

#[test]
fn neighbours_that_are_alike_become_one() {
    let pool = ArrayPool::<u32>::new();
    let mut vector = pool.vec();
    vector.extend([10, 11, 20, 20, 12, 13, 13, 30]);
    vector.dedup();
    assert_eq!(vector, [10, 11, 20, 12, 13, 30]);
    vector.dedup_by_key(|number| *number / 10);
    assert_eq!(vector, [10, 20, 12, 30]);
    vector.dedup_by(|next, kept| *next == *kept + 10);
    assert_eq!(vector, [10, 12, 30]);
}

/// Cloning and growing reach the pool's cells, so a shared vector must not
/// cross threads: this has two meanings, and compiles not, if one is `Sync` or `Send`.
#[test]
fn it_stays_on_its_thread() {
    trait Ambiguous<A> {
        fn here() {}
    }
    struct IfSync;
    struct IfSend;
    impl<T: ?Sized> Ambiguous<()> for T {}
    impl<T: ?Sized + Sync> Ambiguous<IfSync> for T {}
    impl<T: ?Sized + Send> Ambiguous<IfSend> for T {}
    <PoolVec<'_, u32> as Ambiguous<_>>::here();
    <arraypool::Drain<'_, '_, u32> as Ambiguous<_>>::here();
    <arraypool::ExtractIf<'_, '_, u32, fn(&mut u32) -> bool> as Ambiguous<_>>::here();
}

#[test]
fn an_overwritten_record_is_met_at_the_release() {
    let pool = ArrayPool::<u64, Tagged>::new();
    let mut vector = pool.vec();
    vector.extend([1, 2, 3]);
    let header = vector.as_mut_ptr().wrapping_sub(1);
    // SAFETY: the header lies in front of the elements, in the same run.
    unsafe { header.write(0x1234_5678) };
    let array = vector.into_array();
    assert_eq!(array, [1, 2, 3]);
    assert!(matches!(array.release(), Err(ReleaseError::Corrupted { .. })));
    assert_eq!((pool.stats().lost, pool.stats().live), (1, 0));
}

#[test]
fn it_is_as_small_as_it_says() {
    let word = size_of::<usize>();
    assert_eq!(size_of::<PoolVec<'_, u64, Tagged>>(), if word == 8 { 32 } else { 20 });
    assert_eq!(size_of::<PoolVec<'_, u64, Metadata>>(), if word == 8 { 40 } else { 24 });
    assert_eq!(
        size_of::<Option<PoolVec<'_, u64, Tagged>>>(),
        size_of::<PoolVec<'_, u64, Tagged>>()
    );
}
