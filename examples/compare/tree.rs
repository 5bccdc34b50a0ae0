//! A document as a tree: read, compared with the one of `serde_json`, taken to pieces.

#![forbid(unsafe_code)]

use arraypool::ReleaseStrategy;
use arraypool::json::{Document, Error, Object, Parser, Pool, Scratch, Seed, Value};
use serde::de::DeserializeSeed;

/// Reads a document into arrays of the pool; unescaped strings stay in the text.
pub(crate) fn read<'p, 't, S: ReleaseStrategy>(
    text: &'t [u8],
    pool: &'p Pool<'p, S>,
    parser: &mut Parser,
) -> Result<Document<'p, 't, S>, Error> {
    parser.parse(text, pool)
}

/// The same by way of serde: any format would do, and all strings are copied.
pub(crate) fn read_by_serde<'p, S: ReleaseStrategy>(
    text: &[u8],
    pool: &'p Pool<'p, S>,
) -> Result<Document<'p, 'static, S>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let document = Seed::new(pool, &mut Scratch::new()).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(document)
}

/// Whether both trees say the same.
pub(crate) fn agree(value: &Value<'_>, expected: &serde_json::Value) -> bool {
    use serde_json::Value as Expected;
    match expected {
        Expected::Null => value.is_null(),
        Expected::Bool(expected) => value.as_bool() == Some(*expected),
        Expected::Number(expected) => {
            value.as_u64() == expected.as_u64()
                && value.as_i64() == expected.as_i64()
                && value.as_f64() == expected.as_f64()
        }
        Expected::String(expected) => value.as_str() == Some(expected),
        Expected::Array(expected) => value.as_array().is_some_and(|array| {
            array.len() == expected.len()
                && array.iter().zip(expected).all(|(value, expected)| agree(value, expected))
        }),
        Expected::Object(expected) => value.as_object().is_some_and(|object| {
            object.keys().all(|key| expected.contains_key(key))
                && expected.iter().all(|(key, expected)| {
                    object.get(key).is_some_and(|value| agree(value, expected))
                })
        }),
    }
}

/// The bytes of every array of a tree, children before parents, as it was built.
/// `text` is what the tree was read from: strings in it have no array.
pub(crate) fn array_bytes(value: &Value<'_>, text: &[u8], sizes: &mut Vec<usize>) {
    if let Some(string) = value.as_str() {
        string_bytes(string, text, sizes);
    } else if let Some(array) = value.as_array() {
        array.iter().for_each(|value| array_bytes(value, text, sizes));
        sizes.push(size_of_val(array));
    } else if let Some(object) = value.as_object() {
        for (key, value) in object {
            string_bytes(key, text, sizes);
            array_bytes(value, text, sizes);
        }
        sizes.push(object_bytes(object));
    }
}

/// A key and a value for each member.
fn object_bytes(object: Object<'_, '_>) -> usize {
    object.len() * 2 * size_of::<Value<'_>>()
}

fn string_bytes(string: &str, text: &[u8], sizes: &mut Vec<usize>) {
    let start = string.as_ptr().addr();
    let is_borrowed =
        text.as_ptr_range().start.addr() <= start && start < text.as_ptr_range().end.addr();
    if !is_borrowed {
        sizes.push(string.len());
    }
}
