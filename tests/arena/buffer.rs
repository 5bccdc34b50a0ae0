//! Arenas in a caller's buffer, the hostile ones above all.

use core::mem::MaybeUninit;

use arraypool::{AllocError, Arena, Buffer};

use crate::support::rounds;

/// Bytes in front of an arena's data: four pointers.
const HEADER: usize = 4 * size_of::<usize>();

#[repr(align(64))]
struct Block([MaybeUninit<u8>; 320]);

/// What a buffer of `length` at `offset` from a multiple of 64 can hold.
fn expected(offset: usize, length: usize) -> usize {
    let start = offset.next_multiple_of(16);
    let end = (offset + length) / 16 * 16;
    let header = HEADER.next_multiple_of(16);
    if end >= start + header + 16 { end - start - header } else { 0 }
}

#[test]
fn any_buffer_will_do_and_none_is_left() {
    let mut block = Block([MaybeUninit::new(0xEE); 320]);
    for offset in (0..64).step_by(rounds(1, 5)) {
        for length in (0..=200).step_by(rounds(1, 7)) {
            let buffer = &mut block.0[offset..offset + length];
            let bytes = buffer.as_ptr().addr()..buffer.as_ptr().addr() + length;
            let arena = Arena::from_buffer(buffer);
            let mut room = 0;
            while let Ok(place) = arena.try_alloc_slice_uninit::<u8>(16) {
                let start = place.as_ptr().addr();
                assert!(start % 16 == 0 && start >= bytes.start && start + 16 <= bytes.end);
                room += 16;
            }
            assert_eq!(room, expected(offset, length), "{length} bytes at {offset}");
            assert_eq!(arena.allocated_bytes(), room);
        }
    }
    // Nothing was written around the buffer.
    let untouched = |byte: &MaybeUninit<u8>| {
        // SAFETY: every byte was initialised above, and arenas write bytes only.
        unsafe { byte.assume_init() == 0xEE }
    };
    assert!(block.0[64 + 200..].iter().all(untouched));
}

#[test]
fn of_a_buffer_of_the_crate_no_byte_is_left() {
    let (_odd, mut buffer) = (1_u8, Buffer::<320>::new());
    assert_eq!((buffer.len(), buffer.as_ptr().addr() % 16), (320, 0));
    buffer.fill(MaybeUninit::new(0xEE));
    assert_eq!(format!("{:?}", Buffer::<7>::default()), "Buffer { bytes: 7, .. }");
    let arena = Arena::from_buffer(&mut buffer);
    assert!(arena.try_alloc_zeroed(expected(0, 320)).is_ok());
    assert!(arena.try_alloc(0_u8).is_err());
}

#[test]
fn an_arena_without_room_refuses_every_request() {
    // One byte less than a header and the least allocation.
    const MOST: usize = HEADER.next_multiple_of(16) + 15;
    for length in [0, 1, 15, MOST] {
        let mut buffer = [MaybeUninit::uninit(); MOST];
        let mut arena = Arena::from_buffer(&mut buffer[..length]);
        assert_eq!(arena.chunk_count(), 0);
        let error = arena.try_alloc(1_u8).unwrap_err();
        assert!(matches!(error, AllocError::OutOfMemory { requested: 1.., .. }));
        assert_eq!(arena.try_alloc(()), Ok(&mut ()), "what takes no memory is served");
        arena.reset();
        arena.clear();
        assert!(arena.try_alloc_slice_uninit::<u8>(1).is_err());
    }
}

#[test]
fn a_buffer_never_grows_and_serves_again_after_a_reset() {
    let mut buffer = vec![MaybeUninit::uninit(); 4096];
    let mut arena = Arena::from_buffer(&mut buffer);
    for round in 0..4 {
        let mut blocks = 0;
        while arena.try_alloc_slice_uninit::<u8>(100).is_ok() {
            blocks += 1;
        }
        assert_eq!(blocks, arena.allocated_bytes() / 112);
        assert_eq!(arena.used_bytes(), blocks * 112);
        let error = arena.try_alloc_slice_uninit::<u8>(100).unwrap_err();
        assert!(matches!(error, AllocError::OutOfMemory { requested: 100.., .. }));
        assert_eq!(arena.chunk_count(), 1);
        if round % 2 == 0 { arena.reset() } else { arena.clear() }
    }
    drop(arena);
    assert_eq!(buffer.len(), 4096, "the buffer is the caller's again");
}

#[test]
fn large_alignments_fail_in_a_buffer_without_an_aligned_place() {
    #[repr(align(4096))]
    struct Page(#[allow(dead_code, reason = "it has a size")] [u8; 4096]);

    let mut buffer = vec![MaybeUninit::uninit(); 4096];
    let arena = Arena::from_buffer(&mut buffer);
    assert!(arena.try_alloc_uninit::<Page>().is_err());
    assert_eq!(arena.used_bytes(), 0, "a refusal changes nothing");
    let mut buffer = vec![MaybeUninit::uninit(); 3 * 4096];
    let arena = Arena::from_buffer(&mut buffer);
    let page = arena.try_alloc_uninit::<Page>().unwrap();
    assert_eq!((&raw const *page).addr() % 4096, 0);
    assert_eq!(arena.used_bytes(), 4096);
}

#[test]
fn what_a_buffer_refuses_is_what_was_asked_for() {
    let mut block = Block([MaybeUninit::uninit(); 320]);
    let arena = Arena::from_buffer(&mut block.0);
    for length in [1000, 400] {
        let refused = arena.try_alloc_slice_uninit::<u8>(length).unwrap_err();
        let requested =
            matches!(refused, AllocError::OutOfMemory { requested, .. } if requested == length);
        assert!(requested, "{refused}");
    }
    assert!(arena.try_alloc_slice_uninit::<u8>(64).is_ok());
}
