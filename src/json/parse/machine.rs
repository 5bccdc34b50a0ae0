//! The parser's one pass: a loop over values, without recursion.

#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use super::Options;
use super::number;
use crate::error::AllocError;
use crate::json::error::{ErrorKind, Fault};
use crate::json::node::{Builder, Innermost, Kind, Scalar, Value};
use crate::json::reserve;
use crate::json::scan::{Cursor, Indents};
use crate::pool::ReleaseStrategy;

/// What one document is read with, besides cursor and builder: those are values
/// of their own, whose address no call takes, so that they live in registers.
pub(super) struct Machine<'s> {
    pub(super) options: &'s Options,
    indents: Indents,
    /// Where strings with escapes are put together.
    pub(super) buffer: &'s mut String,
    /// Values and keys so far, but for those of open containers.
    nodes: usize,
    /// From so many nodes on, a limit is passed.
    nodes_end: usize,
    /// Bytes of unescaped strings so far.
    bytes: usize,
}

/// How many nodes are too many, with so many bytes beside them.
fn nodes_end(options: &Options, bytes: usize) -> usize {
    let fit = options.bytes.saturating_sub(bytes) / size_of::<Value<'_>>();
    options.nodes.min(fit.saturating_add(1))
}

/// How a run ended: the place behind the value, and whether the cursor has
/// stepped there, or stays at the last byte of a text with a sentinel.
type Outcome<'c, 't, const SENTINEL: bool> = Result<(Cursor<'c, 't, SENTINEL>, bool), Fault>;

impl<'s> Machine<'s> {
    pub(super) fn new(options: &'s Options, buffer: &'s mut String) -> Self {
        let nodes_end = nodes_end(options, 0);
        Self { options, indents: Indents::new(), buffer, nodes: 0, nodes_end, bytes: 0 }
    }

    /// From so many nodes on, a limit is passed.
    pub(super) fn nodes_end(&self) -> usize {
        self.nodes_end
    }

    /// Counts bytes beside the nodes; false if that passes a limit.
    pub(super) fn take_bytes(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.nodes_end = nodes_end(self.options, self.bytes);
        self.bytes <= self.options.bytes
    }

    /// Reads one value.
    #[inline(never)]
    pub(super) fn run<'b, 'c, 'p, 't, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        start: Cursor<'c, 't, SENTINEL>,
        builder: Builder<'b, 'p, 't, S>,
    ) -> (Builder<'b, 'p, 't, S>, Outcome<'c, 't, SENTINEL>) {
        let (mut cursor, mut builder) = (start, builder);
        let outcome = self.values(&mut cursor, &mut builder);
        (builder, outcome.map(|goes_on| (cursor, goes_on)))
    }

    #[inline(always)]
    fn values<'t, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        cursor: &mut Cursor<'_, 't, SENTINEL>,
        builder: &mut Builder<'_, '_, 't, S>,
    ) -> Result<bool, Fault> {
        let mut byte = cursor.skip_space();
        'value: loop {
            match byte {
                b'"' => self.string(cursor, builder)?,
                b'{' => {
                    self.open(cursor, builder, Kind::Object, b'{')?;
                    byte = cursor.skip_indent(&mut self.indents, builder.depth());
                    if byte != b'}' {
                        byte = self.key(cursor, builder)?;
                        continue 'value;
                    }
                }
                b'[' => {
                    self.open(cursor, builder, Kind::Array, b'[')?;
                    byte = cursor.skip_indent(&mut self.indents, builder.depth());
                    if byte != b']' {
                        continue 'value;
                    }
                }
                b'-' | b'0'..=b'9' => {
                    let start = *cursor;
                    if let Some((kind, bits)) = number::plain(cursor) {
                        push(builder, Value::plain(kind, bits), *cursor)?;
                    } else {
                        let (node, behind) = number::any(start, self.options)?;
                        cursor.move_to(&behind);
                        push(builder, node, *cursor)?;
                    }
                }
                _ => {
                    let Some(kind) = literal(cursor, byte) else {
                        return Err(not_here(*cursor, ErrorKind::ExpectedValue));
                    };
                    push(builder, Value::plain(kind, 0), *cursor)?;
                }
            }
            // Behind a value: a comma leads to the next one, a bracket to what
            // is behind the container.
            loop {
                let Some(container) = builder.innermost() else { return Ok(true) };
                let depth = container.depth();
                byte = cursor.peek();
                if byte <= b' ' {
                    byte = cursor.skip_indent(&mut self.indents, depth - 1);
                }
                if byte == b',' {
                    cursor.eat(b',');
                    byte = cursor.skip_indent(&mut self.indents, depth);
                    if builder.is_object() {
                        byte = self.key(cursor, builder)?;
                    }
                    continue 'value;
                }
                if byte != if container.is_object() { b'}' } else { b']' } {
                    return Err(neither_comma_nor_end(*cursor, container.is_object()));
                }
                self.finish(cursor, container)?;
                if !cursor.close() {
                    return if depth == 1 { Ok(false) } else { Err(ended(*cursor)) };
                }
            }
        }
    }

    #[inline(always)]
    fn open<'t, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        cursor: &mut Cursor<'_, 't, SENTINEL>,
        builder: &mut Builder<'_, '_, 't, S>,
        kind: Kind,
        bracket: u8,
    ) -> Result<(), Fault> {
        if builder.depth() >= self.options.depth {
            return Err(fault(*cursor, ErrorKind::TooDeep));
        }
        cursor.eat(bracket);
        builder.open(kind).map_err(|error| refused(*cursor, error))
    }

    #[inline(always)]
    fn finish<'t, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        cursor: &Cursor<'_, 't, SENTINEL>,
        container: Innermost<'_, '_, '_, 't, S>,
    ) -> Result<(), Fault> {
        self.nodes += container.nodes();
        if self.nodes >= self.nodes_end {
            let too_many = self.nodes >= self.options.nodes;
            let kind = if too_many { ErrorKind::TooManyNodes } else { ErrorKind::TooManyBytes };
            return Err(fault(*cursor, kind));
        }
        if self.options.refuses_duplicates && container.is_object() {
            check_keys(container.open_nodes(), *cursor)?;
        }
        let closed = if container.is_object() && container.nodes() / 2 >= self.options.index_from {
            container.close_indexed()
        } else {
            container.close()
        };
        closed.map_err(|error| refused(*cursor, error))
    }

    /// Reads a key and the colon behind it; returns the first byte of the value.
    #[inline(always)]
    fn key<'t, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        cursor: &mut Cursor<'_, 't, SENTINEL>,
        builder: &mut Builder<'_, '_, 't, S>,
    ) -> Result<u8, Fault> {
        self.string(cursor, builder)?;
        cursor.colon().ok_or_else(|| not_here(*cursor, ErrorKind::ExpectedColon))
    }

    /// Reads a string from its first quote on.
    #[inline(always)]
    fn string<'t, S: ReleaseStrategy, const SENTINEL: bool>(
        &mut self,
        cursor: &mut Cursor<'_, 't, SENTINEL>,
        builder: &mut Builder<'_, '_, 't, S>,
    ) -> Result<(), Fault> {
        if !cursor.eat(b'"') {
            return Err(not_here(*cursor, ErrorKind::ExpectedKey));
        }
        let start = *cursor;
        if let Some(text) = cursor.simple() {
            return builder.push_short(text).map_err(|error| refused(*cursor, error));
        }
        // It is read once more, so that what was found need not be in memory.
        let (behind, text) = self.any_string(start)?;
        cursor.move_to(&behind);
        let pushed = match text {
            Some(text) => builder.push_plain(text),
            None => builder.push_copy(Kind::String, self.buffer),
        };
        pushed.map_err(|error| refused(*cursor, error))
    }
}

