//! Memory over a day: what each strategy and each allocator holds, as the system
//! counts it, beside what its user asked for.
//!
//! Each subject has a process of its own, which writes every byte that it asks for
//! and reads the page count of `/proc/self/statm` at the end of every hour.

use alloc::collections::BTreeMap;
use core::mem::MaybeUninit;

use arraypool::{
    Arena, ArrayPool, ClassTable, DefaultClasses, Direct, Metadata, PoolArray, ReleaseStrategy,
    Tagged,
};

use crate::Group;
use crate::mallocs::{Block, Glibc, Heap, Jemalloc, Mimalloc, Rpmalloc, Snmalloc};
use crate::measure::{median, shuffle};
use crate::options::Options;
use crate::ours::Owned;
use crate::pools::{TwoLevel, Zone};
use crate::report::Report;
use crate::study_trace::{HOURS, Step, Trace};
use crate::support::workload::{Place, Subject, XorShift, places};
use crate::{child, clock};

pub(crate) const GROUP: Group =
    Group { name: "study", about: "memory held over a day, by the system's count", run, child };

type Element = u64;

/// Arrays of the batch whose bytes are followed.
const BATCH: u32 = 4000;

/// Who has a day. Those with `-fine` have fourteen classes instead of two.
const SUBJECTS: [&str; 12] = [
    "direct",
    "metadata",
    "metadata-fine",
    "tagged",
    "tagged-fine",
    "glibc",
    "mimalloc",
    "jemalloc",
    "snmalloc",
    "rpmalloc",
    "talc",
    "rlsf",
];

/// Classes at most half as large again as the one below.
struct Fine;

impl ClassTable for Fine {
    const LENGTHS: &'static [u32] = &[2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
}

/// An array as memory that can be written to.
trait Memory {
    fn first(&mut self) -> *mut Element;
}

impl<S: ReleaseStrategy, C: ClassTable> Memory for PoolArray<'_, MaybeUninit<Element>, S, C> {
    fn first(&mut self) -> *mut Element {
        self.as_mut_ptr().cast()
    }
}

impl Memory for Block<Element> {
    fn first(&mut self) -> *mut Element {
        self.first.as_ptr()
    }
}

/// What is seen at one look.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Bytes of the arrays that are alive, as their user asked for them.
    used: u64,
    /// Bytes that are held for that.
    held: u64,
}

/// Walks a trace and looks at what is held where the trace says so, and before.
fn walk<S: Subject>(subject: &S, trace: &Trace, held: impl Fn() -> u64) -> (u64, Vec<Seen>)
where
    S::Array: Memory,
{
    let mut live: Vec<Place<S::Array>> = places(trace.places);
    let mut lengths = vec![0_u32; trace.places];
    // SAFETY: nobody reads the places before they are written. (So that their pages
    // are there before anything is looked at.)
    unsafe { live.as_mut_ptr().write_bytes(0, live.len()) };
    let before = held();
    let (mut seen, mut used, mut done) = (Vec::with_capacity(trace.looks.len()), 0, 0);
    for &look in &trace.looks {
        for step in &trace.steps[done..look] {
            match *step {
                Step::Take { place, len } => {
                    let mut array = subject.take(len as usize, place.into());
                    let first = array.first();
                    // SAFETY: the array has so many elements, and the first was written.
                    unsafe { first.wrapping_add(1).write_bytes(0xA5, len as usize - 1) };
                    live[place as usize].write(array);
                    lengths[place as usize] = len;
                    used += u64::from(len) * size_of::<Element>() as u64;
                }
                Step::Give { place } => {
                    // SAFETY: a trace takes an array into a place before it gives
                    // it back, once.
                    let array = unsafe { live[place as usize].assume_init_read() };
                    let content = subject.value(&array);
                    assert_eq!(content, u64::from(place), "an array keeps its content");
                    subject.give(array);
                    used -= u64::from(lengths[place as usize]) * size_of::<Element>() as u64;
                }
            }
        }
        done = look;
        seen.push(Seen { used, held: held() });
    }
    (before, seen)
}

fn run(report: &mut Report, options: &Options) {
    batch::<Direct>(report, options.seed);
    batch::<Metadata>(report, options.seed);
    batch::<Tagged>(report, options.seed);
    for len in [12, 200] {
        array::<Direct>(report, len);
        array::<Metadata>(report, len);
        array::<Tagged>(report, len);
    }
    let mut random = XorShift(options.seed | 1);
    let mut days: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for _ in 0..if options.quick { 1 } else { 5 } {
        let mut order = SUBJECTS;
        shuffle(&mut order, &mut random);
        for name in order {
            let words = [GROUP.name, "day", name, &options.seed.to_string()];
            match child::numbers(&words, 1 + 2 * (HOURS + 1)) {
                Ok(day) => days.entry(name).or_default().push(day),
                Err(why) => report.skipped(&format!("a day of {name}"), &why),
            }
        }
    }
    let mut used = None;
    for name in SUBJECTS {
        let Some(days) = days.get(name) else { continue };
        let columns = (0..days[0].len())
            .map(|index| median(days.iter().map(|day| day[index]).collect()))
            .collect::<Vec<f64>>();
        tell(report, name, &columns, &mut used);
    }
}

