//! A program: nodes in one pooled array, each with the function that evaluates it.

use core::cell::Cell;
use core::fmt;

use super::failure::Failure;
use super::frame::{Callee, Extent, Frame, SlotSet, Slots};
use super::limits::Limits;
use super::listing::Listing;
use super::memory::Array;
use super::real::Real;
use super::shape::Shape;
use super::shapes::{Shapes, entry};
use crate::arena::defer::Defer;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// What evaluates a node: specialised by operator and by what its operands are.
pub(super) type Run<R> = fn(&Node<R>, &Slots<R>, &World<'_, R>) -> R;

/// One node of a program: 16 bytes on a 64-bit machine.
///
/// The nodes of a program are in preorder, and a child stands behind its parent:
/// so an evaluation ends.
///
/// ```
/// # use arraypool::Arena;
/// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
/// # let pool = Pool::new();
/// # let context = <Context>::new(&pool);
/// # let mut frame = Frame::new(&pool);
/// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
/// # frame.parameter("x", 2.0)?;
/// let tree = parse("sin(x) + 1", &trees, &limits)?;
/// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
/// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
/// # #[cfg(target_pointer_width = "64")]
/// assert_eq!(size_of_val(program.nodes()) / program.nodes().len(), 16);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Node<R> {
    pub(super) run: Run<R>,
    pub(super) slots: [u8; 3],
    /// What `run` does: a function does not tell.
    pub(super) shape: Shape,
    pub(super) left: u16,
    pub(super) right: u16,
}

impl<R: Real> Node<R> {
    #[inline]
    pub(super) fn new(shape: Shape, slots: [u8; 3], left: u16, right: u16) -> Self {
        let run = Shapes::FUNCTIONS[shape.number()];
        Self { run, slots, shape, left, right }
    }

    /// A number that no slot has: its upper half stands in the node itself, the
    /// rest in an entry of its own.
    pub(super) fn literal(&self, nodes: &[Self]) -> R {
        let [a, b, _] = self.slots;
        let upper = u64::from(self.right) << 16 | u64::from(u16::from_le_bytes([a, b]));
        match nodes.get(usize::from(self.left)) {
            Some(rest) => {
                let lower = u64::from(rest.right) << 16 | u64::from(rest.left);
                R::from_bits(upper << 32 | lower)
            }
            None => R::NAN,
        }
    }

    /// The number of the function that the node calls, if it is a call.
    pub(super) fn called(&self) -> u8 {
        self.slots[2] & ((1 << CALLED_BITS) - 1)
    }

    /// A node that is not a number.
    pub(super) const NOTHING: &'static Self =
        &Self { run: entry, slots: [0; 3], shape: Shape::ENTRY, left: 0, right: 0 };
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Node<f64>>() == 16);

/// Bits for the number of a function in the third slot of a node that calls it. The
/// others hold as how many a call counts, less one.
pub(super) const CALLED_BITS: u32 = 3;

/// What a program reads besides the frame's slots.
pub(super) struct World<'f, R> {
    pub(super) nodes: &'f [Node<R>],
    pub(super) extents: &'f [Extent],
    pub(super) data: &'f [R],
    pub(super) natives: &'f [Callee<'f, R>],
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
    pub(super) none: &'f Node<R>,
}

impl<'f, R: Real> World<'f, R> {
    /// A world without nodes.
    #[inline]
    pub(super) fn over<S: ReleaseStrategy>(frame: &'f Frame<'_, R, S>, limits: &Limits) -> Self {
        Self {
            nodes: &[],
            extents: &frame.extents,
            data: &frame.data,
            natives: &frame.natives,
            stack: &frame.stack,
            base: Cell::new(0),
            top: Cell::new(0),
            depth: Cell::new(limits.call_depth),
            calls: Cell::new(limits.calls),
            failure: Cell::new(None),
            none: Node::NOTHING,
        }
    }

