//! Arrays taken and given back: the strategies, their floor and everybody's rivals.

use crate::Group;
use crate::measure::{Contender, Course, Times, race};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::subjects::{
    Churn, Content, MALLOCS, Only, Pair, Stack, Workload, bare, fixed, nothing, ours, rivals,
};
use crate::support::workload::{Element, XorShift};
use crate::{counts, fresh, misuse, objects};

use Goal::{AtLeast, AtMost};

pub(crate) const GROUP: Group =
    Group { name: "strategies", about: "arrays taken and given back", run, child };

/// A strategy, and its goals in each workload.
struct Goals {
    name: &'static str,
    bare: &'static str,
    floor: [(&'static str, f64); 4],
    bare_floor: f64,
    mallocs: [(&'static str, f64); 5],
    instructions: [(&'static str, f64); 2],
}

const STRATEGIES: [Goals; 2] = [
    Goals {
        name: "tagged",
        bare: "tagged-bare",
        floor: [("churn", 1.7), ("pair-12", 1.8), ("pair-200", 1.8), ("stack", 1.4)],
        bare_floor: 2.4,
        mallocs: [
            ("churn", 1.3),
            ("churn-1024", 1.2),
            ("pair-12", 1.4),
            ("pair-200", 1.4),
            ("stack", 2.5),
        ],
        instructions: [("churn", 78.0), ("pair-12", 62.0)],
    },
    Goals {
        name: "metadata",
        bare: "metadata-bare",
        floor: [("churn", 1.6), ("pair-12", 1.6), ("pair-200", 1.6), ("stack", 1.2)],
        bare_floor: 3.0,
        mallocs: [
            ("churn", 1.35),
            ("churn-1024", 1.4),
            ("pair-12", 1.4),
            ("pair-200", 1.4),
            ("stack", 2.5),
        ],
        instructions: [("churn", 52.0), ("pair-12", 43.0)],
    },
];

/// The most that either strategy may take of the time of forge-alloc on churn.
const FORGE: f64 = 1.2;

fn run(report: &mut Report, options: &Options) {
    misuse::check();
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (2, 100) } else { (5, 400) };
    // The workload says how many operations and what answer.
    let course = Course { heats, rounds, operations: 0, answer: 0 };
    let one_length = "they have one length only, and take part where it is enough";
    report.skipped("plurality, opool and object-pool but for pairs", one_length);
    churns(report, course, options.seed, &mut random);
    pairs(report, course, &mut random);
    stack(report, course, &mut random);
    objects::run(report, course, &mut random);
    instructions(report, options);
    fresh::run(report, options);
}

fn child(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["count", workload, subject, passes] => counts::run(&mut only(workload, subject)?, passes),
        ["fresh", ref words @ ..] => fresh::child(words),
        _ => Err(format!("no such part: {}", words.join(" "))),
    }
}

fn churns(report: &mut Report, course: Course, seed: u64, random: &mut XorShift) {
    let course = Course { operations: Churn::OPERATIONS, answer: Churn::ANSWER, ..course };
    let churn = Churn::new(seed);
    let all = || {
        let mut churn = churn.clone();
        everybody::<Element>(&mut churn);
        bare::<Element>(&mut churn);
        nothing::<Element>(&mut churn);
        churn.entered()
    };
    let times = race(all, course, random);
    goals(report, "churn", &times);
    for Goals { name, bare, bare_floor, .. } in &STRATEGIES {
        report.goal(format!("{bare}/churn/floor"), times.ratio(bare, "floor"), AtMost(*bare_floor));
        let forge = times.ratio(name, "forge-alloc");
        report.goal(format!("{name}/churn/forge-alloc"), forge, AtMost(FORGE));
    }
    let churn = Churn::of_1024(seed);
    let all = || {
        let mut churn = churn.clone();
        everybody::<u64>(&mut churn);
        churn.entered()
    };
    goals(report, "churn-1024", &race(all, course, random));
}

fn pairs(report: &mut Report, course: Course, random: &mut XorShift) {
    fn all<const CLASS: usize>(len: usize) -> Vec<Contender> {
        let mut pair = Pair::new(len);
        everybody::<Element>(&mut pair);
        fixed::<Element, CLASS>(&mut pair);
        nothing::<Element>(&mut pair);
        pair.entered()
    }
    let course = Course { operations: Pair::OPERATIONS, answer: Pair::ANSWER, ..course };
    goals(report, "pair-12", &race(|| all::<16>(12), course, random));
    goals(report, "pair-200", &race(|| all::<256>(200), course, random));
}

fn stack(report: &mut Report, course: Course, random: &mut XorShift) {
    let course = Course { operations: Stack::OPERATIONS, answer: Stack::ANSWER, ..course };
    let all = || {
        let mut stack = Stack::default();
        everybody::<Element>(&mut stack);
        stack.entered()
    };
    goals(report, "stack", &race(all, course, random));
}

fn everybody<T: Content>(workload: &mut impl Workload) {
    ours::<T>(workload);
    rivals::<T>(workload);
}

/// Every strategy's goals in one workload: over the floor, and against whichever
/// general allocator was the fastest there.
fn goals(report: &mut Report, workload: &str, times: &Times) {
    report.times(workload, times);
    let fastest = times.fastest(MALLOCS);
    println!("fastest {workload} {fastest}");
    if times.median("snmalloc") > 5.0 * times.median("jemalloc") {
        println!("warning: this snmalloc was built for debugging: its package needs debug = false");
    }
    // What is possible at all: the most that any strategy over this pool can reach.
    report.fact(format!("floor/{workload}/malloc"), times.ratio(fastest, "floor"));
    for Goals { name, floor, mallocs, .. } in &STRATEGIES {
        if let Some((_, limit)) = floor.iter().find(|(other, _)| *other == workload) {
            let ratio = times.ratio(name, "floor");
            report.goal(format!("{name}/{workload}/floor"), ratio, AtMost(*limit));
        }
        if let Some((_, limit)) = mallocs.iter().find(|(other, _)| *other == workload) {
            let ratio = times.ratio(fastest, name);
            report.goal(format!("{name}/{workload}/malloc"), ratio, AtLeast(*limit));
        }
    }
}

/// One subject in one workload, for a child that is counted: always the same steps.
fn only(workload: &str, name: &str) -> Result<Contender, String> {
    fn enter(name: &str, workload: impl Workload) -> Option<Contender> {
        let mut only = Only { name, workload };
        everybody::<Element>(&mut only);
        bare::<Element>(&mut only);
        nothing::<Element>(&mut only);
        only.entered().pop()
    }
    let entered = match workload {
        "churn" => enter(name, Churn::new(1)),
        "pair-12" => enter(name, Pair::new(12)),
        _ => return Err(format!("no workload `{workload}`")),
    };
    entered.ok_or_else(|| format!("no subject `{name}`"))
}

fn instructions(report: &mut Report, options: &Options) {
    if let Err(why) = counts::available() {
        report.skipped("instructions per operation", &why);
        return;
    }
    for (workload, operations) in [("churn", Churn::OPERATIONS), ("pair-12", Pair::OPERATIONS)] {
        if let Err(why) = instructions_of(report, options, workload, operations) {
            report.skipped(&format!("instructions per operation of {workload}"), &why);
        }
    }
}

fn instructions_of(
    report: &mut Report,
    options: &Options,
    workload: &str,
    operations: usize,
) -> Result<(), String> {
    let of = |name| counts::instructions(&[GROUP.name, "count", workload, name], operations);
    let own = of("loop")?;
    report.fact(format!("loop/{workload}/instructions"), own);
    report.fact(format!("floor/{workload}/instructions"), of("floor")? - own);
    for Goals { name, instructions, .. } in &STRATEGIES {
        let count = of(name)? - own;
        let name = format!("{name}/{workload}/instructions");
        match instructions.iter().find(|(other, _)| *other == workload) {
            Some((_, limit)) => report.goal(name, count, AtMost(*limit)),
            None => report.fact(name, count),
        }
    }
    if !options.quick {
        for name in STRATEGIES.iter().map(|goals| goals.bare).chain(MALLOCS.iter().copied()) {
            let figure = format!("{name}/{workload}/instructions");
            match of(name) {
                Ok(count) => report.fact(figure, count - own),
                // Not everybody runs there: snmalloc maps more than valgrind has.
                Err(why) => report.skipped(&figure, &why),
            }
        }
    }
    Ok(())
}
