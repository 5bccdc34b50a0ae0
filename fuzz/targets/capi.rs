//! Calls of the C interface in any order, right and wrong, against a model of what must come
//! of them.

#![no_main]

use core::ffi::{c_char, c_void};
use core::ptr;

use arbitrary::Arbitrary;
use arraypool::capi::*;
use arraypool_fuzz::{byte, is_intact};
use libfuzzer_sys::fuzz_target;

/// What happens to one of the arenas, by its number.
#[derive(Debug, Arbitrary)]
enum ArenaStep {
    Create { initial: u32, most: u32 },
    Destroy,
    Alloc(u16),
    Aligned { size: u16, alignment: u16 },
    Calloc { count: usize, size: u16 },
    Text { text: Vec<u8>, most: u8 },
    Realloc { which: u8, size: u16 },
    Free(u8),
    FreeWrongly { address: usize, size: usize },
    Mark,
    Rewind(u8),
    Reset,
    Clear,
    Limit(u16),
    Owns(usize),
    FreeBacking { which: u8, back: u8 },
}

/// What happens to one of the pools.
#[derive(Debug, Arbitrary)]
enum PoolStep {
    Alloc(u16),
    Token(u16),
    Release(u8),
    ReleaseAgain(u8),
    ReleaseAddress(usize),
    ReleaseInside { which: u8, offset: u16 },
    ReleaseToken { which: u8, generation: u32 },
    Reserve { length: u16, count: u8 },
    Trim(u8),
    Reset,
}

#[derive(Debug, Arbitrary)]
enum Step {
    Arena(u8, ArenaStep),
    Pool(u8, PoolStep),
}

#[derive(Debug, Arbitrary)]
struct Input {
    checks: u8,
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    size: usize,
    number: u32,
}

impl Block {
    /// A new block with its bytes; `None` if there is none.
    fn fill(start: *mut c_void, size: usize, number: u32) -> Option<Self> {
        let start = start.cast::<u8>();
        for position in 0..if start.is_null() { 0 } else { size } {
            // SAFETY: the block was handed out with this size.
            unsafe { start.add(position).write(byte(number, position)) };
        }
        (!start.is_null()).then_some(Self { start, size, number })
    }

    /// Whether its first bytes are what was written.
    fn check(&self, size: usize) {
        // SAFETY: the block is live and of this size, or larger.
        assert!(is_intact(unsafe { core::slice::from_raw_parts(self.start, size) }, self.number));
    }
}

/// An arena, or what was one, and what should be in it.
struct Arena {
    handle: *mut ap_arena,
    lives: bool,
    blocks: Vec<Block>,
    /// Marks, what was live then and was not given back since, and whether they are valid.
    marks: Vec<(ap_mark, Vec<Block>, bool)>,
}

impl Arena {
    fn take(&mut self, which: u8) -> Option<Block> {
        let count = self.blocks.len();
        let block = (count > 0).then(|| self.blocks.swap_remove(usize::from(which) % count))?;
        for (_, live, _) in &mut self.marks {
            live.retain(|other| other.start != block.start);
        }
        Some(block)
    }

    fn forget(&mut self) {
        self.check();
        self.blocks.clear();
        self.marks.iter_mut().for_each(|(_, _, valid)| *valid = false);
    }

    fn check(&self) {
        self.blocks.iter().for_each(|block| block.check(block.size));
    }

