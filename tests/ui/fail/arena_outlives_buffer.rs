//! An arena in a buffer cannot outlive it, nor share it.

use std::mem::MaybeUninit;

use arraypool::Arena;

fn main() {
    let arena = {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        Arena::from_buffer(&mut buffer)
    };
    println!("{arena:?}");

    let mut buffer = [MaybeUninit::uninit(); 1024];
    let arena = Arena::from_buffer(&mut buffer);
    buffer[0] = MaybeUninit::new(1);
    println!("{arena:?}");
}
