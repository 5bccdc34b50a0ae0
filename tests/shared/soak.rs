//! Eight threads for a while: random lengths, hand-over, lane death and trims, with
//! checksummed contents. Nothing lost, nothing doubled, memory flat.
//!
//! `ARRAYPOOL_SOAK_SECONDS=600 cargo test --release --features shared --test shared -- --ignored soak`

#![cfg(not(miri))]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use arraypool::ReleaseStrategy;
use arraypool::shared::{SharedArray, SharedPool, SharedSettings};

/// Where threads leave arrays for each other.
type Mail<'p, S> = Mutex<Option<SharedArray<'p, u64, S>>>;

/// The generator of Marsaglia, "Xorshift RNGs" (2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % limit
    }

    fn length(&mut self) -> usize {
        match self.below(100) {
            0..80 => 1 + self.below(16),
            80..98 => 17 + self.below(240),
            _ => 257 + self.below(2000),
        }
    }
}

/// The i-th element of an array with that seed.
fn element(seed: u64, index: usize) -> u64 {
    (seed + index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn check(array: &[u64], seed: u64) {
    let intact = array.iter().enumerate().all(|(index, &one)| one == element(seed, index));
    assert!(intact, "the contents of array {seed} are as they were written");
}

/// What an array was filled with can be told from its first element: multiplying
/// by the inverse of the constant gives the seed.
fn seed_of(array: &[u64]) -> u64 {
    array[0].wrapping_mul(0xF1DE_83E1_9937_733D)
}

/// One life of a lane.
fn life<'p, S: ReleaseStrategy>(
    pool: &'p SharedPool<u64, S>,
    mail: &[Mail<'p, S>],
    seeds: &AtomicU64,
    random: &mut Random,
) {
    let lane = pool.lane();
    let mut mine = Vec::new();
    for _ in 0..random.below(3000) {
        let seed = seeds.fetch_add(1, Ordering::Relaxed);
        match random.below(16) {
            0..5 => mine.push(lane.allocate_with(random.length(), |i| element(seed, i))),
            5..10 if !mine.is_empty() => {
                let array = mine.swap_remove(random.below(mine.len()));
                check(&array, seed_of(&array));
            }
            10..13 => {
                let length = random.length();
                let array = if random.below(2) == 0 {
                    pool.allocate_with(length, |i| element(seed, i))
                } else {
                    lane.allocate_with(length, |i| element(seed, i)).into_shared()
                };
                let place = &mail[random.below(mail.len())];
                let before = place.lock().unwrap().replace(array);
                if let Some(array) = before {
                    check(&array, seed_of(&array));
                }
            }
            13 => {
                let raw = pool.try_allocate_raw(random.length()).unwrap();
                // SAFETY: nobody uses the array.
                assert_eq!(unsafe { pool.release_raw(raw) }, Ok(()));
                // SAFETY: as above; it is refused.
                assert!(unsafe { pool.release_raw(raw) }.is_err());
            }
            14 if random.below(50) == 0 => pool.trim(random.below(1 << 16)),
            _ => {
                let taken = mail[random.below(mail.len())].lock().unwrap().take();
                if let Some(array) = taken {
                    check(&array, seed_of(&array));
                }
            }
        }
        mine.truncate(200);
    }
}

fn soak<S: ReleaseStrategy>(length: Duration) {
    /// Lanes that each thread has before memory is looked at: a busy machine starts some
    /// of them late.
    const LIVES: u64 = 8;
    let settings = SharedSettings::new().limit(256 << 20);
    let pool = SharedPool::<u64, S>::with_settings(settings);
    let mail: Vec<Mail<'_, S>> = (0..64).map(|_| Mutex::new(None)).collect();
    let seeds = AtomicU64::new(1);
    let lives = [const { AtomicU64::new(0) }; 8];
    let end = Instant::now() + length;
    thread::scope(|scope| {
        let (pool, mail, seeds, lives) = (&pool, &mail, &seeds, &lives);
        let threads: Vec<_> = (1..)
            .zip(lives)
            .map(|(number, lived): (u64, _)| {
                scope.spawn(move || {
                    let mut random = Random(number.wrapping_mul(0x2545_F491_4F6C_DD1D));
                    while Instant::now() < end || lived.load(Ordering::Relaxed) < 3 * LIVES {
                        life(pool, mail, seeds, &mut random);
                        lived.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // Warm after a third, and flat from there on.
        let bytes_after = |thirds: u64| {
            thread::sleep(length / 3);
            let is_early =
                || lives.iter().any(|lived| lived.load(Ordering::Relaxed) < thirds * LIVES);
            while is_early() && !threads.iter().any(thread::ScopedJoinHandle::is_finished) {
                thread::sleep(Duration::from_millis(1));
            }
            pool.stats().bytes
        };
        let (warm, later) = (bytes_after(1), bytes_after(2));
        assert!(later <= warm + warm / 2, "{later} bytes, after {warm}");
        for thread in threads {
            thread.join().unwrap();
        }
        let last = pool.stats().bytes;
        assert!(last <= later + later / 2, "{last} bytes, after {later}");
    });
    for place in &mail {
        drop(place.lock().unwrap().take());
    }
    let stats = pool.verify().unwrap();
    assert_eq!((stats.live, stats.lost, stats.corrupted), (0, 0, 0), "{stats:?}");
}

#[test]
fn soak_for_a_second() {
    soak::<arraypool::Metadata>(Duration::from_millis(500));
    soak::<arraypool::Tagged>(Duration::from_millis(500));
}

#[test]
#[ignore = "takes as long as ARRAYPOOL_SOAK_SECONDS says, ten minutes if it says nothing"]
fn soak_for_long() {
    let seconds = std::env::var("ARRAYPOOL_SOAK_SECONDS")
        .ok()
        .map_or(600, |text| text.parse().expect("ARRAYPOOL_SOAK_SECONDS is a number of seconds"));
    soak::<arraypool::Metadata>(Duration::from_secs(seconds) / 2);
    soak::<arraypool::Tagged>(Duration::from_secs(seconds) / 2);
}
