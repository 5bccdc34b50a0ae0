//! A scope in a scope, with an object in each: entered and left.

use core::alloc::Layout;

use arraypool::Arena;

use crate::arenas::{BumpScope, Object};
use crate::measure::Contender;
use crate::memory::contender;
use crate::subjects::keep;

/// Outer scopes in one pass, each with an inner one.
const OUTER: u64 = 2000;
/// Scopes that are entered and left in one pass.
pub(crate) const OPERATIONS: usize = 2 * OUTER as usize;
/// The sum of what the objects of one pass say.
pub(crate) const ANSWER: u64 = OUTER * (OUTER - 1) + OUTER;

pub(crate) fn all() -> Vec<Contender> {
    let arena = Arena::with_capacity(1 << 16);
    let mut bump = BumpScope::with_capacity(Layout::new::<[Object; 2048]>());
    vec![
        contender("arena", move || (0..OUTER).map(|value| ours(&arena, value)).sum()),
        contender("bump-scope", move || (0..OUTER).map(|value| theirs(&mut bump, value)).sum()),
    ]
}

#[inline(always)]
fn ours(arena: &Arena<'_>, value: u64) -> u64 {
    arena.scope(|outer| {
        let one = outer.alloc(Object::of(value));
        keep(one);
        let other = outer.scope(|inner| {
            let other = inner.alloc(Object::of(value + 1));
            keep(other);
            other.0[0]
        });
        one.0[0] + other
    })
}

#[inline(always)]
fn theirs(bump: &mut BumpScope, value: u64) -> u64 {
    bump.scoped(|outer| {
        let one = outer.alloc(Object::of(value)).into_mut();
        let one = keep_and_read(one);
        let other = outer.scoped(|inner| {
            let other = inner.alloc(Object::of(value + 1)).into_mut();
            keep(other);
            other.0[0]
        });
        one + other
    })
}

/// What the object says. (Its reference would hold the scope that goes on.)
#[inline(always)]
fn keep_and_read(object: &mut Object) -> u64 {
    keep(object);
    object.0[0]
}
