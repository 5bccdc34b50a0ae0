//! The JSON tree: against `serde_json`, under random use, out of memory, through odd formats.

#![cfg(feature = "serde")]
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::fmt::Debug;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::json::{DEPTH_MAX, Member, Number, Pool, Scratch, Seed, Text, Value};
use arraypool::{Arena, Budget, Direct, FailingSource, Metadata, ReleaseStrategy, Tagged};
use proptest::prelude::*;
use serde::de::value::{BytesDeserializer, Error as Plain, MapDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};

/// Texts with something special about each.
const TRICKY: [&str; 28] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "1.0",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "9007199254740993",
    "5e-324",
    "1.7976931348623157e308",
    "1e16",
    "1e-7",
    "123456789.125",
    r#""""#,
    r#""\"\\\/\b\f\n\r\t\u0000\u001f\u007f\u20ac\ud83d\ude00""#,
    "\"é ü 漢字 😀 \u{2028}\"",
    "[]",
    "{}",
    "[[], {}, [[]], [{}], null]",
    r#"{"": {"": {"": []}}}"#,
    r#"{"a": 1, "b": [true, null, {"c": "d"}], "e": -1.5e3}"#,
    r#"{"same": 1, "other": 2, "same": [3]}"#,
    r#"{"a/b": 1, "m~n": 2, "~1": 3, "0": 4, "\n\"": 5}"#,
    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]",
];

/// A document with arrays of many classes.
fn large() -> serde_json::Value {
    let texts: Vec<_> = (0..60).map(|length| "x".repeat(length * 7)).collect();
    let lists: Vec<_> = (0..40).map(|length| vec![length; length]).collect();
    serde_json::json!({ "texts": texts, "lists": lists, "nested": { "a": { "b": [null, 0.5] } } })
}

/// Makes a test of each body for every strategy.
macro_rules! for_every_strategy {
    ($($body:ident),+ $(,)?) => {
        for_every_strategy!(@ direct, Direct, $($body),+);
        for_every_strategy!(@ metadata, Metadata, $($body),+);
        for_every_strategy!(@ tagged, Tagged, $($body),+);
    };
    (@ $module:ident, $strategy:ident, $($body:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $body() {
                    super::$body::<super::$strategy>();
                }
            )+
        }
    };
}

for_every_strategy!(
    tricky_texts_read_as_serde_json_reads_them,
    a_tree_is_written_as_it_was_read,
    values_are_found_by_key_position_and_pointer,
    order_and_repetition_of_keys_do_not_change_equality,
    a_tree_is_put_together_by_hand,
    what_json_does_not_have_becomes_what_it_has,
    integers_that_do_not_fit_are_refused,
    depth_is_bounded_whatever_the_format,
    malformed_text_leaves_nothing,
    every_budget_leaves_nothing,
    every_failing_request_leaves_nothing,
    a_format_that_hides_an_error_gets_a_whole_tree,
    a_format_that_panics_leaves_nothing,
    a_pool_that_reads_and_drops_stops_growing,
);

/// The value that a deserializer gives.
fn fill<'de, 'p, S: ReleaseStrategy, D: Deserializer<'de>>(
    pool: &'p Pool<'p, S>,
    deserializer: D,
) -> Result<Value<'p, S>, D::Error> {
    Seed::new(pool, &mut Scratch::new()).deserialize(deserializer)
}

/// The value of a JSON text.
fn parse<'p, S: ReleaseStrategy>(
    pool: &'p Pool<'p, S>,
    text: &str,
) -> Result<Value<'p, S>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = fill(pool, &mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The pool adds up, and nothing is out.
#[track_caller]
fn assert_whole<S: ReleaseStrategy>(pool: &Pool<'_, S>) {
    let stats = pool.verify().expect("the books add up");
    if S::RECLAIMS {
        assert_eq!(stats.live, 0, "everything came back");
    }
    assert_eq!((stats.lost, stats.left, stats.corrupted), (0, 0, 0));
}

