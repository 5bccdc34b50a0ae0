//! Arenas, pools and arrays are covariant in their lifetimes and in `T`.

use arraypool::shared::{Lane, LaneArray, SharedArray, SharedPool};
use arraypool::{Arena, ArrayPool, ClassTable, PoolArray, RawPool, ReleaseStrategy};

fn arena<'short>(arena: Arena<'static>) -> Arena<'short> {
    arena
}

fn raw_pool<'short, S: ReleaseStrategy, C: ClassTable>(
    pool: RawPool<'static, S, C>,
) -> RawPool<'short, S, C> {
    pool
}

fn pool<'short, S: ReleaseStrategy, C: ClassTable>(
    pool: ArrayPool<'static, &'static str, S, C>,
) -> ArrayPool<'short, &'short str, S, C> {
    pool
}

fn borrowed_pool<'a, 'short, S: ReleaseStrategy, C: ClassTable>(
    pool: &'a ArrayPool<'static, &'static str, S, C>,
) -> &'a ArrayPool<'short, &'short str, S, C> {
    pool
}

fn array<'short, S: ReleaseStrategy, C: ClassTable>(
    array: PoolArray<'static, &'static str, S, C>,
) -> PoolArray<'short, &'short str, S, C> {
    array
}

fn lane<'short, S: ReleaseStrategy, C: ClassTable>(
    lane: Lane<'static, &'static str, S, C>,
) -> Lane<'short, &'short str, S, C> {
    lane
}

fn lane_array<'l, 'short, S: ReleaseStrategy, C: ClassTable>(
    array: LaneArray<'static, 'static, &'static str, S, C>,
) -> LaneArray<'l, 'short, &'short str, S, C> {
    array
}

fn shared_array<'short, S: ReleaseStrategy, C: ClassTable>(
    array: SharedArray<'static, &'static str, S, C>,
) -> SharedArray<'short, &'short str, S, C> {
    array
}

/// A pool that lives longer than what its arrays borrow.
fn longer_pool(pool: &ArrayPool<'static, &'static str>) {
    let text = String::from("short");
    let array = borrowed_pool(pool).allocate_copy(&[text.as_str()]);
    assert_eq!(array[0], "short");
}

/// Arrays of pools that live shorter and longer, at the same place.
fn either_pool(longer: &'static SharedPool<&'static str>, is_longer: bool) {
    let shorter = SharedPool::<&str>::new();
    let text = String::from("short");
    let array = if is_longer {
        shared_array(longer.allocate_copy(&["long"]))
    } else {
        shorter.allocate_copy(&[text.as_str()])
    };
    assert_eq!(array[0], if is_longer { "long" } else { "short" });
}

fn main() {
    longer_pool(&pool(ArrayPool::new()));
    arena(Arena::new()).alloc(1_u32);
    let _ = raw_pool::<arraypool::DefaultStrategy, arraypool::DefaultClasses>;
    let _ = array::<arraypool::DefaultStrategy, arraypool::DefaultClasses>;
    static LONGER: SharedPool<&'static str> = SharedPool::new();
    either_pool(&LONGER, true);
    either_pool(&LONGER, false);
    let _ = lane::<arraypool::DefaultStrategy, arraypool::DefaultClasses>;
    let _ = lane_array::<arraypool::DefaultStrategy, arraypool::DefaultClasses>;
}
