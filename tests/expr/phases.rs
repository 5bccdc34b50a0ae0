//! Each phase alone, and what it prints: texts that read as the same trees.

use arraypool::Arena;
use arraypool::expr::ir::{self, Ir};
use arraypool::expr::{
    Batch, Context, Engine, Error, ErrorKind, Expr, Failure, Frame, Limits, Node, Op1, Op2, Pool,
    Program, Real, Term, lower, parse, resolve, with_arena,
};

/// Whether a text's tree is that of a checked form which was printed as the text.
fn is_same<R: Real>(ir: &ir::Term<'_, R>, tree: &Term<'_, R>, text: &str) -> bool {
    let (below, printed) = (ir.children(), tree.children());
    let head = match (*ir, *tree) {
        (ir::Term::Constant(value), _) => {
            return parse_constant(tree).is_some_and(|other| {
                value.to_bits() == other.to_bits() || value.is_nan() && other.is_nan()
            });
        }
        (ir::Term::Slot(slot), Term::Name { .. }) => tree.name(text) == format!("s{slot}"),
        (ir::Term::Local(slot), Term::Name { .. }) => tree.name(text) == format!("w{slot}"),
        (ir::Term::One { op: x, .. }, Term::Unary { op: y, .. }) => x == y,
        (ir::Term::One { op, .. }, Term::Call1 { .. }) => {
            format!("{op:?}").to_lowercase() == tree.name(text)
        }
        (ir::Term::Two { op: x, .. }, Term::Binary { op: y, .. }) => x == y,
        (ir::Term::Two { op, .. }, Term::Call2 { .. }) => {
            format!("{op:?}").to_lowercase() == tree.name(text)
        }
        (ir::Term::Conditional { .. }, Term::Conditional { .. }) => true,
        (ir::Term::Index { array, .. }, Term::Index { .. }) => {
            tree.name(text) == format!("t{array}")
        }
        (ir::Term::Native { native, .. }, _) => tree.name(text) == format!("n{native}"),
        (ir::Term::Call { function, .. }, _) => tree.name(text) == format!("f{function}"),
        (ir::Term::Let { slot, local, .. }, Term::Call { .. }) => {
            let [name, value, body] = printed else { return false };
            let set = format!("{}{slot}", if local { "w" } else { "s" });
            return tree.name(text) == "let"
                && name.name(text) == set
                && is_same(&below[0], value, text)
                && is_same(&below[1], body, text);
        }
        _ => false,
    };
    head && below.len() == printed.len()
        && below.iter().zip(printed).all(|(ir, tree)| is_same(ir, tree, text))
}

/// The value of a number, a negative one, or a quotient of such.
fn parse_constant<R: Real>(tree: &Term<'_, R>) -> Option<R> {
    match *tree {
        Term::Number { value, .. } => Some(value),
        Term::Unary { op: Op1::Neg, operand, .. } => Some(-parse_constant(operand)?),
        Term::Binary { op: Op2::Div, operands: [x, y], .. } => {
            Some(parse_constant(x)? / parse_constant(y)?)
        }
        _ => None,
    }
}

/// Checks that a checked form prints as a text of the same tree, and so do the
/// bodies of its functions.
pub(crate) fn reads_back<R: Real>(ir: &Ir<'_, R>) {
    let shown = ir.to_string();
    let mut lines = shown.lines();
    let check = |term: &ir::Term<'_, R>, line: &str| {
        let same = with_arena(|arena| {
            let tree: Expr<'_, R> = parse(line, arena, &Limits::DEFAULT).expect(line);
            is_same(term, &tree.root, line)
        });
        assert!(same, "{line}");
    };
    check(&ir.root, lines.next().expect("a line"));
    for (number, function) in ir.functions.iter().enumerate() {
        let line = lines.next().expect("a line for each function");
        let start = format!("f{number}/{}: ", function.arity);
        check(&function.body, line.strip_prefix(&start).expect(line));
    }
    assert_eq!(lines.next(), None);
}

/// Checks that a program's text, which names parameters alone, compiles to the same
/// program.
pub(crate) fn compiles_back<R: Real>(batch: &Batch<'_, '_, R>, again: &mut Batch<'_, '_, R>) {
    let shown = batch.program(0).expect("a program").to_string();
    let index = again.add(&shown).expect(&shown);
    assert_eq!(again.program(index).expect("a program").to_string(), shown);
    again.remove(index);
}

