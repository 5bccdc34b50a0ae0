//! The arena around a scope, and whether the scope has a state of its own.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr;

use super::Arena;

/// One word, since a scope writes it when it is entered:
///
/// ```text
/// | address of the arena around this one, or 0 | has a state |
/// ```
///
/// Invariants: the address is 0, or that of an arena that is borrowed for `'m`; the bit
/// is set only if the state of the arena that this is a field of was written.
pub(super) struct Outer<'m> {
    word: Cell<*const ()>,
    arena: PhantomData<&'m Arena<'m>>,
}

const HAS_STATE: usize = 1;
const _: () = assert!(align_of::<Arena<'_>>() > HAS_STATE, "an arena's address has a bit to spare");

impl<'m> Outer<'m> {
    /// That of an arena which is no scope: it has a state from the beginning.
    pub(super) const fn none() -> Self {
        Self::new(ptr::without_provenance(HAS_STATE))
    }

    /// That of a scope of `arena`, without a state.
    #[inline]
    pub(super) const fn of(arena: &'m Arena<'m>) -> Self {
        Self::new(ptr::from_ref(arena).cast())
    }

    const fn new(word: *const ()) -> Self {
        Self { word: Cell::new(word), arena: PhantomData }
    }

    /// The arena around this one.
    #[inline]
    pub(super) fn arena(&self) -> Option<&'m Arena<'m>> {
        let place = self.word.get().map_addr(|address| address & !HAS_STATE);
        // SAFETY: null, or an arena that is borrowed for 'm, by the invariant.
        unsafe { place.cast::<Arena<'m>>().as_ref() }
    }

    #[inline]
    pub(super) fn has_state(&self) -> bool {
        self.word.get().addr() & HAS_STATE != 0
    }

    /// Says that the state was written, just before.
    pub(super) fn set_has_state(&self) {
        self.word.set(self.word.get().map_addr(|address| address | HAS_STATE));
    }

    /// Whether this is a scope of `arena`, and has no state.
    #[inline]
    pub(super) fn is_only(&self, arena: &Arena<'_>) -> bool {
        ptr::eq(self.word.get(), ptr::from_ref(arena).cast())
    }
}
