//! A pool whose strategy and classes are chosen when it is made.

use core::ffi::CStr;

use super::{Chosen, ap_status, ap_strategy};
use crate::arena::Arena;
use crate::error::{AllocError, ReleaseError, VerifyError};
#[cfg(feature = "alloc")]
use crate::pool::Metadata;
use crate::pool::{
    ClassTable, DefaultClasses, Direct, Located, PoolBuilder, PoolStats, RawArray, RawPool,
    ReleaseStrategy, RuntimeClasses, Tagged,
};

/// One of the pools that there are. The table that most use is known when this is
/// compiled; others are looked up.
pub(super) enum Any {
    Direct(RawPool<'static, Direct>),
    Tagged(RawPool<'static, Tagged>),
    TaggedOf(RawPool<'static, Tagged, RuntimeClasses>),
    #[cfg(feature = "alloc")]
    Metadata(RawPool<'static, Metadata>),
    #[cfg(feature = "alloc")]
    MetadataOf(RawPool<'static, Metadata, RuntimeClasses>),
}

/// Does the same with whichever pool it is.
macro_rules! each {
    ($any:expr, $pool:ident => $what:expr) => {
        match $any {
            Any::Direct($pool) => $what,
            Any::Tagged($pool) => $what,
            Any::TaggedOf($pool) => $what,
            #[cfg(feature = "alloc")]
            Any::Metadata($pool) => $what,
            #[cfg(feature = "alloc")]
            Any::MetadataOf($pool) => $what,
        }
    };
}

/// The settings of a pool that both kinds of tables share.
fn builder<S: ReleaseStrategy, C: ClassTable>(
    chosen: &Chosen<'_>,
) -> PoolBuilder<'static, RawPool<'static, S, C>> {
    let builder = RawPool::builder(chosen.unit).max_free(chosen.max_free);
    let builder = match chosen.checks {
        Some(checks) => builder.checks(checks),
        None => builder,
    };
    #[cfg(feature = "capi")]
    let builder = if chosen.unwatched { builder.unwatched() } else { builder };
    match chosen.max_runs {
        Some(runs) => builder.max_runs(runs),
        None => builder,
    }
}

/// A pool of the default table.
fn plain<S: ReleaseStrategy>(
    chosen: &Chosen<'_>,
    arena: Arena<'static>,
) -> Result<RawPool<'static, S>, ap_status> {
    Ok(builder::<S, DefaultClasses>(chosen).try_build_owning(arena)?)
}

/// A pool of a table of its own.
fn with_lengths<S: ReleaseStrategy>(
    chosen: &Chosen<'_>,
    lengths: &[u32],
    arena: Arena<'static>,
) -> Result<RawPool<'static, S, RuntimeClasses>, ap_status> {
    Ok(builder(chosen).classes(lengths).try_build_owning(arena)?)
}

impl Any {
    pub(super) fn open(chosen: &Chosen<'_>, arena: Arena<'static>) -> Result<Self, ap_status> {
        use ap_strategy::*;
        Ok(match (chosen.strategy, chosen.lengths) {
            (AP_DIRECT, _) => Self::Direct(plain(chosen, arena)?),
            (AP_TAGGED, None) => Self::Tagged(plain(chosen, arena)?),
            (AP_TAGGED, Some(lengths)) => Self::TaggedOf(with_lengths(chosen, lengths, arena)?),
            #[cfg(feature = "alloc")]
            (AP_DEFAULT_STRATEGY | AP_METADATA, None) => Self::Metadata(plain(chosen, arena)?),
            #[cfg(feature = "alloc")]
            (AP_DEFAULT_STRATEGY | AP_METADATA, Some(lengths)) => {
                Self::MetadataOf(with_lengths(chosen, lengths, arena)?)
            }
            #[cfg(not(feature = "alloc"))]
            (AP_DEFAULT_STRATEGY, None) => Self::Tagged(plain(chosen, arena)?),
            #[cfg(not(feature = "alloc"))]
            (AP_DEFAULT_STRATEGY, Some(lengths)) => {
                Self::TaggedOf(with_lengths(chosen, lengths, arena)?)
            }
            #[cfg(not(feature = "alloc"))]
            (AP_METADATA, _) => return Err(ap_status::AP_UNSUPPORTED),
        })
    }

    pub(super) fn set_place(&self, place: &'static CStr) {
        each!(self, pool => pool.set_place(place));
    }

    #[inline(always)]
    pub(super) fn allocate(&self, length: usize) -> Result<RawArray, AllocError> {
        each!(self, pool => pool.try_allocate_raw(length))
    }

    /// # Safety
    /// As [`RawPool::release_ptr`].
    #[inline(always)]
    pub(super) unsafe fn release_address(&self, address: *const u8) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise.
        each!(self, pool => unsafe { pool.release_ptr(address) })
    }

    /// # Safety
    /// As [`RawPool::release_raw`].
    pub(super) unsafe fn release(&self, array: RawArray) -> Result<(), ReleaseError> {
        // SAFETY: the caller's promise.
        each!(self, pool => unsafe { pool.release_raw(array) })
    }

    pub(super) fn locate(&self, address: *const u8) -> Option<Located> {
        each!(self, pool => pool.locate(address))
    }

    pub(super) fn reset(&mut self) {
        each!(self, pool => pool.reset());
    }

    pub(super) fn trim(&self, max_free: u32) {
        each!(self, pool => pool.trim(max_free));
    }

    pub(super) fn freeze(&self) {
        each!(self, pool => pool.freeze());
    }

    pub(super) fn reserve(&self, length: usize, count: usize) -> Result<(), AllocError> {
        each!(self, pool => pool.try_reserve(length, count))
    }

    pub(super) fn stats(&self) -> PoolStats {
        each!(self, pool => pool.stats())
    }

    pub(super) fn verify(&self) -> Result<PoolStats, VerifyError> {
        each!(self, pool => pool.verify())
    }
}
