//! Diagnostics of arrays that have no slot: those of a pool that takes none back.
//!
//! ```text
//! | ... front | elements, as many as the length | 8 bytes of 0xFD |
//! ```
//! There are no records to say how long an array is, so a watched one has a
//! **front**. Its handle finds it there when it goes out of scope. The array before
//! it lies right in front of that, so a front is believed only if its check fits: what an
//! overflow wrote there passes with a chance of 1 in 2^64 (in 2^32 where words have 32
//! bits).

use core::alloc::Layout;
#[cfg(feature = "capi-core")]
use core::ffi::{CStr, c_char};
use core::panic::Location;
use core::ptr::{self, NonNull};

use super::fill::{self, Bytes};
use super::report::{Caller, History, Line, Problem};
use crate::error::{AllocError, ReleaseError};
use crate::pool::class::ClassTable;
use crate::pool::classes::ClassId;
use crate::pool::raw::{Backing, RawPool, Slot};
use crate::pool::release::ReleaseStrategy;

/// The class of an array that has a front and no slot. (No offset, either.)
pub(in crate::pool) const WATCHED: ClassId = ClassId::FRONT;

/// What stands in front of the elements: words that may be read whatever was written
/// over them.
#[repr(C)]
#[derive(Clone, Copy)]
struct Front {
    /// The [`seal`](Self::seal) of the others. It comes first: that is where an overflow
    /// of the array before begins.
    check: usize,
    /// Units of the array, and those that there is room for.
    length: u32,
    room: u32,
    /// Who allocated it: a line of Rust, or null.
    line: *const Location<'static>,
    /// Or a text of a program in C, or null.
    #[cfg(feature = "capi-core")]
    text: *const c_char,
}

impl Front {
    fn new(elements: NonNull<u8>, length: u32, room: u32, caller: Caller) -> Self {
        let front = Self {
            check: 0,
            length,
            room,
            line: caller.location().map_or(ptr::null(), ptr::from_ref),
            #[cfg(feature = "capi-core")]
            text: caller.as_text().map_or(ptr::null(), CStr::as_ptr),
        };
        front.sealed(elements)
    }

    /// The same with a check that fits.
    fn sealed(self, elements: NonNull<u8>) -> Self {
        Self { check: self.seal(elements), ..self }
    }

    /// A word that depends on every bit of the others, and on the place.
    fn seal(&self, elements: NonNull<u8>) -> usize {
        /// Odd, so that no two words are mixed to the same.
        #[allow(clippy::cast_possible_truncation, reason = "the bits that a word has room for")]
        const FACTOR: usize = crate::random::GOLDEN as usize;
        let mix = |seal: usize, word: usize| {
            (seal ^ word).wrapping_mul(FACTOR).rotate_right(usize::BITS / 2)
        };
        let seal = mix(!elements.addr().get(), self.length as usize);
        let seal = mix(mix(seal, self.room as usize), self.line.addr());
        #[cfg(feature = "capi-core")]
        let seal = mix(seal, self.text.addr());
        seal
    }

    /// The place of the front of an array.
    ///
    /// # Safety
    /// The elements are those of a watched array, or are about to be.
    unsafe fn of(elements: NonNull<u8>) -> NonNull<Self> {
        // SAFETY: there is room for a front before the elements: the caller's promise.
        unsafe { elements.cast::<Self>().sub(1) }
    }

    /// The front of an array; `None` if somebody wrote over it.
    ///
    /// # Safety
    /// The elements are those of a watched array.
    unsafe fn read(elements: NonNull<u8>) -> Option<Self> {
        // SAFETY: the caller's promise.
        let place = unsafe { Self::of(elements) };
        // SAFETY: `issue_direct_watched` wrote one there, and whatever overwrote it are
        // integers and raw pointers, too.
        let front = unsafe { place.read() };
        (front.check == front.seal(elements)).then_some(front)
    }

