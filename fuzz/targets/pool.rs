//! Arrays taken, given back and given back wrongly, against what a pool promises.
//!
//! Nobody's bytes change while he holds an array; exactly the right releases are
//! taken; the books add up whatever was tried.

#![no_main]

use arbitrary::Arbitrary;
use arraypool::{
    ArrayPool, Direct, Metadata, PoolArray, PoolVec, RawArray, ReleaseStrategy, Tagged,
};
use arraypool_fuzz::{byte, is_intact};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Allocate(u16),
    AllocateByHand(u16),
    Drop(u8),
    IntoRaw(u8),
    FromRaw(u8),
    Release(u8),
    ReleaseAgain(u8),
    ReleaseAddress(u8),
    ReleaseOwned(u8),
    ReleaseInside { which: u8, offset: u16 },
    ReleaseAnywhere(usize),
    Locate { which: u8, offset: u16 },
    Reserve { length: u16, count: u8 },
    Trim(u8),
    Grow { which: u8, by: u8 },
    Reset,
}

#[derive(Debug, Arbitrary)]
struct Input {
    strategy: u8,
    steps: Vec<Step>,
}

/// The longest array: beyond the table's last class.
const LONGEST: usize = 2000;

/// All that is held between two resets. The number is the tenant's.
struct Held<'p, S: ReleaseStrategy> {
    owned: Vec<(PoolArray<'p, u8, S>, u32)>,
    raw: Vec<(RawArray<u8>, usize, u32)>,
    given_up: Vec<RawArray<u8>>,
}

fn pick<T>(items: &mut Vec<T>, which: u8) -> Option<T> {
    (!items.is_empty()).then(|| items.swap_remove(usize::from(which) % items.len()))
}

fn run<S: ReleaseStrategy>(mut steps: &[Step]) {
    let mut pool = ArrayPool::<u8, S>::new();
    let mut numbers = 0;
    while !steps.is_empty() {
        let until = steps.iter().position(|step| matches!(step, Step::Reset));
        let (epoch, rest) = steps.split_at(until.unwrap_or(steps.len()));
        run_epoch(&pool, epoch, &mut numbers);
        pool.reset();
        steps = rest.split_first().map_or(&[], |(_, rest)| rest);
    }
}

/// What happens between two resets.
fn run_epoch<S: ReleaseStrategy>(pool: &ArrayPool<'_, u8, S>, steps: &[Step], numbers: &mut u32) {
    let mut held = Held { owned: Vec::new(), raw: Vec::new(), given_up: Vec::new() };
    for step in steps {
        carry_out(pool, step, &mut held, numbers);
    }
    let stats = pool.verify().expect("the books add up");
    if S::RECLAIMS {
        let owned = held.owned.iter().map(|(array, _)| array.len());
        let lengths = owned.chain(held.raw.iter().map(|raw| raw.1));
        assert_eq!(stats.live, lengths.filter(|&length| length > 0).count());
    }
    for (array, number) in held.owned {
        assert!(is_intact(&array, number));
    }
}

