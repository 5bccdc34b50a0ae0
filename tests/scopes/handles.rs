//! Handles that know whether their value is still there.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

use arraypool::{Arena, ArenaBuilder, Checkpoint, ChunkSource, FailingSource, Stale};

use super::{rewind, take};

#[test]
fn a_handle_answers_until_its_value_is_forgotten() {
    let mut arena = Arena::new();
    let numbers: Vec<_> = (0..100_u32).map(|i| arena.alloc_ref(i)).collect();
    assert!(numbers.iter().zip(0..).all(|(handle, i)| handle.get(&arena) == Ok(&i)));
    let copy = numbers[7];
    arena.reset();
    assert!(numbers.iter().all(|handle| handle.get(&arena) == Err(Stale)));
    let new = arena.alloc_ref(1_u32);
    assert_eq!((copy.get(&arena), new.get(&arena)), (Err(Stale), Ok(&1)));
    arena.clear();
    assert_eq!(new.get(&arena), Err(Stale));
}

#[test]
fn a_handle_of_another_arena_is_stale() {
    let (one, other) = (Arena::new(), Arena::new());
    let handle = one.alloc_ref("one");
    assert_eq!(handle.get(&other), Err(Stale));
    other.alloc_ref("other");
    assert_eq!(handle.get(&other), Err(Stale));
    assert_eq!(handle.get(&one), Ok(&"one"));
    drop(one);
    let third = Arena::new();
    third.alloc_ref("third");
    assert_eq!(handle.get(&third), Err(Stale));
}

#[test]
fn a_handle_of_a_scope_ends_with_it() {
    let arena = Arena::new();
    let outside = arena.alloc_ref(1);
    let inside = arena.scope(|inner| {
        let inside = inner.alloc_ref(2);
        assert_eq!((outside.get(inner), inside.get(inner)), (Ok(&1), Ok(&2)));
        assert_eq!((outside.get(&arena), inside.get(&arena)), (Ok(&1), Err(Stale)));
        inner.scope(|innermost| assert_eq!(inside.get(innermost), Ok(&2)));
        inside
    });
    assert_eq!((outside.get(&arena), inside.get(&arena)), (Ok(&1), Err(Stale)));
    arena.scope(|inner| {
        inner.alloc_ref(3);
        assert_eq!(inside.get(inner), Err(Stale));
    });
}

#[test]
fn rewinding_makes_stale_what_was_behind_and_nothing_else() {
    let arena = Arena::new();
    let first = arena.alloc_ref(1);
    let mark = arena.checkpoint();
    let second = arena.alloc_ref(2);
    take(&arena, 5000);
    let third = arena.alloc_ref(3);
    let answers = || [first, second, third].map(|handle| handle.get(&arena).ok().copied());
    assert_eq!(answers(), [Some(1), Some(2), Some(3)]);
    rewind(&arena, &mark).unwrap();
    let fourth = arena.alloc_ref(4);
    assert_eq!(answers(), [Some(1), None, None]);
    assert_eq!(fourth.get(&arena), Ok(&4));
    rewind(&arena, &mark).unwrap();
    arena.alloc_ref(5);
    assert_eq!(fourth.get(&arena), Err(Stale));
    assert_eq!(answers(), [Some(1), None, None]);
}

/// Takes a checkpoint of the arena that asks, when it is told to.
struct Marks(FailingSource);

thread_local! {
    static ASKING: Arena<'static> = ArenaBuilder::with_source(&SOURCE).initial_chunk(64).build();
    static MARK: Cell<Option<Checkpoint>> = const { Cell::new(None) };
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

static SOURCE: Marks = Marks(FailingSource::fail_at(0));

// SAFETY: it passes on what another source promises.
unsafe impl ChunkSource for Marks {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        if IS_TOLD.take() {
            MARK.set(Some(ASKING.with(Arena::checkpoint)));
        }
        self.0.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, which is the same.
        unsafe { self.0.deallocate(block, layout) };
    }
}

#[test]
fn a_handle_is_of_the_last_checkpoint_before_its_value() {
    ASKING.with(|arena| {
        let early = arena.alloc_ref(1_u8);
        IS_TOLD.set(true);
        // It needs a chunk, for which the source takes a checkpoint.
        let late = arena.alloc_ref([2_u8; 100]);
        let mark = MARK.take().expect("the source was asked");
        assert_eq!(late.get(arena), Ok(&[2; 100]));
        assert_eq!(rewind(arena, &mark), Ok(()));
        assert_eq!((early.get(arena), late.get(arena)), (Ok(&1), Err(Stale)));
    });
}
