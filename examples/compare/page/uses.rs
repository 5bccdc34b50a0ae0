//! What stands on the pool: JSON, expressions, C; and what diagnostics cost.

use super::results::Results;
use super::table::{cell, markdown, row, with};

/// The documents, as the harness names them.
pub(crate) const DOCUMENTS: [&str; 5] =
    ["twitter", "citm_catalog", "canada", "github_events", "api_10kb"];
/// Who reads them.
pub(crate) const READERS: [(&str, &str); 8] = [
    ("direct", "**`Direct`**"),
    ("metadata", "**`Metadata`**"),
    ("tagged", "**`Tagged`**"),
    ("serde_json", "serde_json"),
    ("sonic-rs", "sonic-rs"),
    ("simd-json", "simd-json, borrowed"),
    ("simd-json-tape", "simd-json, tape"),
    ("jiter", "jiter"),
];

/// Who keeps no strings of their own, so that the text has to stay. (simd-json's tape borrows
/// from its copy of the text, which is counted with it.)
const BORROW: [&str; 4] = ["direct", "metadata", "tagged", "jiter"];

fn heads(first: &str) -> Vec<String> {
    let mut heads = vec![first.to_string()];
    heads.extend(DOCUMENTS.map(str::to_string));
    heads
}

/// A row with one cell per document.
fn line(about: &str, of: impl Fn(&str) -> String) -> Vec<String> {
    let mut cells = vec![about.to_string()];
    cells.extend(DOCUMENTS.map(of));
    cells
}

/// Reading, writing and editing.
pub(crate) fn json(results: &Results) -> String {
    let get = |name: String| results.get("json", &name);
    let micros = |value: Option<f64>| cell(value.map(|nanoseconds| nanoseconds / 1000.0));
    let mut rows = vec![heads("microseconds to read, and to drop or reset")];
    for (name, shown) in READERS {
        rows.push(line(shown, |text| micros(get(format!("{name}/read-{text}/ns")))));
    }
    rows.push(line("**times as fast**", |_| String::new()));
    for (peer, shown) in [
        ("serde_json", "reading, `Direct`, as serde_json"),
        ("sonic-rs", "the same, as sonic-rs"),
        ("sonic-rs-native", "the same, as sonic-rs built for this processor"),
        ("simd-json-tape", "the same, as simd-json's tape"),
        ("simd-json", "the same, as simd-json, borrowed"),
        ("jiter", "the same, as jiter"),
    ] {
        rows.push(line(shown, |text| cell(get(format!("direct/read-{text}/{peer}")))));
    }
    for (peer, shown) in
        [("serde_json", "writing, as serde_json"), ("sonic-rs", "writing, as sonic-rs")]
    {
        rows.push(line(shown, |text| cell(get(format!("arraypool/write-{text}/{peer}")))));
    }
    for (name, shown) in [
        ("metadata", "read, edited everywhere, dropped: `Metadata`, as serde_json"),
        ("tagged", "the same, `Tagged`"),
    ] {
        rows.push(line(shown, |text| cell(get(format!("{name}/edit-{text}/serde_json")))));
    }
    rows.push(line("**times as long as `Direct`**", |_| String::new()));
    for (name, shown) in [("metadata", "reading, `Metadata`"), ("tagged", "reading, `Tagged`")] {
        rows.push(line(shown, |text| cell(get(format!("{name}/read-{text}/direct")))));
    }
    markdown(&rows)
}

/// The most bytes while a document is read, and calls of the heap.
pub(crate) fn json_memory(results: &Results) -> String {
    let get = |name: String| results.get("json", &name);
    let mut rows = vec![heads("most bytes while reading, times the text")];
    for (name, shown) in READERS.iter().filter(|(name, _)| *name != "simd-json") {
        rows.push(line(shown, |text| cell(get(format!("{name}/peak-{text}/text")))));
    }
    // The text is once the text.
    let with_text = |value: Option<f64>| cell(value.map(|times| times + 1.0));
    for (name, shown) in READERS.iter().filter(|(name, _)| BORROW.contains(name)) {
        let about = format!("{shown}, with the text that it borrows from");
        rows.push(line(&about, |text| with_text(get(format!("{name}/peak-{text}/text")))));
    }
    rows.push(line("**bytes of the document**", |_| String::new()));
    let tree = |text: &str| get(format!("direct/bytes-{text}/text"));
    rows.push(line("tree under `Direct`, times the text", |text| cell(tree(text))));
    rows.push(line("the same, with the text that it borrows from", |text| with_text(tree(text))));
    for (figure, rest, shown) in [
        ("metadata/bytes", "direct", "all runs under `Metadata`, times those of `Direct`"),
        ("tagged/bytes", "direct", "all runs under `Tagged`, times those of `Direct`"),
        (
            "direct/owned",
            "text",
            "with its strings (`into_owned`), and no text to borrow from, times the text",
        ),
        ("direct/owned-keys-once", "text", "the same, keys kept once (`into_owned_with_keys`)"),
    ] {
        rows.push(line(shown, |text| cell(get(format!("{figure}-{text}/{rest}")))));
    }
    let mut text = markdown(&rows);
    text.push('\n');
    let mut rows = vec![row(["calls of the heap for 100 KB", "new pool and parser", "warm"])];
    for (name, shown) in &READERS[..3] {
        let of = |state: &str| cell(get(format!("{name}/calls-100-kb/{state}")));
        rows.push(vec![(*shown).to_string(), of("cold"), of("warm")]);
    }
    let serde = cell(get("serde_json/calls-100-kb".to_string()));
    rows.push(vec!["serde_json".to_string(), serde.clone(), serde]);
    text + &markdown(&rows)
}

