//! The interface as a C program calls it, for tools that see Rust only, such as Miri.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "a C program keeps its promises as a whole; every block says which"
)]

use alloc::vec;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};

use super::*;
use crate::arena::ArenaEvent;

extern "C" fn count(user: *mut c_void, event: *const ap_arena_event) {
    // SAFETY: the test gave a counter.
    let counter = unsafe { &*user.cast::<core::cell::Cell<usize>>() };
    // SAFETY: it is valid during the call.
    counter.set(counter.get() + unsafe { &*event }.used);
}

/// All that an arena can do while somebody listens.
///
/// # Safety
/// The arena is one, or NULL.
unsafe fn use_arena(arena: *mut ap_arena) {
    // SAFETY: one thread has the arena, and uses no block after it was given back.
    unsafe {
        let counter = core::cell::Cell::new(0_usize);
        assert!(ap_arena_on_event(arena, Some(count), (&raw const counter).cast_mut().cast()));
        let block = ap_arena_alloc(arena, 100);
        block.cast::<u8>().write_bytes(7, 100);
        assert!(ap_arena_owns(arena, block));
        let mark = ap_arena_mark(arena);
        let text = ap_arena_strdup(arena, c"text".as_ptr());
        assert_eq!(text.cast::<u8>().read(), b't');
        assert!(!ap_arena_calloc(arena, 10, 20).is_null());
        assert!(ap_arena_rewind(arena, mark));
        assert!(ap_arena_free(arena, block, 100));
        assert_eq!(ap_arena_total_used(arena), 0);
        assert!(!ap_arena_alloc_aligned(arena, 10, 128).is_null());
        // What was handed out, and not the mark.
        let before = ap_arena_total_used(arena);
        assert!(ap_arena_reset(arena));
        assert_eq!((counter.get(), ap_arena_rewind(arena, mark)), (before, false));
        ap_arena_destroy(arena);
        assert!(ap_arena_alloc(arena, 1).is_null());
        ap_arena_destroy(arena);
    }
}

#[test]
fn what_c_has_no_event_for_is_not_told() {
    let event = ArenaEvent::SoftLimit { used: 2, soft_limit: 1, limit: 4 };
    assert!(ap_arena_event::of(&event).is_none());
    let event = ArenaEvent::Grown { capacity: 64, allocated: 128 };
    assert!(ap_arena_event::of(&event).is_some());
}

extern "C" fn allocate_more(user: *mut c_void, _: *const ap_arena_event) {
    let arena = user.cast::<ap_arena>();
    // SAFETY: the test gave the arena that calls this.
    unsafe {
        assert!(!ap_arena_reset(arena) && !ap_arena_clear(arena));
        ap_arena_destroy(arena);
        let block = ap_arena_alloc(arena, 1000);
        block.cast::<u8>().write_bytes(7, 1000);
        assert!(ap_arena_owns(arena, block));
    }
}

#[test]
fn a_listener_uses_the_arena_that_calls_it() {
    // SAFETY: one thread has the arena, and nobody uses a block after it was forgotten.
    unsafe {
        let mempool = ap_mempool_create();
        let arena = ap_arena_create(mempool, 64, 64);
        assert!(ap_arena_on_event(arena, Some(allocate_more), arena.cast()));
        let block = ap_arena_alloc(arena, 500);
        block.cast::<u8>().write_bytes(8, 500);
        assert_eq!(ap_arena_total_used(arena), 512 + 1008);
        assert!(!ap_arena_realloc(arena, block, 500, 3000).is_null());
        assert!(ap_arena_reset(arena) && ap_arena_total_used(arena) == 1008);
        assert!(ap_arena_clear(arena) && ap_arena_total_used(arena) == 1008);
        ap_arena_destroy(arena);
        assert!(ap_arena_alloc(arena, 1).is_null());
        ap_mempool_destroy(mempool);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let numbers = env!("CARGO_PKG_VERSION").split(['.', '-']).take(3);
    let version = numbers.fold(0, |sum, one| sum * 1000 + one.parse::<u32>().unwrap());
    assert_eq!(ap_version(), version);
}

#[test]
fn arenas_in_a_backing_pool() {
    // SAFETY: what is destroyed is used no more, but for what the header allows.
    unsafe {
        let mempool = ap_mempool_create();
        use_arena(ap_arena_create_default(mempool));
        let small = ap_arena_create(mempool, 64, 128);
        for size in 1..100 {
            assert!(!ap_arena_alloc(small, size).is_null());
        }
        use_arena(ap_arena_create(mempool, 64, 64));
        assert!(ap_arena_clear(small) && ap_arena_set_limit(small, 64));
        assert!(ap_arena_alloc(small, 65).is_null());
        assert!(ap_mempool_used(mempool) > 0);
        ap_mempool_destroy(mempool);
    }
}

#[test]
fn an_arena_in_a_buffer() {
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); 4096];
    let (start, size) = (buffer.as_mut_ptr().cast::<c_void>(), buffer.len());
    // SAFETY: the buffer stays, and is the arena's until its end.
    unsafe {
        use_arena(ap_arena_create_in(start, size));
        let arena = ap_arena_create_in(start.wrapping_byte_add(3), size - 3);
        assert!(!ap_arena_set_limit(arena, 1));
        use_arena(arena);
    }
}

