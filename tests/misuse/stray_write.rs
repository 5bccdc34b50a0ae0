//! Writes that stray: into the bookkeeping, past an array's end, after a release.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};

use arraypool::{
    AllocError, ArrayPool, RawArray, ReleaseError, ReleaseStrategy, SlotState, VerifyError,
};

use crate::report::{Pool, Report, by_hand, give, give_at, whole};

/// Bytes in front of an array that are overwritten: where the bookkeeping of
/// one strategy lies, the others have the array in front.
const REACH: usize = size_of::<usize>() + 8;

/// The bytes of a header, where there is one.
type Bytes = [u8; REACH];

/// What a stray write does to some bytes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Turns bits over, the same in every byte.
    Turned(u8),
    /// Writes the same byte everywhere.
    Filled(u8),
    /// Copies what stands in front of a live array there.
    CopiedLive,
    /// Copies what stands in front of a free array there.
    CopiedFree,
}

const KINDS: [Kind; 12] = [
    Kind::Turned(0xFF),
    Kind::Turned(0x01),
    Kind::Turned(0x80),
    Kind::Turned(0x10),
    Kind::Filled(0x00),
    Kind::Filled(0xFF),
    Kind::Filled(0xCD),
    Kind::Filled(0xDD),
    Kind::Filled(0xA5),
    Kind::Filled(0x01),
    Kind::CopiedLive,
    Kind::CopiedFree,
];

/// One stray write.
#[derive(Debug, Clone, Copy)]
struct Smash {
    from: usize,
    to: usize,
    kind: Kind,
}

/// Every range of the bytes in front of an array: each byte alone, each word,
/// the whole, and all that lie between; under every kind. Where no bookkeeping
/// lies there, ranges that begin or end at the edge will do.
fn smashes<S: ReleaseStrategy>() -> impl Iterator<Item = Smash> {
    let ranges = (0..REACH).flat_map(|from| (from + 1..=REACH).map(move |to| (from, to)));
    let ranges = ranges.filter(|&(from, to)| S::PREFIX > 0 || from == 0 || to == REACH);
    ranges.flat_map(|(from, to)| KINDS.into_iter().map(move |kind| Smash { from, to, kind }))
}

/// The bytes in front of an array.
fn in_front(array: RawArray<u64>) -> NonNull<Bytes> {
    // SAFETY: every array that a case asks about has another one of 16 elements
    // in front of it, in the same run or arena.
    unsafe { array.ptr.cast::<Bytes>().sub(1) }
}

/// Reads the bytes in front of an array.
fn peek(array: RawArray<u64>) -> Bytes {
    // SAFETY: the bytes are the pool's, written before, and nobody borrows them.
    unsafe { in_front(array).read() }
}

/// Overwrites the bytes in front of an array.
fn poke(array: RawArray<u64>, bytes: Bytes) {
    // SAFETY: the bytes are the pool's: its bookkeeping, or elements of an array
    // that is held by hand and never read.
    unsafe { in_front(array).write(bytes) }
}

/// A pool of 4 arrays, one behind the other.
struct Scene<S: ReleaseStrategy> {
    pool: Pool<S>,
    victim: RawArray<u64>,
    live: RawArray<u64>,
    free: RawArray<u64>,
}

impl<S: ReleaseStrategy> Scene<S> {
    fn new() -> Self {
        let pool = ArrayPool::builder().on_corruption(count).build();
        let [_front, victim, live, free] = [(); 4].map(|()| by_hand(&pool));
        let _ = give(&pool, free);
        Self { pool, victim, live, free }
    }

    /// Does the stray write in front of the victim; false if it changes nothing.
    fn smash(&self, smash: Smash) -> bool {
        let Smash { from, to, kind } = smash;
        let before = peek(self.victim);
        let mut after = before;
        let range = &mut after[from..to];
        match kind {
            Kind::Turned(bits) => range.iter_mut().for_each(|byte| *byte ^= bits),
            Kind::Filled(byte) => range.fill(byte),
            Kind::CopiedLive => range.copy_from_slice(&peek(self.live)[from..to]),
            Kind::CopiedFree => range.copy_from_slice(&peek(self.free)[from..to]),
        }
        poke(self.victim, after);
        before != after
    }

    /// Asserts that the pool goes on after it met the victim's state.
    fn goes_on(&self, met: usize, smash: Smash) {
        let stats = self.pool.stats();
        assert_eq!(stats.corrupted, met, "{smash:?}: {stats}");
        assert!(stats.lost >= met, "{smash:?}: {stats}");
        assert_eq!(self.pool.verify(), Ok(stats), "{smash:?}");
        whole(&self.pool);
    }
}

static HOOKED: AtomicUsize = AtomicUsize::new(0);

/// The pools' hook.
fn count(error: &ReleaseError) {
    assert_eq!(error.kind(), "corrupted");
    HOOKED.fetch_add(1, Ordering::Relaxed);
}