/// Who evaluates expressions.
pub(crate) const EVALUATORS: [(&str, &str); 6] = [
    ("floor", "*the floor: closures of Rust*"),
    ("arraypool", "**arraypool**"),
    ("fasteval", "fasteval"),
    ("nanoexpr", "nanoexpr"),
    ("exmex", "exmex"),
    ("meval", "meval"),
];

/// The time of exp-rs, which has a process of its own: it was measured as a multiple of ours.
pub(crate) fn exp_rs(results: &Results, workload: &str) -> Option<f64> {
    let get = |rest: &str| results.get("expr", &format!("arraypool/{workload}/{rest}"));
    Some(get("exp-rs")? * get("ns")?)
}

/// Expressions, evaluated and compiled.
pub(crate) fn expressions(results: &Results) -> String {
    let get = |name: &str| results.get("expr", name);
    let mut rows = vec![row(["ns per expression", "with transcendental functions", "without"])];
    for (name, shown) in EVALUATORS {
        let of = |workload: &str| cell(get(&format!("{name}/{workload}/ns")));
        rows.push(vec![shown.to_string(), of("w1"), of("w2")]);
    }
    let of = |workload: &str| with(exp_rs(results, workload), " (a process of its own)");
    rows.push(vec!["exp-rs".to_string(), of("w1"), of("w2")]);
    rows.push(vec!["compiling, ns".to_string(), cell(get("compile/w1/ns")), cell(None)]);
    let calls = cell(get("arraypool/w1-tick/heap-calls"));
    rows.push(vec!["calls of the heap in 1000 ticks".to_string(), calls, cell(None)]);
    markdown(&rows)
}

/// What each diagnostic costs, as a multiple of the time with none.
pub(crate) fn diagnostics(results: &Results) -> String {
    let get = |name: String| cell(results.get("diagnostics", &name));
    let mut rows = vec![row(["", "`Metadata`, churn", "pair", "`Tagged`, churn", "pair"])];
    let mut line = |shown: &str, of: &dyn Fn(&str, &str) -> String| {
        let mut cells = vec![shown.to_string()];
        for name in ["metadata", "tagged"] {
            cells.extend(["churn", "pair-12"].map(|workload| of(name, workload)));
        }
        rows.push(cells);
    };
    line("with none, ns", &|name, workload| get(format!("{name}/off/{workload}/ns")));
    line("with none, instructions more than in a build without the feature", &|name, workload| {
        get(format!("{name}/off/{workload}/instructions-more"))
    });
    for (watched, shown) in [
        ("fail_every", "`fail_every` (which never fires), the price of the cold path"),
        ("quarantine", "`quarantine(64)`"),
        ("callers", "`callers`"),
        ("leaks", "`leaks` (its notes; the search runs at the end)"),
        ("clear_on_release", "`clear_on_release`"),
        ("poison", "`poison`"),
        ("canary", "`canary`"),
        ("integrity", "`integrity`"),
        ("debug", "`poison`, `callers`: the defaults of a debug build"),
        ("all", "`Checks::all()`"),
    ] {
        line(shown, &|name, workload| get(format!("{name}/{watched}/{workload}/off")));
    }
    markdown(&rows)
}

/// From C: times faster than `malloc` and `free`.
pub(crate) fn from_c(results: &Results) -> String {
    let mut rows = vec![row(["times as fast", "as glibc", "as rpmalloc"])];
    for (form, workload, shown) in [
        ("ap-inline", "pair-32", "`ap_arena_alloc` in line, pair"),
        ("ap-inline", "batch-32", "the same, batch"),
        ("ap-call", "pair-32", "by a call, pair"),
        ("ap-call", "batch-32", "the same, batch"),
        ("ap-metadata", "churn", "`ap_pool_alloc` and `ap_pool_release`, churn, `AP_METADATA`"),
        ("ap-tagged", "churn", "the same, `AP_TAGGED`"),
        ("ap-shared", "churn", "the same of a shared pool"),
    ] {
        let of = |rival: &str| cell(results.get("capi", &format!("{form}/{workload}/{rival}")));
        rows.push(vec![shown.to_string(), of("glibc"), of("rpmalloc")]);
    }
    markdown(&rows)
}
