//! A document that is read: looked at, compared, written, dropped.

use core::time::Duration;
use std::time::Instant;

use arraypool::json::{self, ErrorKind, Options, Parser, Pool, Style};
use arraypool::{Arena, Direct, Interner, Metadata, ReleaseStrategy, Tagged};

use crate::forever::forever;
use crate::help::{assert_same, assert_whole, documents, pretty};

for_every_strategy!(
    documents_read_as_serde_json_reads_them,
    what_is_written_reads_as_equal,
    every_array_comes_back,
    a_million_brackets_are_no_matter,
    documents_follow_one_another,
    a_stream_may_begin_with_a_mark,
    strings_from_anywhere_are_escaped,
);

fn documents_read_as_serde_json_reads_them<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    for text in documents() {
        let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let document = json::parse(&text, &pool).unwrap();
        assert_same(&document, &expected);
        // The order of members is that of the text.
        assert_eq!(json::to_string(&document), in_order(&text));
    }
    assert_whole(&pool);
}

/// The document read and written by way of serde, which keeps the order of members.
fn in_order(text: &[u8]) -> String {
    use serde::de::DeserializeSeed;
    let pool: Pool<'_, Direct> = Pool::new();
    let mut text = serde_json::Deserializer::from_slice(text);
    let document =
        json::Seed::new(&pool, &mut json::Scratch::new()).deserialize(&mut text).unwrap();
    serde_json::to_string(&document).unwrap()
}

fn what_is_written_reads_as_equal<S: ReleaseStrategy>() {
    let (pool, other) = (Pool::<S>::new(), Pool::<Tagged>::new());
    for text in documents() {
        let document = json::parse(&text, &pool).unwrap();
        let compact = document.to_string();
        let again = json::parse(&compact, &other).unwrap();
        assert!(document == again && again.root() == document.root());
        assert_eq!(again.to_string(), compact);
        let indented = json::to_string_pretty(&document);
        let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_same(&json::parse(&indented, &other).unwrap(), &expected);
        assert_eq!(format!("{document:#}"), indented);
        let mut bytes = Vec::new();
        json::to_writer(&mut bytes, &document, Style::Indented(1)).unwrap();
        assert_same(&json::parse(&bytes, &other).unwrap(), &expected);
    }
    assert_whole(&other);
}

fn every_array_comes_back<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    for text in documents() {
        let documents: Vec<_> = (0..3).map(|_| parser.parse(&text, &pool).unwrap()).collect();
        let live = pool.verify().unwrap().live;
        drop(documents);
        assert_whole(&pool);
        let before = pool.stats();
        let again: Vec<_> = (0..3).map(|_| parser.parse(&text, &pool).unwrap()).collect();
        if S::RECLAIMS {
            assert_eq!(pool.stats().live, live);
            assert_eq!(pool.stats().slots, before.slots, "nothing grows the second time");
        }
        drop(again);
    }
    assert_whole(&pool);
}

fn a_million_brackets_are_no_matter<S: ReleaseStrategy>() {
    let depth = match () {
        () if cfg!(miri) => 300,
        () if cfg!(debug_assertions) => 20_000,
        () => 1_000_000,
    };
    let pool = Pool::<S>::new();
    let mut parser = Parser::with_options(Options::new().max_depth(u32::MAX));
    let mut shallow = Parser::with_options(Options::new().max_depth(200));
    for (open, close) in [("[", "]"), ("{\"k\":", "}"), ("[1,{\"\\u0061\":[", ",2]},\"\\n\"]")] {
        let text = format!("{}null{}", open.repeat(depth), close.repeat(depth));
        let document = parser.parse(&text, &pool).unwrap();
        let again = parser.parse(&text, &pool).unwrap();
        assert!(document == again);
        drop(again);
        let written = document.to_string();
        let refused = shallow.parse(&written, &pool).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TooDeep);
        assert!(written.len() <= text.len());
        let owned = document.into_owned().unwrap();
        assert_eq!(owned.to_string(), written);
        drop(owned);
        assert_whole(&pool);
        assert!(json::parse(&open.repeat(depth), &pool).is_err());
        assert!(parser.parse(&open.repeat(depth), &pool).is_err());
        assert_whole(&pool);
    }
}

