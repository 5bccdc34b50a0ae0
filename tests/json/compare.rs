//! When two documents are equal, also if whoever wrote them wants the comparison to be slow.

use core::fmt::Write;
use core::time::Duration;
use std::time::Instant;

use arraypool::json::{self, Pool};
use arraypool::{Direct, ReleaseStrategy, Tagged};

for_every_strategy!(members_of_wide_objects_count_as_in_small_ones);

/// Members that are many enough for a comparison of each with all to take minutes.
const WIDE: usize = if cfg!(miri) { 50 } else { 30_000 };

/// What is enough for any comparison that is not quadratic, on a loaded machine, too.
const ENOUGH: Duration = Duration::from_secs(10);

/// An object with these keys; the value of each is its key.
fn object(keys: impl Iterator<Item = usize>) -> String {
    let mut text = String::from("{");
    for key in keys {
        let comma = if text.len() > 1 { "," } else { "" };
        write!(text, "{comma}\"k{key}\":{key}").unwrap();
    }
    text + "}"
}

#[track_caller]
fn check<S: ReleaseStrategy>(left: &str, right: &str, expected: bool) {
    let (pool, other) = (Pool::<S>::new(), Pool::<Direct>::new());
    let (left, right) = (json::parse(left, &pool).unwrap(), json::parse(right, &other).unwrap());
    assert_eq!(left.root() == right.root(), expected);
    assert_eq!(right.root() == left.root(), expected);
}

#[test]
fn order_and_repetition_of_keys_do_not_change_equality() {
    let equal = |left: &str, right: &str| check::<Tagged>(left, right, true);
    let different = |left: &str, right: &str| check::<Tagged>(left, right, false);
    equal(r#"{"a":1,"b":[2]}"#, r#"{"b":[2],"a":1}"#);
    equal(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
    equal(r#"{"a":1,"a":3}"#, r#"{"a":2,"a":3}"#);
    different(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":1,"b":2}"#);
    different(r#"{"a":1}"#, r#"{"a":1,"b":1}"#);
    different(r#"{"a":1,"a":1}"#, r#"{"a":1,"b":1}"#);
    let pairs = [("[1,2]", "[2,1]"), ("1", "1.0"), ("\"1\"", "1"), ("[]", "{}")];
    for (left, right) in pairs.into_iter().chain([("null", "false"), ("[1]", "[1,1]")]) {
        different(left, right);
    }
    let turned = |from: usize| object((0..40).map(|key| (key + from) % 40));
    equal(&turned(0), &turned(0));
    equal(&turned(0), &turned(13));
}

#[test]
fn wide_objects_are_compared_in_time() {
    let pool = Pool::<Tagged>::new();
    let plain = object(0..WIDE);
    let mut document = json::parse(&plain, &pool).unwrap();
    let patch = format!(r#"[{{"op":"test","path":"","value":{plain}}}]"#);
    let patch = json::parse(&patch, &pool).unwrap();
    document.root_mut().patch(&patch).unwrap();
    for (other, expected) in [
        (plain.clone(), true),
        (object((0..WIDE).rev()), true),
        // Each key twice.
        (object((0..WIDE).chain(0..WIDE)), true),
        (object((0..WIDE).chain(1..=WIDE)), false),
        (object(vec![7; WIDE].into_iter()), false),
    ] {
        let other = json::parse(&other, &pool).unwrap();
        let start = Instant::now();
        assert_eq!(*document == *other, expected);
        assert!(start.elapsed() < ENOUGH, "{:?}", start.elapsed());
    }
}

/// The last of equal keys counts, on each side, in whatever order they are.
fn members_of_wide_objects_count_as_in_small_ones<S: ReleaseStrategy>() {
    let filled = |members: &str| format!("{},{members}}}", object(0..40).trim_end_matches('}'));
    let plain = filled(r#""a":[1],"b":2"#);
    check::<S>(&plain, &filled(r#""b":2,"a":[1]"#), true);
    check::<S>(&plain, &filled(r#""a":0,"b":2,"a":[1]"#), true);
    check::<S>(&filled(r#""a":3,"a":[1],"b":2"#), &filled(r#""a":4,"a":[1],"b":2"#), true);
    check::<S>(&plain, &filled(r#""a":[1],"b":2,"a":0"#), false);
    check::<S>(&plain, &filled(r#""a":[1],"c":2"#), false);
    check::<S>(&plain, &filled(r#""a":[1]"#), false);
    check::<S>(&plain, &filled(r#""a":[1],"a":[1]"#), false);
    check::<S>(&plain, &filled(r#""a":[2],"b":2"#), false);
}

#[test]
fn arrays_of_other_lengths_are_told_apart_at_once() {
    let pool = Pool::<Tagged>::new();
    let (short, long) = ("[[],[1,2,3]]", "[[],[1,2]]");
    assert!(json::parse(short, &pool).unwrap() != json::parse(long, &pool).unwrap());
}
