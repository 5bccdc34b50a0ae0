//! The three strategies and their floor, side by side.

use super::Sources;
use super::results::Results;
use super::table::{NOTHING, cell, markdown, row, with};

const GROUP: &str = "strategies";

/// Times of arrays that are taken and given back.
const WORKLOADS: [(&str, &str); 5] = [
    ("pair-12", "one live array of 12 elements"),
    ("pair-200", "one live array of 200 elements"),
    ("stack", "1000 arrays, given back in reverse"),
    ("churn-1024", "random replacement among 1024"),
    ("churn", "random replacement among 4096"),
];

/// The whole table.
pub(crate) fn table(sources: &Sources) -> String {
    let results = &sources.results;
    let mut rows = vec![row(["", "floor", "`Direct`", "`Metadata`", "`Tagged`"])];
    rows.push(row(["**ns per array, taken and given back** (times the floor)", "", "", "", ""]));
    rows.extend(WORKLOADS.iter().map(|(name, about)| time(results, name, about)));
    rows.push(bare(results));
    rows.extend(programs(results));
    rows.push(row(["**instructions per array** (x86-64)", "", "", "", ""]));
    for (name, about) in &[WORKLOADS[0], WORKLOADS[4]] {
        rows.push(instructions(results, name, about));
    }
    rows.push(row(["**bytes**", "", "", "", ""]));
    rows.extend(bytes(results));
    rows.push(row([
        "**cases of misuse** of the table below, no diagnostic asked for",
        "",
        "",
        "",
        "",
    ]));
    rows.extend(detection(&sources.misuse));
    rows.push(row(["**on a Cortex-M7** (docs/REAL_TIME.md)", "", "", "", ""]));
    rows.extend(firmware(&sources.firmware));
    markdown(&rows)
}

/// A strategy's figure of a workload, and how many times the floor's it is.
fn over_floor(results: &Results, who: &str, workload: &str, floor: &str) -> String {
    let name = format!("{who}/{workload}/ns");
    let Some(value) = results.get(GROUP, &name) else { return NOTHING.to_string() };
    // The harness's own ratio is the median over rounds.
    let ratio = results
        .get(GROUP, &format!("{who}/{workload}/floor"))
        .or_else(|| results.ratio(GROUP, &name, floor));
    format!("{} ({})", cell(Some(value)), cell(ratio))
}

fn time(results: &Results, workload: &str, about: &str) -> Vec<String> {
    let floor = format!("floor/{workload}/ns");
    let of = |who: &str| over_floor(results, who, workload, &floor);
    let direct = NOTHING.to_string();
    vec![about.to_string(), cell(results.get(GROUP, &floor)), direct, of("metadata"), of("tagged")]
}

/// The same arrays, held by their bare address.
fn bare(results: &Results) -> Vec<String> {
    let of = |who: &str| over_floor(results, who, "churn", "floor/churn/ns");
    let about = "the same, released by its bare address".to_string();
    vec![about, NOTHING.to_string(), NOTHING.to_string(), of("metadata-bare"), of("tagged-bare")]
}

/// A program that takes two million arrays, under different memory.
fn programs(results: &Results) -> Vec<Vec<String>> {
    let line = |about: &str, ways: [Option<&str>; 3]| {
        let of = |way: Option<&str>| cell(way.and_then(|way| results.get(GROUP, way)));
        vec![about.to_string(), NOTHING.to_string(), of(ways[0]), of(ways[1]), of(ways[2])]
    };
    vec![
        line(
            "two million arrays, no reset, memory new to the process",
            [Some("direct-fresh/ns"), Some("metadata-fresh/ns"), Some("tagged-fresh/ns")],
        ),
        line(
            "the same, memory that the process has",
            [Some("direct-mapped/ns"), Some("metadata-mapped/ns"), Some("tagged-mapped/ns")],
        ),
        line(
            "the same, reset and built anew every 20,000 arrays",
            [Some("direct-generations/ns"), None, None],
        ),
        line(
            "MB held for those two million at the end",
            [
                Some("direct-fresh/held-MB"),
                Some("metadata-fresh/held-MB"),
                Some("tagged-fresh/held-MB"),
            ],
        ),
    ]
}

