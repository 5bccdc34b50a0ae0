//! COMPARISON.md and its pictures say what was recorded, and nothing else.
//!
//! `cargo run --release --example compare -- --write` writes them.

#![cfg(not(miri))]

#[path = "../examples/compare/page/mod.rs"]
mod page;

use std::fs;
use std::path::Path;

use page::{Made, Sources, make};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Sources {
    Sources::read(root()).expect("what the page is made of")
}

fn made(sources: &Sources) -> Vec<Made> {
    make(sources).expect("a page with all its markers")
}

#[test]
fn page_and_pictures_are_in_step_with_what_was_recorded() {
    for Made { path, text } in made(&sources()) {
        let found = fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(
            found == text,
            "{path} is out of step; `cargo run --release --example compare -- --write` writes it"
        );
    }
}

#[test]
fn every_picture_is_made_and_shown() {
    let page = sources().page;
    let all = made(&sources());
    for entry in fs::read_dir(root().join(page::PICTURES)).expect("a folder of pictures") {
        let name = entry.expect("a file").file_name().into_string().expect("UTF-8");
        let path = format!("{}/{name}", page::PICTURES);
        assert!(all.iter().any(|made| made.path == path), "nothing makes {path}");
        assert!(page.contains(&format!("]({path})")), "{} does not show {path}", page::PAGE);
    }
}

/// Files that are others when one figure is another.
#[track_caller]
fn depends_on(group: &'static str, name: &str, files: &[&str]) {
    let mut sources = sources();
    sources.results.set(group, name, 11.5);
    let before = made(&sources);
    sources.results.set(group, name, 23.5);
    let after = made(&sources);
    for file in files {
        let differs = before.iter().zip(&after).any(|(one, other)| {
            one.path.contains(file) && one.path == other.path && one.text != other.text
        });
        assert!(differs, "{file} does not depend on {name}");
    }
}

#[test]
fn a_figure_that_changes_changes_the_page() {
    depends_on("strategies", "metadata/churn/ns", &[page::PAGE, "strategies", "peers"]);
    depends_on("strategies", "tagged/fresh/direct", &[page::PAGE]);
    depends_on("study", "tagged/day/12/MB", &["day"]);
    depends_on("study", "glibc/day/most-MB", &[page::PAGE]);
    depends_on("study", "metadata/batch/050/held-KB", &["batch"]);
    depends_on("memory", "boxed/tree/heap-calls", &[page::PAGE]);
    depends_on("shared", "lane-tagged/churn/unshared", &[page::PAGE]);
    depends_on("json", "direct/read-canada/ns", &[page::PAGE]);
    depends_on("json", "direct/read-canada/serde_json", &[page::PAGE, "json"]);
    depends_on("study", "direct/day/most-MB", &[page::PAGE, "day"]);
    depends_on("expr", "arraypool/w2/exp-rs", &[page::PAGE, "expressions"]);
    depends_on("expr", "arraypool/w1/ns", &[page::PAGE, "expressions"]);
}

#[test]
fn a_ratio_that_was_recorded_is_used() {
    let mut sources = sources();
    // The two times alone would be twice as fast.
    sources.results.set("json", "serde_json/read-canada/ns", 2000.0);
    sources.results.set("json", "metadata/read-canada/ns", 1000.0);
    sources.results.set("json", "metadata/read-canada/serde_json", 5.0);
    let all = made(&sources);
    assert!(all[0].text.contains("canada: 80.0 %"), "the claim is of times");
    let json = all.iter().find(|made| made.path.contains("json")).expect("a picture");
    assert!(json.text.contains(">5.00</text>"), "the picture is of times");
}

#[test]
fn a_claim_is_held_against_the_fastest_allocator_too() {
    let mut sources = sources();
    for allocator in ["mimalloc", "jemalloc", "jemalloc-sized", "snmalloc", "glibc"] {
        sources.results.set("strategies", &format!("{allocator}/churn/ns"), 100.0);
    }
    sources.results.set("strategies", "metadata/churn/ns", 10.0);
    let verdict = |rpmalloc: f64, sources: &mut Sources| {
        sources.results.set("strategies", "rpmalloc/churn/ns", rpmalloc);
        let page = made(sources).swap_remove(0).text;
        let line = page.lines().find(|line| line.starts_with("| 50 % less")).expect("a claim");
        assert!(line.contains("`Metadata` against rpmalloc, the fastest"), "{line}");
        line.split(" | ").nth(1).map(str::to_string)
    };
    sources.results.set("strategies", "tagged/churn/ns", 10.0);
    assert_eq!(verdict(90.0, &mut sources).as_deref(), Some("holds"));
    assert_eq!(verdict(12.0, &mut sources).as_deref(), Some("holds in part"));
}

/// Every time of the group `strategies` of an array under a strategy that checks, as a multiple
/// of the floor's: what stands in brackets in the table that the front page leads to.
fn multiples_of_the_floor(results: &page::Results) -> Vec<f64> {
    let checked = ["metadata", "tagged", "metadata-bare", "tagged-bare"];
    let mut all = Vec::new();
    for figure in results.figures("strategies") {
        let name = figure.name.strip_suffix("/ns").and_then(|name| name.split_once('/'));
        if let Some((who, workload)) = name.filter(|(who, _)| checked.contains(who)) {
            let floor = format!("floor/{workload}/ns");
            let ratio = results.get("strategies", &format!("{who}/{workload}/floor"));
            all.extend(ratio.or_else(|| results.ratio("strategies", &figure.name, &floor)));
        }
    }
    all
}

