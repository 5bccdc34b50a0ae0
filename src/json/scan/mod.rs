//! A text read byte by byte and block by block, and never beyond its ends.
//!
//! One of two places of this room that hold `unsafe`. A [`Cursor`] keeps a bare
//! pointer, and every method leaves it at a place that may be read:
//!
//! 1. `start <= at <= end`, all inside one text or one past its last byte.
//! 2. With `SENTINEL`, the last byte is `]` or `}`, and `at < end`. Whatever
//!    steps over something else than these two stops before the end by itself,
//!    so that nothing but [`Cursor::close`] has to compare.
//! 3. Without `SENTINEL`, a byte is read only after a comparison with `end`.
//! 4. A block is loaded only where all of it lies before `end`.
//!
//! Blocks are 16 bytes long: SSE2, NEON, or two words of 64 bits.

mod block;
mod utf8;

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::{slice, str};

use block::Block;

/// What JSON takes for white space.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// A place in a text.
pub(super) struct Cursor<'t, const SENTINEL: bool> {
    at: NonNull<u8>,
    end: NonNull<u8>,
    start: NonNull<u8>,
    text: PhantomData<&'t [u8]>,
}

impl<const SENTINEL: bool> Clone for Cursor<'_, SENTINEL> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<const SENTINEL: bool> Copy for Cursor<'_, SENTINEL> {}

/// The first bytes of a string, up to one that needs thought.
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

/// The length of the white space that is expected in front of an element, by
/// depth: pretty text repeats itself, and to check a guess is quicker than to
/// find out, since nothing has to wait for the answer.
pub(super) struct Indents {
    lengths: [u8; Self::DEPTHS],
    /// A run of white space that the text has shown, padded with spaces.
    pattern: [u8; Self::LONGEST],
}

impl Indents {
    /// Depths that are told apart; a power of two.
    const DEPTHS: usize = 64;
    /// Longer runs are not guessed.
    const LONGEST: usize = 32;

    pub(super) const fn new() -> Self {
        Self { lengths: [0; Self::DEPTHS], pattern: [b' '; Self::LONGEST] }
    }

    #[inline(always)]
    fn length(&self, depth: u32) -> u32 {
        u32::from(self.lengths[depth as usize % Self::DEPTHS])
    }

    /// Remembers a run for the next guess at this depth, if it is indentation.
    fn learn(&mut self, depth: u32, run: &[u8]) {
        let guessed = run.len() <= Self::LONGEST && run.first() != Some(&b' ');
        let length = u8::try_from(run.len()).unwrap_or(0);
        self.lengths[depth as usize % Self::DEPTHS] = if guessed { length } else { 0 };
        if guessed && !self.pattern.starts_with(run) {
            self.pattern = [b' '; Self::LONGEST];
            self.pattern[..run.len()].copy_from_slice(run);
        }
    }
}

impl<'t> Cursor<'t, false> {
    /// The start of any text.
    pub(super) fn new(text: &'t [u8]) -> Self {
        let range = text.as_ptr_range();
        let at = NonNull::from(text).cast::<u8>();
        let end = NonNull::new(range.end.cast_mut()).unwrap_or(at);
        Self { at, end, start: at, text: PhantomData }
    }

    /// The same place, if the text's last byte is a closing bracket in front of
    /// which or at which the cursor stands.
    pub(super) fn with_sentinel(self) -> Option<Cursor<'t, true>> {
        let rest = self.rest();
        let ends = matches!(rest.last(), Some(b']' | b'}'));
        ends.then_some(Cursor { at: self.at, end: self.end, start: self.start, text: PhantomData })
    }
}

