//! Other expression crates, and how each was helped where it lacks a function.

use exmex::{BinOp, Express, FlatEx, MakeOperators, Operator};
use fasteval::{Compiler, Evaler};
use nanoexpr::{Context, ErrorKind, Instruction, Math, Program};

use crate::expr::Tick;
use crate::expressions::PARAMETERS;

/// Variables are found by their letter, functions of the standard library are given.
struct Values<'v>(&'v [f64; 10]);

impl Context<f64> for Values<'_> {
    fn variable(&self, name: &str) -> Option<f64> {
        let letter = name.bytes().next()?;
        self.0.get(usize::from(letter.wrapping_sub(b'a'))).copied()
    }

    fn call(&self, name: &str, arguments: &[f64]) -> Option<Result<f64, ErrorKind>> {
        match (name, arguments) {
            ("log" | "log10", [x]) => Some(Ok(x.log10())),
            ("fmod", [x, y]) => Some(Ok(x % y)),
            _ => None,
        }
    }
}

/// nanoexpr, compiled; `log`, `log10` and `fmod` are functions of ours.
pub(crate) fn nanoexpr_of(texts: &[&'static str]) -> Tick {
    let programs: Vec<Program<'static, 'static, f64>> = texts
        .iter()
        .map(|text| {
            let code = Box::leak(Box::new([Instruction::default(); 128]));
            nanoexpr::compile(text, code).expect("an expression")
        })
        .collect();
    Box::new(move |values| {
        let context = (Values(values), Math);
        programs.iter().map(|program| program.evaluate(&context).expect("a value")).sum()
    })
}

/// fasteval, compiled, its variables read without a look-up; what it has no
/// function for is a callback.
pub(crate) fn fasteval_of(texts: &[&'static str]) -> Tick {
    let variables: &'static mut [f64; 10] = Box::leak(Box::new([0.0; 10]));
    let place: *mut [f64; 10] = variables;
    let mut slab = fasteval::Slab::new();
    for (index, name) in PARAMETERS.iter().enumerate() {
        // SAFETY: the variables are never dropped, and nobody holds a reference.
        let variable: &'static f64 = unsafe { &(&*place)[index] };
        // SAFETY: as above.
        unsafe { slab.ps.add_unsafe_var((*name).to_string(), variable) };
    }
    let parser = fasteval::Parser::new();
    let programs: Vec<_> = texts
        .iter()
        .map(|text| {
            let parsed = parser.parse(text, &mut slab.ps).expect("an expression");
            parsed.from(&slab.ps).compile(&slab.ps, &mut slab.cs)
        })
        .collect();
    let mut names = |name: &str, arguments: Vec<f64>| match (name, &*arguments) {
        ("sqrt", [x]) => Some(x.sqrt()),
        ("exp", [x]) => Some(x.exp()),
        ("log10", [x]) => Some(x.log10()),
        ("pow", [x, y]) => Some(x.powf(*y)),
        ("atan2", [y, x]) => Some(y.atan2(*x)),
        ("fmod", [x, y]) => Some(x % y),
        _ => None,
    };
    Box::new(move |values| {
        // SAFETY: nobody holds a reference to the variables now.
        unsafe { place.write(*values) };
        programs.iter().map(|program| program.eval(&slab, &mut names).expect("a value")).sum()
    })
}

/// The operators that the workloads need, as exmex has them made.
#[derive(Debug, Clone)]
struct Operators;

impl MakeOperators<f64> for Operators {
    fn make<'a>() -> Vec<Operator<'a, f64>> {
        let two = |name, prio, apply: fn(f64, f64) -> f64| {
            Operator::make_bin(name, BinOp { apply, prio, is_commutative: false })
        };
        vec![
            two("||", 0, |x, y| f64::from(u8::from(x != 0.0 || y != 0.0))),
            two("&&", 1, |x, y| f64::from(u8::from(x != 0.0 && y != 0.0))),
            two(">=", 2, |x, y| f64::from(u8::from(x >= y))),
            two("!=", 2, |x, y| f64::from(u8::from(x != y))),
            two(">", 2, |x, y| f64::from(u8::from(x > y))),
            two("<", 2, |x, y| f64::from(u8::from(x < y))),
            Operator::make_bin("+", BinOp { apply: |x, y| x + y, prio: 3, is_commutative: true }),
            Operator::make_bin_unary(
                "-",
                BinOp { apply: |x, y| x - y, prio: 3, is_commutative: false },
                |x| -x,
            ),
            Operator::make_bin("*", BinOp { apply: |x, y| x * y, prio: 4, is_commutative: true }),
            two("/", 4, |x, y| x / y),
            two("pow", 0, f64::powf),
            two("atan2", 0, f64::atan2),
            two("min", 0, f64::min),
            two("max", 0, f64::max),
            two("fmod", 0, |x, y| x % y),
            Operator::make_unary("abs", f64::abs),
            Operator::make_unary("sign", f64::signum),
            Operator::make_unary("sqrt", f64::sqrt),
            Operator::make_unary("exp", f64::exp),
            Operator::make_unary("log10", f64::log10),
            Operator::make_unary("log", f64::log10),
            Operator::make_unary("sin", f64::sin),
            Operator::make_unary("cos", f64::cos),
        ]
    }
}

/// exmex, compiled; comparisons, logic and the functions that it calls otherwise
/// are operators of ours, as is its list of them: its `e` is a constant.
pub(crate) fn exmex_of(texts: &[&'static str]) -> Tick {
    let programs: Vec<(FlatEx<f64, Operators>, Vec<usize>)> = texts
        .iter()
        .map(|text| {
            let program = FlatEx::<f64, Operators>::parse(text).expect("an expression");
            let place = |name: &String| PARAMETERS.iter().position(|other| other == name);
            let places = program.var_names().iter().map(place).collect::<Option<_>>();
            (program, places.expect("known names"))
        })
        .collect();
    let mut arguments = [0.0; 10];
    Box::new(move |values| {
        let mut sum = 0.0;
        for (program, places) in &programs {
            for (argument, &place) in arguments.iter_mut().zip(places) {
                *argument = values[place];
            }
            sum += program.eval(&arguments[..places.len()]).expect("a value");
        }
        sum
    })
}

/// The one expression of either workload that needs comparisons and logic, which
/// meval has not, with functions in their places.
fn in_functions(text: &'static str) -> String {
    text.replace("((a > 5) && (b < 10))", "and(gt(a, 5), lt(b, 10))")
        .replace("((d >= e) || (f != g))", "or(ge(d, e), ne(f, g))")
}

/// meval, its variables bound by number; what it has no function for is a closure.
pub(crate) fn meval_of(texts: &[&'static str]) -> Tick {
    type Bound = Box<dyn Fn(&[f64]) -> f64>;
    let truth = |holds: bool| f64::from(u8::from(holds));
    let programs: Vec<Bound> = texts
        .iter()
        .map(|text| {
            let program: meval::Expr = in_functions(text).parse().expect("an expression");
            let mut context = meval::Context::new();
            context.func2("and", move |x, y| truth(x != 0.0 && y != 0.0));
            context.func2("or", move |x, y| truth(x != 0.0 || y != 0.0));
            context.func2("gt", move |x, y| truth(x > y));
            context.func2("lt", move |x, y| truth(x < y));
            context.func2("ge", move |x, y| truth(x >= y));
            context.func2("ne", move |x, y| truth(x != y));
            context.func2("pow", f64::powf).func2("fmod", |x, y| x % y);
            context.func("log", f64::log10).func("log10", f64::log10).func("sign", f64::signum);
            let bound = program.bindn_with_context(context, &PARAMETERS).expect("known names");
            Box::new(bound) as Bound
        })
        .collect();
    Box::new(move |values| programs.iter().map(|program| program(values)).sum())
}
