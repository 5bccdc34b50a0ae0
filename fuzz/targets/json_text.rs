//! Any bytes as JSON: accepted exactly if serde_json accepts them, and equal then.

#![no_main]

use arraypool::json::{self, ErrorKind, Parser, Pool};
use arraypool::{Direct, Metadata, ReleaseStrategy, Tagged};
use libfuzzer_sys::fuzz_target;

/// serde_json reads no deeper.
const THEIR_DEPTH: usize = 127;

fn depth(text: &[u8]) -> usize {
    let opens = |byte: &&u8| matches!(**byte, b'[' | b'{');
    text.iter().filter(opens).count()
}

fn run<S: ReleaseStrategy>(text: &[u8]) {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let theirs = serde_json::from_slice::<serde_json::Value>(text);
    match (parser.parse(text, &pool), theirs) {
        (Ok(ours), Ok(theirs)) => {
            // Ours keeps duplicate keys, theirs the last of them: what is compared
            // is what theirs makes of our text, which also checks our writer.
            let written = json::to_string(&ours);
            let read: serde_json::Value = serde_json::from_str(&written).expect("valid JSON");
            assert_eq!(read, theirs);
            let again = parser.parse(&written, &pool).expect("our own text");
            assert_eq!(again, ours);
            let pretty = json::to_string_pretty(&ours);
            assert_eq!(parser.parse(&pretty, &pool).expect("our own text"), ours);
        }
        (Ok(_), Err(error)) => assert!(depth(text) > THEIR_DEPTH, "only ours accepts: {error}"),
        (Err(error), Ok(_)) => panic!("only theirs accepts: {error}"),
        (Err(error), Err(_)) => {
            assert!(error.offset() <= text.len());
            assert!(error.line() >= 1 && error.column() >= 1);
            assert!(!matches!(error.kind(), ErrorKind::Alloc(_)));
            assert!(!error.to_string().is_empty());
        }
    }
    let stats = pool.verify().expect("the books add up");
    assert!(!S::RECLAIMS || stats.live == 0);
}

/// Lines are read as each of them alone would be, and told apart by their places.
fn run_lines(text: &[u8]) {
    let pool = <Pool>::new();
    let (mut parser, mut alone) = (Parser::new(), Parser::new());
    let mut found = parser.lines(text, &pool);
    let mut start = 0;
    for whole in text.split(|byte| *byte == b'\n') {
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        if !line.iter().all(|byte| b" \t\r".contains(byte)) {
            match (found.next().expect("a line"), alone.parse(line, &pool)) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
                (Err(ours), Err(theirs)) => {
                    assert_eq!(ours.offset(), start + theirs.offset());
                    assert_eq!(ours.to_string().is_empty(), theirs.to_string().is_empty());
                }
                (ours, theirs) => panic!("{:?} but {:?}", ours.is_ok(), theirs.is_ok()),
            }
        }
        start += whole.len() + 1;
    }
    assert!(found.next().is_none());
}

fuzz_target!(|text: &[u8]| {
    run_lines(text);
    run::<Metadata>(text);
    run::<Tagged>(text);
    run::<Direct>(text);
});
