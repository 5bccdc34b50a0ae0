//! What the model knows of a pool: every slot that it has ever seen.

use std::collections::BTreeMap;

/// Who holds the array in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tenant {
    Nobody,
    Handle,
    Hand,
}

/// One slot, by the address of its first element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) tenant: Tenant,
    /// Bytes that the tenant may use: those of its class.
    pub(crate) bytes: usize,
    /// The capacity of its class.
    pub(crate) class: usize,
    /// The length of the tenant.
    pub(crate) length: usize,
    /// The generation of the tenant, or, where there is none, of the next one.
    pub(crate) generation: u32,
    /// Whether it has had a tenant since the last reset.
    pub(crate) cut: bool,
}

/// All slots.
#[derive(Debug, Default)]
pub(crate) struct Shadow {
    pub(crate) slots: BTreeMap<usize, Slot>,
}

impl Shadow {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A slot gets a tenant: it overlaps no other, is as it always was, and its
    /// generation is that of its last tenant and one more.
    pub(crate) fn issue(&mut self, address: usize, new: Slot) -> Slot {
        self.assert_apart(address, new.bytes);
        let old = self.slots.get(&address).copied();
        let generation = match old {
            None => 1,
            Some(old) => {
                assert_eq!(old.tenant, Tenant::Nobody, "the slot is free");
                assert_eq!((old.bytes, old.class), (new.bytes, new.class), "classes stay");
                // A reset takes the slot from whoever has it, or would have it.
                old.generation + u32::from(!old.cut)
            }
        };
        let slot = Slot { generation, cut: true, ..new };
        self.slots.insert(address, slot);
        slot
    }

    fn assert_apart(&self, address: usize, bytes: usize) {
        if let Some((start, before)) = self.slots.range(..address).next_back() {
            assert!(start + before.bytes <= address, "overlaps the slot before");
        }
        if let Some((start, _)) = self.slots.range(address + 1..).next() {
            assert!(address + bytes <= *start, "overlaps the slot behind");
        }
    }

    /// The tenant goes.
    pub(crate) fn retire(&mut self, address: usize) {
        let slot = self.slots.get_mut(&address).expect("a slot");
        assert_ne!(slot.tenant, Tenant::Nobody);
        slot.tenant = Tenant::Nobody;
        slot.generation += 1;
    }

    /// The slot that covers `address`, if it has been cut since the last reset.
    pub(crate) fn covering(&self, address: usize) -> Option<(usize, Slot)> {
        let (start, slot) = self.slots.range(..=address).next_back()?;
        (slot.cut && address < start + slot.bytes).then_some((*start, *slot))
    }

    /// All arrays are taken back at once.
    pub(crate) fn reset(&mut self) {
        for slot in self.slots.values_mut() {
            slot.tenant = Tenant::Nobody;
            slot.cut = false;
        }
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = (&usize, &Slot)> {
        self.slots.iter().filter(|(_, slot)| slot.tenant != Tenant::Nobody)
    }

    /// Slots that had a tenant since the last reset and have none.
    pub(crate) fn vacant(&self) -> usize {
        self.slots.values().filter(|slot| slot.cut && slot.tenant == Tenant::Nobody).count()
    }
}
