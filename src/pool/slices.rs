//! What an owned array shares with the slice that it is: one body for arrays and vectors.

#![forbid(unsafe_code)]

/// Implements what a slice can do by reference for a type of this floor that
/// dereferences to one: iteration, borrowing, comparison, hashing, printing.
macro_rules! behaves_as_slice {
    ($array:ident) => {
        impl<'a, T, S: ReleaseStrategy, C: ClassTable> IntoIterator for &'a $array<'_, T, S, C> {
            type Item = &'a T;
            type IntoIter = core::slice::Iter<'a, T>;

            fn into_iter(self) -> core::slice::Iter<'a, T> {
                self.iter()
            }
        }

        impl<'a, T, S: ReleaseStrategy, C: ClassTable> IntoIterator
            for &'a mut $array<'_, T, S, C>
        {
            type Item = &'a mut T;
            type IntoIter = core::slice::IterMut<'a, T>;

            fn into_iter(self) -> core::slice::IterMut<'a, T> {
                self.iter_mut()
            }
        }

        impl<T, S: ReleaseStrategy, C: ClassTable> AsRef<[T]> for $array<'_, T, S, C> {
            fn as_ref(&self) -> &[T] {
                self
            }
        }

        impl<T, S: ReleaseStrategy, C: ClassTable> AsMut<[T]> for $array<'_, T, S, C> {
            fn as_mut(&mut self) -> &mut [T] {
                self
            }
        }

        impl<T, S: ReleaseStrategy, C: ClassTable> core::borrow::Borrow<[T]>
            for $array<'_, T, S, C>
        {
            fn borrow(&self) -> &[T] {
                self
            }
        }

        impl<T, S: ReleaseStrategy, C: ClassTable> core::borrow::BorrowMut<[T]>
            for $array<'_, T, S, C>
        {
            fn borrow_mut(&mut self) -> &mut [T] {
                self
            }
        }

        impl<T: core::fmt::Debug, S: ReleaseStrategy, C: ClassTable> core::fmt::Debug
            for $array<'_, T, S, C>
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.as_slice().fmt(f)
            }
        }

        /// They compare like the slices they are, whatever pool they come from.
        impl<T, U, S, R, C, D> PartialEq<$array<'_, U, R, D>> for $array<'_, T, S, C>
        where
            T: PartialEq<U>,
            S: ReleaseStrategy,
            R: ReleaseStrategy,
            C: ClassTable,
            D: ClassTable,
        {
            fn eq(&self, other: &$array<'_, U, R, D>) -> bool {
                self.as_slice() == other.as_slice()
            }
        }

        impl<T: PartialEq<U>, U, S: ReleaseStrategy, C: ClassTable> PartialEq<[U]>
            for $array<'_, T, S, C>
        {
            fn eq(&self, other: &[U]) -> bool {
                self.as_slice() == other
            }
        }

        impl<T: PartialEq<U>, U, S: ReleaseStrategy, C: ClassTable> PartialEq<&[U]>
            for $array<'_, T, S, C>
        {
            fn eq(&self, other: &&[U]) -> bool {
                self.as_slice() == *other
            }
        }

        impl<T: PartialEq<U>, U, S: ReleaseStrategy, C: ClassTable, const N: usize>
            PartialEq<[U; N]> for $array<'_, T, S, C>
        {
            fn eq(&self, other: &[U; N]) -> bool {
                self.as_slice() == other
            }
        }

        impl<T: Eq, S: ReleaseStrategy, C: ClassTable> Eq for $array<'_, T, S, C> {}

        impl<T: PartialOrd, S: ReleaseStrategy, C: ClassTable> PartialOrd for $array<'_, T, S, C> {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                self.as_slice().partial_cmp(other.as_slice())
            }
        }

        impl<T: Ord, S: ReleaseStrategy, C: ClassTable> Ord for $array<'_, T, S, C> {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.as_slice().cmp(other.as_slice())
            }
        }

        impl<T: core::hash::Hash, S: ReleaseStrategy, C: ClassTable> core::hash::Hash
            for $array<'_, T, S, C>
        {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.as_slice().hash(state);
            }
        }
    };
}

pub(in crate::pool) use behaves_as_slice;
