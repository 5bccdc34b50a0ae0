//! A text read byte by byte and block by block, and never beyond its ends.
//!
//! This folder is one of two places in `json` that hold `unsafe`. A [`Cursor`] keeps a bare
//! pointer, and every method leaves it at a place that may be read:
//!
//! 1. `start <= at <= end`, all inside one text or one past its last byte.
//! 2. With `SENTINEL`, the last byte is `]` or `}`, and `at < end`. Whatever
//!    steps over something else than these two stops before the end by itself,
//!    so that nothing but [`Cursor::close`], [`Cursor::step`] and [`Cursor::word`]
//!    has to compare. In a string a bracket is a byte like others: there `has_block`
//!    asks for one byte more than it loads, and `plain_tail` stops in front of the last.
//! 3. Without `SENTINEL`, a byte is read only after a comparison with `end`.
//! 4. A block is loaded only where all of it lies before `end`.
//!
//! Blocks are 16 bytes long: SSE2, NEON, or two words of 64 bits.

mod block;
mod digits;
mod indents;
mod utf8;

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::{slice, str};

use block::Block;
pub(super) use digits::Decimal;
pub(super) use indents::Indents;

/// What JSON takes for white space.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The bounds of a text. Those that are addresses save a subtraction wherever one
/// is asked, which is once for each string, key and number.
pub(super) struct Text<'t> {
    start: NonNull<u8>,
    end: NonNull<u8>,
    /// The last address from which on there are 16 bytes, and one more.
    last_block: usize,
    /// The first address in front of which there are 16 bytes.
    first_number: usize,
    /// The last address from which on there are 32 bytes, and two more.
    last_number: usize,
    bytes: PhantomData<&'t [u8]>,
}

impl<'t> Text<'t> {
    /// The most bytes of a text.
    const LONGEST: u64 = 1 << 32;

    /// The bounds of so many bytes, which are no more than `LONGEST`: a string,
    /// which has a quote behind it, is shorter than that.
    #[inline(always)]
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        assert!(bytes.len() as u64 <= Self::LONGEST, "the parser looks at the length first");
        let range = bytes.as_ptr_range();
        let start = NonNull::from(bytes).cast::<u8>();
        let end = NonNull::new(range.end.cast_mut()).unwrap_or(start);
        let (first, behind) = (start.addr().get(), end.addr().get());
        Self {
            start,
            end,
            last_block: behind.saturating_sub(17),
            first_number: first.saturating_add(16),
            last_number: behind.saturating_sub(34),
            bytes: PhantomData,
        }
    }

    /// The place in front of the first byte.
    #[inline(always)]
    pub(super) fn first(&self) -> Cursor<'_, 't, false> {
        Cursor { at: self.start, text: self }
    }
}

/// A place in a text: two words, so that it travels in registers wherever it is
/// passed by value.
pub(super) struct Cursor<'s, 't, const SENTINEL: bool> {
    at: NonNull<u8>,
    text: &'s Text<'t>,
}

impl<const SENTINEL: bool> Clone for Cursor<'_, '_, SENTINEL> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<const SENTINEL: bool> Copy for Cursor<'_, '_, SENTINEL> {}

/// The first bytes of a string, up to a quote, a backslash or a control byte.
pub(super) struct Plain<'t> {
    /// The bytes before it.
    bytes: &'t [u8],
    /// Whether all of them are ASCII.
    ascii: bool,
    /// A quote, a backslash or a control byte; `None`: the text ended.
    pub(super) stop: Option<u8>,
}

impl<'t> Plain<'t> {
    /// The bytes, if they are UTF-8.
    #[inline(always)]
    pub(super) fn text(&self) -> Option<&'t str> {
        if !self.ascii && !utf8::is_utf8(self.bytes) {
            return None;
        }
        // SAFETY: every byte was looked at: none has its high bit set, or all
        // together are UTF-8.
        Some(unsafe { str::from_utf8_unchecked(self.bytes) })
    }

    /// How many bytes come before the first that is not UTF-8.
    #[cold]
    pub(super) fn valid(&self) -> usize {
        str::from_utf8(self.bytes).map_or_else(|error| error.valid_up_to(), str::len)
    }

    /// How many bytes these are.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// A string in a text, shorter than 4 GiB.
