//! Documents that come and go for long: the pool stops growing.

use arraypool::json::{Document, Parser, Pool};
use arraypool::{Metadata, ReleaseStrategy, Tagged};

use crate::help::{Random, assert_whole, escapes_and_numbers, minified, pretty};

/// Parses, edits, holds at random and drops `count` documents of a mixed stream.
fn run<S: ReleaseStrategy>(count: usize) {
    /// Documents that are held at most.
    const HELD: usize = if cfg!(miri) { 4 } else { 12 };
    let mut texts = escapes_and_numbers().to_vec();
    texts.extend([pretty(6), minified(12)]);
    texts.extend((!cfg!(miri)).then(|| pretty(30)));
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let mut random = Random(0x5851_F42D_4C95_7F2D);
    let mut held: Vec<Option<Document<'_, '_, S>>> = (0..HELD).map(|_| None).collect();
    // As many of each, unedited, as will ever be there.
    for text in &texts {
        for place in &mut held {
            *place = Some(parser.parse(text, &pool).unwrap());
        }
    }
    let after_warm_up = pool.stats().run_bytes;
    for number in 0..count {
        let text = &texts[random.below(texts.len())];
        let mut document = parser.parse(text, &pool).unwrap();
        edit(&mut document, &mut random);
        held[random.below(HELD)] = (number % 7 > 0).then_some(document);
    }
    // What is put in by edits is random.
    let bytes = pool.stats().run_bytes;
    assert!(bytes <= after_warm_up + after_warm_up / 8, "{bytes} bytes after {after_warm_up}");
    drop(held);
    assert_whole(&pool);
}

/// Changes a document here and there.
fn edit<'p, S: ReleaseStrategy>(document: &mut Document<'p, '_, S>, random: &mut Random) {
    let mut root = document.root_mut();
    for _ in 0..random.below(6) {
        if root.as_value().is_array() {
            let length = root.as_value().as_array().map_or(0, <[_]>::len);
            match random.below(3) {
                0 => root.push("a string that is copied").unwrap(),
                1 if length > 0 => drop(root.remove(random.below(length))),
                _ => root.insert_at(random.below(length + 1), 1.5).unwrap(),
            }
        } else if root.as_value().is_object() {
            let key = ["a", "new", "statuses", "count"][random.below(4)];
            match random.below(3) {
                0 => drop(root.insert(key, "x").unwrap()),
                1 => drop(root.remove(key)),
                _ => drop(root.get_mut("statuses").map(|mut list| list.take())),
            }
        }
    }
}

#[test]
fn a_short_stream_of_documents() {
    let count = if cfg!(miri) { 10 } else { 4000 };
    run::<Metadata>(count);
    run::<Tagged>(count);
}

#[test]
#[ignore = "takes a minute"]
fn two_hundred_thousand_documents() {
    run::<Metadata>(200_000);
    run::<Tagged>(200_000);
}
