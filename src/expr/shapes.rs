//! The functions that evaluate nodes: one for each operator and shape of operands.
//!
//! `S` is a slot, `N` a node. What a shape is called lists its operands from left
//! to right: `SN` is a slot and a node.

use super::failure::Failure;
use super::frame::Slots;
use super::operator::{OP1, OP2};
use super::program::{CALLED_BITS, Node, Run, World};
use super::real::Real;
use super::shape::{SHAPES, Shape};

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

fn literal<R: Real>(node: &Node<R>, _: &Slots<R>, world: &World<'_, R>) -> R {
    node.literal(world.nodes)
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
    let [x, y, z] = node.slots;
    plain::<R, B>(plain::<R, A>(slot(slots, x), slot(slots, y)), slot(slots, z))
}

/// `s b (s a s)`.
fn s_ss<R: Real, const A: u8, const B: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    _: &World<'_, R>,
) -> R {
    let [x, y, z] = node.slots;
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
    let ([x, y, z], [w, _]) = (node.slots, node.left.to_le_bytes());
    let left = plain::<R, A>(slot(slots, x), slot(slots, y));
    plain::<R, C>(left, plain::<R, B>(slot(slots, z), slot(slots, w)))
}

/// `n c ((s a s) b s)`.
fn n_ss_s<R: Real, const A: u8, const B: u8, const C: u8>(
    node: &Node<R>,
    slots: &Slots<R>,
    world: &World<'_, R>,
) -> R {
    let [x, y, z] = node.slots;
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
    let ([x, y, z], [w, _]) = (node.slots, node.left.to_le_bytes());
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
        // Behind the first failure nothing is worth a call, which might do something.
        (Some(native), Some(numbers)) if world.failure.get().is_none() => {
            (native.function)(numbers)
        }
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
/// arguments, within the bounds. It has its window and counts while its arguments
/// are evaluated, too: so there are never more windows than calls.
fn call<R: Real>(node: &Node<R>, slots: &Slots<R>, world: &World<'_, R>) -> R {
    let [count, window, called] = node.slots;
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
    let (Some(left), Some(cells)) = (
        depth.checked_sub(u32::from(called >> CALLED_BITS) + 1),
        world.stack.get(start..start + usize::from(window)),
    ) else {
        return world.fail(Failure::TooDeep);
    };
    world.top.set(start + usize::from(window));
    world.depth.set(left);
    let list = world.nodes.get(usize::from(node.right)..).unwrap_or_default();
    for (cell, entry) in cells.iter().zip(list).take(usize::from(count)) {
        cell.set(world.run(entry.left, slots));
    }
    world.base.set(start);
    let value = world.run(node.left, slots);
    world.base.set(base);
    world.top.set(start);
    world.depth.set(depth);
    value
}

/// An entry of a list of arguments, which is not evaluated itself.
pub(super) fn entry<R: Real>(_: &Node<R>, _: &Slots<R>, _: &World<'_, R>) -> R {
    R::NAN
}

macro_rules! row {
    ($function:ident $($op:literal)+) => { [$($function::<R, $op> as Run<R>),+] };
}

/// The second operator changes slowest.
macro_rules! rows {
    ($function:ident: $($b:literal)+) => { rows!(@ $function $($b 0 $b 1 $b 2 $b 3)+) };
    (@ $function:ident $($b:literal $a:literal)+) => {
        [$($function::<R, $a, $b> as Run<R>),+]
    };
}

/// Three operators, of which the last one binds looser than the others, or they
/// stand in parentheses: a sum of products, or a product of sums.
macro_rules! triples {
    ($function:ident: $($c:literal $x:literal $y:literal)+) => {
        triples!(@ $function $($c $x $x $c $x $y $c $y $x $c $y $y)+)
    };
    (@ $function:ident $($c:literal $b:literal $a:literal)+) => {
        [$($function::<R, $a, $b, $c> as Run<R>),+]
    };
}

macro_rules! comparisons {
    ($all:literal: $($a:literal)+) => { comparisons!(@ $all $($a 4 $a 5 $a 6 $a 7)+) };
    (@ $all:literal $($a:literal $b:literal)+) => {
        [$(compared::<R, $a, $b, $all> as Run<R>),+]
    };
}

/// A table with a row of functions in it.
const fn with<R, const N: usize>(
    mut table: [Run<R>; SHAPES],
    first: Shape,
    row: [Run<R>; N],
) -> [Run<R>; SHAPES] {
    let mut index = 0;
    while index < N {
        table[first.number() + index] = row[index];
        index += 1;
    }
    table
}

/// Functions by shape.
pub(super) struct Shapes<R>(core::marker::PhantomData<R>);

impl<R: Real> Shapes<R> {
    /// The function of every shape; of what is none, one that may be called, too.
    pub(super) const FUNCTIONS: &'static [Run<R>; SHAPES] = &Self::table();

    const fn table() -> [Run<R>; SHAPES] {
        let table = [entry::<R> as Run<R>; SHAPES];
        let ones = row!(one_s 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
        let table = with(table, Shape::ONE_S, ones);
        let ones = row!(one_n 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
        let table = with(table, Shape::ONE_N, ones);
        let table = with(table, Shape::TWO_SS, row!(two_ss 0 1 2 3 4 5 6 7 8 9 10 11 12));
        let table = with(table, Shape::TWO_SN, row!(two_sn 0 1 2 3 4 5 6 7 8 9 10 11 12));
        let table = with(table, Shape::TWO_NS, row!(two_ns 0 1 2 3 4 5 6 7 8 9 10 11 12));
        let twos = row!(two_nn 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18);
        let table = with(table, Shape::TWO_NN, twos);
        let table = with(table, Shape::AND, [and::<R>, or::<R>, second::<R>]);
        let table = with(table, Shape::SQUARE_SS, row!(square_ss 0 1 2 3));
        let table = with(table, Shape::SS_S, rows!(ss_s: 0 1 2 3));
        let table = with(table, Shape::S_SS, rows!(s_ss: 0 1 2 3));
        let table = with(table, Shape::N_SS, rows!(n_ss: 0 1 2 3));
        let table = with(table, Shape::SS_N, rows!(ss_n: 0 1 2 3));
        let table = with(table, Shape::NS_S, rows!(ns_s: 0 1));
        let table = with(table, Shape::SS_SS, triples!(ss_ss: 0 2 3 1 2 3 2 0 1 3 0 1));
        let table = with(table, Shape::N_SS_S, triples!(n_ss_s: 0 2 3 1 2 3));
        let table = with(table, Shape::ALL, comparisons!(true: 4 5 6 7));
        let table = with(table, Shape::ANY, comparisons!(false: 4 5 6 7));
        let natives = [native::<R, 4> as Run<R>, native::<R, 16>, native::<R, 255>];
        let table = with(table, Shape::NATIVE, natives);
        let others: [Run<R>; 12] = [
            load,
            literal,
            conditional,
            square_n,
            root_n,
            index,
            index_s,
            set,
            load_local,
            set_local,
            call,
            entry,
        ];
        with(table, Shape::LOAD, others)
    }
}
