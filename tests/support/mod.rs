//! What the tests share: class tables, memories, elements that count their drops.

#![allow(dead_code, unused_macros, unused_imports, reason = "every test binary uses a part")]

use core::cell::RefCell;
use core::mem::MaybeUninit;

use arraypool::{
    Arena, ArenaBuilder, ArrayPool, BuildPool, Checks, ClassTable, DefaultClasses, PoolBuilder,
    Problem, RawArray, ReleaseError, ReleaseStrategy, Report, RuntimeClasses,
};

pub(crate) mod forever;
pub(crate) mod source;

/// A class table of the tests, and how a pool is given it.
pub(crate) trait Table: ClassTable + Sized {
    /// The lengths of its classes.
    const CLASSES: &'static [u32];

    fn set<'m, P: BuildPool<'m, Classes = Self>>(
        builder: PoolBuilder<'static, P>,
    ) -> PoolBuilder<'static, P> {
        builder
    }
}

impl Table for DefaultClasses {
    const CLASSES: &'static [u32] = Self::LENGTHS;
}

/// Powers of two.
pub(crate) struct PowersOfTwo;

impl ClassTable for PowersOfTwo {
    const LENGTHS: &'static [u32] = &[1, 2, 4, 8, 16, 32, 64];
}

impl Table for PowersOfTwo {
    const CLASSES: &'static [u32] = Self::LENGTHS;

    // So that debug builds test the hot path as well.
    fn set<'m, P: BuildPool<'m, Classes = Self>>(
        builder: PoolBuilder<'static, P>,
    ) -> PoolBuilder<'static, P> {
        builder.checks(Checks::none())
    }
}

/// Fourteen classes, as documents want them.
pub(crate) struct Fourteen;

impl ClassTable for Fourteen {
    const LENGTHS: &'static [u32] = &[2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
}

impl Table for Fourteen {
    const CLASSES: &'static [u32] = Self::LENGTHS;

    // So that debug builds test the hot path as well.
    fn set<'m, P: BuildPool<'m, Classes = Self>>(
        builder: PoolBuilder<'static, P>,
    ) -> PoolBuilder<'static, P> {
        builder.checks(Checks::none())
    }
}

impl Table for RuntimeClasses {
    const CLASSES: &'static [u32] = &[3, 10, 40, 100];

    fn set<'m, P: BuildPool<'m, Classes = Self>>(
        builder: PoolBuilder<'static, P>,
    ) -> PoolBuilder<'static, P> {
        builder.classes(Self::CLASSES)
    }
}

/// The default lengths, in a pool with every diagnostic, and a quarantine for so
/// many. What it is told ends the test, but for wrong releases and leaks, which tests
/// make.
pub(crate) struct Watched<const RESTING: u32 = 256>;

impl<const RESTING: u32> ClassTable for Watched<RESTING> {
    const LENGTHS: &'static [u32] = DefaultClasses::LENGTHS;
}

impl<const RESTING: u32> Table for Watched<RESTING> {
    const CLASSES: &'static [u32] = Self::LENGTHS;

    fn set<'m, P: BuildPool<'m, Classes = Self>>(
        builder: PoolBuilder<'static, P>,
    ) -> PoolBuilder<'static, P> {
        let told = |report: &Report| {
            let made = matches!(report.problem, Problem::WrongRelease(_) | Problem::Leak { .. });
            assert!(made, "{report}");
        };
        builder.checks(Checks::all().quarantine(RESTING)).on_report(told)
    }
}

/// The capacity of the class that serves `length`, worked out anew.
pub(crate) fn class_of<C: Table>(length: usize) -> usize {
    let last = C::CLASSES[C::CLASSES.len() - 1] as usize;
    match C::CLASSES.iter().find(|&&class| class as usize >= length) {
        Some(&class) => class as usize,
        None => length.next_power_of_two().max((last + 1).next_power_of_two()),
    }
}

/// The capacity that an array of `length` shows.
pub(crate) fn capacity_of<S: ReleaseStrategy, C: Table>(length: usize) -> usize {
    if S::RECLAIMS && length > 0 { class_of::<C>(length) } else { length }
}

/// A pool in `arena`.
pub(crate) fn pool_in<'m, T, S: ReleaseStrategy, C: Table>(
    arena: &'m Arena<'m>,
) -> ArrayPool<'m, T, S, C> {
    C::set(ArrayPool::<T, S, C>::builder()).build_in(arena)
}

/// A pool with an arena of its own.
pub(crate) fn pool<T, S: ReleaseStrategy, C: Table>() -> ArrayPool<'static, T, S, C> {
    C::set(ArrayPool::<T, S, C>::builder()).build()
}

