//! The shared pool beside the unshared one: one thread, two threads, hand-over.
//!
//! `cargo bench --features shared --bench shared`

#![allow(missing_docs, reason = "criterion's macros make public items without documentation")]

#[path = "support/mod.rs"]
mod support;

use core::mem::MaybeUninit;
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use arraypool::shared::{Lane, LaneArray, SharedArray, SharedPool};
use arraypool::{ArrayPool, Metadata, PoolArray, ReleaseStrategy, Tagged};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use support::workload::{self, Element, Step, Subject};

const LIVE: u32 = 4096;
const STEPS: usize = 16_384;
const SMALL_PERCENT: u64 = 80;

/// Writes the first element of an array.
fn write(array: &mut [MaybeUninit<Element>], value: u64) {
    if let Some(first) = array.first_mut() {
        first.write([value; 4]);
    }
}

fn read(array: &[MaybeUninit<Element>]) -> u64 {
    // SAFETY: every subject wrote the first element.
    array.first().map_or(0, |first| unsafe { first.assume_init_ref()[0] })
}

/// Makes a subject of something that allocates.
macro_rules! subject {
    ($name:ident, $source:ty, $array:ty) => {
        struct $name<'p, S: ReleaseStrategy>(&'p $source);

        impl<'p, S: ReleaseStrategy> Subject for $name<'p, S> {
            type Array = $array;

            #[inline(always)]
            fn take(&self, len: usize, value: u64) -> Self::Array {
                let mut array = self.0.allocate(len);
                write(&mut array, value);
                array
            }

            #[inline(always)]
            fn value(&self, array: &Self::Array) -> u64 {
                read(array)
            }

            #[inline(always)]
            fn give(&self, array: Self::Array) {
                drop(array);
            }
        }
    };
}

type Raw = MaybeUninit<Element>;

subject!(Unshared, ArrayPool<'p, Element, S>, PoolArray<'p, Raw, S>);
subject!(OnLane, Lane<'p, Element, S>, LaneArray<'p, 'p, Raw, S>);
subject!(ByDefault, SharedPool<Element, S>, SharedArray<'p, Raw, S>);

/// Every answer of a churn once, before anything is timed.
fn check(subject: &impl Subject, steps: &[Step]) {
    let mut live = workload::churn_fill(subject, LIVE, SMALL_PERCENT);
    assert_eq!(workload::churn::<_, true>(subject, &mut live, steps), steps.len() as u64);
    workload::churn_drain(subject, live);
}

/// How long `iterations` churns take on each of `threads` threads: the mean of the
/// threads.
fn churns<R>(
    threads: u32,
    iterations: u64,
    enter: impl Fn(&mut dyn FnMut(Runner<'_>)) -> R + Sync,
) -> Duration {
    let barrier = Barrier::new(threads as usize);
    let total: Duration = thread::scope(|scope| {
        let work = || {
            let mut taken = Duration::ZERO;
            enter(&mut |mut runner: Runner<'_>| {
                barrier.wait();
                let start = Instant::now();
                for _ in 0..iterations {
                    runner();
                }
                taken = start.elapsed();
            });
            taken
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().map(|thread| thread.join().expect("a churn ends")).sum()
    });
    total / threads
}

type Runner<'r> = Box<dyn FnMut() + 'r>;

/// One churn of a subject, again and again, with its arrays alive all along.
fn churn_of(subject: &impl Subject, steps: &[Step], run: &mut dyn FnMut(Runner<'_>)) {
    check(subject, steps);
    let mut live = workload::churn_fill(subject, LIVE, SMALL_PERCENT);
    run(Box::new(|| {
        workload::churn::<_, false>(subject, &mut live, steps);
    }));
    workload::churn_drain(subject, live);
}

fn churn_under<S: ReleaseStrategy>(criterion: &mut Criterion, threads: u32) {
    let steps = workload::churn_steps(STEPS, LIVE, SMALL_PERCENT, 1);
    let mut group = criterion.benchmark_group(format!("shared/churn/{threads}/{}", S::NAME));
    group.throughput(Throughput::Elements(STEPS as u64));
    group.bench_function(BenchmarkId::from_parameter("unshared"), |bencher| {
        bencher.iter_custom(|iterations| {
            churns(threads, iterations, |run| {
                let pool = ArrayPool::<Element, S>::new();
                churn_of(&Unshared(&pool), &steps, run);
            })
        });
    });
    let pool = SharedPool::<Element, S>::new();
    group.bench_function(BenchmarkId::from_parameter("lane"), |bencher| {
        bencher.iter_custom(|iterations| {
            churns(threads, iterations, |run| churn_of(&OnLane(&pool.lane()), &steps, run))
        });
    });
    group.bench_function(BenchmarkId::from_parameter("default"), |bencher| {
        bencher.iter_custom(|iterations| {
            churns(threads, iterations, |run| churn_of(&ByDefault(&pool), &steps, run))
        });
    });
    group.finish();
}

/// Sent home by the way that is open to all, and unpacked.
fn returns_under<S: ReleaseStrategy>(criterion: &mut Criterion) {
    const ARRAYS: usize = 256;
    let pool = SharedPool::<Element, S>::new();
    let lane = pool.lane();
    let mut group = criterion.benchmark_group(format!("shared/returns/{}", S::NAME));
    group.throughput(Throughput::Elements(ARRAYS as u64));
    group.bench_function("allocate and send home", |bencher| {
        bencher.iter(|| {
            let arrays: [_; ARRAYS] = core::array::from_fn(|_| lane.allocate(12).into_shared());
            for array in arrays {
                array.send_home().expect("it goes home");
            }
        });
    });
    group.finish();
}

fn shared(criterion: &mut Criterion) {
    for threads in [1, 2] {
        churn_under::<Tagged>(criterion, threads);
        churn_under::<Metadata>(criterion, threads);
    }
    returns_under::<Tagged>(criterion);
    returns_under::<Metadata>(criterion);
}

criterion_group!(benches, shared);
criterion_main!(benches);
