//! Names and what they stand for: variables, arrays, functions, and a parent's.

use core::cell::{Cell, RefCell};
use core::fmt;

use super::error::{Error, ErrorKind, invalid};
use super::function::{Body, Function};
use super::limits::Limits;
use super::memory::{Array, Pool, Vector};
use super::names::{Names, Native, NativeFn, Place, Space, is_attribute, is_name};
use super::operator::Builtin;
use super::parser::parse;
use super::real::Real;
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

enum Meaning<'m, R, S: ReleaseStrategy> {
    Variable(R),
    Constant(R),
    Array(Vector<'m, R, S>),
    Native(Native<'m, R>),
    Function(Function<'m, R, S>),
    /// It was there once. The number is its own until it is another name's.
    Removed,
}

impl<R, S: ReleaseStrategy> Meaning<'_, R, S> {
    fn space(&self) -> Option<Space> {
        match self {
            Self::Variable(_) | Self::Constant(_) => Some(Space::Value),
            Self::Array(_) => Some(Space::Array),
            Self::Native(_) | Self::Function(_) => Some(Space::Function),
            Self::Removed => None,
        }
    }
}

struct Symbol<'m, R, S: ReleaseStrategy> {
    name: Array<'m, u8, S>,
    space: Space,
    meaning: Meaning<'m, R, S>,
}

/// Names and what they stand for.
///
/// Everything that a parent defines is visible, unless a definition of the context's own
/// hides it. Everything takes `&self`, so a context can be changed while batches that
/// use it run: they see a new value, or a new definition, with their next
/// [`eval`](super::Batch::eval).
///
/// ```
/// use arraypool::expr::{Context, Engine, Pool};
///
/// let pool = Pool::new();
/// let plant = Context::new(&pool);
/// plant.set("gain", 2.0)?;
/// plant.set_array("t", &[1.0, 10.0, 100.0])?;
/// plant.define("scaled", &["x"], "x * gain")?;
///
/// let engine = Engine::with_parent(&pool, &plant);
/// engine.context().set("o.x", 0.5)?;
/// engine.context().native("hypot", 2, &|x: &[f64]| x[0].hypot(x[1]))?;
/// assert_eq!(engine.eval("scaled(t[1]) + o.x + hypot(3, 4)")?, 25.5);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Context<'m, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    pool: &'m Pool<'m, S>,
    parent: Option<&'m dyn Names<'m, R>>,
    symbols: RefCell<Vector<'m, Symbol<'m, R, S>, S>>,
    values: Cell<u32>,
    shapes: Cell<u32>,
    limits: Limits,
}

impl<'m, R: Real, S: ReleaseStrategy> Context<'m, R, S> {
    /// An empty context. The bodies of its functions are bounded by [`Limits::DEFAULT`]; see
    /// [`with_limits`](Self::with_limits). Takes no memory yet, never panics.
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
    #[must_use]
    pub fn new(pool: &'m Pool<'m, S>) -> Self {
        Self::build(pool, None, Limits::DEFAULT)
    }

    /// A context that sees everything that its parent sees.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let plant = <Context>::new(&pool);
    /// plant.set("gain", 2.0)?;
    /// let motor = Context::with_parent(&pool, &plant);
    /// motor.set("speed", 5.0)?;
    /// let engine = <Engine>::with_parent(&pool, &motor);
    /// assert_eq!(engine.eval("gain * speed")?, 10.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// The parent's limits bound the bodies of its functions. Names are looked up in at most
    /// 255 parents: what is defined further up is not seen.
    #[must_use]
    pub fn with_parent<'p: 'm>(pool: &'m Pool<'m, S>, parent: &'m Context<'p, R, S>) -> Self {
        Self::build(pool, Some(parent), parent.limits)
    }

