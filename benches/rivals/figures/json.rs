//! JSON: reading, dropping, editing and writing a tree, and what it holds, against others.

use core::hint::black_box;

use arraypool::json::{self, Parser, Pool, ValueMut};
use arraypool::{Arena, Direct, Interner, Metadata, ReleaseStrategy, Tagged};

use crate::Group;
use crate::json_corpus::{self, Text};
use crate::json_memory::count;
use crate::json_native::Native;
use crate::json_rivals::{of_ours, of_serde, readers};
use crate::measure::{Contender, Course, Pass, median, race};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::support::workload::XorShift;

use Goal::{AtLeast, AtMost};

pub(crate) const GROUP: Group =
    Group { name: "json", about: "JSON read, dropped, edited and written", run, child };

/// What is wanted of a document, of those that have aims.
struct Aims {
    text: &'static str,
    /// Times as fast as `serde_json`, sonic-rs and sonic-rs in a native build.
    faster: [f64; 3],
    /// `Tagged` and `Metadata` as multiples of `Direct`.
    slower: [f64; 2],
    /// Bytes of the tree as a multiple of the text.
    bytes: f64,
    /// Bytes held by `Tagged` and `Metadata` as multiples of `Direct`'s.
    held: f64,
    /// How far below `serde_json`'s the peak is, in percent.
    below: f64,
}

const AIMS: [Aims; 4] = [
    Aims {
        text: "twitter",
        faster: [12.0, 2.6, 1.0],
        slower: [1.2, 1.25],
        bytes: 0.8,
        held: 1.4,
        below: 78.0,
    },
    Aims {
        text: "citm_catalog",
        faster: [7.5, 2.3, 1.0],
        slower: [1.25, 1.35],
        bytes: 0.6,
        held: 1.4,
        below: 78.0,
    },
    Aims {
        text: "canada",
        faster: [4.2, 1.35, 1.0],
        slower: [1.25, 1.3],
        bytes: 1.2,
        held: 1.55,
        below: 60.0,
    },
    Aims {
        text: "api_10kb",
        faster: [9.0, 1.5, 1.0],
        slower: [1.25, 1.3],
        bytes: 1.2,
        held: 1.55,
        below: 60.0,
    },
];

/// A figure with its goal, if there is one.
fn put(report: &mut Report, name: String, value: f64, goal: Option<Goal>) {
    match goal {
        Some(goal) => report.goal(name, value, goal),
        None => report.fact(name, value),
    }
}

fn run(report: &mut Report, options: &Options) {
    let mut random = XorShift(options.seed | 1);
    let (heats, rounds) = if options.quick { (1, 15) } else { (3, 31) };
    let course = Course { heats, rounds, operations: 0, answer: 0 };
    if json_corpus::folder().is_none() {
        report.skipped("real documents", "ARRAYPOOL_CORPUS names no folder; look-alikes are made");
    }
    let texts = json_corpus::texts();
    let native = Native::build().inspect_err(|why| report.skipped("sonic-rs, native", why)).ok();
    for text in &texts {
        let expected = serde_json::from_slice(text.bytes).expect("it is JSON");
        let answer = of_serde(&expected);
        let times = (500_000 / text.bytes.len()).max(1);
        let course = Course { operations: times, answer, ..course };
        let aims = AIMS.iter().find(|aims| aims.text == text.name);
        reading(report, text, aims, course, &mut random);
        if let Some(native) = &native
            && let Err(why) = against_native(report, native, text, aims, course)
        {
            report.skipped("sonic-rs, native", &why);
        }
        writing(report, text, aims, course, &mut random);
        editing(report, text, course, &mut random);
        holding(report, text, aims);
        owned(report, text);
    }
    small(report, &texts, options);
}

fn reading(
    report: &mut Report,
    text: &Text,
    aims: Option<&Aims>,
    course: Course,
    random: &mut XorShift,
) {
    let everyone = || readers::<Tagged, Metadata>(text.bytes, course.operations);
    let times = race(everyone, course, random);
    let name = text.name;
    report.times(&format!("read-{name}"), &times);
    for (index, peer) in
        ["serde_json", "sonic-rs", "simd-json", "simd-json-tape", "jiter"].into_iter().enumerate()
    {
        let goal = aims.and_then(|aims| aims.faster[..2].get(index)).map(|&least| AtLeast(least));
        put(report, format!("direct/read-{name}/{peer}"), times.ratio(peer, Direct::NAME), goal);
    }
    for (index, pooled) in [Tagged::NAME, Metadata::NAME].into_iter().enumerate() {
        let goal = aims.map(|aims| AtMost(aims.slower[index]));
        let ratio = times.ratio(pooled, Direct::NAME);
        put(report, format!("{pooled}/read-{name}/direct"), ratio, goal);
        let ratio = times.ratio("serde_json", pooled);
        report.fact(format!("{pooled}/read-{name}/serde_json"), ratio);
    }
}

