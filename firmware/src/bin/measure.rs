//! Instructions of single calls, counted by QEMU: one takes 128 ns of its time.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
mod image {
    use core::mem::MaybeUninit;

    use arraypool::expr::{Batch, Engine, Phases, Pool};
    use arraypool::{Arena, ArrayPool, DefaultStrategy, PoolArray};
    use arraypool_firmware::chip::{self, count, hprintln};
    use arraypool_firmware::expressions::{PARAMETERS, W1, W2, parameters};
    use arraypool_firmware::work::{LIMITS, STRATEGY, must};

    const PROGRAMS: usize = 16 * 1024;
    const SCRATCH: usize = 8 * 1024;
    const ARRAYS: usize = 48 * 1024;
    const HELD: usize = 16;
    const OPERATIONS: usize = 10_000;

    static mut PROGRAM_MEMORY: [MaybeUninit<u8>; PROGRAMS] = [MaybeUninit::uninit(); PROGRAMS];
    static mut TREE_MEMORY: [MaybeUninit<u8>; SCRATCH] = [MaybeUninit::uninit(); SCRATCH];
    static mut CHECKED_MEMORY: [MaybeUninit<u8>; SCRATCH] = [MaybeUninit::uninit(); SCRATCH];
    static mut ARRAY_MEMORY: [MaybeUninit<u8>; ARRAYS] = [MaybeUninit::uninit(); ARRAYS];

    type Held<'p> = Option<PoolArray<'p, MaybeUninit<u64>>>;

    /// What a measured function is given.
    struct Hand<'p> {
        pool: &'p ArrayPool<'p, u64>,
        length: usize,
        held: MaybeUninit<PoolArray<'p, MaybeUninit<u64>>>,
    }

    extern "C" fn nothing(_: *mut u8) {}

    extern "C" fn allocate(hand: *mut u8) {
        // SAFETY: `Measured` passes its own hand.
        let hand = unsafe { &mut *hand.cast::<Hand<'_>>() };
        if let Ok(array) = hand.pool.try_allocate(hand.length) {
            hand.held.write(array);
        }
    }

    extern "C" fn release(hand: *mut u8) {
        // SAFETY: `Measured` passes its own hand.
        let hand = unsafe { &mut *hand.cast::<Hand<'_>>() };
        // SAFETY: `Measured` put an array there, and takes none out afterwards.
        unsafe { hand.held.assume_init_drop() };
    }

    struct Measured<'p> {
        hand: Hand<'p>,
        /// Instructions of a function that does nothing.
        own: u32,
    }

    impl<'p> Measured<'p> {
        fn allocate(&mut self, length: usize) -> (u32, Held<'p>) {
            self.hand.length = length;
            let taken = count(allocate, (&raw mut self.hand).cast()) - self.own;
            // SAFETY: there is room for every array that is measured.
            (taken, Some(unsafe { self.hand.held.assume_init_read() }))
        }

        fn release(&mut self, held: PoolArray<'p, MaybeUninit<u64>>) -> u32 {
            self.hand.held.write(held);
            count(release, (&raw mut self.hand).cast()) - self.own
        }
    }

    /// The least, the most, and the sum of some counts.
    #[derive(Clone, Copy)]
    struct Range(u32, u32);

    impl Range {
        fn note(&mut self, count: u32) {
            *self = Self(self.0.min(count), self.1.max(count));
        }
    }

    const NONE: Range = Range(u32::MAX, 0);

    fn pools(own: u32) {
        // SAFETY: nobody else uses the buffer, and this runs once.
        let memory = unsafe { &mut *(&raw mut ARRAY_MEMORY) };
        let arena = Arena::from_buffer(memory);
        let pool = ArrayPool::<u64>::builder().max_runs(64).try_build_owning(arena);
        let pool: ArrayPool<'_, u64> = must(pool);
        let hand = Hand { pool: &pool, length: 0, held: MaybeUninit::uninit() };
        let mut measured = Measured { hand, own };
        for length in [12, 200] {
            let (first, held) = measured.allocate(length);
            let back = held.map_or(0, |held| measured.release(held));
            hprintln!("allocate-{}-first {}", length, first);
            hprintln!("release-{}-first {}", length, back);
            must(pool.try_reserve(length, HELD));
            for _ in 0..HELD {
                // Every slot has had a tenant, as after the start of a program.
                let all: [Held<'_>; HELD] =
                    core::array::from_fn(|_| pool.try_allocate(length).ok());
                drop(all);
            }
            let (typical, held) = measured.allocate(length);
            let back = held.map_or(0, |held| measured.release(held));
            hprintln!("allocate-{}-typical {}", length, typical);
            hprintln!("release-{}-typical {}", length, back);
        }
        random(&mut measured);
        comb(&mut measured);
        must(pool.verify());
    }

    fn random(measured: &mut Measured<'_>) {
        let mut held: [Held<'_>; HELD] = [const { None }; HELD];
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

    /// Every second of many arrays goes back, and is taken again.
    fn comb(measured: &mut Measured<'_>) {
        let mut held: [Held<'_>; 2 * HELD] = [const { None }; 2 * HELD];
        let (mut taken, mut back) = (NONE, NONE);
        must(measured.hand.pool.try_reserve(12, 2 * HELD));
        for place in &mut held {
            *place = measured.allocate(12).1;
        }
        for _ in 0..4 {
            for place in held.iter_mut().step_by(2) {
                back.note(place.take().map_or(0, |array| measured.release(array)));
            }
            for place in held.iter_mut().step_by(2) {
                let (count, array) = measured.allocate(12);
                taken.note(count);
                *place = array;
            }
        }
        hprintln!("allocate-12-comb-worst {}", taken.1);
        hprintln!("release-12-comb-worst {}", back.1);
    }

    extern "C" fn tick(batch: *mut u8) {
        // SAFETY: `ticks` passes a batch.
        unsafe { &mut *batch.cast::<Batch<'_, '_>>() }.eval();
    }

    struct Replacement<'b, 'e, 'm> {
        batch: &'b mut Batch<'e, 'm>,
        index: usize,
        text: &'static str,
    }

    extern "C" fn replace(replacement: *mut u8) {
        // SAFETY: `ticks` passes a replacement.
        let work = unsafe { &mut *replacement.cast::<Replacement<'_, '_, '_>>() };
        must(work.batch.replace(work.index, work.text));
    }

    fn ticks(own: u32) {
        // SAFETY: nobody else uses the buffers, and this runs once.
        let (programs, trees, checked) = unsafe {
            (
                &mut *(&raw mut PROGRAM_MEMORY),
                &mut *(&raw mut TREE_MEMORY),
                &mut *(&raw mut CHECKED_MEMORY),
            )
        };
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
                let taken = count(tick, (&raw mut batch).cast()) - own;
                sum += u64::from(taken);
                range.note(taken);
            }
            let expressions = u64::from(TICKS) * texts.len() as u64;
            hprintln!("tick-{}-worst {}", name, range.1);
            hprintln!("tick-{}-mean-per-expression {}", name, sum / expressions);
            let mut compiled = 0;
            for index in 0..texts.len() {
                let text = texts[index];
                let mut work = Replacement { batch: &mut batch, index, text };
                compiled += count(replace, (&raw mut work).cast()) - own;
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
        chip::start();
        chip::clock(chip::LONGEST, false);
        let own = count(nothing, core::ptr::null_mut());
        hprintln!("strategy {}", STRATEGY);
        pools(own);
        ticks(own);
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {}
