//! Strings that are formatted into an arena.

use core::fmt::{self, Display};
use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use std::panic;

use arraypool::{AllocError, Arena};

use crate::support::{in_every_memory, rounds};

/// Allocates in the arena that it is formatted into.
struct Busy<'a>(&'a Arena<'a>, usize);

impl Display for Busy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in 0..self.1 {
            let number = self.0.alloc(step);
            let inner = self.0.alloc_fmt(format_args!("<{number}>"));
            f.write_str(inner)?;
        }
        Ok(())
    }
}

/// Writes something, then errs.
struct Errs;

impl Display for Errs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        Err(fmt::Error)
    }
}

#[test]
fn a_text_is_what_format_makes() {
    in_every_memory(|arena| {
        let wide = rounds(5000, 300);
        let plain = arena.alloc_fmt(format_args!("nothing to format"));
        let empty = arena.alloc_fmt(format_args!("{}", ""));
        let short = arena.alloc_fmt(format_args!("{:>5}|{:<5}|{:?}", 1, "ä", Some(2.5)));
        let long = arena.alloc_fmt(format_args!("{:wide$}{}", "x", "y".repeat(3000)));
        assert_eq!((&*plain, &*empty), ("nothing to format", ""));
        assert_eq!(short, "    1|ä    |Some(2.5)");
        assert_eq!(*long, *format!("{:wide$}{}", "x", "y".repeat(3000)));
    });
}

#[test]
fn a_text_takes_no_more_than_its_length() {
    let arena = Arena::new();
    arena.alloc_fmt(format_args!("{}{}", "a", "b".repeat(40)));
    assert_eq!(arena.used_bytes(), 48);
    arena.alloc_fmt(format_args!("{}", 7));
    assert_eq!(arena.used_bytes(), 64);
}

#[test]
fn what_is_formatted_may_allocate_in_the_same_arena() {
    in_every_memory(|arena| {
        for steps in [0, 1, 2, 10, rounds(200, 12)] {
            let before = arena.alloc_str("before");
            let text = arena.alloc_fmt(format_args!("[{}] {}", Busy(arena, steps), Busy(arena, 2)));
            let after = arena.alloc_str("after");
            let inner: String = (0..steps).map(|step| format!("<{step}>")).collect();
            assert_eq!(*text, *format!("[{inner}] <0><1>"));
            assert_eq!((&*before, &*after), ("before", "after"));
        }
    });
}

/// Writes on, whatever becomes of it.
struct Careless<'a>(&'a str);

impl Display for Careless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f.write_str(self.0);
        f.write_str("!")
    }
}

#[test]
fn a_text_has_no_holes() {
    let mut buffer = [MaybeUninit::<u8>::uninit(); 512];
    let arena = Arena::from_buffer(&mut buffer);
    let long = "x".repeat(1000);
    let error = arena.try_alloc_fmt(format_args!("{}{}", 1, Careless(&long))).unwrap_err();
    assert!(matches!(error, AllocError::OutOfMemory { .. }), "{error}");
    assert_eq!(arena.used_bytes(), 0);
    assert_eq!(arena.alloc_fmt(format_args!("{}", Careless("short"))), "short!");
}

#[test]
fn an_error_while_formatting_is_an_error_and_leaves_nothing() {
    let arena = Arena::new();
    let kept = arena.alloc_str("kept");
    let used = arena.used_bytes();
    let error = arena.try_alloc_fmt(format_args!("{}{}", 1, Errs)).unwrap_err();
    assert_eq!(error, AllocError::Format);
    assert_eq!(arena.used_bytes(), used);
    // With an allocation behind it, the text cannot go back; nothing else changes.
    let error = arena.try_alloc_fmt(format_args!("{}{}", Busy(&arena, 3), Errs)).unwrap_err();
    assert_eq!(error, AllocError::Format);
    assert_eq!(kept, "kept");
    assert_eq!(arena.alloc_fmt(format_args!("{}", 5)), "5");
}

#[test]
#[should_panic(expected = "a formatting trait implementation returned an error")]
fn an_error_while_formatting_panics_without_the_twin() {
    Arena::new().alloc_fmt(format_args!("{Errs}"));
}

#[test]
fn a_text_that_does_not_fit_is_an_error() {
    let mut buffer = [MaybeUninit::uninit(); 256];
    let arena = Arena::from_buffer(&mut buffer);
    let error = arena.try_alloc_fmt(format_args!("{:400}", 1)).unwrap_err();
    assert!(matches!(error, AllocError::OutOfMemory { .. }), "{error}");
    assert_eq!(arena.used_bytes(), 0);
    assert_eq!(arena.alloc_fmt(format_args!("{:100}", 1)).len(), 100);
}

/// Allocates behind the text that it is written to, and then ends it in some way.
struct Behind<'a>(&'a Arena<'a>, fn() -> fmt::Result);

impl Display for Behind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one")?;
        self.0.alloc(0_u128);
        (self.1)()
    }
}

#[test]
fn a_text_gives_back_what_it_leaves_also_if_it_is_not_the_last() {
    let arena = Arena::new();
    let text = arena.alloc_fmt(format_args!("{}", Behind(&arena, || Ok(()))));
    assert_eq!(text, "one");
    assert_eq!((arena.used_bytes(), arena.stats().reusable), (16 + 16, 48), "shrunk");
    assert!(arena.try_alloc_fmt(format_args!("{}", Behind(&arena, || Err(fmt::Error)))).is_err());
    assert_eq!((arena.used_bytes(), arena.stats().reusable), (16 + 32, 48 + 64), "failed");
    let long = "x".repeat(100);
    let text = arena.alloc_fmt(format_args!("{}{long}", Behind(&arena, || Ok(()))));
    assert_eq!(text[3..], long);
    assert_eq!((arena.used_bytes(), arena.stats().reusable), (64 + 112, 48 + 128), "moved");
    let panics = Behind(&arena, || panic::resume_unwind(Box::new("on purpose")));
    let work = AssertUnwindSafe(|| arena.alloc_fmt(format_args!("{panics}")).len());
    assert!(panic::catch_unwind(work).is_err());
    assert_eq!((arena.used_bytes(), arena.stats().reusable), (80 + 112, 48 + 192), "panicked");
}
