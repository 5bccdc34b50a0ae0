//! Which lengths share a free list.
//!
//! A **class** is a capacity: all arrays of a class lie in slots of that many
//! units. Lengths up to the last entry of a table go to the smallest class that
//! holds them; longer ones to powers of two above it, the *geometric* classes.

#![forbid(unsafe_code)]

use core::marker::PhantomData;

/// A table of class lengths, in ascending order.
///
/// It is checked when it is compiled: at most 64 lengths, ascending, none 0, none
/// above 2^30. A table that breaks a rule does not compile where a pool uses it. If the
/// table is empty, as [`RuntimeClasses`] is, the lengths are given when the pool is made;
/// if none are given, they are those of [`DefaultClasses`].
///
/// ```
/// use arraypool::{ArrayPool, ClassTable, DefaultStrategy};
///
/// struct PowersOfTwo;
///
/// impl ClassTable for PowersOfTwo {
///     const LENGTHS: &'static [u32] = &[2, 4, 8, 16, 32, 64];
/// }
///
/// let pool = ArrayPool::<u64, DefaultStrategy, PowersOfTwo>::new();
/// assert_eq!(pool.allocate_copy(&[1, 2, 3]).capacity(), 4);
/// ```
pub trait ClassTable: 'static {
    /// The capacity of each class, in units of the pool (elements of an
    /// [`ArrayPool`](crate::ArrayPool)).
    const LENGTHS: &'static [u32];
}

/// The table that pools use unless told otherwise: small arrays of up to 16
/// elements and medium ones of up to 256.
///
/// ```
/// use arraypool::{ClassTable, DefaultClasses};
///
/// assert_eq!(DefaultClasses::LENGTHS, [16, 256]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DefaultClasses;

impl ClassTable for DefaultClasses {
    const LENGTHS: &'static [u32] = &[16, 256];
}

/// A table that is given when the pool is made:
/// [`PoolBuilder::classes`](crate::PoolBuilder::classes).
///
/// ```
/// use arraypool::{ArrayPool, RuntimeClasses, Tagged};
///
/// let lengths = [10, 100];
/// let pool = ArrayPool::<u8, Tagged, RuntimeClasses>::builder().classes(&lengths).build();
/// assert_eq!(pool.allocate(7).capacity(), 10);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClasses;

impl ClassTable for RuntimeClasses {
    const LENGTHS: &'static [u32] = &[];
}

/// The most classes a table can have.
pub(crate) const CLASSES_MAX: usize = 64;
/// The longest class of a table. The geometric class above it still is a `u32`.
pub(crate) const LENGTH_MAX: u32 = 1 << 30;
/// Lengths up to here are looked up, when the table is too long to compare.
const LOOKED_UP: usize = 256;
/// Tables of up to this many lengths are compared one by one, without branches.
const COMPARED: usize = 4;

/// Whether `lengths` keeps the rules of a [`ClassTable`].
pub(crate) const fn is_valid(lengths: &[u32]) -> bool {
    if lengths.is_empty() || lengths.len() > CLASSES_MAX || lengths[0] == 0 {
        return false;
    }
    let mut index = 1;
    while index < lengths.len() {
        if lengths[index] <= lengths[index - 1] {
            return false;
        }
        index += 1;
    }
    lengths[lengths.len() - 1] <= LENGTH_MAX
}

/// What the compiler works out about a table.
pub(crate) struct Table<C>(PhantomData<C>);

impl<C: ClassTable> Table<C> {
    /// Classes of the table: 0 when it is given at run time.
    pub(crate) const COUNT: usize = {
        assert!(
            C::LENGTHS.is_empty() || is_valid(C::LENGTHS),
            "a class table has at most 64 ascending lengths between 1 and 2^30"
        );
        C::LENGTHS.len()
    };

    /// The longest length of the table.
    const LAST: usize = if Self::COUNT == 0 { 0 } else { C::LENGTHS[Self::COUNT - 1] as usize };

