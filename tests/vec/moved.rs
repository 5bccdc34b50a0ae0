//! Elements taken out, exchanged, repeated, and moved to where nothing is pooled.

use core::cell::Cell;
use core::ops::Bound::{self, Excluded, Included, Unbounded};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, ClassTable, PoolVec, ReleaseStrategy, Tagged,
};

use super::{Element, Powers, World, assert_whole, everywhere};

/// A vector of the numbers below `count`.
fn numbers<'p, S: ReleaseStrategy, C: ClassTable>(
    pool: &'p ArrayPool<'_, u32, S, C>,
    count: u32,
) -> PoolVec<'p, u32, S, C> {
    let mut numbers = pool.vec();
    numbers.extend(0..count);
    numbers
}

/// A vector of as many elements.
fn elements<'w, 'p, S: ReleaseStrategy, C: ClassTable>(
    world: &'w World,
    pool: &'p ArrayPool<'_, Element<'w>, S, C>,
    count: u32,
) -> PoolVec<'p, Element<'w>, S, C> {
    let mut elements = pool.vec();
    elements.extend((0..count).map(|value| world.element(value)));
    elements
}

#[test]
fn every_kind_of_range_is_one_and_no_other() {
    let pool = ArrayPool::<u32>::new();
    let spliced = |range: (Bound<usize>, Bound<usize>)| {
        let mut vector = numbers(&pool, 5);
        let removed = vector.splice(range, [9]);
        (removed.to_vec(), vector.to_vec())
    };
    assert_eq!(spliced((Unbounded, Unbounded)), (vec![0, 1, 2, 3, 4], vec![9]));
    assert_eq!(spliced((Included(1), Included(2))), (vec![1, 2], vec![0, 9, 3, 4]));
    assert_eq!(spliced((Excluded(1), Excluded(3))), (vec![2], vec![0, 1, 9, 3, 4]));
    assert_eq!(spliced((Included(5), Unbounded)), (vec![], vec![0, 1, 2, 3, 4, 9]));
    assert_eq!(spliced((Unbounded, Excluded(0))), (vec![], vec![9, 0, 1, 2, 3, 4]));

    type Act = fn(&mut PoolVec<'_, u32>, (Bound<usize>, Bound<usize>));
    let acts: [Act; 5] = [
        |vector, range| drop(vector.splice(range, core::iter::from_fn(|| unreachable!()))),
        |vector, range| drop(vector.try_splice(range, [])),
        |vector, range| drop(vector.extract_if(range, |_| true)),
        |vector, range| vector.extend_from_within(range),
        |vector, range| vector.try_extend_from_within(range).unwrap(),
    ];
    let mut vector = numbers(&pool, 5);
    for act in acts {
        for bad in [
            (Included(6), Unbounded),
            (Included(3), Excluded(2)),
            (Unbounded, Included(5)),
            (Excluded(usize::MAX), Unbounded),
            (Unbounded, Included(usize::MAX)),
        ] {
            let refused = catch_unwind(AssertUnwindSafe(|| act(&mut vector, bad)));
            assert!(refused.is_err(), "{bad:?}");
            assert_eq!(vector, [0, 1, 2, 3, 4]);
        }
    }
}

/// Room is made for what is copied, wherever it stands in the vector.
#[test]
fn a_copy_from_within_takes_no_longer_slot_than_it_needs() {
    let pool = ArrayPool::<u32>::new();
    let mut vector = numbers(&pool, 10);
    vector.extend_from_within(5..=6);
    assert_eq!((vector.len(), vector.capacity()), (12, 16));
    vector.extend_from_within(8..);
    assert_eq!((vector.len(), vector.capacity()), (16, 16));
}

#[test]
fn a_splice_takes_one_slot_and_no_more() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        let mut vector = numbers(&pool, 10);
        let start = vector.as_ptr();
        let removed = vector.splice(2..5, [7, 8, 9]);
        assert_eq!((vector.as_ptr(), removed.as_slice()), (start, &[2, 3, 4][..]));
        assert!(!S::RECLAIMS || pool.stats().live == 2);
        drop(removed);
        // It is as long as the longer part needs, which it is given at once.
        let longer = pool.vec_with_capacity(20).capacity();
        for (range, count) in [(2..5, 20), (2..22, 3)] {
            let removed = vector.splice(range, 0..count);
            assert_eq!(removed.capacity(), longer);
        }
        // Nothing for nothing takes no memory.
        let removed = vector.splice(3..3, []);
        assert_eq!((removed.len(), removed.capacity()), (0, 0));
        drop(vector.splice(.., []));
        assert!(vector.is_empty());
        drop((vector, removed));
        assert_whole(&pool);
    }
    everywhere!(run);
}