fn documents_follow_one_another<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let text = "\n{\"a\":1}[2]\"three\"4 true\n\n null{\"b\":{}} -5.5\r\n[]";
    let all: Result<Vec<_>, _> = parser.documents(text, &pool).collect();
    let all: Vec<_> = all.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        ["{\"a\":1}", "[2]", "\"three\"", "4", "true", "null", "{\"b\":{}}", "-5.5", "[]"]
    );
    for (text, good, offset) in
        [("[1]\n[2\n", 1, 6), ("1 x", 1, 2), ("1true", 0, 1), ("{} ]", 1, 3), ("truefalse", 0, 4)]
    {
        let mut documents = parser.documents(text, &pool);
        for _ in 0..good {
            documents.next().unwrap().unwrap();
        }
        assert_eq!(documents.next().unwrap().unwrap_err().offset(), offset, "{text}");
        assert!(documents.next().is_none());
    }
    assert!(
        parser.documents("", &pool).next().is_none()
            && parser.documents(" \n", &pool).next().is_none()
    );
    let lines = [pretty(3), pretty(5)].concat();
    assert_eq!(parser.documents(&lines, &pool).filter_map(Result::ok).count(), 2);
    let lines = "{\"a\":1}\n[2,\n \"é\"]\n{\"é\": x}\n[4]\n";
    let third = parser.documents(lines, &pool).nth(2).unwrap().unwrap_err();
    assert_eq!((third.line(), third.column(), third.offset()), (4, 7, 26));
    assert_eq!(
        third.to_string(),
        "expected a value at line 4, column 7\n  | {\"é\": x}\n  |       ^"
    );
    assert_whole(&pool);
}

/// A byte order mark is one at the beginning only.
fn a_stream_may_begin_with_a_mark<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::with_options(Options::new().allow_bom(true));
    for (text, count) in [("\u{feff}", 0), ("\u{feff}\n ", 0), ("\u{feff}[1] \n2", 2)] {
        let all: Result<Vec<_>, _> = parser.documents(text, &pool).collect();
        assert_eq!(all.unwrap().len(), count);
        let error = Parser::new().documents(text, &pool).next().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::ByteOrderMark, 0));
    }
    for (text, offset) in [(" \u{feff}1", 1), ("\u{feff}\u{feff}1", 3), ("\u{feff}1 \u{feff}2", 5)]
    {
        let error = parser.documents(text, &pool).find_map(Result::err).unwrap();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::ExpectedValue, offset));
    }
    assert_whole(&pool);
}

