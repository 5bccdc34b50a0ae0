//! Diagnostics that name the culprit: poison, integrity, canary, quarantine, callers.
//!
//! They stand behind one cold branch. A pool that has any keeps its hot free
//! lists *closed*, so that every call ends on the cold path, which asks the pool's
//! [`Watch`]; a pool that has none never meets it.
//!
//! ```text
//! | prefix | elements, as many as the length | 0xFD ... | at least 8 bytes of 0xFD |
//!                                            '-------- the canary ---------'
//! ```
//! A free slot is `0xDD` from its first element to its end: the links of free
//! lists lie in headers or records, and never in the elements.

mod asan;
mod checks;
mod direct;
mod end;
mod fill;
mod notes;
mod paths;
mod quarantine;
mod report;

use core::cell::{Cell, Ref, RefCell};
#[cfg(feature = "capi-core")]
use core::ffi::CStr;
use core::panic::Location;

pub use checks::{Checks, UnknownCheck};
pub(super) use direct::WATCHED;
pub(super) use notes::Block;
pub(super) use report::Line;
pub use report::{Caller, History, Problem, ReleasedBy, Report};

use super::books::{self, Ledger};
use super::builder::Settings;
use super::release::ReleaseStrategy;
use crate::arena::Arena;
use crate::error::AllocError;
use notes::Notes;
use quarantine::Quarantine;

/// The diagnostics of one pool.
pub(super) struct Watch<S: ReleaseStrategy> {
    checks: Checks,
    on: bool,
    tell: Option<fn(&Report)>,
    /// Allocations since one was made to fail.
    served: Cell<u32>,
    /// Where the program that uses the pool is, if it is not one of Rust.
    #[cfg(feature = "capi-core")]
    place: Cell<Option<&'static CStr>>,
    notes: RefCell<Notes>,
    resting: RefCell<Quarantine<S>>,
}

impl<S: ReleaseStrategy> Watch<S> {
    /// Whether this build has diagnostics: if not, a program has none of their code.
    const WATCHES: bool = cfg!(any(feature = "diagnostics", arraypool_asan));

    /// Nothing is watched: a pool that is being made, or one for threads.
    pub(super) const fn nothing() -> Self {
        Self {
            checks: Checks::none(),
            on: false,
            tell: None,
            served: Cell::new(0),
            #[cfg(feature = "capi-core")]
            place: Cell::new(None),
            notes: RefCell::new(Notes::new()),
            resting: RefCell::new(Quarantine::none()),
        }
    }

    /// What a pool with these settings watches.
    pub(super) fn checks_of(settings: &Settings<'_>, arena: &Arena<'_>) -> Checks {
        if !Self::WATCHES || settings.unwatched {
            return Checks::none();
        }
        let chosen = settings.checks.unwrap_or_else(|| {
            // Nobody asked, so nothing may take a buffer's bytes: arrays without
            // slots are filled by their arena.
            match (S::RECLAIMS, books::are_apart::<S>(arena)) {
                (true, true) => Checks::of_this_build(),
                (true, false) => Checks::of_this_build().without_callers(),
                (false, _) => Checks::none(),
            }
        });
        checks::environment::added_to(chosen)
    }

    /// # Errors
    /// If there is no memory for the quarantine.
    pub(super) fn open(
        settings: &Settings<'_>,
        checks: Checks,
        arena: &Arena<'_>,
    ) -> Result<Self, AllocError> {
        if !Self::WATCHES {
            return Ok(Self::nothing());
        }
        let asked = settings.checks.is_some() || checks::environment::is_set();
        let places = if S::RECLAIMS { checks.resting() } else { 0 };
        Ok(Self {
            checks,
            on: Self::is_on_with(settings, checks),
            tell: settings.report.or(if asked { printer() } else { None }),
            resting: RefCell::new(Quarantine::open(arena, places)?),
            ..Self::nothing()
        })
    }

    /// Whether anything is watched.
    pub(super) const fn is_on(&self) -> bool {
        Self::WATCHES && self.on
    }

    pub(super) const fn checks(&self) -> Checks {
        if Self::WATCHES { self.checks } else { Checks::none() }
    }

    /// Whether a pool with these settings and checks watches anything.
    pub(super) const fn is_on_with(settings: &Settings<'_>, checks: Checks) -> bool {
        Self::WATCHES && !settings.unwatched && (asan::LISTENS || !checks.is_none())
    }

    /// Bytes behind every slot for the canary.
    pub(super) const fn trailer(checks: Checks) -> usize {
        /// A word of 64 bits: what one element too many overwrites, mostly.
        const TRAILER: usize = 8;
        let has_one = Self::WATCHES && (asan::LISTENS || checks.has_canary());
        if has_one { TRAILER } else { 0 }
    }

