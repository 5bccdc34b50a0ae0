//! The C interface, from C: the header, programs built against it, and what they say.

#![cfg(all(feature = "capi", not(miri)))]

#[path = "capi/header.rs"]
mod header;
