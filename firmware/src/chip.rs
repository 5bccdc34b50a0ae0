//! What an image needs: a heap for the start, a clock, a way to say something and end.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
pub use cortex_m_semihosting::hprintln;
use embedded_alloc::LlffHeap;

/// A heap that may be used until the loop is armed.
struct Guarded(LlffHeap);

static ARMED: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU32 = AtomicU32::new(0);

#[global_allocator]
static HEAP: Guarded = Guarded(LlffHeap::empty());

const HEAP_BYTES: usize = 12 * 1024;
static mut HEAP_MEMORY: [MaybeUninit<u8>; HEAP_BYTES] = [MaybeUninit::uninit(); HEAP_BYTES];

// SAFETY: every call is passed on to the heap as it is, or ends the program.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        assert!(!ARMED.load(Ordering::Relaxed), "the armed loop asked for {} bytes", layout.size());
        ALLOCATIONS.store(ALLOCATIONS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        assert!(!ARMED.load(Ordering::Relaxed), "the armed loop gave something back");
        // SAFETY: the caller's promise, passed on.
        unsafe { self.0.dealloc(block, layout) }
    }
}

/// Gives the heap its memory.
///
/// # Safety
/// To be called once, if [`start_in`] is not.
pub unsafe fn start() {
    let memory = &raw mut HEAP_MEMORY;
    // SAFETY: only the line above names the memory, and the caller comes here once.
    let memory = unsafe { &mut *memory };
    // SAFETY: the caller's promise, passed on.
    unsafe { start_in(memory) };
}

/// The same with memory of the image's own.
///
/// # Safety
/// To be called once, if [`start`] is not.
pub unsafe fn start_in(memory: &'static mut [MaybeUninit<u8>]) {
    // The heap makes pointers of the number again.
    let first = memory.as_mut_ptr().expose_provenance();
    // SAFETY: the memory is borrowed for good, and the caller comes here once.
    unsafe { HEAP.0.init(first, memory.len()) };
}

/// From now on an allocation ends the program.
pub fn arm() {
    ARMED.store(true, Ordering::Relaxed);
}

/// The heap may be used again.
pub fn disarm() {
    ARMED.store(false, Ordering::Relaxed);
}

/// Allocations so far, and bytes of the heap that are in use.
pub fn heap_use() -> (u32, usize) {
    (ALLOCATIONS.load(Ordering::Relaxed), HEAP.0.used())
}

/// The clock from here on: `reload + 1` counts of 40 ns.
pub fn clock(reload: u32, interrupt: bool) {
    // SAFETY: an image uses the timer through this module alone.
    let mut timer = unsafe { cortex_m::Peripherals::steal() }.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(reload);
    timer.clear_current();
    if interrupt {
        timer.enable_interrupt();
    }
    timer.enable_counter();
}

/// The longest time that the clock measures.
pub const LONGEST: u32 = 0x00ff_ffff;

/// Counts between two readings of a clock that was set to the [`LONGEST`] time, as
/// instructions: each takes 128 ns, 3.2 counts.
pub fn instructions(before: u32, after: u32) -> u32 {
    (before.wrapping_sub(after) & LONGEST).wrapping_mul(10).wrapping_add(16) / 32
}

/// Runs `function` once; the answer is its instructions, the call included.
///
/// # Safety
/// What `function` asks of its argument is true of `argument`.
#[cfg(target_abi = "eabihf")]
#[inline(never)]
pub unsafe fn count(function: unsafe extern "C" fn(*mut u8), argument: *mut u8) -> u32 {
    let (before, after): (u32, u32);
    let timer = cortex_m::peripheral::SYST::PTR as usize + 8;
    // SAFETY: reads the timer, calls a function of the C interface, reads it again;
    // everything that such a call may change is named, and the caller promises that
    // the argument is what the function asks for.
    unsafe {
        core::arch::asm!(
            "ldr r8, [r4]",
            "blx r5",
            "ldr r10, [r4]",
            in("r4") timer,
            in("r5") function,
            out("r8") before,
            out("r10") after,
            inlateout("r0") argument => _,
            out("r1") _, out("r2") _, out("r3") _, out("r12") _, out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
        );
    }
    instructions(before, after)
}

/// Ends the run.
pub fn end() -> ! {
    loop {
        debug::exit(EXIT_SUCCESS);
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    disarm();
    hprintln!("{}", info);
    loop {
        debug::exit(EXIT_FAILURE);
    }
}

#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    hprintln!("hard fault: {:?}", frame);
    loop {
        debug::exit(EXIT_FAILURE);
    }
}
