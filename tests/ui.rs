//! Programs that must not compile, and some that must.
//!
//! `tests/ui/fail`: with all of the compiler's words, which differ from release
//! to release: they are compared under the one they were recorded with.
//! `TRYBUILD=overwrite cargo test --test ui` records them anew.
//! `tests/ui/refused`: where those words would tell of private matters, so that
//! only some are asked for, in lines that begin with `//~`.
//! `tests/ui/pass`: must compile and run.

// Nothing here depends on the default strategy, so one of both builds will do.
#![cfg(not(any(miri, feature = "tagged")))]

#[path = "ui/cargo.rs"]
mod cargo;

use core::fmt::Write;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release whose words are recorded in `tests/ui/fail`.
const RECORDED: &str = "1.95.";

/// Whether this is the release whose words are recorded; says so if it is not.
fn speaks_the_recorded_words() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc starts");
    let version = String::from_utf8_lossy(&output.stdout);
    // `rustc 1.95.0 (...)`, or `1.97.0-nightly`.
    let number = version.split(' ').nth(1).unwrap_or("unknown");
    let same = number.starts_with(RECORDED) && !number.contains('-');
    if !same {
        println!("skipped: the words recorded are those of {RECORDED}, this is {number}");
    }
    same
}

#[test]
fn lifetimes_are_kept() {
    if speaks_the_recorded_words() {
        trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
    }
}

/// Makes a package of a folder of `tests/ui`, with a binary for every case; returns where
/// it is, and their names. (It depends on this one alone, where `trybuild` would build
/// whatever tests depend on to run a program.)
fn package(folder: &str) -> (PathBuf, Vec<String>) {
    let root = env!("CARGO_MANIFEST_DIR");
    let cases = Path::new(root).join("tests/ui").join(folder);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let mut manifest = format!(
        "[package]\nname = {folder:?}\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n\
         [workspace]\n\n[dependencies]\narraypool = {{ path = {root:?}, features = [\"shared\"] }}\n"
    );
    let entries = fs::read_dir(&cases).expect("the cases");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut names: Vec<_> = paths
        .filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix(".rs")?.to_string()))
        .collect();
    names.sort();
    for name in &names {
        let path = cases.join(format!("{name}.rs"));
        write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\n").expect("text");
    }
    assert!(!names.is_empty());
    fs::create_dir_all(&place).expect("a folder");
    fs::write(place.join("Cargo.toml"), manifest).expect("a manifest");
    (place, names)
}

#[test]
fn programs_that_are_right_compile_and_run() {
    let (place, names) = package("pass");
    for name in names {
        let mut run = cargo::cargo(&place, "ui-target");
        let status = run.args(["run", "--quiet", "--bin", &name]).status().expect("cargo starts");
        assert!(status.success(), "{name}: {status}");
    }
}

#[test]
fn threads_and_tables_are_refused() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/refused");
    let (place, names) = package("refused");
    for name in names {
        let source = fs::read_to_string(cases.join(format!("{name}.rs"))).expect("a case");
        let mut build = cargo::cargo(&place, "ui-target");
        let output =
            build.args(["build", "--quiet", "--bin", &name]).output().expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name} compiles");
        let mut words = source.lines().filter_map(|line| line.strip_prefix("//~ ")).peekable();
        assert!(words.peek().is_some(), "{name} asks for no words");
        for word in words {
            assert!(said.contains(word), "{name} is refused without {word:?}:\n{said}");
        }
    }
}
