//! How a header's words are sealed: integers in, integers out.
//!
//! A header is a word, and behind it two numbers of 32 bits, the second of which
//! is the slot's generation. A live array's word is its class's magic plus its
//! address plus the [`blend`] of length and generation. A free one's word is its
//! link, mixed with a key and the [`fold`] of the generation; and where the
//! length was stands the link's [`check`].
//!
//! A stray write often changes neighbouring bytes alike, as when a stretch of
//! memory is inverted or filled, and such changes must not cancel out: hence
//! sums and products beside exclusive ors. The tests try every stretch.

#![forbid(unsafe_code)]

use crate::random::GOLDEN;

/// What a live array's word is larger by than magic and address.
#[inline(always)]
pub(super) const fn blend(generation: u32, length: u32) -> usize {
    #[cfg(target_pointer_width = "64")]
    #[allow(clippy::cast_possible_truncation, reason = "both have 64 bits here")]
    let blended = wide::blend(generation, length) as usize;
    #[cfg(not(target_pointer_width = "64"))]
    let blended = narrow::blend(generation, length) as usize;
    blended
}

/// What a free array's link is mixed with for the sake of the generation.
#[inline(always)]
pub(super) const fn fold(generation: u32) -> usize {
    #[cfg(target_pointer_width = "64")]
    #[allow(clippy::cast_possible_truncation, reason = "both have 64 bits here")]
    let folded = wide::fold(generation) as usize;
    #[cfg(not(target_pointer_width = "64"))]
    let folded = narrow::fold(generation) as usize;
    folded
}

/// What a free array has in its length's place; `sum` is the header's address
/// plus the one that its link leads to, and `factor` is [`FACTOR`].
#[inline(always)]
pub(super) const fn check(sum: usize, factor: usize) -> u32 {
    #[cfg(target_pointer_width = "64")]
    let check = wide::check(sum as u64, factor as u64);
    #[cfg(not(target_pointer_width = "64"))]
    #[allow(clippy::cast_possible_truncation, reason = "both have 32 bits here")]
    let check = narrow::check(sum as u32, factor as u32);
    check
}

/// What a check multiplies by: 2 to the power of a word's bits, divided by the
/// golden ratio. Lists keep it beside their keys: as a constant of 64 bits it
/// would take an instruction and a register on the hot paths (measured: 12
/// instructions more per array, most of them moves that make room for it).
#[allow(clippy::cast_possible_truncation, reason = "the upper bits that a word has room for")]
pub(super) const FACTOR: usize = (GOLDEN >> (u64::BITS - usize::BITS)) as usize | 1;

/// Where words have 64 bits.
#[cfg(any(test, target_pointer_width = "64"))]
mod wide {
    /// The generation in the upper bits, rotated so that the length, times 8, has
    /// bits of its own: the lowest bit that an equal change of word, length and
    /// generation turns over is that of one of the three alone.
    pub(super) const fn fold(generation: u32) -> u64 {
        (generation as u64).rotate_left(35)
    }

    pub(super) const fn blend(generation: u32, length: u32) -> u64 {
        fold(generation).wrapping_add(length as u64 * 8)
    }

    /// The upper half of a product with 2^64 / phi. No fraction is harder to
    /// approximate than 1 / phi, so the halves of two sums that differ by less
    /// than 2^30 differ too (Knuth, "The Art of Computer Programming", volume 3,
    /// section 6.4): a header that is copied to a slot nearby never passes.
    pub(super) const fn check(sum: u64, factor: u64) -> u32 {
        (sum.wrapping_mul(factor) >> 32) as u32
    }
}

/// Where words have 32.
#[cfg(any(test, not(target_pointer_width = "64")))]
mod narrow {
    /// The generation above the lowest bits, which tell states apart.
    pub(super) const fn fold(generation: u32) -> u32 {
        generation.rotate_left(3)
    }

    /// The distances were found by search: most pairs let some change pass.
    pub(super) const fn blend(generation: u32, length: u32) -> u32 {
        length.rotate_left(3).wrapping_add(generation.rotate_left(13))
    }

    /// A bijection of the sum, so that a change of the sum is always seen.
    pub(super) const fn check(sum: u32, factor: u32) -> u32 {
        sum.wrapping_mul(factor)
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "any bits of a random number will do")]
mod tests {
    use core::ops::Range;

    use super::{GOLDEN, narrow, wide};
    use crate::random::scatter;

