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
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
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
    }
}

/// Blocks in a register of NEON, which every AArch64 machine has.
#[cfg(all(target_arch = "aarch64", not(miri), not(arraypool_portable)))]
mod neon {
    use core::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8,
        vld1q_u8, vorrq_u8,
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
        zeros(word ^ ONES * byte as u64)
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
            let space =
                |word| is(word, b' ') | is(word, b'\n') | is(word, b'\r') | is(word, b'\t');
            (!self.bits(space)).trailing_zeros()
        }
    }
}
