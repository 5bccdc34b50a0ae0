//! What may cross threads and what must not, asserted without the compiler's words.

use std::cell::Cell;

use arraypool::shared::{ArenaGuard, ArenaPool, Lane, LaneArray, SharedArray, SharedPool};
use arraypool::{Arena, ArrayPool, Budget, DefaultClasses, IntoIter, PoolArray, RawPool, Tagged};
use arraypool::{Lent, Returns};

/// Has one implementation for a type that is not `Send`, and two, so that a call
/// is ambiguous and does not compile, for one that is.
trait NotSend<A> {
    fn holds() {}
}
struct IsSend;
impl<T> NotSend<()> for T {}
impl<T: Send> NotSend<IsSend> for T {}

/// The same for `Sync`.
trait NotSync<A> {
    fn holds() {}
}
struct IsSync;
impl<T> NotSync<()> for T {}
impl<T: Sync> NotSync<IsSync> for T {}

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}

macro_rules! under {
    ($($strategy:ty),*) => {$(
        <ArrayPool<'static, u32, $strategy> as NotSend<_>>::holds();
        <ArrayPool<'static, u32, $strategy> as NotSync<_>>::holds();
        <RawPool<'static, $strategy> as NotSend<_>>::holds();
        <RawPool<'static, $strategy> as NotSync<_>>::holds();
        <PoolArray<'static, u32, $strategy> as NotSend<_>>::holds();
        <IntoIter<'static, u32, $strategy> as NotSend<_>>::holds();
        <PoolArray<'static, Cell<u32>, $strategy> as NotSync<_>>::holds();
        is_sync::<PoolArray<'static, u32, $strategy>>();
    )*};
}

macro_rules! shared_under {
    ($($strategy:ty),*) => {$(
        is_send::<SharedPool<*const u32, $strategy>>();
        is_sync::<SharedPool<*const u32, $strategy>>();
        // A lane may move, while it has no arrays; nothing of it may be used from two.
        is_send::<Lane<'static, *const u32, $strategy>>();
        <Lane<'static, u32, $strategy> as NotSync<_>>::holds();
        <LaneArray<'static, 'static, u32, $strategy> as NotSend<_>>::holds();
        <LaneArray<'static, 'static, Cell<u32>, $strategy> as NotSync<_>>::holds();
        is_sync::<LaneArray<'static, 'static, u32, $strategy>>();
        is_send::<SharedArray<'static, Cell<u32>, $strategy>>();
        <SharedArray<'static, *const u32, $strategy> as NotSend<_>>::holds();
        <SharedArray<'static, Cell<u32>, $strategy> as NotSync<_>>::holds();
        is_sync::<SharedArray<'static, u32, $strategy>>();
        // The owner's, who alone lends and receives.
        <Returns<'static, u32, 1, $strategy> as NotSend<_>>::holds();
        <Returns<'static, u32, 1, $strategy> as NotSync<_>>::holds();
    )*};
}

fn main() {
    shared_under!(arraypool::Metadata, Tagged);
    is_send::<Lent<'static, Cell<u32>>>();
    <Lent<'static, *const u32> as NotSend<_>>::holds();
    <Lent<'static, Cell<u32>> as NotSync<_>>::holds();
    is_send::<ArenaPool<'static>>();
    is_sync::<ArenaPool<'static>>();
    <ArenaGuard<'static, 'static> as NotSync<_>>::holds();
    under!(arraypool::Direct, arraypool::Metadata, Tagged);
    <Arena<'static> as NotSync<_>>::holds();
    is_send::<Arena<'static>>();
    is_send::<Budget>();
    is_sync::<Budget>();
    let pool = ArrayPool::<u32, Tagged, DefaultClasses>::new();
    let array = pool.allocate_copy(&[1, 2, 3]);
    let sum: u32 = std::thread::scope(|scope| {
        let elements = &array;
        let other = scope.spawn(move || elements.iter().sum());
        other.join().unwrap()
    });
    assert_eq!(sum, 6);
}
