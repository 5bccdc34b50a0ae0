//! A hook of the arena that uses the pool which is growing.

use core::cell::{Cell, RefCell};

use arraypool::{
    AllocError, Arena, ArenaEvent, ArrayPool, Direct, Metadata, PoolArray, ReleaseStrategy, Tagged,
};

type Work = &'static dyn Fn();

thread_local! {
    /// What the hook does, unless it is doing it.
    static WITHIN: Cell<Option<Work>> = const { Cell::new(None) };
}

fn hook(_: &ArenaEvent) {
    if let Some(work) = WITHIN.take() {
        work();
        WITHIN.set(Some(work));
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
        let length = [3, 12, 40, 200, 300, 700][token as usize % 6];
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
    let arena: &'static Arena<'static> = Box::leak(Box::new(arena));
    let arrays: &'static Arrays<S> = Box::leak(Box::new(Arrays {
        pool: ArrayPool::new_in(arena),
        live: RefCell::default(),
        token: Cell::new(0),
    }));
    let refused: &'static Cell<usize> = Box::leak(Box::default());
    WITHIN.set(Some(Box::leak(Box::new(move || {
        for _ in 0..2 {
            refused.set(refused.get() + usize::from(arrays.take().is_err()));
        }
    }))));
    for _ in 0..600 {
        arrays.take().unwrap();
    }
    WITHIN.set(None);
    arrays.check();
    arrays.pool.as_raw().verify().unwrap();
    let (live, count) = (arrays.live.take(), arrays.token.get() as usize - refused.get());
    assert_eq!(live.len(), count);
    assert!(count > 601, "the hook was never called");
    drop(live);
    assert!(!S::RECLAIMS || arrays.pool.stats().live == 0);
}

#[test]
#[cfg_attr(miri, ignore = "it leaks what a hook has to reach")]
fn a_hook_may_use_the_pool_that_is_growing() {
    a_hook_that_uses_the_growing_pool::<Direct>();
    a_hook_that_uses_the_growing_pool::<Metadata>();
    a_hook_that_uses_the_growing_pool::<Tagged>();
}
