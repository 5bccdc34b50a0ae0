//! The loop: a thousand ticks a second, nothing allocated once it is armed.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
mod image {
    use core::mem::MaybeUninit;
    use core::sync::atomic::{AtomicU32, Ordering};

    use arraypool_firmware::chip::{self, hprintln};
    use arraypool_firmware::work::{BYTES, Buffers, STRATEGY, TICKS, run};

    static mut PROGRAMS: [MaybeUninit<u8>; BYTES[0]] = [MaybeUninit::uninit(); BYTES[0]];
    static mut TREES: [MaybeUninit<u8>; BYTES[1]] = [MaybeUninit::uninit(); BYTES[1]];
    static mut CHECKED: [MaybeUninit<u8>; BYTES[2]] = [MaybeUninit::uninit(); BYTES[2]];
    static mut ARRAYS: [MaybeUninit<u8>; BYTES[3]] = [MaybeUninit::uninit(); BYTES[3]];

    /// Milliseconds since the loop was armed.
    static NOW: AtomicU32 = AtomicU32::new(0);

    #[cortex_m_rt::exception]
    fn SysTick() {
        NOW.store(NOW.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Waits for the millisecond after `seen`; the answer is how many were missed.
    fn wait(seen: &mut u32) -> u32 {
        while NOW.load(Ordering::Acquire) == *seen {
            // With interrupts off none comes between the look and the sleep, which ends
            // when one is pending; it is taken when they are on again.
            cortex_m::interrupt::free(|_| {
                if NOW.load(Ordering::Acquire) == *seen {
                    cortex_m::asm::wfi();
                }
            });
        }
        let now = NOW.load(Ordering::Acquire);
        let missed = now - *seen - 1;
        *seen = now;
        missed
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        // SAFETY: this function runs once, and nobody else gives the heap memory.
        unsafe { chip::start() };
        let (programs, trees) = (&raw mut PROGRAMS, &raw mut TREES);
        let (checked, arrays) = (&raw mut CHECKED, &raw mut ARRAYS);
        let buffers = Buffers {
            // SAFETY: only the lines above name the buffers, and this function runs once.
            programs: unsafe { &mut *programs },
            // SAFETY: as above.
            trees: unsafe { &mut *trees },
            // SAFETY: as above.
            checked: unsafe { &mut *checked },
            // SAFETY: as above.
            arrays: unsafe { &mut *arrays },
        };
        let (mut seen, mut missed) = (0, 0);
        let mut start_up = (0, 0);
        let arm = || {
            start_up = chip::heap_use();
            chip::arm();
            chip::clock(24_999, true);
        };
        let report = run(buffers, arm, || missed += wait(&mut seen), chip::disarm);
        let milliseconds = NOW.load(Ordering::Relaxed);
        let (allocations, used) = start_up;
        hprintln!("strategy {}", STRATEGY);
        hprintln!("ticks {}", TICKS);
        hprintln!("milliseconds {}", milliseconds);
        hprintln!("missed {}", missed);
        hprintln!("checksum {:016x}", report.checksum);
        hprintln!("replaced {}", report.replaced);
        hprintln!("taken {}", report.taken);
        hprintln!("start-up-allocations {}", allocations);
        hprintln!("start-up-heap-bytes {}", used);
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {}
