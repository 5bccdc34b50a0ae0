//! Numbers that look random: `SplitMix64` (Steele, Lea and Flood, "Fast splittable
//! pseudorandom number generators", 2014).

#![forbid(unsafe_code)]

/// 2^64 divided by the golden ratio, made odd: the increment from one state to the next.
pub(crate) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The number of a state.
pub(crate) fn scatter(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}
