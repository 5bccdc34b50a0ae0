//! RFC 8259, rule by rule: what is a text, what is none, and what the error says.

use arraypool::json::{self, ErrorKind, Options, OutOfRange, Parser, Pool};
use arraypool::{Direct, Tagged};

use crate::help::{assert_same, assert_whole};

/// Accepted, and equal to what `serde_json` reads.
#[track_caller]
pub(crate) fn good(text: &str) {
    let pool = Pool::<Tagged>::new();
    let document = json::parse(text, &pool).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_same(&document, &serde_json::from_str(text).expect("`serde_json` accepts it"));
    drop(document);
    assert_whole(&pool);
    // In front of other text, and behind it, it is the same.
    let around = format!(" \t\r\n[{text} , {text}]\n ");
    let document = json::parse(&around, &pool).unwrap_or_else(|error| panic!("{around}: {error}"));
    assert_same(&document, &serde_json::from_str(&around).unwrap());
}

/// Refused, with this kind at this offset, and nothing left behind.
#[track_caller]
fn bad(text: impl AsRef<[u8]>, kind: ErrorKind, offset: usize) {
    let text = text.as_ref();
    let pool = Pool::<Tagged>::new();
    let error = json::parse(text, &pool).expect_err("it is refused");
    let shown = String::from_utf8_lossy(text);
    assert_eq!((error.kind(), error.offset()), (kind, offset), "{shown}");
    assert!(serde_json::from_slice::<serde_json::Value>(text).is_err(), "{shown}");
    assert_whole(&pool);
    // Among 16 bytes of other text on both sides, too.
    let front = b"[                  ";
    let around = [&front[..], text, b", 12345678901234567890]"].concat();
    assert!(json::parse(&around, &pool).is_err(), "{shown} in an array");
    assert_whole(&pool);
}

#[test]
fn white_space_is_four_bytes_and_no_other() {
    for space in ["", " ", "\n", "\r", "\t", " \n\r\t ", &" ".repeat(40), &"\n\t".repeat(33)] {
        let one = format!("{space}1{space}");
        good(&one);
        let all = format!(
            "{space}{{{space}\"a\"{space}:{space}[{space}1{space},{space}true{space}]{space},{space}\"b\"{space}:{space}null{space}}}{space}"
        );
        good(&all);
    }
    for other in
        ["\u{b}", "\u{c}", "\u{0}", "\u{1}", "\u{7f}", "\u{a0}", "\u{85}", "\u{2028}", "\u{feff}"]
    {
        bad(format!("[{other}1]"), ErrorKind::ExpectedValue, 1);
        bad(format!("[1{other}]"), ErrorKind::ExpectedCommaOrBracket, 2);
        bad(format!("{{\"a\"{other}:1}}"), ErrorKind::ExpectedColon, 4);
    }
}

#[test]
fn three_words_and_nothing_like_them() {
    for word in ["true", "false", "null"] {
        good(word);
        for length in 1..word.len() {
            bad(&word[..length], ErrorKind::ExpectedValue, 0);
            bad(format!("[{}]", &word[..length]), ErrorKind::ExpectedValue, 1);
        }
        bad(word.to_uppercase(), ErrorKind::ExpectedValue, 0);
        bad(format!("[{word}x]"), ErrorKind::ExpectedCommaOrBracket, 1 + word.len());
    }
    for word in ["NaN", "Infinity", "undefined", "nul", "'a'", "tru e"] {
        bad(format!("[{word}]"), ErrorKind::ExpectedValue, 1);
    }
}

#[test]
fn numbers_are_written_in_one_way() {
    for number in [
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "0.0",
        "-0.0",
        "0.5",
        "1.5e3",
        "1E3",
        "1e+3",
        "1e-3",
        "0e0",
        "0e-5",
        "1e0000000000000000000000000000001",
        "-1.25E-2",
        "123456789012345678",
        "0.00000000000000000000001",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "100000000000000000000000000000",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "1e-99999999999999999999",
        "0e99999999999999999999",
        "0.1234567890123456789012345678901234567890",
    ] {
        good(number);
    }
    for (text, offset) in [
        ("01", 1),
        ("-01", 2),
        ("00", 1),
        ("1.e1", 2),
        ("1..2", 2),
        ("1.x", 2),
        ("-x", 1),
        ("1ex", 2),
        ("1e+x", 3),
        ("1.5e-,", 5),
        ("-.5", 1),
        ("--1", 1),
        ("1e1.5", 3),
        ("007", 1),
    ] {
        let kind = if text == "1e1.5" { ErrorKind::TrailingText } else { ErrorKind::InvalidNumber };
        bad(text, kind, offset);
    }
    for text in ["-", "1.", "1e", "1e+", "1e-", "1.0e"] {
        bad(text, ErrorKind::UnexpectedEnd, text.len());
        bad(format!("[{text}]"), ErrorKind::InvalidNumber, text.len() + 1);
    }
    for text in ["+1", ".5", "e5", "0x10"] {
        let (kind, offset) = match text {
            "0x10" => (ErrorKind::TrailingText, 1),
            _ => (ErrorKind::ExpectedValue, 0),
        };
        bad(text, kind, offset);
    }
    for (text, after) in [("1\u{0}", 2), ("1.5\u{1}", 4), ("-7\u{1f}", 3)] {
        bad(format!("[{text}]"), ErrorKind::ExpectedCommaOrBracket, after);
    }
}

