//! Decimal digits to the nearest number: exact, and small where flash is short.
//!
//! `core` reads numbers by tables of 13 KB, which pay where many long numbers are
//! read. Here one number is a fraction of two large integers, divided bit by bit.

use core::cmp::Ordering;

/// Words of a large integer: enough for 800 digits over a power of ten that makes
/// them the smallest number there is.
const WORDS: usize = 128;

/// Digits that count. Two neighbouring numbers and what is halfway between them
/// differ within 768 digits; of what follows it only counts whether it is zero.
const DIGITS: usize = 800;

/// What distinguishes the formats of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// Bits of the fraction, the leading one included.
    pub(super) precision: u32,
    /// The exponent of the smallest normal number, as a power of two.
    pub(super) smallest: i32,
    /// The exponent of the largest number.
    pub(super) largest: i32,
}

impl Format {
    pub(super) const F32: Self = Self { precision: 24, smallest: -126, largest: 127 };
    pub(super) const F64: Self = Self { precision: 53, smallest: -1022, largest: 1023 };

    /// The bits of the number that is nearest to a literal, the even one of two;
    /// those of infinity if it is too large. The literal is one of the lexer's:
    /// digits, maybe a point, maybe an exponent.
    pub(super) fn nearest(self, literal: &[u8]) -> u64 {
        let infinity = self.bits(0, self.largest + 1);
        let (mut upper, mut lower) = (Large::of(0), Large::of(1));
        let Some(exponent) = read(literal, &mut upper) else { return 0 };
        // Digits and exponents beyond these make every number the same.
        if exponent > 310 {
            return infinity;
        } else if exponent < -1200 {
            return 0;
        }
        let scaled = if exponent < 0 { &mut lower } else { &mut upper };
        for _ in 0..exponent.unsigned_abs() {
            scaled.times_ten_and(0);
        }
        self.divide(upper, lower)
    }

    fn bits(self, fraction: u64, exponent: i32) -> u64 {
        let biased = u64::from(exponent.abs_diff(self.smallest - 1));
        fraction + (biased << (self.precision - 1))
    }

    /// The nearest number to a quotient that is not 0.
    fn divide(self, mut upper: Large, mut lower: Large) -> u64 {
        // The exponent with which 1 <= upper / lower < 2.
        let mut exponent = upper.length() - lower.length();
        if exponent < 0 {
            upper.shift(exponent.unsigned_abs());
        } else {
            lower.shift(exponent.unsigned_abs());
        }
        if upper.compare(&lower) == Ordering::Less {
            upper.shift(1);
            exponent -= 1;
        }
        if exponent > self.largest {
            return self.bits(0, self.largest + 1);
        }
        // Below the smallest normal number the fraction has fewer bits.
        let denormal = u32::try_from(self.smallest - exponent).unwrap_or(0);
        let Some(count) = self.precision.checked_sub(denormal) else { return 0 };
        let mut fraction = 0_u64;
        for _ in 0..count {
            fraction <<= 1;
            if upper.compare(&lower) != Ordering::Less {
                upper.subtract(&lower);
                fraction |= 1;
            }
            upper.shift(1);
        }
        // The rest, doubled, says on which side of halfway the quotient lies.
        if upper.compare(&lower).then((fraction & 1).cmp(&1)) != Ordering::Less {
            fraction += 1;
        }
        // The leading bit counts one up in the exponent: a fraction that has grown
        // by rounding, or the largest number that has, comes out right.
        self.bits(fraction, exponent.max(self.smallest) - 1)
    }
}

/// Reads the digits of a literal; the answer is the power of ten that they are to
/// be multiplied by, and `None` if all are zero.
fn read(literal: &[u8], to: &mut Large) -> Option<i32> {
    let (mut exponent, mut has_point, mut count) = (0_i32, false, 0);
    let mut bytes = literal.iter();
    let mut rest = 0;
    for byte in bytes.by_ref() {
        match byte {
            b'.' => has_point = true,
            b'e' | b'E' => {
                exponent = exponent.saturating_add(signed(bytes.as_slice()));
                break;
            }
            digit => {
                let digit = u32::from(digit.wrapping_sub(b'0'));
                exponent -= i32::from(has_point);
                if count < DIGITS {
                    to.times_ten_and(digit);
                    count += usize::from(count > 0 || digit > 0);
                } else {
                    rest |= digit;
                    exponent += 1;
                }
            }
        }
    }
    if rest > 0 {
        to.times_ten_and(1);
        exponent -= 1;
    }
    (count > 0).then_some(exponent)
}

