//! Places that an arena can go back to on request, and handles that know when it did.
//!
//! An arena keeps a **mark** in its own memory for every checkpoint, and links
//! them: the list holds the marks that were not rewound, so a stale checkpoint is
//! one whose mark is not in it. A mark also names a **segment**: what was
//! allocated from it to the next mark. Rewinding to a mark begins a new segment
//! there, so a handle that knows its segment knows whether it is still there.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::chunk::Chunk;
use super::{Arena, bump};
use crate::error::{AllocError, OrPanic, RewindError, Stale};
use crate::sync::{StaticCounter, unique_number};

/// A place in an arena's memory that it can go back to.
pub(super) struct Mark {
    previous: Option<NonNull<Mark>>,
    /// The checkpoint's number in its arena.
    serial: u64,
    /// The number of what is allocated behind the mark and before the next one.
    segment: u64,
}

/// A place that an arena can go back to, from [`Arena::checkpoint`].
///
/// Only a number and a place: it borrows nothing, and is checked when it is used.
///
/// ```
/// let arena = arraypool::Arena::new();
/// let before = arena.checkpoint();
/// arena.alloc([0_u8; 100]);
/// // SAFETY: nobody uses what was allocated since.
/// unsafe { arena.rewind(&before)? };
/// assert!(arena.used_bytes() < 100);
/// # Ok::<(), arraypool::RewindError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint {
    arena: usize,
    resets: u64,
    serial: u64,
    /// What the arena's own were when the mark was written.
    current: Option<NonNull<Chunk>>,
    cursor: NonNull<u8>,
    last: Option<NonNull<Chunk>>,
    padding: usize,
}

