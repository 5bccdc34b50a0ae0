//! What a pool does when its bookkeeping was overwritten by a stray write.

use core::cell::Cell;

use arraypool::{
    AllocError, Arena, ArrayPool, PoolArray, PoolBuilder, ReleaseError, RuntimeClasses, SlotState,
    Tagged, VerifyError,
};

use crate::support::{Fourteen, PowersOfTwo, Table, release_ptr, release_raw, rounds};

/// Bytes of the header in front of every array.
const HEADER: usize = size_of::<usize>() + 8;

thread_local! {
    static REPORTS: Cell<usize> = const { Cell::new(0) };
}

fn count(error: &ReleaseError) {
    assert_eq!(error.kind(), "corrupted");
    REPORTS.set(REPORTS.get() + 1);
}

type Pool<'m, C> = ArrayPool<'m, u64, Tagged, C>;

fn settings<'m, C: Table>() -> PoolBuilder<'static, Pool<'m, C>> {
    REPORTS.set(0);
    C::set(ArrayPool::builder()).on_corruption(count)
}

/// Turns over bits of one byte of the header in front of an array, as a stray
/// write would. It is written as a whole word: the header holds pointers, and
/// Miri's atomics stop at one that has been cut into bytes.
pub(crate) fn smash(elements: *const u64, byte: usize, bits: u8) {
    const WORD: usize = size_of::<usize>();
    let header = elements.cast_mut().cast::<u8>().wrapping_sub(HEADER);
    let place = header.cast::<usize>().wrapping_add(byte / WORD);
    // SAFETY: the header is the pool's memory and made of words, and the pointer
    // comes from its run, so it may be read there.
    let mut word = unsafe { place.read() }.to_ne_bytes();
    word[byte % WORD] ^= bits;
    // SAFETY: as above; the pool is prepared for every value.
    unsafe { place.write(usize::from_ne_bytes(word)) };
}

/// The first element, with the right to the whole slot.
fn start(array: PoolArray<'_, u64, Tagged, impl Table>) -> *const u64 {
    array.into_raw().ptr.as_ptr()
}

macro_rules! with_every_table {
    ($($body:ident),+ $(,)?) => {
        $(#[test]
        fn $body() {
            run::$body::<arraypool::DefaultClasses>();
            run::$body::<PowersOfTwo>();
            run::$body::<Fourteen>();
            run::$body::<RuntimeClasses>();
        })+
    };
}

with_every_table!(
    a_drop_that_finds_a_broken_header_abandons_the_slot,
    a_release_that_finds_one_says_so,
    any_byte_of_a_header_is_watched,
    a_broken_list_is_abandoned,
    a_broken_header_in_the_middle_of_a_list,
    corruption_found_after_a_reset,
    a_bounded_list_that_is_broken,
    a_broken_header_beside_arrays_that_were_left,
);

mod run {
    use super::*;

    pub(super) fn a_broken_header_beside_arrays_that_were_left<C: Table>() {
        let pool = settings::<C>().build();
        let mut arrays: Vec<_> = (0..6).map(|_| pool.allocate_copy(&[1; 5])).collect();
        let (broken, kept) = (arrays.pop().unwrap(), arrays.pop().unwrap());
        arrays.truncate(1);
        pool.trim(0);
        drop(arrays);
        assert_eq!((pool.stats().left, pool.stats().free, pool.stats().live), (3, 1, 2));
        smash(broken.as_ptr(), 3, 0x40);
        drop(broken);
        let stats = pool.verify().expect("it has been met");
        assert_eq!((stats.lost, stats.left, stats.free, stats.live), (1, 3, 1, 1));
        drop(kept);
    }

