//! Texts from C, and messages for it.

use core::ffi::{CStr, c_char};
use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use super::status::ap_status;

/// A place in a text of the call that failed. All 0: none is to blame.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct ap_error_position {
    /// Bytes in front of it.
    pub offset: usize,
    /// Its line, from 1 on.
    pub line: usize,
    /// Its column in characters, from 1 on.
    pub column: usize,
}

/// The text at a pointer.
///
/// # Safety
/// It is NULL, or ends with a zero byte, and stays while the result is used.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<&'a str, ap_status> {
    if text.is_null() {
        return Err(ap_status::AP_NULL);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| ap_status::AP_INVALID_UTF8)
}

/// Writes what is shown into a buffer of bytes, with a zero byte behind it; what does
/// not fit is left out, in whole characters. Returns how many bytes all of it has;
/// `None`, and the buffer has an empty text, if it cannot be shown.
pub(super) fn write_into(
    buffer: &mut [MaybeUninit<u8>],
    shown: &dyn fmt::Display,
) -> Option<usize> {
    let mut writer = Buffer { buffer, used: 0, length: 0 };
    let written = write!(writer, "{shown}");
    let Buffer { buffer, used, length } = writer;
    if let Some(end) = buffer.get_mut(if written.is_ok() { used } else { 0 }) {
        end.write(0);
    }
    written.is_ok().then_some(length)
}

struct Buffer<'a> {
    buffer: &'a mut [MaybeUninit<u8>],
    used: usize,
    /// Bytes of everything, also of what was left out.
    length: usize,
}

impl Write for Buffer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte stays for the end; nothing follows what was left out.
        let room = self.buffer.len().saturating_sub(self.used + 1);
        if self.used == self.length {
            let mut fits = text.len().min(room);
            while !text.is_char_boundary(fits) {
                fits -= 1;
            }
            for (place, byte) in self.buffer[self.used..].iter_mut().zip(&text.as_bytes()[..fits]) {
                place.write(*byte);
            }
            self.used += fits;
        }
        self.length += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::write_into;

    #[test]
    fn what_does_not_fit_is_left_out_in_whole_characters() {
        for (size, kept) in [(0, ""), (1, ""), (3, "ab"), (4, "ab"), (5, "abé"), (9, "abé!")] {
            let mut buffer = [MaybeUninit::uninit(); 9];
            assert_eq!(write_into(&mut buffer[..size], &format_args!("{}{}", "ab", "é!")), Some(5));
            if size > 0 {
                // SAFETY: the text and its end were written.
                let written =
                    buffer[..=kept.len()].iter().map(|byte| unsafe { byte.assume_init() });
                assert!(written.eq(kept.bytes().chain([0])));
            }
        }
    }
}
