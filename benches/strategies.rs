//! The strategies side by side, and the unchecked floor below them.
//!
//! `cargo bench --bench strategies`, then open
//! `target/criterion/report/index.html`.

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]

#[path = "support/mod.rs"]
mod support;

use core::time::Duration;

use arraypool::{Arena, ArrayPool, Direct, Metadata, PoolArray, ReleaseStrategy, Tagged};
use criterion::measurement::WallTime;
use criterion::{
    AxisScale, BenchmarkGroup, BenchmarkId, Criterion, PlotConfiguration, Throughput,
    criterion_group, criterion_main,
};
use support::unchecked::Unchecked;
use support::workload::{self, Element, Subject};

struct Owned<'p, S: ReleaseStrategy>(&'p ArrayPool<'p, Element, S>);

impl<'p, S: ReleaseStrategy> Subject for Owned<'p, S> {
    type Array = PoolArray<'p, core::mem::MaybeUninit<Element>, S>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        let mut array = self.0.allocate(len);
        if let Some(first) = array.first_mut() {
            first.write([value; 4]);
        }
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the first element.
        array.first().map_or(0, |first| unsafe { first.assume_init_ref()[0] })
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

const ROUNDS: usize = 1000;
const LIVE: u32 = 4096;
const STEPS: usize = 16_384;
const SMALL_PERCENT: u64 = 80;
/// Lengths of the curve over lengths: every class of the default table and beyond.
const LENGTHS: [usize; 7] = [1, 4, 16, 64, 256, 1024, 4096];
/// Live arrays of the curve over them: from the first cache to far out of the last.
const CROWDS: [u32; 7] = [16, 128, 1024, 8192, 65_536, 262_144, 1_000_000];

/// Replacements in one iteration of that curve: a time in milliseconds is one in
/// nanoseconds for each.
const CROWD_STEPS: usize = 1_000_000;

/// A group in which an operation is one array, taken and given back.
fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    operations: usize,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = curve(criterion, name);
    group.throughput(Throughput::Elements(operations as u64));
    group
}

/// A group over a number. It has no throughput, which a chart would take for that number.
fn curve<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    // With `--quick` criterion does not warm up, and doubles the iterations until this time
    // is over: a benchmark takes little more than a second, all groups less than three minutes.
    let quick = std::env::args().any(|argument| argument == "--quick");
    group.warm_up_time(Duration::from_secs(1));
    group.measurement_time(Duration::from_millis(if quick { 400 } else { 2000 }));
    group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
    group
}

/// `Direct` never gives back, so each round of it has an arena that is reset.
fn rounds<S: ReleaseStrategy>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    mut work: impl FnMut(&Owned<'_, S>) -> u64,
) {
    let mut arena = Arena::new();
    group.bench_function(id, |bencher| {
        if S::RECLAIMS {
            let pool = ArrayPool::<Element, S>::new();
            bencher.iter(|| work(&Owned(&pool)));
        } else {
            bencher.iter(|| {
                arena.reset();
                let pool = ArrayPool::<Element, S>::new_in(&arena);
                work(&Owned(&pool))
            });
        }
    });
}

/// Every strategy once with all answers checked, before any is timed.
fn check<S: ReleaseStrategy>() {
    let pool = ArrayPool::<Element, S>::new();
    let subject = Owned(&pool);
    let sum: u64 = (0..ROUNDS as u64).sum();
    assert_eq!(workload::pair::<_, true>(&subject, 12, ROUNDS), sum);
    assert_eq!(workload::stack::<_, true>(&subject, &mut workload::places(ROUNDS)), sum);
    let steps = workload::churn_steps::<u16>(STEPS, LIVE, SMALL_PERCENT, 1);
    let mut live = workload::churn_fill(&subject, LIVE, SMALL_PERCENT);
    assert_eq!(workload::churn::<_, true>(&subject, &mut live, &steps), STEPS as u64);
    workload::churn_drain(&subject, live);
}

fn pair_of<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>, len: usize) {
    let id = BenchmarkId::new(S::NAME, len);
    rounds::<S>(group, id, |subject| workload::pair::<_, false>(subject, len, ROUNDS));
}

/// One live array, over lengths.
fn pair(criterion: &mut Criterion) {
    check::<Unchecked>();
    check::<Direct>();
    check::<Metadata>();
    check::<Tagged>();
    let mut group = curve(criterion, "pair over length");
    for len in LENGTHS {
        pair_of::<Unchecked>(&mut group, len);
        pair_of::<Direct>(&mut group, len);
        pair_of::<Metadata>(&mut group, len);
        pair_of::<Tagged>(&mut group, len);
    }
    group.finish();
}

fn stack_of<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>) {
    rounds::<S>(group, BenchmarkId::from_parameter(S::NAME), |subject| {
        workload::stack::<_, false>(subject, &mut workload::places(ROUNDS))
    });
}

/// A thousand arrays, given back in reverse.
fn stack(criterion: &mut Criterion) {
    let mut group = group(criterion, "stack", ROUNDS);
    stack_of::<Unchecked>(&mut group);
    stack_of::<Direct>(&mut group);
    stack_of::<Metadata>(&mut group);
    stack_of::<Tagged>(&mut group);
    group.finish();
}

/// Replacements among `live` arrays, which are there before and gone afterwards.
fn churn_of<S: ReleaseStrategy, V: Copy + Into<u32> + TryFrom<u64>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    live: u32,
    (small_percent, steps): (u64, usize),
) {
    let pool = ArrayPool::<Element, S>::new();
    let subject = Owned(&pool);
    // Filled when it is measured for the first time, which a filter may spare it.
    let mut crowd = None;
    group.bench_function(id, |bencher| {
        let (steps, live) = crowd.get_or_insert_with(|| {
            let steps = workload::churn_steps::<V>(steps, live, small_percent, 1);
            (steps, workload::churn_fill(&subject, live, small_percent))
        });
        bencher.iter(|| workload::churn::<_, false>(&subject, live, steps));
    });
    if let Some((_, live)) = crowd {
        workload::churn_drain(&subject, live);
    }
}

/// `Direct` is not here: what it never gives back is not churn.
fn churn(criterion: &mut Criterion) {
    fn one<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>) {
        let workload = (SMALL_PERCENT, STEPS);
        churn_of::<S, u16>(group, BenchmarkId::from_parameter(S::NAME), LIVE, workload);
    }
    let mut group = group(criterion, "churn", STEPS);
    one::<Unchecked>(&mut group);
    one::<Metadata>(&mut group);
    one::<Tagged>(&mut group);
    group.finish();
}

/// The same over live arrays, all of them small, so that the edges of the caches show.
fn crowd(criterion: &mut Criterion) {
    fn one<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>, live: u32) {
        churn_of::<S, u32>(group, BenchmarkId::new(S::NAME, live), live, (100, CROWD_STEPS));
    }
    let mut group = curve(criterion, "churn over live arrays");
    group.sample_size(20);
    for live in CROWDS {
        one::<Unchecked>(&mut group, live);
        one::<Metadata>(&mut group, live);
        one::<Tagged>(&mut group, live);
    }
    group.finish();
}

criterion_group!(benches, pair, stack, churn, crowd);
criterion_main!(benches);