    pub(super) fn a_drop_that_finds_a_broken_header_abandons_the_slot<C: Table>() {
        let pool = settings::<C>().build();
        let array = pool.allocate_copy(&[1; 5]);
        let other = pool.allocate_copy(&[2; 5]);
        let address = array.as_ptr();
        smash(address, 3, 0x40);
        let found = pool.locate(address).unwrap();
        assert_eq!((found.state, found.len), (SlotState::Corrupted, 0));
        assert!(matches!(pool.verify(), Err(VerifyError::Corrupted { .. })));
        drop(array);
        assert_eq!(REPORTS.get(), 1);
        let stats = pool.verify().expect("it has been met");
        assert_eq!((stats.corrupted, stats.lost, stats.live), (1, 1, 1));
        assert!(stats.to_string().ends_with(", 1 lost to 1 corruption"), "{stats}");
        assert_eq!(pool.locate(address).unwrap().state, SlotState::Lost);
        assert_eq!(other, [2; 5]);
        drop(other);
        let kept: Vec<_> = (0..50).map(|_| pool.allocate_copy(&[3; 5])).collect();
        assert!(kept.iter().all(|array| array.as_ptr() != address), "never handed out again");
        drop(kept);
        assert_eq!(pool.verify().unwrap().live, 0);
        assert_eq!(REPORTS.get(), 1);
    }

