//! Growth and its end: runs taken from the arena, cut one after the other; trim, reset, drop.

use core::alloc::Layout;
use core::cell::{Ref, RefCell, RefMut};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::books::{self, Ledger};
use super::class::ClassTable;
use super::classes::{Class, ClassId};
use super::diagnostics::{Block, Watch};
use super::raw::{Backing, RawPool};
use super::release::ReleaseStrategy;
use super::run::{NO_RUN, Run, Shape};
use super::table::{self, Entry, RunTable};
use crate::arena::Arena;
use crate::error::{AllocError, OrPanic};

impl<S: ReleaseStrategy, C: ClassTable> RawPool<'_, S, C> {
    /// Makes growth an error, from now on: allocations are served from what is
    /// free or reserved, or refused with [`AllocError::Frozen`]. Never panics.
    ///
    /// Under [`Direct`](crate::Direct) nothing is ever free or reserved, and this changes
    /// nothing but [`is_frozen`](Self::is_frozen): what bounds such a pool is its arena, in
    /// a buffer or under a [`Budget`](crate::Budget).
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// pool.reserve(10, 2);
    /// pool.freeze();
    /// assert!(pool.try_allocate::<u64>(10).is_ok() && pool.try_allocate::<u64>(100).is_err());
    /// ```
    pub fn freeze(&self) {
        self.frozen.set(true);
    }

    /// Whether [`freeze`](Self::freeze) was called.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32>::new();
    /// assert!(!pool.as_raw().is_frozen());
    /// ```
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.get()
    }

    /// Makes sure that `count` arrays of the class that serves `length` units
    /// can be allocated without growth. Arrays that are free count.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// pool.as_raw().reserve(10, 1000);
    /// assert!(pool.stats().slots >= 1000);
    /// ```
    ///
    /// # Panics
    /// If there is no memory; see [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn reserve(&self, length: usize, count: usize) {
        self.try_reserve(length, count).or_panic();
    }

    /// The twin of [`reserve`](Self::reserve) that returns an error. Under
    /// [`Direct`](crate::Direct) there is nothing to reserve.
    ///
    /// ```
    /// let pool = arraypool::ArrayPool::<u32, arraypool::Tagged>::new();
    /// assert!(pool.as_raw().try_reserve(10, 1000).is_ok());
    /// ```
    ///
    /// # Errors
    /// Those of an allocation; nothing was reserved then.
    pub fn try_reserve(&self, length: usize, count: usize) -> Result<(), AllocError> {
        if !S::RECLAIMS || length == 0 {
            return Ok(());
        }
        let id = self.classes.class_of(length).ok_or(AllocError::TooLarge { length })?;
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        let have = class.free() as usize + (class.slots.get() - class.issued.get());
        match count.checked_sub(have) {
            None | Some(0) => Ok(()),
            Some(missing) => {
                let slots = u32::try_from(missing).map_err(|_| AllocError::TooLarge { length })?;
                self.add_run(id, slots, slots)
            }
        }
    }

    /// Leaves free arrays to the arena until every class has at most `free_max`.
    ///
    /// Their memory stays in the pool's runs, and is handed out again only after the
    /// pool's next [`reset`](Self::reset); they are counted in [`stats`](Self::stats).
    /// It ends the rest of what is in quarantine first.
    /// Complexity: one step per array left.
    /// Never panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// drop(pool.try_allocate::<u64>(3)?);
    /// pool.trim(0);
    /// assert_eq!((pool.stats().free, pool.stats().left), (0, 1));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    pub fn trim(&self, free_max: u32) {
        if self.watch.is_on() {
            self.end_all_rest();
        }
        for class in self.classes.all() {
            self.bound_free(class, free_max);
        }
    }

    /// The table of runs, to be changed: see [`change`].
    pub(super) fn runs_mut(&self) -> Result<RefMut<'_, RunTable>, AllocError> {
        change(&self.runs)
    }

    /// The table of runs, to be read; `None` where [`runs_mut`](Self::runs_mut)
    /// would be an error.
    #[inline(always)]
    pub(super) fn runs(&self) -> Option<Ref<'_, RunTable>> {
        self.runs.try_borrow().ok()
    }

    /// Lets an arena that has no memory yet begin with a chunk of so many bytes, if
    /// its chunks may be so large.
    #[cfg(feature = "json")]
    #[inline]
    pub(crate) fn expect(&self, bytes: usize) {
        self.arena().expect(bytes);
    }

    /// Begins the class's next run: one that a reset or a reservation left, or a
    /// new one.
    pub(super) fn next_run(&self, id: ClassId) -> Result<(), AllocError> {
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        let current = self.runs_mut()?.get(class.run.get()).map(|run| run.next);
        let waiting = current.unwrap_or(class.first_run.get());
        if waiting == NO_RUN {
            let wanted = next_slots(class.slots.get(), class.shape.stride);
            self.add_run(id, u32::try_from(wanted).unwrap_or(u32::MAX), 1)?;
            // A hook that used the pool meanwhile may have begun a run, which goes first.
            return if class.uncut.get() > 0 { Ok(()) } else { self.next_run(id) };
        }
        let runs = self.runs_mut()?;
        // A run of this table: there is one.
        let run = runs.get(waiting).ok_or(AllocError::OutOfMemory { requested: 0 })?;
        class.run.set(waiting);
        class.uncut.set(run.slots);
        class.seen.set(run.seen);
        class.next.set(run.elements(0));
        S::begin(class.list(), run, waiting);
        Ok(())
    }

    /// Takes a run of `wanted` slots from the arena, or of as many as the
    /// current chunk still holds, if that is no less than a quarter and `least`.
    fn add_run(&self, id: ClassId, wanted: u32, least: u32) -> Result<(), AllocError> {
        // SAFETY: the class is one that a slot, a run or `class_of` of this pool named.
        let class = unsafe { self.classes.get(id) };
        if self.frozen.get() {
            return Err(AllocError::Frozen { class_length: class.length });
        }
        Books::of(self).take_run(id, class, wanted, least)
    }

    /// Takes every array back at once, without dropping elements; runs are kept
    /// and cut into slots anew. Raw arrays are stale from then on.
    /// Under [`Direct`](crate::Direct), an arena that the pool owns is reset; one
    /// that it borrows keeps what it gave until its owner resets it.
    ///
    /// Complexity: one step per run; with diagnostics that fill or note, one per slot.
    /// Never panics.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use arraypool::{RawPool, Tagged};
    ///
    /// let mut pool = RawPool::<Tagged>::builder(Layout::new::<u64>()).build();
    /// pool.try_allocate::<u64>(3)?.leak();
    /// pool.reset();
    /// assert_eq!(pool.stats().live, 0);
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    #[track_caller]
    pub fn reset(&mut self) {
        if self.watch.is_on() {
            self.reset_watched();
        }
        for run in self.runs.get_mut().all_mut() {
            run.seen = run.seen.max(run.cut);
            run.cut = 0;
        }
        for class in self.classes.all() {
            class.forget();
        }
        self.direct.set((0, 0));
        if let (false, Backing::Owned(arena)) = (S::RECLAIMS, &mut *self.arena) {
            arena.reset();
        }
    }
}

