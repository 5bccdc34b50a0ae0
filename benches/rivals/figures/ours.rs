//! The pool's own handles and bare addresses, under any strategy, and no pool at all.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use arraypool::{ArrayPool, ClassTable, DefaultClasses, PoolArray, ReleaseStrategy};

use crate::subjects::{Content, keep};
use crate::support::workload::Subject;

/// Handles that go back when they are dropped.
#[derive(Debug)]
pub(crate) struct Owned<'p, T, S: ReleaseStrategy, C: ClassTable = DefaultClasses>(
    pub(crate) &'p ArrayPool<'p, T, S, C>,
);

impl<T, S: ReleaseStrategy> Owned<'static, T, S> {
    /// A pool of its own, which is never dropped.
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(ArrayPool::new())))
    }
}

impl<'p, T: Content, S: ReleaseStrategy, C: ClassTable> Subject for Owned<'p, T, S, C> {
    type Array = PoolArray<'p, MaybeUninit<T>, S, C>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        let mut array = self.0.allocate(len);
        let first = array.as_mut_ptr();
        // SAFETY: no workload asks for an empty array.
        unsafe { first.write(MaybeUninit::new(T::of(value))) };
        keep(first);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the first element.
        unsafe { array.as_ptr().cast::<T>().read() }.value()
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// Arrays held by nothing but their address, as across a C interface.
#[derive(Debug)]
pub(crate) struct Bare<T: 'static, S: ReleaseStrategy + 'static>(&'static ArrayPool<'static, T, S>);

impl<T, S: ReleaseStrategy> Bare<T, S> {
    /// A pool of its own, which is never dropped.
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(ArrayPool::new())))
    }
}

impl<T: Content, S: ReleaseStrategy> Subject for Bare<T, S> {
    type Array = NonNull<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        let array = self.0.try_allocate_raw(len).expect("memory for an array").ptr;
        // SAFETY: no workload asks for an empty array.
        unsafe { array.write(T::of(value)) };
        keep(array.as_ptr());
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the first element.
        unsafe { array.read() }.value()
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        // SAFETY: the workload gave the array up.
        let released = unsafe { self.0.release_ptr(array.as_ptr()) };
        assert!(released.is_ok(), "a right release");
    }
}

/// What the loop itself costs: always the same memory.
#[derive(Debug)]
pub(crate) struct Nothing<T>(NonNull<T>);

impl<T: Content> Nothing<T> {
    /// One element for all.
    pub(crate) fn new() -> Self {
        Self(NonNull::from(Box::leak(Box::new(T::of(0)))))
    }
}

impl<T: Content> Subject for Nothing<T> {
    type Array = NonNull<T>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        // SAFETY: there is one element, and nobody else has it.
        unsafe { self.0.write(T::of(value)) };
        keep(self.0.as_ptr());
        self.0
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the element.
        unsafe { array.read() }.value()
    }

    #[inline(always)]
    fn give(&self, _: Self::Array) {}
}
