//! Calls that must not panic: `tests/no_panic.rs` reads what they are compiled to.

#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr::NonNull;

use arraypool::expr::{Batch, Error};
use arraypool::{
    AllocError, Arena, ArrayPool, Direct, Located, Metadata, PoolArray, PoolStats, PoolVec,
    RawArray, ReleaseError, Tagged,
};

/// What a panic would call. It ends here, whoever calls it.
#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    loop {}
}

unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn free(block: *mut u8);
}

/// The heap of a C program, for what is aligned as its blocks are.
struct Heap;

// SAFETY: `malloc` gives blocks of that size, or null.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe { malloc(layout.size()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller's promise: `alloc` gave it.
        unsafe { free(block) }
    }
}

#[global_allocator]
static HEAP: Heap = Heap;

/// The calls of one module: all that it exports, each under its own name.
macro_rules! pool_calls {
    ($module:ident: $strategy:ty) => {
        pub mod $module {
            use super::*;

            type Pool<'m> = ArrayPool<'m, u32, $strategy>;

            calls! {
                concat!("checked_", stringify!($module), "_");
                fn allocate<'p>(pool: &'p Pool<'p>, len: usize)
                    -> Result<PoolArray<'p, MaybeUninit<u32>, $strategy>, AllocError>
                { pool.try_allocate(len) }
                fn copy<'p>(pool: &'p Pool<'p>, source: &[u32])
                    -> Result<PoolArray<'p, u32, $strategy>, AllocError>
                { pool.try_allocate_copy(source) }
                fn zeroed<'p>(pool: &'p Pool<'p>, len: usize)
                    -> Result<PoolArray<'p, MaybeUninit<u32>, $strategy>, AllocError>
                { pool.try_allocate_zeroed(len) }
                fn dropped(array: PoolArray<'_, u32, $strategy>) -> () { drop(array) }
                fn release(array: PoolArray<'_, u32, $strategy>) -> Result<(), ReleaseError>
                { array.release() }
                fn into_raw(array: PoolArray<'_, u32, $strategy>) -> RawArray<u32>
                { array.into_raw() }
                fn allocate_raw(pool: &Pool<'_>, len: usize)
                    -> Result<RawArray<u32>, AllocError>
                { pool.try_allocate_raw(len) }
                fn release_raw(pool: &Pool<'_>, raw: RawArray<u32>) -> Result<(), ReleaseError>
                // SAFETY: nobody runs it.
                { unsafe { pool.release_raw(raw) } }
                fn release_ptr(pool: &Pool<'_>, ptr: *const u32) -> Result<(), ReleaseError>
                // SAFETY: nobody runs it.
                { unsafe { pool.release_ptr(ptr) } }
                fn locate(pool: &Pool<'_>, ptr: *const u32) -> Option<Located>
                { pool.locate(ptr) }
                fn reserve(pool: &Pool<'_>, len: usize, count: usize) -> Result<(), AllocError>
                { pool.try_reserve(len, count) }
                fn trim(pool: &Pool<'_>, max_free: u32) -> () { pool.trim(max_free) }
                fn reset(pool: &mut Pool<'_>) -> () { pool.reset() }
                fn stats(pool: &Pool<'_>) -> PoolStats { pool.stats() }
                fn push(vector: &mut PoolVec<'_, u32, $strategy>, element: u32)
                    -> Result<(), AllocError>
                { vector.try_push(element) }
                fn pop(vector: &mut PoolVec<'_, u32, $strategy>) -> Option<u32> { vector.pop() }
                fn vec_dropped(vector: PoolVec<'_, u32, $strategy>) -> () { drop(vector) }
                fn into_array<'p>(vector: PoolVec<'p, u32, $strategy>)
                    -> PoolArray<'p, u32, $strategy>
                { vector.into_array() }
                fn evaluate(batch: &mut Batch<'_, '_, f64, $strategy>) -> () { batch.eval() }
                fn evaluate_f32(batch: &mut Batch<'_, '_, f32, $strategy>) -> () { batch.eval() }
            }

            /// What must only be compiled, so that every function of a program is there.
            #[unsafe(export_name = concat!("present_", stringify!($module)))]
            pub fn present(
                wide: &mut Batch<'_, '_, f64, $strategy>,
                narrow: &mut Batch<'_, '_, f32, $strategy>,
                text: &str,
            ) -> Result<usize, Error> {
                wide.add(text)?;
                narrow.add(text)
            }
        }
    };
}

/// Exports functions under a prefix and their names.
macro_rules! calls {
    ($prefix:expr; $(
        fn $name:ident $(<$life:lifetime>)? ($($argument:ident: $type:ty),*) -> $answer:ty $body:block
    )+) => {
        $(
            #[unsafe(export_name = concat!($prefix, stringify!($name)))]
            pub fn $name $(<$life>)? ($($argument: $type),*) -> $answer $body
        )+
    };
}

pool_calls!(direct: Direct);
pool_calls!(metadata: Metadata);
pool_calls!(tagged: Tagged);

/// The arena's own calls.
pub mod arena {
    use super::*;

    calls! {
        "checked_arena_";
        fn allocate(arena: &Arena<'_>, layout: Layout) -> Result<NonNull<u8>, AllocError>
        { arena.try_alloc_layout(layout) }
        fn string<'a>(arena: &'a Arena<'_>, text: &str) -> Result<&'a mut str, AllocError>
        { arena.try_alloc_str(text) }
        fn give_back(arena: &Arena<'_>, block: NonNull<u8>, layout: Layout) -> ()
        // SAFETY: nobody runs it.
        { unsafe { arena.release_bytes(block, layout) } }
        fn reset(arena: &mut Arena<'_>) -> () { arena.reset() }
        fn dropped(arena: Arena<'_>) -> () { drop(arena) }
    }
}

/// The opposite, to show that the search finds what it looks for.
pub mod control {
    use super::*;

    calls! {
        "panics_";
        fn allocate<'p>(pool: &'p ArrayPool<'p, u32, Tagged>, len: usize)
            -> PoolArray<'p, MaybeUninit<u32>, Tagged>
        { pool.allocate(len) }
        fn index(array: &PoolArray<'_, u32, Tagged>, index: usize) -> u32 { array[index] }
    }
}
