//! Bookkeeping in front of the memory: a header with magic numbers.
//!
//! ```text
//! | word | check | stamp || elements ...
//!
//! live:  word  = magic ^ address ^ stamp ^ spread(check)      check = left as it was
//! free:  word  = link key ^ next                stamp = generation, last length
//!        check = spread(check key ^ next ^ stamp) ^ address
//! ```
//! Six keys per class, derived from the pool's secret, stand for the states
//! and for the link; since they differ by class, one comparison also proves the
//! class, and since the header's own address is mixed in, a header that was
//! copied elsewhere proves nothing. The link is verified before it is
//! followed. One word of each comparison is spread, so that the same change in
//! several words, as when a stretch of memory is inverted, does not cancel out.
//! The first word is the lowest in memory: an overflow of the array in front
//! meets it first.

use core::cell::Cell;
use core::ptr::{self, NonNull};

use super::stamp::{Stamp, StampCell};
use super::{Broken, Cut, Issued, Record, ReleaseStrategy, Tenure, sealed};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::run::Run;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// A header in front of every array: the strategy that needs no heap.
///
/// 24 bytes per array on 64-bit machines (32 where elements are aligned to 16),
/// 16 on 32-bit ones. A stray write that reaches a header or a free list's link
/// is found before anything is followed. Which misuse is caught and when:
/// COMPARISON.md.
#[derive(Debug)]
pub struct Tagged;

/// What stands in front of the elements.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// Live or lost: the magic. Free: the sealed link, with its provenance.
    word: AtomicPtr<Header>,
    /// Free: what the link is checked against.
    check: AtomicUsize,
    /// Generation and length.
    stamp: StampCell,
}

const HEADER: usize = size_of::<Header>();

const _: () = assert!(HEADER == 16 || HEADER == 24, "three words, four where words have 32 bits");

/// The free list of one class, and its keys.
#[derive(Debug)]
pub struct List {
    head: Cell<Option<NonNull<Header>>>,
    owned: usize,
    link: usize,
    check: usize,
    raw: usize,
    lost: usize,
    leaving: usize,
}

impl List {
    /// The magic of a live array.
    #[inline]
    fn magic(&self, tenure: Tenure) -> usize {
        match tenure {
            Tenure::Owned => self.owned,
            Tenure::Raw => self.raw,
            Tenure::Leaving => self.leaving,
        }
    }

    /// The link in a free header, or `None` if the header is not that of a free slot.
    #[inline(always)]
    fn open(&self, link: NonNull<Header>, words: &Words) -> Option<*mut Header> {
        let next = words.word.map_addr(|word| word ^ self.link);
        (self.check_of(link, next, words.stamp) == words.check).then_some(next)
    }

    #[inline(always)]
    fn check_of(&self, link: NonNull<Header>, next: *mut Header, stamp: Stamp) -> usize {
        spread(next.addr() ^ self.check ^ stamp.fold()) ^ link.addr().get()
    }

    /// Makes the header that of a free slot in front of the list.
    #[inline(always)]
    fn push(&self, link: NonNull<Header>, header: &Header, stamp: Stamp) {
        let next = self.head.get().map_or(ptr::null_mut(), NonNull::as_ptr);
        header.stamp.store(stamp);
        header.check.store(self.check_of(link, next, stamp), Ordering::Relaxed);
        header.word.store(next.map_addr(|address| address ^ self.link), Ordering::Relaxed);
        self.head.set(Some(link));
    }
}

impl List {
    /// What the header at `link` says.
    fn record(&self, link: NonNull<Header>, words: &Words) -> Record {
        let (magic, stamp) = (words.magic(link), words.stamp);
        let live =
            |tenure| Record::Live { tenure, length: stamp.low(), generation: stamp.generation() };
        if magic == self.owned {
            live(Tenure::Owned)
        } else if magic == self.raw {
            live(Tenure::Raw)
        } else if magic == self.leaving {
            live(Tenure::Leaving)
        } else if magic == self.lost {
            Record::Lost
        } else if self.open(link, words).is_some() {
            Record::Free { generation: stamp.generation() }
        } else {
            Record::Corrupted
        }
    }
}

