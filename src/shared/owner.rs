//! A depot's owners, and witnesses that do not keep it alive: what `Arc` and `Weak` do,
//! but where there is no memory for the first of them, that is an error.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::threads::Leave;
use crate::arena::heap;
use crate::error::AllocError;
// Not modelled, no more than an `Arc` would be.
use crate::sync::{Ordering, StaticCounter as Counter};

/// A value, and how many refer to it.
struct Counted<T: ?Sized> {
    /// The value is there as long as this is not 0, which it then stays.
    owners: Counter,
    /// Witnesses, and one more while there are owners: the block is there as long as
    /// this is not 0.
    witnesses: Counter,
    /// In a cell: who looks at the numbers has no part in it, and may do so while the
    /// last owner drops it.
    value: UnsafeCell<ManuallyDrop<T>>,
}

/// Keeps the value alive.
pub(super) struct Owner<T: Leave + ?Sized>(NonNull<Counted<T>>);

/// Knows whether the value is alive, whatever it is.
pub(super) struct Witness(NonNull<Counted<dyn Leave>>);

// SAFETY: whoever has one can get at `&T`, and may be the one that drops the value: both
// may be done on any thread.
unsafe impl<T: Leave + Send + Sync + ?Sized> Send for Owner<T> {}
// SAFETY: as above.
unsafe impl<T: Leave + Send + Sync + ?Sized> Sync for Owner<T> {}

impl<T: Leave + 'static> Owner<T> {
    /// The first owner of a value.
    ///
    /// # Errors
    /// [`AllocError::OutOfMemory`]; the value is dropped then.
    pub(super) fn try_new(value: T) -> Result<Self, AllocError> {
        let layout = Layout::new::<Counted<T>>();
        let refused = AllocError::OutOfMemory { requested: layout.size() };
        let block = heap::allocate(layout).ok_or(refused)?.cast();
        let (owners, witnesses) = (Counter::new(1), Counter::new(1));
        let counted = Counted { owners, witnesses, value: ManuallyDrop::new(value).into() };
        // SAFETY: the block was allocated just now, with this layout.
        unsafe { block.write(counted) };
        Ok(Self(block))
    }

    /// A witness of the value.
    pub(super) fn witness(&self) -> Witness {
        // SAFETY: the block is there as long as an owner.
        unsafe { self.0.as_ref() }.witnesses.fetch_add(1, Ordering::Relaxed);
        Witness(self.0)
    }
}

impl Witness {
    fn counted(&self) -> &Counted<dyn Leave> {
        // SAFETY: the block is there as long as a witness; of the value nothing but its
        // size is known here.
        unsafe { self.0.as_ref() }
    }

    /// Whether the value is there: no owner may be left a moment later.
    pub(super) fn is_alive(&self) -> bool {
        self.counted().owners.load(Ordering::Relaxed) > 0
    }

    /// An owner, if there still is another one.
    pub(super) fn upgrade(&self) -> Option<Owner<dyn Leave>> {
        let one_more = |owners: usize| if owners == 0 { None } else { owners.checked_add(1) };
        let owners = &self.counted().owners;
        // What an owner did before it gave the value up is seen by its next one.
        owners.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_more).ok()?;
        Some(Owner(self.0))
    }
}

impl<T: Leave + ?Sized> Deref for Owner<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the block is there as long as an owner.
        let value = unsafe { self.0.as_ref() }.value.get();
        // SAFETY: so is the value, and nobody changes it before.
        unsafe { &*value }
    }
}

impl<T: Leave + ?Sized> Drop for Owner<T> {
    fn drop(&mut self) {
        // SAFETY: the block is there as long as an owner.
        let counted = unsafe { self.0.as_ref() };
        // Everything that all owners did comes before the value's end.
        if counted.owners.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: nobody else has a reference to the value, and nobody gets one
            // any more: there was one owner, and now is none.
            let value = unsafe { &mut *counted.value.get() };
            // SAFETY: it is never used again.
            unsafe { ManuallyDrop::drop(value) };
            // SAFETY: the owners' share, which ends with the last of them.
            unsafe { leave_block(self.0) };
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // SAFETY: the witness's own share.
        unsafe { leave_block(self.0) };
    }
}

/// Gives a share in the block up, and the block back if it was the last one.
///
/// # Safety
/// The caller has a share, and does not use the block any more.
unsafe fn leave_block<T: ?Sized>(block: NonNull<Counted<T>>) {
    // SAFETY: the caller has a share in the block.
    let counted = unsafe { block.as_ref() };
    let layout = Layout::for_value(counted);
    if counted.witnesses.fetch_sub(1, Ordering::AcqRel) == 1 {
        // SAFETY: `try_new` allocated it with the layout of what is in it, and nobody
        // has a share any more.
        unsafe { heap::deallocate(block.cast(), layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts its ends.
    struct Told(&'static Counter);

    impl Leave for Told {
        unsafe fn leave_lane(&self, _: *const ()) {}
    }

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_value_ends_with_its_last_owner() {
        static ENDS: Counter = Counter::new(0);
        let ends = || ENDS.load(Ordering::Relaxed);
        let owner = Owner::try_new(Told(&ENDS)).ok().unwrap();
        let [witness, other] = [owner.witness(), owner.witness()];
        let second = witness.upgrade().unwrap();
        drop(owner);
        assert!(witness.is_alive() && ends() == 0);
        drop(second);
        assert!(!witness.is_alive() && ends() == 1);
        drop(witness);
        assert!(other.upgrade().is_none() && ends() == 1);
    }

    #[test]
    fn owners_end_on_any_thread() {
        static ENDS: Counter = Counter::new(0);
        let owner = Owner::try_new(Told(&ENDS)).ok().unwrap();
        let witness = owner.witness();
        std::thread::scope(|scope| {
            let other = scope.spawn(move || drop(owner));
            while let Some(found) = witness.upgrade() {
                // SAFETY: nothing is done with the lane.
                unsafe { found.leave_lane(core::ptr::null()) };
                drop(found);
                std::thread::yield_now();
            }
            other.join().unwrap();
        });
        assert_eq!(ENDS.load(Ordering::Relaxed), 1);
    }
}
