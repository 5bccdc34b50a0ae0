//! A pool made in a scope cannot leave it.

use arraypool::{Arena, ArrayPool};

fn main() {
    let arena = Arena::new();
    let pool = arena.scope(|inner| ArrayPool::<u32>::new_in(inner));
    pool.allocate(3);
}
