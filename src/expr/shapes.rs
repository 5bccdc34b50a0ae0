//! The functions that evaluate nodes: one for each operator and shape of operands.
//!
//! `S` is a slot, `N` a node. What a shape is called lists its operands from left
//! to right: `SN` is a slot and a node.

use super::failure::Failure;
use super::frame::Slots;
use super::operator::{OP1, OP2, Op1, Op2};
use super::program::{Node, Run, World};
use super::real::Real;

#[inline(always)]
fn slot<R: Real>(slots: &Slots<R>, slot: u8) -> R {
    slots[usize::from(slot)].get()
}

#[inline(always)]
fn one<R: Real, const OP: u8>(x: R, world: &World<'_, R>) -> R {
    let op = const { OP1[OP as usize] };
    match op.apply(x) {
        Ok(value) => value,
        Err(failure) => world.fail(failure),
    }
}

#[inline(always)]
fn two<R: Real, const OP: u8>(x: R, y: R, world: &World<'_, R>) -> R {
    let op = const { OP2[OP as usize] };
    match op.apply(x, y) {
        Ok(value) => value,
        Err(failure) => world.fail(failure),
    }
}

/// An operator that cannot fail.
#[inline(always)]
fn plain<R: Real, const OP: u8>(x: R, y: R) -> R {
    let op = const { OP2[OP as usize] };
    match op.apply(x, y) {
        Ok(value) => value,
        Err(_) => R::NAN,
    }
}

fn load<R: Real>(node: &Node<R>, slots: &Slots<R>, _: &World<'_, R>) -> R {
    slot(slots, node.slots[0])
}

/// A number that stands in the node itself.
fn literal<R: Real>(node: &Node<R>, _: &Slots<R>, _: &World<'_, R>) -> R {
    let low = u64::from(u32::from_le_bytes(node.slots));
    R::from_bits(low | u64::from(node.left) << 32 | u64::from(node.right) << 48)
}

/// A node that is `value`.
#[allow(clippy::cast_possible_truncation, reason = "the bits are taken apart")]
pub(super) fn literal_node<R: Real>(value: R) -> Node<R> {
    let bits = value.to_bits();
    let slots = (bits as u32).to_le_bytes();
    Node { run: literal, slots, left: (bits >> 32) as u16, right: (bits >> 48) as u16 }
}

fn one_s<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    one::<R, OP>(slot(slots, node.slots[0]), world)
}

fn one_n<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    one::<R, OP>(world.run(node.left, slots), world)
}

fn two_ss<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    two::<R, OP>(slot(slots, node.slots[0]), slot(slots, node.slots[1]), world)
}

fn two_sn<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let right = world.run(node.right, slots);
    two::<R, OP>(slot(slots, node.slots[0]), right, world)
}

fn two_ns<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    two::<R, OP>(world.run(node.left, slots), slot(slots, node.slots[1]), world)
}

fn two_nn<R: Real, const OP: u8>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let left = world.run(node.left, slots);
    two::<R, OP>(left, world.run(node.right, slots), world)
}

/// `(s a s) b s`.
fn ss_s<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    _: &World<'_, R>,
) -> R {
    let [x, y, z, _] = node.slots;
    plain::<R, B>(plain::<R, A>(slot(slots, x), slot(slots, y)), slot(slots, z))
}

/// `s b (s a s)`.
fn s_ss<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    _: &World<'_, R>,
) -> R {
    let [x, y, z, _] = node.slots;
    plain::<R, B>(slot(slots, x), plain::<R, A>(slot(slots, y), slot(slots, z)))
}

/// `n b (s a s)`.
fn n_ss<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    world: &World<'_, R>,
) -> R {
    let [x, y, ..] = node.slots;
    let left = world.run(node.left, slots);
    plain::<R, B>(left, plain::<R, A>(slot(slots, x), slot(slots, y)))
}

/// `(s a s) b n`.
fn ss_n<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    world: &World<'_, R>,
) -> R {
    let [x, y, ..] = node.slots;
    let right = world.run(node.right, slots);
    plain::<R, B>(plain::<R, A>(slot(slots, x), slot(slots, y)), right)
}

/// `(n a s) b s`.
fn ns_s<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    world: &World<'_, R>,
) -> R {
    let [x, y, ..] = node.slots;
    let left = plain::<R, A>(world.run(node.left, slots), slot(slots, x));
    plain::<R, B>(left, slot(slots, y))
}

/// `(s a s) c (s b s)`.
fn ss_ss<R: Real, const A: u8, const B: u8, const C: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    _: &World<'_, R>,
) -> R {
    let [x, y, z, w] = node.slots;
    let left = plain::<R, A>(slot(slots, x), slot(slots, y));
    plain::<R, C>(left, plain::<R, B>(slot(slots, z), slot(slots, w)))
}

