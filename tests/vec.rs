//! The growing array: against `Vec`, with bombs for elements, and out of memory.

use core::cell::{Cell, RefCell};

use arraypool::{ArrayPool, ClassTable, ReleaseStrategy};

#[path = "vec/bombs.rs"]
mod bombs;
#[path = "vec/failure.rs"]
mod failure;
#[path = "vec/model.rs"]
mod model;
#[path = "vec/moved.rs"]
mod moved;
#[path = "vec/single.rs"]
mod single;
#[path = "vec/untyped.rs"]
mod untyped;

/// A table with a class for every power of two up to 64.
struct Powers;

impl ClassTable for Powers {
    const LENGTHS: &'static [u32] = &[1, 2, 4, 8, 16, 32, 64];
}

/// Runs a generic function for every strategy and table; in an interpreter, for
/// every strategy.
macro_rules! everywhere {
    ($run:ident $(, $argument:expr)*) => {
        $run::<arraypool::Direct, arraypool::DefaultClasses>($($argument),*);
        $run::<arraypool::Metadata, crate::Powers>($($argument),*);
        $run::<arraypool::Tagged, arraypool::DefaultClasses>($($argument),*);
        if !cfg!(miri) {
            $run::<arraypool::Direct, crate::Powers>($($argument),*);
            $run::<arraypool::Metadata, arraypool::DefaultClasses>($($argument),*);
            $run::<arraypool::Tagged, crate::Powers>($($argument),*);
        }
    };
}
pub(crate) use everywhere;

/// The pool adds up and nothing is out.
fn assert_whole<T, S: ReleaseStrategy, C: ClassTable>(pool: &ArrayPool<'_, T, S, C>) {
    let stats = pool.verify().expect("the books add up");
    if S::RECLAIMS {
        assert_eq!(stats.live, 0, "everything came back");
    }
    assert_eq!((stats.lost, stats.corrupted), (0, 0));
}

/// What elements do to it: made once, dropped once, perhaps with a bang.
#[derive(Default)]
struct World {
    /// How often each element was dropped; one entry for each that was made.
    drops: RefCell<Vec<u32>>,
    /// Calls into user code until one panics.
    fuse: Cell<Option<u32>>,
    /// Which kind of call burns the fuse.
    burns: Cell<Option<Kind>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Drop,
    Clone,
    Call,
}

impl World {
    fn element(&self, value: u32) -> Element<'_> {
        let mut drops = self.drops.borrow_mut();
        drops.push(0);
        Element { id: drops.len() - 1, value, world: self }
    }

    /// From now on, the call of this kind after `calls` others panics.
    fn arm(&self, kind: Kind, calls: u32) {
        self.burns.set(Some(kind));
        self.fuse.set(Some(calls));
    }

    /// Whether the fuse was still burning.
    fn disarm(&self) -> bool {
        self.burns.set(None);
        self.fuse.take().is_some()
    }

    fn burn(&self, kind: Kind) {
        if self.burns.get() != Some(kind) {
            return;
        }
        match self.fuse.take() {
            Some(0) => panic!("bang"),
            Some(calls) => self.fuse.set(Some(calls - 1)),
            None => {}
        }
    }

    fn alive(&self) -> usize {
        self.drops.borrow().iter().filter(|&&drops| drops == 0).count()
    }

    /// Every element that was made has been dropped, and once.
    fn assert_over(&self) {
        let drops = self.drops.borrow();
        assert!(drops.iter().all(|&count| count == 1), "drops of each element: {drops:?}");
    }
}

/// An element that says what happens to it.
struct Element<'w> {
    id: usize,
    value: u32,
    world: &'w World,
}

impl Drop for Element<'_> {
    fn drop(&mut self) {
        // Counted first: an element whose drop panics has been dropped.
        self.world.drops.borrow_mut()[self.id] += 1;
        self.world.burn(Kind::Drop);
    }
}

impl Clone for Element<'_> {
    fn clone(&self) -> Self {
        self.world.burn(Kind::Clone);
        self.world.element(self.value)
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.world.burn(Kind::Call);
        self.value == other.value
    }
}

impl core::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.value.fmt(f)
    }
}
