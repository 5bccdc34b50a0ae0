//! The C interface, from C: the header, programs built against it, and what they say.

#![cfg(all(feature = "capi", not(miri)))]

#[path = "capi/build.rs"]
mod build;
#[path = "capi/firmware.rs"]
mod firmware;
#[path = "capi/header.rs"]
mod header;
#[path = "capi/install.rs"]
mod install;
#[path = "capi/programs.rs"]
mod programs;
#[path = "firmware/tools.rs"]
mod tools;
