//! Wrong releases, on the very build that is measured: a check that is not there
//! costs nothing.

use core::ptr;

use arraypool::{ArrayPool, Metadata, ReleaseError, ReleaseStrategy, Tagged};

use crate::support::workload::Element;

type Pool<S> = ArrayPool<'static, Element, S>;

/// Asserts that every kind of wrong release is an error, under both strategies.
pub(crate) fn check() {
    let cases = wrong_releases::<Metadata>() + wrong_releases::<Tagged>();
    overwritten_header();
    println!("checked: {} wrong releases, each of them an error in this build", cases + 1);
}

fn wrong_releases<S: ReleaseStrategy>() -> u32 {
    let pool = Pool::<S>::new();
    let mut cases = 0;
    let mut expect = |found: Result<(), ReleaseError>, kind: &str| {
        let found = found.map_err(|error| error.kind());
        assert_eq!(found, Err(kind), "under {}", S::NAME);
        cases += 1;
    };
    for length in [12, 200, 3000] {
        let raw = pool.try_allocate_raw(length).expect("memory for an array");
        let address = raw.ptr.as_ptr().cast_const();
        // SAFETY: nobody uses the array, here and below; what is wrong on purpose
        // is defined.
        assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
        // SAFETY: as above.
        expect(unsafe { pool.release_raw(raw) }, "already released");
        // SAFETY: as above.
        expect(unsafe { pool.release_ptr(address) }, "already released");
        let next = pool.try_allocate_raw(length).expect("memory for an array");
        assert_eq!(next.ptr, raw.ptr, "the slot is reused");
        // SAFETY: as above.
        expect(unsafe { pool.release_raw(raw) }, "stale");
        // SAFETY: as above.
        expect(unsafe { pool.release_ptr(address.wrapping_add(1)) }, "interior");
        // SAFETY: as above.
        assert_eq!(unsafe { pool.release_ptr(address) }, Ok(()));
        let handle = pool.allocate(length);
        // SAFETY: as above.
        expect(unsafe { pool.release_ptr(handle.as_ptr().cast()) }, "owned");
        drop(handle);
    }
    let elsewhere: Element = [0; 4];
    // SAFETY: as above.
    expect(unsafe { pool.release_ptr(&raw const elsewhere) }, "foreign");
    // SAFETY: as above.
    expect(unsafe { pool.release_ptr(ptr::without_provenance(8)) }, "foreign");
    assert!(pool.verify().is_ok(), "the pool is whole");
    cases
}

/// A write in front of an array, which only `Tagged` has anything to lose from.
fn overwritten_header() {
    let pool = Pool::<Tagged>::new();
    let mut handle = pool.allocate(12);
    let before = handle.as_mut_ptr().cast::<u64>().wrapping_sub(Tagged::PREFIX / 8);
    // SAFETY: the header lies there, in the run that the array is a part of.
    unsafe { before.write(u64::MAX / 3) };
    assert_eq!(handle.release().map_err(|error| error.kind()), Err("corrupted"));
}
