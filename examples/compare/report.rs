//! The result: a table for people, JSON for machines.

#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::time::Duration;

use serde_json::json;

use crate::arguments::Options;
use crate::measure::{ALIVE, GENERATION_BYTES, Measured};

/// Spaces between two columns.
const GAP: &str = "  ";

/// The whole table, and what it means.
pub(crate) fn table(rows: &[Measured], options: &Options) -> String {
    let mut lines = vec![heads(options)];
    lines.extend(rows.iter().map(cells));
    let mut text = aligned(&lines);
    notes(&mut text, rows, options);
    text
}

fn heads(options: &Options) -> Vec<String> {
    let last = format!("held after {}", options.documents);
    [
        "document",
        "strategy",
        "time / document",
        "allocate + release",
        "held after 1",
        &last,
        "live",
        "free",
        "chunks",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn cells(row: &Measured) -> Vec<String> {
    vec![
        row.document.clone(),
        row.strategy.to_owned(),
        time(row.median),
        format!("{:.1} ns", row.pair_ns),
        bytes(row.first_bytes),
        bytes(row.last_bytes),
        row.live.to_string(),
        row.free.to_string(),
        row.chunks.to_string(),
    ]
}

/// Columns as wide as their widest cell: two of words, the others of numbers.
fn aligned(lines: &[Vec<String>]) -> String {
    const WORDS: usize = 2;
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { GAP };
            let _ = if column < WORDS {
                write!(text, "{gap}{cell:<width$}")
            } else {
                write!(text, "{gap}{cell:>width$}")
            };
        }
        text.push('\n');
        if index == 0 {
            let total = widths.iter().sum::<usize>() + GAP.len() * (columns - 1);
            let _ = writeln!(text, "{}", "-".repeat(total));
        }
    }
    text
}

/// What the numbers are, and what they are not.
fn notes(text: &mut String, rows: &[Measured], options: &Options) {
    let _ = write!(
        text,
        "
time / document:     read into a tree of pooled arrays, and another tree dropped; median of {}
allocate + release:  the arrays of one document, without writing to them; per array
held:                bytes of chunks and books
live, free:          arrays, with the last {} documents alive
",
        options.documents,
        ALIVE.min(usize::try_from(options.documents).unwrap_or(ALIVE)),
    );
    for row in rows.iter().filter(|row| !row.reclaims) {
        let _ = writeln!(text, "{}", growth(row));
    }
}

/// What became of a strategy that takes no single array back.
fn growth(row: &Measured) -> String {
    let (name, strategy) = (&row.document, row.strategy);
    match row.resets {
        0 => format!(
            "{name}: {strategy} gives nothing back before a reset, so it grew with every document"
        ),
        resets => format!(
            "{name}: {strategy} gives nothing back before a reset: {resets} times it had filled {}, \
             and every document had to go",
            bytes(GENERATION_BYTES)
        ),
    }
}

fn time(duration: Duration) -> String {
    let us = duration.as_secs_f64() * 1e6;
    if us < 1000.0 { format!("{us:.1} us") } else { format!("{:.2} ms", us / 1000.0) }
}

fn bytes(count: usize) -> String {
    const KIB: f64 = 1024.0;
    let kib = count as f64 / KIB;
    if kib < KIB { format!("{kib:.1} KiB") } else { format!("{:.1} MiB", kib / KIB) }
}

/// Everything that was measured.
pub(crate) fn json(rows: &[Measured], options: &Options) -> String {
    let rows: Vec<_> = rows.iter().map(row_json).collect();
    let report = json!({
        "documents": options.documents,
        "seed": options.seed,
        "alive": ALIVE,
        "generation_bytes": GENERATION_BYTES,
        "rows": rows,
    });
    format!("{report:#}\n")
}

fn row_json(row: &Measured) -> serde_json::Value {
    let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "document": row.document,
        "text_bytes": row.text_bytes,
        "strategy": row.strategy,
        "arrays_per_document": row.arrays,
        "median_document_ns": ns(row.median),
        "mean_document_ns": ns(row.mean),
        "allocate_release_ns": row.pair_ns,
        "first_held_bytes": row.first_bytes,
        "last_held_bytes": row.last_bytes,
        "live_arrays": row.live,
        "free_arrays": row.free,
        "chunks": row.chunks,
        "resets": row.resets,
    })
}
