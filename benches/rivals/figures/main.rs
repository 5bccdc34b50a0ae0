//! `cargo figures GROUP`: measures the crate against its floor and its rivals.
//!
//! A group is a file and a line in [`GROUPS`]. Within a group, everything that is
//! compared runs in one process, in interleaved rounds of random order, by the
//! thread's CPU time; a figure is the median of the ratios within one round.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of a benchmark are small")]

extern crate alloc;

#[path = "../../support/expressions.rs"]
mod expressions;
#[path = "../../support/mod.rs"]
mod support;

mod arenas;
mod capi;
mod child;
mod clock;
mod counts;
mod curves;
mod diagnostics;
mod expr;
mod expr_memory;
mod expr_rivals;
mod fresh;
mod json;
mod json_corpus;
mod json_digest;
mod json_memory;
mod json_native;
mod json_rivals;
mod machine;
mod mallocs;
mod measure;
mod memory;
mod misuse;
mod names;
mod objects;
mod options;
mod ours;
mod pools;
mod report;
mod scopes;
mod shared;
mod shared_pairs;
mod shared_subjects;
mod strategies;
mod study;
mod study_trace;
mod subjects;
mod syntax;

use std::process::ExitCode;

use options::{Asked, Options};
use report::Report;

/// What belongs together on one page of figures.
struct Group {
    name: &'static str,
    about: &'static str,
    /// Measures and reports.
    run: fn(&mut Report, &Options),
    /// Does a part of it in a child process, which is asked for by words.
    child: fn(&[String]) -> Result<(), String>,
}

const GROUPS: &[Group] = &[
    strategies::GROUP,
    memory::GROUP,
    shared::GROUP,
    expr::GROUP,
    json::GROUP,
    diagnostics::GROUP,
    capi::GROUP,
    study::GROUP,
    curves::GROUP,
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match options::parse(&words) {
        Ok(Asked::List) => {
            println!("{}", options::USAGE);
            for group in GROUPS {
                println!("  {:12} {}", group.name, group.about);
            }
            ExitCode::SUCCESS
        }
        Ok(Asked::Measure(options)) => measure(&options),
        Ok(Asked::Child { group, words }) => {
            match find(&group).map(|found| (found.child)(&words)) {
                Some(Ok(())) => ExitCode::SUCCESS,
                Some(Err(message)) => refuse(&message),
                None => refuse(&unknown(&group)),
            }
        }
        Err(message) => refuse(&message),
    }
}

fn measure(options: &Options) -> ExitCode {
    let Some(group) = find(&options.group) else { return refuse(&unknown(&options.group)) };
    let mut report = Report::new(group.name, options.seed);
    (group.run)(&mut report, options);
    if let Some(path) = &options.csv
        && let Err(error) = report.write_csv(path)
    {
        return refuse(&format!("{}: {error}", path.display()));
    }
    let missed = report.missed();
    println!("{} of {} goals reached", report.goals() - missed, report.goals());
    if options.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn find(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name)
}

fn unknown(group: &str) -> String {
    let names: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
    format!("no group `{group}`; there is {}", names.join(", "))
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("figures: {message}");
    ExitCode::from(2)
}
