//! Bounds: nothing recurses without one, and each has an error of its own.

use core::time::Duration;
use std::time::Instant;

use arraypool::Arena;
use arraypool::expr::{
    Context, Engine, Error, ErrorKind, Failure, Frame, Limits, Phases, Pool, interp, parse, resolve,
};

/// The most terms of an expression, and levels: the default, or what Miri gets through.
const TERMS: usize = if cfg!(miri) { 512 } else { 16_384 };
const DEPTH: u16 = if cfg!(miri) { 160 } else { 512 };

fn bounded<'m>(pool: &'m Pool<'_>) -> Engine<'m> {
    Engine::with(pool, Phases::new(), Limits { terms: TERMS, depth: DEPTH, ..Limits::DEFAULT })
}

fn kind(text: &str) -> ErrorKind {
    interp(text, &[("x", 1.0)]).unwrap_err().kind
}

#[test]
fn nesting_is_bounded_wherever_it_is() {
    let deep = |open: &str, close: &str, count: usize| {
        format!("{}x{}", open.repeat(count), close.repeat(count))
    };
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("!", ""),
        ("+", ""),
        ("sin(", ")"),
        ("max(1,", ")"),
        ("2^", ""),
        ("1?", ":2"),
        ("1?2:", ""),
        ("x+(", ")"),
        ("t[", "]"),
        ("f(1,2,", ")"),
    ] {
        let count = if cfg!(miri) { 800 } else { 12_000 / open.len() };
        let text = deep(open, close, count);
        assert_eq!(kind(&text), ErrorKind::TooDeep { limit: 512 }, "{open}");
    }
    assert_eq!(interp(&deep("(", ")", 200), &[("x", 1.0)]), Ok(1.0));
    assert_eq!(interp(&deep("sin(", ")", 200), &[("x", 0.0)]), Ok(0.0));
    // A chain leans to the left: its tree is as high as it is long.
    let chain = |count: usize| vec!["x"; count].join("+");
    assert_eq!(interp(&chain(500), &[("x", 1.0)]), Ok(500.0));
    assert_eq!(kind(&chain(600)), ErrorKind::TooDeep { limit: 512 });
}

#[test]
fn length_is_bounded() {
    let text = format!("1{}", " ".repeat(70_000));
    assert_eq!(kind(&text), ErrorKind::TextTooLong { limit: 65_535 });
    let flat = vec!["max(x,x)"; 7000].join(",");
    assert!(matches!(kind(&flat), ErrorKind::TooDeep { .. } | ErrorKind::TooManyTerms { .. }));
    let pool = Pool::new();
    let limits = Limits { text_bytes: 20, terms: 5, depth: 4, ..Limits::DEFAULT };
    let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
    let kind = |text| engine.eval(text).map_err(|error| error.kind);
    assert_eq!(kind("1+2+3"), Ok(6.0));
    assert_eq!(kind("max(1,2)+max(3,4)"), Err(ErrorKind::TooManyTerms { limit: 5 }));
    assert_eq!(kind("1 + 2                 "), Err(ErrorKind::TextTooLong { limit: 20 }));
    assert_eq!(kind("((((1))))"), Err(ErrorKind::TooDeep { limit: 4 }));
}

#[test]
fn functions_in_place_are_bounded_together() {
    let pool = Pool::new();
    let engine = bounded(&pool);
    engine.context().native("id", 1, &|x: &[f64]| x[0]).unwrap();
    engine.define("f0", &["x"], "x + id(x)").unwrap();
    for n in 1..40 {
        engine.define(&format!("f{n}"), &["x"], &format!("f{}(x) + f{}(x)", n - 1, n - 1)).unwrap();
    }
    assert_eq!(engine.eval("f5(1)").unwrap(), 64.0);
    let error = engine.eval("f39(1)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooManyTerms { limit: TERMS });
    engine.define("g0", &["x"], "-id(x)").unwrap();
    let (fits, deep) = (DEPTH * 2 / 5, DEPTH + 10);
    for n in 1..=deep {
        engine.define(&format!("g{n}"), &["x"], &format!("-g{}(x)", n - 1)).unwrap();
    }
    assert_eq!(engine.eval(&format!("g{fits}(1)")).unwrap(), -1.0);
    let error = engine.eval(&format!("g{deep}(1)")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep { limit: DEPTH });
    // None of these is deep, but all of them in one another are.
    engine.define("h0", &["x"], "x").unwrap();
    let (most, high) = (if cfg!(miri) { 6 } else { 100 }, usize::from(DEPTH) * 2 / 5);
    for n in 1..=most {
        let (open, close) = ("sin(".repeat(high), ")".repeat(high));
        engine.define(&format!("h{n}"), &["x"], &format!("{open}h{}(x){close}", n - 1)).unwrap();
    }
    assert_eq!(engine.eval("h2(0)").unwrap(), 0.0);
    assert_eq!(engine.eval("h1(0) + h1(h1(h1(h1(0))))").unwrap(), 0.0);
    let error = engine.eval(&format!("h{most}(0)")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep { limit: DEPTH });
    // More functions that recurse than one expression can have.
    for n in 0..20 {
        let next = (n + 1) % 20;
        engine.define(&format!("r{n}"), &["x"], &format!("r{next}(x) + r{n}(x)")).unwrap();
    }
    let error = engine.eval("r0(1)").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TooManyFunctions { .. }), "{error}");
}

