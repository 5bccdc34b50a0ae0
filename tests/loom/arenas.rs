//! Reusable arenas: somebody waits while the last one comes back.

use arraypool::shared::{ArenaPool, WhenExhausted};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::support::explore;

/// Catches a return that wakes nobody (the checker finds the deadlock), and an
/// arena that is out twice.
#[test]
fn who_waits_is_woken() {
    explore(|| {
        let arenas = Arc::new(ArenaPool::new(1, WhenExhausted::Block));
        let out = Arc::new(AtomicUsize::new(0));
        let work = |arenas: &ArenaPool<'static>, out: &AtomicUsize| {
            let _arena = arenas.get().unwrap();
            assert_eq!(out.fetch_add(1, Ordering::Relaxed), 0);
            out.fetch_sub(1, Ordering::Relaxed);
        };
        let threads = [1, 2].map(|_| {
            let (arenas, out) = (Arc::clone(&arenas), Arc::clone(&out));
            thread::spawn(move || work(&arenas, &out))
        });
        work(&arenas, &out);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!((arenas.made(), arenas.idle()), (1, 1));
    });
}
