//! Diagnostics that name the culprit: poison, integrity, canary, quarantine, callers.
//!
//! They stand behind one cold branch. A pool that has any keeps its hot free
//! lists *closed*, so that every call ends on the cold path, and there asks its
//! [`Watch`]; a pool that has none never meets it.

mod checks;
mod report;

pub use checks::{Checks, UnknownCheck};
pub use report::{Caller, History, Problem, ReleasedBy, Report};
