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

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::slice;

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
    /// The bytes, or how many of them are valid, if not all.
    #[inline(always)]
    pub(super) fn text(&self) -> Result<&'t str, usize> {
        if self.ascii {
            // SAFETY: every byte was looked at: none has its high bit set.
            return Ok(unsafe { str::from_utf8_unchecked(self.bytes) });
        }
        str::from_utf8(self.bytes).map_err(|error| error.valid_up_to())
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
        *self = self.skip_run();
        self.peek()
    }

    /// The place behind the white space here.
    #[inline(never)]
    fn skip_run(mut self) -> Self {
        loop {
            let spaces = match self.block() {
                Some(block) => block.leading_spaces(),
                None => u32::from(is_space(self.peek())),
            };
            // SAFETY: so many bytes of white space were read here, and none of
            // them is a bracket.
            unsafe { self.advance(spaces as usize) };
            if spaces == 0 || (spaces < Block::BYTES && !is_space(self.peek())) {
                return self;
            }
        }
    }

    /// Steps over white space that probably is as long as the last at this
    /// depth; returns the byte behind it, 0 at the end.
    #[inline(always)]
    pub(super) fn skip_indent(&mut self, indents: &mut Indents, depth: u32) -> u8 {
        let length = indents.length(depth);
        if length == 0 {
            let byte = self.peek();
            if byte > b' ' {
                return byte;
            }
            let before = *self;
            if self.eat(b' ') && self.peek() > b' ' {
                return self.peek();
            }
            *self = before;
        } else if self.left() > Indents::LONGEST {
            let wanted = u32::MAX >> (32 - length);
            if self.equal_bytes(&indents.pattern) & wanted == wanted {
                let before = *self;
                // SAFETY: at most LONGEST bytes, fewer than are left, and all
                // of them white space like the pattern.
                unsafe { self.advance(length as usize) };
                let byte = self.peek();
                if byte > b' ' {
                    return byte;
                }
                *self = before;
            }
        }
        *self = self.skip_and_learn(indents, depth);
        self.peek()
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

    #[cold]
    #[inline(never)]
    fn skip_and_learn(self, indents: &mut Indents, depth: u32) -> Self {
        let after = self.skip_run();
        indents.learn(depth, after.since(self));
        after
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
        let (after, plain) = self.plain_tail(before, high == 0);
        *self = after;
        plain
    }

    /// [`plain`](Self::plain) for the last bytes of a text.
    #[cold]
    #[inline(never)]
    fn plain_tail(mut self, before: Self, mut ascii: bool) -> (Self, Plain<'t>) {
        let rest = self.rest();
        let is_stop = |&byte: &u8| byte < b' ' || byte == b'"' || byte == b'\\';
        let count = rest.iter().position(is_stop);
        // Without a stop, all but a sentinel is plain, and the text ends there.
        let plain = count.unwrap_or(rest.len() - usize::from(SENTINEL));
        ascii &= rest[..plain].is_ascii();
        // SAFETY: so many bytes are left; and the next is the stop, which is no
        // bracket, or the sentinel.
        unsafe { self.advance(plain) };
        let stop = count.map(|count| rest[count]);
        let bytes = self.since(before);
        self.eat(b'"');
        (self, Plain { bytes, ascii, stop })
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
        loop {
            let word = self.eight();
            let digits = leading_digits(word);
            if digits == 0 {
                return (value, count);
            }
            let number = number_of(word, digits);
            value = value.wrapping_mul(POWERS_OF_TEN[digits as usize]).wrapping_add(number);
            count += digits;
            // SAFETY: so many digits were read here, and none is a bracket.
            unsafe { self.advance(digits as usize) };
            if digits < 8 {
                return (value, count);
            }
        }
    }

    /// The next eight bytes, the first one lowest; zeros behind the end.
    #[inline(always)]
    fn eight(&self) -> u64 {
        if self.left() < 8 {
            return self.eight_at_most();
        }
        // SAFETY: eight bytes lie before the end.
        u64::from_le_bytes(unsafe { self.at.cast::<[u8; 8]>().read_unaligned() })
    }

    #[cold]
    #[inline(never)]
    fn eight_at_most(self) -> u64 {
        let mut bytes = [0; 8];
        for (place, &byte) in bytes.iter_mut().zip(self.rest()) {
            *place = byte;
        }
        u64::from_le_bytes(bytes)
    }
}

const POWERS_OF_TEN: [u64; 9] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// How many of eight bytes are digits before the first that is none.
#[inline(always)]
fn leading_digits(word: u64) -> u32 {
    // A digit has 3 in its upper half, and keeps it when 6 is added.
    let above = word.wrapping_add(0x0606_0606_0606_0606);
    let off = (word ^ 0x3030_3030_3030_3030) | (above ^ 0x3030_3030_3030_3030);
    // A carry comes from a byte above 0xF9, which is no digit itself, so that
    // what it does to the bytes behind is not asked.
    (off & 0xF0F0_F0F0_F0F0_F0F0).trailing_zeros() / 8
}

/// The value of the first `digits` bytes, 1 to 8 of them, which are digits.
#[inline(always)]
fn number_of(word: u64, digits: u32) -> u64 {
    // As if zeros stood in front: eight digits, the first one lowest.
    let word = (word ^ 0x3030_3030_3030_3030) << (64 - 8 * digits);
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let odd = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let even = (pairs >> 16 & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    odd.wrapping_add(even) >> 32
}