/// Runs `case` for every stray write that changes a byte, each in a fresh scene
/// that `setup` has prepared, and notes what came of it.
fn for_each_smash<S: ReleaseStrategy, K>(
    report: &mut Report,
    setup: impl Fn(&mut Scene<S>) -> K,
    case: impl Fn(&mut Scene<S>, K, Smash) -> &'static str,
) {
    for smash in smashes::<S>() {
        let mut scene = Scene::<S>::new();
        let kept = setup(&mut scene);
        if scene.smash(smash) {
            let outcome = case(&mut scene, kept, smash);
            scene.goes_on(usize::from(outcome == "corrupted"), smash);
            report.note(outcome, format_args!("{smash:?}"));
        }
    }
}

/// What became of a release that would have been right.
fn kind_of(result: Result<(), ReleaseError>) -> &'static str {
    result.map_or_else(|error| error.kind(), |()| "unharmed")
}

/// Puts the victim under a handle's care; where nothing can be, a new array.
macro_rules! owned_victim {
    ($scene:expr) => {{
        // SAFETY: the elements are initialised, and only the handle uses them.
        match unsafe { $scene.pool.from_raw($scene.victim) } {
            Ok(handle) => handle,
            Err(_) => $scene.pool.allocate_copy(&[1, 2, 3]),
        }
    }};
}

pub(crate) fn met_by_release<S: ReleaseStrategy>(report: &mut Report) {
    for smash in smashes::<S>() {
        let scene = Scene::<S>::new();
        let handle = owned_victim!(scene);
        if scene.smash(smash) {
            let outcome = kind_of(handle.release());
            scene.goes_on(usize::from(outcome == "corrupted"), smash);
            report.note(outcome, format_args!("{smash:?}"));
        }
    }
}

pub(crate) fn met_by_drop<S: ReleaseStrategy>(report: &mut Report) {
    for smash in smashes::<S>() {
        let scene = Scene::<S>::new();
        let handle = owned_victim!(scene);
        if scene.smash(smash) {
            let before = HOOKED.load(Ordering::Relaxed);
            drop(handle);
            let met = HOOKED.load(Ordering::Relaxed) - before;
            scene.goes_on(met, smash);
            report.note(if met == 1 { "corrupted" } else { "unharmed" }, format_args!("{smash:?}"));
        }
    }
}

pub(crate) fn met_by_hand<S: ReleaseStrategy>(report: &mut Report) {
    let by_generation = |scene: &mut Scene<S>, (), _| kind_of(give(&scene.pool, scene.victim));
    for_each_smash(report, |_| (), by_generation);
    let by_address = |scene: &mut Scene<S>, (), _| {
        kind_of(give_at(&scene.pool, scene.victim.ptr.as_ptr().cast()))
    };
    for_each_smash(report, |_| (), by_address);
}

pub(crate) fn met_on_the_way_to_hand<S: ReleaseStrategy>(report: &mut Report) {
    for smash in smashes::<S>() {
        let scene = Scene::<S>::new();
        let handle = owned_victim!(scene);
        if scene.smash(smash) {
            let outcome = kind_of(give(&scene.pool, handle.into_raw()));
            scene.goes_on(usize::from(outcome == "corrupted"), smash);
            report.note(outcome, format_args!("{smash:?}"));
        }
    }
}

/// What `verify` and `locate` say of a victim.
fn inspect<S: ReleaseStrategy>(scene: &Scene<S>, smash: Smash) -> &'static str {
    let address = scene.victim.ptr.as_ptr();
    let state = scene.pool.locate(address).map(|found| found.state);
    let verified = scene.pool.verify();
    match verified {
        Ok(_) => "unharmed",
        Err(VerifyError::Corrupted { address: named, class_length: 16, .. }) => {
            assert_eq!((named, state), (address.addr(), Some(SlotState::Corrupted)), "{smash:?}");
            "corrupted"
        }
        Err(_) => "unbalanced",
    }
}

pub(crate) fn met_by_verify<S: ReleaseStrategy>(report: &mut Report) {
    for free in [false, true] {
        for smash in smashes::<S>() {
            let scene = Scene::<S>::new();
            if free {
                let _ = give(&scene.pool, scene.victim);
            }
            if scene.smash(smash) {
                report.note(inspect(&scene, smash), format_args!("free: {free}, {smash:?}"));
            }
        }
    }
}

/// Allocates until a free list is broken, at most as often as it is long.
fn allocate_from_list<S: ReleaseStrategy>(scene: &Scene<S>) -> &'static str {
    for _ in 0..2 {
        match scene.pool.try_allocate_raw(5) {
            Ok(_) => {}
            Err(AllocError::Corrupted { class_length: 16, .. }) => return "corrupted",
            Err(error) => panic!("{error}"),
        }
    }
    "unharmed"
}

pub(crate) fn met_by_allocation<S: ReleaseStrategy>(report: &mut Report) {
    let first = |scene: &mut Scene<S>| {
        let _ = give(&scene.pool, scene.victim);
    };
    for_each_smash(report, first, |scene, (), _| allocate_from_list(scene));
    let behind_another = |scene: &mut Scene<S>| {
        let _ = give(&scene.pool, scene.victim);
        let _ = give(&scene.pool, scene.live);
    };
    for_each_smash(report, behind_another, |scene, (), _| allocate_from_list(scene));
}

