//! Poison, integrity, canary and clearing: what is written where nobody may.

use arraypool::{Arena, VerifyError};

use super::*;

for_every_strategy!(
    poison_shows_what_was_never_written_and_what_is_gone,
    an_overflow_inside_the_slot_is_found_at_the_release,
    an_overflow_past_a_full_slot_is_found_at_the_release,
    an_overflow_is_found_at_the_drop_and_told_to_both_hooks,
    an_overflow_into_the_next_array_is_found_whichever_goes_first,
    a_vector_moves_the_canary,
    cleared_arrays_are_zero,
);

mod reclaiming {
    use super::*;

    for_reclaiming_strategies!(
        a_write_after_release_is_found_when_the_slot_is_used_again,
        a_write_after_a_drop_names_the_drop,
        any_byte_of_a_free_slot_is_watched,
        integrity_goes_on_after_a_reset,
        verify_finds_what_is_written_where_nobody_may,
        an_array_held_by_hand_has_a_canary,
        everything_is_cleared_at_the_end,
    );

    fn a_write_after_release_is_found_when_the_slot_is_used_again<S: ReleaseStrategy>() {
        let pool = pool::<S>(Checks::none().integrity().callers());
        let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
        let address = array.as_ptr();
        let (_, released) = (array.release().unwrap(), here());
        told_nothing();
        stray(address, 19, 0x2A);
        assert!(matches!(
            pool.verify(),
            Err(VerifyError::WrittenAfterRelease { address: found, class_length: 16, offset: 19, .. })
                if found == address.addr()
        ));
        let (next, met) = (pool.allocate_copy(&[2; 7]), here());
        assert_ne!(next.as_ptr(), address, "the slot is not used again");
        let report = told_once();
        let Problem::WrittenAfterRelease { offset: 19, found: 0x2A, expected: 0xDD, .. } =
            report.problem
        else {
            panic!("{report}")
        };
        assert_eq!((report.address, report.class_length), (address.addr(), 16));
        assert_eq!(report.history.length, 5);
        assert_same_line(report.history.allocated, allocated);
        assert_released_at(report.history.released, released);
        assert_same_line(report.caller, met);
        let stats = pool.verify().expect("whole again");
        assert_eq!((stats.live, stats.lost, stats.corrupted), (1, 1, 1));
        drop(next);
        drop(pool.allocate_copy(&[3; 16]));
        told_nothing();
    }

    fn a_write_after_a_drop_names_the_drop<S: ReleaseStrategy>() {
        let pool = pool::<S>(Checks::none().integrity().callers());
        let array = pool.allocate_copy(&[1; 5]);
        let address = array.as_ptr();
        drop(array);
        stray(address, 0, 0);
        drop(pool.allocate(3));
        let report = told_once();
        assert_eq!(report.history.released, Some(ReleasedBy::Drop));
        assert!(
            report.to_string().contains("\n  released by the drop of its handle\n"),
            "{report}"
        );
    }

    fn any_byte_of_a_free_slot_is_watched<S: ReleaseStrategy>() {
        for offset in (0..128).step_by(crate::support::rounds(1, 31)) {
            let pool = pool::<S>(Checks::none().integrity());
            let (first, second) = (pool.allocate(2), pool.allocate(16));
            let address = first.as_ptr();
            drop((first, second));
            stray(address, offset, 0xDC);
            let kept = [pool.allocate(16), pool.allocate(1), pool.allocate(9)];
            assert!(kept.iter().all(|array| array.as_ptr() != address));
            let report = told_once();
            let Problem::WrittenAfterRelease { offset: found, .. } = report.problem else {
                panic!("{report}")
            };
            assert_eq!(found, offset);
            assert_eq!((report.history.allocated, report.history.released), (None, None));
        }
    }

