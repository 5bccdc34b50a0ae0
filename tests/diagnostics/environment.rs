//! `ARRAYPOOL_CHECK`, read by a process that is asked to make mistakes.

#![cfg(not(miri))]

use std::process::Command;
use std::{env, process};

use super::*;

const NAME: &str = "ARRAYPOOL_CHECK";
const CASE: &str = "ARRAYPOOL_DIAGNOSTICS_CASE";

/// Makes a mistake, in a child; does nothing otherwise.
#[test]
fn child() {
    let Ok(case) = env::var(CASE) else { return };
    let pool = ArrayPool::<u64>::new();
    println!("checks: {}", pool.as_raw().checks());
    let asked = ArrayPool::<u64>::builder().checks(Checks::none().canary()).build();
    println!("with code: {}", asked.as_raw().checks());
    if case == "overflow" {
        let array = pool.allocate_copy(&[1; 5]);
        stray(array.as_ptr(), 40, 0x41);
        drop(array);
    }
    let raw = pool.try_allocate_raw(3).unwrap();
    assert_eq!(release_raw(&pool, raw), Ok(()));
    if case == "twice" {
        assert_eq!(release_raw(&pool, raw).unwrap_err().kind(), "already released");
    }
    process::exit(0);
}

/// What a child prints on both its streams.
fn run(case: &str, checks: Option<&str>) -> (String, String) {
    let output = child_of(case, checks).output().expect("a child process");
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn child_of(case: &str, checks: Option<&str>) -> Command {
    let mut command = Command::new(env::current_exe().expect("the test's own path"));
    command.args(["--exact", "environment::child", "--nocapture", "--test-threads=1"]);
    command.env(CASE, case).env_remove(NAME);
    if let Some(checks) = checks {
        command.env(NAME, checks);
    }
    command
}

/// What a build has by itself.
fn with_build(words: &str) -> String {
    if cfg!(debug_assertions) { format!("poison,{words}") } else { words.to_string() }
}

#[test]
fn the_variable_adds_to_what_the_build_and_the_code_say() {
    let (told, errors) = run("overflow", Some("canary, callers,quarantine=7"));
    assert!(
        told.contains(&format!("checks: {}", with_build("canary,callers,quarantine=7\n"))),
        "{told}"
    );
    assert!(told.contains("with code: canary,callers,quarantine=7\n"), "{told}");
    let says = "arraypool: overflow of the array of 5 at 0x";
    assert!(errors.contains(says) && errors.contains("environment.rs"), "{errors}");
    assert!(
        errors.contains("byte 40, 0 behind its end, was overwritten and holds 0x41"),
        "{errors}"
    );
}

#[test]
fn a_wrong_release_is_printed_if_somebody_asked() {
    let (_, errors) = run("twice", Some("callers"));
    assert!(errors.contains("arraypool: wrong release: the array at"), "{errors}");
    assert!(
        errors.contains("first released at") && errors.contains("released again at"),
        "{errors}"
    );
    let (_, errors) = run("right", Some("all"));
    assert_eq!(errors, "", "a right program is silent");
}

#[test]
fn without_it_nothing_is_printed() {
    let (told, errors) = run("twice", None);
    let expected = if cfg!(debug_assertions) { "poison,callers" } else { "off" };
    assert!(told.contains(&format!("checks: {expected}\n")), "{told}");
    assert_eq!(errors, "");
}

#[test]
fn off_takes_away_what_the_build_and_the_code_say() {
    let (told, _) = run("twice", Some("off"));
    assert!(told.contains("checks: off\n") && told.contains("with code: off\n"), "{told}");
}

#[test]
fn a_word_that_is_none_is_told_once_and_changes_nothing() {
    let (told, errors) = run("right", Some("canary,posion"));
    assert_eq!(errors.matches("arraypool: ARRAYPOOL_CHECK: `posion` is none of").count(), 1);
    assert!(told.contains("with code: canary\n"), "{told}");
}

/// Every write to `/dev/full` fails, as to a full disk.
#[test]
#[cfg(target_os = "linux")]
fn a_standard_error_that_cannot_be_written_is_no_panic() {
    for (case, checks) in [("overflow", "all"), ("twice", "callers"), ("right", "posion")] {
        let full = std::fs::File::create("/dev/full").expect("a device of Linux");
        let output = child_of(case, Some(checks)).stderr(full).output().expect("a child process");
        assert!(output.status.success(), "{case}: {output:?}");
    }
}

#[test]
fn words_add_up() {
    fn of(words: &str) -> Result<Checks, UnknownCheck<'_>> {
        Checks::none().adding(words)
    }
    for empty in ["", ",", " , ,"] {
        assert_eq!(of(empty), Ok(Checks::none()));
    }
    let both = Checks::none().canary().callers();
    assert_eq!(of("canary,,callers,"), Ok(both));
    assert_eq!(both.adding("canary"), Ok(both), "set already");
    assert_eq!(of("all,quarantine=1000").unwrap().adding("all"), of("all,quarantine=1000"));
    assert_eq!(of("poison,fail_every=3"), Ok(Checks::none().poison().fail_every(3)));
    assert_eq!(of("canary,off,poison"), Ok(Checks::none().poison()));
    for refused in ["quarantine=", "quarantine=x", "fail_every", "canary=1", "none", "Poison"] {
        let words = format!("canary, {refused} ,poison");
        assert_eq!(of(&words).unwrap_err().word(), refused);
    }
    for checks in [Checks::none(), both, Checks::all(), of("quarantine").unwrap()] {
        let words = checks.to_string();
        assert_eq!(of(&words), Ok(checks), "{words}");
        assert_eq!(checks.is_none(), words == "off", "{words}");
    }
}
