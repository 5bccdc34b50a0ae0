//! What tools outside of Rust see: `AddressSanitizer` understands the pool, and
//! the compiled code clears what it must.
//!
//! `tests/mistakes` is a package of its own that makes one mistake at a time.

#![cfg(not(miri))]

#[path = "ui/cargo.rs"]
mod cargo;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A published package is without it: packages hold no packages.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes");

/// The only target that the sanitizer is tried on, and whose assembly is read.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Whether the test can run; says so in a plain line if not.
fn can_run(needs: &str, there: bool) -> bool {
    if !there {
        println!("skipped: it needs {needs}");
    }
    there
}

fn is_there() -> bool {
    can_run(PACKAGE, Path::new(PACKAGE).exists())
        && can_run(TARGET, cfg!(all(target_arch = "x86_64", target_os = "linux")))
}

fn has_nightly() -> bool {
    let asked = Command::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    can_run("a nightly toolchain", asked.is_ok_and(|output| output.status.success()))
}

/// One build at a time: each begins by writing the package's lock file.
fn alone() -> MutexGuard<'static, ()> {
    static BUILDS: Mutex<()> = Mutex::new(());
    BUILDS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[track_caller]
fn assert_built(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}:\n{errors}", output.status);
}

/// The program, with a sanitizer and a pool that talks to it.
fn sanitized() -> PathBuf {
    let _alone = alone();
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]);
    let mut command = cargo::settled(command, Path::new(PACKAGE), "mistakes-asan");
    let output = command
        .args(["build", "--quiet", "--target", TARGET])
        .env("RUSTFLAGS", "-Zsanitizer=address --cfg arraypool_asan")
        .output()
        .expect("cargo starts");
    assert_built(&output);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes-asan");
    target.join(TARGET).join("debug").join("mistakes")
}

#[test]
fn address_sanitizer_understands_the_pool() {
    if !is_there() || !has_nightly() {
        return;
    }
    let program = sanitized();
    let run = |strategy: &str, mistake: &str| {
        let output = Command::new(&program).args([strategy, mistake]).output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), told, errors)
    };
    for strategy in ["direct", "metadata", "tagged"] {
        let (well, told, errors) = run(strategy, "none");
        assert!(well && told.contains("got away"), "{strategy}: {errors}");
        for (mistake, access, function) in [
            ("use-after-release", "READ of size 8", "use_after_release"),
            ("use-after-drop", "WRITE of size 8", "use_after_drop"),
            ("overflow", "WRITE of size 8", "overflow"),
            ("overflow-of-a-full-slot", "WRITE of size 8", "overflow_of_a_full_slot"),
        ] {
            let (well, told, errors) = run(strategy, mistake);
            assert!(!well && told.is_empty(), "{strategy}, {mistake}: {told}{errors}");
            assert!(errors.contains("AddressSanitizer: use-after-poison"), "{mistake}: {errors}");
            assert!(errors.contains(access), "{strategy}, {mistake}: {errors}");
            assert!(errors.contains(function), "{strategy}, {mistake}: {errors}");
        }
    }
}

/// The lines of a function in assembly, from its label to its end.
fn function<'a>(assembly: &'a str, name: &str) -> Vec<&'a str> {
    let is_label =
        |line: &&str| line.ends_with(':') && line.contains(name) && !line.starts_with('.');
    let lines = assembly.lines().skip_while(|line| !is_label(line)).skip(1);
    lines.take_while(|line| !line.contains(".cfi_endproc")).map(str::trim).collect()
}

/// The functions in assembly that call another.
fn callers<'a>(assembly: &'a str, callee: &str) -> Vec<&'a str> {
    let mut within = "";
    let mut callers = Vec::new();
    for line in assembly.lines() {
        if line.starts_with("_ZN") || line.starts_with("_R") {
            within = line;
        } else if line.trim_start().starts_with("call") && line.contains(callee) {
            callers.push(within);
        }
    }
    callers
}

/// Nobody reads what `clear_on_release` writes, so an optimiser would like to
/// leave it out.
#[test]
fn the_compiled_code_clears() {
    if !is_there() {
        return;
    }
    let alone = alone();
    let output = cargo::cargo(Path::new(PACKAGE), "mistakes-asm")
        .args(["rustc", "--release", "--quiet", "--", "--emit=asm"])
        .output()
        .expect("cargo starts");
    assert_built(&output);
    drop(alone);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes-asm/release/deps");
    let files = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    let listing = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "s"))
        .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok())
        .expect("an assembly listing");
    let assembly = std::fs::read_to_string(listing).expect("text");
    let clear = function(&assembly, "5Bytes5clear");
    let stores =
        |width: &str| clear.iter().any(|line| line.starts_with(&format!("mov{width}\t$0, (")));
    assert!(stores("q") && stores("b"), "words and bytes are overwritten:\n{}", clear.join("\n"));
    let callers = callers(&assembly, "5Bytes5clear");
    assert!(callers.iter().any(|name| name.contains("11retire_slow")), "{callers:?}");
    assert!(callers.iter().any(|name| name.contains("drop_in_place")), "{callers:?}");
}
