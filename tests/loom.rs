//! Threads in all orders: the shared pool under the model checker.
//!
//! `cargo loom` explores every model, for both strategies, with all interleavings
//! that need at most two preemptions ([`support::PREEMPTIONS`]), and all values that
//! a load may see under the C11 memory model. Every slot has a cell of the checker's
//! beside it: two tenants that are not ordered are a data race, and a token says
//! whose it is. A comment at each model says which bug it would catch.

#![cfg(arraypool_loom)]

#[path = "loom/arenas.rs"]
mod arenas;
#[path = "loom/hand.rs"]
mod hand;
#[path = "loom/home.rs"]
mod home;
#[path = "loom/lanes.rs"]
mod lanes;
#[path = "loom/limits.rs"]
mod limits;
#[path = "loom/returns.rs"]
mod returns;
#[path = "loom/support.rs"]
mod support;

/// Makes a test of each model for both strategies.
macro_rules! for_both {
    ($($model:ident),+ $(,)?) => {
        mod metadata {
            $(#[test]
            fn $model() {
                $crate::support::explore(super::$model::<arraypool::Metadata>);
            })+
        }
        mod tagged {
            $(#[test]
            fn $model() {
                $crate::support::explore(super::$model::<arraypool::Tagged>);
            })+
        }
    };
}
use for_both;
