//! What a batch says: results, what became of an expression, what a tick can take.

use core::fmt;

use super::Batch;
use crate::expr::ast::Expr;
use crate::expr::error::Error;
use crate::expr::failure::Failure;
use crate::expr::ir::Ir;
use crate::expr::program::Cost;
use crate::expr::real::Real;
use crate::pool::ReleaseStrategy;

impl<R: Real, S: ReleaseStrategy> Batch<'_, '_, R, S> {
    /// The result of an expression in the last tick: NaN if it failed, or was not
    /// evaluated yet.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let inverse = batch.add("1 / x")?;
    /// assert!(batch.result(inverse).unwrap().is_nan());       // not evaluated yet
    /// batch.eval();
    /// assert_eq!((batch.result(inverse), batch.result(99)), (Some(0.5), None));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn result(&self, index: usize) -> Option<R> {
        self.entries.get(index)?.as_ref()?;
        self.results.get(index).copied()
    }

    /// The result of a named expression. Linear in the number of expressions.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// batch.add_named("inverse", "1 / x")?;
    /// batch.eval();
    /// assert_eq!(batch.result_by_name("inverse"), Some(0.5));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn result_by_name(&self, name: &str) -> Option<R> {
        self.result(self.index_of(name)?)
    }

    /// The results by index; NaN where an expression was removed.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// batch.add("x + 1")?;
    /// batch.add("x * 4")?;
    /// batch.eval();
    /// assert_eq!(batch.results(), [3.0, 8.0]);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn results(&self) -> &[R] {
        &self.results
    }

    /// How an expression fared in the last tick; `None` if there is none.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let index = batch.add("2 * x")?;
    /// assert!(batch.status(index).unwrap().is_err());  // not evaluated yet
    /// batch.eval();
    /// assert_eq!((x, batch.status(index)), (0, Some(Ok(()))));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self, index: usize) -> Option<Result<(), Failure>> {
        Some(self.entries.get(index)?.as_ref()?.status)
    }

    /// The result of an expression, or why there is none.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Failure, Pool};
    ///
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 0.5)?;
    /// let half = batch.add("x")?;
    /// let bits = batch.add("x & 1")?;
    /// batch.eval();
    /// assert_eq!(batch.value(half), Ok(0.5));
    /// assert_eq!(batch.value(bits), Err(Failure::NotAnInteger));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// Its status in the last tick; [`Failure::NotEvaluated`] if there is none.
    pub fn value(&self, index: usize) -> Result<R, Failure> {
        self.status(index).unwrap_or(Err(Failure::NotEvaluated))?;
        self.result(index).ok_or(Failure::NotEvaluated)
    }

    /// What is wrong with an expression whose status is
    /// [`Failure::DoesNotCompile`].
    ///
    /// ```
    /// use arraypool::expr::{Engine, ErrorKind, Pool};
    ///
    /// # let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.context().set("gain", 2.0)?;
    /// let mut batch = engine.batch().build();
    /// let index = batch.add("gain * 3")?;
    /// engine.context().remove("gain");
    /// batch.eval();
    /// assert_eq!(batch.diagnose(index).unwrap().kind, ErrorKind::UnknownName);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn diagnose(&mut self, index: usize) -> Option<Error> {
        let entry = self.entries.get(index)?.as_ref()?;
        let text = core::str::from_utf8(&entry.text).unwrap_or_default();
        match self.engine.compile(text, &mut self.frame) {
            Ok(program) => {
                self.frame.release(program.uses);
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Shows the tree and the checked form of a text, as this batch would compile
    /// it. Of it the batch keeps only natives and copies of the arrays that it reads:
    /// the next expression finds them.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.define("sq", &["x"], "x*x")?;
    /// let mut batch = engine.batch().build();
    /// batch.parameter("a", 1.0)?;
    /// let shown = batch.inspect("sq(a) + 2*3", |tree, ir| format!("{tree} is {ir}"))?;
    /// assert_eq!(shown, "sq(a) + 2.0 * 3.0 is ((s0 * s0) + 6.0)");
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn inspect<T>(
        &mut self,
        text: &str,
        show: impl FnOnce(&Expr<'_, R>, &Ir<'_, R>) -> T,
    ) -> Result<T, Error> {
        self.engine.inspect(text, &mut self.frame, show)
    }

    /// The program of an expression as a text, which reads as an expression: see
    /// [`Program::display`](crate::expr::Program::display). `None` if it does not
    /// compile any more.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let index = batch.add("x * (2 + 3)")?;
    /// assert_eq!(batch.program(index).unwrap().to_string(), "(s0 * 5.0)");
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn program(&self, index: usize) -> Option<impl fmt::Display + '_> {
        let program = &self.entries.get(index)?.as_ref()?.program;
        (!program.nodes.is_empty()).then(|| program.display(&self.frame))
    }

    /// The text of an expression.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let index = batch.add("x * (2 + 3)")?;
    /// assert_eq!(batch.text(index), Some("x * (2 + 3)"));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&str> {
        core::str::from_utf8(&self.entries.get(index)?.as_ref()?.text).ok()
    }

    /// Expressions of the batch. Linear in the number of their indexes, vacant ones
    /// included.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let first = batch.add("x")?;
    /// batch.add("x + 1")?;
    /// batch.remove(first);
    /// assert_eq!(batch.len(), 1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    /// Whether there is no expression.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// assert!(batch.is_empty());
    /// batch.add("x")?;
    /// assert!(!batch.is_empty());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a tick can take at most, of all expressions.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// batch.add("2 * x + 1")?;
    /// assert!(batch.cost().steps > 0);
    /// # let _ = x;
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn cost(&self) -> Cost {
        let costs = self.entries.iter().flatten().map(|entry| entry.program.cost);
        costs.fold(Cost::default(), Cost::and)
    }

    /// The most steps that a tick can take.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// batch.add("x + 1")?;
    /// let of_one = batch.steps();
    /// batch.add("x + 1")?;
    /// assert_eq!(batch.steps(), 2 * of_one);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.cost().steps
    }

    /// The most nodes that are being evaluated at the same time: each is a call of a
    /// Rust function, of some 16 to 100 bytes of stack. The last of them may call a built-in
    /// function, which takes up to 1 KB (`sin` of a large number). The node of a native
    /// function also keeps its arguments on the stack: 32 bytes for up to 4 of them, 128
    /// for up to 16, and 2 KB for more (half of each for `f32`).
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// batch.add("x + 1")?;
    /// let flat = batch.stack_depth();
    /// batch.add("sin(cos(tan(x)))")?;
    /// assert!(batch.stack_depth() > flat);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn stack_depth(&self) -> u64 {
        self.cost().depth
    }

    /// Bytes of the frame: slots, copies of arrays, windows of recursive calls.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.context().set_array("table", &[0.0; 100])?;
    /// let mut batch = engine.batch().build();
    /// let before = batch.frame_bytes();
    /// batch.add("table[3]")?;                                 // follows one element
    /// batch.parameter("i", 0.0)?;
    /// batch.add("table[i]")?;                                 // needs a copy of all
    /// assert!(batch.frame_bytes() >= before + 800);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.frame.bytes()
    }

    /// Bytes of all programs' nodes.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let index = batch.add("sin(x) + cos(x)")?;
    /// assert!(batch.program_bytes() > 0);
    /// batch.remove(index);
    /// assert_eq!(batch.program_bytes(), 0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn program_bytes(&self) -> usize {
        let nodes = self.entries.iter().flatten().map(|entry| size_of_val(&*entry.program.nodes));
        nodes.sum()
    }
}
