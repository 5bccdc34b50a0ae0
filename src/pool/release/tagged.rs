//! Bookkeeping in front of the memory: a header with magic numbers.
//!
//! ```text
//! | word | low | generation || elements ...
//!
//! live:  word = magic + address + blend(generation, length)    low = length
//! free:  word = link key ^ next ^ fold(generation)             low = check
//!        check = check(next + address)
//! ```
//! Five keys per class, derived from the pool's secret, stand for the states
//! and for the link; since they differ by class, one comparison also proves the
//! class, and since the header's own address is mixed in, a header that was
//! copied elsewhere proves nothing. The link is verified before it is
//! followed. A stray write passes with a chance of 2^-64 while the array is live
//! and of 2^-32 while it is free (2^-32 both where words have 32 bits); one that
//! changes a stretch of bytes alike is always found ([`seal`]). Magics are even and
//! the link's key is odd: addresses are even, so the lowest bit alone gives away a free
//! header whose bytes, all but the first, were overwritten by a live neighbour's (until
//! a generation reaches these bits, too: the 2^29th, the 2^19th where words have 32). The
//! word is the lower in memory: an overflow of the array in front meets it first.

use core::cell::Cell;
use core::ptr::{self, NonNull};

use super::{Broken, Cut, Issued, Record, ReleaseStrategy, Tenure, seal, sealed};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::run::Run;
use crate::random::{GOLDEN, scatter};
use crate::sync::Ordering;
use crate::sync::record::{Word32, WordPtr};

/// A header in front of every array: the strategy that needs no heap.
///
/// 16 bytes per array on 64-bit machines, 12 on 32-bit ones (16 where elements
/// are aligned to 8 or 16). A stray write that reaches a header or a free list's link
/// is found before anything is followed. Which misuse is caught and when:
/// COMPARISON.md.
///
/// ```
/// use arraypool::{Arena, ArrayPool, Tagged};
///
/// let mut memory = [const { core::mem::MaybeUninit::uninit() }; 8192];
/// let arena = Arena::from_buffer(&mut memory);        // no heap
/// let pool = ArrayPool::<u32, Tagged>::new_in(&arena);
/// assert_eq!(pool.allocate_copy(&[1, 2, 3]), [1, 2, 3]);
/// ```
#[derive(Debug)]
pub struct Tagged;

/// What stands in front of the elements.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// Live or lost: the magic. Free: the sealed link, with its provenance.
    word: WordPtr<Header>,
    /// Live: the length. Free: what the link is checked against.
    low: Word32,
    generation: Word32,
}

const HEADER: usize = size_of::<Header>();

// The model checker's words are larger.
#[cfg(not(arraypool_loom))]
const _: () = assert!(HEADER == size_of::<usize>() + 8, "a word and 8 bytes");

/// The free list of one class, and its keys.
#[derive(Debug)]
#[repr(C)]
pub struct List {
    head: Cell<Option<NonNull<Header>>>,
    link: usize,
    /// [`seal::FACTOR`]. In front of the magics: needed together with the link's key.
    factor: usize,
    owned: usize,
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
        let folded = seal::fold(words.generation);
        let next = words.word.map_addr(|word| word ^ folded ^ self.link);
        (self.check_of(link, next) == words.low).then_some(next)
    }

    /// What the check of a free slot at `link` must be.
    #[inline(always)]
    fn check_of(&self, link: NonNull<Header>, next: *mut Header) -> u32 {
        seal::check(next.addr().wrapping_add(link.addr().get()), self.factor)
    }

    /// Makes the header that of a free slot in front of the list.
    #[inline(always)]
    fn push(&self, link: NonNull<Header>, header: &Header, generation: u32) {
        let next = self.head.get().map_or(ptr::null_mut(), NonNull::as_ptr);
        header.generation.store(generation, Ordering::Relaxed);
        header.low.store(self.check_of(link, next), Ordering::Relaxed);
        let folded = seal::fold(generation);
        let word = next.map_addr(|address| address ^ self.link ^ folded);
        header.word.store(word, Ordering::Relaxed);
        self.head.set(Some(link));
    }

    /// What the header at `link` says.
    fn record(&self, link: NonNull<Header>, words: &Words) -> Record {
        let (magic, generation) = (words.magic(link), words.generation);
        let live = |tenure| Record::Live { tenure, length: words.low, generation };
        if magic == self.owned {
            live(Tenure::Owned)
        } else if magic == self.raw {
            live(Tenure::Raw)
        } else if magic == self.leaving {
            live(Tenure::Leaving)
        } else if magic == self.lost {
            Record::Lost
        } else if self.open(link, words).is_some() {
            Record::Free { generation }
        } else {
            Record::Corrupted
        }
    }
}

