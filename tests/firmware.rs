//! The firmware: built, run in QEMU, its checksum compared, its figures recorded.
//!
//! Needs `qemu-system-arm` and the targets `thumbv7em-none-eabihf` and
//! `thumbv6m-none-eabi`. Without them it says that it is skipped, unless
//! `REQUIRE_FIRMWARE=1` makes that an error.
//! `ARRAYPOOL_WRITE=1` writes the table of `docs/REAL_TIME.md`; otherwise the table
//! has to agree with the run.

#![cfg(not(miri))]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[path = "firmware/image.rs"]
mod image;
#[path = "firmware/table.rs"]
mod table;
#[path = "firmware/tools.rs"]
mod tools;

use std::io::Write;

use image::{Image, Said};
use tools::TARGET;

/// Both strategies: their names, and the features of their builds.
const STRATEGIES: [(&str, &[&str]); 2] = [("metadata", &[]), ("tagged", &["--features", "tagged"])];

/// That of a Cortex-M0, which has no compare-and-swap. The emulated Cortex-M7 runs its
/// instructions, too.
const SMALL: &str = "thumbv6m-none-eabi";

/// Why the firmware cannot be built or run here.
fn missing(target: &str) -> Option<String> {
    if !image::has_sources() {
        return Some("no folder firmware, which the published package is without".into());
    }
    if !tools::has_target(target) {
        return Some(format!("no target {target}; `rustup target add` it"));
    }
    (!tools::has_emulator()).then(|| "no qemu-system-arm".into())
}

/// Whether it is to be left out; it says so then.
fn is_skipped(target: &str) -> bool {
    let Some(why) = missing(target) else { return false };
    assert!(std::env::var_os("REQUIRE_FIRMWARE").is_none(), "{why}");
    // Not `eprintln!`, which the test harness keeps to itself.
    let _ = writeln!(std::io::stderr(), "skipped: the firmware: {why}");
    true
}

/// What one strategy's images said, and how large they are.
struct Run {
    control: Said,
    measure: Said,
    interrupts: Said,
    control_image: Image,
}

fn run(features: &[&str]) -> Run {
    let control_image = image::build("control", features);
    let control = control_image.run(1);
    let measure = image::build("measure", features).run(7);
    let interrupts = image::build("interrupts", features).run(5);
    Run { control, measure, interrupts, control_image }
}

/// Every array that was lent to an interrupt came home, and was received once.
fn check_interrupts(strategy: &str, interrupts: &Said) {
    assert_eq!(interrupts.text("strategy"), strategy);
    for (name, arrays) in
        [("quick", 10_000), ("slow", 10_000), ("received", 20_000), ("live", 0), ("lost", 0)]
    {
        assert_eq!(interrupts.number(name), arrays, "{strategy}: {name}");
    }
}

fn check(strategy: &str, run: &Run, reference: &Said) {
    let Run { control, measure, interrupts, .. } = run;
    for said in [control, measure] {
        assert_eq!(said.text("strategy"), strategy);
    }
    check_interrupts(strategy, interrupts);
    for name in ["checksum", "replaced", "taken"] {
        assert_eq!(control.text(name), reference.text(name), "{strategy}: {name}");
    }
    assert_eq!(control.number("ticks"), 10_000);
    assert_eq!(control.number("milliseconds"), 10_000);
    assert_eq!(control.number("missed"), 0);
    assert_eq!(control.number("start-up-allocations") > 0, strategy == "metadata");
    // The bound that matters: no call ever takes longer than the usual one.
    for call in ["allocate", "release"] {
        for length in [12, 200] {
            let of = |what| measure.number(&format!("{call}-{length}-{what}"));
            let typical = of("typical");
            assert!(typical > 0, "{strategy}: {call} {length}");
            for worst in ["random-worst", "comb-worst"] {
                if length == 200 && worst == "comb-worst" {
                    continue;
                }
                let over = of(worst).abs_diff(typical);
                assert!(over <= 2, "{strategy}: {call} {length}: {worst} is {over} off {typical}");
            }
        }
    }
    assert!(measure.number("tick-w1-mean-per-expression") <= 400, "{strategy}");
    let trees = |place: &str| measure.number(&format!("trees-{place}-bytes"));
    assert!(2 * trees("arena") <= trees("heap"), "{strategy}");
}

#[test]
fn the_loop_runs_on_the_chip_as_on_the_host() {
    if is_skipped(TARGET) {
        return;
    }
    let reference = image::reference();
    let empty = image::build("empty", &[]);
    let runs = STRATEGIES.map(|(strategy, features)| {
        let run = run(features);
        check(strategy, &run, &reference);
        run
    });
    table::agree(&table::rows(&runs, &empty));
}

#[test]
fn arrays_come_home_on_a_chip_without_compare_and_swap() {
    if is_skipped(SMALL) {
        return;
    }
    for (strategy, features) in STRATEGIES {
        let image = image::build_for(SMALL, "interrupts", features);
        check_interrupts(strategy, &image.run(5));
    }
}