    fn step(&mut self, mempool: *mut ap_mempool, number: u32, step: ArenaStep) {
        let (arena, lives) = (self.handle, self.lives);
        // SAFETY: a handle is NULL, of an arena that lives, or of one whose backing pool
        // does; blocks are live and of their size; texts have their length.
        unsafe {
            match step {
                ArenaStep::Create { initial, most } => {
                    self.step(mempool, number, ArenaStep::Destroy);
                    let (initial, most) = (initial as usize % 70_000, most as usize % 70_000);
                    self.handle = ap_arena_create(mempool, initial, most);
                    self.lives = true;
                    assert!(!self.handle.is_null() && self.handle != arena);
                }
                ArenaStep::Destroy => {
                    self.forget();
                    ap_arena_destroy(arena);
                    ap_arena_destroy(arena);
                    self.lives = false;
                }
                ArenaStep::Alloc(size) => {
                    let block = ap_arena_alloc(arena, size.into());
                    assert!(lives || block.is_null());
                    self.blocks.extend(Block::fill(block, size.into(), number));
                }
                ArenaStep::Aligned { size, alignment } => {
                    let (size, alignment) = (usize::from(size), usize::from(alignment));
                    let block = ap_arena_alloc_aligned(arena, size, alignment);
                    assert!(block.is_null() || block.addr().is_multiple_of(alignment.max(16)));
                    assert!(block.is_null() || (alignment.is_power_of_two() && lives));
                    self.blocks.extend(Block::fill(block, size, number));
                }
                ArenaStep::Calloc { count, size } => {
                    // As large as others, or so large that there must be none.
                    let bytes = count.checked_mul(size.into());
                    if bytes.is_some_and(|bytes| (70_000..=1 << 30).contains(&bytes)) {
                        return;
                    }
                    let block = ap_arena_calloc(arena, count, size.into()).cast::<u8>();
                    if !block.is_null() {
                        let size = count * usize::from(size);
                        let bytes = core::slice::from_raw_parts(block, size);
                        assert!(lives && bytes.iter().all(|&byte| byte == 0));
                        self.blocks.extend(Block::fill(block.cast(), size, number));
                    }
                }
                ArenaStep::Text { mut text, most } => {
                    text.push(0);
                    let whole = text.iter().position(|&byte| byte == 0).unwrap_or(0);
                    let copy = ap_arena_strndup(arena, text.as_ptr().cast(), most.into());
                    let kept = whole.min(most.into());
                    if !copy.is_null() {
                        let bytes = core::slice::from_raw_parts(copy.cast::<u8>(), kept + 1);
                        assert_eq!((&bytes[..kept], bytes[kept]), (&text[..kept], 0));
                    }
                    assert!(ap_arena_strdup(arena, ptr::null::<c_char>()).is_null());
                }
                ArenaStep::Realloc { which, size } => {
                    let Some(block) = self.take(which) else { return };
                    let size = usize::from(size);
                    let moved = ap_arena_realloc(arena, block.start.cast(), block.size, size);
                    let kept = if moved.is_null() { block.start } else { moved.cast() };
                    if moved.is_null() && size > 0 {
                        block.check(block.size);
                        self.blocks.push(block);
                    } else if size > 0 {
                        Block { start: kept, ..block }.check(block.size.min(size));
                        self.blocks.extend(Block::fill(moved, size, number));
                    }
                }
                ArenaStep::Free(which) => {
                    let Some(block) = self.take(which) else { return };
                    block.check(block.size);
                    assert!(ap_arena_free(arena, block.start.cast(), block.size));
                }
                ArenaStep::FreeWrongly { address, size } => {
                    let address = ptr::without_provenance_mut::<c_void>(address);
                    if !ap_arena_owns(arena, address) {
                        assert!(!ap_arena_free(arena, address, size));
                        let moved = ap_arena_realloc(arena, address, size, 16);
                        assert!(moved.is_null() || address.is_null());
                    }
                }
                ArenaStep::Mark => {
                    let mark = ap_arena_mark(arena);
                    self.marks.push((mark, self.blocks.clone(), lives));
                }
                ArenaStep::Rewind(which) => {
                    let count = self.marks.len();
                    if count == 0 {
                        return;
                    }
                    self.check();
                    let which = usize::from(which) % count;
                    let (mark, live, valid) = &self.marks[which];
                    let done = ap_arena_rewind(arena, *mark);
                    // One for which there was no memory is refused, too.
                    assert!(*valid || !done);
                    if done {
                        self.blocks.clone_from(live);
                        let later = self.marks.iter_mut().skip(which + 1);
                        later.for_each(|(_, _, valid)| *valid = false);
                    }
                }
                ArenaStep::Reset => {
                    self.forget();
                    assert_eq!(ap_arena_reset(arena), lives);
                    assert_eq!(ap_arena_total_used(arena), 0);
                }
                ArenaStep::Clear => {
                    self.forget();
                    assert_eq!(ap_arena_clear(arena), lives);
                    assert_eq!(ap_arena_chunk_count(arena), usize::from(lives));
                }
                ArenaStep::Limit(limit) => {
                    assert_eq!(ap_arena_set_limit(arena, usize::from(limit) * 16), lives);
                }
                // What an arena took from the backing pool is not the program's to free.
                ArenaStep::FreeBacking { which, back } => {
                    let count = self.blocks.len();
                    let block = match count {
                        0 => arena.cast::<c_void>(),
                        _ => self.blocks[usize::from(which) % count].start.cast(),
                    };
                    let inside = block.wrapping_byte_sub(16 * usize::from(back));
                    if !block.is_null() {
                        assert_eq!(ap_mempool_free(mempool, inside), ap_status::AP_FOREIGN);
                    }
                }
                ArenaStep::Owns(address) => {
                    ap_arena_owns(arena, ptr::without_provenance(address));
                    assert!(
                        self.blocks.iter().all(|block| ap_arena_owns(arena, block.start.cast()))
                    );
                }
            }
            let (arena, rounded) = (self.handle, |block: &Block| block.size.next_multiple_of(16));
            let (used, all) = (ap_arena_total_used(arena), ap_arena_total_allocated(arena));
            assert!(used >= self.blocks.iter().map(rounded).sum());
            assert!(used + ap_arena_waste(arena) <= all);
        }
    }
}

