//! What can be done to a pool, and what has to come of it.

use core::fmt::Debug;
use core::ptr::{self, NonNull};

use arraypool::{ArrayPool, PoolArray, RawArray, ReleaseError, ReleaseStrategy, SlotState};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::shadow::{Shadow, Slot, Tenant};
use crate::support::{Table, capacity_of, class_of, release_ptr, release_raw, rounds};

/// An element of the model: made from a number, compared with it later.
pub(crate) trait Element: Copy + PartialEq + Debug {
    /// The longest array that a step asks for.
    const LONGEST: usize;

    fn of(number: usize) -> Self;
}

impl Element for u64 {
    const LONGEST: usize = 1200;

    fn of(number: usize) -> Self {
        number as Self * 0x0101_0101_0101
    }
}

impl Element for u8 {
    const LONGEST: usize = 3000;

    fn of(number: usize) -> Self {
        number as Self
    }
}

impl Element for [u16; 3] {
    const LONGEST: usize = 600;

    fn of(number: usize) -> Self {
        [number as u16, !number as u16, 7]
    }
}

/// An element as aligned as a cache line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(crate) struct Wide(usize);

impl Element for Wide {
    const LONGEST: usize = 150;

    fn of(number: usize) -> Self {
        Self(number)
    }
}

/// An element as aligned as a page.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(4096))]
pub(crate) struct Page(usize);

impl Element for Page {
    const LONGEST: usize = 5;

    fn of(number: usize) -> Self {
        Self(number)
    }
}

/// One step. Numbers pick one of what there is.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Allocate(usize),
    AllocateRaw(usize),
    Drop(usize),
    Release(usize),
    IntoRaw(usize),
    FromRaw(usize),
    ReleaseRaw(usize),
    ReleasePtr(usize),
    /// One of all arrays that ever were held by hand, gone or not.
    ReleaseOldRaw(usize),
    ReleaseOldPtr(usize),
    ReleaseOwned(usize),
    ReleaseInterior(usize, usize),
    ReleaseForeign(usize),
    ReleaseNeighbour,
    Locate(usize, usize),
    Trim(u32),
    Reserve(usize, usize),
}

/// Sequences of up to `most` steps.
pub(crate) fn strategy<T: Element>(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let length = || {
        prop_oneof![
            6 => 0..=T::LONGEST.min(20),
            3 => 0..=T::LONGEST.min(rounds(300, 60)),
            1 => 0..=T::LONGEST.min(rounds(usize::MAX, 320)),
        ]
    };
    let pick = any::<usize>;
    let step = prop_oneof![
        8 => length().prop_map(Step::Allocate),
        4 => length().prop_map(Step::AllocateRaw),
        5 => pick().prop_map(Step::Drop),
        1 => pick().prop_map(Step::Release),
        2 => pick().prop_map(Step::IntoRaw),
        1 => pick().prop_map(Step::FromRaw),
        3 => pick().prop_map(Step::ReleaseRaw),
        2 => pick().prop_map(Step::ReleasePtr),
        3 => pick().prop_map(Step::ReleaseOldRaw),
        2 => pick().prop_map(Step::ReleaseOldPtr),
        1 => pick().prop_map(Step::ReleaseOwned),
        2 => (pick(), pick()).prop_map(|(which, offset)| Step::ReleaseInterior(which, offset)),
        1 => pick().prop_map(Step::ReleaseForeign),
        1 => Just(Step::ReleaseNeighbour),
        2 => (pick(), pick()).prop_map(|(which, offset)| Step::Locate(which, offset)),
        1 => (0_u32..6).prop_map(Step::Trim),
        1 => (length(), 0_usize..5).prop_map(|(length, count)| Step::Reserve(length, count)),
    ];
    proptest::collection::vec(step, 1..most)
}

