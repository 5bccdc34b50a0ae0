//! The C interface, as a C program sees it: arenas and pools against malloc and free.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::Group;
use crate::measure::Times;
use crate::options::Options;
use crate::report::{Goal, Report};

use Goal::AtLeast;

pub(crate) const GROUP: Group =
    Group { name: "capi", about: "arenas and pools from C, against malloc and free", run, child };

/// Workloads and contenders, as the C program names them.
const WORKLOADS: [&str; 3] = ["batch-32", "pair-32", "churn"];
const CONTENDERS: [&str; 7] =
    ["ap-inline", "ap-call", "ap-metadata", "ap-tagged", "ap-shared", "glibc", "rpmalloc"];

fn run(report: &mut Report, options: &Options) {
    let rpmalloc = rpmalloc();
    if rpmalloc.is_none() {
        report.skipped("rpmalloc", "its static library is not beside this program");
    }
    let program = match build(rpmalloc.as_deref()) {
        Ok(program) => program,
        Err(why) => return report.skipped("the C interface", &why),
    };
    let rounds = if options.quick { 60 } else { 600 };
    let all = measure(&program, rounds, options.seed);
    for (workload, times) in WORKLOADS.into_iter().zip(&all) {
        report.times(workload, times);
    }
    let rivals = ["glibc", "rpmalloc"].into_iter().take(1 + usize::from(rpmalloc.is_some()));
    for rival in rivals {
        for (workload, times) in WORKLOADS.into_iter().zip(&all).take(2) {
            for (form, limit) in [("ap-inline", 4.0), ("ap-call", 2.0)] {
                let ratio = times.ratio(rival, form);
                report.goal(format!("{form}/{workload}/{rival}"), ratio, AtLeast(limit));
            }
        }
        for form in ["ap-metadata", "ap-tagged", "ap-shared"] {
            let (name, ratio) = (format!("{form}/churn/{rival}"), all[2].ratio(rival, form));
            match (form, rival) {
                ("ap-shared", _) | (_, "rpmalloc") => report.fact(name, ratio),
                _ => report.goal(name, ratio, AtLeast(1.3)),
            }
        }
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where this program was built: the folder above `deps`.
fn built() -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent()?.parent()?.to_path_buf())
}

/// The rival's static library, as its package has built it last.
fn rpmalloc() -> Option<PathBuf> {
    let folders = fs::read_dir(built()?.join("build")).ok()?.flatten();
    let found = folders.filter_map(|folder| {
        let path = folder.path().join("out/librpmalloc.a");
        let is_it = folder.file_name().to_string_lossy().starts_with("rpmalloc-sys-");
        let built: SystemTime = path.metadata().ok()?.modified().ok()?;
        is_it.then_some((built, path))
    });
    found.max().map(|(_, path)| path)
}

/// Builds the static library as it is shipped, and the C program against it.
fn build(rpmalloc: Option<&Path>) -> Result<PathBuf, String> {
    let target = built().ok_or("this program does not know where it is")?.join("capi");
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_string()));
    cargo.current_dir(root()).args(["rustc", "--quiet", "--release", "--lib"]);
    cargo.args(["--features", "capi", "--crate-type", "staticlib", "--target-dir"]).arg(&target);
    succeed(cargo)?;
    let mut build = cc::Build::new();
    let host = host()?;
    build.cargo_metadata(false).host(&host).target(&host).opt_level(2).out_dir(&target);
    let mut compiler = build.try_get_compiler().map_err(|error| error.to_string())?.to_command();
    let program = target.join("figures");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]);
    compiler.arg("-I").arg(root().join("include"));
    compiler.arg(root().join("benches/rivals/figures/capi.c"));
    compiler.arg(target.join("release/libarraypool.a"));
    if let Some(library) = rpmalloc {
        compiler.arg("-DWITH_RPMALLOC").arg(library);
    }
    compiler.args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&program);
    succeed(compiler)?;
    Ok(program)
}

fn host() -> Result<String, String> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    let said = Command::new(rustc).arg("-vV").output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("the compiler does not name this machine")?.to_string())
}

fn succeed(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
}

/// Runs the program, and reads the times of every workload.
fn measure(program: &Path, rounds: u32, seed: u64) -> [Times; 3] {
    let mut command = Command::new(program);
    let output =
        command.args([rounds.to_string(), seed.to_string()]).output().expect("it was built");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the C program: {}\n{said}", output.status);
    let mut all: [Times; 3] = Default::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("three words");
        let (workload, name, nanoseconds) = (word(), word(), word());
        let workload = WORKLOADS.iter().position(|one| *one == workload).expect("a workload");
        let name = CONTENDERS.into_iter().find(|one| *one == name).expect("a contender");
        all[workload].entry(name).push(nanoseconds.parse().expect("a number"));
    }
    all
}

fn child(words: &[String]) -> Result<(), String> {
    Err(format!("no such part: {}", words.join(" ")))
}
