//! Arrays released twice, from elsewhere, from inside, too early or too late.

use core::ptr;

use arraypool::{Arena, ArrayPool, RawArray, ReleaseError, ReleaseStrategy};

use crate::report::{Pool, Report, by_hand, give, give_at, give_rightly, whole};

pub(crate) fn raw_twice<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let (raw, _other) = (by_hand(&pool), by_hand(&pool));
    give_rightly(&pool, raw);
    report.release(give(&pool, raw), "at once");
    report.release(give(&pool, raw), "a third time");
    let raw = pool.allocate_copy(&[1, 2, 3]).into_raw();
    give_rightly(&pool, raw);
    report.release(give(&pool, raw), "out of a handle");
    let raw = pool.try_allocate_raw(5000).expect("memory for an array");
    give_rightly(&pool, raw);
    report.release(give(&pool, raw), "of a geometric class");
    whole(&pool);
}

pub(crate) fn raw_twice_after_reuse<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let raw = by_hand(&pool);
    give_rightly(&pool, raw);
    let next = by_hand(&pool);
    assert_eq!(next.ptr == raw.ptr, S::RECLAIMS, "the slot is reused");
    report.release(give(&pool, raw), "held by hand again");
    give_rightly(&pool, next);
    report.release(give(&pool, raw), "free again");
    let handle = pool.allocate_copy(&[7; 5]);
    report.release(give(&pool, raw), "owned by a handle");
    assert_eq!(handle, [7; 5]);
    drop(handle);
    whole(&pool);
}

pub(crate) fn address_twice<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let (raw, _other) = (by_hand(&pool), by_hand(&pool));
    give_rightly(&pool, raw);
    report.release(give_at(&pool, raw.ptr.as_ptr().cast()), "at once");
    report.release(give_at(&pool, raw.ptr.as_ptr().cast()), "a third time");
    let handle = pool.allocate_copy(&[1; 200]);
    let address = handle.as_ptr().cast();
    drop(handle);
    if S::RECLAIMS {
        report.release(give_at(&pool, address), "after a handle gave it back");
    }
    whole(&pool);
}

pub(crate) fn address_twice_now_owned<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let raw = by_hand(&pool);
    give_rightly(&pool, raw);
    let handle = pool.allocate_copy(&[7; 5]);
    report.release(give_at(&pool, raw.ptr.as_ptr().cast()), "owned by a handle");
    assert_eq!(handle, [7; 5]);
    drop(handle);
    whole(&pool);
}

pub(crate) fn address_twice_now_by_hand<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let raw = by_hand(&pool);
    give_rightly(&pool, raw);
    let _next = by_hand(&pool);
    report.release(give_at(&pool, raw.ptr.as_ptr().cast()), "held by hand again");
    whole(&pool);
}

/// Tries an address that is no array's, in every way there is.
fn foreign<S: ReleaseStrategy>(
    report: &mut Report,
    pool: &Pool<S>,
    what: &str,
    address: *const u8,
) {
    report.release(give_at(pool, address), what);
    assert_eq!(pool.locate(address), None, "{what}");
    let Some(ptr) = ptr::NonNull::new(address.cast_mut()) else { return };
    for generation in [0, 1, 2, u32::MAX] {
        let raw = RawArray { ptr: ptr.cast(), generation };
        report.release(give(pool, raw), format_args!("{what}, generation {generation}"));
        // SAFETY: if it were accepted, the handle would be forgotten unread.
        let owned = unsafe { pool.from_raw(raw) };
        report.release(owned.map(core::mem::forget), format_args!("{what}, to be owned"));
    }
}

