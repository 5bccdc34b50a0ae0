//! What an arena tells its hook when it grows, is reset, or refuses.

#![forbid(unsafe_code)]

use super::Arena;
use super::defer::Defer;
use crate::error::AllocError;

/// Something that happened to an arena's memory; see [`ArenaBuilder::hook`].
///
/// [`ArenaBuilder::hook`]: crate::ArenaBuilder::hook
///
/// ```
/// use arraypool::{Arena, ArenaEvent};
///
/// fn log(event: &ArenaEvent) {
///     match event {
///         ArenaEvent::Grown { capacity, allocated, .. } => println!("+{capacity}: {allocated}"),
///         ArenaEvent::Refused { error, .. } => println!("{error}"),
///         _ => {}
///     }
/// }
///
/// Arena::builder().hook(&log).build().alloc(1_u8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArenaEvent {
    /// A chunk was taken from where chunks come from.
    #[non_exhaustive]
    Grown {
        /// Bytes that the new chunk holds.
        capacity: usize,
        /// Bytes that all chunks hold now.
        allocated: usize,
    },
    /// A growth has brought the budget from below its soft limit to above it.
    #[non_exhaustive]
    SoftLimit {
        /// Bytes charged to the budget now.
        used: usize,
        /// The budget's soft limit, in bytes.
        soft_limit: usize,
        /// The limit at which growth is refused, in bytes.
        limit: usize,
    },
    /// Everything was forgotten, by `reset` or `clear`.
    #[non_exhaustive]
    Reset {
        /// Bytes that were in use.
        used: usize,
        /// Bytes that all chunks hold now.
        allocated: usize,
    },
    /// A request was refused.
    #[non_exhaustive]
    Refused {
        /// Why.
        error: AllocError,
    },
}

/// A function of the user's, with its data.
pub(super) type Hook = &'static (dyn Fn(&ArenaEvent) + Sync);

impl Arena<'_> {
    /// Calls the hook, if there is one.
    #[inline]
    pub(super) fn tell(&self, event: impl FnOnce() -> ArenaEvent) {
        if let Some(hook) = self.common().hook {
            hook(&event());
        }
    }

    /// Does a piece of work, and tells of it as of one request when it is done: for a
    /// caller that meanwhile has something open that the hook may need.
    pub(crate) fn tell_afterwards<T>(
        &self,
        work: impl FnOnce() -> Result<T, AllocError>,
    ) -> Result<T, AllocError> {
        let common = self.common();
        let (before, was_quiet) = (common.grown.get(), common.quiet.replace(true));
        // A source may panic.
        let ending = Defer(|| common.quiet.set(was_quiet));
        let found = work();
        drop(ending);
        self.tell_of(before, &found);
        found
    }

    /// Tells of a request that took the cold path, when all that it has changed is in
    /// order: that the budget has passed its soft limit, that the arena grew, if more
    /// chunks were ever taken than `before`, and that the request was refused.
    pub(super) fn tell_of<T>(&self, before: usize, found: &Result<T, AllocError>) {
        let common = self.common();
        if common.quiet.get() {
            return;
        }
        let grown = common.grown.get();
        if let Some(budget) = common.budget.filter(|_| common.crossed.take()) {
            self.tell(|| ArenaEvent::SoftLimit {
                used: budget.used(),
                soft_limit: budget.soft_limit(),
                limit: budget.limit(),
            });
        }
        if grown != before {
            let allocated = self.allocated_bytes();
            self.tell(|| ArenaEvent::Grown { capacity: grown - before, allocated });
        }
        if let Err(error) = *found {
            self.tell(|| ArenaEvent::Refused { error });
        }
    }
}
