//! A hook or a source of the arena that uses the pool which is growing.

use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

use arraypool::{
    AllocError, Arena, ArenaEvent, ArrayPool, Checks, ChunkSource, Direct, FailingSource, Metadata,
    PoolArray, RawArray, ReleaseError, ReleaseStrategy, Tagged,
};

use crate::corruption::smash;
use crate::support::forever::forever;
use crate::support::source::CheckedSource;

type Work = &'static dyn Fn();

/// Of several classes.
const LENGTHS: [usize; 6] = [3, 12, 40, 200, 300, 700];

thread_local! {
    /// What the hook does, unless it is doing it.
    static WITHIN: Cell<Option<Work>> = const { Cell::new(None) };
}

fn work_within() {
    if let Some(work) = WITHIN.take() {
        work();
        WITHIN.set(Some(work));
    }
}

fn hook(_: &ArenaEvent) {
    work_within();
}

/// Works only when something is refused, which may be a longer table of runs.
fn hook_of_refusals(event: &ArenaEvent) {
    if let ArenaEvent::Refused { .. } = event {
        work_within();
    }
}

/// Works whenever it is asked for a block, of arrays or of books.
struct WorkingSource(CheckedSource);

// SAFETY: the blocks are those of another source.
unsafe impl ChunkSource for WorkingSource {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        work_within();
        self.0.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.deallocate(block, layout) };
    }
}

/// Arrays of several classes, and which token each must hold.
struct Arrays<S: ReleaseStrategy> {
    pool: ArrayPool<'static, u32, S>,
    live: RefCell<Vec<(PoolArray<'static, u32, S>, u32)>>,
    token: Cell<u32>,
}

impl<S: ReleaseStrategy> Arrays<S> {
    fn take(&'static self) -> Result<(), AllocError> {
        let token = self.token.get();
        self.token.set(token + 1);
        let length = LENGTHS[token as usize % LENGTHS.len()];
        let array = self.pool.try_allocate_with(length, |_| token)?;
        self.live.borrow_mut().push((array, token));
        Ok(())
    }

    fn check(&self) {
        for (array, token) in &*self.live.borrow() {
            assert!(array.iter().all(|element| element == token));
        }
    }
}

fn a_hook_that_uses_the_growing_pool<S: ReleaseStrategy>() {
    let arena = Arena::builder().initial_chunk(64).max_chunk(1024).hook(&hook).build();
    let arrays: &Arrays<S> = forever(Arrays {
        pool: ArrayPool::new_in(forever(arena)),
        live: RefCell::default(),
        token: Cell::new(0),
    });
    is_used_from_within(arrays);
}

/// Takes arrays, and whoever is called while the pool grows takes some more.
fn is_used_from_within<S: ReleaseStrategy>(arrays: &'static Arrays<S>) {
    let refused: &Cell<usize> = forever(Cell::default());
    WITHIN.set(Some(forever(move || {
        for _ in 0..2 {
            refused.set(refused.get() + usize::from(arrays.take().is_err()));
        }
    })));
    for _ in 0..600 {
        arrays.take().unwrap();
    }
    WITHIN.set(None);
    arrays.check();
    arrays.pool.as_raw().verify().unwrap();
    let (live, count) = (arrays.live.take(), arrays.token.get() as usize - refused.get());
    assert_eq!(live.len(), count);
    assert!(count > 601, "nobody was called from within");
    drop(live);
    if S::RECLAIMS {
        assert_eq!(arrays.pool.stats().live, 0);
        every_slot_is_reached(&arrays.pool);
    }
}

fn leaked<S: ReleaseStrategy>(array: PoolArray<'static, u32, S>) -> bool {
    !array.leak().is_empty()
}

/// Whatever is refused while a pool grows, and wherever: who is told may give arrays back,
/// although the table of runs is what had to grow.
fn a_hook_that_gives_arrays_back<S: ReleaseStrategy>() {
    let mut told = 0;
    for nth in 1..120 {
        let source = forever(FailingSource::fail_at(nth));
        let arena = Arena::builder().source(source).initial_chunk(64).max_chunk(64);
        let arena = arena.hook(&hook_of_refusals).build();
        let Ok(pool) = ArrayPool::<u32, S>::try_new_in(forever(arena)) else { continue };
        let pool = forever(pool);
        let kept: &Cell<Option<RawArray<u32>>> = forever(Cell::new(None));
        let Ok(array) = pool.try_allocate_copy(&[7; 3]) else { continue };
        kept.set(Some(array.into_raw()));
        let returned: &Cell<Option<Result<(), ReleaseError>>> = forever(Cell::new(None));
        WITHIN.set(Some(forever(move || {
            if let Some(array) = kept.take() {
                // SAFETY: nobody uses it any more.
                returned.set(Some(unsafe { pool.release_raw(array) }));
            }
        })));
        let all = (300..700).all(|length| pool.try_allocate_with(length, |_| 7).is_ok_and(leaked));
        WITHIN.set(None);
        assert!(source.has_failed() != all, "{nth}");
        if source.has_failed() {
            told += 1;
            assert_eq!(returned.get(), Some(Ok(())), "{nth}");
        }
    }
    assert!(told > 0);
}

#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_hook_may_give_arrays_back_while_the_pool_grows() {
    a_hook_that_gives_arrays_back::<Metadata>();
    a_hook_that_gives_arrays_back::<Tagged>();
}

/// Takes all that a pool has, without growth: each slot of each run comes to its turn.
fn every_slot_is_reached<S: ReleaseStrategy>(pool: &ArrayPool<'static, u32, S>) {
    pool.freeze();
    let mut taken = Vec::new();
    for length in LENGTHS {
        while let Ok(array) = pool.try_allocate(length) {
            taken.push(array);
        }
    }
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.free), (taken.len(), 0));
    assert_eq!(stats.live + stats.lost + stats.left, stats.slots);
}

