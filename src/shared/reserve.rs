//! What a lane has brought to the depot: it comes back to that lane before it goes to
//! another.
//!
//! Slots that one lane cut lie side by side, and the last line of one is often the first
//! of the next: a header there, or a record that shares its line with the neighbour's.
//! Where a surplus came back to whichever lane asks next, two lanes would soon have every
//! other slot, and write to each other's lines for ever.

use crate::pool::ReleaseStrategy;
use crate::sync::Cell;

use super::returns::Unpacked;

/// The free slots of one class that a lane has brought to the depot. Whoever holds the
/// depot's lock is the owner. The keys are the class's, and lie in the depot's book.
pub(super) struct Reserve<S: ReleaseStrategy> {
    head: Cell<Option<S::Link>>,
    /// Slots on the list.
    slots: Cell<usize>,
}

impl<S: ReleaseStrategy> Reserve<S> {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { head: Cell::new(None), slots: Cell::new(0) }
    }

    /// Adds a slot.
    ///
    /// # Safety
    /// The caller is the owner. The slot is free, of the class of the keys, and on no list.
    pub(super) unsafe fn put(&self, keys: &S::List, link: S::Link) {
        let list = S::twin(keys);
        S::set_head(&list, self.head.get());
        // SAFETY: the caller's promise.
        unsafe { S::put(&list, link) };
        self.head.set(S::head(&list));
        self.slots.set(self.slots.get() + 1);
    }

    /// Hands up to `most` slots, one by one, to `keep`, which puts each on another list.
    ///
    /// # Safety
    /// The caller is the owner. The keys are those of the slots' class.
    pub(super) unsafe fn unpack(
        &self,
        keys: &S::List,
        most: u32,
        mut keep: impl FnMut(S::Link),
    ) -> Unpacked {
        let mut done = Unpacked::default();
        while done.moved < most {
            let Some(link) = self.head.get() else { break };
            // SAFETY: `put` was given it, or a verified link leads to it.
            match unsafe { S::after(keys, link) } {
                Ok(next) => {
                    self.head.set(next);
                    self.slots.set(self.slots.get() - 1);
                    keep(link);
                    done.moved += 1;
                }
                Err(_) => {
                    // SAFETY: as above: a slot that was cut.
                    let (elements, ticket) = unsafe { S::slot(link) };
                    // SAFETY: as above; nobody can reach it from now on.
                    unsafe { S::abandon(keys, elements, ticket) };
                    self.head.set(None);
                    done.lost = self.slots.replace(0);
                    break;
                }
            }
        }
        done
    }
}
