//! Exact lengths, capacities and alignments.

use core::slice;
use std::collections::VecDeque;

use arraypool::{AllocError, Arena, ArrayPool, ReleaseStrategy};

use crate::support::{Table, capacity_of, for_every_pool, in_every_memory, pool, pool_in, rounds};

for_every_pool!(
    lengths_are_exact_and_contents_keep_apart,
    lengths_up_to_a_hundred_thousand,
    zeroed_arrays_are_zero,
    elements_of_any_size_and_alignment,
    impossible_lengths_are_errors,
    length_zero_costs_nothing,
    elements_without_size_cost_nothing,
);

/// 0 to 1000, or some of these.
fn all_lengths() -> impl Iterator<Item = usize> {
    (0..=1000).step_by(rounds(1, 250)).chain([1, 16, 17, 257])
}

fn lengths_are_exact_and_contents_keep_apart<S: ReleaseStrategy, C: Table>() {
    // Under `Direct` a buffer could not hold all of them.
    let body = |arena: &Arena<'_>| {
        let pool = pool_in::<u16, S, C>(arena);
        let mut window = VecDeque::new();
        let value = |length: usize, index: usize| (length * 31 + index) as u16;
        for length in all_lengths() {
            let array = pool.allocate_with(length, |index| value(length, index));
            assert_eq!((array.len(), array.is_empty()), (length, length == 0));
            assert_eq!(array.capacity(), capacity_of::<S, C>(length), "length {length}");
            window.push_back(array);
            if window.len() > 8 {
                let old = window.pop_front().unwrap();
                assert!((0..old.len()).all(|index| old[index] == value(old.len(), index)));
            }
        }
        for old in &window {
            assert!((0..old.len()).all(|index| old[index] == value(old.len(), index)));
        }
        drop(window);
        assert!(pool.verify().is_ok());
        let given = all_lengths().filter(|&length| length > 0).count();
        assert_eq!(pool.stats().live, if S::RECLAIMS { 0 } else { given });
    };
    if S::RECLAIMS { in_every_memory(body) } else { body(&Arena::new()) }
}

fn lengths_up_to_a_hundred_thousand<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u8, S, C>();
    for length in [1023, 1024, 1025, 4096, 5000, 65_535, 65_536, 65_537, 100_000] {
        // Miri is slow at bytes by the thousand, and here for other things.
        if length > rounds(usize::MAX, 1025) {
            continue;
        }
        let mut array = pool.allocate_copy(&vec![7; length]);
        assert_eq!((array.len(), array.capacity()), (length, capacity_of::<S, C>(length)));
        array[length - 1] = 8;
        assert!(array[..length - 1].iter().all(|&byte| byte == 7));
        pool.verify().unwrap();
    }
}

fn zeroed_arrays_are_zero<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u64, S, C>();
    for length in [1, 5, 16, 100, 300] {
        drop(pool.allocate_copy(&vec![u64::MAX; length]));
        let array = pool.allocate_zeroed(length);
        // SAFETY: zeros are a `u64`.
        let array = unsafe { array.assume_init() };
        assert_eq!(array, vec![0; length][..]);
    }
    // Between the fields, too.
    let pool = self::pool::<(u8, u32), S, C>();
    drop(pool.allocate_copy(&[(0xFF, u32::MAX); 5]));
    let array = pool.allocate_zeroed(5);
    // SAFETY: the array has so many bytes, and all of them have been written.
    let bytes = unsafe { slice::from_raw_parts(array.as_ptr().cast::<u8>(), 5 * 8) };
    assert_eq!(bytes, [0; 40]);
}

fn check_elements<T: Copy + PartialEq, S: ReleaseStrategy, C: Table>(sample: T) {
    in_every_memory(|arena| {
        let pool = pool_in::<T, S, C>(arena);
        let mut kept = Vec::new();
        for length in [1, 2, 3, 7, 16, 17, 33] {
            if length * size_of::<T>() > 4 * 4096 {
                continue;
            }
            for _ in 0..2 {
                let array = pool.allocate_copy(&vec![sample; length]);
                assert_eq!(array.as_ptr().addr() % align_of::<T>(), 0);
                kept.push(array);
            }
        }
        assert!(kept.iter().all(|array| array.iter().all(|element| *element == sample)));
        let bytes = kept.iter().map(|array| array.as_ptr_range());
        let mut ranges: Vec<_> = bytes.map(|r| (r.start.addr(), r.end.addr())).collect();
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "none overlap");
        pool.verify().unwrap();
    });
}

macro_rules! aligned {
    ($($name:ident $align:literal),+) => {
        $(#[derive(Debug, Clone, Copy, PartialEq)]
        #[repr(align($align))]
        struct $name(u8);)+
    };
}