/// What was read without escapes needs none; what comes from elsewhere may.
fn strings_from_anywhere_are_escaped<S: ReleaseStrategy>() {
    let (pool, arena) = (Pool::<S>::new(), Arena::new());
    let text = r#"{"a\"b":"c\n","plain":"x","é":["\u0001","\\","日本"],"":{"k\t":null}}"#;
    let read = || json::parse(text, &pool).unwrap();
    assert_eq!(read().to_string(), text);
    assert_eq!(read().into_owned().unwrap().to_string(), text);
    let mut keys = Interner::new_in(&arena);
    assert_eq!(read().into_owned_with_keys(&mut keys).unwrap().to_string(), text);
    let mut edited = json::parse(r#"{"plain":"x","other":["y"]}"#, &pool).unwrap();
    let mut root = edited.root_mut();
    root.insert("plain", "\"").unwrap();
    root.insert("\u{8}", "\\").unwrap();
    root.get_mut("other").unwrap().push("\t").unwrap();
    let expected = r#"{"plain":"\"","other":["y","\t"],"\b":"\\"}"#;
    assert_eq!(edited.to_string(), expected);
    let pretty = json::to_string_pretty(&edited);
    assert_eq!(json::parse(&pretty, &pool).unwrap(), edited);
    drop(edited);
    assert_whole(&pool);
}

#[test]
fn values_are_found_by_key_position_and_pointer() {
    let pool = Pool::<Metadata>::new();
    let text = r#"{"a": {"b": [10, 20, {"c": "d"}]}, "x/y": 1, "m~n": 2, "": 3, "0": 4, "a~1": 5, "a": {"b": [10, 20, {"c": "d"}], "last": true}}"#;
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    let value = json::parse(text, &pool).unwrap();
    assert_eq!(value["a"]["b"][1].as_u64(), Some(20));
    assert_eq!(value["a"]["last"].as_bool(), Some(true), "the last one is found");
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
        "x/a",
    ] {
        let found = value.pointer(pointer).map(|value| serde_json::to_value(value).unwrap());
        assert_eq!(found.as_ref(), expected.pointer(pointer), "{pointer:?}");
    }
    let object = value.as_object().unwrap();
    assert_eq!((object.len(), object.is_empty(), object.iter().len()), (7, false, 7));
    assert_eq!(object.keys().next_back(), Some("a"));
    assert_eq!(object.values().filter_map(json::Value::as_u64).sum::<u64>(), 15);
    assert_eq!(format!("{:?}", value["a"]["b"]), "[10,20,{\"c\":\"d\"}]");
}

#[test]
fn strings_are_borrowed_from_the_text_unless_they_are_escaped() {
    let pool = Pool::<Metadata>::new();
    let text = String::from(r#"["plain", "esc\u0061ped", "日本"]"#);
    let document = json::parse(&text, &pool).unwrap();
    let inside = |value: &json::Value<'_>| {
        let start = value.as_str().unwrap().as_ptr().addr();
        text.as_bytes().as_ptr_range().contains(&core::ptr::without_provenance(start))
    };
    assert!(inside(&document[0]) && !inside(&document[1]) && inside(&document[2]));
    assert_eq!(pool.stats().live, 2);
    let owned = document.into_owned().unwrap();
    assert_eq!(pool.stats().live, 4);
    drop(text);
    assert_eq!(owned.to_string(), r#"["plain","escaped","日本"]"#);
    drop(owned);
    assert_whole(&pool);
}

#[test]
fn documents_are_covariant_and_values_can_be_looked_at_from_other_threads() {
    fn shorter<'a, S: ReleaseStrategy>(
        document: json::Document<'static, 'static, S>,
        _: &'a str,
    ) -> json::Document<'a, 'a, S> {
        document
    }
    fn is_sync<T: Sync + core::fmt::Debug>(_: &T) {}
    let pool: &Pool<'_> = forever(Pool::new());
    let local = String::from("local");
    let document = shorter(json::parse("[1]", pool).unwrap(), &local);
    is_sync(document.root());
    assert_eq!(document[0].as_u64(), Some(1));
    assert_eq!(size_of::<json::Value<'static>>(), 16);
}

#[test]
fn members_are_skipped_at_once() {
    let count = if cfg!(miri) { 50 } else { 50_000 };
    let members: Vec<_> = (0..count).map(|n| format!("\"k{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(","));
    let pool = Pool::<Tagged>::new();
    let document = json::parse(&text, &pool).unwrap();
    let object = document.root().as_object().unwrap();
    let start = Instant::now();
    for n in 0..count {
        let (key, value) = object.iter().nth(n).unwrap();
        assert_eq!((key, value.as_u64()), (&*format!("k{n}"), Some(n as u64)));
        assert_eq!(object.iter().nth_back(n).unwrap().1.as_u64(), Some((count - 1 - n) as u64));
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(object.iter().nth(count).is_none() && object.iter().nth_back(count).is_none());
}
