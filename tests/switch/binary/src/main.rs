//! A final binary: its feature `tagged` switches the library's strategy too.

use arraypool::{ArrayPool, DefaultStrategy, ReleaseStrategy};
use switch_library::Squares;

fn main() {
    let theirs = switch_library::pool();
    // The library's pool is of the very type that this binary names.
    let pool: &ArrayPool<'_, u64, DefaultStrategy> = &theirs;
    let squares: Squares<'_> = Squares::below(10, pool);
    assert_eq!(squares.sum(), 285);
    assert_eq!((squares.strategy(), pool.stats().live), (DefaultStrategy::NAME, 1));
    drop(squares);
    let stats = pool.verify().expect("a whole pool");
    assert_eq!((stats.live, stats.free), (0, 1));
    println!("{}", DefaultStrategy::NAME);
}
