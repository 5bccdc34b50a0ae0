//! What a child observes, and the helpers that all cases share.

use core::fmt::Display;

use arraypool::{ArrayPool, RawArray, ReleaseError, ReleaseStrategy};

/// The pool that every case misuses. Its default classes hold 16 and 256 elements.
pub(crate) type Pool<S> = ArrayPool<'static, u64, S>;

/// Outcomes of a case's probes: how often each was seen, and where first.
#[derive(Default)]
pub(crate) struct Report {
    outcomes: Vec<(&'static str, usize, String)>,
}

impl Report {
    /// Notes what came of one probe.
    pub(crate) fn note(&mut self, outcome: &'static str, probe: impl Display) {
        match self.outcomes.iter_mut().find(|(seen, ..)| *seen == outcome) {
            Some((_, count, _)) => *count += 1,
            None => self.outcomes.push((outcome, 1, probe.to_string())),
        }
    }

    /// Notes what a release that must not succeed returned.
    pub(crate) fn release(&mut self, result: Result<(), ReleaseError>, probe: impl Display) {
        match result {
            Ok(()) => self.note("accepted", probe),
            Err(error) => self.note(error.kind(), probe),
        }
    }

    /// Prints one line per outcome, for the parent to read.
    pub(crate) fn print(&self) {
        for (outcome, count, first) in &self.outcomes {
            eprintln!("outcome: {outcome} | {count} probes, the first: {first}");
        }
    }
}

/// An array held by hand, in a slot of 16.
pub(crate) fn by_hand<S: ReleaseStrategy>(pool: &Pool<S>) -> RawArray<u64> {
    let raw = pool.try_allocate_raw(5).expect("memory for an array");
    for index in 0..5 {
        // SAFETY: the array has 5 elements.
        let place = unsafe { raw.ptr.add(index) };
        // SAFETY: as above, and nobody else uses them.
        unsafe { place.write(0x0123_4567_89AB_CDEF) };
    }
    raw
}

/// Releases an array held by hand.
pub(crate) fn give<S: ReleaseStrategy>(
    pool: &Pool<S>,
    raw: RawArray<u64>,
) -> Result<(), ReleaseError> {
    // SAFETY: no case reads or writes an array's elements after its release.
    unsafe { pool.release_raw(raw) }
}

/// Releases whatever is at an address.
pub(crate) fn give_at<S: ReleaseStrategy>(
    pool: &Pool<S>,
    address: *const u8,
) -> Result<(), ReleaseError> {
    // SAFETY: as in `give`.
    unsafe { pool.as_raw().release_ptr(address) }
}

/// A release that is right: accepted, or refused where nothing is released alone.
pub(crate) fn give_rightly<S: ReleaseStrategy>(pool: &Pool<S>, raw: RawArray<u64>) {
    let refused = give(pool, raw).err().map(|error| error.kind());
    assert_eq!(refused, (!S::RECLAIMS).then_some("not releasable"));
}

/// Asserts that the pool is whole and goes on: its books add up, and it hands
/// out arrays that are apart from each other.
pub(crate) fn whole<S: ReleaseStrategy>(pool: &Pool<S>) {
    let before = pool.verify().expect("a whole pool");
    let mut arrays: Vec<_> = (0..20).map(|i| pool.allocate_with(16, |_| i)).collect();
    arrays.extend((0..2).map(|i| pool.allocate_with(200, |_| i)));
    for (index, array) in arrays.iter().enumerate() {
        let tenant = if index < 20 { index } else { index - 20 };
        assert!(array.iter().all(|&element| element == tenant as u64), "arrays overlap");
    }
    drop(arrays);
    let after = pool.verify().expect("a whole pool");
    assert_eq!(after.corrupted, before.corrupted);
    if S::RECLAIMS {
        assert_eq!(after.live, before.live);
    }
}
