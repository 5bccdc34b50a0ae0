//! Two 32-bit numbers that are loaded and stored as one: a generation and a word.
//!
//! Storing 32 bits and then loading the 64-bit word that holds them defeats
//! store forwarding (measured: 7.2 instead of 2.9 ns per array). So the pair is
//! one atomic word where words have 64 bits, and two where they have 32.

#![forbid(unsafe_code)]

use crate::sync::{AtomicUsize, Ordering};

/// `{ generation: 32, low: 32 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// What a slot has before its first tenant.
    pub(super) const BEFORE: Self = Self(0);

    /// The generation.
    #[inline]
    pub(super) const fn generation(self) -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "the upper half of 64 bits is 32 bits")]
        let generation = (self.0 >> 32) as u32;
        generation
    }

    /// The other number.
    #[inline]
    pub(super) const fn low(self) -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
        let low = self.0 as u32;
        low
    }

    /// The same generation with another number.
    #[inline]
    pub(super) const fn with_low(self, low: u32) -> Self {
        Self(self.0 & !0xFFFF_FFFF | low as u64)
    }

    /// The next generation with the same number. After 2^32 it starts over.
    #[inline]
    pub(super) const fn next_generation(self) -> Self {
        Self(self.0.wrapping_add(1 << 32))
    }
}

/// A [`Stamp`] in a record.
#[derive(Debug)]
#[repr(C)]
pub(super) struct StampCell {
    #[cfg(target_pointer_width = "64")]
    word: AtomicUsize,
    #[cfg(not(target_pointer_width = "64"))]
    low: AtomicUsize,
    #[cfg(not(target_pointer_width = "64"))]
    generation: AtomicUsize,
}

#[cfg(target_pointer_width = "64")]
impl Stamp {
    #[inline]
    const fn word(self) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "both have 64 bits here")]
        let word = self.0 as usize;
        word
    }
}

#[cfg(target_pointer_width = "64")]
impl StampCell {
    pub(super) const fn new(stamp: Stamp) -> Self {
        Self { word: AtomicUsize::new(stamp.word()) }
    }

    #[inline]
    pub(super) fn load(&self) -> Stamp {
        Stamp(self.word.load(Ordering::Relaxed) as u64)
    }

    #[inline]
    pub(super) fn store(&self, stamp: Stamp) {
        self.word.store(stamp.word(), Ordering::Relaxed);
    }
}

#[cfg(not(target_pointer_width = "64"))]
impl StampCell {
    pub(super) const fn new(stamp: Stamp) -> Self {
        Self {
            low: AtomicUsize::new(stamp.low() as usize),
            generation: AtomicUsize::new(stamp.generation() as usize),
        }
    }

    #[inline]
    pub(super) fn load(&self) -> Stamp {
        let generation = self.generation.load(Ordering::Relaxed) as u64;
        Stamp(generation << 32 | self.low.load(Ordering::Relaxed) as u64)
    }

    #[inline]
    pub(super) fn store(&self, stamp: Stamp) {
        self.generation.store(stamp.generation() as usize, Ordering::Relaxed);
        self.low.store(stamp.low() as usize, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_do_not_touch_each_other() {
        let stamp = Stamp::BEFORE.next_generation().with_low(u32::MAX);
        assert_eq!((stamp.generation(), stamp.low()), (1, u32::MAX));
        let last = Stamp(u64::MAX);
        assert_eq!(last.next_generation().generation(), 0);
        assert_eq!(last.next_generation().low(), u32::MAX);
        let cell = StampCell::new(stamp);
        assert_eq!(cell.load(), stamp);
        cell.store(stamp.next_generation().with_low(7));
        assert_eq!(cell.load(), Stamp(2 << 32 | 7));
    }
}
