//! Every method that runs user code, while that code panics.
//!
//! Whatever happens, each element is dropped exactly once, nothing is read that
//! is not there, and the memory goes back.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use arraypool::{ArrayPool, ClassTable, FailingSource, PoolVec, ReleaseStrategy};

use super::{Element, Kind, World, assert_whole, everywhere};

/// Elements at the start: more than a small slot holds.
const LENGTH: u32 = if cfg!(miri) { 5 } else { 20 };
/// Elements after growing, or so many more.
const MORE: usize = if cfg!(miri) { 7 } else { 30 };

/// What is done to the vector while a fuse burns; the rest of the vector is
/// looked at and dropped afterwards, in peace.
type Act<S, C> = for<'w, 'p> fn(&'w World, &mut PoolVec<'p, Element<'w>, S, C>);

/// Every element that is left is a living one, and there once.
fn assert_sound(name: &str, world: &World, elements: &[Element<'_>]) {
    let ids: Vec<_> = elements.iter().map(|element| element.id).collect();
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(world.drops.borrow()[*id], 0, "{name}: element {id} is alive");
        assert!(!ids[..index].contains(id), "{name}: element {id} is there once");
    }
    assert_eq!(world.alive(), ids.len(), "{name}: nothing was lost");
}

/// Does `act` with a panic in the first call of its kind, in the second, and so
/// on, until there are no more calls.
fn explode<S: ReleaseStrategy, C: ClassTable>(name: &str, kind: Kind, act: Act<S, C>) {
    let mut bangs = 0;
    for calls in 0.. {
        let world = World::default();
        let pool = ArrayPool::<Element<'_>, S, C>::new();
        let mut vector = pool.vec();
        vector.extend((0..LENGTH).map(|index| world.element(index / 2)));
        world.arm(kind, calls);
        let end = catch_unwind(AssertUnwindSafe(|| act(&world, &mut vector)));
        let finished = world.disarm();
        assert_eq!(end.is_ok(), finished, "{name}: the panic came through, and no other");
        assert_sound(name, &world, &vector);
        // And the vector works.
        vector.push(world.element(0));
        vector.insert(0, world.element(0));
        drop(vector);
        world.assert_over();
        assert_whole(&pool);
        if finished {
            break;
        }
        bangs += 1;
    }
    assert!(bangs > 0, "{name}: something can explode");
}

/// A closure's call.
fn called(world: &World) {
    world.burn(Kind::Call);
}

#[test]
fn a_drop_panics() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let explode = |name, act| explode::<S, C>(name, Kind::Drop, act);
        explode("truncate", |_, vector| vector.truncate(2));
        explode("clear", |_, vector| vector.clear());
        explode("resize to less", |world, vector| vector.resize(1, world.element(9)));
        explode("resize_with to less", |_, vector| vector.resize_with(1, || unreachable!()));
        explode("retain", |_, vector| vector.retain(|element| element.value % 3 == 0));
        explode("dedup", |_, vector| vector.dedup());
        explode("drain, dropped", |_, vector| drop(vector.drain(1..4)));
        explode("drain, part taken", |_, vector| {
            let mut drain = vector.drain(..);
            drop(drain.next());
            drop(drain.next_back());
        });
        explode("extract_if", |_, vector| {
            vector.extract_if(1.., |element| element.value % 3 == 0).for_each(drop);
        });
        explode("splice, with more", |world, vector| {
            drop(vector.splice(1..4, (0..6).map(|value| world.element(value))));
        });
        explode("splice, with fewer", |world, vector| drop(vector.splice(1.., [world.element(9)])));
        explode("pop_if", |_, vector| drop(vector.pop_if(|_| true)));
        explode("to the heap", |_, vector| drop(Vec::from(vector.split_off(1))));
        explode("to an array that is as long", |_, vector| {
            drop(<[Element<'_>; 3]>::try_from(vector.split_off(vector.len() - 3)));
        });
        explode("to an array that is not", |_, vector| {
            drop(<[Element<'_>; 3]>::try_from(vector.split_off(1)));
        });
        explode("remove", |_, vector| drop(vector.remove(1)));
        explode("swap_remove", |_, vector| drop(vector.swap_remove(1)));
        explode("pop", |_, vector| drop(vector.pop()));
        explode("drop", |_, vector| drop(vector.split_off(0)));
        explode("drop of an array", |_, vector| drop(vector.split_off(0).into_array()));
        explode("into_iter", |_, vector| {
            let mut elements = vector.split_off(0).into_iter();
            drop((elements.next(), elements.next_back()));
        });
        explode("clone_from", |world, vector| {
            let mut source = vector.split_off(2);
            source.push(world.element(1));
            vector.clone_from(&source);
        });
        explode("fill through a slice", |world, vector| vector.fill(world.element(9)));
    }
    everywhere!(run);
}

#[test]
fn a_clone_panics() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let explode = |name, act| explode::<S, C>(name, Kind::Clone, act);
        explode("extend_from_slice", |_, vector| {
            let source = vector.split_off(1);
            vector.extend_from_slice(&source);
        });
        explode("extend_from_within", |_, vector| vector.extend_from_within(1..));
        explode("extend_from_within, of few", |_, vector| vector.extend_from_within(1..=3));
        explode("resize", |world, vector| vector.resize(MORE, world.element(9)));
        explode("clone", |_, vector| drop(vector.clone()));
        explode("clone_from", |_, vector| {
            let source = vector.split_off(1);
            vector.clone_from(&source);
        });
    }
    everywhere!(run);
}

#[test]
fn a_closure_panics() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let explode = |name, act| explode::<S, C>(name, Kind::Call, act);
        explode("retain", |world, vector| {
            vector.retain(|element| {
                called(world);
                element.value % 3 == 0
            });
        });
        explode("retain_mut", |world, vector| {
            vector.retain_mut(|element| {
                called(world);
                element.value += 1;
                element.value % 3 == 0
            });
        });
        explode("extract_if", |world, vector| {
            let taken = vector.extract_if(2..5, |element| {
                called(world);
                element.value % 2 == 1
            });
            taken.for_each(drop);
        });
        explode("extract_if, again after the panic", |world, vector| {
            let mut taken = vector.extract_if(.., |element| {
                called(world);
                element.value % 2 == 1
            });
            let end = catch_unwind(AssertUnwindSafe(|| taken.by_ref().for_each(drop)));
            taken.for_each(drop);
            assert!(vector.iter().all(|element| element.value % 2 == 0));
            end.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        explode("pop_if", |world, vector| {
            let last = vector.pop_if(|_| {
                called(world);
                true
            });
            drop(last);
        });
        explode("dedup", |_, vector| vector.dedup());
        explode("dedup_by", |world, vector| {
            vector.dedup_by(|element, kept| {
                called(world);
                core::mem::swap(element, kept);
                element.value == kept.value
            });
        });
        explode("dedup_by_key", |world, vector| {
            vector.dedup_by_key(|element| {
                called(world);
                element.value
            });
        });
        explode("resize_with", |world, vector| {
            vector.resize_with(MORE, || {
                called(world);
                world.element(1)
            });
        });
    }
    everywhere!(run);
}

/// An iterator that burns the fuse and lies about its length.
struct Burning<'w>(&'w World, u32, usize);

