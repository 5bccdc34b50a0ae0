//! JSON libraries that read the same documents into a tree, side by side, by criterion.
//!
//! `cargo bench --package arraypool-rivals --bench json`; with `ARRAYPOOL_CORPUS` set, the files
//! of that folder, else look-alikes of them. Everyone's answer is compared with `serde_json`'s
//! before it is timed. `cargo figures json` has the ratios, taken in interleaved rounds.

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a benchmark are small")]

extern crate alloc;

#[path = "figures/clock.rs"]
#[allow(dead_code, reason = "criterion has a clock of its own")]
mod clock;
#[path = "figures/json_corpus.rs"]
mod json_corpus;
#[path = "figures/json_digest.rs"]
mod json_digest;
#[path = "figures/json_rivals.rs"]
mod json_rivals;
#[path = "figures/measure.rs"]
#[allow(dead_code, reason = "criterion holds no races")]
mod measure;
#[path = "../support/mod.rs"]
mod support;

use arraypool::{Metadata, Tagged};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use json_rivals::{of_serde, readers};
use measure::Pass;

fn json(criterion: &mut Criterion) {
    for text in json_corpus::texts() {
        let expected = serde_json::from_slice(text.bytes).expect("it is JSON");
        let answer = of_serde(&expected);
        let mut group = criterion.benchmark_group(format!("json/rivals/{}", text.name));
        group.throughput(Throughput::Bytes(text.bytes.len() as u64));
        for mut reader in readers::<Tagged, Metadata>(text.bytes, 1) {
            let checked = reader.pass(Pass { check: true, number: 0 });
            assert_eq!(checked, answer, "{} reads something else", reader.name);
            group.bench_function(reader.name, |bencher| {
                bencher.iter(|| reader.pass(Pass { check: false, number: 0 }));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, json);
criterion_main!(benches);
