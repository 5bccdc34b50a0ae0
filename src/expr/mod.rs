//! Expressions: compiled once, evaluated every millisecond.
//!
//! Words of this module: a **text** becomes a **tree** ([`Expr`]), the tree a
//! **checked form** ([`ir::Ir`]), and that a **program**: an array of **nodes** in a
//! [`Pool`]. A [`Batch`] evaluates the programs of its expressions over one
//! **frame** of 256 numbers; one evaluation of all is a **tick**. A tick allocates
//! nothing, unless it has to compile anew, and the most it takes is known beforehand.
//!
//! - [`interp`] evaluates one text once.
//! - [`Engine`], [`Batch`]: expressions over parameters, tick by tick.
//! - [`Context`]: variables, arrays, attributes, functions, parents.
//! - [`parse`], [`resolve`](resolve()), [`lower`]: the three phases, each alone.
//!
//! ```
//! use arraypool::expr::{Engine, Pool, interp};
//!
//! assert_eq!(interp("2 * x", &[("x", 21.0)])?, 42.0);
//!
//! let pool = Pool::new();
//! let engine = <Engine>::new(&pool);
//! let mut batch = engine.batch().build();
//! let x = batch.parameter("x", 0.0)?;
//! let wave = batch.add("sin(x) ^ 2 + cos(x) ^ 2")?;
//! batch.set(x, 0.5);
//! batch.eval();
//! assert!((batch.result(wave).unwrap() - 1.0).abs() < 1e-12);
//! # Ok::<(), arraypool::expr::Error>(())
//! ```
//!
//! `docs/EXPRESSIONS.md` says what the language means.

#![forbid(unsafe_code)]

mod ast;
mod batch;
mod context;
#[cfg(any(test, not(feature = "std")))]
mod decimal;
mod engine;
mod error;
mod failure;
mod frame;
mod function;
pub mod ir;
mod lexer;
mod limits;
mod listing;
mod lower;
mod math;
mod memory;
mod names;
mod operator;
mod parameters;
mod parser;
mod print;
mod program;
mod real;
mod resolve;
mod shape;
mod shapes;
mod suggest;
#[cfg(feature = "std")]
mod testing;

pub use ast::{Expr, Span, Term};
pub use batch::{Batch, BatchBuilder};
pub use context::Context;
pub use engine::Engine;
#[cfg(feature = "alloc")]
pub use engine::interp;
pub use error::{Error, ErrorKind};
pub use failure::Failure;
pub use frame::Frame;
pub use limits::Limits;
pub use lower::lower;
pub use math::Functions;
pub use memory::{Classes, Phases, Pool};
pub use names::NativeFn;
pub use operator::{Op1, Op2};
pub use parser::parse;
pub use program::{Cost, Node, Program};
pub use real::Real;
pub use resolve::resolve;
#[cfg(feature = "std")]
pub use testing::with_arena;
