//! What the command line asks for.

#![forbid(unsafe_code)]

use core::str::FromStr;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
JSON documents in pooled arrays, under every release strategy.

Usage: cargo run --release --example compare [-- OPTIONS FILE.json ...]

Every FILE is read into a tree of pooled arrays many times over. Eight such
documents live at any time; each new one takes the place of one chosen at
random, which is dropped. Without a FILE a built-in sample is used.

Options:
  --documents N   documents per file and strategy [1000]
  --seed N        seed of the random choice [1]
  --json          print JSON instead of a table
  --write         measure nothing: write the tables of COMPARISON.md and its pictures,
                  of what `cargo figures GROUP --csv` recorded in docs/results
  --help          print this and exit
";

/// What to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Print the help.
    Help,
    /// Write the page of comparisons and its pictures.
    Write,
    /// Measure.
    Compare(Options),
}

/// What to measure, and how to print it.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) files: Vec<PathBuf>,
    /// Documents per file and strategy; not 0.
    pub(crate) documents: u64,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

/// Reads the arguments, or says what is wrong with the first wrong one.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, String> {
    let mut options = Options { files: Vec::new(), documents: 1000, seed: 1, json: false };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if !text.starts_with('-') {
            options.files.push(argument.into());
            continue;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (&*text, None),
        };
        match (name, value) {
            ("--help" | "-h", None) => return Ok(Request::Help),
            ("--write", None) => return Ok(Request::Write),
            ("--json", None) => options.json = true,
            ("--documents", value) => options.documents = number(name, value, &mut arguments)?,
            ("--seed", value) => options.seed = number(name, value, &mut arguments)?,
            ("--", None) => options.files.extend(arguments.by_ref().map(PathBuf::from)),
            ("--help" | "-h" | "--json" | "--write", Some(_)) => {
                return Err(format!("{name} takes no value"));
            }
            _ => return Err(format!("unknown option {text}")),
        }
    }
    if options.documents == 0 {
        return Err("--documents must be at least 1".to_owned());
    }
    Ok(Request::Compare(options))
}

/// The number that belongs to an option: behind `=`, or the next argument.
fn number<N: FromStr>(
    name: &str,
    value: Option<String>,
    rest: &mut impl Iterator<Item = OsString>,
) -> Result<N, String> {
    let next = || rest.next().map(|next| next.to_string_lossy().into_owned());
    let value = value.or_else(next).ok_or_else(|| format!("{name} needs a number"))?;
    value.parse().map_err(|_| format!("{name} needs a whole number, not {value:?}"))
}
