//! The runs of a pool, found by address.
//!
//! The address space is divided into **granules**, aligned blocks of 64 KiB (4 KiB
//! where words have 32 bits). A hash table leads from every granule that a run
//! touches to the first run in it; the runs of one granule are linked in the order
//! of their addresses. Runs soon are longer than a granule, so that a look-up ends
//! at the first or the second. Nothing is read at the address that is asked about.

#![forbid(unsafe_code)]

use super::books::Ledger;
use super::release::ReleaseStrategy;
use super::run::{NO_RUN, Run, RunId};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::random::GOLDEN;

/// The size of a granule is two to this power.
const GRANULE_BITS: u32 = if usize::BITS == 64 { 16 } else { 12 };

/// The multiplier of Fibonacci hashing (Knuth, "The Art of Computer
/// Programming", volume 3, 6.4): the word's range over the golden ratio.
#[allow(clippy::cast_possible_truncation, reason = "it is as wide as the word")]
const FACTOR: usize = (GOLDEN >> (u64::BITS - usize::BITS)) as usize;

/// Places of the first table in a buffer: enough for a microcontroller's pool.
pub(super) const FIRST: usize = 16;

/// Places of the first table where each larger one is a call of the heap: enough for
/// a megabyte, at the least.
const FIRST_ON_HEAP: usize = 4 * FIRST;

/// The granules that a run of so many bytes touches at most.
pub(super) const fn granules_of(bytes: usize) -> usize {
    (bytes >> GRANULE_BITS) + 2
}

/// The room that the list of runs has in a buffer after `room`, when that is used up.
pub(super) const fn next_room(room: usize) -> usize {
    Ledger::<Run>::next_capacity(room, true)
}

/// A granule and the run that covers its first byte or else begins first in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    granule: usize,
    first: RunId,
}

/// No granule, since the number of one has fewer bits than a word: marks a free place.
const FREE: Entry = Entry { granule: usize::MAX, first: NO_RUN };

impl Entry {
    #[inline(always)]
    fn is_free(&self) -> bool {
        self.granule == FREE.granule
    }
}

/// How large the parts of a table should be that are too small; 0 for those that are not.
pub(super) struct Lack {
    /// Room in the list of runs.
    pub(super) runs: usize,
    /// Places of granules.
    pub(super) places: usize,
}

/// A table of granules that are all free.
pub(super) fn places<S: ReleaseStrategy>(
    arena: &Arena<'_>,
    count: usize,
) -> Result<Ledger<Entry>, AllocError> {
    Ledger::filled::<S>(arena, count, FREE)
}

/// All runs of a pool.
#[derive(Debug)]
pub(super) struct RunTable {
    /// In the order in which they were taken: a run's place is its id.
    runs: Ledger<Run>,
    /// A power of two of places, at most half of them taken.
    granules: Ledger<Entry>,
    taken: usize,
}

impl RunTable {
    pub(super) const fn new() -> Self {
        Self { runs: Ledger::new(), granules: Ledger::new(), taken: 0 }
    }

    /// The run that begins last at or before `address` in its granule: the only
    /// one that can cover it. Complexity: constant but for the runs that begin
    /// in the same granule.
    #[inline(always)]
    pub(super) fn find(&self, address: usize) -> Option<&Run> {
        let mut run = self.first_in(address >> GRANULE_BITS)?;
        while let Some(after) = self.get(run.after) {
            if after.start() > address {
                break;
            }
            run = after;
        }
        Some(run)
    }

    /// The run that covers the granule's first byte or else begins first in it.
    #[inline(always)]
    fn first_in(&self, granule: usize) -> Option<&Run> {
        let granules = self.granules.as_slice();
        let mask = granules.len().wrapping_sub(1);
        let mut place = hash(granule) & mask;
        loop {
            let entry = granules.get(place)?;
            if entry.granule == granule {
                return self.get(entry.first);
            }
            if entry.is_free() {
                return None;
            }
            place = (place + 1) & mask;
        }
    }

