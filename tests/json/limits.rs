//! Limits, each with its own error.

use core::mem::MaybeUninit;

use arraypool::json::{ErrorKind, Options, Parser, Pool};
use arraypool::{Arena, Budget, ReleaseStrategy, Tagged};

use crate::help::assert_whole;

for_every_strategy!(
    every_limit_is_an_error_at_its_own_place,
    limits_bound_the_memory_to_work_in,
    a_stream_has_each_limit_for_each_document,
    what_a_pool_refuses_is_no_limit_of_the_options,
);

#[track_caller]
fn check<S: ReleaseStrategy>(
    options: Options,
    text: &str,
    expected: Result<(), (ErrorKind, usize)>,
) {
    let pool = Pool::<S>::new();
    let outcome = Parser::with_options(options).parse(text, &pool).map(drop);
    assert_eq!(outcome.map_err(|error| (error.kind(), error.offset())), expected, "{text}");
    assert_whole(&pool);
}

fn every_limit_is_an_error_at_its_own_place<S: ReleaseStrategy>() {
    let plain = Options::new();
    check::<S>(plain, &format!("{}{}", "[".repeat(1024), "]".repeat(1024)), Ok(()));
    check::<S>(
        plain,
        &format!("{}{}", "[".repeat(1025), "]".repeat(1025)),
        Err((ErrorKind::TooDeep, 1024)),
    );
    check::<S>(plain, &"{\"\\n\":".repeat(1025), Err((ErrorKind::TooDeep, 6 * 1024)));
    check::<S>(plain.max_depth(0), "1", Ok(()));
    check::<S>(plain.max_depth(0), "[]", Err((ErrorKind::TooDeep, 0)));
    check::<S>(plain.max_text(5), "[1,2]", Ok(()));
    check::<S>(plain.max_text(4), "[1,2]", Err((ErrorKind::TextTooLong, 4)));
    check::<S>(plain.max_nodes(4), "[1,2,3]", Ok(()));
    check::<S>(plain.max_nodes(3), "[1,2,3]", Err((ErrorKind::TooManyNodes, 6)));
    check::<S>(plain.max_nodes(4), "{\"a\":[1]}", Ok(()));
    check::<S>(plain.max_nodes(3), "{\"a\":[1]}", Err((ErrorKind::TooManyNodes, 8)));
    check::<S>(plain.max_bytes(48), "[1,[2]]", Ok(()));
    check::<S>(plain.max_bytes(47), "[1,[2]]", Err((ErrorKind::TooManyBytes, 6)));
    check::<S>(
        plain.max_bytes(31),
        "[\"\\u0061aaaaaaaaaaaaaaaaaaa\"]",
        Err((ErrorKind::TooManyBytes, 28)),
    );
}

/// What never closes is refused where it has too much, not where it ends.
fn limits_bound_the_memory_to_work_in<S: ReleaseStrategy>() {
    let text = format!("[{}", "1,".repeat(100_000));
    let pool = Pool::<S>::new();
    for (options, kind) in [
        (Options::new().max_nodes(1000), ErrorKind::TooManyNodes),
        (Options::new().max_bytes(16_000), ErrorKind::TooManyBytes),
    ] {
        let mut parser = Parser::with_options(options);
        let error = parser.parse(&text, &pool).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.offset() < 4 * 1000);
        assert!(parser.scratch_bytes() < 3 * 16_000);
        let fits = format!("[{}1]", "1,".repeat(998));
        assert!(parser.parse(&fits, &pool).is_ok());
        let wide = format!("[{}1]", "1,".repeat(1000));
        assert_eq!(parser.parse(&wide, &pool).unwrap_err().kind(), kind);
    }
    assert_whole(&pool);
}

/// An array beyond the largest class of a buffer is not a matter of how many nodes there are.
fn what_a_pool_refuses_is_no_limit_of_the_options<S: ReleaseStrategy>() {
    const BYTES: usize = if cfg!(miri) { 1 << 13 } else { 1 << 16 };
    let mut buffer = vec![MaybeUninit::uninit(); BYTES];
    let arena = Arena::from_buffer(&mut buffer);
    let pool = Pool::<S>::new_in(&arena);
    let text = format!("[\"\\n{}\"]", "x".repeat(BYTES + BYTES / 2));
    for options in
        [Options::new(), Options::new().max_nodes(100), Options::new().max_bytes(3 * BYTES)]
    {
        let error = Parser::with_options(options).parse(&text, &pool).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Alloc(_)), "{error}");
    }
    assert_whole(&pool);
}

