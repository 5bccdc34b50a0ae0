//! Every misuse of the table in COMPARISON.md, each in a child process.
//!
//! A child runs one row under one strategy, tells what it observed, and ends
//! with a status of its own: a crash, a panic or a row that does nothing is none.
//! The parent compares with what the row expects, and the table that it renders
//! with the one in COMPARISON.md; `ARRAYPOOL_WRITE=1 cargo test --test misuse`
//! writes that one anew. `cargo test --release --test misuse` is the other half.

#![cfg(not(miri))]

#[path = "misuse/report.rs"]
mod report;
#[path = "misuse/stray_write.rs"]
mod stray_write;
#[path = "misuse/table.rs"]
mod table;
#[path = "misuse/watched.rs"]
mod watched;
#[path = "misuse/wrong_release.rs"]
mod wrong_release;

use core::time::Duration;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;
use std::{env, fs, process, thread};

use report::Report;
use table::{Expected, ROWS, Row, STRATEGIES};

/// Names the row and the strategy that a child runs: `3 tagged`.
const CASE: &str = "ARRAYPOOL_MISUSE_CASE";
/// What a child ends with that ran its case to the end.
const DONE: i32 = 40;
/// How long a child may take: a free list with a cycle would take for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a case, in a child; does nothing otherwise.
#[test]
fn child() {
    let Ok(case) = env::var(CASE) else { return };
    let (row, strategy) = case.split_once(' ').expect("row and strategy");
    let row = &ROWS[row.parse::<usize>().expect("a row's number")];
    let index = STRATEGIES.iter().position(|&name| name == strategy).expect("a strategy");
    let mut report = Report::default();
    (row.runs[index])(&mut report);
    report.print();
    process::exit(DONE);
}

#[test]
fn every_misuse_ends_as_the_table_says() {
    let mut wrong = Vec::new();
    for (index, row) in ROWS.iter().enumerate() {
        let cells = STRATEGIES.iter().zip(&row.expected);
        let problems: Vec<_> = thread::scope(|scope| {
            let children: Vec<_> = cells
                .map(|(strategy, expected)| scope.spawn(move || run(index, strategy, expected)))
                .collect();
            children.into_iter().map(|child| child.join().expect("no panic").err()).collect()
        });
        for (strategy, problem) in STRATEGIES.iter().zip(problems) {
            if let Some(problem) = problem {
                wrong.push(format!("{} | {} | {strategy}: {problem}", row.group, row.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    keep_in_step(&table::render());
}

/// Runs one cell in a child; an error says how it ended otherwise than expected.
fn run(row: usize, strategy: &str, expected: &Expected) -> Result<(), String> {
    let mut child = Command::new(env::current_exe().expect("the test's own path"))
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CASE, format!("{row} {strategy}"))
        .env("RUST_BACKTRACE", "0")
        .env_remove("ARRAYPOOL_CHECK")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child process");
    let mut stderr = child.stderr.take().expect("the child's standard error");
    let reader = thread::spawn(move || {
        let mut told = String::new();
        stderr.read_to_string(&mut told).map(|_| told)
    });
    let status = wait(&mut child)?;
    let told = reader.join().expect("no panic").map_err(|error| error.to_string())?;
    if status.code() != Some(DONE) {
        return Err(format!("ended with {status}:\n{told}"));
    }
    let seen: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("outcome: ")).collect();
    match seen[..] {
        [one] if one.split(" | ").next() == Some(expected.outcome) => Ok(()),
        [] => Err("ended without an outcome".to_string()),
        _ => Err(format!("expected {}, observed:\n  {}", expected.outcome, seen.join("\n  "))),
    }
}

fn wait(child: &mut Child) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if start.elapsed() > PATIENCE {
            // It is gone already, or ends now; either way it is waited for.
            let _ = child.kill();
            let _ = child.wait();
            return Err("did not end".to_string());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Compares the rendered table with the one in COMPARISON.md, or writes it there.
fn keep_in_step(rendered: &str) {
    const BEGIN: &str = "<!-- misuse:begin -->\n";
    const END: &str = "<!-- misuse:end -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/COMPARISON.md");
    let page = fs::read_to_string(path).expect("COMPARISON.md");
    let (before, rest) = page.split_once(BEGIN).expect("the table's begin marker");
    let (table, after) = rest.split_once(END).expect("the table's end marker");
    if env::var_os("ARRAYPOOL_WRITE").is_some() {
        let page = format!("{before}{BEGIN}{rendered}{END}{after}");
        fs::write(path, page).expect("COMPARISON.md can be written");
        return;
    }
    assert!(
        table == rendered,
        "COMPARISON.md is out of step; `ARRAYPOOL_WRITE=1 cargo test --test misuse` writes it:\n{rendered}"
    );
}

/// A row's place in the table is what a child is told.
#[test]
fn rows_are_told_apart() {
    for (index, row) in ROWS.iter().enumerate() {
        let same = |other: &Row| other.group == row.group && other.text == row.text;
        assert!(!ROWS[..index].iter().any(same), "{} {}", row.group, row.text);
    }
}
