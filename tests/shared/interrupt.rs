//! An interrupt gives arrays home: here a signal, which may come in the middle of
//! any call of the thread that owns the lane, a push included.

#![cfg(not(miri))]

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::thread;

use arraypool::shared::{SharedArray, SharedPool};
use arraypool::{Metadata, ReleaseStrategy, Tagged};

/// An array for the handler of each strategy, or null.
static MAIL: [AtomicPtr<()>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];
static SENT: AtomicUsize = AtomicUsize::new(0);
static FAILED: AtomicUsize = AtomicUsize::new(0);

/// Takes the array that lies in the mail, if there is one, and sends it home.
fn deliver<S: ReleaseStrategy>(mail: &AtomicPtr<()>) {
    let array =
        mail.swap(ptr::null_mut(), Ordering::Acquire).cast::<SharedArray<'static, u64, S>>();
    if !array.is_null() {
        // SAFETY: whoever put it there gave it up, and keeps its place.
        let array = unsafe { array.read() };
        let result = array.send_home();
        SENT.fetch_add(1, Ordering::Relaxed);
        FAILED.fetch_add(usize::from(result.is_err()), Ordering::Relaxed);
    }
}

extern "C" fn handler(_: libc::c_int) {
    deliver::<Tagged>(&MAIL[0]);
    deliver::<Metadata>(&MAIL[1]);
}

fn install() {
    // SAFETY: all zeros are a `sigaction`.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the action is complete, and its handler does what a handler may.
    let status = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut()) };
    assert_eq!(status, 0);
}

/// Works on a lane, sends arrays home itself, and leaves some to the interrupt.
fn work<S: ReleaseStrategy>(pool: &'static SharedPool<u64, S>, mail: &AtomicPtr<()>) {
    let lane = pool.lane();
    for round in 0..500 {
        let array = ManuallyDrop::new(lane.allocate_copy(&[round, 1]).into_shared());
        mail.store(ptr::from_ref(&*array).cast_mut().cast(), Ordering::Release);
        while !mail.load(Ordering::Acquire).is_null() {
            let own: Vec<_> = (0..5).map(|i| lane.allocate_copy(&[i; 3]).into_shared()).collect();
            let mine = lane.allocate_copy(&[9; 20]);
            for (i, array) in (0..).zip(own) {
                assert_eq!(array, [i; 3]);
                assert_eq!(array.send_home(), Ok(()));
            }
            assert_eq!(mine, [9; 20]);
        }
    }
}

#[test]
fn a_signal_handler_may_send_arrays_home() {
    static TAGGED: SharedPool<u64, Tagged> = SharedPool::new();
    static METADATA: SharedPool<u64, Metadata> = SharedPool::new();
    install();
    let done = AtomicBool::new(false);
    // SAFETY: it only asks who this thread is.
    let target = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        let interrupts = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // SAFETY: the thread waits for this one, so it exists.
                unsafe { libc::pthread_kill(target, libc::SIGUSR1) };
                thread::yield_now();
            }
        });
        work(&TAGGED, &MAIL[0]);
        work(&METADATA, &MAIL[1]);
        done.store(true, Ordering::Relaxed);
        interrupts.join().unwrap();
    });
    assert_eq!((SENT.load(Ordering::Relaxed), FAILED.load(Ordering::Relaxed)), (1000, 0));
    for stats in [TAGGED.verify().unwrap(), METADATA.verify().unwrap()] {
        assert_eq!((stats.live, stats.lost), (0, 0), "{stats:?}");
    }
}
