//! A library that is generic over the strategy follows the flag of the final binary.
//!
//! `tests/switch` is a graph of two crates with a workspace of its own: a
//! library that names no strategy, and a binary whose feature `tagged` forwards
//! to this crate's.

#![cfg(not(miri))]

#[path = "ui/cargo.rs"]
mod cargo;

use std::path::Path;

/// The graph. A published package is without it: packages hold no packages.
const GRAPH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/switch");

/// Runs the binary and returns what it prints.
fn run(features: &[&str]) -> String {
    let output = cargo::cargo(Path::new(GRAPH), "switch")
        .args(["run", "--quiet", "--package", "switch-binary"])
        .args(features)
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}:\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// One test for both, since they share a target directory.
#[test]
fn the_binary_decides_for_the_library() {
    if !Path::new(GRAPH).exists() {
        println!("skipped: {GRAPH} is not there");
        return;
    }
    assert_eq!(run(&[]), "metadata\n");
    assert_eq!(run(&["--features", "tagged"]), "tagged\n");
}
