//! How large a buffer must be for so many arrays of each class.
//!
//! The sum of everything that a pool in a buffer takes out of it, in the same
//! steps: the arena's header, the classes, and for every class a place in the table
//! of runs, its granules, and the run itself. Where the address decides, the worst
//! one counts.

#![forbid(unsafe_code)]

use super::ArrayPool;
use super::class::{self, ClassTable};
use super::classes::{Hot, class_bytes};
use super::release::ReleaseStrategy;
use super::run::{Run, plus, rounded, stride_of, times};
use super::table;
use crate::arena::{ALIGN, CHUNK_HEADER};

/// A sum of blocks as an arena places them, wherever its buffer lies.
#[derive(Clone, Copy)]
struct Sum(usize);

impl Sum {
    /// Adds a block, with the bytes that may be skipped to align it.
    const fn block(self, size: usize, align: usize) -> Self {
        Self(plus(plus(self.0, rounded(size, ALIGN)), align.saturating_sub(ALIGN)))
    }

    /// Adds a list of `count` values.
    const fn list<V>(self, count: usize) -> Self {
        self.block(times(size_of::<V>(), count), align_of::<V>())
    }
}

impl<T, S: ReleaseStrategy, C: ClassTable> ArrayPool<'_, T, S, C> {
    /// The bytes that a buffer must have, aligned to 16 (under `Direct` to the
    /// element as well, if that is more), so that a pool in it can
    /// [`reserve`](crate::RawPool::reserve) `counts[i]` arrays of class `i`, be frozen, and
    /// serve them. Under [`Direct`](crate::Direct), which reserves nothing, they
    /// are the bytes of that many arrays of full length, and of no more.
    ///
    /// What `Metadata` keeps on the heap is not in it: see
    /// `Metadata::record_bytes`. Nor is the memory for [`Checks`](crate::Checks) that a
    /// builder or the environment asks for.
    ///
    /// For class tables that are known at compile time. Sizes that overflow are a
    /// compile error in a constant, and a panic elsewhere. Arrays of elements without
    /// size need no bytes.
    ///
    /// ```
    /// use arraypool::{Arena, ArrayPool, Buffer, Tagged};
    ///
    /// type Pool<'m> = ArrayPool<'m, f32, Tagged>;
    ///
    /// let mut buffer = Buffer::<{ Pool::bytes_for(&[100, 4]) }>::new();
    /// let arena = Arena::from_buffer(&mut buffer);
    /// let pool = Pool::new_in(&arena);
    /// pool.reserve(16, 100);
    /// pool.reserve(256, 4);
    /// pool.freeze();
    /// let arrays: Vec<_> = (0..100).map(|_| pool.allocate(16)).collect();
    /// assert!(pool.try_allocate(16).is_err());
    /// # drop(arrays);
    /// ```
    ///
    /// # Panics
    /// If there are not as many counts as classes, or the table is given at run time, or
    /// a size overflows.
    #[must_use]
    pub const fn bytes_for(counts: &[usize]) -> usize {
        assert!(counts.len() == C::LENGTHS.len(), "a count for each class of the table");
        assert!(!C::LENGTHS.is_empty(), "the table is known when this is compiled");
        if !S::RECLAIMS {
            return Self::direct(counts);
        }
        // A larger buffer may need more classes above the table, and those a
        // larger buffer.
        let mut bytes = 0;
        loop {
            let next = Self::reserved(counts, bytes);
            if next <= bytes {
                return bytes;
            }
            bytes = next;
        }
    }

    /// Arrays one behind the other, from a buffer that is aligned for them.
    const fn direct(counts: &[usize]) -> usize {
        let align = if align_of::<T>() > ALIGN { align_of::<T>() } else { ALIGN };
        let (mut end, mut class) = (CHUNK_HEADER, 0);
        while class < counts.len() {
            let size = rounded(times(C::LENGTHS[class] as usize, size_of::<T>()), ALIGN);
            if counts[class] > 0 && size > 0 {
                // Each but the last, whose end need not be aligned.
                let others = times(counts[class] - 1, rounded(size, align));
                end = plus(plus(rounded(end, align), others), size);
            }
            class += 1;
        }
        end
    }

    /// What the pool takes if the buffer has so many bytes.
    const fn reserved(counts: &[usize], buffer: usize) -> usize {
        let unit = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        let mut sum = Sum(CHUNK_HEADER);
        if !S::HEAP_BOOKS {
            let classes = counts.len() + Self::geometric(buffer / unit);
            sum = sum.block(times(class_bytes::<S>(), classes), align_of::<Hot<S>>());
        }
        let (mut class, mut runs, mut granules) = (0, 0, 0);
        while class < counts.len() {
            if counts[class] > 0 && size_of::<T>() > 0 {
                let (stride, align) =
                    stride_of(C::LENGTHS[class], unit, align_of::<T>(), S::PREFIX, S::PREFIX_ALIGN);
                let bytes = times(stride, counts[class]);
                sum = sum.block(bytes, align);
                runs += 1;
                granules += table::granules_of(bytes);
            }
            class += 1;
        }
        if S::HEAP_BOOKS { sum.0 } else { Self::with_tables(sum, runs, granules).0 }
    }

    /// The table of runs, and that of granules, each with those it has outgrown: in
    /// a buffer they stay where they were.
    const fn with_tables(mut sum: Sum, runs: usize, granules: usize) -> Sum {
        let mut room = 0;
        while room < runs {
            room = table::next_room(room);
            sum = sum.list::<Run>(room);
        }
        let mut places = if runs > 0 { table::FIRST } else { 0 };
        while places > 0 {
            sum = sum.list::<table::Entry>(places);
            places = if places < granules * 2 { places * 2 } else { 0 };
        }
        sum
    }

    /// Classes above the table that can have an array in so many units.
    const fn geometric(most: usize) -> usize {
        let lengths = C::LENGTHS;
        let mut exponent = class::first_exponent(lengths[lengths.len() - 1]);
        let mut count = 0;
        while exponent < u32::BITS && (1_usize << exponent) / 2 < most {
            count += 1;
            exponent += 1;
        }
        count
    }
}
