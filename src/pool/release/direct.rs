//! Nothing goes back until the arena is reset: the baseline.

use core::ptr::NonNull;

use super::{Broken, Cut, Issued, Record, ReleaseStrategy, Tenure, sealed};
use crate::arena::Arena;
use crate::error::AllocError;
use crate::pool::run::Run;

/// Arrays of exact size straight from the arena, freed with it all at once.
///
/// There are no classes, no runs and no records: an allocation is one bump of
/// the arena's cursor, a dropped handle drops its elements and nothing else.
/// Releasing a raw (manually managed) array is the error
/// [`NotReleasable`](crate::ReleaseError::NotReleasable), and
/// [`locate`](crate::RawPool::locate) finds no array.
///
/// ```
/// use arraypool::{ArrayPool, Direct};
///
/// let pool = ArrayPool::<u32, Direct>::new();
/// drop(pool.allocate_copy(&[1, 2, 3]));
/// assert_eq!(pool.stats().live, 1);                   // its memory is the arena's until the end
/// ```
#[derive(Debug)]
pub struct Direct;

impl sealed::Sealed for Direct {}

// SAFETY: the strategy has no slots, so it makes no promise about any; a pool
// asks it nothing, since it does not reclaim.
unsafe impl ReleaseStrategy for Direct {
    const NAME: &'static str = "direct";
    const RECLAIMS: bool = false;
    const HEAP_BOOKS: bool = false;
    const PREFIX: usize = 0;
    const PREFIX_ALIGN: usize = 1;

    type Ticket = ();
    const NO_TICKET: () = ();
    type List = ();
    type Link = ();
    type Room = ();

    fn open(_: Option<usize>, _: &Arena<'_>) -> Result<Self, AllocError> {
        Ok(Self)
    }

    unsafe fn close(&mut self, _: &Arena<'_>) {}

    fn list(_: u32, _: usize) {}

    fn closed() {}

    fn provide(&self, _: &Arena<'_>, _: u32) -> Result<(), AllocError> {
        Ok(())
    }

    fn adopt(&self, (): ()) -> NonNull<u8> {
        NonNull::dangling()
    }

    unsafe fn refuse(&self, _: &Arena<'_>, (): ()) {}

    fn begin((): &(), _: &Run, _: u32) {}

    unsafe fn cut((): &(), _: Cut, _: u32, _: Tenure) -> Option<Issued<()>> {
        None
    }

    unsafe fn issue((): &(), _: u32, _: Tenure) -> Option<Issued<()>> {
        None
    }

    unsafe fn retire((): &(), _: NonNull<u8>, (): (), _: Tenure) -> bool {
        false
    }

    fn ticket(_: &Run, _: u32) {}

    unsafe fn read((): &(), _: NonNull<u8>, (): ()) -> Record {
        Record::Lost
    }

    unsafe fn hand_over((): &(), _: NonNull<u8>, (): (), _: Tenure, _: Tenure) -> Option<u32> {
        None
    }

    unsafe fn abandon((): &(), _: NonNull<u8>, (): ()) {}

    fn head((): &()) -> Option<()> {
        None
    }

    fn set_head((): &(), _: Option<()>) {}

    unsafe fn after((): &(), (): ()) -> Result<Option<()>, Broken> {
        Ok(None)
    }

    fn twin((): &()) {}

    unsafe fn put((): &(), (): ()) {}

    unsafe fn seize(
        (): &(),
        _: NonNull<u8>,
        (): (),
        _: Option<u32>,
        _: Tenure,
    ) -> Result<(), Record> {
        Err(Record::Lost)
    }

    unsafe fn slot((): ()) -> (NonNull<u8>, ()) {
        (NonNull::dangling(), ())
    }
}