/// In turn with a child process, which has its own build and its own clock.
fn against_native(
    report: &mut Report,
    native: &Native,
    text: &Text,
    aims: Option<&Aims>,
    course: Course,
) -> Result<(), String> {
    let mut child = native.open(text.bytes, course.answer)?;
    let mut ours = readers::<Tagged, Metadata>(text.bytes, course.operations).swap_remove(0);
    let mut ratios = Vec::new();
    for round in 0..2 * course.rounds {
        child.pass(course.operations)?;
        let theirs = child.pass(course.operations)?;
        ours.pass(Pass { check: false, number: round });
        let before = crate::clock::thread_nanoseconds();
        ours.pass(Pass { check: false, number: round });
        let taken = crate::clock::thread_nanoseconds() - before;
        ratios.push(theirs as f64 / taken as f64);
    }
    let goal = aims.map(|aims| AtLeast(aims.faster[2]));
    put(report, format!("direct/read-{}/sonic-rs-native", text.name), median(ratios), goal);
    Ok(())
}

/// Writes a tree that was read before; what is written is read again if it is checked.
fn writer(
    name: &'static str,
    times: usize,
    mut write: impl FnMut() -> String + 'static,
) -> Contender {
    Contender::new(name, move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            let written = black_box(write());
            if pass.check {
                let read = serde_json::from_str(&written).expect("it is JSON");
                answer = of_serde(&read);
            }
        }
        answer
    })
}

fn writing(
    report: &mut Report,
    text: &Text,
    aims: Option<&Aims>,
    course: Course,
    random: &mut XorShift,
) {
    let (bytes, times) = (text.bytes, course.operations);
    let everyone = || {
        let pool: &'static Pool<'static, Direct> = Box::leak(Box::new(Pool::new()));
        let ours = json::parse(bytes, pool).expect("it is JSON");
        let serde: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
        let sonic: sonic_rs::Value = sonic_rs::from_slice(bytes).expect("it is JSON");
        vec![
            writer("arraypool", times, move || json::to_string(&ours)),
            writer("serde_json", times, move || serde_json::to_string(&serde).expect("no error")),
            writer("sonic-rs", times, move || sonic_rs::to_string(&sonic).expect("no error")),
        ]
    };
    let times = race(everyone, course, random);
    report.times(&format!("write-{}", text.name), &times);
    let goal = aims.map(|_| AtLeast(1.5));
    let ratio = |peer| times.ratio(peer, "arraypool");
    put(report, format!("arraypool/write-{}/serde_json", text.name), ratio("serde_json"), goal);
    report.fact(format!("arraypool/write-{}/sonic-rs", text.name), ratio("sonic-rs"));
}

/// Reads, gives every object a member and every array an element, takes their
/// first ones out, and drops.
fn editing(report: &mut Report, text: &Text, course: Course, random: &mut XorShift) {
    let mut expected = serde_json::from_slice(text.bytes).expect("it is JSON");
    edit_serde(&mut expected);
    let (bytes, operations) = (text.bytes, course.operations);
    let course = Course { answer: of_serde(&expected), ..course };
    let everyone = || {
        vec![
            editor::<Tagged>(bytes, operations),
            editor::<Metadata>(bytes, operations),
            Contender::new("serde_json", move |pass: Pass| {
                let mut answer = 0;
                for _ in 0..operations {
                    let mut value = serde_json::from_slice(black_box(bytes)).expect("it is JSON");
                    edit_serde(&mut value);
                    answer = if pass.check { of_serde(&value) } else { 0 };
                    black_box(value);
                }
                answer
            }),
        ]
    };
    let times = race(everyone, course, random);
    report.times(&format!("edit-{}", text.name), &times);
    for name in [Tagged::NAME, Metadata::NAME] {
        let ratio = times.ratio("serde_json", name);
        report.fact(format!("{name}/edit-{}/serde_json", text.name), ratio);
    }
}

fn editor<S: ReleaseStrategy>(text: &'static [u8], times: usize) -> Contender {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    Contender::new(S::NAME, move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            let mut document = parser.parse(black_box(text), &pool).expect("it is JSON");
            edit_ours(&mut document.root_mut());
            answer = if pass.check { of_ours(&document) } else { 0 };
            black_box(document);
        }
        answer
    })
}

