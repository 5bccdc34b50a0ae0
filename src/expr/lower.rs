//! The checked form to a program: a node for each term, or for two or three.

use super::error::ErrorKind;
use super::frame::Frame;
use super::ir::{Ir, Recursive, Term};
use super::limits::Limits;
use super::memory::Pool;
use super::operator::Op2;
use super::program::{Cost, Node, Program};
use super::real::Real;
use super::shapes::{Fused, Shapes, literal_node};
use crate::arena::Arena;
use crate::pool::ReleaseStrategy;

/// The end of the chain of calls whose function has no place yet.
const NO_CALL: u16 = u16::MAX;

struct Lowering<'a, 'f, 'm, R, S: ReleaseStrategy> {
    nodes: &'a mut [Node<R>],
    used: usize,
    frame: &'f mut Frame<'m, R, S>,
    /// The last call so far; each knows the one before it.
    last_call: u16,
}

/// An operator of arithmetic on two slots.
#[derive(Clone, Copy)]
struct Pair(Op2, u8, u8);

/// The program of a checked expression. Its nodes are built in an arena and
/// copied into one pooled array.
///
/// Complexity: linear in the number of terms.
pub(super) fn lower<'m, R: Real, S: ReleaseStrategy>(
    ir: &Ir<'_, R>,
    arena: &Arena<'_>,
    pool: &'m Pool<'m, S>,
    limits: &Limits,
    frame: &mut Frame<'m, R, S>,
) -> Result<Program<'m, R, S>, ErrorKind> {
    let room = ir.nodes;
    let limit = usize::from(u16::MAX);
    if room > limit {
        return Err(ErrorKind::TooManyTerms { limit });
    }
    let filler = literal_node(R::NAN);
    let nodes = arena.try_alloc_slice_fill_with(room, |_| filler)?;
    let mut lowering = Lowering { nodes, used: 0, frame, last_call: NO_CALL };
    lowering.term(&ir.root);
    let mut cost = Cost { steps: steps(lowering.used), depth: u64::from(ir.root.height()) };
    let mut places = [0_u16; 16];
    let mut bodies = Cost::default();
    for (place, function) in places.iter_mut().zip(ir.functions) {
        let before = lowering.used;
        *place = lowering.term(&function.body);
        bodies = bodies.and(Cost { steps: 0, depth: u64::from(function.body.height()) });
        bodies.steps = bodies.steps.max(steps(lowering.used - before));
    }
    lowering.connect(&places, ir.functions);
    if let Some(window) = ir.functions.iter().map(|function| usize::from(function.window)).max() {
        let windows = usize::try_from(limits.call_depth).unwrap_or(usize::MAX);
        lowering.frame.stack(windows.saturating_mul(window.max(1)))?;
        cost.steps =
            cost.steps.saturating_add(bodies.steps.saturating_mul(u64::from(limits.calls)));
        cost.depth =
            cost.depth.saturating_add(bodies.depth.saturating_mul(u64::from(limits.call_depth)));
    }
    let used = lowering.used;
    let nodes = pool.copy(nodes.get(..used).unwrap_or_default())?;
    Ok(Program { nodes, uses: frame.finish(), cost })
}

fn steps(nodes: usize) -> u64 {
    u64::try_from(nodes).unwrap_or(u64::MAX)
}