/// Runs `body` in an arena on the heap, one in a buffer, and one from a source,
/// which checks that every block comes back as it went out.
pub(crate) fn in_every_memory(body: impl Fn(&Arena<'_>)) {
    body(&Arena::new());
    let mut buffer = Box::<[u8]>::new_uninit_slice(512 * 1024);
    // An odd start, so that the arena has to look for an even one.
    body(&Arena::from_buffer(&mut buffer[1..]));
    let source = source::CheckedSource::new();
    body(&ArenaBuilder::with_source(&source).build());
    assert_eq!(source.live_blocks(), 0, "every block came back");
}

/// Takes bytes out of an arena, without the work of writing them.
pub(crate) fn take<'a>(arena: &'a Arena<'_>, bytes: usize) -> &'a mut [MaybeUninit<u8>] {
    arena.try_alloc_slice_uninit(bytes).expect("there is memory")
}

/// Releases an array by hand. No test uses the array afterwards.
pub(crate) fn release_raw<T, S: ReleaseStrategy, C: ClassTable>(
    pool: &ArrayPool<'_, T, S, C>,
    raw: RawArray<T>,
) -> Result<(), ReleaseError> {
    // SAFETY: no test uses an array that it has released.
    unsafe { pool.release_raw(raw) }
}

/// Releases an array by its bare address. No test uses the array afterwards.
pub(crate) fn release_ptr<T, S: ReleaseStrategy, C: ClassTable>(
    pool: &ArrayPool<'_, T, S, C>,
    ptr: *const T,
) -> Result<(), ReleaseError> {
    // SAFETY: no test uses an array that it has released.
    unsafe { pool.release_ptr(ptr) }
}

/// Fewer rounds where every one is slow.
pub(crate) fn rounds(normal: usize, under_miri: usize) -> usize {
    if cfg!(miri) { under_miri } else { normal }
}

/// Counts how often each of its items is dropped.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    drops: RefCell<Vec<u32>>,
}

impl Tally {
    pub(crate) fn item(&self) -> Item<'_> {
        let mut drops = self.drops.borrow_mut();
        drops.push(0);
        Item { tally: self, id: drops.len() - 1 }
    }

    pub(crate) fn made(&self) -> usize {
        self.drops.borrow().len()
    }

    pub(crate) fn dropped(&self) -> usize {
        self.drops.borrow().iter().filter(|&&count| count > 0).count()
    }

    /// Every item that was made has been dropped, and none twice.
    #[track_caller]
    pub(crate) fn assert_all_once(&self) {
        assert!(self.drops.borrow().iter().all(|&count| count == 1), "{self:?}");
    }

    /// No item was dropped twice.
    #[track_caller]
    pub(crate) fn assert_none_twice(&self) {
        assert!(self.drops.borrow().iter().all(|&count| count <= 1), "{self:?}");
    }
}

/// An element that tells its tally when it is dropped.
#[derive(Debug)]
pub(crate) struct Item<'t> {
    tally: &'t Tally,
    pub(crate) id: usize,
}

impl Drop for Item<'_> {
    fn drop(&mut self) {
        self.tally.drops.borrow_mut()[self.id] += 1;
    }
}

/// Numbers that look random and are the same every time (xorshift, Marsaglia 2003).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number, below `bound`.
    #[allow(clippy::cast_possible_truncation, reason = "it is below a usize")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Makes a test of each body for every strategy and table.
macro_rules! for_every_pool {
    ($($body:ident),+ $(,)?) => {
        $crate::support::for_reclaiming_pools!($($body),+);
        $crate::support::pool_tests!(direct_default, Direct, DefaultClasses, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(direct_runtime, Direct, RuntimeClasses, $($body),+);
    };
}

/// Makes a test of each body for the strategies that take arrays back, and
/// every table; under Miri, where each takes its time, for one table each.
macro_rules! for_reclaiming_pools {
    ($($body:ident),+ $(,)?) => {
        $crate::support::pool_tests!(metadata_default, Metadata, DefaultClasses, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(metadata_powers, Metadata, PowersOfTwo, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(metadata_fourteen, Metadata, Fourteen, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(metadata_runtime, Metadata, RuntimeClasses, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(tagged_default, Tagged, DefaultClasses, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(tagged_powers, Tagged, PowersOfTwo, $($body),+);
        #[cfg(not(miri))]
        $crate::support::pool_tests!(tagged_fourteen, Tagged, Fourteen, $($body),+);
        $crate::support::pool_tests!(tagged_runtime, Tagged, RuntimeClasses, $($body),+);
    };
}

/// Hands every strategy that takes arrays back, with every table, to a macro, and
/// what follows its name as well.
macro_rules! for_reclaiming_tables {
    ($make:ident! $($more:tt)*) => {
        $make! {
            metadata_default: Metadata, DefaultClasses;
            metadata_powers: Metadata, PowersOfTwo;
            metadata_fourteen: Metadata, Fourteen;
            metadata_runtime: Metadata, RuntimeClasses;
            tagged_default: Tagged, DefaultClasses;
            tagged_powers: Tagged, PowersOfTwo;
            tagged_fourteen: Tagged, Fourteen;
            tagged_runtime: Tagged, RuntimeClasses;
            $($more)*
        }
    };
}

/// Makes a test of each body for one strategy and table.
macro_rules! pool_tests {
    ($module:ident, $strategy:ident, $table:ident, $($body:ident),+) => {
        mod $module {
            #[allow(unused_imports, reason = "a table may be the crate's or a test's")]
            use {arraypool::*, $crate::support::*};
            $(#[test]
            fn $body() {
                super::$body::<$strategy, $table>();
            })+
        }
    };
}

pub(crate) use {for_every_pool, for_reclaiming_pools, for_reclaiming_tables, pool_tests};
