//! Places for the bodies of arenas, at addresses that no other arena gets for a long time.
//!
//! ```text
//! strip: | tombstone | tombstone | head  body of a living arena     | unused |
//!          32 bytes                ▲ 32 bytes further each time
//! ```
//! A destroyed arena leaves a tombstone: a marker that says so, and a cursor and an end
//! without room. The next arena of the strip lies right behind it, so that an old handle
//! meets a tombstone and not somebody else's arena. A strip that is full of them is used
//! again from its beginning, but not before many more arenas were destroyed: there are
//! only so many addresses in so much memory.

#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;

use crate::arena::ALIGN;

/// What a destroyed arena leaves: its head, and the first two words of its body.
const TOMBSTONE: usize = 2 * ALIGN;
/// Arenas that a strip has in turn.
const TURNS: usize = 32;
/// Arenas that are destroyed before the first place of a full strip is used again.
const REST: u64 = 131_072;

/// A place for an arena.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    strip: NonNull<u8>,
    /// How many arenas the strip has had before.
    turn: usize,
}

impl Place {
    /// Where it is.
    pub(super) fn block(self) -> NonNull<u8> {
        // Within the strip, by its layout.
        self.strip.map_addr(|start| start.saturating_add(self.turn * TOMBSTONE))
    }
}

/// The strips of a backing pool.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Strips without a living arena whose next place was never used, or not for long.
    open: Vec<Place>,
    /// Strips full of tombstones, the oldest first, and how many arenas had been
    /// destroyed when they were.
    full: VecDeque<(NonNull<u8>, u64)>,
    strips: usize,
    destroyed: u64,
}

impl Places {
    /// Every place of a strip.
    pub(super) fn of_strip(strip: NonNull<u8>) -> impl Iterator<Item = Place> {
        (0..TURNS).map(move |turn| Place { strip, turn })
    }

    /// A place for a block of this layout, always the same; `obtain` gives memory.
    pub(super) fn take(
        &mut self,
        block: Layout,
        obtain: impl FnOnce(Layout) -> Option<NonNull<u8>>,
    ) -> Option<Place> {
        if let Some(place) = self.open.pop() {
            return Some(place);
        }
        let rested = |(_, since): &(_, u64)| self.destroyed - since >= REST;
        if self.full.front().is_some_and(rested) {
            let (strip, _) = self.full.pop_front()?;
            return Some(Place { strip, turn: 0 });
        }
        // Every strip will be in one list or the other, without asking for memory then.
        let strips = self.strips + 1;
        self.open.try_reserve(strips - self.open.len()).ok()?;
        self.full.try_reserve(strips - self.full.len()).ok()?;
        let bytes = block.size().checked_add((TURNS - 1) * TOMBSTONE)?;
        let strip = obtain(Layout::from_size_align(bytes, block.align()).ok()?)?;
        self.strips = strips;
        Some(Place { strip, turn: 0 })
    }

    /// Takes a place back that no program has seen.
    pub(super) fn give_back(&mut self, place: Place) {
        self.open.push(place);
    }

    /// Takes the place of a destroyed arena back.
    pub(super) fn retire(&mut self, Place { strip, turn }: Place) {
        self.destroyed += 1;
        if turn + 1 < TURNS {
            self.open.push(Place { strip, turn: turn + 1 });
        } else {
            self.full.push_back((strip, self.destroyed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Arena;

    #[test]
    #[cfg_attr(miri, ignore = "addresses only, and many")]
    fn a_place_rests_before_it_is_used_again() {
        let arena = Arena::new();
        let layout = Layout::from_size_align(640, 16).unwrap();
        let obtain = |layout| Some(arena.alloc_layout(layout));
        let mut places = Places::default();
        let mut last_use = std::collections::HashMap::new();
        for destroyed in 0..2 * REST {
            let place = places.take(layout, obtain).unwrap();
            if let Some(before) = last_use.insert(place.block().addr(), destroyed) {
                assert!(destroyed - before > REST);
            }
            places.retire(place);
        }
        assert!(
            places.strips <= usize::try_from(REST).unwrap().div_ceil(TURNS) + 1,
            "{}",
            places.strips
        );
    }

    #[test]
    fn places_of_living_arenas_do_not_overlap() {
        let arena = Arena::new();
        let layout = Layout::from_size_align(640, 16).unwrap();
        let mut places = Places::default();
        let mut live = Vec::new();
        for step in 0..1000_usize {
            live.push(places.take(layout, |layout| Some(arena.alloc_layout(layout))).unwrap());
            if step % 3 > 0 {
                places.retire(live.swap_remove(step * 7 % live.len()));
            }
        }
        let mut starts: Vec<_> = live.iter().map(|place| place.block().addr().get()).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= layout.size()));
    }
}