struct Pool {
    handle: *mut ap_pool,
    live: Vec<(ap_array, Block)>,
    gone: Vec<ap_array>,
}

impl Pool {
    fn new(strategy: ap_strategy, checks: u8) -> Self {
        let strategy = strategy as u32;
        // SAFETY: all zero is what suits most.
        let none: ap_pool_options = unsafe { core::mem::zeroed() };
        // The flags of `ap_check`, but for the report of leaks; and a quarantine.
        let (checks, quarantine) = (u32::from(checks & 15), u32::from(checks >> 4));
        let options = ap_pool_options { strategy, checks, quarantine, ..none };
        // SAFETY: the options can be read.
        let handle = unsafe { ap_pool_create(1, 1, &raw const options) };
        assert!(!handle.is_null());
        Self { handle, live: Vec::new(), gone: Vec::new() }
    }

    fn pick(&self, which: u8) -> Option<usize> {
        (!self.live.is_empty()).then(|| usize::from(which) % self.live.len())
    }

    fn is_live(&self, address: *const c_void) -> bool {
        self.live.iter().any(|(array, _)| array.ptr.cast_const() == address)
    }

    fn step(&mut self, number: u32, step: PoolStep) {
        let pool = self.handle;
        // SAFETY: the pool lives; whatever else is passed is any value.
        unsafe {
            match step {
                PoolStep::Alloc(length) => {
                    let ptr = ap_pool_alloc(pool, length.into());
                    assert_eq!(ptr.is_null(), length == 0);
                    let array = ap_array { ptr, generation: 0 };
                    let block = Block::fill(ptr, length.into(), number);
                    self.live.extend(block.map(|block| (array, block)));
                }
                PoolStep::Token(length) => {
                    let mut array = ap_array { ptr: ptr::null_mut(), generation: 7 };
                    let status = ap_pool_alloc_array(pool, length.into(), &raw mut array);
                    assert_eq!(status, ap_status::AP_OK);
                    let block = Block::fill(array.ptr, length.into(), number);
                    self.live.extend(block.map(|block| (array, block)));
                }
                PoolStep::Release(which) => {
                    let Some(which) = self.pick(which) else { return };
                    let (array, block) = self.live.swap_remove(which);
                    block.check(block.size);
                    assert_eq!(ap_pool_len(pool, array.ptr), block.size);
                    let status = match array.generation {
                        0 => ap_pool_release(pool, array.ptr),
                        _ => ap_pool_release_array(pool, array),
                    };
                    assert_eq!(status, ap_status::AP_OK);
                    self.gone.push(array);
                }
                PoolStep::ReleaseAgain(which) => {
                    if self.gone.is_empty() {
                        return;
                    }
                    let array = self.gone[usize::from(which) % self.gone.len()];
                    if array.generation > 0 {
                        let status = ap_pool_release_array(pool, array);
                        assert_ne!(status, ap_status::AP_OK);
                    } else if !self.is_live(array.ptr) {
                        assert_ne!(ap_pool_release(pool, array.ptr), ap_status::AP_OK);
                    }
                }
                PoolStep::ReleaseAddress(address) => {
                    let address = ptr::without_provenance::<c_void>(address);
                    if !address.is_null() && !self.is_live(address) {
                        assert_ne!(ap_pool_release(pool, address), ap_status::AP_OK);
                    }
                }
                PoolStep::ReleaseInside { which, offset } => {
                    let Some(which) = self.pick(which) else { return };
                    let (array, block) = self.live[which];
                    let offset = usize::from(offset) % block.size;
                    let inside = array.ptr.wrapping_byte_add(offset);
                    if offset > 0 {
                        assert_eq!(ap_pool_release(pool, inside), ap_status::AP_INTERIOR);
                        assert_eq!(ap_pool_len(pool, inside), block.size);
                    }
                }
                PoolStep::ReleaseToken { which, generation } => {
                    let Some(which) = self.pick(which) else { return };
                    let (array, _) = self.live[which];
                    // Of an array from `ap_pool_alloc` nobody knows the generation.
                    if array.generation > 0 && generation != array.generation {
                        let wrong = ap_array { generation, ..array };
                        assert_ne!(ap_pool_release_array(pool, wrong), ap_status::AP_OK);
                    }
                }
                PoolStep::Reserve { length, count } => {
                    let length = usize::from(length % 600) + 1;
                    let status = ap_pool_reserve(pool, length, usize::from(count));
                    assert_eq!(status, ap_status::AP_OK);
                }
                PoolStep::Trim(most) => {
                    assert_eq!(ap_pool_trim(pool, most.into()), ap_status::AP_OK);
                }
                PoolStep::Reset => {
                    let gone = self.live.drain(..).map(|(array, _)| array);
                    self.gone.extend(gone.filter(|array| array.generation > 0));
                    assert_eq!(ap_pool_reset(pool), ap_status::AP_OK);
                }
            }
        }
    }