/// `n c ((s a s) b s)`.
fn n_ss_s<R: Real, const A: u8, const B: u8, const C: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    world: &World<'_, R>,
) -> R {
    let [x, y, z, _] = node.slots;
    let left = world.run(node.left, slots);
    let right = plain::<R, A>(slot(slots, x), slot(slots, y));
    plain::<R, C>(left, plain::<R, B>(right, slot(slots, z)))
}

/// `(s a s) && (s b s)` and `||`, of comparisons: both sides are looked at.
fn compared<R: Real, const A: u8, const B: u8, const ALL: bool>(
    node: &Node<R>,
    slots: &Slots<R>,
    _: &World<'_, R>,
) -> R {
    let [x, y, z, w] = node.slots;
    let left = const { OP2[A as usize] }.holds(slot(slots, x), slot(slots, y));
    let right = const { OP2[B as usize] }.holds(slot(slots, z), slot(slots, w));
    R::from_bool(if ALL { left & right } else { left | right })
}

fn and<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let holds = world.run(node.left, slots).is_true();
    R::from_bool(holds && world.run(node.right, slots).is_true())
}

fn or<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let holds = world.run(node.left, slots).is_true();
    R::from_bool(holds || world.run(node.right, slots).is_true())
}

fn second<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    world.run(node.left, slots);
    world.run(node.right, slots)
}

/// The condition stands right behind the node itself.
fn conditional<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let condition = u16::from_le_bytes([node.slots[0], node.slots[1]]);
    let holds = world.run(condition, slots).is_true();
    world.run(if holds { node.left } else { node.right }, slots)
}

/// A square, and a root as a power, of a node.
fn square_n<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let x = world.run(node.left, slots);
    x * x
}

fn square_ss<R: Real, const A: u8>(node: &Node<R>, slots: &Slots<R>, _: &World<'_, R>) -> R {
    let x = plain::<R, A>(slot(slots, node.slots[0]), slot(slots, node.slots[1]));
    x * x
}

fn root_n<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    world.run(node.left, slots).root()
}

fn index<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    element(world.run(node.left, slots), node.right, world)
}

fn index_s<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    element(slot(slots, node.slots[0]), node.right, world)
}

#[inline(always)]
fn element<R: Real>(index: R, array: u16, world: &World<'_, R>) -> R {
    let found = world.extents.get(usize::from(array)).and_then(|extent| {
        let index = index.to_index().filter(|index| *index < extent.length as usize)?;
        world.data.get(extent.start as usize + index)
    });
    match found {
        Some(element) => *element,
        None => world.fail(Failure::IndexOutOfRange),
    }
}

/// Arguments are listed behind the node: each entry's `left` is one.
fn native<R: Real, const N: usize>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let count = usize::from(node.slots[0]);
    let mut numbers = [R::ZERO; N];
    let list = usize::from(node.left);
    for (number, entry) in
        numbers.iter_mut().zip(world.nodes.get(list..).unwrap_or_default()).take(count)
    {
        *number = world.run(entry.left, slots);
    }
    match (world.natives.get(usize::from(node.right)), numbers.get(..count)) {
        (Some(native), Some(numbers)) => (native.function)(numbers),
        _ => R::NAN,
    }
}

fn set<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let value = world.run(node.left, slots);
    slots[usize::from(node.slots[0])].set(value);
    world.run(node.right, slots)
}

fn load_local<R: Real>(node: &Node<R>, _: &Slots<R>, world: &World<'_, R>) -> R {
    let index = world.base.get() + usize::from(node.slots[0]);
    world.stack.get(index).map_or(R::NAN, core::cell::Cell::get)
}

fn set_local<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let value = world.run(node.left, slots);
    let index = world.base.get() + usize::from(node.slots[0]);
    if let Some(cell) = world.stack.get(index) {
        cell.set(value);
    }
    world.run(node.right, slots)
}

/// A call of a function that recurses: a window of its own, filled with the
/// arguments, within the bounds.
fn call<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let [count, window, ..] = node.slots;
    // Behind the first failure nothing is worth a call, and there might be many.
    if world.failure.get().is_some() {
        return R::NAN;
    }
    let Some(calls) = world.calls.get().checked_sub(1) else {
        return world.fail(Failure::TooManyCalls);
    };
    world.calls.set(calls);
    let (base, start) = (world.base.get(), world.top.get());
    let depth = world.depth.get();
    let (Some(left), Some(cells)) =
        (depth.checked_sub(1), world.stack.get(start..start + usize::from(window)))
    else {
        return world.fail(Failure::TooDeep);
    };
    world.top.set(start + usize::from(window));
    let list = world.nodes.get(usize::from(node.right)..).unwrap_or_default();
    for (cell, entry) in cells.iter().zip(list).take(usize::from(count)) {
        cell.set(world.run(entry.left, slots));
    }
    world.depth.set(left);
    world.base.set(start);
    let value = world.run(node.left, slots);
    world.base.set(base);
    world.top.set(start);
    world.depth.set(depth);
    value
}