/// # Safety
/// The pool is one, or NULL.
unsafe fn use_pool(pool: *mut ap_pool) {
    // SAFETY: one thread has the pool, and uses no array after it was released.
    unsafe {
        let mut token = ap_array { ptr: null_mut(), generation: 0 };
        let bytes = ap_pool_alloc(pool, 9);
        bytes.cast::<u64>().add(8).write(1);
        assert_eq!(ap_pool_alloc_array(pool, 20, &raw mut token), ap_status::AP_OK);
        assert_eq!((ap_pool_len(pool, bytes), ap_pool_len(pool, token.ptr)), (9, 20));
        assert_eq!(ap_pool_release(pool, bytes), ap_status::AP_OK);
        assert_eq!(ap_pool_release(pool, bytes), ap_status::AP_ALREADY_RELEASED);
        assert_eq!(ap_pool_release_array(pool, token), ap_status::AP_OK);
        assert_eq!(ap_pool_reset(pool), ap_status::AP_OK);
        assert_eq!(ap_pool_release_array(pool, token), ap_status::AP_STALE);
        assert_eq!(ap_pool_verify(pool), ap_status::AP_OK);
        ap_pool_destroy(pool);
    }
}

#[test]
fn pools_on_the_heap_and_in_buffers() {
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); 64 * 1024];
    let (start, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the buffer stays, and is the pool's until its end.
    unsafe {
        use_pool(ap_pool_create(8, 8, null()));
        use_pool(ap_pool_create_in(start, size, 8, 8, null()));
        let pool = ap_shared_pool_create(8, 8, null());
        let array = ap_shared_pool_alloc(pool, 9);
        assert_eq!(ap_shared_pool_release(pool, array), ap_status::AP_OK);
        ap_shared_pool_destroy(pool);
    }
}

extern "C" fn twice(_: *mut c_void, arguments: *const f64, _: usize) -> f64 {
    // SAFETY: there is one argument.
    2.0 * unsafe { *arguments }
}

#[test]
fn a_batch_and_what_it_says() {
    // SAFETY: one thread has the batch, and what is freed is used no more.
    unsafe {
        let batch = ap_batch_builder_new();
        let (mut x, mut found, mut place) = (9, 0.0, ap_error_position::default());
        let name = c"twice".as_ptr();
        let status = ap_batch_builder_register_function(batch, name, 1, Some(twice), null_mut());
        assert_eq!(status, ap_status::AP_OK);
        let status = ap_batch_builder_add_parameter(batch, c"x".as_ptr(), 2.0, &raw mut x);
        assert_eq!((status, x), (ap_status::AP_OK, 0));
        let add = |text: &core::ffi::CStr| {
            ap_batch_builder_add_expression(batch, text.as_ptr(), null_mut())
        };
        assert_eq!(add(c"twice(x) + 1"), ap_status::AP_OK);
        assert_eq!(add(c"x +"), ap_status::AP_SYNTAX);
        assert!(!ap_batch_builder_error(batch, &raw mut place).is_null());
        assert_eq!((place.line, place.column), (1, 4));
        assert_eq!(ap_batch_builder_eval(batch), ap_status::AP_OK);
        assert_eq!(ap_batch_builder_get_result(batch, 0, &raw mut found), ap_status::AP_OK);
        assert_eq!(found, 5.0);
        assert_eq!(ap_batch_builder_free(batch), ap_status::AP_OK);
    }
}

#[test]
fn a_document_is_read_and_written() {
    let text = c"{\"a\": [1, \"\\u00e9\"]}";
    // SAFETY: the text stays, and what is freed is used no more.
    unsafe {
        let pool = ap_json_pool_new(0);
        let (mut document, mut error) = (null_mut(), MaybeUninit::<ap_json_error>::uninit());
        let mut parse = |length| {
            ap_json_parse(pool, text.as_ptr(), length, &raw mut document, error.as_mut_ptr())
        };
        assert_eq!(parse(5), ap_status::AP_SYNTAX);
        assert_eq!(parse(text.count_bytes()), ap_status::AP_OK);
        assert_eq!(error.assume_init().position.offset, 5);
        let root = ap_json_root(document);
        assert_eq!(ap_json_kind_of(root), ap_json_kind::AP_JSON_OBJECT);
        let mut buffer = [MaybeUninit::<c_char>::uninit(); 11];
        let all = ap_json_write(root, buffer.as_mut_ptr().cast(), buffer.len());
        assert_eq!(all, 14);
        let written = core::ffi::CStr::from_ptr(buffer.as_ptr().cast());
        assert_eq!(written.to_bytes(), br#"{"a":[1,""#);
        assert_eq!(ap_json_free(document), ap_status::AP_OK);
        assert_eq!(ap_json_pool_free(pool), ap_status::AP_OK);
    }
}