/// The exponent of a literal, if it is not beyond all bounds.
fn signed(digits: &[u8]) -> i32 {
    let (is_negative, digits) = match digits {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let add = |sum: i32, digit: &u8| (sum * 10 + i32::from(digit.wrapping_sub(b'0'))).min(1 << 20);
    let size = digits.iter().fold(0, add);
    if is_negative { -size } else { size }
}

/// A large integer: words from the lowest on, of which `used` are not all zero.
struct Large {
    words: [u32; WORDS],
    used: usize,
}

impl Large {
    fn of(small: u32) -> Self {
        let mut words = [0; WORDS];
        words[0] = small;
        Self { words, used: 1 }
    }

    /// The words that count, and one more for what they carry.
    fn some(&mut self) -> &mut [u32] {
        let end = (self.used + 1).min(WORDS);
        &mut self.words[..end]
    }

    fn trim(&mut self) {
        self.used = self.words.iter().rposition(|word| *word != 0).map_or(1, |last| last + 1);
    }

    #[allow(clippy::cast_possible_truncation, reason = "words are taken apart")]
    fn times_ten_and(&mut self, digit: u32) {
        let mut carry = u64::from(digit);
        for word in self.some() {
            carry += u64::from(*word) * 10;
            *word = carry as u32;
            carry >>= 32;
        }
        self.used += usize::from(self.words.get(self.used).is_some_and(|word| *word != 0));
    }

    fn shift(&mut self, bits: u32) {
        let (words, bits) = ((bits / 32) as usize, bits % 32);
        if words > 0 {
            for place in (0..self.used).rev() {
                let word = core::mem::take(&mut self.words[place]);
                if let Some(to) = self.words.get_mut(place + words) {
                    *to = word;
                }
            }
            self.used = (self.used + words).min(WORDS);
        }
        let mut carry = 0;
        for word in self.some() {
            let whole = u64::from(*word) << bits | carry;
            #[allow(clippy::cast_possible_truncation, reason = "words are taken apart")]
            {
                *word = whole as u32;
            }
            carry = whole >> 32;
        }
        self.used += usize::from(self.words.get(self.used).is_some_and(|word| *word != 0));
    }

    /// Bits up to the highest one that is set.
    fn length(&self) -> i32 {
        let top = self.words[self.used - 1];
        let bits = self.used * 32 - top.leading_zeros() as usize;
        // There are at most `WORDS`.
        i32::try_from(bits).unwrap_or(0)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let most = self.used.max(other.used);
        self.words[..most].iter().rev().cmp(other.words[..most].iter().rev())
    }

    /// Subtracts one that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (word, other) in self.words.iter_mut().zip(other.words).take(self.used) {
            let (first, one) = word.overflowing_sub(other);
            let (second, two) = first.overflowing_sub(u32::from(borrow));
            *word = second;
            borrow = one || two;
        }
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use std::format;

    fn check(literal: &str) {
        let long: f64 = literal.parse().unwrap();
        assert_eq!(Format::F64.nearest(literal.as_bytes()), long.to_bits(), "{literal}");
        let short: f32 = literal.parse().unwrap();
        assert_eq!(Format::F32.nearest(literal.as_bytes()), short.to_bits().into(), "{literal}");
    }

    #[cfg_attr(miri, ignore = "integers only, and many")]
    #[test]
    fn literals_are_read_as_the_standard_library_reads_them() {
        for literal in [
            "0",
            "0.0",
            "00.000e5",
            "1",
            "1.5",
            ".5",
            "5.",
            "1e0",
            "1e+22",
            "1e23",
            "123456789e-20",
            "3.141592653589793238462643383279",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1e-324",
            "1e-400",
            "1e-99999999999",
            "1e99999999999",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "1.1754943508222875e-38",
            "1.4e-45",
            "7.006492321624085e-46",
            "7.1e-46",
            "1e-46",
            "3.4028235677973366e38",
            "3.4028235677973365e38",
            "9007199254740993",
            "9007199254740992.9999999999999999",
            "9007199254740995",
            "16777217",
            "16777219",
        ] {
            check(literal);
        }
        let zeros = "0".repeat(2000);
        check(&format!("9007199254740993{zeros}e-2000"));
        check(&format!("9007199254740993.{zeros}1"));
        check(&format!("0.{zeros}1e2001"));
        check(&format!("1{zeros}"));
        check(&format!("0.{zeros}1"));
        let half = format!("{:.1100}", f64::from_bits(1) / 2.0 + f64::from_bits(1));
        check(&half);
        check(&format!("{:.1074}", f64::from_bits(3)));
    }

    #[cfg_attr(miri, ignore = "integers only, and many")]
    #[test]
    fn numbers_of_all_sizes_come_back_and_so_do_those_halfway() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..1000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let number = f64::from_bits(state & !(1 << 63));
            if number.is_finite() {
                check(&format!("{number:e}"));
            }
            let digits: String = format!("{state}").chars().rev().collect();
            let exponent = i64::try_from(state % 700).unwrap() - 350;
            check(&format!("{digits}e{exponent}"));
            check(&format!("{digits}.{state}e{}", exponent / 10));
            // Between two neighbours, and a little more.
            let low = f32::from_bits(u32::try_from(state % 0x7f00_0000).unwrap());
            let middle = (f64::from(low) + f64::from(low.next_up())) / 2.0;
            check(&format!("{middle:.160}"));
            check(&format!("{middle:.160}1"));
        }
    }
}
