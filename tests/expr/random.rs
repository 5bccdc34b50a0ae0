//! Random trees: the engine, a naive interpreter, folding off; print and parse.

use arraypool::expr::{Engine, Limits, Phases, Pool, Real, parse, with_arena};
use proptest::prelude::*;

use crate::naive;
use crate::phases::{compiles_back, reads_back};

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (b'a'..=b'j').prop_map(|name| char::from(name).to_string()),
        2 => (0..10_u32).prop_map(|number| number.to_string()),
        1 => (0.0..100.0_f64).prop_map(|number| format!("{number:?}")),
        1 => Just("0.5".to_string()),
        1 => Just("2".to_string()),
    ]
}

/// A text, every operand in parentheses or not.
fn text() -> impl Strategy<Value = String> {
    leaf().prop_recursive(6, 48, 3, |inner| {
        let signs = prop::sample::select(vec![
            "+", "-", "*", "/", "+", "-", "*", "/", "%", "^", "**", "<", "<=", ">", ">=", "==",
            "!=", "<>", "&&", "||", "&", "|", "<<", ">>", ",", ";",
        ]);
        let ones = prop::sample::select(vec![
            "abs", "sign", "sqrt", "sin", "exp", "ln", "floor", "round", "-", "!", "~", "+", "",
        ]);
        let twos = prop::sample::select(vec!["min", "max", "atan2", "fmod", "pow"]);
        prop_oneof![
            4 => (inner.clone(), signs.clone(), inner.clone())
                .prop_map(|(x, sign, y)| format!("{x} {sign} {y}")),
            4 => (inner.clone(), signs, inner.clone())
                .prop_map(|(x, sign, y)| format!("({x}){sign}({y})")),
            2 => (ones, inner.clone()).prop_map(|(name, x)| format!("{name}(({x}))")),
            1 => (twos, inner.clone(), inner.clone())
                .prop_map(|(name, x, y)| format!("{name}(({x}), ({y}))")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(x, y, z)| format!("(({x}) ? ({y}) : ({z}))")),
        ]
    })
}

fn same<R: Real>(left: R, right: R) -> bool {
    left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
}

/// The texts that lack one pair of parentheses each, which are not a call's.
fn without_a_pair(text: &str) -> impl Iterator<Item = String> {
    let is_group = |open: usize| {
        let before = text[..open].bytes().next_back();
        text.as_bytes()[open] == b'(' && !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    (0..text.len()).filter(move |&open| is_group(open)).map(move |open| {
        let mut depth = 0;
        let close = text[open..].bytes().position(|byte| {
            depth += i32::from(byte == b'(') - i32::from(byte == b')');
            depth == 0
        });
        let close = open + close.expect("every one is closed");
        format!("{}{}{}", &text[..open], &text[open + 1..close], &text[close + 1..])
    })
}

fn compare<R: Real>(text: &str, values: &[R; 10]) {
    let expected = with_arena(|arena| {
        let tree = parse::<R>(text, arena, &Limits::DEFAULT).expect(text);
        let shown = tree.to_string();
        let again = parse::<R>(&shown, arena, &Limits::DEFAULT).expect(&shown);
        assert!(tree == again, "{text}\n{shown}");
        for shorter in without_a_pair(&shown) {
            let other = parse::<R>(&shorter, arena, &Limits::DEFAULT);
            assert!(other != Ok(tree), "{shown}\n{shorter}");
        }
        naive::evaluate(&tree, values)
    });
    let pool = Pool::new();
    for fold in [true, false] {
        let limits = Limits { fold, ..Limits::DEFAULT };
        let engine = Engine::<R>::with(&pool, Phases::new(), limits);
        engine.define("f", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], text).unwrap();
        let mut batch = engine.batch();
        for (name, value) in ('a'..='j').zip(values) {
            batch.parameter(&name.to_string(), *value).unwrap();
        }
        batch.add(text).expect(text);
        // The same through a function whose arguments are no slots.
        batch.add("f(-(-a), b*1, c*1, d, e, f/1, g*1, h, i*1, j*1)").expect(text);
        let mut batch = batch.build();
        batch.inspect(text, |_, ir| reads_back(ir)).expect(text);
        let mut again = engine.batch().build();
        for number in 0..10 {
            again.parameter(&format!("s{number}"), R::ZERO).unwrap();
        }
        compiles_back(&batch, &mut again);
        batch.eval();
        for index in 0..2 {
            match (batch.value(index), expected) {
                (Ok(found), Some(expected)) => {
                    assert!(same(found, expected), "{text}: {found} is not {expected}, {index}");
                }
                (Err(_), None) => {}
                (found, expected) => panic!("{text}: {found:?} is not {expected:?}, {index}"),
            }
        }
    }
}

fn values() -> impl Strategy<Value = [f64; 10]> {
    let value = prop_oneof![
        4 => -10.0..10.0_f64,
        2 => (-5..20_i32).prop_map(f64::from),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-300, 0.5, 2.0,
        ]),
    ];
    prop::array::uniform10(value)
}

proptest! {
    #[test]
    fn the_engine_agrees_with_a_naive_interpreter(text in text(), values in values()) {
        compare(&text, &values);
        compare(&text, &values.map(f32::from_f64));
    }
}
