//! The library where C programs look for it: by `pkg-config`, by CMake, by Meson.

#![cfg(target_os = "linux")]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::build::{cargo, compiler, library, outputs, run, skip, target};
use super::header::root;

/// What the loader knows the shared library by: programs for another minor version, and
/// from 1.0 on for another major one, are not for it.
const SONAME: &str = concat!(
    "libarraypool.so.",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// A prefix that the library is installed to, as docs/C.md says.
fn install() -> PathBuf {
    let option = format!("link-arg=-Wl,-soname,{SONAME}");
    let page = fs::read_to_string(root().join("docs/C.md")).expect("a readable page");
    assert!(page.contains(&option), "docs/C.md has no {option}");
    let mut build = cargo("capi", "cdylib");
    build.args(["--", "-C", &option]);
    run(build);
    let prefix = target().join("prefix");
    for folder in ["include", "lib/pkgconfig"] {
        fs::create_dir_all(prefix.join(folder)).expect("a writable target");
    }
    let copy = |from: PathBuf, to: &str| {
        fs::copy(&from, prefix.join(to)).unwrap_or_else(|error| panic!("{from:?}: {error}"));
    };
    copy(root().join("include/arraypool.h"), "include/arraypool.h");
    copy(target().join("release/libarraypool.so"), &format!("lib/{SONAME}"));
    let _ = fs::remove_file(prefix.join("lib/libarraypool.so"));
    symlink(SONAME, prefix.join("lib/libarraypool.so")).expect("a link");
    let template = fs::read_to_string(root().join("arraypool.pc.in")).expect("a readable file");
    let file = template
        .replace("@PREFIX@", prefix.to_str().expect("UTF-8"))
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    fs::write(prefix.join("lib/pkgconfig/arraypool.pc"), file).expect("a writable target");
    prefix
}

#[test]
fn a_program_finds_the_shared_library_by_pkg_config() {
    if Command::new("pkg-config").arg("--version").output().is_err() {
        return skip("pkg-config", "not installed");
    }
    let prefix = install();
    let ask = |option: &str| {
        let mut ask = Command::new("pkg-config");
        ask.args([option, "arraypool"]).env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        let said = ask.output().expect("pkg-config");
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).expect("UTF-8")
    };
    assert_eq!(ask("--modversion").trim(), env!("CARGO_PKG_VERSION"));
    let program = target().join("every-shared");
    let mut compile = compiler("every.c");
    compile.args(ask("--cflags").split_whitespace()).arg(root().join("tests/c/every.c"));
    compile.args(ask("--libs").split_whitespace()).arg("-o").arg(&program);
    run(compile);
    names_itself(&prefix.join("lib").join(SONAME), "SONAME");
    names_itself(&program, "NEEDED");
    let mut program = Command::new(program);
    program.env("LD_LIBRARY_PATH", prefix.join("lib"));
    run(program);
}

/// Whether an entry of this kind of a library or program has the library's name.
fn names_itself(file: &Path, kind: &str) {
    if Command::new("readelf").arg("--version").output().is_err() {
        return skip("the name of the shared library", "no readelf");
    }
    let mut read = Command::new("readelf");
    read.args(["--dynamic", "--wide"]).arg(file);
    let (said, _) = outputs(read);
    let is_it = |line: &str| line.contains(kind) && line.contains(&format!("[{SONAME}]"));
    assert!(said.lines().any(is_it), "{file:?} has no {kind} {SONAME}:\n{said}");
}

/// The page's first program, by the strictest compiler.
#[test]
fn the_first_program_of_the_page_is_c99() {
    let (source, program) = (target().join("first.c"), target().join("first"));
    fs::write(&source, code("docs/C.md", "c")).expect("a writable target");
    let mut compile = compiler("first.c");
    compile.args(["-std=c99", "-Wpedantic", "-I"]).arg(root().join("include"));
    compile.arg(source).arg(library()).args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&program);
    run(compile);
    let (said, _) = outputs(Command::new(program));
    assert_eq!(said, "3 arrays\nthe array was released already\n");
}

