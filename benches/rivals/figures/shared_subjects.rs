//! What two threads take arrays from: lanes, default lanes, and pools of one length
//! that threads may share.

use core::mem::MaybeUninit;

use arraypool::ReleaseStrategy;
use arraypool::shared::{Lane, LaneArray, SharedArray, SharedPool};
use opool::{PoolAllocator, RefGuard};
use sharded_slab::Clear;

use crate::subjects::{Content, keep};
use crate::support::workload::{Element, Subject};

type Raw = MaybeUninit<Element>;

/// Writes the first element of an array, which has one.
#[inline(always)]
fn write(first: *mut Raw, value: u64) {
    // SAFETY: no workload asks for an empty array.
    unsafe { first.write(MaybeUninit::new(Element::of(value))) };
    keep(first);
}

#[inline(always)]
fn read(first: *const Raw) -> u64 {
    // SAFETY: `take` wrote the first element.
    unsafe { first.cast::<Element>().read() }.value()
}

/// Makes a subject of something that owns what it allocates from.
macro_rules! subject {
    ($name:ident, $array:ty, |$this:ident, $len:ident| $take:expr) => {
        impl<S: ReleaseStrategy> Subject for $name<S> {
            type Array = $array;

            #[inline(always)]
            fn take(&self, $len: usize, value: u64) -> Self::Array {
                let $this = self;
                let mut array = $take;
                write(array.as_mut_ptr(), value);
                array
            }

            #[inline(always)]
            fn value(&self, array: &Self::Array) -> u64 {
                read(array.as_ptr())
            }

            #[inline(always)]
            fn give(&self, array: Self::Array) {
                drop(array);
            }
        }
    };
}

/// A pool that is never dropped.
fn pool<S: ReleaseStrategy>() -> &'static SharedPool<Element, S> {
    Box::leak(Box::new(SharedPool::new()))
}

/// A lane that is never dropped, of a pool of its own.
pub(crate) struct OnLane<S: ReleaseStrategy + 'static>(&'static Lane<'static, Element, S>);

impl<S: ReleaseStrategy> OnLane<S> {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(pool().lane())))
    }
}

subject!(OnLane, LaneArray<'static, 'static, Raw, S>, |this, len| this.0.allocate(len));

/// The default lane of whoever calls.
pub(crate) struct ByDefault<S: ReleaseStrategy + 'static>(&'static SharedPool<Element, S>);

impl<S: ReleaseStrategy> ByDefault<S> {
    pub(crate) fn new() -> Self {
        Self(pool())
    }
}

subject!(ByDefault, SharedArray<'static, Raw, S>, |this, len| this.0.allocate(len));

/// A pool whose threads use their default lanes.
pub(crate) struct Common<S: ReleaseStrategy + 'static>(&'static SharedPool<Element, S>);

impl<S: ReleaseStrategy> Common<S> {
    pub(crate) fn new() -> Self {
        Self(pool())
    }

    pub(crate) fn subject(&self) -> ByDefault<S> {
        ByDefault(self.0)
    }
}

/// A pool whose threads have a lane each.
pub(crate) struct Lanes<S: ReleaseStrategy + 'static>(&'static SharedPool<Element, S>);

impl<S: ReleaseStrategy> Lanes<S> {
    pub(crate) fn new() -> Self {
        Self(pool())
    }

    /// A lane for as long as the subject lives.
    pub(crate) fn lane(&self) -> Rented<S> {
        Rented::new(self.0)
    }

    /// A lane whose arrays go to another thread.
    pub(crate) fn sending(&self) -> SentFromLane<S> {
        SentFromLane::new(self.0)
    }
}

/// A lane that is left when the subject is dropped, after all of its arrays.
pub(crate) struct Rented<S: ReleaseStrategy + 'static>(*mut Lane<'static, Element, S>);

impl<S: ReleaseStrategy> Rented<S> {
    fn new(pool: &'static SharedPool<Element, S>) -> Self {
        Self(Box::into_raw(Box::new(pool.lane())))
    }