    /// The class of each length from 0 to [`LOOKED_UP`].
    const MAP: [u8; LOOKED_UP + 1] = {
        let mut map = [0; LOOKED_UP + 1];
        let mut class = 0_u8;
        let mut length = 0;
        while length <= LOOKED_UP {
            while (class as usize) < Self::COUNT && length > C::LENGTHS[class as usize] as usize {
                class += 1;
            }
            map[length] = class;
            length += 1;
        }
        map
    };

    /// The class of the table for `length`, or `None`: it is 0, above the table,
    /// or the table is given at run time.
    #[inline(always)]
    pub(crate) fn class_of(length: usize) -> Option<usize> {
        // One comparison answers both ends: 0 wraps to the top.
        let below = length.wrapping_sub(1);
        if below >= Self::LAST {
            return None;
        }
        if Self::COUNT <= COMPARED {
            // The last length needs no comparison: `below` is under it.
            let shorter = &C::LENGTHS[..Self::COUNT - 1];
            return Some(shorter.iter().map(|&one| usize::from(below >= one as usize)).sum());
        }
        match Self::MAP.get(length) {
            Some(&class) => Some(usize::from(class)),
            None => Some(class_in(C::LENGTHS, length)),
        }
    }
}

/// The index of the first length that is not shorter than `length`.
pub(crate) fn class_in(lengths: &[u32], length: usize) -> usize {
    lengths.partition_point(|&one| (one as usize) < length)
}

/// The exponent of the first power of two above `last`.
pub(crate) const fn first_exponent(last: u32) -> u32 {
    u32::BITS - last.leading_zeros()
}

/// The exponent of the geometric class for `length`, which is above `last`.
pub(crate) const fn exponent_of(length: u32, last: u32) -> u32 {
    let exponent = u32::BITS - (length - 1).leading_zeros();
    let first = first_exponent(last);
    if exponent < first { first } else { exponent }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Json;
    impl ClassTable for Json {
        const LENGTHS: &'static [u32] =
            &[2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 1000];
    }
    struct One;
    impl ClassTable for One {
        const LENGTHS: &'static [u32] = &[7];
    }

    fn agrees<C: ClassTable>() {
        for length in (0..1200).step_by(if cfg!(miri) { 37 } else { 1 }) {
            let expected =
                C::LENGTHS.iter().position(|&one| length <= one as usize).filter(|_| length > 0);
            assert_eq!(Table::<C>::class_of(length), expected, "{length}");
        }
        assert_eq!(Table::<C>::class_of(usize::MAX), None);
    }

    #[test]
    fn every_length_finds_the_smallest_class_that_holds_it() {
        agrees::<DefaultClasses>();
        agrees::<Json>();
        agrees::<One>();
        assert_eq!(Table::<RuntimeClasses>::class_of(1), None);
    }

    #[test]
    fn geometric_classes_are_powers_of_two_above_the_table() {
        for last in [1_u32, 7, 16, 255, 256, 300, 1 << 20] {
            let step = if cfg!(miri) { 499 } else { 1 };
            for length in ((last + 1)..(last + 5000)).step_by(step) {
                let capacity = 1_u32 << exponent_of(length, last);
                assert!(capacity >= length && capacity > last);
                assert!(capacity / 2 < length || capacity / 2 <= last);
            }
        }
        assert_eq!(exponent_of(257, 256), 9);
        assert_eq!(exponent_of(513, 256), 10);
        assert_eq!(exponent_of(1 << 31, 256), 31);
    }

    #[test]
    fn tables_that_break_a_rule_are_invalid() {
        assert!(is_valid(&[1]) && is_valid(&[16, 256]) && is_valid(&[LENGTH_MAX]));
        let long: [u32; 65] = core::array::from_fn(|i| u32::try_from(i).unwrap() + 1);
        for bad in [&[][..], &[0], &[0, 1], &[2, 2], &[3, 2], &[LENGTH_MAX + 1], &long] {
            assert!(!is_valid(bad), "{bad:?}");
        }
        assert!(is_valid(&long[..64]));
    }
}
