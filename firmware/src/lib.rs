//! What the images share: the work of a tick, and what an image on the chip needs.

#![no_std]

pub mod expressions;
pub mod work;

#[cfg(target_arch = "arm")]
pub mod chip;
