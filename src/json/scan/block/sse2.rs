//! Blocks in a register of SSE2, which every x86-64 machine has.

use core::arch::x86_64::{
    __m128i, _mm_add_epi16, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128,
    _mm_madd_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_mullo_epi16, _mm_or_si128,
    _mm_packs_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_srli_epi16, _mm_sub_epi8,
};
use core::ptr::NonNull;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub(in crate::json::scan) struct Block(__m128i);

impl Block {
    pub(in crate::json::scan) const BYTES: u32 = 16;

    /// # Safety
    /// 16 bytes from `at` on can be read.
    #[inline(always)]
    pub(in crate::json::scan) unsafe fn load(at: NonNull<u8>) -> Self {
        // SAFETY: the caller's promise; the load needs no alignment.
        Self(unsafe { _mm_loadu_si128(at.as_ptr().cast()) })
    }

    #[inline(always)]
    fn bits(mask: __m128i) -> u32 {
        // SAFETY: SSE2 is part of x86-64.
        let bits = unsafe { _mm_movemask_epi8(mask) };
        bits as u32
    }

    #[inline(always)]
    fn is(self, byte: u8) -> __m128i {
        // SAFETY: SSE2 is part of x86-64.
        let pattern = unsafe { _mm_set1_epi8(byte as i8) };
        // SAFETY: as above.
        unsafe { _mm_cmpeq_epi8(self.0, pattern) }
    }

    #[inline(always)]
    fn either(one: __m128i, other: __m128i) -> __m128i {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_or_si128(one, other) }
    }

    /// A bit for each byte that ends the plain part of a string.
    #[inline(always)]
    pub(in crate::json::scan) fn string_stops(self) -> u32 {
        // SAFETY: SSE2 is part of x86-64.
        let last = unsafe { _mm_set1_epi8(0x1F) };
        // SAFETY: as above.
        let least = unsafe { _mm_min_epu8(self.0, last) };
        // SAFETY: as above.
        let control = unsafe { _mm_cmpeq_epi8(least, self.0) };
        Self::bits(Self::either(control, Self::either(self.is(b'"'), self.is(b'\\'))))
    }

    /// A bit for each byte that is not ASCII.
    #[inline(always)]
    pub(in crate::json::scan) fn high_bits(self) -> u32 {
        Self::bits(self.0)
    }

    /// A bit for each byte that equals the other block's.
    #[inline(always)]
    pub(in crate::json::scan) fn equal(self, other: Self) -> u32 {
        // SAFETY: SSE2 is part of x86-64.
        Self::bits(unsafe { _mm_cmpeq_epi8(self.0, other.0) })
    }

    /// How many bytes of white space come first.
    #[inline(always)]
    pub(in crate::json::scan) fn leading_spaces(self) -> u32 {
        let breaks = Self::either(self.is(b'\n'), self.is(b'\r'));
        let spaces = Self::either(self.is(b' '), self.is(b'\t'));
        (!Self::bits(Self::either(breaks, spaces))).trailing_zeros()
    }

    /// A bit for each byte that is a digit.
    #[inline(always)]
    pub(in crate::json::scan) fn digits(self) -> u32 {
        // SAFETY: SSE2 is part of x86-64.
        let (zero, nine) = (unsafe { _mm_set1_epi8(0x30) }, unsafe { _mm_set1_epi8(9) });
        // SAFETY: as above.
        let values = unsafe { _mm_sub_epi8(self.0, zero) };
        // SAFETY: as above.
        let least = unsafe { _mm_min_epu8(values, nine) };
        // SAFETY: as above.
        Self::bits(unsafe { _mm_cmpeq_epi8(least, values) })
    }

    /// The number that the last `digits` bytes before `end` are, 1 to 16 of
    /// them, all digits: neighbours are added up in pairs, four times.
    ///
    /// # Safety
    /// 16 bytes before `end` can be read, and there are at most 16 digits.
    #[inline(always)]
    pub(in crate::json::scan) unsafe fn number_before(end: NonNull<u8>, digits: u32) -> u64 {
        /// 16 bytes of this from `digits` on keep the last `digits` bytes of a block.
        const LAST: [u8; 32] = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, X, X, X, X, X, X, X, X, X, X, X, X, X,
            X, X, X,
        ];
        const X: u8 = 0xFF;
        // SAFETY: the caller's promise.
        let start = unsafe { end.sub(16) };
        // SAFETY: as above.
        let bytes = unsafe { Self::load(start) }.0;
        let mask = NonNull::from(&LAST).cast::<u8>();
        // SAFETY: `digits` is at most 16, so 16 bytes of the mask follow.
        let mask = unsafe { mask.add(digits as usize) };
        // SAFETY: as above.
        let mask = unsafe { Self::load(mask) }.0;
        // SAFETY: SSE2 is part of x86-64; so for all below.
        let zero = unsafe { _mm_set1_epi8(0x30) };
        // SAFETY: as above.
        let values = unsafe { _mm_sub_epi8(bytes, zero) };
        // SAFETY: as above.
        let values = unsafe { _mm_and_si128(values, mask) };
        // SAFETY: as above.
        let (low, ten) = (unsafe { _mm_set1_epi16(0xFF) }, unsafe { _mm_set1_epi16(10) });
        // SAFETY: as above. The first of a pair is the lower byte.
        let firsts = unsafe { _mm_and_si128(values, low) };
        // SAFETY: as above.
        let tens = unsafe { _mm_mullo_epi16(firsts, ten) };
        // SAFETY: as above.
        let ones = unsafe { _mm_srli_epi16(values, 8) };
        // SAFETY: as above.
        let twos = unsafe { _mm_add_epi16(tens, ones) };
        // SAFETY: as above.
        let factors = unsafe { _mm_set1_epi32(1 << 16 | 100) };
        // SAFETY: as above.
        let fours = unsafe { _mm_madd_epi16(twos, factors) };
        // SAFETY: as above.
        let fours = unsafe { _mm_packs_epi32(fours, fours) };
        // SAFETY: as above.
        let factors = unsafe { _mm_set1_epi32(1 << 16 | 10_000) };
        // SAFETY: as above.
        let eights = unsafe { _mm_madd_epi16(fours, factors) };
        // SAFETY: as above.
        let both = unsafe { _mm_cvtsi128_si64(eights) } as u64;
        (both & 0xFFFF_FFFF) * 100_000_000 + (both >> 32)
    }
}
