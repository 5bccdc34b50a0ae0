//! Limits, each with its own error.

use arraypool::json::{ErrorKind, Options, Parser, Pool};
use arraypool::{ReleaseStrategy, Tagged};

use crate::help::assert_whole;

for_every_strategy!(every_limit_is_an_error_at_its_own_place);

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
