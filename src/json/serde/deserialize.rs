//! A type out of a value.

#![forbid(unsafe_code)]

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Unexpected, Visitor};

use super::{Kept, deeper, nearest};
use crate::json::node::{Content, Value};

/// A `T` of what the value says. Strings and keys may be borrowed from it, and a key
/// may be read as a number (an integer of up to 128 bits or a finite float) or a `bool`,
/// as [`Seed`](super::Seed) writes them. A key that comes twice is given to `T` twice: a
/// derived struct refuses it.
///
/// It recurses as deep as `T` and the value do, and refuses what is in more than
/// [`DEPTH_MAX`](super::DEPTH_MAX) arrays and objects, or `Some`s and newtypes of one value.
/// What `T` does not ask for is not looked at, however deep it is.
///
/// An integer that was kept as text is an `i128` or a `u128`, or, of more than 128 bits, the
/// nearest float; a `T` that takes neither refuses it. A `T` that asks for a float gets the
/// nearest one. A number that no float is near to, such as `1e999`, is an error.
///
/// Complexity: linear in what `T` asks for.
///
/// ```
/// use arraypool::json::{self, Options, Parser, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"[["one", 1], ["two", 2]]"#, &pool)?;
/// let pairs: Vec<(&str, u32)> = json::from_value(&document)?;
/// assert_eq!(pairs, [("one", 1), ("two", 2)]);
///
/// let mut parser = Parser::with_options(Options::new().keep_big_integers(true));
/// let document = parser.parse("[18446744073709551616]", &pool)?;
/// assert_eq!(json::from_value::<[u128; 1]>(&document)?, [1 << 64]);
/// assert_eq!(json::from_value::<[f64; 1]>(&document)?, [18446744073709551616.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Whatever `T` does not like, and what is nested too deep or out of range.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value<'_>) -> Result<T, FromValueError> {
    T::deserialize(value)
}

/// Why a value is not what a type expects.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"[1, "two"]"#, &pool)?;
/// let error: json::FromValueError = json::from_value::<Vec<u32>>(&document).unwrap_err();
/// assert!(error.to_string().starts_with(r#"invalid type: string "two""#));
/// # Ok::<(), json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromValueError(String);

impl fmt::Display for FromValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for FromValueError {}

impl de::Error for FromValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> IntoDeserializer<'de, FromValueError> for &'de Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// As [`from_value`].
impl<'de> Deserializer<'de> for &'de Value<'_> {
    type Error = FromValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_any(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_f32(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_option(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_identifier(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Nested::in_levels(self, 0).deserialize_ignored_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct
    }
}

/// A value, and what is around it.
#[derive(Clone, Copy)]
struct Nested<'de, 't> {
    value: &'de Value<'t>,
    /// Arrays and objects.
    around: u32,
    /// `Some`s and newtypes that are this value, too: a type may have them without an end.
    wrappers: u32,
}

impl<'de, 't> Nested<'de, 't> {
    fn in_levels(value: &'de Value<'t>, around: u32) -> Self {
        Self { value, around, wrappers: 0 }
    }

    /// The same value in a wrapper.
    fn wrapped(self) -> Result<Self, FromValueError> {
        let wrappers = deeper(self.wrappers).map_err(de::Error::custom)?;
        Ok(Self { wrappers, ..self })
    }

    /// How many arrays and objects are around what is in this one.
    fn inside(self) -> Result<u32, FromValueError> {
        deeper(self.around).map_err(de::Error::custom)
    }

    /// A number that was kept as text becomes a float.
    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.value.content() {
            Content::Digits(text) => {
                visitor.visit_f64(nearest(text).map_err(<FromValueError as de::Error>::custom)?)
            }
            _ => self.deserialize_any(visitor),
        }
    }
}

impl<'de> IntoDeserializer<'de, FromValueError> for Nested<'de, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Nested<'de, '_> {
    type Error = FromValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.value.content() {
            Content::Null => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(value),
            Content::Unsigned(integer) => visitor.visit_u64(integer),
            Content::Negative(integer) => visitor.visit_i64(integer),
            Content::Float(float) => visitor.visit_f64(float),
            Content::Digits(text) => {
                match Kept::of(text).map_err(<FromValueError as de::Error>::custom)? {
                    Kept::Unsigned(integer) => visitor.visit_u128(integer),
                    Kept::Negative(integer) => visitor.visit_i128(integer),
                    Kept::Float(float) => visitor.visit_f64(float),
                }
            }
            Content::String(text) => visitor.visit_borrowed_str(text),
            Content::Array(elements) => {
                let around = self.inside()?;
                let elements = elements.iter().map(|value| Nested::in_levels(value, around));
                let mut sequence = SeqDeserializer::new(elements);
                let value = visitor.visit_seq(&mut sequence)?;
                sequence.end().map(|()| value)
            }
            Content::Object(_) => {
                let around = self.inside()?;
                let members = self.value.as_object().into_iter().flatten();
                let mut map = MapDeserializer::new(members.map(|(key, value)| {
                    (Key { text: key, wrappers: 0 }, Nested::in_levels(value, around))
                }));
                let value = visitor.visit_map(&mut map)?;
                map.end().map(|()| value)
            }
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        self.float(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self.wrapped()?)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_newtype_struct(self.wrapped()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        let (variant, content) = match (self.value.as_str(), self.value.as_object()) {
            (Some(variant), _) => (variant, None),
            (None, Some(object)) if object.len() == 1 => {
                let (variant, content) = object.iter().next().unwrap_or(("", self.value));
                (variant, Some(Nested::in_levels(content, self.inside()?)))
            }
            _ => {
                let found = Unexpected::Other("a value that is neither");
                return Err(de::Error::invalid_type(found, &"a string or an object of one member"));
            }
        };
        visitor.visit_enum(Variant { variant, content })
    }

    /// The name of a variant or a field, and never its number, which a type would take, too.
    fn deserialize_identifier<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        match self.value.content() {
            Content::String(text) => visitor.visit_borrowed_str(text),
            _ => {
                let found = Unexpected::Other("a value that is no string");
                Err(de::Error::invalid_type(found, &visitor))
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct
    }

    /// Without a look at it, however deep it is.
    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_unit()
    }
}

/// A key of an object: text, which may stand for a number or a `bool`.
#[derive(Clone, Copy)]
struct Key<'de> {
    text: &'de str,
    /// `Some`s and newtypes that are this key, too.
    wrappers: u32,
}

impl<'de> IntoDeserializer<'de, FromValueError> for Key<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Key<'de> {
    /// The same key in a wrapper.
    fn wrapped(self) -> Result<Self, FromValueError> {
        let wrappers = deeper(self.wrappers).map_err(de::Error::custom)?;
        Ok(Self { wrappers, ..self })
    }

