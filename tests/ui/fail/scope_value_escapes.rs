//! What a scope allocates cannot leave it.

use arraypool::Arena;

fn main() {
    let arena = Arena::new();
    let number: &mut u32 = arena.scope(|inner| inner.alloc(1));
    *number = 2;
}
