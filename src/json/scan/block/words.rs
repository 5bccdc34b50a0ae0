//! Blocks in two words, for every other machine, and to test the others against.

use core::ptr::NonNull;

/// Sixteen bytes, the first one lowest.
#[derive(Clone, Copy)]
pub(in crate::json::scan) struct Block([u64; 2]);

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that is 0.
const fn zeros(word: u64) -> u64 {
    !((word & !HIGH).wrapping_add(!HIGH) | word) & HIGH
}

/// The high bit of each byte that is `byte`.
const fn is(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * byte as u64))
}

/// The high bit of each byte below a space.
const fn controls(word: u64) -> u64 {
    !((word & !HIGH).wrapping_add(ONES * 0x60) | word) & HIGH
}

impl Block {
    pub(in crate::json::scan) const BYTES: u32 = 16;

    /// # Safety
    /// 16 bytes from `at` on can be read.
    #[inline(always)]
    pub(in crate::json::scan) unsafe fn load(at: NonNull<u8>) -> Self {
        // SAFETY: the caller's promise; the read needs no alignment.
        let [low, high] = unsafe { at.cast::<[[u8; 8]; 2]>().read_unaligned() };
        Self([u64::from_le_bytes(low), u64::from_le_bytes(high)])
    }

    /// A bit for each byte whose high bit a function sets.
    #[inline(always)]
    fn bits(self, high_of: impl Fn(u64) -> u64) -> u32 {
        // The product brings the eight bits, seven apart, side by side.
        let gather = |word| (high_of(word) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let [low, high] = self.0;
        #[allow(clippy::cast_possible_truncation, reason = "16 bits")]
        let bits = (gather(low) | gather(high) << 8) as u32;
        bits
    }

    /// A bit for each byte that ends the plain part of a string.
    #[inline(always)]
    pub(in crate::json::scan) fn string_stops(self) -> u32 {
        self.bits(|word| controls(word) | is(word, b'"') | is(word, b'\\'))
    }

    /// A bit for each byte that is not ASCII.
    #[inline(always)]
    pub(in crate::json::scan) fn high_bits(self) -> u32 {
        self.bits(|word| word & HIGH)
    }

    /// A bit for each byte that equals the other block's.
    #[inline(always)]
    pub(in crate::json::scan) fn equal(self, other: Self) -> u32 {
        let [low, high] = other.0;
        Self([self.0[0] ^ low, self.0[1] ^ high]).bits(zeros)
    }

    /// How many bytes of white space come first.
    #[inline(always)]
    pub(in crate::json::scan) fn leading_spaces(self) -> u32 {
        let space = |word| is(word, b' ') | is(word, b'\n') | is(word, b'\r') | is(word, b'\t');
        (!self.bits(space)).trailing_zeros()
    }

    /// A bit for each byte that is a digit.
    #[inline(always)]
    pub(in crate::json::scan) fn digits(self) -> u32 {
        // A digit has 3 in its upper half, and keeps it when 6 is added to
        // the lower seven bits.
        let other = |word: u64| {
            let above = (word & !HIGH).wrapping_add(ONES * 6);
            ((word ^ (ONES * 0x30)) | (above ^ (ONES * 0x30))) & (ONES * 0xF0)
        };
        self.bits(|word| zeros(other(word)))
    }

    /// The number that the last `digits` bytes before `end` are, 1 to 16 of
    /// them, all digits.
    ///
    /// # Safety
    /// 16 bytes before `end` can be read.
    #[inline(always)]
    pub(in crate::json::scan) unsafe fn number_before(end: NonNull<u8>, digits: u32) -> u64 {
        // SAFETY: the caller's promise.
        let start = unsafe { end.sub(16) };
        // SAFETY: as above.
        super::number(unsafe { start.cast::<[u8; 16]>().read_unaligned() }, digits)
    }
}