    fn integrity_goes_on_after_a_reset<S: ReleaseStrategy>() {
        let mut pool = pool::<S>(Checks::none().integrity().callers());
        let (raw, allocated) = (pool.try_allocate_raw(5).unwrap(), here());
        let other = pool.try_allocate_raw(5).unwrap();
        let (_, reset) = (pool.reset(), here());
        drop([pool.allocate(5), pool.allocate(5)]);
        told_nothing();
        pool.reset();
        stray(raw.ptr.as_ptr(), 33, 1);
        let next = [pool.allocate(5), pool.allocate(5)];
        assert!(next.iter().all(|array| array.as_ptr().cast() != raw.ptr.as_ptr().cast_const()));
        assert!(next.iter().any(|array| array.as_ptr().cast() == other.ptr.as_ptr().cast_const()));
        let report = told_once();
        assert!(matches!(report.problem, Problem::WrittenAfterRelease { offset: 33, .. }));
        drop(next);
        // What was live at a reset came back by it.
        let (raw, again) = (pool.try_allocate_raw(5).unwrap(), here());
        let address = raw.ptr.as_ptr();
        let (_, reset_again) = (pool.reset(), here());
        stray(address, 1, 1);
        let _kept = [pool.allocate(5), pool.allocate(5), pool.allocate(5)];
        let report = told_once();
        assert_same_line(report.history.allocated, again);
        let Some(ReleasedBy::Reset(by)) = report.history.released else { panic!("{report}") };
        assert_same_line(Some(by), reset_again);
        let lines = |callers: [Caller; 2]| callers.map(file_and_line);
        assert_ne!(lines([allocated, reset]), lines([again, reset_again]));
    }

    fn verify_finds_what_is_written_where_nobody_may<S: ReleaseStrategy>() {
        let pool = pool::<S>(Checks::none().integrity().canary());
        let array = pool.allocate_copy(&[1; 5]);
        pool.verify().unwrap();
        stray(array.as_ptr(), 77, 0);
        let error = pool.verify().unwrap_err();
        let address = array.as_ptr().addr();
        assert!(matches!(
            error,
            VerifyError::Overflow { address: found, class_length: 16, offset: 77, .. }
                if found == address
        ));
        stray(array.as_ptr(), 77, 0xFD);
        pool.verify().unwrap();
        told_nothing();
    }

    fn an_array_held_by_hand_has_a_canary<S: ReleaseStrategy>() {
        let pool = pool::<S>(Checks::none().canary().callers());
        let (raw, allocated) = (pool.try_allocate_raw(5).unwrap(), here());
        stray(raw.ptr.as_ptr(), 40, 0);
        let (released, caller) = (release_raw(&pool, raw), here());
        let Err(ReleaseError::Overflow { length: 5, offset: 40, .. }) = released else {
            panic!("{released:?}")
        };
        let report = told_once();
        assert!(matches!(
            report.problem,
            Problem::Overflow { offset: 40, behind: 0, found: 0, .. }
        ));
        assert_same_line(report.history.allocated, allocated);
        // The helper that releases is in another file than this line.
        assert!(file_and_line(report.caller.unwrap()).0.ends_with("diagnostics.rs"));
        assert_ne!(file_and_line(report.caller.unwrap()).0, file_and_line(caller).0);
        assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "corrupted", "it is abandoned");
        assert_eq!(told().len(), 1);
        assert_eq!(pool.verify().unwrap().lost, 1);
    }

    fn everything_is_cleared_at_the_end<S: ReleaseStrategy>() {
        let arena = Arena::new();
        let mut addresses = Vec::new();
        let builder = ArrayPool::<u64, S>::builder().checks(Checks::none().clear_on_release());
        let mut pool = builder.build_in(&arena);
        for length in [1, 5, 16, 200, 300] {
            addresses.push((pool.allocate_with(length, |i| !(i as u64)).into_raw(), length));
        }
        pool.reset();
        let all_zero = |addresses: &[(arraypool::RawArray<u64>, usize)]| {
            let mut bytes = addresses
                .iter()
                .flat_map(|(raw, length)| (0..length * 8).map(|i| peek(raw.ptr.as_ptr(), i)));
            bytes.all(|byte| byte == 0)
        };
        assert!(all_zero(&addresses));
        addresses.clear();
        for length in [1, 5, 16, 200, 300] {
            addresses.push((pool.allocate_with(length, |i| !(i as u64)).into_raw(), length));
        }
        assert!(!all_zero(&addresses));
        drop(pool);
        assert!(all_zero(&addresses), "the arena is there, the secrets are not");
    }
}