    /// An empty context with limits of its own for the bodies of its functions: for their
    /// text, and so for how deep [`define`](Self::define) recurses. Takes no memory yet,
    /// never panics.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, ErrorKind, Limits, Phases, Pool};
    ///
    /// let (pool, limits) = (Pool::new(), Limits { depth: 8, ..Limits::DEFAULT });
    /// let context = <Context>::with_limits(&pool, limits);
    /// let error = context.define("f", &["x"], "-(-(-(-(-(-(-(-(-x))))))))").unwrap_err();
    /// assert_eq!(error.kind, ErrorKind::TooDeep { limit: 8 });
    /// context.define("f", &["x"], "-x")?;
    /// let engine = <Engine>::with(&pool, Phases::new(), limits).under(&context);
    /// assert_eq!(engine.eval("f(2)")?, -2.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn with_limits(pool: &'m Pool<'m, S>, limits: Limits) -> Self {
        Self::build(pool, None, limits)
    }

    pub(super) fn build(
        pool: &'m Pool<'m, S>,
        parent: Option<&'m dyn Names<'m, R>>,
        limits: Limits,
    ) -> Self {
        let symbols = RefCell::new(pool.vec());
        Self { pool, parent, symbols, values: Cell::new(0), shapes: Cell::new(0), limits }
    }

    /// Sets a variable (`x`) or an attribute (`o.x`), new or not.
    ///
    /// Complexity: linear in the number of names. No memory if the name is there; a new one
    /// changes the definitions, so that every batch compiles anew with its next tick.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set("x", 1.0)?;
    /// context.set("x", 2.0)?;
    /// assert_eq!(engine.eval("x")?, 2.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], [`ErrorKind::Memory`], [`ErrorKind::Busy`];
    /// [`ErrorKind::TooManySlots`] for more than 65,535 names.
    pub fn set(&self, name: &str, value: R) -> Result<(), Error> {
        let valid = is_name(name) || is_attribute(name);
        self.put(name, Space::Value, Meaning::Variable(value), valid)
    }

    /// Sets a constant, which is folded into the expressions that use it.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set_constant("half", 0.5)?;
    /// assert_eq!(engine.eval("half * 4")?, 2.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_constant(&self, name: &str, value: R) -> Result<(), Error> {
        self.put(name, Space::Value, Meaning::Constant(value), is_name(name))
    }

    /// Sets an array. The elements are copied; one as long as before needs no memory.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set_array("table", &[1.0, 2.0])?;
    /// assert_eq!(engine.eval("table[1]")?, 2.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_array(&self, name: &str, elements: &[R]) -> Result<(), Error> {
        if let Some(index) = self.own(Space::Array, name) {
            let mut symbols = self.symbols.try_borrow_mut().map_err(|_| Error::busy())?;
            match symbols.get_mut(index) {
                Some(Symbol { meaning: Meaning::Array(old), .. })
                    if old.len() == elements.len() =>
                {
                    old.copy_from_slice(elements);
                    bump(&self.values);
                    return Ok(());
                }
                _ => {}
            }
        }
        let mut array = self.pool.vec();
        array.try_extend_from_slice(elements)?;
        // Another length is another place in the frames of batches.
        self.put(name, Space::Array, Meaning::Array(array), is_name(name))
    }

    /// Defines a native function of `arity` arguments: a closure, or a function.
    /// A built-in one of the same name is hidden. Linear in the number of names.
    ///
    /// Once the evaluation of an expression has failed, the rest of it calls no native
    /// function: the result is NaN in any case. One that panics ends the tick:
    /// [`Batch::eval`](super::Batch::eval) says what becomes of its batch.
    ///
    /// ```
    /// # use arraypool::expr::{Context, Engine, Pool};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let engine = <Engine>::with_parent(&pool, &context);
    /// context.native("hypot", 2, &|x: &[f64]| x[0].hypot(x[1]))?;
    /// assert_eq!(engine.eval("hypot(3, 4)")?, 5.0);
    /// assert!(engine.eval("hypot(3)").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn native(&self, name: &str, arity: u8, function: NativeFn<'m, R>) -> Result<(), Error> {
        let native = Native { arity: Some(arity), function };
        self.put(name, Space::Function, Meaning::Native(native), is_name(name))
    }

    /// Defines a native function of any number of arguments.
    ///
    /// As those of [`native`](Self::native), it is not called behind a failure.
    ///
    /// ```
    /// # use arraypool::expr::{Context, Engine, Pool};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let engine = <Engine>::with_parent(&pool, &context);
    /// context.native_of_any("sum", &|x: &[f64]| x.iter().sum())?;
    /// assert_eq!((engine.eval("sum()")?, engine.eval("sum(1, 2, 3)")?), (0.0, 6.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn native_of_any(&self, name: &str, function: NativeFn<'m, R>) -> Result<(), Error> {
        let native = Native { arity: None, function };
        self.put(name, Space::Function, Meaning::Native(native), is_name(name))
    }

    /// Defines a function by an expression. Its body sees its parameters and the
    /// names of this context and its parents. Names are looked up when the function is
    /// used, so functions may call each other and themselves; but they are looked up
    /// here, where it was defined, never in a context below.
    ///
    /// Complexity: linear in the text, and in the number of names.
    ///
    /// The body is parsed now and once. Defining a name again takes effect with
    /// the next tick of every batch that uses it.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.define("twice", &["x"], "2 * x")?;
    /// assert_eq!(engine.eval("twice(4)")?, 8.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the text; and as [`set`](Self::set).
    #[cfg(feature = "alloc")]
    pub fn define(&self, name: &str, parameters: &[&str], body: &str) -> Result<(), Error> {
        self.define_with(name, parameters, body, &Arena::new())
    }

    /// The same with an arena for the tree, which can be reset afterwards.
    ///
    /// ```
    /// # use arraypool::expr::{Context, Engine, Pool};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let engine = <Engine>::with_parent(&pool, &context);
    /// let mut arena = arraypool::Arena::new();
    /// context.define_with("twice", &["x"], "2 * x", &arena)?;
    /// arena.reset();
    /// assert_eq!(engine.eval("twice(4)")?, 8.0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`define`](Self::define).
    pub fn define_with(
        &self,
        name: &str,
        parameters: &[&str],
        body: &str,
        arena: &Arena<'_>,
    ) -> Result<(), Error> {
        let arity = u8::try_from(parameters.len())
            .map_err(|_| Error::plain(ErrorKind::TooManyArguments))?;
        if let Some(parameter) = parameters.iter().find(|parameter| !is_name(parameter)) {
            return Err(invalid(parameter));
        }
        let tree = parse(body, arena, &self.limits)?;
        let function = Function::keep(self.pool, parameters, arity, &tree, arena)?;
        self.put(name, Space::Function, Meaning::Function(function), is_name(name))
    }

    /// Forgets a variable, constant or attribute.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set("x", 1.0)?;
    /// assert!(context.remove("x") && engine.eval("x").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn remove(&self, name: &str) -> bool {
        self.take(Space::Value, name)
    }

    /// Forgets an array.
    ///
    /// ```
    /// # use arraypool::expr::{Context, Engine, Pool};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let engine = <Engine>::with_parent(&pool, &context);
    /// context.set_array("table", &[1.0, 2.0])?;
    /// assert!(context.remove_array("table") && !context.remove_array("table"));
    /// assert!(engine.eval("table[0]").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn remove_array(&self, name: &str) -> bool {
        self.take(Space::Array, name)
    }

    /// Forgets a function; one that it hid is there again.
    ///
    /// ```
    /// # use arraypool::expr::{Context, Engine, Pool};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let engine = <Engine>::with_parent(&pool, &context);
    /// context.define("max", &["a", "b"], "0")?;
    /// assert_eq!(engine.eval("max(3, 4)")?, 0.0);
    /// context.remove_function("max");
    /// assert_eq!(engine.eval("max(3, 4)")?, 4.0);              // the built-in one
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn remove_function(&self, name: &str) -> bool {
        self.take(Space::Function, name)
    }

    /// The value of a variable, constant or attribute, here or in a parent.
    ///
    /// ```
    /// use arraypool::expr::{Context, Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let context = <Context>::new(&pool);
    /// let engine = <Engine>::with_parent(&pool, &context);
    /// context.set("x", 1.0)?;
    /// assert_eq!(context.get("x"), Some(1.0));
    /// # engine.eval("x")?;
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<R> {
        let place = self.find(0, Space::Value, name.as_bytes())?;
        self.value(place).map(|(value, _)| value)
    }

    fn own(&self, space: Space, name: &str) -> Option<usize> {
        let symbols = self.symbols.try_borrow().ok()?;
        symbols.iter().position(|symbol| symbol.space == space && *symbol.name == *name.as_bytes())
    }

    fn put(
        &self,
        name: &str,
        space: Space,
        meaning: Meaning<'m, R, S>,
        valid: bool,
    ) -> Result<(), Error> {
        if !valid {
            return Err(invalid(name));
        }
        // What takes memory comes first: a hook that is told of it may look for names.
        let is_new = self.own(space, name).is_none();
        let copy = || self.pool.copy(name.as_bytes());
        let more = if is_new { Some((copy()?, self.room()?)) } else { None };
        let own = self.own(space, name);
        let mut symbols = self.symbols.try_borrow_mut().map_err(|_| Error::busy())?;
        let same_shape = match own.and_then(|index| symbols.get_mut(index)) {
            Some(symbol) => {
                let both = (&symbol.meaning, &meaning);
                let same = matches!(both, (Meaning::Variable(_), Meaning::Variable(_)));
                symbol.meaning = meaning;
                same
            }
            None => {
                let (name, mut room) = more.ok_or(Error::busy())?;
                let symbol = Symbol { name, space, meaning };
                let limit = usize::from(u16::MAX);
                let is_full = symbols.len() >= limit;
                match symbols.iter_mut().find(|symbol| symbol.meaning.space().is_none()) {
                    Some(vacant) => *vacant = symbol,
                    None if is_full => return Err(Error::plain(ErrorKind::TooManySlots { limit })),
                    None => {
                        if room.capacity() > symbols.len() {
                            room.try_append(&mut symbols)?;
                            *symbols = room;
                        }
                        symbols.try_push(symbol)?;
                    }
                }
                false
            }
        };
        bump(if same_shape { &self.values } else { &self.shapes });
        Ok(())
    }

    /// Room for all symbols and one more, if there is none where they are.
    fn room(&self) -> Result<Vector<'m, Symbol<'m, R, S>, S>, Error> {
        let mut room = self.pool.vec();
        let symbols = self.symbols.try_borrow().map_err(|_| Error::busy())?;
        let all = symbols.iter().all(|symbol| symbol.meaning.space().is_some());
        let (length, is_full) = (symbols.len(), all && symbols.len() == symbols.capacity());
        drop(symbols);
        // As a vector grows.
        let more = if S::RECLAIMS { 1 } else { length.max(1) };
        room.try_reserve(if is_full { length + more } else { 0 })?;
        Ok(room)
    }

    fn take(&self, space: Space, name: &str) -> bool {
        let Some(index) = self.own(space, name) else { return false };
        let Ok(mut symbols) = self.symbols.try_borrow_mut() else { return false };
        let symbol = symbols.get_mut(index).filter(|symbol| symbol.meaning.space().is_some());
        let Some(symbol) = symbol else { return false };
        symbol.meaning = Meaning::Removed;
        bump(&self.shapes);
        true
    }

    /// What `use_it` makes of a symbol, or what the parent makes of it.
    fn at<T>(
        &self,
        place: Place,
        use_it: impl FnOnce(&Symbol<'m, R, S>) -> Option<T>,
        above: impl FnOnce(&dyn Names<'m, R>, Place) -> Option<T>,
    ) -> Option<T> {
        if let Some(level) = place.level.checked_sub(1) {
            return above(self.parent?, Place { level, ..place });
        }
        let symbols = self.symbols.try_borrow().ok()?;
        use_it(symbols.get(usize::from(place.index))?)
    }
}

impl<'m, 'p: 'm, R: Real, S: ReleaseStrategy> Names<'m, R> for Context<'p, R, S> {
    fn find(&self, level: u8, space: Space, name: &[u8]) -> Option<Place> {
        if let Some(level) = level.checked_sub(1) {
            let place = self.parent?.find(level, space, name)?;
            return Some(Place { level: place.level.checked_add(1)?, ..place });
        }
        let symbols = self.symbols.try_borrow().ok()?;
        let found = symbols
            .iter()
            .position(|symbol| symbol.meaning.space() == Some(space) && *symbol.name == *name);
        match found {
            Some(index) => Some(Place { level: 0, index: u16::try_from(index).ok()? }),
            None => {
                let place = self.parent?.find(0, space, name)?;
                Some(Place { level: place.level.checked_add(1)?, ..place })
            }
        }
    }

    fn value(&self, place: Place) -> Option<(R, bool)> {
        let of = |symbol: &Symbol<'_, R, S>| match symbol.meaning {
            Meaning::Variable(value) => Some((value, false)),
            Meaning::Constant(value) => Some((value, true)),
            _ => None,
        };
        self.at(place, of, |parent, place| parent.value(place))
    }

    fn array(&self, place: Place, show: &mut dyn FnMut(&[R])) {
        if place.level > 0 {
            let above = Place { level: place.level - 1, ..place };
            if let Some(parent) = self.parent {
                parent.array(above, show);
            }
            return;
        }
        let Ok(symbols) = self.symbols.try_borrow() else { return };
        if let Some(Symbol { meaning: Meaning::Array(array), .. }) =
            symbols.get(usize::from(place.index))
        {
            show(array);
        }
    }

    fn native(&self, place: Place) -> Option<Native<'m, R>> {
        if let Some(level) = place.level.checked_sub(1) {
            let native = self.parent?.native(Place { level, ..place })?;
            return Some(Native { arity: native.arity, function: native.function });
        }
        let symbols = self.symbols.try_borrow().ok()?;
        match symbols.get(usize::from(place.index))?.meaning {
            Meaning::Native(native) => Some(native),
            _ => None,
        }
    }

    fn body<'a>(
        &self,
        place: Place,
        levels: u16,
        arena: &'a Arena<'_>,
    ) -> Result<Option<Body<'a, R>>, AllocError> {
        let of = |symbol: &Symbol<'_, R, S>| match &symbol.meaning {
            Meaning::Function(function) => Some(function.expand(&symbol.name, levels, arena)),
            _ => None,
        };
        let found =
            self.at(place, of, |parent, place| parent.body(place, levels, arena).transpose());
        found.transpose()
    }

    fn versions(&self) -> (u32, u32) {
        let (values, shapes) = self.parent.map_or((0, 0), Names::versions);
        (self.values.get().wrapping_add(values), self.shapes.get().wrapping_add(shapes))
    }

    fn each_name(&self, level: u8, space: Space, show: &mut dyn FnMut(&[u8])) {
        if let (0, Ok(symbols)) = (level, self.symbols.try_borrow()) {
            for symbol in symbols.iter().filter(|symbol| symbol.meaning.space() == Some(space)) {
                show(&symbol.name);
            }
        }
        if let Some(parent) = self.parent {
            parent.each_name(level.saturating_sub(1), space, show);
        } else if space == Space::Function {
            for name in super::operator::NAMES {
                debug_assert!(Builtin::find(name.as_bytes()).is_some());
                show(name.as_bytes());
            }
        }
    }
}

fn bump(version: &Cell<u32>) {
    version.set(version.get().wrapping_add(1));
}

impl<R: Real, S: ReleaseStrategy> fmt::Debug for Context<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_list();
        if let Ok(symbols) = self.symbols.try_borrow() {
            for symbol in symbols.iter() {
                names.entry(&core::str::from_utf8(&symbol.name).unwrap_or_default());
            }
        }
        names.finish()
    }
}
