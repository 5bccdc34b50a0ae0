//! Bounds: nothing recurses without one, and each has an error of its own.

use arraypool::expr::{Engine, ErrorKind, Limits, Phases, Pool, interp};

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
    let engine = <Engine>::new(&pool);
    engine.context().native("id", 1, &|x: &[f64]| x[0]).unwrap();
    engine.define("f0", &["x"], "x + id(x)").unwrap();
    for n in 1..40 {
        engine.define(&format!("f{n}"), &["x"], &format!("f{}(x) + f{}(x)", n - 1, n - 1)).unwrap();
    }
    assert_eq!(engine.eval("f5(1)").unwrap(), 64.0);
    let error = engine.eval("f39(1)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooManyTerms { limit: 16_384 });
    engine.define("g0", &["x"], "-id(x)").unwrap();
    for n in 1..=600 {
        engine.define(&format!("g{n}"), &["x"], &format!("-g{}(x)", n - 1)).unwrap();
    }
    assert_eq!(engine.eval("g200(1)").unwrap(), -1.0);
    let error = engine.eval("g600(1)").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TooDeep { .. }), "{error}");
    // None of these is deep, but all of them in one another are.
    engine.define("h0", &["x"], "x").unwrap();
    for n in 1..=100 {
        let (open, close) = ("sin(".repeat(200), ")".repeat(200));
        engine.define(&format!("h{n}"), &["x"], &format!("{open}h{}(x){close}", n - 1)).unwrap();
    }
    assert_eq!(engine.eval("h2(0)").unwrap(), 0.0);
    assert_eq!(engine.eval("h1(0) + h1(h1(h1(h1(0))))").unwrap(), 0.0);
    let error = engine.eval("h100(0)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep { limit: 512 });
    // More functions that recurse than one expression can have.
    for n in 0..20 {
        let next = (n + 1) % 20;
        engine.define(&format!("r{n}"), &["x"], &format!("r{next}(x) + r{n}(x)")).unwrap();
    }
    let error = engine.eval("r0(1)").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TooManyFunctions { .. }), "{error}");
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