    #[inline]
    pub(super) fn get(&self, id: RunId) -> Option<&Run> {
        self.runs.as_slice().get(id as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.as_mut_slice().get_mut(id as usize)
    }

    /// The id of a run of this table.
    pub(super) fn id_of(&self, run: &Run) -> RunId {
        let offset = core::ptr::from_ref(run).addr() - self.all().as_ptr().addr();
        RunId::try_from(offset / size_of::<Run>()).unwrap_or(NO_RUN)
    }

    pub(super) fn all(&self) -> &[Run] {
        self.runs.as_slice()
    }

    pub(super) fn all_mut(&mut self) -> &mut [Run] {
        self.runs.as_mut_slice()
    }

    /// Bytes of the lists.
    pub(super) fn bytes(&self) -> usize {
        self.runs.bytes() + self.granules.bytes()
    }

    /// What the table lacks for one more run of `bytes` bytes, where a larger table of
    /// granules with so many `places` is at hand.
    pub(super) fn lacks(&self, arena: &Arena<'_>, bytes: usize, places: usize) -> Option<Lack> {
        let runs = self.runs.wanted(arena).unwrap_or(0);
        // A run of so many bytes touches at most so many granules.
        let needed = (self.taken + granules_of(bytes)) * 2;
        let first = if arena.obtains() { FIRST_ON_HEAP } else { FIRST };
        let is_short = needed > self.granules.as_slice().len().max(places);
        let places = if is_short { needed.max(first).next_power_of_two() } else { 0 };
        (runs > 0 || is_short).then_some(Lack { runs, places })
    }

    /// Uses a larger list of runs instead of the present one, which is in `larger` then; if
    /// that is no larger, nothing happens.
    pub(super) fn install_runs(&mut self, larger: &mut Ledger<Run>) {
        self.runs.move_to(larger);
    }

    /// Uses a larger table of granules instead of the present one, which is in
    /// `larger` then; if that is no larger, nothing happens.
    #[inline(never)]
    pub(super) fn install(&mut self, larger: &mut Ledger<Entry>) {
        if larger.as_slice().len() <= self.granules.as_slice().len() {
            return;
        }
        for entry in self.granules.as_slice().iter().filter(|entry| !entry.is_free()) {
            if let Some(place) = place_in(larger.as_mut_slice(), entry.granule) {
                *place = *entry;
            }
        }
        core::mem::swap(&mut self.granules, larger);
    }

    /// Adds a run of `bytes` bytes, for which there is room; returns its id.
    pub(super) fn insert(&mut self, mut run: Run, bytes: usize) -> RunId {
        let count = self.runs.as_slice().len();
        // A run is at least a byte, and their records fit an address space.
        let id = RunId::try_from(count).unwrap_or(NO_RUN);
        let first = run.start() >> GRANULE_BITS;
        let last = (run.start() + bytes - 1) >> GRANULE_BITS;
        run.after = NO_RUN;
        self.runs.push(run);
        self.insert_into(first, id);
        for granule in first + 1..=last {
            // The run covers the granule's first byte, so it comes before any other.
            let place = self.enter(granule, id);
            let other = place.map_or(id, |place| core::mem::replace(&mut place.first, id));
            if let (Some(run), true) = (self.get_mut(id), other != id) {
                run.after = other;
            }
        }
        id
    }

    /// Links a run into the list of the granule in which it begins.
    fn insert_into(&mut self, granule: usize, id: RunId) {
        let Some(start) = self.get(id).map(Run::start) else { return };
        let Some(first) = self.enter(granule, id).map(|place| place.first) else { return };
        if first == id {
            return;
        }
        if self.get(first).is_some_and(|run| run.start() > start) {
            if let Some(place) = self.enter(granule, id) {
                place.first = id;
            }
            self.link(id, first);
            return;
        }
        let mut before = first;
        while let Some(after) = self.get(before).map(|run| run.after) {
            match self.get(after) {
                Some(run) if run.start() < start => before = after,
                _ => {
                    self.link(id, after);
                    break;
                }
            }
        }
        self.link(before, id);
    }

    fn link(&mut self, before: RunId, after: RunId) {
        if let Some(run) = self.get_mut(before) {
            run.after = after;
        }
    }

    /// The entry of a granule; a new one leads to `id`. There is one, since
    /// room was made.
    fn enter(&mut self, granule: usize, id: RunId) -> Option<&mut Entry> {
        let entry = place_in(self.granules.as_mut_slice(), granule)?;
        if entry.is_free() {
            *entry = Entry { granule, first: id };
            self.taken += 1;
        }
        Some(entry)
    }

    pub(super) fn close<S: ReleaseStrategy>(&mut self, arena: &Arena<'_>) {
        self.granules.close::<S>(arena);
        self.runs.close::<S>(arena);
    }

    /// Whether every run is found at its first and at its last byte.
    pub(super) fn is_sound(&self, bytes_of: impl Fn(&Run) -> usize) -> bool {
        self.all().iter().all(|run| {
            let finds = |address| self.find(address).is_some_and(|it| it.start() == run.start());
            finds(run.start()) && finds(run.start() + bytes_of(run) - 1)
        })
    }
}

#[inline]
fn hash(granule: usize) -> usize {
    let product = granule.wrapping_mul(FACTOR);
    product ^ product >> (usize::BITS / 2)
}

/// The place of a granule in a table that has it, or a free place; `None` in a
/// table of no places.
fn place_in(places: &mut [Entry], granule: usize) -> Option<&mut Entry> {
    let mask = places.len().wrapping_sub(1);
    let mut place = hash(granule) & mask;
    // At most half of the places are taken, so the search ends.
    while places.get(place).is_some_and(|entry| !entry.is_free() && entry.granule != granule) {
        place = (place + 1) & mask;
    }
    places.get_mut(place)
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;
    use core::ptr::{self, NonNull};

    use super::super::classes::{ClassId, Units};
    use super::super::release::Tagged;
    use super::super::run::Shape;
    use super::*;

    /// A run of 4 slots of 16 bytes. Nothing is read there.
    fn run_at(start: usize) -> Run {
        let units = Units { size: 16, align: 16, trailer: 0 };
        Run {
            base: NonNull::new(ptr::without_provenance_mut(start)).unwrap(),
            records: NonNull::dangling(),
            shape: Shape::new(1, units, 0, 1).unwrap(),
            slots: 4,
            cut: 4,
            seen: 4,
            class: ClassId::NONE,
            next: NO_RUN,
            after: NO_RUN,
        }
    }

    /// Memory may begin at 0: that of a Cortex-M7 that is as fast as its caches does.
    #[test]
    fn the_first_granule_is_one_as_any_other() {
        let mut buffer = [MaybeUninit::<u8>::uninit(); 4096];
        let arena = Arena::from_buffer(&mut buffer);
        let mut table = RunTable::new();
        let place_of = |granule: usize| hash(granule) & (FIRST - 1);
        let mut others = (1..).filter(|granule| place_of(*granule) == place_of(0));
        let mut next = || others.next().unwrap() << GRANULE_BITS;
        // One before it and one behind it in the chain of places where it begins.
        let bases = [next(), 64, next()];
        for base in bases {
            assert_eq!(table.find(base).map(Run::start), None);
            if let Some(lack) = table.lacks(&arena, 64, 0) {
                let room = Ledger::with_capacity::<Tagged>(&arena, lack.runs);
                table.install_runs(&mut room.unwrap());
                table.install(&mut places::<Tagged>(&arena, lack.places).unwrap());
            }
            table.insert(run_at(base), 64);
            assert_eq!(table.granules.as_slice().len(), FIRST);
        }
        assert_eq!(table.taken, 3);
        for base in bases {
            assert_eq!(table.find(base + 63).map(Run::start), Some(base));
        }
        assert!(table.is_sound(|_| 64));
        table.close::<Tagged>(&arena);
    }
}
