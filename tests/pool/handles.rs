//! What a handle can do: a slice, an iterator, a value that compares.

use core::borrow::{Borrow, BorrowMut};
use core::hash::{BuildHasher, BuildHasherDefault};
use core::mem::MaybeUninit;
use std::hash::DefaultHasher;

use arraypool::{ArrayPool, Metadata, PoolArray, PoolVec, ReleaseError, ReleaseStrategy, Tagged};

use crate::support::{Table, for_every_pool, pool, release_ptr};

for_every_pool!(
    a_handle_is_a_slice,
    elements_come_out_from_both_ends,
    arrays_compare_like_slices,
    arrays_and_vectors_equal_what_vec_equals,
    what_has_no_elements_compares_too,
    uninitialised_arrays_are_written_first,
    a_leaked_array_stays_for_good,
    release_says_what_drop_does_silently,
    a_node_may_hold_arrays_of_nodes,
);

fn a_handle_is_a_slice<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    let mut array = pool.allocate_with(20, |i| i as u32);
    array[3] = 100;
    array.swap(0, 19);
    array.as_mut_slice()[1] += 1;
    for element in &mut array {
        *element += 1;
    }
    let expected = [20, 3, 3, 101, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 1];
    assert_eq!(array, expected);
    assert_eq!((&array).into_iter().sum::<u32>(), expected.iter().sum::<u32>());
    assert_eq!((array.first(), array.get(20)), (Some(&20), None));
    let all: &[u32] = array.as_ref();
    assert_eq!((all, array.as_slice()), (&array[..], Borrow::<[u32]>::borrow(&array)));
    let start = array.as_mut_ptr().cast_const();
    assert_eq!(AsMut::<[u32]>::as_mut(&mut array).as_ptr(), start);
    assert_eq!(BorrowMut::<[u32]>::borrow_mut(&mut array).as_ptr(), array.as_ptr());
    assert_eq!(format!("{:?}", pool.allocate_copy(&[1, 2])), "[1, 2]");
}

fn elements_come_out_from_both_ends<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<String, S, C>();
    let words = ["one", "two", "three", "four", "five"];
    let array = pool.allocate_with(5, |i| words[i].to_string());
    let mut iterator = array.into_iter();
    assert_eq!(iterator.size_hint(), (5, Some(5)));
    assert_eq!(iterator.next().as_deref(), Some("one"));
    assert_eq!(iterator.next_back().as_deref(), Some("five"));
    assert_eq!((iterator.len(), iterator.as_slice().len()), (3, 3));
    assert_eq!(iterator.as_ref()[0], "two");
    assert_eq!(format!("{iterator:?}"), r#"IntoIter(["two", "three", "four"])"#);
    assert_eq!(iterator.by_ref().next_back().as_deref(), Some("four"));
    assert_eq!(iterator.by_ref().collect::<Vec<_>>(), ["two", "three"]);
    assert_eq!((iterator.next(), iterator.next_back()), (None, None));
    assert!(iterator.as_slice().is_empty());
    assert_eq!(pool.stats().live, 1, "the slot is the iterator's until it is dropped");
    drop(iterator);
    assert_eq!(pool.stats().live, usize::from(!S::RECLAIMS));
    let nothing = pool.allocate_with(0, |_| String::new());
    assert_eq!(nothing.into_iter().next(), None);
    pool.verify().unwrap();
}

fn arrays_compare_like_slices<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u8, S, C>();
    let (metadata, tagged) = (ArrayPool::<u8, Metadata>::new(), ArrayPool::<u8, Tagged>::new());
    let array = pool.allocate_copy(b"abc");
    assert_eq!(array, pool.allocate_copy(b"abc"));
    assert_eq!(array, metadata.allocate_copy(b"abc"));
    assert_eq!(array, tagged.allocate_copy(b"abc"));
    assert_ne!(array, tagged.allocate_copy(b"abcd"));
    assert_eq!(array, *b"abc");
    assert_eq!(array, b"abc"[..]);
    assert_eq!(array, &b"abc"[..]);
    assert!(array < pool.allocate_copy(b"abd"));
    assert!(array > pool.allocate_copy(b"ab"));
    assert!(array <= metadata.allocate_copy(b"abc") && tagged.allocate_copy(b"abd") > array);
    assert_eq!(array.cmp(&pool.allocate_copy(b"b")), b"abc".as_slice().cmp(b"b"));
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    assert_eq!(hasher.hash_one(&array), hasher.hash_one(b"abc".as_slice()));
}

/// Compares `$one` with `$other`, and back, both ways of asking.
macro_rules! assert_both {
    ($one:expr, $equal:expr, $different:expr) => {
        assert!($one == $equal && $equal == $one);
        assert!(!($one != $equal) && !($equal != $one));
        assert!($one != $different && $different != $one);
        assert!(!($one == $different) && !($different == $one));
    };
}

/// Compares `$one` with everything that a `Vec` is compared with.
macro_rules! assert_equals_what_vec_equals {
    ($one:expr) => {
        assert_both!($one, [1, 2, 3], [1, 2, 4]);
        assert_both!($one, &[1, 2, 3], &[1, 2]);
        assert_both!($one, [1, 2, 3][..], [1, 2, 3, 4][..]);
        assert_both!($one, &[1, 2, 3][..], &[0, 2, 3][..]);
        assert_both!($one, &mut [1, 2, 3][..], &mut [2, 3][..]);
        assert_both!($one, vec![1, 2, 3], vec![0; 0]);
    };
}

