//! The failure walk over reading and editing: every request for memory fails once, in turn.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::alloc::System;
use std::panic::{catch_unwind, resume_unwind};

#[cfg(feature = "diagnostics")]
use arraypool::Checks;
use arraypool::json::{
    self, Document, EditError, ErrorKind, Options, OutOfRange, Parser, PatchError, Pool,
};
use arraypool::{AllocError, Arena, ArenaEvent, Budget, Interner, ReleaseStrategy};

use crate::help::{assert_whole, escapes_and_numbers, minified, pretty};

thread_local! {
    /// Allocations of this thread until one fails; 0: none will.
    static COUNTDOWN: Cell<usize> = const { Cell::new(0) };
    /// Times that an arena grows until its hook panics; 0: it will not.
    static GROWTHS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which fails when the countdown ends.
struct Failing;

fn fails_now() -> bool {
    let countdown = COUNTDOWN.try_with(|left| {
        let now = left.get();
        left.set(now.saturating_sub(1));
        now
    });
    countdown == Ok(1)
}

// SAFETY: a call is passed on to the system's allocator as it is, or answered
// with null; `realloc` and `alloc_zeroed` are made of these two.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails_now() {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

for_every_strategy!(
    every_request_fails_once,
    every_request_of_a_patch_fails_once,
    a_stack_that_cannot_grow_again_is_read_to_the_end,
    every_budget_leaves_nothing,
    a_new_pool_asks_seldom,
    a_copy_of_a_leaf_asks_for_nothing,
    a_panic_leaves_a_patched_value_as_it_was,
    a_copy_that_panics_leaves_nothing,
);

/// Whether it is that there was no memory.
fn is_refusal(error: &EditError) -> bool {
    matches!(
        error,
        EditError::Alloc(AllocError::OutOfMemory { .. } | AllocError::OverBudget { .. })
    )
}

/// What a text was refused for, which is well-formed: memory.
fn refused(error: json::Error) -> EditError {
    match error.kind() {
        ErrorKind::Alloc(error) => EditError::Alloc(error),
        other => panic!("{other}"),
    }
}

/// Reads and edits; the first refusal ends it.
fn work<S: ReleaseStrategy>(
    pool: &Pool<'_, S>,
    parser: &mut Parser,
    texts: &[Vec<u8>],
) -> Result<(), EditError> {
    let mut held = None;
    for text in texts {
        let mut document = parser.parse(text, pool).map_err(refused)?;
        let mut root = document.root_mut();
        if root.as_value().is_array() {
            for _ in 0..9 {
                root.push("an element that is copied")?;
            }
            root.remove(3);
            root.get_mut(2).map_or(Ok(None), |mut two| two.replace(1.5).map(Some))?;
        } else {
            for key in ["one", "two", "one"] {
                root.insert(key, "a value that is copied")?;
            }
            let patch = r#"{"one":{"deep":{"deeper":["x\n"]}},"two":null}"#;
            root.merge(parser.parse(patch, pool).map_err(refused)?.root())?;
        }
        held = Some(document.into_owned()?);
        let arena = Arena::new();
        let again = parser.parse(text, pool).map_err(refused)?;
        drop(again.into_owned_with_keys(&mut Interner::new_in(&arena))?);
    }
    drop(held);
    Ok(())
}

fn every_request_fails_once<S: ReleaseStrategy>() {
    let texts = [&escapes_and_numbers()[..], &[pretty(8), minified(20)]].concat();
    let mut failures = 0;
    for request in 1.. {
        // Its books are taken before.
        let pool = Pool::<S>::new();
        let mut parser = Parser::with_options(Options::new().index_from(4));
        COUNTDOWN.set(request);
        let outcome = work(&pool, &mut parser, &texts);
        let is_over = COUNTDOWN.replace(0) > 0;
        assert_whole(&pool);
        match outcome {
            Err(error) => assert!(is_refusal(&error), "{error}"),
            Ok(()) => assert!(is_over, "a refusal was kept back"),
        }
        if is_over {
            break;
        }
        failures += 1;
        // What was refused once is served the next time.
        work(&pool, &mut parser, &texts).unwrap();
        assert_whole(&pool);
        if cfg!(miri) && failures > 3 {
            return;
        }
    }
    assert!(failures > 15, "{failures}");
}

/// Comparisons and escapes in pointers ask for memory of their own.
fn every_request_of_a_patch_fails_once<S: ReleaseStrategy>() {
    let wide: Vec<_> = (0..40).map(|key| format!("\"k{key}\":[{key},[{key}]]")).collect();
    let wide = format!("{{{}}}", wide.join(","));
    let patch = format!(
        r#"[{{"op":"test","path":"/w~1~0","value":{wide}}},
            {{"op":"add","path":"/x~1","value":[1]}},
            {{"op":"move","from":"/x~1","path":"/y~0"}},
            {{"op":"remove","path":"/y~0"}}]"#
    );
    let text = format!(r#"{{"w/~":{wide}}}"#);
    let mut failures = 0;
    for request in 1.. {
        let pool = Pool::<S>::new();
        let patch = json::parse(&patch, &pool).unwrap();
        let mut document = json::parse(&text, &pool).unwrap();
        COUNTDOWN.set(request);
        let outcome = document.root_mut().patch(&patch);
        let is_over = COUNTDOWN.replace(0) > 0;
        assert_eq!(document.to_string(), text, "as it was, or changed there and back");
        match outcome {
            Err(PatchError::Edit(error)) => assert!(is_refusal(&error), "{error}"),
            other => assert_eq!(other, Ok(())),
        }
        if is_over {
            break;
        }
        failures += 1;
    }
    assert!(failures > 8, "{failures}");
}

/// More nodes than the stack begins with, each with an array of its own, wait when it is refused.
fn a_stack_that_cannot_grow_again_is_read_to_the_end<S: ReleaseStrategy>() {
    let text = format!("[{}0]", r#""\n","#.repeat(300));
    let mut failures = 0;
    for request in 1.. {
        let pool = Pool::<S>::new();
        COUNTDOWN.set(request);
        let outcome = json::parse(&text, &pool).map(drop);
        let is_over = COUNTDOWN.replace(0) > 0;
        assert_whole(&pool);
        if is_over {
            assert_eq!(outcome.map_err(|error| error.kind()), Ok(()));
            break;
        }
        assert!(matches!(outcome.unwrap_err().kind(), ErrorKind::Alloc(_)));
        failures += 1;
    }
    assert!(failures > 2, "{failures}");
}

/// Neither stack nor list is made for what has no children.
fn a_copy_of_a_leaf_asks_for_nothing<S: ReleaseStrategy>() {
    let pool = Pool::<S>::new();
    let texts =
        ["null", "true", "false", "1", "-1", "2.5", "[]", "{}", "\"\"", "1e999", "\"text\""];
    let mut parser = Parser::with_options(Options::new().out_of_range(OutOfRange::KeepText));
    for text in texts {
        let document = parser.parse(text, &pool).unwrap();
        // The pool has its memory then.
        drop(Document::of(document.root(), &pool).unwrap());
        COUNTDOWN.set(1);
        let copy = Document::of(document.root(), &pool);
        assert_eq!(COUNTDOWN.replace(0), 1, "{text}");
        assert_eq!(copy.unwrap().to_string(), text);
    }
}

/// 100 KB with a new pool and a new parser, and once more with both.
fn a_new_pool_asks_seldom<S: ReleaseStrategy>() {
    const MANY: usize = 1 << 30;
    let message = minified(if cfg!(miri) { 2 } else { 60 });
    let text = [&b"[\"\\n\","[..], &vec![message; 10].join(&b','), b"]"].concat();
    let requests = |work: &mut dyn FnMut()| {
        COUNTDOWN.set(MANY);
        work();
        MANY - COUNTDOWN.replace(0)
    };
    let mut kept = None;
    let cold = requests(&mut || {
        let builder = Pool::<S>::builder();
        #[cfg(feature = "diagnostics")]
        let builder = builder.checks(Checks::none());
        let (pool, mut parser) = (Pool::from(builder.build()), Parser::new());
        drop(parser.parse(&text, &pool).unwrap());
        kept = Some((pool, parser));
    });
    let (mut pool, mut parser) = kept.unwrap();
    if !S::RECLAIMS {
        pool.reset();
    }
    let warm = requests(&mut || drop(parser.parse(&text, &pool).unwrap()));
    // Diagnostics that the environment asks for have notes of their own.
    let is_watched = pool.stats().check_bytes > 0;
    assert!(cold <= 16 || is_watched, "{cold} requests for {} bytes", text.len());
    assert_eq!(warm, 0);
}

fn every_budget_leaves_nothing<S: ReleaseStrategy>() {
    let texts = [&escapes_and_numbers()[..], &[pretty(8), minified(20)]].concat();
    let mut limit = 0;
    loop {
        let budget = Budget::new(limit);
        let mut is_done = false;
        {
            let arena = Arena::builder().budget(&budget).build();
            if let Ok(pool) = Pool::<S>::try_new_in(&arena) {
                let outcome = work(&pool, &mut Parser::new(), &texts);
                assert_whole(&pool);
                is_done = outcome.map_err(|error| assert!(is_refusal(&error), "{error}")).is_ok();
            }
            assert!(budget.peak() <= limit);
        }
        assert_eq!(budget.used(), 0);
        if is_done {
            break;
        }
        limit += if cfg!(miri) { 20_011 } else { 1009 };
    }
    assert!(limit > 16 * 1024, "many budgets were too small");
    let pool = Pool::<S>::new();
    assert!(json::parse("[]", &pool).is_ok());
}

/// Counts the growths of an arena, and panics at one of them.
fn panics_at_a_growth(event: &ArenaEvent) {
    if let ArenaEvent::Grown { .. } = event {
        let left = GROWTHS.get();
        GROWTHS.set(left.saturating_sub(1));
        if left == 1 {
            resume_unwind(Box::new("on purpose"));
        }
    }
}

/// Does something that the hook makes panic at an arena's first growth, at the second, and
/// so on, until it does not; what it is made of looks whether all is well.
fn with_a_panic_at_each_growth<S: ReleaseStrategy>(look: impl Fn(&Pool<'_, S>, usize) -> bool) {
    let panics = (1..).take_while(|&at| {
        let arena = Arena::builder().hook(&panics_at_a_growth).build();
        let pool = Pool::<S>::new_in(&arena);
        let panicked = look(&pool, at);
        assert_whole(&pool);
        panicked
    });
    assert!(panics.count() > 1);
}

/// What is done with a panic at a growth; `None` if it came to that.
fn until_a_growth<R>(at: usize, work: impl FnOnce() -> R) -> Option<R> {
    GROWTHS.set(at);
    let done = catch_unwind(AssertUnwindSafe(work));
    GROWTHS.set(0);
    done.ok()
}

fn a_panic_leaves_a_patched_value_as_it_was<S: ReleaseStrategy>() {
    let other = Pool::<S>::new();
    let long = "x".repeat(50_000);
    let patch = format!(
        r#"[{{"op":"remove","path":"/a"}},
            {{"op":"add","path":"/c","value":["\n","{long}","{long}"]}},
            {{"op":"copy","from":"/c","path":"/d"}}]"#
    );
    let patch = json::parse(&patch, &other).unwrap();
    let text = r#"{"a":[1,"\n"],"b":3}"#;
    with_a_panic_at_each_growth::<S>(|pool, at| {
        let mut document = json::parse(text, pool).unwrap();
        let Some(patched) = until_a_growth(at, || document.root_mut().patch(&patch)) else {
            assert_eq!(document.to_string(), text);
            return true;
        };
        patched.unwrap();
        assert_eq!(document["d"][2].as_str(), Some(&*long));
        false
    });
}

fn a_copy_that_panics_leaves_nothing<S: ReleaseStrategy>() {
    let other = Pool::<S>::new();
    let text = format!("[{}1]", "[1,{\"a\\n\":[2]}],".repeat(300));
    let value = json::parse(&text, &other).unwrap();
    with_a_panic_at_each_growth::<S>(|pool, at| {
        let copied = until_a_growth(at, || Document::of(value.root(), pool).map(drop));
        copied.is_none_or(|copied| copied.is_err())
    });
}
