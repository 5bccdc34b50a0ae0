//! Two interrupts give arrays home to the main loop's pool while it allocates.
//!
//! The loop lends arrays of samples to a timer's interrupt and to a slower one, which
//! the timer's may interrupt while it brings an array home. Both write the samples and
//! drop what they were lent: a push, without a lock and with interrupts enabled.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
mod image {
    use core::cell::UnsafeCell;
    use core::mem::MaybeUninit;
    use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use arraypool::{Arena, ArrayPool, Buffer, Lent, Returns};
    use arraypool_firmware::chip::{self, hprintln};
    use arraypool_firmware::work::{STRATEGY, must};
    use cortex_m::peripheral::SCB;
    use cortex_m::peripheral::scb::SystemHandler;
    use static_cell::{ConstStaticCell, StaticCell};

    /// Arrays that each of the interrupts brings home.
    const ARRAYS: u32 = 10_000;
    const PLACES: usize = 8;
    const LENGTHS: [usize; 4] = [3, 12, 40, 200];

    type Samples = ArrayPool<'static, u32>;
    type Own = Returns<'static, u32, PLACES>;

    static MEMORY: ConstStaticCell<Buffer<{ 48 * 1024 }>> = ConstStaticCell::new(Buffer::new());
    static POOL: StaticCell<Samples> = StaticCell::new();
    static RETURNS: StaticCell<Own> = StaticCell::new();

    /// Where an array lies for an interrupt. One writes, one reads.
    struct Mailbox {
        full: AtomicBool,
        lent: UnsafeCell<MaybeUninit<Lent<'static, u32>>>,
        /// Arrays that were brought home.
        done: AtomicU32,
    }

    // SAFETY: the loop has the place while the mailbox is not full, and the interrupt
    // while it is: `put` and `serve` ask for that. What goes from one to the other, a
    // `Lent` of numbers, is `Send`.
    unsafe impl Sync for Mailbox {}

    impl Mailbox {
        const fn new() -> Self {
            let lent = UnsafeCell::new(MaybeUninit::uninit());
            Self { full: AtomicBool::new(false), lent, done: AtomicU32::new(0) }
        }

        fn is_full(&self) -> bool {
            self.full.load(Ordering::Acquire)
        }

        /// Lays an array there.
        ///
        /// # Safety
        /// Only the loop calls it, and only if the mailbox is not full.
        unsafe fn put(&self, lent: Lent<'static, u32>) {
            // SAFETY: the mailbox is not full, says the caller, so the place is the loop's.
            unsafe { (*self.lent.get()).write(lent) };
            self.full.store(true, Ordering::Release);
        }

        /// Writes the samples of the array that lies there, and brings it home.
        ///
        /// # Safety
        /// Only one interrupt calls it.
        unsafe fn serve(&self) {
            if self.is_full() {
                // SAFETY: the mailbox is full, so the place is the interrupt's, which is
                // the caller.
                let place = unsafe { &*self.lent.get() };
                // SAFETY: `put` wrote an array there before the mailbox was full, and it
                // is not full any more before it is read again.
                let mut lent = unsafe { place.assume_init_read() };
                self.full.store(false, Ordering::Release);
                lent.iter_mut().for_each(|sample| *sample = sample.wrapping_mul(3));
                drop(lent);
                self.done.store(self.done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
        }
    }

    static QUICK: Mailbox = Mailbox::new();
    static SLOW: Mailbox = Mailbox::new();

    #[cortex_m_rt::exception]
    fn SysTick() {
        // SAFETY: no other interrupt serves this mailbox.
        unsafe { QUICK.serve() };
        SCB::set_pendsv();
    }

    #[cortex_m_rt::exception]
    fn PendSV() {
        // SAFETY: no other interrupt serves this mailbox.
        unsafe { SLOW.serve() };
    }

    fn random(state: &mut u32) -> u32 {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        *state
    }

    /// Lends arrays to both interrupts, and works with the pool meanwhile; the answer is
    /// how many were received.
    fn run(pool: &'static Samples, returns: &'static Own) -> u32 {
        let (mut sent, mut received, mut state) = ([0; 2], 0, 0x9e37_79b9);
        while received < 2 * ARRAYS {
            let length = LENGTHS[random(&mut state) as usize % LENGTHS.len()];
            let own = must(pool.try_allocate_with(length, |_| state));
            for (sent, mailbox) in sent.iter_mut().zip([&QUICK, &SLOW]) {
                if *sent < ARRAYS && !mailbox.is_full() {
                    let array =
                        pool.try_allocate_with(length, |index| state.wrapping_add(index as u32));
                    let array = must(array);
                    if let Ok(lent) = returns.lend(array) {
                        // SAFETY: this is the loop, and the mailbox is not full: only the
                        // loop fills it.
                        unsafe { mailbox.put(lent) };
                        *sent += 1;
                    }
                }
            }
            while let Some(array) = returns.receive() {
                let first = array[0];
                let mut samples = array.iter().zip(0_u32..);
                assert!(samples.all(|(&sample, index)| sample == first.wrapping_add(3 * index)));
                received += 1;
            }
            assert!(own.iter().all(|&element| element == state), "nobody else wrote there");
        }
        received
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        // SAFETY: this function runs once, and nobody else gives the heap memory.
        unsafe { chip::start() };
        let arena = Arena::from_buffer(MEMORY.take());
        let pool = POOL.init(must(Samples::builder().max_runs(64).try_build_owning(arena)));
        let returns = RETURNS.init(Own::new());
        // What a run needs is there before the interrupts are: the heap has no more then.
        for length in LENGTHS {
            must(pool.try_reserve(length, PLACES + 3));
        }
        chip::arm();
        let mut cortex = must(cortex_m::Peripherals::take().ok_or(()));
        // SAFETY: no critical section counts on the priority of this one.
        unsafe { cortex.SCB.set_priority(SystemHandler::PendSV, 0xff) };
        chip::clock(199, true);
        let received = run(pool, returns);
        chip::disarm();
        let stats = must(pool.verify());
        hprintln!("strategy {}", STRATEGY);
        hprintln!("received {}", received);
        hprintln!("quick {}", QUICK.done.load(Ordering::Relaxed));
        hprintln!("slow {}", SLOW.done.load(Ordering::Relaxed));
        hprintln!("live {}", stats.live);
        hprintln!("lost {}", stats.lost);
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {}