    /// Numbers that look random.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(GOLDEN);
            scatter(self.0)
        }

        /// Of every magnitude.
        fn any_u32(&mut self) -> u32 {
            let shift = 32 + self.next() % 32;
            (self.next() >> shift) as u32
        }

        /// An address, in a region of 1 MiB as an arena's chunks are.
        fn address(&mut self) -> u64 {
            0x7F12_3450_0000 | self.next() >> 48 << 4
        }
    }

    /// Two stamp halves and the word in front of them, as they lie in memory.
    const WIDE: usize = 16;
    const NARROW: usize = 12;

    /// [`FACTOR`](super::FACTOR) where words have 32 bits.
    const NARROW_FACTOR: u32 = (GOLDEN >> 32) as u32 | 1;

    /// Every stretch of `N` bytes, with every change of all its bytes to the
    /// same value or by the same bits.
    fn for_each_change<const N: usize>(
        bytes: [u8; N],
        mut case: impl FnMut([u8; N], Range<usize>),
    ) {
        for (from, to) in (0..N).flat_map(|from| (from + 1..=N).map(move |to| (from, to))) {
            for value in (0..=u8::MAX).rev() {
                let mut filled = bytes;
                filled[from..to].fill(value);
                let turned = core::array::from_fn(|i| {
                    if (from..to).contains(&i) { bytes[i] ^ value } else { bytes[i] }
                });
                for changed in [filled, turned] {
                    if changed != bytes {
                        case(changed, from..to);
                    }
                }
            }
        }
    }

    fn word(bytes: &[u8]) -> u64 {
        u64::from_le_bytes(bytes.try_into().expect("8 bytes"))
    }

    fn half(bytes: &[u8]) -> u32 {
        u32::from_le_bytes(bytes.try_into().expect("4 bytes"))
    }

    /// Whether a header of 16 bytes passes as live; `magic` has the address in it.
    fn wide_live(bytes: &[u8; WIDE], magic: u64) -> bool {
        let blend = wide::blend(half(&bytes[12..]), half(&bytes[8..12]));
        word(&bytes[..8]).wrapping_sub(blend) == magic
    }

    /// Whether it passes as free.
    fn wide_free(bytes: &[u8; WIDE], key: u64, address: u64) -> bool {
        let next = word(&bytes[..8]) ^ key ^ wide::fold(half(&bytes[12..]));
        wide::check(next.wrapping_add(address), GOLDEN) == half(&bytes[8..12])
    }

    fn narrow_live(bytes: &[u8; NARROW], magic: u32) -> bool {
        let blend = narrow::blend(half(&bytes[8..]), half(&bytes[4..8]));
        half(&bytes[..4]).wrapping_sub(blend) == magic
    }

    fn narrow_free(bytes: &[u8; NARROW], key: u32, address: u32) -> bool {
        let next = half(&bytes[..4]) ^ key ^ narrow::fold(half(&bytes[8..]));
        narrow::check(next.wrapping_add(address), NARROW_FACTOR) == half(&bytes[4..8])
    }

    /// The header passes, and none that a change of a stretch makes of it.
    fn only_this_passes<const N: usize>(header: [u8; N], passes: impl Fn(&[u8; N]) -> bool) {
        assert!(passes(&header));
        for_each_change(header, |changed, range| {
            assert!(!passes(&changed), "{header:x?}, {range:?}: {changed:x?}");
        });
    }

    const CONTENTS: usize = 6;

    #[test]
    #[cfg_attr(miri, ignore = "integers only, and many")]
    fn no_equal_change_of_a_stretch_cancels_out_in_64_bits() {
        let mut numbers = Numbers(1);
        for _ in 0..CONTENTS {
            let (magic, key) = (numbers.next(), numbers.next());
            let (generation, length) = (numbers.any_u32(), numbers.any_u32().max(1));
            let (address, next) = (numbers.address(), numbers.address());
            let header = |word: u64, low: u32| {
                let mut bytes = [0; WIDE];
                bytes[..8].copy_from_slice(&word.to_le_bytes());
                bytes[8..12].copy_from_slice(&low.to_le_bytes());
                bytes[12..].copy_from_slice(&generation.to_le_bytes());
                bytes
            };
            let word = magic.wrapping_add(wide::blend(generation, length));
            only_this_passes(header(word, length), |bytes| wide_live(bytes, magic));
            let check = wide::check(next.wrapping_add(address), GOLDEN);
            let link = next ^ key ^ wide::fold(generation);
            only_this_passes(header(link, check), |bytes| wide_free(bytes, key, address));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "integers only, and many")]
    fn no_equal_change_of_a_stretch_cancels_out_in_32_bits() {
        let mut numbers = Numbers(2);
        for _ in 0..CONTENTS {
            let [magic, key] = [(); 2].map(|()| numbers.next() as u32);
            let (generation, length) = (numbers.any_u32(), numbers.any_u32().max(1));
            let [address, next] = [(); 2].map(|()| numbers.address() as u32);
            let header = |word: u32, low: u32| -> [u8; NARROW] {
                let words = [word, low, generation].map(u32::to_le_bytes);
                core::array::from_fn(|i| words[i / 4][i % 4])
            };
            let word = magic.wrapping_add(narrow::blend(generation, length));
            only_this_passes(header(word, length), |bytes| narrow_live(bytes, magic));
            let check = narrow::check(next.wrapping_add(address), NARROW_FACTOR);
            let link = next ^ key ^ narrow::fold(generation);
            only_this_passes(header(link, check), |bytes| narrow_free(bytes, key, address));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "integers only, and many")]
    fn a_header_copied_to_a_slot_nearby_does_not_pass() {
        let mut numbers = Numbers(3);
        let sum = numbers.next();
        for distance in (16..1 << 20).step_by(16) {
            let check = |sum| wide::check(sum, GOLDEN);
            assert_ne!(check(sum), check(sum.wrapping_add(distance)));
            assert_ne!(check(sum), check(sum.wrapping_sub(distance)));
        }
    }
}
