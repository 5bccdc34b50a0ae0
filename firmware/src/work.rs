//! The work of the loop: the same on the chip and on the host, bit for bit.

use core::mem::MaybeUninit;

use arraypool::expr::{Batch, Engine, Limits, Phases, Pool};
use arraypool::{Arena, ArrayPool, DefaultStrategy, PoolArray};

use crate::expressions::{PARAMETERS, W1, W2, parameters};

/// Ticks of a run.
pub const TICKS: u32 = 10_000;
/// Every so many ticks an expression is replaced.
const REPLACE: u32 = 100;
/// Arrays that are held at a time, at most.
const HELD: usize = 16;
/// Elements of arrays of both classes.
const LENGTHS: [usize; 2] = [12, 200];

/// Bounds of an engine on the chip: little stack, little memory.
pub const LIMITS: Limits =
    Limits { text_bytes: 256, depth: 24, terms: 256, call_depth: 8, calls: 1000, fold: true };

/// Memory for everything: what a chip has as static buffers.
pub struct Buffers<'m> {
    /// Programs, texts and values.
    pub programs: &'m mut [MaybeUninit<u8>],
    /// Trees of texts.
    pub trees: &'m mut [MaybeUninit<u8>],
    /// Checked forms.
    pub checked: &'m mut [MaybeUninit<u8>],
    /// Arrays.
    pub arrays: &'m mut [MaybeUninit<u8>],
}

/// Bytes that each of the four takes.
pub const BYTES: [usize; 4] = [16 * 1024, 8 * 1024, 8 * 1024, 40 * 1024];

/// What a run says.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// Of every result's bits and every array's elements, in order.
    pub checksum: u64,
    /// Expressions that were replaced.
    pub replaced: u32,
    /// Arrays that were taken.
    pub taken: u32,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn mix(checksum: u64, bits: u64) -> u64 {
    (checksum ^ bits).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

/// What has to be there. (`expect` would print the error, and printing takes more
/// flash than the pool.)
///
/// # Panics
/// If it is not.
pub fn must<T, E>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(_) => panic!("there is no memory, or no such thing"),
    }
}

/// Replaces one expression, by W2's or back.
fn replace(batch: &mut Batch<'_, '_>, number: u32) {
    let index = number as usize % W1.len();
    let back = number as usize / W1.len() % 2 == 1;
    let texts = if back { &W1 } else { &W2 };
    must(batch.replace(index, texts[index]));
}

/// Runs the loop. `arm` is called before the first tick: from there on nothing
/// may allocate, until `disarm`, behind the last one. `wait` waits for the next.
///
/// # Panics
/// If something is not as it has to be.
pub fn run(
    buffers: Buffers<'_>,
    arm: impl FnOnce(),
    mut wait: impl FnMut(),
    disarm: impl FnOnce(),
) -> Report {
    let programs = Arena::from_buffer(buffers.programs);
    let pool = must(Pool::builder().max_runs(64).try_build_owning(programs));
    let pool = Pool::<DefaultStrategy>::from(pool);
    let phases = Phases::in_buffers(buffers.trees, buffers.checked);
    let engine = Engine::<f64>::with(&pool, phases, LIMITS);
    let mut batch = engine.batch();
    for name in PARAMETERS {
        must(batch.parameter(name, 0.0));
    }
    for text in W1 {
        must(batch.add(text));
    }
    let mut batch = batch.build();
    let arrays = Arena::from_buffer(buffers.arrays);
    let arrays = ArrayPool::<u64>::builder().max_runs(16).try_build_owning(arrays);
    let arrays: ArrayPool<'_, u64> = must(arrays);
    for length in LENGTHS {
        must(arrays.try_reserve(length, HELD));
    }
    arrays.freeze();
    // Every replacement once: what the pool needs for them it has from then on.
    for number in 0..2 * W1.len() as u32 {
        replace(&mut batch, number);
    }
    arm();

    let mut report = Report { checksum: 0, replaced: 0, taken: 0 };
    let mut held: [Option<PoolArray<'_, u64>>; HELD] = [const { None }; HELD];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for tick in 0..TICKS {
        wait();
        for (index, value) in parameters(tick).into_iter().enumerate() {
            batch.set(index, value);
        }
        batch.eval();
        for result in batch.results() {
            assert!(!result.is_nan(), "every expression has a value");
            report.checksum = mix(report.checksum, result.to_bits());
        }
        if tick % REPLACE == REPLACE - 1 {
            replace(&mut batch, report.replaced);
            report.replaced += 1;
        }
        let place = random.next() as usize % HELD;
        match held[place].take() {
            Some(array) => {
                let sum = array.iter().fold(0, |sum, element| mix(sum, *element));
                report.checksum = mix(report.checksum, sum);
            }
            None => {
                let length = LENGTHS[random.next() as usize % 2];
                let seed = u64::from(tick) << 8;
                let array = must(arrays.try_allocate_with(length, |index| seed + index as u64));
                held[place] = Some(array);
                report.taken += 1;
            }
        }
    }
    drop(held);
    assert!(must(arrays.verify()).live == 0, "every array is back");
    must(pool.verify());
    disarm();
    report
}

/// The strategy of this build.
pub const STRATEGY: &str = <DefaultStrategy as arraypool::ReleaseStrategy>::NAME;
