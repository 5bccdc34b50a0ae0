//! Which types cross threads, how lifetimes shrink, and how large a handle is.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

use core::panic::{RefUnwindSafe, UnwindSafe};

use arraypool::{
    AllocError, Arena, ArrayPool, Budget, DefaultClasses, DefaultStrategy, Direct, Interner, Lent,
    Metadata, PoolArray, PoolVec, RawPool, ReleaseError, ReleaseStrategy, Returns, Tagged,
    VerifyError,
};

const fn is_send<T: ?Sized + Send>() {}
const fn is_sync<T: ?Sized + Sync>() {}
const fn is_static<T: 'static>() {}

/// Compiles only if the type does not implement the trait: otherwise both
/// implementations of `Ambiguous` apply, and the call names neither.
macro_rules! assert_not {
    ($type:ty: $trait:ident) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn call() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            #[allow(dead_code, reason = "it only has to be another type")]
            struct Implements;
            impl<T: ?Sized + $trait> Ambiguous<Implements> for T {}
            let _ = <$type as Ambiguous<_>>::call;
        };
    };
}

/// `Sync` is implemented, `Send` is not.
type Bytes<S> = PoolArray<'static, u8, S>;
/// Neither `Send` nor `Sync`.
type Local = core::cell::Cell<u8>;
type NotSync<S> = PoolArray<'static, Local, S>;

const _: () = {
    is_send::<Arena<'static>>();
    is_send::<Budget>();
    is_sync::<Budget>();
    is_sync::<Bytes<Direct>>();
    is_sync::<Bytes<Metadata>>();
    is_sync::<Bytes<Tagged>>();
    is_sync::<PoolArray<'static, String>>();
    is_send::<Lent<'static, String>>();
    is_sync::<Lent<'static, String>>();
};

