//! Texts and their values.

use arraypool::Direct;
use arraypool::expr::{Batch, Engine, ErrorKind, Failure, Limits, Pool, Real, interp};

#[track_caller]
fn value(text: &str) -> f64 {
    interp(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn is(text: &str, expected: f64) {
    let found = value(text);
    let same = found == expected || found.is_nan() && expected.is_nan();
    assert!(same, "{text} is {found}, not {expected}");
}

fn failure(text: &str) -> Failure {
    match interp(text, &[]).unwrap_err().kind {
        ErrorKind::Failed(failure) => failure,
        other => panic!("{text}: {other}"),
    }
}

#[test]
fn operators_bind_as_they_should() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 - 3 - 4", -5.0),
        ("2 / 4 / 2", 0.25),
        ("-2^2", -4.0),
        ("(-2)^2", 4.0),
        ("2^-1", 0.5),
        ("2^3^2", 512.0),
        ("2**3**2", 512.0),
        ("2**3^2", 64.0),
        ("2^3**2", 512.0),
        ("-2**2", -4.0),
        ("2*-3", -6.0),
        ("---1", -1.0),
        ("+-+1", -1.0),
        ("10 % 4", 2.0),
        ("-10 % 3", -1.0),
        ("7 % 4 * 2", 6.0),
        ("1 << 4 + 1", 32.0),
        ("256 >> 4", 16.0),
        ("1 < 2 << 1", 1.0),
        ("6 & 3", 2.0),
        ("6 | 3", 7.0),
        ("6 | 3 & 1", 7.0),
        ("1 | 2 && 0", 0.0),
        ("5 & 4 == 4", 1.0),
        ("~0", -1.0),
        ("~5 & 7", 2.0),
        ("!0 + 1", 2.0),
        ("!5", 0.0),
        ("1 < 2", 1.0),
        ("2 <= 1", 0.0),
        ("1 <> 2", 1.0),
        ("1 != 1", 0.0),
        ("1 == 1", 1.0),
        ("3 > 2 > 1", 0.0),
        ("0 && 0 || 1", 1.0),
        ("0 || 1 && 0", 0.0),
        ("5 && 7", 1.0),
        ("1 ? 2 : 3", 2.0),
        ("0 ? 2 : 3", 3.0),
        ("1 ? 2 ? 3 : 4 : 5", 3.0),
        ("0 ? 2 : 0 ? 4 : 5", 5.0),
        ("1 && 0 ? 3 : 4", 4.0),
        ("1 + 2 ? 3 : 4", 3.0),
        ("-1 ? 2 : 3", 2.0),
        ("1, 2", 2.0),
        ("1; 2; 3", 3.0),
        ("(1, 2) * 3", 6.0),
        ("1, 2 * 3", 6.0),
        ("max(1, (2, 3))", 3.0),
        ("max(1; 5)", 5.0),
    ] {
        is(text, expected);
    }
}