/// Texts, what their checked forms print, and what their programs do.
const SHOWN: &[(&str, &str, &str)] = &[
    ("3", "3.0", "3.0"),
    ("a", "s0", "s0"),
    ("-(2)^a", "(-(2.0 ^ s0))", "(-(2.0 ^ s0))"),
    ("a * -2", "(s0 * (-2.0))", "(s0 * (-2.0))"),
    ("a * -0", "(s0 * (-0.0))", "(s0 * (-0.0))"),
    ("a + 1/0", "(s0 + (1.0 / 0.0))", "(s0 + (1.0 / 0.0))"),
    ("a + ln(0)", "(s0 + (-1.0 / 0.0))", "(s0 + (-1.0 / 0.0))"),
    ("a + 0/0", "(s0 + (0.0 / 0.0))", "(s0 + (0.0 / 0.0))"),
    ("(!a) ^ b", "((!s0) ^ s1)", "((!s0) ^ s1)"),
    ("a > b", "(s0 > s1)", "(s1 < s0)"),
    ("pow(a + b, 2)", "((s0 + s1) ^ 2.0)", "((s0 + s1) ^ 2.0)"),
    ("pow(a, 2)", "(s0 ^ 2.0)", "(s0 * s0)"),
    ("sin(a)^2 + b^0.5", "((sin(s0) ^ 2.0) + (s1 ^ 0.5))", "((sin(s0) ^ 2.0) + (s1 ^ 0.5))"),
    ("a*b + a/b - a", "(((s0 * s1) + (s0 / s1)) - s0)", "(((s0 * s1) + (s0 / s1)) - s0)"),
    ("a < b && b >= a", "((s0 < s1) && (s1 >= s0))", "((s0 < s1) && (s0 <= s1))"),
    ("a < b || sin(a)", "((s0 < s1) || sin(s0))", "((s0 < s1) || sin(s0))"),
    ("a ? b : min(a, b)", "(s0 ? s1 : min(s0, s1))", "(s0 ? s1 : min(s0, s1))"),
    ("(~a, b) * 2", "(((~s0), s1) * 2.0)", "(((~s0), s1) * 2.0)"),
    (
        "t[a] + t[1] + t[a*2]",
        "((t0[s0] + s255) + t0[(s0 * 2.0)])",
        "((t0[s0] + s255) + t0[(s0 * 2.0)])",
    ),
    ("n(a, b, 3)", "n0(s0, s1, 3.0)", "n0(s0, s1, 3.0)"),
    ("sq(n(a))", "let(s255, n0(s0), (s255 * s255))", "let(s255, n0(s0), (s255 * s255))"),
    (
        "f(a) + 1",
        "(f0(s0) + 1.0)\nf0/1: ((w0 <= 1.0) ? 1.0 : (f0((w0 - 1.0)) + let(w1, n0(w0), (w1 * w1))))",
        "(f0(s0) + 1.0)\nf0/1: ((w0 <= 1.0) ? 1.0 : (f0((w0 - 1.0)) + let(w1, n0(w0), (w1 * w1))))",
    ),
];

#[test]
fn every_form_is_printed() {
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    for (text, checked, program) in SHOWN {
        let pool = Pool::new();
        let engine = <Engine>::new(&pool);
        engine.context().set_array("t", &[1.0, 2.0]).unwrap();
        engine.context().native_of_any("n", &sum).unwrap();
        engine.define("sq", &["x"], "x*x").unwrap();
        engine.define("f", &["n"], "n <= 1 ? 1 : f(n-1) + sq(n(n))").unwrap();
        let mut batch = engine.batch().build();
        for name in ["a", "b"] {
            batch.parameter(name, 0.5).unwrap();
        }
        let shown = batch.inspect(text, |tree, ir| {
            assert!(!tree.to_string().is_empty());
            reads_back(ir);
            ir.to_string()
        });
        assert_eq!(shown.as_deref(), Ok(*checked));
        let index = batch.add(text).unwrap();
        assert_eq!(batch.program(index).unwrap().to_string(), *program);
    }
}

/// A function whose calls were folded away has no line, those after it have theirs.
#[test]
fn every_function_that_is_called_is_printed() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.define("f", &["x"], "0 ? f(x-1) : x").unwrap();
    engine.define("g", &["x"], "x ? g(x-1) : x").unwrap();
    let mut batch = engine.batch().build();
    let index = batch.add("0 ? f(1) : g(2)").unwrap();
    let shown = batch.program(index).unwrap().to_string();
    assert_eq!(shown, "f1(2.0)\nf1/1: (w0 ? f1((w0 - 1.0)) : w0)");
}

