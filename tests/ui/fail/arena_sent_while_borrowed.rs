//! An arena does not go to another thread while a pool here borrows it.

use arraypool::{Arena, ArrayPool, Tagged};

fn main() {
    let arena = Arena::new();
    let pool = ArrayPool::<u32, Tagged>::new_in(&arena);
    std::thread::spawn(move || drop(arena));
    println!("{:?}", pool.stats());
}
