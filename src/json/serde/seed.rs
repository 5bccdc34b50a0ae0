//! Any serde format into a tree of pooled arrays.

#![forbid(unsafe_code)]

use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::deeper;
use crate::error::AllocError;
use crate::json::node::{Builder, Guard, Kind, Stack, Value};
use crate::json::{Document, Pool};
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// The most arrays, objects, `Some`s and newtypes around one another that a [`Seed`]
/// accepts: serde is recursive, and so is this.
///
/// It is also the most arrays and objects around one another that a [`Value`] gives to
/// serde, by `Serialize` or by [`from_value`](super::from_value). Nothing else has this
/// bound: what is read may be as deep as
/// [`max_depth`](crate::json::Options::max_depth) says, and what is edited of any depth.
///
/// ```
/// use arraypool::json::{DEPTH_MAX, Pool, Scratch, Seed};
/// use serde::de::value::{Error, SeqDeserializer};
/// use serde::de::{Deserializer, DeserializeSeed, IntoDeserializer, Visitor};
///
/// /// An array in an array, and so on without an end.
/// struct Endless;
///
/// impl<'de> Deserializer<'de> for Endless {
///     type Error = Error;
///
///     fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
///         visitor.visit_seq(SeqDeserializer::new([Endless].into_iter()))
///     }
///
///     serde::forward_to_deserialize_any! {
///         bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
///         unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
///     }
/// }
///
/// impl<'de> IntoDeserializer<'de, Error> for Endless {
///     type Deserializer = Self;
///
///     fn into_deserializer(self) -> Self {
///         self
///     }
/// }
///
/// let pool = <Pool>::new();
/// let error = Seed::new(&pool, &mut Scratch::new()).deserialize(Endless).unwrap_err();
/// assert_eq!(error.to_string(), format!("nested more than {DEPTH_MAX} deep"));
/// ```
pub const DEPTH_MAX: u32 = 128;

/// Fills a [`Document`] from any serde deserializer that describes its data.
///
/// Children wait on the scratch stack until their array ends, and move once, into
/// a pooled array of exactly their number. All strings are copied: the document
/// borrows nothing but the pool. An error, one of the format or an
/// [`AllocError`] as text, leaves nothing behind: what was built goes back.
///
/// What JSON does not have becomes what `serde_json` writes for it: `null` for an
/// infinity or NaN, an array for bytes, a string for a key that is a finite number or a
/// `bool`. An integer of more than 64 bits is kept as its digits
/// ([`Value::as_number_text`]).
///
/// ```
/// use arraypool::json::{Pool, Scratch, Seed};
/// use serde::de::DeserializeSeed;
///
/// let pool = <Pool>::new();
/// let mut scratch = Scratch::new();
/// let mut text = serde_json::Deserializer::from_str(r#"{ "name": "Ada", "born": 1815 }"#);
/// let document = Seed::new(&pool, &mut scratch).deserialize(&mut text)?;
/// text.end()?;
///
/// assert_eq!(document["born"].as_u64(), Some(1815));
/// assert_eq!(serde_json::to_string(&document)?, r#"{"name":"Ada","born":1815}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct Seed<'s, 'p, S: ReleaseStrategy = DefaultStrategy> {
    pool: &'p Pool<'p, S>,
    scratch: &'s mut Scratch,
}

/// Where children wait until their array ends: a stack to be kept from one
/// document to the next. It is empty between documents.
///
/// ```
/// use arraypool::json::{Pool, Scratch, Seed};
/// use serde::de::DeserializeSeed;
///
/// let pool = <Pool>::new();
/// let mut scratch = Scratch::new();
/// for line in ["[1]", "[2, 3]"] {                         // one stack for all of them
///     let mut format = serde_json::Deserializer::from_str(line);
///     let document = Seed::new(&pool, &mut scratch).deserialize(&mut format)?;
///     assert!(document[0].is_number());
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    stack: Stack,
}

impl Scratch {
    /// An empty stack, which takes no memory yet.
    ///
    /// ```
    /// use arraypool::json::{Pool, Scratch, Seed};
    /// use serde::de::DeserializeSeed;
    /// use std::cell::RefCell;
    ///
    /// thread_local! {
    ///     static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
    /// }
    ///
    /// let pool = <Pool>::new();
    /// let mut format = serde_json::Deserializer::from_str("[1, 2]");
    /// let read = SCRATCH.with_borrow_mut(|scratch| {
    ///     Seed::new(&pool, scratch).deserialize(&mut format).map(|document| document.to_string())
    /// });
    /// assert_eq!(read.unwrap(), "[1,2]");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { stack: Stack::new() }
    }
}

impl<'s, 'p, S: ReleaseStrategy> Seed<'s, 'p, S> {
    /// A seed for one document in `pool`.
    ///
    /// ```
    /// use arraypool::json::{Pool, Scratch, Seed};
    /// use serde::de::DeserializeSeed;
    /// use serde::de::value::{Error, SeqDeserializer};
    ///
    /// let pool = <Pool>::new();
    /// let mut scratch = Scratch::new();
    /// let numbers = SeqDeserializer::<_, Error>::new([1, 2, 3].into_iter());
    /// let document = Seed::new(&pool, &mut scratch).deserialize(numbers)?;
    /// assert_eq!(document.to_string(), "[1,2,3]");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn new(pool: &'p Pool<'p, S>, scratch: &'s mut Scratch) -> Self {
        Self { pool, scratch }
    }
}

