//! The strategies side by side, and the unchecked floor below them.
//!
//! `cargo bench --bench strategies`, then open
//! `target/criterion/report/index.html`.

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]

#[path = "support/mod.rs"]
mod support;

use arraypool::{Arena, ArrayPool, Direct, Metadata, PoolArray, ReleaseStrategy, Tagged};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
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

/// `Direct` never gives back, so each round of it has an arena that is reset.
fn rounds<S: ReleaseStrategy>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    mut work: impl FnMut(&Owned<'_, S>) -> u64,
) {
    let mut arena = Arena::new();
    group.bench_function(BenchmarkId::from_parameter(S::NAME), |bencher| {
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
    let steps = workload::churn_steps(STEPS, LIVE, SMALL_PERCENT, 1);
    let mut live = workload::churn_fill(&subject, LIVE, SMALL_PERCENT);
    assert_eq!(workload::churn::<_, true>(&subject, &mut live, &steps), STEPS as u64);
    workload::churn_drain(&subject, live);
}

fn pair(criterion: &mut Criterion) {
    check::<Unchecked>();
    check::<Direct>();
    check::<Metadata>();
    check::<Tagged>();
    for len in [12, 200] {
        let mut group = criterion.benchmark_group(format!("pair/{len}"));
        group.throughput(Throughput::Elements(ROUNDS as u64));
        rounds::<Unchecked>(&mut group, |s| workload::pair::<_, false>(s, len, ROUNDS));
        rounds::<Direct>(&mut group, |s| workload::pair::<_, false>(s, len, ROUNDS));
        rounds::<Metadata>(&mut group, |s| workload::pair::<_, false>(s, len, ROUNDS));
        rounds::<Tagged>(&mut group, |s| workload::pair::<_, false>(s, len, ROUNDS));
        group.finish();
    }
}

fn stack_round<S: ReleaseStrategy>(subject: &Owned<'_, S>) -> u64 {
    workload::stack::<_, false>(subject, &mut workload::places(ROUNDS))
}

fn stack(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stack");
    group.throughput(Throughput::Elements(ROUNDS as u64));
    rounds::<Unchecked>(&mut group, stack_round);
    rounds::<Direct>(&mut group, stack_round);
    rounds::<Metadata>(&mut group, stack_round);
    rounds::<Tagged>(&mut group, stack_round);
    group.finish();
}

fn churn_of<S: ReleaseStrategy>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let steps = workload::churn_steps(STEPS, LIVE, SMALL_PERCENT, 1);
    let pool = ArrayPool::<Element, S>::new();
    let subject = Owned(&pool);
    let mut live = workload::churn_fill(&subject, LIVE, SMALL_PERCENT);
    group.bench_function(BenchmarkId::from_parameter(S::NAME), |bencher| {
        bencher.iter(|| workload::churn::<_, false>(&subject, &mut live, &steps));
    });
    workload::churn_drain(&subject, live);
}

/// `Direct` is not here: what it never gives back is not churn.
fn churn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("churn");
    group.throughput(Throughput::Elements(STEPS as u64));
    churn_of::<Unchecked>(&mut group);
    churn_of::<Metadata>(&mut group);
    churn_of::<Tagged>(&mut group);
    group.finish();
}

criterion_group!(benches, pair, stack, churn);
criterion_main!(benches);
