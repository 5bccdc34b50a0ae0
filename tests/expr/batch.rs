//! Batches: adding, replacing, removing, statuses, and what a tick costs.

use arraypool::expr::{Batch, Engine, ErrorKind, Failure, Limits, Phases, Pool};
use arraypool::{Arena, Budget, Metadata, ReleaseStrategy, Tagged};

#[test]
fn an_expression_that_fails_does_not_spoil_the_others() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch();
    let x = batch.parameter("x", 1.0).unwrap();
    batch.add_named("before", "x + 1").unwrap();
    batch.add_named("middle", "x | 1").unwrap();
    batch.add_named("after", "x + 2").unwrap();
    let mut batch = batch.build();
    assert_eq!(batch.status(0), Some(Err(Failure::NotEvaluated)));
    batch.eval();
    assert_eq!(batch.results(), [2.0, 1.0, 3.0]);
    batch.set(x, 1.5);
    batch.eval();
    assert_eq!(batch.result_by_name("before"), Some(2.5));
    assert!(batch.result_by_name("middle").unwrap().is_nan());
    assert_eq!(batch.status(1), Some(Err(Failure::NotAnInteger)));
    assert_eq!(batch.result_by_name("after"), Some(3.5));
    batch.set(x, 2.0);
    batch.eval();
    assert_eq!(batch.results(), [3.0, 3.0, 4.0]);
}

#[test]
fn expressions_come_and_go() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch().build();
    assert_eq!(batch.parameter("x", 3.0), Ok(0));
    assert_eq!(batch.parameter("x", 3.0).unwrap_err().kind, ErrorKind::InvalidName);
    let (a, b, c) = (batch.add("x").unwrap(), batch.add("x*2").unwrap(), batch.add("x*3").unwrap());
    batch.eval();
    assert!(batch.remove(b) && !batch.remove(b) && !batch.remove(99));
    assert_eq!((batch.len(), batch.result(b), batch.status(b)), (2, None, None));
    assert_eq!(batch.replace(b, "1").unwrap_err().kind, ErrorKind::NoSuchIndex);
    batch.replace(a, "x*10").unwrap();
    assert!(batch.replace(c, "x*").is_err());
    batch.eval();
    assert_eq!((batch.result(a), batch.result(c)), (Some(30.0), Some(9.0)));
    assert_eq!(batch.add("x*4"), Ok(b), "the vacant index serves the next one");
    batch.eval();
    assert_eq!(batch.results(), [30.0, 12.0, 9.0]);
    assert_eq!(batch.text(b), Some("x*4"));
    // A parameter that comes later hides what the name was before.
    engine.context().set("y", 1.0).unwrap();
    let y = batch.add("y").unwrap();
    batch.eval();
    assert_eq!(batch.result(y), Some(1.0));
    batch.parameter("y", 2.0).unwrap();
    batch.eval();
    assert_eq!(batch.result(y), Some(2.0));
    batch.clear();
    assert!(batch.is_empty() && batch.results().is_empty());
}

#[test]
fn what_expressions_held_goes_back() {
    fn goes_back<S: ReleaseStrategy>() {
        let pool = Pool::<S>::default();
        let engine = Engine::<f64, S>::new(&pool);
        engine.context().set_array("t", &[0.5; 100]).unwrap();
        engine.define("f", &["n"], "n <= 0 ? 0 : 1 + f(n-1)").unwrap();
        let before = pool.stats().live;
        {
            let mut batch = engine.batch();
            batch.parameter("x", 1.0).unwrap();
            for text in ["x + 1.25", "t[x] + f(x)", "sin(x*2)*3 + 4*x*x*x"] {
                batch.add(text).unwrap();
            }
            let mut batch = batch.build();
            batch.eval();
            assert_eq!(batch.value(1), Ok(1.5));
            let held = pool.stats().live;
            batch.clear();
            assert!(pool.stats().live < held);
        }
        assert_eq!(pool.verify().unwrap().live, before);
    }
    goes_back::<Metadata>();
    goes_back::<Tagged>();
}