#[test]
fn what_folds_away_counts() {
    let pool = Pool::new();
    let engine = bounded(&pool);
    engine.define("f0", &["x"], "x").unwrap();
    engine.define("g0", &["x"], "x").unwrap();
    for n in 1..40 {
        let (f, g) = (format!("f{}", n - 1), format!("g{}", n - 1));
        engine.define(&format!("f{n}"), &["x"], &format!("{f}({f}(x))")).unwrap();
        engine.define(&format!("g{n}"), &["x"], &format!("{g}(x) + {g}(x)")).unwrap();
    }
    let fits = if cfg!(miri) { 5 } else { 8 };
    assert_eq!(engine.eval(&format!("f{fits}(1)")).unwrap(), 1.0);
    assert_eq!(engine.eval(&format!("g{fits}(1)")).unwrap(), f64::from(1 << fits));
    for text in ["f39(1)", "g39(1)"] {
        let error = engine.eval(text).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooManyTerms { limit: TERMS }, "{text}");
    }
    let (trees, checked) = engine.peak_bytes();
    assert!(trees + checked < 8 << 20, "{trees} {checked}");
}

#[test]
fn a_body_is_read_once() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut body = String::from("f(x)");
    for _ in 0..if cfg!(miri) { 6 } else { 10 } {
        body = format!("max({body},{body})");
    }
    engine.define("f", &["x"], &format!("x <= 0 ? 0 : {body}")).unwrap();
    assert_eq!(engine.eval("f(0)").unwrap(), 0.0);
    assert!(engine.eval("f(0, 0)").is_err());
    let (trees, _) = engine.peak_bytes();
    assert!(trees < 1 << 20, "{trees}");
    // Nor is one that is put in place.
    let (spaces, calls) = if cfg!(miri) { (6000, 50) } else { (60_000, 500) };
    engine.define("long", &["x"], &format!("x{}", " ".repeat(spaces))).unwrap();
    assert_eq!(engine.eval(&vec!["long(1)"; calls].join("+")).unwrap(), calls as f64);
    let (trees, _) = engine.peak_bytes();
    assert!(trees < 1 << 20, "{trees}");
}

/// Each function that recurses takes another pass over the expression.
#[test]
fn a_body_is_read_once_however_many_passes_there_are() {
    let pool = Pool::new();
    let define = |engine: &Engine<'_>| {
        engine.define("long", &["x"], &vec!["x"; 500].join("+")).unwrap();
        for n in 0..8 {
            engine.define(&format!("r{n}"), &["x"], &format!("x < 1 ? 0 : r{n}(x-1)")).unwrap();
        }
    };
    let (once, often) = (<Engine>::new(&pool), <Engine>::new(&pool));
    define(&once);
    define(&often);
    assert_eq!(once.eval("long(1)").unwrap(), 500.0);
    let calls: Vec<_> = (0..8).map(|n| format!("r{n}(2)")).collect();
    assert_eq!(often.eval(&format!("long(1)+{}", calls.join("+"))).unwrap(), 500.0);
    let ((once, _), (often, _)) = (once.peak_bytes(), often.peak_bytes());
    assert!(often < 2 * once, "{often} {once}");
}

#[test]
fn bodies_that_are_calls_are_bounded_as_deep_as_they_are_nested() {
    let pool = Pool::new();
    let engine = bounded(&pool);
    engine.define("f0", &["x"], "x").unwrap();
    let (fits, most) = (DEPTH - 12, if cfg!(miri) { DEPTH + 10 } else { 4000 });
    for n in 1..=most {
        engine.define(&format!("f{n}"), &["x"], &format!("f{}(x)", n - 1)).unwrap();
    }
    assert_eq!(engine.eval(&format!("f{fits}(1)")).unwrap(), 1.0);
    let error = engine.eval(&format!("f{most}(1)")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep { limit: DEPTH });
}

