//! Reads one text with sonic-rs as often as asked, and tells how long that took.
//!
//! `cargo figures json` builds it with `-C target-cpu=native` and talks to it by
//! pipes: the text's length as a line, the text, and then a line with a number
//! of passes, as often as wanted. The first answer is the digest of the tree,
//! each further one the nanoseconds of the thread that the passes took.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of a benchmark are small")]

#[expect(dead_code, reason = "the figures need more of it")]
#[path = "../../figures/clock.rs"]
mod clock;
#[expect(dead_code, reason = "the figures need more of it")]
#[path = "../../figures/json_digest.rs"]
mod digest;

use core::hint::black_box;
use std::io::{self, BufRead, Read as _, Write as _};

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut text = vec![0; number(&mut input)?.unwrap_or(0)];
    input.read_exact(&mut text)?;
    let read = || sonic_rs::from_slice::<sonic_rs::Value>(black_box(&text));
    let first = read().map_err(io::Error::other)?;
    writeln!(output, "{}", digest::of_sonic(&first))?;
    while let Some(passes) = number(&mut input)? {
        let before = clock::thread_nanoseconds();
        for _ in 0..passes {
            drop(black_box(read()));
        }
        writeln!(output, "{}", clock::thread_nanoseconds() - before)?;
    }
    Ok(())
}

/// The number on the next line; `None` at the end.
fn number(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    line.trim().parse().map(Some).map_err(io::Error::other)
}
