//! Out of memory: a `try_` twin returns the error, and the vector is what it was.

use core::fmt::Write as _;
use std::io;

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, ClassTable, FailingSource, PoolVec, ReleaseStrategy,
};

use super::{assert_whole, everywhere};

/// Makes every length smaller where every step is slow.
const SCALE: usize = if cfg!(miri) { 10 } else { 1 };

type Vector<'p, S, C> = PoolVec<'p, u32, S, C>;

/// Calls a `try_` twin; an error changes nothing.
fn attempt<'p, R, S: ReleaseStrategy, C: ClassTable>(
    vector: &mut Vector<'p, S, C>,
    act: impl FnOnce(&mut Vector<'p, S, C>) -> Result<R, AllocError>,
) -> Option<R> {
    let before = vector.to_vec();
    let result = act(vector);
    if result.is_err() {
        assert_eq!(*vector, before.as_slice());
    }
    result.ok()
}

/// Grows a vector in every way there is, whatever fails.
fn grow_in_every_way<S: ReleaseStrategy, C: ClassTable>(pool: &ArrayPool<'_, u32, S, C>) {
    let mut vector = pool.vec();
    for value in 0..20 {
        attempt(&mut vector, |vector| vector.try_push(value));
        attempt(&mut vector, |vector| vector.try_insert(0, value));
    }
    attempt(&mut vector, |vector| vector.try_extend((0..2000).take(600 / SCALE)));
    // More than is there of everything from here on.
    let long = vec![7; 300 / SCALE + vector.capacity()];
    attempt(&mut vector, |vector| vector.try_extend_from_slice(&long));
    attempt(&mut vector, |vector| vector.try_extend_from_within(5.min(vector.len())..));
    let values = || long.iter().copied();
    // More than are removed, and fewer.
    let removed = attempt(&mut vector, |vector| vector.try_splice(..vector.len() / 2, values()));
    attempt(&mut vector, |vector| vector.try_splice(vector.len() / 3.., values().take(5)));
    drop(removed);
    let copy = attempt(&mut vector, |vector| vector.try_clone());
    if let Some(mut copy) = copy {
        let length = copy.len();
        assert_eq!(copy, vector);
        let appended = attempt(&mut vector, |vector| vector.try_append(&mut copy)).is_some();
        assert_eq!(copy.len(), if appended { 0 } else { length });
        attempt(&mut copy, |copy| copy.try_shrink_to_fit());
    }
    let rest = attempt(&mut vector, |vector| vector.try_split_off(10.min(vector.len())));
    attempt(&mut vector, |vector| vector.try_shrink_to(5));
    attempt(&mut vector, |vector| vector.try_resize(vector.capacity() + 1, 3));
    attempt(&mut vector, |vector| vector.try_resize_with(vector.capacity() + 1, || 4));
    attempt(&mut vector, |vector| vector.try_reserve(vector.capacity() + 1));
    attempt(&mut vector, |vector| vector.try_reserve_exact(vector.capacity() + 1));
    let other = pool.try_vec_with_capacity(vector.capacity() + 1);
    let bytes = vector.pool().try_vec_with_capacity::<u8>(vector.capacity());
    vector.shrink_to_fit();
    drop((rest, other, bytes));
    let array = vector.into_array();
    // Whatever failed, all else has gone back.
    let live = pool.stats().live;
    assert!(!S::RECLAIMS || live == usize::from(!array.is_empty()), "{live} live");
}

#[test]
fn every_request_for_memory_fails_once() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        for n in 1.. {
            let source = FailingSource::fail_at(n);
            let arena = Arena::builder().initial_chunk(256).max_chunk(512).source(&source).build();
            if let Ok(pool) = ArrayPool::<u32, S, C>::try_new_in(&arena) {
                grow_in_every_way(&pool);
                assert_whole(&pool);
            }
            drop(arena);
            assert_eq!(source.live_bytes(), 0);
            if !source.has_failed() {
                assert!(n > 5, "{n} requests");
                break;
            }
        }
    }
    everywhere!(run);
}

#[test]
fn every_budget_will_do() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let step = if cfg!(miri) { 20_000 } else { 700 };
        for limit in (0..60_000).step_by(step) {
            let budget = Budget::new(limit);
            let arena = Arena::builder().budget(&budget).build();
            if let Ok(pool) = ArrayPool::<u32, S, C>::try_new_in(&arena) {
                grow_in_every_way(&pool);
                assert_whole(&pool);
            }
            drop(arena);
            assert_eq!(budget.used(), 0);
            assert!(budget.peak() <= limit);
        }
    }
    everywhere!(run);
}