    /// Who allocated the array. The front is whole.
    fn caller(&self) -> Option<Caller> {
        #[cfg(feature = "capi-core")]
        if !self.text.is_null() {
            // SAFETY: the check fits, so this is the text that `new` was given, which is
            // static (but for the chance above).
            return Some(Caller::text(unsafe { CStr::from_ptr(self.text) }));
        }
        // SAFETY: as above: null, or the line that `new` was given.
        unsafe { self.line.as_ref() }.map(Caller::from)
    }
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// A watched array of so many units, which are not 0.
    #[track_caller]
    pub(in crate::pool) fn issue_direct_watched(&self, units: u32) -> Result<Slot<S>, AllocError> {
        let too_large = AllocError::TooLarge { length: units as usize };
        let bytes = (units as usize).checked_mul(self.unit_size()).ok_or(too_large)?;
        if self.watch.fails_now() {
            return Err(AllocError::OutOfMemory { requested: bytes });
        }
        let behind = bytes.checked_add(self.behind()).ok_or(too_large)?;
        let align = self.unit_align().max(align_of::<Front>());
        let elements = Layout::from_size_align(behind, align).map_err(|_| too_large)?;
        let (block, at) = Layout::new::<Front>().extend(elements).map_err(|_| too_large)?;
        let start = self.arena().try_alloc_layout(block)?;
        // SAFETY: the elements lie there in the block.
        let elements = unsafe { start.add(at) };
        // SAFETY: the block has room for a front before the elements.
        let front = unsafe { Front::of(elements) };
        // SAFETY: as above, and it is aligned, since they are and its size is a
        // multiple of its alignment.
        unsafe { front.write(Front::new(elements, units, units, self.watch.caller())) };
        // SAFETY: these elements, and this room.
        let body = unsafe { self.direct_body(elements, units) };
        if self.watch.checks().poisons() {
            body.fill(fill::ISSUED);
        }
        self.lay_canary(body, units);
        self.permit_borrowed(body);
        let (count, total) = self.direct.get();
        self.direct.set((count + 1, total + bytes));
        Ok(Slot { elements, ticket: S::NO_TICKET, class: WATCHED, generation: 0 })
    }

    /// Bytes of the canary behind an array.
    fn behind(&self) -> usize {
        super::Watch::<S>::trailer(self.watch.checks())
    }

    /// An array from its first element to its end.
    ///
    /// # Safety
    /// `issue_direct_watched` took the elements, with so much room.
    unsafe fn direct_body(&self, elements: NonNull<u8>, room: u32) -> Bytes {
        // SAFETY: the block was taken for so many bytes; and the diagnostics use those that
        // the array's owner does not.
        unsafe { Bytes::new(elements, self.bytes_of(room) + self.behind()) }
    }

    /// The end of a watched array.
    ///
    /// # Safety
    /// `issue_direct_watched` gave the slot to a handle, which is given up.
    #[cold]
    #[inline(never)]
    pub(in crate::pool) unsafe fn retire_direct_watched(
        &self,
        elements: NonNull<u8>,
        line: Option<Line>,
    ) -> Result<(), ReleaseError> {
        let (address, caller) = (elements.addr().get(), self.watch.caller_at(line));
        // SAFETY: the array has a front, which `issue_direct_watched` wrote.
        let Some(front) = (unsafe { Front::read(elements) }) else {
            self.tell_of_front(elements, caller);
            return Err(ReleaseError::Corrupted { address, class_length: 0 });
        };
        // SAFETY: the front is whole, and says the room that was taken.
        let body = unsafe { self.direct_body(elements, front.room) };
        let Some(problem) = self.overflow(body, front.length) else {
            self.efface(body);
            self.permit_borrowed(body);
            return Ok(());
        };
        self.corrupted.set(self.corrupted.get() + 1);
        self.tell(problem, elements, WATCHED, self.known(front), caller);
        let Problem::Overflow { offset, .. } = problem else { return Ok(()) };
        Err(ReleaseError::Overflow { address, length: front.length, offset })
    }

    /// Tells of an array whose front was overwritten. Nothing is known of it then.
    fn tell_of_front(&self, elements: NonNull<u8>, caller: Option<Caller>) {
        self.corrupted.set(self.corrupted.get() + 1);
        let problem = Problem::BookkeepingOverwritten;
        self.tell(problem, elements, WATCHED, History::default(), caller);
    }

    /// What a front says, of which the pool keeps callers only if it was asked to.
    fn known(&self, front: Front) -> History {
        let allocated = front.caller().filter(|_| self.watch.checks().keeps_notes());
        History { length: front.length, allocated, released: None }
    }

    /// Notes another length of a watched array.
    ///
    /// # Safety
    /// A handle has it.
    #[track_caller]
    pub(in crate::pool) unsafe fn relabel_direct_watched(&self, elements: NonNull<u8>, units: u32) {
        // SAFETY: the array has a front, which `issue_direct_watched` wrote.
        let Some(front) = (unsafe { Front::read(elements) }) else {
            return self.tell_of_front(elements, Some(self.watch.caller()));
        };
        // SAFETY: the front is whole, and says the room that was taken.
        let body = unsafe { self.direct_body(elements, front.room) };
        if let Some(problem) = self.overflow(body, front.length) {
            self.corrupted.set(self.corrupted.get() + 1);
            let caller = Some(self.watch.caller());
            self.tell(problem, elements, WATCHED, self.known(front), caller);
        }
        let length = units.min(front.room);
        // SAFETY: as above.
        let place = unsafe { Front::of(elements) };
        // SAFETY: as above.
        unsafe { place.write(Front { length, ..front }.sealed(elements)) };
        body.permit();
        self.lay_canary(body, length);
        self.permit_borrowed(body);
    }

    /// Takes back what was forbidden, if the arena is not the pool's own: whoever resets
    /// it does not know.
    fn permit_borrowed(&self, body: Bytes) {
        if let Backing::Borrowed(_) = *self.arena {
            body.permit();
        }
    }
}
