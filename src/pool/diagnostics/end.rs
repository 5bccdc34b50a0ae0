//! What is looked at when everything ends: a reset, a walk, the drop of the pool.

use super::fill::Bytes;
use super::paths::pattern_of_free;
use super::report::{Caller, History, Problem, ReleasedBy};
use super::{Checks, asan};
use crate::error::VerifyError;
use crate::pool::class::ClassTable;
use crate::pool::classes::{Class, ClassId};
#[cfg(arraypool_asan)]
use crate::pool::raw::Backing;
use crate::pool::raw::RawPool;
use crate::pool::release::{Record, ReleaseStrategy, Tenure};
use crate::pool::run::{Run, RunId};

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// The diagnostics of the pool: see [`Checks`].
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::all()).build();
    /// assert!(!pool.as_raw().checks().is_none());
    /// ```
    pub fn checks(&self) -> Checks {
        self.watch.checks()
    }

    /// Who allocated the array at `ptr`, or the last one that was there, and how
    /// it came back. Any position inside it will do, and any pointer may be asked
    /// about: nothing at the address is read.
    ///
    /// `None`: no array of this pool was ever there, or the pool has neither
    /// [`callers`](Checks::callers) nor [`leaks`](Checks::leaks), or the strategy is
    /// [`Direct`](crate::Direct).
    ///
    /// Complexity: a hash, and one step per run that begins in the same 64 KiB (4 KiB
    /// where words have 32 bits), of which a pool that grows by itself has few. Never
    /// panics.
    ///
    /// ```
    /// use arraypool::{ArrayPool, Checks};
    ///
    /// let pool = ArrayPool::<u8>::builder().checks(Checks::none().callers()).build();
    /// let array = pool.allocate(3);
    /// assert!(pool.as_raw().history(array.as_ptr()).is_some());
    /// ```
    #[must_use]
    pub fn history<T: ?Sized>(&self, ptr: *const T) -> Option<History> {
        let history = self.history_of(ptr.cast::<u8>().addr());
        history.allocated.is_some().then_some(history)
    }

    /// From here on, callers are this text: the program is not one of Rust.
    #[cfg(feature = "capi-core")]
    pub(crate) fn set_place(&self, place: &'static core::ffi::CStr) {
        self.watch.set_place(place);
    }

    /// Calls `each` with every slot that was cut, in order.
    fn for_each_slot(&self, mut each: impl FnMut(RunId, &Run, u32, Record)) {
        for id in 0.. {
            // A copy, so that nothing is borrowed while a hook is called.
            let Some(run) = self.runs().and_then(|runs| runs.get(id).copied()) else { return };
            // SAFETY: the class is that of a run of this pool.
            let class = unsafe { self.classes.get(run.class) };
            for index in 0..run.cut {
                each(id, &run, index, self.record_of(&run, index, class));
            }
        }
    }

    /// The body of a slot that was cut from a run of this pool.
    fn body_at(&self, run: &Run, index: u32) -> Bytes {
        // SAFETY: the class is that of a run of this pool.
        let class = unsafe { self.classes.get(run.class) };
        // SAFETY: the slot is one of the run, and so of its class.
        unsafe { self.body(class, run.elements(index)) }
    }

    /// Effaces every slot: the pool is being reset.
    #[track_caller]
    pub(in crate::pool) fn reset_watched(&self) {
        let caller = self.watch.caller();
        self.watch.resting.borrow_mut().forget();
        self.for_each_slot(|id, run, index, record| {
            self.efface(self.body_at(run, index));
            if matches!(record, Record::Live { .. }) {
                let released = Some(ReleasedBy::Reset(caller));
                let mut notes = self.watch.notes.borrow_mut();
                notes.change(id, index, |note| note.released = released);
            }
        });
        for class in self.classes.all() {
            class.resting.set(0);
        }
        self.permit_direct();
    }

    /// What is told when the pool is dropped. The hook may panic.
    pub(in crate::pool) fn tell_at_end(&self) {
        if self.watch.checks().has_leaks() {
            self.tell_of_leaks();
        }
    }

    /// What is left to do when the pool is dropped.
    pub(in crate::pool) fn end_watched(&self) {
        if self.watch.checks().clears() {
            self.for_each_slot(|_, run, index, _| {
                let body = self.body_at(run, index);
                body.permit();
                body.clear();
            });
        }
        for run in self.runs.borrow().all() {
            asan::unpoison(run.base, run.slots as usize * run.shape.stride);
        }
        self.permit_direct();
    }

    /// Permits what arrays without slots have forbidden, whose places nobody knows any
    /// more: all of the arena, which is the pool's own.
    fn permit_direct(&self) {
        #[cfg(arraypool_asan)]
        if let (false, Backing::Owned(arena)) = (S::RECLAIMS, &*self.arena) {
            arena.for_each_block(asan::unpoison);
        }
    }

    /// One report for every class and caller of arrays that are held by hand.
    fn tell_of_leaks(&self) {
        self.for_each_slot(|id, run, index, record| {
            let Record::Live { tenure: Tenure::Raw, .. } = record else { return };
            let note = self.watch.notes.borrow().get(id, index);
            if note.counted {
                return;
            }
            let arrays = self.count_leaks(run.class, note.allocated);
            let (problem, history) = (Problem::Leak { arrays }, note.history());
            self.tell(problem, run.elements(index), run.class, history, None);
        });
    }

    /// Arrays of a class, held by hand, that this caller allocated: counted once.
    fn count_leaks(&self, class: ClassId, allocated: Option<Caller>) -> usize {
        let mut count = 0;
        self.for_each_slot(|id, run, index, record| {
            let raw = matches!(record, Record::Live { tenure: Tenure::Raw, .. });
            let mut notes = self.watch.notes.borrow_mut();
            if raw && run.class == class && notes.get(id, index).allocated == allocated {
                notes.change(id, index, |note| note.counted = true);
                count += 1;
            }
        });
        count
    }

    /// Looks at what a slot must hold, for the walk over all of them.
    ///
    /// # Errors
    /// What somebody wrote where nobody may.
    pub(in crate::pool) fn verify_watched(
        &self,
        run: &Run,
        index: u32,
        class: &Class<S>,
        record: Record,
    ) -> Result<(), VerifyError> {
        let (checks, body) = (self.watch.checks(), self.body_at(run, index));
        let (address, class_length) = (run.elements(index).addr().get(), class.length);
        match record {
            Record::Live { length, .. } => match self.overflow(body, length) {
                Some(Problem::Overflow { offset, .. }) => {
                    Err(VerifyError::Overflow { address, class_length, offset })
                }
                _ => Ok(()),
            },
            Record::Free { .. } if checks.has_integrity() => {
                body.permit();
                // SAFETY: it was effaced when it came back, and nobody has it.
                let other = unsafe { body.first_other_than(pattern_of_free(checks)) };
                body.forbid();
                other.map_or(Ok(()), |other| {
                    let offset = other.offset;
                    Err(VerifyError::WrittenAfterRelease { address, class_length, offset })
                })
            }
            _ => Ok(()),
        }
    }
}