/// What a header holds, each field loaded once.
struct Words {
    word: *mut Header,
    low: u32,
    generation: u32,
}

impl Words {
    /// The magic that the word holds, if it holds one.
    #[inline(always)]
    fn magic(&self, link: NonNull<Header>) -> usize {
        let blend = seal::blend(self.generation, self.low);
        self.word.addr().wrapping_sub(link.addr().get().wrapping_add(blend))
    }
}

impl Header {
    #[inline(always)]
    fn load(&self) -> Words {
        Words {
            word: self.word.load(Ordering::Relaxed),
            low: self.low.load(Ordering::Relaxed),
            generation: self.generation.load(Ordering::Relaxed),
        }
    }

    /// Writes length and magic; the header has that generation.
    #[inline(always)]
    fn seal(&self, link: NonNull<Header>, magic: usize, generation: u32, length: u32) {
        self.low.store(length, Ordering::Relaxed);
        self.word.store(sealed(link, magic, generation, length), Ordering::Relaxed);
    }

    /// Changes the magic alone, for whoever acquires it by an exchange of the word.
    #[inline]
    fn publish(&self, link: NonNull<Header>, magic: usize, words: &Words) {
        self.word.store(sealed(link, magic, words.generation, words.low), Ordering::Release);
    }
}

/// The word of a header with that magic, generation and length.
#[inline(always)]
fn sealed(link: NonNull<Header>, magic: usize, generation: u32, length: u32) -> *mut Header {
    let blend = seal::blend(generation, length);
    ptr::without_provenance_mut(link.addr().get().wrapping_add(blend).wrapping_add(magic))
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

/// The header at `link`, for reading and for storing through its words.
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
    type Room = ();

    fn open(_: Option<usize>, _: &Arena<'_>) -> Result<Self, AllocError> {
        Ok(Self)
    }

    unsafe fn close(&mut self, _: &Arena<'_>) {}

    fn list(class: u32, secret: usize) -> List {
        let mut state = scatter(secret as u64 ^ u64::from(class + 1).wrapping_mul(GOLDEN));
        // A header that has its own lowest byte, and the others of a neighbour's of another
        // tenure, is none: addresses and lengths have no part in these bits.
        let [owned, raw, lost, leaving] =
            [0, 2, 4, 6].map(|lowest| next_key(&mut state, 7, lowest));
        let link = next_key(&mut state, 1, ODD);
        let factor = seal::FACTOR;
        List { head: Cell::new(None), link, factor, owned, raw, lost, leaving }
    }

    fn closed() -> List {
        // No header opens with these but by chance, and the list is empty.
        let link = next_key(&mut 0, 1, ODD);
        let [owned, raw, lost, leaving] = [!link; 4];
        let factor = seal::FACTOR;
        List { head: Cell::new(None), link, factor, owned, raw, lost, leaving }
    }

    fn provide(&self, _: &Arena<'_>, _: u32) -> Result<(), AllocError> {
        Ok(())
    }

    fn adopt(&self, (): ()) -> NonNull<u8> {
        NonNull::dangling()
    }

    unsafe fn refuse(&self, _: &Arena<'_>, (): ()) {}

    fn begin(_: &List, _: &Run, _: u32) {}

    unsafe fn cut(list: &List, slot: Cut, length: u32, tenure: Tenure) -> Option<Issued<()>> {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(slot.elements) };
        if !slot.seen {
            let blank = Header {
                word: WordPtr::new(ptr::null_mut()),
                low: Word32::new(0),
                generation: Word32::new(0),
            };
            // SAFETY: the slot lies in a run of this pool's, and has no tenant yet.
            unsafe { link.write(blank) };
        }
        // SAFETY: the header has been written, here or before the reset.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if slot.seen && list.record(link, &words) == Record::Corrupted {
            header.seal(link, list.lost, words.generation, words.low);
            return None;
        }
        let generation = words.generation.wrapping_add(1);
        header.generation.store(generation, Ordering::Relaxed);
        header.seal(link, list.magic(tenure), generation, length);
        Some(Issued { elements: slot.elements, ticket: (), generation })
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
        header.seal(link, list.magic(tenure), words.generation, length);
        // SAFETY: the elements follow their header.
        let elements = unsafe { link.add(1) }.cast();
        Some(Issued { elements, ticket: (), generation: words.generation })
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
        list.push(link, header, words.generation.wrapping_add(1));
        true
    }

    #[inline(always)]
    fn prefetch(address: usize) {
        let header = ptr::without_provenance::<i8>(address.wrapping_sub(HEADER));
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a prefetch is a hint: it is defined for any address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(header) };
        }
        // Elsewhere there is no such hint, or none in stable Rust.
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let _ = header;
    }

    #[inline]
    fn ticket(_: &Run, _: u32) {}

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
            // Who seizes it knows the address only, and acquires this. The length is not
            // written anew: it could come behind what a seizer writes to that field.
            header.publish(link, list.magic(to), &words);
        }
        Some(words.generation)
    }

    #[inline]
    unsafe fn relabel(list: &List, elements: NonNull<u8>, _: (), length: u32) {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        if words.magic(link) == list.owned {
            header.seal(link, list.owned, words.generation, length);
        }
    }

    unsafe fn abandon(list: &List, elements: NonNull<u8>, _: ()) {
        // SAFETY: the caller names a slot of this pool.
        let link = unsafe { header_of(elements) };
        // SAFETY: the caller's promise: the slot has been cut.
        let header = unsafe { borrow(link) };
        let words = header.load();
        header.seal(link, list.lost, words.generation, words.low);
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

    unsafe fn slot(link: NonNull<Header>) -> (NonNull<u8>, ()) {
        // SAFETY: the elements follow their header.
        (unsafe { link.add(1) }.cast(), ())
    }

    #[inline(always)]
    fn twin(list: &List) -> List {
        let &List { owned, link, raw, lost, leaving, factor, .. } = list;
        List { head: Cell::new(None), owned, link, raw, lost, leaving, factor }
    }

    unsafe fn put(list: &List, link: NonNull<Header>) {
        // SAFETY: the caller's promise: the header of a cut slot.
        let header = unsafe { borrow(link) };
        list.push(link, header, header.load().generation);
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
        let meant = generation.is_none_or(|generation| generation == words.generation);
        if words.magic(link) == list.raw && meant {
            // The word holds the generation, too: where words have 64 bits, it is the same
            // only as long as the tenant is. Where they have 32, a tenant whose length makes
            // up for its generation (1024 units shorter, one tenant on) has the same: it
            // would have to move in between the load and this.
            let other = list.magic(to).wrapping_sub(list.raw);
            let word = words.word.map_addr(|word| word.wrapping_add(other));
            let (success, failure) = (Ordering::AcqRel, Ordering::Relaxed);
            if header.word.compare_exchange(words.word, word, success, failure).is_ok() {
                return Ok(());
            }
        }
        Err(list.record(link, &header.load()))
    }
}

