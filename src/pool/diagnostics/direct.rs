//! Diagnostics of arrays that have no slot: those of a pool that takes none back.
//!
//! ```text
//! | ... front | elements, as many as the length | 8 bytes of 0xFD |
//! ```
//! There are no records to say how long an array is, so a watched one has a
//! **front**. Its handle finds it there when it goes out of scope.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::fill::{self, Bytes};
use super::notes::Note;
use super::report::{Line, Problem};
use crate::error::{AllocError, ReleaseError};
use crate::pool::class::ClassTable;
use crate::pool::classes::ClassId;
use crate::pool::raw::{RawPool, Slot};
use crate::pool::release::ReleaseStrategy;

/// The class of an array that has a front and no slot. (No offset, either.)
pub(in crate::pool) const WATCHED: ClassId = ClassId::FRONT;

/// What stands in front of the elements: the note, with the length in units, and
/// the units that there is room for.
#[repr(C)]
#[derive(Clone, Copy)]
struct Front {
    note: Note,
    room: u32,
}

impl Front {
    /// The place of the front of an array.
    ///
    /// # Safety
    /// The elements are those of a watched array, or are about to be.
    unsafe fn of(elements: NonNull<u8>) -> NonNull<Self> {
        // SAFETY: there is room for a front before the elements: the caller's promise.
        unsafe { elements.cast::<Self>().sub(1) }
    }

    /// # Safety
    /// The elements are those of a watched array.
    unsafe fn read(elements: NonNull<u8>) -> Self {
        // SAFETY: the caller's promise.
        let place = unsafe { Self::of(elements) };
        // SAFETY: `issue_direct_watched` wrote one there.
        unsafe { place.read() }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// A watched array of so many units, which are not 0.
    #[track_caller]
    pub(in crate::pool) fn issue_direct_watched(&self, units: u32) -> Result<Slot<S>, AllocError> {
        if self.watch.fails_now() {
            return Err(AllocError::OutOfMemory { requested: self.bytes_of(units) });
        }
        let too_large = AllocError::TooLarge { length: units as usize };
        let bytes = (units as usize).checked_mul(self.unit_size()).ok_or(too_large)?;
        let behind = bytes.checked_add(Self::behind(self)).ok_or(too_large)?;
        let align = self.unit_align().max(align_of::<Front>());
        let elements = Layout::from_size_align(behind, align).map_err(|_| too_large)?;
        let (block, at) = Layout::new::<Front>().extend(elements).map_err(|_| too_large)?;
        let start = self.arena().try_alloc_layout(block)?;
        // SAFETY: the elements lie there in the block.
        let elements = unsafe { start.add(at) };
        let note = Note { allocated: Some(self.watch.caller()), length: units, ..Note::default() };
        // SAFETY: the block has room for a front before the elements.
        let front = unsafe { Front::of(elements) };
        // SAFETY: as above, and it is aligned, since they are and its size is a
        // multiple of its alignment.
        unsafe { front.write(Front { note, room: units }) };
        let body = self.direct_body(elements, units);
        if self.watch.checks().poisons() {
            body.fill(fill::ISSUED);
        }
        self.lay_canary(body, units);
        let (count, total) = self.direct.get();
        self.direct.set((count + 1, total + bytes));
        Ok(Slot { elements, ticket: S::NO_TICKET, class: WATCHED, generation: 0 })
    }

    fn behind(&self) -> usize {
        super::Watch::<S>::trailer(self.watch.checks())
    }

    fn direct_body(&self, elements: NonNull<u8>, room: u32) -> Bytes {
        // SAFETY: the block was taken for so many bytes; whoever asks uses those
        // that the array's owner does not.
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
        // SAFETY: the array has a front, which `issue_direct_watched` wrote.
        let Front { note, room } = unsafe { Front::read(elements) };
        let body = self.direct_body(elements, room);
        let Some(problem) = self.overflow(body, note.length) else {
            self.efface(body);
            return Ok(());
        };
        self.corrupted.set(self.corrupted.get() + 1);
        self.tell(problem, elements, WATCHED, self.known(note), self.watch.caller_at(line));
        let Problem::Overflow { offset, .. } = problem else { return Ok(()) };
        let address = elements.addr().get();
        Err(ReleaseError::Overflow { address, length: note.length, offset })
    }

    /// What a front says, of which the pool keeps callers only if it was asked to.
    fn known(&self, note: Note) -> super::History {
        let mut history = note.history();
        history.allocated = history.allocated.filter(|_| self.watch.checks().keeps_notes());
        history
    }

    /// Notes another length of a watched array.
    ///
    /// # Safety
    /// A handle has it.
    #[track_caller]
    pub(in crate::pool) unsafe fn relabel_direct_watched(&self, elements: NonNull<u8>, units: u32) {
        // SAFETY: the array has a front, which `issue_direct_watched` wrote.
        let mut front = unsafe { Front::read(elements) };
        let body = self.direct_body(elements, front.room);
        if let Some(problem) = self.overflow(body, front.note.length) {
            self.corrupted.set(self.corrupted.get() + 1);
            let caller = Some(self.watch.caller());
            self.tell(problem, elements, WATCHED, self.known(front.note), caller);
        }
        front.note.length = units.min(front.room);
        // SAFETY: as above.
        let place = unsafe { Front::of(elements) };
        // SAFETY: as above.
        unsafe { place.write(front) };
        body.permit();
        self.lay_canary(body, front.note.length);
    }
}
