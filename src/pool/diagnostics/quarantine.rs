//! Released arrays that rest before their slots are used again.

#![forbid(unsafe_code)]

use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::books::Ledger;
use crate::pool::classes::ClassId;
use crate::pool::release::ReleaseStrategy;

/// A free slot that is on no list.
pub(super) struct Resting<S: ReleaseStrategy> {
    pub(super) class: ClassId,
    pub(super) link: S::Link,
}

impl<S: ReleaseStrategy> Clone for Resting<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ReleaseStrategy> Copy for Resting<S> {}

/// A ring: the place that is filled next holds the one that has rested longest.
pub(super) struct Quarantine<S: ReleaseStrategy> {
    places: Ledger<Option<Resting<S>>>,
    next: usize,
}

impl<S: ReleaseStrategy> Quarantine<S> {
    pub(super) const fn none() -> Self {
        Self { places: Ledger::new(), next: 0 }
    }

    /// Room for so many.
    pub(super) fn open(arena: &Arena<'_>, places: u32) -> Result<Self, AllocError> {
        if places == 0 {
            return Ok(Self::none());
        }
        let places = usize::try_from(places)
            .map_err(|_| AllocError::OutOfMemory { requested: usize::MAX })?;
        Ok(Self { places: Ledger::filled::<S>(arena, places, None)?, next: 0 })
    }

    /// How many can rest.
    pub(super) fn places(&self) -> usize {
        self.places.as_slice().len()
    }

    /// Ends the rest of the one in a place.
    pub(super) fn take(&mut self, place: usize) -> Option<Resting<S>> {
        self.places.as_mut_slice().get_mut(place)?.take()
    }

    /// Lets a slot rest; returns the one whose rest is over.
    pub(super) fn enter(&mut self, slot: Resting<S>) -> Option<Resting<S>> {
        let places = self.places.as_mut_slice();
        let rested = places.get_mut(self.next)?.replace(slot);
        self.next = (self.next + 1) % places.len();
        rested
    }

    /// Ends the rest of the slot of that class that has rested longest.
    pub(super) fn wake(&mut self, class: ClassId) -> Option<Resting<S>> {
        let (newer, older) = self.places.as_mut_slice().split_at_mut(self.next);
        let mut places = older.iter_mut().chain(newer);
        places.find(|place| place.is_some_and(|slot| slot.class == class)).and_then(Option::take)
    }

    /// Forgets all of them.
    pub(super) fn forget(&mut self) {
        self.places.as_mut_slice().fill(None);
        self.next = 0;
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.bytes()
    }

    pub(super) fn close(&mut self, arena: &Arena<'_>) {
        self.places.close::<S>(arena);
    }
}
