//! A run of equal slots: address to slot and back.
//!
//! ```text
//! base                      base + stride
//! | prefix | elements .......| prefix | elements .......| ...
//!          ^ what users hold
//! ```
//! A **run** is one block of the arena, cut into slots of one class. Slots are
//! cut lazily, front to back; a slot that was never cut is no slot yet.

#![forbid(unsafe_code)]

use core::ptr::NonNull;

use super::classes::{ClassId, Units};

/// The place of a run in its pool's table.
pub(crate) type RunId = u32;
/// No run.
pub(crate) const NO_RUN: RunId = RunId::MAX;

/// A cache line, in bytes: of x86-64 and most 64-bit machines, and of Cortex-M7.
const LINE: usize = if usize::BITS == 64 { 64 } else { 32 };

/// The shape of the slots of one class, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// From one slot to the next: never 0. (The compiler cannot know; divisions say
    /// so, and have no panic.)
    pub(crate) stride: usize,
    /// The word's range divided by `stride`, rounded up.
    inverse: usize,
    /// From a slot's first byte to its first element.
    prefix: u32,
    /// The elements' alignment, and the slot's.
    align: u32,
}

impl Shape {
    /// The shape for slots of `length` units, behind `prefix` bytes that need
    /// `prefix_align`; `None` if that is not a size.
    pub(super) fn new(
        length: u32,
        units: Units,
        prefix: usize,
        prefix_align: usize,
    ) -> Option<Self> {
        let align = units.align.max(prefix_align);
        let prefix = prefix.checked_next_multiple_of(align)?;
        let bytes =
            usize::try_from(length).ok()?.checked_mul(units.size)?.checked_add(units.trailer)?;
        let stride = bytes.checked_add(prefix)?.checked_next_multiple_of(align)?;
        // A record in front of the elements shares its first cache line with
        // them, where an eighth of the slot pays for it at most.
        let align = if prefix > 0 && stride >= LINE * 8 { align.max(LINE) } else { align };
        let stride = stride.checked_next_multiple_of(align)?;
        // A stride of 1 has no such inverse, and needs none: see `divide`.
        let inverse = (usize::MAX / stride.max(1)).wrapping_add(1);
        let (prefix, align) = (u32::try_from(prefix).ok()?, u32::try_from(align).ok()?);
        (stride <= isize::MAX.unsigned_abs() / 2).then_some(Self { stride, inverse, prefix, align })
    }

    /// From a slot's first byte to its first element.
    #[inline(always)]
    pub(crate) const fn prefix(&self) -> usize {
        self.prefix as usize
    }

    /// The elements' alignment, and the slot's.
    pub(crate) const fn align(&self) -> usize {
        self.align as usize
    }
}

/// From one slot to the next, and a slot's alignment: those of [`Shape::new`], for
/// constants. Panics if that is not a size, in every build.
pub(crate) const fn stride_of(
    length: u32,
    unit: usize,
    align: usize,
    prefix: usize,
    prefix_align: usize,
) -> (usize, usize) {
    let align = if align > prefix_align { align } else { prefix_align };
    let prefix = rounded(prefix, align);
    let stride = rounded(plus(times(length as usize, unit), prefix), align);
    let align = if prefix > 0 && stride >= LINE * 8 && align < LINE { LINE } else { align };
    (rounded(stride, align), align)
}

/// What a size that overflows is: an error when it is compiled, or a panic.
const OVERFLOW: &str = "a size overflows";

/// The sum of two sizes, for constants.
pub(super) const fn plus(left: usize, right: usize) -> usize {
    let Some(sum) = left.checked_add(right) else { panic!("{}", OVERFLOW) };
    sum
}

/// The product of two sizes, for constants.
pub(super) const fn times(left: usize, right: usize) -> usize {
    let Some(product) = left.checked_mul(right) else { panic!("{}", OVERFLOW) };
    product
}

/// A size rounded up, for constants.
pub(super) const fn rounded(size: usize, align: usize) -> usize {
    let Some(multiple) = size.checked_next_multiple_of(align) else { panic!("{}", OVERFLOW) };
    multiple
}

impl Shape {
    /// `offset / stride`, or a larger number for offsets of some 2^44 and more,
    /// or any number if the stride is 1.
    ///
    /// Where words have 64 bits, the upper half of a product is cheaper than a
    /// quotient (Granlund and Montgomery, "Division by invariant integers using
    /// multiplication", 1994); a Cortex-M7 divides in one instruction.
    #[inline(always)]
    fn divide(&self, offset: usize) -> usize {
        #[cfg(target_pointer_width = "64")]
        #[allow(clippy::cast_possible_truncation, reason = "the upper half has 64 bits")]
        let index = ((offset as u128 * self.inverse as u128) >> 64) as usize;
        #[cfg(not(target_pointer_width = "64"))]
        let index = offset / self.stride.max(1);
        if self.inverse == 0 { offset } else { index }
    }
}

