//! No panic in what must not: allocating, releasing and evaluating, as they are compiled.
//!
//! `tests/calls` is a library that exports such calls, each as a function of its
//! own. It is built as a release is, into assembly, for this machine and, where the
//! target is installed, for a Cortex-M7; and there every function that a call leads
//! to, by a jump or by naming its address, is looked at: none is one that panics.
//! What is called through a pointer out of a table is the user's (a hook, a source
//! of chunks, a native function), or a function of a program, all of which are looked
//! at by their names.

#![cfg(not(miri))]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[path = "ui/cargo.rs"]
mod cargo;
#[path = "no_panic/graph.rs"]
mod graph;

use std::path::Path;

use graph::Graph;

/// The library. A published package is without it: packages hold no packages.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls");

/// Functions that are followed no further, by parts of their names:
/// - a tick after a definition of the context has changed compiles programs anew
///   first, and compiling has assertions;
/// - a `Vec` has code to grow, and to panic, where its room is used up, which was
///   reserved before (`keep` has a debug assertion);
/// - `libm` divides by a mantissa that is not 0, which the compiler does not see.
const APART: [&str; 3] = ["8catch_up", "8metadata4keep", "4math4fmod"];

/// Parts of the names of functions that are on no call's way by a jump: the functions
/// that evaluate a program's nodes.
const BY_POINTER: [&str; 1] = ["expr6shapes"];

/// What functions that panic have in their names.
const PANICS: [&str; 9] = [
    "panic",
    "unwrap_failed",
    "expect_failed",
    "slice_index_fail",
    "slice_start_index",
    "slice_end_index",
    "slice_index_order",
    "copy_from_slice",
    "handle_alloc_error",
];

/// The library in assembly, for a target or for this machine; `None`, and a line
/// that says why, where it cannot be built.
fn assembly(target: Option<&str>) -> Option<Graph> {
    if !Path::new(LIBRARY).exists() {
        println!("skipped: {LIBRARY} is not there");
        return None;
    }
    let name = format!("no-panic-{}", target.unwrap_or("host"));
    let mut cargo = cargo::cargo(Path::new(LIBRARY), &name);
    cargo.args(["rustc", "--quiet", "--release"]);
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    let output = cargo.args(["--", "--emit", "asm"]).output().expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    if let (Some(target), true) = (target, errors.contains("can't find crate for `core`")) {
        println!("skipped: the target {target} is not installed");
        return None;
    }
    assert!(output.status.success(), "{}:\n{errors}", output.status);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
    let folder = folder.join(target.unwrap_or_default()).join("release/deps");
    Some(Graph::newest_in(&folder))
}

/// Whether a function panics, by its name.
fn panics(name: &str) -> bool {
    PANICS.iter().any(|part| name.contains(part))
}

/// The ways from functions whose names begin with or contain `root` to a panic.
fn ways(graph: &Graph, is_root: impl Fn(&str) -> bool) -> Vec<String> {
    let roots: Vec<_> = graph.functions().filter(|name| is_root(name)).collect();
    assert!(!roots.is_empty(), "the functions are not there under their names");
    let apart = |name: &str| APART.iter().any(|part| name.contains(part));
    roots.into_iter().filter_map(|root| graph.way(root, panics, apart)).collect()
}

fn checks(target: Option<&str>) {
    let Some(graph) = assembly(target) else { return };
    for part in APART {
        let is_there = graph.functions().any(|name| name.contains(part));
        assert!(is_there, "nothing is left out by `{part}`");
    }
    // The search is able to find: these two do panic.
    assert_eq!(ways(&graph, |name| name.starts_with("panics_")).len(), 2);
    let by_pointer = |name: &str| BY_POINTER.iter().any(|part| name.contains(part));
    let found = ways(&graph, |name| name.starts_with("checked_") || by_pointer(name));
    assert!(found.is_empty(), "{} ways to a panic:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_call_panics_here() {
    checks(None);
}

#[test]
fn no_call_panics_on_a_microcontroller() {
    checks(Some("thumbv7em-none-eabihf"));
}
