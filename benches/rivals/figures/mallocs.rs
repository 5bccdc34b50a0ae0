//! General allocators, each called directly: glibc, mimalloc, jemalloc, snmalloc, rpmalloc.

use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr::NonNull;
use std::sync::Once;

use crate::subjects::{Content, keep};
use crate::support::workload::Subject;

/// What every general allocator can do.
///
/// # Safety
/// `allocate` returns null or `bytes` of memory, aligned to 8, until `free`.
pub(crate) unsafe trait Malloc {
    /// Readies the allocator for this thread.
    fn open() {}

    /// Memory, or null.
    fn allocate(bytes: usize) -> *mut c_void;

    /// Takes memory back.
    ///
    /// # Safety
    /// `allocate` returned it for as many bytes, and nobody uses it afterwards.
    unsafe fn free(memory: *mut c_void, bytes: usize);
}

/// The C library's.
#[derive(Debug)]
pub(crate) struct Glibc;

// SAFETY: as the C standard promises.
unsafe impl Malloc for Glibc {
    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { libc::malloc(bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { libc::free(memory) }
    }
}

/// Mimalloc, as its crate's global allocator calls it.
#[derive(Debug)]
pub(crate) struct Mimalloc;

// SAFETY: as the C standard promises.
unsafe impl Malloc for Mimalloc {
    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { libmimalloc_sys::mi_malloc(bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { libmimalloc_sys::mi_free(memory) }
    }
}

/// Jemalloc by `malloc` and `free`, as C calls it.
#[derive(Debug)]
pub(crate) struct Jemalloc;

// SAFETY: as the C standard promises.
unsafe impl Malloc for Jemalloc {
    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { tikv_jemalloc_sys::malloc(bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { tikv_jemalloc_sys::free(memory) }
    }
}

/// Jemalloc told the size on return, as its crate's global allocator does.
#[derive(Debug)]
pub(crate) struct JemallocSized;

// SAFETY: as the C standard promises.
unsafe impl Malloc for JemallocSized {
    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: any size may be asked for.
        unsafe { tikv_jemalloc_sys::malloc(bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, bytes: usize) {
        // SAFETY: the caller's promise.
        unsafe { tikv_jemalloc_sys::sdallocx(memory, bytes, 0) }
    }
}

/// Snmalloc, as its crate's global allocator calls it: told the size on return.
#[derive(Debug)]
pub(crate) struct Snmalloc;

// SAFETY: it aligns as it is asked to.
unsafe impl Malloc for Snmalloc {
    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: any size may be asked for, at any power of two.
        unsafe { snmalloc_sys::sn_rust_alloc(8, bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, bytes: usize) {
        // SAFETY: the caller's promise.
        unsafe { snmalloc_sys::sn_rust_dealloc(memory, 8, bytes) };
    }
}

/// Rpmalloc, initialised first.
#[derive(Debug)]
pub(crate) struct Rpmalloc;

// SAFETY: as the C standard promises.
unsafe impl Malloc for Rpmalloc {
    fn open() {
        static OPEN: Once = Once::new();
        OPEN.call_once(|| {
            // SAFETY: it is the first call.
            let status = unsafe { rpmalloc_sys::rpmalloc_initialize() };
            assert_eq!(status, 0, "rpmalloc can be initialised");
        });
    }

    #[inline(always)]
    fn allocate(bytes: usize) -> *mut c_void {
        // SAFETY: `open` was called.
        unsafe { rpmalloc_sys::rpmalloc(bytes) }
    }

    #[inline(always)]
    unsafe fn free(memory: *mut c_void, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { rpmalloc_sys::rpfree(memory) }
    }
}

/// Arrays of exactly as many bytes as they need.
#[derive(Debug)]
pub(crate) struct Heap<M, T>(PhantomData<(M, T)>);

impl<M: Malloc, T> Heap<M, T> {
    /// Readies the allocator.
    pub(crate) fn new() -> Self {
        M::open();
        Self(PhantomData)
    }
}

/// An array as a `Box` of a slice keeps it.
#[derive(Debug)]
pub(crate) struct Block<T> {
    pub(crate) first: NonNull<T>,
    pub(crate) len: usize,
}

impl<M: Malloc, T: Content> Subject for Heap<M, T> {
    type Array = Block<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        let memory = M::allocate(len * size_of::<T>()).cast::<T>();
        let first = NonNull::new(memory).expect("memory for an array");
        // SAFETY: no workload asks for an empty array, and 8 is enough alignment.
        unsafe { first.write(T::of(value)) };
        keep(first.as_ptr());
        Block { first, len }
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the first element.
        unsafe { array.first.read() }.value()
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        // SAFETY: the memory is from `take`, with the same length.
        unsafe { M::free(array.first.as_ptr().cast(), array.len * size_of::<T>()) };
    }
}
