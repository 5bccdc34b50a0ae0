//! Allocators and pools of other crates, each in the way its documentation advises.
//!
//! plurality, opool and object-pool hand out objects of one type: they take part
//! only where all arrays are of one class, and then as arrays of its full length.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use forge_alloc::{Allocator, BumpArena, Deallocator, MmapBacked, NonZeroLayout, SizeClassed};
use opool::{LocalPool, PoolAllocator, RefLocalGuard};
use plurality::{Alloc, Pool};
use rlsf::Tlsf;
use talc::TalcCell;
use talc::source::Claim;

use crate::mallocs::Block;
use crate::subjects::{Content, keep};
use crate::support::workload::Subject;

/// The lengths of the classes that pools of classes are given.
const CLASSES: [usize; 2] = [16, 256];
/// Slots that forge-alloc reserves for each class: more than are ever live.
const SLOTS: u32 = 8192;
/// What allocators without a source of their own divide.
const HEAP: usize = 64 << 20;

/// Memory that nobody has used.
fn heap() -> &'static mut [MaybeUninit<u8>] {
    Box::leak(Box::new_uninit_slice(HEAP))
}

/// The first element of an array, written.
#[inline(always)]
fn write<T: Content>(memory: Option<NonNull<u8>>, len: usize, value: u64) -> Block<T> {
    let first = memory.expect("memory for an array").cast::<T>();
    // SAFETY: every allocator here was asked for `len` elements of T, never none.
    unsafe { first.write(T::of(value)) };
    keep(first.as_ptr());
    Block { first, len }
}

#[inline(always)]
fn read<T: Content>(array: &Block<T>) -> u64 {
    // SAFETY: `write` wrote it.
    unsafe { array.first.read() }.value()
}

#[inline(always)]
fn layout<T>(len: usize) -> Layout {
    // SAFETY: far from overflow, at the alignment of a type.
    unsafe { Layout::from_size_align_unchecked(len * size_of::<T>(), align_of::<T>()) }
}

/// forge-alloc: `SizeClassed` over a `BumpArena` over mapped memory, which checks
/// nothing, with the byte sizes of our two classes.
pub(crate) struct Forge<T> {
    classes: SizeClassed<BumpArena<MmapBacked>, 2>,
    elements: PhantomData<T>,
}

impl<T> Forge<T> {
    pub(crate) fn new() -> Self {
        let sizes = CLASSES.map(|length| length * size_of::<T>());
        let bytes = sizes.iter().sum::<usize>() * (SLOTS as usize + 1);
        let arena = MmapBacked::new(bytes).and_then(BumpArena::new).expect("mapped memory");
        let classes = SizeClassed::with_class_sizes(arena, sizes, SLOTS);
        Self { classes: classes.expect("room for the classes"), elements: PhantomData }
    }

    #[inline(always)]
    fn layout(len: usize) -> NonZeroLayout {
        let bytes = len * size_of::<T>();
        NonZeroLayout::from_size_align(bytes, align_of::<T>()).expect("an array of some length")
    }
}

impl<T: Content> Subject for Forge<T> {
    type Array = Block<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        write(self.classes.allocate(Self::layout(len)).ok().map(NonNull::cast), len, value)
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        // SAFETY: the memory is from `take`, with the same layout.
        unsafe { self.classes.deallocate(array.first.cast(), Self::layout(array.len)) };
    }
}

/// talc without a lock, over one block.
pub(crate) struct Zone<T> {
    talc: TalcCell<Claim>,
    elements: PhantomData<T>,
}

impl<T> Zone<T> {
    pub(crate) fn new() -> Self {
        let heap = heap();
        // SAFETY: the block is talc's for good.
        let claim = unsafe { Claim::new(heap.as_mut_ptr().cast(), heap.len()) };
        Self { talc: TalcCell::new(claim), elements: PhantomData }
    }
}

impl<T: Content> Subject for Zone<T> {
    type Array = Block<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        // SAFETY: no workload asks for an empty array.
        let memory = unsafe { GlobalAlloc::alloc(&self.talc, layout::<T>(len)) };
        write(NonNull::new(memory), len, value)
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        let (memory, layout) = (array.first.as_ptr().cast(), layout::<T>(array.len));
        // SAFETY: the memory is from `take`, with the same layout.
        unsafe { GlobalAlloc::dealloc(&self.talc, memory, layout) };
    }
}

/// rlsf: its core without a lock, over one block. 21 first-level lists of 32
/// bytes and up serve blocks of all of [`HEAP`].
pub(crate) struct TwoLevel<T> {
    tlsf: UnsafeCell<Tlsf<'static, u32, u32, 22, 32>>,
    elements: PhantomData<T>,
}