fn poison_shows_what_was_never_written_and_what_is_gone<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().poison());
    for length in [1, 5, 16, 17, 300] {
        let array = pool.allocate(length);
        let address = array.as_ptr();
        assert!((0..length * 8).all(|offset| peek(address, offset) == 0xCD));
        drop(array);
        assert!((0..length * 8).all(|offset| peek(address, offset) == 0xDD));
    }
    // The next tenant of the same slots does not see the last one.
    let array = pool.allocate(5);
    assert!((0..40).all(|offset| peek(array.as_ptr(), offset) == 0xCD));
    told_nothing();
}

fn an_overflow_inside_the_slot_is_found_at_the_release<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().canary().callers());
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    let address = array.as_ptr();
    stray(address, 43, 0x41);
    let (released, by) = (array.release(), here());
    let Err(ReleaseError::Overflow { address: named, length: 5, offset: 43, .. }) = released else {
        panic!("{released:?}")
    };
    assert_eq!(named, address.addr());
    let report = told_once();
    let Problem::Overflow { offset: 43, behind: 3, found: 0x41, .. } = report.problem else {
        panic!("{report}")
    };
    assert_eq!((report.address, report.history.length), (address.addr(), 5));
    assert_same_line(report.history.allocated, allocated);
    assert_same_line(report.caller, by);
    assert_eq!(report.history.released, None);
    let stats = pool.verify().unwrap();
    assert_eq!((stats.corrupted, stats.lost), (1, usize::from(S::RECLAIMS)));
    let next = pool.allocate_copy(&[2; 5]);
    assert_ne!(next.as_ptr(), address, "the slot stays as it is");
    assert_eq!(next.release(), Ok(()));
    told_nothing();
}

fn an_overflow_past_a_full_slot_is_found_at_the_release<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().canary());
    for length in [16, 256, 512] {
        for behind in [0, 7] {
            let array = pool.allocate_with(length, |_| 1);
            stray(array.as_ptr(), length * 8 + behind, 0x41);
            let released = array.release();
            assert_eq!(released.unwrap_err().kind(), "overflow");
            let report = told_once();
            assert!(matches!(report.problem, Problem::Overflow { behind: b, .. } if b == behind));
            assert_eq!((report.history.allocated, report.history.length), (None, length as u32));
        }
    }
}

fn an_overflow_into_the_next_array_is_found_whichever_goes_first<S: ReleaseStrategy>() {
    let lengths = (1..=64).step_by(crate::support::rounds(1, 9));
    for (bytes, next_first) in lengths.flat_map(|bytes| [(bytes, false), (bytes, true)]) {
        let checks = Checks::none().canary().poison().clear_on_release().callers();
        let pool = pool::<S>(checks);
        let (array, next) = (pool.allocate_copy(&[1; 16]), pool.allocate_copy(&[2; 16]));
        // What is behind the canary under `Direct` is a front, whose first byte may be any.
        let in_front = (!S::RECLAIMS && bytes > 8).then(|| !peek(array.as_ptr(), 16 * 8 + 8));
        for offset in 0..bytes {
            let value = in_front.filter(|_| offset == 8).unwrap_or(0x41);
            stray(array.as_ptr(), 16 * 8 + offset, value);
        }
        let results = if next_first {
            let next = next.release();
            (array.release(), next)
        } else {
            (array.release(), next.release())
        };
        assert_eq!(results.0.unwrap_err().kind(), "overflow");
        let reports = told();
        let overflows =
            reports.iter().filter(|report| matches!(report.problem, Problem::Overflow { .. }));
        assert_eq!(overflows.count(), 1);
        if S::RECLAIMS {
            continue; // What lies behind a slot is its strategy's.
        }
        // The canary has 8 bytes, and a front is right behind it.
        let expected = if bytes <= 8 { Ok(()) } else { Err("corrupted") };
        assert_eq!(results.1.map_err(|error| error.kind()), expected, "{bytes}");
        let overwritten = |report: &&Report| report.problem == Problem::BookkeepingOverwritten;
        let told: Vec<_> = reports.iter().filter(overwritten).collect();
        assert_eq!(told.len(), usize::from(bytes > 8));
        for report in told {
            assert_eq!((report.class_length, report.history), (0, arraypool::History::default()));
            let text = report.to_string();
            assert!(text.contains(" was overwritten\n  found at "), "{text}");
        }
        assert_eq!(pool.stats().corrupted, 1 + usize::from(bytes > 8));
    }
}

