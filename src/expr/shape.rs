//! The shapes that nodes have: what a node does, and what its operands are, as a number.
//!
//! `S` is a slot, `N` a node. What a shape is called lists its operands from left
//! to right: `SN` is a slot and a node. A lower case letter in a formula is an
//! operator of arithmetic.

use super::operator::{OP1, OP2, Op1, Op2};

/// Numbers of shapes, of which a few are left: as many as a byte can tell apart,
/// so that no look-up of one needs a check.
pub(super) const SHAPES: usize = 256;

/// What a node does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u8);

/// Operators of arithmetic, comparisons, and those that have functions for
/// operands in slots: the first of [`OP2`].
const SUMS: u8 = 4;
const COMPARISONS: u8 = 4;
const QUICK: u8 = 13;
const ONES: u8 = 21;
const TWOS: u8 = 22;

const _: () = assert!(OP1.len() == ONES as usize && OP2.len() == TWOS as usize);
const _: () = assert!(Op2::Div as u8 == SUMS - 1 && Op2::Less as u8 == SUMS);
const _: () = assert!(Op2::Atan2 as u8 == QUICK - 1 && Op2::Second as u8 == TWOS - 1);
const _: () = assert!(Shape::ENTRY.0 == 249);

/// Shapes of two operators of arithmetic.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fused {
    /// `(s a s) b s`
    SsS,
    /// `s b (s a s)`
    SSs,
    /// `n b (s a s)`
    NSs,
    /// `(s a s) b n`
    SsN,
}

impl Shape {
    // Those with operators: the first of each.
    pub(super) const ONE_S: Self = Self(0);
    pub(super) const ONE_N: Self = Self::ONE_S.after(ONES);
    pub(super) const TWO_SS: Self = Self::ONE_N.after(ONES);
    pub(super) const TWO_SN: Self = Self::TWO_SS.after(QUICK);
    pub(super) const TWO_NS: Self = Self::TWO_SN.after(QUICK);
    pub(super) const TWO_NN: Self = Self::TWO_NS.after(QUICK);
    pub(super) const AND: Self = Self::TWO_NN.after(Op2::And as u8);
    pub(super) const SQUARE_SS: Self = Self::TWO_NN.after(TWOS);
    pub(super) const SS_S: Self = Self::SQUARE_SS.after(SUMS);
    pub(super) const S_SS: Self = Self::SS_S.after(SUMS * SUMS);
    pub(super) const N_SS: Self = Self::S_SS.after(SUMS * SUMS);
    pub(super) const SS_N: Self = Self::N_SS.after(SUMS * SUMS);
    pub(super) const NS_S: Self = Self::SS_N.after(SUMS * SUMS);
    pub(super) const SS_SS: Self = Self::NS_S.after(2 * SUMS);
    pub(super) const N_SS_S: Self = Self::SS_SS.after(4 * SUMS);
    pub(super) const ALL: Self = Self::N_SS_S.after(2 * SUMS);
    pub(super) const ANY: Self = Self::ALL.after(COMPARISONS * COMPARISONS);
    /// With up to 4, 16 and 255 arguments.
    pub(super) const NATIVE: Self = Self::ANY.after(COMPARISONS * COMPARISONS);
    // Those without.
    pub(super) const LOAD: Self = Self::NATIVE.after(3);
    pub(super) const LITERAL: Self = Self::LOAD.after(1);
    pub(super) const CONDITIONAL: Self = Self::LOAD.after(2);
    pub(super) const SQUARE_N: Self = Self::LOAD.after(3);
    pub(super) const ROOT_N: Self = Self::LOAD.after(4);
    pub(super) const INDEX: Self = Self::LOAD.after(5);
    pub(super) const INDEX_S: Self = Self::LOAD.after(6);
    pub(super) const SET: Self = Self::LOAD.after(7);
    pub(super) const LOAD_LOCAL: Self = Self::LOAD.after(8);
    pub(super) const SET_LOCAL: Self = Self::LOAD.after(9);
    pub(super) const CALL: Self = Self::LOAD.after(10);
    pub(super) const ENTRY: Self = Self::LOAD.after(11);

    const fn after(self, count: u8) -> Self {
        Self(self.0 + count)
    }

    #[inline(always)]
    pub(super) const fn number(self) -> usize {
        self.0 as usize
    }

    pub(super) fn one(op: Op1, is_slot: bool) -> Self {
        let first = if is_slot { Self::ONE_S } else { Self::ONE_N };
        first.after(op as u8)
    }

    /// Whether an operator has functions for operands in slots.
    pub(super) fn takes_slots(op: Op2) -> bool {
        (op as u8) < QUICK
    }

