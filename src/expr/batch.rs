//! A batch: expressions over common parameters, evaluated together, tick by tick.

use core::fmt;

use super::ast::{Expr, Span};
use super::engine::Engine;
use super::error::{Error, ErrorKind};
use super::failure::Failure;
use super::frame::Frame;
use super::ir::Ir;
use super::memory::{Array, Vector};
use super::program::{Cost, Program, World};
use super::real::Real;
use crate::error::AllocError;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

struct Entry<'m, R: Real, S: ReleaseStrategy> {
    program: Program<'m, R, S>,
    status: Result<(), Failure>,
    text: Array<'m, u8, S>,
    /// Empty: it has none.
    name: Array<'m, u8, S>,
}

/// Expressions over common parameters.
///
/// One [`eval`](Self::eval) is a tick: it evaluates all expressions in order, and
/// allocates nothing. An expression that fails has a status of its own and the
/// result NaN; the others are not touched.
///
/// Expressions can be added, replaced and removed between ticks. What they held
/// goes back to the engine's pool; an index stays what it is until its expression
/// is removed, and then serves the next one.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// let x = batch.parameter("x", 2.0)?;
/// let sum = batch.add("x + 1")?;
/// batch.set(x, 4.0);
/// batch.eval();
/// assert_eq!(batch.result(sum), Some(5.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Batch<'e, 'm, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    engine: &'e Engine<'m, R, S>,
    frame: Frame<'m, R, S>,
    entries: Vector<'m, Option<Entry<'m, R, S>>, S>,
    results: Vector<'m, R, S>,
    /// The versions of the context that programs and values are of.
    seen: (u32, u32),
    /// Every program is to be made anew before the next tick.
    stale: bool,
}

impl<'e, 'm, R: Real, S: ReleaseStrategy> Batch<'e, 'm, R, S> {
    pub(super) fn new(engine: &'e Engine<'m, R, S>) -> Self {
        let pool = engine.pool();
        Self {
            engine,
            frame: Frame::new(pool),
            entries: pool.vec(),
            results: pool.vec(),
            seen: engine.names().versions(),
            stale: false,
        }
    }

    /// Adds a parameter; its index counts up from 0. It hides a variable of the
    /// context with the same name.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let y = batch.parameter("y", 3.0)?;
    /// assert_eq!((x, y), (0, 1));
    /// assert!(batch.parameter("x", 0.0).is_err());            // there is one already
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if it is there already or none,
    /// [`ErrorKind::TooManySlots`], [`ErrorKind::Memory`].
    pub fn parameter(&mut self, name: &str, value: R) -> Result<usize, Error> {
        let index = self.frame.parameter(name, value)?;
        self.stale |= !self.entries.is_empty();
        Ok(index)
    }

    /// Adds an expression; the answer is its index.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let twice = batch.add("2 * x")?;
    /// batch.eval();
    /// assert_eq!((x, batch.result(twice)), (0, Some(4.0)));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with it. The batch is as before then.
    pub fn add(&mut self, text: &str) -> Result<usize, Error> {
        self.add_named("", text)
    }

    /// Adds an expression with a name to find its result by.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// batch.add_named("twice", "2 * x")?;
    /// batch.set(x, 3.0);
    /// batch.eval();
    /// assert_eq!(batch.result_by_name("twice"), Some(6.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add`](Self::add), and [`ErrorKind::InvalidName`] if it is taken.
    pub fn add_named(&mut self, name: &str, text: &str) -> Result<usize, Error> {
        if !name.is_empty() && self.index_of(name).is_some() {
            return Err(Error::at(ErrorKind::InvalidName, name, Span::default()));
        }
        let vacant = self.entries.iter().position(Option::is_none);
        if vacant.is_none() {
            self.entries.try_reserve(1).map_err(memory)?;
            self.results.try_reserve(1).map_err(memory)?;
        }
        let entry = self.compile(name, text)?;
        Ok(match vacant {
            Some(index) => {
                self.entries[index] = Some(entry);
                index
            }
            None => {
                // There is room for both, so that neither push can fail.
                self.results.try_push(R::NAN).map_err(memory)?;
                self.entries.try_push(Some(entry)).map_err(memory)?;
                self.entries.len() - 1
            }
        })
    }

