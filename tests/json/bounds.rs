//! What goes by serde, at its bounds: values nested too deep, integers of 128 bits.

use core::fmt::Debug;
use std::collections::BTreeMap;
use std::thread;

use arraypool::ReleaseStrategy;
use arraypool::json::{self, DEPTH_MAX, Options, OutOfRange, Parser, Pool, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::help::assert_whole;

for_every_strategy!(
    as_deep_as_may_be_goes_both_ways_and_one_more_neither,
    what_a_patch_makes_deep_is_refused,
    types_that_are_nested_are_refused_as_deep,
    wrappers_without_an_end_are_refused,
    a_variant_has_a_name_and_no_number,
    kept_integers_keep_every_digit,
    kept_numbers_become_what_a_format_or_a_type_has,
);

const TOO_DEEP: &str = "nested more than 128 deep";

/// Runs what must not need more stack than a small thread has.
fn on_a_small_stack(body: fn()) {
    let small = thread::Builder::new().stack_size(1 << 20);
    small.spawn(body).unwrap().join().unwrap();
}

/// So many arrays, objects or both around one another. What lies beside them is not deeper.
fn nested(depth: u32, kinds: &[(&str, &str)]) -> String {
    (0..depth)
        .zip(kinds.iter().cycle())
        .fold("7".into(), |inner, (_, (open, close))| format!("{open}{inner}{close}"))
}

const ARRAYS: &[(&str, &str)] = &[("[", "]")];
const OBJECTS: &[(&str, &str)] = &[("{\"a\":", "}")];
const BOTH: &[(&str, &str)] = &[("[8,", ",8]"), ("{\"a\":[8],\"b\":", "}")];

#[track_caller]
fn assert_passes(value: &Value<'_>) {
    let written = serde_json::to_string(value).unwrap();
    assert_eq!(written, value.to_string());
    let read: serde_json::Value = json::from_value(value).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), read);
}

#[track_caller]
fn assert_too_deep(value: &Value<'_>) {
    assert_eq!(serde_json::to_string(value).unwrap_err().to_string(), TOO_DEEP);
    assert_eq!(serde_json::to_value(value).unwrap_err().to_string(), TOO_DEEP);
    let read = json::from_value::<serde_json::Value>(value);
    assert_eq!(read.unwrap_err().to_string(), TOO_DEEP);
}

fn as_deep_as_may_be_goes_both_ways_and_one_more_neither<S: ReleaseStrategy>() {
    on_a_small_stack(|| {
        let pool = Pool::<S>::new();
        for kinds in [ARRAYS, OBJECTS, BOTH] {
            let text = nested(DEPTH_MAX, kinds);
            assert_passes(&json::parse(&text, &pool).unwrap());
            // The reader's own limit is another one.
            for depth in [DEPTH_MAX + 1, DEPTH_MAX + 2, if cfg!(miri) { 200 } else { 1024 }] {
                let text = nested(depth, kinds);
                let document = json::parse(&text, &pool).unwrap();
                assert_too_deep(&document);
                assert_eq!(document.to_string(), text);
            }
        }
        // It is counted from the value on that is given.
        let text = nested(DEPTH_MAX + 1, ARRAYS);
        assert_passes(&json::parse(&text, &pool).unwrap()[0]);
        assert_whole(&pool);
    });
}

