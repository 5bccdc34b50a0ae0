//! Texts beside the same in Rust: every row of the language, and its corners.

use core::f64::consts::{E, PI, TAU};

use arraypool::expr::{Batch, Engine, Limits, NativeFn, Phases, Pool, parse, with_arena};

pub(crate) const INF: f64 = f64::INFINITY;
pub(crate) const NAN: f64 = f64::NAN;
pub(crate) const X: f64 = 0.7;
pub(crate) const Y: f64 = -2.5;
pub(crate) const Z: f64 = 3.0;

pub(crate) fn is(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// What all texts may name besides the parameters `x`, `y`, `z` and `zero`.
fn world<'m>(pool: &'m Pool<'m>, fold: bool, natives: [NativeFn<'m, f64>; 2]) -> Engine<'m> {
    let calls = if cfg!(miri) { 2000 } else { 50_000 };
    let engine = Engine::with(pool, Phases::new(), Limits { fold, calls, ..Limits::DEFAULT });
    let context = engine.context();
    context.set_array("t", &[10.0, 20.0, 30.0, 40.0]).unwrap();
    context.set_array("long_name_2", &[0.5]).unwrap();
    for (name, value) in [("o.x", 1.5), ("o.gain", -2.0), ("v_1", 7.0), ("_", 5.0)] {
        context.set(name, value).unwrap();
    }
    context.native_of_any("sum", natives[0]).unwrap();
    context.native("twice", 1, natives[1]).unwrap();
    for (name, parameters, body) in [
        ("sq", &["x"] as &[&str], "x*x"),
        ("mix", &["x", "y", "t"], "x + (y-x)*t"),
        ("hyp", &["a", "b"], "sqrt(sq(a) + sq(b))"),
        ("fib", &["n"], "n < 2 ? n : fib(n-1) + fib(n-2)"),
        ("fact", &["n"], "n <= 1 ? 1 : n * fact(n-1)"),
        ("even", &["n"], "n == 0 || odd(n-1)"),
        ("odd", &["n"], "n != 0 && even(n-1)"),
        ("three", &[], "3"),
    ] {
        engine.define(name, parameters, body).unwrap();
    }
    engine
}

fn same(found: f64, expected: f64) -> bool {
    found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan()
}