/// A loop that replaces one expression per tick holds constant memory.
fn replace_for_ever<S: ReleaseStrategy>(ticks: u32) {
    let pool = Pool::<S>::default();
    let engine = Engine::<f64, S>::new(&pool);
    engine.context().set("v", 2.0).unwrap();
    engine.context().set_array("t", &[1.0, 2.0, 3.0]).unwrap();
    engine.define("sq", &["x"], "x*x").unwrap();
    let mut batch = engine.batch();
    batch.parameter("x", 1.0).unwrap();
    for _ in 0..4 {
        batch.add("x").unwrap();
    }
    let mut batch = batch.build();
    let mut chunks = 0;
    let mut text = String::new();
    for tick in 0..ticks {
        use core::fmt::Write;
        text.clear();
        let shape = ["x*{}", "sq(x+{}) + v", "t[x]*{} + sin(x*{})", "max(x, {}) ? x+1 : x+2"];
        let number = (tick % 1000).to_string();
        write!(text, "{}", shape[tick as usize % 4].replace("{}", &number)).unwrap();
        batch.replace(tick as usize % 4, &text).unwrap();
        batch.eval();
        if tick == 1000 {
            chunks = pool.stats().run_bytes;
        }
    }
    assert!(ticks <= 1000 || pool.verify().unwrap().run_bytes == chunks);
}

#[test]
fn a_loop_that_replaces_holds_constant_memory() {
    let ticks = if cfg!(miri) { 20 } else { 20_000 };
    replace_for_ever::<Metadata>(ticks);
    replace_for_ever::<Tagged>(ticks);
}

#[test]
#[ignore = "a million ticks take some seconds in release"]
fn a_million_replacements_hold_constant_memory() {
    replace_for_ever::<Metadata>(1_000_000);
    replace_for_ever::<Tagged>(1_000_000);
}

#[test]
fn more_constants_than_slots_stand_in_the_program() {
    let expressions = if cfg!(miri) { 30 } else { 100_u32 };
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch();
    batch.parameter("x", 1.0).unwrap();
    for n in 0..expressions {
        let parts: Vec<_> = (0..10).map(|k| format!("x*{}.5", n * 10 + k)).collect();
        batch.add(&parts.join(" + ")).unwrap();
    }
    let mut batch = batch.build();
    batch.set(0, 2.0);
    batch.eval();
    for n in 0..expressions {
        let expected: f64 = (0..10).map(|k| 2.0 * (f64::from(n * 10 + k) + 0.5)).sum();
        assert_eq!(batch.value(n as usize), Ok(expected));
    }
}

#[test]
fn a_frame_is_full_at_some_time() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch().build();
    for n in 0..256_usize {
        assert_eq!(batch.parameter(&format!("p{n}"), n as f64).unwrap(), n);
    }
    let full = ErrorKind::TooManySlots { limit: 256 };
    assert_eq!(batch.parameter("more", 0.0).unwrap_err().kind, full);
    let index = batch.add("p0 + p255 * 2.5").unwrap();
    batch.eval();
    assert_eq!(batch.value(index), Ok(637.5));
    engine.context().set("v", 1.0).unwrap();
    assert_eq!(batch.add("v").unwrap_err().kind, full);
}

#[test]
fn a_batch_says_what_a_tick_takes() {
    let pool = Pool::new();
    let limits = Limits { call_depth: 5, calls: 50, ..Limits::DEFAULT };
    let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
    let mut batch = engine.batch().build();
    batch.parameter("x", 1.0).unwrap();
    assert_eq!((batch.steps(), batch.stack_depth()), (0, 0));
    batch.add("x").unwrap();
    assert_eq!((batch.steps(), batch.stack_depth()), (1, 1));
    batch.add("sin(x) * cos(x) + sqrt(x)").unwrap();
    let (steps, depth) = (batch.steps(), batch.stack_depth());
    assert!((5..=8).contains(&steps) && (3..=4).contains(&depth), "{steps} {depth}");
    let bytes = batch.frame_bytes();
    assert!(bytes >= 256 * 8);
    engine.define("f", &["n"], "n <= 0 ? 0 : 1 + f(n-1)").unwrap();
    batch.add("f(x)").unwrap();
    assert!(batch.steps() >= steps + 50 && batch.stack_depth() > 5);
    assert_eq!(batch.frame_bytes(), bytes + 5 * 8);
}

