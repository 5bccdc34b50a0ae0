//! An arena cannot be reset while a scope of it is open, nor can the scope.

use arraypool::Arena;

fn main() {
    let mut arena = Arena::new();
    arena.scope(|inner| {
        arena.reset();
        inner.alloc(1);
    });
    arena.scope(|inner| inner.reset());
}
