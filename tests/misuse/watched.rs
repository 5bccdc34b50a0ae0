//! Mistakes that a pool finds when it is asked to watch for them.

use core::sync::atomic::{AtomicUsize, Ordering};

use arraypool::{ArrayPool, Checks, Problem, ReleaseStrategy};

use crate::report::{Pool, Report, by_hand, give, give_at, give_rightly, whole};

static TOLD: AtomicUsize = AtomicUsize::new(0);

fn told(report: &arraypool::Report) {
    if !matches!(report.problem, Problem::WrongRelease(_)) {
        TOLD.fetch_add(1, Ordering::Relaxed);
    }
}

/// A pool with these diagnostics.
fn watched<S: ReleaseStrategy>(checks: Checks) -> Pool<S> {
    ArrayPool::builder().checks(checks).on_report(told).build()
}

/// Writes bytes from `offset` on, counted from the first element.
fn write<S: ReleaseStrategy>(pool: &Pool<S>, elements: *const u64, offset: usize, bytes: usize) {
    let place = elements.cast_mut().cast::<u8>().wrapping_add(offset);
    // SAFETY: the pool has at least 8 bytes behind every length, and another array
    // behind that, which nobody reads. It lives.
    unsafe { place.write_bytes(0x41, bytes) };
    assert!(pool.as_raw().unit_size() == 8);
}

pub(crate) fn address_twice_rested<S: ReleaseStrategy>(report: &mut Report) {
    for others in 0..8 {
        let pool = watched::<S>(Checks::none().quarantine(8));
        let raws: Vec<_> = (0..8).map(|_| by_hand(&pool)).collect();
        give_rightly(&pool, raws[0]);
        for &raw in &raws[1..=others.min(6)] {
            give_rightly(&pool, raw);
        }
        let next: Vec<_> = (0..8).map(|_| by_hand(&pool)).collect();
        let result = give_at(&pool, raws[0].ptr.as_ptr().cast());
        report.release(result, format_args!("{others} others in between"));
        next.into_iter().for_each(|raw| give_rightly(&pool, raw));
        whole(&pool);
    }
}

/// Overflows of a handle's array of so many elements, met by its end.
fn overflows<S: ReleaseStrategy>(report: &mut Report, length: usize) {
    for bytes in 1..=8 {
        for dropped in [false, true] {
            let pool = watched::<S>(Checks::none().canary());
            let _front = by_hand(&pool);
            let array = pool.allocate_with(length, |_| 1);
            let _behind = by_hand(&pool);
            write(&pool, array.as_ptr(), length * 8, bytes);
            let before = TOLD.load(Ordering::Relaxed);
            let outcome = if dropped {
                drop(array);
                if pool.stats().corrupted == 1 { "overflow" } else { "unharmed" }
            } else {
                array.release().map_or_else(|error| error.kind(), |()| "unharmed")
            };
            let seen = TOLD.load(Ordering::Relaxed) - before;
            assert_eq!(seen, usize::from(outcome == "overflow"));
            report.note(outcome, format_args!("{bytes} bytes, dropped: {dropped}"));
            whole(&pool);
        }
    }
}

pub(crate) fn overflow_past_slot<S: ReleaseStrategy>(report: &mut Report) {
    overflows::<S>(report, 16);
    overflows::<S>(report, 256);
}

pub(crate) fn overflow_inside<S: ReleaseStrategy>(report: &mut Report) {
    overflows::<S>(report, 5);
    overflows::<S>(report, 200);
    overflows::<S>(report, 300);
}

pub(crate) fn written_after_release<S: ReleaseStrategy>(report: &mut Report) {
    for offset in 0..128 {
        let pool = watched::<S>(Checks::none().integrity());
        let raw = by_hand(&pool);
        let _ = give(&pool, raw);
        write(&pool, raw.ptr.as_ptr(), offset.min(if S::RECLAIMS { 127 } else { 39 }), 1);
        let before = TOLD.load(Ordering::Relaxed);
        let next = by_hand(&pool);
        let told = TOLD.load(Ordering::Relaxed) - before;
        assert_ne!(next.ptr, raw.ptr, "it is not handed out again");
        let outcome = if told == 1 { "written after release" } else { "unharmed" };
        report.note(outcome, format_args!("byte {offset}"));
        whole(&pool);
    }
}
