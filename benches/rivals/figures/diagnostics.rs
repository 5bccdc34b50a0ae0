//! What each diagnostic costs, and what they all cost when they are off.

use arraypool::{ArrayPool, Checks, Metadata, ReleaseStrategy, Report as Finding, Tagged};

use crate::Group;
use crate::counts;
use crate::measure::{Contender, Course, race};
use crate::options::Options;
use crate::ours::{Nothing, Owned};
use crate::report::{Goal, Report};
use crate::subjects::{Churn, Only, Pair, Workload};
use crate::support::workload::{Element, XorShift};

pub(crate) const GROUP: Group =
    Group { name: "diagnostics", about: "what each diagnostic costs", run, child };

/// The diagnostics, one by one, and those that go together. The strategy's name
/// is in front, as contenders' names are constants.
macro_rules! subjects {
    ($($name:literal: $checks:expr;)+) => {
        const WATCHED: &[&str] = &[$($name),+];

        fn enter_all<S: ReleaseStrategy + 'static>(
            workload: &mut impl Workload,
        ) {
            $(workload.enter($name, || owned::<S>($checks));)+
        }
    };
}

subjects! {
    "off": Checks::none();
    "callers": Checks::none().callers();
    "leaks": Checks::none().leaks();
    "fail_every": Checks::none().fail_every(u32::MAX);
    "quarantine": Checks::none().quarantine(64);
    "canary": Checks::none().canary();
    "integrity": Checks::none().integrity();
    "poison": Checks::none().poison();
    "clear_on_release": Checks::none().clear_on_release();
    "debug": Checks::none().poison().callers();
    "all": Checks::all();
}

/// Instructions of an array taken and given back where the feature `diagnostics` is
/// off, and no such code in the program (rustc 1.95, x86-64), and how many more they
/// may be.
const WITHOUT: [(&str, [(&str, f64); 2]); 2] = [
    ("tagged", [("churn", 72.0), ("pair-12", 60.0)]),
    ("metadata", [("churn", 44.0), ("pair-12", 36.0)]),
];
const MORE: f64 = 3.0;

/// A right program hears of nothing.
fn told(finding: &Finding) {
    panic!("{finding}");
}

/// A pool of its own, which is never dropped.
fn owned<S: ReleaseStrategy>(checks: Checks) -> Owned<'static, Element, S> {
    let pool = ArrayPool::builder().checks(checks).on_report(told).build();
    Owned(Box::leak(Box::new(pool)))
}

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (2, 15) } else { (5, 40) };
    let course = Course { heats, rounds, operations: 0, answer: 0 };
    times::<Metadata>(report, course, options.seed, &mut random);
    times::<Tagged>(report, course, options.seed, &mut random);
    if let Err(why) = counts::available() {
        return report.skipped("instructions per operation", &why);
    }
    for (strategy, limits) in WITHOUT {
        for (workload, without) in limits {
            if let Err(why) = instructions(report, options, strategy, workload, without) {
                report.skipped(&format!("instructions of {strategy} per {workload}"), &why);
            }
        }
    }
}

/// How many times longer an operation takes with each than with none.
fn times<S: ReleaseStrategy + 'static>(
    report: &mut Report,
    course: Course,
    seed: u64,
    random: &mut XorShift,
) {
    let (churn, name) = (Churn::new(seed), S::NAME);
    let all = || {
        let mut churn = churn.clone();
        enter_all::<S>(&mut churn);
        churn.entered()
    };
    let churns = Course { operations: Churn::OPERATIONS, answer: Churn::ANSWER, ..course };
    let pairs = Course { operations: Pair::OPERATIONS, answer: Pair::ANSWER, ..course };
    let churns = race(all, churns, random);
    let all = || {
        let mut pair = Pair::new(12);
        enter_all::<S>(&mut pair);
        pair.entered()
    };
    let pairs = race(all, pairs, random);
    for (workload, times) in [("churn", churns), ("pair-12", pairs)] {
        report.fact(format!("{name}/off/{workload}/ns"), times.median("off"));
        for watched in &WATCHED[1..] {
            let ratio = times.ratio(watched, "off");
            report.fact(format!("{name}/{watched}/{workload}/off"), ratio);
        }
    }
}

fn instructions(
    report: &mut Report,
    options: &Options,
    strategy: &str,
    workload: &str,
    without: f64,
) -> Result<(), String> {
    let operations = if workload == "churn" { Churn::OPERATIONS } else { Pair::OPERATIONS };
    let of = |watched| {
        let words = [GROUP.name, "count", workload, strategy, watched];
        counts::instructions(&words, operations)
    };
    let own = of("loop")?;
    let more = of("off")? - own - without;
    let figure = format!("{strategy}/off/{workload}/instructions-more");
    report.goal(figure, more, Goal::AtMost(MORE));
    if !options.quick {
        for watched in &WATCHED[1..] {
            let count = of(watched)? - own;
            report.fact(format!("{strategy}/{watched}/{workload}/instructions"), count);
        }
    }
    Ok(())
}

fn child(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["count", workload, strategy, watched, passes] => {
            counts::run(&mut only(workload, strategy, watched)?, passes)
        }
        _ => Err(format!("no such part: {}", words.join(" "))),
    }
}

/// One subject in one workload, for a child that is counted: always the same steps.
fn only(workload: &str, strategy: &str, name: &str) -> Result<Contender, String> {
    fn enter(workload: impl Workload, strategy: &str, name: &str) -> Option<Contender> {
        let mut only = Only { name, workload };
        match strategy {
            "metadata" => enter_all::<Metadata>(&mut only),
            _ => enter_all::<Tagged>(&mut only),
        }
        only.enter("loop", Nothing::<Element>::new);
        only.entered().pop()
    }
    let entered = match workload {
        "churn" => enter(Churn::new(1), strategy, name),
        _ => enter(Pair::new(12), strategy, name),
    };
    entered.ok_or_else(|| format!("no subject `{name}`"))
}