    /// Two operands, each of which is a slot or a node: slots only of operators
    /// that [take them](Self::takes_slots).
    pub(super) fn two(op: Op2, left_is_slot: bool, right_is_slot: bool) -> Self {
        let first = match (left_is_slot, right_is_slot) {
            (true, true) => Self::TWO_SS,
            (true, false) => Self::TWO_SN,
            (false, true) => Self::TWO_NS,
            (false, false) => Self::TWO_NN,
        };
        first.after(op as u8)
    }

    /// A square of two slots' sum, difference, product or quotient.
    pub(super) fn square_ss(a: Op2) -> Self {
        Self::SQUARE_SS.after(a as u8 % SUMS)
    }

    /// Two operators of arithmetic, the inner one first.
    pub(super) fn fused(shape: Fused, a: Op2, b: Op2) -> Self {
        let first = Self::SS_S.after(shape as u8 * SUMS * SUMS);
        first.after(b as u8 % SUMS * SUMS + a as u8 % SUMS)
    }

    /// `(n a s) b s`, if it is a sum: a step of Horner's scheme is one.
    pub(super) fn ns_s(a: Op2, b: Op2) -> Option<Self> {
        is_sum(b).then(|| Self::NS_S.after(b as u8 * SUMS + a as u8 % SUMS))
    }

    /// `(s a s) c (s b s)`, if it is a sum of products or a product of sums.
    pub(super) fn ss_ss(a: Op2, b: Op2, c: Op2) -> Option<Self> {
        let is_common = is_sum(a) == is_sum(b) && is_sum(a) != is_sum(c);
        is_common.then(|| Self::SS_SS.after(triple(a, b, c)))
    }

    /// `n c ((s a s) b s)`, if it is a sum, and that a product.
    pub(super) fn n_ss_s(a: Op2, b: Op2, c: Op2) -> Option<Self> {
        let is_common = is_sum(c) && !is_sum(a) && !is_sum(b);
        is_common.then(|| Self::N_SS_S.after(triple(a, b, c)))
    }

    /// Two comparisons of slots, of which all or any have to hold. They are of
    /// those that have no [mirrored](Op2::mirrored) one.
    pub(super) fn compared(all: bool, a: Op2, b: Op2) -> Self {
        let number = |op: Op2| (op as u8).wrapping_sub(SUMS) % COMPARISONS;
        let first = if all { Self::ALL } else { Self::ANY };
        first.after(number(a) * COMPARISONS + number(b))
    }

    /// A native function of so many arguments.
    pub(super) fn native(count: usize) -> Self {
        match count {
            0..=4 => Self::NATIVE,
            5..=16 => Self::NATIVE.after(1),
            _ => Self::NATIVE.after(2),
        }
    }
}

/// Whether an operator of arithmetic is `+` or `-`.
fn is_sum(op: Op2) -> bool {
    (op as u8) < 2
}

fn triple(a: Op2, b: Op2, c: Op2) -> u8 {
    c as u8 % SUMS * 4 + b as u8 % 2 * 2 + a as u8 % 2
}

/// A shape with its operators, taken apart to be shown.
pub(super) enum Form {
    One(Op1, bool),
    Two(Op2, bool, bool),
    SquareSs(Op2),
    Fused(Fused, Op2, Op2),
    NsS(Op2, Op2),
    SsSs(Op2, Op2, Op2),
    NSsS(Op2, Op2, Op2),
    Compared(Op2, Op2, Op2),
    Native,
    /// One without operators.
    Other(Shape),
}

