//! Two threads at a time: a churn each, one length each, or one for the other.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Instant;

use hdrhistogram::Histogram;

use crate::clock;
use crate::support::workload::{self, Place, Step, Subject};

/// Two threads with the same work.
pub(crate) struct Crew {
    pub(crate) name: &'static str,
    /// Does one pass; nanoseconds per operation, over both threads.
    pub(crate) run: Box<dyn FnMut(usize) -> f64>,
}

/// Operations of a thread in one pass.
const OPERATIONS: usize = 10_000;
/// Passes before the steps are the same again.
const PASSES: usize = 20;
const LIVE: u32 = 4096;
const SMALL_PERCENT: u64 = 80;

/// Where two threads wait for each other, as often as they like.
struct Meeting {
    asleep: Barrier,
    /// How often somebody has come and is awake.
    awake: AtomicUsize,
}

impl Meeting {
    fn new() -> Self {
        Self { asleep: Barrier::new(2), awake: AtomicUsize::new(0) }
    }

    /// Both have come, and both run: who comes first sleeps, and a pass may be shorter
    /// than it takes to wake a thread.
    fn wait(&self) {
        self.asleep.wait();
        let before = self.awake.fetch_add(1, Ordering::AcqRel);
        let both = (before | 1) + 1;
        while self.awake.load(Ordering::Acquire) < both {
            thread::yield_now();
        }
    }
}

/// By the wall clock, for pools that make a thread wait for a lock, asleep.
fn timed_by_the_wall(work: impl FnOnce()) -> u64 {
    let before = Instant::now();
    work();
    before.elapsed().as_nanos() as u64
}

fn timed(work: impl FnOnce()) -> u64 {
    let before = clock::thread_nanoseconds();
    work();
    clock::thread_nanoseconds() - before
}

/// A churn on one of two threads. The same work is done first with its answers read
/// and asserted, which also warms a thread's own part of an allocator.
fn churn<S: Subject>(
    subject: &S,
    live: u32,
    steps: &[Step],
    meeting: &Meeting,
    clock: impl FnOnce(&mut dyn FnMut()) -> u64,
) -> u64 {
    let mut places = workload::churn_fill(subject, live, SMALL_PERCENT);
    let sum = workload::churn::<S, true>(subject, &mut places, steps);
    assert_eq!(sum, steps.len() as u64, "every array held a one");
    meeting.wait();
    let nanoseconds = clock(&mut || {
        workload::churn::<S, false>(subject, &mut places, steps);
    });
    meeting.wait();
    workload::churn_drain(subject, places);
    nanoseconds
}

/// Two threads with a churn each, by subjects that `make` gives each of them.
pub(crate) fn churn_crew<S: Subject + 'static>(
    name: &'static str,
    seed: u64,
    make: impl Fn() -> S + Send + Sync + 'static,
) -> Crew {
    let steps = workload::churn_steps(OPERATIONS * PASSES, LIVE, SMALL_PERCENT, seed);
    crew(name, make, move |subject, round, meeting| {
        let steps = &steps[round % PASSES * OPERATIONS..][..OPERATIONS];
        churn(subject, LIVE, steps, meeting, |work| timed(work))
    })
}

/// The same with few live arrays, by the wall clock; the subjects know one length
/// only, and some of them a lock.
pub(crate) fn fixed_crew<S: Subject + 'static>(
    name: &'static str,
    make: impl Fn() -> S + Send + Sync + 'static,
) -> Crew {
    const FEW: u32 = 64;
    let mut steps = workload::churn_steps(OPERATIONS, FEW, 100, 1);
    steps.iter_mut().for_each(|step| step.len = 16);
    crew(name, make, move |subject, _, meeting| {
        churn(subject, FEW, &steps, meeting, |work| timed_by_the_wall(work))
    })
}

/// Keeps this thread on one processor of those that it may use. Threads that wake each
/// other are otherwise put onto the same one, and a pass is over before that is noticed.
fn stay_on(number: usize) {
    // SAFETY: a set of bits, of which none is set.
    let mut all: libc::cpu_set_t = unsafe { core::mem::zeroed() };
    let size = size_of_val(&all);
    // SAFETY: the set is as large as is said; 0 is this thread.
    let found = unsafe { libc::sched_getaffinity(0, size, &raw mut all) };
    assert_eq!(found, 0, "a thread knows its processors");
    // SAFETY: the number is below the set's size.
    let usable = |processor: &usize| unsafe { libc::CPU_ISSET(*processor, &all) };
    let processors: Vec<usize> = (0..8 * size).filter(usable).collect();
    // SAFETY: as above.
    let mut one: libc::cpu_set_t = unsafe { core::mem::zeroed() };
    // SAFETY: the number is one of the set that was found.
    unsafe { libc::CPU_SET(processors[number % processors.len()], &mut one) };
    // SAFETY: the set is as large as is said; 0 is this thread.
    let kept = unsafe { libc::sched_setaffinity(0, size, &raw const one) };
    assert_eq!(kept, 0, "a thread may stay on a processor that it may use");
}

