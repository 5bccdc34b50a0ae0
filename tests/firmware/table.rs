//! The table of `docs/REAL_TIME.md`: written from a run, or compared with one.

use core::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Run;
use crate::image::Image;

const PAGE: &str = "docs/REAL_TIME.md";
const START: &str = "<!-- measured: ARRAYPOOL_WRITE=1 cargo test --test firmware -->\n";
const END: &str = "<!-- end of what was measured -->";

/// How far a figure of the page may be from the run, in percent: another compiler
/// is another count.
const TOLERANCE: u64 = 15;

/// A row: what was measured, and the figure of either strategy.
pub(crate) type Row = (String, [u64; 2]);

/// All rows.
pub(crate) fn rows(runs: &[Run; 2], empty: &Image) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut measured = |what: &str, name: &str| {
        let figures = [0, 1].map(|run: usize| runs[run].measure.number(name));
        rows.push((what.to_string(), figures));
    };
    for (length, class) in [(12, "16"), (200, "256")] {
        for (which, about) in [
            ("first", "the first of a class, which opens a run"),
            ("typical", "typical"),
            ("random-worst", "worst of 10,000 random operations"),
        ] {
            for call in ["allocate", "release"] {
                let about = match (call, which) {
                    ("release", "first") => "of that first array",
                    _ => about,
                };
                let what = format!("`{call}`, class of {class}, {about}");
                measured(&what, &format!("{call}-{length}-{which}"));
            }
        }
    }
    for call in ["allocate", "release"] {
        let what = format!("`{call}`, class of 16, worst of a comb of 512 holes");
        measured(&what, &format!("{call}-12-comb-worst"));
    }
    for call in ["allocate", "release"] {
        let what = format!("`{call}`, the same handles over lists that check nothing");
        measured(&what, &format!("{call}-floor"));
    }
    for (name, about) in [("w1", "with"), ("w2", "without")] {
        let functions = format!("{about} transcendental functions");
        let of = |what: &str| format!("{what}-{name}-mean-per-expression");
        measured(&format!("an expression {functions}, one tick"), &of("tick"));
        let worst = format!("a tick of seven expressions {functions}, worst");
        measured(&worst, &format!("tick-{name}-worst"));
        measured(&format!("replacing an expression {functions}"), &of("compile"));
        let bytes = format!("bytes of seven programs {functions}");
        measured(&bytes, &format!("program-{name}-bytes"));
    }
    measured("bytes of a batch's frame", "frame-bytes");
    measured("bytes of a tree, at most", "tree-bytes");
    measured("bytes of a checked form, at most", "checked-bytes");
    measured("bytes of fourteen trees in an arena", "trees-arena-bytes");
    measured("bytes of the same trees on a general heap", "trees-heap-bytes");
    measured("blocks of the same trees on a general heap", "trees-heap-blocks");
    let sizes = [0, 1].map(|run: usize| runs[run].control_image.bytes());
    let (empty_flash, _) = empty.bytes();
    let of = |size: fn((usize, usize)) -> usize| sizes.map(|sizes| size(sizes) as u64);
    rows.push(("bytes of flash, the loop".into(), of(|(flash, _)| flash)));
    let over = sizes.map(|(flash, _)| flash.saturating_sub(empty_flash) as u64);
    rows.push(("bytes of flash over an image that does nothing".into(), over));
    rows.push(("bytes of static RAM, all buffers included".into(), of(|(_, ram)| ram)));
    let heap = [0, 1].map(|run: usize| runs[run].control.number("start-up-heap-bytes"));
    rows.push(("bytes of the heap that start-up used".into(), heap));
    rows
}

fn print(rows: &[Row]) -> String {
    let mut table = String::from("| | `Metadata` | `Tagged` |\n|---|---|---|\n");
    for (what, [metadata, tagged]) in rows {
        let _ = writeln!(table, "| {what} | {metadata} | {tagged} |");
    }
    table
}

/// Writes the table if that is asked for; otherwise the page's has to agree.
pub(crate) fn agree(rows: &[Row]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once(START).expect("the table's start is marked");
    let (table, after) = rest.split_once(END).expect("the table's end is marked");
    if std::env::var_os("ARRAYPOOL_WRITE").is_some() {
        fs::write(&path, format!("{before}{START}{}{END}{after}", print(rows))).expect("a page");
        return;
    }
    let recorded: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(recorded.len(), rows.len(), "{PAGE} has other rows; write it anew");
    for (line, (what, figures)) in recorded.iter().zip(rows) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.first(), Some(&what.as_str()), "{PAGE} has other rows");
        for (cell, figure) in cells[1..].iter().zip(figures) {
            let recorded: u64 = cell.parse().expect("a number");
            let off = recorded.abs_diff(*figure);
            assert!(
                off <= 2 || off * 100 <= TOLERANCE * recorded,
                "{PAGE}: {what}: {figure}, recorded as {recorded}; write it anew"
            );
        }
    }
}