    /// Who calls: a line of Rust, or what a program in another language has said.
    #[track_caller]
    fn caller(&self) -> Caller {
        let line = Location::caller();
        self.caller_at(Some(line)).unwrap_or(line.into())
    }

    /// As [`caller`](Self::caller), where the line is known already. `None`: a handle
    /// that goes out of scope.
    fn caller_at(&self, line: Option<Line>) -> Option<Caller> {
        #[cfg(feature = "capi-core")]
        if let Some(place) = self.place.get() {
            return Some(Caller::text(place));
        }
        line.map(Caller::from)
    }

    /// From here on, callers are this text: the program is not one of Rust.
    #[cfg(feature = "capi-core")]
    pub(super) fn set_place(&self, place: &'static CStr) {
        self.place.set(Some(place));
    }

    /// Tells a report. Nothing of the pool is borrowed meanwhile.
    fn tell(&self, report: &Report) {
        if let Some(tell) = self.tell {
            tell(report);
        }
    }

    /// Whether this allocation is made to fail.
    fn fails_now(&self) -> bool {
        let every = self.checks().failing();
        if every == 0 {
            return false;
        }
        self.served.set((self.served.get() + 1) % every);
        self.served.get() == 0
    }

    /// Notes for the next run of so many slots, if the pool keeps any.
    pub(super) fn notes_for(
        &self,
        arena: &Arena<'_>,
        slots: u32,
    ) -> Result<Option<Block>, AllocError> {
        if !self.checks().keeps_notes() {
            return Ok(None);
        }
        self.reserve_notes(arena)?;
        Block::obtain::<S>(arena, slots).map(Some)
    }

    /// Makes room for the notes of one more run, if the pool keeps any.
    pub(super) fn reserve_notes(&self, arena: &Arena<'_>) -> Result<(), AllocError> {
        if !self.checks().keeps_notes() {
            return Ok(());
        }
        // Nobody has the notes while a source is called, which may use the pool.
        let wanted = self.notes.try_borrow().ok().and_then(|notes| notes.wanted(arena));
        if let Some(capacity) = wanted {
            let mut larger = Ledger::with_capacity::<S>(arena, capacity)?;
            if let Ok(mut notes) = self.notes.try_borrow_mut() {
                notes.install(&mut larger);
            }
            larger.close::<S>(arena);
        }
        Ok(())
    }

    /// Whether the notes of one more run can be kept, if the pool keeps any.
    pub(super) fn has_room_for_notes(&self, arena: &Arena<'_>) -> bool {
        let lacks = |notes: Ref<'_, Notes>| notes.wanted(arena).is_some();
        !self.checks().keeps_notes() || !self.notes.try_borrow().is_ok_and(lacks)
    }

    /// Keeps the notes of the newest run.
    pub(super) fn keep_notes(&self, notes: Option<Block>) {
        if let (true, Some(block)) = (Self::WATCHES, notes) {
            self.notes.borrow_mut().add(block);
        }
    }

    /// Bytes of the notes of a slot where they come out of the same buffer as it.
    pub(super) fn bytes_beside_slot(&self, arena: &Arena<'_>) -> usize {
        let beside = self.checks().keeps_notes() && !books::are_apart::<S>(arena);
        if beside { size_of::<notes::Note>() } else { 0 }
    }

    /// Bytes that the diagnostics have taken: without those of the notes, where a hook
    /// or a source of the arena asks while they grow.
    pub(super) fn bytes(&self) -> usize {
        if !Self::WATCHES {
            return 0;
        }
        let notes = self.notes.try_borrow().map_or(0, |notes| notes.bytes());
        notes + self.resting.try_borrow().map_or(0, |resting| resting.bytes())
    }

    /// Gives everything back.
    pub(super) fn close(&mut self, arena: &Arena<'_>) {
        if Self::WATCHES {
            self.notes.get_mut().close::<S>(arena);
            self.resting.get_mut().close(arena);
        }
    }
}

/// Where reports go that nobody has asked for by a hook.
fn printer() -> Option<fn(&Report)> {
    #[cfg(feature = "std")]
    return Some(|report| print(format_args!("{report}")));
    #[cfg(not(feature = "std"))]
    None
}

/// Writes a line to the standard error. Where that cannot be written, nobody is told: a
/// release does not panic for it, as `eprintln!` does.
#[cfg(feature = "std")]
fn print(line: core::fmt::Arguments<'_>) {
    use std::io::Write;

    let _ = std::io::stderr().write_fmt(format_args!("{line}\n"));
}
