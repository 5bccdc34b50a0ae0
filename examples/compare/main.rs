//! JSON documents in pooled arrays, under every release strategy: one table of what it costs.
//!
//! ```text
//! cargo run --release --example compare [-- OPTIONS FILE.json ...]
//! cargo run --release --example compare -- --write
//! ```
//!
//! The second one measures nothing: it writes what was recorded into COMPARISON.md.

#![forbid(unsafe_code)]

mod arguments;
mod input;
mod measure;
mod page;
mod random;
mod report;
mod tree;

use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;

use arraypool::{Direct, Metadata, Tagged};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use arguments::{Options, Request};
use input::Input;
use measure::{Measured, measure};

fn main() -> ExitCode {
    let outcome = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print(arguments::HELP),
        Ok(Request::Write) => write(Path::new(env!("CARGO_MANIFEST_DIR"))),
        Ok(Request::Compare(options)) => compare(&options),
        Err(mistake) => {
            eprintln!("compare: {mistake}; --help lists the options");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes every table and picture that is out of step, and names it.
fn write(root: &Path) -> Result<(), String> {
    for file in page::make(&page::Sources::read(root)?)? {
        let path = root.join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        fs::write(&path, &file.text).map_err(|error| format!("{}: {error}", file.path))?;
        print(&format!("{} is written\n", file.path))?;
    }
    Ok(())
}

/// Reads all, measures all, prints all.
fn compare(options: &Options) -> Result<(), String> {
    let inputs = match &options.files[..] {
        [] => vec![input::sample()?],
        files => files.iter().map(|file| input::read(file)).collect::<Result<_, _>>()?,
    };
    let bar = progress(options, inputs.len());
    let mut rows = Vec::new();
    for input in &inputs {
        rows.extend(
            strategies(input, options, &bar).map_err(|error| format!("{}: {error}", input.name))?,
        );
    }
    bar.finish_and_clear();
    print(&if options.json { report::json(&rows, options) } else { report::table(&rows, options) })
}

/// One document under each strategy.
fn strategies(
    input: &Input,
    options: &Options,
    bar: &ProgressBar,
) -> Result<[Measured; 3], String> {
    Ok([
        measure::<Direct>(input, options, bar)?,
        measure::<Metadata>(input, options, bar)?,
        measure::<Tagged>(input, options, bar)?,
    ])
}

/// A bar of all documents under all strategies; hidden unless a person looks on.
fn progress(options: &Options, inputs: usize) -> ProgressBar {
    if options.json || !io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let total = options.documents * inputs as u64 * 3;
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{msg:<32} {wide_bar} {pos}/{len} {eta:>4}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Prints to a reader who may leave before the end.
fn print(text: &str) -> Result<(), String> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(()),
    }
}