/// The replacement may come from the pool itself, and from what was spliced before.
#[test]
fn a_replacement_may_use_the_pool() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        let mut vector = numbers(&pool, 40);
        let removed = vector.splice(10..30, (0..3).map(|value| numbers(&pool, 50 + value)[49]));
        assert_eq!(vector[9..14], [9, 49, 49, 49, 30]);
        let again = vector.splice(10..13, removed);
        assert_eq!(again, [49, 49, 49]);
        assert!(vector.iter().copied().eq(0..40));
        drop((vector, again));
        assert_whole(&pool);
    }
    everywhere!(run);
}

/// The iterator panics, or the memory ends: the vector is what it was, and what the
/// iterator gave is dropped.
#[test]
fn a_splice_is_done_or_not() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let world = World::default();
        let budget = Budget::unlimited();
        let arena = Arena::builder().budget(&budget).build();
        let pool = ArrayPool::<Element<'_>, S, C>::new_in(&arena);
        let mut vector = elements(&world, &pool, 12);
        let before: Vec<_> = vector.iter().map(|element| element.id).collect();
        let same = |vector: &[Element<'_>]| {
            assert!(vector.iter().map(|element| element.id).eq(before.iter().copied()));
            assert_eq!(world.alive(), before.len());
        };
        for count in [0, 1, 5, 40] {
            let values = (0..count).map(|value| world.element(value));
            let bang = core::iter::from_fn(|| panic!("bang"));
            let end =
                catch_unwind(AssertUnwindSafe(|| drop(vector.splice(3..7, values.chain(bang)))));
            assert!(end.is_err());
            same(&vector);
        }
        budget.set_limit(0);
        let mut next = core::iter::repeat_with(|| world.element(1));
        let many = 100_000 / if cfg!(miri) { 20 } else { 1 };
        let error = vector.try_splice(3..7, next.by_ref().take(many)).map(drop);
        assert!(matches!(error, Err(AllocError::OverBudget { .. })));
        same(&vector);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(vector.splice(3.., next)))).is_err());
        same(&vector);
        drop(vector);
        world.assert_over();
        assert_whole(&pool);
    }
    everywhere!(run);
}

/// The replacement has its room, the vector does not get any.
#[test]
fn a_vector_that_cannot_grow_is_not_spliced() {
    let world = World::default();
    let pool = ArrayPool::<Element<'_>, Tagged, Powers>::new();
    pool.reserve(8, 2);
    pool.reserve(4, 1);
    let mut vector = elements(&world, &pool, 8);
    pool.freeze();
    let error = vector.try_splice(7.., (0..5).map(|value| world.element(value))).map(drop);
    assert!(matches!(error, Err(AllocError::Frozen { class_length: 16, .. })));
    assert!(vector.iter().map(|element| element.value).eq(0..8));
    assert_eq!(world.alive(), 8);
    let removed = vector.splice(1..4, (0..3).map(|value| world.element(value)));
    assert_eq!((world.alive(), removed.len()), (11, 3));
    drop((vector, removed));
    world.assert_over();
    assert_whole(&pool);
}

