//! A C image for a microcontroller, with the library that needs no heap, in QEMU.

use std::env;
use std::process::Command;

use super::build::{cargo, run, skip, target};
use super::header::root;
use super::tools::{TARGET, has_emulator, has_target};

const COMPILER: &str = "arm-none-eabi-gcc";

/// Why there is no image here.
fn missing() -> Option<&'static str> {
    if !root().join("firmware/c").exists() {
        return Some("no folder firmware, which the published package is without");
    }
    if Command::new(COMPILER).arg("--version").output().is_err() {
        return Some("no arm-none-eabi-gcc");
    }
    if !has_target(TARGET) {
        return Some("no target thumbv7em-none-eabihf; `rustup target add` it");
    }
    (!has_emulator()).then_some("no qemu-system-arm")
}

#[test]
fn a_c_firmware_calls_the_library_without_a_heap() {
    if let Some(why) = missing() {
        assert!(env::var_os("REQUIRE_FIRMWARE").is_none(), "the C firmware: {why}");
        return skip("the C firmware", why);
    }
    run({
        let mut cargo = cargo("capi-core", "staticlib");
        cargo.args(["--no-default-features", "--target", TARGET]);
        cargo
    });
    let (firmware, image) = (root().join("firmware"), target().join("firmware.elf"));
    let mut compiler = Command::new(COMPILER);
    compiler.current_dir(&firmware).args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]);
    compiler.args(["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "-mthumb"]);
    compiler.args(["-ffreestanding", "-nostdlib", "-Wl,--gc-sections", "-Wl,-z,noexecstack"]);
    compiler.args(["-Wl,--no-warn-rwx-segments", "-I", "../include", "-L.", "-Tc/image.ld"]);
    compiler.arg("c/main.c").arg(target().join(TARGET).join("release/libarraypool.a"));
    compiler.arg("-o").arg(&image);
    run(compiler);
    let mut emulator = Command::new("sh");
    emulator.current_dir(&firmware).args(["run.sh", "7"]).arg(&image);
    run(emulator);
}
