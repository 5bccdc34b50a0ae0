//! A pool is not shared with another thread.
//~ cannot be shared between threads safely
//~ required because it appears within the type `ArrayPool<'_, u32, Tagged>`

use arraypool::{ArrayPool, Tagged};

fn main() {
    let pool = ArrayPool::<u32, Tagged>::new();
    std::thread::scope(|scope| {
        scope.spawn(|| pool.stats());
    });
}
