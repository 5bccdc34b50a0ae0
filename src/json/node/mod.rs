//! A node of 16 bytes, the stack on which trees are put together, and the walk that takes them apart.
//!
//! One of two places of this module that hold `unsafe`.
//!
//! ```text
//! | kind and flags: 8 | mark: 24 | length: 32 | number, or address: 64 |
//! ```
//! A **container** is an array or an object; an object's array holds a key node
//! and a value node for each member. A node **holds** an array of the pool if it
//! is a container with children, or a string that could not be borrowed from the
//! text; its [`Mark`] leads back to the slot. A container is **flat** if no node
//! in its array holds one, so that the array goes back unread.
//!
//! What makes the pointers right, in one place: a node with the flag `HELD` is
//! made by [`Value::held`] only, of an array that was just filled. A node is
//! neither `Copy` nor `Clone` and is never handed out by value, so it stands for
//! its array alone; the array goes back when the [`Tree`] that owns the node
//! is dropped, or the [`Builder`] gives back what it has. Both borrow the pool, which therefore is
//! neither reset nor dropped meanwhile.

mod build;
mod edit;
mod tree;

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::{slice, str};

pub(super) use build::{Builder, Guard, Innermost, Stack};
pub(super) use edit::Place;
pub(super) use tree::Tree;

use crate::pool::{Mark, Marked};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Null,
    False,
    True,
    /// A `u64`.
    Unsigned,
    /// An `i64` below 0.
    Negative,
    Float,
    /// A number kept as the text it was.
    Digits,
    String,
    Array,
    Object,
    /// A container on the stack that is not finished.
    Open,
}

/// A kind that is all in its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Scalar {
    Null = Kind::Null as u8,
    False = Kind::False as u8,
    True = Kind::True as u8,
    Unsigned = Kind::Unsigned as u8,
    Negative = Kind::Negative as u8,
    Float = Kind::Float as u8,
}

/// The kind, in the head.
const KIND: u32 = 0x0F;
/// A string that needs no escape where it is written: it lies in a JSON text as it is.
const PLAIN: u32 = 0x10;
/// An object's array has an index behind its members.
const INDEXED: u32 = 0x20;
/// The node holds an array of the pool.
const HELD: u32 = 0x40;
/// None of the nodes in its array holds an array itself.
const FLAT: u32 = 0x80;
/// Where the mark begins.
const MARK: u32 = 32 - Mark::BITS;

/// A JSON value in a [`Document`](super::Document).
///
/// It is 16 bytes long and borrowed from its document; strings that needed no
/// unescaping lie in the text, which lives for `'t`.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"list": [1, 2]}"#, &pool)?;
/// let list: &json::Value = &document["list"];
/// assert_eq!((list[1].as_i64(), list.to_string()), (Some(2), "[1,2]".to_owned()));
/// # Ok::<(), json::Error>(())
/// ```
#[repr(C)]
pub struct Value<'t> {
    /// Head and length in one, lowest first: two stores of 32 bits would keep
    /// the load of both, when a node moves, waiting.
    info: u64,
    word: Word,
    text: PhantomData<&'t str>,
}

/// Head and length of a node in one.
#[inline(always)]
const fn info(head: u32, length: u32) -> u64 {
    head as u64 | (length as u64) << 32
}

/// What is behind the head: which, says the kind.
#[derive(Clone, Copy)]
union Word {
    bits: u64,
    address: NonNull<u8>,
    /// While a tree is taken apart: the way back.
    up: Option<NonNull<u8>>,
}

const _: () = assert!(size_of::<Value<'static>>() == 16 && align_of::<Value<'static>>() <= 16);

// SAFETY: a shared value gives out shared parts of itself, of its arrays and of
// the text only: all of it plain data that nobody changes meanwhile.
unsafe impl Sync for Value<'_> {}

/// What a value borrows or holds, by kind.
pub(super) enum Content<'a, 't> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Digits(&'a str),
    String(&'a str),
    Array(&'a [Value<'t>]),
    /// Key, value, key, value.
    Object(&'a [Value<'t>]),
}

impl<'t> Value<'t> {
    pub(super) const NULL: Self = Self::plain(Scalar::Null, 0);

    /// A value that is all in its bits: 0 for `null`, `true` and `false`.
    #[inline(always)]
    pub(super) const fn plain(kind: Scalar, bits: u64) -> Self {
        Self { info: info(kind as u32, 0), word: Word { bits }, text: PhantomData }
    }

    #[inline(always)]
    pub(super) fn bool(value: bool) -> Self {
        Self::plain(if value { Scalar::True } else { Scalar::False }, 0)
    }

    #[inline(always)]
    pub(super) fn unsigned(integer: u64) -> Self {
        Self::plain(Scalar::Unsigned, integer)
    }

    /// An integer that may be below 0.
    #[inline(always)]
    pub(super) fn signed(integer: i64) -> Self {
        let kind = if integer < 0 { Scalar::Negative } else { Scalar::Unsigned };
        Self::plain(kind, integer as u64)
    }

    #[inline(always)]
    pub(super) fn float(float: f64) -> Self {
        Self::plain(Scalar::Float, float.to_bits())
    }

    /// A float, or `null` if it is infinite or no number.
    pub(super) fn finite(float: f64) -> Self {
        if float.is_finite() { Self::float(float) } else { Self::NULL }
    }

    /// A number as text that lies in the text; `None` if it is longer than 2^32 - 1 bytes.
    pub(super) fn digits(text: &'t str) -> Option<Self> {
        let info = info(Kind::Digits as u32, u32::try_from(text.len()).ok()?);
        let word = Word { address: NonNull::from(text).cast() };
        Some(Self { info, word, text: PhantomData })
    }