aligned!(A32 32, A64 64, A128 128, A256 256, A512 512, A1024 1024, A2048 2048, A4096 4096);

fn elements_of_any_size_and_alignment<S: ReleaseStrategy, C: Table>() {
    check_elements::<_, S, C>(1_u8);
    check_elements::<_, S, C>([1_u8, 2, 3]);
    check_elements::<_, S, C>((1_u32, 2_u8));
    check_elements::<_, S, C>([5_u64; 5]);
    check_elements::<_, S, C>(0x1234_u128);
    check_elements::<_, S, C>(A64(2));
    if !cfg!(miri) {
        check_elements::<_, S, C>([true; 1000]);
        check_elements::<_, S, C>(A32(1));
        check_elements::<_, S, C>(A256(4));
        check_elements::<_, S, C>(A128(3));
        check_elements::<_, S, C>(A512(5));
        check_elements::<_, S, C>(A1024(6));
        check_elements::<_, S, C>(A2048(7));
    }
    // Its slots are larger than the buffer, but for the smallest class.
    let pool = pool::<A4096, S, C>();
    let kept: Vec<_> = (1..4).map(|n| pool.allocate_with(n, |i| A4096(i as u8))).collect();
    assert!(kept.iter().all(|array| array.as_ptr().addr() % 4096 == 0));
    assert!(kept.iter().all(|array| array.iter().enumerate().all(|(i, e)| e.0 == i as u8)));
    pool.verify().unwrap();
}

fn impossible_lengths_are_errors<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u64, S, C>();
    for length in [usize::MAX, usize::MAX / 8 + 1, isize::MAX as usize / 8 + 1] {
        let error = pool.try_allocate(length).unwrap_err();
        assert!(matches!(error, AllocError::TooLarge { length: l, .. } if l == length), "{error}");
        assert!(pool.try_allocate_zeroed(length).is_err());
        assert!(pool.try_allocate_with(length, |_| panic!("not called")).is_err());
        assert!(pool.try_allocate_raw(length).is_err());
        assert!(pool.try_reserve(length, 1).is_err() || !S::RECLAIMS);
    }
    assert_eq!((pool.stats().live, pool.stats().slots), (0, 0));
    drop(pool.allocate(5));
    pool.verify().unwrap();
}

fn length_zero_costs_nothing<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<A64, S, C>();
    let books = pool.stats();
    let arrays = [pool.allocate_with(0, |_| panic!("not called")), pool.allocate_copy(&[])];
    for array in &arrays {
        assert_eq!((array.len(), array.capacity()), (0, 0));
        assert_eq!(array.as_ptr().addr() % 64, 0);
    }
    assert_eq!(arrays[0], arrays[1]);
    let [first, second] = arrays;
    assert_eq!(first.release(), Ok(()));
    assert!(second.leak().is_empty());
    assert_eq!(pool.allocate_copy(&[]).into_iter().count(), 0);
    assert_eq!((pool.stats().runs, pool.stats().run_bytes), (books.runs, 0));
    assert_eq!(pool.stats().slots, 0);
}

fn elements_without_size_cost_nothing<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<(), S, C>();
    for length in [0, 1, 16, rounds(100_000, 300)] {
        let array = pool.allocate_with(length, |_| ());
        assert_eq!((array.len(), array.capacity()), (length, length));
        assert_eq!(array.iter().count(), length);
    }
    let longest = pool.allocate(u32::MAX as usize);
    assert_eq!(longest.len(), u32::MAX as usize);
    #[cfg(target_pointer_width = "64")]
    assert!(matches!(pool.try_allocate(1 << 32), Err(AllocError::TooLarge { .. })));
    pool.reserve(10, 1000);
    pool.freeze();
    assert_eq!(pool.allocate(10).len(), 10);
    assert_eq!((pool.stats().slots, pool.stats().run_bytes), (0, 0));
}

/// A length above 2^32 - 1 is refused, not cut.
#[cfg(target_pointer_width = "64")]
#[test]
fn no_strategy_cuts_a_length() {
    fn refuses<S: ReleaseStrategy>() {
        let mut buffer = [core::mem::MaybeUninit::uninit(); 4096];
        let arena = Arena::from_buffer(&mut buffer);
        let pool = ArrayPool::<u8, S>::new_in(&arena);
        for length in [1 << 32, (1 << 32) + 5] {
            let error = pool.try_allocate(length).unwrap_err();
            assert!(matches!(error, AllocError::TooLarge { length: l, .. } if l == length));
            let error = pool.try_allocate_raw(length).unwrap_err();
            assert!(matches!(error, AllocError::TooLarge { length: l, .. } if l == length));
        }
    }
    refuses::<arraypool::Direct>();
    refuses::<arraypool::Metadata>();
    refuses::<arraypool::Tagged>();
}
