//! Two addresses with room for flags: where the hot path ends, and how far it has been.
//!
//! Both are multiples of [`ALIGN`], so that their low bits are free. What is read
//! and written together lies in one word: entering and leaving a scope are hardly
//! more than a few stores.

#![forbid(unsafe_code)]

use super::bump::ALIGN;

/// The bits of an address that are always 0.
const FLAGS: usize = ALIGN - 1;

/// One past the last byte that the hot path may hand out, and what it must know:
///
/// ```text
/// | address, a multiple of 16 | 0 | 0 | fills | claimed |
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(usize);

impl Limit {
    const CLAIMED: usize = 1;
    const FILLS: usize = 2;

    #[inline]
    pub(super) fn new(address: usize, fills: bool) -> Self {
        debug_assert!(address & FLAGS == 0);
        Self(address | if fills { Self::FILLS } else { 0 })
    }

    /// The same flags with another address.
    #[inline]
    pub(super) fn with_address(self, address: usize) -> Self {
        debug_assert!(address & FLAGS == 0);
        Self(address + (self.0 & FLAGS))
    }

    /// That of an arena that a scope claims, and none has: closed at `cursor`.
    #[inline]
    pub(super) fn claimed(self, cursor: usize) -> Self {
        debug_assert!(!self.is_claimed());
        Self(self.with_address(cursor).0 + Self::CLAIMED)
    }

    #[inline]
    pub(super) fn address(self) -> usize {
        self.0 & !FLAGS
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

    /// Whether memory is filled with patterns when it is issued and forgotten.
    #[inline]
    pub(super) fn fills(self) -> bool {
        self.0 & Self::FILLS != 0
    }
}

/// The highest address in the current chunk that the cursor has come back from, or
/// less, and whether the arena has a state of its own:
///
/// ```text
/// | address, a multiple of 16 | 0 | 0 | 0 | has a state |
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct High(usize);

impl High {
    const HAS_STATE: usize = 1;

    /// That of an arena in a new chunk, without a state.
    pub(super) const NONE: Self = Self(0);

    #[inline]
    pub(super) fn address(self) -> usize {
        self.0 & !FLAGS
    }

    /// The address, if there is no state.
    #[inline]
    pub(super) fn without_state(self) -> Option<usize> {
        if self.has_state() { None } else { Some(self.0) }
    }

    #[inline]
    pub(super) fn has_state(self) -> bool {
        self.0 & Self::HAS_STATE != 0
    }

    #[inline]
    pub(super) fn with_state(self) -> Self {
        Self(self.0 | Self::HAS_STATE)
    }

    /// The same flag with another address.
    #[inline]
    pub(super) fn with_address(self, address: usize) -> Self {
        debug_assert!(address & FLAGS == 0);
        Self(address | self.0 & FLAGS)
    }

    /// Whether `reached`, a multiple of [`ALIGN`], is above the address. (The flag
    /// is too small to matter.)
    #[inline]
    pub(super) fn is_below(self, reached: usize) -> bool {
        debug_assert!(reached & FLAGS == 0);
        reached > self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_addresses_leave_each_other_alone() {
        for fills in [false, true] {
            let open = Limit::new(0x40, fills);
            assert_eq!((open.address(), open.fills(), open.is_claimed()), (0x40, fills, false));
            let closed = open.claimed(0x30);
            assert_eq!((closed.address(), closed.fills(), closed.is_claimed()), (0x30, fills, true));
            let moved = closed.with_address(0x50);
            assert_eq!((moved.address(), moved.fills(), moved.is_claimed()), (0x50, fills, true));
        }
        assert!(!High::NONE.has_state() && High::NONE.with_state().has_state());
        assert_eq!(High::NONE.with_state().with_address(0x20).address(), 0x20);
        assert!(High::NONE.with_state().with_address(0x20).has_state());
    }

    #[test]
    fn a_flag_does_not_raise_what_has_been_reached() {
        for high in [High::NONE, High::NONE.with_state()] {
            let high = high.with_address(0x20);
            assert!(!high.is_below(0x10) && !high.is_below(0x20) && high.is_below(0x30));
        }
    }
}
