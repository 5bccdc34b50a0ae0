//! Blocks in a register of NEON, which every AArch64 machine has.

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
