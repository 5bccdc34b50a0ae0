//! Interleaved rounds in random order, and what their samples say.

use crate::clock;
use crate::support::workload::XorShift;

/// What is asked of one contender at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    /// Read every answer back; otherwise nothing is read, as a release reads nothing.
    pub(crate) check: bool,
    /// A number of its own for every pass of a race, the same for all contenders.
    pub(crate) number: usize,
}

/// One subject in one workload.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Does the workload once; with `check` it returns the sum of the answers.
    run: Box<dyn FnMut(Pass) -> u64>,
}

impl Contender {
    pub(crate) fn new(name: &'static str, run: impl FnMut(Pass) -> u64 + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }

    /// One pass that is not timed.
    pub(crate) fn pass(&mut self, pass: Pass) -> u64 {
        (self.run)(pass)
    }
}

/// How long a race is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// Contenders that are made anew, so that no figure hangs on where memory
    /// happens to lie.
    pub(crate) heats: usize,
    /// Rounds of one heat.
    pub(crate) rounds: usize,
    /// Takes and returns in one pass.
    pub(crate) operations: usize,
    /// The sum of a pass that is checked.
    pub(crate) answer: u64,
}

/// Rounds of a heat before any is recorded.
const WARM_UP: usize = 5;

/// Nanoseconds per operation of every contender in every round.
#[derive(Debug, Default)]
pub(crate) struct Times {
    samples: Vec<(&'static str, Vec<f64>)>,
}

/// Every contender once per round, each round in another order.
pub(crate) fn race(
    make: impl Fn() -> Vec<Contender>,
    course: Course,
    random: &mut XorShift,
) -> Times {
    let mut times = Times::default();
    for _ in 0..course.heats {
        heat(make(), course, random, &mut times);
    }
    times
}

/// Right before it is timed, a contender does the same work with its answers read
/// and asserted.
fn heat(mut contenders: Vec<Contender>, course: Course, random: &mut XorShift, times: &mut Times) {
    for one in &contenders {
        times.entry(one.name);
    }
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    for round in 0..course.rounds + WARM_UP {
        shuffle(&mut order, random);
        for &index in &order {
            let one = &mut contenders[index];
            let answer = one.pass(Pass { check: true, number: 2 * round });
            assert_eq!(answer, course.answer, "the answers of {}", one.name);
            let before = clock::thread_nanoseconds();
            one.pass(Pass { check: false, number: 2 * round + 1 });
            let taken = clock::thread_nanoseconds() - before;
            if round >= WARM_UP {
                times.entry(one.name).push(taken as f64 / course.operations as f64);
            }
        }
    }
}

/// The shuffle of Durstenfeld, "Algorithm 235: random permutation" (1964).
pub(crate) fn shuffle<T>(order: &mut [T], random: &mut XorShift) {
    for last in (1..order.len()).rev() {
        // A handful of contenders: any half of the number is random enough.
        let pick = (random.next() >> 40) as u32 as usize;
        order.swap(last, pick % (last + 1));
    }
}

impl Times {
    /// The samples of one contender, who may be new.
    pub(crate) fn entry(&mut self, name: &'static str) -> &mut Vec<f64> {
        let found = self.samples.iter().position(|(other, _)| *other == name);
        let index = found.unwrap_or_else(|| {
            self.samples.push((name, Vec::new()));
            self.samples.len() - 1
        });
        &mut self.samples[index].1
    }

    fn of(&self, name: &str) -> &[f64] {
        let found = self.samples.iter().find(|(other, _)| *other == name);
        &found.unwrap_or_else(|| panic!("{name} took part")).1
    }

    /// Everyone who took part, with the median of its nanoseconds per operation.
    pub(crate) fn medians(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.samples.iter().map(|(name, samples)| (*name, median(samples.clone())))
    }

    /// The median of one contender.
    pub(crate) fn median(&self, name: &str) -> f64 {
        median(self.of(name).to_vec())
    }

    /// The median, over all rounds, of how many times longer `slow` took.
    pub(crate) fn ratio(&self, slow: &str, fast: &str) -> f64 {
        median(self.of(slow).iter().zip(self.of(fast)).map(|(slow, fast)| slow / fast).collect())
    }

    /// Which of these was the fastest by its median.
    pub(crate) fn fastest(&self, among: &[&'static str]) -> &'static str {
        let faster = |a: &&&str, b: &&&str| self.median(a).total_cmp(&self.median(b));
        among.iter().min_by(faster).expect("somebody took part")
    }
}

/// The middle one of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        numbers[middle]
    } else {
        numbers[middle - 1].midpoint(numbers[middle])
    }
}
