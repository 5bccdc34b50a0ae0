//! An image that does nothing: what flash is compared with.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
mod image {
    use arraypool_firmware::chip;

    #[cortex_m_rt::entry]
    fn main() -> ! {
        // SAFETY: this function runs once, and nobody else gives the heap memory.
        unsafe { chip::start() };
        chip::hprintln!("empty");
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {}