assert_not!(Lent<'static, Local>: Sync);
assert_not!(Lent<'static, std::rc::Rc<u8>>: Send);
assert_not!(Returns<'static, u8, 1>: Send);
assert_not!(Returns<'static, u8, 1>: Sync);

assert_not!(Arena<'static>: Sync);
assert_not!(ArrayPool<'static, u8, Direct>: Send);
assert_not!(ArrayPool<'static, u8, Direct>: Sync);
assert_not!(ArrayPool<'static, u8, Metadata>: Send);
assert_not!(ArrayPool<'static, u8, Metadata>: Sync);
assert_not!(ArrayPool<'static, u8, Tagged>: Send);
assert_not!(ArrayPool<'static, u8, Tagged>: Sync);
assert_not!(RawPool<'static, Direct>: Send);
assert_not!(RawPool<'static, Direct>: Sync);
assert_not!(RawPool<'static, Metadata>: Send);
assert_not!(RawPool<'static, Metadata>: Sync);
assert_not!(RawPool<'static, Tagged>: Send);
assert_not!(RawPool<'static, Tagged>: Sync);
assert_not!(Bytes<Direct>: Send);
assert_not!(Bytes<Metadata>: Send);
assert_not!(Bytes<Tagged>: Send);
assert_not!(NotSync<Direct>: Sync);
assert_not!(NotSync<Metadata>: Sync);
assert_not!(NotSync<Tagged>: Sync);
assert_not!(arraypool::IntoIter<'static, u8>: Send);
// A clone would come from the pool, on whatever thread reads the array.
assert_not!(Bytes<Direct>: Clone);
assert_not!(Bytes<Metadata>: Clone);
assert_not!(Bytes<Tagged>: Clone);

/// The iterators of shared arrays go where the arrays go.
#[cfg(feature = "shared")]
mod shared {
    use arraypool::shared::{IntoIter, LaneHome, SharedHome};
    use arraypool::{DefaultClasses, Tagged};

    use super::{Local, is_send, is_sync};

    type Anywhere<T> = IntoIter<T, SharedHome<'static, Tagged, DefaultClasses>>;
    type OnLane<T> = IntoIter<T, LaneHome<'static, 'static, Tagged, DefaultClasses>>;

    const _: () = {
        is_send::<Anywhere<String>>();
        is_send::<Anywhere<Local>>();
        is_sync::<Anywhere<String>>();
        is_sync::<OnLane<String>>();
    };

    assert_not!(Anywhere<std::rc::Rc<u8>>: Send);
    assert_not!(Anywhere<Local>: Sync);
    assert_not!(OnLane<String>: Send);
}

const _: () = {
    is_send::<AllocError>();
    is_sync::<AllocError>();
    is_static::<AllocError>();
    is_send::<ReleaseError>();
    is_sync::<ReleaseError>();
    is_static::<ReleaseError>();
    is_send::<VerifyError>();
    is_sync::<VerifyError>();
    is_static::<VerifyError>();
};

/// What a panic leaves whole, and what is as whole as its elements are.
const _: () = {
    const fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    is_unwind_safe::<Arena<'static>>();
    is_unwind_safe::<Interner<'static>>();
    is_unwind_safe::<ArrayPool<'static, Local, Metadata>>();
    is_unwind_safe::<ArrayPool<'static, Local, Tagged>>();
    is_unwind_safe::<RawPool<'static, Direct>>();
    is_unwind_safe::<PoolArray<'static, u8, Metadata>>();
    is_unwind_safe::<PoolVec<'static, u8, Tagged>>();
    #[cfg(feature = "shared")]
    is_unwind_safe::<arraypool::shared::SharedPool<Local>>();
    #[cfg(feature = "shared")]
    is_unwind_safe::<arraypool::shared::SharedArray<'static, u8>>();
};
assert_not!(PoolArray<'static, Local>: RefUnwindSafe);
assert_not!(PoolVec<'static, Local>: RefUnwindSafe);

/// Functions that compile only because lifetimes and elements may shrink.
#[allow(dead_code, reason = "compiling them is the test")]
mod covariance {
    use super::*;

    type Pool<'m, T, S> = ArrayPool<'m, T, S, DefaultClasses>;

    fn arena<'long: 'short, 'short>(arena: Arena<'long>) -> Arena<'short> {
        arena
    }

    fn borrowed_arena<'long: 'a, 'a>(arena: &'a Arena<'long>) -> &'a Arena<'a> {
        arena
    }

    fn interner<'long: 'short, 'short>(interner: Interner<'long>) -> Interner<'short> {
        interner
    }

    fn raw_pool<'long: 'short, 'short, S: ReleaseStrategy>(
        pool: RawPool<'long, S>,
    ) -> RawPool<'short, S> {
        pool
    }

    fn pool<'long: 'short, 'short, T, S: ReleaseStrategy>(
        pool: Pool<'long, T, S>,
    ) -> Pool<'short, T, S> {
        pool
    }

    fn pool_of<'m, 'long: 'short, 'short, S: ReleaseStrategy>(
        pool: Pool<'m, &'long str, S>,
    ) -> Pool<'m, &'short str, S> {
        pool
    }

    fn array<'long: 'short, 'short, T, S: ReleaseStrategy>(
        array: PoolArray<'long, T, S>,
    ) -> PoolArray<'short, T, S> {
        array
    }

    fn array_of<'p, 'long: 'short, 'short, S: ReleaseStrategy>(
        array: PoolArray<'p, &'long str, S>,
    ) -> PoolArray<'p, &'short str, S> {
        array
    }

    fn iterator<'long: 'short, 'short, S: ReleaseStrategy>(
        iterator: arraypool::IntoIter<'long, &'long str, S>,
    ) -> arraypool::IntoIter<'short, &'short str, S> {
        iterator
    }
}

#[test]
fn a_long_lived_pool_holds_what_lives_shortly() {
    fn first<'t>(pool: &ArrayPool<'_, &'t str>, text: &'t str) -> &'t str {
        pool.allocate_copy(&text.split(' ').collect::<Vec<_>>())[0]
    }

    let pool = ArrayPool::<&'static str>::new();
    let text = String::from("short lived");
    assert_eq!(first(&pool, &text), "short");
    drop(text);
    assert_eq!(pool.allocate_copy(&["static"]), ["static"]);
}

#[test]
fn arrays_are_read_from_many_threads() {
    let pool = ArrayPool::<u32>::new();
    let array = pool.allocate_with(1000, |i| i as u32);
    let sums: Vec<u32> = std::thread::scope(|scope| {
        let sum = || (array.iter().sum::<u32>(), array.capacity()).0;
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(sum)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(sums, [499_500; 3]);
}

#[test]
fn a_budget_is_charged_from_many_threads() {
    let budget = Budget::new(3 << 20);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let arena = Arena::builder().budget(&budget).build();
                let pool = ArrayPool::<u64>::new_in(&arena);
                let kept: Vec<_> = (0..50).map(|n| pool.allocate_with(n, |i| i as u64)).collect();
                pool.verify().unwrap();
                drop(kept);
            });
        }
    });
    assert_eq!(budget.used(), 0);
}

#[cfg(target_pointer_width = "64")]
#[test]
fn a_handle_is_small() {
    assert_eq!(size_of::<PoolArray<'_, u8, Tagged>>(), 24);
    assert_eq!(size_of::<PoolArray<'_, u8, Direct>>(), 24);
    assert_eq!(size_of::<PoolArray<'_, u8, Metadata>>(), 32);
    assert_eq!(size_of::<Option<PoolArray<'_, u8, Metadata>>>(), 32);
    assert_eq!(size_of::<Option<PoolArray<'_, u8, Tagged>>>(), 24);
}

#[test]
fn the_default_strategy_is_the_one_of_the_build() {
    let expected = if cfg!(feature = "tagged") { Tagged::NAME } else { Metadata::NAME };
    assert_eq!(DefaultStrategy::NAME, expected);
    assert_eq!([Direct::NAME, Metadata::NAME, Tagged::NAME], ["direct", "metadata", "tagged"]);
}

#[test]
fn errors_say_what_they_know() {
    let pool = ArrayPool::<u32, Tagged>::new();
    let raw = pool.try_allocate_raw(3).unwrap();
    assert_eq!(support::release_raw(&pool, raw), Ok(()));
    let error: Box<dyn core::error::Error + Send + Sync> =
        support::release_raw(&pool, raw).unwrap_err().into();
    let address = raw.ptr.addr();
    assert_eq!(error.to_string(), format!("the array at {address:#x} was released already"));
}