impl<S: ReleaseStrategy, C: ClassTable> Drop for RawPool<'_, S, C> {
    fn drop(&mut self) {
        let closing = Closing(self);
        if closing.0.watch.is_on() {
            closing.0.tell_at_end();
        }
    }
}

/// Closes the pool when it goes out of scope, also by a panic of the hook that is told of
/// leaks.
struct Closing<'p, 'm, S: ReleaseStrategy, C: ClassTable>(&'p mut RawPool<'m, S, C>);

impl<S: ReleaseStrategy, C: ClassTable> Drop for Closing<'_, '_, S, C> {
    fn drop(&mut self) {
        let pool = &mut *self.0;
        if pool.watch.is_on() {
            pool.end_watched();
        }
        // SAFETY: the arena is taken once, here, at the pool's end, and not used through it
        // again.
        let arena = unsafe { ManuallyDrop::take(&mut pool.arena) };
        // SAFETY: a pool has one arena, and no handle, which would borrow it, is left.
        unsafe { pool.strategy.close(arena.get()) };
        pool.watch.close(arena.get());
        pool.runs.get_mut().close::<S>(arena.get());
        pool.classes.close(arena.get());
    }
}

/// Runs with more bytes have long books, where there may be so long ones at all.
#[cfg(all(feature = "alloc", target_pointer_width = "64"))]
const LONG: usize = 64 << 20;

