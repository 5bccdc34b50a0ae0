//! Functions, natives, contexts and their parents.

use core::cell::Cell;

use std::thread_local;

use arraypool::Arena;
use arraypool::expr::{Context, Engine, ErrorKind, Failure, Limits, Phases, Pool};

#[track_caller]
fn is(engine: &Engine<'_>, text: &str, expected: f64) {
    match engine.eval(text) {
        Ok(found) => assert_eq!(found, expected, "{text}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn functions_are_put_in_place() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.define("sq", &["x"], "x*x").unwrap();
    engine.define("mix", &["x", "y", "t"], "x + (y-x)*t").unwrap();
    engine.define("seven", &[], "7").unwrap();
    engine.define("first", &["x", "y"], "x").unwrap();
    is(&engine, "sq(3)", 9.0);
    is(&engine, "sq(1 + 2) + sq(sq(2))", 25.0);
    is(&engine, "mix(sq(2), sq(3), 0.5)", 6.5);
    is(&engine, "seven() * seven()", 49.0);
    is(&engine, "first(1, 2)", 1.0);
    assert!(matches!(
        engine.eval("sq(1, 2)").unwrap_err().kind,
        ErrorKind::WrongArguments { expected: 1, found: 2 }
    ));
    // An argument that is not needed is evaluated all the same if it can fail.
    let failed = engine.eval("first(1, ~0.5)").unwrap_err().kind;
    assert_eq!(failed, ErrorKind::Failed(Failure::NotAnInteger));
}

#[test]
fn arguments_are_evaluated_once_and_in_order() {
    let pool = Pool::new();
    let log = Cell::new(0.0);
    let note = |x: &[f64]| {
        log.set(log.get() * 10.0 + x[0]);
        x[0]
    };
    let engine = <Engine>::new(&pool);
    engine.context().native("note", 1, &note).unwrap();
    engine.define("twice", &["x", "y"], "y + x + x").unwrap();
    is(&engine, "twice(note(1), note(2)) + note(3)", 7.0);
    assert_eq!(log.replace(0.0), 123.0);
    is(&engine, "0 && note(1)", 0.0);
    is(&engine, "1 || note(1)", 1.0);
    is(&engine, "1 ? 5 : note(1)", 5.0);
    assert_eq!(log.get(), 0.0);
    is(&engine, "note(1), note(2)", 2.0);
    assert_eq!(log.get(), 12.0);
}

#[test]
fn functions_recurse() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.define("fib", &["n"], "n < 2 ? n : fib(n-1) + fib(n-2)").unwrap();
    engine.define("fact", &["n"], "n <= 1 ? 1 : n * fact(n-1)").unwrap();
    engine.define("even", &["n"], "n == 0 ? 1 : odd(n-1)").unwrap();
    engine.define("odd", &["n"], "n == 0 ? 0 : even(n-1)").unwrap();
    engine.define("gcd", &["a", "b"], "b == 0 ? a : gcd(b, a % b)").unwrap();
    engine.define("sq", &["x"], "x*x").unwrap();
    engine.define("sum", &["n"], "n <= 0 ? 0 : sq(n + 1) + sum(n - 1)").unwrap();
    engine
        .define("ack", &["m", "n"], "m == 0 ? n+1 : n == 0 ? ack(m-1, 1) : ack(m-1, ack(m, n-1))")
        .unwrap();
    is(&engine, "fib(10)", 55.0);
    is(&engine, "fib(20)", 6765.0);
    is(&engine, "fact(20)", 2_432_902_008_176_640_000.0);
    is(&engine, "even(100) + 2 * odd(7)", 3.0);
    is(&engine, "gcd(1071, 462)", 21.0);
    is(&engine, "sum(3) + fib(5) * fact(3)", 4.0 + 9.0 + 16.0 + 30.0);
    is(&engine, "ack(2, 3)", 9.0);
    is(&engine, "fib(fib(fib(5)))", 5.0);
    // One's own parameters, whatever callers call theirs.
    engine.define("outer", &["n"], "fact(n) + n").unwrap();
    is(&engine, "outer(4)", 28.0);
}

#[test]
fn recursion_has_bounds() {
    let pool = Pool::new();
    let limits = Limits { call_depth: 10, calls: 100, ..Limits::DEFAULT };
    let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
    engine.define("down", &["n"], "n <= 0 ? 0 : 1 + down(n-1)").unwrap();
    engine.define("for_ever", &["n"], "for_ever(n) + for_ever(n)").unwrap();
    engine.define("many", &["n"], "n <= 0 ? 1 : many(n-1) + many(n-1)").unwrap();
    is(&engine, "down(9)", 9.0);
    let failure = |text| engine.eval(text).unwrap_err().kind;
    assert_eq!(failure("down(10)"), ErrorKind::Failed(Failure::TooDeep));
    assert_eq!(failure("down(0/0 - 1e9) + down(1e9)"), ErrorKind::Failed(Failure::TooDeep));
    assert_eq!(failure("for_ever(1)"), ErrorKind::Failed(Failure::TooDeep));
    assert_eq!(failure("many(8)"), ErrorKind::Failed(Failure::TooManyCalls));
    is(&engine, "many(5)", 32.0);
}

/// Native stack grows with the height of bodies, too: it is the product that is bounded.
#[test]
fn recursion_of_high_bodies_fits_the_stack() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    for (name, levels) in [("low", 10), ("middle", 100), ("high", 300)] {
        let body =
            format!("n <= 0 ? 0 : {}{name}(n-1){}", "(n+".repeat(levels), ")".repeat(levels));
        engine.define(name, &["n"], &body).unwrap();
        let mut batch = engine.batch();
        batch.add(&format!("{name}(1e9)")).unwrap();
        let depth = batch.build().stack_depth();
        assert!((100..=256 * 16 + 512).contains(&depth), "{name}: {depth}");
        let error = engine.eval(&format!("{name}(1e9)")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Failed(Failure::TooDeep), "{name}");
    }
    is(&engine, "low(255)", 10.0 * 255.0 * 128.0);
    is(&engine, "high(10)", 300.0 * 55.0);
    assert!(engine.eval("high(20)").is_err(), "each counts as 19 calls, of which there are 256");
}

