//! An arena cannot be reset or cleared while something in it is used later.

use arraypool::Arena;

fn main() {
    let mut arena = Arena::new();
    let number = arena.alloc(1_u32);
    arena.reset();
    *number = 2;
    let text = arena.alloc_str("text");
    arena.clear();
    println!("{text}");
}
