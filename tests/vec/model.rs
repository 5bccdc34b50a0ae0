//! The same random operations on `Vec` and on `PoolVec`.

use core::fmt::Debug;
use core::ops::Range;

use arraypool::{ArrayPool, ClassTable, PoolVec, ReleaseStrategy};
use proptest::prelude::*;

use super::{Element, World, assert_whole, everywhere};

/// What to do next. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Push(u32),
    Pop,
    PopIf(u32),
    Insert(usize, u32),
    Remove(usize),
    SwapRemove(usize),
    Truncate(usize),
    Clear,
    Drain { start: usize, count: usize, front: usize, back: usize },
    Extend(Vec<u32>, Hint),
    ExtendFromSlice(Vec<u32>),
    ExtendFromWithin(usize, usize),
    Splice { start: usize, count: usize, values: Vec<u32>, hint: Hint },
    Append(Vec<u32>),
    Retain(u32),
    ExtractIf { start: usize, count: usize, most: usize, divisor: u32 },
    Dedup,
    DedupByKey(u32),
    Resize(usize, u32),
    ResizeWith(usize),
    SplitOff(usize, bool),
    Reserve(usize),
    ReserveExact(usize),
    ShrinkTo(usize),
    ShrinkToFit,
    ToArrayAndBack,
    ThroughTheHeap(bool),
    Rebuild(usize),
    Clone,
    CloneFrom(Vec<u32>),
    Reverse,
}

/// What an iterator says about its length.
#[derive(Debug, Clone, Copy)]
enum Hint {
    True,
    Nothing,
    Less,
    Everything,
}

/// An iterator with a hint that may be a lie.
struct Lying<I>(I, Hint);

impl<I: ExactSizeIterator> Iterator for Lying<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.1 {
            Hint::True => self.0.size_hint(),
            Hint::Nothing => (0, None),
            Hint::Less => (self.0.len() / 2, Some(self.0.len() / 2)),
            Hint::Everything => (usize::MAX, None),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = 0_usize..600;
    let value = 0_u32..7;
    let values = prop::collection::vec(0_u32..7, 0..40);
    let hint = prop::sample::select(vec![Hint::True, Hint::Nothing, Hint::Less, Hint::Everything]);
    let grow = prop_oneof![
        6 => value.clone().prop_map(Step::Push),
        4 => (place.clone(), value.clone()).prop_map(|(at, value)| Step::Insert(at, value)),
        4 => (values.clone(), hint.clone())
            .prop_map(|(values, hint)| Step::Extend(values, hint)),
        4 => (place.clone(), place.clone(), values.clone(), hint).prop_map(
            |(start, count, values, hint)| Step::Splice { start, count, values, hint }
        ),
        2 => (place.clone(), 0_usize..40)
            .prop_map(|(start, count)| Step::ExtendFromWithin(start, count)),
        4 => values.clone().prop_map(Step::ExtendFromSlice),
        2 => values.clone().prop_map(Step::Append),
        2 => (0_usize..300, value.clone()).prop_map(|(length, value)| Step::Resize(length, value)),
        2 => (0_usize..300).prop_map(Step::ResizeWith),
    ];
    let less = prop_oneof![
        4 => Just(Step::Pop),
        2 => (2_u32..5).prop_map(Step::PopIf),
        2 => place.clone().prop_map(Step::Remove),
        2 => place.clone().prop_map(Step::SwapRemove),
        2 => place.clone().prop_map(Step::Truncate),
        1 => Just(Step::Clear),
        4 => (place.clone(), place.clone(), 0_usize..20, 0_usize..20).prop_map(
            |(start, count, front, back)| Step::Drain { start, count, front, back }
        ),
        2 => (2_u32..5).prop_map(Step::Retain),
        3 => (place.clone(), place.clone(), 0_usize..40, 1_u32..5).prop_map(
            |(start, count, most, divisor)| Step::ExtractIf { start, count, most, divisor }
        ),
        1 => Just(Step::Dedup),
        1 => (2_u32..5).prop_map(Step::DedupByKey),
    ];
    let whole = prop_oneof![
        2 => (place, any::<bool>()).prop_map(|(at, swap)| Step::SplitOff(at, swap)),
        2 => (0_usize..300).prop_map(Step::Reserve),
        2 => (0_usize..300).prop_map(Step::ReserveExact),
        2 => (0_usize..300).prop_map(Step::ShrinkTo),
        2 => Just(Step::ShrinkToFit),
        3 => Just(Step::ToArrayAndBack),
        1 => any::<bool>().prop_map(Step::ThroughTheHeap),
        2 => (0_usize..20).prop_map(Step::Rebuild),
        1 => Just(Step::Clone),
        1 => values.prop_map(Step::CloneFrom),
        1 => Just(Step::Reverse),
    ];
    prop::collection::vec(prop_oneof![5 => grow, 4 => less, 3 => whole], 0..60)
}

