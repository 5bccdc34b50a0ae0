//! Digits and an exponent of ten to the nearest float, exact to the last bit.
//!
//! The method is that of Eisel and Lemire (Lemire, "Number parsing at a gigabyte
//! per second", 2021): the digits, as an integer, are multiplied by the first
//! 128 bits of a power of five. Where those bits do not decide, and for floats
//! so small that they lose bits or too large, the answer is `None`, and the caller asks the
//! standard library.

#![forbid(unsafe_code)]

/// The exponents of the table: below, every float is 0; above, none is finite.
const LEAST: i32 = -342;
const MOST: i32 = 308;
const COUNT: usize = (MOST - LEAST + 1) as usize;

/// The first 128 bits of each power of five, the highest of which is 1: cut off,
/// and for exponents from -27 to -1, where the bits behind matter, rounded up.
static POWERS_OF_FIVE: [u128; COUNT] = powers_of_five();

/// Bits of a float's mantissa, its highest one left out.
const MANTISSA_BITS: u32 = 52;
/// What is added to a float's exponent where it is stored.
const BIAS: i32 = 1023;

/// The float nearest to `digits * 10^exponent`, if it is decided, and finite.
#[inline(always)]
pub(super) fn nearest(digits: u64, exponent: i32) -> Option<f64> {
    if digits == 0 {
        return Some(0.0);
    }
    let place = usize::try_from(exponent.checked_sub(LEAST)?).ok()?;
    let power = *POWERS_OF_FIVE.get(place)?;
    rounded(digits, exponent, power)
}