#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_hook_may_use_the_pool_that_is_growing() {
    a_hook_that_uses_the_growing_pool::<Direct>();
    a_hook_that_uses_the_growing_pool::<Metadata>();
    a_hook_that_uses_the_growing_pool::<Tagged>();
}

fn a_source_that_looks_at_the_growing_pool<S: ReleaseStrategy>() {
    let source = forever(WorkingSource(CheckedSource::new()));
    let arena = forever(Arena::builder().source(source).initial_chunk(64).build());
    let pool: &ArrayPool<'_, u32, S> = forever(ArrayPool::new_in(arena));
    let looks = forever(Cell::new(0));
    WITHIN.set(Some(forever(move || {
        assert!(format!("{:?}", pool.as_raw()).contains("runs"));
        assert!(pool.verify().unwrap().live < 600);
        looks.set(looks.get() + 1);
    })));
    let arrays: Vec<_> = (0..600).map(|length| pool.allocate_with(length, |_| 7)).collect();
    WITHIN.set(None);
    assert!(looks.get() > 0);
    assert_eq!(
        pool.verify().unwrap().live,
        arrays.iter().filter(|array| !array.is_empty()).count()
    );
}

#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_source_may_look_at_the_pool_that_is_growing() {
    a_source_that_looks_at_the_growing_pool::<Direct>();
    a_source_that_looks_at_the_growing_pool::<Metadata>();
    a_source_that_looks_at_the_growing_pool::<Tagged>();
}

/// A handle with a broken header goes out of scope while the pool takes books.
#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_broken_header_met_by_a_growing_pool_loses_one_slot() {
    let source = forever(WorkingSource(CheckedSource::new()));
    let arena = forever(Arena::builder().source(source).initial_chunk(64).build());
    let pool: &ArrayPool<'_, u64, Tagged> =
        forever(ArrayPool::builder().checks(Checks::none()).build_in(arena));
    let mut kept: Vec<_> = (0..20).map(|_| pool.allocate(5)).collect();
    let free: Vec<_> = kept.drain(15..).collect();
    drop(free);
    let broken = forever(Cell::new(kept.pop()));
    let before = pool.verify().unwrap();
    let array = broken.take().unwrap();
    smash(array.as_ptr().cast(), 3, 0x40);
    broken.set(Some(array));
    WITHIN.set(Some(forever(move || drop(broken.take()))));
    let others: Vec<_> = (0..100).map(|_| pool.allocate(3000)).collect();
    WITHIN.set(None);
    assert!(broken.take().is_none(), "the source was never asked");
    let stats = pool.stats();
    assert_eq!((stats.lost, stats.corrupted, stats.free), (1, 1, before.free));
    assert_eq!(stats.live, before.live - 1 + others.len());
    drop(others);
    drop(kept);
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// Whatever a source is asked for, an array or books, arrays can be given back meanwhile.
fn a_source_that_gives_arrays_back<S: ReleaseStrategy>() {
    for checks in [Checks::none(), Checks::all()] {
        let source = forever(WorkingSource(CheckedSource::new()));
        let arena = Arena::builder().source(source).initial_chunk(64).max_chunk(64).build();
        let builder = ArrayPool::<u32, S>::builder().checks(checks);
        let pool = forever(builder.build_in(forever(arena)));
        let kept: &Cell<Option<RawArray<u32>>> = forever(Cell::new(None));
        let returned = forever(Cell::new(0));
        WITHIN.set(Some(forever(move || {
            if let Some(array) = kept.take() {
                // SAFETY: nobody uses it any more.
                assert_eq!(unsafe { pool.release_raw(array) }, Ok(()));
                returned.set(returned.get() + 1);
            }
        })));
        let mut arrays = Vec::new();
        for length in 0..400 {
            // In a slot that is there: the source is asked for what comes next.
            arrays.push(pool.allocate_with(300 + length, |_| 7));
            if let Some(array) = arrays.pop().filter(|_| length % 2 == 0) {
                kept.set(Some(array.into_raw()));
            }
            arrays.push(pool.allocate_with(1 + length, |_| 7));
            if let Some(array) = kept.take() {
                // SAFETY: nobody uses it any more.
                assert_eq!(unsafe { pool.release_raw(array) }, Ok(()));
            }
        }
        WITHIN.set(None);
        assert!(returned.get() > 10, "{}", returned.get());
        assert_eq!(pool.verify().unwrap().live, arrays.len());
        drop(arrays);
        assert_eq!(pool.verify().unwrap().live, 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_source_may_give_arrays_back_while_the_pool_grows() {
    a_source_that_gives_arrays_back::<Metadata>();
    a_source_that_gives_arrays_back::<Tagged>();
}

/// Whatever a source is asked for, it may take arrays of the pool first: those are served from
/// what is there, or ask it once more.
fn a_source_that_uses_the_growing_pool<S: ReleaseStrategy>() {
    for checks in [Checks::none(), Checks::all()] {
        let source = forever(WorkingSource(CheckedSource::new()));
        let arena = Arena::builder().source(source).initial_chunk(64).max_chunk(1024).build();
        let builder = ArrayPool::builder().checks(checks);
        let arrays: &Arrays<S> = forever(Arrays {
            pool: builder.build_in(forever(arena)),
            live: RefCell::default(),
            token: Cell::new(0),
        });
        is_used_from_within(arrays);
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes minutes there")]
fn a_source_may_use_the_pool_that_is_growing() {
    a_source_that_uses_the_growing_pool::<Metadata>();
    a_source_that_uses_the_growing_pool::<Tagged>();
}
