//! A pool of a type is made by its builder alone, which sees to the units.
//~ error[E0308]

use std::alloc::Layout;

use arraypool::{ArrayPool, BuildPool, RawPool, Tagged};

fn main() {
    let raw = RawPool::<Tagged>::builder(Layout::new::<u8>()).build();
    let pool = <ArrayPool<Box<u64>, Tagged> as BuildPool>::built(raw, ());
    drop(pool);
}
