//! Methods that several pools have: those that fill what they allocate, and those that
//! ask the raw pool behind a view of it. One body for all.

#![forbid(unsafe_code)]

/// Gives a pool, whose methods `allocate` and `try_allocate` return `$array`s of
/// uninitialised elements, the methods that fill them. `$pool` is the line of the
/// examples that makes a `pool` of `u32`.
macro_rules! allocates_filled {
    ($array:ident<$($life:lifetime),+>, $pool:literal) => {
        /// Allocates an array of `len` elements, the i-th being `make(i)`.
        ///
        /// `make` may allocate, too. Complexity: that of [`allocate`](Self::allocate),
        /// and `len` calls of `make`.
        ///
        /// ```
        #[doc = $pool]
        /// let squares = pool.allocate_with(4, |i| (i * i) as u32);
        /// assert_eq!(squares, [0, 1, 4, 9]);
        /// ```
        ///
        /// # Panics
        /// If there is no memory, or `make` panics; what was made is dropped then,
        /// and the array goes back.
        #[inline]
        #[track_caller]
        pub fn allocate_with(
            &self,
            len: usize,
            make: impl FnMut(usize) -> T,
        ) -> $array<$($life,)+ T, S, C> {
            self.try_allocate_with(len, make).or_panic()
        }

        /// The twin of [`allocate_with`](Self::allocate_with) that returns an error;
        /// `make` is not called then.
        ///
        /// ```
        #[doc = $pool]
        /// let squares = pool.try_allocate_with(4, |i| (i * i) as u32)?;
        /// assert_eq!(squares, [0, 1, 4, 9]);
        /// # Ok::<(), arraypool::AllocError>(())
        /// ```
        ///
        /// # Errors
        /// As [`try_allocate`](Self::try_allocate).
        ///
        /// # Panics
        /// If `make` does, as [`allocate_with`](Self::allocate_with).
        #[inline]
        #[track_caller]
        pub fn try_allocate_with(
            &self,
            len: usize,
            make: impl FnMut(usize) -> T,
        ) -> Result<$array<$($life,)+ T, S, C>, AllocError> {
            Ok(self.try_allocate(len)?.write_with(make))
        }

        /// Allocates a copy of `source`. Complexity: that of
        /// [`allocate`](Self::allocate), and of the copy.
        ///
        /// ```
        #[doc = $pool]
        /// assert_eq!(pool.allocate_copy(&[1, 2, 3]), [1, 2, 3]);
        /// ```
        ///
        /// # Panics
        /// If there is no memory.
        #[inline]
        #[track_caller]
        pub fn allocate_copy(&self, source: &[T]) -> $array<$($life,)+ T, S, C>
        where
            T: Copy,
        {
            self.try_allocate_copy(source).or_panic()
        }

        /// The twin of [`allocate_copy`](Self::allocate_copy) that returns an error.
        /// Never panics.
        ///
        /// ```
        #[doc = $pool]
        /// assert_eq!(pool.try_allocate_copy(&[1, 2, 3])?, [1, 2, 3]);
        /// # Ok::<(), arraypool::AllocError>(())
        /// ```
        ///
        /// # Errors
        /// As [`try_allocate`](Self::try_allocate).
        #[inline]
        #[track_caller]
        pub fn try_allocate_copy(
            &self,
            source: &[T],
        ) -> Result<$array<$($life,)+ T, S, C>, AllocError>
        where
            T: Copy,
        {
            let array = self.try_allocate(source.len())?;
            // Always equal; the compiler does not see it, and this way `write_copy` has no
            // panic.
            if array.len() != source.len() {
                return Err(AllocError::TooLarge { length: source.len() });
            }
            Ok(array.write_copy(source))
        }

        /// Allocates clones of the elements of `source`, one after the other.
        /// Complexity: that of [`allocate`](Self::allocate), and of the clones.
        ///
        /// ```
        #[doc = $pool]
        /// let array = pool.allocate_copy(&[1, 2, 3]);
        /// assert_eq!(pool.allocate_clone(&array), array);
        /// ```
        ///
        /// # Panics
        /// If there is no memory, or a `clone` panics; the clones made so far are
        /// dropped then, and the array goes back.
        #[inline]
        #[track_caller]
        pub fn allocate_clone(&self, source: &[T]) -> $array<$($life,)+ T, S, C>
        where
            T: Clone,
        {
            self.try_allocate_clone(source).or_panic()
        }

        /// The twin of [`allocate_clone`](Self::allocate_clone) that returns an error;
        /// nothing is cloned then.
        ///
        /// ```
        #[doc = $pool]
        /// let array = pool.allocate_copy(&[1, 2, 3]);
        /// assert_eq!(pool.try_allocate_clone(&array)?, array);
        /// # Ok::<(), arraypool::AllocError>(())
        /// ```
        ///
        /// # Errors
        /// As [`try_allocate`](Self::try_allocate).
        ///
        /// # Panics
        /// If a `clone` does, as [`allocate_clone`](Self::allocate_clone).
        #[inline]
        #[track_caller]
        pub fn try_allocate_clone(
            &self,
            source: &[T],
        ) -> Result<$array<$($life,)+ T, S, C>, AllocError>
        where
            T: Clone,
        {
            self.try_allocate_with(source.len(), |index| source[index].clone())
        }

        /// Allocates an array of `len` elements whose bytes are all 0, as
        /// `Box::new_zeroed_slice` does: call `assume_init` where zeros are a valid `T`.
        /// Complexity: that of [`allocate`](Self::allocate), and of the filling.
        ///
        /// ```
        #[doc = $pool]
        /// let zeros = pool.allocate_zeroed(100);
        /// // SAFETY: zeros are a `u32`.
        /// let zeros = unsafe { zeros.assume_init() };
        /// assert!(zeros.iter().all(|zero| *zero == 0));
        /// ```
        ///
        /// # Panics
        /// If there is no memory.
        #[inline]
        #[track_caller]
        pub fn allocate_zeroed(&self, len: usize) -> $array<$($life,)+ MaybeUninit<T>, S, C> {
            self.try_allocate_zeroed(len).or_panic()
        }

        /// The twin of [`allocate_zeroed`](Self::allocate_zeroed) that returns an
        /// error. Never panics.
        ///
        /// ```
        #[doc = $pool]
        /// let zeros = pool.try_allocate_zeroed(100)?;
        /// assert_eq!(zeros.len(), 100);
        /// # Ok::<(), arraypool::AllocError>(())
        /// ```
        ///
        /// # Errors
        /// As [`try_allocate`](Self::try_allocate).
        #[inline]
        #[track_caller]
        pub fn try_allocate_zeroed(
            &self,
            len: usize,
        ) -> Result<$array<$($life,)+ MaybeUninit<T>, S, C>, AllocError> {
            let mut array = self.try_allocate(len)?;
            $crate::pool::zero(&mut array);
            Ok(array)
        }
    };
}

