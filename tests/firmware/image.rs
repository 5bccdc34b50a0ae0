//! Images: built by cargo, run by QEMU, and their sizes read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::tools::TARGET;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}

/// Whether there is anything to build.
pub(crate) fn has_sources() -> bool {
    folder().join("Cargo.toml").exists()
}

/// Cargo in the firmware's folder, with nothing of this build's settings.
fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let settings = ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_TARGET_", "CARGO_ENCODED_"];
        let others = ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
        if settings.iter().any(|start| name.starts_with(start)) || others.contains(&&*name) {
            command.env_remove(&name);
        }
    }
    command
}

fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it can be run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// An image for the chip.
pub(crate) struct Image {
    path: PathBuf,
}

/// Builds one of the firmware's images for the Cortex-M7.
pub(crate) fn build(name: &str, features: &[&str]) -> Image {
    build_for(TARGET, name, features)
}

/// The same for another chip. Each strategy has a folder of its own, so that neither
/// undoes the other's work.
pub(crate) fn build_for(target: &str, name: &str, features: &[&str]) -> Image {
    let built =
        folder().join("target").join(if features.is_empty() { "plain" } else { "featured" });
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--quiet", "--target", target, "--bin", name]).args(features);
    cargo.args(["--config", &short_paths(target)]);
    output(cargo.arg("--target-dir").arg(&built));
    Image { path: built.join(target).join("release").join(name) }
}

/// A setting that cuts off where sources lie: panics name their files, and an image is
/// to have the same size wherever it is built.
fn short_paths(target: &str) -> String {
    let root = folder().parent().expect("the firmware is in the project").to_path_buf();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| home.join("registry").join("src").read_dir().ok());
    let registries = registries.into_iter().flatten().flatten().map(|entry| entry.path());
    let flag = |path: PathBuf| format!("'--remap-path-prefix={}/='", path.display());
    let flags: Vec<_> = registries.chain([root]).map(flag).collect();
    format!("target.{target}.rustflags = [{}]", flags.join(", "))
}

/// What the same work says on the host, with the same elementary functions.
pub(crate) fn reference() -> Said {
    let asked = Command::new("rustc").arg("-vV").output().expect("there is a compiler");
    let about = String::from_utf8_lossy(&asked.stdout).into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("it says");
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--quiet", "--bin", "reference", "--target", host]);
    Said::read(&output(cargo.arg("--target-dir").arg(folder().join("target").join("host"))))
}

impl Image {
    /// Runs it; one instruction takes 2^`shift` ns of its time.
    pub(crate) fn run(&self, shift: u32) -> Said {
        let mut command = Command::new("sh");
        command.current_dir(folder()).args(["run.sh", &shift.to_string()]).arg(&self.path);
        Said::read(&output(&mut command))
    }

    /// Bytes that it takes of flash and of RAM, without stack.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let elf = std::fs::read(&self.path).expect("it was built");
        let word = |at: usize| {
            let bytes = elf[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(bytes) as usize
        };
        let half = |at: usize| usize::from(u16::from_le_bytes([elf[at], elf[at + 1]]));
        assert_eq!((&elf[..4], elf[4]), (&b"\x7fELF"[..], 1), "an image of 32 bits");
        let (start, size, count) = (word(0x20), half(0x2e), half(0x30));
        let (mut flash, mut ram) = (0, 0);
        for section in (0..count).map(|number| start + number * size) {
            const NO_BITS: usize = 8;
            const WRITE: usize = 1;
            const ALLOC: usize = 2;
            let (kind, flags, bytes) = (word(section + 4), word(section + 8), word(section + 20));
            if flags & ALLOC != 0 {
                flash += if kind == NO_BITS { 0 } else { bytes };
                ram += if flags & WRITE != 0 { bytes } else { 0 };
            }
        }
        (flash, ram)
    }
}

/// What an image said: names and values.
pub(crate) struct Said(BTreeMap<String, String>);

impl Said {
    fn read(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Self(pairs.map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("it said nothing about {name}"))
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| panic!("{name}: no number: {text}"))
    }
}