#[test]
fn scope_is_lexical() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().set("gain", 10.0).unwrap();
    engine.define("scaled", &["x"], "x * gain").unwrap();
    engine.define("inner", &["y"], "x + y").unwrap();
    engine.define("outer", &["x"], "inner(x)").unwrap();
    let mut batch = engine.batch();
    batch.parameter("gain", 3.0).unwrap();
    batch.parameter("x", 1.0).unwrap();
    let index = batch.add("scaled(2) + gain").unwrap();
    // Neither a caller's parameter nor the batch's is the function's.
    assert_eq!(batch.add("outer(1)").unwrap_err().kind, ErrorKind::UnknownName);
    let mut batch = batch.build();
    batch.eval();
    assert_eq!(batch.value(index), Ok(23.0));
}

#[test]
fn a_new_definition_counts_at_once() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.define("f", &["x"], "x + 1").unwrap();
    engine.define("g", &["x"], "f(x) * 2").unwrap();
    let mut batch = engine.batch();
    let x = batch.parameter("x", 5.0).unwrap();
    let (f, g, other) =
        (batch.add("f(x)").unwrap(), batch.add("g(x)").unwrap(), batch.add("x").unwrap());
    let mut batch = batch.build();
    batch.eval();
    assert_eq!(batch.results(), [6.0, 12.0, 5.0]);
    engine.define("f", &["x"], "x - 1").unwrap();
    batch.eval();
    assert_eq!(batch.results(), [4.0, 8.0, 5.0]);
    engine.context().native("f", 1, &|x: &[f64]| x[0] * 100.0).unwrap();
    batch.eval();
    assert_eq!(batch.results(), [500.0, 1000.0, 5.0]);
    // A definition that does not fit spoils those that use it, until it does.
    engine.define("f", &["x", "y"], "x + y").unwrap();
    batch.set(x, 7.0);
    batch.eval();
    assert_eq!(batch.value(f), Err(Failure::DoesNotCompile));
    assert_eq!(batch.value(g), Err(Failure::DoesNotCompile));
    assert_eq!(batch.value(other), Ok(7.0));
    assert!(matches!(batch.diagnose(f).unwrap().kind, ErrorKind::WrongArguments { .. }));
    assert!(engine.context().remove_function("f"));
    batch.eval();
    assert_eq!(batch.diagnose(g).unwrap().kind, ErrorKind::UnknownFunction);
    engine.define("f", &["x"], "x").unwrap();
    batch.eval();
    assert_eq!(batch.results(), [7.0, 14.0, 7.0]);
}

#[test]
fn built_in_functions_can_be_hidden() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().native("sin", 1, &|_: &[f64]| 42.0).unwrap();
    is(&engine, "sin(0)", 42.0);
    assert!(engine.context().remove_function("sin") && !engine.context().remove_function("sin"));
    is(&engine, "sin(0)", 0.0);
}

