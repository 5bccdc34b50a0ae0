//! A document as a tree: read, compared with the one of `serde_json`, taken to pieces.

#![forbid(unsafe_code)]

use arraypool::ReleaseStrategy;
use arraypool::json::{Pool, Scratch, Seed, Value};
use serde::de::DeserializeSeed;

/// Reads a document into arrays of the pool.
pub(crate) fn read<'p, S: ReleaseStrategy>(
    text: &[u8],
    pool: &'p Pool<'p, S>,
    scratch: &mut Scratch<'p, S>,
) -> Result<Value<'p, S>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Seed::new(pool, scratch).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Whether both trees say the same.
pub(crate) fn agree<S: ReleaseStrategy>(
    value: &Value<'_, S>,
    expected: &serde_json::Value,
) -> bool {
    use serde_json::Value as Expected;
    match (value, expected) {
        (Value::Null, Expected::Null) => true,
        (Value::Bool(value), Expected::Bool(expected)) => value == expected,
        (Value::Number(number), Expected::Number(expected)) => {
            number.as_u64() == expected.as_u64()
                && number.as_i64() == expected.as_i64()
                && expected.as_f64() == Some(number.as_f64())
        }
        (Value::String(text), Expected::String(expected)) => text.as_str() == expected,
        (Value::Array(array), Expected::Array(expected)) => {
            array.len() == expected.len()
                && array.iter().zip(expected).all(|(value, expected)| agree(value, expected))
        }
        (Value::Object(members), Expected::Object(expected)) => {
            let mut keys = members.iter().map(|member| member.key().as_str());
            keys.all(|key| expected.contains_key(key))
                && expected.iter().all(|(key, expected)| {
                    value.get(key.as_str()).is_some_and(|value| agree(value, expected))
                })
        }
        _ => false,
    }
}

/// The bytes of every array of a tree, children before parents, as it was built.
pub(crate) fn array_bytes<S: ReleaseStrategy>(value: &Value<'_, S>, sizes: &mut Vec<usize>) {
    match value {
        Value::String(text) => sizes.push(text.as_bytes().len()),
        Value::Array(array) => {
            array.iter().for_each(|value| array_bytes(value, sizes));
            sizes.push(size_of_val(&array[..]));
        }
        Value::Object(members) => {
            for member in members {
                sizes.push(member.key().as_bytes().len());
                array_bytes(member.value(), sizes);
            }
            sizes.push(size_of_val(&members[..]));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
