//! What an arena holds, and how to print it.

#![forbid(unsafe_code)]

use core::fmt::{self, Write};
use core::ptr::NonNull;

use super::Arena;
use super::chunk::{Chunk, HEADER};

/// What an arena holds at one moment, in bytes. From [`Arena::stats`].
///
/// ```
/// let arena = arraypool::Arena::new();
/// arena.alloc([0_u8; 3000]);
/// let text = arena.stats().to_string();
/// assert_eq!(text, "2.9 KiB used (peak 2.9 KiB) of 4.0 KiB in 1 chunk, 0 B wasted");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArenaStats {
    /// Capacity of all chunks, without their headers.
    pub allocated: usize,
    /// Handed out, each size rounded up to 16.
    pub used: usize,
    /// The most that was ever taken out of chunks between two resets, by scopes too. It
    /// includes what was given back and not handed out again.
    pub peak: usize,
    /// The same since the last reset.
    pub peak_since_reset: usize,
    /// Given back, to be handed out again when the current chunk is full.
    pub reusable: usize,
    /// Lost: tails of chunks that were left, and padding for large alignments.
    pub waste: usize,
    /// Chunks, including the empty ones that `reset` kept.
    pub chunks: usize,
    /// Capacity of the chunks that were taken since the last reset.
    pub grown_since_reset: usize,
}

/// Prints `12.5 KiB used (peak 60.0 KiB) of 60.0 KiB in 4 chunks, 96 B wasted`.
impl fmt::Display for ArenaStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} used (peak {}) of {} in {} chunk{}, {} wasted",
            HumanBytes(self.used),
            HumanBytes(self.peak),
            HumanBytes(self.allocated),
            self.chunks,
            if self.chunks == 1 { "" } else { "s" },
            HumanBytes(self.waste),
        )
    }
}

/// One chunk of an arena. From [`Arena::chunks`].
///
/// ```
/// let arena = arraypool::Arena::new();
/// arena.alloc([0_u8; 3000]);
/// let chunk = arena.chunks().next().unwrap();
/// assert_eq!((chunk.capacity, chunk.used), (4096, 3008));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkStats {
    /// Bytes that the chunk holds, without its header.
    pub capacity: usize,
    /// Bytes handed out of it.
    pub used: usize,
}

/// A number of bytes, printed in binary units with one digit after the point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanBytes(pub(crate) usize);

impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let mut text = ShortText::default();
        if self.0 < 1024 {
            write!(text, "{} B", self.0)?;
            return f.pad(text.as_str());
        }
        let mut unit = 0;
        // Tenths of the unit, rounded to the nearest.
        let mut scale = 1024_u128;
        let tenths = |scale: u128| (self.0 as u128 * 10 + scale / 2) / scale;
        while tenths(scale) >= 10_240 && unit + 1 < UNITS.len() {
            scale *= 1024;
            unit += 1;
        }
        let value = tenths(scale);
        write!(text, "{}.{} {}", value / 10, value % 10, UNITS[unit])?;
        f.pad(text.as_str())
    }
}

/// A few characters, so that they can be padded as a whole.
#[derive(Debug, Default)]
struct ShortText {
    bytes: [u8; 16],
    length: usize,
}

