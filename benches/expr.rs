//! One tick of a batch, and compiling one, beside the same by hand.
//!
//! `cargo bench --bench expr`, then open `target/criterion/report/index.html`.

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]

#[path = "support/expressions.rs"]
mod expressions;

use core::hint::black_box;

use arraypool::expr::{Batch, Engine, Pool};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use expressions::{Closure, PARAMETERS};

fn engine<'m>(pool: &'m Pool<'m>) -> Engine<'m> {
    let engine = Engine::new(pool);
    let context = engine.context();
    context.set_array("t", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).expect("memory");
    for (name, value) in [("o.x", 1.5), ("o.y", 2.5), ("o.gain", 0.5)] {
        context.set(name, value).expect("memory");
    }
    engine.define("sq", &["x"], "x*x").expect("a function");
    engine.define("mix", &["x", "y", "t"], "x + (y-x)*t").expect("a function");
    engine
}

fn batch<'e, 'm>(engine: &'e Engine<'m>, texts: &[&str]) -> Batch<'e, 'm> {
    let mut batch = engine.batch();
    for name in PARAMETERS {
        batch.parameter(name, 0.0).expect("a slot");
    }
    for text in texts {
        batch.add(text).expect("an expression");
    }
    batch.build()
}

fn ticks(criterion: &mut Criterion) {
    let pool = Pool::new();
    let engine = engine(&pool);
    let mut group = criterion.benchmark_group("tick");
    let floors: [(&str, [Closure; 7]); 2] =
        [("w1", expressions::floor1()), ("w2", expressions::floor2())];
    for (name, floor) in &floors {
        let mut tick = 0;
        group.throughput(Throughput::Elements(7));
        group.bench_function(format!("{name}/floor"), |bencher| {
            bencher.iter(|| {
                tick += 1;
                let parameters = black_box(expressions::parameters(tick));
                floor.iter().map(|closure| closure(&parameters)).sum::<f64>()
            });
        });
    }
    let workloads: [(&str, &[&str]); 6] = [
        ("w1", &expressions::W1),
        ("w2", &expressions::W2),
        ("w3", &expressions::W3),
        ("w3/written-out", &expressions::W3_OUT),
        ("w4", &expressions::W4),
        ("w4/written-out", &expressions::W4_OUT),
    ];
    for (name, texts) in workloads {
        let mut batch = batch(&engine, texts);
        let mut tick = 0;
        group.throughput(Throughput::Elements(texts.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                tick += 1;
                for (index, value) in expressions::parameters(tick).into_iter().enumerate() {
                    batch.set(index, value);
                }
                batch.eval();
                batch.results().iter().sum::<f64>()
            });
        });
    }
}

fn compiling(criterion: &mut Criterion) {
    let pool = Pool::new();
    let engine = engine(&pool);
    let mut group = criterion.benchmark_group("compile");
    for (name, texts) in [("w1", &expressions::W1), ("w2", &expressions::W2)] {
        let mut batch = batch(&engine, texts);
        group.throughput(Throughput::Elements(7));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for (index, text) in texts.iter().enumerate() {
                    batch.replace(index, black_box(text)).expect("an expression");
                }
            });
        });
    }
    let mut arena = arraypool::Arena::new();
    let limits = arraypool::expr::Limits::DEFAULT;
    group.bench_function("w1/parse", |bencher| {
        bencher.iter(|| {
            for text in &expressions::W1 {
                black_box(arraypool::expr::parse::<f64>(text, &arena, &limits).expect("a tree"));
            }
            arena.reset();
        });
    });
}

criterion_group!(benches, ticks, compiling);
criterion_main!(benches);
