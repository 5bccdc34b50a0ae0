//! Any serde format into a tree of pooled arrays.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::value::{Member, Text, Value};
use super::{Number, Pool};
use crate::error::AllocError;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// The most arrays and objects around one another that a [`Seed`] accepts.
pub const DEPTH_MAX: u32 = 128;

/// Fills a [`Value`] from any serde deserializer that describes its data.
///
/// Children wait on the scratch stack until their array ends, and move once, into
/// a pooled array of exactly their number. An error, one of the format or an
/// [`AllocError`] as text, leaves nothing behind: what was built goes back.
///
/// What JSON does not have becomes what `serde_json` writes for it: `null` for an
/// infinity or NaN, an array for bytes, a string for a key that is an integer or
/// a `bool`.
///
/// ```
/// use arraypool::json::{Pool, Scratch, Seed};
/// use serde::de::DeserializeSeed;
///
/// let pool = <Pool>::new();
/// let mut scratch = Scratch::new();
/// let mut text = serde_json::Deserializer::from_str(r#"{ "name": "Ada", "born": 1815 }"#);
/// let value = Seed::new(&pool, &mut scratch).deserialize(&mut text)?;
/// text.end()?;
///
/// assert_eq!(value["born"].as_u64(), Some(1815));
/// assert_eq!(serde_json::to_string(&value)?, r#"{"name":"Ada","born":1815}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct Seed<'s, 'p, S: ReleaseStrategy = DefaultStrategy> {
    pool: &'p Pool<'p, S>,
    scratch: &'s mut Scratch<'p, S>,
    /// Arrays and objects around the value.
    depth: u32,
}

/// Where children wait until their array ends: a stack to be kept from one
/// document of a pool to the next. It is empty between documents.
pub struct Scratch<'p, S: ReleaseStrategy = DefaultStrategy> {
    values: Vec<Value<'p, S>>,
    members: Vec<Member<'p, S>>,
}

impl<S: ReleaseStrategy> Scratch<'_, S> {
    /// An empty stack, which takes no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: Vec::new(), members: Vec::new() }
    }
}

impl<S: ReleaseStrategy> Default for Scratch<'_, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: ReleaseStrategy> fmt::Debug for Scratch<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("values", &self.values.len())
            .field("members", &self.members.len())
            .finish()
    }
}

impl<'s, 'p, S: ReleaseStrategy> Seed<'s, 'p, S> {
    /// A seed for one document in `pool`.
    #[must_use]
    pub fn new(pool: &'p Pool<'p, S>, scratch: &'s mut Scratch<'p, S>) -> Self {
        Self { pool, scratch, depth: 0 }
    }

    /// Opens a container, unless there are too many around it.
    fn open<E: Error>(self) -> Result<Level<'s, 'p, S>, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested more than {DEPTH_MAX} deep")));
        }
        let (values, members) = (self.scratch.values.len(), self.scratch.members.len());
        Ok(Level { seed: Seed { depth: self.depth + 1, ..self }, values, members })
    }
}

impl<'de, 'p, S: ReleaseStrategy> DeserializeSeed<'de> for Seed<'_, 'p, S> {
    type Value = Value<'p, S>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Filler(self))
    }
}

/// A container that is being filled: its children are those above the marks, and
/// go back with it.
struct Level<'s, 'p, S: ReleaseStrategy> {
    seed: Seed<'s, 'p, S>,
    values: usize,
    members: usize,
}

impl<'p, S: ReleaseStrategy> Level<'_, 'p, S> {
    /// The seed of a child.
    fn child(&mut self) -> Seed<'_, 'p, S> {
        Seed { pool: self.seed.pool, scratch: &mut *self.seed.scratch, depth: self.seed.depth }
    }

    fn into_array(self) -> Result<Value<'p, S>, AllocError> {
        self.seed.pool.try_array(self.seed.scratch.values.drain(self.values..))
    }

    fn into_object(self) -> Result<Value<'p, S>, AllocError> {
        self.seed.pool.try_object(self.seed.scratch.members.drain(self.members..))
    }
}