pub(super) struct Short<'t>(&'t str);

impl<'t> Short<'t> {
    #[inline(always)]
    pub(super) fn text(&self) -> &'t str {
        self.0
    }

    /// Its bytes.
    #[inline(always)]
    pub(super) fn length(&self) -> u32 {
        debug_assert!(u32::try_from(self.0.len()).is_ok());
        #[allow(clippy::cast_possible_truncation, reason = "it is as short as its name says")]
        let length = self.0.len() as u32;
        length
    }
}

/// Where the first byte is that a string in JSON cannot have as it is; the
/// length, if there is none.
#[inline]
pub(super) fn escape_in(text: &[u8]) -> usize {
    let mut place = 0;
    while let Some(bytes) = text[place..].first_chunk() {
        match stops(bytes) {
            0 => place += 16,
            found => return place + found.trailing_zeros() as usize,
        }
    }
    let rest = &text[place..];
    place
        + match rest.len() {
            8.. => escape_in_ends::<8>(rest),
            4.. => escape_in_ends::<4>(rest),
            _ => rest.iter().position(|&byte| is_stop(byte)).unwrap_or(rest.len()),
        }
}

/// Where that byte is in the first and the last `HALF` bytes, which are all.
#[inline(always)]
fn escape_in_ends<const HALF: usize>(text: &[u8]) -> usize {
    let mut bytes = [b' '; 16];
    if let (Some(first), Some(last)) = (text.first_chunk::<HALF>(), text.last_chunk::<HALF>()) {
        bytes[..HALF].copy_from_slice(first);
        bytes[HALF..2 * HALF].copy_from_slice(last);
    }
    let found = stops(&bytes).trailing_zeros() as usize;
    // Those of the second half lie as far from the end.
    if found < HALF { found } else { (found + text.len() - 2 * HALF).min(text.len()) }
}

#[inline(always)]
fn stops(bytes: &[u8; 16]) -> u32 {
    // SAFETY: 16 bytes are there.
    unsafe { Block::load(NonNull::from(bytes).cast()) }.string_stops()
}

