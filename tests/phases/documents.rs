//! A batch of JSON documents in pools under one budget: what is too large is lost, and
//! nothing else.

use core::fmt::Write;

use arraypool::json::{Document, Error, ErrorKind, Parser, Pool};
use arraypool::{AllocError, Arena, Budget, Direct, Metadata, ReleaseStrategy, Tagged};

use super::{Compiler, Pass};

const LIMIT: usize = if cfg!(miri) { 24 << 10 } else { 96 << 10 };
/// Records of the largest document that fits.
const FITS: usize = if cfg!(miri) { 4 } else { 20 };

/// Documents of the batch; every seventh is too large.
fn documents() -> impl Iterator<Item = (usize, usize, bool)> {
    let count = if cfg!(miri) { 8 } else { 1000 };
    (0..count).map(|number| {
        let too_large = number % 7 == 6;
        (number, if too_large { 50 * FITS } else { 1 + number * 37 % FITS }, too_large)
    })
}

/// A list of records, with strings that have to be copied.
fn text_of(number: usize, records: usize) -> String {
    let mut text = String::from("[");
    for id in 0..records {
        let comma = if id == 0 { "" } else { ", " };
        let tags = ["\"new\"", "\"tab\\t\""][..id % 3].join(",");
        write!(
            text,
            "{comma}{{\"id\": {id}, \"name\": \"file {number},\\nrecord {id}\", \
             \"tags\": [{tags}], \"ratio\": {id}.5}}"
        )
        .unwrap();
    }
    text + "]"
}

/// Reads the document back.
fn check<S: ReleaseStrategy>(document: &Document<'_, '_, S>, number: usize, records: usize) {
    let list = document.root().as_array().unwrap();
    assert_eq!(list.len(), records);
    for (id, record) in list.iter().enumerate() {
        assert_eq!(record["id"].as_u64(), Some(id as u64));
        let name = format!("file {number},\nrecord {id}");
        assert_eq!(record["name"].as_str(), Some(&*name));
        assert_eq!(record["tags"].as_array().map(<[_]>::len), Some(id % 3));
        assert_eq!(record["ratio"].as_f64(), Some(id as f64 + 0.5));
    }
}

fn is_over_budget(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Alloc(AllocError::OverBudget { limit: LIMIT, .. }))
}

/// Every document in a pool of its own, in the arena of the parsing phase.
fn in_a_phase<S: ReleaseStrategy>() {
    let budget = Budget::new(LIMIT);
    let mut phases = Compiler::new(&budget);
    let mut parser = Parser::new();
    for (number, records, too_large) in documents() {
        let text = text_of(number, records);
        let pool = Pool::<S>::new_in(&phases[Pass::Parse]);
        match parser.parse(&text, &pool) {
            Ok(document) => {
                check(&document, number, records);
                assert!(!too_large, "document {number} of {records} records fits");
            }
            Err(error) => assert!(too_large && is_over_budget(&error), "{number}: {error}"),
        }
        pool.as_raw().verify().unwrap();
        drop(pool);
        assert!(budget.used() <= LIMIT);
        phases.reset_all();
    }
    assert!(budget.peak() <= LIMIT);
    drop(phases);
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_batch_of_documents_loses_exactly_those_that_exceed_the_limit() {
    in_a_phase::<Direct>();
    in_a_phase::<Metadata>();
    in_a_phase::<Tagged>();
}

/// All documents in one pool, to which each goes back.
fn in_one_pool<S: ReleaseStrategy>() {
    let budget = Budget::new(LIMIT);
    let arena = Arena::builder().budget(&budget).build();
    let pool = Pool::<S>::new_in(&arena);
    let mut parser = Parser::new();
    // What a document that is too large was built of serves no other class: the pool
    // first gets what the others need.
    for records in 1..=FITS {
        check(&parser.parse(&text_of(0, records), &pool).unwrap(), 0, records);
    }
    for (number, records, too_large) in documents() {
        let text = text_of(number, records);
        match parser.parse(&text, &pool) {
            Ok(document) => {
                check(&document, number, records);
                assert!(!too_large, "document {number} of {records} records fits");
            }
            Err(error) => {
                assert!(too_large && is_over_budget(&error), "{number}: {error}");
                pool.as_raw().verify().unwrap();
            }
        }
        assert_eq!(pool.stats().live, 0);
    }
    pool.as_raw().verify().unwrap();
    assert!(budget.peak() <= LIMIT);
}

#[test]
fn a_pool_goes_on_when_a_document_was_too_large_for_it() {
    in_one_pool::<Metadata>();
    in_one_pool::<Tagged>();
}