    fn check(&self) {
        let mut statistics = ap_pool_statistics::default();
        self.live.iter().for_each(|(_, block)| block.check(block.size));
        // SAFETY: the pool lives, and the place can be written.
        unsafe {
            assert_eq!(ap_pool_verify(self.handle), ap_status::AP_OK);
            assert_eq!(ap_pool_stats(self.handle, &raw mut statistics), ap_status::AP_OK);
        }
        assert_eq!((statistics.live, statistics.lost), (self.live.len(), 0));
    }
}

fuzz_target!(|input: Input| {
    let mempool = ap_mempool_create();
    let none = || Arena { handle: ptr::null_mut(), lives: false, blocks: vec![], marks: vec![] };
    let mut arenas = [none(), none(), none()];
    let mut pools = [ap_strategy::AP_METADATA, ap_strategy::AP_TAGGED]
        .map(|strategy| Pool::new(strategy, input.checks));
    for (number, step) in (0..).zip(input.steps) {
        match step {
            Step::Arena(which, step) => arenas[usize::from(which) % 3].step(mempool, number, step),
            Step::Pool(which, step) => pools[usize::from(which) % 2].step(number, step),
        }
    }
    arenas.iter().for_each(Arena::check);
    for pool in pools {
        pool.check();
        // SAFETY: the pool lives, and nobody uses it any more.
        unsafe { ap_pool_destroy(pool.handle) };
    }
    // SAFETY: as above; arenas end with it.
    unsafe { ap_mempool_destroy(mempool) };
});