/// Whether a byte ends the plain part of a string.
const fn is_stop(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

impl<'s, 't> Cursor<'s, 't, false> {
    /// The same place, if the text's last byte is a closing bracket in front of
    /// which or at which the cursor stands.
    pub(super) fn with_sentinel(self) -> Option<Cursor<'s, 't, true>> {
        let ends = matches!(self.rest().last(), Some(b']' | b'}'));
        ends.then_some(Cursor { at: self.at, text: self.text })
    }
}

impl<'s, 't, const SENTINEL: bool> Cursor<'s, 't, SENTINEL> {
    /// The same place without the promise about the last byte.
    pub(super) fn without_sentinel(self) -> Cursor<'s, 't, false> {
        Cursor { at: self.at, text: self.text }
    }

    /// Bytes in front of the cursor.
    #[inline(always)]
    pub(super) fn offset(&self) -> usize {
        self.at.addr().get() - self.text.start.addr().get()
    }

    /// Bytes in front of a part of the text, of which there are some; `None` if it
    /// lies elsewhere.
    pub(super) fn offset_of(&self, part: &str) -> Option<usize> {
        let (start, end) = (self.text.start.addr().get(), self.text.end.addr().get());
        let place = part.as_ptr().addr();
        (start < place && place < end).then(|| place - start)
    }

    /// Bytes from the cursor on.
    #[inline(always)]
    fn left(&self) -> usize {
        self.text.end.addr().get() - self.at.addr().get()
    }

    /// Whether the text is over.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.end
    }

    /// The bytes from the cursor on.
    pub(super) fn rest(&self) -> &'t [u8] {
        // SAFETY: fact 1: from the cursor to the end there is text, borrowed for 't.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.left()) }
    }

    /// The bytes from an earlier place to the cursor; none if the place is a later
    /// one, or one of another text.
    #[inline(always)]
    pub(super) fn since(&self, before: Self) -> &'t [u8] {
        if !core::ptr::eq(self.text, before.text) {
            return &[];
        }
        let length = self.at.addr().get().saturating_sub(before.at.addr().get());
        // SAFETY: fact 1: both are places of this text, compared above, whose bytes
        // are borrowed for 't; the length is 0 if `before` lies behind the cursor.
        unsafe { slice::from_raw_parts(before.at.as_ptr(), length) }
    }

    /// The byte at the cursor; 0 at the end.
    #[inline(always)]
    pub(super) fn peek(&self) -> u8 {
        if !SENTINEL && self.at == self.text.end {
            return 0;
        }
        debug_assert!(self.at < self.text.end);
        // SAFETY: fact 2, or the comparison above.
        unsafe { self.at.read() }
    }

    /// Moves on by `count` bytes, of which none is a sentinel at the end.
    ///
    /// # Safety
    /// So many bytes lie before the end; with `SENTINEL`, one more does.
    #[inline(always)]
    unsafe fn advance(&mut self, count: usize) {
        debug_assert!(count + usize::from(SENTINEL) <= self.left());
        // SAFETY: the caller's promise.
        self.at = unsafe { self.at.add(count) };
    }

    /// Steps over `byte` if it is the next; it is neither 0 nor a closing bracket.
    #[inline(always)]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let stays = matches!(byte, 0 | b']' | b'}');
        if stays || self.peek() != byte {
            return false;
        }
        // SAFETY: the byte is there and no bracket, so it is not the sentinel;
        // without one, a byte that is not 0 was read before the end.
        unsafe { self.advance(1) };
        true
    }

    /// Steps over a closing bracket. False, and the cursor stays, if it is none
    /// or the last byte of a text with a sentinel.
    #[inline(always)]
    pub(super) fn close(&mut self) -> bool {
        let closes = matches!(self.peek(), b']' | b'}');
        if !closes || (SENTINEL && self.left() == 1) {
            return false;
        }
        // SAFETY: the byte is there, and with a sentinel, one more.
        unsafe { self.advance(1) };
        true
    }

    /// Steps over `word` if it comes next; it holds no bracket.
    #[inline(always)]
    pub(super) fn word(&mut self, word: &[u8; 4]) -> bool {
        if self.left() < 4 + usize::from(SENTINEL) {
            return false;
        }
        // SAFETY: so many bytes lie before the end.
        let bytes = unsafe { self.at.cast::<[u8; 4]>().read_unaligned() };
        if bytes != *word {
            return false;
        }
        // SAFETY: as compared above.
        unsafe { self.advance(4) };
        true
    }

    /// Steps over white space; returns the byte behind it, 0 at the end.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        // One space follows most colons.
        if self.eat(b' ') && self.peek() > b' ' {
            return self.peek();
        }
        let spaces = self.spaces();
        // SAFETY: so many bytes are white space, which is no bracket.
        unsafe { self.advance(spaces) };
        self.peek()
    }

    /// Steps over a colon and the white space behind it; returns the byte behind
    /// that, or `None` if there is no colon.
    #[inline(always)]
    pub(super) fn colon(&mut self) -> Option<u8> {
        if self.has_block() {
            // SAFETY: `has_block`: 17 bytes lie before the end.
            let [first, second] = unsafe { self.at.cast::<[u8; 2]>().read_unaligned() };
            if first == b':' && second > b' ' {
                // SAFETY: a byte that is no bracket, and there is one more.
                unsafe { self.advance(1) };
                return Some(second);
            }
            if first == b':' && second == b' ' {
                // SAFETY: two bytes that are no brackets, and there is one more.
                unsafe { self.advance(2) };
                let byte = self.peek();
                return Some(if byte > b' ' { byte } else { self.skip_space() });
            }
        }
        if !self.eat(b':') {
            self.skip_space();
            if !self.eat(b':') {
                return None;
            }
        }
        Some(self.skip_space())
    }

    /// How many bytes of white space come next.
    ///
    /// Like all that is not inlined, it takes the cursor by value and returns a
    /// number, so that the cursor itself can live in registers.
    #[inline(never)]
    fn spaces(mut self) -> usize {
        let before = self;
        loop {
            let spaces = match self.block() {
                Some(block) => block.leading_spaces(),
                None => u32::from(is_space(self.peek())),
            };
            // SAFETY: so many bytes of white space were read here, and none of
            // them is a bracket.
            unsafe { self.advance(spaces as usize) };
            if spaces == 0 || (spaces < Block::BYTES && !is_space(self.peek())) {
                return self.offset() - before.offset();
            }
        }
    }

    /// Steps over white space that probably is as long as the last at this
    /// depth; returns the byte behind it, 0 at the end.
    #[inline(always)]
    pub(super) fn skip_indent(&mut self, indents: &mut Indents, depth: u32) -> u8 {
        let length = indents.length(depth);
        let before = self.at;
        if length == 0 {
            let byte = self.peek();
            if byte > b' ' {
                return byte;
            }
            if self.eat(b' ') && self.peek() > b' ' {
                return self.peek();
            }
        } else if self.at.addr().get() <= self.text.last_number
            // SAFETY: more than 32 bytes lie before the end, compared just now; the
            // indents are no longer than their pattern, and this one is not 0.
            && unsafe { self.has_indent(&indents.pattern, length) }
        {
            // SAFETY: at most LONGEST bytes, fewer than are left, and all of
            // them white space like the pattern.
            unsafe { self.advance(length as usize) };
            let byte = self.peek();
            if byte > b' ' {
                return byte;
            }
        }
        self.at = before;
        let spaces = self.spaces_learned(indents, depth);
        // SAFETY: so many bytes are white space, which is no bracket.
        unsafe { self.advance(spaces) };
        self.peek()
    }

    #[cold]
    #[inline(never)]
    fn spaces_learned(self, indents: &mut Indents, depth: u32) -> usize {
        let spaces = self.spaces();
        indents.learn(depth, self.rest().get(..spaces).unwrap_or_default());
        spaces
    }

    /// Whether the next bytes are the first `length` of a pattern.
    ///
    /// # Safety
    /// `LONGEST` bytes lie before the end, and `length` is from 1 to `LONGEST`.
    #[inline(always)]
    unsafe fn has_indent(&self, pattern: &[u8; Indents::LONGEST], length: u32) -> bool {
        debug_assert!(self.left() >= Indents::LONGEST);
        let (first, second) = pattern.split_at(Indents::LONGEST / 2);
        // SAFETY: 32 bytes lie before the end: the caller's promise.
        let here = unsafe { Block::load(self.at) };
        // SAFETY: the pattern has as many bytes.
        let first = unsafe { Block::load(NonNull::from(first).cast()) };
        let differ = !here.equal(first);
        if length <= Block::BYTES {
            return differ << (32 - length) == 0;
        }
        // SAFETY: as above.
        let behind = unsafe { self.at.add(16) };
        // SAFETY: as above.
        let there = unsafe { Block::load(behind) };
        // SAFETY: as above.
        let second = unsafe { Block::load(NonNull::from(second).cast()) };
        let differ = differ & 0xFFFF | !there.equal(second) << 16;
        differ << (32 - length) == 0
    }

    /// Whether there are 16 bytes, and one more, which may be a sentinel.
    #[inline(always)]
    fn has_block(&self) -> bool {
        self.at.addr().get() <= self.text.last_block
    }

    /// The next 16 bytes, if there are so many, and one more.
    #[inline(always)]
    fn block(&self) -> Option<Block> {
        if !self.has_block() {
            return None;
        }
        // SAFETY: 16 bytes lie before the end.
        Some(unsafe { Block::load(self.at) })
    }

    /// Steps over the rest of a string and the quote behind it, if it has no
    /// escape and is UTF-8; if not, or if the text ends nearby, the cursor has
    /// moved to some place inside.
    #[inline(always)]
    pub(super) fn simple(&mut self) -> Option<Short<'t>> {
        let start = self.at;
        let mut high = 0;
        loop {
            let block = self.block()?;
            let stops = block.string_stops();
            if stops == 0 {
                high |= block.high_bits();
                // SAFETY: the block lies before the end, and one byte more.
                unsafe { self.advance(16) };
                continue;
            }
            // What stops is ASCII: only bytes in front of the first are asked.
            high |= block.high_bits() & (stops - 1);
            // SAFETY: fewer bytes than the block has.
            unsafe { self.advance(stops.trailing_zeros() as usize) };
            break;
        }
        let length = self.at.addr().get() - start.addr().get();
        if !self.eat(b'"') {
            return None;
        }
        // SAFETY: the cursor was there, and has moved on by so many bytes.
        let bytes = unsafe { slice::from_raw_parts(start.as_ptr(), length) };
        let text = Plain { bytes, ascii: high == 0, stop: Some(b'"') }.text();
        // A text is at most 4 GiB long, and the quote is no part of the string.
        text.map(Short)
    }

    /// Steps over the bytes of a string that mean themselves, and over the quote
    /// behind them, if there is one.
    #[inline(always)]
    pub(super) fn plain(&mut self) -> Plain<'t> {
        let before = *self;
        let mut high = 0;
        while let Some(block) = self.block() {
            let stops = block.string_stops();
            if stops == 0 {
                high |= block.high_bits();
                // SAFETY: the block lies before the end, and one byte more.
                unsafe { self.advance(16) };
                continue;
            }
            let count = stops.trailing_zeros();
            high |= block.high_bits() & !(u32::MAX << count);
            // SAFETY: fewer bytes than the block has.
            unsafe { self.advance(count as usize) };
            let bytes = self.since(before);
            let stop = self.peek();
            self.eat(b'"');
            return Plain { bytes, ascii: high == 0, stop: Some(stop) };
        }
        let (more, stop) = self.plain_tail();
        // SAFETY: so many bytes are left, and one more with a sentinel.
        unsafe { self.advance(more) };
        let bytes = self.since(before);
        self.eat(b'"');
        // The check for UTF-8 finds out about the rest.
        Plain { bytes, ascii: false, stop }
    }

    /// How many plain bytes come last in a text, and what ends them.
    #[inline(never)]
    fn plain_tail(self) -> (usize, Option<u8>) {
        let rest = self.rest();
        match rest.iter().position(|&byte| is_stop(byte)) {
            Some(count) => (count, Some(rest[count])),
            // All but a sentinel is plain, and the text ends there.
            None => (rest.len() - usize::from(SENTINEL), None),
        }
    }

    /// Moves on to a place of the same text.
    #[inline(always)]
    pub(super) fn move_to(&mut self, place: &Self) {
        debug_assert!(core::ptr::eq(self.text, place.text), "both are places of one text");
        if core::ptr::eq(self.text, place.text) {
            self.at = place.at;
        }
    }

    /// Steps over a byte inside a string that may be anything but the last.
    pub(super) fn step(&mut self) -> Option<u8> {
        if self.left() <= usize::from(SENTINEL) {
            return None;
        }
        let byte = self.peek();
        // SAFETY: compared above.
        unsafe { self.advance(1) };
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, escape_in, is_stop};

    #[test]
    fn nothing_lies_between_places_of_two_texts() {
        let text = *b"[1, 2] [3]";
        let (first, second) = (Text::new(&text[..6]), Text::new(&text[6..]));
        let (mut one, other) = (first.first(), second.first());
        assert!(one.eat(b'['));
        assert_eq!(one.since(first.first()), b"[");
        assert!(first.first().since(one).is_empty());
        assert!(other.since(one).is_empty() && one.since(other).is_empty());
    }

    #[test]
    fn an_escape_is_found_wherever_it_is() {
        for length in 0..70 {
            let plain = [b'x'; 70];
            assert_eq!(escape_in(&plain[..length]), length);
            for place in 0..length {
                for stop in [b'"', b'\\', b'\n', 0, 0x1F] {
                    let mut text = plain;
                    (text[place], text[length - 1]) = (stop, stop);
                    assert_eq!(escape_in(&text[..length]), place, "{length} {stop}");
                }
            }
        }
        assert!((0x20..=0xFF).filter(|&byte| is_stop(byte)).eq([b'"', b'\\']));
    }
}
