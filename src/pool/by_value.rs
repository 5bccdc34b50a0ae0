//! Iteration by value over elements of which the middle is still there: one body for
//! arrays, of one thread and of many, and for what is drained from a vector.

/// Implements what an iterator over `T` can do that has
///
/// - `rest: Range<usize>`, the places of the elements that were not taken;
/// - `unsafe fn take(&mut self, place: usize) -> T`, which moves an element out, for a
///   caller that has just taken its place from `rest`;
/// - `as_slice`, the elements that were not taken.
macro_rules! iterates_by_value {
    ($iterator:ident<$($life:lifetime,)* T, $($parameter:ident: $bound:ident),+>) => {
        impl<T, $($parameter: $bound),+> Iterator for $iterator<$($life,)* T, $($parameter),+> {
            type Item = T;

            #[inline]
            fn next(&mut self) -> Option<T> {
                let place = self.rest.next()?;
                // SAFETY: the place was in `rest` and no longer is.
                Some(unsafe { self.take(place) })
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.rest.size_hint()
            }
        }

        impl<T, $($parameter: $bound),+> DoubleEndedIterator
            for $iterator<$($life,)* T, $($parameter),+>
        {
            #[inline]
            fn next_back(&mut self) -> Option<T> {
                let place = self.rest.next_back()?;
                // SAFETY: the place was in `rest` and no longer is.
                Some(unsafe { self.take(place) })
            }
        }

        impl<T, $($parameter: $bound),+> ExactSizeIterator
            for $iterator<$($life,)* T, $($parameter),+>
        {
        }

        impl<T, $($parameter: $bound),+> core::iter::FusedIterator
            for $iterator<$($life,)* T, $($parameter),+>
        {
        }

        /// What `as_slice` shows.
        impl<T, $($parameter: $bound),+> AsRef<[T]> for $iterator<$($life,)* T, $($parameter),+> {
            fn as_ref(&self) -> &[T] {
                self.as_slice()
            }
        }

        impl<T: core::fmt::Debug, $($parameter: $bound),+> core::fmt::Debug
            for $iterator<$($life,)* T, $($parameter),+>
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_tuple(stringify!($iterator)).field(&self.as_slice()).finish()
            }
        }
    };
}

pub(crate) use iterates_by_value;
