//! Trees in an arena against the same trees in `Box`, `Vec` and `String`.

use arraypool::Arena;
use arraypool::expr::{Limits, Term, parse};

use crate::heap::{calls, usage};
use crate::owned::{Owned, owned};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 20) % bound).unwrap_or(0)
    }
}

/// A text as an engineer writes them: names of one to ten letters.
fn generate(random: &mut Random, depth: usize, text: &mut String) {
    const NAMES: [&str; 8] = ["a", "x", "t1", "gain", "speed", "pressure", "throttle", "motor.rpm"];
    const SIGNS: [&str; 8] = [" + ", " - ", " * ", "/", " > ", " && ", "^", "*"];
    match random.below(if depth == 0 { 3 } else { 12 }) {
        0 => text.push_str(&format!("{}.{}", random.below(100), random.below(100))),
        1 | 2 => text.push_str(NAMES[random.below(8)]),
        3 => {
            text.push_str(["sin(", "sqrt(", "abs(", "exp("][random.below(4)]);
            generate(random, depth - 1, text);
            text.push(')');
        }
        4 => {
            text.push_str(["max(", "atan2(", "pow("][random.below(3)]);
            generate(random, depth - 1, text);
            text.push_str(", ");
            generate(random, depth - 1, text);
            text.push(')');
        }
        5 => {
            text.push_str("table[");
            generate(random, depth - 1, text);
            text.push(']');
        }
        6 => {
            text.push_str("(-");
            generate(random, depth - 1, text);
            text.push(')');
        }
        _ => {
            text.push('(');
            generate(random, depth - 1, text);
            text.push_str(SIGNS[random.below(8)]);
            generate(random, depth - 1, text);
            text.push(')');
        }
    }
}

#[test]
fn trees_take_a_quarter_of_the_heap_at_most() {
    let count = if cfg!(miri) { 20 } else { 10_000 };
    let mut random = Random(0x1234_5678_9abc_def1);
    let texts: Vec<String> = (0..count)
        .map(|_| {
            let mut text = String::new();
            generate(&mut random, 6, &mut text);
            text
        })
        .collect();
    let arena = Arena::new();
    let calls = calls(|| {
        for text in &texts {
            parse::<f64>(text, &arena, &Limits::DEFAULT).expect("it is an expression");
        }
    });
    let roots = count * size_of::<Term<'_>>();
    let bytes = arena.used_bytes() + roots;
    let blocks = arena.allocated_bytes() + roots;
    let scratch = Arena::new();
    let trees: Vec<_> = texts
        .iter()
        .map(|text| parse::<f64>(text, &scratch, &Limits::DEFAULT).expect("it is an expression"))
        .collect();
    let mut forest = Vec::with_capacity(count);
    let owned = usage(|| forest.extend(trees.iter().map(|tree| owned(&tree.root, tree.text))));
    let roots = count * size_of::<Owned>();
    let (owned_bytes, owned_blocks) = (owned.bytes + roots, owned.blocks + roots);
    println!(
        "{count} trees: {bytes} bytes in {calls} blocks that take {blocks}; \
         owned: {owned_bytes} bytes in {} blocks that take {owned_blocks}",
        owned.calls
    );
    assert!(10 * bytes <= 3 * owned_bytes, "{bytes} of {owned_bytes} bytes");
    if !cfg!(miri) {
        assert!(4 * blocks <= owned_blocks, "{blocks} of {owned_blocks} bytes");
        assert!(4 * calls <= owned.calls, "{calls} of {} allocations", owned.calls);
    }
}
