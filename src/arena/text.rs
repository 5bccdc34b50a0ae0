//! Strings in an arena: copied and formatted.

use core::alloc::Layout;
use core::fmt::{self, Write};
use core::ptr::NonNull;
use core::str;

use super::Arena;
use super::bump::ALIGN;
use crate::error::{AllocError, OrPanic};

#[allow(clippy::mut_from_ref, reason = "every call returns memory that no other call returns")]
impl Arena<'_> {
    /// Copies a string into the arena.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let text = arena.alloc_str("text");
    /// text.make_ascii_uppercase();
    /// assert_eq!(text, "TEXT");
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn alloc_str(&self, text: &str) -> &mut str {
        self.try_alloc_str(text).or_panic()
    }

    /// Copies a string into the arena.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_str("text")?, "text");
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn try_alloc_str(&self, text: &str) -> Result<&mut str, AllocError> {
        let bytes = self.try_alloc_slice_copy(text.as_bytes())?;
        // SAFETY: the bytes were just copied from a string.
        Ok(unsafe { str::from_utf8_unchecked_mut(bytes) })
    }

    /// Formats into the arena, without a temporary string:
    /// `arena.alloc_fmt(format_args!("{a} + {b}"))`.
    ///
    /// The `Display` implementations that it calls may use the arena themselves.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.alloc_fmt(format_args!("{} + {}", 1, 2)), "1 + 2");
    /// ```
    ///
    /// # Panics
    /// If there is no memory, or an implementation returns an error.
    #[track_caller]
    pub fn alloc_fmt(&self, arguments: fmt::Arguments<'_>) -> &mut str {
        self.try_alloc_fmt(arguments).or_panic()
    }

    /// The twin of [`alloc_fmt`](Self::alloc_fmt) that returns an error. What
    /// was written until then is given back, if it still is the last allocation.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_fmt(format_args!("{} + {}", 1, 2))?, "1 + 2");
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), and [`AllocError::Format`].
    pub fn try_alloc_fmt(&self, arguments: fmt::Arguments<'_>) -> Result<&mut str, AllocError> {
        if let Some(text) = arguments.as_str() {
            return self.try_alloc_str(text);
        }
        let mut tail =
            Tail { arena: self, start: dangling(), length: 0, capacity: 0, refused: None };
        match tail.write_fmt(arguments) {
            Ok(()) => Ok(tail.finish()),
            Err(fmt::Error) => {
                let error = tail.refused.unwrap_or(AllocError::Format);
                tail.shrink_to(0);
                Err(error)
            }
        }
    }
}

/// A string that grows at the arena's end. What is written is allocated, so
/// that whoever formats may allocate too: the string then moves on.
struct Tail<'a, 'm> {
    arena: &'a Arena<'m>,
    start: NonNull<u8>,
    /// Bytes written, all of them whole characters.
    length: usize,
    /// Bytes allocated, a multiple of `ALIGN`.
    capacity: usize,
    refused: Option<AllocError>,
}

fn dangling() -> NonNull<u8> {
    NonNull::dangling()
}

impl<'a> Tail<'a, '_> {
    fn reserve(&mut self, more: usize) -> Result<(), AllocError> {
        let length = self.length.saturating_add(more);
        if length <= self.capacity {
            return Ok(());
        }
        let capacity = length.max(self.capacity.saturating_mul(2)).max(4 * ALIGN);
        if self.arena.resize_last(self.start, self.capacity, capacity) {
            self.capacity = capacity;
            return Ok(());
        }
        let layout = Layout::from_size_align(capacity, ALIGN)
            .map_err(|_| AllocError::TooLarge { length })?;
        let start = self.arena.try_alloc_layout(layout)?;
        // SAFETY: both blocks hold `length` bytes, and the new one was handed
        // out just now, so they do not overlap.
        unsafe { start.copy_from_nonoverlapping(self.start, self.length) };
        self.start = start;
        self.capacity = capacity;
        Ok(())
    }

    /// Gives back what is behind `length`, if nothing was allocated meanwhile.
    fn shrink_to(&mut self, length: usize) {
        if self.arena.resize_last(self.start, self.capacity, length) {
            self.capacity = length;
        }
    }

    fn finish(mut self) -> &'a mut str {
        self.shrink_to(self.length);
        let parts = core::ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.length);
        // SAFETY: `length` bytes from `start` on are written and were handed out
        // to this string alone.
        let bytes = unsafe { &mut *parts };
        // SAFETY: they were copied from strings, one whole string at a time.
        unsafe { str::from_utf8_unchecked_mut(bytes) }
    }
}

impl Write for Tail<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.reserve(text.len()).map_err(|error| {
            self.refused = Some(error);
            fmt::Error
        })?;
        // SAFETY: `reserve` made room for `length + text.len()` bytes.
        let end = unsafe { self.start.add(self.length) };
        let source = NonNull::from(text.as_bytes()).cast();
        // SAFETY: as above; the text is not of this block, which nobody else can see.
        unsafe { end.copy_from_nonoverlapping(source, text.len()) };
        self.length += text.len();
        Ok(())
    }
}