fn an_overflow_is_found_at_the_drop_and_told_to_both_hooks<S: ReleaseStrategy>() {
    thread_local! {
        static ERRORS: RefCell<Vec<ReleaseError>> = const { RefCell::new(Vec::new()) };
    }
    let hook = |error: &ReleaseError| ERRORS.with_borrow_mut(|errors| errors.push(*error));
    let pool = builder::<S>(Checks::none().canary().callers()).on_corruption(hook).build();
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    stray(array.as_ptr(), 40, 0);
    drop(array);
    let report = told_once();
    assert_eq!(report.caller, None);
    assert_same_line(report.history.allocated, allocated);
    assert!(report.to_string().ends_with("\n  found at the drop of its handle"), "{report}");
    let errors = ERRORS.take();
    assert!(matches!(errors[..], [ReleaseError::Overflow { length: 5, offset: 40, .. }]));
}

fn a_vector_moves_the_canary<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().canary().callers());
    let mut vector = pool.vec_with_capacity(16);
    vector.extend(0..16);
    vector.truncate(3);
    let array = vector.into_array();
    assert_eq!(array, [0, 1, 2]);
    let mut vector = arraypool::PoolVec::from(array);
    vector.extend(3..12);
    told_nothing();
    let mut array = vector.into_array();
    let raw = array.as_mut_ptr();
    stray(raw, 96, 0x41);
    let (_, widened) = (arraypool::PoolVec::from(array), here());
    let report = told_once();
    assert!(matches!(report.problem, Problem::Overflow { offset: 96, behind: 0, .. }), "{report}");
    assert_same_line(report.caller, widened);
    assert_eq!(pool.stats().corrupted, 1);
}

/// What stands in front of an array without a slot is bookkeeping, to its last byte.
#[test]
fn every_byte_of_a_front_counts() {
    /// A seal, two lengths and a caller; more with the C interface.
    const FRONT: usize = 2 * size_of::<usize>() + 2 * size_of::<u32>();
    let pool = pool::<Direct>(Checks::none().canary().callers());
    let front = |array: *const u64, back| array.cast::<u8>().wrapping_sub(back);
    for back in 1..=FRONT {
        let array = pool.allocate_copy(&[1; 5]);
        let byte = front(array.as_ptr(), back);
        stray(byte, 0, !peek(byte, 0));
        assert_eq!(array.release().unwrap_err().kind(), "corrupted", "{back}");
        let text = told_once().to_string();
        assert!(text.contains("the bookkeeping of the array at"), "{text}");
    }
    // Nor will that of another array do, whose lengths and caller are the same.
    let [array, other] = [(); 2].map(|()| pool.allocate_copy(&[1; 5]));
    for back in 1..=FRONT {
        stray(front(array.as_ptr(), back), 0, peek(front(other.as_ptr(), back), 0));
    }
    assert_eq!(array.release().unwrap_err().kind(), "corrupted");
    assert_eq!(other.release(), Ok(()));
    assert_eq!((told().len(), pool.stats().corrupted), (1, FRONT + 1));
}

fn cleared_arrays_are_zero<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().clear_on_release().poison().integrity());
    for length in [1, 5, 16, 17, 300] {
        let array = pool.allocate_with(length, |i| !(i as u64));
        let address = array.as_ptr();
        assert!((0..length * 8).any(|offset| peek(address, offset) != 0));
        drop(array);
        assert!((0..length * 8).all(|offset| peek(address, offset) == 0));
    }
    drop(pool.allocate(5));
    told_nothing();
}
