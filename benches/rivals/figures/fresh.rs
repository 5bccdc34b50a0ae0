//! A program that never resets: giving arrays back against never giving back.
//!
//! Each run is a process of its own, so that its memory is fresh. `Direct` then
//! takes new memory for every array, and the system maps, zeroes and accounts
//! for each page of it: page faults make the difference, not the taking.

use alloc::collections::BTreeMap;
use std::fs;

use arraypool::{Arena, ArrayPool, Direct, Metadata, ReleaseStrategy, Tagged};

use crate::measure::{median, shuffle};
use crate::options::Options;
use crate::ours::Owned;
use crate::report::{Goal, Report};
use crate::strategies::GROUP;
use crate::support::workload::{self, Element, Step, XorShift};
use crate::{child, clock};

/// Arrays that are alive at a time, as in churn.
const LIVE: u16 = 4096;
/// Arrays taken in one run.
const OPERATIONS: usize = 2_000_000;
/// Arrays taken before a reset, where there is one; it divides `OPERATIONS`.
const GENERATION: usize = 20_000;
/// What `Direct` needs at most, in bytes.
const NEEDED: u64 = 4 << 30;

/// What runs: a strategy, and how its memory is before or meanwhile.
const RUNS: [&str; 7] = [
    "direct-fresh",
    "direct-mapped",
    "direct-generations",
    "metadata-fresh",
    "metadata-mapped",
    "tagged-fresh",
    "tagged-mapped",
];

/// What one child told.
struct Told {
    nanoseconds: f64,
    held: f64,
    peak: f64,
}

/// Runs all of them, several times and in random order.
pub(crate) fn run(report: &mut Report, options: &Options) {
    if let Some(free) = free_memory().filter(|free| *free < NEEDED) {
        let why = format!("{} MB of memory are free, it needs {}", free >> 20, NEEDED >> 20);
        report.skipped("Tagged against Direct on fresh memory", &why);
        return;
    }
    let mut told: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    let mut random = XorShift(options.seed | 1);
    for _ in 0..if options.quick { 3 } else { 11 } {
        let mut order = RUNS;
        shuffle(&mut order, &mut random);
        for name in order {
            match start(name, options.seed) {
                Ok(one) => told.entry(name).or_default().push(one),
                Err(why) => return report.skipped(&format!("a run of {name}"), &why),
            }
        }
    }
    print(report, &told);
}

fn print(report: &mut Report, told: &BTreeMap<&str, Vec<Told>>) {
    println!("a program that never resets, {OPERATIONS} arrays taken, {LIVE} alive at a time;");
    println!("on fresh memory, Direct's time is that of page faults:");
    for name in RUNS {
        let over = |value: fn(&Told) -> f64| median(told[name].iter().map(value).collect());
        report.fact(format!("{name}/ns"), over(|one| one.nanoseconds) / OPERATIONS as f64);
        report.fact(format!("{name}/held-MB"), over(|one| one.held) / 1e6);
        report.fact(format!("{name}/peak-resident-MB"), over(|one| one.peak) / 1e6);
    }
    let over = |slow: &str, fast: &str, value: fn(&Told) -> f64| {
        let pairs = told[slow].iter().zip(&told[fast]);
        median(pairs.map(|(slow, fast)| value(slow) / value(fast)).collect())
    };
    let time = |slow, fast| over(slow, fast, |one| one.nanoseconds);
    let fresh = time("direct-fresh", "tagged-fresh");
    report.goal("tagged/fresh/direct", fresh, Goal::AtLeast(10.0));
    let held = over("direct-fresh", "tagged-fresh", |one| one.held);
    report.goal("tagged/fresh/direct-bytes", held, Goal::AtLeast(100.0));
    report.fact("metadata/fresh/direct", time("direct-fresh", "metadata-fresh"));
    for (name, mapped) in [("tagged", "tagged-mapped"), ("metadata", "metadata-mapped")] {
        report.fact(format!("{name}/mapped/direct"), time("direct-mapped", mapped));
        let generations = time("direct-generations", mapped);
        report.fact(format!("{name}/mapped/direct-generations"), generations);
    }
}

