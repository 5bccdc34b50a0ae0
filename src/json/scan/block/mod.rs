//! Sixteen bytes at once: an instruction set's own register, or two plain words.

#![allow(unused_unsafe, reason = "from Rust 1.87 on, these instructions are safe to use")]

#[cfg(all(target_arch = "aarch64", not(miri), not(arraypool_portable)))]
mod neon;
#[cfg(all(target_arch = "x86_64", not(miri), not(arraypool_portable)))]
mod sse2;
#[cfg(any(
    test,
    miri,
    arraypool_portable,
    not(any(target_arch = "x86_64", target_arch = "aarch64"))
))]
mod words;

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
