//! A lent array goes no further than its elements may.
//~ `Rc<u32>` cannot be sent between threads safely
//~ required for `Lent<'_, Rc<u32>>` to implement `Send`

use std::rc::Rc;

use arraypool::{ArrayPool, Returns, Tagged};

fn main() {
    let pool = ArrayPool::<Rc<u32>, Tagged>::new();
    let returns: Returns<'_, Rc<u32>, 1, Tagged> = Returns::new();
    let lent = returns.lend(pool.allocate_with(3, |_| Rc::new(1))).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(lent));
    });
}
