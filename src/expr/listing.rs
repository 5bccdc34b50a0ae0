//! A program as a text, which reads as an expression.

use core::fmt::{self, Display, Formatter};

use super::frame::Frame;
use super::operator::Op2;
use super::print::{Call, Number, One, Two};
use super::program::{CALLED_BITS, Node};
use super::real::Real;
use super::shape::{Form, Fused, Shape};
use crate::pool::ReleaseStrategy;

/// A program's nodes, and the frame whose slots they name.
pub(super) struct Listing<'p, 'm, R: Real, S: ReleaseStrategy> {
    pub(super) nodes: &'p [Node<R>],
    pub(super) frame: &'p Frame<'m, R, S>,
}

/// The expression; functions that recurse, each in a line of its own.
impl<R: Real, S: ReleaseStrategy> Display for Listing<'_, '_, R, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        At(self, 0).fmt(f)?;
        // One whose calls were folded away has no line.
        for number in 0..1 << CALLED_BITS {
            let is_it = |node: &&Node<R>| node.shape == Shape::CALL && node.called() == number;
            let Some(call) = self.nodes.iter().find(is_it) else { continue };
            write!(f, "\nf{number}/{}: {}", call.slots[0], At(self, call.left))?;
        }
        Ok(())
    }
}

/// The node of this number.
struct At<'l, 'p, 'm, R: Real, S: ReleaseStrategy>(&'l Listing<'p, 'm, R, S>, u16);

/// A slot of the frame: a constant's number, or its name.
struct Slot<'l, 'p, 'm, R: Real, S: ReleaseStrategy>(&'l Listing<'p, 'm, R, S>, u8);

impl<R: Real, S: ReleaseStrategy> Display for Slot<'_, '_, '_, R, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.frame.constant_at(self.1) {
            Some(value) => Number(value).fmt(f),
            None => write!(f, "s{}", self.1),
        }
    }
}

impl<R: Real, S: ReleaseStrategy> Display for At<'_, '_, '_, R, S> {
    /// As deep as the program.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(all, index) = *self;
        let Some(node) = all.nodes.get(usize::from(index)) else { return Err(fmt::Error) };
        let [x, y, z] = node.slots.map(|slot| Slot(all, slot));
        let (left, right) = (At(all, node.left), At(all, node.right));
        let two = R::ONE + R::ONE;
        match node.shape.form() {
            Form::One(op, true) => One(op, x).fmt(f),
            Form::One(op, false) => One(op, left).fmt(f),
            Form::Two(op, true, true) => Two(op, x, y).fmt(f),
            Form::Two(op, true, false) => Two(op, x, right).fmt(f),
            Form::Two(op, false, true) => Two(op, left, y).fmt(f),
            Form::Two(op, false, false) => Two(op, left, right).fmt(f),
            Form::SquareSs(a) => Two(Op2::Pow, Two(a, x, y), Number(two)).fmt(f),
            Form::Fused(Fused::SsS, a, b) => Two(b, Two(a, x, y), z).fmt(f),
            Form::Fused(Fused::SSs, a, b) => Two(b, x, Two(a, y, z)).fmt(f),
            Form::Fused(Fused::NSs, a, b) => Two(b, left, Two(a, x, y)).fmt(f),
            Form::Fused(Fused::SsN, a, b) => Two(b, Two(a, x, y), right).fmt(f),
            Form::NsS(a, b) => Two(b, Two(a, left, x), y).fmt(f),
            Form::SsSs(a, b, c) | Form::Compared(c, a, b) => {
                let [w, _] = node.left.to_le_bytes();
                Two(c, Two(a, x, y), Two(b, z, Slot(all, w))).fmt(f)
            }
            Form::NSsS(a, b, c) => Two(c, left, Two(b, Two(a, x, y), z)).fmt(f),
            Form::Native => {
                write!(f, "n{}{}", node.right, all.list(node.left, node.slots[0]))
            }
            Form::Other(shape) => all.other(node, shape, f),
        }
    }
}

impl<R: Real, S: ReleaseStrategy> Listing<'_, '_, R, S> {
    /// The arguments of a call, whose entries begin at a node.
    fn list(&self, first: u16, count: u8) -> impl Display {
        let entries = self.nodes.get(usize::from(first)..).unwrap_or_default();
        let entries = entries.iter().take(usize::from(count));
        Call(entries.map(|entry| At(self, entry.left)))
    }

    /// A node without operators.
    fn other(&self, node: &Node<R>, shape: Shape, f: &mut Formatter<'_>) -> fmt::Result {
        let (x, [slot, high, _]) = (Slot(self, node.slots[0]), node.slots);
        let (left, right) = (At(self, node.left), At(self, node.right));
        match shape {
            Shape::LOAD => x.fmt(f),
            Shape::LITERAL => Number(node.literal(self.nodes)).fmt(f),
            Shape::LOAD_LOCAL => write!(f, "w{slot}"),
            Shape::CONDITIONAL => {
                let condition = At(self, u16::from_le_bytes([slot, high]));
                write!(f, "({condition} ? {left} : {right})")
            }
            Shape::SQUARE_N => Two(Op2::Pow, left, Number(R::ONE + R::ONE)).fmt(f),
            Shape::ROOT_N => Two(Op2::Pow, left, Number(R::from_f64(0.5))).fmt(f),
            Shape::INDEX => write!(f, "t{}[{left}]", node.right),
            Shape::INDEX_S => write!(f, "t{}[{x}]", node.right),
            Shape::SET => write!(f, "let(s{slot}, {left}, {right})"),
            Shape::SET_LOCAL => write!(f, "let(w{slot}, {left}, {right})"),
            Shape::CALL => write!(f, "f{}{}", node.called(), self.list(node.right, slot)),
            _ => Err(fmt::Error),
        }
    }
}