/// The text's limit, wherever a document that is longer is cut by it.
fn a_stream_has_each_limit_for_each_document<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let long = [
        "[1,2,3,4]",
        "\"12345678\"",
        "\"12345\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"1234567é\"",
        "\"日本語日\"",
        "123456789",
        "1234.6789",
        "1e0000001",
        "{\"a\":true}",
        "[[[[[[[[[]",
        "         ",
    ];
    for most in 1..9 {
        let mut parser = Parser::with_options(Options::new().max_text(most));
        for text in long {
            let lines = format!("1 [] \n\n  {text}\n[]");
            let found: Vec<_> = parser.documents(&lines, &pool).collect();
            if text.trim().is_empty() && most > 1 {
                assert!(found.iter().all(Result::is_ok) && found.len() == 3);
                continue;
            }
            // Two bytes are too many, if one is allowed.
            let (place, offset) = if most == 1 { (1, 2) } else { (2, 9) };
            assert_eq!(found.len(), place + 1);
            let error = found[place].as_ref().unwrap_err();
            let found = (error.kind(), error.offset());
            assert_eq!(found, (ErrorKind::TextTooLong, offset + most), "{text} {most}");
        }
    }
    // What is as long as it may be is read, and what is wrong in front of that is named.
    let mut parser = Parser::with_options(Options::new().max_text(4));
    let lines = "1234 true[12]\"12\"    null \"é\"{}";
    let whole: Result<Vec<_>, _> = parser.documents(lines, &pool).collect();
    assert_eq!(whole.unwrap().len(), 7);
    for (text, kind, offset) in [
        ("[1] [x    ]", ErrorKind::ExpectedValue, 5),
        ("[1] 01 ", ErrorKind::InvalidNumber, 5),
        ("[1] 1true", ErrorKind::TrailingText, 5),
        ("[1] tru ", ErrorKind::ExpectedValue, 4),
        ("[1] tru", ErrorKind::ExpectedValue, 4),
    ] {
        let error = parser.documents(text, &pool).find_map(Result::err).unwrap();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
    }
    // A document that is not too long lacks something else, whatever runs into its end.
    for (most, text) in [(4, "\"\\n\"12"), (5, "\"\\n\"123 4"), (4, "\"\\n\" 12")] {
        let mut parser = Parser::with_options(Options::new().max_text(most).max_bytes(0));
        let error = parser.documents(text, &pool).find_map(Result::err).unwrap();
        assert_eq!(error.kind(), ErrorKind::TooManyBytes, "{text}");
    }
    let long = format!("\"\\n{}\"", "x".repeat(20_000));
    for behind in ["12", " 12", "[12]"] {
        let budget = Budget::new(16_000);
        let arena = Arena::builder().budget(&budget).build();
        let small = Pool::<S>::new_in(&arena);
        let text = format!("{long}{behind}");
        let mut parser = Parser::with_options(Options::new().max_text(long.len()));
        let error = parser.documents(&text, &small).find_map(Result::err).unwrap();
        assert!(matches!(error.kind(), ErrorKind::Alloc(_)), "{behind}: {error}");
    }
    let mut parser = Parser::with_options(Options::new().max_nodes(3).max_bytes(48).max_depth(1));
    let all: Result<Vec<_>, _> = parser.documents("[1,2] [3,4] [5,6]", &pool).collect();
    assert_eq!(all.unwrap().len(), 3);
    assert_whole(&pool);
}

#[test]
fn a_parser_keeps_the_memory_that_it_works_in() {
    let pool = Pool::<Tagged>::new();
    let mut parser = Parser::new();
    assert_eq!(parser.scratch_bytes(), 0);
    parser.parse("[\"a\\n\"]", &pool).unwrap();
    let bytes = parser.scratch_bytes();
    assert!(bytes >= 4096);
    assert!(parser.parse("[[[[1,2,", &pool).is_err());
    parser.parse("[1,2,3]", &pool).unwrap();
    assert_eq!(parser.scratch_bytes(), bytes);
}
