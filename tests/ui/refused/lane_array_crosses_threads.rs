//! A lane's array stays with the lane's thread: its slot goes home without a lock.
//~ `Homed<u32, LaneHome<'_, '_, Tagged, DefaultClasses>>` cannot be sent between threads safely

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