    #[inline(always)]
    fn lane(&self) -> &'static Lane<'static, Element, S> {
        // SAFETY: it came from a box; the workloads give every array back before
        // they drop the subject.
        unsafe { &*self.0 }
    }
}

impl<S: ReleaseStrategy> Drop for Rented<S> {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and nothing borrows it any more.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

subject!(Rented, LaneArray<'static, 'static, Raw, S>, |this, len| this.lane().allocate(len));

/// A lane whose arrays go to another thread.
pub(crate) struct SentFromLane<S: ReleaseStrategy + 'static>(Rented<S>);

impl<S: ReleaseStrategy> SentFromLane<S> {
    fn new(pool: &'static SharedPool<Element, S>) -> Self {
        Self(Rented::new(pool))
    }
}

subject!(SentFromLane, SharedArray<'static, Raw, S>, |this, len| {
    this.0.lane().allocate(len).into_shared()
});

/// The one length of the pools that have one.
const LENGTH: usize = 16;
type Full = [Raw; LENGTH];

/// Objects that a pool is filled with at first.
const FILLED: usize = 256;

fn fresh() -> Box<Full> {
    Box::new([const { MaybeUninit::uninit() }; LENGTH])
}

/// A pool of one length as a subject.
pub(crate) struct Slotted<P>(pub(crate) P);

/// object-pool: a stack under a lock.
#[derive(Clone, Copy)]
pub(crate) struct Objects(&'static object_pool::Pool<Box<Full>>);

impl Objects {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(object_pool::Pool::new(FILLED, fresh))))
    }
}

impl Subject for Slotted<Objects> {
    type Array = object_pool::Reusable<'static, Box<Full>>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        let mut array = self.0.0.pull(fresh);
        write(array.as_mut_ptr(), value);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read(array.as_ptr())
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// What opool makes an object with.
pub(crate) struct Make;

impl PoolAllocator<Box<Full>> for Make {
    fn allocate(&self) -> Box<Full> {
        fresh()
    }
}

/// opool: a lock-free queue.
#[derive(Clone, Copy)]
pub(crate) struct Queued(&'static opool::Pool<Make, Box<Full>>);

impl Queued {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(opool::Pool::new_prefilled(FILLED, Make))))
    }
}

impl Subject for Slotted<Queued> {
    type Array = RefGuard<'static, Make, Box<Full>>;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> Self::Array {
        let mut array = self.0.0.get();
        write(array.as_mut_ptr(), value);
        array
    }

    #[inline(always)]
    fn value(&self, array: &Self::Array) -> u64 {
        read(array.as_ptr())
    }

    #[inline(always)]
    fn give(&self, array: Self::Array) {
        drop(array);
    }
}

/// An array in a slab that is not cleared.
pub(crate) struct Kept(Full);

impl Default for Kept {
    fn default() -> Self {
        Self([const { MaybeUninit::uninit() }; LENGTH])
    }
}

impl Clear for Kept {
    fn clear(&mut self) {}
}

/// sharded-slab: a slab per thread, with keys.
#[derive(Clone, Copy)]
pub(crate) struct Shards(&'static sharded_slab::Pool<Kept>);

impl Shards {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::new(sharded_slab::Pool::new())))
    }
}

impl Subject for Slotted<Shards> {
    type Array = usize;

    #[inline(always)]
    fn take(&self, _: usize, value: u64) -> usize {
        let mut array = self.0.0.create().expect("room in the shard");
        write(array.0.as_mut_ptr(), value);
        array.key()
    }

    #[inline(always)]
    fn value(&self, array: &usize) -> u64 {
        self.0.0.get(*array).map_or(0, |array| read(array.0.as_ptr()))
    }

    #[inline(always)]
    fn give(&self, array: usize) {
        assert!(self.0.0.clear(array), "the array was there");
    }
}
