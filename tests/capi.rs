//! The C interface, from C: the header, programs built against it, and what they say.

#![cfg(all(feature = "capi", not(miri)))]

#[path = "capi/build.rs"]
mod build;
#[path = "capi/header.rs"]
mod header;
#[path = "capi/programs.rs"]
mod programs;
