//! Sixteen bytes at once: an instruction set's own register, or two plain words.

#![allow(unused_unsafe, reason = "from Rust 1.87 on, these instructions are safe to use")]

#[cfg(all(target_arch = "aarch64", not(miri), not(arraypool_portable)))]
pub(super) use neon::Block;
#[cfg(all(target_arch = "x86_64", not(miri), not(arraypool_portable)))]
pub(super) use sse2::Block;
#[cfg(any(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    miri,
    arraypool_portable
))]
pub(super) use words::Block;

/// Blocks in a register of SSE2, which every x86-64 machine has.
#[cfg(all(target_arch = "x86_64", not(miri), not(arraypool_portable)))]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_add_epi16, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128,
        _mm_madd_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_mullo_epi16, _mm_or_si128,
        _mm_packs_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_srli_epi16,
        _mm_sub_epi8,
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
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, X, X, X, X, X, X, X, X, X, X, X, X,
                X, X, X, X,
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
}

/// Blocks in a register of NEON, which every AArch64 machine has.
#[cfg(all(target_arch = "aarch64", not(miri), not(arraypool_portable)))]
mod neon {
    use core::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8,
        vld1q_u8, vorrq_u8, vsubq_u8,
    };
    use core::ptr::NonNull;

    /// Sixteen bytes.
    #[derive(Clone, Copy)]
    pub(in crate::json::scan) struct Block(uint8x16_t);

    impl Block {
        pub(in crate::json::scan) const BYTES: u32 = 16;

        /// # Safety
        /// 16 bytes from `at` on can be read.
        #[inline(always)]
        pub(in crate::json::scan) unsafe fn load(at: NonNull<u8>) -> Self {
            // SAFETY: the caller's promise; the load needs no alignment.
            Self(unsafe { vld1q_u8(at.as_ptr()) })
        }

        /// A bit for each byte of a mask, whose bytes are 0 or all ones.
        #[inline(always)]
        fn bits(mask: uint8x16_t) -> u32 {
            const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
            // SAFETY: 16 bytes are read from an array of 16.
            let weights = unsafe { vld1q_u8(WEIGHTS.as_ptr()) };
            // SAFETY: NEON is part of AArch64.
            let weighed = unsafe { vandq_u8(mask, weights) };
            // SAFETY: as above.
            let (low, high) = (unsafe { vget_low_u8(weighed) }, unsafe { vget_high_u8(weighed) });
            // SAFETY: as above.
            let (low, high) = (unsafe { vaddv_u8(low) }, unsafe { vaddv_u8(high) });
            u32::from(low) | u32::from(high) << 8
        }

        #[inline(always)]
        fn is(self, byte: u8) -> uint8x16_t {
            // SAFETY: NEON is part of AArch64.
            let pattern = unsafe { vdupq_n_u8(byte) };
            // SAFETY: as above.
            unsafe { vceqq_u8(self.0, pattern) }
        }

        #[inline(always)]
        fn either(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
            // SAFETY: NEON is part of AArch64.
            unsafe { vorrq_u8(one, other) }
        }

        /// A bit for each byte that ends the plain part of a string.
        #[inline(always)]
        pub(in crate::json::scan) fn string_stops(self) -> u32 {
            // SAFETY: NEON is part of AArch64.
            let first = unsafe { vdupq_n_u8(b' ') };
            // SAFETY: as above.
            let control = unsafe { vcltq_u8(self.0, first) };
            Self::bits(Self::either(control, Self::either(self.is(b'"'), self.is(b'\\'))))
        }

        /// A bit for each byte that is not ASCII.
        #[inline(always)]
        pub(in crate::json::scan) fn high_bits(self) -> u32 {
            // SAFETY: NEON is part of AArch64.
            let first = unsafe { vdupq_n_u8(0x80) };
            // SAFETY: as above.
            let ascii = unsafe { vcltq_u8(self.0, first) };
            Self::bits(ascii) ^ 0xFFFF
        }

        /// A bit for each byte that equals the other block's.
        #[inline(always)]
        pub(in crate::json::scan) fn equal(self, other: Self) -> u32 {
            // SAFETY: NEON is part of AArch64.
            Self::bits(unsafe { vceqq_u8(self.0, other.0) })
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
            // SAFETY: NEON is part of AArch64.
            let (zero, ten) = (unsafe { vdupq_n_u8(b'0') }, unsafe { vdupq_n_u8(10) });
            // SAFETY: as above.
            let values = unsafe { vsubq_u8(self.0, zero) };
            // SAFETY: as above.
            Self::bits(unsafe { vcltq_u8(values, ten) })
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
}

/// Blocks in two words, for every other machine, and to test the others against.
#[cfg(any(
    test,
    miri,
    arraypool_portable,
    not(any(target_arch = "x86_64", target_arch = "aarch64"))
))]
mod words {
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
}

