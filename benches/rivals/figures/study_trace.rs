//! A day of arrays: a million operations, of mixed lengths and mixed lives.
//!
//! Half of the arrays live for a second or two, as a request does, some for half an
//! hour, as a session, and some for hours, as what a cache holds. Most come around
//! noon and in the evening; those of the night are longer, as a nightly job's are.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use crate::support::workload::XorShift;

/// Arrays of a day, each taken once and given back once.
const ARRAYS: u32 = 500_000;
pub(crate) const HOURS: usize = 24;
/// How much of the day's work each hour has.
const WORK: [u32; HOURS] = [2, 2, 2, 2, 1, 1, 2, 3, 5, 6, 7, 8, 8, 7, 6, 5, 5, 5, 6, 7, 7, 5, 3, 2];
/// The hours with nightly jobs.
const NIGHT: core::ops::Range<usize> = 0..6;
const SECONDS: f64 = 3600.0;

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Take { place: u32, len: u32 },
    Give { place: u32 },
}

/// Operations, and where they are looked at.
pub(crate) struct Trace {
    pub(crate) steps: Vec<Step>,
    /// Arrays that are alive at once, at most.
    pub(crate) places: usize,
    /// How many steps lie before each look, in order.
    pub(crate) looks: Vec<usize>,
}

/// Places that are taken and given back, those that are free first.
#[derive(Default)]
struct Places {
    free: Vec<u32>,
    count: u32,
}

impl Places {
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

/// A number between 0 and 1.
fn part(random: &mut XorShift) -> f64 {
    (random.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// How long an array lives, in seconds.
fn life(random: &mut XorShift) -> f64 {
    let (kind, much) = (part(random), part(random));
    match kind {
        0.0..0.5 => 0.1 + 2.0 * much,
        0.5..0.8 => -1800.0 * (1.0 - much).ln(),
        _ => SECONDS * (1.0 + 11.0 * much),
    }
}

/// A length: of an hour by day, or of one by night.
fn length(random: &mut XorShift, night: bool) -> u32 {
    let (kind, pick) = (part(random), (random.next() >> 33) as u32);
    let (small, medium) = if night { (0.6, 0.95) } else { (0.84, 0.99) };
    if kind < small {
        1 + pick % 16
    } else if kind < medium {
        17 + pick % 240
    } else {
        257 + pick % 1792
    }
}

impl Trace {
    /// The day. Looks are at the end of each hour, and when all arrays have gone back.
    pub(crate) fn day(seed: u64) -> Self {
        let mut random = XorShift(seed | 1);
        let total: u32 = WORK.iter().sum();
        let mut trace = Self { steps: Vec::new(), places: 0, looks: Vec::new() };
        let (mut places, mut ends) = (Places::default(), BinaryHeap::new());
        for (hour, work) in WORK.iter().enumerate() {
            let count = ARRAYS / total * work;
            for index in 0..count {
                let now = SECONDS * (hour as f64 + f64::from(index) / f64::from(count));
                trace.give_until(now, &mut ends, &mut places);
                let place = places.take();
                let len = length(&mut random, NIGHT.contains(&hour));
                trace.steps.push(Step::Take { place, len });
                ends.push(Reverse((milliseconds(now + life(&mut random)), place)));
            }
            trace.give_until(SECONDS * (hour + 1) as f64, &mut ends, &mut places);
            trace.looks.push(trace.steps.len());
        }
        trace.give_until(f64::INFINITY, &mut ends, &mut places);
        trace.looks.push(trace.steps.len());
        trace.places = places.count as usize;
        trace
    }

    /// A batch: so many arrays taken, half of them replaced, all given back in a
    /// random order; 20 looks.
    pub(crate) fn batch(arrays: u32, seed: u64) -> Self {
        let mut random = XorShift(seed | 1);
        let mut take = |place| Step::Take { place, len: length(&mut random, false) };
        let mut steps: Vec<Step> = (0..arrays).map(&mut take).collect();
        for place in (0..arrays).step_by(2) {
            steps.extend([Step::Give { place }, take(place)]);
        }
        let mut order: Vec<u32> = (0..arrays).collect();
        crate::measure::shuffle(&mut order, &mut XorShift(seed | 1));
        steps.extend(order.into_iter().map(|place| Step::Give { place }));
        let looks = (1..=20).map(|look| steps.len() * look / 20).collect();
        Self { steps, places: arrays as usize, looks }
    }

    /// Gives back what ends until then.
    fn give_until(
        &mut self,
        now: f64,
        ends: &mut BinaryHeap<Reverse<(u64, u32)>>,
        places: &mut Places,
    ) {
        let now = milliseconds(now);
        while let Some(&Reverse((end, place))) = ends.peek()
            && end <= now
        {
            ends.pop();
            places.free.push(place);
            self.steps.push(Step::Give { place });
        }
    }
}

/// So many seconds, as a number that can be ordered.
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}
