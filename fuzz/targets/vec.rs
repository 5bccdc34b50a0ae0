//! The same operations on a `PoolVec` and on a `Vec`.

#![no_main]

use arbitrary::Arbitrary;
use arraypool::{ArrayPool, Direct, Metadata, PoolVec, ReleaseStrategy, Tagged};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Push(u32),
    Pop,
    Insert(u16, u32),
    Remove(u16),
    SwapRemove(u16),
    Truncate(u16),
    Clear,
    Extend(Vec<u32>),
    ExtendBy(u16),
    Resize(u16, u32),
    RetainMultiplesOf(u8),
    Dedup,
    Drain(u16, u16),
    Splice(u16, u16, Vec<u32>),
    ExtractMultiplesOf(u8, u16, u16),
    ExtendFromWithin(u16, u16),
    Append(Vec<u32>),
    SplitOff(u16),
    Reserve(u16),
    ShrinkToFit,
    Clone,
    ThroughArray,
}

#[derive(Debug, Arbitrary)]
struct Input {
    strategy: u8,
    steps: Vec<Step>,
}

/// The longest vector: beyond the table's last class.
const LONGEST: usize = 3000;

fn run<S: ReleaseStrategy>(steps: Vec<Step>) {
    let pool = ArrayPool::<u32, S>::new();
    let mut ours = pool.vec();
    let mut theirs = Vec::new();
    for step in steps {
        let at = |place: u16| usize::from(place) % (theirs.len() + 1);
        let of = |place: u16| usize::from(place) % theirs.len().max(1);
        match step {
            Step::Push(value) => {
                ours.push(value);
                theirs.push(value);
            }
            Step::Pop => assert_eq!(ours.pop(), theirs.pop()),
            Step::Insert(place, value) => {
                let place = at(place);
                ours.insert(place, value);
                theirs.insert(place, value);
            }
            Step::Remove(place) if !theirs.is_empty() => {
                let place = of(place);
                assert_eq!(ours.remove(place), theirs.remove(place));
            }
            Step::SwapRemove(place) if !theirs.is_empty() => {
                let place = of(place);
                assert_eq!(ours.swap_remove(place), theirs.swap_remove(place));
            }
            Step::Remove(_) | Step::SwapRemove(_) => {}
            Step::Truncate(length) => {
                let length = at(length);
                ours.truncate(length);
                theirs.truncate(length);
            }
            Step::Clear => {
                ours.clear();
                theirs.clear();
            }
            Step::Extend(values) => {
                ours.extend_from_slice(&values);
                theirs.extend_from_slice(&values);
            }
            Step::ExtendBy(count) => {
                let values = 0..u32::from(count) % 300;
                ours.extend(values.clone());
                theirs.extend(values);
            }
            Step::Resize(length, value) => {
                let length = usize::from(length) % LONGEST;
                ours.resize(length, value);
                theirs.resize(length, value);
            }
            Step::RetainMultiplesOf(divisor) => {
                let keep = |value: &u32| value % (u32::from(divisor) + 1) == 0;
                ours.retain(keep);
                theirs.retain(keep);
            }
            Step::Dedup => {
                ours.dedup();
                theirs.dedup();
            }
            Step::Drain(from, to) => {
                let (from, to) = (at(from), at(to));
                let range = from.min(to)..from.max(to);
                assert!(ours.drain(range.clone()).eq(theirs.drain(range)));
            }
            Step::Splice(from, to, values) => {
                let (from, to) = (at(from), at(to));
                let range = from.min(to)..from.max(to);
                let removed = ours.splice(range.clone(), values.iter().copied());
                assert!(removed.into_iter().eq(theirs.splice(range, values)));
            }
            Step::ExtractMultiplesOf(divisor, from, to) => {
                let (from, to) = (at(from), at(to));
                let range = from.min(to)..from.max(to);
                let asked = |value: &mut u32| *value % (u32::from(divisor) + 1) == 0;
                let extracted = ours.extract_if(range.clone(), asked);
                assert!(extracted.eq(theirs.extract_if(range, asked)));
            }
            Step::ExtendFromWithin(from, to) => {
                let (from, to) = (at(from), at(to));
                let range = from.min(to)..from.max(to).min(from.min(to) + 300);
                ours.extend_from_within(range.clone());
                theirs.extend_from_within(range);
            }
            Step::Append(values) => {
                let mut other = pool.vec();
                other.extend_from_slice(&values);
                ours.append(&mut other);
                assert!(other.is_empty());
                theirs.extend(values);
            }
            Step::SplitOff(place) => {
                let place = at(place);
                let (ours_behind, theirs_behind) = (ours.split_off(place), theirs.split_off(place));
                assert_eq!(ours_behind.as_slice(), theirs_behind);
            }
            Step::Reserve(additional) => {
                let additional = usize::from(additional) % LONGEST;
                ours.reserve(additional);
                assert!(ours.capacity() >= ours.len() + additional);
            }
            Step::ShrinkToFit => ours.shrink_to_fit(),
            Step::Clone => ours = ours.try_clone().expect("memory"),
            Step::ThroughArray => ours = PoolVec::from(ours.into_array()),
        }
        assert_eq!(ours.as_slice(), theirs);
        if theirs.len() > LONGEST {
            ours.truncate(LONGEST);
            theirs.truncate(LONGEST);
        }
    }
    drop(ours);
    let stats = pool.verify().expect("the books add up");
    assert!(!S::RECLAIMS || stats.live == 0);
}

fuzz_target!(|input: Input| {
    match input.strategy % 3 {
        0 => run::<Metadata>(input.steps),
        1 => run::<Tagged>(input.steps),
        _ => run::<Direct>(input.steps),
    }
});