#[test]
fn everything_is_under_one_budget() {
    let budget = Budget::new(256 * 1024);
    {
        let arena = Arena::builder().initial_chunk(8192).budget(&budget).build();
        let pool: Pool<'_> = Pool::try_owning(arena).unwrap();
        let engine = Engine::<f64>::with(&pool, Phases::under(&budget), Limits::DEFAULT);
        let mut batch = engine.batch().build();
        batch.parameter("x", 1.0).unwrap();
        let refused = loop {
            match batch.add("x + 1 * x - sin(x / 2) + x*x*x*x*x*x") {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(matches!(refused.kind, ErrorKind::Memory(_)), "{refused}");
        assert!(batch.len() > 100);
        batch.eval();
        assert!(batch.results().iter().all(|result| !result.is_nan()));
    }
    assert_eq!(budget.used(), 0);
}

#[test]
fn what_one_expression_needs_no_more_is_there_for_the_others() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    for name in ["v1", "v2", "v3", "v4", "w1", "w2", "w3", "w4"] {
        engine.context().set(name, 1.0).unwrap();
    }
    engine.define("f", &[], "v1 + v2").unwrap();
    engine.define("g", &[], "v3 + v4").unwrap();
    let mut batch = engine.batch().build();
    for number in 0..252 {
        batch.parameter(&format!("p{number}"), 0.0).unwrap();
    }
    batch.add("f()").unwrap();
    batch.add("g()").unwrap();
    batch.eval();
    assert_eq!(batch.results(), [2.0, 2.0]);
    engine.define("f", &[], "w1 + w2 + w3").unwrap();
    engine.define("g", &[], "w4").unwrap();
    batch.eval();
    assert_eq!((batch.value(0), batch.value(1)), (Ok(3.0), Ok(1.0)));
}

#[test]
fn a_name_that_is_taken_is_shown() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch().build();
    batch.add_named("sum", "1 + 2").unwrap();
    let error = batch.add_named("sum", "1 + 3").unwrap_err();
    assert_eq!((error.kind, error.range()), (ErrorKind::InvalidName, 0..3));
    batch.add("1 + 4").unwrap();
    assert_eq!(batch.index_of(""), None, "an expression without a name has none");
}

#[test]
fn batches_share_an_engine() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().set("v", 1.0).unwrap();
    let make = |text: &str| -> Batch<'_, '_> {
        let mut batch = engine.batch();
        batch.add(text).unwrap();
        batch.build()
    };
    let (mut first, mut second) = (make("v + 1"), make("v * 10"));
    for v in [1.0, 2.0] {
        engine.context().set("v", v).unwrap();
        first.eval();
        second.eval();
        assert_eq!((first.result(0), second.result(0)), (Some(v + 1.0), Some(v * 10.0)));
    }
}

#[test]
fn a_name_between_two_expressions_costs_no_copy_of_an_array() {
    let bytes = |interleaved: bool| {
        let pool = Pool::new();
        let engine = <Engine>::new(&pool);
        let context = engine.context();
        context.set_array("t", &[1.5; 100]).unwrap();
        let name = |i: usize| context.set(&format!("g{i}"), 2.0).unwrap();
        if !interleaved {
            (0..20).for_each(name);
        }
        let mut batch = engine.batch();
        batch.parameter("i", 0.0).unwrap();
        let mut batch = batch.build();
        for i in 0..20 {
            if interleaved {
                name(i);
            }
            batch.add(&format!("t[i] * g{i}")).unwrap();
        }
        let before = batch.frame_bytes();
        batch.eval();
        assert_eq!(batch.results(), [3.0; 20]);
        assert_eq!(batch.frame_bytes(), before);
        before
    };
    assert_eq!(bytes(true), bytes(false));
}

#[test]
fn an_array_of_another_length_is_another_copy_until_a_tick() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let context = engine.context();
    context.set_array("t", &[1.0, 2.0]).unwrap();
    let mut batch = engine.batch().build();
    batch.parameter("i", 1.0).unwrap();
    batch.add("t[i]").unwrap();
    context.set_array("t", &[3.0, 4.0, 5.0]).unwrap();
    batch.add("t[i + 1]").unwrap();
    context.set_array("t", &[6.0, 7.0]).unwrap();
    batch.add("t[i] + 1").unwrap();
    batch.eval();
    assert_eq!((batch.result(0), batch.result(2)), (Some(7.0), Some(8.0)));
    assert_eq!(batch.status(1), Some(Err(Failure::IndexOutOfRange)));
}

#[test]
fn an_attribute_may_be_a_parameter() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().set("motor.angle", 1.0).unwrap();
    let mut batch = engine.batch().build();
    let angle = batch.parameter("motor.angle", 2.0).unwrap();
    assert_eq!(batch.parameter("motor.", 2.0).unwrap_err().kind, ErrorKind::InvalidName);
    assert_eq!(batch.parameter("motor.angle", 2.0).unwrap_err().kind, ErrorKind::InvalidName);
    batch.add("motor.angle * 2").unwrap();
    batch.eval();
    assert_eq!(batch.results(), [4.0]);
    batch.set(angle, 3.0);
    batch.eval();
    assert_eq!(batch.results(), [6.0]);
}
