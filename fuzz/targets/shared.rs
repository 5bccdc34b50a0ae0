//! Threads that take, hand over, give back and give back wrongly, on one pool.

#![no_main]

use std::sync::Mutex;
use std::thread;

use arbitrary::Arbitrary;
use arraypool::shared::{SharedArray, SharedPool, SharedSettings};
use arraypool::{Metadata, ReleaseStrategy, Tagged};
use arraypool_fuzz::{byte, is_intact};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Lane(u16),
    Shared(u16),
    HandOver(u16),
    TakeOver,
    Drop(u8),
    ByHand(u16),
    Trim(u16),
    AnswerTrim,
    NewLane,
}

#[derive(Debug, Arbitrary)]
struct Input {
    strategy: u8,
    batch: u8,
    threads: [Vec<Step>; 3],
}

const LONGEST: u16 = 600;

fn run<S: ReleaseStrategy>(input: &Input) {
    let batch = u32::from(input.batch % 16) + 1;
    let pool = SharedPool::<u8, S>::with_settings(SharedSettings::new().batch(batch, 4096));
    let handed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&input.threads)
            .map(|(number, steps)| {
                let (pool, handed) = (&pool, &handed);
                scope.spawn(move || one_thread(pool, handed, steps, number << 24))
            })
            .collect();
        // A scope may end before its threads' own storage does, which is then seen as a leak.
        for thread in threads {
            thread.join().expect("no thread panics");
        }
    });
    drop(handed);
    let stats = pool.verify().expect("the books add up");
    assert_eq!(stats.live, 0);
}

fn one_thread<'p, S: ReleaseStrategy>(
    pool: &'p SharedPool<u8, S>,
    handed: &Mutex<Vec<(SharedArray<'p, u8, S>, u32)>>,
    mut steps: &[Step],
    mut number: u32,
) {
    while !steps.is_empty() {
        let lane = pool.lane();
        let until = steps.iter().position(|step| matches!(step, Step::NewLane));
        let (now, rest) = steps.split_at(until.unwrap_or(steps.len()));
        steps = rest.split_first().map_or(&[], |(_, rest)| rest);
        let mut own = Vec::new();
        let mut shared = Vec::new();
        for step in now {
            number += 1;
            let tenant = number;
            let make = |position| byte(tenant, position);
            let length = |length: u16| usize::from(length % LONGEST);
            match *step {
                Step::Lane(size) => own.push((lane.allocate_with(length(size), make), tenant)),
                Step::Shared(size) => shared.push((pool.allocate_with(length(size), make), tenant)),
                Step::HandOver(size) => {
                    let array = lane.allocate_with(length(size), make).into_shared();
                    handed.lock().expect("no thread panics").push((array, tenant));
                }
                Step::TakeOver => shared.extend(handed.lock().expect("no thread panics").pop()),
                Step::Drop(which) => {
                    if !own.is_empty() {
                        let (array, tenant) = own.swap_remove(usize::from(which) % own.len());
                        assert!(is_intact(&array, tenant));
                        array.release().expect("it goes home");
                    }
                    if let Some((array, tenant)) = shared.pop() {
                        assert!(is_intact(&array, tenant));
                        array.release().expect("it goes home");
                    }
                }
                Step::ByHand(size) => {
                    let raw = pool.allocate_with(length(size) + 1, make).into_raw();
                    // SAFETY: the array is held by hand, and given up.
                    unsafe { pool.release_raw(raw) }.expect("it goes home");
                    // SAFETY: a wrong release is defined, and refused.
                    assert!(unsafe { pool.release_raw(raw) }.is_err());
                }
                Step::Trim(bytes) => pool.trim(usize::from(bytes)),
                Step::AnswerTrim => lane.answer_trim(),
                Step::NewLane => unreachable!("each is an end"),
            }
        }
        assert!(own.iter().all(|(array, tenant)| is_intact(array, *tenant)));
        assert!(shared.iter().all(|(array, tenant)| is_intact(array, *tenant)));
    }
}

fuzz_target!(|input: Input| {
    if input.strategy % 2 == 0 { run::<Metadata>(&input) } else { run::<Tagged>(&input) }
});
