//! White space in front of elements, guessed from that in front of others.

#![forbid(unsafe_code)]

/// The length of the white space that is expected in front of an element, by
/// depth: pretty text repeats itself, and to check a guess is quicker than to
/// find out, since nothing has to wait for the answer.
pub(in crate::json) struct Indents {
    lengths: [u8; Self::DEPTHS],
    /// A run of white space that the text has shown, padded with spaces.
    pub(super) pattern: [u8; Self::LONGEST],
}

impl Indents {
    /// Depths that are told apart; a power of two.
    const DEPTHS: usize = 64;
    /// Longer runs are not guessed.
    pub(super) const LONGEST: usize = 32;

    pub(in crate::json) const fn new() -> Self {
        Self { lengths: [0; Self::DEPTHS], pattern: [b' '; Self::LONGEST] }
    }

    #[inline(always)]
    pub(super) fn length(&self, depth: u32) -> u32 {
        u32::from(self.lengths[depth as usize % Self::DEPTHS])
    }

    /// Remembers a run for the next guess at this depth, if it is indentation.
    pub(super) fn learn(&mut self, depth: u32, run: &[u8]) {
        let guessed = run.len() <= Self::LONGEST && run.first() != Some(&b' ');
        let length = u8::try_from(run.len()).unwrap_or(0);
        self.lengths[depth as usize % Self::DEPTHS] = if guessed { length } else { 0 };
        if guessed && !self.pattern.starts_with(run) {
            self.pattern = [b' '; Self::LONGEST];
            self.pattern[..run.len()].copy_from_slice(run);
        }
    }
}
