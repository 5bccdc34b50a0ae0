//! Other expression crates, and how each was helped where it lacks a function.

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
