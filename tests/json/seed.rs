//! What goes by serde: in by a seed, out by `Serialize`, and a type out of a value.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::collections::{BTreeMap, HashMap};
use std::panic::{catch_unwind, resume_unwind};

use arraypool::json::{self, DEPTH_MAX, Document, Number, Options, Parser, Pool, Scratch, Seed};
use arraypool::{Direct, Metadata, ReleaseStrategy, Tagged};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::value::{BytesDeserializer, Error as Plain, MapDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::help::{assert_same, assert_whole};

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

for_every_strategy!(
    tricky_texts_read_as_serde_json_reads_them,
    what_json_does_not_have_becomes_what_it_has,
    integers_that_fit_no_node_are_kept_as_digits,
    depth_is_bounded_whatever_the_format,
    malformed_text_leaves_nothing,
    a_format_that_hides_an_error_gets_a_whole_tree,
    a_format_that_panics_leaves_nothing,
    a_format_that_catches_a_panic_leaves_nothing,
    a_pool_that_reads_and_drops_stops_growing,
    types_are_made_of_values,
    keys_are_borrowed_and_read_as_what_they_stand_for,
    keys_may_be_floats,
    what_a_type_does_not_ask_for_may_be_of_any_depth,
);

/// The document that a deserializer gives.
fn fill<'de, 'p, S: ReleaseStrategy, D: Deserializer<'de>>(
    pool: &'p Pool<'p, S>,
    deserializer: D,
) -> Result<Document<'p, 'static, S>, D::Error> {
    Seed::new(pool, &mut Scratch::new()).deserialize(deserializer)
}

/// The document of a JSON text, by way of serde.
fn parse<'p, S: ReleaseStrategy>(
    pool: &'p Pool<'p, S>,
    text: &str,
) -> Result<Document<'p, 'static, S>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = fill(pool, &mut deserializer)?;
    deserializer.end()?;
    Ok(document)
}

fn tricky_texts_read_as_serde_json_reads_them<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    for text in TRICKY {
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let document = parse(&pool, text).unwrap();
        assert_same(&document, &expected);
        assert_eq!(serde_json::to_value(&document).unwrap(), expected);
        assert_same(&fill(&pool, &expected).unwrap(), &expected);
        let again = json::parse(text, &pool).unwrap();
        assert!(again.root() == document.root(), "{text}");
        let written: serde_json::Value = serde_json::from_str(&document.to_string()).unwrap();
        assert_eq!(written, expected);
    }
    assert_whole(&pool);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Record<'a> {
    name: &'a str,
    born: Option<i32>,
    tags: Vec<Tag<'a>>,
    #[serde(default)]
    more: BTreeMap<String, f64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tag<'a> {
    Unit,
    One(u8),
    Two(bool, &'a str),
    Named { a: (), b: Wrapped },
}

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(char);

fn types_are_made_of_values<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let text = r#"{"name":"Ad\u0061","born":null,"tags":["unit",{"one":7},{"two":[true,"x"]},{"named":{"a":null,"b":"c"}}],"more":{"pi":3,"e":2.5},"extra":[]}"#;
    let document = json::parse(text, &pool).unwrap();
    let record: Record<'_> = json::from_value(&document).unwrap();
    let tags =
        vec![Tag::Unit, Tag::One(7), Tag::Two(true, "x"), Tag::Named { a: (), b: Wrapped('c') }];
    let more = BTreeMap::from([("pi".into(), 3.0), ("e".into(), 2.5)]);
    assert_eq!(record, Record { name: "Ada", born: None, tags, more });
    let errors = [
        json::from_value::<u8>(&document["more"]["e"]).unwrap_err(),
        json::from_value::<Tag<'_>>(&document["tags"]).unwrap_err(),
        json::from_value::<Tag<'_>>(&json::parse(r#""one""#, &pool).unwrap()).unwrap_err(),
        json::from_value::<(u8, u8)>(&json::parse("[1,2,3]", &pool).unwrap()).unwrap_err(),
    ];
    assert!(errors[0].to_string().contains("floating point"), "{}", errors[0]);
    assert!(errors[1].to_string().contains("a string or an object of one member"), "{}", errors[1]);
    assert!(errors[2].to_string().contains("a variant that holds a value"), "{}", errors[2]);
    assert!(errors[3].to_string().contains("invalid length 3"), "{}", errors[3]);
    assert_eq!(serde_json::to_string(&Number::from(-5_i64)).unwrap(), "-5");
}