fn arrays_and_vectors_equal_what_vec_equals<S: ReleaseStrategy, C: Table>() {
    let (pool, other) = (self::pool::<u32, S, C>(), ArrayPool::<u32, Tagged>::new());
    let array = pool.allocate_copy(&[1, 2, 3]);
    let vector = PoolVec::from(other.allocate_copy(&[1, 2, 3]));
    assert_equals_what_vec_equals!(array);
    assert_equals_what_vec_equals!(vector);
    assert_both!(array, vector, PoolVec::from(pool.allocate_copy(&[1, 2])));
    assert_both!(vector, array, pool.allocate_copy(&[3, 2, 1]));
    // Elements of two types, which are compared by the left one's word.
    let texts = self::pool::<String, S, C>();
    assert_both!(texts.allocate_with(2, |i| i.to_string()), ["0", "1"], ["0", "2"]);
}

fn what_has_no_elements_compares_too<S: ReleaseStrategy, C: Table>() {
    let (units, numbers) = (pool::<(), S, C>(), pool::<f32, S, C>());
    assert_both!(units.allocate_copy(&[(); 3]), vec![(); 3], [(); 2]);
    assert!(units.allocate_copy(&[(); 3]) > units.allocate_copy(&[(); 2]));
    let (none, nan) = (numbers.allocate_copy(&[]), numbers.allocate_copy(&[f32::NAN]));
    assert_ne!(nan, numbers.allocate_copy(&nan));
    assert_both!(none, Vec::<f32>::new(), [0.0]);
    assert!(none.partial_cmp(&nan).is_some() && nan.partial_cmp(&nan).is_none());
}

fn uninitialised_arrays_are_written_first<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u64, S, C>();
    let mut array = pool.allocate(30);
    for (index, place) in array.iter_mut().enumerate() {
        *place = MaybeUninit::new(index as u64);
    }
    // SAFETY: every element was just written.
    let array: PoolArray<'_, u64, S, C> = unsafe { array.assume_init() };
    assert!(array.iter().enumerate().all(|(index, &element)| element == index as u64));
    assert_eq!(pool.allocate(3).write_copy(&[1, 2, 3]), [1, 2, 3]);
    assert_eq!(pool.allocate(3).write_with(|i| i as u64 * 2), [0, 2, 4]);
    drop(pool.allocate(100));
    let refused = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _ = pool.allocate(3).write_copy(&[1, 2]);
    }));
    assert!(refused.is_err(), "the lengths differ");
    drop(array);
    assert_eq!(pool.verify().unwrap().live, if S::RECLAIMS { 0 } else { 5 });
}

fn a_leaked_array_stays_for_good<S: ReleaseStrategy, C: Table>() {
    let mut pool = pool::<u32, S, C>();
    let leaked = pool.allocate_copy(&[1, 2, 3]).leak();
    leaked[0] = 9;
    let other = pool.allocate_copy(&[4, 5, 6]);
    assert_eq!((&*leaked, pool.stats().live), (&[9, 2, 3][..], 2));
    let error = release_ptr(&pool, leaked.as_ptr()).unwrap_err();
    assert_eq!(error.kind(), if S::RECLAIMS { "owned" } else { "not releasable" });
    drop(other);
    pool.verify().unwrap();
    pool.reset();
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn release_says_what_drop_does_silently<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<u32, S, C>();
    for length in [0, 1, 10, 200, 5000] {
        let array = pool.allocate_with(length, |i| i as u32);
        assert_eq!(array.release(), Ok::<(), ReleaseError>(()));
    }
    assert_eq!(pool.verify().unwrap().free > 0, S::RECLAIMS);
}

/// A tree whose branches lie in the pool that they are made from.
enum Node<'p, S: ReleaseStrategy, C: Table> {
    Leaf(f64),
    Branch(PoolArray<'p, Node<'p, S, C>, S, C>),
}

impl<S: ReleaseStrategy, C: Table> Node<'_, S, C> {
    fn sum(&self) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Branch(nodes) => nodes.iter().map(Self::sum).sum(),
        }
    }
}

fn tree<'p, S: ReleaseStrategy, C: Table>(
    pool: &'p ArrayPool<'_, Node<'p, S, C>, S, C>,
    depth: usize,
) -> Node<'p, S, C> {
    if depth == 0 {
        return Node::Leaf(1.5);
    }
    Node::Branch(pool.allocate_with(depth + 1, |_| tree(pool, depth - 1)))
}

fn a_node_may_hold_arrays_of_nodes<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<Node<'_, S, C>, S, C>();
    let root = tree(&pool, 4);
    assert!((root.sum() - 120.0 * 1.5).abs() < 1e-9);
    assert_eq!(pool.verify().unwrap().live, 1 + 5 + 20 + 60);
    drop(root);
    assert_eq!(pool.verify().unwrap().live, if S::RECLAIMS { 0 } else { 86 });
}
