//! `alone HEATS ROUNDS SEED`: this crate against exp-rs, in a process of their own.
//!
//! Prints a line for each ratio, as `figures` reads them.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of a benchmark are small")]
#![allow(dead_code, reason = "what is shared with the other figures is more than is used")]

#[path = "../figures/clock.rs"]
mod clock;
#[path = "../../support/expressions.rs"]
mod expressions;
#[path = "../figures/measure.rs"]
mod measure;
#[path = "../../support/mod.rs"]
mod support;

extern crate alloc;

use alloc::rc::Rc;
use core::hint::black_box;

use arraypool::Arena;
use arraypool::expr::{self, Engine, Limits, Pool};
use exp_rs::{EvalContext, Expression, parse_expression};
use expressions::{Closure, PARAMETERS, parameters};
use measure::{Contender, Course, Pass, race};
use support::workload::XorShift;

/// Ticks of one pass.
const TICKS: u32 = 20;
/// What a pass says whose results were all within 1e-9 of the closures'.
const RIGHT: u64 = 1;

type Tick = Box<dyn FnMut(&[f64; 10]) -> f64>;

fn contender(name: &'static str, mut tick: Tick, floor: [Closure; 7]) -> Contender {
    Contender::new(name, move |pass: Pass| {
        let first = (pass.number * 31 % 1000) as u32;
        for number in first..first + TICKS {
            let values = black_box(parameters(number));
            let found = black_box(tick(&values));
            if pass.check {
                let expected: f64 = floor.iter().map(|closure| closure(&values)).sum();
                let off = (found - expected).abs();
                assert!(off <= 1e-9 * expected.abs().max(1.0), "{name}: {found}, not {expected}");
            }
        }
        RIGHT
    })
}

fn ours(texts: &[&str]) -> Tick {
    let pool: &'static Pool<'static> = Box::leak(Box::new(Pool::new()));
    let engine: &'static Engine<'static> = Box::leak(Box::new(Engine::new(pool)));
    let mut batch = engine.batch();
    for name in PARAMETERS {
        batch.parameter(name, 0.0).expect("a slot");
    }
    for text in texts {
        batch.add(text).expect("an expression");
    }
    let mut batch = batch.build();
    Box::new(move |values| {
        for (index, value) in values.iter().enumerate() {
            batch.set(index, *value);
        }
        batch.eval();
        batch.results().iter().sum()
    })
}

fn exp_rs_of(texts: &[&str]) -> Tick {
    let arena: &'static bumpalo::Bump = Box::leak(Box::default());
    let mut batch = Expression::new(arena);
    for name in PARAMETERS {
        batch.add_parameter(name, 0.0).expect("a parameter");
    }
    for text in texts {
        batch.add_expression(text).expect("an expression");
    }
    let context = Rc::new(EvalContext::new());
    Box::new(move |values| {
        for (index, value) in values.iter().enumerate() {
            batch.set_param(index, *value).expect("a parameter");
        }
        batch.eval(&context).expect("values");
        batch.get_all_results().iter().sum()
    })
}

/// All three phases of this crate, and a parse of exp-rs's.
fn compiling() -> Vec<Contender> {
    let pool: &'static Pool<'static> = Box::leak(Box::new(Pool::new()));
    let engine: &'static Engine<'static> = Box::leak(Box::new(Engine::new(pool)));
    let mut batch = engine.batch();
    for name in PARAMETERS {
        batch.parameter(name, 0.0).expect("a slot");
    }
    for text in expressions::W1 {
        batch.add(text).expect("an expression");
    }
    let mut batch = batch.build();
    let compile = Contender::new("compile", move |_| {
        for _ in 0..TICKS {
            for (index, text) in expressions::W1.iter().enumerate() {
                batch.replace(index, black_box(text)).expect("an expression");
            }
        }
        RIGHT
    });
    let mut arena = Arena::new();
    let parse = Contender::new("parse", move |_| {
        for _ in 0..TICKS {
            for text in expressions::W1 {
                black_box(
                    expr::parse::<f64>(black_box(text), &arena, &Limits::DEFAULT).expect("a tree"),
                );
            }
            arena.reset();
        }
        RIGHT
    });
    let mut bump = bumpalo::Bump::new();
    let theirs = Contender::new("exp-rs-parse", move |_| {
        for _ in 0..TICKS {
            for text in expressions::W1 {
                black_box(parse_expression(black_box(text), &bump).expect("a tree"));
            }
            bump.reset();
        }
        RIGHT
    });
    vec![compile, parse, theirs]
}

fn main() {
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [heats, rounds, seed] = words[..] else { panic!("alone HEATS ROUNDS SEED") };
    let mut random = XorShift(seed as u64 | 1);
    let course = Course { heats, rounds, operations: 7 * TICKS as usize, answer: RIGHT };
    type Workload = (&'static str, &'static [&'static str], fn() -> [Closure; 7]);
    let workloads: [Workload; 2] = [
        ("w1", &expressions::W1, expressions::floor1),
        ("w2", &expressions::W2, expressions::floor2),
    ];
    for (workload, texts, floor) in workloads {
        let both = || {
            vec![
                contender("arraypool", ours(texts), floor()),
                contender("exp-rs", exp_rs_of(texts), floor()),
            ]
        };
        let times = race(both, course, &mut random);
        println!("time exp-rs {workload} {:.2}", times.median("exp-rs"));
        println!("ratio {workload} {:.4}", times.ratio("exp-rs", "arraypool"));
    }
    let times = race(compiling, course, &mut random);
    println!("time exp-rs-parse w1 {:.2}", times.median("exp-rs-parse"));
    println!("ratio compile {:.4}", times.ratio("exp-rs-parse", "compile"));
    println!("ratio parse {:.4}", times.ratio("exp-rs-parse", "parse"));
}