impl<'t, const SENTINEL: bool> Cursor<'t, SENTINEL> {
    /// The same place without the promise about the last byte.
    pub(super) fn without_sentinel(self) -> Cursor<'t, false> {
        Cursor { at: self.at, end: self.end, start: self.start, text: PhantomData }
    }

    /// Bytes in front of the cursor.
    #[inline(always)]
    pub(super) fn offset(&self) -> usize {
        self.at.addr().get() - self.start.addr().get()
    }

    /// Bytes from the cursor on.
    #[inline(always)]
    fn left(&self) -> usize {
        self.end.addr().get() - self.at.addr().get()
    }

    /// Whether the text is over.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.end
    }

    /// The bytes from the cursor on.
    pub(super) fn rest(&self) -> &'t [u8] {
        // SAFETY: fact 1: from the cursor to the end there is text, borrowed for 't.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.left()) }
    }

    /// The bytes from an earlier place to the cursor.
    #[inline(always)]
    pub(super) fn since(&self, before: Self) -> &'t [u8] {
        let length = self.at.addr().get().saturating_sub(before.at.addr().get());
        debug_assert!(before.end == self.end, "both are places of one text");
        // SAFETY: `before` was a place of this text, whose bytes up to here are
        // borrowed for 't; the length is 0 if it lies behind the cursor.
        unsafe { slice::from_raw_parts(before.at.as_ptr(), length) }
    }

    /// The byte at the cursor; 0 at the end.
    #[inline(always)]
    pub(super) fn peek(&self) -> u8 {
        if !SENTINEL && self.at == self.end {
            return 0;
        }
        debug_assert!(self.at < self.end);
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
        } else if self.left() > Indents::LONGEST {
            let wanted = u32::MAX >> (32 - length);
            if self.equal_bytes(&indents.pattern) & wanted == wanted {
                // SAFETY: at most LONGEST bytes, fewer than are left, and all
                // of them white space like the pattern.
                unsafe { self.advance(length as usize) };
                let byte = self.peek();
                if byte > b' ' {
                    return byte;
                }
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

    /// Which of the next LONGEST bytes, all before the end, equal those of a
    /// pattern: a bit each.
    #[inline(always)]
    fn equal_bytes(&self, pattern: &[u8; Indents::LONGEST]) -> u32 {
        debug_assert!(self.left() >= Indents::LONGEST);
        let (first, second) = pattern.split_at(Indents::LONGEST / 2);
        // SAFETY: 32 bytes lie before the end: the caller compared.
        let here = unsafe { Block::load(self.at) };
        // SAFETY: as above.
        let behind = unsafe { self.at.add(16) };
        // SAFETY: as above.
        let there = unsafe { Block::load(behind) };
        // SAFETY: the pattern has as many bytes.
        let first = unsafe { Block::load(NonNull::from(first).cast()) };
        // SAFETY: as above.
        let second = unsafe { Block::load(NonNull::from(second).cast()) };
        here.equal(first) | there.equal(second) << 16
    }

    /// The next 16 bytes, if there are so many, and one more with a sentinel.
    #[inline(always)]
    fn block(&self) -> Option<Block> {
        if self.left() < 16 + usize::from(SENTINEL) {
            return None;
        }
        // SAFETY: 16 bytes lie before the end.
        Some(unsafe { Block::load(self.at) })
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
        let is_stop = |&byte: &u8| byte < b' ' || byte == b'"' || byte == b'\\';
        match rest.iter().position(is_stop) {
            Some(count) => (count, Some(rest[count])),
            // All but a sentinel is plain, and the text ends there.
            None => (rest.len() - usize::from(SENTINEL), None),
        }
    }

    /// Moves on to a place of the same text.
    #[inline(always)]
    pub(super) fn move_to(&mut self, place: &Self) {
        debug_assert_eq!((self.start, self.end), (place.start, place.end));
        if self.end == place.end {
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

    /// Steps over digits. Returns `value` with them appended, and their number;
    /// from 20 digits on, the value has wrapped.
    #[inline(always)]
    pub(super) fn digits(&mut self, mut value: u64) -> (u64, u32) {
        let mut count = 0;
        while self.offset() >= 16 {
            let Some(block) = self.block() else { break };
            let digits = block.leading_digits();
            if digits == 0 {
                return (value, count);
            }
            // SAFETY: so many digits were read here, and none is a bracket.
            unsafe { self.advance(digits as usize) };
            // SAFETY: 16 bytes and more lie before the cursor, of which the
            // last are the digits.
            let number = unsafe { Block::number_before(self.at, digits) };
            value = value.wrapping_mul(POWERS_OF_TEN[digits as usize]).wrapping_add(number);
            count += digits;
            if digits < 16 {
                return (value, count);
            }
        }
        let (value, more) = self.few_digits(value);
        // SAFETY: so many digits were read there, and none is a bracket.
        unsafe { self.advance(more as usize) };
        (value, count + more)
    }

    /// [`digits`](Self::digits) near an end of the text, one by one; the cursor
    /// stays.
    #[inline(never)]
    fn few_digits(self, mut value: u64) -> (u64, u32) {
        let mut count = 0;
        for digit in self.rest().iter().take_while(|byte| byte.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            count += 1;
        }
        (value, count)
    }
}

/// The powers of ten from 0 to 16.
const POWERS_OF_TEN: [u64; 17] = {
    let mut powers = [1; 17];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};