fn what_a_patch_makes_deep_is_refused<S: ReleaseStrategy>() {
    /// Operations that each copy the whole into its innermost array.
    const DOUBLINGS: u32 = if cfg!(miri) { 9 } else { 14 };
    on_a_small_stack(|| {
        let pool = Pool::<S>::new();
        let copy = |depth: usize| {
            let path = "/0".repeat(depth);
            format!(r#"[{{"op":"copy","from":"","path":"{path}"}}]"#)
        };
        let mut document = json::parse("[]", &pool).unwrap();
        for doubling in 0..DOUBLINGS {
            let depth = 1 << doubling;
            let patch = copy(depth);
            document.root_mut().patch(&json::parse(&patch, &pool).unwrap()).unwrap();
            if 2 * depth == DEPTH_MAX as usize {
                assert_passes(&document);
                let path = "/0".repeat(2 * depth);
                let patch = format!(r#"[{{"op":"add","path":"{path}","value":[]}}]"#);
                let patch = json::parse(&patch, &pool).unwrap();
                let mut deeper = json::Document::of(document.root(), &pool).unwrap();
                deeper.root_mut().patch(&patch).unwrap();
                assert_too_deep(&deeper);
            }
        }
        assert_too_deep(&document);
        let depth = 1 << DOUBLINGS;
        assert_eq!(document.to_string(), "[".repeat(depth) + &"]".repeat(depth));
        drop(document);
        assert_whole(&pool);
    });
}

fn types_that_are_nested_are_refused_as_deep<S: ReleaseStrategy>() {
    #[derive(Debug, Deserialize)]
    enum Formula {
        Leaf,
        Not(Box<Formula>),
        Both(Box<Formula>, Box<Formula>),
        If { test: Box<Formula> },
    }

    #[derive(Deserialize)]
    struct List {
        next: Option<Box<List>>,
    }

    fn levels(formula: &Formula) -> u32 {
        match formula {
            Formula::Leaf => 0,
            Formula::Not(inner) | Formula::If { test: inner } => 1 + levels(inner),
            Formula::Both(left, right) => 2 + levels(left).max(levels(right)),
        }
    }

    on_a_small_stack(|| {
        let pool = Pool::<S>::new();
        let check = |depth: u32, open: &str, core: &str, close: &str| {
            let times = depth as usize;
            let text = [&open.repeat(times), core, &close.repeat(times)].concat();
            json::from_value::<Formula>(&json::parse(&text, &pool).unwrap())
                .map(|formula| levels(&formula))
                .map_err(|error| error.to_string())
        };
        let too_deep = || Err(TOO_DEEP.to_string());
        assert_eq!(check(DEPTH_MAX, "{\"Not\":", "\"Leaf\"", "}"), Ok(DEPTH_MAX));
        assert_eq!(check(DEPTH_MAX + 1, "{\"Not\":", "\"Leaf\"", "}"), too_deep());
        let half = DEPTH_MAX / 2;
        assert_eq!(check(half, "{\"Both\":[\"Leaf\",", "\"Leaf\"", "]}"), Ok(DEPTH_MAX));
        assert_eq!(check(half + 1, "{\"Both\":[\"Leaf\",", "\"Leaf\"", "]}"), too_deep());
        assert_eq!(check(half, "{\"If\":{\"test\":", "\"Leaf\"", "}}"), Ok(half));
        let mixed = check(half, "{\"If\":{\"test\":", "{\"Not\":\"Leaf\"}", "}}");
        assert_eq!(mixed, too_deep());
        for (depth, passes) in [(DEPTH_MAX, true), (DEPTH_MAX + 1, false)] {
            // Half of them are wrappers, which do not count, for each is of another value.
            let times = depth as usize - 1;
            let text = ["{\"next\":".repeat(times), "{}".into(), "}".repeat(times)].concat();
            let list = json::from_value::<List>(&json::parse(&text, &pool).unwrap());
            let length = list.map(|mut list| {
                let mut length = 1;
                while let Some(next) = list.next {
                    (list, length) = (*next, length + 1);
                }
                length
            });
            let expected = if passes { Ok(depth) } else { too_deep() };
            assert_eq!(length.map_err(|error| error.to_string()), expected);
        }
    });
}

/// A type may ask for the same value again and again.
fn wrappers_without_an_end_are_refused<S: ReleaseStrategy>() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Endless(Option<Box<Endless>>);
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Newtypes(Box<Newtypes>);

    on_a_small_stack(|| {
        let pool = Pool::<S>::new();
        let document = json::parse(r#"[null, 1, {"key": 1}]"#, &pool).unwrap();
        assert_eq!(json::from_value(&document[0]), Ok(Endless(None)));
        let of_value = json::from_value::<Endless>(&document[1]).map(drop);
        let of_key = json::from_value::<BTreeMap<Endless, u8>>(&document[2]).map(drop);
        let newtypes = json::from_value::<Newtypes>(&document[1]).map(drop);
        let of_newtypes = json::from_value::<BTreeMap<Newtypes, u8>>(&document[2]).map(drop);
        for outcome in [of_value, of_key, newtypes, of_newtypes] {
            assert_eq!(outcome.unwrap_err().to_string(), TOO_DEEP);
        }
    });
}

fn keeping() -> Parser {
    let options = Options::new().keep_big_integers(true).out_of_range(OutOfRange::KeepText);
    Parser::with_options(options)
}

fn kept_integers_keep_every_digit<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = keeping();
    for integer in [0, 1, u128::from(u64::MAX), 1 << 64, (1 << 127) - 1, 1 << 127, u128::MAX] {
        let text = integer.to_string();
        let document = parser.parse(&text, &pool).unwrap();
        assert_eq!(json::from_value(&document), Ok(integer));
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert_eq!(json::from_value::<i128>(&document).ok(), i128::try_from(integer).ok());
        assert_eq!(json::from_value::<u64>(&document).ok(), u64::try_from(integer).ok());
        // As a key, too.
        let text = format!("{{\"{integer}\":[]}}");
        let document = parser.parse(&text, &pool).unwrap();
        assert_eq!(json::from_value(&document), Ok(BTreeMap::from([(integer, [(); 0])])));
    }
    for integer in [-1, i128::from(i64::MIN), i128::from(i64::MIN) - 1, i128::MIN] {
        let text = integer.to_string();
        let document = parser.parse(&text, &pool).unwrap();
        assert_eq!(json::from_value(&document), Ok(integer));
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert!(json::from_value::<u128>(&document).is_err());
        assert_eq!(json::from_value::<i64>(&document).ok(), i64::try_from(integer).ok());
        let text = format!("{{\"{integer}\":[]}}");
        let document = parser.parse(&text, &pool).unwrap();
        assert_eq!(json::from_value(&document), Ok(BTreeMap::from([(integer, [(); 0])])));
    }
    // Without the option they are what they were: the nearest float.
    let document = json::parse("18446744073709551616", &pool).unwrap();
    assert_eq!(serde_json::to_string(&document).unwrap(), "1.8446744073709552e+19");
    assert!(json::from_value::<u128>(&document).is_err());
}

fn kept_numbers_become_what_a_format_or_a_type_has<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = keeping();
    // A format or a type without integers of 128 bits refuses them, and one that asks for
    // a float has the nearest.
    let document = parser.parse("[18446744073709551616, -18446744073709551617]", &pool).unwrap();
    assert!(serde_json::to_value(&document).is_err());
    assert!(json::from_value::<serde_json::Value>(&document).is_err());
    assert!(json::from_value::<Vec<String>>(&document).is_err());
    let float = 18_446_744_073_709_551_616.0;
    assert_eq!(json::from_value(&document), Ok([float, -float]));
    assert_eq!(json::from_value(&document), Ok([float as f32, -float as f32]));
    assert_eq!(json::from_value(&document[0]), Ok(Some(float)));
    drop(document);
    // More than 128 bits.
    for (text, float) in [
        ("340282366920938463463374607431768211456", 2_f64.powi(128)),
        ("-170141183460469231731687303715884105729", -2_f64.powi(127)),
        ("100000000000000000000000000000000000000000000000000", 1e50),
    ] {
        let document = parser.parse(text, &pool).unwrap();
        assert_eq!(json::from_value(&document), Ok(float));
        assert_eq!(json::from_value(&document), Ok(serde_json::json!(float)));
        let written = serde_json::to_string(&document).unwrap();
        assert_eq!(written.parse(), Ok(float));
        assert!(json::from_value::<u128>(&document).is_err());
        assert!(json::from_value::<i128>(&document).is_err());
    }
    // What no float is near to is no `null`.
    for text in ["1e999".to_string(), "-2.5E+400".into(), "9".repeat(400)] {
        let document = parser.parse(&text, &pool).unwrap();
        assert_eq!(document.to_string(), text);
        let errors = [
            serde_json::to_string(&document).unwrap_err().to_string(),
            serde_json::to_value(&document).unwrap_err().to_string(),
            json::from_value::<serde_json::Value>(&document).unwrap_err().to_string(),
            json::from_value::<f64>(&document).unwrap_err().to_string(),
            json::from_value::<f32>(&document).unwrap_err().to_string(),
            json::from_value::<u128>(&document).unwrap_err().to_string(),
        ];
        assert!(errors.iter().all(|error| error == "number out of range"), "{errors:?}");
    }
    let mut parser = Parser::with_options(Options::new().out_of_range(OutOfRange::Infinity));
    let document = parser.parse("1e999", &pool).unwrap();
    assert_eq!(json::from_value(&document), Ok(f64::INFINITY));
    assert_eq!(serde_json::to_string(&document).unwrap(), "null");
    drop(document);
    assert_whole(&pool);
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "t")]
enum Tagged {
    A,
    B { x: u8 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Beside {
    A,
    B { x: u8 },
}

fn reads_as_serde_json<S: ReleaseStrategy, T: DeserializeOwned + PartialEq + Debug>(text: &str) {
    let pool = Pool::<S>::new();
    let document = json::parse(text, &pool).unwrap();
    let expected = serde_json::from_str::<T>(text).ok();
    assert_eq!(json::from_value::<T>(&document).ok(), expected, "{text}");
}

/// A derived type takes a variant's number, too, from a format that has one.
fn a_variant_has_a_name_and_no_number<S: ReleaseStrategy>() {
    for name in
        ["\"A\"", "\"B\"", "\"\\u0042\"", "\"C\"", "0", "1", "-1", "0.0", "null", "[]", "{}"]
    {
        let text = format!("{{\"t\":{name},\"x\":7,\"c\":{{\"x\":7}}}}");
        reads_as_serde_json::<S, Tagged>(&text);
        reads_as_serde_json::<S, Beside>(&text);
    }
    let pool = Pool::<S>::new();
    let document = json::parse(r#"{"t":1,"x":7}"#, &pool).unwrap();
    let error = json::from_value::<Tagged>(&document).unwrap_err().to_string();
    assert!(error.starts_with("invalid type: a value that is no string, expected "), "{error}");
}
