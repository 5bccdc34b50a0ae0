//! Arenas, ours and others', all of them aligned to 16.

use arraypool::Arena;
use bump_scope::alloc::Global;
use bump_scope::settings::BumpSettings;

/// An object of 32 bytes, aligned as the strictest of plain types is.
#[derive(Debug, Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Object(pub(crate) [u64; 4]);

impl Object {
    #[inline(always)]
    pub(crate) fn of(value: u64) -> Self {
        Self([value; 4])
    }
}

/// What makes objects and forgets them all at once.
pub(crate) trait Objects {
    /// Makes an object.
    #[allow(clippy::mut_from_ref, reason = "as an arena does: each time another one")]
    fn make(&self, value: u64) -> &mut Object;
    /// Forgets all of them, and keeps the memory.
    fn reset(&mut self);
}

impl Objects for Arena<'static> {
    #[inline(always)]
    fn make(&self, value: u64) -> &mut Object {
        self.alloc(Object::of(value))
    }

    #[inline(always)]
    fn reset(&mut self) {
        Arena::reset(self);
    }
}

/// bumpalo with a minimum alignment, which saves it from aligning each object.
pub(crate) type Bumpalo = bumpalo::Bump<16>;

impl Objects for Bumpalo {
    #[inline(always)]
    fn make(&self, value: u64) -> &mut Object {
        self.alloc(Object::of(value))
    }

    #[inline(always)]
    fn reset(&mut self) {
        bumpalo::Bump::reset(self);
    }
}

/// bump-scope with the same minimum alignment.
pub(crate) type BumpScope = bump_scope::Bump<Global, BumpSettings<16>>;

impl Objects for BumpScope {
    #[inline(always)]
    fn make(&self, value: u64) -> &mut Object {
        self.alloc(Object::of(value)).into_mut()
    }

    #[inline(always)]
    fn reset(&mut self) {
        bump_scope::Bump::reset(self);
    }
}