pub(crate) fn elsewhere<S: ReleaseStrategy>(report: &mut Report) {
    static CONSTANT: [u64; 16] = [0; 16];
    let (pool, other) = (Pool::<S>::new(), Pool::<S>::new());
    let (stack, heap) = ([0_u64; 16], Box::new([0_u64; 16]));
    let (mine, theirs) = (by_hand(&pool), by_hand(&other));
    let handle = other.allocate_copy(&[1, 2, 3]);
    let behind = |bytes| mine.ptr.as_ptr().cast::<u8>().wrapping_add(bytes).cast_const();
    for (what, address) in [
        ("the stack", stack.as_ptr().cast()),
        ("the heap", heap.as_ptr().cast()),
        ("a constant", CONSTANT.as_ptr().cast()),
        ("another pool's array", theirs.ptr.as_ptr().cast_const().cast()),
        ("another pool's handle", handle.as_ptr().cast()),
        ("a slot that was never handed out", behind(S::PREFIX + 128)),
        ("far behind the pool", behind(1 << 24)),
        ("far before the pool", behind(1_usize.wrapping_neg() << 24)),
    ] {
        foreign(report, &pool, what, address);
        foreign(report, &pool, &format!("{what}, unaligned"), address.wrapping_add(1));
    }
    let half = isize::MAX.unsigned_abs();
    let high = [usize::MAX, usize::MAX - 7, usize::MAX & !15, usize::MAX - 4095, half, half + 1];
    for number in [0, 1, 16, 0x1000].into_iter().chain(high) {
        let address = ptr::without_provenance(number);
        foreign(report, &pool, &format!("the address {number:#x}"), address);
    }
    give_rightly(&pool, mine);
    whole(&pool);
    give_rightly(&other, theirs);
    drop(handle);
    whole(&other);
}

pub(crate) fn imitation<S: ReleaseStrategy>(report: &mut Report) {
    let arena = Arena::new();
    let pool = ArrayPool::<u64, S>::new_in(&arena);
    let real = pool.try_allocate_raw(5).expect("memory for an array");
    let bytes = S::PREFIX + 40;
    let forged = arena.alloc_zeroed(bytes);
    // SAFETY: the slot begins so many bytes before its elements.
    let slot = unsafe { real.ptr.cast::<u8>().sub(S::PREFIX) };
    // SAFETY: both blocks have so many bytes, and they are apart.
    unsafe { slot.as_ptr().copy_to_nonoverlapping(forged.as_mut_ptr(), bytes) };
    let elements = forged[S::PREFIX..].as_ptr();
    assert!(arena.owns(elements));
    // SAFETY: nobody uses what is released afterwards.
    report.release(unsafe { pool.as_raw().release_ptr(elements) }, "by address");
    for generation in [1, 2] {
        let ptr = ptr::NonNull::new(elements.cast_mut()).expect("no null").cast();
        // SAFETY: as above.
        let result = unsafe { pool.release_raw(RawArray { ptr, generation }) };
        report.release(result, format_args!("generation {generation}"));
    }
    assert!(pool.verify().is_ok());
}

pub(crate) fn inside<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    let _front = by_hand(&pool);
    for (length, class) in [(5, 16), (200, 256), (300, 512)] {
        let raw = pool.try_allocate_raw(length).expect("memory for an array");
        let (start, bytes) =
            (raw.ptr.as_ptr().cast::<u8>(), if S::RECLAIMS { class } else { length });
        let inner = (1..bytes * 8).map(|offset| start.wrapping_add(offset));
        let header = (1..=S::PREFIX).map(|offset| start.wrapping_sub(offset));
        for address in inner.chain(header) {
            let result = give_at(&pool, address);
            if let Err(ReleaseError::Interior { start: named, class_length, .. }) = result {
                assert_eq!((named, class_length as usize), (start.addr(), class));
                assert_eq!(
                    pool.locate(address).map(|found| found.start.addr()),
                    Some(start.addr())
                );
            }
            report.release(result, format_args!("array of {length}, {address:?}"));
            let ptr = ptr::NonNull::new(address).expect("no null").cast();
            let result = give(&pool, RawArray { ptr, generation: raw.generation });
            report.release(result, format_args!("array of {length}, {address:?}, by hand"));
        }
        give_rightly(&pool, raw);
    }
    forged_inside(report, &pool);
    whole(&pool);
}

