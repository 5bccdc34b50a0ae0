//! What is refused, where, and what is suggested.

use arraypool::expr::{Context, Engine, Error, ErrorKind, Limits, Pool, interp, parse, with_arena};

fn error(text: &str) -> Error {
    interp(text, &[("pressure", 1.0), ("x", 2.0)]).expect_err(text)
}

#[test]
fn texts_that_are_none_are_refused() {
    let short = [
        "", " ", "1 +", "* 2", "2 + * 3", "(1", "1)", "((1 + 2)", "(1]", "()", "1 2", "x y", "x(",
        "max(1,", "max(1 2)", "max(,1)", "1 ? 2", "1 ? : 3", ": 1", "a.", "a.b.c", "x.1", "a.b(1)",
        "a.b[0]", "t[", "t[]", "t[1)", "1e", "1e+", "2x", "1.2.3", "#", "x @ 1", "1 = 2", "1;",
        ",1", "\u{20ac}", "sin x", "x..y", "1 &&& 2", "\"a\"", "1e999", "sin", "2(3)", "(2)(3)",
        "x(1)(2)", "2pi", "sin)", "[1]", "{1}", "1,,2", "max(1;)", ";", "1 ? 2 : ", "? 1 : 2",
        "1 =< 2", "1 => 2", "1 <<< 2", "5!", "1_000", "1.e", "1e5.5", "0x", "0xg", "0x1.8", "0x1x",
        "1x10", "00x1", "\u{3c0}", "\u{a0}", "x\u{301}", "1 \0 2", "x ^", "^ 2", "~", "!", "--",
        "1 +* 2", "t[0][1]", "o.x.y", "pow()", "pi(1)",
    ];
    let longer = [
        "1 + \u{e9}",
        "abs(1, 2)",
        "0x20000000000001",
        "0xffffffffffffffffffffffff",
        "max(1, 2).x",
        "pow(1, 2, 3)",
    ];
    for text in short.into_iter().chain(longer) {
        assert!(interp(text, &[("x", 1.0)]).is_err(), "{text}");
    }
}

#[test]
fn an_error_says_where() {
    for (text, range, line, column) in [
        ("1 + $", 4..5, 1, 5),
        ("1 +\n  (2 * )", 11..12, 2, 8),
        ("presure", 0..7, 1, 1),
        ("1 + presure * 2", 4..11, 1, 5),
        ("sinn(1)", 0..4, 1, 1),
        ("(1]", 2..3, 1, 3),
        ("max(1)", 0..6, 1, 1),
        ("2x", 0..2, 1, 1),
        ("(1", 2..2, 1, 3),
        ("", 0..0, 1, 1),
        ("1 + \u{e9}", 4..6, 1, 5),
        ("1\u{a0}+\u{a0}\u{e9}", 6..8, 1, 5),
        ("x +\u{2003}presure", 6..13, 1, 5),
        ("x\r\n+ 0xg", 5..7, 2, 3),
        ("1 ? 2", 5..5, 1, 6),
        ("max(1,, 2)", 6..7, 1, 7),
        ("x x", 2..3, 1, 3),
        ("1e", 0..2, 1, 1),
        ("x + 1e999", 4..9, 1, 5),
        ("pow(x, x, x)", 0..12, 1, 1),
        ("x + nosuch(1)", 4..10, 1, 5),
        ("x + nosuch[1]", 4..10, 1, 5),
        ("x + no.such", 4..11, 1, 5),
        ("x && (y || z)", 6..7, 1, 7),
    ] {
        let error = error(text);
        assert_eq!((error.range(), error.line, error.column), (range, line, column), "{error}");
    }
}

#[test]
fn the_nearest_name_is_suggested() {
    for (text, name) in [
        ("presure + 1", Some("pressure")),
        ("presusre", Some("pressure")),
        ("sni(1)", Some("sin")),
        ("atn2(1, 2)", Some("atan2")),
        ("lenght(1)", None),
        ("q", None),
    ] {
        assert_eq!(error(text).suggestion(), name, "{text}");
    }
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().set_array("samples", &[1.0]).unwrap();
    engine.context().set("motor.speed", 1.0).unwrap();
    assert_eq!(engine.eval("sample[0]").unwrap_err().suggestion(), Some("samples"));
    assert_eq!(engine.eval("motor.sped").unwrap_err().suggestion(), Some("motor.speed"));
    engine.define("f", &["width"], "widht * 2").unwrap();
    let error = engine.eval("1 + f(3)").unwrap_err();
    assert_eq!((error.suggestion(), error.range()), (Some("width"), 0..5));
}

