//! What an owned array shares with the slice that it is: one body for arrays and vectors,
//! of one thread and of many.

#![forbid(unsafe_code)]

/// Implements what a slice can do by reference for a type that dereferences to one:
/// iteration, borrowing, comparison, hashing, printing, and to be serialized.
///
/// Each parameter after `T` has two names: its own, and that of the same parameter of
/// another array that this one is compared with.
macro_rules! behaves_as_slice {
    ($array:ident<$($life:lifetime,)* T $(, $own:ident / $other:ident: $bound:ident)*>) => {
        impl<'a, T, $($own: $bound),*> IntoIterator for &'a $array<$($life,)* T, $($own),*> {
            type Item = &'a T;
            type IntoIter = core::slice::Iter<'a, T>;

            fn into_iter(self) -> core::slice::Iter<'a, T> {
                self.iter()
            }
        }

        impl<'a, T, $($own: $bound),*> IntoIterator for &'a mut $array<$($life,)* T, $($own),*> {
            type Item = &'a mut T;
            type IntoIter = core::slice::IterMut<'a, T>;

            fn into_iter(self) -> core::slice::IterMut<'a, T> {
                self.iter_mut()
            }
        }

        impl<T, $($own: $bound),*> AsRef<[T]> for $array<$($life,)* T, $($own),*> {
            fn as_ref(&self) -> &[T] {
                self
            }
        }

        impl<T, $($own: $bound),*> AsMut<[T]> for $array<$($life,)* T, $($own),*> {
            fn as_mut(&mut self) -> &mut [T] {
                self
            }
        }

        impl<T, $($own: $bound),*> core::borrow::Borrow<[T]> for $array<$($life,)* T, $($own),*> {
            fn borrow(&self) -> &[T] {
                self
            }
        }

        impl<T, $($own: $bound),*> core::borrow::BorrowMut<[T]>
            for $array<$($life,)* T, $($own),*>
        {
            fn borrow_mut(&mut self) -> &mut [T] {
                self
            }
        }

        impl<T: core::fmt::Debug, $($own: $bound),*> core::fmt::Debug
            for $array<$($life,)* T, $($own),*>
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self[..].fmt(f)
            }
        }

        /// They compare like the slices they are, whatever pool they come from.
        impl<T: PartialEq<U>, U, $($own: $bound, $other: $bound),*>
            PartialEq<$array<$($life,)* U, $($other),*>> for $array<$($life,)* T, $($own),*>
        {
            fn eq(&self, other: &$array<$($life,)* U, $($other),*>) -> bool {
                self[..] == other[..]
            }
        }

        $crate::pool::equal_slices! {
            [$($own: $bound),*] $array<$($life,)* T, $($own),*>, [U];
            [$($own: $bound),*] $array<$($life,)* T, $($own),*>, &[U];
            [$($own: $bound),*] $array<$($life,)* T, $($own),*>, &mut [U];
            [$($own: $bound,)* const N: usize] $array<$($life,)* T, $($own),*>, [U; N];
            [$($own: $bound,)* const N: usize] $array<$($life,)* T, $($own),*>, &[U; N];
        }

        #[cfg(feature = "alloc")]
        $crate::pool::equal_slices! {
            [$($own: $bound),*] $array<$($life,)* T, $($own),*>, alloc::vec::Vec<U>;
        }

        impl<T: Eq, $($own: $bound),*> Eq for $array<$($life,)* T, $($own),*> {}

        impl<T: Ord, $($own: $bound),*> Ord for $array<$($life,)* T, $($own),*> {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self[..].cmp(&other[..])
            }
        }

        impl<T: core::hash::Hash, $($own: $bound),*> core::hash::Hash
            for $array<$($life,)* T, $($own),*>
        {
            fn hash<A: core::hash::Hasher>(&self, state: &mut A) {
                self[..].hash(state);
            }
        }

        /// As the slice that it is: a sequence.
        #[cfg(feature = "serde")]
        impl<T: serde::Serialize, $($own: $bound),*> serde::Serialize
            for $array<$($life,)* T, $($own),*>
        {
            fn serialize<A: serde::Serializer>(&self, serializer: A) -> Result<A::Ok, A::Error> {
                self[..].serialize(serializer)
            }
        }
    };
}

/// Implements `==` in both directions for pairs of types, one of `T` and one of `U`,
/// that are slices in the end.
macro_rules! equal_slices {
    ($([$($generics:tt)*] $left:ty, $right:ty;)+) => {$(
        impl<T: PartialEq<U>, U, $($generics)*> PartialEq<$right> for $left {
            fn eq(&self, other: &$right) -> bool {
                self[..] == other[..]
            }
        }

        impl<T, U: PartialEq<T>, $($generics)*> PartialEq<$left> for $right {
            fn eq(&self, other: &$left) -> bool {
                self[..] == other[..]
            }
        }
    )+};
}

/// Implements `<` and its like for two types of the same elements, which are slices in
/// the end.
macro_rules! order_slices {
    ([$($generics:tt)*] $left:ty, $right:ty) => {
        impl<T: PartialOrd, $($generics)*> PartialOrd<$right> for $left {
            fn partial_cmp(&self, other: &$right) -> Option<core::cmp::Ordering> {
                self[..].partial_cmp(&other[..])
            }
        }
    };
}

pub(crate) use {behaves_as_slice, equal_slices, order_slices};
