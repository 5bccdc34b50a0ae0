//! The loop's work on the host: the checksum that an image has to have.

#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
mod image {
    use arraypool_firmware::chip;

    #[cortex_m_rt::entry]
    fn main() -> ! {
        chip::end()
    }
}

#[cfg(not(target_arch = "arm"))]
fn main() {
    use core::mem::MaybeUninit;

    use arraypool_firmware::work::{BYTES, Buffers, STRATEGY, run};

    // A pointer has twice as many bytes here.
    let [mut programs, mut trees, mut checked, mut arrays] =
        BYTES.map(|bytes| vec![MaybeUninit::uninit(); 2 * bytes]);
    let buffers = Buffers {
        programs: &mut programs,
        trees: &mut trees,
        checked: &mut checked,
        arrays: &mut arrays,
    };
    let report = run(buffers, || {}, || {}, || {});
    println!("strategy {STRATEGY}");
    println!("checksum {:016x}", report.checksum);
    println!("replaced {}", report.replaced);
    println!("taken {}", report.taken);
}