/// [`nearest`] by the table; `digits` is not 0.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "halves of wider products are taken")]
fn rounded(digits: u64, exponent: i32, power: u128) -> Option<f64> {
    /// Bits of the product that are kept: the mantissa's, the hidden one, one
    /// to round by, and one more if the highest is 0.
    const KEPT: u32 = MANTISSA_BITS + 3;
    let zeros = digits.leading_zeros();
    let digits = digits << zeros;
    let first = u128::from(digits) * (power >> 64);
    let (mut high, mut low) = ((first >> 64) as u64, first as u64);
    if high & (u64::MAX >> KEPT) == u64::MAX >> KEPT {
        // The lower half of the power may carry into the bits that are kept.
        let second = u128::from(digits) * u128::from(power as u64);
        let (sum, carry) = low.overflowing_add((second >> 64) as u64);
        low = sum;
        high += u64::from(carry);
    }
    if low == u64::MAX && !(-27..=55).contains(&exponent) {
        return None;
    }
    let upper = (high >> 63) as u32;
    let shift = upper + 64 - KEPT;
    let mut mantissa = high >> shift;
    // floor(log2(10^exponent)) + 63, by a multiplication that is exact in range.
    let binary = ((exponent * (152_170 + 65_536)) >> 16) + 63;
    // One less than the exponent as a float has it, for the mantissa adds one.
    let scale = binary + upper as i32 - zeros as i32 + BIAS - 1;
    if scale as u32 >= 2 * BIAS as u32 {
        return None;
    }
    // Halfway between two floats, and no bit was cut off: round to even.
    let halfway = low <= 1 && (-4..=23).contains(&exponent) && mantissa & 3 == 1;
    if halfway && mantissa << shift == high {
        mantissa &= !1;
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // A mantissa that was rounded up to the next power carries into the scale.
    let bits = ((scale as u64) << MANTISSA_BITS) + mantissa;
    (bits < INFINITY).then_some(f64::from_bits(bits))
}

/// The bits of the infinite float.
const INFINITY: u64 = f64::INFINITY.to_bits();

/// Words of 2^1151, of which 5^342 leaves more than 128 bits, and of 5^309.
const LIMBS: usize = 36;
/// A large integer, its lowest 32 bits first.
type Large = [u32; LIMBS];

/// Works out the table with whole numbers, one step from each power to the next.
const fn powers_of_five() -> [u128; COUNT] {
    let mut table = [0; COUNT];
    let mut power: Large = [0; LIMBS];
    power[0] = 1;
    let mut exponent = 0;
    while exponent <= MOST {
        table[(exponent - LEAST) as usize] = top(&power);
        power = times_five(power);
        exponent += 1;
    }
    // The quotients of a power of two by 5, 25, ...: cut off every time, which
    // is the same as once.
    let mut inverse: Large = [0; LIMBS];
    inverse[LIMBS - 1] = 1 << 31;
    let mut exponent = -1;
    while exponent >= LEAST {
        inverse = fifth(inverse);
        let up = if exponent >= -27 { 1 } else { 0 };
        table[(exponent - LEAST) as usize] = top(&inverse) + up;
        exponent -= 1;
    }
    table
}

/// The highest 128 bits that begin with a 1.
const fn top(number: &Large) -> u128 {
    let mut index = LIMBS - 1;
    while number[index] == 0 {
        index -= 1;
    }
    let zeros = number[index].leading_zeros();
    // Five words hold 128 bits wherever the first 1 stands.
    let mut bits = 0_u128;
    let mut count = 0;
    while count < 4 {
        let word = if index >= count { number[index - count] } else { 0 };
        bits = bits << 32 | word as u128;
        count += 1;
    }
    let next = if index >= 4 { number[index - 4] } else { 0 };
    if zeros == 0 { bits } else { bits << zeros | (next >> (32 - zeros)) as u128 }
}

#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is kept")]
const fn times_five(mut number: Large) -> Large {
    let mut carry = 0;
    let mut index = 0;
    while index < LIMBS {
        let product = number[index] as u64 * 5 + carry;
        number[index] = product as u32;
        carry = product >> 32;
        index += 1;
    }
    number
}

/// A fifth, cut off.
#[allow(clippy::cast_possible_truncation, reason = "a digit in base 2^32")]
const fn fifth(mut number: Large) -> Large {
    let mut rest = 0;
    let mut index = LIMBS;
    while index > 0 {
        index -= 1;
        let value = rest << 32 | number[index] as u64;
        number[index] = (value / 5) as u32;
        rest = value % 5;
    }
    number
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn the_table_begins_and_ends_as_known() {
        assert_eq!(POWERS_OF_FIVE[0], 0xEEF4_53D6_923B_D65A_113F_AA29_06A1_3B3F);
        assert_eq!(POWERS_OF_FIVE[342], 1 << 127);
        assert_eq!(POWERS_OF_FIVE[343], 5 << 125);
        assert_eq!(POWERS_OF_FIVE[341], 0xCCCC_CCCC_CCCC_CCCC_CCCC_CCCC_CCCC_CCCD);
        assert!(POWERS_OF_FIVE.iter().all(|power| power.leading_zeros() == 0));
    }

    /// Every power of ten in and out of range, with digits that make it hard.
    #[test]
    fn what_is_decided_is_what_the_standard_library_decides() {
        let step = if cfg!(miri) { 97 } else { 1 };
        let mut digits = 0x9E37_79B9_7F4A_7C15_u64;
        let mut decided = 0;
        for exponent in (-350..=320).step_by(step) {
            for shift in 0..64 {
                digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let digits = digits >> shift;
                let expected: f64 = format!("{digits}e{exponent}").parse().unwrap();
                if let Some(found) = nearest(digits, exponent) {
                    decided += 1;
                    assert_eq!(found.to_bits(), expected.to_bits(), "{digits}e{exponent}");
                }
            }
        }
        assert!(decided * step > 30_000, "{decided}");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (digits, exponent) in [
            (9_007_199_254_740_993, 0),
            (9_007_199_254_740_995, 0),
            (18_014_398_509_481_986, 0),
            (90_071_992_547_409_930, -1),
            (22_517_998_136_852_485, -1),
            (87_960_930_222_080_625, -3),
        ] {
            let expected: f64 = format!("{digits}e{exponent}").parse().unwrap();
            assert_eq!(nearest(digits, exponent).unwrap().to_bits(), expected.to_bits());
        }
    }
}
