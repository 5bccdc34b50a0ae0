//! A pool cannot outlive its arena.

use arraypool::{Arena, ArrayPool, Tagged};

fn main() {
    let pool = {
        let arena = Arena::new();
        ArrayPool::<u32, Tagged>::new_in(&arena)
    };
    println!("{:?}", pool.stats());
}
