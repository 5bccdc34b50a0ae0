//! The parameters of a batch, by name.

use super::memory::{Array, Pool, Vector};
use crate::error::AllocError;
use crate::pool::ReleaseStrategy;

/// Names of parameters, in the order of their slots.
pub(super) struct Parameters<'m, S: ReleaseStrategy> {
    names: Vector<'m, Array<'m, u8, S>, S>,
    /// The names as words, side by side: most names are told apart by these.
    words: Vector<'m, u64, S>,
    /// By the hash of a word, the first parameter with it, counted from 1 on.
    first: [u8; BUCKETS],
}

/// Buckets of names: most batches have fewer parameters.
const BUCKETS: usize = 32;

/// Bytes of a name that its word holds, beside its length.
const LETTERS: usize = 7;

/// The first letters of a name and its length, which is at most 255.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "names have at most 255 bytes")]
fn word(name: &[u8]) -> u64 {
    let letters = name.iter().take(LETTERS);
    letters.fold(name.len() as u64, |word, &letter| word << 8 | u64::from(letter))
}

/// The bucket of a word: the upper bits of a product.
#[inline]
fn bucket(word: u64) -> usize {
    let folded = (word ^ word >> 32) & u64::from(u32::MAX);
    (folded.wrapping_mul(0x9e37_79b9) >> 27) as usize % BUCKETS
}

impl<'m, S: ReleaseStrategy> Parameters<'m, S> {
    pub(super) fn new(pool: &'m Pool<'m, S>) -> Self {
        Self { names: pool.vec(), words: pool.vec(), first: [0; BUCKETS] }
    }

    /// Makes room for one more: the next [`push`](Self::push) does not fail.
    pub(super) fn reserve(&mut self) -> Result<(), AllocError> {
        self.names.try_reserve(1)?;
        self.words.try_reserve(1)
    }

    pub(super) fn push(&mut self, name: Array<'m, u8, S>) -> Result<(), AllocError> {
        self.reserve()?;
        let word = word(&name);
        self.words.try_push(word)?;
        self.names.try_push(name)?;
        let first = &mut self.first[bucket(word)];
        if *first == 0 {
            // A byte counts to 255: the search for the 256th begins at the one before it.
            *first = u8::try_from(self.words.len()).unwrap_or(u8::MAX);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// The number of the parameter of this name. Constant time for most; linear in
    /// their number at worst.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let wanted = word(name);
        let first = usize::from(self.first[bucket(wanted)]).checked_sub(1)?;
        let is_it = self.words.get(first) == Some(&wanted) && name.len() <= LETTERS;
        if is_it { Some(first) } else { self.search(name, wanted, first) }
    }

    /// The same among those that do not come before `first`.
    #[cold]
    fn search(&self, name: &[u8], wanted: u64, first: usize) -> Option<usize> {
        let mut rest = self.words.iter().zip(self.names.iter()).enumerate().skip(first);
        rest.find(|(_, (word, other))| **word == wanted && ***other == *name)
            .map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn every_name_is_found_and_no_other() {
        let pool = Pool::new();
        let mut parameters = Parameters::new(&pool);
        let names = || (0..250).map(|number| [format!("x{number}"), format!("parameter_{number}")]);
        for (number, name) in names().flatten().enumerate().take(255) {
            assert_eq!(parameters.find(name.as_bytes()), None);
            parameters.push(pool.copy(name.as_bytes()).unwrap()).unwrap();
            assert_eq!(parameters.find(name.as_bytes()), Some(number));
        }
        for (number, name) in names().flatten().enumerate() {
            let found = parameters.find(name.as_bytes());
            assert_eq!(found, (number < 255).then_some(number), "{name}");
        }
        assert_eq!(parameters.find(b""), None);
    }

    #[test]
    fn the_last_of_256_is_found_without_another_one_in_its_bucket() {
        let pool = Pool::new();
        let mut parameters = Parameters::new(&pool);
        let elsewhere = |name: &str| bucket(word(name.as_bytes())) != bucket(word(b"z"));
        let names = (0..).map(|number| format!("p{number}")).filter(|name| elsewhere(name));
        for name in names.take(255) {
            parameters.push(pool.copy(name.as_bytes()).unwrap()).unwrap();
        }
        assert_eq!(parameters.find(b"z"), None);
        parameters.push(pool.copy(b"z").unwrap()).unwrap();
        assert_eq!(parameters.find(b"z"), Some(255));
        assert_eq!(parameters.find(b"y"), None);
    }
}
