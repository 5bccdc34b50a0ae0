//! Expressions and the heap: nothing asked for in a tick, every refusal survived,
//! and trees that are small.

#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

extern crate alloc;

#[path = "expr_memory/heap.rs"]
mod heap;
#[path = "expr_memory/owned.rs"]
mod owned;
#[path = "expr_memory/trees.rs"]
mod trees;

use arraypool::expr::{Engine, ErrorKind, Failure, Limits, Phases, Pool};
use arraypool::{Arena, ArenaBuilder, FailingSource, Metadata, ReleaseStrategy, Tagged};
use heap::{calls, with_failure};

fn ticks_ask_for_nothing<S: ReleaseStrategy>() {
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    let pool = Pool::<S>::default();
    let engine = Engine::<f64, S>::new(&pool);
    let context = engine.context();
    context.set("v", 1.0).unwrap();
    context.set_array("t", &[1.0, 2.0, 3.0]).unwrap();
    context.native_of_any("sum", &sum).unwrap();
    engine.define("f", &["n"], "n <= 0 ? 0 : n + f(n-1)").unwrap();
    engine.define("sq", &["x"], "x*x").unwrap();
    let mut batch = engine.batch();
    let x = batch.parameter("x", 1.0).unwrap();
    for text in [
        "x + v",
        "t[x]",
        "t[0] * 2",
        "sum(x, v, 3)",
        "f(x)",
        "sq(sum(x))",
        "x | 1",
        "1 << x",
        "x ? sin(x) : cos(x)",
        "f(x * 1000)",
        "x && t[7 + x]",
        "pow(x, 2) + fmod(x, 3), 5",
    ] {
        batch.add(text).unwrap();
    }
    let mut batch = batch.build();
    batch.eval();
    let (mut failed, mut succeeded) = (0, 0);
    let asked = calls(|| {
        for tick in 0..200_u32 {
            batch.set(x, f64::from(tick % 9) * 0.5 - 1.0);
            // Values that are followed, and arrays as long as before.
            context.set("v", f64::from(tick)).unwrap();
            context.set_array("t", &[f64::from(tick), 2.0, 3.0]).unwrap();
            batch.eval();
            for index in 0..batch.results().len() {
                match batch.value(index) {
                    Ok(_) => succeeded += 1,
                    Err(failure) => {
                        assert_ne!(failure, Failure::NotEvaluated);
                        failed += 1;
                    }
                }
            }
        }
    });
    assert_eq!(asked, 0, "{}", S::NAME);
    assert!(failed > 200 && succeeded > 1000, "{failed} {succeeded}");
    // Replacing, once the pool has what it takes, asks for nothing either.
    let texts = ["x * 2 + sq(x + 1)", "t[x + 1] - f(3)", "x > 1 ? x : v"];
    let replace = |batch: &mut arraypool::expr::Batch<'_, '_, f64, S>| {
        for (index, text) in texts.iter().cycle().take(30).enumerate() {
            batch.replace(index % 5, text).unwrap();
            assert!(batch.replace(index % 5, "x +").is_err());
            batch.eval();
        }
    };
    replace(&mut batch);
    replace(&mut batch);
    assert_eq!(calls(|| replace(&mut batch)), 0, "{}", S::NAME);
}

#[test]
fn a_tick_asks_the_heap_for_nothing() {
    ticks_ask_for_nothing::<Metadata>();
    ticks_ask_for_nothing::<Tagged>();
}

/// Everything that needs memory, in which one request fails: true if it did.
fn work<S: ReleaseStrategy>(pool: &Pool<'_, S>, phases: Phases<'_>) -> Result<(), ErrorKind> {
    let engine = Engine::<f64, S>::with(pool, phases, Limits::DEFAULT);
    let context = engine.context();
    let mut errors = 0;
    // One request fails; the next try succeeds.
    let mut twice = |attempt: &mut dyn FnMut() -> Result<(), arraypool::expr::Error>| {
        if let Err(error) = attempt() {
            assert!(matches!(error.kind, ErrorKind::Memory(_)), "{error}");
            errors += 1;
            attempt().expect("only one request fails");
        }
    };
    twice(&mut || context.set("v", 2.0));
    twice(&mut || context.set_array("t", &[1.5; 40]));
    twice(&mut || engine.define("sq", &["x"], "x*x"));
    twice(&mut || engine.define("f", &["n"], "n <= 0 ? 0 : 1 + f(n-1)"));
    let mut batch = engine.batch().build();
    for name in ["x", "y"] {
        twice(&mut || batch.parameter(name, 3.0).map(|_| ()));
    }
    let texts = ["x + v", "t[x] + t[1]", "sq(x + t[y]) + sq(v)", "f(x) + max(x, y)"];
    for text in texts {
        twice(&mut || batch.add(text).map(|_| ()));
    }
    for round in 0..12 {
        let text = ["sin(x) + 1.25 * y", "f(y) - t[2]", texts[round % 4]][round % 3];
        twice(&mut || batch.replace(round % 4, text));
        // A definition that changes has every program made anew by a tick, which
        // tries again with the next one.
        if round % 4 == 3 {
            twice(&mut || context.set_array("t", &[2.5; 64][..40 + round]));
            batch.eval();
        }
        batch.eval();
        for index in 0..4 {
            batch.value(index).expect("it has a value");
        }
    }
    let check = pool.verify().expect("the books are whole");
    assert!(check.live > 0);
    if errors > 0 { Err(ErrorKind::Busy) } else { Ok(()) }
}

#[test]
fn every_request_of_a_compilation_fails_once() {
    fn walk<S: ReleaseStrategy>() {
        for n in 1.. {
            let source = FailingSource::fail_at(n);
            let arena = || ArenaBuilder::with_source(&source).initial_chunk(64).max_chunk(256);
            let Ok(pool) = Pool::<S>::try_owning(arena().build()) else { continue };
            let _ = work(&pool, Phases::of(arena().build(), arena().build()));
            assert_eq!(pool.verify().expect("the books are whole").live, 0, "request {n}");
            drop(pool);
            assert_eq!(source.live_bytes(), 0, "request {n}");
            if !source.has_failed() {
                assert!(n > 10, "there were requests");
                return;
            }
        }
    }
    walk::<Metadata>();
    walk::<Tagged>();
}

#[test]
fn every_allocation_of_a_compilation_fails_once() {
    for n in 1.. {
        let pool = Pool::<Metadata>::default();
        let phases = Phases::of(Arena::builder().initial_chunk(64).build(), Arena::new());
        let met = with_failure(n, || {
            let _ = work(&pool, phases);
        });
        assert_eq!(pool.verify().expect("the books are whole").live, 0, "allocation {n}");
        if !met {
            assert!(n > 5, "there were allocations");
            return;
        }
    }
}
