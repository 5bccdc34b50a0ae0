//! Memory that is forgotten in parts, kept as a tree, and named: scopes, a syntax
//! tree, an interner.

use crate::Group;
use crate::measure::{Contender, Course, median, race};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::support::workload::XorShift;
use crate::{counts, names, scopes, syntax};

use Goal::{AtLeast, AtMost};

pub(crate) const GROUP: Group =
    Group { name: "memory", about: "scopes, a syntax tree, an interner", run, child };

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (2, 60) } else { (5, 300) };
    // The workload says how many operations and what answer.
    let course = Course { heats, rounds, operations: 0, answer: 0 };
    nested_scopes(report, course, &mut random);
    interner(report, course, &mut random);
    tree(report, options, &mut random);
    misses(report);
}

fn nested_scopes(report: &mut Report, course: Course, random: &mut XorShift) {
    let course = Course { operations: scopes::OPERATIONS, answer: scopes::ANSWER, ..course };
    let times = race(scopes::all, course, random);
    report.times("scopes", &times);
    let ratio = times.ratio("arena", "bump-scope");
    report.goal("arena/scopes/bump-scope", ratio, AtMost(1.3));
}

fn interner(report: &mut Report, course: Course, random: &mut XorShift) {
    let course = Course { operations: names::OPERATIONS, answer: names::ANSWER, ..course };
    let times = race(names::all, course, random);
    report.times("names", &times);
    let ratio = times.ratio("interner", "string-interner");
    report.goal("interner/hit/string-interner", ratio, AtMost(1.1));
}

fn tree(report: &mut Report, options: &Options, random: &mut XorShift) {
    let [arena, boxed] = syntax::bytes_held();
    report.fact("arena/tree/bytes-per-node", arena / syntax::NODES as f64);
    report.fact("boxed/tree/bytes-per-node", boxed / syntax::NODES as f64);
    report.goal("arena/tree/bytes-saved-%", (1.0 - arena / boxed) * 100.0, AtLeast(75.0));
    let [grown, sized, boxed] = syntax::heap_calls();
    report.fact("arena/tree/heap-calls", grown);
    report.fact("arena-sized/tree/heap-calls", sized);
    report.fact("boxed/tree/heap-calls", boxed);
    let [ours, theirs] = syntax::times(if options.quick { 15 } else { 100 }, random);
    for (part, ours, theirs, limit) in [
        ("build", &ours.build, &theirs.build, 3.0),
        ("walk", &ours.walk, &theirs.walk, 1.1),
        ("tear-down", &ours.tear_down, &theirs.tear_down, 1000.0),
    ] {
        report.fact(format!("arena/tree-{part}/ns"), median(ours.clone()));
        report.fact(format!("boxed/tree-{part}/ns"), median(theirs.clone()));
        let ratio = median(theirs.iter().zip(ours).map(|(slow, fast)| slow / fast).collect());
        report.goal(format!("arena/tree-{part}/boxed"), ratio, AtLeast(limit));
    }
}

/// Misses of the first data cache in one walk, of both trees.
fn misses(report: &mut Report) {
    if let Err(why) = counts::available() {
        return report.skipped("cache misses", &why);
    }
    let of = |name| counts::misses(&[GROUP.name, "walk", name]);
    match of("arena").and_then(|arena| Ok((arena, of("boxed")?))) {
        Ok((arena, boxed)) => {
            report.fact("arena/walk/D1-misses", arena);
            report.fact("boxed/walk/D1-misses", boxed);
            report.goal(
                "arena/walk/D1-misses-fewer-%",
                (1.0 - arena / boxed) * 100.0,
                AtLeast(50.0),
            );
        }
        Err(why) => report.skipped("cache misses", &why),
    }
}

fn child(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["walk", name, passes] => {
            let passes = passes.parse().map_err(|_| format!("no number: `{passes}`"))?;
            syntax::walk_only(name, passes)
        }
        _ => Err(format!("no such part: {}", words.join(" "))),
    }
}

/// A contender that is asked for by what it does in one pass.
pub(crate) fn contender(name: &'static str, mut pass: impl FnMut() -> u64 + 'static) -> Contender {
    Contender::new(name, move |_| pass())
}