fn edit_ours<S: ReleaseStrategy>(value: &mut ValueMut<'_, '_, '_, S>) {
    if let Some(length) = value.as_value().as_array().map(<[_]>::len) {
        for index in 0..length {
            edit_ours(&mut value.get_mut(index).expect("an element"));
        }
        value.push(true).expect("memory");
        value.remove(0);
    } else if let Some(members) = value.as_value().as_object() {
        // In the order of their keys, as `serde_json` has them.
        let mut keys: Vec<String> = members.keys().map(str::to_string).collect();
        keys.sort_unstable();
        for key in &keys {
            edit_ours(&mut value.get_mut(key.as_str()).expect("a member"));
        }
        if let Some(first) = keys.first() {
            value.remove(first.as_str());
        }
        value.insert("edited", "a new string").expect("memory");
    }
}

fn edit_serde(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(elements) => {
            elements.iter_mut().for_each(edit_serde);
            elements.push(true.into());
            elements.remove(0);
        }
        serde_json::Value::Object(members) => {
            members.values_mut().for_each(edit_serde);
            let first = members.keys().next().cloned();
            if let Some(first) = first {
                members.remove(&first);
            }
            members.insert("edited".to_string(), "a new string".into());
        }
        _ => {}
    }
}

/// Bytes of the tree, of the pool that has it, and at the peak of making it.
fn holding(report: &mut Report, text: &Text, aims: Option<&Aims>) {
    let (name, bytes) = (text.name, text.bytes);
    let exact = run_bytes::<Direct>(bytes);
    let multiple = exact / bytes.len() as f64;
    let goal = aims.map(|aims| AtMost(aims.bytes));
    put(report, format!("direct/bytes-{name}/text"), multiple, goal);
    for (pooled, held) in
        [(Tagged::NAME, run_bytes::<Tagged>(bytes)), (Metadata::NAME, run_bytes::<Metadata>(bytes))]
    {
        let goal = aims.map(|aims| AtMost(aims.held));
        put(report, format!("{pooled}/bytes-{name}/direct"), held / exact, goal);
    }
    let (value, serde) = count(|| serde_json::from_slice::<serde_json::Value>(bytes));
    assert!(value.is_ok(), "it is JSON");
    let length = bytes.len() as f64;
    report.fact(format!("serde_json/peak-{name}/text"), serde.peak as f64 / length);
    report.fact(format!("serde_json/calls-{name}"), serde.calls as f64);
    let peaks =
        [cold_peak::<Direct>(bytes), cold_peak::<Tagged>(bytes), cold_peak::<Metadata>(bytes)];
    for (index, (strategy, peak)) in peaks.into_iter().enumerate() {
        report.fact(format!("{strategy}/peak-{name}/text"), peak / length);
        let below = (1.0 - peak / serde.peak as f64) * 100.0;
        let goal = aims.filter(|_| index == 0).map(|aims| AtLeast(aims.below));
        put(report, format!("{strategy}/peak-{name}/below-serde_json-%"), below, goal);
    }
    let (value, sonic) = count(|| sonic_rs::from_slice::<sonic_rs::Value>(bytes));
    assert!(value.is_ok(), "it is JSON");
    report.fact(format!("sonic-rs/peak-{name}/text"), sonic.peak as f64 / length);
    let (value, jiter) = count(|| jiter::JsonValue::parse(bytes, false));
    assert!(value.is_ok(), "it is JSON");
    report.fact(format!("jiter/peak-{name}/text"), jiter.peak as f64 / length);
    let (tape, simd) = count(|| {
        let mut copy = bytes.to_vec();
        simd_json::to_tape(&mut copy).map(|tape| tape.0.len())
    });
    assert!(tape.is_ok(), "it is JSON");
    report.fact(format!("simd-json-tape/peak-{name}/text"), simd.peak as f64 / length);
}

/// Bytes of the runs, or under `Direct` of the arrays, with one document.
fn run_bytes<S: ReleaseStrategy>(text: &[u8]) -> f64 {
    let pool = Pool::<S>::new();
    let document = json::parse(text, &pool).expect("it is JSON");
    let bytes = pool.stats().run_bytes as f64;
    drop(document);
    bytes
}

