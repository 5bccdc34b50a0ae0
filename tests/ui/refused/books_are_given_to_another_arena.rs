//! What gives a strategy's books back cannot be called without a promise.
//~ error[E0133]: call to unsafe function

use arraypool::{Arena, LocalArena, Metadata, ReleaseStrategy};

fn main() {
    let outer = Arena::new();
    let inner = LocalArena::new_in(&outer);
    let strategy = Metadata::open(None, &inner).unwrap();
    let room = strategy.provide(&inner, 8).unwrap();
    strategy.refuse(&Arena::new(), room);
}
