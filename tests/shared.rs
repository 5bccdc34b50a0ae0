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
#[path = "shared/reserve.rs"]
mod reserve;
#[path = "shared/single.rs"]
mod single;
#[path = "shared/soak.rs"]
mod soak;
#[path = "shared/threads.rs"]
mod threads;

use std::thread;

/// Fewer rounds where every one is slow.
fn rounds(normal: usize, under_miri: usize) -> usize {
    if cfg!(miri) { under_miri } else { normal }
}

/// Does the same in so many threads, and waits until they are gone with all that they
/// stored: a scope ends when their work does, which may be before they leave their lanes.
fn in_threads(count: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || work(number))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