#[inline(always)]
fn push<'t, S: ReleaseStrategy, const SENTINEL: bool>(
    builder: &mut Builder<'_, '_, 't, S>,
    node: Value<'t>,
    cursor: Cursor<'_, 't, SENTINEL>,
) -> Result<(), Fault> {
    builder.push(node).map_err(|error| refused(cursor, error))
}

/// Reads `true`, `false` or `null`; the cursor stays if it is none of them.
#[inline(always)]
fn literal<const SENTINEL: bool>(
    cursor: &mut Cursor<'_, '_, SENTINEL>,
    byte: u8,
) -> Option<Scalar> {
    // A word that is not whole is an error where it begins.
    let mut ahead = *cursor;
    let kind = match byte {
        b't' if ahead.word(b"true") => Scalar::True,
        b'n' if ahead.word(b"null") => Scalar::Null,
        b'f' if ahead.word(b"fals") && ahead.eat(b'e') => Scalar::False,
        _ => return None,
    };
    cursor.move_to(&ahead);
    Some(kind)
}

/// The fault that something else stands here, or nothing at all.
#[cold]
#[inline(never)]
fn not_here<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>, kind: ErrorKind) -> Fault {
    expected(cursor.without_sentinel(), kind)
}

#[cold]
#[inline(never)]
fn neither_comma_nor_end<const SENTINEL: bool>(
    cursor: Cursor<'_, '_, SENTINEL>,
    is_object: bool,
) -> Fault {
    let (brace, bracket) = (ErrorKind::ExpectedCommaOrBrace, ErrorKind::ExpectedCommaOrBracket);
    not_here(cursor, if is_object { brace } else { bracket })
}

/// The text ended with the sentinel, but containers are open.
#[cold]
#[inline(never)]
fn ended<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>) -> Fault {
    Fault { kind: ErrorKind::UnexpectedEnd, offset: cursor.offset() + 1 }
}

#[cold]
#[inline(never)]
fn fault<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>, kind: ErrorKind) -> Fault {
    Fault { kind, offset: cursor.offset() }
}

#[cold]
#[inline(never)]
fn refused<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>, error: AllocError) -> Fault {
    fault(cursor, ErrorKind::Alloc(error))
}

/// Refuses an object that has the same key twice: at the second one, if that lies in
/// the text as it is, or else at the object's end, where the cursor is.
#[cold]
#[inline(never)]
fn check_keys<const SENTINEL: bool>(
    nodes: &[Value<'_>],
    cursor: Cursor<'_, '_, SENTINEL>,
) -> Result<(), Fault> {
    let mut keys: Vec<(&str, usize)> = Vec::new();
    reserve(&mut keys, nodes.len() / 2).map_err(|error| refused(cursor, error))?;
    let members = nodes.chunks_exact(2).enumerate();
    keys.extend(members.filter_map(|(place, member)| Some((member[0].string_text()?, place))));
    keys.sort_unstable();
    let twice = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1]);
    let Some((key, _)) = twice.min_by_key(|&(_, place)| place) else { return Ok(()) };
    // In front of the text of a key is its quote.
    let offset = cursor.offset_of(key).map_or(cursor.offset(), |place| place - 1);
    Err(Fault { kind: ErrorKind::DuplicateKey, offset })
}

/// The fault that something else stands here, or nothing at all.
pub(super) fn expected(cursor: Cursor<'_, '_, false>, kind: ErrorKind) -> Fault {
    let kind = if cursor.is_at_end() { ErrorKind::UnexpectedEnd } else { kind };
    Fault { kind, offset: cursor.offset() }
}
