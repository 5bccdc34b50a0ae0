//! What can go wrong while an expression is evaluated.

use core::fmt;

/// Why an expression has no value in a tick. Its result is NaN then; the other
/// expressions of the batch are not affected.
///
/// ```
/// use arraypool::expr::{Engine, Failure, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// let x = batch.parameter("x", 2.0)?;
/// let index = batch.add("x")?;
/// assert_eq!((x, batch.value(index)), (0, Err(Failure::NotEvaluated)));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// An operator on integers met a number that is not an integer, or a very large one.
    NotAnInteger,
    /// A shift by less than 0 or more than 62, or one that loses bits.
    ShiftOutOfRange,
    /// An index below 0, not a number, or behind the array's end.
    IndexOutOfRange,
    /// Recursion deeper than [`Limits::call_depth`](super::Limits::call_depth).
    TooDeep,
    /// More calls of recursive functions than [`Limits::calls`](super::Limits::calls).
    TooManyCalls,
    /// The definitions have changed, and the expression does not compile with them, or
    /// could not be compiled anew: there was no memory, or the engine was in use.
    DoesNotCompile,
    /// The expression was added, and no tick has evaluated it yet; or the last one ended
    /// with a panic, or its frame was being evaluated already.
    NotEvaluated,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnInteger => "an operator on integers met a number that is none",
            Self::ShiftOutOfRange => "a shift is out of range",
            Self::IndexOutOfRange => "an index is out of range",
            Self::TooDeep => "recursion is deeper than its limit",
            Self::TooManyCalls => "there are more recursive calls than the limit",
            Self::DoesNotCompile => "a definition has changed, and the expression does not fit it",
            Self::NotEvaluated => "the expression has not been evaluated yet",
        })
    }
}

impl core::error::Error for Failure {}