#[test]
fn a_body_of_another_context_keeps_the_bounds_of_the_engine() {
    let pool = Pool::new();
    let limits = Limits { depth: 24, ..Limits::DEFAULT };
    let (plain, bounded) = (<Context>::new(&pool), <Context>::with_limits(&pool, limits));
    let body = |levels: usize| format!("{}x", "-".repeat(levels));
    plain.define("deep", &["x"], &body(400)).unwrap();
    plain.define("flat", &["x"], &body(20)).unwrap();
    let engine = <Engine>::with(&pool, Phases::new(), limits).under(&plain);
    assert_eq!(engine.eval("flat(1)").unwrap(), 1.0);
    assert_eq!(engine.eval("deep(1)").unwrap_err().kind, ErrorKind::TooDeep { limit: 24 });
    let (trees, _) = engine.peak_bytes();
    assert!(trees < 400 * 32, "refused before it is expanded: {trees}");
    let below = Context::with_parent(&pool, &bounded);
    let refused = |result: Result<(), Error>| {
        assert_eq!(result.unwrap_err().kind, ErrorKind::TooDeep { limit: 24 });
    };
    refused(bounded.define("deep", &["x"], &body(400)));
    refused(below.define("deep", &["x"], &body(400)));
    below.define("flat", &["x"], &body(20)).unwrap();
}

#[test]
fn a_tree_is_resolved_within_the_bounds_of_that_phase() {
    let (trees, checked, pool) = (Arena::new(), Arena::new(), Pool::new());
    let context = <Context>::new(&pool);
    let mut frame = Frame::new(&pool);
    frame.parameter("x", 1.0).unwrap();
    let high = Limits { depth: 1000, ..Limits::DEFAULT };
    for levels in [24, 25, 1000] {
        let text = "x+".repeat(levels - 1) + "x";
        let tree = parse(&text, &trees, &high).unwrap();
        assert_eq!(usize::from(tree.root.height()), levels);
        let resolved = resolve(&tree, &trees, &checked, &context, &mut frame, &Limits::SMALL);
        match levels {
            24 => assert_eq!(usize::from(resolved.unwrap().root.height()), levels),
            _ => assert_eq!(resolved.unwrap_err().kind, ErrorKind::TooDeep { limit: 24 }),
        }
    }
    // Also where the checked form is not high.
    let text = "-".repeat(999) + "1";
    let tree = parse(&text, &trees, &high).unwrap();
    let resolved = resolve(&tree, &trees, &checked, &context, &mut frame, &Limits::SMALL);
    assert_eq!(resolved.unwrap_err().kind, ErrorKind::TooDeep { limit: 24 });
}

#[test]
#[cfg_attr(miri, ignore = "seven texts of sixty thousand entries")]
fn programs_are_as_long_as_an_index_can_tell() {
    let pool = Pool::new();
    let limits = Limits { terms: 65_535, ..Limits::DEFAULT };
    let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
    engine.context().native_of_any("n", &|x| x.len() as f64).unwrap();
    let mut batch = engine.batch().build();
    for number in 0..230 {
        batch.parameter(&format!("p{number}"), 0.0).unwrap();
    }
    // No slot is left for the constants: each is an entry and two nodes.
    let call = |count: usize| format!("n({})", vec!["7"; count].join(","));
    let calls = |count: usize| vec![call(255); count].join("+");
    let fits = batch.add(&calls(85)).unwrap();
    batch.eval();
    assert_eq!(batch.value(fits), Ok(85.0 * 255.0));
    let limit = 65_535;
    for text in [calls(86), calls(117)] {
        assert_eq!(batch.add(&text).unwrap_err().kind, ErrorKind::TooManyTerms { limit });
    }
    // The last index there is stands at one place or another.
    for count in [1, 5, 37] {
        let text = format!("{}+(-(-{}))*(p0<p1&&{})", calls(85), call(count), call(200));
        assert_eq!(batch.add(&text).unwrap_err().kind, ErrorKind::TooManyTerms { limit });
    }
    // The last list of arguments ends with that index.
    let text = format!("{}+{}+{}", calls(85), call(40), call(217));
    assert_eq!(batch.add(&text).unwrap_err().kind, ErrorKind::TooManyTerms { limit });
}

#[test]
fn calls_nest_no_deeper_than_was_said() {
    let pool = Pool::new();
    let limits = Limits { call_depth: 5, ..Limits::DEFAULT };
    let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
    let within =
        |count: usize, text: &str| format!("{}{text}{}", "abs(".repeat(count), ")".repeat(count));
    engine.define("a", &["x"], &within(44, "x > 0 ? b(x) : a(x)")).unwrap();
    engine.define("b", &["x"], &within(26, "x < 0 ? b(x) : a(x)")).unwrap();
    let mut batch = engine.batch().build();
    batch.parameter("x", 1.0).unwrap();
    let index = batch.add("a(x)").unwrap();
    batch.eval();
    assert_eq!(batch.value(index), Err(Failure::TooDeep));
    // `a` counts three and `b` two, and both have been called when it fails.
    assert!(batch.stack_depth() >= 47 + 28, "{}", batch.stack_depth());
}