#[test]
fn a_buffer_is_enough_and_its_end_is_an_error() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let mut memory = [const { core::mem::MaybeUninit::uninit() }; 32 * 1024];
        let arena = Arena::from_buffer(&mut memory);
        let pool = ArrayPool::<u32, S, C>::builder().max_runs(16).build_in(&arena);
        let mut vector = pool.vec();
        let error = (0..10_000).find_map(|value| vector.try_push(value).err()).unwrap();
        assert!(matches!(error, AllocError::OutOfMemory { .. } | AllocError::TooLarge { .. }));
        assert!(vector.len() >= 64);
        assert!(vector.iter().zip(0..).all(|(&value, expected)| value == expected));
        drop(vector);
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn a_frozen_pool_grows_no_vector() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let pool = ArrayPool::<u32, S, C>::new();
        let mut vector = pool.vec_with_capacity(16);
        pool.freeze();
        let capacity = vector.capacity();
        let error = (0..100_000).find_map(|value| vector.try_push(value).err());
        if S::RECLAIMS {
            assert!(matches!(error, Some(AllocError::Frozen { .. })));
            assert!(vector.len() >= capacity);
            // Shrinking is a wish: it may need memory that is not there.
            vector.truncate(1);
            vector.shrink_to_fit();
            assert_eq!(vector, [0]);
        } else {
            // There is nothing to reserve, so nothing freezes.
            assert!(error.is_none() && vector.iter().copied().eq(0..100_000));
        }
        drop(vector);
        assert_whole(&pool);
    }
    everywhere!(run);
}

#[test]
fn lengths_above_u32_are_too_large() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let too_large =
            |result: Result<(), AllocError>| matches!(result, Err(AllocError::TooLarge { .. }));
        let pool = ArrayPool::<u64, S, C>::new();
        let mut vector = pool.vec();
        vector.push(1);
        assert!(too_large(vector.try_reserve(usize::MAX)));
        assert!(too_large(vector.try_reserve_exact(usize::MAX)));
        assert!(too_large(vector.try_resize(usize::MAX, 1)));
        assert!(too_large(vector.try_resize_with(usize::MAX, || 1)));
        assert!(too_large(pool.try_vec_with_capacity(usize::MAX).map(drop)));
        #[cfg(target_pointer_width = "64")]
        assert!(too_large(vector.try_reserve(u32::MAX as usize)));
        assert_eq!(vector, [1]);
        drop(vector);
        assert_whole(&pool);

        let pool = ArrayPool::<(), S, C>::new();
        let mut vector = pool.vec();
        // SAFETY: elements without size are there when they are said to be.
        unsafe { vector.set_len(u32::MAX as usize) };
        assert_eq!(vector.capacity(), u32::MAX as usize);
        assert!(too_large(vector.try_push(())));
        assert!(too_large(vector.try_insert(3, ())));
        assert!(too_large(vector.try_extend([()])));
        assert!(too_large(vector.try_extend_from_slice(&[()])));
        assert!(too_large(vector.try_extend_from_within(..1)));
        assert!(too_large(vector.try_extend_from_within(..)));
        assert!(too_large(vector.try_splice(3..5, [(); 3]).map(drop)));
        assert!(too_large(vector.try_append(&mut vector_of_one(&pool))));
        assert_eq!(vector.len(), u32::MAX as usize);
        assert_eq!(vector.into_array().len(), u32::MAX as usize);
        assert_whole(&pool);
    }
    fn vector_of_one<'p, S: ReleaseStrategy, C: ClassTable>(
        pool: &'p ArrayPool<'_, (), S, C>,
    ) -> PoolVec<'p, (), S, C> {
        let mut vector = pool.vec();
        vector.push(());
        vector
    }
    everywhere!(run);
}

#[test]
fn writing_says_that_memory_ran_out() {
    let budget = Budget::unlimited();
    let arena = Arena::builder().budget(&budget).build();
    let pool = ArrayPool::<u8>::new_in(&arena);
    let mut text = pool.vec();
    text.push_str("0123456789");
    budget.set_limit(0);
    let long = "x".repeat(100_000);
    assert!(text.write_str(&long).is_err());
    let error = io::Write::write(&mut text, long.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
    assert!(text.try_push_str(&long).is_err());
    assert_eq!(text, *b"0123456789");
}

/// The twins that have no error panic, and change nothing either.
#[test]
fn without_try_it_is_a_panic() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let budget = Budget::unlimited();
        let arena = Arena::builder().budget(&budget).build();
        let pool = ArrayPool::<u32, S, C>::new_in(&arena);
        let long = vec![1; 100_000 / SCALE];
        let mut vector = pool.vec();
        vector.extend(0..5);
        vector.reserve_exact(0);
        budget.set_limit(0);
        type Act<S, C> = fn(&mut Vector<'_, S, C>, &[u32]);
        let acts: [Act<S, C>; 8] = [
            |vector, long| vector.reserve(long.len()),
            |vector, long| vector.reserve_exact(long.len()),
            |vector, long| vector.extend_from_slice(long),
            |vector, long| vector.resize(long.len(), 3),
            |vector, long| vector.resize_with(long.len(), || 3),
            |vector, long| drop(vector.splice(1..3, long.iter().copied())),
            |vector, long| vector.extend(long),
            |vector, long| long.iter().for_each(|&value| vector.push(value)),
        ];
        for (index, act) in acts.into_iter().enumerate() {
            let act = core::panic::AssertUnwindSafe(|| act(&mut vector, &long));
            assert!(std::panic::catch_unwind(act).is_err());
            if index < 6 {
                assert_eq!(vector, [0, 1, 2, 3, 4]);
            }
        }
        assert_eq!(vector[..5], [0, 1, 2, 3, 4]);
        drop(vector);
        assert_whole(&pool);
    }
    everywhere!(run);
}
