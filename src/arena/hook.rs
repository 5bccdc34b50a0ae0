//! What an arena tells when it grows, is reset, or refuses.

#![forbid(unsafe_code)]

use super::Arena;
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

    /// Tells of a request that took the cold path, when all that it has changed is in
    /// order: that the budget has passed its soft limit, that the arena grew, if more
    /// chunks were ever taken than `before`, and that the request was refused.
    pub(super) fn tell_of<T>(&self, before: usize, found: &Result<T, AllocError>) {
        let common = self.common();
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