/// What elements of a test can do.
trait Sample<'w>: Clone + PartialEq + Debug {
    fn make(world: &'w World, value: u32) -> Self;
    fn value(&self) -> u32;
}

impl<'w> Sample<'w> for Element<'w> {
    fn make(world: &'w World, value: u32) -> Self {
        world.element(value)
    }

    fn value(&self) -> u32 {
        self.value
    }
}

impl Sample<'_> for u8 {
    fn make(_: &World, value: u32) -> Self {
        u8::try_from(value).unwrap()
    }

    fn value(&self) -> u32 {
        u32::from(*self)
    }
}

impl Sample<'_> for () {
    fn make(_: &World, _: u32) {}

    fn value(&self) -> u32 {
        0
    }
}

/// A range of a vector of `length`.
fn part(start: usize, count: usize, length: usize) -> Range<usize> {
    let start = start % (length + 1);
    start..start + count % (length - start + 1)
}

/// What `Vec::extract_if` does, which the oldest compiler does not have; and no more
/// than `most` times.
fn extract_if<T>(
    model: &mut Vec<T>,
    range: Range<usize>,
    most: usize,
    asked: impl Fn(&T) -> bool,
) -> Vec<T> {
    let (mut place, mut taken) = (range.start, vec![]);
    for _ in range {
        if taken.len() == most {
            break;
        }
        if asked(&model[place]) {
            taken.push(model.remove(place));
        } else {
            place += 1;
        }
    }
    taken
}

/// A vector and its model.
struct Pair<'w, 'p, T, S: ReleaseStrategy, C: ClassTable> {
    world: &'w World,
    pool: &'p ArrayPool<'p, T, S, C>,
    model: Vec<T>,
    vector: PoolVec<'p, T, S, C>,
}

impl<'w, T: Sample<'w>, S: ReleaseStrategy, C: ClassTable> Pair<'w, '_, T, S, C> {
    fn make(&self, value: u32) -> T {
        T::make(self.world, value)
    }

    fn make_all(&self, values: &[u32]) -> Vec<T> {
        values.iter().map(|&value| self.make(value)).collect()
    }

