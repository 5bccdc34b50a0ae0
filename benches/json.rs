//! JSON documents read, dropped and written, under every strategy, and by `serde_json`.
//!
//! `cargo bench --bench json`; with `ARRAYPOOL_CORPUS` set, the files of that
//! folder, else a document that is made here. The peers that this package does not depend
//! on (simd-json, sonic-rs, jiter) are in another: `cargo bench --package arraypool-rivals
//! --bench json`, and `cargo figures json` for ratios.

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]

use core::hint::black_box;

use arraypool::json::{self, Parser, Pool};
use arraypool::{Arena, Direct, Metadata, ReleaseStrategy, Tagged};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

/// The documents: a name and a text each.
fn documents() -> Vec<(String, Vec<u8>)> {
    let Ok(folder) = std::env::var("ARRAYPOOL_CORPUS") else {
        let record = |number: u32| {
            serde_json::json!({
                "id": number, "name": format!("name {number}"), "score": f64::from(number) / 7.0,
                "tags": ["one", "two\n"], "user": { "url": null, "verified": number % 2 == 0 },
            })
        };
        let records: Vec<_> = (0..500).map(record).collect();
        return vec![("made".into(), serde_json::to_vec_pretty(&records).expect("it is JSON"))];
    };
    let files = ["twitter", "citm_catalog", "canada", "github_events", "api_10kb"];
    let read =
        |file: &str| std::fs::read(format!("{folder}/{file}.json")).expect("the file is there");
    files.iter().map(|file| ((*file).to_string(), read(file))).collect()
}

/// Reads and drops, and checks first that it reads what `serde_json` does.
fn pooled<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>, text: &[u8]) {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let expected: serde_json::Value = serde_json::from_slice(text).expect("it is JSON");
    let written = parser.parse(text, &pool).expect("it is JSON").to_string();
    let read: serde_json::Value = serde_json::from_str(&written).expect("it is JSON");
    assert_eq!(read, expected);
    group.bench_function(S::NAME, |bencher| {
        bencher.iter(|| drop(black_box(parser.parse(text, &pool))));
    });
}

/// Eight documents are alive, and one after the other is replaced in no order, as in
/// a server.
fn held<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>, text: &[u8]) {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    let mut alive: Vec<_> = (0..8).map(|_| parser.parse(text, &pool).expect("JSON")).collect();
    let mut number = 0_usize;
    group.bench_function(S::NAME, |bencher| {
        bencher.iter(|| {
            number = (number * 5 + 3) % 8;
            alive[number] = parser.parse(black_box(text), &pool).expect("it is JSON");
        });
    });
}

/// Nothing goes back under `Direct`, so its arena is reset for every document.
fn direct(group: &mut BenchmarkGroup<'_, WallTime>, text: &[u8]) {
    let mut arena = Arena::builder().max_chunk(1 << 20).build();
    let mut parser = Parser::new();
    group.bench_function(Direct::NAME, |bencher| {
        bencher.iter(|| {
            arena.reset();
            let pool = Pool::<Direct>::new_in(&arena);
            drop(black_box(parser.parse(text, &pool)));
        });
    });
}

fn json(criterion: &mut Criterion) {
    for (name, text) in documents() {
        let mut group = criterion.benchmark_group(format!("json/read/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        direct(&mut group, &text);
        pooled::<Metadata>(&mut group, &text);
        pooled::<Tagged>(&mut group, &text);
        group.bench_function("serde_json", |bencher| {
            bencher.iter(|| black_box(serde_json::from_slice::<serde_json::Value>(&text)));
        });
        group.finish();
        let mut group = criterion.benchmark_group(format!("json/hold/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        held::<Metadata>(&mut group, &text);
        held::<Tagged>(&mut group, &text);
        group.finish();
        let pool = Pool::<Direct>::new();
        let document = json::parse(&text, &pool).expect("it is JSON");
        let expected: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
        let mut group = criterion.benchmark_group(format!("json/write/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("arraypool", |bencher| {
            bencher.iter(|| black_box(json::to_string(&document)));
        });
        group.bench_function("serde_json", |bencher| {
            bencher.iter(|| black_box(serde_json::to_string(&expected)));
        });
        group.finish();
    }
}

criterion_group!(benches, json);
criterion_main!(benches);