/// The number that the last of sixteen bytes are, 1 to 16 digits.
#[cfg(any(test, miri, arraypool_portable, not(target_arch = "x86_64")))]
fn number(bytes: [u8; 16], digits: u32) -> u64 {
    // Zeros in place of what comes before; the first byte is the lowest.
    let before = 8 * (16 - digits);
    let values = u128::from_le_bytes(bytes) ^ (u128::MAX / 0xFF * 0x30);
    let values = values >> before << before;
    #[allow(clippy::cast_possible_truncation, reason = "halves are taken")]
    let (first, last) = (values as u64, (values >> 64) as u64);
    eight(first) * 100_000_000 + eight(last)
}

/// The number that eight digits are, as values, the first one lowest: neighbours
/// are added up in pairs, three times.
#[inline(always)]
pub(super) fn eight(values: u64) -> u64 {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let odd = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let even = (pairs >> 16 & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    odd.wrapping_add(even) >> 32
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;

    use super::super::is_space;
    use super::{Block, words};

    /// What a block is asked, by its definition.
    fn bits(bytes: [u8; 16], is: impl Fn(u8) -> bool) -> u32 {
        (0..16).filter(|&place| is(bytes[place])).map(|place| 1 << place).sum()
    }

    fn leading(bytes: [u8; 16], is: impl Fn(u8) -> bool) -> u32 {
        bits(bytes, |byte| !is(byte)).trailing_zeros().min(16)
    }

    macro_rules! check {
        ($block:ty, $bytes:expr, $other:expr) => {{
            let (bytes, other) = ($bytes, $other);
            // SAFETY: 16 bytes are there.
            let block = unsafe { <$block>::load(NonNull::from(&bytes).cast()) };
            // SAFETY: as above.
            let with = unsafe { <$block>::load(NonNull::from(&other).cast()) };
            assert_eq!(<$block>::BYTES, 16);
            let is_stop = |byte| byte < b' ' || byte == b'"' || byte == b'\\';
            assert_eq!(block.string_stops(), bits(bytes, is_stop), "{bytes:?}");
            assert_eq!(block.high_bits(), bits(bytes, |byte| byte >= 0x80), "{bytes:?}");
            assert_eq!(block.leading_spaces().min(16), leading(bytes, is_space), "{bytes:?}");
            let digits = bits(bytes, |byte| byte.is_ascii_digit());
            assert_eq!(block.digits(), digits, "{bytes:?}");
            let places = (0..16).filter(|&place| bytes[place] == other[place]);
            let equal: u32 = places.map(|place| 1 << place).sum();
            assert_eq!(block.equal(with), equal, "{bytes:?} {other:?}");
        }};
    }

    #[test]
    fn a_block_says_what_its_bytes_say() {
        let special = b" \n\r\t09/:\"\\\x00\x1F\x20\x7F\x80\xFF!aA\xB0\xB9\x3A\xFA";
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |end: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(random >> 33).unwrap_or(0) % end
        };
        for round in 0..if cfg!(miri) { 40 } else { 20_000 } {
            // Long runs of one kind, and then anything.
            let kind = b" 0a\x80\t"[round % 5];
            let run = next(17);
            let byte = |place, other| if place < run { kind } else { other };
            let bytes: [u8; 16] =
                core::array::from_fn(|place| byte(place, special[next(special.len())]));
            let other: [u8; 16] =
                core::array::from_fn(|place| if next(3) > 0 { bytes[place] } else { b'x' });
            check!(Block, bytes, other);
            check!(words::Block, bytes, other);
        }
    }

    #[test]
    fn the_last_digits_of_a_block_are_a_number() {
        let digits = *b"9876543210987654";
        let mut expected = 0;
        for count in 1..=16_u32 {
            let place = 16 - count as usize;
            expected += u64::from(digits[place] - b'0') * 10_u64.pow(count - 1);
            let mut bytes = *b"\xFF:/x,-.9\"\\]}{[ 8";
            bytes[place..].copy_from_slice(&digits[place..]);
            let end = NonNull::from(&bytes).cast::<u8>();
            // SAFETY: one past the last of 16 bytes.
            let end = unsafe { end.add(16) };
            // SAFETY: 16 bytes lie in front of it.
            let found = unsafe { Block::number_before(end, count) };
            // SAFETY: as above.
            let words = unsafe { words::Block::number_before(end, count) };
            assert_eq!((found, words), (expected, expected), "{count}");
        }
    }
}