/// What a header holds, each word loaded once.
struct Words {
    word: *mut Header,
    check: usize,
    stamp: Stamp,
}

impl Words {
    /// The magic that the word holds, if it holds one.
    #[inline(always)]
    fn magic(&self, link: NonNull<Header>) -> usize {
        self.word.addr() ^ self.mixed(link, self.stamp)
    }

    /// What the word is mixed with while it holds a magic.
    #[inline(always)]
    fn mixed(&self, link: NonNull<Header>, stamp: Stamp) -> usize {
        link.addr().get() ^ stamp.fold() ^ spread(self.check)
    }
}

impl Header {
    #[inline(always)]
    fn load(&self) -> Words {
        Words {
            word: self.word.load(Ordering::Relaxed),
            check: self.check.load(Ordering::Relaxed),
            stamp: self.stamp.load(),
        }
    }

    /// Writes stamp and magic; `words` are the header's own.
    #[inline(always)]
    fn seal(&self, link: NonNull<Header>, words: &Words, magic: usize, stamp: Stamp) {
        self.stamp.store(stamp);
        let word = ptr::without_provenance_mut(magic ^ words.mixed(link, stamp));
        self.word.store(word, Ordering::Relaxed);
    }
}

/// The header in front of `elements`.
///
/// # Safety
/// `elements` is that of a slot of this strategy.
#[inline]
unsafe fn header_of(elements: NonNull<u8>) -> NonNull<Header> {
    // SAFETY: a slot has at least HEADER bytes in front of its elements.
    unsafe { elements.cast::<Header>().sub(1) }
}

/// The header at `link`, for reading and for storing through its atomics.
///
/// # Safety
/// `link` is the header of a cut slot; the borrow ends before the pool does.
#[inline]
unsafe fn borrow<'a>(link: NonNull<Header>) -> &'a Header {
    // SAFETY: `cut` wrote a header there, aligned since shapes are.
    unsafe { link.as_ref() }
}

impl sealed::Sealed for Tagged {}

// SAFETY: a slot is on a list exactly while its header opens with the list's
// link key, which `issue` replaces by a magic and `retire` puts back; both
// verify before they write, and write only that header and the head.
unsafe impl ReleaseStrategy for Tagged {
    const NAME: &'static str = "tagged";
    const RECLAIMS: bool = true;
    const HEAP_BOOKS: bool = false;
    const PREFIX: usize = HEADER;
    const PREFIX_ALIGN: usize = align_of::<Header>();

    type Ticket = ();
    const NO_TICKET: () = ();
    type List = List;
    type Link = NonNull<Header>;

    fn open(_: usize, _: &Arena<'_>) -> Result<Self, AllocError> {
        Ok(Self)
    }

