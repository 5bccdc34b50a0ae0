//! Lines of JSON: each is read for itself, and what is wrong has its place in the whole.

use core::mem::MaybeUninit;

use arraypool::json::{ErrorKind, Options, Parser, Pool};
use arraypool::{Arena, ReleaseStrategy};

use crate::help::{Random, assert_whole};

for_every_strategy!(
    each_line_is_a_document,
    after_an_error_the_next_line_is_read,
    errors_are_those_of_the_whole_text,
    a_mark_may_stand_in_front_of_the_first_line,
    each_line_has_the_limits,
    a_line_without_memory_is_one_error,
    lines_are_what_each_of_them_reads_as,
);

/// What the lines of a text read as: written again, or kind, line, column and offset.
fn read<S: ReleaseStrategy>(
    options: Options,
    text: &[u8],
) -> Vec<Result<String, (ErrorKind, usize, usize, usize)>> {
    let pool = Pool::<S>::new();
    let mut parser = Parser::with_options(options);
    let all = parser
        .lines(text, &pool)
        .map(|line| match line {
            Ok(document) => Ok(document.to_string()),
            Err(error) => Err((error.kind(), error.line(), error.column(), error.offset())),
        })
        .collect();
    assert_whole(&pool);
    all
}

fn each_line_is_a_document<S: ReleaseStrategy>() {
    let one = || Ok("1".to_string());
    for (text, count) in [
        ("", 0),
        ("\n", 0),
        (" \t\r", 0),
        ("\r\n \r\n\n\t\n", 0),
        ("1", 1),
        ("1\n", 1),
        ("1\r\n", 1),
        ("1\r", 1),
        ("\n\n1\n\n", 1),
        ("1\n1", 2),
        ("1\r\n 1 \r\n\r\n\t1\t", 3),
    ] {
        assert_eq!(read::<S>(Options::new(), text.as_bytes()), vec![one(); count], "{text:?}");
    }
    // Documents may be alive together, and strings are borrowed from the text.
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let text = String::from("{\"a\":\"one\"}\n[\"two\\n\"]\n\"three\"\n");
    let mut lines = parser.lines(&text, &pool);
    assert_eq!(lines.offset(), 0);
    let first = lines.next().unwrap().unwrap();
    assert_eq!(lines.offset(), 12);
    assert!(format!("{lines:?}").contains("line: 1"));
    let rest: Result<Vec<_>, _> = lines.by_ref().collect();
    assert_eq!(lines.offset(), text.len());
    assert!(lines.next().is_none() && lines.next().is_none());
    let rest = rest.unwrap();
    assert_eq!(first["a"].as_str(), Some("one"));
    assert_eq!((rest[0][0].as_str(), rest[1].as_str()), (Some("two\n"), Some("three")));
    drop((first, rest));
    assert_whole(&pool);
}

fn after_an_error_the_next_line_is_read<S: ReleaseStrategy>() {
    let good = |text: &str| Ok(text.to_string());
    let text = "{\"a\":1}\n{\"a\":1,\"b\":\n2}\n[\"cut\n3 4\n\n[\"é\", x]\r\n\"\u{1}\"\n5\n[1,";
    let expected = [
        good("{\"a\":1}"),
        Err((ErrorKind::UnexpectedEnd, 2, 12, 19)),
        Err((ErrorKind::TrailingText, 3, 2, 21)),
        Err((ErrorKind::UnexpectedEnd, 4, 6, 28)),
        Err((ErrorKind::TrailingText, 5, 3, 31)),
        Err((ErrorKind::ExpectedValue, 7, 7, 41)),
        Err((ErrorKind::ControlCharacter, 8, 2, 46)),
        good("5"),
        Err((ErrorKind::UnexpectedEnd, 10, 4, 54)),
    ];
    assert_eq!(read::<S>(Options::new(), text.as_bytes()), expected);
    // A string with a line break, and bytes that are no text.
    let text = b"[\"a\nb\"]\n\"\xFF\"\n1\n";
    let expected = [
        Err((ErrorKind::UnexpectedEnd, 1, 4, 3)),
        Err((ErrorKind::ExpectedValue, 2, 1, 4)),
        Err((ErrorKind::InvalidUtf8, 3, 2, 9)),
        good("1"),
    ];
    assert_eq!(read::<S>(Options::new(), text), expected);
    // Each time at its own place, whatever is in front of it.
    let text = "[1\n".repeat(1000);
    for (line, outcome) in read::<S>(Options::new(), text.as_bytes()).into_iter().enumerate() {
        assert_eq!(outcome, Err((ErrorKind::UnexpectedEnd, line + 1, 3, 3 * line + 2)));
    }
}

/// An error shows its line, as one of a text that is one document does.
fn errors_are_those_of_the_whole_text<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let text = "[1]\r\n\n{\"é\": x}\r\n[2]\n";
    let error = parser.lines(text, &pool).find_map(Result::err).unwrap();
    assert_eq!(
        error.to_string(),
        "expected a value at line 3, column 7\n  | {\"é\": x}\n  |       ^"
    );
    // Where what is in front of a fault is one document, both say the same.
    let lines = "\n\n\n [1, 2, {\"a\":: null}]";
    let whole = parser.parse(lines, &pool).unwrap_err();
    let line = parser.lines(lines, &pool).find_map(Result::err).unwrap();
    assert_eq!(line.to_string(), whole.to_string());
    assert_eq!((line.kind(), line.offset()), (whole.kind(), whole.offset()));
    assert_whole(&pool);
}

