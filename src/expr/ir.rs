//! The checked form: names resolved to slots, constants folded, functions in place.

use core::fmt::{self, Display, Formatter};

use super::operator::{Op1, Op2};
use super::print::{Call, Number, One, Two};
use super::real::Real;

/// One term of the checked form: 16 bytes on a 64-bit machine. A term is `total` if it
/// always has a value and changes nothing, whatever its operands are.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// batch.parameter("a", 1.0)?;
/// let terms = batch.inspect("a * (2 + 3)", |_, ir| ir.root.children().len())?;
/// assert_eq!(terms, 2);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are what they are in every variant")]
pub enum Term<'a, R = f64> {
    /// A number.
    Constant(R),
    /// A slot of the frame: a parameter, or a bound variable, attribute or element.
    Slot(u8),
    /// A slot of the window of a function that is being called.
    Local(u8),
    /// One operand.
    One { op: Op1, total: bool, height: u16, operand: &'a Term<'a, R> },
    /// Two operands.
    Two { op: Op2, total: bool, height: u16, operands: &'a [Term<'a, R>; 2] },
    /// Condition, and what it chooses from.
    Conditional { total: bool, height: u16, parts: &'a [Term<'a, R>; 3] },
    /// An element of an array of the frame.
    Index { height: u16, array: u16, index: &'a Term<'a, R> },
    /// A call of a native function of the frame.
    Native { height: u16, native: u16, arguments: &'a &'a [Term<'a, R>] },
    /// A call of a function of this expression that recurses.
    Call { function: u8, height: u16, arguments: &'a &'a [Term<'a, R>] },
    /// Sets a slot to the first part, and is the second.
    Let { slot: u8, local: bool, height: u16, parts: &'a [Term<'a, R>; 2] },
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Term<'_, f64>>() == 16);

/// A function that recurses, of one expression.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// batch.parameter("a", 1.0)?;
/// let functions = batch.inspect("a + 1", |_, ir| ir.functions.len())?;
/// assert_eq!(functions, 0);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Recursive<'a, R = f64> {
    /// What a call evaluates.
    pub body: Term<'a, R>,
    /// Parameters, which are the first slots of its window.
    pub arity: u8,
    /// Slots of its window.
    pub window: u8,
}

/// A checked expression.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// batch.parameter("a", 1.0)?;
/// let shown = batch.inspect("a * (2 + 3)", |_, ir| ir.to_string())?;
/// assert_eq!(shown, "(s0 * 5.0)");
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ir<'a, R = f64> {
    /// What is evaluated.
    pub root: Term<'a, R>,
    /// The functions that [`Term::Call`] calls, by number.
    pub functions: &'a [Recursive<'a, R>],
    /// Nodes of its program, at most.
    pub(super) nodes: usize,
    /// Its number among the expressions of its frame.
    pub(super) turn: u32,
}

impl<'a, R: Real> Term<'a, R> {
    /// What stands where a term is to come.
    pub(super) const NOTHING: Self = Self::Constant(R::NAN);

    /// Levels below and including this term.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// batch.parameter("a", 1.0)?;
    /// let height = batch.inspect("a * (2 + 3)", |_, ir| ir.root.height())?;
    /// assert!(height >= 1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn height(&self) -> u16 {
        match *self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => 1,
            Self::One { height, .. }
            | Self::Two { height, .. }
            | Self::Conditional { height, .. }
            | Self::Index { height, .. }
            | Self::Native { height, .. }
            | Self::Call { height, .. }
            | Self::Let { height, .. } => height,
        }
    }

    /// The terms right below this one.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// batch.parameter("a", 1.0)?;
    /// let children = batch.inspect("-a", |_, ir| ir.root.children().len())?;
    /// assert_eq!(children, 1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn children(&self) -> &'a [Self] {
        match *self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => &[],
            Self::One { operand, .. } => core::slice::from_ref(operand),
            Self::Index { index, .. } => core::slice::from_ref(index),
            Self::Two { operands, .. } => operands,
            Self::Conditional { parts, .. } => parts,
            Self::Native { arguments, .. } | Self::Call { arguments, .. } => arguments,
            Self::Let { parts, .. } => parts,
        }
    }

    /// Whether it has always a value and changes nothing, so that it may be
    /// evaluated later or not at all.
    #[inline(always)]
    pub(super) fn is_total(&self) -> bool {
        match *self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => true,
            Self::One { total, .. } | Self::Two { total, .. } | Self::Conditional { total, .. } => {
                total
            }
            _ => false,
        }
    }

    /// Whether it costs nothing to evaluate it twice.
    pub(super) fn is_leaf(&self) -> bool {
        matches!(self, Self::Constant(_) | Self::Slot(_) | Self::Local(_))
    }

    /// Terms of the tree.
    ///
    /// ```
    /// use arraypool::expr::{Engine, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::new(&pool);
    /// let mut batch = engine.batch().build();
    /// batch.parameter("a", 1.0)?;
    /// let count = batch.inspect("a * (2 + 3)", |_, ir| ir.root.count())?;
    /// assert_eq!(count, 3);                           // folded
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.children().iter().map(Self::count).sum::<usize>()
    }
}

/// Prints with slots as names: `s3` of the frame, `w0` of a function's window,
/// `t0[...]` for arrays, `n0(...)` for natives, `f0(...)` for functions that
/// recurse, `let(s9, x, y)` for `y` with the slot set to `x` before. It reads as an
/// expression, with everything in parentheses; functions that recurse follow, each
/// on a line of its own: `f0/2: ` and its body.
impl<R: Real> Display for Ir<'_, R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)?;
        for (number, function) in self.functions.iter().enumerate() {
            write!(f, "\nf{number}/{}: {}", function.arity, function.body)?;
        }
        Ok(())
    }
}

impl<R: Real> Display for Term<'_, R> {
    /// As deep as the tree is high.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Constant(value) => Number(value).fmt(f),
            Self::Slot(slot) => write!(f, "s{slot}"),
            Self::Local(slot) => write!(f, "w{slot}"),
            Self::One { op, operand, .. } => One(op, operand).fmt(f),
            Self::Two { op, operands: [left, right], .. } => Two(op, left, right).fmt(f),
            Self::Conditional { parts: [condition, first, second], .. } => {
                write!(f, "({condition} ? {first} : {second})")
            }
            Self::Index { array, index, .. } => write!(f, "t{array}[{index}]"),
            Self::Native { native, arguments, .. } => {
                write!(f, "n{native}{}", Call(arguments.iter()))
            }
            Self::Call { function, arguments, .. } => {
                write!(f, "f{function}{}", Call(arguments.iter()))
            }
            Self::Let { slot, local, parts: [value, body], .. } => {
                write!(f, "let({}{slot}, {value}, {body})", if local { "w" } else { "s" })
            }
        }
    }
}
