//! A lane's array stays with the lane's thread: its slot goes home without a lock.
//~ cannot be shared between threads safely
//~ required for `&std::cell::Cell<()>` to implement `Send`

use arraypool::Tagged;
use arraypool::shared::SharedPool;

fn main() {
    let pool = SharedPool::<u32, Tagged>::new();
    let lane = pool.lane();
    let array = lane.allocate_copy(&[1, 2, 3]);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(array));
    });
}