    fn check(&self) {
        assert_eq!(self.vector, self.model.as_slice());
        assert_eq!(self.vector.len(), self.model.len());
        assert!(self.vector.capacity() >= self.vector.len());
        assert!(size_of::<T>() == 0 || self.vector.capacity() <= 1 << 17, "no hint is trusted far");
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Push(_)
            | Step::Insert(..)
            | Step::Extend(..)
            | Step::ExtendFromSlice(_)
            | Step::ExtendFromWithin(..)
            | Step::Splice { .. }
            | Step::Append(_)
            | Step::Resize(..)
            | Step::ResizeWith(_) => self.grow(step),
            Step::Pop
            | Step::PopIf(_)
            | Step::Remove(_)
            | Step::SwapRemove(_)
            | Step::Truncate(_)
            | Step::Clear
            | Step::Drain { .. }
            | Step::Retain(_)
            | Step::ExtractIf { .. }
            | Step::Dedup
            | Step::DedupByKey(_) => self.lessen(step),
            _ => self.replace(step),
        }
    }

    fn grow(&mut self, step: &Step) {
        let places = self.model.len() + 1;
        match step {
            Step::Push(value) => {
                self.model.push(self.make(*value));
                self.vector.push(self.make(*value));
            }
            Step::Insert(index, value) => {
                self.model.insert(index % places, self.make(*value));
                self.vector.insert(index % places, self.make(*value));
            }
            Step::Extend(values, hint) => {
                self.model.extend(self.make_all(values));
                self.vector.extend(Lying(self.make_all(values).into_iter(), *hint));
            }
            Step::ExtendFromSlice(values) => {
                let values = self.make_all(values);
                self.model.extend_from_slice(&values);
                self.vector.extend_from_slice(&values);
            }
            Step::ExtendFromWithin(start, count) => {
                let range = part(*start, *count, self.model.len());
                self.model.extend_from_within(range.clone());
                self.vector.extend_from_within(range);
            }
            Step::Splice { start, count, values, hint } => {
                let range = part(*start, *count, self.model.len());
                let one = self.model.splice(range.clone(), self.make_all(values));
                let one: Vec<_> = one.collect();
                let values = Lying(self.make_all(values).into_iter(), *hint);
                assert_eq!(self.vector.splice(range, values), one.as_slice());
            }
            Step::Append(values) => {
                let mut other = self.pool.vec();
                other.extend(self.make_all(values));
                self.model.extend(self.make_all(values));
                self.vector.append(&mut other);
                assert!(other.is_empty());
            }
            Step::Resize(length, value) => {
                self.model.resize(*length, self.make(*value));
                self.vector.resize(*length, self.make(*value));
            }
            Step::ResizeWith(length) => {
                let (world, mut one, mut other) = (self.world, 0, 0);
                let next = |count: &mut u32| {
                    *count = (*count + 1) % 7;
                    T::make(world, *count)
                };
                self.model.resize_with(*length, || next(&mut one));
                self.vector.resize_with(*length, || next(&mut other));
            }
            _ => unreachable!("{step:?}"),
        }
    }

    fn lessen(&mut self, step: &Step) {
        let length = self.model.len();
        match step {
            Step::Pop => assert_eq!(self.model.pop(), self.vector.pop()),
            Step::PopIf(divisor) => {
                let last = self.model.last().is_some_and(|last| last.value() % divisor == 0);
                let last = if last { self.model.pop() } else { None };
                assert_eq!(self.vector.pop_if(|last| last.value() % divisor == 0), last);
            }
            Step::Remove(index) if length > 0 => {
                assert_eq!(self.model.remove(index % length), self.vector.remove(index % length));
            }
            Step::SwapRemove(index) if length > 0 => {
                let index = index % length;
                assert_eq!(self.model.swap_remove(index), self.vector.swap_remove(index));
            }
            Step::Remove(_) | Step::SwapRemove(_) => {}
            Step::Truncate(length) => {
                self.model.truncate(*length);
                self.vector.truncate(*length);
            }
            Step::Clear => {
                self.model.clear();
                self.vector.clear();
            }
            Step::Drain { start, count, front, back } => {
                let range = part(*start, *count, length);
                let (mut one, mut other) =
                    (self.model.drain(range.clone()), self.vector.drain(range));
                for _ in 0..*front {
                    assert_eq!(one.next(), other.next());
                }
                for _ in 0..*back {
                    assert_eq!(one.next_back(), other.next_back());
                }
                assert_eq!(one.as_slice(), other.as_ref());
                assert_eq!(one.len(), other.len());
            }
            Step::Retain(divisor) => {
                self.model.retain(|element| element.value() % divisor != 0);
                self.vector.retain(|element| element.value() % divisor != 0);
            }
            Step::ExtractIf { start, count, most, divisor } => {
                let range = part(*start, *count, length);
                let asked = |element: &T| element.value() % divisor == 0;
                let one = extract_if(&mut self.model, range.clone(), *most, asked);
                let other = self.vector.extract_if(range, |element| asked(element));
                assert_eq!(other.take(*most).collect::<Vec<_>>(), one);
            }
            Step::Dedup => {
                self.model.dedup();
                self.vector.dedup();
            }
            Step::DedupByKey(divisor) => {
                self.model.dedup_by_key(|element| element.value() % divisor);
                self.vector.dedup_by_key(|element| element.value() % divisor);
            }
            _ => unreachable!("{step:?}"),
        }
    }

    fn replace(&mut self, step: &Step) {
        let length = self.model.len();
        match step {
            Step::SplitOff(at, swap) => {
                let at = at % (length + 1);
                let (one, other) = (self.model.split_off(at), self.vector.split_off(at));
                assert_eq!(other, one.as_slice());
                if *swap {
                    (self.model, self.vector) = (one, other);
                }
            }
            Step::Reserve(more) => {
                self.vector.reserve(*more);
                assert!(self.vector.capacity() >= length + more);
            }
            Step::ReserveExact(more) => {
                self.vector.reserve_exact(*more);
                assert!(self.vector.capacity() >= length + more);
            }
            Step::ShrinkTo(capacity) => {
                let before = self.vector.capacity();
                self.vector.shrink_to(*capacity);
                assert!(self.vector.capacity() <= before);
                assert!(self.vector.capacity() >= length.max(before.min(*capacity)));
            }
            Step::ShrinkToFit => {
                self.vector.shrink_to_fit();
                let least = self.pool.vec_with_capacity(length).capacity();
                assert!(!S::RECLAIMS || self.vector.capacity() == least);
            }
            Step::ToArrayAndBack => self.pass_by_hand(),
            Step::ThroughTheHeap(boxed) => {
                let vector = core::mem::replace(&mut self.vector, self.pool.vec());
                let elements =
                    if *boxed { Box::<[T]>::from(vector).into_vec() } else { Vec::from(vector) };
                assert_eq!(elements, self.model);
                self.vector.extend(elements);
            }
            Step::Rebuild(skip) => {
                let pool = self.pool;
                let (one, other) = (
                    core::mem::take(&mut self.model),
                    core::mem::replace(&mut self.vector, pool.vec()),
                );
                self.model.extend(one.into_iter().skip(*skip).rev().skip(*skip));
                self.vector.extend(other.into_iter().skip(*skip).rev().skip(*skip));
            }
            Step::Clone => {
                let copy = self.vector.clone();
                assert_eq!(copy, self.vector);
                self.vector = copy;
            }
            Step::CloneFrom(values) => {
                let mut source = self.pool.vec();
                source.extend(self.make_all(values));
                self.model.clone_from(&self.make_all(values));
                self.vector.clone_from(&source);
            }
            Step::Reverse => {
                self.model.reverse();
                self.vector.reverse();
            }
            _ => unreachable!("{step:?}"),
        }
    }

    /// The array has the length in its handle and in its record.
    fn pass_by_hand(&mut self) {
        let vector = core::mem::replace(&mut self.vector, self.pool.vec());
        let array = vector.into_array();
        assert_eq!(array, self.model.as_slice());
        if S::RECLAIMS && size_of::<T>() > 0 && !array.is_empty() {
            let located = self.pool.locate(array.as_ptr()).unwrap();
            assert_eq!(located.len, array.len());
            assert_eq!(located.start, array.as_ptr().cast());
        }
        // SAFETY: the elements are initialised, and nobody else has the array.
        let array = unsafe { self.pool.from_raw(array.into_raw()) };
        self.vector = match array {
            Ok(array) if array.len() == self.model.len() => PoolVec::from(array),
            Err(error) if S::RECLAIMS => panic!("{error}"),
            // Arrays without a slot come back empty; `Direct` takes none by hand.
            _ => {
                let mut again = self.pool.vec();
                again.extend(self.model.iter().map(|element| self.make(element.value())));
                again
            }
        };
    }
}

fn agree<'w, T: Sample<'w>, S: ReleaseStrategy, C: ClassTable>(world: &'w World, steps: &[Step]) {
    let pool = ArrayPool::<T, S, C>::new();
    {
        let mut pair = Pair { world, pool: &pool, model: Vec::new(), vector: pool.vec() };
        for step in steps {
            pair.take(step);
            pair.check();
        }
        pool.verify().unwrap();
        if S::RECLAIMS && size_of::<T>() > 0 {
            assert_eq!(pool.stats().live, usize::from(pair.vector.capacity() > 0));
        }
    }
    assert_whole(&pool);
}

fn all_agree<S: ReleaseStrategy, C: ClassTable>(steps: &[Step]) {
    let world = World::default();
    agree::<Element<'_>, S, C>(&world, steps);
    // Arrays taken out by hand and refused again are not dropped under `Direct`.
    if S::RECLAIMS {
        world.assert_over();
    }
    agree::<u8, S, C>(&world, steps);
    agree::<(), S, C>(&world, steps);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 200 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_vector_does_what_vec_does(steps in steps()) {
        everywhere!(all_agree, &steps);
    }
}