fn instructions(results: &Results, workload: &str, about: &str) -> Vec<String> {
    let of = |who: &str| cell(results.get(GROUP, &format!("{who}/{workload}/instructions")));
    vec![about.to_string(), of("floor"), NOTHING.to_string(), of("metadata"), of("tagged")]
}

/// A row of a figure that all three strategies have in the study.
fn of_study(results: &Results, about: &str, figure: &str, unit: &str) -> Vec<String> {
    let of = |who: &str| with(results.get("study", &format!("{who}/{figure}")), unit);
    vec![about.to_string(), NOTHING.to_string(), of("direct"), of("metadata"), of("tagged")]
}

fn bytes(results: &Results) -> Vec<Vec<String>> {
    vec![
        of_study(results, "held for an array of 12 elements of 8 bytes", "array-12/bytes", ""),
        of_study(results, "held for an array of 200 elements of 8 bytes", "array-200/bytes", ""),
        of_study(results, "of a handle", "array-12/handle-bytes", ""),
        of_study(results, "most resident in the day below", "day/most-MB", " MB"),
    ]
}

/// What a child observed, in words that a sum can be made of.
fn kind(outcome: &str) -> usize {
    match outcome {
        "not releasable" => 1,
        "out of reach" | "no bookkeeping there" => 2,
        "not noticed" => 4,
        _ if outcome.starts_with("not without") => 3,
        _ => 0,
    }
}

/// How many cases of misuse end in which way; those in which a diagnostic is asked for
/// are left out.
fn detection(misuse: &[Vec<String>]) -> Vec<Vec<String>> {
    let kinds = [
        "an error that names the mistake",
        "an error, as of any release of a single array",
        "out of reach of writes near the array, or not there",
        "found by a diagnostic, if it is asked for",
        "not noticed",
    ];
    let plain = |row: &&Vec<String>| row.get(1).is_none_or(|case| !case.contains("with `"));
    let count = |kind_of: usize, column: usize| {
        let cells = misuse.iter().filter(plain).filter_map(|row| row.get(column));
        cells.filter(|outcome| kind(outcome) == kind_of).count().to_string()
    };
    let line = |(index, about): (usize, &&str)| {
        let [direct, metadata, tagged] = [2, 3, 4].map(|column| count(index, column));
        vec![(*about).to_string(), NOTHING.to_string(), direct, metadata, tagged]
    };
    kinds.iter().enumerate().map(line).collect()
}

/// Rows of the firmware's table, which has no `Direct`.
fn firmware(measured: &[Vec<String>]) -> Vec<Vec<String>> {
    let wanted = [
        ("`allocate`, class of 16, typical", "instructions of `allocate`, after `reserve`"),
        ("`release`, class of 16, typical", "instructions of `release`, after `reserve`"),
        (
            "`allocate`, class of 16, worst of 10,000 random operations",
            "of `allocate`, worst of 10,000, after `reserve`",
        ),
        (
            "`release`, class of 16, worst of 10,000 random operations",
            "of `release`, worst of 10,000, after `reserve`",
        ),
        (
            "`allocate`, class of 16, the first of a class, which opens a run",
            "of the first `allocate` of a class, without `reserve`",
        ),
        (
            "bytes of flash over an image that does nothing",
            "bytes of flash over an image that does nothing: the loop, its expressions",
        ),
        ("bytes of the heap that start-up used", "bytes of heap, all at start-up"),
    ];
    let line = |(title, about): (&str, &str)| {
        let found = measured.iter().find(|row| row.first().is_some_and(|cell| cell == title));
        let of = |column: usize| {
            found.and_then(|row| row.get(column)).map_or(NOTHING.to_string(), String::clone)
        };
        vec![about.to_string(), NOTHING.to_string(), NOTHING.to_string(), of(1), of(2)]
    };
    wanted.into_iter().map(line).collect()
}
