//! Scopes in scopes: what is outside is untouched, and what was inside is forgotten.

#![no_main]

use arbitrary::Arbitrary;
use arraypool::Arena;
use arraypool_fuzz::{byte, is_intact};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Allocate(u16),
    Text(String),
    Scope(Vec<Step>),
    Reference(u32),
}

fn run(arena: &Arena<'_>, steps: &[Step], numbers: &mut u32) {
    let mut slices: Vec<(&[u8], u32)> = Vec::new();
    for step in steps {
        *numbers += 1;
        let number = *numbers;
        match step {
            Step::Allocate(length) => {
                let make = |position| byte(number, position);
                slices.push((arena.alloc_slice_fill_with(usize::from(*length), make), number));
            }
            Step::Text(text) => assert_eq!(arena.alloc_str(text), text),
            Step::Scope(inner) => {
                let before = arena.used_bytes();
                arena.scope(|scope| run(scope, inner, numbers));
                assert_eq!(arena.used_bytes(), before);
            }
            Step::Reference(value) => {
                let kept = arena.alloc_ref(*value);
                assert_eq!(kept.get(arena), Ok(value));
            }
        }
    }
    assert!(slices.iter().all(|(bytes, number)| is_intact(bytes, *number)));
}

fuzz_target!(|input: (u16, Vec<Step>)| {
    let mut arena = Arena::builder().initial_chunk(usize::from(input.0)).build();
    for _ in 0..2 {
        run(&arena, &input.1, &mut 0);
        let kept = arena.alloc_ref(1_u8);
        arena.reset();
        assert!(kept.get(&arena).is_err());
    }
});