#[test]
fn numbers_are_read_exactly() {
    for text in [
        "0",
        "0.1",
        ".5",
        "5.",
        "1e3",
        "1.5E-2",
        "1e+2",
        "3.14159",
        "123456789012345",
        "1234567890123456789",
        "0.000001",
        "4.9e-324",
        "1.7976931348623157e308",
        "0.30000000000000004",
        "9007199254740993",
        "00012.50",
    ] {
        assert_eq!(value(text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
    let pool = Pool::new();
    let engine = Engine::<f32>::new(&pool);
    for text in ["0.1", "16777217", "3.14159", "1e10", "1234567.8", "0.30000001192092896"] {
        let found = engine.eval(text).unwrap();
        assert_eq!(found.to_bits(), text.parse::<f32>().unwrap().to_bits(), "{text}");
    }
}

#[test]
fn exponents_and_fractions_make_up_for_each_other() {
    let zeros = "0".repeat(990);
    is(&format!("0.{zeros}1e1005"), 1e14);
    is(&format!("0.{zeros}1e100"), 0.0);
    is(&format!("0.{zeros}1e-100"), 0.0);
    is(&format!("0.{zeros}1e991"), 1.0);
    is(&format!("0.{}e1000", "0".repeat(1000)), 0.0);
    is(&format!("{}e-100", "0".repeat(60_000)), 0.0);
    is(&format!("0.{}1e60001", "0".repeat(60_000)), 1.0);
}

#[test]
fn functions_are_the_usual_ones() {
    let x = 0.7_f64;
    let one: [(&str, f64); 22] = [
        ("abs(0-x)", x),
        ("sign(0-x)", -1.0),
        ("sqrt(x)", x.sqrt()),
        ("exp(x)", x.exp()),
        ("ln(x)", x.ln()),
        ("log(x)", x.log10()),
        ("log10(x)", x.log10()),
        ("sin(x)", x.sin()),
        ("cos(x)", x.cos()),
        ("tan(x)", x.tan()),
        ("asin(x)", x.asin()),
        ("acos(x)", x.acos()),
        ("atan(x)", x.atan()),
        ("sinh(x)", x.sinh()),
        ("cosh(x)", x.cosh()),
        ("tanh(x)", x.tanh()),
        ("floor(x)", 0.0),
        ("ceil(x)", 1.0),
        ("round(x)", 1.0),
        ("neg(x)", -x),
        ("pow(x, 3)", x.powf(3.0)),
        ("atan2(x, 2)", x.atan2(2.0)),
    ];
    for (text, expected) in one {
        let found = interp(text, &[("x", x)]).unwrap();
        assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        let folded = interp(&text.replace("x)", "0.7)").replace("x,", "0.7,"), &[]).unwrap();
        assert_eq!(folded.to_bits(), expected.to_bits(), "{text}, folded");
    }
    for (text, expected) in [
        ("add(1, 2)", 3.0),
        ("sub(1, 2)", -1.0),
        ("mul(3, 2)", 6.0),
        ("div(1, 2)", 0.5),
        ("fmod(10, 4)", 2.0),
        ("comma(1, 2)", 2.0),
        ("min(1, 2)", 1.0),
        ("max(1, 2)", 2.0),
        ("pi", core::f64::consts::PI),
        ("pi()", core::f64::consts::PI),
        ("e", core::f64::consts::E),
        ("e()", core::f64::consts::E),
        ("round(-2.5)", -3.0),
        ("sign(0)", 0.0),
        ("pow(2, 10)", 1024.0),
        ("2^710", 2.0_f64.powf(710.0)),
        ("1.5^800", 1.5_f64.powf(800.0)),
        ("0^0", 1.0),
        ("ln(0)", f64::NEG_INFINITY),
        ("1/0", f64::INFINITY),
        ("sqrt(-1)", f64::NAN),
        ("fmod(5, 0)", f64::NAN),
    ] {
        is(text, expected);
    }
}

#[test]
fn a_parameter_hides_a_constant() {
    assert_eq!(interp("e + pi", &[("e", 1.0), ("pi", 2.0)]), Ok(3.0));
}

#[test]
fn not_a_number_is_true_and_unequal() {
    for (text, expected) in [
        ("0/0 ? 1 : 2", 1.0),
        ("!(0/0)", 0.0),
        ("0/0 && 1", 1.0),
        ("0/0 == 0/0", 0.0),
        ("0/0 != 0/0", 1.0),
        ("0/0 < 1 || 0/0 >= 1", 0.0),
        ("max(0/0, 1)", 1.0),
        ("min(1, 0/0)", 1.0),
        ("sign(0/0)", f64::NAN),
    ] {
        is(text, expected);
    }
}

#[test]
fn integers_are_asked_for_when_they_are_needed() {
    assert_eq!(failure("1.5 & 1"), Failure::NotAnInteger);
    assert_eq!(failure("~0.5"), Failure::NotAnInteger);
    assert_eq!(failure("1 << 0/0"), Failure::NotAnInteger);
    assert_eq!(failure("1e300 | 1"), Failure::NotAnInteger);
    assert_eq!(failure("1 << 63"), Failure::ShiftOutOfRange);
    assert_eq!(failure("1 >> (0-1)"), Failure::ShiftOutOfRange);
    // What is not evaluated does not fail.
    is("0 && (1.5 & 1)", 0.0);
    is("1 ? 2 : ~0.5", 2.0);
    is("1 || ~0.5", 1.0);
    assert_eq!(failure("~0.5, 1"), Failure::NotAnInteger);
}

/// The first workload that users published, against the same by hand.
const W1: [&str; 7] = [
    "a*sin(b*3.14159/180) + c*cos(d*3.14159/180) + sqrt(e*e + f*f)",
    "exp(g/10) * log(h+1) + pow(i, 0.5) * j",
    "((a > 5) && (b < 10)) * c + ((d >= e) || (f != g)) * h + min(i, j)",
    "sqrt(pow(a-e, 2) + pow(b-f, 2)) + atan2(c-g, d-h) * (i+j)/2",
    "abs(a-b) * sign(c-d) + max(e, f) * min(g, h) + fmod(i*j, 10)",
    "(a+b+c)/3 * sin((d+e+f)*3.14159/6) + log10(g*h+1) - exp(-i*j/100)",
    "a + b * c - d / (e + 0.001) + pow(f, g) * h - i + j",
];

#[allow(clippy::many_single_char_names, clippy::approx_constant, reason = "as the texts have it")]
fn by_hand(p: [f64; 10]) -> [f64; 7] {
    let [a, b, c, d, e, f, g, h, i, j] = p;
    let is = |truth: bool| if truth { 1.0 } else { 0.0 };
    [
        a * (b * 3.14159 / 180.0).sin() + c * (d * 3.14159 / 180.0).cos() + (e * e + f * f).sqrt(),
        (g / 10.0).exp() * (h + 1.0).log10() + i.sqrt() * j,
        is(a > 5.0 && b < 10.0) * c + is(d >= e || f != g) * h + i.min(j),
        ((a - e) * (a - e) + (b - f) * (b - f)).sqrt() + (c - g).atan2(d - h) * (i + j) / 2.0,
        (a - b).abs() * (c - d).sign() + e.max(f) * g.min(h) + (i * j) % 10.0,
        (a + b + c) / 3.0 * ((d + e + f) * 3.14159 / 6.0).sin() + (g * h + 1.0).log10()
            - (-i * j / 100.0).exp(),
        a + b * c - d / (e + 0.001) + f.powf(g) * h - i + j,
    ]
}

#[test]
fn the_published_workload_is_what_it_is_by_hand() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        batch.parameter(name, 0.0).unwrap();
    }
    for text in W1 {
        batch.add(text).unwrap();
    }
    let mut batch = batch.build();
    for tick in 0..100_u32 {
        let mut step = tick * 7;
        let values: [f64; 10] = core::array::from_fn(|_| {
            step += 13;
            (f64::from(step % 40) - 5.0) * 0.37 + 0.1
        });
        for (index, value) in values.iter().enumerate() {
            assert!(batch.set(index, *value));
        }
        batch.eval();
        for (index, expected) in by_hand(values).into_iter().enumerate() {
            let found = batch.result(index).unwrap();
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(same, "{}: {found} and {expected}", W1[index]);
            assert_eq!(batch.status(index), Some(Ok(())));
        }
    }
}

#[test]
fn both_numbers_and_all_strategies_pass() {
    fn pass<R: Real>() {
        let pool = Pool::<Direct>::default();
        let engine = Engine::<R, Direct>::with(&pool, Default::default(), Limits::DEFAULT);
        engine.context().set_array("t", &[R::ONE, R::from_f64(2.5)]).unwrap();
        engine.define("half", &["x"], "x / 2").unwrap();
        let mut batch = Batch::clone_of(&engine);
        let index = batch.add("half(x) + t[1] * 2 - (x > 1)").unwrap();
        assert!(batch.set_by_name("x", R::from_f64(3.0)));
        batch.eval();
        assert_eq!(batch.value(index).map(Real::to_f64), Ok(5.5));
    }
    pass::<f32>();
    pass::<f64>();
}

/// A batch with one parameter.
trait OneParameter<'e, 'm, R: Real> {
    fn clone_of(engine: &'e Engine<'m, R, Direct>) -> Self;
}

impl<'e, 'm, R: Real> OneParameter<'e, 'm, R> for Batch<'e, 'm, R, Direct> {
    fn clone_of(engine: &'e Engine<'m, R, Direct>) -> Self {
        let mut batch = engine.batch();
        batch.parameter("x", R::ZERO).unwrap();
        batch.build()
    }
}
