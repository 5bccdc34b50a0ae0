//! Expressions: a tick of a batch, and compiling one, against closures and rivals.

use core::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use arraypool::expr::{Batch, Engine, Pool};

use crate::Group;
use crate::expr_rivals::{exmex_of, fasteval_of, meval_of, nanoexpr_of};
use crate::expressions::{self, Closure, PARAMETERS, parameters};
use crate::measure::{Contender, Course, Pass, Times, race};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::support::workload::XorShift;

use Goal::{AtLeast, AtMost};

pub(crate) const GROUP: Group = Group {
    name: "expr",
    about: "expressions, compiled once and evaluated every tick",
    run,
    child,
};

/// Ticks of one pass.
const TICKS: u32 = 100;
/// What a pass says whose results were all within 1e-9 of the closures'.
const RIGHT: u64 = 1;

/// Evaluates all expressions of a tick; the answer is the sum of the results.
pub(crate) type Tick = Box<dyn FnMut(&[f64; 10]) -> f64>;

/// A contender that evaluates ticks; checked against `floor`, if there is one.
fn contender(name: &'static str, mut tick: Tick, floor: Option<Vec<Closure>>) -> Contender {
    Contender::new(name, move |pass: Pass| {
        let first = u32::try_from(pass.number * 31 % 1000).unwrap_or(0);
        let mut sum = 0.0;
        for number in first..first + TICKS {
            let values = black_box(parameters(number));
            let found = tick(&values);
            sum += found;
            if let (true, Some(floor)) = (pass.check, &floor) {
                let expected: f64 = floor.iter().map(|closure| closure(&values)).sum();
                let off = (found - expected).abs();
                assert!(off <= 1e-9 * expected.abs().max(1.0), "{name}: {found}, not {expected}");
            }
        }
        black_box(sum);
        RIGHT
    })
}

fn by_hand(floor: Vec<Closure>) -> Tick {
    Box::new(move |values| floor.iter().map(|closure| closure(values)).sum())
}

/// An engine with what the workloads name, which is never dropped.
fn engine() -> &'static Engine<'static> {
    let pool: &'static Pool<'static> = Box::leak(Box::new(Pool::new()));
    let engine = Engine::new(pool);
    let context = engine.context();
    let elements: Vec<f64> = (0..8).map(f64::from).collect();
    context.set_array("t", &elements).expect("memory");
    for (name, value) in [("o.x", 1.5), ("o.y", 2.5), ("o.gain", 0.5)] {
        context.set(name, value).expect("memory");
    }
    engine.define("sq", &["x"], "x*x").expect("a function");
    engine.define("mix", &["x", "y", "t"], "x + (y-x)*t").expect("a function");
    Box::leak(Box::new(engine))
}

fn batch(texts: &[&str]) -> Batch<'static, 'static> {
    let mut batch = engine().batch();
    for name in PARAMETERS {
        batch.parameter(name, 0.0).expect("a slot");
    }
    for text in texts {
        batch.add(text).expect("an expression");
    }
    batch.build()
}

fn ours(texts: &[&str]) -> Tick {
    let mut batch = batch(texts);
    Box::new(move |values| {
        for (index, value) in values.iter().enumerate() {
            batch.set(index, *value);
        }
        batch.eval();
        batch.results().iter().sum()
    })
}

/// A pass of compiling all texts `TICKS` times.
fn compiling(name: &'static str, texts: &'static [&'static str]) -> Contender {
    let mut batch = batch(texts);
    Contender::new(name, move |_| {
        for _ in 0..TICKS {
            for (index, text) in texts.iter().enumerate() {
                batch.replace(index, black_box(text)).expect("an expression");
            }
        }
        RIGHT
    })
}

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (2, 60) } else { (5, 300) };
    let course = Course { heats, rounds, operations: 7 * TICKS as usize, answer: RIGHT };
    let w1 = || {
        let mut all = everyone(&expressions::W1, expressions::floor1);
        all.push(compiling("compile", &expressions::W1));
        all
    };
    let times = race(w1, course, &mut random);
    let faster = [("nanoexpr", 2.5), ("fasteval", 3.0), ("exmex", 2.5)];
    goals(report, "w1", &times, &[("floor", 2.15)], &faster);
    report.goal("compile/w1/floor", times.ratio("compile", "floor"), AtMost(41.0));
    let times = race(|| everyone(&expressions::W2, expressions::floor2), course, &mut random);
    goals(report, "w2", &times, &[("floor", 4.0)], &[("fasteval", 4.8)]);
    written_out(report, course, &mut random);
    crate::expr_memory::run(report);
    alone(report, course, options.seed);
}

