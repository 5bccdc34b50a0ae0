//! A strategy of a user's own is refused.
//~ Sealed` is not satisfied

use arraypool::ReleaseStrategy;

#[derive(Debug)]
struct Mine;

unsafe impl ReleaseStrategy for Mine {}

fn main() {}
