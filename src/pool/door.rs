//! What the layer above may do with a pool: take free slots out and put them back.
//!
//! A slot that leaves by this door counts as live until it comes back.

use core::ptr::NonNull;

use super::class::ClassTable;
use super::classes::{Class, ClassId};
use super::raw::{RawPool, Slot};
use super::release::{Issued, Record, ReleaseStrategy, Tenure};
use crate::arena::Arena;
use crate::error::{AllocError, ReleaseError, VerifyError};

/// The slots of one class, counted by their records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) live: usize,
    pub(crate) free: usize,
    pub(crate) lost: usize,
}

/// What one class of a pool has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stock {
    /// Slots in its runs, and those of them that were ever cut.
    pub(crate) slots: usize,
    pub(crate) cut: usize,
    /// Slots on its own list.
    pub(crate) free: usize,
    /// Slots abandoned by the pool itself.
    pub(crate) lost: usize,
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Classes of the table, and all classes: table first, ascending.
    pub(crate) fn class_counts(&self) -> (usize, usize) {
        (self.classes.table().len(), self.classes.all().len())
    }

    /// The capacity of a class, in units, and the bytes of its slots.
    pub(crate) fn class_shape(&self, index: u32) -> (u32, usize) {
        let class = self.class_at(index);
        (class.length, class.shape.stride)
    }

    /// The arena behind the pool, for bookkeeping of the layer above.
    pub(crate) fn books_arena(&self) -> &Arena<'_> {
        self.arena()
    }

    /// # Panics
    /// If there are no more than `index` classes.
    fn class_at(&self, index: u32) -> &Class<S> {
        &self.classes.all()[index as usize]
    }

    /// An empty list for free slots of a class.
    pub(crate) fn twin_list(&self, index: u32) -> S::List {
        S::twin(self.class_at(index).list())
    }

    /// Gives a slot of a class to a tenant.
    ///
    /// # Errors
    /// Those of a pool that grows, or if the class is shorter than `units`.
    pub(crate) fn issue_of(
        &self,
        index: u32,
        units: u32,
        tenure: Tenure,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        if units > self.class_at(index).length {
            return Err(AllocError::TooLarge { length: units as usize });
        }
        // SAFETY: the class was just found, and is no shorter than `units`.
        let slot = unsafe { self.issue_in(ClassId::at::<S>(index), units, tenure) }?;
        let Slot { elements, ticket, generation, .. } = slot;
        Ok(Issued { elements, ticket, generation })
    }

    /// Whether the class's run has a slot that was never cut.
    pub(crate) fn can_cut(&self, index: u32) -> bool {
        self.class_at(index).uncut.get() > 0
    }

    /// Takes a free slot off the class's list; `None` if there is none, or its
    /// record is overwritten, which the next `issue_of` meets.
    pub(crate) fn take_free(&self, index: u32) -> Option<S::Link> {
        let class = self.class_at(index);
        let link = S::head(class.list())?;
        // SAFETY: the head is a place of this list.
        let next = unsafe { S::after(class.list(), link) }.ok()?;
        S::set_head(class.list(), next);
        class.set_free(class.free() - 1);
        Some(link)
    }

    /// Puts a free slot on the class's list.
    ///
    /// # Safety
    /// `take_free` gave it, or it was issued and then retired to a twin of the
    /// class's list; it is on no list.
    pub(crate) unsafe fn put_free(&self, index: u32, link: S::Link) {
        let class = self.class_at(index);
        // SAFETY: the caller's promise.
        unsafe { S::put(class.list(), link) };
        class.set_free(class.free() + 1);
    }

    /// The class of the slot whose array begins at `address`, its first element
    /// with the right to all of it, and its ticket.
    pub(crate) fn find_slot(
        &self,
        address: usize,
    ) -> Result<(u32, NonNull<u8>, S::Ticket), ReleaseError> {
        let Slot { elements, ticket, class, .. } = self.find_exact(address)?;
        #[allow(clippy::cast_possible_truncation, reason = "there are less than 100 classes")]
        let index = class.index::<S>() as u32;
        Ok((index, elements, ticket))
    }

    /// What a class has.
    pub(crate) fn stock(&self, index: u32) -> Stock {
        let class = self.class_at(index);
        Stock {
            slots: class.slots.get(),
            cut: class.issued.get(),
            free: class.free() as usize,
            lost: class.lost.get(),
        }
    }

    /// Times that the pool itself found bookkeeping overwritten.
    pub(crate) fn corruptions(&self) -> usize {
        self.corrupted.get()
    }

    /// Counts the slots of a class by their records.
    pub(crate) fn tally(&self, index: u32) -> Result<Tally, VerifyError> {
        let (id, class) = (ClassId::at::<S>(index), self.class_at(index));
        let mut tally = Tally::default();
        let runs = self.runs.borrow();
        for run in runs.all().iter().filter(|run| run.class == id) {
            for slot in 0..run.cut {
                match self.record_of(run, slot, class) {
                    Record::Live { .. } => tally.live += 1,
                    Record::Free { .. } => tally.free += 1,
                    Record::Lost => tally.lost += 1,
                    Record::Corrupted => {
                        let address = run.elements(slot).addr().get();
                        let class_length = class.length;
                        return Err(VerifyError::Corrupted { address, class_length });
                    }
                }
            }
        }
        Ok(tally)
    }
}