    /// Puts another expression in the place of one, under the same name.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let index = batch.add("2 * x")?;
    /// batch.replace(index, "x + 1")?;
    /// batch.set(x, 3.0);
    /// batch.eval();
    /// assert_eq!(batch.result(index), Some(4.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with it; the old one stays then. [`ErrorKind::NoSuchIndex`].
    pub fn replace(&mut self, index: usize, text: &str) -> Result<(), Error> {
        if !self.entries.get(index).is_some_and(Option::is_some) {
            return Err(Error::plain(ErrorKind::NoSuchIndex));
        }
        let entry = self.compile("", text)?;
        if let Some(Some(old)) = self.entries.get_mut(index) {
            let name = core::mem::replace(&mut old.name, entry.name);
            let before = core::mem::replace(old, Entry { name, ..entry });
            self.frame.release(before.program.uses);
        }
        self.results[index] = R::NAN;
        Ok(())
    }

    /// Removes an expression; false: there is none.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let index = batch.add("2 * x")?;
    /// assert!(batch.remove(index) && !batch.remove(index));
    /// # let _ = x;
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn remove(&mut self, index: usize) -> bool {
        let Some(entry) = self.entries.get_mut(index).and_then(Option::take) else { return false };
        self.frame.release(entry.program.uses);
        self.results[index] = R::NAN;
        true
    }

    /// Removes all expressions. Parameters stay.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// batch.add("2 * x")?;
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// # let _ = x;
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn clear(&mut self) {
        for index in 0..self.entries.len() {
            self.remove(index);
        }
        self.entries.clear();
        self.results.clear();
        self.frame.clear();
    }

    #[inline(never)]
    fn compile(&mut self, name: &str, text: &str) -> Result<Entry<'m, R, S>, Error> {
        let pool = self.engine.pool();
        let kept = pool.copy(text.as_bytes()).map_err(memory)?;
        let name = pool.copy(name.as_bytes()).map_err(memory)?;
        let program = self.engine.compile(text, &mut self.frame)?;
        Ok(Entry { program, status: Err(Failure::NotEvaluated), text: kept, name })
    }

    /// Sets a parameter; false: there is none of this index.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// assert!(batch.set(x, 3.0) && !batch.set(99, 3.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[inline]
    pub fn set(&mut self, index: usize, value: R) -> bool {
        self.frame.set(index, value)
    }

    /// Sets a parameter by name; false: there is none. Linear in their number.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let square = batch.add("x ^ 2")?;
    /// assert!(batch.set_by_name("x", 3.0) && !batch.set_by_name("y", 3.0));
    /// batch.eval();
    /// assert_eq!(batch.result(square), Some(9.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn set_by_name(&mut self, name: &str, value: R) -> bool {
        self.parameter_index(name).is_some_and(|index| self.set(index, value))
    }

    /// The index of a parameter. Linear in their number.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// assert_eq!((batch.parameter_index("x"), batch.parameter_index("y")), (Some(x), None));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        self.frame.names.find(name.as_bytes())
    }

    /// The index of a named expression. Linear in their number.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// # let mut batch = engine.batch().build();
    /// batch.parameter("x", 2.0)?;
    /// let twice = batch.add_named("twice", "2 * x")?;
    /// assert_eq!((batch.index_of("twice"), batch.index_of("x")), (Some(twice), None));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let has_name = |entry: &Entry<'_, R, S>| *entry.name == *name.as_bytes();
        self.entries.iter().position(|entry| entry.as_ref().is_some_and(has_name))
    }

    /// Evaluates all expressions, in order.
    ///
    /// Takes at most [`cost`](Self::cost), and no memory, unless a definition of
    /// the context has changed since the last tick: then every expression is
    /// compiled anew first. Never panics.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// let x = batch.parameter("x", 2.0)?;
    /// let twice = batch.add("2 * x")?;
    /// for tick in 0..3 {
    ///     batch.set(x, f64::from(tick));
    ///     batch.eval();                               // takes no memory
    /// }
    /// assert_eq!(batch.result(twice), Some(4.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn eval(&mut self) {
        if self.stale || self.engine.names().versions() != self.seen {
            self.catch_up();
        }
        let limits = *self.engine.limits();
        let frame = &self.frame;
        let mut world = World::over(frame, &limits);
        for (entry, result) in self.entries.iter_mut().zip(self.results.iter_mut()) {
            let Some(entry) = entry else { continue };
            let Some(first) = entry.program.nodes.first() else { continue };
            world.nodes = &entry.program.nodes;
            *result = (first.run)(first, &frame.slots, &world);
            entry.status = Ok(());
            if let Some(failure) = world.failure.get() {
                *result = R::NAN;
                entry.status = Err(failure);
                world.failure.set(None);
            }
            world.calls.set(limits.calls);
        }
    }

    /// Follows what has changed in the context.
    #[cold]
    #[inline(never)]
    fn catch_up(&mut self) {
        let now = self.engine.names().versions();
        if self.stale || now.1 != self.seen.1 {
            self.stale = false;
            self.compile_anew();
        }
        self.frame.refresh(self.engine.names());
        self.seen = now;
    }

    fn compile_anew(&mut self) {
        self.frame.clear();
        for index in 0..self.entries.len() {
            let Some(Some(entry)) = self.entries.get_mut(index) else { continue };
            self.frame.release(core::mem::take(&mut entry.program.uses));
            let text = core::str::from_utf8(&entry.text).unwrap_or_default();
            match self.engine.compile(text, &mut self.frame) {
                Ok(program) => entry.program = program,
                Err(error) => {
                    // Without memory there is no program now, but maybe next time.
                    self.stale |= matches!(error.kind, ErrorKind::Memory(_) | ErrorKind::Busy);
                    if let Ok(nothing) = self.engine.pool().copy(&[]) {
                        entry.program.nodes = nothing;
                    }
                    entry.program.cost = Cost::default();
                    entry.status = Err(Failure::DoesNotCompile);
                    self.results[index] = R::NAN;
                }
            }
        }
    }

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

    /// How an expression fared in the last tick; `None`: there is none.
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
    /// it. Nothing is kept.
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
    /// [`Program::display`]. Nothing, if it does not compile any more.
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

    /// Expressions of the batch.
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

    /// Steps that a tick can take at most.
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

    /// Nodes that are being evaluated at the same time at most: each is a call of
    /// a native function, of some 16 to 100 bytes of stack.
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