impl Shape {
    /// What the shape's number was made of.
    pub(super) fn form(self) -> Form {
        let two = |number: u8| OP2.get(usize::from(number)).copied().unwrap_or(Op2::Second);
        // The number within the shapes that begin with `first`.
        let within =
            |first: Self, end: Self| (first.0..end.0).contains(&self.0).then(|| self.0 - first.0);
        let grid = |number: u8| (two(number % SUMS), two(number / SUMS % SUMS));
        // Sums of products, or products of sums.
        let three = |number: u8| {
            let inner = if number / SUMS < 2 { 2 } else { 0 };
            (two(inner + number % 2), two(inner + number / 2 % 2), two(number / SUMS))
        };
        let compared =
            |number: u8| (two(SUMS + number / COMPARISONS), two(SUMS + number % COMPARISONS));
        if let Some(number) = within(Self::ONE_S, Self::TWO_SS) {
            let op = OP1.get(usize::from(number % ONES)).copied().unwrap_or(Op1::Neg);
            return Form::One(op, number < ONES);
        }
        let twos = [
            (Self::TWO_SS, Self::TWO_SN, true, true),
            (Self::TWO_SN, Self::TWO_NS, true, false),
            (Self::TWO_NS, Self::TWO_NN, false, true),
            (Self::TWO_NN, Self::SQUARE_SS, false, false),
        ];
        for (first, end, left_is_slot, right_is_slot) in twos {
            if let Some(number) = within(first, end) {
                return Form::Two(two(number), left_is_slot, right_is_slot);
            }
        }
        let fused = [
            (Self::SS_S, Fused::SsS),
            (Self::S_SS, Fused::SSs),
            (Self::N_SS, Fused::NSs),
            (Self::SS_N, Fused::SsN),
        ];
        for (first, shape) in fused {
            if let Some(number) = within(first, first.after(SUMS * SUMS)) {
                let (a, b) = grid(number);
                return Form::Fused(shape, a, b);
            }
        }
        if let Some(number) = within(Self::SQUARE_SS, Self::SS_S) {
            Form::SquareSs(two(number))
        } else if let Some(number) = within(Self::NS_S, Self::SS_SS) {
            let (a, b) = grid(number);
            Form::NsS(a, b)
        } else if let Some(number) = within(Self::SS_SS, Self::N_SS_S) {
            let (a, b, c) = three(number);
            Form::SsSs(a, b, c)
        } else if let Some(number) = within(Self::N_SS_S, Self::ALL) {
            let (a, b, c) = three(number);
            Form::NSsS(a, b, c)
        } else if let Some(number) = within(Self::ALL, Self::ANY) {
            let (a, b) = compared(number);
            Form::Compared(Op2::And, a, b)
        } else if let Some(number) = within(Self::ANY, Self::NATIVE) {
            let (a, b) = compared(number);
            Form::Compared(Op2::Or, a, b)
        } else if within(Self::NATIVE, Self::LOAD).is_some() {
            Form::Native
        } else {
            Form::Other(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_what_it_was_made_of() {
        let sums = &OP2[..usize::from(SUMS)];
        let comparisons = &OP2[usize::from(SUMS)..usize::from(SUMS + COMPARISONS)];
        let mut seen = [false; SHAPES];
        let mut see = |shape: Shape| assert!(!core::mem::replace(&mut seen[shape.number()], true));
        for &op in OP1 {
            for is_slot in [true, false] {
                let shape = Shape::one(op, is_slot);
                assert!(matches!(shape.form(), Form::One(x, y) if (x, y) == (op, is_slot)));
                see(shape);
            }
        }
        for &op in OP2 {
            for (x, y) in [(true, true), (true, false), (false, true), (false, false)] {
                if Shape::takes_slots(op) || !(x || y) {
                    let shape = Shape::two(op, x, y);
                    assert!(matches!(shape.form(), Form::Two(a, b, c) if (a, b, c) == (op, x, y)));
                    see(shape);
                }
            }
        }
        for &a in sums {
            let shape = Shape::square_ss(a);
            assert!(matches!(shape.form(), Form::SquareSs(x) if x == a));
            see(shape);
            for &b in sums {
                for fused in [Fused::SsS, Fused::SSs, Fused::NSs, Fused::SsN] {
                    let shape = Shape::fused(fused, a, b);
                    let Form::Fused(kind, x, y) = shape.form() else { panic!("{a:?} {b:?}") };
                    assert_eq!((kind as u8, x, y), (fused as u8, a, b));
                    see(shape);
                }
                if let Some(shape) = Shape::ns_s(a, b) {
                    assert!(matches!(shape.form(), Form::NsS(x, y) if (x, y) == (a, b)));
                    see(shape);
                }
                for &c in sums {
                    if let Some(shape) = Shape::ss_ss(a, b, c) {
                        assert!(
                            matches!(shape.form(), Form::SsSs(x, y, z) if (x, y, z) == (a, b, c))
                        );
                        see(shape);
                    }
                    if let Some(shape) = Shape::n_ss_s(a, b, c) {
                        assert!(
                            matches!(shape.form(), Form::NSsS(x, y, z) if (x, y, z) == (a, b, c))
                        );
                        see(shape);
                    }
                }
            }
        }
        for &a in comparisons {
            for &b in comparisons {
                for (all, op) in [(true, Op2::And), (false, Op2::Or)] {
                    let shape = Shape::compared(all, a, b);
                    assert!(
                        matches!(shape.form(), Form::Compared(x, y, z) if (x, y, z) == (op, a, b))
                    );
                    see(shape);
                }
            }
        }
        assert_eq!(seen.iter().filter(|seen| **seen).count(), Shape::NATIVE.number());
    }
}
