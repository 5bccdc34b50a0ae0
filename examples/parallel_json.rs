//! Many JSON files, parsed in parallel: one arena per worker, used again and again.
//!
//! ```text
//! cargo run --release --features shared --example parallel_json [-- FILE.json ...]
//! ```
//!
//! Without files, those in the folder that `ARRAYPOOL_CORPUS` names are taken, and
//! without that the built-in one. Every file is parsed until 64 MB of it have been.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use arraypool::json::{self, Pool, Value};
use arraypool::shared::{ArenaPool, WhenExhausted};
use arraypool::{Arena, Direct};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

/// The text of a file, and how often it is parsed.
struct Input {
    name: String,
    text: Vec<u8>,
    times: usize,
}

/// Bytes to be parsed of every file.
const BYTES: usize = 64 << 20;

/// The bytes that an arena keeps between two documents.
const KEPT: usize = 64 << 20;

/// Parses a document into arrays of an arena; returns how many values it has.
///
/// All that is freed is freed with the arena: the strategy for documents that are
/// read and thrown away.
fn parse(text: &[u8], arena: &Arena<'_>) -> Result<usize, String> {
    let pool = Pool::<Direct>::try_new_in(arena).map_err(|error| error.to_string())?;
    let document = json::parse(text, &pool).map_err(|error| error.to_string())?;
    Ok(values(document.root()))
}

/// Values in a tree, itself included.
fn values(value: &Value<'_>) -> usize {
    let elements = value.as_array().map_or(0, |array| array.iter().map(values).sum());
    let members = value.as_object().map_or(0, |object| object.values().map(values).sum());
    1 + elements + members
}

fn main() -> ExitCode {
    match inputs().and_then(|inputs| run(&inputs)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parallel_json: {error}");
            ExitCode::FAILURE
        }
    }
}

fn inputs() -> Result<Vec<Input>, String> {
    let mut paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if let (true, Some(folder)) = (paths.is_empty(), env::var_os("ARRAYPOOL_CORPUS")) {
        let entries = fs::read_dir(&folder).map_err(|error| error.to_string())?;
        paths.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        paths.retain(|path| path.extension() == Some(OsStr::new("json")));
        paths.sort();
    }
    if paths.is_empty() {
        let sample = include_bytes!("compare/sample.json").to_vec();
        return Ok(vec![input("sample.json".to_owned(), sample)]);
    }
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        let text = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(input(name, text))
    };
    paths.iter().map(read).collect()
}

fn input(name: String, text: Vec<u8>) -> Input {
    let times = (BYTES / text.len().max(1)).max(1);
    Input { name, text, times }
}

/// Parses everything in parallel and says how it went.
fn run(inputs: &[Input]) -> Result<(), String> {
    let workers = rayon::current_num_threads();
    let arenas = ArenaPool::new(workers, WhenExhausted::Block).keep_bytes(KEPT);
    let documents: usize = inputs.iter().map(|input| input.times).sum();
    let bytes: usize = inputs.iter().map(|input| input.times * input.text.len()).sum();
    let bar = progress(documents as u64);
    let found = AtomicUsize::new(0);
    let start = Instant::now();
    inputs
        .par_iter()
        .flat_map(|input| (0..input.times).into_par_iter().map(move |_| input))
        .try_for_each(|input| {
            // A guard per document: the arena that comes next is the one that is warm.
            let arena = arenas.get().map_err(|error| error.to_string())?;
            let values = parse(&input.text, &arena).map_err(|e| format!("{}: {e}", input.name))?;
            found.fetch_add(values, Ordering::Relaxed);
            bar.inc(1);
            Ok::<_, String>(())
        })?;
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let megabytes = bytes as f64 / 1e6;
    let report = format!(
        "{documents} documents, {} values, {megabytes:.0} MB in {seconds:.2} s: {:.0} MB/s\n\
         {workers} workers, {} arenas made\n",
        found.into_inner(),
        megabytes / seconds,
        arenas.made(),
    );
    io::stdout().write_all(report.as_bytes()).map_err(|error| error.to_string())
}

/// A bar of all documents; hidden unless a person looks on.
fn progress(documents: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(documents), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta:>4}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
