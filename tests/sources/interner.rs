//! Strings that are kept once.

use core::time::Duration;
use std::collections::HashMap;
use std::time::Instant;

use arraypool::{AllocError, Arena, Budget, Interner, Symbol};
use proptest::prelude::*;

use crate::support::{in_every_memory, rounds};

#[test]
fn equal_strings_have_one_symbol_and_one_place() {
    in_every_memory(|arena| {
        let mut names = Interner::new_in(arena);
        assert!(names.is_empty() && names.get("").is_none());
        let count = rounds(3000, 100);
        let made: Vec<Symbol> = (0..count).map(|i| names.intern(&format!("name{i}"))).collect();
        for (i, &symbol) in made.iter().enumerate() {
            let name = format!("name{i}");
            assert_eq!((names.intern(&name), names.get(&name)), (symbol, Some(symbol)));
            assert_eq!((names.resolve(symbol), symbol.index()), (Some(&*name), i));
        }
        assert_eq!(names.len(), count);
        let place = names.resolve(made[0]).unwrap().as_ptr();
        assert!(arena.owns(place));
        assert!(names.iter().map(|(symbol, _)| symbol).eq(made.iter().copied()));
        assert_eq!(names.resolve(made[0]).unwrap().as_ptr(), place);
    });
}

#[test]
fn a_symbol_has_four_bytes_and_so_has_none() {
    assert_eq!((size_of::<Symbol>(), size_of::<Option<Symbol>>()), (4, 4));
}

#[test]
fn a_hit_takes_no_memory() {
    let arena = Arena::new();
    let mut names = Interner::new_in(&arena);
    let words = ["", "a", "ab", "abc", "four", "seven77", "eight888", "a rather long identifier"];
    let symbols = words.map(|word| names.intern(word));
    let used = arena.used_bytes();
    for _ in 0..100 {
        assert_eq!(words.map(|word| names.intern(word)), symbols);
        assert!(names.get("not there").is_none());
    }
    assert_eq!(arena.used_bytes(), used);
}

#[test]
fn what_it_has_outgrown_goes_back_to_the_arena() {
    let arena = Arena::new();
    let mut names = Interner::new_in(&arena);
    for i in 0..rounds(10_000, 200) {
        names.intern(&format!("{i}"));
    }
    let strings = names.iter().map(|(_, text)| text.len().next_multiple_of(16)).sum::<usize>();
    let places = (names.len() * 2).next_power_of_two();
    let lists = places * 8 + places / 2 * size_of::<&str>();
    assert_eq!(arena.used_bytes(), strings + lists);
}

#[test]
fn a_string_that_does_not_fit_is_not_added() {
    let budget = Budget::new(12 * 1024);
    let arena = Arena::builder().budget(&budget).build();
    let mut names = Interner::new_in(&arena);
    let mut added = 0;
    let error = loop {
        match names.try_intern(&format!("a name of the number {added}")) {
            Ok(_) => added += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AllocError::OverBudget { .. }));
    assert_eq!((names.len(), names.get(&format!("a name of the number {added}"))), (added, None));
    assert!((0..added).all(|i| names.get(&format!("a name of the number {i}")).is_some()));
    budget.set_limit(1 << 20);
    assert_eq!(names.intern("goes on").index(), added);
}

/// Each one's second word is what a hash without a secret comes to behind the first, which
/// makes it 0.
#[test]
#[cfg_attr(miri, ignore = "tens of thousands of names")]
fn names_made_for_a_hash_without_a_secret_are_no_slower() {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let hostile = (0..).filter_map(|number: u64| {
        let first = format!("{number:08x}");
        let word = u64::from_le_bytes(first.as_bytes().try_into().ok()?);
        let product = u128::from(GOLDEN ^ 32 ^ word) * u128::from(GOLDEN);
        #[allow(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
        let second = (product ^ product >> 64) as u64;
        Some(first + core::str::from_utf8(&second.to_le_bytes()).ok()? + "AAAAAAAAAAAAAAAA")
    });
    let hostile: Vec<String> = hostile.take(40_000).collect();
    let arena = Arena::new();
    let mut names = Interner::new_in(&arena);
    let start = Instant::now();
    for name in &hostile {
        names.intern(name);
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(names.len(), hostile.len());
}

proptest! {
    #[test]
    fn it_agrees_with_a_map(words in proptest::collection::vec("[ab]{0,9}|[a-zäß€]{0,30}", 1..60)) {
        let arena = Arena::new();
        let mut names = Interner::new_in(&arena);
        prop_assert!(names.is_empty());
        let mut shadow = HashMap::new();
        for word in &words {
            prop_assert_eq!(names.get(word), shadow.get(word).copied());
            let symbol = names.intern(word);
            prop_assert_eq!(*shadow.entry(word.clone()).or_insert(symbol), symbol);
            prop_assert_eq!(names.resolve(symbol), Some(&**word));
        }
        prop_assert_eq!((names.len(), names.is_empty()), (shadow.len(), false));
    }
}

#[test]
fn threads_share_the_strings_and_an_index_names_one() {
    let arena = Arena::new();
    let mut names = Interner::new_in(&arena);
    let all: Vec<_> = (0..100).map(|i| names.intern(&format!("name {i}"))).collect();
    assert_eq!(&names[all[7]], "name 7");
    let strings = names.as_slice();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(all.iter().enumerate().all(|(i, s)| strings[s.index()] == format!("name {i}")));
        });
    });
    let few = Interner::new_in(&arena);
    let foreign = std::panic::catch_unwind(|| few[all[0]].len());
    assert!(foreign.is_err(), "a symbol of an interner with more strings");
}