/// The text of a page's first piece of code of this kind.
fn code(page: &str, kind: &str) -> String {
    let text = fs::read_to_string(root().join(page)).expect("a readable page");
    let (_, behind) = text.split_once(&format!("```{kind}\n")).expect("a piece of this kind");
    behind.split("```").next().expect("its end").to_string()
}

/// Whether all these tools are installed.
fn are_there(tools: [&str; 2]) -> bool {
    tools.iter().all(|tool| Command::new(tool).arg("--version").output().is_ok())
}

/// A new folder for a project that is built in `built`, where Cargo finds under this name
/// what it has built already.
fn project(name: &str, cargo_target: &str) -> PathBuf {
    library();
    let project = target().join(name);
    let _ = fs::remove_dir_all(&project);
    fs::create_dir_all(project.join("built")).expect("a writable target");
    symlink(target(), project.join("built").join(cargo_target)).expect("a link");
    project
}

/// Runs a tool that calls Cargo, which is to build as it has built already.
fn run_as_cargo(mut tool: Command) {
    for (name, value) in cargo("capi", "staticlib").get_envs() {
        match value {
            Some(value) => tool.env(name, value),
            None => tool.env_remove(name),
        };
    }
    run(tool);
}

#[test]
fn a_program_is_built_by_cmake_as_the_page_says() {
    if !are_there(["cmake", "make"]) {
        return skip("CMake", "not installed");
    }
    let project = project("cmake", "arraypool");
    let lists = format!(
        "cmake_minimum_required(VERSION 3.16)\nproject(program C)\nset(ARRAYPOOL_DIR \"{root}\")\n\
         add_executable(program \"{root}/tests/c/every.c\")\n{code}",
        root = root().display(),
        code = code("docs/C.md", "cmake")
    );
    fs::write(project.join("CMakeLists.txt"), lists).expect("a writable target");
    let mut configure = Command::new("cmake");
    configure.current_dir(&project).args(["-G", "Unix Makefiles", "-S", ".", "-B", "built"]);
    run(configure);
    // A Cargo that counts how often it is called.
    let (counter, calls) = (project.join("cargo"), project.join("calls"));
    let script =
        format!("#!/bin/sh\necho >>'{}'\nexec '{}' \"$@\"\n", calls.display(), env!("CARGO"));
    fs::write(&counter, script).expect("a writable target");
    fs::set_permissions(&counter, fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let path = format!("{}:{}", project.display(), env::var("PATH").unwrap_or_default());
    // It is asked at every build: only Cargo knows whether its sources have changed.
    for builds in 1..=2 {
        let mut build = Command::new("cmake");
        build.current_dir(&project).args(["--build", "built"]).env("PATH", &path);
        run_as_cargo(build);
        let calls = fs::read_to_string(&calls).expect("a call");
        assert_eq!(calls.lines().count(), builds);
        run(Command::new(project.join("built/program")));
    }
}

#[test]
fn a_program_is_built_by_meson_as_the_page_says() {
    if !are_there(["meson", "ninja"]) {
        return skip("Meson", "not installed");
    }
    let project = project("meson", "libarraypool.a.p");
    fs::create_dir(project.join("vendor")).expect("a writable target");
    symlink(root(), project.join("vendor/arraypool")).expect("a link");
    for (from, to) in [("every.c", "program.c"), ("check.h", "check.h")] {
        fs::copy(root().join("tests/c").join(from), project.join(to)).expect("a writable target");
    }
    let lists = format!("project('program', 'c')\n{}", code("docs/C.md", "meson"));
    fs::write(project.join("meson.build"), lists).expect("a writable target");
    let mut configure = Command::new("meson");
    configure.current_dir(&project).args(["setup", "--fatal-meson-warnings", "built"]);
    run(configure);
    let mut build = Command::new("meson");
    build.current_dir(&project).args(["compile", "-C", "built"]);
    run_as_cargo(build);
    run(Command::new(project.join("built/program")));
}
