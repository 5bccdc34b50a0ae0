//! Makes the mistake that it is asked for, so that a sanitizer can find it.

use std::env;
use std::hint::black_box;

use arraypool::{ArrayPool, Checks, Direct, Metadata, ReleaseStrategy, Tagged, json};

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let [strategy, mistake] = &words[..] else { panic!("a strategy and a mistake") };
    match strategy.as_str() {
        "direct" => make::<Direct>(mistake),
        "tagged" => make::<Tagged>(mistake),
        _ => make::<Metadata>(mistake),
    }
    println!("got away with it");
}

fn make<S: ReleaseStrategy>(mistake: &str) {
    let pool = ArrayPool::<u64, S>::builder().checks(Checks::none().clear_on_release()).build();
    match mistake {
        "none" => right(pool),
        "use-after-release" => use_after_release(&pool),
        "use-after-drop" => use_after_drop(&pool),
        "overflow" => overflow(&pool),
        "overflow-of-a-full-slot" => overflow_of_a_full_slot(&pool),
        _ => panic!("no mistake: {mistake}"),
    }
}

/// Arrays of many lengths go out and come back; the pool is reset and dropped, and
/// its memory serves others.
fn right<S: ReleaseStrategy>(mut pool: ArrayPool<'static, u64, S>) {
    for round in 0..3_u64 {
        let mut kept = Vec::new();
        for length in 0..600 {
            kept.push(pool.allocate_with(length, |i| i as u64));
            if length % 3 == 0 {
                let place = kept.len() / 2;
                kept.swap_remove(place);
            }
        }
        let mut vector = pool.vec();
        vector.extend(0..1000);
        vector.truncate(300);
        vector.shrink_to_fit();
        kept.push(vector.into_array());
        let mut grown = arraypool::PoolVec::from(kept.swap_remove(7));
        grown.extend(0..9);
        assert!(black_box(&grown).len() > 8);
        drop(grown);
        drop(kept);
        if round % 2 == 0 {
            let _left = pool.try_allocate_raw(100);
            pool.reset();
        }
        pool.verify().expect("whole");
    }
    drop(pool);
    let documents = json::Pool::<S>::new();
    let mut document = json::parse(r#"{"a": [1, "two\n"], "b": {}}"#, &documents).expect("valid");
    for number in 0..50_u64 {
        document.root_mut().into_get("a").expect("there").push(number).expect("memory");
    }
    assert_eq!(document.root()["a"][51].as_u64(), Some(49));
}

fn use_after_release<S: ReleaseStrategy>(pool: &ArrayPool<'_, u64, S>) {
    let array = pool.allocate_copy(&[1, 2, 3, 4, 5]);
    let place = array.as_ptr();
    array.release().expect("it is right");
    // SAFETY: none. The array is gone: this is the mistake.
    black_box(unsafe { place.add(2).read() });
}

fn use_after_drop<S: ReleaseStrategy>(pool: &ArrayPool<'_, u64, S>) {
    let mut array = pool.allocate_copy(&[1, 2, 3, 4, 5]);
    let place = array.as_mut_ptr();
    drop(array);
    // SAFETY: none. The array is gone: this is the mistake.
    unsafe { black_box(place).write(7) };
}

fn overflow<S: ReleaseStrategy>(pool: &ArrayPool<'_, u64, S>) {
    let mut array = pool.allocate_copy(&[1, 2, 3, 4, 5]);
    // SAFETY: none. There are five elements: this is the mistake.
    unsafe { black_box(array.as_mut_ptr()).add(5).write(6) };
}

fn overflow_of_a_full_slot<S: ReleaseStrategy>(pool: &ArrayPool<'_, u64, S>) {
    let mut array = pool.allocate_with(16, |i| i as u64);
    // SAFETY: none. There are sixteen elements: this is the mistake.
    unsafe { black_box(array.as_mut_ptr()).add(16).write(6) };
}
