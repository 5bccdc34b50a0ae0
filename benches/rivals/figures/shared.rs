//! One pool, many threads: lanes and the default lane, beside the unshared pool,
//! general allocators, and pools of one length that threads share.
//!
//! Two threads run at once, each with arrays of its own. In the churn and the hand-over
//! each is timed by its own CPU time: what it waits for a lock or for a processor is not
//! in it, what it waits for a cache line is. Arrays of one length and the longest call
//! are timed by the wall clock, as some of those pools wait for locks, asleep.

use hdrhistogram::Histogram;

use crate::Group;
use crate::mallocs::{Heap, Jemalloc, JemallocSized, Malloc, Mimalloc};
use crate::measure::{Course, Times, race, shuffle};
use crate::options::Options;
use crate::ours::Owned;
use crate::report::{Goal, Report};
use crate::shared_pairs::{Crew, churn_crew, fixed_crew, hammer, hand_over_crew};
use crate::shared_subjects::{ByDefault, Common, Lanes, Objects, OnLane, Queued, Shards, Slotted};
use crate::subjects::{Churn, Workload};
use crate::support::workload::{Element, XorShift};

use arraypool::{Metadata, ReleaseStrategy, Tagged};

use Goal::{AtLeast, AtMost};

pub(crate) const GROUP: Group =
    Group { name: "shared", about: "one pool, many threads", run, child };

/// The strategies, and what their contenders are called.
const STRATEGIES: [&str; 2] = ["tagged", "metadata"];
const MALLOCS: [&str; 3] = ["mimalloc", "jemalloc", "jemalloc-sized"];
const ONE_LENGTH: [&str; 3] = ["object-pool", "opool", "sharded-slab"];

fn child(_: &[String]) -> Result<(), String> {
    Err("this group has no parts".to_string())
}

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let rounds = if options.quick { 40 } else { 300 };
    one_thread(report, options, &mut random);
    two_threads(report, rounds, options.seed, &mut random);
    hand_over(report, rounds, options.seed, &mut random);
    one_length(report, rounds, &mut random);
    longest_call(report, options);
}

/// A lane against the unshared pool, on one thread.
fn one_thread(report: &mut Report, options: &Options, random: &mut XorShift) {
    fn enter<S: ReleaseStrategy>(churn: &mut Churn, names: [&'static str; 3]) {
        churn.enter(names[0], Owned::<Element, S>::new);
        churn.enter(names[1], OnLane::<S>::new);
        churn.enter(names[2], ByDefault::<S>::new);
    }
    let (heats, rounds) = if options.quick { (2, 60) } else { (5, 300) };
    let course = Course { heats, rounds, operations: Churn::OPERATIONS, answer: Churn::ANSWER };
    let churn = Churn::new(options.seed);
    let all = || {
        let mut churn = churn.clone();
        enter::<Tagged>(&mut churn, ["unshared-tagged", "lane-tagged", "default-tagged"]);
        enter::<Metadata>(&mut churn, ["unshared-metadata", "lane-metadata", "default-metadata"]);
        churn.enter("mimalloc", Heap::<Mimalloc, Element>::new);
        churn.entered()
    };
    let times = race(all, course, random);
    report.times("churn", &times);
    for name in STRATEGIES {
        let (lane, unshared) = (format!("lane-{name}"), format!("unshared-{name}"));
        let ratio = times.ratio(&lane, &unshared);
        report.goal(format!("{lane}/churn/unshared"), ratio, AtMost(1.25));
        let ratio = times.ratio(&format!("default-{name}"), &unshared);
        report.fact(format!("default-{name}/churn/unshared"), ratio);
    }
}

/// Every crew once per round, each round in another order.
fn regatta(crews: &mut [Crew], rounds: usize, random: &mut XorShift) -> Times {
    /// Rounds before any is recorded.
    const WARM_UP: usize = 3;
    let mut times = Times::default();
    for crew in crews.iter() {
        times.entry(crew.name);
    }
    let mut order: Vec<usize> = (0..crews.len()).collect();
    for round in 0..rounds + WARM_UP {
        shuffle(&mut order, random);
        for &index in &order {
            let crew = &mut crews[index];
            let nanoseconds = (crew.run)(round);
            if round >= WARM_UP {
                times.entry(crew.name).push(nanoseconds);
            }
        }
    }
    times
}

fn malloc_crew<M: Malloc + 'static>(name: &'static str, seed: u64) -> Crew {
    churn_crew(name, seed, Heap::<M, Element>::new)
}