/// What has failed has no answer; what a native function would do is left undone.
#[test]
fn natives_are_not_called_behind_a_failure() {
    let pool = Pool::new();
    let calls = Cell::new(0);
    let note = |x: &[f64]| {
        calls.set(calls.get() + 1);
        x.first().copied().unwrap_or(1.0)
    };
    let engine = <Engine>::new(&pool);
    engine.context().native_of_any("note", &note).unwrap();
    engine.context().set("x", 0.5).unwrap();
    for (text, before) in [
        ("(x & 1) ? note() : 0", 0),
        ("(x & 1) ? 0 : note()", 0),
        ("note(~x)", 0),
        ("note(note(2) & x, note(3))", 1),
        ("note(1) + ~x + note(2)", 1),
    ] {
        calls.set(0);
        let failed = engine.eval(text).unwrap_err().kind;
        assert_eq!((failed, calls.get()), (ErrorKind::Failed(Failure::NotAnInteger), before));
    }
    calls.set(0);
    is(&engine, "note(x) + note(2)", 2.5);
    assert_eq!(calls.get(), 2);
}

#[test]
fn natives_take_any_number_of_arguments() {
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().native_of_any("sum", &sum).unwrap();
    is(&engine, "sum()", 0.0);
    is(&engine, "sum(1,2,3,4) + sum(5)", 15.0);
    let many: Vec<String> = (1..=200).map(|n| n.to_string()).collect();
    is(&engine, &format!("sum({}) + sum({})", many.join(","), many[..10].join(",")), 20_155.0);
    engine.context().native("three", 3, &sum).unwrap();
    assert!(engine.eval("three(1, 2)").is_err());
    is(&engine, "three(1, sum(2, 3), 4)", 10.0);
}

#[test]
fn parents_are_visible_in_full() {
    let pool = Pool::new();
    let top = Context::new(&pool);
    top.set("v", 1.0).unwrap();
    top.set_constant("c", 2.0).unwrap();
    top.set("o.x", 3.0).unwrap();
    top.set_array("t", &[4.0, 5.0]).unwrap();
    top.native("n", 1, &|x: &[f64]| x[0] + 6.0).unwrap();
    top.define("f", &["x"], "x + v + g(0)").unwrap();
    top.define("g", &["x"], "7").unwrap();
    let middle = Context::with_parent(&pool, &top);
    middle.set("v", 100.0).unwrap();
    let engine = Engine::with_parent(&pool, &middle);
    is(&engine, "v + c + o.x + t[1] + n(1)", 117.0);
    // A function sees what it was defined beside, not what hides that below.
    engine.define("g", &["x"], "1000").unwrap();
    is(&engine, "f(0)", 8.0);
    is(&engine, "g(0)", 1000.0);
    top.set("v", 2.0).unwrap();
    is(&engine, "f(0)", 9.0);
    assert_eq!((engine.context().get("c"), engine.context().get("v")), (Some(2.0), Some(100.0)));
    assert!(middle.remove("v"));
    assert_eq!(engine.context().get("v"), Some(2.0));
    let mut batch = engine.batch().build();
    let index = batch.add("v + t[i_don't]").is_err();
    assert!(index);
}

#[test]
fn values_are_followed() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let context = engine.context();
    context.set("v", 1.0).unwrap();
    context.set("o.x", 2.0).unwrap();
    context.set_array("t", &[1.0, 2.0, 3.0]).unwrap();
    let mut batch = engine.batch();
    let i = batch.parameter("i", 0.0).unwrap();
    for text in ["v + o.x", "t[i]", "t[2]", "t[i + 1] + t[0]"] {
        batch.add(text).unwrap();
    }
    let mut batch = batch.build();
    batch.eval();
    assert_eq!(batch.results(), [3.0, 1.0, 3.0, 3.0]);
    context.set("v", 10.0).unwrap();
    context.set_array("t", &[5.0, 6.0, 7.0]).unwrap();
    batch.set(i, 1.9);
    batch.eval();
    assert_eq!(batch.results(), [12.0, 6.0, 7.0, 12.0]);
    for (wrong, failure) in [(-1.0, 1), (f64::NAN, 1), (3.0, 1), (f64::INFINITY, 1), (-0.5, 1)] {
        batch.set(i, wrong);
        batch.eval();
        assert_eq!(batch.value(failure), Err(Failure::IndexOutOfRange), "{wrong}");
        assert!(batch.result(1).unwrap().is_nan());
        assert_eq!(batch.value(2), Ok(7.0));
    }
    // An array of another length: what was an element may be none.
    context.set_array("t", &[9.0]).unwrap();
    batch.set(i, 0.0);
    batch.eval();
    assert_eq!(batch.value(1), Ok(9.0));
    assert_eq!(batch.value(2), Err(Failure::IndexOutOfRange));
    assert!(context.remove_array("t"));
    batch.eval();
    assert_eq!(batch.value(1), Err(Failure::DoesNotCompile));
    assert_eq!(batch.value(0), Ok(12.0));
}

