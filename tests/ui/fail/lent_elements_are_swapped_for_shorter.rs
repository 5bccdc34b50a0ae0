//! What a lent array's elements are changed to is as good as what their owner put
//! there: it gets them back.

use arraypool::{ArrayPool, Returns, Tagged};

fn main() {
    let pool = ArrayPool::<&str, Tagged>::new();
    let returns: Returns<'_, &str, 1, Tagged> = Returns::new();
    let lent = returns.lend(pool.allocate_copy(&["kept"])).unwrap();
    {
        let text = String::from("gone");
        let mut shorter = lent;
        shorter[0] = &text;
    }
    println!("{:?}", returns.receive());
}