    /// An integer, if it is written as JSON does, else text.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        if let Some(integer) = canonical::<u64>(self.text) {
            return visitor.visit_u64(integer);
        }
        match canonical::<i64>(self.text) {
            Some(integer) => visitor.visit_i64(integer),
            None => self.deserialize_any(visitor),
        }
    }

    /// A number, if it is written as JSON does and near to a float, else text.
    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match nearest(self.text) {
            Ok(float) if begins_as_number(self.text) => visitor.visit_f64(float),
            _ => self.deserialize_any(visitor),
        }
    }

    /// As [`integer`](Self::integer), of up to 128 bits.
    fn long_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match (canonical::<u128>(self.text), canonical::<i128>(self.text)) {
            (Some(integer), _) if integer > u64::MAX.into() => visitor.visit_u128(integer),
            (None, Some(integer)) if integer < i64::MIN.into() => visitor.visit_i128(integer),
            _ => self.integer(visitor),
        }
    }
}

/// Whether it is a number as JSON writes them, or ends in what is no exponent.
fn begins_as_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = digits.split_at(whole);
    let fraction = rest.strip_prefix('.').unwrap_or("0");
    let is_short = whole == "0" || !whole.starts_with('0');
    !whole.is_empty() && is_short && fraction.starts_with(|c: char| c.is_ascii_digit())
}

/// The integer, if that is how it is written: without a plus, or a zero in front.
fn canonical<T: FromStr + itoa::Integer + Copy>(text: &str) -> Option<T> {
    text.parse().ok().filter(|&integer: &T| itoa::Buffer::new().format(integer) == text)
}

macro_rules! numeric_keys {
    ($read:ident: $($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
            self.$read(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = FromValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        visitor.visit_borrowed_str(self.text)
    }

    numeric_keys! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }
    numeric_keys! { long_integer: deserialize_i128 deserialize_u128 }
    numeric_keys! { float: deserialize_f32 deserialize_f64 }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        visitor.visit_some(self.wrapped()?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_newtype_struct(self.wrapped()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_enum(Variant { variant: self.text, content: None })
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// A variant of an enum: its name, and what it holds, if anything.
struct Variant<'de, 't> {
    variant: &'de str,
    content: Option<Nested<'de, 't>>,
}

impl<'de, 't> de::EnumAccess<'de> for Variant<'de, 't> {
    type Error = FromValueError;
    type Variant = Self;

    fn variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self), FromValueError> {
        let name: de::value::BorrowedStrDeserializer<'de, FromValueError> =
            de::value::BorrowedStrDeserializer::new(self.variant);
        seed.deserialize(name).map(|value| (value, self))
    }
}

impl<'de, 't> Variant<'de, 't> {
    fn content(self, expected: &str) -> Result<Nested<'de, 't>, FromValueError> {
        self.content.ok_or_else(|| de::Error::invalid_type(Unexpected::UnitVariant, &expected))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de, '_> {
    type Error = FromValueError;

    fn unit_variant(self) -> Result<(), FromValueError> {
        self.content.map_or(Ok(()), de::Deserialize::deserialize)
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, FromValueError> {
        seed.deserialize(self.content("a variant that holds a value")?)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        self.content("a variant that holds an array")?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        self.content("a variant that holds an object")?.deserialize_any(visitor)
    }
}
