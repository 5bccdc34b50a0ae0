//! A pool does not go to another thread.
//~ cannot be sent between threads safely
//~ required because it appears within the type `ArrayPool<'_, u32, Tagged>`

use arraypool::{ArrayPool, Tagged};

fn main() {
    let pool = ArrayPool::<u32, Tagged>::new();
    std::thread::spawn(move || drop(pool));
}