impl<'w> Iterator for Burning<'w> {
    type Item = Element<'w>;

    fn next(&mut self) -> Option<Element<'w>> {
        called(self.0);
        self.1 = self.1.checked_sub(1)?;
        Some(self.0.element(self.1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        called(self.0);
        (self.2, Some(self.2))
    }
}

#[test]
fn an_iterator_panics() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let explode = |name, act| explode::<S, C>(name, Kind::Call, act);
        explode("extend", |world, vector| vector.extend(Burning(world, LENGTH, 0)));
        explode("extend, of many", |world, vector| {
            vector.extend(Burning(world, LENGTH, usize::MAX))
        });
        explode("try_extend", |world, vector| {
            vector.try_extend(Burning(world, LENGTH, 5)).unwrap();
        });
        explode("splice", |world, vector| drop(vector.splice(2..4, Burning(world, LENGTH, 0))));
        explode("splice, of fewer", |world, vector| {
            drop(vector.splice(1.., Burning(world, 3, 5)));
        });
        explode("try_splice, of many", |world, vector| {
            drop(vector.try_splice(..3, Burning(world, LENGTH, usize::MAX)));
        });
    }
    everywhere!(run);
}

/// An error and a panic at once: what the iterator gave is dropped after the
/// memory ran out, and one of these drops panics.
#[test]
fn a_drop_panics_after_an_error() {
    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let mut bangs = 0;
        for calls in 0..12 {
            let world = World::default();
            let source = FailingSource::fail_at(0);
            let budget = arraypool::Budget::unlimited();
            let arena = arraypool::Arena::builder().source(&source).budget(&budget).build();
            let pool = ArrayPool::<Element<'_>, S, C>::new_in(&arena);
            let mut vector = pool.vec();
            vector.push(world.element(7));
            budget.set_limit(0);
            world.arm(Kind::Drop, calls);
            let end = catch_unwind(AssertUnwindSafe(|| {
                vector.try_extend(core::iter::repeat_with(|| world.element(1)))
            }));
            let finished = world.disarm();
            match end {
                Ok(result) => assert!(result.is_err() && finished && vector.len() == 1),
                Err(_) => {
                    assert!(!finished);
                    bangs += 1;
                }
            }
            assert_sound("try_extend", &world, &vector);
            drop(vector);
            world.assert_over();
            assert_whole(&pool);
        }
        assert!(bangs > 0, "something can explode");
    }
    everywhere!(run);
}

/// An element may use the pool, in its drop as anywhere.
#[test]
fn elements_use_the_pool_of_their_vector() {
    struct Greedy<'p, S: ReleaseStrategy>(&'p ArrayPool<'p, u64, S>, u64);

    impl<S: ReleaseStrategy> Drop for Greedy<'_, S> {
        fn drop(&mut self) {
            let mut vector = self.0.vec();
            vector.extend(0..self.1);
            assert_eq!(vector.len() as u64, self.1);
        }
    }

    fn run<S: ReleaseStrategy, C: ClassTable>() {
        let numbers = ArrayPool::<u64, S>::new();
        let pool = ArrayPool::<Greedy<'_, S>, S, C>::new();
        let mut vector = pool.vec();
        vector.extend((0..40).map(|count| Greedy(&numbers, count)));
        vector.truncate(30);
        vector.retain(|element| element.1 % 2 == 0);
        drop(vector.drain(3..5));
        drop(vector);
        assert_whole(&pool);
        assert_whole(&numbers);
    }
    everywhere!(run);
}