/// The lowest bit of a link's key; magics are even.
const ODD: usize = 1;

/// The next number with those lowest bits in a sequence that looks random, without those
/// of which a byte is one that memory is filled with by accident or on purpose.
fn next_key(state: &mut u64, mask: usize, lowest: usize) -> usize {
    loop {
        *state = state.wrapping_add(GOLDEN);
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the mixture will do")]
        let key = scatter(*state) as usize;
        if key & mask == lowest && !key.to_ne_bytes().iter().any(|byte| FILLS.contains(byte)) {
            return key;
        }
    }
}

/// Bytes that fill memory: zeros, ones, and the poison of this crate's arenas
/// and pools, of Microsoft's C runtime, of jemalloc and of APR.
const FILLS: [u8; 8] = [0x00, 0xFF, 0xCD, 0xDD, 0xFD, 0xA5, 0x5A, 0xAA];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_differ_and_hold_no_fill_byte() {
        for secret in [0, 1, 0x1000, usize::MAX] {
            let lists = [0, 1, 2, 30].map(|class| Tagged::list(class, secret));
            let mut keys = [0; 20];
            for (five, list) in keys.chunks_mut(5).zip(&lists) {
                let List { owned, raw, lost, leaving, link, .. } = *list;
                assert_eq!([owned, raw, lost, leaving].map(|magic| magic & 7), [0, 2, 4, 6]);
                assert_eq!(link & 1, ODD);
                five.copy_from_slice(&[owned, raw, lost, leaving, link]);
            }
            for (index, key) in keys.iter().enumerate() {
                assert!(!keys[..index].contains(key));
                assert!(key.to_ne_bytes().iter().all(|byte| !FILLS.contains(byte)));
            }
        }
    }

    /// The bytes of a header.
    fn bytes(words: &Words) -> [u8; HEADER] {
        let (low, generation) = (words.low.to_ne_bytes(), words.generation.to_ne_bytes());
        let mut bytes = [0; HEADER];
        let parts = words.word.addr().to_ne_bytes().into_iter().chain(low).chain(generation);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        bytes
    }

    /// What a header of those bytes holds.
    fn words(bytes: &[u8]) -> Words {
        let (word, rest) = bytes.split_at(size_of::<usize>());
        let (low, generation) = rest.split_at(4);
        Words {
            word: ptr::without_provenance_mut(usize::from_ne_bytes(word.try_into().unwrap())),
            low: u32::from_ne_bytes(low.try_into().unwrap()),
            generation: u32::from_ne_bytes(generation.try_into().unwrap()),
        }
    }

    /// Every stretch of a free header behind its first byte, overwritten with that of a
    /// live neighbour: with magics of any parity, one of some 150 secrets let one pass.
    #[test]
    fn part_of_a_live_header_makes_no_free_one_live() {
        let [free_at, live_at] = [0x7F12_3450, 0x7F12_34E0]
            .map(|address| NonNull::new(ptr::without_provenance_mut::<Header>(address)).unwrap());
        let length = 5_u32;
        for secret in 0..if cfg!(miri) { 10 } else { 2000 } {
            let list = Tagged::list(0, secret);
            // Odd and even ones.
            let generation = u32::try_from(secret % 6).unwrap() + 2;
            let word = list.link ^ seal::fold(generation);
            let low = list.check_of(free_at, ptr::null_mut());
            let free = Words { word: ptr::without_provenance_mut(word), low, generation };
            assert_eq!(list.record(free_at, &free), Record::Free { generation });
            let word = list.raw.wrapping_add(live_at.addr().get() + seal::blend(1, length));
            let live =
                Words { word: ptr::without_provenance_mut(word), low: length, generation: 1 };
            let tenure = Tenure::Raw;
            assert_eq!(list.record(live_at, &live), Record::Live { tenure, length, generation: 1 });
            let (free, live) = (bytes(&free), bytes(&live));
            for (from, to) in
                (1..HEADER).flat_map(|from| (from + 1..=HEADER).map(move |to| (from, to)))
            {
                let mut mixed = free;
                mixed[from..to].copy_from_slice(&live[from..to]);
                let record = list.record(free_at, &words(&mixed));
                let unharmed = mixed == free;
                assert!(
                    unharmed || record == Record::Corrupted,
                    "{secret}, {from}..{to}: {record:?}"
                );
            }
        }
    }
}
