//! Where the hot path of an arena ends, and whether a scope has claimed it.

#![forbid(unsafe_code)]

use super::bump::ALIGN;

/// One past the last byte that the hot path may hand out. Entering a scope reads and
/// writes both at once:
///
/// ```text
/// | address, a multiple of 16 | 0 | 0 | 0 | claimed |
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(usize);

impl Limit {
    const CLAIMED: usize = 1;

    #[inline]
    pub(super) fn new(address: usize) -> Self {
        debug_assert!(address % ALIGN == 0);
        Self(address)
    }

    /// That of an arena that a scope claims: closed at `cursor`.
    #[inline]
    pub(super) fn claimed(cursor: usize) -> Self {
        Self(Self::new(cursor).0 + Self::CLAIMED)
    }

    #[inline]
    pub(super) fn address(self) -> usize {
        self.0 & !Self::CLAIMED
    }

    /// The address, in whose low bits anything may be: cheaper to get, and no
    /// different to [`bump`](super::bump::bump).
    #[inline]
    pub(super) fn word(self) -> usize {
        self.0
    }

    /// Whether a scope has claimed the arena.
    #[inline]
    pub(super) fn is_claimed(self) -> bool {
        self.0 & Self::CLAIMED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_and_address_leave_each_other_alone() {
        for address in [0, 0x40, usize::MAX & !(ALIGN - 1)] {
            let (open, claimed) = (Limit::new(address), Limit::claimed(address));
            assert_eq!((open.address(), open.is_claimed()), (address, false));
            assert_eq!((claimed.address(), claimed.is_claimed()), (address, true));
        }
    }
}