impl<S: ReleaseStrategy> Drop for Level<'_, '_, S> {
    fn drop(&mut self) {
        self.seed.scratch.values.truncate(self.values);
        self.seed.scratch.members.truncate(self.members);
    }
}

/// Pushes a child, or drops it: memory that runs out is an error here, too.
fn push<T>(stack: &mut Vec<T>, child: T) -> Result<(), AllocError> {
    let requested = (stack.len() + 1) * size_of::<T>();
    stack.try_reserve(1).map_err(|_| AllocError::OutOfMemory { requested })?;
    stack.push(child);
    Ok(())
}

/// What a deserializer calls with what it found.
struct Filler<'s, 'p, S: ReleaseStrategy>(Seed<'s, 'p, S>);

impl<'de, 'p, S: ReleaseStrategy> Visitor<'de> for Filler<'_, 'p, S> {
    type Value = Value<'p, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        self.0.open()?.child().deserialize(inner)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        self.0.open()?.child().deserialize(inner)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(integer.into())
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Self::Value, E> {
        Ok(integer.into())
    }

    fn visit_i128<E: Error>(self, integer: i128) -> Result<Self::Value, E> {
        let number = u64::try_from(integer)
            .map(Number::from)
            .or_else(|_| i64::try_from(integer).map(Number::from));
        number.map(Value::Number).map_err(|_| out_of_range(&self))
    }

    fn visit_u128<E: Error>(self, integer: u128) -> Result<Self::Value, E> {
        u64::try_from(integer).map(Value::from).map_err(|_| out_of_range(&self))
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Self::Value, E> {
        Ok(float.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.0.pool.try_text(text).map(Value::String).map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let values = bytes.iter().map(|&byte| Value::from(u64::from(byte)));
        self.0.pool.try_array(values).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut level = self.0.open()?;
        while let Some(value) = sequence.next_element_seed(level.child())? {
            push(&mut level.seed.scratch.values, value).map_err(A::Error::custom)?;
        }
        level.into_array().map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut level = self.0.open()?;
        while let Some(key) = map.next_key_seed(Key(level.seed.pool))? {
            let value = map.next_value_seed(level.child())?;
            let member = Member::new(key, value);
            push(&mut level.seed.scratch.members, member).map_err(A::Error::custom)?;
        }
        level.into_object().map_err(A::Error::custom)
    }
}

#[cold]
fn out_of_range<E: Error>(expected: &dyn serde::de::Expected) -> E {
    E::invalid_value(Unexpected::Other("an integer of more than 64 bits"), expected)
}

/// Fills the key of a member.
struct Key<'p, S: ReleaseStrategy>(&'p Pool<'p, S>);

impl<'p, S: ReleaseStrategy> Key<'p, S> {
    /// An integer in decimal digits.
    fn digits<E: Error>(&self, negative: bool, mut rest: u64) -> Result<Text<'p, S>, E> {
        let mut digits = [b'-'; 21];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b"0123456789"[(rest % 10) as usize];
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        // What was in front of the digits is a minus sign.
        let start = start - usize::from(negative);
        let text = core::str::from_utf8(&digits[start..]).unwrap_or_default();
        self.0.try_text(text).map_err(E::custom)
    }
}

impl<'de, 'p, S: ReleaseStrategy> DeserializeSeed<'de> for Key<'p, S> {
    type Value = Text<'p, S>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'p, S: ReleaseStrategy> Visitor<'de> for Key<'p, S> {
    type Value = Text<'p, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key: a string, an integer or a bool")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.0.try_text(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Self::Value, E> {
        self.digits(false, integer)
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Self::Value, E> {
        self.digits(integer < 0, integer.unsigned_abs())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.visit_str(if value { "true" } else { "false" })
    }
}