/// Memory that the system could give, if it says so.
fn free_memory() -> Option<u64> {
    let about = fs::read_to_string("/proc/meminfo").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn start(name: &str, seed: u64) -> Result<Told, String> {
    let numbers = child::numbers(&[GROUP.name, "fresh", name, &seed.to_string()], 3)?;
    Ok(Told { nanoseconds: numbers[0], held: numbers[1], peak: numbers[2] })
}

/// One run, in a child: tells nanoseconds, bytes held and bytes resident.
pub(crate) fn child(words: &[&str]) -> Result<(), String> {
    let [name, seed] = *words else { return Err("fresh NAME SEED".to_string()) };
    let seed = seed.parse().map_err(|_| format!("no number: `{seed}`"))?;
    let work = Work::new(seed);
    let mut arena = Arena::new();
    let nanoseconds = match name {
        "direct-fresh" => program::<Direct>(&arena, &work.fill, &work.steps),
        "direct-mapped" => mapped::<Direct>(&mut arena, &work),
        "direct-generations" => generations(&mut arena, &work),
        "metadata-fresh" => program::<Metadata>(&arena, &work.fill, &work.steps),
        "metadata-mapped" => mapped::<Metadata>(&mut arena, &work),
        "tagged-fresh" => program::<Tagged>(&arena, &work.fill, &work.steps),
        "tagged-mapped" => mapped::<Tagged>(&mut arena, &work),
        _ => return Err(format!("no run `{name}`")),
    };
    println!("{nanoseconds} {} {}", arena.allocated_bytes(), clock::peak_resident_bytes());
    Ok(())
}

/// What every run does: `LIVE` arrays, and the others one by one in place of them.
struct Work {
    fill: Vec<Step<u32>>,
    steps: Vec<Step>,
}

impl Work {
    fn new(seed: u64) -> Self {
        let live = u32::from(LIVE);
        let steps = workload::churn_steps(OPERATIONS - usize::from(LIVE), live, 80, seed);
        Self { fill: workload::fill_steps(live, 80), steps }
    }
}

/// CPU time, the system's included.
fn timed(work: impl FnOnce()) -> u64 {
    let before = clock::process_nanoseconds();
    work();
    clock::process_nanoseconds() - before
}

/// The second of two runs: the memory is the first one's.
fn mapped<S: ReleaseStrategy>(arena: &mut Arena<'static>, work: &Work) -> u64 {
    program::<S>(arena, &work.fill, &work.steps);
    arena.reset();
    program::<S>(arena, &work.fill, &work.steps)
}

/// The time of a fill and its steps; that every array was there is asserted afterwards.
fn program<S: ReleaseStrategy>(arena: &Arena<'_>, fill: &[Step<u32>], steps: &[Step]) -> u64 {
    let pool = ArrayPool::<Element, S>::new_in(arena);
    let subject = Owned(&pool);
    let mut live = workload::places(LIVE.into());
    let nanoseconds = timed(|| {
        workload::fill(&subject, &mut live, fill);
        workload::churn::<_, false>(&subject, &mut live, steps);
    });
    // One of each is left: each holds a one.
    let all: Vec<Step> = (0..LIVE).map(|victim| Step { victim, len: 1 }).collect();
    let answer = workload::churn::<_, true>(&subject, &mut live, &all);
    assert_eq!(answer, u64::from(LIVE), "the answers of {}", S::NAME);
    nanoseconds
}

/// What a program does that can: forgets everything at once, again and again. It takes
/// as many arrays as the others do, `LIVE` of each generation to begin with.
fn generations(arena: &mut Arena<'static>, work: &Work) -> u64 {
    let steps = work.steps.chunks(GENERATION - usize::from(LIVE));
    let one = |steps| {
        let reset = timed(|| arena.reset());
        reset + program::<Direct>(arena, &work.fill, steps)
    };
    steps.take(OPERATIONS / GENERATION).map(one).sum()
}