#[test]
fn numbers_without_a_slot_stand_in_the_program() {
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    let mut batch = engine.batch();
    for number in 0..250 {
        batch.parameter(&format!("s{number}"), 1.0).unwrap();
    }
    let texts = ["s0 * 0.1 + 1e300", "1.25", "s1 ? -7.5 : 1e-9", "(s2 + 1/0) * (s3 - 123456.789)"];
    for text in texts {
        batch.add(text).unwrap();
    }
    let mut batch = batch.build();
    batch.eval();
    let results = batch.results();
    assert_eq!(results, [0.1 + 1e300, 1.25, -7.5, f64::NEG_INFINITY]);
    assert_eq!(batch.program(2).unwrap().to_string(), "(s1 ? (-7.5) : 1e-9)");
    let other = batch.program(3).unwrap().to_string();
    assert_eq!(other, "((s2 + (1.0 / 0.0)) * (s3 - 123456.789))");
}

#[test]
fn phases_work_alone_and_their_arenas_are_reset_one_by_one() {
    let pool = Pool::new();
    let context = <Context>::new(&pool);
    context.set("k", 2.0).unwrap();
    context.define("sq", &["x"], "x*x").unwrap();
    let limits = Limits::DEFAULT;
    let (mut trees, mut checked) = (Arena::new(), Arena::new());
    let mut frame = Frame::new(&pool);
    let x = frame.parameter("x", 3.0).unwrap();
    assert_eq!(frame.parameter("x", 3.0).unwrap_err().kind, ErrorKind::InvalidName);
    let compile = |text: &str, trees: &mut Arena<'_>, checked: &mut Arena<'_>, frame: &mut _| {
        let tree = parse(text, trees, &limits)?;
        let ir = resolve(&tree, trees, checked, &context, frame, &limits)?;
        trees.reset();
        let program = lower(&ir, checked, &pool, frame, &limits);
        checked.reset();
        program
    };
    let program = compile("sq(x + 1) * k", &mut trees, &mut checked, &mut frame).unwrap();
    assert_eq!((trees.used_bytes(), checked.used_bytes()), (0, 0));
    assert_eq!(program.eval(&frame, &limits), Ok(32.0));
    assert!(size_of_val(program.nodes()) >= size_of::<Node<f64>>());
    frame.set(x, 1.0);
    context.set("k", 10.0).unwrap();
    frame.follow(&context);
    assert_eq!(program.eval(&frame, &limits), Ok(40.0));
    let failing = compile("x & 0.5", &mut trees, &mut checked, &mut frame).unwrap();
    assert_eq!(failing.eval(&frame, &limits), Err(Failure::NotAnInteger));
    assert!(failing.cost().steps > 0);
    // What programs used of the frame others may use: constants, followed names.
    for round in 0..if cfg!(miri) { 20 } else { 2000 } {
        let text = format!("x + {round}.5 * k");
        let program = compile(&text, &mut trees, &mut checked, &mut frame).unwrap();
        assert!(compile("x + y", &mut trees, &mut checked, &mut frame).is_err());
        assert_eq!(program.eval(&frame, &limits), Ok(1.0 + (f64::from(round) + 0.5) * 10.0));
        assert!(!program.display(&frame).to_string().contains("(-"));
        frame.forget(program);
    }
}

/// Compiles by hand, as if each text came from somewhere else.
fn compiled<'m>(
    text: &str,
    context: &Context<'m>,
    pool: &'m Pool<'m>,
    frame: &mut Frame<'m>,
) -> Program<'m> {
    let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    let tree = parse(text, &trees, &limits).unwrap();
    let ir = resolve(&tree, &trees, &checked, context, frame, &limits).unwrap();
    lower(&ir, &checked, pool, frame, &limits).unwrap()
}

#[test]
fn a_frame_by_hand_sees_definitions_as_they_are() {
    let (pool, limits) = (Pool::new(), Limits::DEFAULT);
    let context = <Context>::new(&pool);
    let mut frame = Frame::new(&pool);
    let x = frame.parameter("x", 1.0).unwrap();
    // A native of other arguments.
    context.native("f", 2, &|x: &[f64]| x[1]).unwrap();
    let before = compiled("f(1, 2)", &context, &pool, &mut frame);
    context.native("f", 1, &|x: &[f64]| x[0] * 10.0).unwrap();
    let after = compiled("f(3)", &context, &pool, &mut frame);
    let again = compiled("f(4) + f(5)", &context, &pool, &mut frame);
    assert_eq!(after.eval(&frame, &limits), Ok(30.0));
    assert_eq!(again.eval(&frame, &limits), Ok(90.0));
    assert_eq!(again.display(&frame).to_string(), "(n1(4.0) + n1(5.0))");
    assert_eq!(before.eval(&frame, &limits), Ok(2.0), "what was compiled stays as it was");
    // An array of another length.
    context.set_array("t", &[1.0, 2.0]).unwrap();
    let before = compiled("t[x]", &context, &pool, &mut frame);
    context.set_array("t", &[3.0, 4.0, 5.0]).unwrap();
    frame.follow(&context);
    let after = compiled("t[x]", &context, &pool, &mut frame);
    assert_eq!(before.eval(&frame, &limits), Ok(2.0));
    assert_eq!(after.eval(&frame, &limits), Ok(4.0));
    frame.set(x, 2.0);
    assert_eq!(before.eval(&frame, &limits), Err(Failure::IndexOutOfRange));
    assert_eq!(after.eval(&frame, &limits), Ok(5.0));
    context.set_array("t", &[6.0, 7.0, 8.0]).unwrap();
    frame.follow(&context);
    assert_eq!(after.eval(&frame, &limits), Ok(8.0));
}

