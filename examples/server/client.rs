//! A client that asks for everything at random, and a table of what the server holds meanwhile.

use core::fmt::Write;
use std::time::Instant;

use arraypool::Arena;

use crate::store::{KEY_MAX, Store};

const REQUESTS: u32 = 500_000;
/// Lines of the table.
const ROWS: u32 = 10;
const KEYS: u32 = 2_000;

/// Random numbers by xorshift (Marsaglia, "Xorshift RNGs", 2003): the same in every run.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % limit
    }
}

/// A key may be so long, and no longer.
fn long_keys(store: &mut Store<'_>) -> Result<(), String> {
    for (length, expected) in [(KEY_MAX, r#"{"ok":null}"#), (KEY_MAX + 1, r#"{"error":"#)] {
        let key = "k".repeat(length);
        let mut answer = String::new();
        store.answer(&format!(r#"{{"op":"put","key":"{key}","value":1}}"#), &mut answer);
        if !answer.starts_with(expected) {
            return Err(format!("a key of {length} bytes was answered\n{answer}"));
        }
    }
    Ok(())
}

/// Sends the requests, prints the table (the time is the client's as well), and fails if
/// memory is not flat.
pub(crate) fn run(store: &mut Store<'_>, arena: &Arena<'_>) -> Result<(), String> {
    println!(
        "{:>9} {:>10} {:>9} {:>12} {:>12}",
        "requests", "documents", "arrays", "held", "ns each"
    );
    long_keys(store)?;
    let mut random = Random(0x9E37_79B9);
    let (mut request, mut answer) = (String::new(), String::new());
    let mut settled = 0;
    for row in 1..=ROWS {
        let started = Instant::now();
        for _ in 0..REQUESTS / ROWS {
            request.clear();
            write(&mut random, &mut request).map_err(|error| error.to_string())?;
            answer.clear();
            store.answer(&request, &mut answer);
            let right = answer.starts_with(r#"{"ok":"#) || answer.contains("no such");
            if !right {
                return Err(format!("{request}\nwas answered\n{answer}"));
            }
        }
        let each = started.elapsed().as_nanos() / u128::from(REQUESTS / ROWS);
        let (documents, arrays) = (store.len(), store.pool().stats().live);
        let held = arena.allocated_bytes();
        println!(
            "{:>9} {documents:>10} {arrays:>9} {held:>12} {each:>12}",
            row * (REQUESTS / ROWS)
        );
        settled = if row == 1 { held } else { settled };
        if held > settled * 2 {
            return Err(format!("held {settled} bytes at first, and {held} now"));
        }
    }
    store.pool().verify().map(drop).map_err(|error| error.to_string())
}

/// One request, most often a document that takes another's place.
fn write(random: &mut Random, request: &mut String) -> core::fmt::Result {
    let key = random.below(KEYS);
    match random.below(100) {
        0..40 => {
            write!(
                request,
                r#"{{"op":"put","key":"{key}","value":{{"name":"user {key}","tags":["#
            )?;
            for tag in 0..random.below(40) {
                write!(request, "{}{}", if tag > 0 { "," } else { "" }, random.below(1000))?;
            }
            write!(request, r#"],"notes":"line one\nline two","visits":{{"today":0}}}}}}"#)
        }
        40..65 => {
            let (visits, note) = (random.below(1000), "x".repeat(random.below(200) as usize));
            let value = format!(r#"{{"visits":{{"today":{visits}}},"notes":"{note}"}}"#);
            write!(request, r#"{{"op":"merge","key":"{key}","value":{value}}}"#)
        }
        65..75 => {
            let tag = random.below(1000);
            let steps = format!(r#"[{{"op":"add","path":"/tags/-","value":{tag}}}]"#);
            write!(request, r#"{{"op":"patch","key":"{key}","value":{steps}}}"#)
        }
        75..90 => write!(request, r#"{{"op":"get","key":"{key}"}}"#),
        _ => write!(request, r#"{{"op":"delete","key":"{key}"}}"#),
    }
}
