//! What the shared pool promises: one pool, many threads.

#![cfg(feature = "shared")]

#[macro_use]
#[path = "support/strategies.rs"]
mod strategies;

#[path = "shared/arenas.rs"]
mod arenas;
#[path = "shared/corruption.rs"]
mod corruption;
#[path = "shared/hand.rs"]
mod hand;
#[cfg(unix)]
#[path = "shared/interrupt.rs"]
mod interrupt;
#[path = "shared/limits.rs"]
mod limits;
#[path = "shared/single.rs"]
mod single;
#[path = "shared/soak.rs"]
mod soak;
#[path = "shared/threads.rs"]
mod threads;

/// Fewer rounds where every one is slow.
fn rounds(normal: usize, under_miri: usize) -> usize {
    if cfg!(miri) { under_miri } else { normal }
}
