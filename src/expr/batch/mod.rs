//! A batch: expressions over common parameters, evaluated together, tick by tick.

mod answers;
mod builder;

use core::fmt;

pub use builder::BatchBuilder;

use crate::expr::engine::Engine;
use crate::expr::error::{Error, ErrorKind, invalid};
use crate::expr::failure::Failure;
use crate::expr::frame::Frame;
use crate::expr::memory::{Array, Vector};
use crate::expr::program::{Cost, Program, World};
use crate::expr::real::Real;
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
/// allocates nothing, unless it has to compile them anew. An expression that fails has a
/// status of its own and the result NaN; the others are not affected.
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

    /// Adds a parameter; its index counts up from 0. It hides a variable, or an attribute
    /// such as `motor.angle`, of the context with the same name.
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
    /// [`ErrorKind::InvalidName`] if the name is taken or is none,
    /// [`ErrorKind::TooManySlots`], [`ErrorKind::Memory`].
    pub fn parameter(&mut self, name: &str, value: R) -> Result<usize, Error> {
        let index = self.frame.parameter(name, value)?;
        self.stale |= !self.entries.is_empty();
        Ok(index)
    }

    /// Adds an expression and returns its index.
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
    /// Complexity: linear in the number of expressions, for a vacant index, and as
    /// [`resolve`](crate::expr::resolve()) is.
    ///
    /// # Errors
    /// What is wrong with it. The batch is then as before, except that its frame may keep
    /// copies of arrays, natives and windows of calls (see [`lower`](crate::expr::lower())).
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
    /// As [`add`](Self::add), and [`ErrorKind::InvalidName`] if the name is taken.
    pub fn add_named(&mut self, name: &str, text: &str) -> Result<usize, Error> {
        if self.index_of(name).is_some() {
            return Err(invalid(name));
        }
        let vacant = self.entries.iter().position(Option::is_none);
        if vacant.is_none() {
            self.entries.try_reserve(1)?;
            self.results.try_reserve(1)?;
        }
        let entry = self.compile(name, text)?;
        Ok(match vacant {
            Some(index) => {
                self.entries[index] = Some(entry);
                index
            }
            None => {
                // There is room for both, so that neither push can fail.
                self.results.try_push(R::NAN)?;
                self.entries.try_push(Some(entry))?;
                self.entries.len() - 1
            }
        })
    }

    /// Replaces an expression by another one, under the same name.
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
    /// Complexity: as [`resolve`](crate::expr::resolve()), whatever the number of
    /// expressions.
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

    /// Removes an expression; false if there is none. Constant time: at most one step for
    /// each slot of the frame, and for each value of the context that is followed.
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
        let kept = pool.copy(text.as_bytes())?;
        let name = pool.copy(name.as_bytes())?;
        let program = self.engine.compile(text, &mut self.frame)?;
        Ok(Entry { program, status: Err(Failure::NotEvaluated), text: kept, name })
    }

    /// Sets a parameter; false if there is none of this index.
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

    /// Sets a parameter by name; false if there is none. Linear in their number.
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
        if name.is_empty() {
            return None;
        }
        let has_name = |entry: &Entry<'_, R, S>| *entry.name == *name.as_bytes();
        self.entries.iter().position(|entry| entry.as_ref().is_some_and(has_name))
    }

    /// Evaluates all expressions, in order.
    ///
    /// Takes at most [`cost`](Self::cost), and no memory, unless the context has changed
    /// since the last tick:
    ///
    /// - a value: then everything that the batch follows in the context is copied first,
    ///   with all of each array that it indexes by computed values;
    /// - a definition (a name that is set for the first time is one, even if no expression
    ///   has it), or a parameter was added after an expression: then every expression is
    ///   compiled anew first, and again in each tick for as long as one of them had no memory
    ///   for that, or the engine was in use.
    ///
    /// So set every name once before the loop, and pass what changes in each tick as a
    /// parameter, by [`set`](Self::set). Never panics, unless a native does, or a hook or a
    /// source of an arena that is asked for memory: then no expression has a value,
    /// [`Failure::NotEvaluated`], until the next tick.
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
        let unfinished = Unfinished(self);
        unfinished.0.tick();
        core::mem::forget(unfinished);
    }

    #[inline(always)]
    fn tick(&mut self) {
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
            // Also if this panics: what it leaves is half made.
            self.stale = true;
            self.stale = self.compile_anew();
        }
        self.frame.refresh(self.engine.names());
        self.seen = now;
    }

    /// Compiles everything, and says whether that is to be done again.
    fn compile_anew(&mut self) -> bool {
        let mut again = false;
        self.frame.clear();
        // All slots are free before the first is taken: what one expression has no
        // use for any more is there for the others.
        for entry in self.entries.iter_mut().flatten() {
            self.frame.release(core::mem::take(&mut entry.program.uses));
        }
        for index in 0..self.entries.len() {
            let Some(Some(entry)) = self.entries.get_mut(index) else { continue };
            let text = core::str::from_utf8(&entry.text).unwrap_or_default();
            match self.engine.compile(text, &mut self.frame) {
                Ok(program) => entry.program = program,
                Err(error) => {
                    // Without memory there is no program now, but maybe next time.
                    again |= matches!(error.kind, ErrorKind::Memory(_) | ErrorKind::Busy);
                    if let Ok(nothing) = self.engine.pool().copy(&[]) {
                        entry.program.nodes = nothing;
                    }
                    entry.program.cost = Cost::default();
                    entry.status = Err(Failure::DoesNotCompile);
                    self.results[index] = R::NAN;
                }
            }
        }
        again
    }
}

/// A tick that a panic may end: then no answer is one of before.
struct Unfinished<'b, 'e, 'm, R: Real, S: ReleaseStrategy>(&'b mut Batch<'e, 'm, R, S>);

impl<R: Real, S: ReleaseStrategy> Drop for Unfinished<'_, '_, '_, R, S> {
    fn drop(&mut self) {
        self.0.results.fill(R::NAN);
        for entry in self.0.entries.iter_mut().flatten() {
            if entry.status != Err(Failure::DoesNotCompile) {
                entry.status = Err(Failure::NotEvaluated);
            }
        }
    }
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
