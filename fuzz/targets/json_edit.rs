//! The same edits on a document and on a `serde_json::Value`.

#![no_main]

use arbitrary::Arbitrary;
use arraypool::json::{Document, Pool};
use arraypool::{Metadata, ReleaseStrategy, Tagged};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

#[derive(Debug, Arbitrary)]
enum New {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    Array,
    Object,
}

#[derive(Debug, Arbitrary)]
enum Edit {
    Replace(New),
    Take,
    Push(New),
    InsertAt(u8, New),
    Insert(u8, New),
    RemoveAt(u8),
    Remove(u8),
    Merge(u8, New),
    Own,
}

#[derive(Debug, Arbitrary)]
struct Input {
    strategy: u8,
    /// The way down to what is edited, and the edit.
    edits: Vec<(Vec<u8>, Edit)>,
}

fn key(number: u8) -> String {
    format!("key {}", number % 8)
}

fn ours<'p, 't, S: ReleaseStrategy>(new: &New, pool: &'p Pool<'p, S>) -> Document<'p, 't, S> {
    let made = match new {
        New::Null => Document::of((), pool),
        New::Bool(value) => Document::of(*value, pool),
        New::Integer(value) => Document::of(*value, pool),
        New::Text(value) => Document::of(value.as_str(), pool),
        New::Array => Ok(Document::array(pool)),
        New::Object => Ok(Document::object(pool)),
    };
    made.expect("memory")
}

fn theirs(new: &New) -> Value {
    match new {
        New::Null => Value::Null,
        New::Bool(value) => Value::from(*value),
        New::Integer(value) => Value::from(*value),
        New::Text(value) => Value::from(value.as_str()),
        New::Array => Value::Array(Vec::new()),
        New::Object => Value::Object(Map::new()),
    }
}

fn run<S: ReleaseStrategy>(input: &Input) {
    let pool = Pool::<S>::new();
    let mut document = Document::object(&pool);
    let mut shadow = Value::Object(Map::new());
    for (way, edit) in &input.edits {
        if let Edit::Own = edit {
            document = document.into_owned().expect("memory");
            continue;
        }
        let mut there = &mut shadow;
        let mut here = document.root_mut();
        for &step in way {
            if there.get(usize::from(step)).is_some() {
                there = there.get_mut(usize::from(step)).expect("found above");
                here = here.into_get(usize::from(step)).expect("as in the shadow");
            } else if there.get(key(step)).is_some() {
                there = there.get_mut(key(step)).expect("found above");
                here = here.into_get(key(step).as_str()).expect("as in the shadow");
            } else {
                break;
            }
        }
        match edit {
            Edit::Replace(new) => {
                here.replace(ours(new, &pool)).expect("the same pool");
                *there = theirs(new);
            }
            Edit::Take => {
                let taken = here.take();
                assert_eq!(serde_json::to_value(&taken).expect("a value"), there.take());
            }
            Edit::Push(new) => {
                let pushed = here.push(ours(new, &pool)).is_ok();
                assert_eq!(pushed, there.is_array());
                if let Value::Array(elements) = there {
                    elements.push(theirs(new));
                }
            }
            Edit::InsertAt(place, new) => {
                let place = usize::from(*place);
                let inserted = here.insert_at(place, ours(new, &pool)).is_ok();
                match there {
                    Value::Array(elements) if place <= elements.len() => {
                        assert!(inserted);
                        elements.insert(place, theirs(new));
                    }
                    _ => assert!(!inserted),
                }
            }
            Edit::Insert(number, new) => {
                let inserted = here.insert(&key(*number), ours(new, &pool)).is_ok();
                assert_eq!(inserted, there.is_object());
                if let Value::Object(members) = there {
                    members.insert(key(*number), theirs(new));
                }
            }
            Edit::RemoveAt(place) => {
                let place = usize::from(*place);
                let removed = here.remove(place).is_some();
                match there {
                    Value::Array(elements) if place < elements.len() => {
                        assert!(removed);
                        elements.remove(place);
                    }
                    _ => assert!(!removed),
                }
            }
            Edit::Remove(number) => {
                let removed = here.remove(key(*number).as_str()).is_some();
                let members = there.as_object_mut();
                let expected = members.and_then(|members| members.remove(&key(*number)));
                assert_eq!(removed, expected.is_some());
            }
            Edit::Merge(number, new) => {
                let mut patch = Document::object(&pool);
                patch.root_mut().insert(&key(*number), ours(new, &pool)).expect("an object");
                here.merge(patch.root()).expect("memory");
                if !there.is_object() {
                    *there = Value::Object(Map::new());
                }
                let members = there.as_object_mut().expect("made above");
                match new {
                    New::Null => drop(members.remove(&key(*number))),
                    New::Object => {
                        let member = members.entry(key(*number)).or_insert(Value::Null);
                        if !member.is_object() {
                            *member = Value::Object(Map::new());
                        }
                    }
                    _ => drop(members.insert(key(*number), theirs(new))),
                }
            }
            Edit::Own => unreachable!("met above"),
        }
    }
    assert_eq!(serde_json::to_value(&document).expect("a value"), shadow);
    drop(document);
    assert_eq!(pool.verify().expect("the books add up").live, 0);
}

fuzz_target!(|input: Input| {
    if input.strategy % 2 == 0 { run::<Metadata>(&input) } else { run::<Tagged>(&input) }
});