/// One run: what a look-up reads of it is a cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[doc(hidden)]
pub struct Run {
    /// The first byte of the first slot, with the right to all of the run.
    pub(crate) base: NonNull<u8>,
    /// What the strategy keeps for the run.
    pub(crate) records: NonNull<u8>,
    /// The shape of its slots: that of the class.
    pub(crate) shape: Shape,
    /// Slots that fit.
    pub(crate) slots: u32,
    /// Slots cut since the last reset.
    pub(crate) cut: u32,
    /// Slots that were ever cut: those before it have bookkeeping to read.
    pub(crate) seen: u32,
    /// The class of its slots.
    pub(super) class: ClassId,
    /// The next run of the class.
    pub(crate) next: RunId,
    /// The next run by address, if it begins in this one's last granule.
    pub(crate) after: RunId,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Run>() == LINE, "an index becomes an address by a shift");

/// Where an address lies in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The slot's index in the run.
    pub(crate) index: u32,
    /// The first element of the slot.
    pub(crate) elements: NonNull<u8>,
    /// Whether the address is that of the first element.
    pub(crate) exact: bool,
}

impl Run {
    /// The address of the run's first byte.
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.base.addr().get()
    }

    /// The index of the slot whose first element is at `address`, if there is
    /// one below `cut`: the question of the hot path.
    #[inline(always)]
    pub(crate) fn exact(&self, address: usize) -> Option<u32> {
        let offset = address.wrapping_sub(self.start());
        let index = self.shape.divide(offset);
        // Wherever the estimate is off, this is not equal, and the cold path
        // divides.
        let exact =
            index.wrapping_mul(self.shape.stride).wrapping_add(self.shape.prefix()) == offset;
        #[allow(clippy::cast_possible_truncation, reason = "below `cut`, a u32")]
        (exact && index < self.cut as usize).then_some(index as u32)
    }

    /// The slot that covers `address`, or `None` if it is behind the last slot
    /// (or before the first).
    pub(crate) fn position(&self, address: usize) -> Option<Position> {
        let offset = address.wrapping_sub(self.start());
        let index = u32::try_from(offset.checked_div(self.shape.stride)?).ok()?;
        if index >= self.slots {
            return None;
        }
        let elements = self.elements(index);
        Some(Position { index, elements, exact: elements.addr().get() == address })
    }

    /// The first element of slot `index`, which is below `slots`.
    #[inline]
    pub(crate) fn elements(&self, index: u32) -> NonNull<u8> {
        self.at(index as usize * self.shape.stride + self.shape.prefix())
    }

    /// The byte at `address`, which is inside the run, with the right to all of it.
    #[inline(always)]
    pub(crate) fn pointer_to(&self, address: usize) -> NonNull<u8> {
        self.at(address.wrapping_sub(self.start()))
    }

    /// The byte at `offset`, which is inside the run.
    #[inline(always)]
    fn at(&self, offset: usize) -> NonNull<u8> {
        // Inside the run, so it is never null.
        NonNull::new(self.base.as_ptr().wrapping_add(offset)).unwrap_or(self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(slots: u32, shape: Shape) -> Run {
        let base = NonNull::new(core::ptr::without_provenance_mut(0x1_0000)).unwrap();
        Run {
            base,
            records: NonNull::dangling(),
            shape,
            slots,
            cut: 0,
            seen: 0,
            class: ClassId::NONE,
            next: NO_RUN,
            after: NO_RUN,
        }
    }

    const fn units(size: usize, align: usize) -> Units {
        Units { size, align, trailer: 0 }
    }

    #[test]
    fn address_to_slot_and_back() {
        let shape = Shape::new(5, units(8, 8), 24, 8).unwrap();
        assert_eq!((shape.stride, shape.prefix(), shape.align()), (64, 24, 8));
        let run = run(10, shape);
        for address in 0x1_0000..0x1_0000 + 640 {
            let position = run.position(address).unwrap();
            let slot = (address - 0x1_0000) / 64;
            assert_eq!(position.index as usize, slot);
            assert_eq!(position.exact, address == 0x1_0000 + slot * 64 + 24);
            assert_eq!(position.elements, run.elements(position.index));
        }
        assert_eq!(run.position(0x1_0000 + 640), None);
        assert_eq!(run.position(0x1_0000 - 1), None);
        assert_eq!(run.position(usize::MAX), None);
        assert_eq!(run.position(0), None);
    }

    #[test]
    fn shapes_keep_every_slot_aligned() {
        for align in [1, 2, 8, 16, 64, 4096] {
            for (prefix, prefix_align) in [(0, 1), (24, 8), (16, 4)] {
                let shape = Shape::new(3, units(align, align), prefix, prefix_align).unwrap();
                assert_eq!(shape.stride % align, 0);
                assert_eq!(shape.prefix() % align, 0);
                assert!(shape.prefix() >= prefix && shape.align() >= prefix_align);
                assert!(shape.stride >= shape.prefix() + 3 * align);
            }
        }
        assert_eq!(Shape::new(u32::MAX, units(usize::MAX / 2, 1), 0, 1), None);
        assert_eq!(Shape::new(1, units(isize::MAX as usize, 16), 24, 8), None);
        let watched = Units { trailer: 8, ..units(8, 8) };
        assert_eq!(Shape::new(5, watched, 24, 8).unwrap().stride, 72);
    }
}
