//! Arrays coming home from other threads and from interrupts: pushed by anyone,
//! emptied by the owner.
//!
//! What comes home is a [`Chain`], and so is an ordinary free list of the class: a
//! push is the strategy's own `retire`, onto a list of the caller's whose head is
//! what the shared head was seen to be. So the link lies where the strategy keeps
//! its links, and is verified before it is followed.

use core::ptr::NonNull;

use crate::pool::{Chain, ReleaseStrategy, Tenure};
use crate::sync::{AtomicUsize, Cell, Ordering};

/// The slots of one class that are on their way home.
#[repr(align(64))]
pub(super) struct Returns<S: ReleaseStrategy> {
    /// The class's keys. It never holds a slot.
    keys: S::List,
    home: Chain<S::Link>,
    /// Slots that were pushed and are neither unpacked nor settled yet, but for those
    /// that the chain's head counts.
    waiting: AtomicUsize,
    /// The part of a chain that the owner took and has not unpacked yet.
    taken: Cell<Option<S::Link>>,
}

/// What `unpack` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Slots that are in their new place.
    pub(super) moved: u32,
    /// Slots behind an overwritten link, that one included.
    pub(super) lost: usize,
}

impl<S: ReleaseStrategy> Returns<S> {
    /// For a class with these keys.
    pub(super) fn new(keys: S::List) -> Self {
        Self { keys, home: Chain::new(), waiting: AtomicUsize::new(0), taken: Cell::new(None) }
    }

    /// The class's keys. Shared, so its head is nobody's to set.
    #[inline(always)]
    pub(super) fn keys(&self) -> &S::List {
        &self.keys
    }

    /// Slots on their way.
    pub(super) fn waiting(&self) -> usize {
        let waiting = self.waiting.load(Ordering::Relaxed).wrapping_add(self.home.pushes());
        // Below 0 for a moment, where pushes were unpacked before they were counted.
        if waiting > usize::MAX / 2 { 0 } else { waiting }
    }

    /// Sends a tenant's slot home; false, and nothing changed, if its record says
    /// anything but `tenure`.
    ///
    /// Complexity: constant but for other threads' pushes that come in between:
    /// each makes one more attempt necessary, and some thread always succeeds.
    ///
    /// # Safety
    /// Elements and ticket are those of a slot of this class, whose tenant the
    /// caller gives up.
    pub(super) unsafe fn push(
        &self,
        elements: NonNull<u8>,
        ticket: S::Ticket,
        tenure: Tenure,
    ) -> bool {
        let list = S::twin(&self.keys);
        let mut mine = None;
        let pushed = self.home.push(|next| {
            S::set_head(&list, next);
            if let Some(link) = mine {
                // SAFETY: the slot was retired just now, and nobody has seen it yet.
                unsafe { S::put(&list, link) };
            // SAFETY: the caller's promise; a twin is of the same class.
            } else if unsafe { S::retire(&list, elements, ticket, tenure) } {
                mine = S::head(&list);
            }
            mine
        });
        if let Some(pushes) = pushed {
            self.count(pushes);
        }
        pushed.is_some()
    }

    /// Counts pushes that the chain's head does not.
    #[inline(always)]
    fn count(&self, pushes: usize) {
        if pushes > 0 {
            self.waiting.fetch_add(pushes, Ordering::Relaxed);
        }
    }

    /// Takes all that was pushed.
    fn take(&self) -> Option<S::Link> {
        let taken = self.home.take();
        self.count(taken.pushes);
        taken.first
    }

    /// Makes all that has come home an empty list, as it is: no slot of it is touched.
    /// It goes on to be counted here until [`settle`](Self::settle).
    ///
    /// # Safety
    /// The caller is the owner: nobody else unpacks meanwhile. The list is a twin of
    /// the keys.
    pub(super) unsafe fn move_to(&self, list: &S::List) {
        debug_assert!(S::head(list).is_none());
        S::set_head(list, self.taken.take().or_else(|| self.take()));
    }

    /// Takes what is left of such a list back, for whoever unpacks next.
    ///
    /// # Safety
    /// The caller is the owner, and has settled: nothing of the list is counted
    /// elsewhere.
    pub(super) unsafe fn leave(&self, list: &S::List) {
        // What came home is a list only when nothing is left here from before.
        debug_assert!(self.taken.get().is_none());
        self.taken.set(S::head(list));
        S::set_head(list, None);
    }

    /// No longer counts so many slots: they were unpacked, or issued by the owner.
    pub(super) fn settle(&self, issued: usize) {
        if issued > 0 {
            self.waiting.fetch_sub(issued, Ordering::Relaxed);
        }
    }

    /// Hands up to `most` slots, one by one, to `keep`, which puts each on another list.
    ///
    /// # Safety
    /// The caller is the owner: nobody else unpacks meanwhile.
    pub(super) unsafe fn unpack(&self, most: u32, mut keep: impl FnMut(S::Link)) -> Unpacked {
        let mut done = Unpacked::default();
        while done.moved < most {
            let Some(link) = self.taken.get().or_else(|| self.take()) else { break };
            // SAFETY: pushes and verified links lead to slots of this class.
            match unsafe { S::after(&self.keys, link) } {
                Ok(next) => {
                    self.taken.set(next);
                    keep(link);
                    done.moved += 1;
                }
                Err(_) => {
                    done.lost = self.give_up(link, done.moved);
                    break;
                }
            }
        }
        self.settle(done.moved as usize + done.lost);
        done
    }

    /// Abandons the slot at `link`, whose record is overwritten, and what it led
    /// to; returns how many slots that were. (While others push, it may count
    /// theirs: a count of what is lost is no better then than the moment.)
    #[cold]
    fn give_up(&self, link: S::Link, moved: u32) -> usize {
        // SAFETY: as in `unpack`.
        let (elements, ticket) = unsafe { S::slot(link) };
        // SAFETY: the slot is the owner's, and on no list that anybody can reach.
        unsafe { S::abandon(&self.keys, elements, ticket) };
        let all = self.waiting().saturating_sub(moved as usize);
        let rest = self.take();
        let (mut place, mut count) = (rest, 0);
        while let Some(link) = place {
            count += 1;
            // SAFETY: as in `unpack`. Behind another break there is no more.
            place = unsafe { S::after(&self.keys, link) }.unwrap_or(None);
        }
        self.taken.set(rest);
        all.saturating_sub(count)
    }
}