#[test]
fn strings_of_every_length_and_place() {
    for length in (0..70).step_by(if cfg!(miri) { 23 } else { 1 }) {
        let text: String = ('a'..='z').cycle().take(length).collect();
        good(&format!("\"{text}\""));
        good(&format!("\"{text}é\""));
        good(&format!("\"{text}\\n{text}\""));
        good(&format!("{{\"{text}\": \"{text}\"}}"));
        bad(format!("\"{text}"), ErrorKind::UnexpectedEnd, length + 1);
        bad(format!("[\"{text}]"), ErrorKind::UnexpectedEnd, length + 3);
        bad(format!("\"{text}\u{1f}\""), ErrorKind::ControlCharacter, length + 1);
        bad(format!("[\"{text}\n\"]"), ErrorKind::ControlCharacter, length + 2);
        bad(format!("\"{text}\\"), ErrorKind::UnexpectedEnd, length + 2);
    }
    for control in 0..=0x1F_u8 {
        bad([b'"', control, b'"'], ErrorKind::ControlCharacter, 1);
    }
    good("\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"");
}

#[test]
fn escapes_mean_what_they_say() {
    good(r#""\"\\\/\b\f\n\r\t""#);
    good(r#""\u0000\u001F\u007f\u00e9\u20AC\uFFFF\ud7ff\ue000\ud83d\ude00\uDBFF\uDFFF""#);
    good(r#"{"\u0061": 1, "b\n": {"\\": "\""}}"#);
    for (text, offset) in [
        (r#""\x""#, 1),
        (r#""ab\'""#, 3),
        (r#""\u12""#, 1),
        (r#""\u12G4""#, 1),
        (r#""\U0041""#, 1),
        (r#""\ud800\uZZZZ""#, 7),
        (r#""\u 041""#, 1),
        (r#""\u+041""#, 1),
    ] {
        bad(text, ErrorKind::InvalidEscape, offset);
    }
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u0041""#,
        r#""\ud800\ud800""#,
        r#""\udc00\ud800""#,
    ] {
        bad(text, ErrorKind::LoneSurrogate, 1);
    }
    for text in [r#""\u"#, r#""\u12"#, r#""\ud83d\ude"#, r#""\ud83d\"#] {
        let error = json::parse(text, &Pool::<Direct>::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEnd | ErrorKind::LoneSurrogate));
    }
}

#[test]
fn strings_are_utf_8() {
    for wrong in [
        &[0x80][..],
        &[0xC0, 0x80],
        &[0xC1, 0xBF],
        &[0xC3],
        &[0xC3, 0x28],
        &[0xE0, 0x80, 0x80],
        &[0xE0, 0x9F, 0xBF],
        &[0xED, 0xA0, 0x80],
        &[0xED, 0xBF, 0xBF],
        &[0xE2, 0x82],
        &[0xF0, 0x80, 0x80, 0x80],
        &[0xF0, 0x8F, 0xBF, 0xBF],
        &[0xF4, 0x90, 0x80, 0x80],
        &[0xF5, 0x80, 0x80, 0x80],
        &[0xFF],
        &[0xFE, 0xFF],
    ] {
        for before in (0..20).step_by(if cfg!(miri) { 19 } else { 1 }) {
            let text = [&b"[\""[..], &vec![b'x'; before], wrong, b"\"]"].concat();
            bad(&text, ErrorKind::InvalidUtf8, 2 + before);
            let key = [&b"{\""[..], &vec![b'x'; before], b"\\n", wrong, b"\":1}"].concat();
            bad(&key, ErrorKind::InvalidUtf8, 4 + before);
        }
    }
}

/// Of many strings that are not ASCII, the one that is wrong is found, and where.
#[test]
fn many_strings_are_utf_8_or_one_of_them_is_not() {
    let texts = ["日本語", "é", "\\n日本語\\u00e9", "plain", "😀 and more than sixteen", "ü\\t"];
    let strings: Vec<_> = texts.iter().cycle().take(30).map(|text| format!("\"{text}\"")).collect();
    let text = format!("[{}]", strings.join(","));
    good(&text);
    for place in (0..text.len()).step_by(if cfg!(miri) { 40 } else { 1 }) {
        for wrong in [0x80, 0xC3, 0xE6, 0xFF] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = wrong;
            let pool = Pool::<Direct>::new();
            let error = json::parse(&bytes, &pool).err();
            let expected = serde_json::from_slice::<serde_json::Value>(&bytes);
            assert_eq!(error.is_some(), expected.is_err(), "{wrong:x} at {place}");
            let valid = str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
            if let Some(error) = error.filter(|error| error.kind() == ErrorKind::InvalidUtf8) {
                assert_eq!(error.offset(), valid, "{wrong:x} at {place}");
            }
        }
    }
}

#[test]
fn arrays_and_objects_have_commas_between() {
    for text in [
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[[]]",
        "[{}]",
        "[1]",
        "[1,2]",
        "[[],[],[[]]]",
        r#"{"a":1}"#,
        r#"{"a":{"b":{}},"c":[]}"#,
        r#"{"":0}"#,
        r#"{"a":1,"a":2}"#,
        "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
    ] {
        good(text);
    }
    use ErrorKind::{ExpectedColon, ExpectedCommaOrBrace, ExpectedCommaOrBracket, ExpectedKey};
    use ErrorKind::{ExpectedValue, TrailingText, UnexpectedEnd};
    for (text, kind, offset) in [
        ("[1,]", ExpectedValue, 3),
        ("[,1]", ExpectedValue, 1),
        ("[,]", ExpectedValue, 1),
        ("[1,,2]", ExpectedValue, 3),
        ("[1 2]", ExpectedCommaOrBracket, 3),
        ("[1}", ExpectedCommaOrBracket, 2),
        ("[\"a\":1]", ExpectedCommaOrBracket, 4),
        ("{\"a\":1,}", ExpectedKey, 7),
        ("{,}", ExpectedKey, 1),
        ("{1:2}", ExpectedKey, 1),
        ("{a:1}", ExpectedKey, 1),
        ("{\"a\"}", ExpectedColon, 4),
        ("{\"a\" 1}", ExpectedColon, 5),
        ("{\"a\",1}", ExpectedColon, 4),
        ("{\"a\":}", ExpectedValue, 5),
        ("{\"a\":1 \"b\":2}", ExpectedCommaOrBrace, 7),
        ("{\"a\":1]", ExpectedCommaOrBrace, 6),
        ("{\"a\"::1}", ExpectedValue, 5),
        ("{'a':1}", ExpectedKey, 1),
        ("[1]]", TrailingText, 3),
        ("{}}", TrailingText, 2),
        ("[] []", TrailingText, 3),
        ("1 2", TrailingText, 2),
        ("\"a\" \"b\"", TrailingText, 4),
        ("[", UnexpectedEnd, 1),
        ("{", UnexpectedEnd, 1),
        ("[[]", UnexpectedEnd, 3),
        ("[1", UnexpectedEnd, 2),
        ("[1,", UnexpectedEnd, 3),
        ("{\"a\"", UnexpectedEnd, 4),
        ("{\"a\":", UnexpectedEnd, 5),
        ("{\"a\":1", UnexpectedEnd, 6),
        ("{\"a\":1,", UnexpectedEnd, 7),
        ("", UnexpectedEnd, 0),
        (" \n ", UnexpectedEnd, 0),
        ("]", ExpectedValue, 0),
        ("}", ExpectedValue, 0),
        ("/* */1", ExpectedValue, 0),
        ("[1]// x", TrailingText, 3),
        ("[[1,2],[3}]", ExpectedCommaOrBracket, 9),
    ] {
        bad(text, kind, offset);
    }
}

#[test]
fn options_open_what_the_rules_close() {
    let pool = Pool::<Tagged>::new();
    let parse = |options: Options, text: &str| {
        let document = Parser::with_options(options).parse(text, &pool);
        document.map(|document| document.to_string()).map_err(|error| error.kind())
    };
    let plain = Options::new();
    assert_eq!(
        parse(
            plain.replace_lone_surrogates(true),
            r#"["\ud800\n", "\udc00", "\ud800\ud83d\ude00"]"#
        ),
        Ok("[\"\u{fffd}\\n\",\"\u{fffd}\",\"\u{fffd}😀\"]".into())
    );
    assert_eq!(parse(plain, "\u{feff}[1]"), Err(ErrorKind::ByteOrderMark));
    assert_eq!(parse(plain.allow_bom(true), "\u{feff}[1]"), Ok("[1]".into()));
    assert_eq!(parse(plain.allow_bom(true), "\u{feff}\u{feff}1"), Err(ErrorKind::ExpectedValue));
    assert_eq!(parse(plain, r#"{"a":1,"a":2}"#), Ok(r#"{"a":1,"a":2}"#.into()));
    assert_eq!(
        parse(plain.refuse_duplicate_keys(true), r#"{"a":1,"b":2}"#),
        Ok(r#"{"a":1,"b":2}"#.into())
    );
    assert_eq!(
        parse(plain.refuse_duplicate_keys(true), r#"[{"a":1,"b":{},"\u0061":2}]"#),
        Err(ErrorKind::DuplicateKey)
    );
    let mut strict = Parser::with_options(plain.refuse_duplicate_keys(true));
    for (text, offset) in [
        (r#"{"a":1,"b":2,"a":3,"b":4}"#, 13),
        (r#"[{"":1, "":2}]"#, 8),
        (r#"{"z":1,"a":{"b":0,"c":0,"c":0},"z":0}"#, 24),
        (r#"{"a":1,"\u0061":2 }"#, 18),
    ] {
        let error = strict.parse(text, &pool).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::DuplicateKey, offset), "{text}");
    }
    for text in ["1e999", "-1e309", "[1.8e308]"] {
        assert_eq!(parse(plain, text), Err(ErrorKind::NumberOutOfRange));
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
        assert_eq!(parse(plain.out_of_range(OutOfRange::KeepText), text), Ok(text.into()));
    }
    assert_eq!(parse(plain.out_of_range(OutOfRange::Infinity), "[-1e999]"), Ok("[null]".into()));
    let infinite = Parser::with_options(plain.out_of_range(OutOfRange::Infinity))
        .parse("-1e999", &pool)
        .unwrap()
        .as_f64();
    assert_eq!(infinite, Some(f64::NEG_INFINITY));
    let big = "[123456789012345678901234567890,-9223372036854775809,18446744073709551615]";
    assert_eq!(parse(plain.keep_big_integers(true), big), Ok(big.into()));
    assert_eq!(
        parse(plain, big),
        Ok("[1.2345678901234568e+29,-9.223372036854776e+18,18446744073709551615]".into())
    );
    assert_whole(&pool);
}

#[test]
fn an_error_shows_its_line() {
    let pool = Pool::<Direct>::new();
    let shown = |text: &str| json::parse(text, &pool).unwrap_err().to_string();
    assert_eq!(
        shown("[1,\n  2 3]"),
        "expected `,` or `]` at line 2, column 5\n  |   2 3]\n  |     ^"
    );
    assert_eq!(
        shown("[\"é日\", x]"),
        "expected a value at line 1, column 8\n  | [\"é日\", x]\n  |        ^"
    );
    assert_eq!(shown(""), "the text ends too early at line 1, column 1\n  | \n  | ^");
    // A byte that belongs to no character is shown for itself.
    let error = json::parse(b"[\"\xC3\xA9\x80\"]", &pool).unwrap_err();
    assert_eq!(
        error.to_string(),
        "string that is not UTF-8 at line 1, column 4\n  | [\"é?\"]\n  |    ^"
    );
    let error = json::parse(b"[\"\xE6\x97\xF0\x9F\x98\x80\"]", &pool).unwrap_err();
    assert_eq!(
        error.to_string(),
        "string that is not UTF-8 at line 1, column 3\n  | [\"?😀\"]\n  |   ^"
    );
    // Characters that move a terminal's cursor, of one byte and of two.
    assert_eq!(
        shown("[\"a\u{7F}\u{9B}2J\u{85}\u{A0}\", x]"),
        "expected a value at line 1, column 13\n  | [\"a  2J \u{A0}\", x]\n  |             ^"
    );
    let long = format!("[{}x{}]", "1,".repeat(100), ",1".repeat(100));
    let error = json::parse(&long, &pool).unwrap_err();
    assert_eq!((error.line(), error.column(), error.offset()), (1, 202, 201));
    let text = error.to_string();
    let (line, caret) = (text.lines().nth(1).unwrap(), text.lines().nth(2).unwrap());
    assert_eq!(line.as_bytes()[caret.find('^').unwrap()], b'x');
    assert!(line.len() < 90);
}
