//! Lists and arrays of several types in one untyped pool, also for who has a list alone.

use core::alloc::Layout;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, ClassTable, PoolVec, RawPool, ReleaseStrategy, Tagged,
};

use super::{Kind, World, assert_whole, everywhere};

/// Units of 8 bytes.
fn words<S: ReleaseStrategy, C: ClassTable>() -> RawPool<'static, S, C> {
    RawPool::builder(Layout::from_size_align(8, 8).unwrap()).build()
}

/// Everything has come back.
fn assert_all_back<S: ReleaseStrategy, C: ClassTable>(pool: &RawPool<'_, S, C>) {
    let stats = pool.verify().expect("the books add up");
    assert!(!S::RECLAIMS || stats.live == 0);
    assert_eq!((stats.lost, stats.corrupted), (0, 0));
}

/// More than a unit is aligned to.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Wide(#[allow(dead_code, reason = "it is aligned, and that is all")] u8);

#[test]
fn who_has_a_list_makes_another() {
    /// The list lives as long as the pool, not as the one that is looked at.
    fn texts<'p, S: ReleaseStrategy, C: ClassTable>(
        numbers: &PoolVec<'p, u64, S, C>,
    ) -> PoolVec<'p, PoolVec<'p, u8, S, C>, S, C> {
        let pool = numbers.pool();
        let mut texts = pool.vec_with_capacity(numbers.len());
        texts.extend(numbers.iter().map(|number| {
            let mut text = pool.vec();
            text.push_str(&number.to_string());
            text
        }));
        texts
    }

    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = words::<S, C>();
        let mut numbers = pool.vec();
        numbers.extend(98..101);
        let made = texts(&numbers);
        drop(numbers);
        assert_eq!((made.len(), &made[0][..], &made[2][..]), (3, &b"98"[..], &b"100"[..]));
        assert!(!S::RECLAIMS || pool.stats().live == 4);
        assert!(core::ptr::eq(made.pool(), made[0].pool()));
        drop(made);
        assert_all_back(&pool);

        // Also out of a typed pool, whose units are elements; and out of one's own drain.
        let pool = ArrayPool::<u64, S, C>::new();
        let mut numbers = pool.vec();
        numbers.extend(0..40);
        assert!(core::ptr::addr_eq(numbers.pool(), pool.as_raw()));
        let home = numbers.pool();
        let mut even = home.vec();
        even.extend(numbers.extract_if(.., |number| *number % 2 == 0));
        assert_eq!((numbers.len(), even.len(), texts(&even).len()), (20, 20, 20));
        assert!(PoolVec::from(even.into_array()).pool().vec::<u8>().is_empty());
        drop(numbers);
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn lengths_of_classes_count_units() {
    struct Nodes;

    impl ClassTable for Nodes {
        const LENGTHS: &'static [u32] = &[2, 3, 6, 12];
    }

    let pool = words::<Tagged, Nodes>();
    let nodes = |count| pool.vec_with_capacity::<[u64; 3]>(count).capacity();
    // The class above the table is of 16 units: of 128 bytes.
    assert_eq!([0, 1, 2, 3, 4, 5].map(nodes), [0, 1, 2, 4, 4, 5]);
    let bytes = |count| pool.try_vec_with_capacity::<u8>(count).unwrap().capacity();
    assert_eq!([1, 16, 17, 48, 96, 97].map(bytes), [16, 16, 24, 48, 96, 128]);
    assert_eq!(pool.try_allocate_copy(&[0_u32; 7]).unwrap().capacity(), 12);
    assert_eq!(pool.try_allocate_with(5, |_| [0_u64; 3]).unwrap().capacity(), 5);
    assert_all_back(&pool);
}

#[test]
fn arrays_of_any_type_are_made_and_copied() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = words::<S, C>();
        for length in [0, 1, 2, 7, 16, 17, 100, 300] {
            let bytes: Vec<_> = (0..=250_u8).cycle().take(length).collect();
            let copy = pool.try_allocate_copy(&bytes).unwrap();
            let triples = pool.try_allocate_with(length, |index| [index; 3]).unwrap();
            assert_eq!(copy, bytes.as_slice());
            assert!(triples.iter().enumerate().all(|(index, triple)| *triple == [index; 3]));
            let mut list = pool.vec_with_capacity::<u16>(length);
            let (start, capacity) = (list.as_ptr(), list.capacity());
            list.extend(core::iter::repeat_n(7, length));
            assert_eq!((list.as_ptr(), list.capacity()), (start, capacity));
        }
        // Without size, there is no slot.
        assert_eq!(pool.try_allocate_copy(&[(); 9]).unwrap().len(), 9);
        assert_eq!(pool.try_allocate_with(9, |_| ()).unwrap().len(), 9);
        assert_eq!(pool.vec_with_capacity::<()>(9).capacity(), u32::MAX as usize);
        assert_all_back(&pool);

        type Act<S, C> = fn(&RawPool<'_, S, C>);
        let acts: [Act<S, C>; 4] = [
            |pool| drop(pool.try_allocate_copy(&[Wide(1)])),
            |pool| drop(pool.try_allocate_with(0, |_| Wide(1))),
            |pool| drop(pool.vec_with_capacity::<Wide>(0)),
            |pool| drop(pool.try_vec_with_capacity::<[Wide; 0]>(1)),
        ];
        for act in acts {
            assert!(catch_unwind(AssertUnwindSafe(|| act(&pool))).is_err());
        }
        assert_all_back(&pool);
    }
    everywhere!(run);
}

#[test]
fn what_was_made_is_dropped_when_the_next_panics() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let world = World::default();
        let pool = words::<S, C>();
        for calls in 0..5 {
            world.arm(Kind::Call, calls);
            let end = catch_unwind(AssertUnwindSafe(|| {
                pool.try_allocate_with(5, |_| {
                    world.burn(Kind::Call);
                    world.element(1)
                })
            }));
            assert!(end.is_err() && !world.disarm());
            world.assert_over();
        }
        let elements = pool.try_allocate_with(5, |_| world.element(1)).unwrap();
        assert_eq!((elements.len(), world.alive()), (5, 5));
        drop(elements);
        world.assert_over();
        assert_all_back(&pool);
    }
    everywhere!(run);
}

#[test]
fn an_untyped_pool_says_that_memory_ran_out() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let budget = Budget::unlimited();
        let arena = Arena::builder().budget(&budget).build();
        let unit = Layout::new::<u64>();
        let pool = RawPool::<S, C>::builder(unit).build_in(&arena);
        budget.set_limit(0);
        let long = vec![0_u8; 100_000];
        let over = |error| matches!(error, Some(AllocError::OverBudget { .. }));
        assert!(over(pool.try_allocate_copy(&long).err()));
        assert!(over(pool.try_allocate_with(100_000, |_| -> u8 { unreachable!() }).err()));
        assert!(over(pool.try_vec_with_capacity::<u8>(100_000).err()));
        let make = || drop(pool.vec_with_capacity::<u8>(100_000));
        assert!(catch_unwind(AssertUnwindSafe(make)).is_err());
        let too_large = |error| matches!(error, Some(AllocError::TooLarge { .. }));
        assert!(too_large(pool.try_allocate_with(usize::MAX, |_| 0_u8).err()));
        assert!(too_large(pool.try_vec_with_capacity::<u64>(usize::MAX).err()));
        assert!(too_large(pool.try_vec_with_capacity::<()>(usize::MAX).err()));
        assert_all_back(&pool);
    }
    everywhere!(run);
}
