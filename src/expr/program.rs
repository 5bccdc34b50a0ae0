//! A program: nodes in one pooled array, each with the function that evaluates it.

use core::cell::Cell;
use core::fmt;

use super::context::Native;
use super::failure::Failure;
use super::frame::{Extent, SlotSet, Slots};
use super::memory::Array;
use super::real::Real;
use crate::pool::ReleaseStrategy;

/// What evaluates a node: specialised by operator and by what its operands are.
pub(super) type Run<R> = fn(&Node<R>, &Slots<R>, &World<'_, R>) -> R;

/// One node of a program: 16 bytes on a 64-bit machine.
///
/// The nodes of a program are in preorder, and a child stands behind its parent:
/// so an evaluation ends.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Node<R> {
    pub(super) run: Run<R>,
    pub(super) slots: [u8; 4],
    pub(super) left: u16,
    pub(super) right: u16,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Node<f64>>() == 16);

/// What a program reads besides the frame's slots.
pub(super) struct World<'f, R> {
    pub(super) nodes: &'f [Node<R>],
    pub(super) extents: &'f [Extent],
    pub(super) data: &'f [R],
    pub(super) natives: &'f [Native<'f, R>],
    /// The windows of functions that recurse: where the current one begins, and
    /// where the next one may.
    pub(super) stack: &'f [Cell<R>],
    pub(super) base: Cell<usize>,
    pub(super) top: Cell<usize>,
    /// Calls that may still be made, into depth and at all.
    pub(super) depth: Cell<u32>,
    pub(super) calls: Cell<u32>,
    pub(super) failure: Cell<Option<Failure>>,
    /// A node that is not a number.
    pub(super) none: Node<R>,
}

impl<R: Real> World<'_, R> {
    /// Evaluates the node of this number. (There is one: what stands in for none
    /// keeps a panic out of the loop.)
    #[inline(always)]
    pub(super) fn run(&self, index: u16, slots: &Slots<R>) -> R {
        let node = match self.nodes.get(usize::from(index)) {
            Some(node) => node,
            // Large processors are quicker with a branch, which they foresee, small
            // ones with a choice of two addresses.
            None if cfg!(target_pointer_width = "64") => return R::ZERO,
            None => &self.none,
        };
        (node.run)(node, slots, self)
    }

    /// Notes the first failure of an expression.
    #[cold]
    pub(super) fn fail(&self, failure: Failure) -> R {
        if self.failure.get().is_none() {
            self.failure.set(Some(failure));
        }
        R::NAN
    }
}

/// A compiled expression.
pub(super) struct Program<'m, R, S: ReleaseStrategy> {
    pub(super) nodes: Array<'m, Node<R>, S>,
    /// The slots that it reads.
    pub(super) uses: SlotSet,
    pub(super) cost: Cost,
}

/// What an evaluation can take at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Nodes that are evaluated. (Some do two or three operations.)
    pub steps: u64,
    /// Nodes that are being evaluated at the same time: what native stack is
    /// needed for.
    pub depth: u64,
}

impl Cost {
    /// One after the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_add(other.steps), depth: self.depth.max(other.depth) }
    }
}

impl<R> fmt::Debug for Node<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.slots, self.left, self.right)
    }
}
