//! C and C++ programs: as they are, under the sanitizers, and under Valgrind.

use std::fs;
use std::process::Command;

use super::build::{outputs, program, run, skip, target};
use super::header::root;

/// Plain, with the sanitizers, and under Valgrind.
fn everywhere(name: &str, options: &[&str]) {
    everywhere_by(name, options, run);
}

fn everywhere_by(name: &str, options: &[&str], run: impl Fn(Command)) {
    let build = |kind: &str, more: &[&str]| {
        let built = program(name, kind, &[options, more].concat());
        built.unwrap_or_else(|said| panic!("{said}"))
    };
    run(Command::new(build("plain", &[])));
    run(Command::new(build("call", &["-DAP_NO_INLINE"])));
    let sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    match program("probe.c", "sanitized", &sanitized) {
        Ok(_) => run(Command::new(build("sanitized", &sanitized))),
        Err(_) => skip("AddressSanitizer", "the C compiler has none"),
    }
    let is_there = Command::new("valgrind").arg("--version").output().is_ok();
    if !is_there {
        return skip("Valgrind", "not installed");
    }
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--leak-check=full", "--error-exitcode=9"]);
    valgrind.arg("--errors-for-leak-kinds=definite,indirect");
    valgrind.arg(build("valgrind", &[]));
    run(valgrind);
}

#[test]
fn every_function_does_what_it_is_meant_to() {
    everywhere("every.c", &[]);
}

#[test]
fn every_misuse_is_refused() {
    everywhere("misuse.c", &[]);
}

#[test]
fn a_batch_runs_a_thousand_times_a_second() {
    everywhere("loop.c", &[]);
}

#[test]
fn reports_name_the_lines_of_the_program() {
    everywhere_by("watched.c", &[], |mut program| {
        program.env_remove("ARRAYPOOL_CHECK");
        let (expected, told) = outputs(program);
        assert!(expected.contains("watched.c:") && expected == told, "{expected}\n{told}");
    });
}

/// Every write to `/dev/full` fails, as to a full disk: statuses are as ever.
#[test]
#[cfg(target_os = "linux")]
fn reports_that_cannot_be_written_change_nothing() {
    let built = program("watched.c", "full", &[]);
    let mut program = Command::new(built.unwrap_or_else(|said| panic!("{said}")));
    program.stderr(fs::File::create("/dev/full").expect("a device of Linux"));
    run(program);
}

#[test]
fn the_environment_asks_for_reports_too() {
    let built = program("watched.c", "environment", &["-DNO_CHECKS"]);
    let mut program = Command::new(built.unwrap_or_else(|said| panic!("{said}")));
    program.env("ARRAYPOOL_CHECK", "canary,integrity,callers,leaks");
    let (expected, told) = outputs(program);
    assert!(expected.contains("watched.c:") && expected == told, "{expected}\n{told}");
}

#[test]
fn the_header_serves_cpp() {
    everywhere("plus.cpp", &[]);
}

#[test]
fn arenas_do_what_the_header_says_case_by_case() {
    everywhere("arena.cpp", &[]);
}

/// The linker's options that send requests for memory to the program's functions.
const WRAPPED: [&str; 6] = [
    "-Wl,--wrap=malloc",
    "-Wl,--wrap=calloc",
    "-Wl,--wrap=realloc",
    "-Wl,--wrap=posix_memalign",
    "-Wl,--wrap=aligned_alloc",
    "-Wl,--wrap=free",
];

#[test]
fn every_failure_of_memory_is_refused() {
    everywhere("failing.c", &WRAPPED);
}

/// A shared pool takes as many blocks of memory, whatever the environment asks for.
#[test]
fn the_environment_asks_nothing_of_shared_pools() {
    let built = program("failing.c", "environment", &WRAPPED);
    let built = built.unwrap_or_else(|said| panic!("{said}"));
    let requests = |checks: &str| {
        let mut program = Command::new(&built);
        program.env("ARRAYPOOL_CHECK", checks);
        outputs(program).0
    };
    let (few, many) = (requests("off"), requests("quarantine=100000"));
    assert!(few.contains("shared pool: ") && few == many, "{few}\n{many}");
}

/// The examples in the header's comments, each as a function of one program.
#[test]
fn the_examples_of_the_header_run() {
    let header = fs::read_to_string(root().join("include/arraypool.h")).expect("a header");
    let plain = |line: &str| line.trim_start().trim_start_matches('*').to_string();
    let mut source = String::from("#include <assert.h>\n#include <string.h>\n");
    source.push_str("#include \"arraypool.h\"\n\nint main(void) {\n");
    let mut lines = header.lines().map(plain);
    let mut examples = 0;
    while lines.any(|line| line == " ```c") {
        examples += 1;
        source.push_str("{\n");
        let code = lines.by_ref().take_while(|line| line != " ```");
        code.for_each(|line| source.push_str(&format!("{line}\n")));
        source.push_str("}\n");
    }
    source.push_str("}\n");
    assert!(examples >= 8, "{examples} examples found");
    let path = target().join("examples.c");
    fs::write(&path, source).expect("a writable target");
    everywhere(path.to_str().expect("a path of UTF-8"), &[]);
}

#[test]
fn every_function_is_used_and_misused() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a readable file");
    let header = read("include/arraypool.h");
    let (used, misused) = (read("tests/c/every.c"), read("tests/c/misuse.c"));
    let mut functions = 0;
    // Declarations, and the functions that the header defines, begin a line.
    for line in header.lines().filter(|line| !line.starts_with([' ', '#', '/', '}'])) {
        let Some((before, _)) = line.split_once('(') else { continue };
        let name = before.rsplit([' ', '*']).next().expect("a name");
        // Others' names, and what programs do not call by its name.
        if !name.starts_with("ap_") || matches!(name, "ap_panic" | "ap_arena_alloc_inline") {
            continue;
        }
        functions += 1;
        // Called, or handed to what calls it.
        let forms = [format!("{name}("), format!("({name}, ")];
        let is_in = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
        assert!(is_in(&used), "{name} is not in every.c");
        assert!(is_in(&misused), "{name} is not in misuse.c");
    }
    assert!(functions > 70, "{functions} functions found");
}
