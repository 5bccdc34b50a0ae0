//! A shared array goes no further than its elements may.
//~ `Rc<u32>` cannot be sent between threads safely
//~ to implement `Send`

use std::rc::Rc;

use arraypool::Tagged;
use arraypool::shared::SharedPool;

static POOL: SharedPool<Rc<u32>, Tagged> = SharedPool::new();

fn main() {
    let array = POOL.allocate_with(3, |_| Rc::new(1));
    std::thread::spawn(move || drop(array));
}
