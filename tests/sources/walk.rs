//! The failure walk: every request to the source fails once, in turn.

use arraypool::{
    Arena, ArenaBuilder, ArrayPool, Budget, Direct, FailingSource, Interner, LocalArena, Metadata,
    Phase, Phases, PoolVec, ReleaseStrategy, Tagged,
};

use crate::support::{rounds, take};

/// Fails, or succeeds at the second try: only one request is refused.
fn insist<T, E: core::fmt::Debug>(
    source: &FailingSource,
    mut work: impl FnMut() -> Result<T, E>,
) -> T {
    let before = source.refusals();
    work()
        .or_else(|_| {
            assert_eq!(source.refusals(), before + 1, "nothing else fails");
            work()
        })
        .expect("one request fails, not two")
}

fn pool_life<S: ReleaseStrategy>() {
    let requests = FailingSource::walk(|source| {
        let arena = Arena::builder().initial_chunk(1024).source(source).build();
        let pool =
            insist(source, || ArrayPool::<u32, S>::builder().max_runs(64).try_build_in(&arena));
        let mut held = Vec::new();
        for length in [1, 20, 300, 5, 200, 1000].repeat(rounds(2, 1)) {
            held.push(insist(source, || {
                pool.try_allocate_with(length, |i| u32::try_from(i).unwrap())
            }));
            pool.verify().unwrap();
        }
        for array in held {
            assert!(array.iter().enumerate().all(|(i, &x)| i == x as usize));
            array.release().ok();
        }
        let mut vector: PoolVec<'_, u32, S> = pool.vec();
        for i in 0..600 {
            insist(source, || vector.try_push(i));
        }
        assert!(vector.iter().zip(0..).all(|(&x, i)| x == i));
    });
    assert!(requests > 3);
}

#[test]
fn a_pool_and_its_vectors_survive_every_refusal() {
    pool_life::<Direct>();
    pool_life::<Metadata>();
    pool_life::<Tagged>();
}

#[test]
fn scopes_and_checkpoints_survive_every_refusal() {
    let requests = FailingSource::walk(|source| {
        let arena = Arena::builder().initial_chunk(128).source(source).build();
        let kept = insist(source, || arena.try_alloc([7_u8; 50]));
        let mark = insist(source, || arena.try_checkpoint());
        for size in [100, 300, 1000, 5000] {
            let used = arena.used_bytes();
            arena.scope(|outer| {
                insist(source, || outer.try_alloc_zeroed(size));
                outer.scope(|inner| {
                    insist(source, || inner.try_alloc_zeroed(size));
                    insist(source, || inner.try_alloc_ref(size));
                });
                insist(source, || outer.try_alloc_zeroed(16));
            });
            assert_eq!(arena.used_bytes(), used);
            insist(source, || arena.try_alloc_zeroed(size));
        }
        // SAFETY: nothing that was allocated since is used.
        unsafe { arena.rewind(&mark) }.unwrap();
        assert_eq!((arena.used_bytes(), &*kept), (64 + 32, &[7; 50]));
    });
    assert!(requests > 4);
}

#[derive(Debug, Clone, Copy)]
enum Pass {
    Parse,
    Ir,
}

impl Phase for Pass {
    const ALL: &'static [Self] = &[Self::Parse, Self::Ir];

    fn index(self) -> usize {
        self as usize
    }

    fn name(self) -> &'static str {
        ["parse", "ir"][self.index()]
    }
}

#[test]
fn phases_survive_every_refusal() {
    FailingSource::walk(|source| {
        let budget = Budget::unlimited();
        let mut phases = Phases::<Pass, 2>::with(&budget, |_| {
            Arena::builder().initial_chunk(256).budget(&budget).source(source).build()
        });
        for file in 0..3 {
            for _ in 0..2 {
                for pass in [Pass::Parse, Pass::Ir] {
                    insist(source, || {
                        phases.run(pass, |arena| arena.try_alloc_zeroed(100 << file))
                    });
                }
            }
            if file == 1 {
                phases.clear_all()
            } else {
                phases.reset_all()
            }
            assert_eq!(phases.stats().total().used, 0);
        }
        drop(phases);
        assert_eq!(budget.used(), 0);
    });
}

#[test]
fn an_interner_survives_every_refusal() {
    let requests = FailingSource::walk(|source| {
        let arena = Arena::builder().initial_chunk(256).max_chunk(1024).source(source).build();
        let mut names = Interner::new_in(&arena);
        let count = rounds(400, 80);
        for i in 0..count {
            let name = format!("name {i}");
            let before = names.len();
            let symbol = names.try_intern(&name).or_else(|_| {
                assert_eq!((names.len(), names.get(&name)), (before, None));
                names.try_intern(&name)
            });
            assert_eq!(symbol.unwrap().index(), i);
        }
        assert!((0..count).all(|i| names.get(&format!("name {i}")).is_some()));
    });
    assert!(requests > 3);
}

#[test]
fn an_arena_in_an_arena_survives_every_refusal() {
    FailingSource::walk(|source| {
        let outer = ArenaBuilder::with_source(source).build();
        let mut inner = LocalArena::new_in(&outer);
        for size in [100, 5000, 300, 20_000] {
            insist(source, || inner.try_alloc_zeroed(size));
            insist(source, || outer.try_alloc_zeroed(size));
        }
        inner.clear();
        take(&inner, 100);
    });
}

#[test]
fn a_source_that_fails_at_random_breaks_nothing() {
    for seed in 0..rounds(200, 5) as u64 {
        let source = FailingSource::fail_randomly(3, seed);
        let arena = Arena::builder().initial_chunk(64).max_chunk(512).source(&source).build();
        let mut held = Vec::new();
        for size in (1..60).chain([700, 30, 2000]) {
            held.extend(arena.try_alloc_slice_fill_with(size, |i| i));
            arena.scope(|inner| inner.try_alloc_zeroed(size * 20).is_ok());
        }
        assert!(held.iter().all(|block| block.iter().enumerate().all(|(i, &x)| i == x)));
        drop(arena);
        assert_eq!(source.live_bytes(), 0);
    }
}
