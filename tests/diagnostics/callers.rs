//! Who allocated, who released first, and what a report reads like.

use arraypool::{Arena, PoolVec};

use super::*;

for_reclaiming_strategies!(
    a_second_release_names_the_first,
    a_second_release_by_address_names_the_first,
    a_release_of_what_a_handle_owns_names_who_allocated_it,
    an_address_inside_an_array_names_its_history,
    a_stale_array_names_its_successor,
    a_history_is_there_for_any_position,
    a_vector_names_who_made_it_grow,
    without_callers_a_wrong_release_is_an_error_and_no_more,
    a_buffer_without_a_heap_has_room_for_callers,
);

fn checks() -> Checks {
    Checks::none().callers()
}

fn a_second_release_names_the_first<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    let raw = array.into_raw();
    // SAFETY: nobody uses the array afterwards.
    let (first, released) = (unsafe { pool.release_raw(raw) }, here());
    assert_eq!(first, Ok(()));
    told_nothing();
    // SAFETY: as above.
    let (second, again) = (unsafe { pool.release_raw(raw) }, here());
    let error = second.unwrap_err();
    assert_eq!(error.kind(), "already released");
    let report = told_once();
    assert_eq!(report.problem, Problem::WrongRelease(error));
    assert_same_line(report.history.allocated, allocated);
    assert_released_at(report.history.released, released);
    assert_same_line(report.caller, again);
    let expected = format!(
        "arraypool: wrong release: the array at {:#x} was released already
  allocated at {allocated}
  first released at {released}
  released again at {again}",
        raw.ptr.addr()
    );
    let without_columns = |text: &str| {
        let lines = text.lines().map(|line| match line.rsplit_once(':') {
            Some((front, column)) if column.parse::<u32>().is_ok() => front.to_string(),
            _ => line.to_string(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_columns(&report.to_string()), without_columns(&expected));
}

fn a_second_release_by_address_names_the_first<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let array = pool.allocate_copy(&[1; 5]);
    let address = array.as_ptr();
    drop(array);
    // SAFETY: nobody uses the array afterwards.
    let (second, again) = (unsafe { pool.release_ptr(address) }, here());
    assert_eq!(second.unwrap_err().kind(), "already released");
    let report = told_once();
    assert_eq!(report.history.released, Some(ReleasedBy::Drop));
    assert_same_line(report.caller, again);
    assert!(report.to_string().contains("first released by the drop of its handle"), "{report}");
}

fn a_release_of_what_a_handle_owns_names_who_allocated_it<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    // SAFETY: the release is refused.
    let (wrong, by) = (unsafe { pool.release_ptr(array.as_ptr()) }, here());
    assert_eq!(wrong.unwrap_err().kind(), "owned");
    let report = told_once();
    assert_same_line(report.history.allocated, allocated);
    assert_same_line(report.caller, by);
    assert_eq!(report.history.released, None);
    assert_eq!(array, [1; 5]);
}

fn an_address_inside_an_array_names_its_history<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    // SAFETY: the release is refused.
    let (wrong, by) = (unsafe { pool.release_ptr(array[2..].as_ptr()) }, here());
    assert_eq!(wrong.unwrap_err().kind(), "interior");
    let report = told_once();
    assert_same_line(report.history.allocated, allocated);
    assert_same_line(report.caller, by);
    // SAFETY: the release is refused.
    let wrong = unsafe { pool.release_ptr((&raw const report).cast()) };
    assert_eq!(wrong.unwrap_err().kind(), "foreign");
    assert_eq!(told_once().history, Default::default());
}

fn a_stale_array_names_its_successor<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let raw = pool.try_allocate_raw(5).unwrap();
    assert_eq!(release_raw(&pool, raw), Ok(()));
    let (array, allocated) = (pool.allocate_copy(&[2; 9]), here());
    assert_eq!(array.as_ptr(), raw.ptr.as_ptr().cast_const());
    assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "stale");
    let report = told_once();
    assert_same_line(report.history.allocated, allocated);
    assert_eq!(report.history.length, 9);
}

fn a_history_is_there_for_any_position<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let (array, allocated) = (pool.allocate_copy(&[1; 5]), here());
    for place in [array.as_ptr(), array[4..].as_ptr()] {
        let history = pool.history(place).expect("an array is there");
        assert_same_line(history.allocated, allocated);
        assert_eq!((history.length, history.released), (5, None));
    }
    let address = array.as_ptr();
    drop(array);
    assert_eq!(pool.history(address).unwrap().released, Some(ReleasedBy::Drop));
    assert_eq!(pool.history(&raw const allocated), None);
    told_nothing();
}

fn a_vector_names_who_made_it_grow<S: ReleaseStrategy>() {
    let pool = pool::<S>(checks());
    let mut vector = pool.vec();
    let (_, first) = (vector.push(1), here());
    assert_same_line(pool.history(vector.as_ptr()).unwrap().allocated, first);
    let (_, extended) = (vector.extend(2..100), here());
    let found = pool.history(vector.as_ptr()).unwrap();
    assert_same_line(found.allocated, extended);
    assert_eq!(found.length, 256);
    let (copy, cloned) = (vector.clone(), here());
    assert_same_line(pool.history(copy.as_ptr()).unwrap().allocated, cloned);
    let array = vector.into_array();
    assert_eq!(pool.history(array.as_ptr()).unwrap().length, 99);
    drop(PoolVec::from(array));
    told_nothing();
}

fn without_callers_a_wrong_release_is_an_error_and_no_more<S: ReleaseStrategy>() {
    let pool = pool::<S>(Checks::none().poison().canary().integrity());
    let raw = pool.try_allocate_raw(5).unwrap();
    assert_eq!(release_raw(&pool, raw), Ok(()));
    assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "already released");
    assert_eq!(pool.history(raw.ptr.as_ptr()), None);
    told_nothing();
}

fn a_buffer_without_a_heap_has_room_for_callers<S: ReleaseStrategy>() {
    let mut buffer = Box::<[u8]>::new_uninit_slice(32 * 1024);
    let arena = Arena::from_buffer(&mut buffer);
    let pool = ArrayPool::<u64, S>::builder()
        .checks(Checks::all())
        .on_report(keep)
        .max_runs(32)
        .build_in(&arena);
    let mut held = Vec::new();
    let error = loop {
        match pool.try_allocate_with(5, |i| i as u64) {
            Ok(array) => held.push(array),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, arraypool::AllocError::OutOfMemory { .. }), "{error}");
    assert!(held.len() > 50, "{}", held.len());
    assert!(held.iter().all(|array| pool.history(array.as_ptr()).is_some()));
    let before = arena.used_bytes();
    for _ in 0..10 {
        assert!(pool.try_allocate(5).is_err());
    }
    assert_eq!(arena.used_bytes(), before, "what fails takes nothing");
    held.clear();
    assert_eq!(pool.verify().unwrap().live, 0);
    told_nothing();
}
