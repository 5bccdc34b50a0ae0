//! A small random number generator, so that a run can be repeated.

#![forbid(unsafe_code)]

/// Marsaglia's xorshift with 64 bits of state.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The same numbers for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds are spread, and the state must not be 0.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is small and not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper half is the better one; it fits on every machine.
        (self.0 >> 32) as u32 as usize % bound
    }
}