/// The tree says what `serde_json`'s does, by its accessors and as serde sees it.
#[track_caller]
fn assert_same<S: ReleaseStrategy>(value: &Value<'_, S>, expected: &serde_json::Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), *expected);
    assert_eq!(value.is_null(), expected.is_null());
    assert_eq!(value.as_bool(), expected.as_bool());
    assert_eq!(value.as_i64(), expected.as_i64());
    assert_eq!(value.as_u64(), expected.as_u64());
    let bits = |float: Option<f64>| float.map(f64::to_bits);
    assert_eq!(bits(value.as_f64()), bits(expected.as_f64()));
    assert_eq!(value.as_str(), expected.as_str());
    assert_eq!(value.as_array().map(<[_]>::len), expected.as_array().map(Vec::len));
    assert_eq!(value.as_object().is_some(), expected.is_object());
    for (index, expected) in expected.as_array().into_iter().flatten().enumerate() {
        assert_same(&value[index], expected);
    }
    for (key, expected) in expected.as_object().into_iter().flatten() {
        assert_same(&value[key.as_str()], expected);
    }
}

fn tricky_texts_read_as_serde_json_reads_them<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    for text in TRICKY {
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let value = parse(&pool, text).unwrap();
        assert_same(&value, &expected);
        let from_tree = fill(&pool, &expected).unwrap();
        assert_same(&from_tree, &expected);
        assert_eq!(from_tree, fill(&pool, expected).unwrap());
    }
    assert_whole(&pool);
}

