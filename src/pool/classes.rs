//! The classes of one pool: a cache line each for the hot paths, and the rest apart.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;
use core::slice;

use super::books;
use super::class;
use super::release::{ReleaseStrategy, shape_of};
use super::run::{NO_RUN, RunId, Shape};
use crate::arena::Arena;
use crate::error::AllocError;

/// What allocating and releasing touch: nothing else of a class.
///
/// Its size is a power of two, so that an index becomes an address by a shift.
#[repr(C, align(32))]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(super) struct Hot<S: ReleaseStrategy> {
    /// The free list, or a closed one.
    pub(super) list: S::List,
    /// Slots that went on the free list, and that came off it: the difference is
    /// its length. Two numbers, so that neither path waits for the other's.
    retired: Cell<u32>,
    issued: Cell<u32>,
}

impl<S: ReleaseStrategy> Hot<S> {
    /// A slot was put on the free list.
    #[inline(always)]
    pub(super) fn count_retired(&self) {
        self.retired.set(self.retired.get().wrapping_add(1));
    }

    /// A slot was taken off the free list.
    #[inline(always)]
    pub(super) fn count_issued(&self) {
        self.issued.set(self.issued.get().wrapping_add(1));
    }
}

/// The rest of a class.
pub(super) struct Class<S: ReleaseStrategy> {
    hot: NonNull<Hot<S>>,
    /// The free list, if the hot one is closed.
    kept: Option<S::List>,
    pub(super) shape: Shape,
    /// Units that a slot holds.
    pub(super) length: u32,
    /// Slots of the run being cut that are left, and of these, those that were
    /// cut before the last reset.
    pub(super) uncut: Cell<u32>,
    pub(super) seen: Cell<u32>,
    /// The first element of the slot that is cut next.
    pub(super) next: Cell<NonNull<u8>>,
    /// The run that is being cut.
    pub(super) run: Cell<RunId>,
    pub(super) first_run: Cell<RunId>,
    pub(super) last_run: Cell<RunId>,
    /// Slots in all runs of the class.
    pub(super) slots: Cell<usize>,
    /// Slots that were cut since the last reset.
    pub(super) issued: Cell<usize>,
    /// Slots that were abandoned, their records being overwritten or unreachable.
    pub(super) lost: Cell<usize>,
    /// Free slots above the maximum, left to the arena.
    pub(super) left: Cell<usize>,
    /// Free slots in quarantine, which are on no list.
    pub(super) resting: Cell<u32>,
}

impl<S: ReleaseStrategy> Class<S> {
    #[inline]
    pub(super) fn hot(&self) -> &Hot<S> {
        // SAFETY: `Classes::open` wrote the hot part before the class, and both
        // stay until the pool is dropped; all that changes in them are cells.
        unsafe { self.hot.as_ref() }
    }

    /// The list that holds the free slots: the hot one unless it is closed.
    #[inline]
    pub(super) fn list(&self) -> &S::List {
        self.kept.as_ref().unwrap_or(&self.hot().list)
    }

    /// Slots on the free list.
    pub(super) fn free(&self) -> u32 {
        let hot = self.hot();
        hot.retired.get().wrapping_sub(hot.issued.get())
    }

    pub(super) fn set_free(&self, free: u32) {
        let hot = self.hot();
        hot.retired.set(hot.issued.get().wrapping_add(free));
    }
}

/// All classes of a pool, those of its table first.
pub(super) struct Classes<S: ReleaseStrategy> {
    hot: NonNull<Hot<S>>,
    all: NonNull<Class<S>>,
    count: u32,
    /// Classes of the table; the geometric ones follow.
    table: u32,
}

/// The class of a slot: how far its hot part lies from that of the first class,
/// in bytes, so that no multiplication stands between a handle and its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClassId(u32);

impl ClassId {
    /// The class of what has no slot; no offset, as those are multiples of a line.
    pub(super) const NONE: Self = Self(1);
    /// The class of what has a front instead of a slot: see `diagnostics::direct`.
    pub(super) const FRONT: Self = Self(2);

