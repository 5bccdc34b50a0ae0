//! Digits, found and turned into numbers many at once.

use super::Cursor;
use super::block::{Block, eight};

/// Digits as one number, and how many of them come behind the point.
pub(in crate::json) struct Decimal {
    pub(in crate::json) value: u64,
    /// 0 if there is no point.
    pub(in crate::json) places: u32,
}

impl Decimal {
    /// Digits that always fit 64 bits.
    pub(in crate::json) const DIGITS: usize = 19;
}

impl<const SENTINEL: bool> Cursor<'_, '_, SENTINEL> {
    /// Steps over a number of digits, with a point among them or not, if that is
    /// plain: no zero in front of the first digit, no exponent behind the last,
    /// at most [`Decimal::DIGITS`] digits, and no end of the text nearby. `None`,
    /// and the cursor stays, for all others, which may be numbers or not.
    ///
    /// Where the digits end is found in 32 bytes at once, so that the second
    /// part does not wait for the first.
    #[inline(always)]
    pub(in crate::json) fn decimal(&mut self) -> Option<Decimal> {
        let at = self.at.addr().get();
        if at > self.text.last_number || at < self.text.first_number {
            return None;
        }
        // SAFETY: more than 32 bytes lie before the end.
        let behind = unsafe { self.at.add(16) };
        // SAFETY: as above.
        let (first, second) = (unsafe { Block::load(self.at) }, unsafe { Block::load(behind) });
        let others = !(first.digits() | second.digits() << 16);
        if others == 0 {
            return None;
        }
        let whole = others.trailing_zeros();
        // SAFETY: at most 31 bytes on.
        let stop = unsafe { self.at.add(whole as usize) };
        // SAFETY: as above.
        let stop_byte = unsafe { stop.read() };
        if stop_byte != b'.' {
            // SAFETY: in front of `stop` are digits only, and 16 bytes.
            let value = unsafe { self.whole(whole) }?;
            if stop_byte | 0x20 == b'e' {
                return None;
            }
            self.at = stop;
            return Some(Decimal { value, places: 0 });
        }
        let others = others & (others - 1);
        // Without another stop, this is 32.
        let end = others.trailing_zeros();
        let places = end - whole - 1;
        if others == 0 || whole > 8 || places.wrapping_sub(1) >= 16 || whole + places > 19 {
            return None;
        }
        // SAFETY: more than 32 bytes lie before the end, compared above.
        let bytes = unsafe { self.at.cast::<[u8; 8]>().read_unaligned() };
        let leading = bytes[0];
        if whole == 0 || (leading == b'0' && whole > 1) {
            return None;
        }
        let values = u64::from_le_bytes(bytes) ^ 0x3030_3030_3030_3030;
        let value = eight(values << (64 - 8 * whole));
        // SAFETY: at most 31 bytes on.
        let end = unsafe { self.at.add(end as usize) };
        // SAFETY: as above.
        if unsafe { end.read() } | 0x20 == b'e' {
            return None;
        }
        // SAFETY: the digits behind the point lie in front of it, 1 to 16, and
        // 16 bytes lie before the cursor.
        let fraction = unsafe { Block::number_before(end, places) };
        self.at = end;
        let value = value.wrapping_mul(POWERS_OF_TEN[places as usize]).wrapping_add(fraction);
        Some(Decimal { value, places })
    }

    /// The number that so many digits from here on are; `None` if there are none
    /// or too many, or a zero comes first and is not alone.
    ///
    /// # Safety
    /// So many digits lie here, at most 31, and 16 bytes before the cursor.
    #[inline(always)]
    unsafe fn whole(&self, digits: u32) -> Option<u64> {
        if digits.wrapping_sub(1) as usize >= Decimal::DIGITS || (digits > 1 && self.peek() == b'0')
        {
            return None;
        }
        // SAFETY: the caller's promise.
        let end = unsafe { self.at.add(digits as usize) };
        if digits <= 16 {
            // SAFETY: as above.
            return Some(unsafe { Block::number_before(end, digits) });
        }
        // SAFETY: as above.
        let middle = unsafe { self.at.add(16) };
        // SAFETY: as above.
        let upper = unsafe { Block::number_before(middle, 16) };
        // SAFETY: as above.
        let lower = unsafe { Block::number_before(end, digits - 16) };
        Some(upper * POWERS_OF_TEN[digits as usize - 16] + lower)
    }

    /// Steps over digits. Returns `value` with them appended, and their number;
    /// from 20 digits on, the value has wrapped.
    #[inline(always)]
    pub(in crate::json) fn digits(&mut self, mut value: u64) -> (u64, usize) {
        let mut count = 0;
        while self.offset() >= 16 {
            let Some(block) = self.block() else { break };
            let digits = (!block.digits()).trailing_zeros().min(16);
            if digits == 0 {
                return (value, count);
            }
            // SAFETY: so many digits were read here, and none is a bracket.
            unsafe { self.advance(digits as usize) };
            // SAFETY: 16 bytes and more lie before the cursor, of which the
            // last are the digits.
            let number = unsafe { Block::number_before(self.at, digits) };
            value = value.wrapping_mul(POWERS_OF_TEN[digits as usize]).wrapping_add(number);
            count += digits as usize;
            if digits < 16 {
                return (value, count);
            }
        }
        let (value, more) = self.few_digits(value);
        // SAFETY: so many digits were read there, and none is a bracket.
        unsafe { self.advance(more) };
        (value, count + more)
    }

    /// [`digits`](Self::digits) near an end of the text, one by one; the cursor
    /// stays.
    #[inline(never)]
    fn few_digits(self, mut value: u64) -> (u64, usize) {
        let mut count = 0;
        for digit in self.rest().iter().take_while(|byte| byte.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            count += 1;
        }
        (value, count)
    }
}

/// The powers of ten from 0 to 16.
const POWERS_OF_TEN: [u64; 17] = {
    let mut powers = [1; 17];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};