fn carry_out<'p, S: ReleaseStrategy>(
    pool: &'p ArrayPool<'_, u8, S>,
    step: &Step,
    held: &mut Held<'p, S>,
    numbers: &mut u32,
) {
    *numbers += 1;
    let number = *numbers;
    match *step {
        Step::Allocate(length) => {
            let length = usize::from(length) % LONGEST;
            let array = pool.allocate_with(length, |position| byte(number, position));
            assert_eq!(array.len(), length);
            held.owned.push((array, number));
        }
        Step::AllocateByHand(length) => {
            let length = usize::from(length) % LONGEST;
            let raw = pool.try_allocate_raw(length).expect("memory");
            for position in 0..length {
                // SAFETY: the array has so many elements, and is held by hand here.
                unsafe { raw.ptr.add(position).write(byte(number, position)) };
            }
            held.raw.push((raw, length, number));
        }
        Step::Drop(which) => {
            if let Some((array, number)) = pick(&mut held.owned, which) {
                assert!(is_intact(&array, number));
                array.release().expect("an owned array goes home");
            }
        }
        Step::IntoRaw(which) => {
            if let Some((array, number)) = pick(&mut held.owned, which) {
                let length = array.len();
                held.raw.push((array.into_raw(), length, number));
            }
        }
        Step::FromRaw(which) => {
            if let Some((raw, length, number)) = pick(&mut held.raw, which) {
                // SAFETY: all elements were written, and nobody else has the array.
                match unsafe { pool.from_raw(raw) } {
                    Ok(array) => {
                        assert_eq!(array.len(), length);
                        assert!(is_intact(&array, number));
                        // An empty array has no slot, and may be given back as often as one likes.
                        if length > 0 {
                            held.given_up.push(raw);
                        }
                        held.owned.push((array, number));
                    }
                    Err(_) => assert!(!S::RECLAIMS || length == 0),
                }
            }
        }
        Step::Release(which) => {
            if let Some((raw, length, number)) = pick(&mut held.raw, which) {
                // SAFETY: the array is held by hand, and all of it was written.
                let bytes = unsafe { core::slice::from_raw_parts(raw.ptr.as_ptr(), length) };
                assert!(is_intact(bytes, number));
                // SAFETY: nobody uses it afterwards.
                let answer = unsafe { pool.release_raw(raw) };
                assert_eq!(answer.is_ok(), S::RECLAIMS || length == 0, "{answer:?}");
                if length > 0 {
                    held.given_up.push(raw);
                }
            }
        }
        Step::ReleaseAgain(which) => {
            if let Some(raw) = pick(&mut held.given_up, which) {
                // A handle that became one held by hand again has the same value.
                if !held.raw.iter().any(|(other, ..)| *other == raw) {
                    // SAFETY: a wrong release is defined: nobody uses the array by this value.
                    assert!(unsafe { pool.release_raw(raw) }.is_err());
                }
                held.given_up.push(raw);
            }
        }
        Step::ReleaseAddress(which) => {
            if let Some((raw, length, _)) = pick(&mut held.raw, which) {
                // SAFETY: the array is held by hand, and given up.
                let answer = unsafe { pool.release_ptr(raw.ptr.as_ptr()) };
                assert_eq!(answer.is_ok(), S::RECLAIMS && length > 0, "{answer:?}");
                if length > 0 {
                    held.given_up.push(raw);
                }
            }
        }
        Step::ReleaseOwned(which) => {
            if let Some((array, number)) = pick(&mut held.owned, which) {
                if !array.is_empty() {
                    // SAFETY: a wrong release is defined, and refused.
                    assert!(unsafe { pool.release_ptr(array.as_ptr()) }.is_err());
                }
                held.owned.push((array, number));
            }
        }
        Step::ReleaseInside { which, offset } => {
            if let Some(&(raw, length, _)) = held.raw.get(usize::from(which)) {
                if length > 1 {
                    let inside =
                        raw.ptr.as_ptr().wrapping_add(1 + usize::from(offset) % (length - 1));
                    // SAFETY: a wrong release is defined, and refused.
                    assert!(unsafe { pool.release_ptr(inside) }.is_err());
                }
            }
        }
        Step::ReleaseAnywhere(address) => {
            let is_ours = |raw: &RawArray<u8>| raw.ptr.as_ptr().addr() == address;
            if !held.raw.iter().any(|(raw, ..)| is_ours(raw)) {
                // SAFETY: a wrong release is defined, and refused.
                let answer =
                    unsafe { pool.release_ptr(core::ptr::without_provenance::<u8>(address)) };
                assert!(answer.is_err());
            }
        }
        Step::Locate { which, offset } => {
            if let Some((array, _)) = held.owned.get(usize::from(which)) {
                if S::RECLAIMS && !array.is_empty() {
                    let inside = array.as_ptr().wrapping_add(usize::from(offset) % array.len());
                    let found = pool.locate(inside).expect("an array lies there");
                    assert_eq!((found.start, found.len), (array.as_ptr(), array.len()));
                }
            }
        }
        Step::Reserve { length, count } => {
            let count = usize::from(count) % 16;
            // A reservation may be refused; what is held is not concerned.
            let _ = pool.reserve(usize::from(length) % LONGEST, count);
        }
        Step::Trim(most) => pool.trim(u32::from(most)),
        Step::Grow { which, by } => {
            if let Some((array, number)) = pick(&mut held.owned, which) {
                let mut grown = PoolVec::from(array);
                let length = grown.len();
                grown.extend(
                    (length..length + usize::from(by)).map(|position| byte(number, position)),
                );
                held.owned.push((grown.into_array(), number));
            }
        }
        Step::Reset => unreachable!("an epoch has none"),
    }
}

fuzz_target!(|input: Input| {
    match input.strategy % 3 {
        0 => run::<Metadata>(&input.steps),
        1 => run::<Tagged>(&input.steps),
        _ => run::<Direct>(&input.steps),
    }
});
