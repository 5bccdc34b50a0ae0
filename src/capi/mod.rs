//! The C interface: what `include/arraypool.h` declares, which is made from it.
//!
//! The header is the document for C programs; this is its source. What holds for
//! all functions:
//!
//! - A **handle** is a pointer to a body, with a *validity marker* in the 16 bytes
//!   in front of it. `NULL`, a handle of another kind and one that was destroyed
//!   (while its memory is readable) are refused: an [`ap_status`], or `NULL`, 0 or
//!   `false`.
//! - A panic never crosses the border: it becomes [`ap_status::AP_PANIC`], or
//!   `NULL`, 0 or `false`. Without `std` there is nothing to catch it with, and the
//!   program's own `ap_panic` is called.
//! - The caller promises what every C function relies on: a pointer that is not `NULL`
//!   leads to what its type says, and texts end with a zero byte where no length is
//!   given. And what no function can check:
//!   - what was freed, released, rewound or reset is not used any more;
//!   - one thread at a time has an object, unless its type says more;
//!   - a buffer, a document's text and a place's text stay as their functions say, and
//!     a backing pool stays as long as its arenas are used;
//!   - a destroyed handle is passed only while its memory can be read;
//!   - callbacks return, and leave alone what the call that runs them has in its hands.
//!
//!   This is the **module's contract** of the safety comments.
//!
//! From Rust, use the modules that this one is built on.

#![allow(non_camel_case_types, reason = "these are the names of the C header")]
#![allow(missing_debug_implementations, reason = "C programs do not print them")]
#![allow(clippy::missing_safety_doc, reason = "what callers owe is said once, in the module")]

// In the order of the header.
mod status;

#[cfg(feature = "capi")]
mod text;

#[cfg(feature = "capi")]
mod mempool;

#[cfg(feature = "capi")]
mod places;

mod arena;

mod pool;

#[cfg(feature = "capi")]
mod shared;

#[cfg(feature = "capi")]
mod expr;

#[cfg(feature = "capi")]
mod json;

mod arguments;

mod handle;

#[cfg(all(test, feature = "capi"))]
mod tests;

pub use arena::*;
#[cfg(feature = "capi")]
pub use expr::*;
#[cfg(feature = "capi")]
pub use json::*;
#[cfg(feature = "capi")]
pub use mempool::*;
pub use pool::*;
#[cfg(feature = "capi")]
pub use shared::*;
pub use status::*;
#[cfg(feature = "capi")]
pub use text::ap_error_position;

/// One number of the version in Cargo.toml.
const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) if number < 1000 => number,
        _ => panic!("each number of the version has up to three digits"),
    }
}

/// The version, as one number.
const VERSION: u32 = {
    let major = number(env!("CARGO_PKG_VERSION_MAJOR"));
    let minor = number(env!("CARGO_PKG_VERSION_MINOR"));
    major * 1_000_000 + minor * 1000 + number(env!("CARGO_PKG_VERSION_PATCH"))
};

/// The version of the library, as a number like the header's `AP_VERSION`: what a program
/// was compiled with and what it runs with fit together if both are the same.
#[unsafe(no_mangle)]
pub extern "C" fn ap_version() -> u32 {
    VERSION
}

/// A microcontroller's program ends in a way of its own.
#[cfg(all(not(feature = "std"), not(test), target_os = "none"))]
mod panic {
    unsafe extern "C" {
        /// The C program's: must not return.
        safe fn ap_panic() -> !;
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        ap_panic()
    }
}