#[test]
fn names_are_checked() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let context = engine.context();
    for name in ["", "1a", "a b", "a-b", "a.b.c", "a.", ".a", "\u{e9}"] {
        assert_eq!(context.set(name, 1.0).unwrap_err().kind, ErrorKind::InvalidName, "{name}");
    }
    assert!(context.set_array("a.b", &[]).is_err());
    assert!(engine.define("f", &["1"], "1").is_err());
    assert!(engine.define("f", &["x"], "x +").is_err());
    assert!(engine.eval("f(1)").is_err());
}

#[test]
fn a_native_may_change_the_context() {
    let pool = Pool::new();
    let outer = Context::new(&pool);
    outer.set("v", 1.0).unwrap();
    let change = |x: &[f64]| {
        outer.set("v", x[0]).unwrap();
        x[0]
    };
    let engine = Engine::with_parent(&pool, &outer);
    engine.context().native("change", 1, &change).unwrap();
    let mut batch = engine.batch();
    let first = batch.add("change(5) + v").unwrap();
    let mut batch = batch.build();
    batch.eval();
    assert_eq!(batch.value(first), Ok(6.0), "values are those from before the tick");
    batch.eval();
    assert_eq!(batch.value(first), Ok(10.0));
}

#[test]
fn names_that_are_gone_give_their_places_back() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let context = engine.context();
    context.set("kept", 1.0).unwrap();
    context.set("gone", 2.0).unwrap();
    let mut batch = engine.batch().build();
    let (kept, gone) = (batch.add("kept").unwrap(), batch.add("gone * 1").unwrap());
    batch.eval();
    assert_eq!((batch.value(kept), batch.value(gone)), (Ok(1.0), Ok(2.0)));
    assert!(context.remove("gone"));
    let live = pool.stats().live;
    // More than can be at once.
    for number in 0..if cfg!(miri) { 50 } else { 70_000 } {
        let name = format!("name_{number}");
        match number % 3 {
            0 => context.set(&name, 3.0).unwrap(),
            1 => context.set_array(&name, &[4.0]).unwrap(),
            _ => context.native(&name, 1, &|x: &[f64]| x[0]).unwrap(),
        }
        match number % 3 {
            0 => assert!(context.remove(&name)),
            1 => assert!(context.remove_array(&name)),
            _ => assert!(context.remove_function(&name)),
        }
        assert!(pool.stats().live <= live, "{name}");
    }
    // Who read the name that is gone does not read the one in its place.
    context.set("other", 5.0).unwrap();
    batch.eval();
    assert_eq!((batch.value(kept), batch.value(gone)), (Ok(1.0), Err(Failure::DoesNotCompile)));
    context.set("gone", 6.0).unwrap();
    batch.eval();
    assert_eq!((batch.value(kept), batch.value(gone)), (Ok(1.0), Ok(6.0)));
}

#[test]
fn a_name_that_was_gone_already_changes_nothing() {
    thread_local! {
        static EVENTS: Cell<u32> = const { Cell::new(0) };
    }
    let trees = Arena::builder().hook(&|_| EVENTS.set(EVENTS.get() + 1)).build();
    let pool = Pool::new();
    let engine = <Engine>::with(&pool, Phases::of(trees, Arena::new()), Limits::DEFAULT);
    engine.context().set("x", 1.0).unwrap();
    assert!(engine.context().remove("x"));
    let mut batch = engine.batch().build();
    batch.add("2 + 1").unwrap();
    batch.eval();
    let before = EVENTS.get();
    assert!(!engine.context().remove("x"));
    batch.eval();
    assert_eq!(EVENTS.get(), before, "nothing is compiled anew");
    engine.context().set("x", 1.0).unwrap();
    batch.eval();
    assert_ne!(EVENTS.get(), before);
}
