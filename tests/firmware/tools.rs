//! What images need of this machine.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// That of the Cortex-M7.
pub(crate) const TARGET: &str = "thumbv7em-none-eabihf";

/// Whether the compiler has a core library for the chip.
pub(crate) fn has_target(target: &str) -> bool {
    let asked =
        Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    let found = asked.ok().filter(|output| output.status.success());
    found.is_some_and(|output| {
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        folder.read_dir().is_ok_and(|mut files| files.next().is_some())
    })
}

/// Whether there is something to run images on.
pub(crate) fn has_emulator() -> bool {
    let mut command = Command::new("qemu-system-arm");
    let asked = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