#[test]
fn the_front_page_says_what_was_recorded() {
    let sources = sources();
    let all = multiples_of_the_floor(&sources.results);
    let shown = sources.page.split("<!-- strategies:").nth(1).expect("a table");
    for ratio in &all {
        assert!(shown.contains(&format!("({ratio:.2})")), "the table does not show {ratio}");
    }
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(0.0, f64::max);
    let says = format!("costs {least:.1} to {most:.1} times the time");
    let front = fs::read_to_string(root().join("README.md")).expect("a front page");
    assert!(front.contains(&says), "README.md does not say that checking {says}");
}

#[test]
fn two_threads_are_held_against_the_better_malloc() {
    let mut sources = sources();
    for (malloc, time) in [("mimalloc", 30.0), ("jemalloc", 20.0), ("jemalloc-sized", 40.0)] {
        sources.results.set("shared", &format!("{malloc}/churn-2-threads/ns"), time);
    }
    sources.results.set("shared", "default-metadata/churn-2-threads/malloc", 2.0);
    sources.results.set("shared", "default-tagged/churn-2-threads/malloc", 0.75);
    let cells = |sources: &Sources| {
        let page = made(sources).swap_remove(0).text;
        let says = "the better malloc, jemalloc |";
        let line = page.lines().find(|line| line.contains(says)).expect("a row");
        line.split_once(says).map(|(_, cells)| cells.trim().to_string())
    };
    assert_eq!(cells(&sources).as_deref(), Some("2.00 | 0.75 |"));
}

#[test]
fn what_a_verdict_depends_on_is_said_with_it() {
    let mut sources = sources();
    let verdict = |sources: &Sources, claim: &str| {
        let page = made(sources).swap_remove(0).text;
        let line = page.lines().find(|line| line.starts_with(claim)).expect("a claim");
        line.split(" | ").nth(1).map(str::to_string)
    };
    let claim = "| 75 % less compiler memory |";
    assert_eq!(verdict(&sources, claim).as_deref(), Some("holds in part"));
    sources.results.set("expr", "phases/w1-compile/saved-%", 74.0);
    assert_eq!(verdict(&sources, claim).as_deref(), Some("does not hold"));
    let claim = "| arenas: walks 10 to 15 % faster |";
    assert_eq!(verdict(&sources, claim).as_deref(), Some("holds against a fragmented heap"));
    for document in ["twitter", "citm_catalog", "canada", "github_events", "api_10kb"] {
        sources.results.set("json", &format!("serde_json/peak-{document}/text"), 4.0);
        sources.results.set("json", &format!("metadata/peak-{document}/text"), 2.0);
    }
    let claim = "| the same, with the text |";
    assert_eq!(verdict(&sources, claim).as_deref(), Some("holds"));
    sources.results.set("json", "metadata/peak-canada/text", 2.5);
    assert_eq!(verdict(&sources, claim).as_deref(), Some("holds in part"));
}

#[test]
fn what_was_not_recorded_is_a_dash() {
    let mut sources = sources();
    sources.results = page::Results::default();
    let page = &made(&sources)[0].text;
    let line = page.lines().find(|line| line.starts_with("| random replacement among 4096 |"));
    assert_eq!(line, Some("| random replacement among 4096 | – | – | – | – |"));
    for (path, text) in made(&sources).iter().skip(1).map(|made| (&made.path, &made.text)) {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{path} has a number of nothing");
    }
}

#[test]
fn what_files_have_in_common_is_said_once() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("comparison");
    fs::create_dir_all(&folder).expect("a folder");
    let file = |group: &str, system: &str| {
        let text = format!("# system: {system}\n# peers: glibc 2.36\n# date: 2026-01-02\n");
        fs::write(folder.join(format!("{group}.csv")), text).expect("a file");
    };
    file("json", "Linux 6.1");
    file("expr", "Linux 6.1");
    file("capi", "Linux 6.2");
    let origins = page::Results::read(&folder).expect("what was written").origins();
    assert_eq!(origins.matches("| versions | glibc 2.36 |\n").count(), 1, "{origins}");
    assert!(origins.contains("| system (json, expr) | Linux 6.1 |\n"), "{origins}");
    assert!(origins.contains("| system (capi) | Linux 6.2 |\n"), "{origins}");
    assert_eq!(origins.matches("2026-01-02").count(), 3, "{origins}");
}

#[test]
fn every_file_of_results_is_read() {
    for entry in fs::read_dir(root().join(page::RESULTS)).expect("a folder of results") {
        let name = entry.expect("a file").file_name().into_string().expect("UTF-8");
        let group = name.strip_suffix(".csv").expect("comma-separated values");
        let figures = sources().results.all().filter(|(other, _)| *other == group).count();
        assert!(figures > 0, "{name} has no figures, or nobody reads it");
    }
}
