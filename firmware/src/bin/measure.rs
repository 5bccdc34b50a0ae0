//! Instructions of single calls, counted by QEMU: one takes 128 ns of its time.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
extern crate alloc;

#[cfg(target_arch = "arm")]
#[path = "../../../tests/expr_memory/owned.rs"]
mod owned;
#[cfg(target_arch = "arm")]
#[allow(dead_code, unreachable_pub, reason = "its other users need it all, from elsewhere")]
#[path = "../../../benches/support/unchecked.rs"]
mod unchecked;

#[cfg(target_arch = "arm")]
mod image {
    use alloc::vec::Vec;
    use core::mem::MaybeUninit;
    use core::ptr;

    use arraypool::expr::{Batch, Engine, Phases, Pool, parse};
    use arraypool::{Arena, ArrayPool, DefaultStrategy, PoolArray, ReleaseStrategy};
    use arraypool_firmware::chip::{self, count, hprintln};
    use arraypool_firmware::expressions::{PARAMETERS, W1, W2, parameters};
    use arraypool_firmware::work::{LIMITS, STRATEGY, must};

    use crate::owned::owned;
    use crate::unchecked::Unchecked;

    const PROGRAMS: usize = 16 * 1024;
    const SCRATCH: usize = 8 * 1024;
    const ARRAYS: usize = 48 * 1024;
    const HEAP: usize = 28 * 1024;
    const HELD: usize = 16;
    const OPERATIONS: usize = 10_000;
    /// Holes of a comb.
    const HOLES: usize = 512;

    static mut PROGRAM_MEMORY: [MaybeUninit<u8>; PROGRAMS] = [MaybeUninit::uninit(); PROGRAMS];
    static mut TREE_MEMORY: [MaybeUninit<u8>; SCRATCH] = [MaybeUninit::uninit(); SCRATCH];
    static mut CHECKED_MEMORY: [MaybeUninit<u8>; SCRATCH] = [MaybeUninit::uninit(); SCRATCH];
    static mut ARRAY_MEMORY: [MaybeUninit<u8>; ARRAYS] = [MaybeUninit::uninit(); ARRAYS];

    static mut HEAP_MEMORY: [MaybeUninit<u8>; HEAP] = [MaybeUninit::uninit(); HEAP];

    type Array<'p, T, S> = PoolArray<'p, MaybeUninit<T>, S>;
    type Held<'p, T, S> = Option<Array<'p, T, S>>;

    /// What a measured function is given.
    struct Hand<'p, T, S: ReleaseStrategy> {
        pool: &'p ArrayPool<'p, T, S>,
        length: usize,
        held: MaybeUninit<Array<'p, T, S>>,
        /// What ends the array: its drop, or nothing, which is what the way there costs.
        end: unsafe fn(*mut Array<'p, T, S>),
    }

    unsafe fn keep<A>(_: *mut A) {}

    extern "C" fn nothing(_: *mut u8) {}

    /// # Safety
    /// `hand` is a [`Hand`] of these two types, which nobody else uses.
    unsafe extern "C" fn allocate<T, S: ReleaseStrategy>(hand: *mut u8) {
        // SAFETY: the caller's promise.
        let hand = unsafe { &mut *hand.cast::<Hand<'_, T, S>>() };
        if let Ok(array) = hand.pool.try_allocate(hand.length) {
            hand.held.write(array);
        }
    }

    /// # Safety
    /// `hand` is a [`Hand`] of these two types, which nobody else uses. There is an array
    /// in it if that is to be dropped, and nobody takes it out afterwards.
    unsafe extern "C" fn release<T, S: ReleaseStrategy>(hand: *mut u8) {
        // SAFETY: the caller's promise.
        let hand = unsafe { &mut *hand.cast::<Hand<'_, T, S>>() };
        // SAFETY: the caller's promise.
        unsafe { (hand.end)(hand.held.as_mut_ptr()) };
    }

    struct Measured<'p, T, S: ReleaseStrategy> {
        hand: Hand<'p, T, S>,
        /// Instructions of a function that does nothing.
        own: u32,
        /// Instructions of a release that does nothing.
        release_own: u32,
    }

    impl<'p, T, S: ReleaseStrategy> Measured<'p, T, S> {
        fn new(pool: &'p ArrayPool<'p, T, S>, own: u32) -> Self {
            let mut hand = Hand { pool, length: 0, held: MaybeUninit::uninit(), end: keep };
            // SAFETY: the hand is of these types, and `keep` drops nothing.
            let release_own = unsafe { count(release::<T, S>, (&raw mut hand).cast()) };
            hand.end = ptr::drop_in_place;
            Self { hand, own, release_own }
        }

        fn allocate(&mut self, length: usize) -> (u32, Held<'p, T, S>) {
            self.hand.length = length;
            let before = self.hand.pool.stats().live;
            // SAFETY: the hand is of these types.
            let taken = unsafe { count(allocate::<T, S>, (&raw mut self.hand).cast()) };
            assert!(self.hand.pool.stats().live == before + 1, "there is room for every array");
            // SAFETY: the pool has one array more, which `allocate` has put there.
            (taken - self.own, Some(unsafe { self.hand.held.assume_init_read() }))
        }

        fn release(&mut self, held: Array<'p, T, S>) -> u32 {
            self.hand.held.write(held);
            // SAFETY: the hand is of these types, and the array was put there right now.
            let taken = unsafe { count(release::<T, S>, (&raw mut self.hand).cast()) };
            taken - self.release_own
        }
    }

    /// The least and the most of some counts.
    #[derive(Clone, Copy)]
    struct Range(u32, u32);

    impl Range {
        fn note(&mut self, count: u32) {
            *self = Self(self.0.min(count), self.1.max(count));
        }
    }

    const NONE: Range = Range(u32::MAX, 0);

    /// A pool in the buffer for arrays.
    ///
    /// # Safety
    /// Nobody else uses the buffer while the pool is there.
    unsafe fn pool<T, S: ReleaseStrategy>() -> ArrayPool<'static, T, S> {
        let memory = &raw mut ARRAY_MEMORY;
        // SAFETY: the caller's promise.
        let memory = unsafe { &mut *memory };
        let arena = Arena::from_buffer(memory);
        must(ArrayPool::builder().max_runs(64).try_build_owning(arena))
    }

