//! A chain that grows by pushes from anywhere and is taken whole.
//!
//! ```text
//! head ──► node ──► node ──► node          push: link the node to what head was seen
//!  ▲                                              to be, then compare-and-swap head
//!  └ one word                              take: swap head with null, keep the chain
//! ```
//! **No ABA, by construction.** A compare-and-swap on a linked list goes wrong
//! where somebody reads the link *behind* the head and then makes it the head:
//! the head may have gone and come back meanwhile, with another link. Nobody
//! does that here. Who pushes reads nothing but the head's address, and a node
//! that is linked to an address is linked rightly whenever that address is the
//! head, however often it has been something else. Who takes, takes all.
//!
//! There is no lock, no allocation and no thread-local in a push, so an interrupt
//! handler may push, also one that interrupts a push or a take.

#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ptr;

use super::release::Place;
use crate::sync::{AtomicPtr, Ordering, const_fn};

/// The head of a chain of `L`.
pub(crate) struct Chain<L> {
    /// What was pushed last, or null.
    head: AtomicPtr<()>,
    nodes: PhantomData<fn() -> L>,
}

impl<L: Place> Chain<L> {
    const_fn! {
        /// An empty one.
        pub(crate) const fn new() -> Self {
            Self { head: AtomicPtr::new(ptr::null_mut()), nodes: PhantomData }
        }
    }

    /// Adds a node. `link_to` links it to what it is given, and says which node that
    /// is; it is called again, with something else, where a push came in between. If
    /// it answers `None`, nothing is pushed; the answer is whether something was.
    ///
    /// Complexity: constant but for pushes that come in between: each makes one more
    /// attempt necessary, and some push always succeeds.
    #[inline(always)]
    pub(crate) fn push(&self, mut link_to: impl FnMut(Option<L>) -> Option<L>) -> bool {
        let mut seen = self.head.load(Ordering::Relaxed);
        while let Some(node) = link_to(L::from_pointer(seen)) {
            let mine = node.into_pointer();
            // Release: who takes the chain sees the link, and whatever was done with
            // the node before. It sees that of the nodes behind it, too: every push
            // is a read-modify-write of the same word.
            match self.head.compare_exchange_weak(seen, mine, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Takes all that was pushed: the node that was pushed last, which leads to the rest.
    #[inline]
    pub(crate) fn take(&self) -> Option<L> {
        // A look is cheaper than a swap, and mostly nothing is there.
        if self.head.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // Acquire: the pushes' links, and what was done before them.
        L::from_pointer(self.head.swap(ptr::null_mut(), Ordering::Acquire))
    }
}