/// Evaluates every text with folding and without.
#[track_caller]
pub(crate) fn check(table: &[(&str, f64)]) {
    let sum = |numbers: &[f64]| numbers.iter().sum();
    let twice = |numbers: &[f64]| numbers[0] * 2.0;
    let pool = Pool::new();
    for fold in [true, false] {
        let engine = world(&pool, fold, [&sum, &twice]);
        let mut batch: Batch<'_, '_> = engine.batch().build();
        for (name, value) in [("x", X), ("y", Y), ("z", Z), ("zero", 0.0)] {
            batch.parameter(name, value).unwrap();
        }
        for (text, expected) in table {
            let index = batch.add(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            batch.eval();
            match batch.value(index) {
                Ok(found) => assert!(same(found, *expected), "{text} is {found}, not {expected}"),
                Err(failure) => panic!("{text}: {failure}"),
            }
            assert!(batch.remove(index));
        }
    }
}

#[test]
fn numbers() {
    check(&[
        ("0", 0.0),
        ("1", 1.0),
        ("007", 7.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("5.+.5", 5.5),
        ("1e3", 1e3),
        ("1E3", 1e3),
        ("1e+3", 1e3),
        ("1e-3", 1e-3),
        ("1.5e2", 150.0),
        (".5e2", 50.0),
        ("5.e2", 500.0),
        ("1e0", 1.0),
        ("1e22", 1e22),
        ("1e23", 1e23),
        ("1e-400", 0.0),
        ("0e999", 0.0),
        ("1e308", 1e308),
        ("1.7976931348623157e308", f64::MAX),
        ("2.2250738585072014e-308", f64::MIN_POSITIVE),
        ("5e-324", f64::from_bits(1)),
        ("9007199254740993", 9_007_199_254_740_993.0),
        ("0.1", 0.1),
        ("0.30000000000000004", 0.300_000_000_000_000_04),
        ("3.14159265358979323846", PI),
        ("100000000000000000000000000000", 1e29),
        ("0.000000000000000000000000000001", 1e-30),
        ("1e3-1", 999.0),
        ("1e-3-1", 1e-3 - 1.0),
        ("0x10", 16.0),
        ("0XfF", 255.0),
        ("0x1e3", 483.0),
        ("0x1e+3", 33.0),
        ("-0x10", -16.0),
        ("0x20000000000000", 9_007_199_254_740_992.0),
        ("0x000000000000000000001", 1.0),
        ("pi", PI),
        ("PI", PI),
        ("pi()", PI),
        ("e", E),
        ("E", E),
        ("e()", E),
        ("tau", TAU),
        ("TAU", TAU),
        ("2*pi == tau", 1.0),
        ("e*2", E * 2.0),
        ("1e1*e", 10.0 * E),
        ("-pi", -PI),
        ("pi^2", PI * PI),
    ]);
}

#[test]
fn functions() {
    check(&[
        ("abs(-5)", 5.0),
        ("abs(5)", 5.0),
        ("abs(-0)", 0.0),
        ("abs(-1/0)", INF),
        ("abs(0/0)", NAN),
        ("abs(y)", -Y),
        ("sign(5)", 1.0),
        ("sign(-5)", -1.0),
        ("sign(0)", 0.0),
        ("sign(1/0)", 1.0),
        ("sign(-1/0)", -1.0),
        ("sign(0/0)", NAN),
        ("sign(y)", -1.0),
        ("sqrt(4)", 2.0),
        ("sqrt(2)", 2.0_f64.sqrt()),
        ("sqrt(0)", 0.0),
        ("sqrt(-0)", -0.0),
        ("sqrt(-1)", NAN),
        ("sqrt(1/0)", INF),
        ("sqrt(x*x + y*y)", (X * X + Y * Y).sqrt()),
        ("exp(0)", 1.0),
        ("exp(1)", 1.0_f64.exp()),
        ("exp(-1)", (-1.0_f64).exp()),
        ("exp(1000)", INF),
        ("exp(-1000)", 0.0),
        ("exp(-1/0)", 0.0),
        ("exp(y)", Y.exp()),
        ("ln(1)", 0.0),
        ("ln(e)", E.ln()),
        ("ln(0)", -INF),
        ("ln(-1)", NAN),
        ("ln(1/0)", INF),
        ("ln(x)", X.ln()),
        ("log(1000)", 1000.0_f64.log10()),
        ("log(0)", -INF),
        ("log(-1)", NAN),
        ("log10(100)", 2.0),
        ("log10(x)", X.log10()),
        ("log10(0)", -INF),
        ("sin(0)", 0.0),
        ("sin(-0)", -0.0),
        ("sin(1)", 1.0_f64.sin()),
        ("sin(pi)", PI.sin()),
        ("sin(pi/2)", 1.0),
        ("sin(1/0)", NAN),
        ("sin(x)", X.sin()),
        ("cos(0)", 1.0),
        ("cos(pi)", -1.0),
        ("cos(1/0)", NAN),
        ("cos(y)", Y.cos()),
        ("tan(0)", 0.0),
        ("tan(pi/4)", (PI / 4.0).tan()),
        ("tan(x)", X.tan()),
        ("asin(0)", 0.0),
        ("asin(1)", 1.0_f64.asin()),
        ("asin(2)", NAN),
        ("asin(x)", X.asin()),
        ("acos(1)", 0.0),
        ("acos(-1)", (-1.0_f64).acos()),
        ("acos(-2)", NAN),
        ("acos(x)", X.acos()),
        ("atan(0)", 0.0),
        ("atan(1/0)", INF.atan()),
        ("atan(x)", X.atan()),
        ("atan2(0, 1)", 0.0),
        ("atan2(1, 1)", 1.0_f64.atan2(1.0)),
        ("atan2(-1, -1)", (-1.0_f64).atan2(-1.0)),
        ("atan2(0, 0)", 0.0),
        ("atan2(0, -1)", 0.0_f64.atan2(-1.0)),
        ("atan2(-0, -1)", (-0.0_f64).atan2(-1.0)),
        ("atan2(1, 0)", 1.0_f64.atan2(0.0)),
        ("atan2(y, x)", Y.atan2(X)),
        ("sinh(0)", 0.0),
        ("sinh(1)", 1.0_f64.sinh()),
        ("sinh(x)", X.sinh()),
        ("cosh(0)", 1.0),
        ("cosh(y)", Y.cosh()),
        ("tanh(0)", 0.0),
        ("tanh(1/0)", 1.0),
        ("tanh(y)", Y.tanh()),
        ("floor(2.7)", 2.0),
        ("floor(-2.7)", -3.0),
        ("floor(-0.5)", -1.0),
        ("floor(3)", 3.0),
        ("floor(-0)", -0.0),
        ("floor(1/0)", INF),
        ("floor(y)", -3.0),
        ("ceil(2.1)", 3.0),
        ("ceil(-2.7)", -2.0),
        ("ceil(-0.5)", -0.0),
        ("ceil(y)", -2.0),
        ("round(2.4)", 2.0),
        ("round(2.5)", 3.0),
        ("round(3.5)", 4.0),
        ("round(-2.5)", -3.0),
        ("round(-0.4)", -0.0),
        ("round(0.49999999999999994)", 0.0),
        ("round(4503599627370497)", 4_503_599_627_370_497.0),
        ("round(0/0)", NAN),
        ("round(y)", -3.0),
        ("min(1, 2)", 1.0),
        ("min(2, 1)", 1.0),
        ("min(-1, -2)", -2.0),
        ("min(0/0, 1)", 1.0),
        ("min(1, 0/0)", 1.0),
        ("min(0/0, 0/0)", NAN),
        ("min(x, y)", Y),
        ("max(1, 2)", 2.0),
        ("max(-1, -2)", -1.0),
        ("max(0/0, 1)", 1.0),
        ("max(1, 0/0)", 1.0),
        ("max(1/0, 5)", INF),
        ("max(x, max(y, z))", Z),
        ("min(max(x, 1), 2)", 1.0),
        ("max(1; 5)", 5.0),
        ("fmod(10, 3)", 1.0),
        ("fmod(-10, 3)", -1.0),
        ("fmod(10, -3)", 1.0),
        ("fmod(5.5, 2)", 1.5),
        ("fmod(5, 0)", NAN),
        ("fmod(y, x)", Y % X),
        ("add(1, 2)", 3.0),
        ("sub(1, 2)", -1.0),
        ("mul(2, 3)", 6.0),
        ("div(1, 2)", 0.5),
        ("div(1, 0)", INF),
        ("neg(3)", -3.0),
        ("neg(-x)", X),
        ("add(mul(x, y), z)", X * Y + Z),
        ("sin(cos(tan(x)))", X.tan().cos().sin()),
        ("sqrt(abs(-16))", 4.0),
        ("abs(abs(abs(y)))", -Y),
        ("max(abs(y), sqrt(z))", 2.5),
        ("sin(x)*cos(y)", X.sin() * Y.cos()),
        ("sin(x + y)", (X + Y).sin()),
        ("-sin(x)", -X.sin()),
        ("sin(-x)", (-X).sin()),
        ("2*sin(x)", 2.0 * X.sin()),
        ("sin(x)/cos(x)", X.sin() / X.cos()),
        ("exp(ln(z))", Z.ln().exp()),
        ("floor(x*10)/10", (X * 10.0).floor() / 10.0),
        ("exp(-(x*x)/2)/sqrt(2*pi)", (-(X * X) / 2.0).exp() / (2.0 * PI).sqrt()),
        ("1/(1+exp(-x))", 1.0 / (1.0 + (-X).exp())),
        ("(-y + sqrt(y^2 - 4*x*0.5))/(2*x)", (2.5 + (Y * Y - 4.0 * X * 0.5).sqrt()) / (2.0 * X)),
    ]);
}

#[test]
fn names_arrays_and_definitions() {
    check(&[
        ("x", X),
        ("_", 5.0),
        ("v_1", 7.0),
        ("o.x", 1.5),
        ("o.gain", -2.0),
        ("o.x*o.x", 2.25),
        ("-o.gain^2", -4.0),
        ("x*o.gain + o.x", X * -2.0 + 1.5),
        ("t[0]", 10.0),
        ("t[3]", 40.0),
        ("t[1.9]", 20.0),
        ("t[0.999]", 10.0),
        ("t[z]", 40.0),
        ("t[z-1]", 30.0),
        ("t[floor(o.x)]", 20.0),
        ("t[t[0]/10]", 20.0),
        ("t[0] + t[1]*x", 10.0 + 20.0 * X),
        ("-t[1]", -20.0),
        ("t[1]^2", 400.0),
        ("t[1] > t[0]", 1.0),
        ("long_name_2[0]", 0.5),
        ("max(t[0], t[3])", 40.0),
        ("t[x > 0]", 20.0),
        ("t[-0]", 10.0),
        ("sum(1, 2, 3)", 6.0),
        ("sum(x)", X),
        ("sum() == 0", 1.0),
        ("sum(1; 2)", 3.0),
        ("sum((1, 2), 3)", 5.0),
        ("sum(sum(1, 2), sum(3))", 6.0),
        ("twice(x)", X * 2.0),
        ("twice(twice(z)) + 1", 13.0),
        ("sq(3)", 9.0),
        ("sq(x + y)", (X + Y) * (X + Y)),
        ("sq(sq(x))", (X * X) * (X * X)),
        ("sq(twice(x))", (X * 2.0) * (X * 2.0)),
        ("mix(x, y, 0.25)", X + (Y - X) * 0.25),
        ("mix(sq(x), twice(y), o.x)", X * X + (Y * 2.0 - X * X) * 1.5),
        ("hyp(3, 4)", 5.0),
        ("hyp(x, y)", (X * X + Y * Y).sqrt()),
        ("three()", 3.0),
        ("three() + three()*2", 9.0),
        ("fib(0)", 0.0),
        ("fib(1)", 1.0),
        ("fib(2)", 1.0),
        ("fib(10)", 55.0),
        if cfg!(miri) { ("fib(14)", 377.0) } else { ("fib(20)", 6765.0) },
        ("fib(z)", 2.0),
        ("fact(0)", 1.0),
        ("fact(5)", 120.0),
        ("fact(fact(z))", 720.0),
        ("fact(20)", 2_432_902_008_176_640_000.0),
        ("even(10)", 1.0),
        ("odd(10)", 0.0),
        ("even(7) + odd(7)*2", 2.0),
        ("fib(5) + fact(4)", 29.0),
        ("t[fib(z)]", 30.0),
    ]);
}

#[test]
fn space() {
    check(&[
        (" 1 ", 1.0),
        ("1 +2", 3.0),
        ("1\t+\n2", 3.0),
        ("\r\n1\r\n", 1.0),
        ("1\u{b}+\u{c}2", 3.0),
        ("1\u{a0}+\u{2003}2\u{3000}", 3.0),
        ("sin (x)", X.sin()),
        ("max ( x , y )", X),
        ("t [ 0 ]", 10.0),
        ("- x", -X),
        ("! zero", 1.0),
        ("x ? y : z", Y),
        ("x?y:z", Y),
        ("pi ( )", PI),
        ("2 ^ 3 ^ 2", 512.0),
        ("1 <= 2", 1.0),
        ("x\u{a0}", X),
    ]);
}

/// Of all characters that are no signs or digits, those are passed by that the
/// standard library calls space.
#[test]
fn space_is_what_unicode_calls_so() {
    let last = if cfg!(miri) { 0xff } else { 0x30ff };
    for character in (1..=last).filter_map(char::from_u32) {
        let text = format!("1{character}+ 1");
        let is_read = with_arena(|arena| parse::<f64>(&text, arena, &Limits::DEFAULT).is_ok());
        if !"0123456789.+-*/%^&|<>,;".contains(character) {
            assert_eq!(is_read, character.is_whitespace(), "{:x}", u32::from(character));
        }
    }
}

#[test]
fn length_and_depth() {
    let ones = vec!["1"; 500].join("+");
    let names = vec!["x"; 500].join("*");
    let nested = format!("{}x{}", "(".repeat(400), ")".repeat(400));
    let calls = format!("{}y{}", "abs(".repeat(400), ")".repeat(400));
    let powers = vec!["1"; 400].join("^");
    let choices = format!("{}7", "zero?1:".repeat(400));
    let signs = format!("{}x", "-".repeat(401));
    let product = (1..500).fold(X, |product, _| product * X);
    check(&[
        (&ones, 500.0),
        (&names, product),
        (&nested, X),
        (&calls, 2.5),
        (&powers, 1.0),
        (&choices, 7.0),
        (&signs, -X),
    ]);
}

/// The same in numbers of 32 bits: rounded after every step.
#[test]
fn numbers_of_32_bits() {
    let pool = Pool::new();
    let engine = Engine::<f32>::new(&pool);
    let (x, y) = (0.7_f32, -2.5_f32);
    let mut batch = engine.batch().build();
    batch.parameter("x", x).unwrap();
    batch.parameter("y", y).unwrap();
    for (text, expected) in [
        ("0.1 + 0.2", 0.1_f32 + 0.2),
        ("x*y + 1/3", x * y + 1.0 / 3.0),
        ("sin(x)", x.sin()),
        ("exp(y)", y.exp()),
        ("x^y", x.powf(y)),
        ("x^2", x * x),
        ("x^0.5", x.sqrt()),
        ("log(x)", x.log10()),
        ("atan2(y, x)", y.atan2(x)),
        ("y % x", y % x),
        ("1e38*10", f32::INFINITY),
        ("pi", core::f32::consts::PI),
        ("tau", core::f32::consts::TAU),
        ("e", core::f32::consts::E),
        ("16777217", 16_777_216.0),
        ("0xffffff", 16_777_215.0),
        ("1 << 23", 8_388_608.0),
        ("1e-46", 0.0),
        ("round(y)", -3.0),
    ] {
        let index = batch.add(text).unwrap();
        batch.eval();
        let found = batch.value(index).unwrap();
        assert_eq!(found.to_bits(), expected.to_bits(), "{text}: {found}, not {expected}");
        assert!(batch.remove(index));
    }
}

#[test]
fn what_fails_says_so() {
    use arraypool::expr::Failure::{
        IndexOutOfRange, NotAnInteger, ShiftOutOfRange, TooDeep, TooManyCalls,
    };

    let pool = Pool::new();
    let zero = |_: &[f64]| 0.0;
    for fold in [true, false] {
        let engine = world(&pool, fold, [&zero, &zero]);
        engine.define("down", &["n"], "down(n+1)").unwrap();
        engine.define("wide", &["n"], "n <= 0 ? 0 : wide(n-1) + wide(n-1)").unwrap();
        let mut batch = engine.batch().build();
        for (name, value) in [("x", X), ("y", Y), ("z", Z), ("zero", 0.0)] {
            batch.parameter(name, value).unwrap();
        }
        let right = batch.add("x + 1").unwrap();
        for (text, failure) in [
            ("t[4]", IndexOutOfRange),
            ("t[-1]", IndexOutOfRange),
            ("t[-0.5]", IndexOutOfRange),
            ("t[0/0]", IndexOutOfRange),
            ("t[1/0]", IndexOutOfRange),
            ("t[1e300]", IndexOutOfRange),
            ("t[z + 1]", IndexOutOfRange),
            ("t[y]", IndexOutOfRange),
            ("1 + t[zero/zero]", IndexOutOfRange),
            ("t[t[0]]", IndexOutOfRange),
            ("x & 1", NotAnInteger),
            ("1 | x", NotAnInteger),
            ("~x", NotAnInteger),
            ("x << 1", NotAnInteger),
            ("1 >> x", NotAnInteger),
            ("(0/0) | 0", NotAnInteger),
            ("(1/0) & 1", NotAnInteger),
            ("1e16 | 1", NotAnInteger),
            ("1 << 63", ShiftOutOfRange),
            ("1 << -1", ShiftOutOfRange),
            ("8 >> -1", ShiftOutOfRange),
            ("8 >> 64", ShiftOutOfRange),
            ("3 << 62", ShiftOutOfRange),
            ("x ? ~x : 1", NotAnInteger),
            ("1 && t[9]", IndexOutOfRange),
            ("0 || t[9]", IndexOutOfRange),
            ("t[9], 1", IndexOutOfRange),
            ("0 * t[9]", IndexOutOfRange),
            ("down(0)", TooDeep),
            ("wide(40)", TooManyCalls),
        ] {
            let index = batch.add(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            batch.eval();
            assert_eq!(batch.value(index), Err(failure), "{text}");
            assert_eq!(batch.value(right), Ok(X + 1.0), "{text}");
            assert!(batch.remove(index));
        }
    }
}
