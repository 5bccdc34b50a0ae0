//! A value as JSON text, compact or indented.

#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, slice};

use super::node::{Content, Value};
use super::scan;

/// How JSON is laid out.
///
/// ```
/// use arraypool::json::{self, Pool, Style};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": [1]}"#, &pool).unwrap();
/// let mut bytes = Vec::new();
/// json::to_writer(&mut bytes, &document, Style::Indented(1))?;
/// assert_eq!(bytes, b"{\n \"a\": [\n  1\n ]\n}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Style {
    /// Without any white space.
    #[default]
    Compact,
    /// A line for each element, indented by so many spaces for each level.
    Indented(u8),
}

/// The value as compact JSON.
///
/// Complexity: linear. Not recursive.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": [1]}"#, &pool)?;
/// assert_eq!(json::to_string(&document), r#"{"a":[1]}"#);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Panics
/// If there is no memory.
#[must_use]
pub fn to_string(value: &Value<'_>) -> String {
    in_style(value, Style::Compact)
}

/// The value as JSON, indented by two spaces as `serde_json` does.
///
/// Complexity: linear, and for each element in its depth: nested brackets are
/// indented in quadratic space. Not recursive.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": [1]}"#, &pool)?;
/// assert!(json::to_string_pretty(&document).contains("\n"));
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Panics
/// If there is no memory.
#[must_use]
pub fn to_string_pretty(value: &Value<'_>) -> String {
    in_style(value, Style::Indented(2))
}

fn in_style(value: &Value<'_>, style: Style) -> String {
    /// Bytes that a text has room for from the start.
    const FIRST: usize = 128;
    let mut text = String::with_capacity(FIRST);
    // A `String` refuses nothing.
    write(value, style, &mut text).expect("memory for the stack of open containers");
    text
}

/// Writes the value as JSON.
///
/// Complexity: as [`to_string`] and [`to_string_pretty`], in many small writes: a file
/// wants a buffer. Panics only if the writer does.
///
/// ```
/// use arraypool::json::{self, Pool, Style};
///
/// let pool = <Pool>::new();
/// let document = json::parse(r#"{"a": [1]}"#, &pool).unwrap();
/// let mut bytes = Vec::new();
/// json::to_writer(&mut bytes, &document, Style::Compact)?;
/// assert_eq!(bytes, br#"{"a":[1]}"#);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the writer, and `OutOfMemory` if there is none for the stack of open
/// containers.
#[cfg(feature = "std")]
pub fn to_writer(
    writer: impl std::io::Write,
    value: &Value<'_>,
    style: Style,
) -> std::io::Result<()> {
    let mut sink = Bytes { writer, failure: None };
    match write(value, style, &mut sink) {
        Ok(()) => Ok(()),
        Err(fmt::Error) => {
            Err(sink.failure.unwrap_or_else(|| std::io::ErrorKind::OutOfMemory.into()))
        }
    }
}

/// A writer of bytes that is written text.
#[cfg(feature = "std")]
struct Bytes<W> {
    writer: W,
    failure: Option<std::io::Error>,
}

#[cfg(feature = "std")]
impl<W: std::io::Write> fmt::Write for Bytes<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.writer.write_all(text.as_bytes()).map_err(|error| {
            self.failure = Some(error);
            fmt::Error
        })
    }
}

/// Writes it as compact JSON; with `{:#}`, indented by two spaces. An error, if it is
/// not the formatter's: there is no memory for the stack of open containers.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, if f.alternate() { Style::Indented(2) } else { Style::Compact }, f)
    }
}

/// A container whose nodes are being written.
struct Open<'a, 't> {
    rest: slice::Iter<'a, Value<'t>>,
    is_object: bool,
}

