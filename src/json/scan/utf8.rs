//! Whether bytes are UTF-8, for strings of which most are not ASCII.
//!
//! A character is checked in one word of four bytes: what has to be there, by a
//! mask, and then the few leading bits that would make it too long, a surrogate
//! or too large. The standard library's check goes by tables of single bytes; on
//! Japanese text it takes three times as long.

#![forbid(unsafe_code)]

/// Whether all of it is UTF-8.
#[inline(never)]
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    /// From so many bytes on, the widest registers of the machine pay.
    const LONG: usize = 64;
    if cfg!(all(feature = "std", not(miri))) && bytes.len() >= LONG {
        return simdutf8::basic::from_utf8(bytes).is_ok();
    }
    is_utf8_short(bytes)
}

fn is_utf8_short(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        while let Some((sixteen, _)) = rest.split_first_chunk::<16>() {
            if !are_threes(u128::from_le_bytes(*sixteen)) {
                break;
            }
            rest = &rest[15..];
        }
        while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
            if u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080 != 0 {
                break;
            }
            rest = behind;
        }
        // Zeros behind the end are characters by themselves, so none runs into them.
        let word = match *rest {
            [first, second, third, fourth, ..] => [first, second, third, fourth],
            [first, second, third] => [first, second, third, 0],
            [first, second] => [first, second, 0, 0],
            [first] => [first, 0, 0, 0],
            [] => return true,
        };
        match width(u32::from_le_bytes(word)) {
            0 => return false,
            width => rest = &rest[width..],
        }
    }
}

/// Whether the five characters at the low end of a word, of three bytes each, are
/// valid by themselves: those that begin with E0 or ED are looked at one by one.
#[inline(always)]
const fn are_threes(word: u128) -> bool {
    /// The first byte of each.
    const LEADS: u128 = 0x01_000001_000001_000001_000001;
    const SECONDS: u128 = LEADS << 8 | LEADS << 16;
    const MARKS: u128 = LEADS * 0xF0 | SECONDS * 0xC0;
    const THREES: u128 = LEADS * 0xE0 | SECONDS * 0x80;
    if word & MARKS != THREES {
        return false;
    }
    // The sum of a half byte and 15 has its fifth bit if the half byte is not 0.
    let halves = word & (LEADS * 0x0F);
    let not_zero = halves + LEADS * 0x0F;
    let not_surrogate = (halves ^ (LEADS * 0x0D)) + LEADS * 0x0F;
    not_zero & not_surrogate & (LEADS * 0x10) == LEADS * 0x10
}

/// The bytes of the character at the low end of a word; 0 if there is none.
#[inline(always)]
const fn width(word: u32) -> usize {
    if word & 0x00C0_C0F0 == 0x0080_80E0 {
        // E0 with a second byte below A0 is too long; ED with one from A0 on is
        // a surrogate.
        let lead = word & 0x0000_200F;
        return if lead == 0x0000 || lead == 0x200D { 0 } else { 3 };
    }
    if word & 0x80 == 0 {
        return 1;
    }
    if word & 0xC0E0 == 0x80C0 {
        return if word & 0x1E == 0 { 0 } else { 2 };
    }
    if word & 0xC0C0_C0F8 == 0x8080_80F0 {
        // F0 with a second byte below 90 is too long; above F4 8F nothing is.
        let (first, second) = (word & 0x07, word & 0x3000);
        let is_valid = match first {
            0 => second != 0,
            1..=3 => true,
            4 => second == 0,
            _ => false,
        };
        return if is_valid { 4 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::str;

    use super::*;

    #[test]
    fn every_character_is_one_and_every_other_word_is_none() {
        let step = if cfg!(miri) { 4099 } else { 1 };
        for code in (0..=0x10_FFFF_u32).step_by(step) {
            let Some(character) = char::from_u32(code) else { continue };
            let mut bytes = [b'x'; 4];
            let width_of = character.encode_utf8(&mut bytes).len();
            assert_eq!(width(u32::from_le_bytes(bytes)), width_of, "{code:#x}");
        }
    }

    #[test]
    fn five_characters_at_once_are_as_good_as_one_by_one() {
        let step = if cfg!(miri) { 5 } else { 1 };
        for place in (0..15).step_by(step) {
            for byte in 0..=0xFF {
                for second in [0x41, 0x80, 0x9F, 0xA0, 0xBF] {
                    let mut text = "あいうえおかきa".as_bytes().to_vec();
                    (text[place], text[place + 1]) = (byte, second);
                    assert_eq!(is_utf8(&text), str::from_utf8(&text).is_ok(), "{text:x?}");
                }
            }
        }
    }

    #[test]
    fn it_says_what_the_standard_library_says() {
        let bytes = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF];
        let leads = [0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF];
        // Miri takes every fifth: it is slow, and is here for the unsafe code around.
        let step = if cfg!(miri) { 5 } else { 1 };
        let all: Vec<u8> = bytes.into_iter().chain(leads).step_by(step).collect();
        let few = if cfg!(miri) { &all[..3] } else { &all[..] };
        for &one in &all {
            for &two in &all {
                for &three in few {
                    for &four in few {
                        let text = [b'a', one, two, three, four, b'b', b'c', b'd', b'e'];
                        for length in 0..=text.len() {
                            let text = &text[..length];
                            assert_eq!(is_utf8(text), str::from_utf8(text).is_ok(), "{text:x?}");
                        }
                    }
                }
            }
        }
    }
}
