//! An array cannot outlive its pool.

use arraypool::{ArrayPool, Tagged};

fn main() {
    let array = {
        let pool = ArrayPool::<u32, Tagged>::new();
        pool.allocate_copy(&[1, 2, 3])
    };
    println!("{array:?}");
}
