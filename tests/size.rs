//! The size calculator: a buffer of that many bytes serves what it was asked for.

#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

use core::mem::MaybeUninit;

use arraypool::{
    AllocError, Arena, ArrayPool, ClassTable, DefaultClasses, Direct, Metadata, ReleaseStrategy,
    RuntimeClasses, Tagged,
};
use support::{Fourteen, PowersOfTwo, Table};

/// A buffer whose alignment is this and no more.
fn buffer(bytes: usize, align: usize) -> (Vec<MaybeUninit<u8>>, usize) {
    let buffer = vec![MaybeUninit::uninit(); bytes + 8192];
    let address = buffer.as_ptr().addr();
    (buffer, address.next_multiple_of(4096) + align - address)
}

/// Serves the counts out of exactly so many bytes, and not one array more.
fn serves<T, S: ReleaseStrategy, C: Table>(counts: &[usize]) {
    let bytes = ArrayPool::<T, S, C>::bytes_for(counts);
    let (mut buffer, start) = buffer(bytes, align_of::<T>().max(16));
    let arena = Arena::from_buffer(&mut buffer[start..start + bytes]);
    let pool = ArrayPool::<T, S, C>::builder().max_runs(64).build_in(&arena);
    for (&length, &count) in C::CLASSES.iter().zip(counts) {
        pool.try_reserve(length as usize, count).unwrap_or_else(|e| panic!("{counts:?}: {e}"));
    }
    pool.freeze();
    let mut held = Vec::new();
    for (&length, &count) in C::CLASSES.iter().zip(counts) {
        for i in 0..count {
            let array = pool.try_allocate(length as usize);
            held.push(array.unwrap_or_else(|e| panic!("{counts:?}: {i} of {length}: {e}")));
        }
    }
    for &length in C::CLASSES {
        let more = pool.try_allocate(length as usize);
        let refused =
            matches!(more, Err(AllocError::Frozen { .. } | AllocError::OutOfMemory { .. }));
        assert!(refused, "{counts:?}: one more of {length}");
    }
    pool.verify().unwrap();
}

/// Every mixture of some counts over the classes of a table.
fn grid<T, S: ReleaseStrategy, C: Table>(amounts: &[usize]) {
    let classes = C::CLASSES.len();
    let n = amounts.len();
    for mixture in 0..[1, n, n * n, n * n * n][classes.min(3)] {
        let digit = |class: usize| amounts[mixture / [1, n, n * n][class % 3] % n];
        let counts: Vec<_> = (0..classes).map(digit).collect();
        serves::<T, S, C>(&counts);
    }
}

#[derive(Clone, Copy)]
#[repr(align(64))]
#[allow(dead_code, reason = "its alignment matters")]
struct Wide([u8; 64]);

fn every_element<S: ReleaseStrategy>() {
    let amounts: &[usize] = if cfg!(miri) { &[0, 3] } else { &[0, 1, 7, 100, 1500] };
    grid::<u8, S, DefaultClasses>(amounts);
    grid::<f32, S, DefaultClasses>(amounts);
    grid::<[u64; 3], S, DefaultClasses>(amounts);
    let amounts: &[usize] = if cfg!(miri) { &[1] } else { &[0, 2, 90] };
    grid::<Wide, S, DefaultClasses>(amounts);
    grid::<u32, S, PowersOfTwo>(amounts);
    grid::<u64, S, Fourteen>(amounts);
}

#[test]
fn a_tagged_pool_fits() {
    every_element::<Tagged>();
}

#[test]
fn a_direct_pool_fits() {
    every_element::<Direct>();
}

/// What the books grow by when a thousand arrays are reserved.
fn books_of_a_thousand<S: ReleaseStrategy>() -> usize {
    let pool = ArrayPool::<u32, S>::new();
    let before = pool.stats().book_bytes;
    pool.reserve(16, 1000);
    pool.stats().book_bytes - before
}

#[test]
fn a_pool_with_its_records_apart_fits() {
    every_element::<Metadata>();
    let records = books_of_a_thousand::<Metadata>() - books_of_a_thousand::<Tagged>();
    assert_eq!(records, Metadata::record_bytes(1000));
}

/// As the pool does, which reserves nothing for them.
#[test]
fn elements_without_size_need_no_bytes() {
    fn run<S: ReleaseStrategy>() {
        let bytes = ArrayPool::<(), S>::bytes_for(&[1000, 10]);
        assert_eq!(bytes, ArrayPool::<(), S>::bytes_for(&[0, 0]));
        let (mut buffer, start) = buffer(bytes, 16);
        let arena = Arena::from_buffer(&mut buffer[start..start + bytes]);
        let pool = ArrayPool::<(), S>::builder().max_runs(64).build_in(&arena);
        pool.reserve(16, 1000);
        pool.reserve(256, 10);
        pool.freeze();
        assert!((0..1010).all(|_| pool.try_allocate(256).is_ok()));
    }
    run::<Direct>();
    run::<Metadata>();
    run::<Tagged>();
}

#[test]
fn a_size_that_overflows_is_a_panic_in_every_build() {
    fn run<S: ReleaseStrategy>() {
        for counts in [[usize::MAX, 0], [usize::MAX / 16 + 2, 0], [1, usize::MAX / 256 + 1]] {
            let sum = std::panic::catch_unwind(|| ArrayPool::<u8, S>::bytes_for(&counts));
            assert!(sum.is_err(), "{counts:?}: {sum:?}");
        }
    }
    run::<Direct>();
    run::<Metadata>();
    run::<Tagged>();
}

#[test]
#[should_panic(expected = "known when this is compiled")]
fn a_table_that_is_given_later_has_no_answer() {
    let _ = ArrayPool::<u8, Tagged, RuntimeClasses>::bytes_for(&[]);
}

#[test]
fn the_answer_is_a_constant() {
    // Of any count: arrays are not summed one by one.
    const MANY: usize = ArrayPool::<u8, Direct>::bytes_for(&[50_000_000, 0]);
    assert_eq!(MANY, 4 * size_of::<usize>() + 50_000_000 * 16);
    const BYTES: usize = ArrayPool::<f32, Tagged, DefaultClasses>::bytes_for(&[100, 4]);
    const { assert!(BYTES > 100 * 64 + 4 * 1024 && BYTES < 16 * 1024) };
    assert_eq!(DefaultClasses::LENGTHS.len(), 2);
    const EXACT: usize = ArrayPool::<u64, Direct, DefaultClasses>::bytes_for(&[3, 2]);
    assert_eq!(EXACT, 4 * size_of::<usize>() + 3 * 128 + 2 * 2048);
}