/// What a run needs beside its slots, while it is being taken. What is not kept goes
/// back, also by a panic of the arena's hook.
struct Books<'p, 'm, S: ReleaseStrategy> {
    strategy: &'p S,
    arena: &'p Arena<'m>,
    watch: &'p Watch<S>,
    runs: &'p RefCell<RunTable>,
    /// A larger table of granules, or the one that it has replaced.
    places: Ledger<Entry>,
    notes: Option<Block>,
    room: Option<S::Room>,
}

/// The same code for every table of classes.
impl<'p, 'm, S: ReleaseStrategy> Books<'p, 'm, S> {
    fn of<C: ClassTable>(pool: &'p RawPool<'m, S, C>) -> Self {
        Self {
            strategy: &pool.strategy,
            arena: pool.arena(),
            watch: &pool.watch,
            runs: &pool.runs,
            places: Ledger::new(),
            notes: None,
            room: None,
        }
    }

    /// Takes a run of a class: see [`RawPool::add_run`].
    #[inline(never)]
    fn take_run(
        mut self,
        id: ClassId,
        class: &Class<S>,
        wanted: u32,
        least: u32,
    ) -> Result<(), AllocError> {
        let arena = self.arena;
        // A hook may give arrays back, which takes a look at the table of runs.
        arena.tell_afterwards(|| self.take_quietly(id, class, wanted, least))
    }

    fn take_quietly(
        &mut self,
        id: ClassId,
        class: &Class<S>,
        wanted: u32,
        least: u32,
    ) -> Result<(), AllocError> {
        let (arena, shape) = (self.arena, class.shape);
        let most = shape.stride.saturating_mul(wanted as usize).min(arena.largest());
        #[cfg(all(feature = "alloc", target_pointer_width = "64"))]
        if most > LONG {
            self.probe(most, shape, self.fitting(shape, wanted, least))?;
        }
        drop(self.make_room(most)?);
        let slots = self.fitting(shape, wanted, least);
        let too_large = AllocError::TooLarge { length: class.length as usize };
        let bytes = shape.stride.checked_mul(slots as usize).ok_or(too_large)?;
        let layout = Layout::from_size_align(bytes, shape.align()).map_err(|_| too_large)?;
        self.notes = self.watch.notes_for(arena, slots)?;
        // Records first: a new chunk may take all that is left of a budget.
        self.room = Some(self.strategy.provide(arena, slots)?);
        let base = arena.try_alloc_layout(layout)?;
        let mut runs = match self.table_with_room(bytes) {
            Ok(runs) => runs,
            Err(error) => {
                // SAFETY: the arena handed it out just now, and nobody uses it.
                unsafe { arena.take_back(base, bytes) };
                return Err(error);
            }
        };
        runs.install(&mut self.places);
        self.watch.keep_notes(self.notes.take());
        let room = self.room.take();
        let run = Run {
            base,
            records: room.map_or(NonNull::dangling(), |room| self.strategy.adopt(room)),
            shape,
            slots,
            cut: 0,
            seen: 0,
            class: id,
            next: NO_RUN,
            after: NO_RUN,
        };
        let run_id = runs.insert(run, bytes);
        match runs.get_mut(class.last_run.replace(run_id)) {
            Some(before) => before.next = run_id,
            None => class.first_run.set(run_id),
        }
        class.slots.set(class.slots.get() + slots as usize);
        Ok(())
    }

