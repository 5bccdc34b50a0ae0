//! Who allocated and who released: a note for every slot, in the pool's books.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::report::{Caller, History, ReleasedBy};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::books::{self, Ledger};
use crate::pool::release::ReleaseStrategy;
use crate::pool::run::RunId;

/// What is kept of a slot's last tenant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Note {
    pub(super) allocated: Option<Caller>,
    pub(super) released: Option<ReleasedBy>,
    pub(super) length: u32,
    /// Whether a report has counted it as a leak.
    pub(super) counted: bool,
}

/// With the C interface, whose callers are texts, a note has more words.
const _: () = {
    let words = if cfg!(feature = "capi-core") { 6 } else { 3 };
    assert!(size_of::<Note>() == words * size_of::<usize>() + 8, "as the docs say");
};

impl Note {
    pub(super) fn history(self) -> History {
        let Self { allocated, released, length, .. } = self;
        History { length, allocated, released }
    }
}

/// The notes of one run.
#[derive(Debug, Clone, Copy)]
pub(in crate::pool) struct Block {
    first: NonNull<Note>,
    slots: u32,
}

impl Block {
    fn layout(slots: u32) -> Result<Layout, AllocError> {
        let too_large = AllocError::OutOfMemory { requested: usize::MAX };
        let slots = usize::try_from(slots).map_err(|_| too_large)?;
        Layout::array::<Note>(slots).map_err(|_| too_large)
    }

    /// Empty notes for a new run of `slots`, which is not 0.
    pub(super) fn obtain<S: ReleaseStrategy>(
        arena: &Arena<'_>,
        slots: u32,
    ) -> Result<Self, AllocError> {
        let first = books::obtain::<S>(arena, Self::layout(slots)?)?.cast::<Note>();
        for index in 0..slots as usize {
            // SAFETY: the block has room for `slots` notes.
            let place = unsafe { first.add(index) };
            // SAFETY: as above.
            unsafe { place.write(Note::default()) };
        }
        Ok(Self { first, slots })
    }

    /// Gives the notes back, also to a buffer if they were the last thing taken
    /// out of it.
    ///
    /// # Safety
    /// [`obtain`](Self::obtain) took them from this arena for this strategy; they have not
    /// been given back, and nobody uses them.
    pub(in crate::pool) unsafe fn give_back<S: ReleaseStrategy>(
        self,
        arena: &Arena<'_>,
        is_last: bool,
    ) {
        let Ok(layout) = Self::layout(self.slots) else { return };
        if is_last && !books::are_apart::<S>(arena) {
            // SAFETY: the caller's promise.
            unsafe { arena.take_back(self.first.cast(), layout.size()) };
            return;
        }
        // SAFETY: `obtain` got the block with this layout; the rest is the caller's promise.
        unsafe { books::give_back::<S>(arena, self.first.cast(), layout) };
    }

    fn place(&self, index: u32) -> Option<NonNull<Note>> {
        // SAFETY: the block has `slots` notes.
        (index < self.slots).then(|| unsafe { self.first.add(index as usize) })
    }
}

/// The notes of all runs, in their order.
#[derive(Debug)]
pub(super) struct Notes {
    blocks: Ledger<Block>,
}

impl Notes {
    pub(super) const fn new() -> Self {
        Self { blocks: Ledger::new() }
    }

    /// The room that a larger list should have, if there is none for one more run.
    pub(super) fn wanted(&self, arena: &Arena<'_>) -> Option<usize> {
        self.blocks.wanted(arena)
    }

    /// Uses a larger list, which has the outgrown block then.
    pub(super) fn install(&mut self, larger: &mut Ledger<Block>) {
        self.blocks.move_to(larger);
    }

    /// Adds the notes of the newest run, for which there is room.
    pub(super) fn add(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// The note of a slot; an empty one if there are no notes.
    pub(super) fn get(&self, run: RunId, index: u32) -> Note {
        let block = self.blocks.as_slice().get(run as usize);
        // SAFETY: `obtain` wrote it, and it stays until `close`.
        block.and_then(|block| block.place(index)).map_or(Note::default(), |p| unsafe { p.read() })
    }

    /// Changes the note of a slot, if there are notes.
    pub(super) fn change(&mut self, run: RunId, index: u32, change: impl FnOnce(&mut Note)) {
        let block = self.blocks.as_slice().get(run as usize);
        if let Some(place) = block.and_then(|block| block.place(index)) {
            let mut note = self.get(run, index);
            change(&mut note);
            // SAFETY: `obtain` wrote one there, and it stays until `close`.
            unsafe { place.write(note) };
        }
    }

    /// Bytes of the notes.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.blocks.as_slice().iter().map(|block| block.slots as usize).sum();
        self.blocks.bytes() + slots * size_of::<Note>()
    }

    /// Gives everything back.
    pub(super) fn close<S: ReleaseStrategy>(&mut self, arena: &Arena<'_>) {
        for block in self.blocks.as_slice() {
            // SAFETY: `add` took it over, and the list is closed below.
            unsafe { block.give_back::<S>(arena, false) };
        }
        self.blocks.close::<S>(arena);
    }
}
