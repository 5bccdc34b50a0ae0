//! What may cross threads and what must not, asserted without the compiler's words.

use std::cell::Cell;

use arraypool::{Arena, ArrayPool, Budget, DefaultClasses, IntoIter, PoolArray, RawPool, Tagged};

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

fn main() {
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
