//! Real documents, changed at random, against `serde_json`: accepted or refused alike, equal trees.

use arraypool::json::{ErrorKind, Parser, Pool};
use arraypool::{Metadata, Tagged};

use crate::help::{Random, assert_same, assert_whole, documents, escapes_and_numbers};

/// What is put in: what the grammar knows, and what it does not.
const PIECES: [&[u8]; 40] = [
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"\\udc00",
    b"\\n",
    b"0",
    b"-",
    b".",
    b"e",
    b"E+",
    b"1e9",
    b"9",
    b"12345678",
    b"1234567890123456789",
    b"null",
    b"true",
    b"false",
    b" ",
    b"\n",
    b"\t",
    b"\r\n    ",
    b"\0",
    b"\x1f",
    b"\x7f",
    b"\x80",
    b"\xC3",
    b"\xE2\x82\xAC",
    b"\xED\xA0\x80",
    b"\xF0\x9F\x98\x80",
    b"[]",
    b"{}",
    b"\"a\":",
    b"[1,2,3]",
];

/// A part of a document with a few changes.
fn mutated(document: &[u8], random: &mut Random) -> Vec<u8> {
    let mut text = document.to_vec();
    for _ in 0..1 + random.below(3) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        let length = random.below(12).min(text.len() - at);
        let piece = PIECES[random.below(PIECES.len())];
        match random.below(6) {
            0 => drop(text.splice(at..at, piece.iter().copied())),
            1 => drop(text.splice(at..at + length, piece.iter().copied())),
            2 => drop(text.drain(at..at + length)),
            3 => text[at] ^= 1 << random.below(8),
            4 => text[at] = random.next() as u8,
            _ => {
                let copy = text[at..at + length].to_vec();
                let to = random.below(text.len());
                drop(text.splice(to..to, copy));
            }
        }
    }
    text
}

/// `cases` mutated documents, none longer than some KB.
fn run(cases: usize, seed: u64) {
    let mut sources: Vec<Vec<u8>> =
        documents().into_iter().filter(|text| text.len() < 12_000).collect();
    sources.extend(escapes_and_numbers());
    let mut random = Random(seed);
    let (tagged, metadata) = (Pool::<Tagged>::new(), Pool::<Metadata>::new());
    let mut parser = Parser::new();
    let mut accepted = 0;
    for case in 0..cases {
        let source = &sources[random.below(sources.len())];
        let text = mutated(source, &mut random);
        let expected = serde_json::from_slice::<serde_json::Value>(&text);
        let found = parser.parse(&text, &tagged);
        match (&found, &expected) {
            (Ok(found), Ok(expected)) => {
                accepted += 1;
                assert_same(found, expected);
                let again = parser.parse(&text, &metadata).unwrap();
                assert!(again.root() == found.root());
            }
            (Err(_), Err(_)) => {}
            // Deeper than `serde_json` goes.
            (Ok(_), Err(error)) if error.to_string().starts_with("recursion limit") => {}
            (Err(error), Ok(_)) => {
                panic!("case {case}: {error}\n{}", String::from_utf8_lossy(&text))
            }
            (Ok(_), Err(error)) => {
                panic!("case {case}: {error}\n{}", String::from_utf8_lossy(&text))
            }
        }
        if let Err(error) = &found {
            assert!(!matches!(error.kind(), ErrorKind::Alloc(_) | ErrorKind::TooDeep));
            assert!(error.offset() <= text.len() && !error.to_string().is_empty());
        }
        drop(found);
        if case % 64 == 0 {
            assert_whole(&tagged);
            assert_whole(&metadata);
        }
    }
    assert_whole(&tagged);
    assert_whole(&metadata);
    assert!(accepted * 20 > cases && accepted < cases, "{accepted} of {cases}");
}

#[test]
fn mutated_documents_read_as_serde_json_reads_them() {
    run(if cfg!(miri) { 10 } else { 2000 }, 0x0123_4567_89AB_CDEF);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_mutated_documents_read_as_serde_json_reads_them() {
    run(1_000_000, 0xA076_1D64_78BD_642F);
}