/// Gives a pool that is a view of its field `raw` the methods that all views have.
/// `$pool` is the line of the examples that makes an empty `pool`.
macro_rules! views_raw_pool {
    ($classes:ty, $pool:literal) => {
        /// Takes every array back at once, without dropping elements; memory is kept
        /// for what comes next. Under [`Direct`](crate::Direct) it does so only if the arena
        /// is the pool's own: a borrowed one is for its owner to reset.
        ///
        /// Complexity: one step per run. Never panics.
        ///
        /// ```
        #[doc = concat!("let mut ", $pool)]
        /// pool.reset();
        /// assert_eq!(pool.stats().live, 0);
        /// ```
        #[track_caller]
        pub fn reset(&mut self) {
            self.raw.reset();
        }

        /// What the pool has, in numbers. Complexity: one step per class. Never panics.
        ///
        /// ```
        #[doc = concat!("let ", $pool)]
        /// assert_eq!(pool.stats().live, 0);
        /// ```
        #[must_use]
        pub fn stats(&self) -> PoolStats {
            self.raw.stats()
        }

        /// Walks every run and every free list and checks that the bookkeeping adds up: see
        /// [`RawPool::verify`](crate::RawPool::verify).
        ///
        /// ```
        #[doc = concat!("let ", $pool)]
        /// assert_eq!(pool.verify()?.live, 0);
        /// # Ok::<(), arraypool::VerifyError>(())
        /// ```
        ///
        /// # Errors
        /// The first thing that is wrong.
        pub fn verify(&self) -> Result<PoolStats, VerifyError> {
            self.raw.verify()
        }

        /// The untyped pool behind this one.
        ///
        /// ```
        #[doc = concat!("let ", $pool)]
        /// assert_eq!(pool.as_raw().stats(), pool.stats());
        /// ```
        #[must_use]
        pub fn as_raw(&self) -> &RawPool<'m, S, $classes> {
            &self.raw
        }
    };
}

pub(crate) use {allocates_filled, views_raw_pool};