/// An entry of a list of arguments, which is not evaluated itself.
fn entry<R: Real>(_: &Node<R>, _: &Slots<R>, _: &World<'_, R>) -> R {
    R::NAN
}

/// Functions by operator and shape.
pub(super) struct Shapes<R>(core::marker::PhantomData<R>);

macro_rules! row {
    ($function:ident $($op:literal)+) => { [$($function::<R, $op>),+] };
}

macro_rules! rows {
    ($function:ident) => {
        [rows!(@ $function 0), rows!(@ $function 1), rows!(@ $function 2), rows!(@ $function 3)]
    };
    (@ $function:ident $b:literal) => {
        [$function::<R, 0, $b>, $function::<R, 1, $b>, $function::<R, 2, $b>, $function::<R, 3, $b>]
    };
}

/// Three operators, of which the last one binds looser than the others, or they
/// stand in parentheses: a sum of products, or a product of sums.
macro_rules! sums {
    ($function:ident $c:literal) => {
        [
            [$function::<R, 2, 2, $c>, $function::<R, 3, 2, $c>],
            [$function::<R, 2, 3, $c>, $function::<R, 3, 3, $c>],
        ]
    };
}

macro_rules! products {
    ($function:ident $c:literal) => {
        [
            [$function::<R, 0, 0, $c>, $function::<R, 1, 0, $c>],
            [$function::<R, 0, 1, $c>, $function::<R, 1, 1, $c>],
        ]
    };
}

macro_rules! comparisons {
    ($all:literal: $($a:literal)+) => {
        [$(comparisons!(@ $a $all)),+]
    };
    (@ $a:literal $all:literal) => {
        [compared::<R, $a, 4, $all>, compared::<R, $a, 5, $all>,
         compared::<R, $a, 6, $all>, compared::<R, $a, 7, $all>]
    };
}

/// Operators of arithmetic, and comparisons, which have tables of their own.
const SUMS: usize = 4;
const COMPARISONS: usize = 4;
/// Operators that have functions for operands in slots, and for any.
const QUICK: usize = 13;
const ANY_TWO: usize = 19;
const _: () = assert!(Op2::Div as usize == 3 && Op2::Less as usize == 4);
const _: () = assert!(Op2::Atan2 as usize == QUICK - 1 && Op2::And as usize == ANY_TWO);
const _: () = assert!(OP1.len() == 21 && OP2.len() == 22 && Op2::Second as usize == 21);

/// A table of three operators: the last, the second, the first.
type Triple<R, const N: usize> = [[[Run<R>; 2]; 2]; N];