impl ShortText {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl Arena<'_> {
    /// The capacity of all chunks in bytes, without headers: 4 + 8 + 16 + 32 KiB
    /// make 60 KiB. Complexity: constant; in a scope, one step per scope around it. Never
    /// panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.allocated_bytes(), 4096);
    /// ```
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.common().allocated.get()
    }

    /// What the budget is charged for the chunks, headers included.
    pub(super) fn charged_bytes(&self) -> usize {
        self.list().map(|chunk| HEADER + chunk.capacity()).sum()
    }

    /// Bytes handed out since the last reset, each size rounded up to 16, and not
    /// given back. Complexity: one step per chunk. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.used_bytes(), 16);
    /// ```
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.taken() - self.reusable()
    }

    /// Bytes taken out of chunks, whether they are in use or given back.
    fn taken(&self) -> usize {
        self.chunks().map(|chunk| chunk.used).sum::<usize>() - self.state().padding.get()
    }

    /// Bytes on the free lists, those of the arenas around a scope included.
    fn reusable(&self) -> usize {
        self.outer.arena().map_or(0, Arena::reusable) + self.state().free.bytes()
    }

    /// Bytes that cannot be handed out before the next reset: the tails of
    /// chunks that were left for a larger one, and padding for alignments above
    /// 16. Complexity: one step per chunk. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc([0_u8; 4000]);
    /// arena.alloc([0_u8; 200]);                       // in the next chunk
    /// assert_eq!(arena.waste(), 96);
    /// ```
    #[must_use]
    pub fn waste(&self) -> usize {
        let current = self.current.get();
        // What `reset` kept behind the last chunk in use is not lost.
        let left = self.in_use().filter(|(link, _)| Some(*link) != current);
        left.map(|(_, chunk)| chunk.room()).sum::<usize>() + self.state().padding.get()
    }

    /// Chunks, including those that `reset` kept. Complexity: one step per chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc([0_u8; 4000]);
    /// arena.alloc([0_u8; 200]);
    /// assert_eq!(arena.chunk_count(), 2);
    /// ```
    #[must_use]
    pub fn chunk_count(&self) -> usize {
        self.list().count()
    }

    /// The chunks up to the last one in use, without a first one that is empty.
    fn in_use(&self) -> impl Iterator<Item = (NonNull<Chunk>, &Chunk)> {
        let last = self.state().last.get();
        let mut over = last.is_none();
        self.links().zip(self.list()).take_while(move |(link, _)| {
            let in_use = !over;
            over |= Some(*link) == last;
            in_use
        })
    }

    /// The chunks, in the order in which they were taken into use: shows how
    /// sizes grew.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc([0_u8; 4000]);
    /// arena.alloc([0_u8; 200]);
    /// let capacities = arena.chunks().map(|chunk| chunk.capacity);
    /// assert!(capacities.eq([4096, 8192]));
    /// ```
    pub fn chunks(&self) -> impl Iterator<Item = ChunkStats> + '_ {
        let (current, cursor) = (self.current.get(), self.cursor.get().addr().get());
        let mut in_use = self.in_use();
        self.list().map(move |chunk| {
            let used = match in_use.next() {
                Some((link, _)) if Some(link) == current => cursor - chunk.start().addr().get(),
                Some(_) => chunk.used(),
                None => 0,
            };
            ChunkStats { capacity: chunk.capacity(), used }
        })
    }

    /// Everything above in one value. Complexity: one step per chunk. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// arena.alloc([0_u8; 4000]);
    /// let stats = arena.stats();
    /// assert_eq!((stats.used, stats.peak, stats.chunks), (4000, 4000, 1));
    /// ```
    #[must_use]
    pub fn stats(&self) -> ArenaStats {
        let common = self.common();
        let most = self.taken_at_most();
        ArenaStats {
            allocated: self.allocated_bytes(),
            used: self.used_bytes(),
            peak: common.peak.get().max(most),
            peak_since_reset: common.peak_since_reset.get().max(most),
            reusable: self.reusable(),
            waste: self.waste(),
            chunks: self.chunk_count(),
            grown_since_reset: common.grown.get(),
        }
    }

    /// Whether `ptr` points to memory that this arena has handed out since the
    /// last reset. Any pointer may be asked about; none is read.
    ///
    /// Complexity: one step per chunk. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let text = arena.alloc_str("text");
    /// assert!(arena.owns(text) && !arena.owns("elsewhere"));
    /// ```
    #[must_use]
    pub fn owns<T: ?Sized>(&self, ptr: *const T) -> bool {
        self.owns_bytes(ptr.cast::<u8>().addr(), 1)
    }

    /// Whether so many bytes from `address` on are all of one chunk, and handed out.
    pub(crate) fn owns_bytes(&self, address: usize, bytes: usize) -> bool {
        self.list().zip(self.chunks()).any(|(chunk, stats)| {
            let start = chunk.start().addr().get();
            let used_behind = (start + stats.used).saturating_sub(address);
            address >= start && used_behind > 0 && bytes <= used_behind
        })
    }

    /// The most that was taken at once while the current chunk was the current one.
    fn taken_at_most(&self) -> usize {
        self.taken() + self.above()
    }

    /// Remembers how much was in use, before it is forgotten.
    pub(super) fn note_peak(&self) {
        self.note(self.taken_at_most());
    }

    /// Remembers that so much was in use.
    pub(super) fn note(&self, most: usize) {
        let common = self.common();
        common.peak.set(common.peak.get().max(most));
        common.peak_since_reset.set(common.peak_since_reset.get().max(most));
    }

    /// Remembers how much was in use in the current chunk, before it is left.
    pub(super) fn note_high(&self) {
        if self.above() > 0 {
            self.note_peak();
        }
        if let Some(high) = self.high() {
            high.set(0);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use alloc::string::ToString;

    use super::HumanBytes;

    #[test]
    fn bytes_print_in_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1535, "1.5 KiB"),
            (61_440, "60.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (1_073_741_824, "1.0 GiB"),
        ] {
            assert_eq!(HumanBytes(bytes).to_string(), text);
        }
    }
}
