//! One number for a JSON tree, the same for every library that read it right.
//!
//! Members are added up, since some libraries sort them; elements are not. A
//! float counts by its bits, an integer is never a float.

/// Mixes two numbers into one.
fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left ^ 0x9E37_79B9_7F4A_7C15) * u128::from(right | 1);
    (product >> 64) as u64 ^ product as u64 ^ right.rotate_left(23)
}

pub(crate) const NULL: u64 = 0x6E;

pub(crate) fn bool(value: bool) -> u64 {
    mix(1, value.into())
}

/// An integer of either sign.
pub(crate) fn integer(value: i128) -> u64 {
    mix(2, value as u64)
}

pub(crate) fn float(value: f64) -> u64 {
    mix(3, value.to_bits())
}

pub(crate) fn string(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let of_words = words.iter().fold(4, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    rest.iter().fold(mix(of_words, text.len() as u64), |sum, byte| mix(sum, (*byte).into()))
}

pub(crate) fn array(elements: impl Iterator<Item = u64>) -> u64 {
    elements.fold(5, mix)
}

pub(crate) fn object<'a>(members: impl Iterator<Item = (&'a str, u64)>) -> u64 {
    members.fold(6, |sum, (key, value)| sum.wrapping_add(mix(string(key), value)))
}

/// What `serde_json` reads, which all others are compared with.
pub(crate) fn of_serde(value: &serde_json::Value) -> u64 {
    use serde_json::Value as Is;
    match value {
        Is::Null => NULL,
        Is::Bool(value) => bool(*value),
        Is::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => integer(value.into()),
            (None, Some(value)) => integer(value.into()),
            (None, None) => float(number.as_f64().expect("a float")),
        },
        Is::String(text) => string(text),
        Is::Array(elements) => array(elements.iter().map(of_serde)),
        Is::Object(members) => {
            object(members.iter().map(|(key, value)| (key.as_str(), of_serde(value))))
        }
    }
}

pub(crate) fn of_sonic(value: &sonic_rs::Value) -> u64 {
    use sonic_rs::JsonNumberTrait as _;
    use sonic_rs::ValueRef as Is;
    match value.as_ref() {
        Is::Null => NULL,
        Is::Bool(value) => bool(value),
        Is::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => integer(value.into()),
            (None, Some(value)) => integer(value.into()),
            (None, None) => float(number.as_f64().expect("a float")),
        },
        Is::String(text) => string(text),
        Is::Array(elements) => array(elements.iter().map(of_sonic)),
        Is::Object(members) => object(members.iter().map(|(key, value)| (key, of_sonic(value)))),
    }
}