fn a_mark_may_stand_in_front_of_the_first_line<S: ReleaseStrategy>() {
    let good = |text: &str| Ok(text.to_string());
    let allowing = Options::new().allow_bom(true);
    for (text, count) in [("\u{feff}", 0), ("\u{feff} \r\n", 0), ("\u{feff}1\n1", 2)] {
        assert_eq!(read::<S>(allowing, text.as_bytes()), vec![good("1"); count]);
        let outcomes = read::<S>(Options::new(), text.as_bytes());
        assert_eq!(outcomes[0], Err((ErrorKind::ByteOrderMark, 1, 1, 0)));
        assert_eq!(outcomes.len(), count.max(1));
    }
    for (text, expected) in [
        ("\u{feff}x\n1", [Err((ErrorKind::ExpectedValue, 1, 2, 3)), good("1")]),
        ("1\n\u{feff}1", [good("1"), Err((ErrorKind::ExpectedValue, 2, 1, 2))]),
        ("\u{feff}\u{feff}1\n1", [Err((ErrorKind::ExpectedValue, 1, 2, 3)), good("1")]),
    ] {
        assert_eq!(read::<S>(allowing, text.as_bytes()), expected, "{text:?}");
    }
}

fn each_line_has_the_limits<S: ReleaseStrategy>() {
    let good = |text: &str| Ok(text.to_string());
    // White space counts, but for that of lines that have nothing else; the break does not.
    let text = b"[1,2]\r\n[1, 2]\n[3]  \n            \ntrue \n     0\n0";
    let expected = [
        good("[1,2]"),
        Err((ErrorKind::TextTooLong, 2, 6, 12)),
        good("[3]"),
        good("true"),
        Err((ErrorKind::TextTooLong, 6, 6, 44)),
        good("0"),
    ];
    assert_eq!(read::<S>(Options::new().max_text(5), text), expected);
    let options = Options::new().max_nodes(5).max_depth(1).refuse_duplicate_keys(true);
    let text = b"[1,2]\n[1,2,3,4,5]\n[[]]\n[3,4]\n{\"a\":1,\"a\":2}\n[5]";
    let kinds = read::<S>(options, text).into_iter().map(|line| line.map_err(|error| error.0));
    let expected = [
        Ok("[1,2]".to_string()),
        Err(ErrorKind::TooManyNodes),
        Err(ErrorKind::TooDeep),
        Ok("[3,4]".into()),
        Err(ErrorKind::DuplicateKey),
        Ok("[5]".into()),
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}

fn a_line_without_memory_is_one_error<S: ReleaseStrategy>() {
    let mut buffer = vec![MaybeUninit::uninit(); 1 << 16];
    let arena = Arena::from_buffer(&mut buffer);
    let pool = Pool::<S>::new_in(&arena);
    let text = format!("[1]\n[\"\\n{}\"]\n[2]\n", "x".repeat(100_000));
    let mut parser = Parser::new();
    let outcomes: Vec<_> = parser.lines(&text, &pool).map(|line| line.map(drop)).collect();
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let error = outcomes[1].unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Alloc(_)) && error.line() == 2, "{error}");
    assert_whole(&pool);
}

/// Random lines, of lengths around that of a block, against `str::lines`.
fn lines_are_what_each_of_them_reads_as<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let mut random = Random(0x5DEE_CE66_D1CE_4E5B);
    let pieces = ["1", "[", "]", "\"", "{\"a\":", "}", ",", " ", "é", "\t", "\\", "null", "0.5"];
    let good =
        ["[1,2]", "{\"a\":\"b\"}", "\"a text of more bytes than a block has\"", "", "-1.5e3"];
    for _ in 0..if cfg!(miri) { 20 } else { 2000 } {
        let mut text = String::new();
        for _ in 0..random.below(12) {
            if random.below(2) == 0 {
                text += good[random.below(good.len())];
            } else {
                (0..random.below(40)).for_each(|_| text += pieces[random.below(pieces.len())]);
            }
            text += ["\n", "\r\n", " \n", "\n\n"][random.below(4)];
        }
        let (mut parser, mut one) = (Parser::new(), Parser::new());
        let mut lines = parser.lines(&text, &pool);
        let mut start = 0;
        for (number, line) in text.split_terminator('\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                match (lines.next().unwrap(), one.parse(line, &pool)) {
                    (Ok(document), Ok(expected)) => assert!(document == expected),
                    (Err(error), Err(expected)) => {
                        assert_eq!(error.kind(), expected.kind(), "{line:?}");
                        assert_eq!(error.line(), number + 1);
                        assert_eq!(error.column(), expected.column());
                        assert_eq!(error.offset(), start + expected.offset());
                    }
                    (found, expected) => panic!("{line:?}: {found:?}, {expected:?}"),
                }
            }
            start += line.len() + 1;
        }
        assert!(lines.next().is_none());
    }
    assert_whole(&pool);
}
