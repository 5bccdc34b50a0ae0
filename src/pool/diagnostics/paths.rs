//! What a watched pool does when an array goes out and when one comes back.

use core::ptr::NonNull;

use super::Checks;
use super::fill::{self, Bytes};
use super::quarantine::Resting;
use super::report::{Caller, History, Line, Problem, ReleasedBy, Report};
use crate::error::{AllocError, ReleaseError};
use crate::pool::class::ClassTable;
use crate::pool::classes::{Class, ClassId};
use crate::pool::raw::{RawPool, Slot};
use crate::pool::release::{Issued, Record, ReleaseStrategy, Tenure};
use crate::pool::run::RunId;

/// What a slot holds that nobody has written to since it came back.
pub(super) const fn pattern_of_free(checks: Checks) -> u8 {
    if checks.clears() { 0 } else { fill::RELEASED }
}

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Gives a slot of a class to a tenant.
    #[track_caller]
    pub(in crate::pool) fn issue_watched(
        &self,
        id: ClassId,
        units: u32,
        tenure: Tenure,
    ) -> Result<Issued<S::Ticket>, AllocError> {
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        if self.watch.fails_now() {
            return Err(AllocError::OutOfMemory { requested: self.bytes_of(units) });
        }
        loop {
            let (issued, used) = match self.issue_listed(class, units, tenure)? {
                Some(issued) => (issued, true),
                None => match self.issue_cut(id, class, units, tenure) {
                    Ok(cut) => cut,
                    // Better an array that has not rested long enough than none.
                    Err(error) => match self.wake(id) {
                        true => continue,
                        false => return Err(error),
                    },
                },
            };
            if used && !self.is_untouched(id, class, &issued) {
                continue;
            }
            // SAFETY: the slot was issued just now, out of this class.
            self.prepare(unsafe { self.body(class, issued.elements) }, class.length, units);
            let caller = self.watch.caller();
            self.note(issued.elements, |note| {
                *note = super::notes::Note {
                    allocated: Some(caller),
                    length: units,
                    ..Default::default()
                };
            });
            return Ok(issued);
        }
    }

    /// Whether nobody wrote to a slot while it was free; if somebody did, the slot
    /// is abandoned, and told of.
    #[track_caller]
    fn is_untouched(&self, id: ClassId, class: &Class<S>, issued: &Issued<S::Ticket>) -> bool {
        if !self.watch.checks().has_integrity() {
            return true;
        }
        // SAFETY: the slot was issued just now, out of this class.
        let body = unsafe { self.body(class, issued.elements) };
        body.permit();
        let expected = pattern_of_free(self.watch.checks());
        // SAFETY: it was effaced when it came back, and nobody has it.
        let other = unsafe { body.first_other_than(expected) };
        let Some(other) = other else { return true };
        let history = self.history_of(issued.elements.addr().get());
        // SAFETY: the slot was issued just now, and nobody has it.
        unsafe { S::abandon(class.list(), issued.elements, issued.ticket) };
        self.lose(class);
        let problem =
            Problem::WrittenAfterRelease { offset: other.offset, found: other.found, expected };
        self.tell(problem, issued.elements, id, history, Some(self.watch.caller()));
        false
    }

    /// Makes a slot, which holds `capacity`, ready for an array of `units`.
    fn prepare(&self, body: Bytes, capacity: u32, units: u32) {
        body.permit();
        if self.watch.checks().poisons() {
            body.up_to(self.bytes_of(capacity)).fill(fill::ISSUED);
        }
        self.lay_canary(body, units);
    }

    /// Fills what is behind the length.
    pub(super) fn lay_canary(&self, body: Bytes, units: u32) {
        let behind = body.behind(self.bytes_of(units));
        if self.watch.checks().has_canary() {
            behind.permit();
            behind.fill(fill::BEHIND);
        }
        behind.forbid();
    }

    /// Looks whether somebody wrote behind the length.
    pub(super) fn overflow(&self, body: Bytes, units: u32) -> Option<Problem> {
        if !self.watch.checks().has_canary() {
            return None;
        }
        let end = self.bytes_of(units);
        let behind = body.behind(end);
        behind.permit();
        // SAFETY: `lay_canary` filled what is behind the length.
        let other = unsafe { behind.first_other_than(fill::BEHIND) };
        behind.forbid();
        let fill::Other { offset, found } = other?;
        Some(Problem::Overflow { offset: end + offset, behind: offset, found })
    }

    /// Takes a slot back, if its tenant is of the given tenure. `None`: its
    /// handle went out of scope.
    ///
    /// # Safety
    /// The slot is a cut one of this pool; its tenant is given up.
    pub(in crate::pool) unsafe fn retire_watched(
        &self,
        elements: NonNull<u8>,
        ticket: S::Ticket,
        id: ClassId,
        tenure: Tenure,
        line: Option<Line>,
    ) -> Result<(), ReleaseError> {
        let caller = self.watch.caller_at(line);
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let (class, address) = (unsafe { self.classes.get(id) }, elements.addr().get());
        // SAFETY: the caller's promise.
        let record = unsafe { S::read(class.list(), elements, ticket) };
        let length = match record {
            Record::Live { tenure: found, length, .. } if found == tenure => length,
            _ => {
                let history = self.history_of(address);
                // SAFETY: the caller's promise.
                let error = unsafe { self.refuse(elements, ticket, id) };
                self.tell(Problem::WrongRelease(error), elements, id, history, caller);
                return Err(error);
            }
        };
        // SAFETY: the caller's promise: it is a slot of this class.
        let body = unsafe { self.body(class, elements) };
        if let Some(problem) = self.overflow(body, length) {
            let history = History { length, ..self.history_of(address) };
            // SAFETY: the caller's promise.
            unsafe { S::abandon(class.list(), elements, ticket) };
            self.lose(class);
            self.tell(problem, elements, id, history, caller);
            let Problem::Overflow { offset, .. } = problem else { return Ok(()) };
            return Err(ReleaseError::Overflow { address, length, offset });
        }
        // SAFETY: the caller's promise; the record was that of a live slot.
        if !unsafe { S::retire(class.list(), elements, ticket, tenure) } {
            return Err(ReleaseError::Corrupted { address, class_length: class.length });
        }
        class.set_free(class.free() + 1);
        self.efface(body);
        let by = caller.map_or(ReleasedBy::Drop, ReleasedBy::Call);
        self.note(elements, |note| note.released = Some(by));
        self.rest(id, class);
        self.bound_free(class, self.free_max);
        Ok(())
    }

    /// Fills a slot that has no tenant any more.
    pub(super) fn efface(&self, body: Bytes) {
        let checks = self.watch.checks();
        body.permit();
        if checks.clears() {
            body.clear();
        } else if checks.fills_on_release() {
            body.fill(fill::RELEASED);
        }
        body.forbid();
    }

    /// Lets the slot that came back last rest, if the pool has a quarantine.
    fn rest(&self, id: ClassId, class: &Class<S>) {
        let list = class.list();
        if self.watch.resting.borrow().places() == 0 {
            return;
        }
        let Some(link) = S::head(list) else { return };
        // SAFETY: the head is a place of this list.
        let Ok(next) = (unsafe { S::after(list, link) }) else { return };
        S::set_head(list, next);
        class.set_free(class.free() - 1);
        class.resting.set(class.resting.get() + 1);
        let rested = self.watch.resting.borrow_mut().enter(Resting { class: id, link });
        if let Some(rested) = rested {
            self.end_rest(rested);
            // SAFETY: a slot with a class names one of this pool.
            self.bound_free(unsafe { self.classes.get(rested.class) }, self.free_max);
        }
    }

    /// Ends the rest of the class's slot that has rested longest; false if none does. It is
    /// about to be used, so the most that may be free is no matter.
    fn wake(&self, id: ClassId) -> bool {
        let found = self.watch.resting.borrow_mut().wake(id);
        found.map(|slot| self.end_rest(slot)).is_some()
    }

    /// Ends the rest of all slots, however many are free then.
    pub(in crate::pool) fn end_all_rest(&self) {
        let places = self.watch.resting.borrow().places();
        for index in 0..places {
            let found = self.watch.resting.borrow_mut().take(index);
            if let Some(slot) = found {
                self.end_rest(slot);
            }
        }
    }

    /// Puts a slot that has rested on its class's list.
    fn end_rest(&self, slot: Resting<S>) {
        // SAFETY: a slot with a class names one of this pool.
        let class = unsafe { self.classes.get(slot.class) };
        let list = class.list();
        class.resting.set(class.resting.get() - 1);
        // SAFETY: it was the place of a list of this pool.
        let (elements, ticket) = unsafe { S::slot(slot.link) };
        // SAFETY: as above: a slot that was cut.
        if matches!(unsafe { S::read(list, elements, ticket) }, Record::Free { .. }) {
            // SAFETY: it is free, and on no list.
            unsafe { S::put(list, slot.link) };
            class.set_free(class.free() + 1);
            return;
        }
        let history = self.history_of(elements.addr().get());
        // SAFETY: as above.
        unsafe { S::abandon(list, elements, ticket) };
        self.lose(class);
        self.tell(Problem::BookkeepingOverwritten, elements, slot.class, history, None);
    }

    /// Makes the record of an owned slot say `units`, and the canary begin there.
    #[track_caller]
    pub(in crate::pool) fn relabel_watched(&self, slot: &Slot<S>, units: u32) {
        // SAFETY: a slot with a class names one of this pool.
        let class = unsafe { self.classes.get(slot.class) };
        // SAFETY: a slot with a class is a cut one of this pool.
        let record = unsafe { S::read(class.list(), slot.elements, slot.ticket) };
        let Record::Live { length, .. } = record else { return };
        // SAFETY: as above, of this class.
        let body = unsafe { self.body(class, slot.elements) };
        if let Some(problem) = self.overflow(body, length) {
            let history = History { length, ..self.history_of(slot.elements.addr().get()) };
            self.corrupted.set(self.corrupted.get() + 1);
            self.tell(problem, slot.elements, slot.class, history, Some(self.watch.caller()));
        }
        // SAFETY: as above, and the class holds so many units.
        unsafe { S::relabel(class.list(), slot.elements, slot.ticket, units) };
        body.permit();
        self.lay_canary(body, units);
        self.note(slot.elements, |note| note.length = units);
    }

    /// Tells of a free slot whose record was overwritten.
    #[track_caller]
    pub(in crate::pool) fn tell_of_broken(&self, elements: NonNull<u8>) {
        if !self.watch.is_on() {
            return;
        }
        let address = elements.addr().get();
        let found = self.runs().and_then(|runs| runs.find(address).map(|run| run.class));
        let id = found.unwrap_or(ClassId::NONE);
        let (history, caller) = (self.history_of(address), Some(self.watch.caller()));
        self.tell(Problem::BookkeepingOverwritten, elements, id, history, caller);
    }

    /// Tells of a release that was refused before a slot was found.
    #[cold]
    #[track_caller]
    pub(in crate::pool) fn refused(&self, error: ReleaseError) -> ReleaseError {
        if self.watch.checks().has_callers() {
            let start = match error {
                ReleaseError::Interior { start, .. } => start,
                error => error.address(),
            };
            self.watch.tell(&Report {
                problem: Problem::WrongRelease(error),
                address: error.address(),
                class_length: 0,
                unit_size: self.unit_size(),
                history: self.history_of(start),
                caller: Some(self.watch.caller()),
            });
        }
        error
    }

    /// Counts a slot that was abandoned.
    fn lose(&self, class: &Class<S>) {
        class.lost.set(class.lost.get() + 1);
        self.corrupted.set(self.corrupted.get() + 1);
    }

    /// Tells of a problem with a slot.
    pub(in crate::pool) fn tell(
        &self,
        problem: Problem,
        elements: NonNull<u8>,
        id: ClassId,
        history: History,
        caller: Option<Caller>,
    ) {
        let (address, unit_size) = (elements.addr().get(), self.unit_size());
        let class_length = self.class_length(id).unwrap_or(0);
        let report = Report { problem, address, class_length, unit_size, history, caller };
        // A wrong release is an error value already: it takes a pool that knows
        // callers to say more.
        let says_more = !matches!(problem, Problem::WrongRelease(_));
        if says_more || self.watch.checks().has_callers() {
            self.watch.tell(&report);
        }
    }

    /// Bytes of so many units, which a slot holds.
    pub(super) fn bytes_of(&self, units: u32) -> usize {
        units as usize * self.unit_size()
    }

    /// A slot from its first element to its end.
    ///
    /// # Safety
    /// It is a cut slot of this pool and of the class.
    pub(super) unsafe fn body(&self, class: &Class<S>, elements: NonNull<u8>) -> Bytes {
        let trailer = super::Watch::<S>::trailer(self.watch.checks());
        // SAFETY: a slot of the class has so many bytes, its shape having been
        // made for them; and the diagnostics use those that no tenant does.
        unsafe { Bytes::new(elements, self.bytes_of(class.length) + trailer) }
    }

    /// The run and the index of the slot that covers an address.
    pub(super) fn place_of(&self, address: usize) -> Option<(RunId, u32)> {
        let runs = self.runs()?;
        let run = runs.find(address)?;
        let index = run.position(address)?.index;
        Some((runs.id_of(run), index))
    }

    /// What is known of the last tenant of the slot at an address: nothing within a hook
    /// or a source of the arena, while the books grow.
    pub(in crate::pool) fn history_of(&self, address: usize) -> History {
        match (self.place_of(address), self.watch.notes.try_borrow()) {
            (Some((run, index)), Ok(notes)) => notes.get(run, index).history(),
            _ => History::default(),
        }
    }

    /// Changes the note of a slot; does nothing where `history_of` knows nothing.
    fn note(&self, elements: NonNull<u8>, change: impl FnOnce(&mut super::notes::Note)) {
        if !self.watch.checks().keeps_notes() {
            return;
        }
        let place = self.place_of(elements.addr().get());
        if let (Some((run, index)), Ok(mut notes)) = (place, self.watch.notes.try_borrow_mut()) {
            notes.change(run, index, change);
        }
    }
}
