//! What a scope allocates cannot be stored in what outlives it.

use arraypool::Arena;

fn main() {
    let arena = Arena::new();
    let mut kept: Vec<&u32> = Vec::new();
    arena.scope(|inner| kept.push(inner.alloc(1)));
    println!("{kept:?}");
}