/// A pool between two resets, and all that is held of it.
pub(crate) struct Epoch<'a, 'p, T, S: ReleaseStrategy, C: Table> {
    pool: &'p ArrayPool<'p, T, S, C>,
    shadow: &'a mut Shadow,
    /// An array of another pool in the same arena.
    theirs: *const T,
    /// Each with the number that its first element was made from.
    owned: Vec<(PoolArray<'p, T, S, C>, usize)>,
    by_hand: Vec<(RawArray<T>, usize, usize)>,
    /// All that ever was held by hand in this epoch.
    old: Vec<RawArray<T>>,
    numbers: usize,
    /// Arrays given out, for the strategy that takes none back.
    given: usize,
}

impl<'a, 'p, T: Element, S: ReleaseStrategy, C: Table> Epoch<'a, 'p, T, S, C> {
    pub(crate) fn new(
        pool: &'p ArrayPool<'p, T, S, C>,
        shadow: &'a mut Shadow,
        theirs: *const T,
    ) -> Self {
        // What earlier epochs have left behind is as old as anything.
        let old = shadow.slots.iter().filter(|_| S::RECLAIMS).map(|(&address, slot)| RawArray {
            ptr: NonNull::new(ptr::without_provenance_mut(address)).expect("not null"),
            generation: slot.generation,
        });
        let old = old.collect();
        let (owned, by_hand) = (Vec::new(), Vec::new());
        Self { pool, shadow, theirs, owned, by_hand, old, numbers: 0, given: 0 }
    }

    fn number(&mut self) -> usize {
        self.numbers += 37;
        self.numbers
    }

    /// The shadow takes note of a new array; returns its generation.
    fn note(&mut self, start: *const T, length: usize, tenant: Tenant) -> u32 {
        if length == 0 {
            return 0;
        }
        assert_eq!(start.addr() % align_of::<T>(), 0, "aligned");
        self.given += 1;
        let class = capacity_of::<S, C>(length);
        let bytes = class * size_of::<T>();
        let slot = Slot { tenant, bytes, class, length, generation: 0, cut: true };
        let generation = self.shadow.issue(start.addr(), slot).generation;
        if S::RECLAIMS { generation } else { 0 }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Allocate(length) => self.allocate(length),
            Step::AllocateRaw(length) => self.allocate_raw(length),
            Step::Drop(which) => self.give_back(which, drop),
            Step::Release(which) => self.give_back(which, |array| {
                assert_eq!(array.release(), Ok(()));
            }),
            Step::IntoRaw(which) => self.take_in_hand(which),
            Step::FromRaw(which) => self.put_back(which),
            Step::ReleaseRaw(which) => self.release(which, release_raw),
            Step::ReleasePtr(which) => {
                self.release(which, |pool, raw| release_ptr(pool, raw.ptr.as_ptr()));
            }
            Step::ReleaseOldRaw(which) => self.release_old(which),
            Step::ReleaseOldPtr(which) => {
                if let Some(raw) = pick(&self.old, which) {
                    self.release_address(raw.ptr.as_ptr());
                }
            }
            Step::ReleaseOwned(which) => {
                if let Some((array, _)) = pick(&self.owned, which) {
                    self.release_address(array.as_ptr());
                }
            }
            Step::ReleaseInterior(which, offset) => self.release_interior(which, offset),
            Step::ReleaseForeign(address) => self.release_foreign(address),
            Step::ReleaseNeighbour => {
                let error = release_ptr(self.pool, self.theirs).unwrap_err();
                assert_eq!(error.kind(), if S::RECLAIMS { "foreign" } else { "not releasable" });
                assert_eq!(self.pool.locate(self.theirs), None);
            }
            Step::Locate(which, offset) => self.locate(which, offset),
            Step::Trim(most) => {
                self.pool.trim(most);
                let classes = self.pool.as_raw().class_stats();
                assert!(classes.into_iter().all(|class| class.free <= most as usize));
            }
            Step::Reserve(length, count) => self.pool.reserve(length, count),
        }
    }

    fn allocate(&mut self, length: usize) {
        let number = self.number();
        let array = self.pool.allocate_with(length, |i| T::of(number + i));
        assert_eq!((array.len(), array.capacity()), (length, capacity_of::<S, C>(length)));
        self.note(array.as_ptr(), length, Tenant::Handle);
        self.owned.push((array, number));
    }

    fn allocate_raw(&mut self, length: usize) {
        let number = self.number();
        let raw = self.pool.try_allocate_raw(length).expect("there is memory");
        for index in 0..length {
            // SAFETY: the array holds `length` elements.
            let place = unsafe { raw.ptr.add(index) };
            // SAFETY: as above, and nobody else has it.
            unsafe { place.write(T::of(number + index)) };
        }
        let generation = self.note(raw.ptr.as_ptr(), length, Tenant::Hand);
        assert_eq!(raw.generation, generation, "tenants are counted");
        self.hold(raw, length, number);
    }

    fn hold(&mut self, raw: RawArray<T>, length: usize, number: usize) {
        if length > 0 {
            self.by_hand.push((raw, length, number));
            self.old.push(raw);
        }
    }