/// exp-rs forces its own global allocator on whoever links it, so it and this crate
/// meet in a process, and a package, of their own.
fn alone(report: &mut Report, course: Course, seed: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("alone");
    let target = folder.join("../../../target/alone");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--release", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(target).arg("--");
    cargo.args([course.heats, course.rounds / 4].map(|count| count.to_string()));
    let output = cargo.arg((seed >> 1).to_string()).stdin(Stdio::null()).output();
    let said = match output {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            return report.skipped("exp-rs", why.lines().last().unwrap_or("it failed"));
        }
        Err(error) => return report.skipped("exp-rs", &error.to_string()),
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    let ratio = |name: &str| {
        let start = format!("ratio {name} ");
        let found = said.lines().find_map(|line| line.strip_prefix(&start)?.parse::<f64>().ok());
        found.unwrap_or_else(|| panic!("it says nothing about {name}: {said}"))
    };
    for line in said.lines().filter(|line| line.starts_with("time ")) {
        println!("{line} ns");
    }
    report.goal("arraypool/w1/exp-rs", ratio("w1"), AtLeast(42.0));
    report.goal("arraypool/w2/exp-rs", ratio("w2"), AtLeast(90.0));
    report.goal("compile/w1/exp-rs-parse", ratio("compile"), AtLeast(2.6));
}

/// The floor, this crate, and whoever can share a process with it.
fn everyone(texts: &[&'static str], floor: fn() -> [Closure; 7]) -> Vec<Contender> {
    let checked = |name, tick| contender(name, tick, Some(floor().into()));
    vec![
        contender("floor", by_hand(floor().into()), None),
        checked("arraypool", ours(texts)),
        checked("nanoexpr", nanoexpr_of(texts)),
        checked("fasteval", fasteval_of(texts)),
        checked("exmex", exmex_of(texts)),
        checked("meval", meval_of(texts)),
    ]
}

fn goals(
    report: &mut Report,
    workload: &str,
    times: &Times,
    slower: &[(&str, f64)],
    faster: &[(&str, f64)],
) {
    report.times(workload, times);
    for (other, limit) in slower {
        let ratio = times.ratio("arraypool", other);
        report.goal(format!("arraypool/{workload}/{other}"), ratio, AtMost(*limit));
    }
    for (other, limit) in faster {
        let ratio = times.ratio(other, "arraypool");
        report.goal(format!("arraypool/{workload}/{other}"), ratio, AtLeast(*limit));
    }
}

/// Functions, arrays and attributes against the same without them.
fn written_out(report: &mut Report, course: Course, random: &mut XorShift) {
    let pairs: [(&str, &[&str], &[&str], f64); 2] = [
        ("w3", &expressions::W3, &expressions::W3_OUT, 1.1),
        ("w4", &expressions::W4, &expressions::W4_OUT, 1.5),
    ];
    for (workload, texts, out, limit) in pairs {
        let course = Course { operations: texts.len() * TICKS as usize, ..course };
        let both = || {
            vec![
                contender("arraypool", ours(texts), None),
                contender("written-out", ours(out), None),
            ]
        };
        let times = race(both, course, random);
        goals(report, workload, &times, &[("written-out", limit)], &[]);
    }
}

fn child(words: &[String]) -> Result<(), String> {
    Err(format!("no such part: {}", words.join(" ")))
}
