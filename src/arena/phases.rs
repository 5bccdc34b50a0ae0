//! One arena per compiler phase, under one budget.

#![forbid(unsafe_code)]

use core::array;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Index;
use core::ptr;

use super::phase_stats::{MemoryStats, PhaseError};
use super::{Arena, Budget, chunk};
use crate::error::AllocError;

/// The phases of the examples, in lines that the documentation hides.
macro_rules! pass {
    () => {
        "# #[derive(Debug, Clone, Copy, PartialEq)]
# enum Pass { Parse, Ir }
# impl arraypool::Phase for Pass {
#     const ALL: &'static [Self] = &[Self::Parse, Self::Ir];
#     fn index(self) -> usize { self as usize }
#     fn name(self) -> &'static str { [\"parse\", \"ir\"][self as usize] }
# }"
    };
}
pub(super) use pass;

/// The phases of a program that works in phases, such as a compiler.
///
/// ```
/// use arraypool::Phase;
///
/// #[derive(Debug, Clone, Copy)]
/// enum Pass {
///     Parse,
///     Ir,
///     Codegen,
/// }
///
/// impl Phase for Pass {
///     const ALL: &'static [Self] = &[Self::Parse, Self::Ir, Self::Codegen];
///
///     fn index(self) -> usize {
///         self as usize
///     }
///
///     fn name(self) -> &'static str {
///         ["parse", "ir", "codegen"][self.index()]
///     }
/// }
/// ```
pub trait Phase: Copy + fmt::Debug + 'static {
    /// All phases, in the order of their indices.
    const ALL: &'static [Self];

    /// The phase's place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// What tables and errors call it.
    fn name(self) -> &'static str;

    /// The capacity in bytes of its arena's first chunk, which is taken with the
    /// first allocation. By default, chunk and header fill 4 KiB: three phases that
    /// hardly allocate hold 12 KiB together.
    fn start_capacity(self) -> usize {
        4096 - chunk::HEADER
    }

    /// The capacity at which its arena's chunks stop doubling. By default 64 KiB, or
    /// the first chunk's capacity if that is larger.
    fn max_chunk(self) -> usize {
        self.start_capacity().max(64 * 1024)
    }
}

/// An arena for each of `N` phases, all under one [`Budget`].
///
/// Index it with a phase to get the arena, or let [`run`](Self::run) name the phase
/// in the error when memory runs out. What a phase needs for a moment goes into
/// [`temporary`](Self::temporary). [`reset`](Self::reset) forgets one phase,
/// [`reset_all`](Self::reset_all) all of them, between the files of a batch.
///
/// ```
#[doc = pass!()]
/// use arraypool::{Budget, Phases};
///
/// let budget = Budget::new(64 * 1024);
/// let mut phases = Phases::<Pass, 2>::new(&budget);
/// let tokens = phases[Pass::Parse].alloc_slice_copy(&[1, 2, 3]);
/// let sum = phases.temporary(Pass::Ir, |scratch| *scratch.alloc(tokens.iter().sum::<i32>()));
/// assert_eq!(sum, 6);
///
/// let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
/// assert_eq!((error.phase().index(), error.requested()), (1, Some(100_032)));
/// phases.reset_all();
/// assert!(phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(50_000)).is_ok());
/// # use arraypool::Phase;
/// ```
#[derive(Debug)]
pub struct Phases<'m, P: Phase, const N: usize> {
    arenas: [Arena<'m>; N],
    budget: &'m Budget,
    phase: PhantomData<fn() -> P>,
}

impl<'m, P: Phase, const N: usize> Phases<'m, P, N> {
    /// `N` is how many phases there are: checked when this is compiled.
    const COUNTED: () =
        assert!(P::ALL.len() == N, "Phases<P, N>: N is the number of phases in P::ALL");

