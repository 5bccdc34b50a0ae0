//! Curves: one live array over its length, and replacement over how many are alive.

use crate::Group;
use crate::mallocs::{Glibc, Heap, Mimalloc, Snmalloc};
use crate::measure::{Contender, Course, race};
use crate::options::Options;
use crate::report::Report;
use crate::subjects::{Churn, Content, Pair, Workload, ours};
use crate::support::workload::{Element, XorShift};

pub(crate) const GROUP: Group =
    Group { name: "curves", about: "time over length and over live arrays", run, child };

/// Every class of the default table, and beyond it.
const LENGTHS: [usize; 7] = [1, 4, 16, 64, 256, 1024, 4096];
/// From the first cache to far out of the last.
const CROWDS: [u32; 7] = [16, 128, 1024, 8192, 65_536, 262_144, 1_000_000];

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (1, 15) } else { (3, 60) };
    let pairs = Course { heats, rounds, operations: Pair::OPERATIONS, answer: Pair::ANSWER };
    for len in LENGTHS {
        let times = race(|| few::<Element>(Pair::new(len)), pairs, &mut random);
        report.times(&format!("pair-{len}"), &times);
    }
    let churns = Course { operations: Churn::OPERATIONS, answer: Churn::ANSWER, ..pairs };
    for live in CROWDS {
        let churn = Churn::<u32>::among(live, options.seed);
        let times = race(|| few::<u64>(churn.clone()), churns, &mut random);
        report.times(&format!("crowd-{live}"), &times);
    }
}

/// The strategies, their floor and three allocators.
fn few<T: Content>(mut workload: impl Workload) -> Vec<Contender> {
    ours::<T>(&mut workload);
    workload.enter("glibc", Heap::<Glibc, T>::new);
    workload.enter("mimalloc", Heap::<Mimalloc, T>::new);
    workload.enter("snmalloc", Heap::<Snmalloc, T>::new);
    workload.entered()
}

fn child(words: &[String]) -> Result<(), String> {
    Err(format!("no such part: {}", words.join(" ")))
}
