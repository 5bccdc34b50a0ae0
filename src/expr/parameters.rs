//! The parameters of a batch, by name.

use super::memory::{Array, Pool, Vector};
use crate::error::AllocError;
use crate::pool::ReleaseStrategy;

/// Names of parameters, in the order of their slots.
pub(super) struct Parameters<'m, S: ReleaseStrategy> {
    names: Vector<'m, Array<'m, u8, S>, S>,
    /// The names as words, side by side: most names are told apart by these.
    words: Vector<'m, u64, S>,
}

/// Bytes of a name that its word holds, beside its length.
const LETTERS: usize = 7;

/// The first letters of a name and its length, which is at most 255.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "names have at most 255 bytes")]
fn word(name: &[u8]) -> u64 {
    let letters = name.iter().take(LETTERS);
    letters.fold(name.len() as u64, |word, &letter| word << 8 | u64::from(letter))
}

impl<'m, S: ReleaseStrategy> Parameters<'m, S> {
    pub(super) fn new(pool: &'m Pool<'m, S>) -> Self {
        Self { names: pool.vec(), words: pool.vec() }
    }

    /// Makes room for one more: the next [`push`](Self::push) does not fail.
    pub(super) fn reserve(&mut self) -> Result<(), AllocError> {
        self.names.try_reserve(1)?;
        self.words.try_reserve(1)
    }

    pub(super) fn push(&mut self, name: Array<'m, u8, S>) -> Result<(), AllocError> {
        self.reserve()?;
        self.words.try_push(word(&name))?;
        self.names.try_push(name)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// The number of the parameter of this name. Linear in their number.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let wanted = word(name);
        let found = self.words.iter().position(|word| *word == wanted);
        if name.len() <= LETTERS {
            return found;
        }
        // Longer names may begin alike.
        let rest = self.names.iter().enumerate().skip(found?);
        rest.filter(|(_, other)| ***other == *name).map(|(number, _)| number).next()
    }
}