    fn close(&mut self, _: &Arena<'_>) {}

    fn list(class: u32, secret: usize) -> List {
        let mut state = scatter((secret ^ (class as usize + 1).wrapping_mul(GOLDEN)) as u64);
        let mut key = || next_magic(&mut state);
        List {
            head: Cell::new(None),
            owned: key(),
            link: key(),
            check: key(),
            raw: key(),
            lost: key(),
            leaving: key(),
        }
    }

    fn closed() -> List {
        // No header opens with these but by chance, and the list is empty.
        let key = next_magic(&mut 0);
        let [owned, raw, leaving] = [!key; 3];
        List { head: Cell::new(None), owned, link: key, check: key, raw, lost: key, leaving }
    }

    fn adopt(&self, _: &Arena<'_>, _: &Run) -> Result<(), AllocError> {
        Ok(())
    }

    fn begin(&self, _: &List, _: &Run) {}

    unsafe fn cut(list: &List, slot: Cut, length: u32, tenure: Tenure) -> Option<Issued<()>> {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(slot.elements) };
        if !slot.seen {
            let blank = Header {
                word: AtomicPtr::new(ptr::null_mut()),
                check: AtomicUsize::new(list.check),
                stamp: StampCell::new(Stamp::BEFORE),
            };
            // SAFETY: the slot lies in a run of this pool's, and has no tenant yet.
            unsafe { link.write(blank) };
        }
        // SAFETY: the header has been written, here or before the reset.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if slot.seen && list.record(link, &words) == Record::Corrupted {
            header.seal(link, &words, list.lost, words.stamp);
            return None;
        }
        let stamp = words.stamp.next_generation().with_low(length);
        header.seal(link, &words, list.magic(tenure), stamp);
        Some(Issued { elements: slot.elements, ticket: (), generation: stamp.generation() })
    }

    #[inline(always)]
    unsafe fn issue(list: &List, length: u32, tenure: Tenure) -> Option<Issued<()>> {
        let link = list.head.get()?;
        // SAFETY: the head of a list is the header of a cut slot: `push` put it
        // there, or `open` verified the link that led to it.
        let header = unsafe { borrow(link) };
        let words = header.load();
        let next = list.open(link, &words)?;
        list.head.set(NonNull::new(next));
        header.seal(link, &words, list.magic(tenure), words.stamp.with_low(length));
        // SAFETY: the elements follow their header.
        let elements = unsafe { link.add(1) }.cast();
        Some(Issued { elements, ticket: (), generation: words.stamp.generation() })
    }

    #[inline(always)]
    unsafe fn retire(list: &List, elements: NonNull<u8>, _: (), tenure: Tenure) -> bool {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if words.magic(link) != list.magic(tenure) {
            return false;
        }
        list.push(link, header, words.stamp.next_generation());
        true
    }

    #[inline]
    fn ticket(&self, _: &Run, _: u32) {}

    unsafe fn read(list: &List, elements: NonNull<u8>, _: ()) -> Record {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        list.record(link, &unsafe { borrow(link) }.load())
    }

    #[inline]
    unsafe fn hand_over(
        list: &List,
        elements: NonNull<u8>,
        _: (),
        from: Tenure,
        to: Tenure,
    ) -> Option<u32> {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if words.magic(link) != list.magic(from) {
            return None;
        }
        if from != to {
            header.seal(link, &words, list.magic(to), words.stamp);
        }
        Some(words.stamp.generation())
    }

    #[inline]
    unsafe fn relabel(list: &List, elements: NonNull<u8>, _: (), length: u32) {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if words.magic(link) == list.owned {
            header.seal(link, &words, list.owned, words.stamp.with_low(length));
        }
    }

    unsafe fn abandon(list: &List, elements: NonNull<u8>, _: ()) {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        header.seal(link, &words, list.lost, words.stamp);
    }

    fn head(list: &List) -> Option<NonNull<Header>> {
        list.head.get()
    }

    fn set_head(list: &List, link: Option<NonNull<Header>>) {
        list.head.set(link);
    }

    unsafe fn after(list: &List, link: NonNull<Header>) -> Result<Option<NonNull<Header>>, Broken> {
        // SAFETY: a place of a list is the header of a cut slot.
        let words = unsafe { borrow(link) }.load();
        list.open(link, &words).map(NonNull::new).ok_or(Broken)
    }

    unsafe fn slot(link: NonNull<Header>) -> Issued<()> {
        // SAFETY: the elements follow their header.
        let elements = unsafe { link.add(1) }.cast();
        Issued { elements, ticket: (), generation: 0 }
    }

    #[inline(always)]
    fn twin(list: &List) -> List {
        let &List { owned, link, check, raw, lost, leaving, .. } = list;
        List { head: Cell::new(None), owned, link, check, raw, lost, leaving }
    }

    unsafe fn put(list: &List, link: NonNull<Header>) {
        // SAFETY: the caller's promise: the header of a cut slot.
        let header = unsafe { borrow(link) };
        list.push(link, header, header.stamp.load());
    }

    unsafe fn seize(
        list: &List,
        elements: NonNull<u8>,
        _: (),
        generation: Option<u32>,
        to: Tenure,
    ) -> Result<(), Record> {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        let meant = generation.is_none_or(|generation| generation == words.stamp.generation());
        if words.magic(link) == list.raw && meant {
            // The word holds the generation, too: it is the same only as long as
            // the tenant is.
            let word = list.magic(to) ^ words.mixed(link, words.stamp);
            let word = ptr::without_provenance_mut(word);
            let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
            if header.word.compare_exchange(words.word, word, success, failure).is_ok() {
                return Ok(());
            }
        }
        Err(list.record(link, &header.load()))
    }
}

