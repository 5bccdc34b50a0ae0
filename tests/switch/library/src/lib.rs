//! A library that names no strategy: it follows the flag of the final binary.

use arraypool::{ArrayPool, DefaultStrategy, PoolArray, ReleaseStrategy};

/// A list of squares, in whatever pool it was made.
pub struct Squares<'p, S: ReleaseStrategy = DefaultStrategy> {
    list: PoolArray<'p, u64, S>,
}

impl<'p, S: ReleaseStrategy> Squares<'p, S> {
    /// The squares of 0, 1, 2, ... below `count`.
    pub fn below(count: usize, pool: &'p ArrayPool<'_, u64, S>) -> Self {
        Self { list: pool.allocate_with(count, |i| (i * i) as u64) }
    }

    /// Their sum.
    pub fn sum(&self) -> u64 {
        self.list.iter().sum()
    }

    /// The name of the strategy by which the list goes back.
    pub fn strategy(&self) -> &'static str {
        S::NAME
    }
}

/// A pool of the strategy that this library was compiled with.
pub fn pool() -> ArrayPool<'static, u64> {
    ArrayPool::new()
}
