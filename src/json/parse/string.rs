//! Strings with escapes, and what can be wrong with a string.

#![forbid(unsafe_code)]

use alloc::string::String;

use super::machine::Machine;
use crate::error::AllocError;
use crate::json::error::{ErrorKind, Fault};
use crate::json::scan::{Cursor, Plain};

impl Machine<'_> {
    /// Reads a string from behind its first quote that ends near the end of the
    /// text, or has escapes, or is none. Returns the place behind its last quote,
    /// and the string, unless it is in the buffer.
    #[cold]
    #[inline(never)]
    pub(super) fn any_string<'c, 't, const SENTINEL: bool>(
        &mut self,
        start: Cursor<'c, 't, SENTINEL>,
    ) -> Result<(Cursor<'c, 't, SENTINEL>, Option<&'t str>), Fault> {
        let mut cursor = start;
        let plain = cursor.plain();
        match plain.text() {
            Some(text) if plain.stop == Some(b'"') => Ok((cursor, Some(text))),
            _ => Ok((self.escaped(cursor, plain)?, None)),
        }
    }

    /// Reads a string from behind its first plain bytes on into the buffer. Returns
    /// the place behind its last quote.
    fn escaped<'c, 't, const SENTINEL: bool>(
        &mut self,
        mut cursor: Cursor<'c, 't, SENTINEL>,
        mut plain: Plain<'t>,
    ) -> Result<Cursor<'c, 't, SENTINEL>, Fault> {
        self.buffer.clear();
        loop {
            self.take(cursor, &plain)?;
            match plain.stop {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut cursor)?,
                Some(_) => {
                    let offset = cursor.offset();
                    return Err(Fault { kind: ErrorKind::ControlCharacter, offset });
                }
                None => {
                    let offset = cursor.offset() + usize::from(SENTINEL);
                    return Err(Fault { kind: ErrorKind::UnexpectedEnd, offset });
                }
            }
            plain = cursor.plain();
        }
        if !self.take_bytes(self.buffer.len()) {
            return Err(Fault { kind: ErrorKind::TooManyBytes, offset: cursor.offset() });
        }
        Ok(cursor)
    }

    /// Adds plain bytes, behind which the cursor is, to the buffer, which has room
    /// for a character behind them then.
    fn take<'t, const SENTINEL: bool>(
        &mut self,
        cursor: Cursor<'_, 't, SENTINEL>,
        plain: &Plain<'t>,
    ) -> Result<(), Fault> {
        let text = plain.text().ok_or_else(|| {
            let quote = usize::from(plain.stop == Some(b'"'));
            let offset = cursor.offset() - quote - plain.length() + plain.valid();
            Fault { kind: ErrorKind::InvalidUtf8, offset }
        })?;
        let offset = cursor.offset();
        append(self.buffer, text).map_err(|error| Fault { kind: ErrorKind::Alloc(error), offset })
    }

    /// Reads an escape from its backslash on, and adds what it means.
    fn escape<const SENTINEL: bool>(
        &mut self,
        cursor: &mut Cursor<'_, '_, SENTINEL>,
    ) -> Result<(), Fault> {
        let start = cursor.offset();
        cursor.eat(b'\\');
        let invalid = Fault { kind: ErrorKind::InvalidEscape, offset: start };
        let meant = match cursor.step().ok_or_else(|| at_end(*cursor))? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode(cursor, invalid)?,
            _ => return Err(invalid),
        };
        // `take` made room.
        self.buffer.push(meant);
        Ok(())
    }

    /// Reads the digits behind `\u`, and a second escape if they are the first
    /// half of a pair.
    fn unicode<const SENTINEL: bool>(
        &self,
        cursor: &mut Cursor<'_, '_, SENTINEL>,
        invalid: Fault,
    ) -> Result<char, Fault> {
        let unit = hex(cursor, invalid)?;
        let lone = Fault { kind: ErrorKind::LoneSurrogate, ..invalid };
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let mut ahead = *cursor;
        if unit < 0xDC00 && ahead.eat(b'\\') && ahead.eat(b'u') {
            let start = Fault { kind: ErrorKind::InvalidEscape, offset: cursor.offset() };
            let second = hex(&mut ahead, start)?;
            if (0xDC00..0xE000).contains(&second) {
                *cursor = ahead;
                let code = 0x1_0000 + ((unit - 0xD800) << 10 | (second - 0xDC00));
                return char::from_u32(code).ok_or(lone);
            }
        }
        // What follows is read again, for itself.
        if self.options.replaces_surrogates { Ok(char::REPLACEMENT_CHARACTER) } else { Err(lone) }
    }
}

/// Four hexadecimal digits.
fn hex<const SENTINEL: bool>(
    cursor: &mut Cursor<'_, '_, SENTINEL>,
    invalid: Fault,
) -> Result<u32, Fault> {
    let mut unit = 0;
    for _ in 0..4 {
        let byte = cursor.step().ok_or_else(|| at_end(*cursor))?;
        unit = unit << 4 | char::from(byte).to_digit(16).ok_or(invalid)?;
    }
    Ok(unit)
}

/// The text ends inside of an escape.
fn at_end<const SENTINEL: bool>(cursor: Cursor<'_, '_, SENTINEL>) -> Fault {
    let offset = cursor.offset() + usize::from(SENTINEL);
    Fault { kind: ErrorKind::UnexpectedEnd, offset }
}

/// Adds a text, and makes room for a character behind it.
fn append(buffer: &mut String, text: &str) -> Result<(), AllocError> {
    /// Bytes of the first buffer: enough for most strings with escapes.
    const FIRST: usize = 1024;
    let more = text.len() + char::MAX.len_utf8();
    let requested = buffer.len() + more;
    let more = if buffer.capacity() == 0 { more.max(FIRST) } else { more };
    buffer.try_reserve(more).map_err(|_| AllocError::OutOfMemory { requested })?;
    buffer.push_str(text);
    Ok(())
}