/// A body sees no names of contexts below, so that none of them is the one that was meant.
#[test]
fn only_what_can_be_seen_is_suggested() {
    let pool = Pool::new();
    let plant = <Context>::new(&pool);
    for (name, body) in [("f", "x * gain"), ("g", "table[x]"), ("h", "doubled(x)")] {
        plant.define(name, &["x"], body).unwrap();
    }
    let engine = <Engine>::with_parent(&pool, &plant);
    let suggested = |text: &str| engine.eval(text).unwrap_err().suggestion().map(str::to_owned);
    engine.context().set("gain", 2.0).unwrap();
    engine.context().set_array("tables", &[1.0]).unwrap();
    engine.context().define("double", &["x"], "2 * x").unwrap();
    assert_eq!(["f(1)", "g(1)", "h(1)"].map(suggested), [None, None, None]);
    assert_eq!(suggested("table[0]").as_deref(), Some("tables"));
    assert_eq!(suggested("doubled(1)").as_deref(), Some("double"));
    plant.set("gains", 2.0).unwrap();
    plant.define("h", &["x"], "sqt(x)").unwrap();
    assert_eq!(suggested("f(1)").as_deref(), Some("gains"));
    assert_eq!(suggested("h(1)").as_deref(), Some("sqrt"));
}

#[test]
fn an_error_prints_with_a_caret() {
    let shown = error("1 +\n  x * (3 ! 4)").to_string();
    assert_eq!(shown, "line 2, column 10: expected `)`\n    x * (3 ! 4)\n           ^");
    assert!(!error("").to_string().contains('^'));
}

#[test]
fn kinds_are_told_apart() {
    assert_eq!(error("nothing").kind, ErrorKind::UnknownName);
    assert_eq!(error("nothing(1)").kind, ErrorKind::UnknownFunction);
    assert_eq!(error("nothing[1]").kind, ErrorKind::UnknownArray);
    assert_eq!(error("o.x").kind, ErrorKind::UnknownName);
    assert_eq!(error("max(1)").kind, ErrorKind::WrongArguments { expected: 2, found: 1 });
    assert_eq!(error("pi(1)").kind, ErrorKind::WrongArguments { expected: 0, found: 1 });
    assert_eq!(error("1e999").kind, ErrorKind::NumberTooLarge);
    assert_eq!(error("12ab").kind, ErrorKind::InvalidNumber);
    assert!(matches!(error("a.b(1)").kind, ErrorKind::NotA { .. }));
    assert_eq!(error(&format!("{}(1)", "n".repeat(300))).kind, ErrorKind::NameTooLong);
    let many = format!("f({}1)", "1,".repeat(255));
    assert_eq!(error(&many).kind, ErrorKind::TooManyArguments);
}

#[test]
fn a_tree_prints_as_what_reads_back() {
    for (text, printed) in [
        ("1+2*3", "1.0 + 2.0 * 3.0"),
        ("(1+2)*3", "(1.0 + 2.0) * 3.0"),
        ("1-(2-3)", "1.0 - (2.0 - 3.0)"),
        ("(a^b)^c", "(a ^ b) ^ c"),
        ("a^b^c", "a ^ b ^ c"),
        ("a**b^c", "(a ^ b) ^ c"),
        ("(-a)^2", "(-a) ^ 2.0"),
        ("-a^2", "-a ^ 2.0"),
        ("2^-a", "2.0 ^ -a"),
        ("2^(-a)^b", "2.0 ^ (-a) ^ b"),
        ("a?(b,c):d", "a ? b, c : d"),
        ("a?(b?c:d):e", "a ? b ? c : d : e"),
        ("a?b:c?d:e", "a ? b : c ? d : e"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
        ("a;b,c", "a, b, c"),
        ("a,(b,c)", "a, (b, c)"),
        ("f(a,(b,c),t[i,j])", "f(a, (b, c), t[i, j])"),
        ("!~-o.x<>1e30", "!~-o.x != 1e30"),
        ("(a<b)<(c<d)", "a < b < (c < d)"),
    ] {
        with_arena(|arena| {
            let tree = parse::<f64>(text, arena, &Limits::DEFAULT).unwrap();
            let shown = tree.to_string();
            assert_eq!(shown, printed);
            let again = parse::<f64>(&shown, arena, &Limits::DEFAULT).unwrap();
            assert!(tree == again, "{text}: {shown}");
        });
    }
}

#[test]
fn an_error_in_a_function_names_it() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let context = engine.context();
    context.define("inner", &["x"], "x * gain").unwrap();
    context.define("outer", &["x"], "inner(x) + 1").unwrap();
    context.define("a_name_of_many_bytes", &["x"], "x + none").unwrap();
    context.define("again", &["n"], "n < 1 ? gone : again(n - 1)").unwrap();
    for (text, function, range) in [
        ("2 + outer(1)", Some("inner"), 4..8),
        ("a_name_of_many_bytes(1)", Some("a_name_of_m"), 4..8),
        ("again(3)", Some("again"), 8..12),
        ("outer(nothing)", None, 6..13),
        ("outer(1, 2)", None, 0..11),
    ] {
        let error = engine.eval(text).unwrap_err();
        assert_eq!((error.function(), error.range()), (function, range), "{text}");
        assert_eq!(error.to_string().starts_with("in `"), function.is_some(), "{error}");
    }
    // What is being defined has its own text in hand.
    assert_eq!(context.define("f", &[], "1 +").unwrap_err().function(), None);
}