    /// Takes an array of a class, and gives it back: (instructions of either).
    fn both<T, S: ReleaseStrategy>(measured: &mut Measured<'_, T, S>, length: usize) -> [u32; 2] {
        let (taken, held) = measured.allocate(length);
        [taken, held.map_or(0, |held| measured.release(held))]
    }

    #[inline(never)]
    fn pools(own: u32) {
        // SAFETY: no other pool is in the buffer now.
        let pool = unsafe { pool::<u64, DefaultStrategy>() };
        let mut measured = Measured::new(&pool, own);
        for length in [12, 200] {
            let [first, back] = both(&mut measured, length);
            hprintln!("allocate-{}-first {}", length, first);
            hprintln!("release-{}-first {}", length, back);
            must(pool.try_reserve(length, HELD));
            for _ in 0..HELD {
                // Every slot has had a tenant, as after the start of a program.
                let all: [Held<'_, _, _>; HELD] =
                    core::array::from_fn(|_| pool.try_allocate(length).ok());
                drop(all);
            }
            let [typical, back] = both(&mut measured, length);
            hprintln!("allocate-{}-typical {}", length, typical);
            hprintln!("release-{}-typical {}", length, back);
        }
        random(&mut measured);
        must(pool.verify());
    }

    /// The same handles over lists that check nothing.
    #[inline(never)]
    fn floor(own: u32) {
        // SAFETY: no other pool is in the buffer now.
        let pool = unsafe { pool::<u64, Unchecked>() };
        let mut measured = Measured::new(&pool, own);
        both(&mut measured, 12);
        let [taken, back] = both(&mut measured, 12);
        hprintln!("allocate-floor {}", taken);
        hprintln!("release-floor {}", back);
    }

    fn random(measured: &mut Measured<'_, u64, DefaultStrategy>) {
        let mut held: [Held<'_, _, _>; HELD] = [const { None }; HELD];
        let mut ranges = [[NONE; 2]; 2];
        let mut state = 0x9e37_79b9_u32;
        for _ in 0..OPERATIONS {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let place = state as usize % HELD;
            match held[place].take() {
                Some(array) => {
                    let class = usize::from(array.len() > 16);
                    ranges[1][class].note(measured.release(array));
                }
                None => {
                    let class = (state >> 16) as usize % 2;
                    let (taken, array) = measured.allocate([12, 200][class]);
                    ranges[0][class].note(taken);
                    held[place] = array;
                }
            }
        }
        for (what, ranges) in ["allocate", "release"].iter().zip(ranges) {
            for (length, Range(least, most)) in [12, 200].iter().zip(ranges) {
                hprintln!("{}-{}-random-least {}", what, length, least);
                hprintln!("{}-{}-random-worst {}", what, length, most);
            }
        }
    }

    /// Every second of many small arrays goes back, and is taken again.
    #[inline(never)]
    fn comb(own: u32) {
        // SAFETY: no other pool is in the buffer now.
        let pool = unsafe { pool::<u8, DefaultStrategy>() };
        must(pool.try_reserve(12, 2 * HOLES));
        let mut measured = Measured::new(&pool, own);
        let mut held: [Held<'_, _, _>; HOLES] = [const { None }; HOLES];
        let (mut taken, mut back) = (NONE, NONE);
        for place in &mut held {
            *place = measured.allocate(12).1;
            // The teeth stay until the pool goes.
            core::mem::forget(must(pool.try_allocate(12)));
        }
        for _ in 0..4 {
            for place in &mut held {
                back.note(place.take().map_or(0, |array| measured.release(array)));
            }
            for place in &mut held {
                let (count, array) = measured.allocate(12);
                taken.note(count);
                *place = array;
            }
        }
        held.fill_with(|| None);
        assert!(must(pool.verify()).live == HOLES, "the teeth are there");
        hprintln!("allocate-12-comb-worst {}", taken.1);
        hprintln!("release-12-comb-worst {}", back.1);
    }

    /// What trees take in an arena, and with owners of their own.
    #[inline(never)]
    fn trees() {
        let memory = &raw mut ARRAY_MEMORY;
        // SAFETY: no pool is in the buffer now.
        let memory = unsafe { &mut *memory };
        let arena = Arena::from_buffer(memory);
        let (before, mut all) = (chip::heap_use(), Vec::with_capacity(W1.len() + W2.len()));
        let mut roots = 0;
        for text in W1.iter().chain(&W2) {
            let tree = must(parse::<f64>(text, &arena, &LIMITS));
            roots += size_of_val(&tree.root);
            all.push(owned(&tree.root, text));
        }
        let after = chip::heap_use();
        hprintln!("trees-arena-bytes {}", arena.used_bytes() + roots);
        hprintln!("trees-heap-bytes {}", after.1 - before.1);
        hprintln!("trees-heap-blocks {}", after.0 - before.0);
    }

    /// # Safety
    /// `batch` is a [`Batch`], which nobody else uses.
    unsafe extern "C" fn tick(batch: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { &mut *batch.cast::<Batch<'_, '_>>() }.eval();
    }

    struct Replacement<'b, 'e, 'm> {
        batch: &'b mut Batch<'e, 'm>,
        index: usize,
        text: &'static str,
    }

    /// # Safety
    /// `replacement` is a [`Replacement`], which nobody else uses.
    unsafe extern "C" fn replace(replacement: *mut u8) {
        // SAFETY: the caller's promise.
        let work = unsafe { &mut *replacement.cast::<Replacement<'_, '_, '_>>() };
        must(work.batch.replace(work.index, work.text));
    }

    #[inline(never)]
    fn ticks(own: u32) {
        let (programs, trees) = (&raw mut PROGRAM_MEMORY, &raw mut TREE_MEMORY);
        let checked = &raw mut CHECKED_MEMORY;
        // SAFETY: only the lines above name the buffers, and this runs once.
        let programs = unsafe { &mut *programs };
        // SAFETY: as above.
        let trees = unsafe { &mut *trees };
        // SAFETY: as above.
        let checked = unsafe { &mut *checked };
        let pool = Pool::builder().max_runs(64).try_build_owning(Arena::from_buffer(programs));
        let pool = Pool::<DefaultStrategy>::from(must(pool));
        let engine = Engine::<f64>::with(&pool, Phases::in_buffers(trees, checked), LIMITS);
        for (name, texts) in [("w1", &W1), ("w2", &W2)] {
            let mut batch = engine.batch();
            for parameter in PARAMETERS {
                must(batch.parameter(parameter, 0.0));
            }
            for text in texts {
                must(batch.add(text));
            }
            let mut batch = batch.build();
            let (mut sum, mut range) = (0_u64, NONE);
            const TICKS: u32 = 1000;
            for number in 0..TICKS {
                for (index, value) in parameters(number).into_iter().enumerate() {
                    batch.set(index, value);
                }
                // SAFETY: it is a batch.
                let taken = unsafe { count(tick, (&raw mut batch).cast()) } - own;
                sum += u64::from(taken);
                range.note(taken);
            }
            let expressions = u64::from(TICKS) * texts.len() as u64;
            hprintln!("tick-{}-worst {}", name, range.1);
            hprintln!("tick-{}-mean-per-expression {}", name, sum / expressions);
            let mut compiled = 0;
            for (index, &text) in texts.iter().enumerate() {
                let mut work = Replacement { batch: &mut batch, index, text };
                // SAFETY: it is a replacement.
                compiled += unsafe { count(replace, (&raw mut work).cast()) } - own;
            }
            hprintln!("compile-{}-mean-per-expression {}", name, compiled as usize / texts.len());
            hprintln!("frame-bytes {}", batch.frame_bytes());
            hprintln!("program-{}-bytes {}", name, batch.program_bytes());
        }
        let (trees, checked) = engine.peak_bytes();
        hprintln!("tree-bytes {}", trees);
        hprintln!("checked-bytes {}", checked);
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        let heap = &raw mut HEAP_MEMORY;
        // SAFETY: only the line above names the memory, and this runs once.
        let heap = unsafe { &mut *heap };
        // SAFETY: this runs once, and nobody else gives the heap memory.
        unsafe { chip::start_in(heap) };
        chip::clock(chip::LONGEST, false);
        // SAFETY: the function does nothing with its argument.
        let own = unsafe { count(nothing, core::ptr::null_mut()) };
        hprintln!("strategy {}", STRATEGY);
        trees();
        pools(own);
        floor(own);
        comb(own);
        ticks(own);
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {}