impl<T> TwoLevel<T> {
    pub(crate) fn new() -> Self {
        let mut tlsf = Tlsf::new();
        tlsf.insert_free_block(heap());
        Self { tlsf: UnsafeCell::new(tlsf), elements: PhantomData }
    }
}

impl<T: Content> Subject for TwoLevel<T> {
    type Array = Block<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        // SAFETY: one thread, and nothing here calls back.
        let tlsf = unsafe { &mut *self.tlsf.get() };
        write(tlsf.allocate(layout::<T>(len)), len, value)
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        // SAFETY: one thread, and nothing here calls back.
        let tlsf = unsafe { &mut *self.tlsf.get() };
        // SAFETY: the memory is from `take`, with the same alignment.
        unsafe { tlsf.deallocate(array.first.cast(), align_of::<T>()) };
    }
}

/// vecpool: vectors whose buffers are reused, kept by the thread. It has no
/// classes: in the end, every buffer is as long as the longest.
pub(crate) struct Vectors<T>(PhantomData<T>);

impl<T> Vectors<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Content> Subject for Vectors<T> {
    type Array = vecpool::PoolVec<T>;

    #[inline(always)]
    fn take(&self, len: usize, value: u64) -> Self::Array {
        let mut array = vecpool::with_capacity::<T>(len);
        let first = array.as_mut_ptr();
        // SAFETY: no workload asks for an empty array. (The length stays 0, so
        // that the vector has nothing to drop: an array of ours has not either.)
        unsafe { first.write(T::of(value)) };
        keep(first);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        // SAFETY: `take` wrote the first element.
        unsafe { array.as_ptr().read() }.value()
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// Memory for one array of a class's full length.
type Full<T, const LENGTH: usize> = MaybeUninit<[T; LENGTH]>;

#[inline(always)]
fn write_full<T: Content, const LENGTH: usize>(array: &mut Full<T, LENGTH>, value: u64) {
    let first = array.as_mut_ptr().cast::<T>();
    // SAFETY: no class has the length 0.
    unsafe { first.write(T::of(value)) };
    keep(first);
}

#[inline(always)]
fn read_full<T: Content, const LENGTH: usize>(array: &Full<T, LENGTH>) -> u64 {
    // SAFETY: `write_full` wrote the first element.
    unsafe { array.as_ptr().cast::<T>().read() }.value()
}

/// plurality: slots of one size, held by its cheapest handle.
pub(crate) struct Slots<T: 'static, const LENGTH: usize>(&'static Pool<[T; LENGTH]>);

impl<T, const LENGTH: usize> Slots<T, LENGTH> {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(Pool::new())))
    }
}

impl<T: Content, const LENGTH: usize> Subject for Slots<T, LENGTH> {
    type Array = Alloc<'static, Full<T, LENGTH>>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        let mut array = self.0.alloc_uninit();
        write_full(&mut array, value);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read_full(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// What opool makes an object with.
#[derive(Debug)]
pub(crate) struct Make;

impl<T: Content, const LENGTH: usize> PoolAllocator<Box<Full<T, LENGTH>>> for Make {
    fn allocate(&self) -> Box<Full<T, LENGTH>> {
        Box::new(MaybeUninit::uninit())
    }
}

type Queued<T, const LENGTH: usize> = LocalPool<Make, Box<Full<T, LENGTH>>>;

/// Objects that a pool is filled with at first.
const FILLED: usize = 64;

/// opool: a queue of boxed objects, of one thread.
pub(crate) struct Queue<T: Content, const LENGTH: usize>(&'static Queued<T, LENGTH>);

impl<T: Content, const LENGTH: usize> Queue<T, LENGTH> {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(LocalPool::new_prefilled(FILLED, Make))))
    }
}

impl<T: Content, const LENGTH: usize> Subject for Queue<T, LENGTH> {
    type Array = RefLocalGuard<'static, Make, Box<Full<T, LENGTH>>>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        let mut array = self.0.get();
        write_full(&mut array, value);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read_full(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// object-pool: a locked stack of boxed objects.
pub(crate) struct Boxes<T: 'static, const LENGTH: usize>(
    &'static object_pool::Pool<Box<Full<T, LENGTH>>>,
);

impl<T, const LENGTH: usize> Boxes<T, LENGTH> {
    pub(crate) fn new() -> Self {
        let make = || Box::new(MaybeUninit::uninit());
        Self(Box::leak(Box::new(object_pool::Pool::new(FILLED, make))))
    }
}

impl<T: Content, const LENGTH: usize> Subject for Boxes<T, LENGTH> {
    type Array = object_pool::Reusable<'static, Box<Full<T, LENGTH>>>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        let mut array = self.0.pull(|| Box::new(MaybeUninit::uninit()));
        write_full(&mut array, value);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read_full(array)
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}