/// Writes a value without recursion. The errors are those of the sink, and one if there
/// is no memory.
pub(super) fn write<W: fmt::Write>(value: &Value<'_>, style: Style, sink: &mut W) -> fmt::Result {
    let mut around: Vec<Open<'_, '_>> = Vec::new();
    let mut next = value;
    loop {
        let opened = match next.content() {
            Content::Array(nodes) => Some(Open { rest: nodes.iter(), is_object: false }),
            Content::Object(nodes) => Some(Open { rest: nodes.iter(), is_object: true }),
            leaf => {
                write_leaf(next, &leaf, sink)?;
                None
            }
        };
        let mut is_first = opened.is_some();
        if let Some(open) = opened {
            sink.write_str(if open.is_object { "{" } else { "[" })?;
            around.try_reserve(1).map_err(|_| fmt::Error)?;
            around.push(open);
        }
        // Up to the next value, or to the end.
        next = loop {
            let depth = around.len();
            let Some(open) = around.last_mut() else { return Ok(()) };
            let Some(node) = open.rest.next() else {
                if !is_first {
                    break_line(style, depth - 1, sink)?;
                }
                sink.write_str(if open.is_object { "}" } else { "]" })?;
                around.pop();
                is_first = false;
                continue;
            };
            if !is_first {
                sink.write_str(",")?;
            }
            break_line(style, depth, sink)?;
            if !open.is_object {
                break node;
            }
            sink.write_str("\"")?;
            write_text(node, node.string_text().unwrap_or_default(), sink)?;
            sink.write_str("\":")?;
            if style != Style::Compact {
                sink.write_str(" ")?;
            }
            match open.rest.next() {
                Some(value) => break value,
                None => return Err(fmt::Error),
            }
        };
    }
}

#[inline]
fn break_line<W: fmt::Write>(style: Style, depth: usize, sink: &mut W) -> fmt::Result {
    const SPACES: &str = "                                                                ";
    let Style::Indented(width) = style else { return Ok(()) };
    sink.write_str("\n")?;
    let mut left = depth * usize::from(width);
    while left > 0 {
        let now = left.min(SPACES.len());
        sink.write_str(&SPACES[..now])?;
        left -= now;
    }
    Ok(())
}

#[inline]
fn write_leaf<W: fmt::Write>(
    value: &Value<'_>,
    content: &Content<'_, '_>,
    sink: &mut W,
) -> fmt::Result {
    match *content {
        Content::Bool(true) => sink.write_str("true"),
        Content::Bool(false) => sink.write_str("false"),
        Content::Unsigned(integer) => sink.write_str(itoa::Buffer::new().format(integer)),
        Content::Negative(integer) => sink.write_str(itoa::Buffer::new().format(integer)),
        Content::Float(float) if float.is_finite() => {
            sink.write_str(zmij::Buffer::new().format_finite(float))
        }
        Content::Digits(text) => sink.write_str(text),
        Content::String(text) => {
            sink.write_str("\"")?;
            write_text(value, text, sink)?;
            sink.write_str("\"")
        }
        // JSON has neither infinities nor NaN; containers are no leaves.
        Content::Null | Content::Float(_) | Content::Array(_) | Content::Object(_) => {
            sink.write_str("null")
        }
    }
}

/// Writes the text of a string, escaped where JSON demands it: nowhere, if it was
/// read from JSON that way.
#[inline]
fn write_text<W: fmt::Write>(value: &Value<'_>, text: &str, sink: &mut W) -> fmt::Result {
    debug_assert!(!value.is_plain() || scan::escape_in(text.as_bytes()) == text.len());
    if value.is_plain() { sink.write_str(text) } else { write_escaped(text, sink) }
}

#[inline(never)]
fn write_escaped<W: fmt::Write>(text: &str, sink: &mut W) -> fmt::Result {
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_at(scan::escape_in(rest.as_bytes()));
        sink.write_str(before)?;
        let Some(&stop) = behind.as_bytes().first() else { return Ok(()) };
        escape(stop, sink)?;
        // What stopped is one byte, and ASCII.
        rest = &behind[1..];
    }
}

#[cold]
fn escape<W: fmt::Write>(byte: u8, sink: &mut W) -> fmt::Result {
    match byte {
        b'"' => sink.write_str("\\\""),
        b'\\' => sink.write_str("\\\\"),
        b'\n' => sink.write_str("\\n"),
        b'\r' => sink.write_str("\\r"),
        b'\t' => sink.write_str("\\t"),
        0x08 => sink.write_str("\\b"),
        0x0c => sink.write_str("\\f"),
        control => write!(sink, "\\u{control:04x}"),
    }
}
