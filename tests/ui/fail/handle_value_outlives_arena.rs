//! What a handle answers cannot outlive a reset.

use arraypool::Arena;

fn main() {
    let mut arena = Arena::new();
    let handle = arena.alloc_ref(1);
    let value = handle.get(&arena);
    arena.reset();
    println!("{value:?}");
}