/// A child's numbers are nanoseconds, then used and resident bytes at each look.
fn tell(report: &mut Report, name: &str, columns: &[f64], used: &mut Option<Vec<f64>>) {
    let looks = &columns[1..];
    let resident: Vec<f64> = looks.iter().skip(1).step_by(2).map(|bytes| bytes / 1e6).collect();
    let asked = used.get_or_insert_with(|| {
        let used: Vec<f64> = looks.iter().step_by(2).map(|bytes| bytes / 1e6).collect();
        for (hour, used) in used.iter().take(HOURS).enumerate() {
            report.fact(format!("used/day/{:02}/MB", hour + 1), *used);
        }
        used
    });
    for (hour, resident) in resident.iter().take(HOURS).enumerate() {
        report.fact(format!("{name}/day/{:02}/MB", hour + 1), *resident);
    }
    let most = resident.iter().copied().fold(0.0, f64::max);
    let mean = |bytes: &[f64]| bytes[..HOURS].iter().sum::<f64>() / HOURS as f64;
    report.fact(format!("{name}/day/most-MB"), most);
    report.fact(format!("{name}/day/mean-over-used"), mean(&resident) / mean(asked));
    report.fact(format!("{name}/day/left-MB"), resident[HOURS]);
    report.fact(format!("{name}/day/ms"), columns[0] / 1e6);
}

fn child(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["day", name, seed] = words[..] else { return Err("day NAME SEED".to_string()) };
    let seed = seed.parse().map_err(|_| format!("no number: `{seed}`"))?;
    let trace = Trace::day(seed);
    match name {
        "direct" => ours::<Direct, DefaultClasses>(&trace),
        "metadata" => ours::<Metadata, DefaultClasses>(&trace),
        "metadata-fine" => ours::<Metadata, Fine>(&trace),
        "tagged" => ours::<Tagged, DefaultClasses>(&trace),
        "tagged-fine" => ours::<Tagged, Fine>(&trace),
        "glibc" => day(&Heap::<Glibc, Element>::new(), &trace),
        "mimalloc" => day(&Heap::<Mimalloc, Element>::new(), &trace),
        "jemalloc" => day(&Heap::<Jemalloc, Element>::new(), &trace),
        "snmalloc" => day(&Heap::<Snmalloc, Element>::new(), &trace),
        "rpmalloc" => day(&Heap::<Rpmalloc, Element>::new(), &trace),
        "talc" => day(&Zone::<Element>::new(), &trace),
        "rlsf" => day(&TwoLevel::<Element>::new(), &trace),
        _ => return Err(format!("no subject `{name}`")),
    }
    Ok(())
}

fn ours<S: ReleaseStrategy + 'static, C: ClassTable>(trace: &Trace) {
    let pool = ArrayPool::<Element, S, C>::new();
    day(&Owned(&pool), trace);
    pool.verify().expect("the books add up");
}

/// Tells what the day took, and what was used and resident at each look.
fn day<S: Subject>(subject: &S, trace: &Trace)
where
    S::Array: Memory,
{
    let before = clock::process_nanoseconds();
    let (empty, seen) = walk(subject, trace, clock::resident_bytes);
    print!("{}", clock::process_nanoseconds() - before);
    for Seen { used, held } in seen {
        print!(" {used} {}", held.saturating_sub(empty));
    }
    println!();
}

/// A batch, by the pool's own counters: what its user asked for and what it holds.
fn batch<S: ReleaseStrategy>(report: &mut Report, seed: u64) {
    let arena = Arena::new();
    let pool = ArrayPool::<Element, S>::new_in(&arena);
    let held = || (arena.allocated_bytes() + pool.stats().book_bytes) as u64;
    let trace = Trace::batch(BATCH, seed);
    let (_, seen) = walk(&Owned(&pool), &trace, held);
    let looks = seen.len();
    for (look, Seen { used, held }) in seen.into_iter().enumerate() {
        let (name, percent) = (S::NAME, 100 * (look + 1) / looks);
        report.fact(format!("{name}/batch/{percent:03}/used-KB"), used as f64 / 1e3);
        report.fact(format!("{name}/batch/{percent:03}/held-KB"), held as f64 / 1e3);
    }
}

/// What an array of a length costs, books and header included, and its handle.
fn array<S: ReleaseStrategy>(report: &mut Report, len: usize) {
    const ARRAYS: usize = 10_000;
    let arena = Arena::new();
    let pool = ArrayPool::<Element, S>::new_in(&arena);
    let empty = pool.stats().book_bytes;
    let all: Vec<_> = (0..ARRAYS).map(|_| pool.allocate(len)).collect();
    let bytes = arena.used_bytes() + pool.stats().book_bytes - empty;
    report.fact(format!("{}/array-{len}/bytes", S::NAME), bytes as f64 / ARRAYS as f64);
    let handle = size_of_val(&all[0]) as f64;
    report.fact(format!("{}/array-{len}/handle-bytes", S::NAME), handle);
}
