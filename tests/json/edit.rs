//! Editing: one step after the other against `serde_json`, and what goes back meanwhile.

use core::time::Duration;
use std::time::Instant;

use arraypool::json::{self, Document, EditError, Options, OutOfRange, Parser, PatchError, Pool};
use arraypool::{Arena, Direct, Interner, ReleaseStrategy, Tagged};
use serde_json::{Value as Expected, json};

use crate::help::{Random, assert_same, assert_whole};

for_every_strategy!(
    what_is_removed_goes_back_at_once,
    an_array_that_grows_moves_seldom,
    subtrees_move_between_documents_of_a_pool,
    random_edits_agree_with_serde_json,
    merge_patches_of_the_rfc,
    patches_change_all_or_nothing,
    a_patch_that_changes_nothing_copies_nothing,
    a_test_of_a_patch_compares_numbers_by_value,
    keys_are_kept_once_for_many_documents,
    an_index_finds_what_a_search_finds,
    numbers_strings_and_copies_are_put_in,
    a_document_of_another_pool_is_refused,
    all_members_of_a_key_are_removed,
);

fn a_document_of_another_pool_is_refused<S: ReleaseStrategy>() {
    let (pool, other) = (Pool::<S>::new(), Pool::<S>::new());
    let foreign = || json::parse(r#"["\n"]"#, &other).unwrap();
    assert_eq!(Document::of(foreign(), &pool).map(drop), Err(EditError::OtherPool));
    let mut document = Document::object(&pool);
    let mut root = document.root_mut();
    assert_eq!(root.replace(foreign()).map(drop), Err(EditError::OtherPool));
    assert_eq!(root.insert("a", foreign()).map(drop), Err(EditError::OtherPool));
    let own = Document::of(json::parse("[1]", &pool).unwrap(), &pool).unwrap();
    assert_eq!(own.to_string(), "[1]");
    drop((document, own));
    assert_whole(&pool);
    assert_whole(&other);
}

/// Wherever they are, in the order of the others, and in one pass.
fn all_members_of_a_key_are_removed<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    for pattern in 0..1 << 6 {
        let members: Vec<_> = (0..6)
            .map(|at| (if pattern >> at & 1 == 0 { format!("k{at}") } else { "a".into() }, at))
            .collect();
        let written = |members: &[(String, i32)]| {
            let members: Vec<_> =
                members.iter().map(|(key, at)| format!(r#""{key}":["\n",{at}]"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        let text = written(&members);
        let (gone, rest): (Vec<_>, Vec<_>) = members.into_iter().partition(|(key, _)| key == "a");
        for index_from in [1, usize::MAX] {
            let mut parser = Parser::with_options(Options::new().index_from(index_from));
            let mut document = parser.parse(&text, &pool).unwrap();
            let removed = document.root_mut().remove("a").map(|value| value.to_string());
            let last = gone.last().map(|(_, at)| format!(r#"["\n",{at}]"#));
            assert_eq!((removed, document.to_string()), (last, written(&rest)));
            assert_eq!(document.get("k3").is_some(), pattern >> 3 & 1 == 0);
        }
    }
    let count = if cfg!(miri) { 20 } else { 40_000 };
    let wide = format!("{{{}\"b\":1}}", "\"a\":0,\"b\":1,".repeat(count));
    let mut document = json::parse(&wide, &pool).unwrap();
    let patch = json::parse(r#"{"a":null}"#, &pool).unwrap();
    let start = Instant::now();
    document.root_mut().merge(&patch).unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(document.to_string(), format!("{{{}\"b\":1}}", "\"b\":1,".repeat(count)));
    drop((document, patch));
    assert_whole(&pool);
}

/// Every type that a value can be made of, and values of another pool, which are copied.
fn numbers_strings_and_copies_are_put_in<S: ReleaseStrategy>() {
    let (pool, other) = (Pool::<S>::new(), Pool::<Tagged>::new());
    let mut list = Document::array(&pool);
    let mut root = list.root_mut();
    root.push(1).unwrap();
    root.push(-1_i8).unwrap();
    root.push(i16::MIN).unwrap();
    root.push(u8::MAX).unwrap();
    root.push(u16::MAX).unwrap();
    root.push(u32::MAX).unwrap();
    root.push(usize::MAX as u64).unwrap();
    root.push(i64::MIN).unwrap();
    root.push(1_usize).unwrap();
    root.push(-1_isize).unwrap();
    root.push(0.5_f32).unwrap();
    root.push(f32::NAN).unwrap();
    root.push(f64::INFINITY).unwrap();
    root.push(String::from("a\"b")).unwrap();
    let text = String::from("c");
    root.push(&text).unwrap();
    assert_eq!(text, "c");
    let expected = json!([
        1,
        -1,
        i16::MIN,
        255,
        65535,
        u32::MAX,
        usize::MAX as u64,
        i64::MIN,
        1,
        -1,
        0.5,
        null,
        null,
        "a\"b",
        "c"
    ]);
    assert_same(&list, &expected);
    let text = String::from(r#"{"a":[1,{"b":"\u0041\n"}],"c":"plain"}"#);
    let mut foreign = json::parse(&text, &other).unwrap();
    let mut copy = Document::of(&foreign["a"], &pool).unwrap();
    let moved = foreign.root_mut().remove("a").unwrap().into_owned().unwrap();
    copy.root_mut().push(moved.root()).unwrap();
    copy.root_mut().push(&foreign["c"]).unwrap();
    drop((foreign, moved));
    drop(text);
    let expected = json!([1, {"b": "A\n"}, [1, {"b": "A\n"}], "plain"]);
    assert_same(&copy, &expected);
    // A copy of a part of the same document goes in beside it.
    let part = Document::of(&copy[2], &pool).unwrap();
    copy.root_mut().replace(part).unwrap();
    assert_eq!(copy.to_string(), r#"[1,{"b":"A\n"}]"#);
    drop((copy, list));
    assert_whole(&pool);
    assert_whole(&other);
}

fn what_is_removed_goes_back_at_once<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let live = || if S::RECLAIMS { pool.verify().unwrap().live } else { 0 };
    let expect = |count: usize| if S::RECLAIMS { count } else { 0 };
    let mut document =
        json::parse(r#"{"a":[1,[2,["\u0061"]]],"b":{"c":{}},"d":"x"}"#, &pool).unwrap();
    assert_eq!(live(), expect(6));
    let mut root = document.root_mut();
    assert_eq!(root.remove("a").unwrap().to_string(), r#"[1,[2,["a"]]]"#);
    assert_eq!(live(), expect(2));
    assert!(root.remove("a").is_none() && root.remove(0).is_none());
    let old = root.insert("b", "new").unwrap().unwrap();
    assert_eq!((old.to_string(), live()), (r#"{"c":{}}"#.into(), expect(3)));
    drop(old);
    assert_eq!(live(), expect(2));
    let taken = root.get_mut("b").unwrap().take();
    assert_eq!((taken.as_str(), root.as_value()["b"].is_null()), (Some("new"), true));
    drop(taken);
    root.remove("b").unwrap();
    assert!(root.remove("d").unwrap().as_str() == Some("x"));
    assert_eq!((document.to_string(), live()), ("{}".into(), 0));
    // Owned strings deep inside of what was flat are found again.
    let mut document = json::parse(r#"[[[1],[2]],{"k":[]}]"#, &pool).unwrap();
    let mut root = document.root_mut();
    root.pointer_mut("/0/1/0").unwrap().replace("copied").unwrap();
    root.pointer_mut("/1/k").unwrap().push("copied, too").unwrap();
    let mut inner = root.into_get(1).unwrap().into_get("k").unwrap();
    inner.push(Document::array(&pool)).unwrap();
    inner.get_mut(1).unwrap().push(1_u64).unwrap();
    assert_eq!(document.to_string(), r#"[[[1],["copied"]],{"k":["copied, too",[1]]}]"#);
    drop(document);
    assert_whole(&pool);
}

fn an_array_that_grows_moves_seldom<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut document = Document::array(&pool);
    let mut root = document.root_mut();
    let count = if cfg!(miri) { 40 } else { 3000 };
    let (mut moves, mut place) = (0, core::ptr::null());
    for number in 0..count {
        root.push(number).unwrap();
        let now = root.as_value().as_array().unwrap().as_ptr();
        moves += usize::from(now != place);
        place = now;
    }
    assert!(moves < 25, "{moves}");
    if S::RECLAIMS {
        assert_eq!(pool.verify().unwrap().live, 1);
    }
    for number in 0..count {
        assert_eq!(root.remove(0).unwrap().as_u64(), Some(number));
    }
    assert!(root.as_value().as_array().unwrap().is_empty());
    assert_eq!(pool.verify().unwrap().live, if S::RECLAIMS { 0 } else { moves });
    let mut object = Document::object(&pool);
    for number in 0..200_u64 {
        assert!(object.root_mut().insert(&format!("key {number}"), number).unwrap().is_none());
    }
    assert_eq!(object["key 77"].as_u64(), Some(77));
    drop((object, document));
    assert_whole(&pool);
}

fn subtrees_move_between_documents_of_a_pool<S: ReleaseStrategy>() {
    let (pool, other) = (Pool::<S>::new(), Pool::<S>::new());
    let mut source = json::parse(r#"{"tree":[["\n"],{"a":1}]}"#, &pool).unwrap();
    let mut target = json::parse("[0]", &pool).unwrap();
    let tree = source.root_mut().remove("tree").unwrap();
    let place = tree[0].as_array().unwrap().as_ptr();
    target.root_mut().insert_at(0, tree).unwrap();
    assert_eq!(target.to_string(), r#"[[["\n"],{"a":1}],0]"#);
    assert_eq!(target[0][0].as_array().unwrap().as_ptr(), place, "nothing was copied");
    drop(source);
    let foreign = || json::parse("[\"\\u0041\"]", &other).unwrap();
    assert_eq!(target.root_mut().push(foreign()).unwrap_err(), EditError::OtherPool);
    assert_eq!(target.root_mut().insert_at(0, foreign()).unwrap_err(), EditError::OtherPool);
    assert_eq!(target.root_mut().replace(foreign()).unwrap_err(), EditError::OtherPool);
    let mut object = Document::object(&pool);
    assert_eq!(object.root_mut().insert("k", foreign()).unwrap_err(), EditError::OtherPool);
    assert_eq!(object.root_mut().push(1_u64), Err(EditError::NotAnArray));
    assert_eq!(target.root_mut().insert("k", ()).unwrap_err(), EditError::NotAnObject);
    assert_eq!(target.root_mut().insert_at(3, ()), Err(EditError::OutOfBounds));
    assert_eq!(target.to_string(), r#"[[["\n"],{"a":1}],0]"#);
    drop((target, object));
    assert_whole(&pool);
    assert_whole(&other);
}

/// The path of a random container, and what is there.
fn container<'a>(mut here: &'a Expected, path: &mut String, random: &mut Random) -> &'a Expected {
    loop {
        let inside: Vec<(String, &Expected)> = match here {
            Expected::Array(list) => {
                list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            Expected::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
            _ => Vec::new(),
        };
        let containers: Vec<_> =
            inside.iter().filter(|(_, value)| value.is_array() || value.is_object()).collect();
        if containers.is_empty() || random.below(3) == 0 {
            return here;
        }
        let (key, value) = containers[random.below(containers.len())];
        path.push('/');
        path.push_str(key);
        here = value;
    }
}

/// Something to put in, of both kinds.
fn anything<'p, S: ReleaseStrategy>(
    pool: &'p Pool<'p, S>,
    random: &mut Random,
) -> (Document<'p, 'static, S>, Expected) {
    let texts = [
        "null",
        "-7",
        "2.5",
        "\"plain\"",
        "\"\\u0065scaped\"",
        "[]",
        "{}",
        "[1,[2,\"\\t\"],{}]",
        r#"{"a":{"b":["\\"]},"z":[]}"#,
        "[[[[]]]]",
    ];
    let text = texts[random.below(texts.len())];
    (json::parse(text, pool).unwrap(), serde_json::from_str(text).unwrap())
}

fn random_edits_agree_with_serde_json<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut random = Random(0xD134_2543_DE82_EF95);
    for _ in 0..if cfg!(miri) { 2 } else { 60 } {
        let text = r#"{"a":[1,2,{"b":["\u0063",[],{}]}],"d":{"e":{"f":[[[1]]]}},"g":"h"}"#;
        let mut document = json::parse(text, &pool).unwrap();
        let mut expected: Expected = serde_json::from_str(text).unwrap();
        for _ in 0..if cfg!(miri) { 6 } else { 80 } {
            let mut path = String::new();
            container(&expected, &mut path, &mut random);
            let (new, copy) = anything(&pool, &mut random);
            let mut root = document.root_mut();
            let mut here = root.pointer_mut(&path).unwrap();
            let choice = random.below(5);
            match expected.pointer_mut(&path).unwrap() {
                Expected::Array(list) if choice < 3 => {
                    let at = random.below(list.len() + 1);
                    here.insert_at(at, new).unwrap();
                    list.insert(at, copy);
                }
                Expected::Array(list) if !list.is_empty() => {
                    let at = random.below(list.len());
                    assert_same(&here.remove(at).unwrap(), &list.remove(at));
                }
                Expected::Object(map) if choice < 3 => {
                    let key = ["a", "d", "new", "kéy"][random.below(4)];
                    here.insert(key, new).unwrap();
                    map.insert(key.into(), copy);
                }
                Expected::Object(map) if !map.is_empty() => {
                    let key = map.keys().nth(random.below(map.len())).unwrap().clone();
                    assert_same(&here.remove(key.as_str()).unwrap(), &map.remove(&key).unwrap());
                }
                other => {
                    here.replace(new).unwrap();
                    *other = copy;
                }
            }
            assert_same(&document, &expected);
        }
        pool.verify().unwrap();
        let owned = if random.below(2) == 0 { document.into_owned().unwrap() } else { document };
        assert_same(&owned, &expected);
        drop(owned);
        assert_whole(&pool);
    }
}

fn merge_patches_of_the_rfc<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    for (target, patch, result) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
        (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
        (r#"{"a":"foo"}"#, "null", "null"),
        (r#"{"a":"foo"}"#, "\"bar\"", "\"bar\""),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        (
            r#"{"a":1,"b":{"c":[1],"d":2},"e":3}"#,
            r#"{"b":{"c":{"x":{"y":1}},"d":null},"a":null}"#,
            r#"{"b":{"c":{"x":{"y":1}}},"e":3}"#,
        ),
    ] {
        let mut document = json::parse(target, &pool).unwrap();
        let patch = json::parse(patch, &pool).unwrap();
        document.root_mut().merge(&patch).unwrap();
        assert_eq!(document.to_string(), result);
    }
    let depth = if cfg!(miri) { 20 } else { 500 };
    let deep = format!("{}1{}", "{\"k\":".repeat(depth), "}".repeat(depth));
    let patch = json::parse(&deep, &pool).unwrap();
    let mut document = Document::of((), &pool).unwrap();
    document.root_mut().merge(&patch).unwrap();
    assert_eq!(document.to_string(), deep);
    drop((document, patch));
    assert_whole(&pool);
}

fn patches_change_all_or_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let apply = |target: &str, patch: Expected| {
        let mut document = json::parse(target, &pool).unwrap();
        let patch = patch.to_string();
        let outcome = document.root_mut().patch(&json::parse(&patch, &pool).unwrap());
        (outcome, document.to_string())
    };
    let good = |target: &str, patch: Expected, result: &str| {
        assert_eq!(apply(target, patch), (Ok(()), result.to_string()));
    };
    good(
        r#"{"foo":"bar"}"#,
        json!([{"op":"add","path":"/baz","value":"qux"}]),
        r#"{"foo":"bar","baz":"qux"}"#,
    );
    good(
        r#"{"foo":["bar","baz"]}"#,
        json!([{"op":"add","path":"/foo/1","value":"qux"}]),
        r#"{"foo":["bar","qux","baz"]}"#,
    );
    good(
        r#"{"baz":"qux","foo":"bar"}"#,
        json!([{"op":"remove","path":"/baz"}]),
        r#"{"foo":"bar"}"#,
    );
    good(
        r#"{"foo":["bar","qux","baz"]}"#,
        json!([{"op":"remove","path":"/foo/1"}]),
        r#"{"foo":["bar","baz"]}"#,
    );
    good(
        r#"{"baz":"qux"}"#,
        json!([{"op":"replace","path":"/baz","value":"boo"}]),
        r#"{"baz":"boo"}"#,
    );
    good(
        r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
        json!([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]),
        r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
    );
    good(
        r#"{"foo":["all","grass","cows","eat"]}"#,
        json!([{"op":"move","from":"/foo/1","path":"/foo/3"}]),
        r#"{"foo":["all","cows","eat","grass"]}"#,
    );
    good(
        r#"{"baz":"qux","foo":["a",2,"c"]}"#,
        json!([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]),
        r#"{"baz":"qux","foo":["a",2,"c"]}"#,
    );
    good(
        r#"{"foo":"bar"}"#,
        json!([{"op":"add","path":"/child","value":{"grandchild":{}}}]),
        r#"{"foo":"bar","child":{"grandchild":{}}}"#,
    );
    good(
        r#"{"foo":["bar"]}"#,
        json!([{"op":"add","path":"/foo/-","value":["abc","def"]}]),
        r#"{"foo":["bar",["abc","def"]]}"#,
    );
    good(
        r#"{"/":9,"~1":10}"#,
        json!([{"op":"test","path":"/~01","value":10},{"op":"add","path":"/a~1b~0c","value":0},{"op":"remove","path":"/~1"}]),
        r#"{"~1":10,"a/b~c":0}"#,
    );
    good(
        "[1]",
        json!([{"op":"copy","from":"","path":"/-"},{"op":"replace","path":"","value":{"all":1}}]),
        r#"{"all":1}"#,
    );
    good("1", json!([{"op":"add","path":"","value":[2]}]), "[2]");
    let target = r#"{"a":[1,"\u00e9"],"b":2}"#;
    let written = r#"{"a":[1,"é"],"b":2}"#;
    let first = json!({"op":"add","path":"/a/0","value":[9]});
    for (second, error) in [
        (json!({"op":"test","path":"/b","value":3}), PatchError::TestFailed { operation: 1 }),
        (json!({"op":"remove","path":"/c"}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"replace","path":"/c","value":1}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"add","path":"/a/4","value":1}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"add","path":"/x/y","value":1}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"move","from":"/a","path":"/a/0"}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"add","path":"b","value":1}), PatchError::NoSuchPlace { operation: 1 }),
        (json!({"op":"add","path":"/c"}), PatchError::Malformed { operation: 1 }),
        (json!({"op":"spread","path":"/c"}), PatchError::Malformed { operation: 1 }),
        (json!({"path":"/c"}), PatchError::Malformed { operation: 1 }),
        (json!(7), PatchError::Malformed { operation: 1 }),
    ] {
        assert_eq!(apply(target, json!([first, second])), (Err(error), written.to_string()));
    }
    assert_eq!(apply(target, json!({})).0, Err(PatchError::Malformed { operation: 0 }));
    assert_whole(&pool);
}

#[test]
fn whatever_is_not_finite_is_null() {
    let pool = Pool::<Direct>::new();
    let mut document = Document::array(&pool);
    for float in [f64::NAN, f64::INFINITY, 1e300] {
        document.root_mut().push(float).unwrap();
    }
    document.root_mut().push(true).unwrap();
    document.root_mut().push(-5_i64).unwrap();
    assert_eq!(document.to_string(), "[null,null,1e+300,true,-5]");
    let pool = Pool::<Tagged>::new();
    assert_eq!(Document::of("text", &pool).unwrap().as_str(), Some("text"));
    assert_whole(&pool);
}

/// A patch whose first operations only test makes no copy, and what it finds is as it was
/// in every respect, indexes included.
fn a_patch_that_changes_nothing_copies_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::with_options(Options::new().index_from(1));
    let mut document = parser.parse(r#"{"a":1,"b":["\n"]}"#, &pool).unwrap();
    let patch = r#"[{"op":"test","path":"/a","value":1},{"op":"test","path":"/b/0","value":"x"}]"#;
    let patch = json::parse(patch, &pool).unwrap();
    let before = pool.stats().live;
    let address = core::ptr::from_ref(&document["b"][0]).addr();
    let failed = Err(PatchError::TestFailed { operation: 1 });
    assert_eq!(document.root_mut().patch(&patch), failed);
    assert_eq!(pool.stats().live, before);
    assert_eq!(core::ptr::from_ref(&document["b"][0]).addr(), address);
    let patch = r#"[{"op":"test","path":"/a","value":1}]"#;
    assert_eq!(document.root_mut().patch(&json::parse(patch, &pool).unwrap()), Ok(()));
    assert_eq!(core::ptr::from_ref(&document["b"][0]).addr(), address);
    drop((document, patch));
}

fn a_test_of_a_patch_compares_numbers_by_value<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let options = Options::new().out_of_range(OutOfRange::KeepText).keep_big_integers(true);
    let mut parser = Parser::with_options(options);
    let mut test = |target: &str, value: &str| {
        let patch = format!(r#"[{{"op":"test","path":"","value":{value}}}]"#);
        let mut document = parser.parse(target, &pool).unwrap();
        document.root_mut().patch(&parser.parse(&patch, &pool).unwrap())
    };
    for (left, right) in [
        ("1", "1.0"),
        ("-3", "-3e0"),
        ("0", "-0.0"),
        ("18446744073709551615", "18446744073709551615"),
        ("[1, {\"a\": 2.0}]", "[1.0, {\"a\": 2}]"),
        ("1e999", "10e998"),
        ("100000000000000000000", "1e20"),
    ] {
        assert_eq!((test(left, right), test(right, left)), (Ok(()), Ok(())), "{left} {right}");
    }
    for (left, right) in [
        ("1", "1.5"),
        ("1", "\"1\""),
        ("-1", "1.0"),
        ("18446744073709551615", "18446744073709551616.0"),
        ("9007199254740993", "9007199254740992.0"),
        ("1e999", "1e998"),
        ("0", "false"),
    ] {
        let failed = Err(PatchError::TestFailed { operation: 0 });
        assert_eq!((test(left, right), test(right, left)), (failed, failed), "{left} {right}");
    }
    assert_whole(&pool);
}

fn keys_are_kept_once_for_many_documents<S: ReleaseStrategy>() {
    let (pool, arena) = (Pool::<S>::new(), Arena::new());
    let mut keys = Interner::new_in(&arena);
    let text = r#"{"a":[{"a":"x","b\n":{"a":[]}},["b",{"a":"b"}]],"":1}"#;
    let mut documents = Vec::new();
    for _ in 0..3 {
        let text = String::from(text);
        let document = json::parse(&text, &pool).unwrap();
        documents.push(document.into_owned_with_keys(&mut keys).unwrap());
    }
    assert!(keys.iter().map(|(_, key)| key).eq(["a", "b\n", ""]));
    for document in &documents {
        assert_eq!(document.to_string(), text);
    }
    if S::RECLAIMS {
        // Six containers and three strings that are no keys; `[]` takes nothing.
        assert_eq!(pool.verify().unwrap().live, 3 * 9);
    }
    documents[1].root_mut().pointer_mut("/a/0").unwrap().insert("a", "new").unwrap();
    drop(documents);
    assert_whole(&pool);
}

fn an_index_finds_what_a_search_finds<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::with_options(Options::new().index_from(4));
    let mut random = Random(5);
    for members in [0, 1, 3, 4, 5, 17].into_iter().chain((!cfg!(miri)).then_some(100)) {
        let key = |number: usize| format!("k/{}", number * 7919 % 1000);
        let mut text = Vec::new();
        for member in 0..members {
            // Some keys come twice.
            let number = if random.below(5) == 0 { member / 2 } else { member };
            text.push(format!("\"{}\":[{member},\"\\n\"]", key(number)));
        }
        let text = format!("{{{}}}", text.join(","));
        let plain = json::parse(&text, &pool).unwrap();
        let mut indexed = parser.parse(&text, &pool).unwrap();
        assert_same(&indexed, &serde_json::from_str(&text).unwrap());
        for number in 0..members + 5 {
            let key = key(number);
            assert_eq!(indexed.get(key.as_str()), plain.get(key.as_str()), "{key}");
            let pointer = format!("/{}/0", key.replace('/', "~1"));
            assert_eq!(indexed.pointer(&pointer), plain.pointer(&pointer));
        }
        assert_eq!(indexed, plain);
        let removed = indexed.root_mut().remove(key(0).as_str());
        assert_eq!((removed.is_some(), indexed.get(key(0).as_str())), (members > 0, None));
        indexed.root_mut().insert("new", "member").unwrap();
        assert_eq!(indexed["new"].as_str(), Some("member"));
        assert_eq!(
            indexed.root_mut().insert("new", true).unwrap().unwrap(),
            Document::of("member", &pool).unwrap()
        );
    }
    assert_whole(&pool);
}
