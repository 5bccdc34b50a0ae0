//! A class table that descends does not compile where a pool uses it.
//~ a class table has at most 64 ascending lengths between 1 and 2^30
//~ Descending

use arraypool::{ArrayPool, ClassTable, Tagged};

struct Descending;

impl ClassTable for Descending {
    const LENGTHS: &'static [u32] = &[16, 8];
}

fn main() {
    let pool = ArrayPool::<u32, Tagged, Descending>::new();
    drop(pool.allocate(1));
}
