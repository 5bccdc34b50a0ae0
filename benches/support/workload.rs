//! The workloads that every comparison runs: pair, stack and churn.
//!
//! A *subject* takes an array of 32-byte elements, writes its first element and
//! can give it back; the workloads only decide the order. With `CHECK`, each
//! reads every first element back before it gives the array up and returns the
//! sum, for the caller to assert; without, it reads nothing, as a release does
//! not, and returns 0.

use core::mem::MaybeUninit;

/// An element of 32 bytes.
pub type Element = [u64; 4];

/// Something that hands out arrays.
pub trait Subject {
    /// A live array.
    type Array;
    /// Takes an array of `len` elements and writes `value` into the first.
    fn take(&self, len: usize, value: u64) -> Self::Array;
    /// The value in the first element.
    fn value(&self, array: &Self::Array) -> u64;
    /// Gives the array up.
    fn give(&self, array: Self::Array);
}

/// The generator of Marsaglia, "Xorshift RNGs" (2003), with its first triple for
/// 64 bits: it decides lengths and victims.
#[derive(Debug, Clone)]
pub struct XorShift(pub u64);

impl XorShift {
    /// The next number.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// One step of a churn: which live array is replaced, and by what length. Four
/// bytes, so that the steps leave the caches to the subject; eight where more
/// arrays are live than two bytes can count.
#[derive(Debug, Clone, Copy)]
pub struct Step<V = u16> {
    pub victim: V,
    pub len: u16,
}

/// Replacements of random arrays among `live`; `small_percent` of the lengths
/// are 1-16, the others 17-256.
pub fn churn_steps<V: TryFrom<u64>>(
    count: usize,
    live: u32,
    small_percent: u64,
    seed: u64,
) -> Vec<Step<V>> {
    let mut random = XorShift(seed | 1);
    (0..count)
        .map(|_| {
            let (pick, size) = (random.next(), random.next());
            let small = (pick >> 40) % 100 < small_percent;
            let len = if small { 1 + (size >> 20) % 16 } else { 17 + (size >> 20) % 240 };
            let victim = V::try_from(pick % u64::from(live));
            let victim = victim.unwrap_or_else(|_| panic!("{live} victims can be counted"));
            Step { victim, len: len as u16 }
        })
        .collect()
}

/// Gives an array up; returns what was in it, if asked to check.
#[inline(always)]
fn give<S: Subject, const CHECK: bool>(subject: &S, array: S::Array) -> u64 {
    let value = if CHECK { subject.value(&array) } else { 0 };
    subject.give(array);
    value
}

/// One array at a time: taken, touched, given back, `rounds` times.
#[inline(never)]
pub fn pair<S: Subject, const CHECK: bool>(subject: &S, len: usize, rounds: usize) -> u64 {
    let mut sum = 0;
    for round in 0..rounds {
        let array = subject.take(core::hint::black_box(len), round as u64);
        sum += give::<S, CHECK>(subject, array);
    }
    sum
}

/// A place for a live array.
///
/// Not an `Option`: assigning to one may drop, and what may drop may unwind, so
/// the compiler keeps a copy of the new handle in memory for that case. Here
/// nothing but the subject is measured.
pub type Place<A> = MaybeUninit<A>;

/// Gives up the array in `place`, which the caller writes again or forgets.
#[inline(always)]
fn give_from<S: Subject, const CHECK: bool>(subject: &S, place: &mut Place<S::Array>) -> u64 {
    // SAFETY: the workloads write every place before they read it, and read it
    // once per write.
    give::<S, CHECK>(subject, unsafe { place.assume_init_read() })
}

/// Places for `count` arrays.
pub fn places<A>(count: usize) -> Vec<Place<A>> {
    core::iter::repeat_with(MaybeUninit::uninit).take(count).collect()
}

/// One array taken into each place, then given back in reverse.
#[inline(never)]
pub fn stack<S: Subject, const CHECK: bool>(subject: &S, places: &mut [Place<S::Array>]) -> u64 {
    for (index, place) in places.iter_mut().enumerate() {
        // 4 of 5 lengths are small, as in a churn.
        let len = if index % 5 == 4 { 200 } else { 12 };
        place.write(subject.take(len, index as u64));
    }
    let mut sum = 0;
    for place in places.iter_mut().rev() {
        sum += give_from::<S, CHECK>(subject, place);
    }
    sum
}

/// What the places of a churn are filled with at first.
pub fn fill_steps(live: u32, small_percent: u64) -> Vec<Step<u32>> {
    churn_steps(live as usize, live, small_percent, 77)
}

/// Takes an array into each place, as long as the step of the same number says.
pub fn fill<S: Subject>(subject: &S, places: &mut [Place<S::Array>], steps: &[Step<u32>]) {
    for (place, step) in places.iter_mut().zip(steps) {
        place.write(subject.take(step.len as usize, 1));
    }
}

/// Fills `live` places before a churn.
pub fn churn_fill<S: Subject>(subject: &S, live: u32, small_percent: u64) -> Vec<Place<S::Array>> {
    let mut filled = places(live as usize);
    fill(subject, &mut filled, &fill_steps(live, small_percent));
    filled
}

/// Replaces one live array per step; no step names a victim that is not there.
#[inline(never)]
pub fn churn<S: Subject, const CHECK: bool>(
    subject: &S,
    live: &mut [Place<S::Array>],
    steps: &[Step<impl Copy + Into<u32>>],
) -> u64 {
    let mut sum = 0;
    for step in steps {
        let Some(place) = live.get_mut(step.victim.into() as usize) else { continue };
        sum += give_from::<S, CHECK>(subject, place);
        place.write(subject.take(step.len as usize, 1));
    }
    sum
}

/// Gives all live arrays back after a churn.
pub fn churn_drain<S: Subject>(subject: &S, live: Vec<Place<S::Array>>) {
    for mut place in live {
        give_from::<S, false>(subject, &mut place);
    }
}
