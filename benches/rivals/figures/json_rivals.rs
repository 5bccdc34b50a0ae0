//! JSON libraries that read a text into a tree, each as its documentation advises.
//!
//! They do not do quite the same: `serde_json` and sonic-rs copy the text's
//! strings, simd-json, jiter and arraypool borrow those without escapes;
//! simd-json needs a text that it may write to, so that copying one is part of its time.
//! Buffers are used again wherever there are any.

use core::hint::black_box;

use arraypool::json::{self, Parser, Pool};
use arraypool::{Direct, ReleaseStrategy};
use jiter::JsonValue;
use simd_json::{BorrowedValue, Buffers, Node, StaticNode, Tape};

use crate::json_digest as digest;
use crate::measure::{Contender, Pass};

/// All that take part in reading, each to read the text `times` in one pass.
pub(crate) fn readers<S: ReleaseStrategy, T: ReleaseStrategy>(
    text: &'static [u8],
    times: usize,
) -> Vec<Contender> {
    vec![
        direct(text, times),
        pooled::<S>(text, times),
        pooled::<T>(text, times),
        contender("serde_json", times, move || {
            let value = serde_json::from_slice(black_box(text)).expect("it is JSON");
            Read(value, digest::of_serde)
        }),
        contender("sonic-rs", times, move || {
            let value = sonic_rs::from_slice(black_box(text)).expect("it is JSON");
            Read(value, digest::of_sonic)
        }),
        contender("jiter", times, move || {
            let value = JsonValue::parse(black_box(text), false).expect("it is JSON");
            Read(value, of_jiter)
        }),
        simd_borrowed(text, times),
        simd_tape(text, times),
    ]
}

/// A tree, and what it is checked with.
struct Read<V>(V, fn(&V) -> u64);

fn contender<V: 'static>(
    name: &'static str,
    times: usize,
    mut read: impl FnMut() -> Read<V> + 'static,
) -> Contender {
    Contender::new(name, move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            let Read(value, digest) = read();
            answer = if pass.check { digest(&value) } else { 0 };
            black_box(value);
        }
        answer
    })
}

/// A warm pool that is reset behind each document.
fn direct(text: &'static [u8], times: usize) -> Contender {
    let mut pool = Pool::<Direct>::new();
    let mut parser = Parser::new();
    Contender::new(Direct::NAME, move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            let document = parser.parse(black_box(text), &pool).expect("it is JSON");
            answer = if pass.check { of_ours(&document) } else { 0 };
            black_box(document);
            pool.reset();
        }
        answer
    })
}

/// A warm pool to which each document gives its arrays back.
fn pooled<S: ReleaseStrategy>(text: &'static [u8], times: usize) -> Contender {
    let pool = Pool::<S>::new();
    let mut parser = Parser::new();
    Contender::new(S::NAME, move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            let document = parser.parse(black_box(text), &pool).expect("it is JSON");
            answer = if pass.check { of_ours(&document) } else { 0 };
            black_box(document);
        }
        answer
    })
}

fn simd_borrowed(text: &'static [u8], times: usize) -> Contender {
    let mut buffers = Buffers::new(text.len());
    let mut copy = Vec::new();
    Contender::new("simd-json", move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            text.clone_into(black_box(&mut copy));
            let read = simd_json::to_borrowed_value_with_buffers(&mut copy, &mut buffers);
            let value = read.expect("it is JSON");
            answer = if pass.check { of_simd(&value) } else { 0 };
            black_box(value);
        }
        answer
    })
}

fn simd_tape(text: &'static [u8], times: usize) -> Contender {
    let mut buffers = Buffers::new(text.len());
    let mut copy = Vec::new();
    let mut kept = Tape(Vec::new());
    Contender::new("simd-json-tape", move |pass: Pass| {
        let mut answer = 0;
        for _ in 0..times {
            text.clone_into(black_box(&mut copy));
            let mut tape = core::mem::replace(&mut kept, Tape(Vec::new())).reset();
            simd_json::fill_tape(&mut copy, &mut buffers, &mut tape).expect("it is JSON");
            answer = if pass.check { of_tape(&mut tape.0.iter()) } else { 0 };
            kept = black_box(tape).reset();
        }
        answer
    })
}

pub(crate) fn of_ours(value: &json::Value<'_>) -> u64 {
    if let Some(elements) = value.as_array() {
        return digest::array(elements.iter().map(of_ours));
    }
    if let Some(members) = value.as_object() {
        return digest::object(members.iter().map(|(key, value)| (key, of_ours(value))));
    }
    if let Some(text) = value.as_str() {
        return digest::string(text);
    }
    match (value.as_i64(), value.as_u64(), value.as_f64()) {
        (Some(value), ..) => digest::integer(value.into()),
        (_, Some(value), _) => digest::integer(value.into()),
        (.., Some(value)) => digest::float(value),
        _ => value.as_bool().map_or(digest::NULL, digest::bool),
    }
}

fn of_jiter(value: &JsonValue<'_>) -> u64 {
    use JsonValue as Is;
    match value {
        Is::Null => digest::NULL,
        Is::Bool(value) => digest::bool(*value),
        Is::Int(value) => digest::integer((*value).into()),
        Is::BigInt(value) => value.to_string().parse().map_or(0, digest::integer),
        Is::Float(value) => digest::float(*value),
        Is::Str(text) => digest::string(text),
        Is::Array(elements) => digest::array(elements.iter().map(of_jiter)),
        Is::Object(members) => {
            digest::object(members.iter().map(|(key, value)| (&**key, of_jiter(value))))
        }
    }
}

fn of_static(value: StaticNode) -> u64 {
    match value {
        StaticNode::Null => digest::NULL,
        StaticNode::Bool(value) => digest::bool(value),
        StaticNode::I64(value) => digest::integer(value.into()),
        StaticNode::U64(value) => digest::integer(value.into()),
        StaticNode::F64(value) => digest::float(value),
    }
}

fn of_simd(value: &BorrowedValue<'_>) -> u64 {
    use BorrowedValue as Is;
    match value {
        Is::Static(value) => of_static(*value),
        Is::String(text) => digest::string(text),
        Is::Array(elements) => digest::array(elements.iter().map(of_simd)),
        Is::Object(members) => {
            digest::object(members.iter().map(|(key, value)| (&**key, of_simd(value))))
        }
    }
}

fn of_tape<'a, 'b: 'a>(nodes: &mut impl Iterator<Item = &'a Node<'b>>) -> u64 {
    fn walk(nodes: &mut dyn Iterator<Item = &Node<'_>>) -> u64 {
        match *nodes.next().expect("a node") {
            Node::Static(value) => of_static(value),
            Node::String(text) => digest::string(text),
            Node::Array { len, .. } => digest::array((0..len).map(|_| walk(nodes))),
            Node::Object { len, .. } => digest::object((0..len).map(|_| {
                let Some(Node::String(key)) = nodes.next() else { panic!("a key") };
                (*key, walk(nodes))
            })),
        }
    }
    walk(nodes)
}