    /// The class at `index` in the order of a pool's classes.
    #[inline(always)]
    pub(super) const fn at<S: ReleaseStrategy>(index: u32) -> Self {
        Self(index * Self::step::<S>())
    }

    /// The id as a number below 2^24, for a [`Mark`](super::mark::Mark).
    #[cfg(feature = "json")]
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// The id with these bits, which were those of one.
    #[cfg(feature = "json")]
    #[inline(always)]
    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    const fn step<S: ReleaseStrategy>() -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "a hot part has a line or two")]
        let step = size_of::<Hot<S>>() as u32;
        step
    }

    pub(super) const fn index<S: ReleaseStrategy>(self) -> usize {
        (self.0 / Self::step::<S>()) as usize
    }
}

/// Bytes of a class, its hot part included.
pub(super) const fn class_bytes<S: ReleaseStrategy>() -> usize {
    size_of::<Hot<S>>() + size_of::<Class<S>>()
}

/// What classes are made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Bytes of a unit, and its alignment.
    pub(super) size: usize,
    pub(super) align: usize,
    /// Bytes behind a slot's last unit.
    pub(super) trailer: usize,
}

impl<S: ReleaseStrategy> Classes<S> {
    /// No classes: a pool that has none, or is being made.
    pub(super) const fn none() -> Self {
        Self { hot: NonNull::dangling(), all: NonNull::dangling(), count: 0, table: 0 }
    }

    /// Writes the classes of a table and the geometric ones above it.
    ///
    /// # Errors
    /// If there is no memory, or the table's last class is no size.
    pub(super) fn open(
        arena: &Arena<'_>,
        lengths: &[u32],
        units: Units,
        checked: bool,
    ) -> Result<Self, AllocError> {
        let last = lengths.last().copied().unwrap_or(0);
        // Longer arrays than the source can ever give need no class.
        let most = arena.largest() / units.size;
        let geometric = (class::first_exponent(last)..u32::BITS)
            .map(|exponent| 1_u32 << exponent)
            .take_while(|&length| length as usize / 2 < most);
        let shapes = lengths.iter().copied().chain(geometric).map_while(|length| {
            let shape = shape_of::<S>(length, units)?;
            Some((length, shape))
        });
        let count = shapes.clone().count();
        if count < lengths.len() || lengths.is_empty() {
            return Err(AllocError::TooLarge { length: last as usize });
        }
        let mut classes = Self::none();
        classes.obtain(arena, count)?;
        let secret = classes.hot.addr().get();
        for (index, (length, shape)) in (0_u32..).zip(shapes) {
            let (list, kept) = match (S::list(index, secret), checked) {
                (list, true) => (S::closed(), Some(list)),
                (list, false) => (list, None),
            };
            // SAFETY: the block has room for `count` classes.
            let hot = unsafe { classes.hot.add(index as usize) };
            // SAFETY: as above.
            let all = unsafe { classes.all.add(index as usize) };
            // SAFETY: as above.
            unsafe { hot.write(Hot { list, retired: Cell::new(0), issued: Cell::new(0) }) };
            // SAFETY: as above.
            unsafe { all.write(Class::new(hot, kept, length, shape)) };
            classes.count = index + 1;
        }
        classes.table = u32::try_from(lengths.len()).unwrap_or(u32::MAX);
        Ok(classes)
    }

    /// Takes the block: the hot parts, and behind them the classes.
    fn obtain(&mut self, arena: &Arena<'_>, count: usize) -> Result<(), AllocError> {
        let layout = Self::layout(count).ok_or(AllocError::TooLarge { length: count })?;
        let block = books::obtain::<S>(arena, layout)?;
        self.hot = block.cast();
        // SAFETY: the layout has room for `count` hot parts in front of the classes.
        self.all = unsafe { self.hot.add(count) }.cast();
        Ok(())
    }

    /// The layout of so many hot parts and classes.
    const fn layout(count: usize) -> Option<Layout> {
        const { assert!(size_of::<Hot<S>>() % align_of::<Class<S>>() == 0) };
        const { assert!(align_of::<Hot<S>>() >= align_of::<Class<S>>()) };
        let Some(bytes) = count.checked_mul(class_bytes::<S>()) else { return None };
        match Layout::from_size_align(bytes, align_of::<Hot<S>>()) {
            Ok(layout) => Some(layout),
            Err(_) => None,
        }
    }

