//! A lane stays as long as its arrays, but for those that were made shared.

use arraypool::Tagged;
use arraypool::shared::SharedPool;

fn main() {
    let pool = SharedPool::<u32, Tagged>::new();
    let lane = pool.lane();
    let shared = lane.allocate_copy(&[1]).into_shared();
    let array = lane.allocate_copy(&[2]);
    drop(lane);
    println!("{shared:?} {array:?}");
}