    /// A container without children, or a string without bytes.
    #[inline(always)]
    pub(super) fn empty(kind: Kind) -> Self {
        let address = NonNull::<Value<'_>>::dangling().cast();
        Self { info: info(kind as u32, 0), word: Word { address }, text: PhantomData }
    }

    /// A node that holds an array.
    ///
    /// # Safety
    /// The array is filled with what kind and length say, and the node's alone.
    #[inline(always)]
    unsafe fn held(kind: Kind, array: Marked, length: u32, flags: u32) -> Self {
        let head = kind as u32 | HELD | flags | array.mark.bits() << MARK;
        let word = Word { address: array.elements };
        Self { info: info(head, length), word, text: PhantomData }
    }

    /// Kind, flags and mark.
    #[inline(always)]
    const fn head(&self) -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
        let head = self.info as u32;
        head
    }

    /// Bytes, elements or members.
    #[inline(always)]
    const fn length(&self) -> u32 {
        (self.info >> 32) as u32
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Kind {
        kind_of(self.head())
    }

    /// Whether it holds an array of the pool.
    #[inline(always)]
    pub(super) fn is_held(&self) -> bool {
        self.head() & HELD != 0
    }

    #[inline(always)]
    fn bits(&self) -> u64 {
        debug_assert!(matches!(self.kind(), Kind::Unsigned | Kind::Negative | Kind::Float));
        // SAFETY: all of a word of these kinds was written as bits.
        unsafe { self.word.bits }
    }

    #[inline(always)]
    fn address(&self) -> NonNull<u8> {
        debug_assert!(matches!(
            self.kind(),
            Kind::Digits | Kind::String | Kind::Array | Kind::Object
        ));
        // SAFETY: the word of these kinds was written as an address.
        unsafe { self.word.address }
    }

    /// The text of a string or of a number that is kept as one.
    #[inline(always)]
    fn text(&self) -> &str {
        // SAFETY: from the address on lie `length` bytes, in the text or in the
        // array that this node holds, as long as it is borrowed.
        let bytes =
            unsafe { slice::from_raw_parts(self.address().as_ptr(), self.length() as usize) };
        // SAFETY: they were those of a `str`.
        unsafe { str::from_utf8_unchecked(bytes) }
    }

    /// The nodes of a container: for an object, two of each member.
    #[inline(always)]
    fn children(&self) -> &[Value<'t>] {
        let nodes = self.address().cast::<Value<'t>>().as_ptr();
        // SAFETY: so many nodes were written to the array that this one holds,
        // or none to no array, and they stay as long as it is borrowed.
        unsafe { slice::from_raw_parts(nodes, self.node_count()) }
    }

    /// The numbers of an object's members in the order of their keys, of equal
    /// ones the later last; empty if it has no index.
    #[inline]
    pub(super) fn index(&self) -> &[u32] {
        if self.head() & INDEXED == 0 {
            return &[];
        }
        // SAFETY: `INDEXED` is set by `close_indexed` only, which wrote the index there, and
        // cleared by every edit of the members.
        let behind = unsafe { self.address().cast::<Value<'t>>().add(self.node_count()) };
        // SAFETY: it has a number for each member, and stays while it is borrowed.
        unsafe { slice::from_raw_parts(behind.as_ptr().cast(), self.length() as usize) }
    }

    /// Nodes in a container's array.
    #[inline(always)]
    fn node_count(&self) -> usize {
        node_count(self.head(), self.length())
    }

    /// What it is.
    #[inline(always)]
    pub(super) fn content(&self) -> Content<'_, 't> {
        match self.kind() {
            Kind::Null | Kind::Open => Content::Null,
            Kind::False => Content::Bool(false),
            Kind::True => Content::Bool(true),
            Kind::Unsigned => Content::Unsigned(self.bits()),
            Kind::Negative => Content::Negative(self.bits() as i64),
            Kind::Float => Content::Float(f64::from_bits(self.bits())),
            Kind::Digits => Content::Digits(self.text()),
            Kind::String => Content::String(self.text()),
            Kind::Array => Content::Array(self.children()),
            Kind::Object => Content::Object(self.children()),
        }
    }

    /// Whether it is a string that is known to need no escape in JSON.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.head() & PLAIN != 0
    }

    /// The text, if it is a string.
    #[inline(always)]
    pub(super) fn string_text(&self) -> Option<&str> {
        (self.kind() == Kind::String).then(|| self.text())
    }

    /// The array that it holds.
    #[inline(always)]
    fn array(&self) -> Marked {
        debug_assert!(self.is_held());
        Marked { elements: self.address(), mark: Mark::from_bits(self.head() >> MARK) }
    }
}

#[inline(always)]
fn kind_of(head: u32) -> Kind {
    const KINDS: [Kind; 16] = {
        let mut kinds = [Kind::Open; 16];
        kinds[0] = Kind::Null;
        kinds[1] = Kind::False;
        kinds[2] = Kind::True;
        kinds[3] = Kind::Unsigned;
        kinds[4] = Kind::Negative;
        kinds[5] = Kind::Float;
        kinds[6] = Kind::Digits;
        kinds[7] = Kind::String;
        kinds[8] = Kind::Array;
        kinds[9] = Kind::Object;
        kinds
    };
    KINDS[(head & KIND) as usize]
}

#[inline(always)]
fn node_count(head: u32, length: u32) -> usize {
    // Both shifts are by 0 or 1: an object has two nodes for each member.
    (length as usize) << u32::from(head & KIND == Kind::Object as u32)
}
