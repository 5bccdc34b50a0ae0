//! What is nearly JSON, and what is hardly JSON: the hard cases, beside the grammar's rules.

use arraypool::json::{self, Options, Parser, Pool};
use arraypool::{Direct, Tagged};

use crate::grammar::good;
use crate::help::assert_whole;

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
    ];
    for text in texts {
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
    ];
    for text in bytes {
        assert!(json::parse(text, &Pool::<Direct>::new()).is_err(), "{text:x?}");
    }
    for opened in ["[", "{\"\":", "[{\"\":"] {
        let deep = opened.repeat(100_000);
        assert!(json::parse(&deep, &Pool::<Tagged>::new()).is_err());
        let mut parser = Parser::with_options(Options::new().max_depth(u32::MAX));
        assert!(parser.parse(&deep, &Pool::<Tagged>::new()).is_err());
    }
}

/// And what looks wrong but is not.
#[test]
fn what_is_hardly_json_is_some() {
    for text in [
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
    ] {
        good(text);
    }
}