impl Arena<'_> {
    /// Remembers where the arena is, for [`rewind`](Self::rewind). Takes 32 bytes
    /// of the arena. Where the code allows it, a [scope](Self::scope) does the
    /// same without `unsafe`.
    ///
    /// Complexity: constant.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let place = arena.checkpoint();
    /// // SAFETY: nothing was allocated since.
    /// assert!(unsafe { arena.rewind(&place) }.is_ok());
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[track_caller]
    pub fn checkpoint(&self) -> Checkpoint {
        self.try_checkpoint().or_panic()
    }

    /// The twin of [`checkpoint`](Self::checkpoint) that returns an error.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let place = arena.try_checkpoint()?;
    /// // SAFETY: nothing was allocated since.
    /// assert!(unsafe { arena.rewind(&place) }.is_ok());
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    pub fn try_checkpoint(&self) -> Result<Checkpoint, AllocError> {
        let serial = self.add_mark()?.serial;
        let common = self.common();
        Ok(Checkpoint {
            arena: common.id.get(),
            resets: common.resets.get(),
            serial,
            current: self.current.get(),
            cursor: self.cursor.get(),
            last: self.state().last.get(),
            padding: self.state().padding.get(),
        })
    }

    /// Forgets everything that was allocated since the checkpoint, and keeps the
    /// chunks. The checkpoint stays valid, and so do earlier ones; later ones are
    /// stale from then on. Blocks from before the checkpoint that were
    /// [given back](Self::release_bytes) can still be used again, except those that
    /// were handed out again since: these are lost until the next reset.
    ///
    /// Complexity: one step per chunk, one per later checkpoint, and, for each chunk
    /// taken into use since, one per block that was given back.
    ///
    /// ```
    /// use arraypool::{Arena, RewindError};
    ///
    /// let arena = Arena::new();
    /// let kept = arena.alloc(1_u32);
    /// let early = arena.checkpoint();
    /// arena.alloc([0_u8; 500]);
    /// let late = arena.checkpoint();
    /// // Nobody uses what was allocated since.
    /// unsafe { arena.rewind(&early)? };
    /// assert_eq!(unsafe { arena.rewind(&late) }, Err(RewindError::Stale));
    /// assert_eq!((*kept, arena.used_bytes()), (1, 48));
    /// # Ok::<(), RewindError>(())
    /// ```
    ///
    /// # Errors
    /// [`RewindError`], if the checkpoint is not one that this arena can go back
    /// to. Nothing has changed then.
    ///
    /// # Safety
    /// If the checkpoint is valid, nobody uses anything that this arena has handed
    /// out since, directly or through a collection or a pool that lies there.
    pub unsafe fn rewind(&self, to: &Checkpoint) -> Result<(), RewindError> {
        let common = self.common();
        if to.arena != common.id.get() {
            return Err(RewindError::Foreign);
        }
        if to.resets != common.resets.get() {
            return Err(RewindError::Reset);
        }
        if self.limit.get().is_claimed() {
            return Err(RewindError::Claimed);
        }
        let mut mark = self.find_mark(|mark| mark.serial == to.serial).ok_or(RewindError::Stale)?;
        self.note_peak();
        self.settle();
        self.keep_given_back(to, mark);
        self.state().marks.set(Some(mark));
        // SAFETY: the mark is in the list, so it lies where it was written; nobody
        // else has a reference to it.
        unsafe { mark.as_mut() }.segment = self.next_serial();
        self.current.set(to.current);
        self.state().padding.set(to.padding);
        self.rewind_to(to.cursor, to.last);
        Ok(())
    }

    /// Forgets the given-back blocks that lie where the arena is about to forget
    /// everything, and gives back what the marks behind `mark` lie in elsewhere.
    fn keep_given_back(&self, to: &Checkpoint, mark: NonNull<Mark>) {
        let stays = |address, size| self.stays(to, address, size);
        self.state().free.retain(stays);
        let bytes = bump::round_up(size_of::<Mark>());
        let mut link = self.state().marks.get();
        while let Some(later) = link.filter(|later| *later != mark) {
            // SAFETY: marks in the list lie where `add_mark` wrote them.
            link = unsafe { later.as_ref() }.previous;
            if stays(later.addr().get(), bytes) == bytes {
                // SAFETY: the arena handed the block out for this mark, in whole units,
                // and it leaves the list: nobody looks at it any more.
                unsafe { self.state().free.put(later.cast(), bytes) };
            }
        }
    }

    /// How many of the first bytes of a block stay where the arena goes back.
    fn stays(&self, to: &Checkpoint, address: usize, size: usize) -> usize {
        let holds = |chunk: NonNull<Chunk>| {
            // SAFETY: a chunk that was in use at a mark of the list is alive, and so
            // are those behind it.
            let chunk = unsafe { chunk.as_ref() };
            (chunk.start().addr().get()..chunk.end().addr().get()).contains(&address)
        };
        if to.current.is_some_and(holds) {
            return to.cursor.addr().get().saturating_sub(address).min(size);
        }
        let mut behind = self.links_from(to.last).skip(1);
        if behind.any(holds) { 0 } else { size }
    }

    /// Writes a mark and links it.
    fn add_mark(&self) -> Result<&Mark, AllocError> {
        self.name()?;
        let place = self.try_alloc_layout(Layout::new::<Mark>())?.cast::<Mark>();
        let (previous, serial) = (self.state().marks.get(), self.next_serial());
        // SAFETY: the place was handed out just now, for a mark.
        unsafe { place.write(Mark { previous, serial, segment: serial }) };
        self.state().marks.set(Some(place));
        // SAFETY: it was just written, and lies there while it is in the list.
        Ok(unsafe { place.as_ref() })
    }

    /// Bytes of the marks that checkpoints and handles need.
    #[cfg(feature = "capi-core")]
    pub(crate) fn mark_bytes(&self) -> usize {
        let mut marks = 0;
        // No mark is the one: all are looked at.
        self.find_mark(|_| {
            marks += 1;
            false
        });
        marks * bump::round_up(size_of::<Mark>())
    }

    /// The first mark of the list, from the last one back, that is asked for.
    fn find_mark(&self, mut is_it: impl FnMut(&Mark) -> bool) -> Option<NonNull<Mark>> {
        let mut link = self.state().marks.get();
        while let Some(place) = link {
            // SAFETY: marks in the list lie where `add_mark` wrote them: rewinding
            // below one takes it out of the list.
            let mark = unsafe { place.as_ref() };
            if is_it(mark) {
                return link;
            }
            link = mark.previous;
        }
        None
    }

    /// A number that this arena has not given before.
    fn next_serial(&self) -> u64 {
        let serials = &self.common().serials;
        serials.set(serials.get() + 1);
        serials.get()
    }

    /// Gives the arena a number of its own, unless it has one.
    fn name(&self) -> Result<(), AllocError> {
        /// The number that an arena was given last.
        static GIVEN: StaticCounter = StaticCounter::new(0);
        let id = &self.common().id;
        if id.get() == 0 {
            id.set(unique_number(&GIVEN).ok_or(AllocError::OutOfMemory { requested: 0 })?);
        }
        Ok(())
    }

    /// Places `value` in the arena, and returns a handle that borrows nothing and
    /// checks at each use whether the value is still there. The first handle of an
    /// arena or scope, and the first after a reset, takes 32 bytes more.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let handle = arena.alloc_ref(7);
    /// assert_eq!(handle.get(&arena), Ok(&7));
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[track_caller]
    pub fn alloc_ref<T>(&self, value: T) -> ArenaRef<T> {
        self.try_alloc_ref(value).or_panic()
    }

    /// The twin of [`alloc_ref`](Self::alloc_ref) that returns an error.
    ///
    /// Complexity: constant, but for a new chunk.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let handle = arena.try_alloc_ref(7)?;
    /// assert_eq!(handle.get(&arena), Ok(&7));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    pub fn try_alloc_ref<T>(&self, value: T) -> Result<ArenaRef<T>, AllocError> {
        if self.segment().is_none() {
            self.add_mark()?;
        }
        let place = NonNull::from(self.try_alloc(value)?);
        // Asked only now, since a source may have taken a checkpoint meanwhile: then the
        // value lies behind that. No segment is 0.
        let segment = self.segment().unwrap_or_default();
        Ok(ArenaRef { place, arena: self.common().id.get(), segment, value: PhantomData })
    }

    /// The segment of what is allocated now, if there is a mark.
    fn segment(&self) -> Option<u64> {
        // SAFETY: marks in the list lie where `add_mark` wrote them.
        self.state().marks.get().map(|mark| unsafe { mark.as_ref() }.segment)
    }

    /// Whether what was allocated in a segment is still there.
    fn has_segment(&self, segment: u64) -> bool {
        let here = self.find_mark(|mark| mark.segment == segment).is_some();
        here || self.outer.arena().is_some_and(|outer| outer.has_segment(segment))
    }
}