fn a_tree_is_written_as_it_was_read<S: ReleaseStrategy>() {
    let (pool, other) = (Pool::<S>::new(), Pool::<Tagged>::new());
    for text in TRICKY {
        let value = parse(&pool, text).unwrap();
        let written = value.to_string();
        let again = parse(&other, &written).unwrap();
        assert_eq!(value, again, "{written}");
        assert_eq!(again, parse(&pool, &serde_json::to_string(&value).unwrap()).unwrap());
        assert_eq!(again.to_string(), written);
    }
    let compact = r#"{"a":[1,-2,3.5,"\"\u0001é\n"],"b":{},"c":[],"d":null,"e":true}"#;
    assert_eq!(parse(&pool, compact).unwrap().to_string(), compact);
    let debug = format!("{:?}", parse(&pool, r#"{"a":[1,"b",null],"c":{}}"#).unwrap());
    assert_eq!(debug, r#"Object {"a": Array [Number(1), String("b"), Null], "c": Object {}}"#);
    assert_whole(&pool);
}

fn values_are_found_by_key_position_and_pointer<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let text = r#"{"a": {"b": [10, 20, {"c": "d"}]}, "x/y": 1, "m~n": 2, "": 3, "0": 4, "a~1": 5}"#;
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    let value = parse(&pool, text).unwrap();
    assert_eq!(value["a"]["b"][1].as_u64(), Some(20));
    assert_eq!(value.get("a").and_then(|a| a.get("b")?.get(2)?.get("c")?.as_str()), Some("d"));
    assert!(value["a"]["b"][3].is_null() && value["none"][7]["none"].is_null());
    assert!(value.get("none").is_none() && value.get(0).is_none() && value["x/y"].get(0).is_none());
    for pointer in [
        "",
        "/",
        "/a",
        "/a/b/0",
        "/a/b/2/c",
        "/a/b/3",
        "/a/b/01",
        "/a/b/+1",
        "/a/b/-",
        "/a/b/",
        "/x~1y",
        "/m~0n",
        "/m~n",
        "/0",
        "/a~01",
        "a",
        "//",
        "/a/b/2/c/d",
    ] {
        let found = value.pointer(pointer).map(|value| serde_json::to_value(value).unwrap());
        assert_eq!(found.as_ref(), expected.pointer(pointer), "{pointer:?}");
    }
}

fn order_and_repetition_of_keys_do_not_change_equality<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let is_equal = |left: &str, right: &str| {
        let (left, right) = (parse(&pool, left).unwrap(), parse(&pool, right).unwrap());
        let (forth, back) = (left == right, right == left);
        assert_eq!(forth, back, "{left} {right}");
        forth
    };
    assert!(is_equal(r#"{"a":1,"b":[2]}"#, r#"{"b":[2],"a":1}"#));
    assert!(is_equal(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#));
    assert!(!is_equal(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":1,"b":2}"#));
    assert!(!is_equal(r#"{"a":1}"#, r#"{"a":1,"b":1}"#));
    assert!(!is_equal(r#"{"a":1,"a":1}"#, r#"{"a":1,"b":1}"#));
    assert!(!is_equal("[1,2]", "[2,1]") && !is_equal("1", "1.0") && !is_equal("\"1\"", "1"));
    assert!(!is_equal("[]", "{}") && !is_equal("null", "false") && !is_equal("[1]", "[1,1]"));
}

fn a_tree_is_put_together_by_hand<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let numbers = [Value::from(-1_i64), Value::from(u64::MAX), Value::from(f64::NAN)];
    let array = pool.try_array(numbers).unwrap();
    let member = Member::new(pool.try_text("käse").unwrap(), array);
    assert_eq!((member.key().as_str(), member.value()[0].as_i64()), ("käse", Some(-1)));
    let (key, array): (Text<'_, S>, _) = member.into_parts();
    let empty = pool.try_object([]).unwrap();
    let value =
        pool.try_array([array, Value::from(key), Value::from(true), Value::Null, empty]).unwrap();
    assert_eq!(value.to_string(), r#"[[-1,18446744073709551615,null],"käse",true,null,{}]"#);
    assert_eq!(Number::from(5_i64), Number::from(5_u64));
    assert!(Number::from_f64(f64::INFINITY).is_none());
    assert!(Number::from_f64(1.0).is_some_and(Number::is_f64));
    drop(value);
    assert_whole(&pool);
}

fn what_json_does_not_have_becomes_what_it_has<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let keys = MapDeserializer::<_, Plain>::new([(i64::MIN, 1_u8), (-7, 2), (0, 3)].into_iter());
    let written = fill(&pool, keys).unwrap().to_string();
    assert_eq!(written, r#"{"-9223372036854775808":1,"-7":2,"0":3}"#);
    let keys = MapDeserializer::<_, Plain>::new([(u64::MAX, 'x'), (10, 'y')].into_iter());
    let written = fill(&pool, keys).unwrap().to_string();
    assert_eq!(written, r#"{"18446744073709551615":"x","10":"y"}"#);
    let keys = MapDeserializer::<_, Plain>::new([(true, ()), (false, ())].into_iter());
    assert_eq!(fill(&pool, keys).unwrap().to_string(), r#"{"true":null,"false":null}"#);
    let keys = MapDeserializer::<_, Plain>::new([(0.5, ())].into_iter());
    assert!(fill(&pool, keys).unwrap_err().to_string().contains("expected a key"));
    let bytes = BytesDeserializer::<Plain>::new(&[0, 7, 255]);
    assert_eq!(fill(&pool, bytes).unwrap().to_string(), "[0,7,255]");
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(
            fill(&pool, IntoDeserializer::<Plain>::into_deserializer(float)).unwrap().is_null()
        );
    }
    assert_whole(&pool);
}

fn integers_that_do_not_fit_are_refused<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let signed = |integer: i128| {
        fill(&pool, IntoDeserializer::<Plain>::into_deserializer(integer)).map(|v| v.to_string())
    };
    let unsigned = |integer: u128| {
        fill(&pool, IntoDeserializer::<Plain>::into_deserializer(integer)).map(|v| v.to_string())
    };
    assert_eq!(signed(i128::from(i64::MIN)).as_deref(), Ok("-9223372036854775808"));
    assert_eq!(signed(i128::from(u64::MAX)).as_deref(), Ok("18446744073709551615"));
    assert_eq!(unsigned(u128::from(u64::MAX)).as_deref(), Ok("18446744073709551615"));
    assert!(signed(i128::from(i64::MIN) - 1).is_err());
    assert!(signed(i128::from(u64::MAX) + 1).is_err());
    assert!(unsigned(u128::MAX).is_err());
}

/// A format without an end: something in something in something.
#[derive(Clone, Copy)]
enum Endless {
    Some,
    Newtype,
    Seq,
}

impl<'de> Deserializer<'de> for Endless {
    type Error = Plain;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Plain> {
        match self {
            Self::Some => visitor.visit_some(self),
            Self::Newtype => visitor.visit_newtype_struct(self),
            Self::Seq => visitor.visit_seq(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Endless {
    type Error = Plain;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Plain> {
        seed.deserialize(*self).map(Some)
    }
}

fn depth_is_bounded_whatever_the_format<S: ReleaseStrategy>() {
    let nested = |depth: u32| {
        (0..depth).fold(serde_json::json!("core"), |inner, level| match level % 2 {
            0 => serde_json::json!([inner, "beside"]),
            _ => serde_json::json!({ "before": [0], "key": inner }),
        })
    };
    let pool = Pool::<S>::new();
    // The inner lists beside the chain are never the deepest.
    let deepest = fill(&pool, nested(DEPTH_MAX)).unwrap();
    assert_eq!(serde_json::to_value(&deepest).unwrap(), nested(DEPTH_MAX));
    drop(deepest);
    let error = fill(&pool, nested(DEPTH_MAX + 1)).unwrap_err();
    assert_eq!(error.to_string(), "nested more than 128 deep");
    for endless in [Endless::Some, Endless::Newtype, Endless::Seq] {
        let error = fill(&pool, endless).unwrap_err();
        assert_eq!(error.to_string(), "nested more than 128 deep");
    }
    assert!(parse(&pool, &"[".repeat(100_000)).is_err());
    assert_whole(&pool);
}

fn malformed_text_leaves_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let text = r#"{"a": [1, "two", {"three": [null, "four"]}], "b": {"c": ["d", "e"]}}"#;
    assert!(parse(&pool, text).is_ok());
    let mut scratch = Scratch::new();
    for length in 0..text.len() {
        let mut deserializer = serde_json::Deserializer::from_str(&text[..length]);
        assert!(Seed::new(&pool, &mut scratch).deserialize(&mut deserializer).is_err());
        assert_whole(&pool);
        assert_eq!(format!("{scratch:?}"), "Scratch { values: 0, members: 0 }");
    }
}

/// Reads `document` in `arena` twice: the pool is whole afterwards, whether or
/// not there was memory. Returns whether there was.
fn read_in<S: ReleaseStrategy>(arena: &Arena<'_>, document: &serde_json::Value) -> bool {
    let Ok(pool) = Pool::<S>::try_new_in(arena) else { return false };
    let mut scratch = Scratch::new();
    let mut outcomes = [false; 2];
    for outcome in &mut outcomes {
        match Seed::new(&pool, &mut scratch).deserialize(document) {
            Ok(value) => {
                assert_eq!(serde_json::to_value(&value).unwrap(), *document);
                *outcome = true;
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.starts_with("over budget") || text.starts_with("out of memory"));
            }
        }
        assert_whole(&pool);
    }
    outcomes == [true; 2]
}

fn every_budget_leaves_nothing<S: ReleaseStrategy>() {
    let document = large();
    let mut limit = 0;
    loop {
        let budget = Budget::new(limit);
        let done = read_in::<S>(&Arena::builder().budget(&budget).build(), &document);
        assert!(budget.peak() <= limit);
        assert_eq!(budget.used(), 0);
        if done {
            break;
        }
        limit += if cfg!(miri) { 20_011 } else { 509 };
    }
    assert!(limit > 16 * 1024, "many budgets were too small");
}

fn every_failing_request_leaves_nothing<S: ReleaseStrategy>() {
    let document = large();
    for request in 1.. {
        let source = FailingSource::fail_at(request);
        read_in::<S>(&Arena::builder().max_chunk(4096).source(&source).build(), &document);
        assert_eq!(source.live_bytes(), 0);
        if !source.has_failed() {
            assert!(request > 5, "several requests failed in turn");
            break;
        }
    }
}

/// A list of lists whose third fails inside, which the format keeps to itself.
struct Hiding<'a> {
    served: &'a Cell<u32>,
    inner: bool,
    panics: bool,
}

impl<'de> Deserializer<'de> for Hiding<'_> {
    type Error = Plain;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Plain> {
        visitor.visit_seq(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Hiding<'_> {
    type Error = Plain;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Plain> {
        let count = self.served.replace(self.served.get() + 1);
        if !self.inner {
            let inner = Hiding { inner: true, ..*self };
            return Ok(seed.deserialize(inner).ok());
        }
        match count % 4 {
            3 if count > 8 => {
                assert!(!self.panics, "the format gives up");
                Err(serde::de::Error::custom("the format gives up"))
            }
            3 => Ok(None),
            _ => seed.deserialize("text".into_deserializer()).map(Some),
        }
    }
}

fn a_format_that_hides_an_error_gets_a_whole_tree<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let served = Cell::new(0);
    let value = fill(&pool, Hiding { served: &served, inner: false, panics: false }).unwrap();
    assert_eq!(value.to_string(), r#"[["text","text"],["text","text"]]"#);
    drop(value);
    assert_whole(&pool);
}

fn a_format_that_panics_leaves_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut scratch = Scratch::new();
    let served = Cell::new(0);
    let format = Hiding { served: &served, inner: false, panics: true };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Seed::new(&pool, &mut scratch).deserialize(format).map(drop)
    }));
    assert!(outcome.is_err() && served.get() > 8);
    assert_whole(&pool);
}

fn a_pool_that_reads_and_drops_stops_growing<S: ReleaseStrategy>() {
    if !S::RECLAIMS {
        return;
    }
    let (document, pool) = (large(), Pool::<S>::new());
    let mut scratch = Scratch::new();
    let mut read = || {
        let value = Seed::new(&pool, &mut scratch).deserialize(&document).unwrap();
        drop(value);
        (pool.stats().slots, pool.stats().runs, pool.stats().book_bytes)
    };
    let first = read();
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        assert_eq!(read(), first);
    }
}

/// A random tree.
fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[a-z]{0,200}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 80, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Into::into),
            prop::collection::vec(("[a-z]{0,20}", inner), 0..20)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Reads all trees into one pool; each takes the place of another or is added,
/// and the rest go in the order of `choices`.
fn live_and_die<S: ReleaseStrategy>(trees: &[serde_json::Value], choices: &[usize]) {
    let pool = Pool::<S>::new();
    let mut scratch = Scratch::new();
    let mut alive: Vec<(Value<'_, S>, &serde_json::Value)> = Vec::new();
    let mut choices = choices.iter().cycle();
    for tree in trees {
        let value = Seed::new(&pool, &mut scratch).deserialize(tree).unwrap();
        assert_same(&value, tree);
        let written = value.to_string();
        let expected: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_same(&parse(&pool, &written).unwrap(), &expected);
        match choices.next().and_then(|choice| alive.get_mut(choice % 5)) {
            Some(place) => *place = (value, tree),
            None => alive.push((value, tree)),
        }
        pool.verify().expect("the books add up");
    }
    while !alive.is_empty() {
        let choice = choices.next().map_or(0, |choice| choice % alive.len());
        let (value, tree) = alive.swap_remove(choice);
        assert_eq!(serde_json::to_value(&value).unwrap(), *tree, "others left it alone");
        drop(value);
        pool.verify().expect("the books add up");
    }
    assert_whole(&pool);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 100 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn trees_live_and_die_in_any_order(
        trees in prop::collection::vec(tree(), 1..12),
        choices in prop::collection::vec(any::<usize>(), 1..20),
    ) {
        live_and_die::<Direct>(&trees, &choices);
        live_and_die::<Metadata>(&trees, &choices);
        live_and_die::<Tagged>(&trees, &choices);
    }
}

#[test]
fn values_are_covariant_and_can_be_looked_at_from_other_threads() {
    fn shorter<'a, S: ReleaseStrategy>(
        value: Value<'a, S>,
        _pool: &'a Pool<'a, S>,
    ) -> Value<'a, S> {
        value
    }
    fn is_sync<T: Sync + Debug>(_: &T) {}
    let outer = <Pool>::new();
    let inner = <Pool>::new();
    let value = shorter(parse(&outer, "[1]").unwrap(), &inner);
    is_sync(&value);
    assert_eq!(value[0].as_u64(), Some(1));
}