    /// Gives the block back; there are no classes then.
    pub(super) fn close(&mut self, arena: &Arena<'_>) {
        let old = core::mem::replace(self, Self::none());
        if let (Some(layout), true) = (Self::layout(old.count as usize), old.count > 0) {
            // SAFETY: `obtain` got the block with this layout, and it is given
            // back once. Lists are plain cells: nothing in it needs dropping.
            unsafe { books::give_back::<S>(arena, old.hot.cast(), layout) };
        }
    }

    /// Bytes of the block.
    pub(super) fn bytes(&self) -> usize {
        self.count as usize * class_bytes::<S>()
    }

    /// Classes of the table.
    pub(super) fn table(&self) -> &[Class<S>] {
        self.all().get(..self.table as usize).unwrap_or_default()
    }

    /// All classes.
    pub(super) fn all(&self) -> &[Class<S>] {
        // SAFETY: `open` wrote `count` classes there, and they stay until the
        // pool is dropped; all that changes in them are cells.
        unsafe { slice::from_raw_parts(self.all.as_ptr(), self.count as usize) }
    }

    /// The class with an id.
    ///
    /// # Safety
    /// As [`hot`](Self::hot).
    #[inline]
    pub(super) unsafe fn get(&self, id: ClassId) -> &Class<S> {
        debug_assert!(id.index::<S>() < self.count as usize);
        // SAFETY: the caller's promise: the index is below `count`.
        let class = unsafe { self.all.add(id.index::<S>()) };
        // SAFETY: `open` wrote it, and it stays until the pool is dropped; all that
        // changes in it are cells.
        unsafe { class.as_ref() }
    }

    /// The hot part of a class.
    ///
    /// # Safety
    /// The id is that of a class of this pool: every class of the table is
    /// one, since `open` fails otherwise, and every class that a slot or a run
    /// names.
    #[inline(always)]
    pub(super) unsafe fn hot(&self, id: ClassId) -> &Hot<S> {
        debug_assert!(id.index::<S>() < self.count as usize);
        // SAFETY: the caller's promise: the offset is that of one of `count`.
        let hot = unsafe { self.hot.byte_add(id.0 as usize) };
        // SAFETY: `open` wrote it, and it stays until the pool is dropped.
        unsafe { hot.as_ref() }
    }

    /// The class that serves `units`, which is not 0; `None`: too large.
    pub(super) fn class_of(&self, units: usize) -> Option<ClassId> {
        let table = self.table();
        let last = table.last().map_or(0, |class| class.length);
        let index = if units <= last as usize {
            u32::try_from(table.partition_point(|class| (class.length as usize) < units)).ok()?
        } else {
            let length = u32::try_from(units).ok().filter(|&length| length <= 1 << 31)?;
            self.table + class::exponent_of(length, last) - class::first_exponent(last)
        };
        (index < self.count).then(|| ClassId::at::<S>(index))
    }
}

impl<S: ReleaseStrategy> Class<S> {
    fn new(hot: NonNull<Hot<S>>, kept: Option<S::List>, length: u32, shape: Shape) -> Self {
        Self {
            hot,
            kept,
            shape,
            length,
            uncut: Cell::new(0),
            seen: Cell::new(0),
            next: Cell::new(NonNull::dangling()),
            run: Cell::new(NO_RUN),
            first_run: Cell::new(NO_RUN),
            last_run: Cell::new(NO_RUN),
            slots: Cell::new(0),
            issued: Cell::new(0),
            lost: Cell::new(0),
            left: Cell::new(0),
            resting: Cell::new(0),
        }
    }

    /// Forgets all slots that were cut; the runs stay.
    pub(super) fn forget(&self) {
        S::set_head(self.list(), None);
        self.set_free(0);
        self.run.set(NO_RUN);
        self.uncut.set(0);
        self.seen.set(0);
        self.issued.set(0);
        self.lost.set(0);
        self.left.set(0);
    }
}