impl<R: Real> Shapes<R> {
    pub(super) const LOAD: Run<R> = load;
    pub(super) const CONDITIONAL: Run<R> = conditional;
    pub(super) const INDEX: Run<R> = index;
    pub(super) const INDEX_S: Run<R> = index_s;
    pub(super) const SET: Run<R> = set;
    pub(super) const LOAD_LOCAL: Run<R> = load_local;
    pub(super) const SET_LOCAL: Run<R> = set_local;
    pub(super) const CALL: Run<R> = call;
    pub(super) const ENTRY: Run<R> = entry;
    pub(super) const SQUARE_N: Run<R> = square_n;
    pub(super) const ROOT_N: Run<R> = root_n;
    const ONE_S: [Run<R>; 21] = row!(one_s 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
    const ONE_N: [Run<R>; 21] = row!(one_n 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
    const TWO_SS: [Run<R>; QUICK] = row!(two_ss 0 1 2 3 4 5 6 7 8 9 10 11 12);
    const TWO_SN: [Run<R>; QUICK] = row!(two_sn 0 1 2 3 4 5 6 7 8 9 10 11 12);
    const TWO_NS: [Run<R>; QUICK] = row!(two_ns 0 1 2 3 4 5 6 7 8 9 10 11 12);
    const TWO_NN: [Run<R>; ANY_TWO] = row!(two_nn 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18);
    const SQUARE_SS: [Run<R>; SUMS] = row!(square_ss 0 1 2 3);
    const SS_S: [[Run<R>; SUMS]; SUMS] = rows!(ss_s);
    const S_SS: [[Run<R>; SUMS]; SUMS] = rows!(s_ss);
    const N_SS: [[Run<R>; SUMS]; SUMS] = rows!(n_ss);
    const SS_N: [[Run<R>; SUMS]; SUMS] = rows!(ss_n);
    const SS_SS: Triple<R, 4> =
        [sums!(ss_ss 0), sums!(ss_ss 1), products!(ss_ss 2), products!(ss_ss 3)];
    const NS_S: [[Run<R>; SUMS]; 2] = [rows!(@ ns_s 0), rows!(@ ns_s 1)];
    const N_SS_S: Triple<R, 2> = [sums!(n_ss_s 0), sums!(n_ss_s 1)];
    const ALL: [[Run<R>; COMPARISONS]; COMPARISONS] = comparisons!(true: 4 5 6 7);
    const ANY: [[Run<R>; COMPARISONS]; COMPARISONS] = comparisons!(false: 4 5 6 7);

    pub(super) fn one(op: Op1, is_slot: bool) -> Run<R> {
        let row = if is_slot { &Self::ONE_S } else { &Self::ONE_N };
        row[op as usize]
    }

    /// Whether an operator has functions for operands in slots.
    pub(super) fn takes_slots(op: Op2) -> bool {
        (op as usize) < QUICK
    }

    /// Two operands, each of which is a slot or a node: slots only of operators
    /// that [take them](Self::takes_slots).
    pub(super) fn two(op: Op2, left_is_slot: bool, right_is_slot: bool) -> Run<R> {
        let row: &[Run<R>] = match (op, left_is_slot, right_is_slot) {
            (Op2::And, _, _) => return and,
            (Op2::Or, _, _) => return or,
            (Op2::Second, _, _) => return second,
            (_, true, true) => &Self::TWO_SS,
            (_, true, false) => &Self::TWO_SN,
            (_, false, true) => &Self::TWO_NS,
            (_, false, false) => &Self::TWO_NN,
        };
        row[op as usize]
    }

    /// A square of two slots' sum, difference, product or quotient.
    pub(super) fn square_ss(a: Op2) -> Run<R> {
        Self::SQUARE_SS[a as usize % SUMS]
    }

    /// Two operators of arithmetic, the inner one first.
    pub(super) fn fused(shape: Fused, a: Op2, b: Op2) -> Run<R> {
        let table = match shape {
            Fused::SsS => &Self::SS_S,
            Fused::SSs => &Self::S_SS,
            Fused::NSs => &Self::N_SS,
            Fused::SsN => &Self::SS_N,
        };
        table[b as usize % SUMS][a as usize % SUMS]
    }

    /// `(n a s) b s`, if it is a sum: a step of Horner's scheme is one.
    pub(super) fn ns_s(a: Op2, b: Op2) -> Option<Run<R>> {
        Self::NS_S.get(b as usize).map(|row| row[a as usize % SUMS])
    }

    /// `(s a s) c (s b s)`, if it is a sum of products or a product of sums.
    pub(super) fn ss_ss(a: Op2, b: Op2, c: Op2) -> Option<Run<R>> {
        let is_common = is_sum(a) == is_sum(b) && is_sum(a) != is_sum(c);
        is_common.then(|| triple(&Self::SS_SS, a, b, c))?
    }

    /// `n c ((s a s) b s)`, if it is a sum, and that a product.
    pub(super) fn n_ss_s(a: Op2, b: Op2, c: Op2) -> Option<Run<R>> {
        let is_common = is_sum(c) && !is_sum(a) && !is_sum(b);
        is_common.then(|| triple(&Self::N_SS_S, a, b, c))?
    }

    /// Two comparisons of slots, of which all or any have to hold. They are of
    /// those that have no [mirrored](Op2::mirrored) one.
    pub(super) fn compared(all: bool, a: Op2, b: Op2) -> Run<R> {
        let table = if all { &Self::ALL } else { &Self::ANY };
        let row = |op: Op2| (op as usize).saturating_sub(SUMS) % COMPARISONS;
        table[row(a)][row(b)]
    }

    /// A native function of so many arguments.
    pub(super) fn native(count: usize) -> Run<R> {
        match count {
            0..=4 => native::<R, 4>,
            5..=16 => native::<R, 16>,
            _ => native::<R, 255>,
        }
    }
}

/// Whether an operator of arithmetic is `+` or `-`.
fn is_sum(op: Op2) -> bool {
    (op as usize) < 2
}

fn triple<R, const N: usize>(table: &Triple<R, N>, a: Op2, b: Op2, c: Op2) -> Option<Run<R>> {
    table.get(c as usize).map(|table| table[b as usize % 2][a as usize % 2])
}

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
