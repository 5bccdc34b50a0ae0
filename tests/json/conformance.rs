//! What is nearly JSON, and what is hardly JSON: the hard cases, beside the grammar's rules.

use arraypool::json::{self, ErrorKind, Options, OutOfRange, Parser, Pool};
use arraypool::{Direct, Tagged};

use crate::grammar::good;
use crate::help::{assert_whole, some};

/// What collections of hard cases hold beside the rules above: all of it refused,
/// wherever the parser stops.
#[test]
fn what_is_nearly_json_is_none() {
    let texts: &[&str] = &[
        "*",
        "å",
        "<.>",
        "[<null>]",
        "[x",
        "[x]",
        "[1,\n1\n,1",
        "[\"a\", truth]",
        "[\"\": 1]",
        "[\"x\"",
        "[\"a\",\n4\n,1,",
        "[,1,]",
        "[*]",
        "[1,]",
        "[1,,]",
        "[\"\u{b}a\"\\f]",
        "[3[4]]",
        "[\"a\"\n\"b\"]",
        "[- 1]",
        "[++1234]",
        "[+Inf]",
        "[-NaN]",
        "[-Infinity]",
        "[-1.0.]",
        "[-2.]",
        "[.-1]",
        "[.2e-3]",
        "[0.3e+]",
        "[0.3e]",
        "[0E]",
        "[0e+]",
        "[1 000.0]",
        "[1eE2]",
        "[2.e+3]",
        "[2.e-3]",
        "[9.e+]",
        "[１]",
        "[1+2]",
        "[0x42]",
        "[-012]",
        "[-1x]",
        "[1a]",
        "[1e1㌡]",
        "[123\u{e5}]",
        "[1_000]",
        "[-foo]",
        "{\"x\", null}",
        "{\"x\"::\"b\"}",
        "{\"a\":\"a\" 123}",
        "{key: 'value'}",
        "{:\"b\"}",
        "{\"a\" b}",
        "{🇨🇭}",
        "{\"a\"",
        "{\"a\":",
        "{1:1}",
        "{9999E9999:1}",
        "{null:null,null:null}",
        "{'a':0}",
        "{\"id\":0,,,,,}",
        "{\"id\":0,}",
        "{\"a\":\"b\"}/**/",
        "{\"a\":\"b\"}#",
        "{\"a\":\"b\",,\"c\":\"d\"}",
        "{\"a\":/*comment*/\"b\"}",
        "{\"a\": true} \"x\"",
        "{\"\\uD800\":1}",
        "{[: \"x\"}",
        "{]",
        "{\"a\":1}}",
        "[\"\\uD834\\u\"]",
        "[\"\\uD834\\uDd\"]",
        "[\"\\u1\"]",
        "[\"\\uqqqq\"]",
        "[\"\\a\"]",
        "[\"\\🌀\"]",
        "[\\u0020\"asd\"]",
        "[\\n]",
        "[\"\\",
        "[\"new\nline\"]",
        "[\"\t\"]",
        "[\"a\u{0}a\"]",
        "\"\\UA66D\"",
        "\\",
        "[\u{0}]",
        "[1]\u{0}",
        "\u{0}",
        "[\u{c}]",
        "[\u{2060}]",
        "\u{2060}",
        "[1]x",
        "[1]]",
        "[][]",
        "[True]",
        "tru",
        "nulll",
        "[nul]",
        "[fals]",
        "[a\u{e5}]",
        "\"abc",
        "\"",
        "'",
        "[\"",
        "[\"a",
        "[{}",
        "[[",
        "[{\"\":[{\"\":[",
        "{\"a\":[1,{\"b\":2]}",
        "2@",
        "{}}",
        "]",
        "[1}",
        "ｅ",
        "1 ,2",
        ",",
        ":",
        "{{}",
        "[;]",
        " ",
        "[1 true]",
        "[\"\"],",
        "[-]",
        "[   , \"\"]",
        "[1:2]",
        "[{",
        "123\u{0}",
        "[+1]",
        "[-01]",
        "[-.123]",
        "[.123]",
        "[0.1.2]",
        "[0.e1]",
        "[0E+]",
        "[0e]",
        "[1.0e]",
        "[1.0e-]",
        "[1.0e+]",
        "[1.]",
        "[012]",
        "[0x1]",
        "[Inf]",
        "[Infinity]",
        "[NaN]",
        "[0e+-1]",
        "[-123.123foo]",
        "[1ea]",
        "[1.2a-3]",
        "[1.8011670033376514H-308]",
        "{\"a\":\"b\"}/**//",
        "{\"a\":\"b\"}//",
        "{\"a\":\"b\"}/",
        "{\"a\":\"a",
        "{ \"foo\" : \"bar\", \"a\" }",
        "{\"a\" \"b\"}",
        "{\"a\":1,,\"b\":2}",
        "[\"\\uD800\\\"]",
        "[\"\\uD800\\u\"]",
        "[\"\\uD800\\u1\"]",
        "[\"\\uD800\\u1x\"]",
        "[\"\\uD800\\uD800\\x\"]",
        "[é]",
        "[\"\\\u{0}\"]",
        "[\"\\\\\\\"]",
        "[\"\\\t\"]",
        "[\"\\x00\"]",
        "[\"\\\"]",
        "[\"\\u00A\"]",
        "abc",
        "\"\"x",
        "['",
        "[,",
        "[\"asd]",
        "1]",
        "{\"x\": true,",
        "{,",
        "{[",
        "{\"a",
        "{'a'",
        "{\"a\":\"b\"}#{}",
        "[\"\\{[\"\\{[\"\\{[\"\\{",
        "[ false, nul",
        "[ true, fals",
        "{\"asd\":\"asd\"",
        "aå",
        "é",
        "\u{a0}1",
        "1\u{a0}",
        "1\u{0}",
        "\"\u{0}\"",
        "{\"\u{0}\":1}",
        "[1]\u{feff}",
        "[1e]400",
        "1.e400",
        "1e 5",
        "- 0",
        "-00",
        "-0.",
        "1E++2",
    ];
    for text in some(texts) {
        let pool = Pool::<Tagged>::new();
        assert!(json::parse(text, &pool).is_err(), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        assert_whole(&pool);
    }
    let wide: Vec<u8> = "[\"a\"]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xFF, 0xFE][..], &wide].concat();
    let bytes: &[&[u8]] = &[
        &wide,
        &marked,
        &[0xEF, 0xBB],
        &[0xEF, 0xBB, b'{', b'}'],
        &[b'[', 0xFF, b']'],
        &[0xE5],
        &[b'[', b'1', 0xE5, b']'],
        &[b'[', b'1', b'e', b'1', 0xE5, b']'],
        &[b'{', 0xB9, b'}'],
        b"{\"\xB9\":\"0\",}",
        b"[1e\xE5]",
        b"[0\xE5]",
        b"[\"\\\xE5\"]",
        b"[\"\\u\xE5\"]",
        b"[a\xE5]",
        b"\xFE\xFF\x00[\x00]",
        b"\xFF\xFE[\x00]\x00",
        b"\x00[\x00\"\x00\xE9\x00\"\x00]",
        b"[\x00\"\x00\xE9\x00\"\x00]\x00",
        b"\xFF\xFE\x00\x00[\x00\x00\x00]\x00\x00\x00",
        b"\x00\x00\xFE\xFF\x00\x00\x00[\x00\x00\x00]",
    ];
    for text in some(bytes) {
        assert!(json::parse(text, &Pool::<Direct>::new()).is_err(), "{text:x?}");
        assert!(serde_json::from_slice::<serde_json::Value>(text).is_err(), "{text:x?}");
    }
}

/// A hundred thousand levels are an error at the limit, or at the end, and a document
/// where they are closed and the limit is set higher.
#[test]
fn what_is_deep_takes_no_stack() {
    const DEEP: usize = if cfg!(miri) { 1030 } else { 100_000 };
    fn kind_and_place<T>(outcome: Result<T, json::Error>) -> Result<(), (ErrorKind, usize)> {
        outcome.map(drop).map_err(|error| (error.kind(), error.offset()))
    }
    let (pool, mut any_depth) =
        (Pool::<Tagged>::new(), Parser::with_options(Options::new().max_depth(u32::MAX)));
    for (opens, closes, each) in
        [("[", "]", 1), ("{\"\":", "}", 1), ("[{\"\":", "}]", 2), ("[\n", "\r]", 1)]
    {
        let opened = opens.repeat(DEEP);
        // The byte of the text that opens the 1025th container.
        let limit = 1024 / each * opens.len();
        let deep = Err((ErrorKind::TooDeep, limit));
        assert_eq!(kind_and_place(json::parse(&opened, &pool)), deep);
        let ends = Err((ErrorKind::UnexpectedEnd, opened.trim_end().len()));
        assert_eq!(kind_and_place(any_depth.parse(&opened, &pool)), ends);
        assert_whole(&pool);
        let whole = format!("{opened}0{}", closes.repeat(DEEP));
        assert_eq!(kind_and_place(json::parse(&whole, &pool)), deep);
        let document = any_depth.parse(&whole, &pool).unwrap();
        assert_eq!(document.to_string().len(), whole.replace(['\n', '\r'], "").len());
        assert!(document.root() == document.root());
        drop(document);
        assert_whole(&pool);
    }
}

/// Where the rules leave a choice, or collections of hard cases disagree, this is what
/// is chosen: as strict as `serde_json`.
#[test]
fn what_the_rules_leave_open_is_decided() {
    use ErrorKind::{InvalidUtf8, LoneSurrogate, NumberOutOfRange};
    let refused: &[(&[u8], ErrorKind, usize)] = &[
        (b"[1e400]", NumberOutOfRange, 1),
        (b"[-1e+9999]", NumberOutOfRange, 1),
        (b"[1.5e+9999]", NumberOutOfRange, 1),
        (b"[-123123e100000]", NumberOutOfRange, 1),
        (b"[123123e100000]", NumberOutOfRange, 1),
        (b"[0.4e00669999999999999999999999999999999969999999006]", NumberOutOfRange, 1),
        (b"[1e99999999999999999999999999999999]", NumberOutOfRange, 1),
        (b"{\"\\uDFAA\":0}", LoneSurrogate, 2),
        (b"[\"\\uDADA\"]", LoneSurrogate, 2),
        (b"[\"\\uD888\\u1234\"]", LoneSurrogate, 2),
        (b"[\"\\uD800\\n\"]", LoneSurrogate, 2),
        (b"[\"\\uDd1ea\"]", LoneSurrogate, 2),
        (b"[\"\\uD800\\uD800\\n\"]", LoneSurrogate, 2),
        (b"[\"\\ud800abc\"]", LoneSurrogate, 2),
        (b"[\"\\uDd1e\\uD834\"]", LoneSurrogate, 2),
        (b"[\"\\uDFAA\"]", LoneSurrogate, 2),
        (b"[\"\\ud83d\\ude00\\ud83d\"]", LoneSurrogate, 14),
        (b"[\"\xFF\"]", InvalidUtf8, 2),
        (b"[\"\xE9\"]", InvalidUtf8, 2),
        (b"[\"\x81\"]", InvalidUtf8, 2),
        (b"[\"\xF4\xBF\xBF\xBF\"]", InvalidUtf8, 2),
        (b"[\"\xC0\xAF\"]", InvalidUtf8, 2),
        (b"[\"\xE0\x80\xAF\"]", InvalidUtf8, 2),
        (b"[\"\xF0\x80\x80\xAF\"]", InvalidUtf8, 2),
        (b"[\"\xF8\x87\xBF\xBF\xBF\"]", InvalidUtf8, 2),
        (b"[\"\xFC\x83\xBF\xBF\xBF\xBF\"]", InvalidUtf8, 2),
        (b"[\"\xFC\x80\x80\x80\x80\x80\"]", InvalidUtf8, 2),
        (b"[\"\xE0\xFF\"]", InvalidUtf8, 2),
        (b"[\"\xE6\x97\xA5\xD1\x88\xFA\"]", InvalidUtf8, 7),
        (b"[\"\xED\xA0\x80\"]", InvalidUtf8, 2),
        (b"[\"\xED\xA0\xBD\xED\xB8\x80\"]", InvalidUtf8, 2),
        (b"\xEF\xBB\xBF{}", ErrorKind::ByteOrderMark, 0),
        (b"\xEF\xBB\xBF", ErrorKind::ByteOrderMark, 0),
    ];
    for &(text, kind, offset) in some(refused) {
        let shown = String::from_utf8_lossy(text);
        let pool = Pool::<Tagged>::new();
        let error = json::parse(text, &pool).expect_err(&shown);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{shown}");
        assert!(serde_json::from_slice::<serde_json::Value>(text).is_err(), "{shown}");
        assert_whole(&pool);
    }
    for text in some([
        "[123.456e-789]",
        "[123e-10000000]",
        "[1e-99999999999999999999999999999999]",
        "[0e99999999999999999999999999999999]",
        "[-123123123123123123123123123123]",
        "[100000000000000000000]",
        "[-237462374673276894279832749832423479823246327846]",
        "[9223372036854775807, 9223372036854775808, -9223372036854775808]",
        "[2.2250738585072011e-308, 4.9e-324, 2.4703282292062327e-324, 2.4703282292062328e-324]",
        "[1.7976931348623158e308, 179769313486231580793728971405301e276]",
        "[9007199254740993, 9007199254740993.0, 9007199254740992.9999999999999999999999999999999]",
        "{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4}",
        &format!("{}{}", "[".repeat(100), "]".repeat(100)),
    ]) {
        good(text);
    }
}

/// Numbers with more digits than any type has are rounded as the digits say.
#[test]
fn numbers_with_ten_thousand_digits() {
    let many = |digit: &str| digit.repeat(10_000);
    for text in some([
        format!("0.{}", many("3")),
        format!("0.{}1", many("0")),
        format!("1.{}1", many("0")),
        format!("-123456789.{}e-5", many("9")),
        format!("1{}e-10000", many("0")),
        format!("{}e-9999", many("7")),
        format!("0.{}1e10001", many("0")),
        format!("9007199254740993.{}1", many("0")),
        format!("1e{}5", many("0")),
        format!("1e-{}5", many("0")),
        format!("1e-{}", many("9")),
        format!("0e{}", many("9")),
        format!("0.0e-{}", many("9")),
        "9".repeat(308),
    ]) {
        good(&text);
    }
    for text in [many("9"), format!("-1{}.5", many("0")), format!("1e{}", many("9"))] {
        let error = json::parse(&text, &Pool::<Direct>::new()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::NumberOutOfRange, 0));
        let kept = Options::new().out_of_range(OutOfRange::KeepText);
        let pool = Pool::<Tagged>::new();
        let document = Parser::with_options(kept).parse(&text, &pool).unwrap().to_string();
        assert_eq!(document, text);
    }
    for text in [format!("0{}", many("0")), format!("-0{}", many("1"))] {
        let error = json::parse(&text, &Pool::<Direct>::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidNumber);
    }
}

