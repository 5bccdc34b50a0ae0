//! What the command line asks for.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const USAGE: &str = "\
usage: cargo figures GROUP [--check] [--quick] [--csv FILE] [--seed N] [--list]
  --check     exit with 1 if a goal is missed
  --quick     fewer rounds: ends within a minute
  --csv FILE  write every figure to FILE, with machine, compiler and commit;
              a relative FILE begins at the project's root
  --seed N    the order of the rounds and the lengths, as an earlier run printed it
  --list      this text and the groups
groups:";

/// The project's folder.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// How the group's word is told from an option's value in a child process.
pub(crate) const CHILD: &str = "child";

/// Settings of a measurement.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) group: String,
    pub(crate) check: bool,
    pub(crate) quick: bool,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) seed: u64,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Asked {
    List,
    Measure(Options),
    /// A part of a group, in a process of its own.
    Child {
        group: String,
        words: Vec<String>,
    },
}

/// Understands the command line; the error says what is wrong with it. Without a
/// group it asks for the list, so that a bare `cargo bench` passes.
pub(crate) fn parse(words: &[String]) -> Result<Asked, String> {
    if let [first, group, rest @ ..] = words
        && first == CHILD
    {
        return Ok(Asked::Child { group: group.clone(), words: rest.to_vec() });
    }
    let mut options =
        Options { group: String::new(), check: false, quick: false, csv: None, seed: fresh_seed() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo's own, for every benchmark.
            "--bench" => {}
            "--check" => options.check = true,
            "--quick" => options.quick = true,
            "--list" => return Ok(Asked::List),
            "--csv" => {
                let file = words.next().ok_or("--csv needs a file")?;
                // Cargo runs this in the package's own folder; an absolute path stays.
                options.csv = Some(Path::new(ROOT).join(file));
            }
            "--seed" => {
                let number = words.next().ok_or("--seed needs a number")?;
                options.seed = number.parse().map_err(|_| format!("no number: `{number}`"))?;
            }
            option if option.starts_with('-') => {
                return Err(format!("no option `{option}`\n{USAGE} see --list"));
            }
            group if options.group.is_empty() => options.group = group.to_string(),
            more => return Err(format!("one group at a time: `{}`, `{more}`", options.group)),
        }
    }
    Ok(if options.group.is_empty() { Asked::List } else { Asked::Measure(options) })
}

/// A seed of 20 bits, short enough to be typed.
fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) & 0xf_ffff
}