#[test]
fn what_is_not_asked_for_is_not_extracted() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let world = World::default();
        let pool = ArrayPool::<Element<'_>, S, C>::new();
        let mut vector = elements(&world, &pool, 20);
        let seen = Cell::new(0);
        let mut taken = vector.extract_if(5..15, |element| {
            seen.set(seen.get() + 1);
            element.value += 100;
            element.value % 3 == 0
        });
        assert_eq!((taken.size_hint(), seen.get()), ((0, Some(10)), 0));
        assert_eq!(taken.next().map(|element| element.value), Some(105));
        assert_eq!(taken.next().map(|element| element.value), Some(108));
        assert_eq!((taken.size_hint(), seen.get()), ((0, Some(6)), 4));
        assert_eq!(format!("{taken:?}"), "ExtractIf { rest: 6, .. }");
        drop(taken);
        let values: Vec<_> = vector.iter().map(|element| element.value).collect();
        let expected = (0..5).chain([106, 107]).chain(9..20);
        assert_eq!(values, expected.collect::<Vec<_>>());

        let mut all = vector.extract_if(.., |_| true);
        assert_eq!(all.by_ref().count(), 18);
        assert!(all.next().is_none() && all.next().is_none());
        drop(all);
        assert!(vector.is_empty());
        drop(vector);
        world.assert_over();
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn a_leaked_extraction_leaks_and_no_more() {
    let world = World::default();
    let pool = ArrayPool::<Element<'_>>::new();
    let mut vector = elements(&world, &pool, 10);
    let mut taken = vector.extract_if(3..8, |element| element.value % 2 == 0);
    drop(taken.next());
    core::mem::forget(taken);
    assert_eq!(vector.len(), 3);
    vector.push(world.element(10));
    drop(vector);
    // Element 3 and those from 5 to 9 are leaked; every other one is dropped once.
    assert_eq!(world.alive(), 6);
    assert_whole(&pool);
}

#[test]
fn elements_without_size_are_moved_and_counted() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<(), S, C>::new();
        let mut vector = pool.vec();
        vector.resize(10, ());
        vector.extend_from_within(2..9);
        assert_eq!(vector.len(), 17);
        assert_eq!(vector.splice(3..5, [(); 6]).len(), 2);
        assert_eq!(vector.len(), 21);
        let mut index = 0;
        let taken = vector.extract_if(1.., |()| {
            index += 1;
            index % 2 == 0
        });
        assert_eq!((taken.count(), vector.len()), (10, 11));
        assert_eq!((vector.pop_if(|()| false), vector.pop_if(|()| true)), (None, Some(())));
        assert_eq!(Vec::from(vector.clone()).len(), 10);
        assert_eq!(<[(); 10]>::try_from(vector), Ok([(); 10]));
        assert_eq!(pool.stats().slots, 0);
    }
    everywhere!(run);
}

/// The slot goes back, and no element is dropped.
#[test]
fn elements_leave_the_pool() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let world = World::default();
        let pool = ArrayPool::<Element<'_>, S, C>::new();
        let vector = elements(&world, &pool, 3);
        let vector = <[Element<'_>; 2]>::try_from(vector).unwrap_err();
        let vector = <[Element<'_>; 0]>::try_from(vector).unwrap_err();
        let values = <[Element<'_>; 3]>::try_from(vector).unwrap().map(|element| element.value);
        assert_eq!((values, world.alive()), ([0, 1, 2], 0));
        assert_whole(&pool);

        let heap = Vec::from(elements(&world, &pool, 20));
        assert_eq!((heap.len(), heap.capacity(), world.alive()), (20, 20, 20));
        assert_whole(&pool);
        let boxed = Box::<[Element<'_>]>::from(elements(&world, &pool, 2));
        assert_eq!((boxed.len(), world.alive()), (2, 22));
        assert!(Vec::from(pool.vec()).is_empty() && Box::<[_]>::from(pool.vec()).is_empty());
        assert_eq!(<[Element<'_>; 0]>::try_from(pool.vec()), Ok([]));
        drop((heap, boxed));
        world.assert_over();
        assert_whole(&pool);
    }
    everywhere!(run);
}
