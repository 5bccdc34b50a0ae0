//! A pool cannot be dropped or reset while an array of it is used later.

use arraypool::{ArrayPool, Tagged};

fn main() {
    let mut pool = ArrayPool::<u32, Tagged>::new();
    let array = pool.allocate_copy(&[1, 2, 3]);
    pool.reset();
    drop(array);
    let leaked = pool.allocate_copy(&[1, 2, 3]).leak();
    drop(pool);
    leaked[0] = 4;
}