#[test]
fn a_name_in_the_place_of_one_that_is_gone_has_its_own_value() {
    let (pool, limits) = (Pool::new(), Limits::DEFAULT);
    let context = <Context>::new(&pool);
    let mut frame = Frame::new(&pool);
    frame.parameter("x", 1.0).unwrap();
    context.set("old", 2.0).unwrap();
    context.set_array("t", &[3.0, 4.0]).unwrap();
    for text in ["old * x", "t[x]", "t[0]"] {
        compiled(text, &context, &pool, &mut frame);
    }
    assert!(context.remove("old") && context.remove_array("t"));
    context.set("new", 5.0).unwrap();
    context.set_array("u", &[6.0, 7.0]).unwrap();
    for (text, value) in [("new * x", 5.0), ("u[x]", 7.0), ("u[0]", 6.0)] {
        let program = compiled(text, &context, &pool, &mut frame);
        assert_eq!(program.eval(&frame, &limits), Ok(value), "{text}");
    }
}

#[test]
fn what_was_resolved_is_lowered_once() {
    let (pool, limits) = (Pool::new(), Limits::DEFAULT);
    let context = <Context>::new(&pool);
    context.set("gain", 2.0).unwrap();
    let mut frame = Frame::new(&pool);
    frame.parameter("x", 10.0).unwrap();
    let (arena, mut nothing) = (Arena::new(), []);
    let none = Arena::from_buffer(&mut nothing);
    let tree = parse("gain * x", &arena, &limits).unwrap();
    let busy = |lowered: Result<Program<'_>, Error>| {
        assert_eq!(lowered.unwrap_err().kind, ErrorKind::Busy);
    };
    // A program of what others may take meanwhile: after one that was made,
    let ir = resolve(&tree, &arena, &arena, &context, &mut frame, &limits).unwrap();
    let program = lower(&ir, &arena, &pool, &mut frame, &limits).unwrap();
    busy(lower(&ir, &arena, &pool, &mut frame, &limits));
    frame.forget(program);
    // after an error,
    let ir = resolve(&tree, &arena, &arena, &context, &mut frame, &limits).unwrap();
    let refused = lower(&ir, &none, &pool, &mut frame, &limits).unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Memory(_)), "{refused}");
    busy(lower(&ir, &arena, &pool, &mut frame, &limits));
    // and after another expression, which may still be lowered.
    let ir = resolve(&tree, &arena, &arena, &context, &mut frame, &limits).unwrap();
    let last = resolve(&tree, &arena, &arena, &context, &mut frame, &limits).unwrap();
    busy(lower(&ir, &arena, &pool, &mut frame, &limits));
    let program = lower(&last, &arena, &pool, &mut frame, &limits).unwrap();
    context.set("gain", 3.0).unwrap();
    frame.follow(&context);
    assert_eq!(program.eval(&frame, &limits), Ok(30.0));
}

#[test]
fn an_element_of_a_constant_index_follows_an_array_of_any_length() {
    let (pool, limits) = (Pool::new(), Limits::DEFAULT);
    let context = <Context>::new(&pool);
    let mut frame = Frame::new(&pool);
    frame.parameter("i", 1.0).unwrap();
    context.set_array("t", &[1.0, 2.0, 3.0]).unwrap();
    let constant = compiled("t[1]", &context, &pool, &mut frame);
    let computed = compiled("t[i]", &context, &pool, &mut frame);
    for (array, second) in [(&[10.0, 20.0, 30.0, 40.0][..], 20.0), (&[10.0], f64::NAN)] {
        context.set_array("t", array).unwrap();
        frame.follow(&context);
        let value = constant.eval(&frame, &limits).unwrap();
        assert!(value == second || value.is_nan() && second.is_nan(), "{value}");
        assert_eq!(computed.eval(&frame, &limits), Ok(2.0));
    }
}
