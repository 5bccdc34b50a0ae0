//! Cargo within a test: for packages that are built against this one.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// What the outer build was asked for is not meant for the one within.
const FOREIGN: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];

/// Cargo, to be run in `package`, whose output goes to `target` in this
/// package's own. Versions are those of this package's lock file, if it has one.
pub(crate) fn cargo(package: &Path, target: &str) -> Command {
    settled(Command::new(env!("CARGO")), package, target)
}

/// The same with a command that runs another cargo.
pub(crate) fn settled(mut cargo: Command, package: &Path, target: &str) -> Command {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    if lock.exists() {
        fs::copy(lock, package.join("Cargo.lock")).expect("a lock file can be written");
    }
    cargo
        .current_dir(package)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join(target));
    for (name, _) in env::vars_os() {
        let known = name.to_string_lossy();
        let settings = known.starts_with("CARGO_BUILD_") || known.starts_with("CARGO_PROFILE_");
        if settings || FOREIGN.contains(&&*known) {
            cargo.env_remove(&name);
        }
    }
    cargo
}
