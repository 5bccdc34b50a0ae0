//! Leaks, told of when a pool is dropped; and pools that say nothing by default.

use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{Arena, Budget};

use super::*;

for_reclaiming_strategies!(
    arrays_held_by_hand_are_told_of_by_class_and_caller,
    nothing_is_told_of_what_came_back_or_was_leaked_on_purpose,
    of_one_caller_only_arrays_held_by_hand_are_told_of,
    a_panic_of_the_hook_keeps_no_memory,
);

fn of_one_caller_only_arrays_held_by_hand_are_told_of<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().leaks());
    for is_leaked in [false, true, false, true, true] {
        let array = pool.allocate_copy(&[1, 2, 3]);
        if is_leaked {
            let _ = array.leak();
        } else {
            let _ = array.into_raw();
        }
    }
    drop(pool);
    let report = told_once();
    assert!(matches!(report.problem, Problem::Leak { arrays: 2, .. }), "{report}");
}

/// Only headers can be reached by a stray write.
#[test]
fn a_panic_of_the_hook_keeps_no_broken_list() {
    let hook = |report: &Report| {
        assert_eq!(report.problem, Problem::BookkeepingOverwritten);
        let text = report.to_string();
        assert!(text.contains("the free array at") && text.contains("(class 16) was"), "{text}");
        assert!(text.contains("found when its slot was to be used again"), "{text}");
        panic!("told");
    };
    let builder = ArrayPool::<u64, Tagged>::builder().checks(Checks::none().callers());
    let pool = builder.on_report(hook).build();
    let array = pool.allocate(5);
    // The second to last byte of the header in front of the elements.
    let header = array.as_ptr().cast::<u8>().wrapping_sub(2);
    drop(array);
    stray(header, 0, 0x41);
    let told = catch_unwind(AssertUnwindSafe(|| pool.try_allocate(5))).map(drop).unwrap_err();
    assert_eq!(told.downcast_ref(), Some(&"told"), "and nothing that the hook asserts");
    assert_eq!(pool.stats().corrupted, 1);
    assert!(pool.try_allocate(5).is_ok(), "the list was abandoned");
}

fn a_panic_of_the_hook_keeps_no_memory<S: ReleaseStrategy>() {
    let budget = Budget::unlimited();
    let mut memory = vec![MaybeUninit::new(0xFF_u8); 16 * 1024];
    let start = memory.as_ptr();
    let mut place = start.cast::<u64>();
    for arena in [Arena::builder().budget(&budget).build(), Arena::from_buffer(&mut memory)] {
        let checks = Checks::none().leaks().clear_on_release();
        let builder = ArrayPool::<u64, S>::builder().checks(checks).on_report(|_| panic!("told"));
        let pool = builder.max_runs(4).try_build_owning(arena).unwrap();
        place = pool.allocate_copy(&[0x5E; 5]).into_raw().ptr.as_ptr().cast_const();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(pool))).is_err());
    }
    assert_eq!(budget.used(), 0);
    // The second array was in the memory, which is still there.
    let offset = place.addr() - start.addr();
    // SAFETY: so many bytes were written there, and nobody else has them.
    let left = memory[offset..][..40].iter().map(|byte| unsafe { byte.assume_init() });
    assert!(left.eq([0; 40]), "cleared all the same");
}

fn arrays_held_by_hand_are_told_of_by_class_and_caller<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().leaks());
    let mut lines = Vec::new();
    for _ in 0..3 {
        let (array, line) = (pool.try_allocate_raw(5).unwrap(), here());
        lines.push((array.ptr, line));
    }
    let (_other, second) = (pool.try_allocate_raw(9).unwrap(), here());
    let (_long, third) = (pool.allocate_with(100, |i| i as u64).into_raw(), here());
    drop(pool.allocate(5));
    told_nothing();
    drop(pool);
    let reports = told();
    let leaks: Vec<_> = reports
        .iter()
        .map(|report| match report.problem {
            Problem::Leak { arrays, .. } => (arrays, report.class_length),
            _ => panic!("{report}"),
        })
        .collect();
    assert_eq!(leaks, [(3, 16), (1, 16), (1, 256)]);
    for (report, line) in reports.iter().zip([lines[0].1, second, third]) {
        assert_same_line(report.history.allocated, line);
    }
    assert_eq!(reports[0].address, lines[0].0.addr().get());
    let text = reports[0].to_string();
    let says = "arraypool: leak: 3 arrays of class 16 (384 bytes), held by hand, when the pool was dropped";
    assert!(text.starts_with(says), "{text}");
}

fn nothing_is_told_of_what_came_back_or_was_leaked_on_purpose<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().leaks());
    let raw = pool.try_allocate_raw(5).unwrap();
    assert_eq!(release_raw(&pool, raw), Ok(()));
    let _kept = pool.allocate_copy(&[1, 2, 3]).leak();
    drop(pool);
    told_nothing();
    let quiet = super::pool::<S>(Checks::all());
    let raw = quiet.try_allocate_raw(5).unwrap();
    let mut quiet = quiet;
    quiet.reset();
    assert_eq!(release_raw(&quiet, raw).unwrap_err().kind(), "stale");
    assert_eq!(told().len(), 1);
    drop(quiet);
    told_nothing();
}

/// What a pool has whose builder says nothing.
#[test]
fn a_debug_build_has_poison_and_callers() {
    let expected = if cfg!(debug_assertions) && !cfg!(miri) {
        Checks::none().poison().callers()
    } else {
        Checks::none()
    };
    if std::env::var_os("ARRAYPOOL_CHECK").is_some() {
        return; // Somebody wants something else today.
    }
    assert_eq!(Checks::default(), expected);
    assert_eq!(ArrayPool::<u8, Metadata>::new().as_raw().checks(), expected);
    assert_eq!(ArrayPool::<u8, Tagged>::new().as_raw().checks(), expected);
    assert!(ArrayPool::<u8, Direct>::new().as_raw().checks().is_none(), "its arena has poison");
    let mut buffer = [const { core::mem::MaybeUninit::uninit() }; 4096];
    let arena = arraypool::Arena::from_buffer(&mut buffer);
    let pool = ArrayPool::<u8, Tagged>::new_in(&arena);
    let in_buffer = if expected.is_none() { expected } else { Checks::none().poison() };
    assert_eq!(pool.as_raw().checks(), in_buffer, "nobody asked to fill the buffer with notes");
}