pub(crate) fn met_by_second_release<S: ReleaseStrategy>(report: &mut Report) {
    let first = |scene: &mut Scene<S>| {
        let _ = give(&scene.pool, scene.victim);
    };
    for_each_smash(report, first, |scene, (), _| {
        kind_of(give_at(&scene.pool, scene.victim.ptr.as_ptr().cast()))
    });
    let behind_another = |scene: &mut Scene<S>| {
        let _ = give(&scene.pool, scene.victim);
        let _ = give(&scene.pool, scene.live);
    };
    for_each_smash(report, behind_another, |scene, (), _| kind_of(give(&scene.pool, scene.victim)));
}

/// A list is given up for its head; then the slot behind it is released again.
pub(crate) fn met_twice<S: ReleaseStrategy>(report: &mut Report) {
    for smash in smashes::<S>() {
        let scene = Scene::<S>::new();
        let _ = give(&scene.pool, scene.victim);
        let _ = give(&scene.pool, scene.live);
        let head = peek(scene.live);
        if scene.smash(smash) {
            poke(scene.live, head.map(|byte| !byte));
            let allocated = scene.pool.try_allocate_raw(5).map(drop);
            let outcome = kind_of(give(&scene.pool, scene.victim));
            let met = usize::from(allocated.is_err()) + usize::from(outcome == "corrupted");
            scene.goes_on(met, smash);
            report.note(outcome, format_args!("{smash:?}"));
        }
    }
}

pub(crate) fn met_after_reset<S: ReleaseStrategy>(report: &mut Report) {
    let outcome = |scene: &mut Scene<S>, (), smash: Smash| {
        scene.pool.reset();
        let arrays = [(); 4].map(|()| scene.pool.try_allocate_raw(5).expect("memory").ptr);
        let reused = arrays.contains(&scene.victim.ptr);
        let lost = scene.pool.stats().lost;
        assert_eq!((reused, lost), (lost == 0, scene.pool.stats().corrupted), "{smash:?}");
        if reused { "unharmed" } else { "corrupted" }
    };
    for_each_smash(report, |_| (), outcome);
}

/// Writes behind the end of an array, so many bytes.
fn overflow(array: RawArray<u64>, length: usize, bytes: usize, fill: u8) {
    let end = array.ptr.as_ptr().wrapping_add(length).cast::<u8>();
    // SAFETY: another array of the pool lies behind this one, and nobody reads
    // what the bytes belong to.
    unsafe { ptr::write_bytes(end, fill, bytes) }
}

/// Overflows of a slot of 16, into the array behind it.
fn overflows<S: ReleaseStrategy>(
    report: &mut Report,
    meet: impl Fn(&Scene<S>, RawArray<u64>) -> &'static str,
) {
    for fill in [0x00, 0x01, 0x41, 0x80, 0xA5, 0xCD, 0xDD, 0xFF] {
        for bytes in 1..=REACH + 40 {
            let scene = Scene::<S>::new();
            let behind = if S::RECLAIMS { scene.live } else { scene.victim };
            let before = peek(behind);
            overflow(scene.victim, 16, bytes, fill);
            if before != peek(behind) || S::PREFIX == 0 {
                report.note(meet(&scene, behind), format_args!("{bytes} bytes of {fill:#x}"));
            }
        }
    }
}

pub(crate) fn overflow_met_by_verify<S: ReleaseStrategy>(report: &mut Report) {
    overflows::<S>(report, |scene, behind| match scene.pool.verify() {
        Ok(_) => "unharmed",
        Err(VerifyError::Corrupted { address, class_length: 16, .. }) => {
            assert_eq!(address, behind.ptr.addr().get());
            "corrupted"
        }
        Err(_) => "unbalanced",
    });
}

pub(crate) fn overflow_met_by_release<S: ReleaseStrategy>(report: &mut Report) {
    overflows::<S>(report, |scene, behind| {
        let outcome = kind_of(give(&scene.pool, behind));
        whole(&scene.pool);
        outcome
    });
}

pub(crate) fn overflow_inside<S: ReleaseStrategy>(report: &mut Report) {
    for bytes in 1..=88 {
        let scene = Scene::<S>::new();
        let length = if S::RECLAIMS { 5 } else { 5_usize.min(bytes) };
        // Exact arrays end where the next one begins, but for the padding to 16.
        let bytes = if S::RECLAIMS { bytes } else { bytes.min(8) };
        overflow(scene.victim, length, bytes, 0x41);
        let right = kind_of(give(&scene.pool, scene.victim));
        whole(&scene.pool);
        let outcome = if right == "not releasable" { "unharmed" } else { right };
        report.note(outcome, format_args!("{bytes} bytes"));
    }
}

pub(crate) fn elements_written_after_release<S: ReleaseStrategy>(report: &mut Report) {
    let scene = Scene::<S>::new();
    let _ = give(&scene.pool, scene.victim);
    overflow(scene.victim, 0, 40, 0x41);
    report.note(allocate_from_list(&scene), "elements");
    whole(&scene.pool);
}
