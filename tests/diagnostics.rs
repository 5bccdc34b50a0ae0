//! The diagnostics: each fires, names the culprit, and is silent otherwise.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[macro_use]
#[path = "support/strategies.rs"]
mod strategies;
mod support;

#[path = "diagnostics/callers.rs"]
mod callers;
#[path = "diagnostics/ends.rs"]
mod ends;
#[path = "diagnostics/environment.rs"]
mod environment;
#[path = "diagnostics/fills.rs"]
mod fills;
#[path = "diagnostics/quarantine.rs"]
mod quarantine;
#[path = "diagnostics/silence.rs"]
mod silence;
#[path = "diagnostics/within.rs"]
mod within;

use core::cell::RefCell;
use core::panic::Location;

use arraypool::{
    ArrayPool, Caller, Checks, Direct, Metadata, PoolBuilder, Problem, ReleaseError,
    ReleaseStrategy, ReleasedBy, Report, Tagged, UnknownCheck,
};

thread_local! {
    static REPORTS: RefCell<Vec<Report>> = const { RefCell::new(Vec::new()) };
}

fn keep(report: &Report) {
    REPORTS.with_borrow_mut(|reports| reports.push(*report));
}

/// What was told since it was asked last.
fn told() -> Vec<Report> {
    REPORTS.take()
}

/// The only thing that was told.
#[track_caller]
fn told_once() -> Report {
    let reports = told();
    let [report] = reports[..] else { panic!("{} reports: {reports:#?}", reports.len()) };
    report
}

#[track_caller]
fn told_nothing() {
    let reports = told();
    assert!(reports.is_empty(), "{reports:#?}");
}

type Pool<S> = ArrayPool<'static, u64, S>;

fn builder<S: ReleaseStrategy>(checks: Checks) -> PoolBuilder<'static, Pool<S>> {
    ArrayPool::builder().checks(checks).on_report(keep)
}

fn pool<S: ReleaseStrategy>(checks: Checks) -> Pool<S> {
    builder(checks).build()
}

/// A place on the line where this is called, to compare with what a report names.
#[track_caller]
fn here() -> Caller {
    Location::caller().into()
}

fn file_and_line(caller: Caller) -> (&'static str, u32) {
    let location = caller.location().expect("a line of Rust");
    (location.file(), location.line())
}

#[track_caller]
fn assert_same_line(found: Option<Caller>, expected: Caller) {
    let found = found.expect("a caller");
    assert_eq!(file_and_line(found), file_and_line(expected));
}

#[track_caller]
fn assert_released_at(found: Option<ReleasedBy>, expected: Caller) {
    let Some(ReleasedBy::Call(found)) = found else { panic!("{found:?} is no call") };
    assert_same_line(Some(found), expected);
}

/// Writes a byte into the memory of an array that may be gone, as a mistake does.
fn stray<T>(array: *const T, offset: usize, value: u8) {
    let place = array.cast_mut().cast::<u8>().wrapping_add(offset);
    // SAFETY: the memory is the pool's, which lives, and nobody borrows it.
    unsafe { place.write(value) };
}

/// Reads a byte of an array that may be gone.
fn peek<T>(array: *const T, offset: usize) -> u8 {
    // SAFETY: the memory is the pool's, which lives and has filled it.
    unsafe { array.cast::<u8>().wrapping_add(offset).read() }
}

fn release_raw<S: ReleaseStrategy>(
    pool: &Pool<S>,
    raw: arraypool::RawArray<u64>,
) -> Result<(), ReleaseError> {
    // SAFETY: no test uses an array that it has released, but by `stray` and `peek`.
    unsafe { pool.release_raw(raw) }
}
