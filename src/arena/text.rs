//! Strings in an arena: copied and formatted.

use core::alloc::Layout;
use core::fmt::{self, Write};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::str;

use super::Arena;
use super::bump::ALIGN;
use crate::error::{AllocError, OrPanic};

#[allow(clippy::mut_from_ref, reason = "every call returns memory that no other call returns")]
impl Arena<'_> {
    /// Copies a string into the arena.
    ///
    /// Complexity: that of the copy, but for a new chunk.
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
    /// Complexity: that of the copy, but for a new chunk.
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
    /// Complexity: that of formatting; the text is copied when it has doubled and is no
    /// longer the last allocation, so once per byte on average.
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

    /// The twin of [`alloc_fmt`](Self::alloc_fmt) that returns an error; what was
    /// written until then is given back.
    ///
    /// Complexity: as [`alloc_fmt`](Self::alloc_fmt).
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// assert_eq!(arena.try_alloc_fmt(format_args!("{} + {}", 1, 2))?, "1 + 2");
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), [`AllocError::TooLarge`] and
    /// [`AllocError::Format`].
    pub fn try_alloc_fmt(&self, arguments: fmt::Arguments<'_>) -> Result<&mut str, AllocError> {
        if let Some(text) = arguments.as_str() {
            return self.try_alloc_str(text);
        }
        let mut tail = Tail {
            arena: self,
            start: NonNull::dangling(),
            layout: Layout::new::<()>(),
            length: 0,
            refused: None,
        };
        match (tail.write_fmt(arguments), tail.refused) {
            // Whoever formats may have gone on, so that the text has a hole.
            (_, Some(error)) => Err(error),
            (Ok(()), None) => Ok(tail.finish()),
            (Err(fmt::Error), None) => Err(AllocError::Format),
        }
    }
}

/// A string that grows at the arena's end. What is written is allocated, so that the
/// code that formats may allocate too: the string then moves on. Its block is given
/// back unless it is finished, also when a panic ends it.
struct Tail<'a, 'm> {
    arena: &'a Arena<'m>,
    /// A block of the arena that nobody else knows, and its layout; an empty one at
    /// first.
    start: NonNull<u8>,
    layout: Layout,
    /// Bytes written, all of them whole characters; no more than the block has.
    length: usize,
    refused: Option<AllocError>,
}

impl<'a> Tail<'a, '_> {
    /// The largest size of a block.
    const MOST: usize = isize::MAX.unsigned_abs() & !(ALIGN - 1);

    fn reserve(&mut self, more: usize) -> Result<(), AllocError> {
        let length = self.length.saturating_add(more);
        if length <= self.layout.size() {
            return Ok(());
        }
        let doubled = self.layout.size().saturating_mul(2).min(Self::MOST);
        let larger = Layout::from_size_align(length.max(doubled).max(4 * ALIGN), ALIGN)
            .map_err(|_| AllocError::TooLarge { length })?;
        self.start = if self.length == 0 {
            self.arena.try_alloc_layout(larger)?
        } else {
            // SAFETY: the arena handed the block out with that layout, which is smaller;
            // nobody else uses it, and none of it was forgotten: the string is in use.
            unsafe { self.arena.try_grow(self.start, self.layout, larger) }?
        };
        self.layout = larger;
        Ok(())
    }

    fn finish(self) -> &'a mut str {
        let Self { arena, start, layout, length, .. } = *ManuallyDrop::new(self);
        // SAFETY: the arena handed the block out with that layout, and nobody uses what
        // lies behind `length`.
        unsafe { arena.shrink(start, layout, length) };
        let parts = core::ptr::slice_from_raw_parts_mut(start.as_ptr(), length);
        // SAFETY: `length` bytes from `start` on are written and were handed out
        // to this string alone.
        let bytes = unsafe { &mut *parts };
        // SAFETY: they were copied from strings, one whole string at a time.
        unsafe { str::from_utf8_unchecked_mut(bytes) }
    }
}

impl Drop for Tail<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the arena handed the block out with that layout, and nobody uses it.
        unsafe { self.arena.release_bytes(self.start, self.layout) };
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