/// Two threads that live as long as the crew, each on a processor of its own, and make a
/// subject each: from pass to pass a pool keeps its memory, a lane its shelves, and an
/// allocator what it has for a thread.
fn crew<S: Subject + 'static>(
    name: &'static str,
    make: impl Fn() -> S + Send + Sync + 'static,
    work: impl Fn(&S, usize, &Meeting) -> u64 + Send + Sync + 'static,
) -> Crew {
    let common = Arc::new((make, work, Meeting::new()));
    let threads = [0, 1].map(|number| {
        let (orders, rounds) = mpsc::channel();
        let (teller, told) = mpsc::channel();
        let common = Arc::clone(&common);
        thread::spawn(move || {
            stay_on(number);
            let (make, work, meeting) = &*common;
            let subject = make();
            for round in rounds {
                let heard = teller.send(work(&subject, round, meeting));
                assert!(heard.is_ok(), "somebody waits for what was measured");
            }
        });
        (orders, told)
    });
    let run = move |round| {
        for (orders, _) in &threads {
            assert!(orders.send(round).is_ok(), "a thread waits for its next pass");
        }
        let of_one = |told: &mpsc::Receiver<u64>| told.recv().expect("a thread ends its pass");
        let nanoseconds: u64 = threads.iter().map(|(_, told)| of_one(told)).sum();
        nanoseconds as f64 / (2 * OPERATIONS) as f64
    };
    Crew { name, run: Box::new(run) }
}

/// Arrays on their way to the other thread.
struct Parcel<A>(Vec<Place<A>>);

// SAFETY: every subject that is handed over is one whose arrays any thread may give
// back: those of general allocators, and shared ones.
unsafe impl<A> Send for Parcel<A> {}

/// Arrays of one parcel.
const PARCEL: usize = 256;
const PARCELS: usize = 40;

/// One thread takes arrays and sends them, a parcel at a time, through a queue to
/// another, which gives them back. Each is timed while it takes or gives, and not
/// while it waits for the queue.
pub(crate) fn hand_over_crew<S: Subject + 'static>(
    name: &'static str,
    seed: u64,
    make: impl Fn() -> S + Sync + 'static,
) -> Crew {
    let steps = workload::churn_steps(PARCEL * PARCELS, LIVE, SMALL_PERCENT, seed);
    let run = move |_| {
        let nanoseconds = hand_over(&make, &steps);
        nanoseconds as f64 / steps.len() as f64
    };
    Crew { name, run: Box::new(run) }
}

fn hand_over<S: Subject>(make: &(impl Fn() -> S + Sync), steps: &[Step]) -> u64 {
    /// Parcels that may lie in the queue.
    const QUEUE: usize = 4;
    let (sender, receiver) = mpsc::sync_channel::<Parcel<S::Array>>(QUEUE);
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            let subject = make();
            let mut nanoseconds = 0;
            for (number, Parcel(parcel)) in receiver.into_iter().enumerate() {
                let first = parcel.first().map(|place| {
                    // SAFETY: the sender wrote every place.
                    subject.value(unsafe { place.assume_init_ref() })
                });
                assert_eq!(first, Some((number * PARCEL) as u64), "the parcels come in order");
                nanoseconds += timed(|| workload::churn_drain(&subject, parcel));
            }
            nanoseconds
        });
        let subject = make();
        let mut nanoseconds = 0;
        for (number, steps) in steps.chunks(PARCEL).enumerate() {
            let mut parcel = workload::places(PARCEL);
            nanoseconds += timed(|| {
                for (index, (place, step)) in parcel.iter_mut().zip(steps).enumerate() {
                    place.write(subject.take(step.len.into(), (number * PARCEL + index) as u64));
                }
            });
            assert!(sender.send(Parcel(parcel)).is_ok(), "the other thread is there");
        }
        drop(sender);
        nanoseconds + other.join().expect("a thread ends")
    })
}

/// The time of every single call of two threads, in nanoseconds.
pub(crate) fn hammer<S: Subject>(calls: usize, make: impl Fn() -> S + Sync) -> Histogram<u64> {
    let meeting = Meeting::new();
    let work = |number: usize| {
        let subject = make();
        let mut histogram = Histogram::new(3).expect("three digits are allowed");
        let steps = workload::churn_steps::<u16>(calls / 2, LIVE, SMALL_PERCENT, number as u64 + 1);
        let mut live = workload::churn_fill(&subject, LIVE, SMALL_PERCENT);
        meeting.wait();
        for step in &steps {
            let place = &mut live[usize::from(step.victim)];
            let start = Instant::now();
            // SAFETY: every place is written, and written again below.
            subject.give(unsafe { place.assume_init_read() });
            let between = Instant::now();
            place.write(subject.take(step.len.into(), 1));
            let end = Instant::now();
            for duration in [between - start, end - between] {
                histogram.saturating_record(duration.as_nanos() as u64);
            }
        }
        workload::churn_drain(&subject, live);
        histogram
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| work(1));
        let mut mine = work(0);
        mine.add(other.join().expect("a thread ends")).expect("both have the same range");
        mine
    })
}
