//! An array does not go to another thread: it would come home from there.
//~ cannot be sent between threads safely
//~ required because it appears within the type `PoolArray<'_, u32, Tagged>`

use arraypool::{ArrayPool, Tagged};

fn main() {
    let pool = ArrayPool::<u32, Tagged>::new();
    let array = pool.allocate_copy(&[1, 2, 3]);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(array));
    });
}