/// A handle to a value in an arena, from [`Arena::alloc_ref`]: it borrows nothing,
/// and its [`get`](Self::get) is an error once the arena has forgotten the value.
///
/// It is for links that may outlive what they point to, as in a cache. A handle is 24
/// bytes, and each use walks over the arena's checkpoints and open scopes. It does not
/// keep the arena from being reset; a plain reference does.
///
/// ```
/// use arraypool::{Arena, Stale};
///
/// let mut arena = Arena::new();
/// let handle = arena.alloc_ref(7_u32);
/// assert_eq!(handle.get(&arena), Ok(&7));
/// arena.reset();
/// assert_eq!(handle.get(&arena), Err(Stale));
/// ```
pub struct ArenaRef<T> {
    place: NonNull<T>,
    arena: usize,
    segment: u64,
    value: PhantomData<T>,
}

impl<T> ArenaRef<T> {
    /// The value, if the arena still has it. `arena` is the one that made the
    /// handle, or a scope of it.
    ///
    /// Complexity: one step per checkpoint and open scope. Never panics.
    ///
    /// ```
    /// let arena = arraypool::Arena::new();
    /// let handle = arena.alloc_ref(7);
    /// let other = arraypool::Arena::new();
    /// other.alloc_ref(8);
    /// assert!(handle.get(&arena).is_ok() && handle.get(&other).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Stale`] if the arena was reset, cleared or rewound since, or the scope
    /// that made the handle is over, or this is another arena.
    pub fn get<'a>(&self, arena: &'a Arena<'_>) -> Result<&'a T, Stale> {
        let here = self.arena == arena.common().id.get() && arena.has_segment(self.segment);
        if !here {
            return Err(Stale);
        }
        // SAFETY: the segment is one of this arena's, whose numbers no other arena
        // has, and was not forgotten, so the value lies where it was written. It
        // is forgotten by `&mut` only, when the arena is borrowed no more, by the
        // end of a scope that `'a` is in, or by `rewind`, whose caller promises
        // that nobody uses it. Nobody has a mutable reference to it.
        Ok(unsafe { self.place.as_ref() })
    }
}

impl<T> Clone for ArenaRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArenaRef<T> {}

impl<T> fmt::Debug for ArenaRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaRef")
            .field("place", &self.place)
            .field("segment", &self.segment)
            .finish_non_exhaustive()
    }
}
