//! Instructions per operation: callgrind counts a child, once for some passes and
//! once for twice as many, so that what happens only once cancels out.

use std::process::{Command, Stdio};

use crate::measure::{Contender, Pass};
use crate::options::CHILD;

/// Passes of the shorter run.
const PASSES: usize = 10;

/// What the child does: so many passes that are not checked.
pub(crate) fn run(contender: &mut Contender, passes: &str) -> Result<(), String> {
    let passes: usize = passes.parse().map_err(|_| format!("no number: `{passes}`"))?;
    for number in 0..passes {
        contender.pass(Pass { check: false, number });
    }
    Ok(())
}

/// Whether there is a callgrind; the error says why not.
pub(crate) fn available() -> Result<(), String> {
    let mut command = Command::new("valgrind");
    match command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("valgrind ends with {status}")),
        Err(error) => Err(format!("no valgrind ({error})")),
    }
}

/// Instructions of one operation, the loop's own included. The words name the
/// child's work; the number of passes follows them.
pub(crate) fn instructions(words: &[&str], operations: usize) -> Result<f64, String> {
    let (short, long) = (collect(words, PASSES)?, collect(words, 2 * PASSES)?);
    Ok((long - short) as f64 / (PASSES * operations) as f64)
}

/// Misses of the first data cache in one pass, as cachegrind simulates it. The
/// words name the child's work; the number of passes follows them.
pub(crate) fn misses(words: &[&str]) -> Result<f64, String> {
    let of = |passes| {
        let tool = ["--tool=cachegrind", "--cache-sim=yes", "--cachegrind-out-file=/dev/null"];
        number_behind(&valgrind(&tool, words, passes)?, "D1  misses:")
    };
    let (short, long) = (of(PASSES)?, of(2 * PASSES)?);
    Ok((long - short) as f64 / PASSES as f64)
}

fn collect(words: &[&str], passes: usize) -> Result<u64, String> {
    let tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    number_behind(&valgrind(&tool, words, passes)?, "Collected :")
}

/// The first number behind a title in what valgrind told.
fn number_behind(told: &str, title: &str) -> Result<u64, String> {
    let number = told.lines().find_map(|line| line.split_once(title)).map(|(_, rest)| {
        let first = rest.split_whitespace().next().unwrap_or_default();
        first.replace(',', "").parse()
    });
    match number {
        Some(Ok(number)) => Ok(number),
        _ => Err(format!("valgrind told no `{title}`")),
    }
}

/// What valgrind tells of a child.
fn valgrind(tool: &[&str], words: &[&str], passes: usize) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(tool)
        .arg(program)
        .arg(CHILD)
        .args(words)
        .arg(passes.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("under valgrind it ends with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}