impl<R: Real, S: ReleaseStrategy> Lowering<'_, '_, '_, R, S> {
    /// A place for a node; those below it come behind it.
    fn push(&mut self) -> u16 {
        debug_assert!(self.used < self.nodes.len(), "there is room for every term");
        let index = self.used;
        self.used += 1;
        // `lower` has bounded the room.
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    fn set(&mut self, index: u16, node: Node<R>) -> u16 {
        if let Some(place) = self.nodes.get_mut(usize::from(index)) {
            *place = node;
        }
        index
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

    /// Pushes the nodes of a term; the answer is the first of them.
    fn term(&mut self, term: &Term<'_, R>) -> u16 {
        let index = self.push();
        let node = match *term {
            Term::Slot(_) | Term::Constant(_) => match (self.slot(term), *term) {
                (Some(slot), _) => self.leaf(Shapes::LOAD, slot),
                (None, Term::Constant(value)) => literal_node(value),
                (None, _) => literal_node(R::NAN),
            },
            Term::Local(slot) => self.leaf(Shapes::LOAD_LOCAL, slot),
            Term::One { op, operand, .. } => match self.slot(operand) {
                Some(slot) => self.leaf(Shapes::one(op, true), slot),
                None => self.above(Shapes::one(op, false), operand),
            },
            Term::Two { op, operands: [left, right], .. } => self.two(index, op, left, right),
            Term::Conditional { parts: [condition, first, second], .. } => {
                let [low, high] = self.term(condition).to_le_bytes();
                let (left, right) = (self.term(first), self.term(second));
                Node { run: Shapes::CONDITIONAL, slots: [low, high, 0, 0], left, right }
            }
            Term::Index { array, index, .. } => match self.slot(index) {
                Some(slot) => Node { right: array, ..self.leaf(Shapes::INDEX_S, slot) },
                None => Node { right: array, ..self.above(Shapes::INDEX, index) },
            },
            Term::Native { native, arguments, .. } => {
                let (list, count) = self.list(arguments);
                let run = Shapes::native(arguments.len());
                Node { run, slots: [count, 0, 0, 0], left: list, right: native }
            }
            Term::Call { function, arguments, .. } => {
                let (list, count) = self.list(arguments);
                let before = core::mem::replace(&mut self.last_call, index);
                let slots = [count, 0, function, 0];
                Node { run: Shapes::CALL, slots, left: before, right: list }
            }
            Term::Let { slot, local, parts: [value, body], .. } => {
                let run = if local { Shapes::SET_LOCAL } else { Shapes::SET };
                let left = self.term(value);
                Node { run, slots: [slot, 0, 0, 0], left, right: self.term(body) }
            }
        };
        self.set(index, node)
    }

    fn leaf(&self, run: super::program::Run<R>, slot: u8) -> Node<R> {
        Node { run, slots: [slot, 0, 0, 0], left: 0, right: 0 }
    }

    fn above(&mut self, run: super::program::Run<R>, below: &Term<'_, R>) -> Node<R> {
        Node { run, slots: [0; 4], left: self.term(below), right: 0 }
    }

    /// The entries of a list of arguments, and how many they are.
    fn list(&mut self, arguments: &[Term<'_, R>]) -> (u16, u8) {
        let first = u16::try_from(self.used).unwrap_or(u16::MAX);
        for _ in arguments {
            self.push();
        }
        for (entry, argument) in (first..).zip(arguments) {
            let left = self.term(argument);
            self.set(entry, Node { run: Shapes::ENTRY, slots: [0; 4], left, right: 0 });
        }
        (first, u8::try_from(arguments.len()).unwrap_or(u8::MAX))
    }

    fn two(&mut self, index: u16, op: Op2, left: &Term<'_, R>, right: &Term<'_, R>) -> Node<R> {
        let special = match op {
            Op2::Pow => self.power(left, right),
            Op2::And | Op2::Or => self.compared(op, left, right),
            op if op.is_arithmetic() => self.fused(op, left, right),
            _ => None,
        };
        if let Some(node) = special {
            return node;
        }
        // What is in a slot may be read after the other operand.
        let (op, left, right) = match op.mirrored() {
            Some(op) if left.is_leaf() || right.is_leaf() => (op, right, left),
            _ => (op, left, right),
        };
        let (x, y) = match Shapes::<R>::takes_slots(op) {
            true => (self.slot(left), self.slot(right)),
            false => (None, None),
        };
        let run = Shapes::two(op, x.is_some(), y.is_some());
        let node = Node {
            run,
            slots: [x.unwrap_or(0), y.unwrap_or(0), 0, 0],
            left: if x.is_none() { self.term(left) } else { 0 },
            right: if y.is_none() { self.term(right) } else { 0 },
        };
        debug_assert!(x.is_some() || node.left > index, "a child stands behind its parent");
        node
    }

    /// Squares, and roots as powers.
    fn power(&mut self, base: &Term<'_, R>, exponent: &Term<'_, R>) -> Option<Node<R>> {
        let Term::Constant(exponent) = *exponent else { return None };
        if exponent == R::ONE + R::ONE {
            if let Some(slot) = self.slot(base) {
                let run = Shapes::two(Op2::Mul, true, true);
                return Some(Node { run, slots: [slot, slot, 0, 0], left: 0, right: 0 });
            }
            return Some(match self.pair(base) {
                Some(Pair(a, x, y)) => {
                    Node { run: Shapes::square_ss(a), slots: [x, y, 0, 0], left: 0, right: 0 }
                }
                None => self.above(Shapes::SQUARE_N, base),
            });
        }
        (exponent == R::from_f64(0.5)).then(|| self.above(Shapes::ROOT_N, base))
    }

    fn compared(&mut self, op: Op2, left: &Term<'_, R>, right: &Term<'_, R>) -> Option<Node<R>> {
        let mut comparison = |term: &Term<'_, R>| match term {
            Term::Two { op, operands: [x, y], .. } if op.is_comparison() => {
                let (x, y) = (self.slot(x)?, self.slot(y)?);
                Some(op.mirrored().map_or((*op, x, y), |op| (op, y, x)))
            }
            _ => None,
        };
        let ((a, x, y), (b, z, w)) = (comparison(left)?, comparison(right)?);
        let run = Shapes::compared(op == Op2::And, a, b);
        Some(Node { run, slots: [x, y, z, w], left: 0, right: 0 })
    }

    /// Two or three operators of arithmetic in one node.
    fn fused(&mut self, op: Op2, left: &Term<'_, R>, right: &Term<'_, R>) -> Option<Node<R>> {
        let none = |run, slots| Some(Node { run, slots, left: 0, right: 0 });
        if let Some(Pair(a, x, y)) = self.pair(left) {
            if let Some(z) = self.slot(right) {
                return none(Shapes::fused(Fused::SsS, a, op), [x, y, z, 0]);
            }
            if let Some(Pair(b, z, w)) = self.pair(right) {
                if let Some(run) = Shapes::ss_ss(a, b, op) {
                    return none(run, [x, y, z, w]);
                }
            }
            let node = Node {
                run: Shapes::fused(Fused::SsN, a, op),
                slots: [x, y, 0, 0],
                left: 0,
                right: self.term(right),
            };
            return Some(node);
        }
        if let Some(Pair(a, y, z)) = self.pair(right) {
            if let Some(x) = self.slot(left) {
                return none(Shapes::fused(Fused::SSs, a, op), [x, y, z, 0]);
            }
            let run = Shapes::fused(Fused::NSs, a, op);
            return Some(Node { slots: [y, z, 0, 0], ..self.above(run, left) });
        }
        if right.is_leaf() {
            return self.chained(op, left, right);
        }
        let Term::Two { op: b, operands: [inner, last], .. } = right else { return None };
        if !b.is_arithmetic() || left.is_leaf() {
            return None;
        }
        let Pair(a, x, y) = self.pair(inner)?;
        let run = Shapes::n_ss_s(a, *b, op)?;
        let z = self.slot(last)?;
        Some(Node { slots: [x, y, z, 0], ..self.above(run, left) })
    }

    /// A sum of a slot and what has another slot on its right.
    fn chained(&mut self, op: Op2, left: &Term<'_, R>, right: &Term<'_, R>) -> Option<Node<R>> {
        let Term::Two { op: a, operands: [inner, middle], .. } = left else { return None };
        if !a.is_arithmetic() {
            return None;
        }
        let run = Shapes::ns_s(*a, op)?;
        let slots = [self.slot(middle)?, self.slot(right)?, 0, 0];
        Some(Node { slots, ..self.above(run, inner) })
    }

    /// Tells every call where its function begins, and how large its window is.
    fn connect(&mut self, places: &[u16], functions: &[Recursive<'_, R>]) {
        let mut call = self.last_call;
        while let Some(node) = self.nodes.get_mut(usize::from(call)).filter(|_| call != NO_CALL) {
            call = node.left;
            let function = usize::from(node.slots[2]);
            node.left = places.get(function).copied().unwrap_or(0);
            node.slots[1] = functions.get(function).map_or(0, |function| function.window);
        }
    }
}