fn memory(error: AllocError) -> Error {
    Error::plain(ErrorKind::Memory(error))
}

impl<R: Real, S: ReleaseStrategy> fmt::Debug for Batch<'_, '_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(entry) = entry {
                let text = core::str::from_utf8(&entry.text).unwrap_or_default();
                map.entry(&text, &(self.results.get(index), entry.status));
            }
        }
        map.finish()
    }
}

/// A batch that is being put together.
///
/// ```
/// use arraypool::expr::{BatchBuilder, Engine, Error, Pool};
///
/// fn controller(batch: &mut BatchBuilder<'_, '_>) -> Result<usize, Error> {
///     batch.parameter("error", 0.0)?;
///     batch.add("max(-1, min(1, 0.8 * error))")
/// }
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut builder = engine.batch();
/// let output = controller(&mut builder)?;
/// let mut batch = builder.build();
/// batch.eval();
/// assert_eq!(batch.result(output), Some(0.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BatchBuilder<'e, 'm, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    batch: Batch<'e, 'm, R, S>,
}

impl<'e, 'm, R: Real, S: ReleaseStrategy> BatchBuilder<'e, 'm, R, S> {
    pub(super) fn new(batch: Batch<'e, 'm, R, S>) -> Self {
        Self { batch }
    }

    /// As [`Batch::parameter`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// assert_eq!(builder.parameter("x", 2.0)?, 0);
    /// assert_eq!(builder.parameter("y", 3.0)?, 1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::parameter`].
    pub fn parameter(&mut self, name: &str, value: R) -> Result<usize, Error> {
        self.batch.parameter(name, value)
    }

    /// As [`Batch::add`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// assert_eq!(builder.add("1 + 2")?, 0);
    /// assert!(builder.add("1 +").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::add`].
    pub fn add(&mut self, text: &str) -> Result<usize, Error> {
        self.batch.add(text)
    }

    /// As [`Batch::add_named`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// builder.add_named("seconds", "24 * 60 * 60")?;
    /// let mut batch = builder.build();
    /// batch.eval();
    /// assert_eq!(batch.result_by_name("seconds"), Some(86_400.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::add_named`].
    pub fn add_named(&mut self, name: &str, text: &str) -> Result<usize, Error> {
        self.batch.add_named(name, text)
    }

    /// The batch, which says what a tick of it can take.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// builder.add("1 + 2")?;
    /// let batch = builder.build();
    /// assert_eq!(batch.cost().steps, 1);                      // it is one constant now
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn build(self) -> Batch<'e, 'm, R, S> {
        self.batch
    }
}