impl<'de, 'p, S: ReleaseStrategy> DeserializeSeed<'de> for Seed<'_, 'p, S> {
    type Value = Document<'p, 'static, S>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut guard = Guard(Builder::new(self.pool, &mut self.scratch.stack));
        Filler { builder: &mut guard.0, around: 0 }.deserialize(deserializer)?;
        let tree = guard.0.finish();
        tree.map(Document::new).ok_or_else(|| D::Error::custom("the format gave no value"))
    }
}

/// Adds one value to a tree.
struct Filler<'b, 's, 'p, S: ReleaseStrategy> {
    builder: &'b mut Builder<'s, 'p, 'static, S>,
    /// Arrays, objects and wrappers around the value.
    around: u32,
}

impl<'s, 'p, S: ReleaseStrategy> Filler<'_, 's, 'p, S> {
    /// The filler of a value inside this one, unless there are too many around it.
    fn inner<E: Error>(&mut self) -> Result<Filler<'_, 's, 'p, S>, E> {
        let around = deeper(self.around).map_err(E::custom)?;
        Ok(Filler { builder: &mut *self.builder, around })
    }

    fn push<E: Error>(self, node: Value<'static>) -> Result<(), E> {
        self.builder.push(node).map_err(E::custom)
    }

    /// An integer that no node holds, as its digits.
    fn kept<E: Error>(self, integer: impl itoa::Integer) -> Result<(), E> {
        let mut buffer = itoa::Buffer::new();
        self.builder.push_copy(Kind::Digits, buffer.format(integer)).map_err(E::custom)
    }

    /// Fills a container with so many nodes as `fill` says. If that fails, what it has
    /// goes back, whatever the format makes of the error.
    fn container<E: Error>(
        mut self,
        kind: Kind,
        fill: impl FnOnce(&mut Filler<'_, 's, 'p, S>) -> Result<usize, E>,
    ) -> Result<(), E> {
        let depth = self.builder.depth();
        let mut inner = self.inner()?;
        inner.builder.open(kind).map_err(E::custom)?;
        let closed = fill(&mut inner).and_then(|count| {
            // A format may fill an element and then say that there was none, or catch a
            // panic that left containers open in it.
            inner.builder.abandon(depth + 1);
            inner.builder.trim(count);
            inner.builder.close().map_err(E::custom)
        });
        if closed.is_err() {
            self.builder.abandon(depth);
        }
        closed
    }

    fn child(&mut self) -> Filler<'_, 's, 'p, S> {
        Filler { builder: &mut *self.builder, around: self.around }
    }
}

impl<'de, S: ReleaseStrategy> DeserializeSeed<'de> for Filler<'_, '_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: ReleaseStrategy> Visitor<'de> for Filler<'_, '_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(Value::NULL)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.push(Value::NULL)
    }

    fn visit_some<D: Deserializer<'de>>(mut self, inner: D) -> Result<(), D::Error> {
        self.inner()?.deserialize(inner)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(mut self, inner: D) -> Result<(), D::Error> {
        self.inner()?.deserialize(inner)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(Value::bool(value))
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        self.push(Value::signed(integer))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        self.push(Value::unsigned(integer))
    }

    fn visit_i128<E: Error>(self, integer: i128) -> Result<(), E> {
        match (u64::try_from(integer), i64::try_from(integer)) {
            (Ok(unsigned), _) => self.visit_u64(unsigned),
            (_, Ok(signed)) => self.visit_i64(signed),
            _ => self.kept(integer),
        }
    }

    fn visit_u128<E: Error>(self, integer: u128) -> Result<(), E> {
        match u64::try_from(integer) {
            Ok(integer) => self.visit_u64(integer),
            Err(_) => self.kept(integer),
        }
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<(), E> {
        self.push(Value::finite(float))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        copy(self.builder, text).map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.container(Kind::Array, |array| {
            let filled = bytes.iter().try_for_each(|&byte| array.child().visit_u64(byte.into()));
            filled.map(|()| bytes.len())
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        self.container(Kind::Array, |array| {
            let mut count = 0;
            while sequence.next_element_seed(array.child())?.is_some() {
                count += 1;
            }
            Ok(count)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.container(Kind::Object, |object| {
            let mut count = 0;
            while map.next_key_seed(Key(object.builder))?.is_some() {
                map.next_value_seed(object.child())?;
                count += 2;
            }
            Ok(count)
        })
    }
}

/// Adds a copy of a string.
fn copy<S: ReleaseStrategy>(
    builder: &mut Builder<'_, '_, 'static, S>,
    text: &str,
) -> Result<(), AllocError> {
    builder.push_copy(Kind::String, text)
}

/// Adds the key of a member.
struct Key<'b, 's, 'p, S: ReleaseStrategy>(&'b mut Builder<'s, 'p, 'static, S>);

impl<S: ReleaseStrategy> Key<'_, '_, '_, S> {
    /// An integer in decimal digits.
    fn digits<E: Error>(self, integer: impl itoa::Integer) -> Result<(), E> {
        copy(self.0, itoa::Buffer::new().format(integer)).map_err(E::custom)
    }
}

impl<'de, S: ReleaseStrategy> DeserializeSeed<'de> for Key<'_, '_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: ReleaseStrategy> Visitor<'de> for Key<'_, '_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key: a string, a finite number or a bool")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        copy(self.0, text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        self.digits(integer)
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        self.digits(integer)
    }

    fn visit_u128<E: Error>(self, integer: u128) -> Result<(), E> {
        self.digits(integer)
    }

    fn visit_i128<E: Error>(self, integer: i128) -> Result<(), E> {
        self.digits(integer)
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<(), E> {
        if !float.is_finite() {
            return Err(E::invalid_value(Unexpected::Float(float), &self));
        }
        self.visit_str(zmij::Buffer::new().format_finite(float))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }
}