    /// Evaluates the node of this number. (There is one: what stands in for none
    /// keeps a panic out of the loop.)
    #[inline(always)]
    pub(super) fn run(&self, index: u16, slots: &Slots<R>) -> R {
        let node = match self.nodes.get(usize::from(index)) {
            Some(node) => node,
            // Large processors are quicker with a branch, which they predict, small
            // ones with a choice of two addresses.
            None if cfg!(target_pointer_width = "64") => return R::ZERO,
            None => self.none,
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

/// A compiled expression: what the third phase, [`lower`](super::lower), makes.
///
/// It reads a [`Frame`]: the one that it was compiled for.
///
/// ```
/// # use arraypool::Arena;
/// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
/// # let pool = Pool::new();
/// # let context = <Context>::new(&pool);
/// # let mut frame = Frame::new(&pool);
/// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
/// frame.parameter("x", 2.0)?;
/// let tree = parse("x ^ 3", &trees, &limits)?;
/// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
/// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
/// assert_eq!(program.eval(&frame, &limits), Ok(8.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Program<'m, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    pub(super) nodes: Array<'m, Node<R>, S>,
    /// The slots that it reads.
    pub(super) uses: SlotSet,
    pub(super) cost: Cost,
}

impl<R: Real, S: ReleaseStrategy> Program<'_, R, S> {
    /// Evaluates it over a frame. Takes no memory, and at most [`cost`](Self::cost) if
    /// the limits are those that it was lowered with. With more calls it takes more;
    /// a depth of calls that the frame has no windows for is [`Failure::TooDeep`]. A native
    /// that evaluates a program over the same frame is given [`Failure::NotEvaluated`]: two
    /// would share intermediate values. Never panics, unless a native does.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// let x = frame.parameter("x", 1.0)?;
    /// let tree = parse("x << 2", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// assert_eq!(program.eval(&frame, &limits), Ok(4.0));
    /// frame.set(x, 0.5);
    /// assert!(program.eval(&frame, &limits).is_err());        // not an integer
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// Why it has no value.
    pub fn eval(&self, frame: &Frame<'_, R, S>, limits: &Limits) -> Result<R, Failure> {
        let Some(first) = self.nodes.first() else { return Err(Failure::DoesNotCompile) };
        if frame.is_evaluated.replace(true) {
            return Err(Failure::NotEvaluated);
        }
        let _over = Defer(|| frame.is_evaluated.set(false));
        let world = World { nodes: &self.nodes, ..World::over(frame, limits) };
        let value = (first.run)(first, &frame.slots, &world);
        world.failure.get().map_or(Ok(value), Err)
    }

    /// What an evaluation can take at most.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// # frame.parameter("x", 2.0)?;
    /// let tree = parse("x ? sin(x) : cos(x)", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// assert!(program.cost().steps >= 2 && program.cost().depth >= 2);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Its nodes, in preorder.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// # frame.parameter("x", 2.0)?;
    /// let tree = parse("1 + 2 * 3", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// assert_eq!(program.nodes().len(), 1);                   // folded
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn nodes(&self) -> &[Node<R>] {
        &self.nodes
    }

    /// The program as a text, which reads as an expression: its names are those of
    /// [`Ir`](super::ir::Ir). Constants are looked up in the frame.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// frame.parameter("x", 2.0)?;
    /// let tree = parse("x * (2 + 3)", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// assert_eq!(program.display(&frame).to_string(), "(s0 * 5.0)");
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn display<'p>(&'p self, frame: &'p Frame<'_, R, S>) -> impl fmt::Display + 'p {
        Listing { nodes: &self.nodes, frame }
    }
}

impl<R: Real, S: ReleaseStrategy> fmt::Debug for Program<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("nodes", &self.nodes())
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

/// What an evaluation can take at most.
///
/// ```
/// use arraypool::expr::{Engine, Pool};
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut batch = engine.batch().build();
/// batch.parameter("a", 1.0)?;
/// batch.add("a + 1")?;
/// assert!(batch.cost().steps >= 1);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
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
        write!(f, "{} {:?} {} {}", self.shape.number(), self.slots, self.left, self.right)
    }
}
