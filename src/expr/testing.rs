//! An arena for tests: the thread's own, empty for each.

use core::cell::RefCell;

use crate::arena::Arena;

std::thread_local! {
    static ARENA: RefCell<Arena<'static>> = RefCell::new(Arena::new());
}

/// Calls `test` with an empty arena, which the thread keeps for the next call.
/// Called within itself, it takes a fresh one. Public, so that tests of programs which
/// work on trees are as short as those of this crate.
///
/// ```
/// use arraypool::expr::{Limits, parse, with_arena};
///
/// let text = with_arena(|arena| {
///     parse::<f64>("1+2*3", arena, &Limits::DEFAULT).map(|tree| tree.to_string())
/// });
/// assert_eq!(text.as_deref(), Ok("1.0 + 2.0 * 3.0"));
/// ```
pub fn with_arena<T>(test: impl FnOnce(&Arena<'_>) -> T) -> T {
    ARENA.with(|arena| match arena.try_borrow_mut() {
        Ok(mut arena) => {
            arena.reset();
            test(&arena)
        }
        Err(_) => test(&Arena::new()),
    })
}