/// And what looks wrong but is not.
#[test]
fn what_is_hardly_json_is_some() {
    for text in some([
        "[1E22]",
        "[1E-2]",
        "[1E+2]",
        "[0e+1]",
        "[20e1]",
        "[-0]",
        "[-123]",
        "[123.456e78]",
        "[0.4e006]",
        "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
        "[null, 1, \"1\", {}]",
        "[1,null,null,null,2]",
        "[null]\n",
        " [1]",
        "[[]   ]",
        "[\"\"]",
        "42",
        "-0.1",
        "\"\"",
        "[false]",
        "{\"a\":[]}",
        "{\"title\":\"\\u041f\\u043e\"}",
        "{\"\\u0000\":0}",
        "{\n\"a\": \"b\"\n}",
        "[\"\\u0060\\u012a\\u12AB\"]",
        "[\"\\uD801\\udc37\"]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
        "[\"\\\\u0000\"]",
        "[\"a/*b*/c/*d//e\"]",
        "[\"\\\\a\"]",
        "[\"\u{10ffff}\"]",
        "[\"\u{ffff}\"]",
        "[\"\u{2028}\u{2029}\"]",
        "[\"\u{feff}\"]",
        "[\"\u{7f}\"]",
        "[\"⍂㈴⍂\"]",
        "[\"\\uDBFF\\uDFFE\"]",
        "[\"\\uFDD0\\uFFFE\"]",
        "[\"\\u200B\"]",
        "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
        "{\"min\": -1.0e+28, \"max\": 1.0e+28}",
        "{\"a\":\"b\",\"a\":\"b\"}",
        "[\"a\"]\n",
        "[1\n]",
        "[2] ",
        "[123e65]",
        "[123e45]",
        "[0e1]",
        "[ 4]",
        "[-1]",
        "1E+2",
        "[123.456789]",
        "{\"foo\\u0000bar\": 42}",
        "{\"a\":\"b\",\"a\":\"c\"}",
        "{\"\":0}",
        "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
        "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
        "[\"\\u0012\"]",
        "[\"\\uFFFF\"]",
        "[ \"asd\"]",
        "[\"new\\u00A0line\"]",
        "[\"\\u002c\"]",
        "[\"π\"]",
        "[\"\u{1bfff}\"]",
        "\" \"",
        "[\"\\uD834\\uDd1e\"]",
        "[\"\\u0821\"]",
        "[\"\\u0123\"]",
        "[\"\\u0061\\u30af\\u30EA\\u30b9\"]",
        "[\"new\\u000Aline\"]",
        "[\"\\uA66D\"]",
        "[\"\\u005C\"]",
        "[\"\\uD83F\\uDFFE\"]",
        "[\"\\u2064\"]",
        "[\"\\u0022\"]",
        "[\"€𝄞\"]",
        "[\"a\u{7f}a\"]",
        "[\"\u{fdd0}\u{fdef}\u{fffe}\u{1fffe}\u{1ffff}\u{10fffe}\"]",
        "false",
        "null",
        "true",
        "\"asd\"",
        " [] ",
        "\r\n\t [ \r\n\t ] \r\n\t ",
        "-0.0e-0",
        "-0e+0",
    ]) {
        good(text);
    }
}