    /// The table, with room for one more run of `bytes` bytes and for its notes. A source
    /// that used the pool meanwhile may have taken the places of the run.
    fn table_with_room(&mut self, bytes: usize) -> Result<RefMut<'p, RunTable>, AllocError> {
        loop {
            self.watch.reserve_notes(self.arena)?;
            let runs = self.make_room(bytes)?;
            if self.watch.has_room_for_notes(self.arena) {
                return Ok(runs);
            }
        }
    }

    /// The table, with room for one more run of `bytes` bytes, or nothing that can be seen
    /// has changed. Nobody has the table while a source is called, which may give arrays
    /// back: what it has changed is looked at anew.
    fn make_room(&mut self, bytes: usize) -> Result<RefMut<'p, RunTable>, AllocError> {
        let arena = self.arena;
        loop {
            let runs = change(self.runs)?;
            let Some(lack) = runs.lacks(arena, bytes, self.places.as_slice().len()) else {
                return Ok(runs);
            };
            drop(runs);
            if lack.runs > 0 {
                let mut larger = Ledger::with_capacity::<S>(arena, lack.runs)?;
                if let Ok(mut runs) = change(self.runs) {
                    runs.install_runs(&mut larger);
                }
                larger.close::<S>(arena);
            }
            if lack.places > 0 {
                self.places.close::<S>(arena);
                self.places = table::places::<S>(arena, lack.places)?;
                if !books::are_apart::<S>(arena) {
                    // What is given back to a buffer is lost: it is used, whatever comes.
                    change(self.runs)?.install(&mut self.places);
                }
            }
        }
    }

    /// Refuses a long run that cannot be had before long books are written for it.
    #[cfg(all(feature = "alloc", target_pointer_width = "64"))]
    fn probe(&self, most: usize, shape: Shape, slots: u32) -> Result<(), AllocError> {
        let bytes = shape.stride.saturating_mul(slots as usize).min(most);
        match Layout::from_size_align(bytes, shape.align()) {
            Ok(layout) if self.arena.obtains() && bytes > self.arena.room_for(shape.align()) => {
                self.arena.probe(layout)
            }
            _ => Ok(()),
        }
    }

    /// As many slots as wanted, or as the current chunk still holds.
    #[inline(never)]
    fn fitting(&self, shape: Shape, wanted: u32, least: u32) -> u32 {
        let beside = self.watch.bytes_beside_slot(self.arena);
        let room = self.arena.room_for(shape.align());
        let room = if beside > 0 { room.saturating_sub(shape.align() * 2) } else { room };
        let fits = room / (shape.stride + beside).max(1);
        let fits = u32::try_from(fits).unwrap_or(u32::MAX);
        let enough = if self.arena.obtains() { (wanted / 4).max(least) } else { least };
        if fits < wanted && fits >= enough.max(1) { fits } else { wanted }
    }
}

impl<S: ReleaseStrategy> Drop for Books<'_, '_, S> {
    fn drop(&mut self) {
        self.places.close::<S>(self.arena);
        if let Some(room) = self.room.take() {
            // SAFETY: `take_run` had it provided by this strategy, with this arena.
            unsafe { self.strategy.refuse(self.arena, room) };
        }
        if let Some(notes) = self.notes.take() {
            // SAFETY: `notes_for` took them from this arena, for this strategy, and no run
            // has them.
            unsafe { notes.give_back::<S>(self.arena, true) };
        }
    }
}

/// A table of runs, to be changed. Nobody is called while it is taken, so that it is there:
/// an error if it were not, as the paths that use it hold no panic.
fn change(runs: &RefCell<RunTable>) -> Result<RefMut<'_, RunTable>, AllocError> {
    runs.try_borrow_mut().map_err(|_| AllocError::OutOfMemory { requested: 0 })
}

/// How many slots the next run of a class should have, where `slots` are there.
///
/// A quarter more, so that small pools have few runs; but 64 KiB once that is less,
/// so that what is not in use yet is little; and a sixteenth more once 64 KiB are
/// less than that, so that the number of runs is a logarithm of the number of slots.
fn next_slots(slots: usize, stride: usize) -> usize {
    const LEAST: usize = 1024;
    const MOST: usize = 64 * 1024;
    let stride = stride.max(1);
    let most = (MOST / stride).max(slots / 16);
    (slots / 4).min(most).max(LEAST / stride).max(1)
}

#[cfg(test)]
mod tests {
    use super::next_slots;

    #[test]
    fn runs_are_few_and_what_they_add_is_little() {
        // Strides, and how many runs a gigabyte of them has.
        for (stride, expected) in [(32, 150), (80, 150), (4096, 145), (100_000, 132)] {
            let (mut slots, mut runs) = (0, 0);
            while slots * stride < 1 << 30 {
                let more = next_slots(slots, stride);
                assert!(more >= 1 && (more * stride <= 64 * 1024 || more <= slots.max(16) / 16));
                slots += more;
                runs += 1;
            }
            assert_eq!(runs, expected, "{stride}");
        }
    }
}
