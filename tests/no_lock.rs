//! No lock and no atomic read-modify-write where a lane has what is asked for.
//!
//! `no_lock/calls.rs` exports calls that allocate and drop, each as a function of its
//! own. It is built as a release is, into assembly, and there every function that a call
//! leads to is looked at, but for those that begin the unusual cases by their names. On
//! x86-64 such an instruction has the prefix `lock`, or is an `xchg`.

// Nothing here depends on the default strategy, so one of both builds will do.
#![cfg(all(
    feature = "shared",
    target_arch = "x86_64",
    target_os = "linux",
    not(any(miri, feature = "tagged"))
))]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[path = "ui/cargo.rs"]
mod cargo;
#[path = "no_panic/graph.rs"]
mod graph;

use std::fs;
use std::path::Path;

use graph::Graph;

/// Functions that are followed no further, by parts of their names:
/// - the shelf is empty, or has to give a batch away;
/// - an array is longer than the table's;
/// - the thread has no default lane in this pool, or used another pool last;
/// - an array is dropped on another thread;
/// - its bookkeeping was overwritten.
const APART: [&str; 6] = [
    "10issue_slow",
    "8overflow",
    "13class_outside",
    "18allocate_elsewhere",
    "14send_or_report",
    "17refuse_and_report",
];

/// The calls in assembly.
fn assembly() -> Graph {
    let root = env!("CARGO_MANIFEST_DIR");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-lock-package");
    let manifest = format!(
        "[package]\nname = \"calls\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"{root}/tests/no_lock/calls.rs\"\ncrate-type = [\"staticlib\"]\n\n\
         [dependencies]\narraypool = {{ path = {root:?}, features = [\"shared\"] }}\n\n\
         [profile.release]\ncodegen-units = 1\nlto = \"fat\"\npanic = \"abort\"\n\n[workspace]\n"
    );
    fs::create_dir_all(&package).expect("a folder");
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    let mut cargo = cargo::cargo(&package, "no-lock");
    cargo.args(["rustc", "--quiet", "--release", "--", "--emit", "asm"]);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Graph::newest_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-lock/release/deps"))
}

/// The ways from functions whose names begin with `prefix`, of which there are as many,
/// to an instruction that locks.
fn ways(graph: &Graph, prefix: &str, count: usize, apart: &[&str]) -> Vec<String> {
    let roots: Vec<_> = graph.functions().filter(|name| name.starts_with(prefix)).collect();
    assert_eq!(roots.len(), count, "the functions are not there under their names");
    // A graph has the words of all instructions, these among them.
    let locks = |name: &str| name == "lock" || name.starts_with("xchg");
    let is_apart = |name: &str| apart.iter().any(|part| name.contains(part));
    roots.into_iter().filter_map(|root| graph.way(root, locks, is_apart)).collect()
}

#[test]
fn a_lane_with_arrays_needs_no_atomic_read_modify_write() {
    let graph = assembly();
    for part in APART {
        let is_there = graph.functions().any(|name| name.contains(part));
        assert!(is_there, "nothing is left out by `{part}`");
    }
    // The search is able to find: all of these do lock, at once or in the unusual cases.
    assert_eq!(ways(&graph, "locked_", 2, &APART).len(), 2);
    assert_eq!(ways(&graph, "plain_", 8, &[]).len(), 8);
    let found = ways(&graph, "plain_", 8, &APART);
    assert!(found.is_empty(), "{} ways to a lock:\n{}", found.len(), found.join("\n"));
}
