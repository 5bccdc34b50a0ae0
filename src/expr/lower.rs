//! The checked form to a program: a node for each term, or for two or three.

use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::ir::{Ir, Recursive, Term};
use super::limits::Limits;
use super::memory::Pool;
use super::operator::Op2;
use super::program::{CALLED_BITS, Cost, Node, Program};
use super::real::Real;
use super::shape::{Fused, Shape};
use crate::arena::Arena;
use crate::pool::ReleaseStrategy;

/// The end of the chain of calls whose function has no place yet.
const NO_CALL: u16 = u16::MAX;

struct Lowering<'a, 'f, 'm, R: Real, S: ReleaseStrategy> {
    nodes: &'a mut [Node<R>],
    used: usize,
    frame: &'f mut Frame<'m, R, S>,
    /// The last call so far; each knows the one before it.
    last_call: u16,
}

/// An operator of arithmetic on two slots.
#[derive(Clone, Copy)]
struct Pair(Op2, u8, u8);

/// The third phase: the program of a checked expression, one pooled array. Its
/// nodes are built in `scratch`, which can be reset afterwards.
///
/// `ir` must be what [`resolve`](super::resolve()) made last with this frame, and is good
/// for one call: after an error, too, the expression is to be resolved again.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
///
/// # let pool = Pool::new();
/// # let context = <Context>::new(&pool);
/// # let mut frame = Frame::new(&pool);
/// # let (trees, limits) = (Arena::new(), Limits::DEFAULT);
/// let mut checked = Arena::new();
/// let tree = parse("sin(0) + 2", &trees, &limits)?;
/// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
/// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
/// checked.reset();                                        // the program is in the pool
/// assert_eq!(program.eval(&frame, &limits), Ok(2.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
///
/// Complexity: linear in the number of terms. Never panics.
///
/// # Errors
/// [`ErrorKind::TooManyTerms`], [`ErrorKind::Memory`]; [`ErrorKind::Busy`] for an `ir` whose
/// time is over, which leaves the frame as it is. Otherwise the slots that the expression
/// uses of the frame are free again then. Copies of arrays, natives and the windows of
/// calls stay in it.
pub fn lower<'m, R: Real, S: ReleaseStrategy>(
    ir: &Ir<'_, R>,
    scratch: &Arena<'_>,
    pool: &'m Pool<'m, S>,
    frame: &mut Frame<'m, R, S>,
    limits: &Limits,
) -> Result<Program<'m, R, S>, Error> {
    if ir.turn != frame.turn {
        return Err(Error::busy());
    }
    lower_last(ir, scratch, pool, frame, limits)
}

/// The same of what is known to be the frame's last.
pub(super) fn lower_last<'m, R: Real, S: ReleaseStrategy>(
    ir: &Ir<'_, R>,
    scratch: &Arena<'_>,
    pool: &'m Pool<'m, S>,
    frame: &mut Frame<'m, R, S>,
    limits: &Limits,
) -> Result<Program<'m, R, S>, Error> {
    // Numbers that no slot has take two nodes: there may be some, or none.
    let mut lowered = attempt(ir, ir.nodes, scratch, pool, frame, limits);
    if let Ok(None) = lowered {
        lowered = attempt(ir, NODES.min(2 * ir.nodes), scratch, pool, frame, limits);
    }
    match lowered {
        Ok(Some(program)) => Ok(program),
        Ok(None) => Err(abandoned(frame, ErrorKind::TooManyTerms { limit: NODES })),
        Err(kind) => Err(abandoned(frame, kind)),
    }
}

/// An index of a node is a `u16`.
const NODES: usize = u16::MAX as usize;

#[cold]
fn abandoned<R: Real, S: ReleaseStrategy>(frame: &mut Frame<'_, R, S>, kind: ErrorKind) -> Error {
    frame.begin();
    Error::plain(kind)
}

/// The program, if it has room.
#[inline]
fn attempt<'m, R: Real, S: ReleaseStrategy>(
    ir: &Ir<'_, R>,
    room: usize,
    scratch: &Arena<'_>,
    pool: &'m Pool<'m, S>,
    frame: &mut Frame<'m, R, S>,
    limits: &Limits,
) -> Result<Option<Program<'m, R, S>>, ErrorKind> {
    if room > NODES {
        return Err(ErrorKind::TooManyTerms { limit: NODES });
    }
    let filler = *Node::NOTHING;
    let nodes = scratch.try_alloc_slice_fill_with(room, |_| filler)?;
    let mut lowering = Lowering { nodes, used: 0, frame, last_call: NO_CALL };
    lowering.term(&ir.root);
    let mut cost = Cost { steps: steps(lowering.used), depth: u64::from(ir.root.height()) };
    if !ir.functions.is_empty() {
        lowering.functions(ir.functions, limits, &mut cost)?;
    }
    let used = lowering.used;
    let Some(nodes) = nodes.get(..used) else { return Ok(None) };
    let nodes = pool.copy(nodes)?;
    Ok(Some(Program { nodes, uses: frame.finish(), cost }))
}

