//! An arena in an arena stays on its thread.

use arraypool::{Arena, LocalArena};

fn send<T: Send>(_: T) {}

fn main() {
    let outer = Arena::new();
    send(LocalArena::new_in(&outer));
}
