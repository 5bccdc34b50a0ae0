//! What is asked of a context, whatever it keeps its names in.

use super::function::Body;
use crate::arena::Arena;
use crate::error::AllocError;

/// A function of the program around: any number of numbers to one.
///
/// ```
/// use arraypool::expr::{Engine, NativeFn, Pool};
///
/// let mean: NativeFn<'_, f64> = &|x| x.iter().sum::<f64>() / x.len() as f64;
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// engine.context().native_of_any("mean", mean)?;
/// assert_eq!(engine.eval("mean(1, 2, 6)")?, 3.0);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub type NativeFn<'m, R> = &'m (dyn Fn(&[R]) -> R + 'm);

/// A native function, as expressions call it.
#[derive(Clone, Copy)]
pub(super) struct Native<'m, R> {
    /// `None`: any number of arguments.
    pub(super) arity: Option<u8>,
    pub(super) function: NativeFn<'m, R>,
}

/// Names of different spaces do not meet: `x`, `x[0]` and `x(1)` may all be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Value,
    Array,
    Function,
}

/// Where a definition is: so many parents up, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) level: u8,
    pub(super) index: u16,
}

/// What a compilation and a batch ask of a context and its parents.
pub(super) trait Names<'m, R> {
    /// The definition that a name has here or above, seen from so many levels up. `None`:
    /// nobody has the name, or the definitions are being changed.
    fn find(&self, level: u8, space: Space, name: &[u8]) -> Option<Place>;
    /// A number: (it, whether it is a constant).
    fn value(&self, place: Place) -> Option<(R, bool)>;
    /// Shows an array.
    fn array(&self, place: Place, show: &mut dyn FnMut(&[R]));
    fn native(&self, place: Place) -> Option<Native<'m, R>>;
    /// An expression function, as a tree in an arena, which has no terms if it is
    /// higher than so many levels; `None`: it is none.
    fn body<'a>(
        &self,
        place: Place,
        levels: u16,
        arena: &'a Arena<'_>,
    ) -> Result<Option<Body<'a, R>>, AllocError>;
    /// Changes when a value does, and when a definition does.
    fn versions(&self) -> (u32, u32);
    /// The names that can be found from so many levels up.
    fn each_name(&self, level: u8, space: Space, show: &mut dyn FnMut(&[u8]));
}

/// Whether a text is a name, as those of variables, arrays and functions are.
pub(super) fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        part.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
            && part.bytes().next().is_some_and(|first| !first.is_ascii_digit())
    };
    name.len() <= usize::from(u8::MAX) && part(name)
}

/// The same of an attribute's, which is two names.
pub(super) fn is_attribute(name: &str) -> bool {
    let split = name.split_once('.');
    name.len() <= usize::from(u8::MAX)
        && split.is_some_and(|(object, attribute)| is_name(object) && is_name(attribute))
}