    fn retired(&mut self, address: usize, length: usize) {
        if S::RECLAIMS && length > 0 {
            self.shadow.retire(address);
        }
    }

    fn give_back(&mut self, which: usize, give: impl FnOnce(PoolArray<'p, T, S, C>)) {
        let Some((array, number)) = remove(&mut self.owned, which) else { return };
        assert_contents(&array, number);
        let (address, length) = (array.as_ptr().addr(), array.len());
        give(array);
        self.retired(address, length);
    }

    fn take_in_hand(&mut self, which: usize) {
        let Some((array, number)) = remove(&mut self.owned, which) else { return };
        let length = array.len();
        let raw = array.into_raw();
        if let Some(slot) = self.shadow.slots.get_mut(&raw.ptr.addr().get()) {
            slot.tenant = Tenant::Hand;
            assert_eq!(raw.generation, if S::RECLAIMS { slot.generation } else { 0 });
        }
        self.hold(raw, length, number);
    }

    fn put_back(&mut self, which: usize) {
        if !S::RECLAIMS {
            return;
        }
        let Some((raw, length, number)) = remove(&mut self.by_hand, which) else { return };
        // SAFETY: its elements were written, and it is only used as a handle now.
        let array = unsafe { self.pool.from_raw(raw) }.expect("it is held by hand");
        assert_eq!(array.len(), length);
        let slot = self.shadow.slots.get_mut(&raw.ptr.addr().get()).expect("a slot");
        slot.tenant = Tenant::Handle;
        self.owned.push((array, number));
    }

    fn release(
        &mut self,
        which: usize,
        release: impl FnOnce(&ArrayPool<'_, T, S, C>, RawArray<T>) -> Result<(), ReleaseError>,
    ) {
        let Some((raw, length, number)) = remove(&mut self.by_hand, which) else { return };
        assert_raw_contents(raw, length, number);
        let result = release(self.pool, raw);
        let expected = if S::RECLAIMS { Ok(()) } else { Err("not releasable") };
        assert_eq!(result.map_err(|error| error.kind()), expected);
        self.retired(raw.ptr.addr().get(), length);
    }

    /// Releases something that was held by hand once, and may still be.
    fn release_old(&mut self, which: usize) {
        let Some(&raw) = pick(&self.old, which) else { return };
        let address = raw.ptr.addr().get();
        let slot = self.shadow.slots[&address];
        let current = slot.generation;
        let expected = match slot.tenant {
            _ if !S::RECLAIMS => Err("not releasable"),
            _ if !slot.cut => Err("stale"),
            Tenant::Nobody if current == raw.generation + 1 => Err("already released"),
            Tenant::Nobody => Err("stale"),
            _ if current != raw.generation => Err("stale"),
            Tenant::Handle => Err("owned"),
            Tenant::Hand => Ok(()),
        };
        let result = release_raw(self.pool, raw);
        assert_eq!(result.map_err(|error| error.kind()), expected, "{raw:?}, {slot:?}");
        self.released(address, result);
    }

    /// Releases the array at an address, whoever has it.
    fn release_address(&mut self, pointer: *const T) {
        let address = pointer.addr();
        let expected = match self.shadow.slots.get(&address) {
            _ if !S::RECLAIMS && self.shadow.slots.contains_key(&address) => Err("not releasable"),
            None => Err("foreign"),
            Some(Slot { cut: false, .. }) => Err("already released"),
            Some(slot) => match slot.tenant {
                Tenant::Nobody => Err("already released"),
                Tenant::Handle => Err("owned"),
                Tenant::Hand => Ok(()),
            },
        };
        let result = release_ptr(self.pool, pointer);
        assert_eq!(result.map_err(|error| error.kind()), expected, "{address:#x}");
        self.released(address, result);
    }

    fn released(&mut self, address: usize, result: Result<(), ReleaseError>) {
        if result.is_ok() {
            self.by_hand.retain(|(raw, ..)| raw.ptr.addr().get() != address);
            self.retired(address, 1);
        }
    }

    fn release_interior(&mut self, which: usize, offset: usize) {
        let Some((&address, slot)) = nth(&self.shadow.slots, which) else { return };
        if slot.bytes < 2 {
            return;
        }
        let inside = address + 1 + offset % (slot.bytes - 1);
        let cut = slot.cut;
        let error = release_ptr(self.pool, ptr::without_provenance::<T>(inside)).unwrap_err();
        if !S::RECLAIMS {
            assert!(["not releasable", "foreign"].contains(&error.kind()), "{error}");
        } else if cut {
            let ReleaseError::Interior { start, class_length, .. } = error else {
                panic!("{error}");
            };
            assert_eq!((start, class_length as usize), (address, slot.class));
        } else {
            assert_eq!(error.kind(), "foreign", "it is gone with the reset");
        }
    }

    fn release_foreign(&mut self, address: usize) {
        let local = T::of(1);
        for pointer in [&raw const local, ptr::without_provenance(address), ptr::null()] {
            if self.shadow.covering(pointer.addr()).is_none() {
                let error = release_ptr(self.pool, pointer).unwrap_err();
                assert!(["foreign", "already released"].contains(&error.kind()), "{error}");
                assert_eq!(self.pool.locate(pointer), None);
            }
        }
        let ptr = NonNull::from(&local);
        for generation in [0, 1, 2] {
            let error = release_raw(self.pool, RawArray { ptr, generation }).unwrap_err();
            assert_eq!(error.kind(), "foreign");
        }
    }

    fn locate(&mut self, which: usize, offset: usize) {
        let Some((&address, slot)) = nth(&self.shadow.slots, which) else { return };
        let inside = ptr::without_provenance::<u8>(address + offset % slot.bytes);
        let found = self.pool.locate(inside);
        if !S::RECLAIMS || !slot.cut {
            assert_eq!(found, None);
            return;
        }
        let found = found.expect("a slot of the pool");
        let (state, length) = match slot.tenant {
            Tenant::Nobody => (SlotState::Free, 0),
            Tenant::Handle => (SlotState::Owned, slot.length),
            Tenant::Hand => (SlotState::Raw, slot.length),
        };
        assert_eq!((found.start.addr(), found.len), (address, length));
        assert_eq!((found.class as usize, found.state), (slot.class, state));
    }

    /// The balance is that of the shadow, for every class, and the pool is whole.
    pub(crate) fn check(&self) {
        let stats = self.pool.verify().expect("the pool is whole");
        assert_eq!((stats.lost, stats.corrupted), (0, 0));
        if !S::RECLAIMS {
            assert_eq!(stats.live, self.given);
            return;
        }
        assert_eq!(stats.live, self.shadow.live().count());
        assert_eq!(stats.free + stats.left, self.shadow.vacant());
        for class in self.pool.as_raw().class_stats() {
            let mine = |slot: &Slot| slot.class == class.length as usize;
            let live = self.shadow.live().filter(|(_, slot)| mine(slot)).count();
            assert_eq!(class.live, live, "class {}", class.length);
        }
        debug_assert_eq!(class_of::<C>(1), C::CLASSES[0] as usize);
    }

    /// All contents are as they were written. Half of the handles are dropped;
    /// the others are left to the reset.
    pub(crate) fn end(mut self) {
        for &(raw, length, number) in &self.by_hand {
            assert_raw_contents(raw, length, number);
        }
        for (array, number) in self.owned.split_off(self.owned.len() / 2) {
            assert_contents(&array, number);
            let (address, length) = (array.as_ptr().addr(), array.len());
            drop(array);
            self.retired(address, length);
        }
        self.check();
        for (array, number) in self.owned {
            assert_contents(&array, number);
            core::mem::forget(array);
        }
        if !S::RECLAIMS {
            // Nothing of it is used again before the arena is reset.
            self.shadow.reset();
        }
    }
}

fn pick<V>(values: &[V], which: usize) -> Option<&V> {
    values.get(which.checked_rem(values.len())?)
}

fn remove<V>(values: &mut Vec<V>, which: usize) -> Option<V> {
    let index = which.checked_rem(values.len())?;
    Some(values.swap_remove(index))
}

fn nth(slots: &std::collections::BTreeMap<usize, Slot>, which: usize) -> Option<(&usize, &Slot)> {
    slots.iter().nth(which.checked_rem(slots.len())?)
}

#[track_caller]
fn assert_contents<T: Element>(elements: &[T], number: usize) {
    let written = (0..elements.len()).map(|index| T::of(number + index));
    assert!(elements.iter().copied().eq(written), "contents are as written");
}

#[track_caller]
fn assert_raw_contents<T: Element>(raw: RawArray<T>, length: usize, number: usize) {
    // SAFETY: the array is held by hand, and all its elements were written.
    let elements = unsafe { core::slice::from_raw_parts(raw.ptr.as_ptr(), length) };
    assert_contents(elements, number);
}
