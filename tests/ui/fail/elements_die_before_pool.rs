//! An array cannot hold references that die before it.

use arraypool::{ArrayPool, Tagged};

fn main() {
    let pool = ArrayPool::<&str, Tagged>::new();
    let array = {
        let text = String::from("text");
        pool.allocate_copy(&[text.as_str()])
    };
    println!("{array:?}");
}