fn keys_are_borrowed_and_read_as_what_they_stand_for<S: ReleaseStrategy>() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Id(u16);
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    enum Side {
        Left,
        Right,
    }
    let pool = Pool::<S>::new();
    let parsed = |text| json::parse(text, &pool).unwrap();
    let document = parsed(r#"{"one":1,"t\u0077o":2}"#);
    let borrowed: BTreeMap<&str, u32> = json::from_value(&document).unwrap();
    assert_eq!(borrowed, BTreeMap::from([("one", 1), ("two", 2)]));
    // What a seed writes as text is read back.
    let keys = MapDeserializer::<_, Plain>::new([(i64::MIN, 1_u8), (-7, 2), (0, 3)].into_iter());
    let document = fill(&pool, keys).unwrap();
    let signed: BTreeMap<i64, u8> = json::from_value(&document).unwrap();
    assert_eq!(signed, BTreeMap::from([(i64::MIN, 1), (-7, 2), (0, 3)]));
    assert!(json::from_value::<BTreeMap<u64, u8>>(&document).is_err());
    let keys = MapDeserializer::<_, Plain>::new([(u64::MAX, 1_u8)].into_iter());
    let document = fill(&pool, keys).unwrap();
    let unsigned: BTreeMap<u64, u8> = json::from_value(&document).unwrap();
    assert_eq!(unsigned, BTreeMap::from([(u64::MAX, 1)]));
    let keys = MapDeserializer::<_, Plain>::new([(true, 1_u8), (false, 0)].into_iter());
    let document = fill(&pool, keys).unwrap();
    let switches: BTreeMap<bool, u8> = json::from_value(&document).unwrap();
    assert_eq!(switches, BTreeMap::from([(true, 1), (false, 0)]));

    let document = parsed(r#"{"7":"x"}"#);
    let wrapped: BTreeMap<Option<Id>, &str> = json::from_value(&document).unwrap();
    assert_eq!(wrapped, BTreeMap::from([(Some(Id(7)), "x")]));
    let document = parsed(r#"{"Right":1,"Left":2}"#);
    let sides: BTreeMap<Side, u8> = json::from_value(&document).unwrap();
    assert_eq!(sides, BTreeMap::from([(Side::Left, 2), (Side::Right, 1)]));
    for text in [r#"{"+1":0}"#, r#"{"01":0}"#, r#"{"":0}"#, r#"{"1.0":0}"#, r#"{"x":0}"#] {
        let error = json::from_value::<BTreeMap<i32, u8>>(&parsed(text)).unwrap_err();
        assert!(error.to_string().starts_with("invalid type: string"), "{error}");
        assert!(serde_json::from_str::<BTreeMap<i32, u8>>(text).is_err());
    }
    assert!(json::from_value::<BTreeMap<bool, u8>>(&parsed(r#"{"True":0}"#)).is_err());
}

fn keys_may_be_floats<S: ReleaseStrategy>() {
    /// A float that can be a key.
    #[derive(Debug, PartialEq, Eq, Hash)]
    struct Float(u64);

    impl<'de> Deserialize<'de> for Float {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            f64::deserialize(deserializer).map(|float| Self(float.to_bits()))
        }
    }

    let pool = Pool::<S>::new();
    let read = |key: &str| {
        let text = format!(r#"{{"{key}":1}}"#);
        let document = json::parse(&text, &pool).unwrap();
        let ours = json::from_value::<HashMap<Float, u8>>(&document).ok();
        assert_eq!(ours, serde_json::from_str(&text).ok(), "{key}");
        ours.map(|map| f64::from_bits(map.into_keys().next().unwrap().0))
    };
    for (key, float) in [
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("7", 7.0),
        ("0", 0.0),
        ("-1e-7", -1e-7),
        ("2.5E3", 2500.0),
    ] {
        assert_eq!(read(key), Some(float));
    }
    for key in
        ["", "-", ".5", "5.", "-.5", "01", "-01.5", "+1", "1e", "1.e5", "inf", "NaN", "1e999", "x"]
    {
        assert_eq!(read(key), None);
    }
}

fn what_a_type_does_not_ask_for_may_be_of_any_depth<S: ReleaseStrategy>() {
    const DEEP: usize = if cfg!(miri) { 1000 } else { 100_000 };
    let pool = Pool::<S>::new();
    let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let text = format!(r#"{{"unknown":{deep},"name":"Ada","born":1815,"tags":[],"other":{deep}}}"#);
    let mut parser = Parser::with_options(Options::new().max_depth(u32::MAX));
    let document = parser.parse(&text, &pool).unwrap();
    let record: Record<'_> = json::from_value(&document).unwrap();
    assert_eq!((record.name, record.born), ("Ada", Some(1815)));
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
    let keys = MapDeserializer::<_, Plain>::new([(0.5, 1), (-1e300, 2), (7.0, 3)].into_iter());
    assert_eq!(fill(&pool, keys).unwrap().to_string(), r#"{"0.5":1,"-1e+300":2,"7.0":3}"#);
    for float in [f64::NAN, f64::INFINITY] {
        let keys = MapDeserializer::<_, Plain>::new([(float, ())].into_iter());
        assert!(fill(&pool, keys).unwrap_err().to_string().contains("expected a key"));
    }
    let keys = [(i128::MIN, 1), (0, 2)].into_iter();
    let written = fill(&pool, MapDeserializer::<_, Plain>::new(keys)).unwrap().to_string();
    assert_eq!(written, r#"{"-170141183460469231731687303715884105728":1,"0":2}"#);
    let keys = [(u128::MAX, 1), (0, 2)].into_iter();
    let written = fill(&pool, MapDeserializer::<_, Plain>::new(keys)).unwrap().to_string();
    assert_eq!(written, r#"{"340282366920938463463374607431768211455":1,"0":2}"#);
    let bytes = BytesDeserializer::<Plain>::new(&[0, 7, 255]);
    assert_eq!(fill(&pool, bytes).unwrap().to_string(), "[0,7,255]");
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(
            fill(&pool, IntoDeserializer::<Plain>::into_deserializer(float)).unwrap().is_null()
        );
    }
    assert_whole(&pool);
}

fn integers_that_fit_no_node_are_kept_as_digits<S: ReleaseStrategy>() {
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
    assert_eq!(signed(i128::from(i64::MIN) - 1).as_deref(), Ok("-9223372036854775809"));
    assert_eq!(signed(i128::from(u64::MAX) + 1).as_deref(), Ok("18446744073709551616"));
    let text = "340282366920938463463374607431768211455";
    assert_eq!(unsigned(u128::MAX).as_deref(), Ok(text));
    let document = fill(&pool, IntoDeserializer::<Plain>::into_deserializer(u128::MAX)).unwrap();
    assert_eq!(document.as_number_text(), Some(text));
    assert_eq!(json::from_value::<u128>(&document), Ok(u128::MAX));
    assert_eq!(serde_json::to_string(&document).unwrap(), text);
    drop(document);
    assert_whole(&pool);
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
        (0..depth).fold(serde_json::Value::from("core"), |inner, level| match level % 2 {
            0 => vec![inner, "beside".into()].into(),
            _ => [("before", vec![0].into()), ("key", inner)].into_iter().collect(),
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

/// A list of lists whose second has an object that panics behind its key, which the
/// format keeps to itself.
#[derive(Clone, Copy)]
enum Catching {
    Outer { left: u32 },
    Inner { left: u32 },
    Object,
}

impl<'de> Deserializer<'de> for Catching {
    type Error = Plain;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Plain> {
        match self {
            Self::Object => visitor.visit_map(self),
            _ => visitor.visit_seq(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Catching {
    type Error = Plain;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Plain> {
        match self {
            Self::Outer { left } if *left > 0 => {
                *left -= 1;
                seed.deserialize(Self::Inner { left: *left + 2 }).map(Some)
            }
            Self::Inner { left } if *left > 1 => {
                *left -= 1;
                seed.deserialize("text".into_deserializer()).map(Some)
            }
            Self::Inner { .. } => {
                let caught = catch_unwind(AssertUnwindSafe(|| seed.deserialize(Self::Object)));
                assert!(caught.is_err(), "the object panics");
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for Catching {
    type Error = Plain;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Plain> {
        seed.deserialize("key".into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Plain> {
        // As a panic, but without its message on the standard error.
        resume_unwind(Box::new("the format gives up"))
    }
}

fn a_format_that_catches_a_panic_leaves_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let value = fill(&pool, Catching::Outer { left: 2 }).unwrap();
    assert_eq!(value.to_string(), r#"[["text","text"],["text"]]"#);
    drop(value);
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
    let mut alive: Vec<(Document<'_, '_, S>, &serde_json::Value)> = Vec::new();
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