/// 2^64 divided by the golden ratio, made odd: the increment of `SplitMix64`
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
/// On 32-bit machines its upper half, made odd, is 2^32 over the golden ratio.
#[cfg(target_pointer_width = "64")]
const GOLDEN: usize = 0x9E37_79B9_7F4A_7C15;
#[cfg(not(target_pointer_width = "64"))]
const GOLDEN: usize = 0x9E37_79B9;

/// A linear bijection, so that a change of a word is not undone by the same
/// change of its neighbours: the tests try every stretch. The two distances were
/// found by search.
#[inline(always)]
const fn spread(word: usize) -> usize {
    (word ^ word >> 1).rotate_left(3)
}

/// The next number of a sequence that looks random, without those of which a
/// byte is one that memory is filled with by accident or on purpose.
fn next_magic(state: &mut u64) -> usize {
    loop {
        *state = state.wrapping_add(GOLDEN as u64);
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the mixture will do")]
        let magic = scatter(*state) as usize;
        if !magic.to_ne_bytes().iter().any(|byte| FILLS.contains(byte)) {
            return magic;
        }
    }
}

/// The finaliser of `SplitMix64`.
fn scatter(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

/// Bytes that fill memory: zeros, ones, and the poison of this crate's arenas
/// and pools, of Microsoft's C runtime, of jemalloc and of APR.
const FILLS: [u8; 8] = [0x00, 0xFF, 0xCD, 0xDD, 0xFD, 0xA5, 0x5A, 0xAA];

#[cfg(test)]
mod tests {
    use core::ops::Range;

    use super::*;

    /// A change of some bits is seen if it does not cancel out: all words are
    /// combined by exclusive or and by linear maps, whatever they hold.
    #[test]
    fn no_stretch_of_equal_changes_cancels_out() {
        let ranges = (0..HEADER).flat_map(|from| (from + 1..=HEADER).map(move |to| from..to));
        // Miri takes three: it is slow, and is here for words of other widths.
        let step = if cfg!(miri) { 127 } else { 1 };
        let changes = |range: Range<usize>| {
            (1..=u8::MAX).rev().step_by(step).map(move |change| (range.clone(), change))
        };
        for (range, change) in ranges.flat_map(changes) {
            let mut bytes = [0; HEADER];
            bytes[range.clone()].fill(change);
            // SAFETY: a header is words, to which all bits are valid.
            let words = unsafe { core::mem::transmute::<[u8; HEADER], Header>(bytes) }.load();
            let (word, check, stamp) = (words.word.addr(), words.check, words.stamp.fold());
            assert_ne!(word, spread(check) ^ stamp, "live: {change:#x} in {range:?}");
            assert_ne!(check, spread(word ^ stamp), "free: {change:#x} in {range:?}");
        }
    }

    #[test]
    fn magics_differ_and_hold_no_fill_byte() {
        for secret in [0, 1, 0x1000, usize::MAX] {
            let lists = [0, 1, 2, 30].map(|class| Tagged::list(class, secret));
            let mut keys = [0; 24];
            for (six, list) in keys.chunks_mut(6).zip(&lists) {
                let List { owned, raw, lost, leaving, link, check, .. } = *list;
                six.copy_from_slice(&[owned, raw, lost, leaving, link, check]);
            }
            for (index, key) in keys.iter().enumerate() {
                assert!(!keys[..index].contains(key));
                assert!(key.to_ne_bytes().iter().all(|byte| !FILLS.contains(byte)));
            }
        }
    }
}