#[test]
fn calls_that_wait_for_arguments_count_whatever_else_there_is() {
    let depth_of = |other: Option<&str>, text: &str| {
        let pool = Pool::new();
        let limits = Limits { call_depth: 10, ..Limits::DEFAULT };
        let engine = Engine::<f64>::with(&pool, Phases::new(), limits);
        engine.define("nest", &["n"], "n <= 0 ? 0 : nest(nest(n-1))").unwrap();
        engine.define("down", &["n"], "n <= 0 ? 0 : down(n-1)").unwrap();
        engine.define("wide", &["a", "b", "c"], "a <= 0 ? b + c : wide(a-1, b, c)").unwrap();
        let mut batch = engine.batch().build();
        if let Some(other) = other {
            batch.add(other).unwrap();
        }
        let index = batch.add(text).unwrap();
        batch.eval();
        batch.value(index)
    };
    for other in [None, Some("wide(2, 1, 1)")] {
        assert_eq!(depth_of(other, "down(9)"), Ok(0.0), "{other:?}");
        assert_eq!(depth_of(other, "down(10)"), Err(Failure::TooDeep), "{other:?}");
        assert_eq!(depth_of(other, "nest(4)"), Ok(0.0), "{other:?}");
        assert_eq!(depth_of(other, "nest(5)"), Err(Failure::TooDeep), "{other:?}");
    }
}

#[test]
fn intermediate_values_are_bounded() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().native("id", 1, &|x: &[f64]| x[0]).unwrap();
    engine.define("sq", &["x"], "x*x").unwrap();
    let many = |count: usize| vec!["sq(id(2))"; count].join("+");
    assert_eq!(engine.eval(&many(100)).unwrap(), 400.0);
    let error = engine.eval(&format!("({})-({})", many(200), many(200))).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TooManySlots { .. }), "{error}");
    // Nothing was lost by the refusal.
    assert_eq!(engine.eval(&many(200)).unwrap(), 800.0);
}

/// 255 parameters with the longest names, and a body that names only another one: a call
/// that looked for each parameter through the whole body would take minutes.
#[test]
#[cfg_attr(miri, ignore = "it measures time")]
fn the_time_of_a_call_does_not_grow_with_parameters_times_names() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut names: Vec<_> = (0..254).map(|number| format!("{number:p>255}")).collect();
    names.push("a".into());
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut body = String::from("a");
    for _ in 0..12 {
        body = format!("({body}+{body})");
    }
    let began = Instant::now();
    engine.define("f", &names, &body).unwrap();
    let call = format!("f({}1)", "x+1,".repeat(254));
    let mut batch = engine.batch().build();
    batch.parameter("x", 0.0).unwrap();
    let index = batch.add(&call).unwrap();
    batch.eval();
    assert_eq!(batch.value(index), Ok(4096.0));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// Every comma asks whether what stands before it always has a value, which is as large as
/// the text is long: if each of them looked through it all, many would take a hundred times
/// as long as few.
#[test]
#[cfg_attr(miri, ignore = "it measures time")]
fn the_time_of_a_text_does_not_grow_with_commas_times_terms() {
    let doublings = 17;
    let compile = move || {
        let pool = Pool::new();
        let limits = Limits { depth: u16::MAX, terms: 1 << 20, ..Limits::DEFAULT };
        let engine = <Engine>::with(&pool, Phases::new(), limits);
        engine.define("f0", &["x"], "x + x").unwrap();
        for n in 1..doublings {
            let before = n - 1;
            let body = format!("f{before}(x) + f{before}(x)");
            engine.define(&format!("f{n}"), &["x"], &body).unwrap();
        }
        let mut batch = engine.batch().build();
        batch.parameter("x", 1.0).unwrap();
        let mut time = |commas: usize| {
            let text = format!("f{}(x) + (x & 1){}", doublings - 1, ",x".repeat(commas));
            let began = Instant::now();
            let height = batch.inspect(&text, |_, ir| ir.root.height()).unwrap();
            assert_eq!(usize::from(height), doublings + 2 + commas);
            began.elapsed()
        };
        // Deeper than the times are of: instrumented, such a stack takes time by itself.
        time(20_000);
        let (few, many) = (time(20), time(8000));
        assert!(many < few * 20, "{few:?}, {many:?}");
    };
    // As deep as that many commas, which lean to the left.
    let deep = std::thread::Builder::new().stack_size(128 << 20).spawn(compile).unwrap();
    deep.join().unwrap();
}
