//! Builds the library and C programs against it, and runs them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs, io};

use super::header::root;

/// Where everything goes: beside the tests' own target directory, which is locked by
/// nobody while they run.
pub(crate) fn target() -> &'static Path {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    TARGET.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
        fs::create_dir_all(&target).expect("a writable target");
        target
    })
}

/// Says on the real standard error what is left out, and why.
pub(crate) fn skip(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {what} ({why})");
}

/// The compiler's name of this machine.
fn host() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    let said = Command::new(rustc).arg("-vV").output().expect("a compiler");
    let said = String::from_utf8(said.stdout).expect("UTF-8");
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("a host").to_string()
}

/// Cargo, about to build a library with some features, for speed of building.
pub(crate) fn cargo(features: &str, kind: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["rustc", "--quiet", "--release", "--lib"]);
    cargo.args(["--features", features, "--crate-type", kind, "--target-dir"]);
    cargo.arg(target()).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo
}

/// The static library, as it is shipped but for what takes long to build.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        run(cargo("capi", "staticlib"));
        target().join("release/libarraypool.a")
    })
}

/// The compiler for `tests/c/NAME`, with every warning an error.
pub(crate) fn compiler(name: &str) -> Command {
    try_compiler(name).unwrap_or_else(|said| panic!("{said}"))
}

fn try_compiler(name: &str) -> Result<Command, String> {
    let is_plus = name.ends_with(".cpp");
    let host = host();
    let mut build = cc::Build::new();
    build.cargo_metadata(false).cargo_debug(false).host(&host).target(&host).cpp(is_plus);
    build.opt_level(2).out_dir(target());
    let compiler = build.try_get_compiler().map_err(|error| error.to_string())?;
    let mut command = compiler.to_command();
    command.arg(if is_plus { "-std=c++17" } else { "-std=c11" });
    command.args(["-g", "-Wall", "-Wextra", "-Werror"]);
    Ok(command)
}

/// Builds `tests/c/NAME`, or what is at another path, with more options of the compiler;
/// the program's path.
pub(crate) fn program(name: &str, kind: &str, options: &[&str]) -> Result<PathBuf, String> {
    let source = root().join("tests/c").join(name);
    let stem = source.file_name().expect("a file").to_string_lossy().replace('.', "-");
    let path = target().join(format!("{stem}-{kind}"));
    let mut command = try_compiler(name)?;
    command.args(options).arg("-I").arg(root().join("include"));
    command.arg(source).arg(library());
    command.args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&path);
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(text(&output));
    }
    Ok(path)
}

/// Runs a program, which must say that all was well.
#[track_caller]
pub(crate) fn run(command: Command) {
    outputs(command);
}

/// As [`run`]; what the program wrote, and what it wrote to the standard error.
#[track_caller]
pub(crate) fn outputs(mut command: Command) -> (String, String) {
    let output = command.output().expect("a program that runs");
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output));
    let utf8 = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (utf8(output.stdout), utf8(output.stderr))
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
