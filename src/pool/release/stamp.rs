//! Two 32-bit numbers that are loaded and stored as one: a generation and a word.
//!
//! Storing 32 bits and then loading the 64-bit word that holds them defeats
//! store forwarding (measured: 7.2 instead of 2.9 ns per array). So the pair is
//! one atomic word where words have 64 bits, and two where they have 32.

#![forbid(unsafe_code)]

use crate::sync::{AtomicUsize, Ordering, const_fn};

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

    /// All of it in one word: the very bits where words have 64. Where they have
    /// 32, the same change of both numbers does not cancel out.
    #[inline]
    pub(super) const fn fold(self) -> usize {
        #[cfg(target_pointer_width = "64")]
        #[allow(clippy::cast_possible_truncation, reason = "both have 64 bits here")]
        let folded = self.0 as usize;
        #[cfg(not(target_pointer_width = "64"))]
        let folded =
            ((self.generation() ^ self.generation() >> 11).rotate_left(19) ^ self.low()) as usize;
        folded
    }
}

/// A [`Stamp`] in a record.
#[derive(Debug)]
#[repr(C)]
pub(super) struct StampCell {
    #[cfg(target_pointer_width = "64")]
    word: AtomicUsize,
    #[cfg(not(target_pointer_width = "64"))]
    generation: AtomicUsize,
    #[cfg(not(target_pointer_width = "64"))]
    low: AtomicUsize,
}

#[cfg(target_pointer_width = "64")]
impl StampCell {
    const_fn! {
        pub(super) const fn new(stamp: Stamp) -> Self {
            Self { word: AtomicUsize::new(stamp.fold()) }
        }
    }

    #[inline]
    pub(super) fn load(&self) -> Stamp {
        Stamp(self.word.load(Ordering::Relaxed) as u64)
    }

    #[inline]
    pub(super) fn store(&self, stamp: Stamp) {
        self.word.store(stamp.fold(), Ordering::Relaxed);
    }

    /// Changes `from` into `to`; false, and nothing changed, if it was another.
    /// Of several who try, one is told true.
    #[cfg(feature = "alloc")]
    pub(super) fn exchange(&self, from: Stamp, to: Stamp) -> bool {
        let (from, to) = (from.fold(), to.fold());
        self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

#[cfg(not(target_pointer_width = "64"))]
impl StampCell {
    const_fn! {
        pub(super) const fn new(stamp: Stamp) -> Self {
            Self {
                generation: AtomicUsize::new(stamp.generation() as usize),
                low: AtomicUsize::new(stamp.low() as usize),
            }
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

    /// Changes `from`'s low word into `to`'s, of the same generation; false, and
    /// nothing changed, if it was another. Of several who try, one is told true.
    #[cfg(feature = "alloc")]
    pub(super) fn exchange(&self, from: Stamp, to: Stamp) -> bool {
        let (before, after) = (from.low() as usize, to.low() as usize);
        let won = self.low.compare_exchange(before, after, Ordering::AcqRel, Ordering::Relaxed);
        if won.is_err() {
            return false;
        }
        // Whoever changed the low word has the slot alone: only now is the
        // generation certain, and it may be a later one.
        if self.generation.load(Ordering::Relaxed) as u32 == from.generation() {
            return true;
        }
        self.low.store(before, Ordering::Release);
        false
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

    #[cfg(feature = "alloc")]
    #[test]
    fn an_exchange_needs_the_very_stamp() {
        let (six, seven, eight) = (Stamp(1 << 32 | 7), Stamp(2 << 32 | 7), Stamp(2 << 32 | 8));
        let cell = StampCell::new(seven);
        assert!(!cell.exchange(six, six.with_low(8)));
        assert_eq!(cell.load(), seven);
        assert!(cell.exchange(seven, eight));
        assert_eq!(cell.load(), eight);
    }

    #[test]
    fn folding_tells_neighbours_apart() {
        let stamp = Stamp::BEFORE.with_low(16);
        assert_ne!(stamp.fold(), stamp.with_low(17).fold());
        assert_ne!(stamp.fold(), stamp.next_generation().fold());
    }
}