    /// Arenas on the heap, without any memory yet.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Parse].alloc(7);
    /// assert_eq!(phases[Pass::Ir].used_bytes(), 0);
    /// # phases.trim();
    /// ```
    ///
    /// # Panics
    /// If the phases' indices are not their places in `ALL`.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn new(budget: &'m Budget) -> Self {
        Self::with(budget, |phase| {
            let builder = Arena::builder().initial_chunk(phase.start_capacity());
            builder.max_chunk(phase.max_chunk()).budget(budget).build()
        })
    }

    /// Arenas that `make` builds: with settings, in buffers, or with a hook. Only
    /// what they themselves charge to `budget` counts.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Arena, Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::with(&budget, |_| Arena::builder().budget(&budget).build());
    /// assert_eq!(*phases[Pass::Ir].alloc(7), 7);
    /// # phases.trim();
    /// ```
    ///
    /// # Panics
    /// If the phases' indices are not their places in `ALL`.
    #[must_use]
    pub fn with(budget: &'m Budget, mut make: impl FnMut(P) -> Arena<'m>) -> Self {
        let () = Self::COUNTED;
        let arenas = array::from_fn(|index| {
            assert_eq!(P::ALL[index].index(), index, "a phase's index is its place in ALL");
            make(P::ALL[index])
        });
        Self { arenas, budget, phase: PhantomData }
    }

    /// The arena of a phase. Never panics, if the phase's index is right.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// assert_eq!(*phases.arena(Pass::Ir).alloc(7), 7);
    /// # phases.trim();
    /// ```
    #[inline]
    #[must_use]
    pub fn arena(&self, phase: P) -> &Arena<'m> {
        &self.arenas[phase.index()]
    }

    /// All arenas, to be reset one by one while others are in use.
    ///
    /// ```
    #[doc = pass!()]
    /// # use arraypool::{Budget, Phases};
    /// # let budget = Budget::unlimited();
    /// # let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let [parse, ir] = phases.arenas_mut();
    /// let tree = parse.alloc_str("a + b");
    /// for _function in 0..3 {
    ///     ir.alloc_fmt(format_args!("load {tree}"));
    ///     ir.reset();
    /// }
    /// ```
    pub fn arenas_mut(&mut self) -> &mut [Arena<'m>; N] {
        &mut self.arenas
    }

    /// The limit that all of them share.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// assert_eq!(phases.budget().limit(), 64 * 1024);
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn budget(&self) -> &'m Budget {
        self.budget
    }

    /// Runs a part of a phase; the error says which phase it was.
    ///
    /// Complexity: that of `work`, and one step per phase if it fails.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let number = phases.run(Pass::Ir, |arena| arena.try_alloc(7)).unwrap();
    /// assert_eq!(*number, 7);
    /// # phases.trim();
    /// ```
    ///
    /// # Errors
    /// That of `work`, with the phase and what every phase holds.
    ///
    /// # Panics
    /// If `work` does, or the phase's index is none of `ALL`.
    pub fn run<'a, T>(
        &'a self,
        phase: P,
        work: impl FnOnce(&'a Arena<'m>) -> Result<T, AllocError>,
    ) -> Result<T, PhaseError<P, N>> {
        work(self.arena(phase)).map_err(|error| self.explain(phase, error))
    }

    /// What an error in a phase means: for a program that does not use
    /// [`run`](Self::run), since its work can fail in other ways, too.
    ///
    /// Complexity: one step per phase.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let error = phases[Pass::Ir].try_alloc_zeroed(100_000).unwrap_err();
    /// assert!(phases.explain(Pass::Ir, error).to_string().starts_with("ir: over budget"));
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn explain(&self, phase: P, error: AllocError) -> PhaseError<P, N> {
        let held = self.arenas.each_ref().map(Arena::allocated_bytes);
        PhaseError { phase, error, held, beside: self.beside() }
    }

    /// Runs `work` with an arena of the phase whose memory is forgotten when `work`
    /// ends: see [`Arena::scope`].
    ///
    /// Complexity: that of [`Arena::scope`] and of `work`.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// let length = phases.temporary(Pass::Ir, |scratch| scratch.alloc_str("gone").len());
    /// assert_eq!((length, phases[Pass::Ir].used_bytes()), (4, 0));
    /// # phases.trim();
    /// ```
    ///
    /// # Panics
    /// If `work` panics, another scope has claimed the phase's arena, or the phase's index
    /// is none of `ALL`.
    #[track_caller]
    pub fn temporary<R>(&self, phase: P, work: impl for<'s> FnOnce(&'s Arena<'s>) -> R) -> R {
        self.arena(phase).scope(work)
    }

    /// Forgets what a phase has allocated, and keeps its chunks for it.
    ///
    /// Complexity and panics: as [`Arena::reset`], if the phase's index is right.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// phases.reset(Pass::Ir);
    /// assert_eq!(phases[Pass::Ir].used_bytes(), 0);
    /// ```
    pub fn reset(&mut self, phase: P) {
        self.arenas[phase.index()].reset();
    }

    /// Forgets everything, between two files of a batch. Chunks are kept, so that
    /// the next file needs no new ones, unless the budget is above its soft limit
    /// or half used up: the others cannot have what one phase keeps. Then every
    /// phase keeps its first chunk only.
    ///
    /// Complexity and panics: as [`Arena::reset`] of every phase.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// phases.reset_all();
    /// assert_eq!(phases.stats().total().used, 0);
    /// ```
    pub fn reset_all(&mut self) {
        let crowded = self.budget.used() > self.budget.limit() / 2;
        if crowded || self.budget.is_above_soft_limit() {
            return self.clear_all();
        }
        self.arenas.iter_mut().for_each(Arena::reset);
    }

    /// Forgets everything, and gives all chunks but the first of every phase back.
    ///
    /// Complexity and panics: as [`Arena::reset`] of every phase.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// phases.clear_all();
    /// assert_eq!(phases.stats().total().used, 0);
    /// ```
    pub fn clear_all(&mut self) {
        self.arenas.iter_mut().for_each(Arena::clear);
    }

    /// Gives back the chunks that are empty; returns their bytes. What the phases
    /// have allocated stays.
    ///
    /// Complexity: one step per chunk given back. Never panics.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// assert_eq!(phases.trim(), 0);                   // the chunk is in use
    /// ```
    pub fn trim(&mut self) -> usize {
        self.arenas.iter_mut().map(Arena::trim).sum()
    }

    /// What every phase holds. Complexity: one step per chunk. Never panics.
    ///
    /// ```
    #[doc = pass!()]
    /// use arraypool::{Budget, Phases};
    ///
    /// let budget = Budget::new(64 * 1024);
    /// let mut phases = Phases::<Pass, 2>::new(&budget);
    /// phases[Pass::Ir].alloc(7);
    /// assert_eq!(phases.stats().of(Pass::Ir).used, 16);
    /// # phases.trim();
    /// ```
    #[must_use]
    pub fn stats(&self) -> MemoryStats<P, N> {
        let phases = self.arenas.each_ref().map(Arena::stats);
        MemoryStats { phases, beside: self.beside(), phase: PhantomData }
    }

    /// Bytes that the budget is charged for other things than the phases' arenas. An arena
    /// that charges another budget, or none, has no part in it.
    fn beside(&self) -> usize {
        let is_ours = |arena: &&Arena<'_>| arena.budget().is_some_and(|b| ptr::eq(b, self.budget));
        let charged: usize = self.arenas.iter().filter(is_ours).map(Arena::charged_bytes).sum();
        self.budget.used().saturating_sub(charged)
    }
}

impl<'m, P: Phase, const N: usize> Index<P> for Phases<'m, P, N> {
    type Output = Arena<'m>;

    #[inline]
    fn index(&self, phase: P) -> &Arena<'m> {
        self.arena(phase)
    }
}