    pub(super) fn a_release_that_finds_one_says_so<C: Table>() {
        let pool = settings::<C>().build();
        let array = pool.allocate_copy(&[1; 5]);
        smash(array.as_ptr(), 0, 1);
        let error = array.release().unwrap_err();
        assert!(matches!(error, ReleaseError::Corrupted { .. }), "{error}");
        let raw = pool.allocate_copy(&[1; 5]).into_raw();
        smash(raw.ptr.as_ptr(), 0, 1);
        assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "corrupted");
        assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "corrupted");
        let raw = pool.allocate_copy(&[1; 5]).into_raw();
        smash(raw.ptr.as_ptr(), 9, 0x80);
        assert_eq!(release_ptr(&pool, raw.ptr.as_ptr()).unwrap_err().kind(), "corrupted");
        let array = pool.allocate_copy(&[1; 5]);
        smash(array.as_ptr(), 5, 2);
        let raw = array.into_raw();
        assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "corrupted");
        assert_eq!(REPORTS.get(), 0, "each was returned to somebody");
        let stats = pool.verify().unwrap();
        assert_eq!((stats.corrupted, stats.lost, stats.live), (4, 4, 0));
        drop(pool.allocate(5));
    }

    pub(super) fn any_byte_of_a_header_is_watched<C: Table>() {
        let pool = settings::<C>().build();
        let mut smashed = 0;
        for byte in (0..HEADER).step_by(rounds(1, 5)) {
            for &bits in &[1, 0x80, 0xFF][..rounds(3, 1)] {
                let raw = pool.allocate_copy(&[1; 5]).into_raw();
                smash(raw.ptr.as_ptr(), byte, bits);
                assert!(pool.verify().is_err(), "byte {byte}, bits {bits:#x}");
                assert!(release_ptr(&pool, raw.ptr.as_ptr()).is_err());
                pool.verify().unwrap();
                let raw = pool.allocate_copy(&[1; 5]).into_raw();
                assert_eq!(release_raw(&pool, raw), Ok(()));
                smash(raw.ptr.as_ptr(), byte, bits);
                assert!(pool.verify().is_err(), "free: byte {byte}, bits {bits:#x}");
                let error = pool.try_allocate(5).unwrap_err();
                assert!(matches!(error, AllocError::Corrupted { .. }), "{error}");
                pool.verify().unwrap();
                smashed += 2;
            }
        }
        assert_eq!(pool.stats().corrupted, smashed);
    }

    pub(super) fn a_broken_list_is_abandoned<C: Table>() {
        let pool = settings::<C>().build();
        let mut kept: Vec<_> = (0..4).map(|_| pool.allocate_copy(&[1; 5])).collect();
        let top = start(kept.pop().unwrap());
        drop(kept);
        assert_eq!(release_ptr(&pool, top), Ok(()));
        assert_eq!(pool.stats().free, 4);
        smash(top, 0, 0xFF);
        let error = pool.try_allocate(5).unwrap_err();
        let AllocError::Corrupted { class_length, .. } = error else { panic!("{error}") };
        assert_eq!(class_length as usize, crate::support::class_of::<C>(5));
        let stats = pool.verify().unwrap();
        assert_eq!((stats.free, stats.lost, stats.corrupted), (0, 4, 1));
        let array = pool.try_allocate(5).expect("the pool goes on in fresh memory");
        assert_ne!(array.as_ptr().cast(), top);
        drop(array);
        assert_eq!(pool.verify().unwrap().free, 1);
        assert_eq!(REPORTS.get(), 0);
    }

    pub(super) fn a_broken_header_in_the_middle_of_a_list<C: Table>() {
        let pool = settings::<C>().build();
        let raws: Vec<_> = (0..5).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
        for &raw in &raws {
            assert_eq!(release_raw(&pool, raw), Ok(()));
        }
        smash(raws[2].ptr.as_ptr(), 1, 0x10);
        assert!(pool.verify().is_err());
        let kept = [pool.allocate(5), pool.allocate(5)];
        let error = pool.try_allocate(5).unwrap_err();
        assert!(matches!(error, AllocError::Corrupted { .. }), "{error}");
        let stats = pool.verify().unwrap();
        assert_eq!((stats.live, stats.free, stats.lost), (2, 0, 3));
        drop(kept);
        assert_eq!(pool.verify().unwrap().free, 2);
    }

    pub(super) fn corruption_found_after_a_reset<C: Table>() {
        let mut pool = settings::<C>().build();
        let raws: Vec<_> = (0..5).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
        assert_eq!(release_raw(&pool, raws[4]), Ok(()));
        pool.reset();
        smash(raws[1].ptr.as_ptr(), 2, 8);
        smash(raws[4].ptr.as_ptr(), 2, 8);
        let kept: Vec<_> = (0..5).map(|_| pool.allocate_copy(&[1; 5])).collect();
        let avoided = |raw: &arraypool::RawArray<u64>| {
            kept.iter().all(|array| array.as_ptr() != raw.ptr.as_ptr().cast_const())
        };
        assert!(avoided(&raws[1]) && avoided(&raws[4]));
        let stats = pool.verify().unwrap();
        assert_eq!((stats.live, stats.lost, stats.corrupted), (5, 2, 2));
        drop(kept);
        pool.reset();
        assert_eq!(pool.verify().unwrap().lost, 0);
    }

    pub(super) fn a_bounded_list_that_is_broken<C: Table>() {
        let pool = settings::<C>().max_free(2).build();
        let raws: Vec<_> = (0..4).map(|_| pool.try_allocate_raw(5).unwrap()).collect();
        for &raw in &raws[..2] {
            assert_eq!(release_raw(&pool, raw), Ok(()));
        }
        smash(raws[1].ptr.as_ptr(), 6, 0x20);
        // The list is cut off from above, so its broken head comes second.
        assert_eq!(release_raw(&pool, raws[2]), Ok(()));
        let _ = release_raw(&pool, raws[3]);
        let _ = pool.try_allocate(5);
        let stats = pool.verify().expect("whatever was met is counted");
        assert!(stats.corrupted >= 1 && stats.lost >= 1);
        assert!(pool.try_allocate(5).is_ok());
    }
}

#[test]
fn without_a_hook_the_slot_is_still_counted() {
    let arena = Arena::new();
    let pool = ArrayPool::<u64, Tagged>::new_in(&arena);
    let array = pool.allocate_copy(&[1; 20]);
    smash(array.as_ptr(), 0, 1);
    drop(array);
    assert_eq!((pool.stats().corrupted, pool.stats().lost), (1, 1));
    drop(pool);
    let pool = ArrayPool::<u64, Tagged>::new_in(&arena);
    assert_eq!(pool.verify().unwrap().corrupted, 0);
}
