//! Identifiers that an interner has seen before.

use arraypool::{Arena, Interner};
use string_interner::DefaultStringInterner;

use crate::measure::Contender;
use crate::memory::contender;

/// Different identifiers.
const NAMES: usize = 5000;
/// Look-ups in one pass, every one a hit.
pub(crate) const OPERATIONS: usize = 20_000;
/// The sum of the numbers that the names have.
pub(crate) const ANSWER: u64 = {
    let (mut sum, mut i) = (0, 0);
    while i < OPERATIONS {
        sum += (i * 7 % NAMES) as u64;
        i += 1;
    }
    sum
};

/// Names as programs have them: 2 to 25 characters, some of which begin alike.
fn names() -> Vec<String> {
    let words = ["i", "get", "set_value", "node", "parse_expression", "Tree", "x", "token"];
    (0..NAMES).map(|i| format!("{}_{}", words[i % words.len()], i * i % 99_991)).collect()
}

pub(crate) fn all() -> Vec<Contender> {
    let all = names();
    // Names that are equal would have one number.
    assert_eq!(all.iter().collect::<alloc::collections::BTreeSet<_>>().len(), NAMES);
    let asked: Vec<String> = (0..OPERATIONS).map(|i| all[i * 7 % NAMES].clone()).collect();
    let arena: &'static Arena<'static> = Box::leak(Box::new(Arena::new()));
    let mut ours = Interner::new_in(arena);
    let mut theirs: DefaultStringInterner = DefaultStringInterner::new();
    for name in &all {
        ours.intern(name);
        theirs.get_or_intern(name);
    }
    let same = asked.clone();
    vec![
        contender("interner", move || {
            asked.iter().map(|name| ours.intern(name).index() as u64).sum()
        }),
        contender("string-interner", move || {
            use string_interner::Symbol;
            same.iter().map(|name| theirs.get_or_intern(name).to_usize() as u64).sum()
        }),
    ]
}