/// As how many a call counts whose body is so high: the native stack that is needed
/// for a depth of calls is bounded, however high their bodies are. At most 32, of a
/// body that is higher than [`Limits::DEFAULT`] allows.
fn depth_of_call(height: u16) -> u8 {
    const MOST: u8 = u8::MAX >> CALLED_BITS;
    let more = height.saturating_sub(1) / Limits::LEVELS_OF_CALL;
    u8::try_from(more).map_or(MOST, |more| more.min(MOST)) + 1
}

fn steps(nodes: usize) -> u64 {
    u64::try_from(nodes).unwrap_or(u64::MAX)
}

impl<R: Real, S: ReleaseStrategy> Lowering<'_, '_, '_, R, S> {
    /// The functions that recurse, behind the expression itself.
    #[inline(never)]
    fn functions(
        &mut self,
        functions: &[Recursive<'_, R>],
        limits: &Limits,
        cost: &mut Cost,
    ) -> Result<(), ErrorKind> {
        let mut places = [0_u16; 1 << CALLED_BITS];
        let mut bodies = Cost::default();
        for (place, function) in places.iter_mut().zip(functions) {
            let before = self.used;
            *place = self.term(&function.body);
            let height = function.body.height();
            // Whatever calls share the depth: none has more levels for what it counts.
            let levels = u64::from(height) * u64::from(limits.call_depth);
            bodies.depth = bodies.depth.max(levels.div_ceil(depth_of_call(height).into()));
            bodies.steps = bodies.steps.max(steps(self.used - before));
        }
        self.connect(&places, functions);
        let window = functions.iter().map(|function| usize::from(function.window)).max();
        let windows = usize::try_from(limits.call_depth).unwrap_or(usize::MAX);
        self.frame.stack(windows.saturating_mul(window.unwrap_or(0).max(1)))?;
        let all_bodies = bodies.steps.saturating_mul(limits.calls.into());
        cost.steps = cost.steps.saturating_add(all_bodies);
        cost.depth = cost.depth.saturating_add(bodies.depth);
        Ok(())
    }

    /// A place for a node; those below it come behind it. If there is no room left,
    /// places are counted nevertheless.
    #[inline]
    fn push(&mut self) -> u16 {
        let index = self.used;
        self.used += 1;
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// Writes a node. (Nodes are not handed on: one is written in parts, and whoever
    /// moves it would have to wait for all of them.)
    #[inline(always)]
    fn set(&mut self, index: u16, shape: Shape, slots: [u8; 3], left: u16, right: u16) {
        if let Some(place) = self.nodes.get_mut(usize::from(index)) {
            *place = Node::new(shape, slots, left, right);
        }
    }

    /// Writes a node of four slots.
    #[inline(always)]
    fn set_slots(&mut self, index: u16, shape: Shape, [x, y, z, w]: [u8; 4]) {
        self.set(index, shape, [x, y, z], u16::from(w), 0);
    }

    /// Writes a node above another one, of which it may have some slots beside.
    fn above(&mut self, index: u16, shape: Shape, slots: [u8; 3], below: &Term<'_, R>) {
        let left = self.term(below);
        self.set(index, shape, slots, left, 0);
    }

    /// The slot of what needs no node.
    #[inline]
    fn slot(&mut self, term: &Term<'_, R>) -> Option<u8> {
        match *term {
            Term::Slot(slot) => Some(slot),
            Term::Constant(value) => self.frame.constant(value),
            _ => None,
        }
    }

    #[inline]
    fn pair(&mut self, term: &Term<'_, R>) -> Option<Pair> {
        match term {
            Term::Two { op, operands: [left, right], .. } if op.is_arithmetic() => {
                let is_leaf =
                    |term: &Term<'_, R>| matches!(term, Term::Slot(_) | Term::Constant(_));
                if !is_leaf(left) || !is_leaf(right) {
                    return None;
                }
                Some(Pair(*op, self.slot(left)?, self.slot(right)?))
            }
            _ => None,
        }
    }

    /// Pushes the nodes of a term; the answer is the first of them. Beyond what an
    /// index can be there is nothing to be pushed any more.
    fn term(&mut self, term: &Term<'_, R>) -> u16 {
        let index = self.push();
        if self.used > NODES {
            return index;
        }
        match *term {
            Term::Slot(slot) => self.set(index, Shape::LOAD, [slot, 0, 0], 0, 0),
            Term::Local(slot) => self.set(index, Shape::LOAD_LOCAL, [slot, 0, 0], 0, 0),
            Term::Constant(value) => match self.frame.constant(value) {
                Some(slot) => self.set(index, Shape::LOAD, [slot, 0, 0], 0, 0),
                None => self.literal(index, value),
            },
            Term::One { op, operand, .. } => match self.slot(operand) {
                Some(slot) => self.set(index, Shape::one(op, true), [slot, 0, 0], 0, 0),
                None => self.above(index, Shape::one(op, false), [0; 3], operand),
            },
            Term::Two { op, operands: [left, right], .. } => self.two(index, op, left, right),
            _ => self.other(index, term),
        }
        index
    }

    /// The rarer terms.
    #[inline(never)]
    fn other(&mut self, index: u16, term: &Term<'_, R>) {
        match *term {
            Term::Conditional { parts: [condition, first, second], .. } => {
                let [low, high] = self.term(condition).to_le_bytes();
                let (left, right) = (self.term(first), self.term(second));
                self.set(index, Shape::CONDITIONAL, [low, high, 0], left, right);
            }
            Term::Index { array, index: operand, .. } => match self.slot(operand) {
                Some(slot) => self.set(index, Shape::INDEX_S, [slot, 0, 0], 0, array),
                None => {
                    let left = self.term(operand);
                    self.set(index, Shape::INDEX, [0; 3], left, array);
                }
            },
            Term::Native { native, arguments, .. } => {
                let (list, count) = self.list(arguments);
                self.set(index, Shape::native(arguments.len()), [count, 0, 0], list, native);
            }
            Term::Call { function, arguments, .. } => {
                let (list, count) = self.list(arguments);
                let before = core::mem::replace(&mut self.last_call, index);
                self.set(index, Shape::CALL, [count, 0, function], before, list);
            }
            Term::Let { slot, local, parts: [value, body], .. } => {
                let shape = if local { Shape::SET_LOCAL } else { Shape::SET };
                let (left, right) = (self.term(value), self.term(body));
                self.set(index, shape, [slot, 0, 0], left, right);
            }
            // `term` has seen to these.
            Term::Slot(_) | Term::Local(_) | Term::Constant(_) => {}
            Term::One { .. } | Term::Two { .. } => {}
        }
    }

    /// A number in two nodes.
    #[cold]
    fn literal(&mut self, index: u16, value: R) {
        let rest = self.push();
        let [a, b, c, d, e, f, g, h] = value.to_bits().to_le_bytes();
        let (low, middle) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        self.set(rest, Shape::ENTRY, [0; 3], low, middle);
        self.set(index, Shape::LITERAL, [e, f, 0], rest, u16::from_le_bytes([g, h]));
    }

    /// The entries of a list of arguments, and how many they are.
    fn list(&mut self, arguments: &[Term<'_, R>]) -> (u16, u8) {
        let first = u16::try_from(self.used).unwrap_or(u16::MAX);
        self.used += arguments.len();
        if self.used > NODES {
            return (first, 0);
        }
        // The list may end at the last index: the range is asked after the arguments.
        for (argument, entry) in arguments.iter().zip(first..) {
            let left = self.term(argument);
            self.set(entry, Shape::ENTRY, [0; 3], left, 0);
        }
        (first, u8::try_from(arguments.len()).unwrap_or(u8::MAX))
    }

    fn two(&mut self, index: u16, op: Op2, left: &Term<'_, R>, right: &Term<'_, R>) {
        let special = match op {
            Op2::Pow => self.power(index, left, right),
            Op2::And | Op2::Or => self.compared(index, op, left, right),
            op if op.is_arithmetic() => self.fused(index, op, left, right),
            _ => None,
        };
        if special.is_some() {
            return;
        }
        // What is in a slot may be read after the other operand.
        let (op, left, right) = match op.mirrored() {
            Some(op) if left.is_leaf() || right.is_leaf() => (op, right, left),
            _ => (op, left, right),
        };
        let (x, y) = match Shape::takes_slots(op) {
            true => (self.slot(left), self.slot(right)),
            false => (None, None),
        };
        let shape = Shape::two(op, x.is_some(), y.is_some());
        let left = if x.is_none() { self.term(left) } else { 0 };
        let right = if y.is_none() { self.term(right) } else { 0 };
        debug_assert!(x.is_some() || left > index, "a child stands behind its parent");
        self.set(index, shape, [x.unwrap_or(0), y.unwrap_or(0), 0], left, right);
    }

    /// Squares, and roots as powers. As of the other special shapes, the answer is
    /// whether there is one.
    fn power(&mut self, index: u16, base: &Term<'_, R>, exponent: &Term<'_, R>) -> Option<()> {
        let Term::Constant(exponent) = *exponent else { return None };
        if exponent == R::from_f64(0.5) {
            self.above(index, Shape::ROOT_N, [0; 3], base);
            return Some(());
        }
        if exponent != R::ONE + R::ONE {
            return None;
        }
        if let Some(slot) = self.slot(base) {
            self.set(index, Shape::two(Op2::Mul, true, true), [slot, slot, 0], 0, 0);
        } else if let Some(Pair(a, x, y)) = self.pair(base) {
            self.set(index, Shape::square_ss(a), [x, y, 0], 0, 0);
        } else {
            self.above(index, Shape::SQUARE_N, [0; 3], base);
        }
        Some(())
    }

    fn compared(
        &mut self,
        index: u16,
        op: Op2,
        left: &Term<'_, R>,
        right: &Term<'_, R>,
    ) -> Option<()> {
        let mut comparison = |term: &Term<'_, R>| match term {
            Term::Two { op, operands: [x, y], .. } if op.is_comparison() => {
                let (x, y) = (self.slot(x)?, self.slot(y)?);
                Some(op.mirrored().map_or((*op, x, y), |op| (op, y, x)))
            }
            _ => None,
        };
        let ((a, x, y), (b, z, w)) = (comparison(left)?, comparison(right)?);
        self.set_slots(index, Shape::compared(op == Op2::And, a, b), [x, y, z, w]);
        Some(())
    }

    /// Two or three operators of arithmetic in one node.
    fn fused(
        &mut self,
        index: u16,
        op: Op2,
        left: &Term<'_, R>,
        right: &Term<'_, R>,
    ) -> Option<()> {
        if let Some(Pair(a, x, y)) = self.pair(left) {
            if let Some(z) = self.slot(right) {
                self.set(index, Shape::fused(Fused::SsS, a, op), [x, y, z], 0, 0);
                return Some(());
            }
            if let Some(Pair(b, z, w)) = self.pair(right) {
                if let Some(shape) = Shape::ss_ss(a, b, op) {
                    self.set_slots(index, shape, [x, y, z, w]);
                    return Some(());
                }
            }
            let right = self.term(right);
            self.set(index, Shape::fused(Fused::SsN, a, op), [x, y, 0], 0, right);
            return Some(());
        }
        if let Some(Pair(a, y, z)) = self.pair(right) {
            match self.slot(left) {
                Some(x) => self.set(index, Shape::fused(Fused::SSs, a, op), [x, y, z], 0, 0),
                None => self.above(index, Shape::fused(Fused::NSs, a, op), [y, z, 0], left),
            }
            return Some(());
        }
        if right.is_leaf() {
            return self.chained(index, op, left, right);
        }
        let Term::Two { op: b, operands: [inner, last], .. } = right else { return None };
        if !b.is_arithmetic() || left.is_leaf() {
            return None;
        }
        let Pair(a, x, y) = self.pair(inner)?;
        let shape = Shape::n_ss_s(a, *b, op)?;
        let z = self.slot(last)?;
        self.above(index, shape, [x, y, z], left);
        Some(())
    }

    /// A sum of a slot and what has another slot on its right.
    fn chained(
        &mut self,
        index: u16,
        op: Op2,
        left: &Term<'_, R>,
        right: &Term<'_, R>,
    ) -> Option<()> {
        let Term::Two { op: a, operands: [inner, middle], .. } = left else { return None };
        if !a.is_arithmetic() {
            return None;
        }
        let shape = Shape::ns_s(*a, op)?;
        let slots = [self.slot(middle)?, self.slot(right)?, 0];
        self.above(index, shape, slots, inner);
        Some(())
    }

    /// Tells every call where its function begins, and how large its window is.
    fn connect(&mut self, places: &[u16], functions: &[Recursive<'_, R>]) {
        let mut call = self.last_call;
        while let Some(node) = self.nodes.get_mut(usize::from(call)).filter(|_| call != NO_CALL) {
            call = node.left;
            let function = usize::from(node.slots[2]);
            node.left = places.get(function).copied().unwrap_or(0);
            let Some(called) = functions.get(function) else { continue };
            node.slots[1] = called.window;
            node.slots[2] |= (depth_of_call(called.body.height()) - 1) << CALLED_BITS;
        }
    }
}
