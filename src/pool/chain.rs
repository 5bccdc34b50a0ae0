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
//! does that here. A push reads nothing but the head's address, and a node that
//! is linked to an address is linked rightly whenever that address is the head,
//! however often it has been something else. A take takes everything.
//!
//! **Counting.** Alignment leaves the low bits of a node's address free: there the
//! head counts pushes, so that most of them need no second atomic operation to be
//! counted. The callers are told what it cannot hold, and what it held when the chain
//! was taken, and add that up.
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
    /// it answers `None`, nothing is pushed.
    ///
    /// The answer is how many pushes the head had to forget: for the caller to count.
    ///
    /// Complexity: constant but for pushes that come in between: each makes one more
    /// attempt necessary, and some push always succeeds.
    #[inline(always)]
    pub(crate) fn push(&self, mut link_to: impl FnMut(Option<L>) -> Option<L>) -> Option<usize> {
        let mut seen = self.head.load(Ordering::Relaxed);
        loop {
            let (first, pushes) = Self::parted(seen);
            let count = (pushes + 1) & L::SPARE;
            let mine = link_to(first)?.into_pointer().map_addr(|address| address | count);
            // Release: who takes the chain sees the link, and whatever was done with
            // the node before. It sees that of the nodes behind it, too: every push
            // is a read-modify-write of the same word.
            match self.head.compare_exchange_weak(seen, mine, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return Some(if count == 0 { L::SPARE + 1 } else { 0 }),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes all that was pushed.
    #[inline]
    pub(crate) fn take(&self) -> Taken<L> {
        // A look is cheaper than a swap, and mostly nothing is there.
        if self.head.load(Ordering::Relaxed).is_null() {
            return Taken { first: None, pushes: 0 };
        }
        // Acquire: the pushes' links, and what was done before them.
        let (first, pushes) = Self::parted(self.head.swap(ptr::null_mut(), Ordering::Acquire));
        Taken { first, pushes }
    }

    /// Pushes that the head remembers.
    #[cfg(feature = "shared")]
    pub(crate) fn pushes(&self) -> usize {
        Self::parted(self.head.load(Ordering::Relaxed)).1
    }

    /// The node and the count in a head.
    #[inline(always)]
    fn parted(head: *mut ()) -> (Option<L>, usize) {
        let node = head.map_addr(|address| address & !L::SPARE);
        (L::from_pointer(node), head.addr() & L::SPARE)
    }
}

/// What [`Chain::take`] took.
pub(crate) struct Taken<L> {
    /// The node that was pushed last, which leads to the rest.
    pub(crate) first: Option<L>,
    /// Pushes that the head remembered: for the caller to count.
    #[cfg_attr(not(feature = "shared"), allow(dead_code, reason = "only lanes count"))]
    pub(crate) pushes: usize,
}