/// Bytes of a document that borrows no text, with keys of its own or kept once,
/// the keys' arena included.
fn owned(report: &mut Report, text: &Text) {
    let (name, length) = (text.name, text.bytes.len() as f64);
    let own = Pool::<Direct>::new();
    let read = json::parse(text.bytes, &own).expect("it is JSON");
    let before = own.stats().run_bytes;
    let document = read.into_owned().expect("memory");
    let all = (own.stats().run_bytes - before) as f64;
    report.fact(format!("direct/owned-{name}/text"), all / length);
    let (pool, arena) = (Pool::<Direct>::new(), Arena::new());
    let mut keys = Interner::new_in(&arena);
    let read = json::parse(text.bytes, &pool).expect("it is JSON");
    let before = pool.stats().run_bytes;
    let other = read.into_owned_with_keys(&mut keys).expect("memory");
    assert_eq!(of_ours(&document), of_ours(&other), "both are the same");
    let rest = (pool.stats().run_bytes - before + arena.used_bytes()) as f64;
    report.fact(format!("direct/owned-keys-once-{name}/text"), rest / length);
    report.fact(format!("direct/owned-keys-once-{name}/saved-%"), (1.0 - rest / all) * 100.0);
}

/// The peak with a new pool and a new parser.
fn cold_peak<S: ReleaseStrategy>(text: &[u8]) -> (&'static str, f64) {
    let ((), asked) = count(|| {
        let pool = Pool::<S>::new();
        drop(black_box(json::parse(text, &pool).expect("it is JSON")));
    });
    (S::NAME, asked.peak as f64)
}

/// Documents of 10 KB and 100 KB: how often the heap is asked, and microseconds.
fn small(report: &mut Report, texts: &[Text], options: &Options) {
    let message = texts.iter().find(|text| text.name == "api_10kb").expect("a message");
    let mut hundred = vec![b'['];
    while hundred.len() + message.bytes.len() < 100_000 {
        hundred.extend_from_slice(message.bytes);
        hundred.push(b',');
    }
    hundred.pop();
    hundred.push(b']');
    let (value, serde) = count(|| serde_json::from_slice::<serde_json::Value>(&hundred));
    assert!(value.is_ok(), "it is JSON");
    report.fact("serde_json/calls-100-kb", serde.calls as f64);
    calls::<Direct>(report, &hundred);
    calls::<Tagged>(report, &hundred);
    calls::<Metadata>(report, &hundred);
    let rounds = if options.quick { 100 } else { 1000 };
    let [read, _] = microseconds(message.bytes, rounds);
    report.fact("direct/read-10-kb/us", read);
    let [read, reset] = microseconds(&hundred, rounds);
    report.fact("direct/read-100-kb/us", read);
    report.fact("direct/reset-100-kb/us", reset);
    let drops = (0..rounds).map(|_| {
        let value: serde_json::Value = serde_json::from_slice(&hundred).expect("it is JSON");
        let before = crate::clock::thread_nanoseconds();
        drop(black_box(value));
        (crate::clock::thread_nanoseconds() - before) as f64 / 1000.0
    });
    report.fact("serde_json/drop-100-kb/us", median(drops.collect()));
}

/// How often the heap is asked by the first document and by a later one.
fn calls<S: ReleaseStrategy>(report: &mut Report, text: &[u8]) {
    let (kept, cold) = count(|| {
        let pool = Pool::<S>::new();
        let mut parser = Parser::new();
        drop(black_box(parser.parse(text, &pool).expect("it is JSON")));
        (pool, parser)
    });
    let (mut pool, mut parser) = kept;
    if !S::RECLAIMS {
        pool.reset();
    }
    let ((), warm) = count(|| drop(black_box(parser.parse(text, &pool).expect("it is JSON"))));
    report.goal(format!("{}/calls-100-kb/cold", S::NAME), cold.calls as f64, AtMost(16.0));
    report.goal(format!("{}/calls-100-kb/warm", S::NAME), warm.calls as f64, AtMost(0.0));
}

/// Microseconds of reading a document under `Direct`, warm, and of the reset
/// that takes it down.
fn microseconds(text: &[u8], rounds: usize) -> [f64; 2] {
    let mut pool = Pool::<Direct>::new();
    let mut parser = Parser::new();
    let [mut reads, mut resets] = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let before = crate::clock::thread_nanoseconds();
        let document = parser.parse(text, &pool).expect("it is JSON");
        let read = crate::clock::thread_nanoseconds();
        drop(black_box(document));
        let dropping = crate::clock::thread_nanoseconds();
        pool.reset();
        resets.push((crate::clock::thread_nanoseconds() - dropping) as f64 / 1000.0);
        reads.push((read - before) as f64 / 1000.0);
    }
    [median(reads), median(resets)]
}

fn child(words: &[String]) -> Result<(), String> {
    Err(format!("no such part: {}", words.join(" ")))
}
