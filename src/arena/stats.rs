//! What an arena holds, and how to print it.

#![forbid(unsafe_code)]

use core::fmt;

use super::Arena;

/// What an arena holds at one moment, in bytes. From [`Arena::stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArenaStats {
    /// Capacity of all chunks, headers apart.
    pub allocated: usize,
    /// Handed out, each size rounded up to 16.
    pub used: usize,
    /// The most that was ever handed out between two resets.
    pub peak: usize,
    /// Lost: tails of chunks that were left, and padding for large alignments.
    pub waste: usize,
    /// Chunks, the empty ones that `reset` kept included.
    pub chunks: usize,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkStats {
    /// Bytes that the chunk holds, its header apart.
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
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
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
        write!(f, "{}.{} {}", value / 10, value % 10, UNITS[unit])
    }
}

impl Arena<'_> {
    /// The capacity of all chunks in bytes, headers apart: 4 + 8 + 16 + 32 KiB
    /// make 60 KiB. Complexity: constant. Never panics.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.allocated.get()
    }

    /// Bytes handed out since the last reset, each size rounded up to 16.
    /// Complexity: one step per chunk. Never panics.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.chunks().map(|chunk| chunk.used).sum::<usize>() - self.padding.get()
    }

    /// Bytes that cannot be handed out before the next reset: the tails of
    /// chunks that were left for a larger one, and padding for alignments above
    /// 16. Complexity: one step per chunk. Never panics.
    #[must_use]
    pub fn waste(&self) -> usize {
        let current = self.current.get().map(|chunk| chunk.addr());
        let mut left = 0;
        for chunk in self.list() {
            if Some(core::ptr::NonNull::from(chunk).addr()) == current {
                continue;
            }
            // What `reset` kept behind the last chunk in use is not lost.
            if chunk.used() > 0 {
                left += chunk.room();
            }
        }
        left + self.padding.get()
    }

    /// Chunks, those that `reset` kept included. Complexity: one step per chunk.
    #[must_use]
    pub fn chunk_count(&self) -> usize {
        self.list().count()
    }

    /// The chunks, in the order in which they were taken into use: shows how
    /// sizes grew.
    pub fn chunks(&self) -> impl Iterator<Item = ChunkStats> + '_ {
        let current = self.current.get().map(|chunk| chunk.addr());
        let room = self.end.get() - self.cursor.get().addr().get();
        self.list().map(move |chunk| {
            let capacity = chunk.capacity();
            let filling = Some(core::ptr::NonNull::from(chunk).addr()) == current;
            let used = if filling { capacity - room } else { chunk.used() };
            ChunkStats { capacity, used }
        })
    }

    /// Everything above in one value. Complexity: one step per chunk. Never panics.
    #[must_use]
    pub fn stats(&self) -> ArenaStats {
        let used = self.used_bytes();
        ArenaStats {
            allocated: self.allocated_bytes(),
            used,
            peak: self.peak.get().max(used),
            waste: self.waste(),
            chunks: self.chunk_count(),
        }
    }

    /// Whether `ptr` points to memory that this arena has handed out since the
    /// last reset. Any pointer may be asked about; none is read.
    ///
    /// Complexity: one step per chunk. Never panics.
    #[must_use]
    pub fn owns<T: ?Sized>(&self, ptr: *const T) -> bool {
        let address = ptr.cast::<u8>().addr();
        self.list().zip(self.chunks()).any(|(chunk, stats)| {
            let start = chunk.start().addr().get();
            address >= start && address - start < stats.used
        })
    }

    /// Remembers how much was in use, before it is forgotten.
    pub(super) fn note_peak(&self) {
        self.peak.set(self.peak.get().max(self.used_bytes()));
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
