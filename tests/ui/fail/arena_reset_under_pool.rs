//! An arena cannot be reset or cleared while a pool borrows it.

use arraypool::{Arena, ArrayPool, Tagged};

fn main() {
    let mut arena = Arena::new();
    let pool = ArrayPool::<u32, Tagged>::new_in(&arena);
    arena.reset();
    arena.clear();
    println!("{:?}", pool.stats());
}
