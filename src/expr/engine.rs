//! The engine: a context, the phases of a compilation, and where programs live.

use core::cell::{RefCell, RefMut};
use core::fmt;

use super::ast::{Expr, Span};
use super::batch::{Batch, BatchBuilder};
use super::context::Context;
use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::ir::Ir;
use super::limits::Limits;
use super::lower::lower_last;
use super::memory::{Phases, Pool};
use super::names::Names;
use super::parser::parse;
use super::program::Program;
use super::real::Real;
use super::resolve::resolve;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// Compiles expressions, in memory that it borrows.
///
/// A text becomes a tree in one arena, the tree a checked form in another one, and the
/// checked form a program: one pooled array. Then both arenas are reset.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch();
/// let speed = batch.parameter("speed", 0.0)?;
/// let energy = batch.add("0.5 * 1200 * speed^2")?;
/// let mut batch = batch.build();
///
/// batch.set(speed, 10.0);
/// batch.eval();
/// assert_eq!(batch.result(energy), Some(60_000.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Engine<'m, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    pool: &'m Pool<'m, S>,
    context: Context<'m, R, S>,
    phases: RefCell<Phases<'m>>,
    limits: Limits,
}

impl<'m, R: Real, S: ReleaseStrategy> Engine<'m, R, S> {
    /// An engine whose phases are on the heap. Takes no memory yet, never panics.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// assert_eq!(engine.eval("1 + 2")?, 3.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn new(pool: &'m Pool<'m, S>) -> Self {
        Self::with(pool, Phases::new(), Limits::DEFAULT)
    }

    /// The same, which sees everything that a context sees.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set("x", 1.0)?;
    /// assert_eq!(engine.eval("x + 1")?, 2.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn with_parent<'p: 'm>(pool: &'m Pool<'m, S>, parent: &'m Context<'p, R, S>) -> Self {
        Self::with(pool, Phases::new(), Limits::DEFAULT).under(parent)
    }

    /// An engine with the given phases and limits. Never panics.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Limits, Phases, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::with(&pool, Phases::new(), Limits { terms: 3, ..Limits::DEFAULT });
    /// assert!(engine.eval("1 + 2").is_ok());
    /// assert!(engine.eval("1 + 2 + 3").is_err());
    /// ```
    #[must_use]
    pub fn with(pool: &'m Pool<'m, S>, phases: Phases<'m>, limits: Limits) -> Self {
        let context = Context::build(pool, None, limits);
        Self { pool, context, phases: RefCell::new(phases), limits }
    }

    /// The same engine, with an empty context below another one.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Limits, Phases, Pool};
    ///
    /// let pool = Pool::new();
    /// let plant = <Context>::new(&pool);
    /// plant.set("gain", 2.0)?;
    /// let engine = <Engine>::with(&pool, Phases::new(), Limits::DEFAULT).under(&plant);
    /// assert_eq!(engine.eval("gain + 1")?, 3.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn under<'p: 'm>(self, parent: &'m Context<'p, R, S>) -> Self {
        Self { context: Context::build(self.pool, Some(parent), self.limits), ..self }
    }

    /// The names that expressions see besides their batch's parameters.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.context().set("gain", 2.0)?;
    /// assert_eq!(engine.eval("3 * gain")?, 6.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn context(&self) -> &Context<'m, R, S> {
        &self.context
    }

    /// Defines a function by an expression, as [`Context::define_with`] does, in
    /// the engine's own arena.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.define("twice", &["x"], "2 * x")?;
    /// assert_eq!(engine.eval("twice(4)")?, 8.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Context::define_with`].
    pub fn define(&self, name: &str, parameters: &[&str], body: &str) -> Result<(), Error> {
        let mut phases = self.phases()?;
        let defined = self.context.define_with(name, parameters, body, &phases.parse);
        phases.parse.reset();
        defined
    }

    /// Begins a batch.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let index = batch.add("1 + 2")?;
    /// batch.eval();
    /// assert_eq!(batch.result(index), Some(3.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn batch(&self) -> BatchBuilder<'_, 'm, R, S> {
        BatchBuilder::new(Batch::new(self))
    }

    /// Compiles one expression, evaluates it, and forgets it.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// assert_eq!(engine.eval("max(1, 2) + 1")?, 3.0);
    /// assert!(engine.eval("1 +").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with it, or [`ErrorKind::Failed`].
    pub fn eval(&self, text: &str) -> Result<R, Error> {
        let mut batch = Batch::new(self);
        let index = batch.add(text)?;
        batch.eval();
        batch.value(index).map_err(|failure| Error::plain(ErrorKind::Failed(failure)))
    }

    /// The bounds of its expressions.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// assert!(engine.limits().calls > 0);
    /// # engine.eval("1")?;
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The most bytes that the phases have had in use: of trees, and of checked
    /// forms.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// engine.eval("1 + 2")?;
    /// let (tree, checked) = engine.peak_bytes();
    /// assert!(tree > 0 && checked < 100_000);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn peak_bytes(&self) -> (usize, usize) {
        self.phases.try_borrow().map_or((0, 0), |phases| phases.peak_bytes())
    }

    pub(super) fn pool(&self) -> &'m Pool<'m, S> {
        self.pool
    }

    pub(super) fn names(&self) -> &dyn Names<'m, R> {
        &self.context
    }

    /// The phases, with nothing in them. (Something is, if a panic left the last compilation:
    /// what clears up after one must not tell a hook of it, which may panic again.)
    fn phases(&self) -> Result<RefMut<'_, Phases<'m>>, Error> {
        let mut phases = self.phases.try_borrow_mut().map_err(|_| Error::busy())?;
        if cfg!(panic = "unwind") && phases.used_bytes() != (0, 0) {
            phases.parse.reset();
            phases.ir.reset();
        }
        Ok(phases)
    }

    /// Runs the first two phases and shows what they made. Nothing is kept but copies of
    /// arrays, and natives.
    pub(super) fn inspect<T>(
        &self,
        text: &str,
        frame: &mut Frame<'m, R, S>,
        show: impl FnOnce(&Expr<'_, R>, &Ir<'_, R>) -> T,
    ) -> Result<T, Error> {
        let mut phases = self.phases()?;
        let Phases { parse: trees, ir: checked } = &mut *phases;
        let limits = &self.limits;
        let shown = parse(text, trees, limits).and_then(|tree| {
            let ir = resolve(&tree, trees, checked, &self.context, frame, limits)?;
            Ok(show(&tree, &ir))
        });
        frame.begin();
        trees.reset();
        checked.reset();
        shown
    }

    /// Runs all three phases; each one's arena is reset as soon as the next is done.
    /// What the program uses of the frame is noted in it. Out of line: it is large,
    /// and has many callers.
    #[inline(never)]
    pub(super) fn compile(
        &self,
        text: &str,
        frame: &mut Frame<'m, R, S>,
    ) -> Result<Program<'m, R, S>, Error> {
        let mut phases = self.phases()?;
        let Phases { parse: trees, ir: checked } = &mut *phases;
        let limits = &self.limits;
        let ir = parse(text, trees, limits)
            .and_then(|tree| resolve(&tree, trees, checked, &self.context, frame, limits));
        trees.reset();
        let program = ir.and_then(|ir| {
            let lowered = lower_last(&ir, checked, self.pool, frame, limits);
            lowered.map_err(|error| Error::at(error.kind, text, Span::default()))
        });
        checked.reset();
        program
    }
}

impl<R: Real, S: ReleaseStrategy> fmt::Debug for Engine<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("context", &self.context)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Evaluates one text with some named numbers. For a single use: what is evaluated
/// again, an [`Engine`] compiles once.
///
/// ```
/// use arraypool::expr::interp;
///
/// assert_eq!(interp("sqrt(a^2 + b^2)", &[("a", 3.0), ("b", 4.0)])?, 5.0);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
///
/// # Errors
/// What is wrong with the text, or [`ErrorKind::Failed`].
#[cfg(feature = "alloc")]
pub fn interp(text: &str, values: &[(&str, f64)]) -> Result<f64, Error> {
    let pool = Pool::<DefaultStrategy>::builder().try_build()?;
    let pool = Pool::from(pool);
    let engine = Engine::<f64>::new(&pool);
    let mut batch = Batch::new(&engine);
    for (name, value) in values {
        batch.parameter(name, *value)?;
    }
    let index = batch.add(text)?;
    batch.eval();
    batch.value(index).map_err(|failure| Error::plain(ErrorKind::Failed(failure)))
}