/// A header copied among the elements of an array.
fn forged_inside<S: ReleaseStrategy>(report: &mut Report, pool: &Pool<S>) {
    let raw = by_hand(pool);
    let start = raw.ptr.cast::<u8>();
    // SAFETY: the slot begins so many bytes before its elements.
    let slot = unsafe { start.sub(S::PREFIX) };
    // SAFETY: the array holds 40 bytes, and a prefix is no longer than 32.
    unsafe { slot.copy_to(start, S::PREFIX) };
    let address = start.as_ptr().wrapping_add(S::PREFIX.max(8));
    report.release(give_at(pool, address), "a copy of the bookkeeping among the elements");
    give_rightly(pool, raw);
}

pub(crate) fn owned<S: ReleaseStrategy>(report: &mut Report) {
    let pool = Pool::<S>::new();
    for length in [1, 16, 200, 1000] {
        let raw = pool.try_allocate_raw(length).expect("memory for an array");
        // SAFETY: there is room for so many elements, which nobody else uses.
        unsafe { raw.ptr.write_bytes(0x11, length) };
        // SAFETY: the elements are written, and only the handle uses them.
        let handle = match unsafe { pool.from_raw(raw) } {
            Ok(handle) => handle,
            Err(error) => {
                assert_eq!((error.kind(), S::RECLAIMS), ("not releasable", false));
                pool.allocate_with(length, |_| 0x1111_1111_1111_1111)
            }
        };
        let ptr = ptr::NonNull::from(&*handle).cast();
        report.release(give_at(&pool, handle.as_ptr().cast()), format_args!("array of {length}"));
        let result = give(&pool, RawArray { ptr, generation: raw.generation });
        report.release(result, format_args!("array of {length}, by its generation"));
        assert!(handle.iter().all(|&element| element == 0x1111_1111_1111_1111));
        assert_eq!(handle.release(), Ok(()));
    }
    let leaked = pool.allocate_copy(&[1, 2, 3]).leak();
    report.release(give_at(&pool, leaked.as_ptr().cast()), "leaked");
    whole(&pool);
}

/// A pool that was reset, an array from before, and one that was free by then.
fn reset<S: ReleaseStrategy>() -> (Pool<S>, [RawArray<u64>; 2]) {
    let mut pool = Pool::<S>::new();
    let arrays = [by_hand(&pool), by_hand(&pool)];
    give_rightly(&pool, arrays[1]);
    pool.reset();
    (pool, arrays)
}

pub(crate) fn raw_after_reset<S: ReleaseStrategy>(report: &mut Report) {
    let (pool, [live, free]) = reset::<S>();
    report.release(give(&pool, live), "live until the reset");
    report.release(give(&pool, free), "free at the reset");
    whole(&pool);
}

pub(crate) fn raw_after_reset_and_reuse<S: ReleaseStrategy>(report: &mut Report) {
    let (pool, old) = reset::<S>();
    let new = [by_hand(&pool), by_hand(&pool)];
    for (old, new) in old.into_iter().zip(new) {
        assert_eq!(old.ptr, new.ptr, "the memory is reused");
        report.release(give(&pool, old), "held by hand again");
        give_rightly(&pool, new);
        report.release(give(&pool, old), "free again");
    }
    whole(&pool);
}

pub(crate) fn address_after_reset<S: ReleaseStrategy>(report: &mut Report) {
    let (pool, arrays) = reset::<S>();
    for array in arrays {
        report.release(give_at(&pool, array.ptr.as_ptr().cast()), "not reused");
    }
    whole(&pool);
}

pub(crate) fn address_after_reset_now_owned<S: ReleaseStrategy>(report: &mut Report) {
    let (pool, arrays) = reset::<S>();
    let handles = [pool.allocate_copy(&[7; 5]), pool.allocate_copy(&[7; 5])];
    for (array, handle) in arrays.into_iter().zip(handles) {
        report.release(give_at(&pool, array.ptr.as_ptr().cast()), "owned by a handle");
        assert_eq!(handle.release(), Ok(()));
    }
    whole(&pool);
}

pub(crate) fn address_after_reset_now_by_hand<S: ReleaseStrategy>(report: &mut Report) {
    let (pool, arrays) = reset::<S>();
    let _new = [by_hand(&pool), by_hand(&pool)];
    for array in arrays {
        report.release(give_at(&pool, array.ptr.as_ptr().cast()), "held by hand again");
    }
    whole(&pool);
}