/// Two threads, each with a churn of its own.
fn two_threads(report: &mut Report, rounds: usize, seed: u64, random: &mut XorShift) {
    fn crews<S: ReleaseStrategy>(names: [&'static str; 3], seed: u64) -> Vec<Crew> {
        let (lanes, common) = (Lanes::<S>::new(), Common::<S>::new());
        vec![
            churn_crew(names[0], seed, Owned::<Element, S>::new),
            churn_crew(names[1], seed, move || lanes.lane()),
            churn_crew(names[2], seed, move || common.subject()),
        ]
    }
    let mut all = crews::<Tagged>(["unshared-tagged", "lane-tagged", "default-tagged"], seed);
    all.extend(crews::<Metadata>(["unshared-metadata", "lane-metadata", "default-metadata"], seed));
    all.push(malloc_crew::<Mimalloc>("mimalloc", seed));
    all.push(malloc_crew::<Jemalloc>("jemalloc", seed));
    all.push(malloc_crew::<JemallocSized>("jemalloc-sized", seed));
    let times = regatta(&mut all, rounds, random);
    report.times("churn-2-threads", &times);
    let fastest = times.fastest(&MALLOCS);
    println!("fastest churn-2-threads {fastest}");
    for name in STRATEGIES {
        let (lane, default) = (format!("lane-{name}"), format!("default-{name}"));
        let ratio = times.ratio(&format!("unshared-{name}"), &lane);
        report.goal(format!("{lane}/churn-2-threads/unshared"), ratio, AtLeast(0.95));
        let ratio = times.ratio("mimalloc", &default);
        report.goal(format!("{default}/churn-2-threads/mimalloc"), ratio, AtLeast(1.3));
        report.fact(format!("{lane}/churn-2-threads/mimalloc"), times.ratio("mimalloc", &lane));
        let ratio = times.ratio(fastest, &default);
        report.fact(format!("{default}/churn-2-threads/malloc"), ratio);
    }
}

/// One thread allocates, another releases.
fn hand_over(report: &mut Report, rounds: usize, seed: u64, random: &mut XorShift) {
    fn ours<S: ReleaseStrategy>(name: &'static str, seed: u64) -> Crew {
        let lanes = Lanes::<S>::new();
        hand_over_crew(name, seed, move || lanes.sending())
    }
    fn malloc<M: Malloc + 'static>(name: &'static str, seed: u64) -> Crew {
        hand_over_crew(name, seed, Heap::<M, Element>::new)
    }
    let mut all = vec![
        ours::<Tagged>("lane-tagged", seed),
        ours::<Metadata>("lane-metadata", seed),
        malloc::<Mimalloc>("mimalloc", seed),
        malloc::<Jemalloc>("jemalloc", seed),
        malloc::<JemallocSized>("jemalloc-sized", seed),
    ];
    let times = regatta(&mut all, rounds, random);
    report.times("hand-over", &times);
    let fastest = times.fastest(&MALLOCS);
    println!("fastest hand-over {fastest}");
    for name in STRATEGIES {
        let ratio = times.ratio(fastest, &format!("lane-{name}"));
        report.goal(format!("lane-{name}/hand-over/malloc"), ratio, AtLeast(1.3));
    }
}

/// One fixed length, for pools that have no other.
fn one_length(report: &mut Report, rounds: usize, random: &mut XorShift) {
    fn ours<S: ReleaseStrategy>(name: &'static str) -> Crew {
        let common = Common::<S>::new();
        fixed_crew(name, move || common.subject())
    }
    let (objects, queued, shards) = (Objects::new(), Queued::new(), Shards::new());
    let mut all = vec![
        ours::<Tagged>("default-tagged"),
        ours::<Metadata>("default-metadata"),
        fixed_crew("object-pool", move || Slotted(objects)),
        fixed_crew("opool", move || Slotted(queued)),
        fixed_crew("sharded-slab", move || Slotted(shards)),
    ];
    let times = regatta(&mut all, rounds, random);
    report.times("one-length", &times);
    for name in STRATEGIES {
        for rival in ONE_LENGTH {
            let ratio = times.ratio(rival, &format!("default-{name}"));
            report.goal(format!("default-{name}/one-length/{rival}"), ratio, AtLeast(2.0));
        }
    }
}

/// The longest single call while two threads hammer, by the wall clock: a call that
/// is interrupted for another process is among them, whoever it belongs to.
fn longest_call(report: &mut Report, options: &Options) {
    let calls = if options.quick { 200_000 } else { 2_000_000 };
    let tagged = (Lanes::<Tagged>::new(), Common::<Tagged>::new());
    let all: [(&str, Histogram<u64>); 3] = [
        ("lane-tagged", hammer(calls, || tagged.0.lane())),
        ("default-tagged", hammer(calls, || tagged.1.subject())),
        ("mimalloc", hammer(calls, Heap::<Mimalloc, Element>::new)),
    ];
    for (name, histogram) in all {
        for (word, quantile) in [("p50", 0.5), ("p99.99", 0.9999)] {
            let value = histogram.value_at_quantile(quantile) as f64;
            report.fact(format!("{name}/call/{word}/ns"), value);
        }
    }
}
